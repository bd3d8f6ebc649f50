"""Experts dealt out to devices: who gets how many tokens, what a capacity drops, what a spare copy cures."""

from __future__ import annotations

import numpy as np

from ..facts.arrays import at_least
from ..models.routing import check_experts, selection_probabilities

TRIALS = 64  # draws behind an expected load
SEED = 3


def share(experts: int, chosen: int, holders: int) -> int:
    """Experts that each of several devices or nodes holds.

    >>> share(256, 8, 144)
    Traceback (most recent call last):
    ...
    ValueError: 256 experts do not divide among 144: choose a number that divides them, such as 128 or 256.
    """
    check_experts(experts, chosen)
    if holders != int(holders) or holders < 1:
        raise ValueError(
            f"{holders} devices or nodes cannot share experts: a whole number from 1 is expected."
        )
    if experts % holders:
        fitting = [number for number in range(1, experts + 1) if experts % number == 0]
        below = [number for number in fitting if number < holders][-1:]
        above = [number for number in fitting if number > holders][:1]
        raise ValueError(
            f"{experts} experts do not divide among {holders}: choose a number that divides them, such as "
            f"{' or '.join(map(str, below + above))}."
        )
    return experts // holders


def expert_loads(experts: int, chosen: int, tokens: int, zipf_exponent: float) -> np.ndarray:
    """Tokens that each expert receives, drawn TRIALS times, the same for the same question.

    Each expert's count is exact: every token comes with its chance. That one expert's gain is another's loss is left out.

    Args:
        experts, chosen: of one layer.
        tokens: of all devices together, 1 or more.
        zipf_exponent: see `routing.popularity`.

    Returns:
        counts (TRIALS, experts), the most popular first.

    >>> expert_loads(8, 2, 1000, 0.0).shape
    (64, 8)
    """
    odds = selection_probabilities(experts, chosen, zipf_exponent)
    tokens = int(at_least(tokens, "tokens", 1))
    return np.random.default_rng(SEED).binomial(tokens, odds, (TRIALS, experts))


def apply_capacity(
    loads: np.ndarray, chosen: int, tokens: int, factor: float
) -> tuple[np.ndarray, float, float]:
    """Loads under a capacity: each expert takes `factor` times the mean, rounded up; what comes later is dropped.

    GShard, arXiv:2006.16668, section 2.2; Switch Transformer, arXiv:2101.03961, section 2.2.

    Args:
        loads: counts (..., experts).
        chosen, tokens: experts of a token, and tokens in all.
        factor: above 0; infinity for no limit.

    Returns:
        the loads that are left; the share of all choices that is dropped; the share of the room that stays empty.

    Raises:
        ValueError: a factor that leaves no room.

    >>> kept, dropped, empty = apply_capacity(np.array([6, 1, 1, 0]), 2, 4, 1.5)
    >>> kept.tolist(), dropped, round(empty, 3)
    ([3, 1, 1, 0], 0.375, 0.583)
    """
    if not factor > 0:
        raise ValueError(
            f"The capacity factor is {factor}: above 0 is needed, such as 1.25; infinity drops nothing."
        )
    room = int(np.ceil(min(factor * tokens * chosen / loads.shape[-1], tokens)))
    kept = np.minimum(loads, room)
    return kept, float(1 - kept.sum() / loads.sum()), float(1 - kept.mean() / room)


def placement(
    experts: int, chosen: int, devices: int, zipf_exponent: float, spare: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Which experts each device holds, and how many copies of each there are.

    Without spares experts lie anywhere, differently in each trial. With them each device holds one more: copies go one
    by one to the expert with the most tokens for each of its copies, and all are dealt out by load, there and back.
    (DeepSeek-V3 duplicates hot experts too: arXiv:2412.19437, section 3.4.)

    Returns:
        experts (TRIALS, devices, places), and copies (experts,).

    >>> placement(8, 2, 4, 1.0, True)[1].astype(int).tolist()
    [3, 2, 2, 1, 1, 1, 1, 1]
    """
    held, copies = share(experts, chosen, devices), np.ones(experts)
    if not spare:
        order = np.tile(np.arange(experts), (TRIALS, 1))
        shuffled = np.random.default_rng(SEED).permuted(order, axis=1)
        return shuffled.reshape(TRIALS, devices, held), copies
    odds = selection_probabilities(experts, chosen, zipf_exponent)
    for _ in range(devices):
        copies[np.argmax(odds / copies)] += 1
    places = np.repeat(np.arange(experts), copies.astype(int))
    dealt = places[np.argsort(-(odds / copies)[places], kind="stable")].reshape(held + 1, devices)
    dealt[1::2] = dealt[1::2, ::-1]
    return np.tile(dealt.T, (TRIALS, 1, 1)), copies


def on_devices(loads: np.ndarray, held: np.ndarray, copies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every place of every device (TRIALS, devices, places): tokens it gets, and whether it is read, 0 to 1.

    Args:
        loads: counts (TRIALS, experts); copies of an expert share its tokens.
        held, copies: of `placement`.

    >>> got, read = on_devices(expert_loads(8, 2, 100, 0.0), *placement(8, 2, 4, 0.0, False))
    >>> got.shape, float(read.max())
    ((64, 4, 2), 1.0)
    """
    got = np.take_along_axis(loads / copies, held.reshape(TRIALS, -1), axis=1).reshape(held.shape)
    return got, np.minimum(got, 1)


def most_first(loads: np.ndarray) -> np.ndarray:
    """The expected load of the busiest, the second busiest, ..., over the mean of all; loads (TRIALS, holders).

    >>> most_first(np.array([[1, 3], [2, 2]])).tolist()
    [1.25, 0.75]
    """
    return -np.sort(-loads, axis=1).mean(axis=0) / loads.mean()
