"""SmolLM2 at two widths on the same questions: which of four endings it finds likeliest, and whether the widths differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from ..facts import catalog
from ..facts.records_practice import Question
from ..local import llama, smollm
from ..local.kv_cache import new_cache
from ..local.llama import LlamaWeights, apply, dense
from ..local.measured_or_recorded import MEASURED, figures, recorded_words
from .paired_test import LEVEL, mcnemar

BITS = 3  # of the narrow one; the wide one is the file as it comes
HERE = 12  # questions asked in the lesson; a hundred are recorded
SEQUENCES, PIECE = 16, 128  # read at once, and tokens whose scores are worked out at once


def likelihoods(model: LlamaWeights, starts: list[str], endings: list[str]) -> np.ndarray:
    """Mean log-likelihood of each ending's tokens after its start, in nats; several are read at once."""
    encode = lambda text: model.tokenizer.encode(text).ids  # noqa: E731
    pairs = [(encode(start), encode(f" {ending}")) for start, ending in zip(starts, endings)]
    return np.concatenate(
        [read(model, pairs[first : first + SEQUENCES]) for first in range(0, len(pairs), SEQUENCES)]
    )


def read(model: LlamaWeights, pairs: list[tuple[list[int], list[int]]]) -> np.ndarray:
    """`likelihoods` of tokens that are read at once, the shorter ones filled up at their ends."""
    long = max(len(start) + len(end) for start, end in pairs)
    tokens = np.array([(start + end + [0] * long)[:long] for start, end in pairs])
    hidden = llama.forward(model, tokens, new_cache(model.config, len(pairs)))
    said = np.concatenate(  # token i is guessed from what was said up to i - 1
        [
            row[len(start) - 1 : len(start) + len(end) - 1]
            for row, (start, end) in zip(hidden, pairs, strict=True)
        ]
    )
    words, matrix = np.concatenate([end for _, end in pairs]), dense(model.embedding)
    found = np.concatenate(
        [scores(matrix, said[i : i + PIECE], words[i : i + PIECE]) for i in range(0, len(words), PIECE)]
    )
    cuts = np.cumsum([len(end) for _, end in pairs])[:-1]
    return np.array([part.mean() for part in np.split(found, cuts)])


def scores(matrix: np.ndarray, hidden: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Log-likelihood of a word after each hidden state, in nats."""
    logits = apply(matrix, hidden)
    top = logits.max(-1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(-1, dtype=float))
    return logits[np.arange(len(words)), words] - (top[:, 0] + total)


def choose(model: LlamaWeights, questions) -> np.ndarray:
    """Which questions the model answers right, bool: its likeliest ending is the true one."""
    right, at_once = [], SEQUENCES // 4
    for first in tqdm(range(0, len(questions), at_once), desc="Questions", leave=False):
        part = questions[first : first + at_once]
        starts = [one.start for one in part for _ in range(4)]
        endings = [end for one in part for end in (one.first, one.second, one.third, one.fourth)]
        likeliest = likelihoods(model, starts, endings).reshape(-1, 4).argmax(1)
        right += [bool(number == one.right) for number, one in zip(likeliest, part)]
    return np.array(right)


@dataclass(frozen=True)
class Compared:
    """The same questions at two widths: both right, only the wide one, only the narrow one, neither."""

    both: int
    wide_only: int
    narrow_only: int
    neither: int

    @property
    def questions(self) -> int:
        return self.both + self.wide_only + self.narrow_only + self.neither

    @property
    def p(self) -> float:
        return mcnemar(self.wide_only, self.narrow_only)

    @property
    def verdict(self) -> str:
        """Which is better, if the test can tell."""
        if self.p > LEVEL:
            return "cannot tell"
        return "the wide one is better" if self.wide_only > self.narrow_only else "the narrow one is better"


def compared(wide: np.ndarray, narrow: np.ndarray) -> Compared:
    """Count the four cases.

    >>> compared(np.array([True, True, False]), np.array([True, False, False]))
    Compared(both=1, wide_only=1, narrow_only=0, neither=1)
    """
    counts = [wide & narrow, wide & ~narrow, ~wide & narrow, ~wide & ~narrow]
    return Compared(*(int(one.sum()) for one in counts))


def compare_here(model: LlamaWeights | None, count: int = HERE) -> tuple[Compared, str]:
    """Ask the first questions at both widths now, or take the recorded run of them all where there is no model."""
    if model is None:
        return recorded(), recorded_words("questions both")
    asked = catalog.table(Question)[:count]
    wide = choose(model, asked)
    return compared(wide, choose(smollm.quantise(model, BITS), asked)), MEASURED


def recorded() -> Compared:
    """All hundred questions, as recorded when the lesson was made."""
    rows = figures()
    names = ("both", "wide only", "narrow only", "neither")
    return Compared(*(int(rows[f"questions {name}"].value) for name in names))
