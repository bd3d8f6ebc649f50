"""The serving frontier: how fast a machine writes for each user, against what a million written tokens cost its host."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cost import inference
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.assumptions import Terms
from ..money.serving_costs import cost_per_million


@dataclass(frozen=True)
class ServingFrontier:
    """Points of the frontier, one for each number of users at once that has room, in rising order; arrays.

    speed: tokens per second of each user. cost: dollars for a million tokens written for all of them.
    """

    users: np.ndarray
    speed: np.ndarray
    cost: np.ndarray


def frontier(
    model: Model,
    machine: Machine,
    terms: Terms,
    context: float,
    users,
    weights: str | None = None,
    end: str = "expected",
) -> ServingFrontier:
    """Speed and cost of writing for each number of users at once.

    Args:
        model, weights: the model and its format; the released one if None. where, terms: what serves, and how it is paid for.
        context: tokens of each user's cache. users: at once, an array, rising.
        end: "low", "expected" or "high" end of the estimate of a step.

    Raises:
        ValueError: none of these numbers of users has room.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> found = frontier(model("GLM-5.2"), machine("H200 SXM 141GB", 8), Terms(), 4096, [1, 8, 64], "FP8")
    >>> bool(np.all(np.diff(found.speed) < 0) and np.all(np.diff(found.cost) < 0))
    True
    """
    wanted = np.atleast_1d(np.asarray(users))
    step = inference.decode(model, machine, context=context, batch=wanted, weights=weights)
    fits = np.broadcast_to(step.fits, wanted.shape)
    if not fits.any():
        raise ValueError(
            f"{machine.name} has no room for {wanted.min():g} users of {model.name}: {context:g} tokens each."
        )
    wanted, seconds = wanted[fits], np.asarray(getattr(step, end), float)[fits]
    return ServingFrontier(
        wanted, 1 / seconds, np.asarray(cost_per_million(machine, wanted / seconds, terms))
    )
