"""Bills of training that lesson 08 holds against homes and gifts, and what checking adds to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ..evidence.training_hours import published
from ..facts.figures import figure as served
from ..facts.figures import together, trained
from ..money.training_bills import RENTED, UTILISATION, bill

DEVICE = "H100 SXM5 80GB"
V3, LLAMA = "DeepSeek-V3", "Llama 3.1 405B"
LAST_V3, LAST_LLAMA, ALL_V3, FRONTIER = (
    f"{V3}, the last run",
    f"{LLAMA}, the last run",
    f"{V3}, all runs",
    "the frontier, all runs",
)


@cache
def flops_of(name: str) -> float:
    """FLOPs of the last run, counted from its structure and its tokens.

    >>> flops_of(V3) < flops_of(LLAMA)
    True
    """
    return next(one.flops for one in published() if one.run.model == name)


def last_run(flops: float) -> float:
    """US dollars of one run on rented H100, as lesson 07 counts."""
    return bill(flops, DEVICE, UTILISATION, RENTED).total


def all_runs(flops: float) -> float:
    """The same, times the most that all runs are of the last."""
    return last_run(flops) * served("research-over-final-run").high


BILLS: dict[str, Callable[[], float]] = {
    LAST_V3: lambda: last_run(flops_of(V3)),
    LAST_LLAMA: lambda: last_run(flops_of(LLAMA)),
    ALL_V3: lambda: all_runs(flops_of(V3)),
    FRONTIER: lambda: all_runs(trained("flops-grok-3").value),  # Grok 3's, as others estimate them
}


def checking(ways: tuple[str, ...] = ("check-replication", "check-adaptive")) -> dict[str, float]:
    """How many times the work it takes if a share of it goes into checking: 1 / (1 - q), by way of checking.

    >>> checking()["BOINC replication"]
    2.0
    """
    return {together(id).subject: 1 / (1 - together(id).value / 100) for id in ways}


def unseen(liars: float, checked: float, steps: float) -> float:
    """Chance that liars who cheat in every step are not caught by spot checks.

    Args:
        liars: how many cheat. checked: share of messages that are worked out again. steps: each of them sends.

    >>> unseen(1, 0.01, 100) < 0.4, unseen(1, 0, 100)
    (True, 1.0)
    """
    if not 0 <= checked <= 1:
        raise ValueError(f"checked is {checked:g}: a share from 0 to 1 is expected.")
    return float((1 - checked) ** (liars * steps))
