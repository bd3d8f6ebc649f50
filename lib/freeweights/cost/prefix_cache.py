"""An agent that sends its whole history again at every turn: what a kept prefix saves in tokens, time and money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..facts.arrays import at_least
from ..machines.machine import Machine
from ..models.transformer import Model
from . import inference, memory


def prompts(first: float, added: float, turns: int) -> np.ndarray:
    """Tokens of the history that each turn sends: the first prompt, and at every turn what the one before has added.

    Args:
        first: tokens of instructions, tools and the first question.
        added: tokens that a turn adds: the answer, and what the tool gives back.
        turns: how many.

    Returns: `turns` numbers.

    Raises:
        ValueError: any of them below 1.

    >>> prompts(1000, 200, 4).tolist()
    [1000.0, 1200.0, 1400.0, 1600.0]
    """
    first, added, turns = (
        at_least(first, "first", 1),
        at_least(added, "added", 1),
        at_least(turns, "turns", 1),
    )
    return first + added * np.arange(int(turns))


def share(hits: float) -> float:
    """The share of turns that find their prefix, refused outside 0 to 1."""
    if not 0 <= hits <= 1:
        raise ValueError(
            f"hits is {hits}: a share of the turns from 0 to 1 is expected, 1 if every turn finds its prefix."
        )
    return hits


def mixed(again, new, hits: float) -> np.ndarray:
    """A turn's mean where a share of the turns does only what is new; to the first turn everything is."""
    return share(hits) * np.asarray(new, float) + (1 - hits) * np.asarray(again, float)


def tokens_read(sent: np.ndarray, hits: float = 1.0) -> np.ndarray:
    """Tokens that the machine reads at each turn.

    Args:
        sent: tokens of each turn's prompt, as `prompts` gives them.
        hits: share of the turns that find their prefix in the cache; the others read everything again.

    Raises:
        ValueError: a share outside 0 to 1.

    >>> tokens_read(prompts(1000, 200, 4)).tolist(), tokens_read(prompts(1000, 200, 4), hits=0).tolist()
    ([1000.0, 200.0, 200.0, 200.0], [1000.0, 1200.0, 1400.0, 1600.0])
    """
    return mixed(sent, np.diff(sent, prepend=0), hits)


def seconds_read(model: Model, machine: Machine, weights, sent: np.ndarray, hits: float = 1.0) -> np.ndarray:
    """Seconds that reading takes at each turn.

    A turn that finds its prefix takes what its prompt takes longer than the one before, and never less than its new
    tokens would take alone: they meet the whole history, and every layer's weights are read for them.

    Args:
        model, machine, weights: as in `inference.prefill`.
        sent, hits: as in `tokens_read`.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> turns = seconds_read(model("Llama 3.1 8B"), machine("GeForce RTX 5090"), "FP8", prompts(8000, 500, 3))
    >>> bool(turns[1] < turns[0] / 5 and turns[2] > turns[1])
    True
    """
    again = np.atleast_1d(inference.prefill(model, machine, prompt=sent, weights=weights).seconds)
    new = np.atleast_1d(
        inference.prefill(model, machine, prompt=np.diff(sent, prepend=0), weights=weights).seconds
    )
    return mixed(again, np.maximum(np.diff(again, prepend=0), new), hits)


@dataclass(frozen=True)
class Reach:
    """How many turns of a task are possible, and what the next one lacks: "", "context" or "memory"."""

    turns: int
    lacks: str


def reach(model: Model, machine: Machine, weights, sent: np.ndarray) -> Reach:
    """How far a growing history goes before it leaves the model's context or the machine's memory.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> reach(model("GLM-4.6"), machine("H200 SXM 141GB", 8), "FP8", prompts(10_000, 50_000, 9))
    Reach(turns=4, lacks='context')
    """
    allowed = int(np.sum(sent <= model.max_context))
    lacks = "context" if allowed < sent.size else ""
    if allowed:
        fits = int(np.sum(memory.fits(model, machine, weights=weights, context=sent[:allowed]).fits))
        if fits < allowed:
            return Reach(fits, "memory")
    return Reach(allowed, lacks)


def worth_keeping(model: Model, machine: Machine, weights, context: float) -> tuple[float, int, float]:
    """For how long a cache is worth its memory: seconds to read it again, how many such caches fit, and that time.

    A cache that is only kept takes the room of one user who would write. Of n who fit the last adds less than 1/n of the
    tokens, because steps with fewer are quicker: keeping costs that share of the machine, reading again all of it.

    Raises:
        DoesNotFit: not even one fits.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> again, held, seconds = worth_keeping(model("GLM-5.2"), machine("H200 SXM 141GB", 8), "FP8", 100_000)
    >>> again < held * again < seconds
    True
    """
    again = inference.prefill(model, machine, prompt=context, weights=weights).seconds
    held = int(memory.max_sequences(model, machine, context=context, weights=weights).expected)
    if held < 2:
        return again, held, again
    fewer, all_of = inference.decode(
        model, machine, context=context, batch=np.array([held - 1, held]), weights=weights
    ).tokens_per_second
    return again, held, float(again / (1 - fewer / all_of))
