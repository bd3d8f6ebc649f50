"""What small trainings have in common: the order of their batches, their pace, seed after seed, and a margin."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

# Parts of a run in which the learning rate rises at first, and falls to nothing at last.
WARM, COOL = 0.05, 0.6


def pace(part: float) -> float:
    """The learning rate over its highest, after a part of the run: it warms up, stays, then sinks to nothing.

    >>> pace(0.0) > 0, pace(0.2), round(pace(0.7), 2)
    (True, 1.0, 0.5)
    """
    return min(1.0, (part + 1e-3) / WARM, (1 - part) / COOL)


def shuffled(rng: np.random.Generator, pool: np.ndarray | int, needed: int) -> np.ndarray:
    """Each of a pool once in random order, and again in another until there are as many as needed.

    Args:
        rng: where the chance comes from.
        pool: what is drawn; a number n stands for 0 to n - 1.
        needed: how many.

    >>> order = shuffled(np.random.default_rng(0), 3, 8)
    >>> sorted(order[:3].tolist()), sorted(order[3:6].tolist()), order.size
    ([0, 1, 2], [0, 1, 2], 8)
    """
    passes = -(-needed // (pool if np.ndim(pool) == 0 else len(pool)))
    return np.concatenate([rng.permutation(pool) for _ in range(passes)])[:needed]


def batches(rng: np.random.Generator, shards: Sequence[np.ndarray], steps: int, batch: int) -> np.ndarray:
    """What workers draw from shards of their own, step after step, each `shuffled`: ints (steps, workers, batch).

    >>> batches(np.random.default_rng(0), [np.arange(3), np.arange(3, 6)], steps=2, batch=3).shape
    (2, 2, 3)
    """
    drawn = [shuffled(rng, shard, steps * batch) for shard in shards]
    return np.stack(drawn).reshape(len(shards), steps, batch).swapaxes(0, 1)


def every(train: Callable, recipes: Sequence, seeds: Sequence[int]) -> list:
    """Train every recipe with every seed, and show how far it is; an interrupt ends it with what was done.

    Args:
        train: called with a recipe, a seed, and what it must call after every step; gives a run that knows whether it was
            `stopped`.
        recipes: each has a name and a number of steps.
        seeds: of the trainings.
    """
    runs: list = []
    steps = len(seeds) * sum(recipe.steps for recipe in recipes)
    with tqdm(total=steps, leave=False) as bar, suppress(KeyboardInterrupt):
        for seed, recipe in itertools.product(seeds, recipes):
            bar.set_description(f"{recipe.name}, seed {seed}", refresh=False)
            runs.append(train(recipe, seed, bar.update))
            if runs[-1].stopped:
                break
    return runs


@dataclass(frozen=True)
class Margin:
    """How one recipe ends against another, in bits per byte of held-out text.

    Attributes:
        bits: how much lower it ends, on average over the seeds that both were trained with.
        spread: the largest distance between two seeds of either.
        seeds: how many both have in common.
    """

    bits: float
    spread: float
    seeds: int


def margin(runs: Sequence, name: str, other: str) -> Margin | None:
    """Compare the finished runs of two recipes; None without two seeds that both were trained with."""
    ends = {(run.recipe.name, run.seed): run.bits for run in runs if not run.stopped}
    seeds = [seed for recipe, seed in ends if recipe == name and (other, seed) in ends]
    if len(seeds) < 2:
        return None
    one, two = (np.array([ends[recipe, seed] for seed in seeds]) for recipe in (name, other))
    return Margin(float(np.mean(two - one)), float(max(np.ptp(one), np.ptp(two))), len(seeds))
