"""More thinking by hand: many answers to one sum, what any of them gets right, and what can be chosen without knowing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from tqdm.auto import tqdm

from ..facts import catalog
from ..facts.records_practice import Thinking
from ..local import llama, smollm
from ..local.kv_cache import Cache
from ..local.llama import LlamaWeights
from ..local.measured_or_recorded import MEASURED, figures, recorded_words

SAMPLES, SUMS, TEMPERATURE = 16, 16, 1.2
TOKENS = 4  # of an answer: a blank, and a sum of two-digit numbers has three digits at most
TOGETHER = 4  # sums that are asked at once: more would take more memory
DIGITS = {"one digit": (1, 9), "two digits": (10, 99)}


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model answered to sums: `greedy` (sums,), `drawn` (sums, samples), and what is `right` (sums,)."""

    greedy: list[str]
    drawn: list[list[str]]
    right: list[str]

    @property
    def correct(self) -> np.ndarray:
        """Which draws are right, bool (sums, samples)."""
        return np.array([[one == right for one in row] for row, right in zip(self.drawn, self.right)])

    @property
    def greedy_share(self) -> float:
        return float(np.mean([one == right for one, right in zip(self.greedy, self.right)]))


def sums(digits: str, count: int = SUMS, seed: int = 0) -> list[tuple[int, int]]:
    """Pairs of numbers to add, all with as many digits, so that their prompts are of one length."""
    low, high = DIGITS[digits]
    return [tuple(map(int, pair)) for pair in np.random.default_rng(seed).integers(low, high + 1, (count, 2))]


def draw(logits: np.ndarray, temperature: float, random: np.random.Generator) -> np.ndarray:
    """Choose a token for every row of logits (sequences, vocabulary): the likeliest at 0, else as softmax(logits / T) has it.

    The first of clocks that ring at the rates exp(logits / T) is drawn by softmax; -ln of its time is Gumbel's law.

    Raises:
        ValueError: a temperature below zero.

    >>> draw(np.array([[0.0, 2.0, 1.0]]), 0, np.random.default_rng(0)).tolist()
    [1]
    """
    if not 0 <= temperature <= 10:
        raise ValueError(
            f"temperature is {temperature}: 0 takes the likeliest token, 1 draws as trained, 10 is the most."
        )
    if temperature == 0:
        return logits.argmax(-1)
    times = np.maximum(random.standard_exponential(logits.shape, np.float32), np.finfo(np.float32).tiny)
    return (logits / temperature - np.log(times)).argmax(-1)


def prompt(first: int, second: int) -> str:
    """A question for the model, and the beginning of its answer, so that a number comes next."""
    return smollm.chat(f"What is {first} plus {second}?") + f"{first} + {second} ="


def answer_many(
    model: LlamaWeights,
    pairs: list[tuple[int, int]],
    samples: int,
    temperature: float,
    random: np.random.Generator,
) -> list[list[str]]:
    """Draw so many answers to every sum at once; the sums' prompts are of one length."""
    logits, cache = llama.prefill(model, [model.tokenizer.encode(prompt(*pair)).ids for pair in pairs])
    keys, values, logits = (
        np.repeat(one, samples, axis) for one, axis in ((cache.keys, 1), (cache.values, 1), (logits, 0))
    )
    cache, written = Cache(keys, values, cache.length), []
    for _ in range(TOKENS):
        written.append(draw(logits, temperature, random))
        if len(written) < TOKENS:
            logits = llama.decode(model, written[-1], cache)
    answers = [number(model.tokenizer.decode(row)) for row in np.array(written).T.tolist()]
    return [answers[i : i + samples] for i in range(0, len(answers), samples)]


def number(text: str) -> str:
    """The number with which a text begins, or nothing.

    >>> number(" 14.\\n"), number(" the sum")
    ('14', '')
    """
    found = re.match(r"\s*(\d+)", text)
    return found[1] if found else ""


def ask(
    model: LlamaWeights, digits: str, count: int = SUMS, samples: int = SAMPLES, seed: int = 0
) -> Answers:
    """Have the model add: once greedily, and `samples` times by chance at temperature 1.2."""
    random, pairs = np.random.default_rng(seed), sums(digits, count)
    greedy, drawn = [], []
    for start in tqdm(range(0, count, TOGETHER), desc=f"Sums of {digits}", leave=False):
        part = pairs[start : start + TOGETHER]
        greedy += [one[0] for one in answer_many(model, part, 1, 0.0, random)]
        drawn += answer_many(model, part, samples, TEMPERATURE, random)
    return Answers(greedy, drawn, [str(first + second) for first, second in pairs])


# ---- what k samples buy


def coverage(correct: np.ndarray, k: int) -> float:
    """Chance that at least one of k samples is right, without bias: 1 - C(n - c, k) / C(n, k), mean over the questions.

    Chen et al. 2021, arXiv:2107.03374, equation 1. n samples were drawn, c of them right.

    Args:
        correct: bool (questions, samples).
        k: samples, 1 to n.

    Raises:
        ValueError: k is 0 or more than were drawn.

    >>> coverage(np.array([[True, False], [False, False]]), 1)
    0.25
    """
    correct = np.asarray(correct, bool)
    n = correct.shape[1]
    if not 1 <= k <= n:
        raise ValueError(f"k is {k}: 1 to {n} samples were drawn.")
    wrong = n - correct.sum(1)
    missed = np.prod([np.maximum(wrong - i, 0) / (n - i) for i in range(k)], axis=0)
    return float(1 - missed.mean())


def majority(answers: Answers, k: int, rounds: int = 50, seed: int = 0) -> float:
    """Share of questions whose most frequent answer among k samples is right; ties go to the one that came first."""
    random, hits = np.random.default_rng(seed), 0
    for row, right in zip(answers.drawn, answers.right):
        for _ in range(rounds):
            chosen = [row[i] for i in random.permutation(len(row))[:k]]
            hits += Counter(chosen).most_common(1)[0][0] == right
    return hits / rounds / len(answers.right)


@dataclass(frozen=True)
class CoverageLaw:
    """Coverage of k samples as exp(a k^b), both negative: Brown et al. 2024, arXiv:2407.21787, section 3."""

    a: float
    b: float

    def at(self, k):
        """Coverage at k samples, number or array.

        >>> round(float(CoverageLaw(-1.33, -0.43).at(1)), 2)
        0.26
        """
        return np.exp(self.a * np.asarray(k, float) ** self.b)


def fit(k, covered) -> CoverageLaw | None:
    """The law through measured coverages: a straight line through ln(-ln c) against ln k; None if fewer than two lie
    between 0 and 1.

    >>> law = fit([1, 4, 16], CoverageLaw(-1.5, -0.5).at([1, 4, 16]))
    >>> round(law.a, 6), round(law.b, 6)
    (-1.5, -0.5)
    """
    k, covered = np.asarray(k, float), np.asarray(covered, float)
    inside = (covered > 0) & (covered < 1)
    if inside.sum() < 2:
        return None
    b, height = np.polyfit(np.log(k[inside]), np.log(-np.log(covered[inside])), 1)
    return CoverageLaw(-float(np.exp(height)), float(b))


@dataclass(frozen=True, eq=False)
class Bought:
    """What k samples of one kind of sum bought: shares of the sums."""

    k: np.ndarray
    covered: np.ndarray
    chosen: np.ndarray
    greedy: float


def bought(answers: Answers) -> Bought:
    """Coverage and majority of 1, 2, 4, ... samples."""
    k = 2 ** np.arange(int(np.log2(len(answers.drawn[0]))) + 1)
    return Bought(
        k,
        np.array([coverage(answers.correct, int(one)) for one in k]),
        np.array([majority(answers, int(one)) for one in k]),
        answers.greedy_share,
    )


def sample_here(model: LlamaWeights | None) -> tuple[dict[str, Bought], str]:
    """Ask both kinds of sum now, or take the recorded runs where there is no model."""
    if model is not None:
        return {digits: bought(ask(model, digits)) for digits in DIGITS}, MEASURED
    return {digits: recorded(digits) for digits in DIGITS}, recorded_words("sums one digit greedy")


def recorded(digits: str) -> Bought:
    """What was recorded when the lesson was made."""
    rows, k = figures(), 2 ** np.arange(5)
    kept = {
        what: np.array([rows[f"sums {digits} {what} {one}"].value for one in k])
        for what in ("covered", "chosen")
    }
    return Bought(k, kept["covered"], kept["chosen"], rows[f"sums {digits} greedy"].value)


@cache
def published_laws() -> dict[str, CoverageLaw]:
    """Published coverage laws, by model and benchmark."""
    found: dict[str, dict[str, float]] = {}
    for row in catalog.table(Thinking):
        if row.metric.startswith("coverage law"):
            found.setdefault(f"{row.model}, {row.benchmark}", {})[row.metric[-1]] = row.value
    return {name: CoverageLaw(one["a"], one["b"]) for name, one in found.items()}
