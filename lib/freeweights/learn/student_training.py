"""Lesson 05's students: the same network trained on a text, on what its teacher expects there, on what it wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from . import neural, teacher, training_loop
from .teacher import LARGE, SMALL, Teacher
from .token_student import WINDOW, TrainingSet, begin, bits_per_byte, loss, predict, windows

STEPS, TOKENS = 80, 256  # of a training: batches, and predictions in each
RATES = 0.002, 0.016  # highest learning rate, small and large text: within 0.04 bits of the best for each way
MARKS = (0.1, 0.2, 0.4, 0.7, 1.0)  # parts of a run after which held-out text is predicted
WAYS = {"hard labels": 0.0, "soft labels": 1.0, "both": 0.5, "teacher's text": 0.0}  # the part of the teacher


@dataclass(frozen=True)
class StudentRecipe:
    """How a student learns.

    Attributes:
        way: one of WAYS.
        text: how many tokens of text it has.
        steps, tokens: batches to learn from, and predictions in each.

    Raises:
        ValueError: nobody can learn so; the message says why.

    >>> StudentRecipe("by heart", 4096)
    Traceback (most recent call last):
    ...
    ValueError: way is 'by heart': a student learns from hard labels, soft labels, both, or teacher's text.
    """

    way: str
    text: int
    steps: int = STEPS
    tokens: int = TOKENS

    def __post_init__(self):
        if self.way not in WAYS:
            *most, last = WAYS
            raise ValueError(f"way is {self.way!r}: a student learns from {', '.join(most)}, or {last}.")
        if not WINDOW < self.text <= LARGE:
            raise ValueError(
                f"a transfer text of {self.text:,} tokens: more than {WINDOW} and at most {LARGE:,} are expected."
            )
        if self.steps < 1 or self.tokens < 1:
            raise ValueError(f"{self.steps} steps of {self.tokens} tokens: both are 1 or more.")

    @property
    def name(self) -> str:
        """What a reader calls it."""
        return f"{self.way}, {self.text:,} tokens"


@dataclass(frozen=True, eq=False)
class StudentRun:
    """One training, or as much of it as was done.

    Attributes:
        recipe, seed: how it learned, and the seed of its first weights and of the order of its batches.
        weights: as they are after the last step.
        losses: nats of each batch, before learning from it.
        marks: steps done when held-out text was predicted.
        held: bits per byte of held-out text at the marks.
    """

    recipe: StudentRecipe
    seed: int
    weights: dict[str, np.ndarray]
    losses: np.ndarray
    marks: np.ndarray
    held: np.ndarray

    @property
    def stopped(self) -> bool:
        """Whether it was interrupted before its last step."""
        return len(self.losses) < self.recipe.steps

    @property
    def bits(self) -> float:
        """Bits per byte of held-out text at the best mark: who learned the text by heart at last, is forgiven."""
        return float(self.held.min())


COMPARED = tuple(StudentRecipe(way, text) for text in (SMALL, LARGE) for way in WAYS)


def lesson(data: Teacher, recipe: StudentRecipe) -> TrainingSet:
    """The text of a recipe, with the teacher's probabilities where there are some."""
    if recipe.way == "teacher's text":
        return TrainingSet(*windows(data.written[: max(1, recipe.text // data.written.shape[1])]))
    rows = slice(WINDOW - 1, recipe.text - 1)  # the first row of the teacher's is at the second token
    return TrainingSet(*windows(data.novel[: recipe.text]), data.top[rows], data.chances[rows])


def train(
    recipe: StudentRecipe,
    seed: int = 0,
    data: Teacher | None = None,
    tick: Callable[[], object] | None = None,
) -> StudentRun:
    """Train one student. The same seed gives the same numbers on the same machine.

    An interrupt (the kernel's stop button) ends the training, and what was done until then is returned.

    Args:
        recipe: how it learns.
        seed: of the first weights and of the order of the batches.
        data: the teacher's; what is shipped if left out.
        tick: called after every step.

    >>> train(StudentRecipe("soft labels", 100, steps=2, tokens=8)).losses.shape
    (2,)
    """
    data = data or teacher.read()
    text, soft, rng = lesson(data, recipe), WAYS[recipe.way], np.random.default_rng(seed)
    weights = begin(rng, len(data.vocabulary))
    adam, rate = neural.Adam(weights), RATES[recipe.text > SMALL]
    order = training_loop.shuffled(rng, len(text.targets), recipe.steps * recipe.tokens)
    due, losses, marks = {round(part * recipe.steps) for part in MARKS}, [], {}
    with suppress(KeyboardInterrupt), threadpool_limits(1):  # the products are too small for two threads
        for step in range(recipe.steps):
            batch = text.take(order[step * recipe.tokens :][: recipe.tokens])
            logits, back = predict(weights, batch.windows)
            nats, gradient = loss(logits, batch, soft)
            adam.step(back(gradient), rate * training_loop.pace(step / recipe.steps))
            losses.append(nats)
            if tick:
                tick()
            if len(losses) in due:
                marks[len(losses)] = bits_per_byte(weights, data)
    if len(losses) not in marks:  # stopped
        marks[len(losses)] = bits_per_byte(weights, data)
    return StudentRun(
        recipe, seed, weights, np.array(losses), np.array(list(marks)), np.array(list(marks.values()))
    )


def compare(
    recipes: Sequence[StudentRecipe] | None = None, seeds: Sequence[int] = (0, 1, 2)
) -> list[StudentRun]:
    """Train a student by every recipe with every seed, and show how far it is.

    Args:
        recipes: COMPARED if left out.
        seeds: of the trainings.

    Returns:
        The runs; an interrupt ends it with what was done.

    >>> [run.recipe.way for run in compare([StudentRecipe("hard labels", 100, steps=1, tokens=8)], [0])]
    ['hard labels']
    """
    recipes = COMPARED if recipes is None else recipes
    return training_loop.every(lambda recipe, seed, tick: train(recipe, seed, tick=tick), recipes, seeds)
