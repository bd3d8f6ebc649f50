"""Floor 4. The machines, users and lengths that verdicts, exercises and panels have in common."""

from __future__ import annotations

from collections.abc import Callable

from . import inference
from .machine import Machine, machine
from .transformer import model

HOLDS, IN_PART, FAILS, NOT_ARITHMETIC = "holds", "holds in part", "fails", "not a matter of arithmetic"
DESKTOP, CLUSTER = ("Apple M3 Ultra 512GB", 1), ("H200 SXM 141GB", 8)
DESKTOP_WEIGHTS, CLUSTER_WEIGHTS = "4.5 bits", "FP8"
CONTEXT, LONG_CONTEXT, CROWD = 4096, 32_768, 128
SERVED = 64  # users that a shared row of GPUs serves at once


def on_both(answer: Callable, *rest) -> tuple:
    """One question about GLM-5.2 asked of the desktop and of the cluster, each with its own weight format."""
    glm = model("GLM-5.2")
    return (
        answer(glm, machine(*DESKTOP), *rest, weights=DESKTOP_WEIGHTS),
        answer(glm, machine(*CLUSTER), *rest, weights=CLUSTER_WEIGHTS),
    )


def writes(what: str, where: Machine, users: int, weights: str | None = CLUSTER_WEIGHTS) -> float:
    """Tokens a second for all users, at the context of these verdicts."""
    return inference.decode(model(what), where, CONTEXT, users, weights).tokens_per_second
