"""Lesson 03's experiment: a mixture of experts trained on three books, against dense networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from ..models.routing import check_experts
from . import byte_model, neural, training_loop
from .byte_model import Corpus

BALANCINGS = ("none", "auxiliary loss", "bias")
MARKS = (0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4)  # parts of a run after which held-out text is predicted
# Both are larger than in the papers (0.01 and 0.001), whose runs are far longer.
IMBALANCE_FACTOR = 0.1  # of the auxiliary loss
BIAS_STEP = 0.003  # how far each expert's bias moves after a batch
TRAINING_FLOPS = 3  # times those of a prediction: each product forwards brings two backwards
LOST = 3.0  # times the bits of a blind guess: a loss above has diverged


@dataclass(frozen=True)
class MoeRecipe:
    """What is trained, and how.

    Attributes:
        name: what a reader calls it.
        hidden: width of the dense layer, or of each expert.
        rate: the highest learning rate.
        experts, chosen: of the mixture, E and k; no experts make a dense layer.
        balancing: "none", "auxiliary loss" (Fedus et al. 2021, arXiv:2101.03961) or "bias" (Wang et al. 2024,
            arXiv:2408.15664).
        steps: batches to learn from.
        tokens: predictions in a batch.

    Raises:
        ValueError: no network can be trained so; the message says why.

    >>> MoeRecipe("hasty", hidden=8, rate=-1.0)
    Traceback (most recent call last):
    ...
    ValueError: the recipe 'hasty' has rate -1: a learning rate above 0 is expected, such as 0.01.
    """

    name: str
    hidden: int
    rate: float
    experts: int | None = None
    chosen: int = 1
    balancing: str = "none"
    steps: int = 320
    tokens: int = 1024

    def __post_init__(self):
        if self.experts is not None:
            check_experts(self.experts, self.chosen)
        for what in ("hidden", "steps", "tokens"):
            if (value := getattr(self, what)) != int(value) or value < 1:
                raise ValueError(
                    f"the recipe {self.name!r} has {what} {value}: a whole number from 1 is expected."
                )
        if not (np.isfinite(self.rate) and self.rate > 0):
            raise ValueError(
                f"the recipe {self.name!r} has rate {self.rate:g}: a learning rate above 0 is "
                "expected, such as 0.01."
            )
        if self.balancing not in BALANCINGS or (self.balancing != "none" and self.experts is None):
            raise ValueError(
                f"the recipe {self.name!r} has balancing {self.balancing!r}: choose one of "
                f"{', '.join(BALANCINGS)}; a dense layer has nothing to balance."
            )


# Rates are the best for each kind, on seed 0, of several, each a third to a half above the one before.
MIXTURE = MoeRecipe("mixture", 32, 0.032, experts=32, chosen=2, balancing="auxiliary loss")
_ROUTER = MIXTURE.experts // 2  # hidden values that cost as much as the router, two weights for its one
SAME_FLOPS = MoeRecipe("dense, same FLOPs", MIXTURE.chosen * MIXTURE.hidden + _ROUTER, 0.048)
SAME_PARAMETERS = MoeRecipe("dense, same parameters", MIXTURE.experts * MIXTURE.hidden + _ROUTER, 0.032)
COMPARED = (MIXTURE, SAME_FLOPS, SAME_PARAMETERS)
# One expert for each token, as in Switch Transformers: with a single choice favourites show most.
SWITCHED = replace(MIXTURE, name="one expert a token", hidden=64, chosen=1)


@dataclass(frozen=True, eq=False)
class MoeRun:
    """One training, or as much of it as was done.

    Attributes:
        recipe, seed: what was trained, and the seed of its first weights and of the order of its batches.
        weights: as they are after the last step.
        losses: bits per byte of each batch, before learning from it.
        loads: how many tokens of each batch went to each expert, (steps, experts).
        marks: steps done when held-out text was predicted, rising from 0.
        held: bits per byte of held-out text at the marks.
        seconds: spent on training until the marks.
    """

    recipe: MoeRecipe
    seed: int
    weights: dict[str, np.ndarray]
    losses: np.ndarray
    loads: np.ndarray
    marks: np.ndarray
    held: np.ndarray
    seconds: np.ndarray

    @property
    def stopped(self) -> bool:
        """Whether it was interrupted before its last step."""
        return len(self.losses) < self.recipe.steps

    @property
    def bits(self) -> float:
        """Bits per byte of held-out text, at the end."""
        return float(self.held[-1])

    @property
    def flops_per_token(self) -> float:
        """FLOPs of one prediction."""
        return byte_model.flops_per_token(self.weights, self.recipe.chosen)

    @property
    def parameters(self) -> int:
        return byte_model.count_parameters(self.weights)

    @property
    def flops(self) -> np.ndarray:
        """FLOPs of the training until the marks."""
        return TRAINING_FLOPS * self.flops_per_token * self.recipe.tokens * self.marks


def train(
    recipe: MoeRecipe,
    seed: int = 0,
    text: Corpus | None = None,
    watch: Callable[[MoeRun], None] | None = None,
    marks: Sequence[float] = MARKS,
) -> MoeRun:
    """Train one network, on one core. The same seed gives the same numbers on the same machine.

    An interrupt (the kernel's stop button) ends the training, and what was done until then is returned.

    Args:
        recipe: what to train.
        seed: of the first weights and of the order of the batches.
        text: what to learn from; the three texts of the course if left out.
        watch: called after every step with the run so far.
        marks: parts of the run after which held-out text is predicted, besides its end.

    Raises:
        ValueError: the training diverged.

    >>> train(replace(SAME_FLOPS, steps=2, tokens=8)).losses.shape
    (2,)
    """
    learner = _Learner(recipe, seed, text or byte_model.corpus())
    # What cannot be counted with any more is told in words, not in NumPy's warnings. Products are small: several cores
    # gain little on them, and where another program is at work they wait for each other many times as long.
    with suppress(KeyboardInterrupt), np.errstate(all="ignore"), threadpool_limits(1):
        for step in range(recipe.steps):
            if step in {int(part * recipe.steps) for part in marks}:
                learner.mark()
            learner.step()
            if watch:
                watch(learner.run())
        learner.mark()
    if learner.marks[-1][0] < learner.done:  # stopped since
        learner.mark()
    return learner.run()


class _Learner:
    """A training under way."""

    def __init__(self, recipe: MoeRecipe, seed: int, text: Corpus):
        rng = np.random.default_rng(seed)
        self.recipe, self.seed, self.text = recipe, seed, text
        self.weights = byte_model.begin(rng, len(text.alphabet), recipe.hidden, recipe.experts)
        self.adam, self.order = (
            neural.Adam(self.weights),
            training_loop.shuffled(rng, len(text.train), recipe.steps * recipe.tokens),
        )
        self.losses, self.loads = np.empty(recipe.steps), np.empty((recipe.steps, recipe.experts or 0), int)
        self.done, self.marks, self.spent = 0, [], 0.0

    def step(self) -> None:
        """Learn from one batch."""
        start, recipe = time.perf_counter(), self.recipe
        batch = self.text.train[self.order[self.done * recipe.tokens :][: recipe.tokens]]
        logits, routed, back = byte_model.predict(self.weights, batch[:, :-1], recipe.chosen)
        nats, back_loss = neural.cross_entropy(logits, batch[:, -1])
        self.losses[self.done] = self._learnable(nats / np.log(2))
        gradients = back(back_loss(1.0), IMBALANCE_FACTOR * (recipe.balancing == "auxiliary loss"))
        self.adam.step(gradients, recipe.rate * training_loop.pace(self.done / recipe.steps))
        if routed:
            self.loads[self.done] = routed.load
            if recipe.balancing == "bias":
                self.weights["bias"] += np.float32(BIAS_STEP) * np.sign(routed.load.mean() - routed.load)
        self.done, self.spent = self.done + 1, self.spent + time.perf_counter() - start

    def _learnable(self, bits: float) -> float:
        if bits < LOST * np.log2(len(self.text.alphabet)):  # false for nan
            return bits
        raise ValueError(
            f"the training of {self.recipe.name!r} diverged after {self.done} steps: its learning rate "
            f"{self.recipe.rate:g} is too large. Try {self.recipe.rate / 4:g}."
        )

    def mark(self) -> None:
        """Predict held-out text, and note how well."""
        bits = byte_model.bits_per_byte(self.weights, self.text, self.recipe.chosen)
        self.marks.append((self.done, self._learnable(bits), self.spent))

    def run(self) -> MoeRun:
        """What was done so far."""
        marks, held, seconds = np.transpose(self.marks)
        losses, loads = self.losses[: self.done], self.loads[: self.done]
        return MoeRun(self.recipe, self.seed, self.weights, losses, loads, marks, held, seconds)


# ---- what the lesson trains
def compare(
    seeds: Sequence[int] = (0, 1, 2),
    recipes: Sequence[MoeRecipe] = COMPARED,
    watch: Callable[[MoeRun], None] | None = None,
    marks: Sequence[float] = MARKS,
) -> list[MoeRun]:
    """Train every recipe with every seed, and show how far it is; an interrupt ends it with what was done.

    >>> [run.recipe.name for run in compare([0], [replace(recipe, steps=1, tokens=8) for recipe in COMPARED])]
    ['mixture', 'dense, same FLOPs', 'dense, same parameters']
    """

    def one(recipe: MoeRecipe, seed: int, tick: Callable[[], object]) -> MoeRun:
        def follow(so_far: MoeRun) -> None:
            tick()
            if watch:
                watch(so_far)

        return train(recipe, seed, watch=follow, marks=marks)

    return training_loop.every(one, recipes, seeds)


def balance(watch: Callable[[MoeRun], None] | None = None, recipe: MoeRecipe = SWITCHED) -> list[MoeRun]:
    """Train one mixture three times from the same first weights: without balancing, with each way of it."""
    return compare([0], [replace(recipe, balancing=way) for way in BALANCINGS], watch)
