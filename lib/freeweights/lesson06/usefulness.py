"""Do columns about the same models go together: rank correlation, and how sure few models can make it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import atanh, sqrt, tanh

import numpy as np

from ..facts import catalog
from ..facts.records_practice import Score, Usage

COLUMNS = {  # what the panel offers, and where it stands in the tables
    "AA intelligence index": "AA Intelligence Index",
    "Arena rating of text": "Arena text rating",
    "LiveBench mean": "LiveBench 2026-01-08 mean",
    "SWE-bench (OpenHands)": "SWE-bench Verified (OpenHands)",
    "GAIA (OpenHands)": "GAIA (OpenHands)",
    "price, $ a million": "blended price",
    "speed, tokens/s": "median output speed",
    "cost of a task, $": "cost per SWE-bench task",
    "tokens on one exchange": "tokens",
    "revenue there, $": "estimated revenue",
}
USED = ("tokens", "estimated revenue")
FEW = 12  # models below which an interval says little
WIDTH = 1.96  # standard deviations of a 95 % interval


def ranks(values) -> np.ndarray:
    """Ranks from 1, equal values sharing the mean of theirs.

    >>> ranks([10, 30, 20, 20]).tolist()
    [1.0, 4.0, 2.5, 2.5]
    """
    values = np.asarray(values, float)
    return np.array([(values < one).sum() + ((values == one).sum() + 1) / 2 for one in values])


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation of two columns: from -1 to 1, with its 95 % interval, over so many models.

    rho is None where a column is constant or fewer than four models stand in both: then there is nothing to rank.
    """

    rho: float | None
    low: float
    high: float
    models: int


def rank_correlation(x, y) -> Correlation:
    """Spearman's rho of two columns of the same models.

    The interval is Fisher's, with the variance 1.06 / (n - 3) of Fieller, Hartley and Pearson 1957, Biometrika 44.

    >>> rank_correlation([1, 2, 3, 4, 5], [10, 20, 30, 50, 40]).rho
    0.9
    >>> rank_correlation([1, 1, 1, 1], [1, 2, 3, 4]).rho is None
    True
    """
    a, b = ranks(x), ranks(y)
    if a.shape != b.shape:
        raise ValueError(
            f"Columns of {a.size} and {b.size} models: one value of each for every model is expected."
        )
    if a.size < 4 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return Correlation(None, -1.0, 1.0, int(a.size))
    rho = float(np.corrcoef(a, b)[0, 1])
    middle, wide = atanh(min(max(rho, -0.999999), 0.999999)), WIDTH * sqrt(1.06 / (a.size - 3))
    return Correlation(round(rho, 12), tanh(middle - wide), tanh(middle + wide), int(a.size))


@cache
def column(name: str) -> dict[str, float]:
    """One column by the key of its models; the best of several rows, of use the latest week."""
    wanted, found = COLUMNS[name], {}
    if wanted in USED:
        rows = [
            row
            for row in catalog.table(Usage)
            if row.quantity == wanted and row.key and row.period.startswith("week")
        ]
        week = max(row.period for row in rows)
        return {row.key: row.value for row in rows if row.period == week}
    for row in catalog.table(Score):
        if row.benchmark == wanted and row.usable and row.grade != "C":
            found[row.key] = max(row.score, found.get(row.key, -np.inf))
    return found


def joined(first: str, second: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The models that stand in both columns, and their two values."""
    one, other = column(first), column(second)
    keys = sorted(one.keys() & other.keys())
    return keys, np.array([one[key] for key in keys]), np.array([other[key] for key in keys])


def models_needed(rho: float) -> int:
    """Models from which the interval of such a correlation leaves out zero.

    >>> models_needed(0.3)
    46
    """
    return int(np.ceil(3 + 1.06 * (WIDTH / atanh(abs(rho))) ** 2)) if abs(rho) < 1 and rho else 4
