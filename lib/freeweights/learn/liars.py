"""Ten workers learn the digits together, some of them lie: every rule against every attack, trained side by side.

The model is a logistic regression. Cases that share their images share two matrix products, whatever their rule or attack.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from . import robust_rules, training_loop
from .digit_distillation import DIGITS, LEARNT, PIXELS, images
from .local_steps import EVEN, SHARDS, UNEVEN
from .neural import probabilities
from .robust_rules import ATTACKS, FLIPPED_LABELS, RULES, SILENCE, TRIED

WORKERS, LIARS = 10, 3
PIECES = 2  # of the images in the order of their digits, for each worker on uneven shards
SEEDS = (0, 1, 2)
STEPS, BATCH, RATE = 300, 32, 0.5
MOMENTUM = 0.9  # of what workers send, under the rule that asks for it
WEIGHTS = (PIXELS + 1) * DIGITS


@dataclass(frozen=True)
class Case:
    """One training: how it is combined, what liars do, how images are spread, and chance."""

    rule: str
    attack: str
    shards: str = EVEN
    seed: int = 0
    liars: int = LIARS

    def __post_init__(self):
        for value, known, what in (
            (self.rule, RULES, "rule"), (self.attack, ATTACKS, "attack"), (self.shards, SHARDS, "shards"),
        ):  # fmt: skip
            if value not in known:
                raise ValueError(f"{what} is {value!r}: choose one of {', '.join(known)}.")
        robust_rules.check_liars(self.rule, WORKERS, self.liars)


def shard(shards: str, seed: int) -> np.ndarray:
    """Which images each worker has, ints (workers, images of each).

    Even: dealt out by chance. Uneven: laid in the order of their digits, cut, and PIECES dealt to each, so that a worker
    has two or three digits (McMahan et al. 2017, arXiv:1602.05629, section 3).

    >>> [len(np.unique(images()[0].digits[shard(kind, 0)[0]])) < 5 for kind in SHARDS]
    [False, True]
    """
    rng = np.random.default_rng([seed, 1])
    order = rng.permutation(LEARNT)
    if shards == UNEVEN:
        pieces = order[np.argsort(images()[0].digits[order], kind="stable")].reshape(PIECES * WORKERS, -1)
        order = rng.permutation(pieces)
    return order.reshape(WORKERS, -1)


def batches(shards: str, seed: int, steps: int) -> np.ndarray:
    """The images that each worker sees in each step, ints (steps, workers, BATCH)."""
    rng = np.random.default_rng([seed, 3])
    return training_loop.batches(rng, shard(shards, seed), steps, BATCH)


def gradients(weights: np.ndarray, ink: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Gradient of the loss in each case's weights, for every worker's images at once.

    Args:
        weights: of the cases, (cases, PIXELS + 1, DIGITS).
        ink: images with a one beside their pixels, (workers, batch, PIXELS + 1).
        labels: one-hot, (workers, batch, cases, DIGITS).

    Returns:
        (cases, workers, WEIGHTS).
    """
    cases, workers, batch = len(weights), *ink.shape[:2]
    side_by_side = weights.transpose(1, 0, 2).reshape(PIXELS + 1, cases * DIGITS)
    logits = (ink.reshape(-1, PIXELS + 1) @ side_by_side).reshape(workers, batch, cases, DIGITS)
    wrong = probabilities(logits) - labels
    found = ink.swapaxes(1, 2) @ wrong.reshape(workers, batch, cases * DIGITS) / batch
    return (
        found.reshape(workers, PIXELS + 1, cases, DIGITS)
        .transpose(2, 0, 1, 3)
        .reshape(cases, workers, WEIGHTS)
    )


@dataclass(frozen=True, eq=False)
class Trained:
    """Accuracy of each case on the images held out, after each of `steps`; shape (cases, marks), nan where it was stopped."""

    cases: tuple[Case, ...]
    steps: np.ndarray
    accuracy: np.ndarray

    @property
    def whole(self) -> bool:
        """Whether nobody stopped it."""
        return not np.isnan(self.accuracy).any()

    @cached_property
    def ends(self) -> dict[Case, float]:
        return {case: float(curve[-1]) for case, curve in zip(self.cases, self.accuracy)}


def train(cases: Sequence[Case], steps: int = STEPS, marks: int = 10, tell=lambda steps: None) -> Trained:
    """Train every case; those of one spread and one seed see the same images.

    Args:
        cases: at least one.
        steps: of each; 1 or more.
        marks: how often accuracy is measured.
        tell: called with 1 after every step of every group.

    Raises:
        ValueError: there is no case, or no step.
    """
    if not cases or steps < 1:
        raise ValueError(f"{len(cases)} cases of {steps} steps: give at least one of each.")
    measured = np.unique(np.ceil(np.linspace(0, steps, marks + 1)[1:]).astype(int))
    accuracy = np.full((len(cases), len(measured)), np.nan)
    key = lambda number: (cases[number].shards, cases[number].seed)  # noqa: E731
    with suppress(KeyboardInterrupt), threadpool_limits(1):  # the products are too small to share
        for _, group in itertools.groupby(sorted(range(len(cases)), key=key), key=key):
            numbers = list(group)
            accuracy[numbers] = _train([cases[number] for number in numbers], steps, measured, tell)
    return Trained(tuple(cases), measured, accuracy)


def _train(cases: list[Case], steps: int, measured: np.ndarray, tell) -> np.ndarray:
    """Accuracy of cases that see the same images."""
    learnt, held = (_with_one(part.ink) for part in images())
    digits = images()[0].digits
    order = batches(cases[0].shards, cases[0].seed, steps)
    weights = np.zeros((len(cases), PIXELS + 1, DIGITS), np.float32)
    momentum = np.array([[[MOMENTUM if one.rule == "clipping" else 0.0]] for one in cases], np.float32)
    kept = np.zeros((len(cases), WORKERS, WEIGHTS), np.float32)
    before = np.zeros((len(cases), WEIGHTS), np.float32)
    lied = np.array([[one.attack == FLIPPED_LABELS and worker >= WORKERS - one.liars for one in cases]
                     for worker in range(WORKERS)])  # fmt: skip
    alike = _alike(cases)
    curves = np.empty((len(cases), len(measured)))
    for step, seen in enumerate(order, 1):
        truth = digits[seen][:, :, None]
        labels = np.where(lied[:, None, :], DIGITS - 1 - truth, truth)
        one_hot = (labels[..., None] == np.arange(DIGITS)).astype(np.float32)
        kept += (1 - momentum) * (gradients(weights, learnt[seen], one_hot) - kept)
        for (rule, attack, liars), rows in alike.items():
            sent = ATTACKS[attack](kept[rows], liars)
            before[rows] = RULES[rule](sent, liars, before[rows])
        weights -= RATE * before.reshape(weights.shape)
        if step in measured:
            right = (held @ weights).argmax(axis=-1) == images()[1].digits
            curves[:, np.searchsorted(measured, step)] = right.mean(axis=-1)
        tell(1)
    return curves


def _alike(cases: list[Case]) -> dict[tuple, list[int]]:
    """The cases by rule, attack and number of liars."""
    found = defaultdict(list)
    for number, one in enumerate(cases):
        found[one.rule, one.attack, one.liars].append(number)
    return found


def _with_one(ink: np.ndarray) -> np.ndarray:
    return np.concatenate([ink, np.ones((*ink.shape[:-1], 1), ink.dtype)], axis=-1)


_complete: dict[int, Trained] = {}


def table(steps: int = STEPS) -> Trained:
    """Every rule against every attack, on even and uneven shards, with every seed; and what silence of the liars would leave.

    Shown with its progress. A whole table is kept; one that was interrupted is not, so that asking again trains again.
    """
    if steps in _complete:
        return _complete[steps]
    cases = [Case(*one) for one in itertools.product(RULES, TRIED, SHARDS, SEEDS)]
    cases += [Case("mean", SILENCE, *one) for one in itertools.product(SHARDS, SEEDS)]
    with tqdm(total=steps * len(SHARDS) * len(SEEDS), desc="Rules against liars", leave=False) as bar:
        found = train(cases, steps, marks=1, tell=bar.update)
    if found.whole:
        _complete[steps] = found
    return found
