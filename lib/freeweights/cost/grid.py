"""Many questions in one call: every model on every machine, in every format, at every batch and context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..facts.arrays import at_least
from ..machines.machine import Machine
from ..models.transformer import Model
from .inference import decode


@dataclass(frozen=True)
class Sweep:
    """Decode steps of many cases. The axes of the arrays are models, machines, weights, batch, context, in this order.

    seconds, lower_bound: of one step, expected and at the specified rates, masked where the model does not fit.
    tokens_per_second: of all sequences together, masked likewise.
    """

    models: tuple[Model, ...]
    machines: tuple[Machine, ...]
    weights: tuple
    batch: np.ndarray
    context: np.ndarray
    seconds: np.ma.MaskedArray
    lower_bound: np.ma.MaskedArray

    @property
    def tokens_per_second(self) -> np.ma.MaskedArray:
        return self.batch[:, np.newaxis] / self.seconds


def sweep(
    models: Sequence[Model], machines: Sequence[Machine], weights: Sequence, batch, context, cache=None
) -> Sweep:
    """Predict one decode step for every combination.

    Args:
        models, machines: what and where.
        weights: formats or bits per weight; None for the released format.
        batch: (b,) sequences at once. context: (c,) tokens that each sequence has; one beyond a model's maximum
            counts as not fitting.
        cache: width of the caches, as in `decode`, one for all.

    Returns:
        a Sweep with arrays of shape (models, machines, weights, b, c).

    Raises:
        ValueError: batch below 1, or a negative context.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> cards = [machine("GeForce RTX 4090"), machine("GeForce RTX 5090")]
    >>> found = sweep([model("Llama 3.1 8B")], cards, ["Q4_0", "F16"], [1, 8], [1024, 4096, 8192])
    >>> found.seconds.shape, bool(found.seconds[0, 0, 0, 0, 0] > found.seconds[0, 1, 0, 0, 0])
    ((1, 2, 2, 2, 3), True)
    """
    batch, context = (
        np.atleast_1d(at_least(*given)) for given in ((batch, "batch", 1), (context, "context", 0))
    )
    shape = len(models), len(machines), len(weights), len(batch), len(context)
    seconds, lower_bound, fits = np.zeros(shape), np.zeros(shape), np.zeros(shape, bool)
    for place in np.ndindex(shape[:3]):
        model, machine, how = models[place[0]], machines[place[1]], weights[place[2]]
        reach = context <= model.max_context
        step = decode(
            model,
            machine,
            context=np.minimum(context, model.max_context),
            batch=batch[:, np.newaxis],
            weights=how,
            cache=cache,
        )
        anyway = step.unmasked()
        seconds[place], lower_bound[place], fits[place] = (
            anyway.expected,
            anyway.lower_bound,
            step.fits & reach,
        )
    masked = (np.ma.masked_array(values, mask=~fits) for values in (seconds, lower_bound))
    return Sweep(tuple(models), tuple(machines), tuple(weights), batch, context, *masked)
