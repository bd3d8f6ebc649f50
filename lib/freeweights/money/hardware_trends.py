"""What a dollar bought in each year, a straight line through the logarithms, and when the line arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..facts import catalog
from ..facts import quantities as q
from ..facts.arrays import plain
from ..facts.records_hardware import Device
from ..machines.machine import Machine

# What is bought: unit of the axis, its size, and what a machine has of it.
QUANTITIES: dict[str, tuple[str, float, Callable[[Machine], float]]] = {
    "memory bandwidth": ("B/s", 1e9, lambda machine: machine.memory_bandwidth),
    "arithmetic": ("FLOP/s", 1e12, lambda machine: machine.flops(16)),
    "memory": ("B", 1e9, lambda machine: machine.count * machine.device.sold),
}
CARDS, DATACENTRE, UNIFIED, EVERY = "desktop cards", "datacentre devices", "unified memory", "all of them"
GROUPS = (UNIFIED, CARDS, DATACENTRE, EVERY)
FEWEST_ROWS, FEWEST_YEARS = 4, 3
CENTURY = 2100
SHARE = 0.8
NEVER = "not in this century"


class TooFew(ValueError):
    """There are too few prices to draw a line through; the message says how many."""


@dataclass(frozen=True)
class Trend:
    """A straight line through ln(value) over years.

    rows: points behind it. centre: their mean year. level: ln(value) on the line at `centre`. slope: of ln(value) per
    year. error: its standard error. scatter: standard deviation of the points around the line, in ln(value).
    quantile: standard errors to either side that hold a share `SHARE` of lines, by Student's t.
    """

    rows: int
    centre: float
    level: float
    slope: float
    error: float
    scatter: float
    quantile: float

    @property
    def growth(self) -> tuple[float, float, float]:
        """Growth per year as a fraction: low end, best estimate, high end."""
        low, middle, high = (np.expm1(self.slope + side * self.quantile * self.error) for side in (-1, 0, 1))
        return plain(low), plain(middle), plain(high)

    @property
    def flat(self) -> bool:
        """Whether no growth at all lies within the interval."""
        low, _, high = self.growth
        return low <= 0 <= high

    def at(self, year, side: float = 0.0):
        """The line in a year, or an edge of the band that holds it: side -1 below, +1 above.

        Source: the confidence band of a regression line, for instance Draper and Smith 1998, section 3.1.
        """
        away = np.asarray(year, float) - self.centre
        band = self.quantile * np.hypot(self.scatter / np.sqrt(self.rows), self.error * away)
        return plain(np.exp(self.level + self.slope * away + side * band))

    def arrives(self, target: float, today: float, side: float = 0.0) -> float | None:
        """The year in which the line, or an edge of its band, reaches a target: `today` if it has, None after 2100."""
        years = np.linspace(today, CENTURY, 20 * int(CENTURY - today) + 1)
        above = np.log(self.at(years, side)) - np.log(target)
        if above.max() < 0:
            return None
        first = int(np.argmax(above >= 0))
        return float(
            years[0]
            if first == 0
            else np.interp(0, above[first - 1 : first + 1], years[first - 1 : first + 1])
        )

    def range(self, target: float, today: float) -> tuple[float | None, float | None, float | None]:
        """Years of arrival: fast end, line, slow end."""
        fast, middle, slow = (self.arrives(target, today, side) for side in (1, 0, -1))
        return fast, middle, slow


def when(years: tuple[float | None, float | None, float | None], now: float) -> str:
    """How long until three years of arrival (fast end, line, slow end), in words: never an infinity.

    >>> when((2030.0, 2036.0, None), 2026), when((2030.0, None, None), 2026)
    ('10 years (4 to never in this century)', 'not in this century (4 years at the fast end)')
    >>> when((None, None, None), 2026), when((2026, 2026, 2026), 2026)
    ('not in this century', 'already')
    """
    fast, line, slow = (None if year is None else year - now for year in years)
    if fast is None:
        return NEVER
    if slow == 0:
        return "already"
    if line is None:
        return f"{NEVER} ({span(fast)} years at the fast end)"
    return f"{span(line)} years ({span(fast)} to {'never in this century' if slow is None else span(slow)})"


def span(years: float) -> str:
    """Years as a person says them.

    >>> span(0), span(3.14), span(41.7)
    ('0', '3.1', '42')
    """
    return q.significant(years, 2)


@cache
def t_quantile(share: float, degrees: int) -> float:
    """How many standard errors to either side hold a share of Student's t distribution.

    With t = sqrt(degrees) tan(angle) its density goes as cos(angle)^(degrees - 1), which is summed here.

    >>> round(t_quantile(0.8, 10), 3), round(t_quantile(0.95, 4), 3)
    (1.372, 2.776)
    """
    angle = np.linspace(0, np.pi / 2, 100_001)
    density = np.cos(angle) ** (degrees - 1)
    inside = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return float(np.sqrt(degrees) * np.tan(np.interp(share, inside / inside[-1], angle)))


def fit(years, values) -> Trend:
    """Least squares on the logarithms of `values`.

    Args:
        years, values: of the same length; values above zero.

    Raises:
        TooFew: fewer than four points or three different years.

    >>> doubled = fit([2020, 2021, 2022, 2023], [1, 2, 4, 8])
    >>> [round(growth, 6) for growth in doubled.growth], round(doubled.arrives(80, 2023), 2)
    ([1.0, 1.0, 1.0], 2026.32)
    """
    years, logs = np.asarray(years, float), np.log(np.asarray(values, float))
    if len(years) < FEWEST_ROWS or len(set(years)) < FEWEST_YEARS:
        raise TooFew(
            f"{len(years)} prices from {len(set(years))} years are too few for a trend: it takes "
            f"{FEWEST_ROWS} of them from {FEWEST_YEARS} years."
        )
    away = years - years.mean()
    spread = (away**2).sum()
    slope = (away * logs).sum() / spread
    degrees = len(years) - 2
    scatter = np.sqrt(((logs - logs.mean() - slope * away) ** 2).sum() / degrees)
    return Trend(
        len(years),
        float(years.mean()),
        float(logs.mean()),
        float(slope),
        float(scatter / np.sqrt(spread)),
        float(scatter),
        t_quantile(SHARE, degrees),
    )


def group(device: Device) -> str | None:
    """Which market a device belongs to; None for phones, processors and whatever is neither card nor computer.

    >>> [group(catalog.device(name)) for name in ("Apple M3 Ultra 512GB", "GeForce RTX 4090", "H100 SXM5 80GB")]
    ['unified memory', 'desktop cards', 'datacentre devices']
    """
    if "unified" in device.kind:
        return UNIFIED
    if device.device_class.endswith(("-consumer", "-workstation")):
        return CARDS
    if device.device_class.endswith("-datacenter") or device.device_class == "ascend":
        return DATACENTRE
    return None


def release_price(device: Device) -> bool:
    """Whether a price is what the vendor asked at release, as against what dealers asked, or about what it was."""
    return device.price_basis.startswith(("release price", "launch", "list price", "maker list price"))


def priced(which: str, street: bool) -> tuple[Device, ...]:
    """The devices of a group that have a price; those with a street price only if `street`."""
    wanted = {which} if which != EVERY else {UNIFIED, CARDS, DATACENTRE}
    return tuple(
        row
        for row in catalog.table(Device)
        if row.price and group(row) in wanted and (street or release_price(row))
    )


def has(device: Device, quantity: str) -> float | None:
    """What one device has of a quantity, in SI units; None where nobody publishes it."""
    machine = Machine.named(device.name)
    return None if quantity == "arithmetic" and not machine.computes else QUANTITIES[quantity][2](machine)


@cache
def trend(quantity: str, which: str = UNIFIED, street: bool = True) -> Trend:
    """How much of a quantity a dollar bought over the years of release.

    Args:
        quantity: a name of QUANTITIES.
        which: a name of GROUPS.
        street: whether approximate and street prices count too.

    Returns:
        a Trend of bytes/s, FLOP/s or bytes per US dollar of the year.

    Raises:
        TooFew: the group has too few such prices.

    >>> trend("memory").rows >= FEWEST_ROWS
    True
    """
    found = [(row.year, has(row, quantity), row.price) for row in priced(which, street)]
    found = [row for row in found if row[1]]
    return fit([year for year, _, _ in found], [value / price for _, value, price in found])


def today() -> int:
    """The year that trends are read in: the newest release of the catalogue.

    >>> today() >= 2026
    True
    """
    return max(row.year for row in catalog.table(Device))


def twins() -> list[tuple[Device, Device]]:
    """Computers of the newest year beside the latest earlier one of the same vendor with the same unified memory.

    >>> all(old.sold == new.sold and old.year < new.year for old, new in twins())
    True
    """
    rows = sorted(priced(UNIFIED, street=True), key=lambda row: row.year)
    pairs = []
    for new in (row for row in rows if row.year == today()):
        olds = [o for o in rows if o.year < new.year and (o.vendor, o.sold) == (new.vendor, new.sold)]
        if olds:
            pairs.append((olds[-1], new))
    return pairs
