"""Lesson 07's experiment: lesson 03's byte model at several sizes, each after several numbers of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .moe_training import MoeRecipe, MoeRun, compare

HIDDEN = (16, 64, 192, 512)  # widths of the dense layer
STEPS = (80, 240, 720)
TOKENS = 512  # of a batch
RATE = 0.02  # a stable one for all widths and budgets: of 0.01, 0.02 and 0.04 the last fails the widest after few steps


@dataclass(frozen=True)
class ByteRuns:
    """Finished trainings as arrays (runs,), as the fit of a scaling law wants them; losses in nats a byte.

    parameters: of the layer alone, without embeddings and head, which are the same for all, as Kaplan et al. count.
    """

    parameters: np.ndarray
    tokens: np.ndarray
    losses: np.ndarray

    @property
    def flops(self) -> np.ndarray:
        """6ND: of the layer, where most are."""
        return 6.0 * self.parameters * self.tokens


def recipes(widths: Sequence[int] = HIDDEN, steps: Sequence[int] = STEPS) -> list[MoeRecipe]:
    """Every width with every number of steps, the quickest first."""
    return [
        MoeRecipe(f"{width} wide, {many} steps", width, RATE, steps=many, tokens=TOKENS)
        for many in steps
        for width in widths
    ]


def train(widths: Sequence[int] = HIDDEN, steps: Sequence[int] = STEPS, seed: int = 0) -> ByteRuns:
    """Train them all, and show how far it is; an interrupt keeps those that were done.

    >>> train([4], [1]).parameters.shape
    (1,)
    """
    return gather(compare([seed], recipes(widths, steps), marks=(0,)))


def gather(runs: Sequence[MoeRun]) -> ByteRuns:
    """What the finished ones of some trainings ended with."""
    done = [run for run in runs if not run.stopped]
    values = [
        (
            run.weights["up"].size + run.weights["down"].size,
            run.recipe.steps * run.recipe.tokens,
            run.bits * np.log(2),
        )
        for run in done
    ]
    return ByteRuns(*np.array(values, float).reshape(-1, 3).T)
