"""What one change does to the speed (fewer bits, more users, ...), as published and as predicted.

Two published rows of the same source, device, engine and model that differ in one thing only give a ratio of
speeds; the predictions of both, each made without their source, give another. The two should agree.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..facts.records_measured import Measurement
from ..models.transformer import Model
from . import published
from .held_out import FEW, NO_DEVICE, Pair, pairs

ALIKE = 1.05  # published speeds closer than this are taken as equal: their order says nothing


@dataclass(frozen=True)
class Change:
    """One thing that rows of the same source, device, engine and model may differ in.

    bands: names of the values compared, in order. band: that of a row, None if it has another value.
    held_equal: what else must be equal. fair: whether two rows, in the order of the bands, can be compared.
    """

    name: str
    bands: tuple[str, ...]
    band: Callable[[Pair], str | None]
    held_equal: Callable[[Pair], tuple]
    fair: Callable[[Pair, Pair], bool] = lambda one, other: True


@dataclass(frozen=True)
class RowPair:
    """Two rows that differ in one thing. published, predicted: speed of the second over that of the first."""

    first: Pair
    second: Pair
    bands: tuple[str, str]
    published: float
    predicted: float

    @property
    def factor(self) -> float:
        """How far apart the two ratios are: the larger over the smaller."""
        return max(self.published / self.predicted, self.predicted / self.published)

    @property
    def order_is_right(self) -> bool | None:
        """Whether the faster one is predicted to be faster; None where they are published as nearly equal."""
        if 1 / ALIKE < self.published < ALIKE:
            return None
        return (self.published > 1) == (self.predicted > 1)


def engine_words(row: Measurement) -> str:
    """The engine as published, without how many devices share the model."""
    return re.sub(r",? (TP|EP)\d+\b| TP$|,? layer split", "", row.engine_as_published)


def lengths(row: Measurement) -> tuple:
    return row.prompt, row.context, row.output


def stored_as(row: Measurement) -> tuple:
    return row.weights, row.weights_bytes


def case(row: Measurement) -> tuple:
    return row.source, row.device, engine_words(row), row.phase


def among(bands: dict[str, tuple[float, float]], value: Callable[[Pair], float]):
    """The band of a row: the first whose two ends enclose its value."""
    return lambda pair: next((name for name, (a, z) in bands.items() if a <= value(pair) <= z), None)


def kind_band(pair: Pair) -> str:
    return "mixture" if Model.named(pair.row.model).is_moe else "dense"


def as_large(dense: Pair, mixture: Pair) -> bool:
    return Model.named(mixture.row.model).parameters >= 0.8 * Model.named(dense.row.model).parameters


BITS = {"16 bits": (15, 17), "8 bits": (7.9, 9.1), "4 bits": (4, 5.2)}
BATCHES = {"1": (1, 1), "4-8": (4, 8), "16-32": (16, 32), "64-128": (64, 128)}
DEPTHS = {"empty": (0, 1_024), "8k": (6_000, 12_000), "32k": (24_000, 48_000)}
DEVICES = {"1": (1, 1), "2": (2, 2), "4": (4, 4), "8": (8, 8)}


def with_devices(name: str, split: str) -> Change:
    """The shape of a growing number of devices that share the model in one way."""
    return Change(
        name,
        tuple(DEVICES),
        among(DEVICES, lambda p: p.row.devices),
        lambda p: (p.row.model, p.row.batch, *stored_as(p.row), *lengths(p.row)),
        lambda fewer, more: more.row.split == split,
    )


CHANGES = (
    Change(
        "bits per weight",
        tuple(BITS),
        among(BITS, lambda p: p.bits),
        lambda p: (p.row.model, p.row.devices, p.row.batch, *lengths(p.row)),
    ),
    Change(
        "sequences at once",
        tuple(BATCHES),
        among(BATCHES, lambda p: float(p.row.batch)),
        lambda p: (p.row.model, p.row.devices, *stored_as(p.row), *lengths(p.row)),
    ),
    Change(
        "tokens in the cache",
        tuple(DEPTHS),
        among(DEPTHS, lambda p: published.mean_context(p.row)),
        lambda p: (p.row.model, p.row.devices, p.row.batch, *stored_as(p.row)),
    ),
    with_devices("devices that share every layer", "tensor"),
    with_devices("devices that take turns", "pipeline"),
    Change(
        "dense or a mixture at least about as large",
        ("dense", "mixture"),
        kind_band,
        lambda p: (p.row.devices, p.row.batch, p.row.weights, *lengths(p.row)),
        as_large,
    ),
)


@cache
def twins(shape: Change, phase: str = "decode") -> tuple[RowPair, ...]:
    """Every two rows of one phase that differ in the shape's thing only.

    >>> all(one.first.row.device == one.second.row.device for one in twins(CHANGES[0]))
    True
    """
    same = defaultdict(lambda: defaultdict(list))
    for pair in pairs():
        if pair.device_class != NO_DEVICE and pair.row.phase == phase and (band := shape.band(pair)):
            same[case(pair.row) + shape.held_equal(pair)][band].append(pair)
    found = []
    for bands in same.values():
        known = [band for band in shape.bands if band in bands]
        for one, other in itertools.combinations(known, 2):
            for first, second in itertools.product(bands[one], bands[other]):
                if shape.fair(first, second):
                    found.append(compared(first, second, (one, other)))
    return tuple(found)


def compared(first: Pair, second: Pair, bands: tuple[str, str]) -> RowPair:
    """The speeds of two rows as ratios: tokens per second of all sequences together."""
    more = published.tokens_of(second.row) / published.tokens_of(first.row)
    as_published = more * first.seconds / second.seconds
    return RowPair(first, second, bands, as_published, more * first.predicted / second.predicted)


@dataclass(frozen=True)
class Agreement:
    """How well one shape is predicted.

    pairs, sources: comparisons, and how many sources they come from. order: share of the pairs of clearly
    different speed in which the faster one is predicted to be faster. median, p90: of the factor between the
    predicted and the published ratio. ends: two bands far apart, with the middle
    ratio of speeds published and predicted.
    """

    name: str
    pairs: int
    sources: int
    order: float
    median: float
    p90: float
    ends: tuple[str, str]
    published: float
    predicted: float


def furthest(shape: Change, found: tuple[RowPair, ...]) -> tuple[str, str]:
    """The two bands furthest apart that are compared `FEW` times; the two compared most often if none are."""
    counts = Counter(one.bands for one in found)
    often = [bands for bands in counts if counts[bands] >= FEW] or [counts.most_common(1)[0][0]]
    return max(often, key=lambda two: shape.bands.index(two[1]) - shape.bands.index(two[0]))


def agreement(shape: Change, phase: str = "decode") -> Agreement:
    """How well one shape is predicted."""
    found = twins(shape, phase)
    if not found:
        raise ValueError(f"no two published rows of {phase} differ in {shape.name} only.")
    ends = furthest(shape, found)
    far = [one for one in found if one.bands == ends]
    orders = [one.order_is_right for one in found if one.order_is_right is not None]
    factors = [one.factor for one in found]
    return Agreement(
        shape.name,
        len(found),
        len({one.first.source for one in found}),
        float(np.mean(orders)) if orders else 1.0,
        float(np.median(factors)),
        float(np.percentile(factors, 90)),
        ends,
        float(np.median([one.published for one in far])),
        float(np.median([one.predicted for one in far])),
    )
