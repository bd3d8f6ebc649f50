"""Workers that train apart and meet seldom: local steps, small messages, lost exchanges, and what each sends.

Every worker takes `local_steps` of SGD on its own shard; the mean of what they changed is the outer gradient, taken with
Nesterov's momentum (DiLoCo: Douillard et al. 2023, arXiv:2311.08105, algorithm 1). At one local step, outer rate 1 and no
outer momentum that is data-parallel training. All runs given are trained side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from . import training_loop
from .digit_distillation import DIGITS, LEARNT, PIXELS, images, predict
from .neural import normal, probabilities

WORKERS, HIDDEN = 8, 32
EVEN, UNEVEN = SHARDS = "even", "uneven"  # each worker has all digits, or a few
STEPS, BATCH, RATE = 200, 16, 0.3
SHAPES = {  # of a network's arrays, in the order in which a row of numbers holds them
    "weight 0": (PIXELS, HIDDEN), "bias 0": (1, HIDDEN), "weight 1": (HIDDEN, DIGITS), "bias 1": (1, DIGITS),
}  # fmt: skip
WEIGHTS = sum(map(math.prod, SHAPES.values()))
WHOLE_BITS = 32  # of a number that is not compressed
CURVE = 24  # measurements of a run


@dataclass(frozen=True)
class Recipe:
    """How a run is shared out.

    Attributes:
        workers: 1 or more; each takes a batch of its own in every step.
        local_steps: between two exchanges.
        outer_rate, outer_momentum: of the step taken with the mean of what the workers changed.
        shards: EVEN or UNEVEN: all digits for each worker, or a few.
        kept: share of the changes that is sent, the largest ones; 1 sends all.
        bits: of each number sent; 32 sends it as it is.
        feedback: whether a worker adds to the next message what this one left out (Seide et al. 2014; Karimireddy et al.
            2019, arXiv:1901.09847).
        lost: chance that a worker's message does not arrive.
        late: workers that join after half of the steps.
        steps: of each worker.
        batch: images of each step.
        seed: of first weights, shards, batches and losses.

    Raises:
        ValueError: nothing can be trained so; the message says why.
    """

    workers: int = WORKERS
    local_steps: int = 1
    outer_rate: float = 1.0
    outer_momentum: float = 0.0
    shards: str = EVEN
    kept: float = 1.0
    bits: int = WHOLE_BITS
    feedback: bool = True
    lost: float = 0.0
    late: int = 0
    steps: int = STEPS
    batch: int = BATCH
    seed: int = 0

    def __post_init__(self):
        for name, least in (("workers", 1), ("local_steps", 1), ("steps", 1), ("batch", 1)):
            if (value := getattr(self, name)) != int(value) or value < least:
                raise ValueError(f"{name} is {value}: a whole number from {least} is expected.")
        if not 0 < self.kept <= 1:
            raise ValueError(
                f"kept is {self.kept:g}: a share above 0 and up to 1 is expected, since nothing sent teaches nothing."
            )
        if self.bits not in (1, 2, 4, 8, WHOLE_BITS):
            raise ValueError(f"bits is {self.bits}: choose 1, 2, 4, 8 or {WHOLE_BITS}.")
        if not 0 <= self.lost < 1:
            raise ValueError(
                f"lost is {self.lost:g}: with every message lost nobody learns; choose 0 or more and less than 1."
            )
        if not 0 <= self.late < self.workers:
            raise ValueError(f"late is {self.late} of {self.workers} workers: at least one has to begin.")
        if self.shards not in (EVEN, UNEVEN):
            raise ValueError(f"shards is {self.shards!r}: choose {EVEN!r} or {UNEVEN!r}.")

    @property
    def message_bytes(self) -> float:
        """Bytes that a worker sends in one exchange: the numbers, where they belong if not all are sent, and one scale."""
        numbers = max(1, round(self.kept * WEIGHTS))
        places = numbers * np.log2(WEIGHTS) / 8 if self.kept < 1 else 0
        scale = 4 if self.bits < WHOLE_BITS else 0
        return numbers * self.bits / 8 + places + scale

    @property
    def exchanges(self) -> int:
        """How often the workers meet, the last time after the last step."""
        return -(-self.steps // self.local_steps)

    @property
    def sent_bytes(self) -> float:
        """Bytes that a worker sends in the whole run."""
        return self.message_bytes * self.exchanges


# ---- messages
def largest(changes: np.ndarray, kept: float) -> np.ndarray:
    """The changes with all but the largest set to zero: top-k (Lin et al. 2018, arXiv:1712.01887).

    >>> largest(np.array([[3.0, -4.0, 1.0, 0.5]]), 0.5).tolist()
    [[3.0, -4.0, 0.0, 0.0]]
    """
    number = max(1, round(kept * changes.shape[-1]))
    if number == changes.shape[-1]:
        return changes
    size = np.abs(changes)
    edge = np.partition(size, -number, axis=-1)[..., -number, None]
    return np.where(size >= edge, changes, 0)


def rounded(changes: np.ndarray, bits: int) -> np.ndarray:
    """The changes in so many bits each, one scale for a message: at one bit the sign times the mean size of what is sent.

    >>> rounded(np.array([[1.0, -3.0]]), 1).tolist(), rounded(np.array([[1.0, -3.0]]), 2).tolist()
    ([[2.0, -2.0]], [[0.0, -3.0]])
    """
    if bits == WHOLE_BITS:
        return changes
    size = np.abs(changes)
    if bits == 1:
        sent = changes != 0
        mean = size.sum(axis=-1, keepdims=True) / np.maximum(sent.sum(axis=-1, keepdims=True), 1)
        return np.sign(changes) * mean
    levels = 2 ** (bits - 1) - 1
    scale = np.maximum(size.max(axis=-1, keepdims=True), 1e-30) / levels
    return np.round(changes / scale) * scale


# ---- the network, for many workers of many runs at once
def unpacked(rows: np.ndarray, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The arrays that rows of numbers hold one after another, (..., numbers). Those of a single row change it when they change.

    >>> row = np.arange(3.0)
    >>> unpacked(row, {"a": (1,), "b": (1, 2)})["b"] += 1
    >>> row.tolist()
    [0.0, 2.0, 3.0]
    """
    cuts = np.cumsum([math.prod(shape) for shape in shapes.values()])[:-1]
    parts = np.split(rows, cuts, axis=-1)
    return {
        name: part.reshape(*rows.shape[:-1], *shape) for part, (name, shape) in zip(parts, shapes.items())
    }


def logits(weights: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """What networks of weights (..., WEIGHTS) say of their images (..., batch, PIXELS), or all of the same (batch, PIXELS)."""
    return predict(unpacked(weights, SHAPES), ink)[0]


def gradients(weights: np.ndarray, ink: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Gradient of the mean loss of each batch, (..., WEIGHTS), one batch for each network."""
    networks = weights.reshape(-1, WEIGHTS)
    found, back = predict(unpacked(networks, SHAPES), ink.reshape(len(networks), -1, PIXELS))
    wrong = probabilities(found)
    right = digits.reshape(len(networks), -1, 1)
    np.put_along_axis(wrong, right, np.take_along_axis(wrong, right, -1) - 1, -1)
    by_name = back(wrong / wrong.shape[-2])
    rows = [by_name[name].reshape(len(networks), -1) for name in SHAPES]
    return np.concatenate(rows, axis=-1).reshape(weights.shape)


@dataclass(frozen=True, eq=False)
class Run:
    """One recipe trained.

    Attributes:
        recipe: how.
        steps: after which was measured, those of one worker.
        loss: on the images held out, in nats; nan from where it was stopped.
        accuracy: share of them read right.
    """

    recipe: Recipe
    steps: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray


def train(recipes: Sequence[Recipe], tell=lambda steps: None) -> list[Run]:
    """Train recipes of one number of workers, steps and images a batch side by side.

    Args:
        recipes: at least one.
        tell: called with 1 after every step.

    Returns:
        A run for each; an interrupt ends them with what was measured until then.

    Raises:
        ValueError: the recipes differ in workers, steps or batch, or there is none.
    """
    alike = {(one.workers, one.steps, one.batch) for one in recipes}
    if len(alike) != 1:
        raise ValueError(
            f"{len(alike)} sizes of runs (workers, steps, batch): give recipes of one, at least one recipe."
        )
    ((workers, steps, batch),) = alike
    learnt, held = images()
    order = np.stack([batches(one) for one in recipes], axis=1)  # steps, runs, workers, batch
    chance = [np.random.default_rng([one.seed, 9]) for one in recipes]
    server = np.stack([first_weights(one.seed) for one in recipes])
    local = np.repeat(server[:, None], workers, axis=1)
    speed, owed = np.zeros_like(server), np.zeros_like(local)
    measured = np.unique(np.ceil(np.linspace(0, steps, CURVE + 1)[1:]).astype(int))
    found = np.full((2, len(recipes), len(measured)), np.nan)
    with suppress(KeyboardInterrupt), threadpool_limits(1):  # the products are too small to share
        for step, seen in enumerate(order, 1):
            local -= RATE * gradients(local, learnt.ink[seen], learnt.digits[seen])
            for number, one in enumerate(recipes):
                if step % one.local_steps == 0 or step == steps:
                    here = chance[number].random(workers) >= one.lost
                    here[workers - one.late :] &= step > steps / 2
                    exchange(one, server[number], local[number], speed[number], owed[number], here)
            if step in measured:
                found[:, :, np.searchsorted(measured, step)] = scores(server, held)
            tell(1)
    return [Run(one, measured, *found[:, number]) for number, one in enumerate(recipes)]


def exchange(
    recipe: Recipe,
    server: np.ndarray,
    local: np.ndarray,
    speed: np.ndarray,
    owed: np.ndarray,
    here: np.ndarray,
) -> None:
    """Workers that are `here` send what they changed, the server steps, and all go on from there; arrays change in place.

    Args:
        server, speed: weights and outer momentum, (WEIGHTS,). local, owed: of each worker, (workers, WEIGHTS).
    """
    changed = server - local
    if here.any():
        whole = changed[here] + (owed[here] if recipe.feedback else 0)
        sent = rounded(largest(whole, recipe.kept), recipe.bits)
        owed[here] = whole - sent
        outer = sent.mean(axis=0)
        speed *= recipe.outer_momentum
        speed += outer
        server -= recipe.outer_rate * (outer + recipe.outer_momentum * speed)
    local[:] = server


def scores(weights: np.ndarray, held) -> tuple[np.ndarray, np.ndarray]:
    """Loss and accuracy of rows of weights on the images held out."""
    said = logits(weights, held.ink)
    right = probabilities(said)[..., np.arange(len(held.digits)), held.digits]
    return -np.log(np.maximum(right, 1e-12)).mean(-1), (said.argmax(-1) == held.digits).mean(-1)


def first_weights(seed: int) -> np.ndarray:
    """Weights before the first step, the same for every recipe of a seed."""
    rng, weights = np.random.default_rng([seed, 5]), np.zeros(WEIGHTS, np.float32)
    for name, array in unpacked(weights, SHAPES).items():
        if "weight" in name:
            array[:] = normal(rng, *array.shape, inputs=len(array))
    return weights


def batches(recipe: Recipe) -> np.ndarray:
    """Which images each worker sees in each step, ints (steps, workers, batch)."""
    rng = np.random.default_rng([recipe.seed, 6])
    order = rng.permutation(LEARNT)
    if recipe.shards == UNEVEN:
        order = order[np.argsort(images()[0].digits[order], kind="stable")]
    return training_loop.batches(rng, np.array_split(order, recipe.workers), recipe.steps, recipe.batch)
