"""Lesson 03's byte model trained by workers that meet seldom: Adam alone, one common step together, as DiLoCo does.

The recipes, and what happens when workers meet, are those of `local_steps`; even shards deal windows of all texts by chance,
uneven ones give each worker a stretch of one text.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from . import byte_model, local_steps, neural, training_loop
from .local_steps import EVEN, Recipe, unpacked

HIDDEN, RATE = 48, 0.01


@dataclass(frozen=True)
class ByteRun:
    """How one recipe ended: bits for a byte of held-out text, and bytes that each worker sent."""

    recipe: Recipe
    bits: float
    sent: float


def windows(recipe: Recipe) -> np.ndarray:
    """What each worker reads in each step, symbols (steps, workers, batch, WINDOW + 1)."""
    text, rng = byte_model.corpus(), np.random.default_rng([recipe.seed, 12])
    order = rng.permutation(len(text.train)) if recipe.shards == EVEN else np.arange(len(text.train))
    shards = np.array_split(order, recipe.workers)
    return text.train[training_loop.batches(rng, shards, recipe.steps, recipe.batch)]


def train(recipe: Recipe, tell=lambda steps: None) -> ByteRun | None:
    """Train one recipe; None if it was interrupted.

    Args:
        recipe: its batch counts windows.
        tell: called with 1 after every step.
    """
    text = byte_model.corpus()
    first = byte_model.begin(np.random.default_rng([recipe.seed, 11]), len(text.alphabet), HIDDEN)
    server = np.concatenate([array.ravel() for array in first.values()])
    local = np.repeat(server[None], recipe.workers, axis=0)
    shapes = {name: array.shape for name, array in first.items()}
    networks = [unpacked(row, shapes) for row in local]
    adams = [neural.Adam(network) for network in networks]
    speed, owed = np.zeros_like(server), np.zeros_like(local)
    everybody = np.full(recipe.workers, True)
    with suppress(KeyboardInterrupt), threadpool_limits(1):  # the products are too small to share
        for step, seen in enumerate(windows(recipe), 1):
            for network, adam, own in zip(networks, adams, seen):
                logits, _, back = byte_model.predict(network, own[:, :-1])
                adam.step(back(neural.cross_entropy(logits, own[:, -1])[1](1.0)), RATE)
            if step % recipe.local_steps == 0 or step == recipe.steps:
                local_steps.exchange(recipe, server, local, speed, owed, everybody)
            tell(1)
        bits = byte_model.bits_per_byte(unpacked(server, shapes), text)
        return ByteRun(recipe, bits, 4.0 * server.size * recipe.exchanges)
    return None


def train_all(recipes: Sequence[Recipe], tell=lambda steps: None) -> list[ByteRun]:
    """Train recipes one after another; an interrupt keeps those that were done."""
    found = []
    for recipe in recipes:
        run = train(recipe, tell)
        if run is None:
            break
        found.append(run)
    return found
