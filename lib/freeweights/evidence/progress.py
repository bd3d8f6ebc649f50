"""How fast something halves or doubles, and how far behind one group is: trends of dated values, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..facts import catalog
from ..facts.arrays import numbers
from ..facts.quantities import DAY, YEAR
from ..facts.records_training import LagPair, SpeedRecord

MONTH = YEAR / DAY / 12  # days
SAMPLES = 2000
SEARCH_ENDED = "2024-11-05"  # of the published pairs: a closed model without an open match waited until then
TRACKS = ("GPT-2 small to 3.28", "GPT-2 medium to 2.92")


def months(day: str, since: str = "2020-01-01") -> float:
    """Months from one day to another; a month without its day counts from its middle.

    >>> round(months("2021-01-01"), 1), months("2020-03") > months("2020-03-01")
    (12.0, True)
    """
    whole = [text if text.count("-") == 2 else f"{text}-15" for text in (day, since)]
    return (date.fromisoformat(whole[0]) - date.fromisoformat(whole[1])).days / MONTH


@dataclass(frozen=True)
class Trend:
    """A value with its interval: of the middle 95 % of bootstrap samples."""

    value: float
    low: float
    high: float

    def overlaps(self, low: float, high: float) -> bool:
        """Whether the interval shares anything with another."""
        return self.low <= high and low <= self.high


def slopes(when: np.ndarray, values: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and height at zero of the straight line through each sample of points, by least squares.

    Args:
        when, values: of the points (points,).
        drawn: how often each counts (samples, points).
    """
    total = np.maximum(drawn.sum(1), 1)  # a sample without a point is flat, too
    mean, height = drawn @ when / total, drawn @ values / total
    spread = drawn @ when**2 - total * mean**2
    flat = spread < 1e-9  # one day alone gives no slope
    slope = (drawn @ (when * values) - total * mean * height) / np.where(flat, 1, spread)
    slope = np.where(flat, np.nan, slope)
    return slope, height - slope * mean


def draws(points: int, samples: int = SAMPLES, seed: int = 0) -> np.ndarray:
    """How often each point is drawn, first once each, then with replacement (samples + 1, points)."""
    drawn = np.random.default_rng(seed).multinomial(points, np.full(points, 1 / points), size=samples)
    return np.vstack([np.ones(points), drawn]).astype(float)


def trend(values: np.ndarray) -> Trend:
    """The first value, with the middle 95 % of the others."""
    others = values[1:][np.isfinite(values[1:])]
    return Trend(float(values[0]), *(float(end) for end in np.quantile(others, [0.025, 0.975])))


def halving(when, values, seed: int = 0) -> Trend:
    """Months in which values halve: a straight line through their logarithms, with a bootstrap of the points.

    Raises:
        ValueError: fewer than three points, on fewer than two days, or values that are not above 0.

    >>> halving([0.0, 5.0, 10.0, 15.0], [16, 8, 4, 2]).value
    5.0
    """
    when, values = numbers(when, "when"), numbers(values, "values")
    if when.size < 3 or np.ptp(when) == 0 or not (values > 0).all():
        raise ValueError(
            f"{when.size} values on {np.unique(when).size} days: a trend with an interval needs at least three values above "
            "0, on two days or more."
        )
    slope, _ = slopes(when, np.log2(values), draws(when.size, seed=seed))
    slope = np.where(slope < 0, slope, np.nan)  # a sample that rises has no time to halve in
    return trend(-1 / slope)


def records(track: str = TRACKS[0]) -> tuple[np.ndarray, np.ndarray]:
    """Months since 2020 and minutes of the records of one track that were the best so far.

    A few were timed again later and stand above an older one: those are left out.
    """
    rows = sorted(
        (row for row in catalog.table(SpeedRecord) if row.track == track),
        key=lambda row: (row.date, -row.minutes),
    )
    best = np.minimum.accumulate([row.minutes for row in rows])
    kept = [row for row, least in zip(rows, best) if row.minutes == least]
    return np.array([months(row.date) for row in kept]), np.array([row.minutes for row in kept])


# ---- how far open models are behind closed ones
MATCHED, WAITING, LINES = "matched pairs", "all pairs, waits counted", "two trend lines"
METHODS = (MATCHED, WAITING, LINES)


def pairs(test: str = "") -> list[LagPair]:
    """The published pairs of one test, or of all."""
    return [row for row in catalog.table(LagPair) if test in ("", row.test)]


def tests() -> list[str]:
    """The tests that have pairs."""
    return list(dict.fromkeys(row.test for row in catalog.table(LagPair)))


def waits(rows: list[LagPair]) -> tuple[np.ndarray, np.ndarray]:
    """Months that each closed model waited for an open one as good, and whether it came before the search ended."""
    matched = np.array([bool(row.open) for row in rows])
    waited = np.array([months(row.open_date or SEARCH_ENDED, row.closed_date) for row in rows])
    return waited, matched


def lag(rows: list[LagPair], method: str = MATCHED, seed: int = 0) -> Trend:
    """Months that open models are behind, by one method, with a bootstrap of the pairs.

    "matched pairs" is the mean of those that were matched. "all pairs, waits counted" is all months waited over the number of
    matches: the mean if waits end by chance at a constant rate (right-censored, maximum likelihood of the exponential law).
    "two trend lines" is the distance in time between a line through the closed scores and one through the open ones, at the
    middle of the closed scores; of several tests, their mean.

    Raises:
        ValueError: a method that there is not, or fewer than three pairs or two matches.
    """
    if method not in METHODS:
        raise ValueError(f"There is no method '{method}': choose one of {', '.join(METHODS)}.")
    waited, matched = waits(rows) if rows else (np.zeros(0), np.zeros(0, bool))
    if len(rows) < 3 or matched.sum() < 2:
        raise ValueError(
            f"{len(rows)} pairs, {matched.sum()} of them matched: a lag with an interval needs three pairs and two matches."
        )
    drawn = draws(len(rows), seed=seed)
    found = drawn @ matched
    usable = np.where(found > 0, found, np.nan)
    if method == MATCHED:
        return trend(drawn @ (waited * matched) / usable)
    if method == WAITING:
        return trend(drawn @ waited / usable)
    names = np.array([row.test for row in rows])
    apart = [
        between_lines(
            [row for row in rows if row.test == name], matched[names == name], drawn[:, names == name]
        )
        for name in dict.fromkeys(names)
    ]
    return trend(np.mean(apart, axis=0))


def between_lines(rows: list[LagPair], matched: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Months between the lines through closed and through open scores, for each sample."""
    scores = np.array([row.closed_score for row in rows])
    closed = np.array([months(row.closed_date) for row in rows])
    opened = np.array([months(row.open_date or SEARCH_ENDED) for row in rows])
    reached = np.array([row.open_score or 0.0 for row in rows])
    up, base = slopes(closed, scores, drawn)
    up_open, base_open = slopes(opened, reached, drawn * matched)
    middle = drawn @ scores / np.maximum(drawn.sum(1), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            (up > 0) & (up_open > 0), (middle - base_open) / up_open - (middle - base) / up, np.nan
        )


def zero_day(rows: list[LagPair], seed: int = 0) -> tuple[Trend, Trend]:
    """A straight line through the lags of the matched pairs by the closed model's date: its slope, and where it is zero.

    Returns:
        Months of lag a year, and the year in which the line reaches zero; samples that never fall are left out of it.
    """
    waited, matched = waits(rows)
    rows = [row for row, found in zip(rows, matched) if found]
    when = np.array([months(row.closed_date) for row in rows])
    slope, base = slopes(when, waited[matched], draws(len(rows), seed=seed))
    falling = np.where(slope < 0, slope, np.nan)
    return trend(12 * slope), trend(2020 - base / falling / 12)
