"""A small language model that learns from a text, from a teacher's probabilities, or from both.

The student reads the last few tokens, passes them through one hidden layer, and compares the result with the
vector of every token that it knows: the one it was embedded with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import neural
from .teacher import HELD, Teacher

WINDOW, EMBEDDING, HIDDEN = 4, 48, 128  # tokens read, values of each, and values of the hidden layer
CHUNK = 512  # held-out tokens predicted together


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What a student learns from: windows of tokens, what came next, and what the teacher expected there.

    Attributes:
        windows: the tokens before, (tokens, WINDOW).
        targets: the token that came next, (tokens,).
        top: the teacher's likeliest tokens, (tokens, k); None where only the text is known.
        chances: the probability of each, (tokens, k); what they leave to one is for all the others together.
    """

    windows: np.ndarray
    targets: np.ndarray
    top: np.ndarray | None = None
    chances: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> TrainingSet:
        """The same at some of the tokens only."""
        picked = (array if array is None else array[rows] for array in (self.top, self.chances))
        return TrainingSet(self.windows[rows], self.targets[rows], *picked)


def windows(sequences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut sequences into windows and the token after each.

    Args:
        sequences: tokens, (length,) or (sequences, length); the first WINDOW of each are read only.

    Raises:
        ValueError: no sequence is longer than a window.

    >>> windows(np.arange(6))
    (array([[0, 1, 2, 3],
           [1, 2, 3, 4]]), array([4, 5]))
    """
    sequences = np.atleast_2d(sequences)
    if sequences.shape[1] <= WINDOW:
        raise ValueError(
            f"the transfer text has {sequences.shape[1]} tokens a sequence: more than the {WINDOW} that the "
            "student reads are needed, so that there is one to predict."
        )
    cut = np.lib.stride_tricks.sliding_window_view(sequences, WINDOW + 1, axis=1).reshape(-1, WINDOW + 1)
    return cut[:, :-1], cut[:, -1]


# ---- the network
def begin(rng: np.random.Generator, words: int) -> dict[str, np.ndarray]:
    """First weights, by name, of a student that knows so many tokens.

    >>> sorted(begin(np.random.default_rng(0), 100))
    ['bias', 'embedding', 'gain', 'out', 'up']
    """
    width = WINDOW * EMBEDDING
    return {
        "embedding": neural.normal(rng, words, EMBEDDING, inputs=EMBEDDING),
        "gain": np.ones(width, np.float32),
        "up": neural.normal(rng, width, HIDDEN, inputs=width / 2),
        "out": neural.normal(rng, HIDDEN, EMBEDDING, inputs=HIDDEN),
        "bias": np.zeros(words, np.float32),
    }


def predict(weights: dict[str, np.ndarray], read: np.ndarray) -> tuple[np.ndarray, Callable]:
    """Logits of the next token after each window.

    Args:
        weights: of the network, by name.
        read: windows of tokens, (tokens, WINDOW).

    Returns:
        (tokens, words); and `back`, which takes the gradient in them and gives those in the weights, by name.
    """
    table = weights["embedding"]
    x, back_gain = neural.rms_norm(table[read].reshape(len(read), -1), weights["gain"])
    y, back_layer = neural.feed_forward(x, weights["up"], weights["out"])
    logits, back_logits = neural.linear(y, table.T)

    def back(gradient: np.ndarray) -> dict[str, np.ndarray]:
        for_y, for_words = back_logits(gradient)
        for_x, for_up, for_out = back_layer(for_y)
        for_windows, for_gain = back_gain(for_x)
        embedding = np.ascontiguousarray(for_words.T)
        add_rows(embedding, read.ravel(), for_windows.reshape(-1, EMBEDDING))
        found = {"embedding": embedding, "gain": for_gain, "up": for_up, "out": for_out}
        return found | {"bias": gradient.sum(axis=0)}

    logits += weights["bias"]
    return logits, back


def add_rows(table: np.ndarray, places: np.ndarray, rows: np.ndarray) -> None:
    """Add each row to the row of a table at its place; places may repeat.

    >>> table = np.zeros((3, 1))
    >>> add_rows(table, np.array([2, 0, 2]), np.array([[1.0], [5.0], [10.0]]))
    >>> table.ravel().tolist()
    [5.0, 0.0, 11.0]
    """
    order = np.argsort(places, kind="stable")
    found, first = np.unique(places[order], return_index=True)
    table[found] += np.add.reduceat(rows[order], first, axis=0)


def loss(logits: np.ndarray, lesson: TrainingSet, soft: float = 0.0) -> tuple[float, np.ndarray]:
    """Mean cross-entropy against the text and against the teacher, in nats, and its gradient in the logits.

    The teacher's few likeliest tokens are events of their own; all others together are one more, with the
    probability that those few leave. So a student need not guess how the teacher shares out the rest.

    Args:
        logits: (tokens, words).
        lesson: the same tokens.
        soft: the part of the loss that the teacher's probabilities decide, 0 to 1; the text decides the rest.

    Raises:
        ValueError: the part is not from 0 to 1, or the teacher's probabilities are missing or do not fit.

    >>> sure = TrainingSet(np.zeros((1, WINDOW)), np.array([0]), np.array([[1]]), np.array([[0.5]]))
    >>> round(loss(np.zeros((1, 4)), sure, soft=1.0)[0], 4)  # 0.5 ln 4 + 0.5 ln(4 / 3)
    0.837
    """
    check(lesson, soft, logits.shape[1])
    rows = np.arange(len(logits))[:, None]
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    nats, gradient = 0.0, chances
    right = chances[rows[:, 0], lesson.targets]
    if soft:
        ours, theirs = chances[rows, lesson.top], lesson.chances.astype(chances.dtype)
        rest = np.maximum(1 - ours.sum(axis=1, keepdims=True), neural.TINY)
        left = np.maximum(1 - theirs.sum(axis=1, keepdims=True), 0)
        told = (theirs * np.log(ours + 1e-30)).sum(axis=1, keepdims=True) + left * np.log(rest)
        nats -= soft * float(told.mean())
        gradient = chances * (1 - soft * left / rest)
        gradient[rows, lesson.top] = ours - soft * theirs
    nats -= (1 - soft) * float(np.log(right + 1e-30).mean())
    gradient[rows[:, 0], lesson.targets] -= 1 - soft
    gradient /= len(logits)
    return nats, gradient


def check(lesson: TrainingSet, soft: float, words: int) -> None:
    """Refuse what cannot be learned from, in words."""
    if not 0 <= soft <= 1:
        raise ValueError(f"soft is {soft:g}: the teacher's part of the loss is from 0 (text alone) to 1.")
    if not len(lesson.targets):
        raise ValueError("the transfer text is empty: give at least one token to predict.")
    if soft and lesson.top is None:
        raise ValueError(f"soft is {soft:g}, but this text comes without a teacher's probabilities: use 0.")
    if soft and not 1 <= lesson.top.shape[1] < words:
        raise ValueError(
            f"the teacher gives {lesson.top.shape[1]} probabilities a token: from 1 to {words - 1} are "
            f"expected of a vocabulary of {words}."
        )


def bits_per_byte(weights: dict[str, np.ndarray], data: Teacher) -> float:
    """How many bits a byte of the held-out text costs, once the student has predicted its tokens."""
    read, targets = windows(data.novel[-HELD - WINDOW :])
    nats = 0.0
    for start in range(0, len(targets), CHUNK):
        logits, _ = predict(weights, read[start : start + CHUNK])
        logits -= logits.max(axis=1, keepdims=True)
        right = logits[np.arange(len(logits)), targets[start : start + CHUNK]]
        nats += float((np.log(np.exp(logits, out=logits).sum(axis=1)) - right).sum(dtype=float))
    return float(nats / np.log(2) / data.held_bytes)


# ---- what a student costs
def flops_per_token(weights: dict[str, np.ndarray]) -> float:
    """FLOPs of one prediction: two for each weight of the matrices that one token meets.

    >>> flops_per_token(begin(np.random.default_rng(0), 9)) == 2 * EMBEDDING * (WINDOW * HIDDEN + HIDDEN + 9)
    True
    """
    return 2.0 * (weights["up"].size + weights["out"].size + weights["embedding"].size)


def nbytes(weights: dict[str, np.ndarray]) -> int:
    """Bytes of the weights in memory."""
    return sum(array.nbytes for array in weights.values())
