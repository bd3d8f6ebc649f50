"""Lesson 02's measurement: this machine's own roofline, and matrix products put onto it as dots."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ..cost import bottleneck
from ..facts import quantities as q
from ..local import this_machine, timing
from ..page import layout
from ..page.style import BLUE, GREY, ORANGE

COLUMNS = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # of the right-hand matrix: m
FROM_MEMORY = 5632  # rows and columns of a matrix of 127 MB, above nearly every cache
FROM_CACHE = 512  # of one of 1 MB, which stays in the cache of nearly every core
CALLS = {FROM_MEMORY: 1, FROM_CACHE: 20}  # timed together, so that a clock can see small products
ROUNDS, ENOUGH_SECONDS = 7, 3.5
BUSY = 1.3  # how many times the usual repeat the fastest may reach on a machine that does nothing else
SCATTER = 0.1  # how far a dot may pass the roof before it needs a reason


@dataclass(frozen=True, eq=False)
class Dots:
    """Products of an n x n matrix and an n x m one for each m: FLOP/byte counted, FLOP/s measured.

    rate: the median of the rounds. fastest: the best of them.
    """

    side: int
    columns: np.ndarray
    intensity: np.ndarray
    rate: np.ndarray
    fastest: np.ndarray


@dataclass(frozen=True, eq=False)
class Roofline:
    """One machine as measured: the fastest it was seen to read from memory and to multiply, and the dots."""

    name: str
    bandwidth: float
    flops: float
    memory: Dots
    cache: Dots
    seconds: float

    @property
    def ridge(self) -> float:
        """FLOP/byte at which arithmetic takes as long as reading."""
        return self.flops / self.bandwidth

    def roof(self, intensity):
        """The most FLOP/s at an arithmetic intensity, as long as the bytes come from memory."""
        return np.minimum(np.asarray(intensity) * self.bandwidth, self.flops)

    def share(self, dots: Dots) -> np.ndarray:
        """How much of the roof above it each dot reaches."""
        return dots.rate / self.roof(dots.intensity)

    def seconds_of(self, index: int) -> float:
        """Seconds of one product with the large matrix."""
        return float(product_flops(self.memory.side, self.memory.columns[index]) / self.memory.rate[index])


def product_flops(side: int, columns):
    """FLOPs of an n x n matrix times an n x m one: a multiplication and an addition for each pair."""
    return 2.0 * side * side * np.asarray(columns)


def product_bytes(side: int, columns):
    """Least bytes of that product in float32: both matrices read, the result written.

    >>> round(bottleneck.arithmetic_intensity(product_flops(1000, 1), product_bytes(1000, 1)), 3)
    0.499
    """
    return 4.0 * (side * side + 2 * side * np.asarray(columns))


def time_products(
    sides: tuple[int, ...] = (FROM_MEMORY, FROM_CACHE), columns: tuple[int, ...] = COLUMNS
) -> list[Dots]:
    """Time every product in turn, round after round, so that another program at work meets all of them alike.

    Args:
        sides: n of each family of dots.
        columns: m of each dot.
    """
    cases = []
    for side in sides:
        matrix = np.ones((side, side), np.float32)
        cases += [(matrix, np.ones((side, m), np.float32), np.empty((side, m), np.float32)) for m in columns]
    turns = timing.rounds("Multiplying matrices", ROUNDS, least=3, seconds=ENOUGH_SECONDS)
    rounds = [[_seconds(*case) for case in cases] for _ in turns]
    shape = (len(sides), len(columns))
    middle, least = (pick(rounds, axis=0).reshape(shape) for pick in (np.median, np.min))
    m = np.array(columns)
    return [
        Dots(
            side,
            m,
            np.asarray(bottleneck.arithmetic_intensity(product_flops(side, m), product_bytes(side, m))),
            product_flops(side, m) / median,
            product_flops(side, m) / best,
        )
        for side, median, best in zip(sides, middle, least, strict=True)
    ]


def _seconds(matrix: np.ndarray, right: np.ndarray, out: np.ndarray) -> float:
    """Seconds of one product."""
    calls = CALLS.get(len(matrix), 1)
    start = time.perf_counter()
    for _ in range(calls):
        np.matmul(matrix, right, out=out)
    return (time.perf_counter() - start) / calls


def measure() -> Roofline:
    """Measure this machine's roofline and the dots on it: about five seconds, 210 MB."""
    start = time.perf_counter()
    # First what needs most memory: matrix products later leave buffers behind.
    reading = this_machine.matrix_vector(np.ones(this_machine.NUMBERS, np.float32)).high
    memory, cache = time_products()
    multiplying = this_machine.matrix_matrix().high
    bandwidth = max(reading, float(np.max(memory.fastest / memory.intensity)))
    flops = max(multiplying, float(memory.fastest.max()))
    return Roofline(this_machine.name(), bandwidth, flops, memory, cache, time.perf_counter() - start)


def draw(figure: Figure, mine: Roofline) -> str:
    """The machine's roof, both families of dots and the ridge; the sentence says how close they come."""
    [axes] = layout.grid(figure)
    every = np.concatenate([mine.memory.rate, mine.cache.rate, [mine.flops]])
    x, y = np.array([0.3, 300.0]), (every.min() / 2, every.max() * 4)
    layout.log_axis(axes.xaxis, {one: f"{one:g}" for one in (0.3, 1, 3, 10, 30, 100, 300)})
    layout.log_axis(axes.yaxis, layout.decades(*y, lambda power: q.rate(power, "")))
    axes.set(xlim=x, ylim=y, xlabel="FLOP per byte (arithmetic intensity)", ylabel="float32 FLOP/s")
    corner = np.array([x[0], mine.ridge, x[1]])
    axes.plot(corner, mine.roof(corner), color="black")
    axes.plot([mine.ridge] * 2, [y[0], mine.flops], ":", color=GREY, linewidth=1.2)
    families = ((mine.memory, BLUE, "o", "read from memory"), (mine.cache, ORANGE, "s", "stays in cache"))
    key = {}
    for dots, colour, marker, words in families:
        look = {"color": colour, "markeredgecolor": "black", "markersize": 8}
        drawn = axes.plot(dots.intensity, dots.rate, marker, **look)[0]
        key[f"matrix of {q.size(4.0 * dots.side**2)}, {words}"] = drawn
    layout.legend(figure, key)
    ridge = f"ridge: {q.significant(mine.ridge, 2)} FLOP per byte"
    axes.text(mine.ridge * 1.08, mine.flops * 1.15, ridge, va="bottom")
    turns = f"Your machine turns from reading to computing at {q.significant(mine.ridge, 2)} FLOP per byte"
    layout.headline(figure).set_text(turns)
    return sentence(mine)


def sentence(mine: Roofline) -> str:
    """How close the dots come to the roof on each side of the ridge, and why some pass it if they do."""
    share, over = mine.share(mine.memory), mine.share(mine.cache)
    below = mine.memory.intensity < mine.ridge
    said = ""
    if below.any():
        first, last = np.flatnonzero(below)[[0, -1]]
        said += (
            f"Below the ridge the large matrix reaches {between(share[below])} of what "
            f"{q.rate(mine.bandwidth, 'B/s')} of bandwidth allow: from {mine.memory.columns[first]} to "
            f"{mine.memory.columns[last]} columns the work grows "
            f"{q.times(mine.memory.columns[last] / mine.memory.columns[first])} and the time only "
            f"{q.times(mine.seconds_of(last) / mine.seconds_of(first))}. "
        )
    if not below.all():
        said += f"Above it, it reaches {between(share[~below])} of {q.rate(mine.flops, 'FLOP/s')}. "
    busy = float(np.median(mine.memory.fastest / mine.memory.rate))
    if busy > BUSY:
        said += "Another program was at work: the fastest repeats ran "
        said += f"{q.times(busy)} as fast, so measure again. "
    if over.max() > 1 + SCATTER:
        return said + (
            f"The small matrix passes the roof, up to {q.times(over.max())} its height, and breaks no law: "
            "its bytes come from a cache, which is faster than memory, and this roof knows memory only."
        )
    return (
        said
        + "The small matrix stays below: what its cache gains is less than each call to the library costs."
    )


def between(shares: np.ndarray) -> str:
    """The least and the most of some shares, in per cent.

    >>> between(np.array([0.5, 0.81, 0.7])), between(np.array([0.5]))
    ('50 % to 81 %', '50 %')
    """
    low, high = q.percent(shares.min()), q.percent(shares.max())
    return low if low == high else f"{low} to {high}"
