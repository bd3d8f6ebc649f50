"""Where tokens are sent: experts with favourites, and tokens drawn to them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

BISECTIONS = 60  # each halves the error: double precision is reached before


def check_experts(experts: int, chosen: int) -> None:
    """Refuse a layer without experts, or a token that asks for more experts than there are.

    >>> check_experts(8, 9)
    Traceback (most recent call last):
    ...
    ValueError: A token cannot be sent to 9 distinct experts of 8: choose from 1 to 8.
    """
    if experts != int(experts) or experts < 1:
        raise ValueError(f"experts is {experts}: a layer needs a whole number of them, 1 or more.")
    if chosen != int(chosen) or chosen < 1:
        raise ValueError(f"chosen is {chosen}: a token goes to a whole number of experts, 1 or more.")
    if chosen > experts:
        raise ValueError(
            f"A token cannot be sent to {chosen} distinct experts of {experts}: choose from 1 to {experts}."
        )


def popularity(experts: int, zipf_exponent: float) -> np.ndarray:
    """How popular each expert is, the most popular first: 1 over its rank to a power (Zipf's law). Sums to 1.

    Args:
        experts: how many, E.
        zipf_exponent: the power, from 0 (all alike) upwards; at 1 the first is twice as popular as the second.

    Raises:
        ValueError: no experts, or a power that is negative.

    >>> popularity(4, 0).tolist(), [round(float(share), 3) for share in popularity(4, 1)]
    ([0.25, 0.25, 0.25, 0.25], [0.48, 0.24, 0.16, 0.12])
    """
    check_experts(experts, 1)
    if not (np.isfinite(zipf_exponent) and zipf_exponent >= 0):
        raise ValueError(
            f"zipf_exponent is {zipf_exponent}: a power of 0 (all experts alike) or more is expected."
        )
    weights = np.arange(1, experts + 1) ** -float(zipf_exponent)
    return weights / weights.sum()


@lru_cache(maxsize=64)
def selection_probabilities(experts: int, chosen: int, zipf_exponent: float = 0.0) -> np.ndarray:
    """For each expert the probability that one token is sent to it; together `chosen`.

    Think of every expert as a clock that rings at random, popular ones earlier: a token goes to the first `chosen`
    to ring. Expert i has rung by time t with 1 - exp(-popularity_i t), and t is such that `chosen` have rung on average.

    Args:
        experts, chosen: of one layer, E and k.
        zipf_exponent: see `popularity`.

    Returns:
        (experts,), read-only, because it is remembered for whoever asks next.

    Raises:
        ValueError: as in `check_experts` and `popularity`.

    >>> selection_probabilities(8, 2).tolist() == [0.25] * 8, selection_probabilities(8, 8, 1).tolist() == [1.0] * 8
    (True, True)
    >>> round(float(selection_probabilities(256, 8, 0.8).sum()), 6)
    8.0
    """
    check_experts(experts, chosen)
    shares = popularity(experts, zipf_exponent)
    if chosen == experts:
        found = np.ones(experts)
    elif zipf_exponent == 0:
        found = np.full(experts, chosen / experts)
    elif chosen == 1:
        found = shares  # who rings first needs no average time
    else:
        found = rung(shares, chosen)
    found.flags.writeable = False
    return found


def rung(shares: np.ndarray, chosen: int) -> np.ndarray:
    """The chance of each clock to have rung when on average so many have; how often each rings: (clocks,)."""
    low, high = 0.0, 1.0
    while -np.expm1(-shares * high).sum() < chosen:
        high *= 2
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if -np.expm1(-shares * middle).sum() < chosen else (low, middle)
    found = -np.expm1(-shares * high)
    return found * (chosen / found.sum())


def route(
    experts: int, chosen: int, tokens: int, zipf_exponent: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw the experts of each token, distinct ones, popular ones more often.

    Args:
        experts, chosen: of one layer.
        tokens: how many, 0 or more.
        zipf_exponent: see `popularity`.
        rng: where the chance comes from.

    Returns:
        expert of each choice, ints (tokens, chosen); experts are numbered from the most popular.

    Raises:
        ValueError: as in `popularity`, or a negative number of tokens.

    >>> route(8, 2, 3, 0.0, np.random.default_rng(0)).shape
    (3, 2)
    """
    check_experts(experts, chosen)
    if tokens < 0:
        raise ValueError(f"tokens is {tokens}: 0 or more are expected.")
    rings = rng.exponential(size=(tokens, experts)) / popularity(experts, zipf_exponent)
    return np.argpartition(rings, chosen - 1, axis=1)[:, :chosen]


def load(choices: np.ndarray, experts: int) -> np.ndarray:
    """Tokens that each expert receives; how many are not 0 is how many were touched.

    >>> load(np.array([[0, 2], [0, 1]]), 4).tolist()
    [2, 1, 1, 0]
    """
    return np.bincount(np.asarray(choices, int).ravel(), minlength=experts)


def distinct(choices: np.ndarray) -> np.ndarray:
    """How many distinct experts the first token touched, the first two together, the first three, ...

    Args:
        choices: experts of each token, ints (tokens, chosen), as `route` draws them.

    Returns:
        ints (tokens,), never falling.

    >>> distinct(np.array([[0, 2], [0, 1], [2, 1], [3, 0]])).tolist()
    [2, 3, 3, 4]
    """
    choices = np.asarray(choices, int)
    _, first = np.unique(choices, return_index=True)
    return np.bincount(first // choices.shape[1], minlength=len(choices)).cumsum()
