"""A cache of experts: how often it is hit, and what skew the published hit rates show."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from ..facts import catalog
from ..facts.arrays import plain
from ..facts.records_measured import Streaming
from ..models.experts import expected_distinct_experts_given
from ..models.routing import selection_probabilities
from ..models.transformer import Model

MOST_FAVOUR = 8.0  # far beyond any published hit rate
HALVINGS = 20  # of the range in which a favour is sought: to 1e-5
SPANS = 120  # windows of a recency cache that are computed; sizes between are interpolated


def checked(chances, share) -> tuple[np.ndarray, np.ndarray]:
    """Chances from the hottest down and shares as arrays, or an error that says what was given."""
    chances, share = np.sort(np.asarray(chances, float))[::-1], np.asarray(share, float)
    if chances.ndim != 1 or not (np.all((chances >= 0) & (chances <= 1)) and chances.sum() > 0):
        raise ValueError(
            "chances must hold a probability from 0 to 1 for each expert of one layer, not all of them 0: "
            "divide the tokens that each expert got by all tokens."
        )
    if not np.all((share >= 0) & (share <= 1)):
        raise ValueError(
            f"share is {share}: the part of the experts that is cached, from 0 to 1, is expected."
        )
    return chances, share


def hottest_hit_rate(chances, share):
    """How often an expert is found in a cache that keeps the hottest of each layer and never changes.

    Args:
        chances: for each expert of a layer the probability that one token is sent to it, in any order.
        share: of the experts that is kept, number or array.

    Returns:
        hits over uses, in the shape of `share`: the kept chances over all chances. Uniform routing hits as often as
        experts are cached. No cache of this size does better while tokens choose independently of each other.

    Raises:
        ValueError: a chance or share outside 0 to 1.

    >>> hottest_hit_rate([0.25] * 8, 0.5), round(float(hottest_hit_rate(selection_probabilities(8, 2, 1), 0.5)), 2)
    (0.5, 0.73)
    """
    chances, share = checked(chances, share)
    kept = np.concatenate([[0.0], np.cumsum(chances)])
    return plain(np.interp(share * chances.size, np.arange(chances.size + 1), kept) / kept[-1])


def recent_hit_rate(chances, share):
    """How often an expert is found in a cache that keeps those used last (LRU), by Che's approximation.

    The cache holds what the last T tokens touched, T being such that they touched as many experts as it has room for.
    A miss is an expert that T + 1 tokens touch and T do not. Source: Che, Tung, Wang 2002, "Hierarchical Web caching
    systems", IEEE JSAC 20(7), here for tokens that choose several distinct experts. Tokens choose independently.

    Args:
        chances, share: as in `hottest_hit_rate`.

    Returns:
        hits over uses, in the shape of `share`; between the share cached and `hottest_hit_rate`.

    Raises:
        ValueError: as in `hottest_hit_rate`.

    >>> round(recent_hit_rate([0.25] * 8, 0.5), 3), round(recent_hit_rate(selection_probabilities(8, 2, 1), 0.5), 2)
    (0.5, 0.63)
    """
    chances, share = checked(chances, share)
    used = chances[chances > 0]
    tokens = np.concatenate([[0.0], np.geomspace(0.01, 40 / used[-1], SPANS)])
    touched = expected_distinct_experts_given(chances, tokens)
    missed = expected_distinct_experts_given(chances, tokens + 1) - touched
    hits = np.clip(1 - missed / chances.sum(), 0.0, 1.0)
    room = np.append(touched, chances.size)
    return plain(np.interp(share * chances.size, room, np.append(hits, 1.0)))


def explaining_favour(experts: int, chosen: int, share: float, hit_rate: float) -> float:
    """The favour that explains a hit rate if the hottest experts were cached and tokens chose independently.

    Args:
        experts, chosen: of one layer, E and k.
        share: of the experts that was cached.
        hit_rate: measured, hits over uses.

    Returns:
        favour as in `routing.popularity`: 0 where no more was hit than cached, at most 8.

    Raises:
        ValueError: a share or hit rate outside 0 to 1, or as in `routing.selection_probabilities`.

    >>> explained = hottest_hit_rate(selection_probabilities(128, 8, 0.7), 0.25)
    >>> round(explaining_favour(128, 8, 0.25, explained), 3)
    0.7
    """
    if not 0 <= hit_rate <= 1:
        raise ValueError(f"hit_rate is {hit_rate}: hits over uses, from 0 to 1, are expected.")
    low, high = 0.0, MOST_FAVOUR
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = hottest_hit_rate(selection_probabilities(experts, chosen, middle), share) >= hit_rate
        low, high = (low, middle) if enough else (middle, high)
    return low  # 0 itself where uniform routing hits as often


class Favours(NamedTuple):
    """Favours that explain the published hit rates: the middle one of the sources, the ends, and how many rows."""

    median: float
    low: float
    high: float
    rows: int


@cache
def published_favours() -> Favours:
    """What skew the rows of data/streaming.csv show that state a share and a hit rate; each source has one voice.

    Text that uses the same experts again and again is hit more often than independent tokens would be: such locality
    is in these favours too.

    >>> found = published_favours()
    >>> found.low < found.median < found.high
    True
    """
    sources: dict[str, list[float]] = {}
    for row in catalog.table(Streaming):
        if row.cached_share and row.hit_rate is not None:
            model = Model.named(row.model)
            zipf_exponent = explaining_favour(
                model.experts, model.experts_per_token, row.cached_share, row.hit_rate
            )
            sources.setdefault(row.source, []).append(zipf_exponent)
    voices = [float(np.median(favours)) for favours in sources.values()]
    every = [zipf_exponent for favours in sources.values() for zipf_exponent in favours]
    return Favours(float(np.median(voices)), min(every), max(every), len(every))
