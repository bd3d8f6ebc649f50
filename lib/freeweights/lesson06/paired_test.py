"""Which of two models is better on the same tasks: McNemar's exact test, and the chance that it sees a difference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np

from ..facts import catalog
from ..facts.records_practice import TestFigure

LEVEL, SURE = (
    0.05,
    0.8,
)  # chance of crying wolf that is taken, and chance of seeing what is there that is asked for
MOST_TASKS = 10_000


def mcnemar(first_only: int, second_only: int) -> float:
    """Chance that two equally good models part at least so far: the exact two-sided test of McNemar, 1947.

    Tasks that both solve or neither does say nothing; of the others each is won by either with chance one half.

    Args:
        first_only, second_only: tasks that only the first model solves, and only the second.

    Raises:
        ValueError: a negative number or no whole one.

    >>> mcnemar(9, 1)
    0.021484375
    >>> mcnemar(0, 0)
    1.0
    """
    for value in (first_only, second_only):
        if value < 0 or value != int(value):
            raise ValueError(f"{value} tasks: a whole number of 0 or more is expected.")
    apart, fewer = int(first_only + second_only), int(min(first_only, second_only))
    return min(1.0, 2 * sum(comb(apart, i) for i in range(fewer + 1)) / 2**apart)


FACTORIALS = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, MOST_TASKS + 1)))])  # their logarithms


def binomial(n: int, p: float) -> np.ndarray:
    """Chances of 0 to n hits among n, each with chance p.

    >>> binomial(2, 0.5).round(12).tolist()
    [0.25, 0.5, 0.25]
    """
    k = np.arange(n + 1)
    if p in (0.0, 1.0):
        return (k == n * p).astype(float)
    return np.exp(FACTORIALS[n] - FACTORIALS[k] - FACTORIALS[n - k] + k * np.log(p) + (n - k) * np.log1p(-p))


@lru_cache(20_000)
def fewest_wins(apart: int) -> int:
    """The fewest of so many tasks that one model must win alone for the test to tell the two apart; apart + 1: none."""
    tail = 2 * np.cumsum(binomial(apart, 0.5))
    return apart + 1 - int(np.searchsorted(tail, LEVEL * (1 + 1e-12), side="right"))


def power(tasks: int, difference: float, disagreement: float) -> float:
    """Chance that the test tells two models apart.

    Args:
        tasks: asked of both.
        difference: of the shares that they solve, from 0 to 1.
        disagreement: share of the tasks that only one of them solves, at least the difference.

    Raises:
        ValueError: fewer than 1 task, or a difference above the disagreement.

    >>> power(1, 0.1, 0.2)
    0.0
    >>> power(500, 0.05, 0.12) > 0.8
    True
    """
    if tasks < 1 or tasks != int(tasks):
        raise ValueError(f"tasks is {tasks}: a whole number of 1 or more is expected.")
    if not 0 <= difference <= disagreement <= 1:
        raise ValueError(
            f"A difference of {difference} at a disagreement of {disagreement}: the first is at most the second, "
            "since two models differ only on tasks that one of them alone solves; both lie between 0 and 1."
        )
    if disagreement == 0:
        return 0.0
    tasks, better = int(tasks), (1 + difference / disagreement) / 2
    middle, wide = tasks * disagreement, 4.5 * (tasks * disagreement * (1 - disagreement)) ** 0.5 + 6
    sizes = np.arange(max(0, int(middle - wide)), min(tasks, int(middle + wide)) + 1)
    weights = binomial(tasks, disagreement)[sizes]
    return float(min(1.0, sum(w * seen(int(size), better) for size, w in zip(sizes, weights) if w > 1e-9)))


def seen(apart: int, better: float) -> float:
    """Chance that the test speaks when so many tasks are won by one model alone, the better one with that chance each."""
    need = fewest_wins(apart)
    if need > apart:
        return 0.0
    chances = binomial(apart, better)
    return float(chances[need:].sum() + chances[: apart - need + 1].sum())


def tasks_needed(difference: float, disagreement: float, sure: float = SURE) -> int | None:
    """Tasks from which the test sees a difference with that chance; None if 10,000 are not enough."""
    if not difference or power(MOST_TASKS, difference, disagreement) < sure:
        return None
    low, high = 1, MOST_TASKS
    while high - low > max(1, low // 200):
        middle = (low + high) // 2
        low, high = (middle, high) if power(middle, difference, disagreement) < sure else (low, middle)
    return high


@dataclass(frozen=True)
class Pair:
    """Two models on the same 500 tasks: tasks that only one of them solved."""

    names: str
    first_only: int
    second_only: int
    published: float

    @property
    def points(self) -> float:
        return abs(self.first_only - self.second_only) / 5

    @property
    def p(self) -> float:
        return mcnemar(self.first_only, self.second_only)


def recorded_pairs() -> list[Pair]:
    """Published pairs of models on the same 500 tasks, with the p that was worked out of them elsewhere."""
    found: dict[str, dict[str, float]] = {}
    for row in catalog.table(TestFigure):
        names, _, what = row.quantity.partition(": ")
        if row.topic == "paired test on real results" and what:
            found.setdefault(names, {})[what] = row.value
    return [
        Pair(
            names, int(one["solved by first only"]), int(one["solved by second only"]), one["McNemar exact p"]
        )
        for names, one in found.items()
        if "solved by first only" in one
    ]
