"""What each user gets against what the machine yields, as the batch grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..machines.machine import Machine
from ..models.transformer import Model
from . import inference, memory
from .estimate import Fit

MARKED = {1: "o", 8: "s", 64: "^"}
POINTS = 48  # of each curve


@dataclass(frozen=True)
class Frontier:
    """Tokens per second of one machine with 1, 2, ... users, up to the last slot; no users if none fits."""

    machine: Machine
    fit: Fit
    users: np.ndarray
    yields: np.ndarray

    @property
    def max_sequences(self) -> int:
        return int(self.users[-1]) if self.users.size else 0

    @property
    def gain(self) -> float:
        """How many times the yield of one user the full machine reaches."""
        return float(self.yields[-1] / self.yields[0])


def batches(max_sequences: float) -> np.ndarray:
    """Batches from 1 to the last slot, in nearly equal ratios; the marked ones are among them.

    >>> batches(4).tolist(), batches(0).size
    ([1, 2, 3, 4], 0)
    """
    if max_sequences < 1:
        return np.array([], int)
    rough = np.geomspace(1, max_sequences, POINTS).round().astype(int)
    return np.unique([*rough, *(batch for batch in MARKED if batch <= max_sequences)])


def frontier(model: Model, machine: Machine, context: float, weights: str) -> Frontier:
    """Batch by batch, the tokens per second of a machine that has only to write.

    Args:
        model, machine: model and machine.
        context: tokens that every user's sequence holds; at most the model's maximum.
        weights: name of a format, or words such as "4.5 bits".

    >>> from freeweights.models.transformer import model; from freeweights.machines.machine import machine
    >>> full = frontier(model("GLM-5.2"), machine("H200 SXM 141GB", 8), 8192, "FP8")
    >>> bool(full.gain > 10)
    True
    """
    fit = memory.fits(model, machine, weights=weights, context=context)
    users = batches(
        memory.max_sequences(model, machine, context=context, weights=weights).expected if fit.fits else 0
    )
    if not users.size:
        return Frontier(machine, fit, users, np.array([]))
    step = inference.decode(model, machine, context=context, batch=users, weights=weights)
    return Frontier(machine, fit, users, np.asarray(step.tokens_per_second, float))
