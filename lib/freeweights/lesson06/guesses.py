"""Lesson 06's guessed tokens: what four kinds of text gain here, and what published runs gained beside the prediction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..cost.inference import decode
from ..facts import catalog, datasets
from ..facts.records_practice import Speculated
from ..local import llama_cpp, smollm
from ..local.measured_or_recorded import MEASURED, figures, recorded_words
from ..machines.machine import Machine
from ..models.speculation import Speculation, acceptance_of
from ..models.transformer import Model

WAY, DRAFTS, WRITTEN = (
    "ngram simple",
    8,
    64,
)  # how SmolLM2's tokens are guessed, how many, and how many are written
LAW = 700  # tokens of context that published runs are taken to have: a question and half of its answer
KNOWN = {"Llama-3.1-8B": "Llama 3.1 8B", "Llama-3-70B": "Llama 3.1 70B", "Qwen3-8B": "Qwen3-8B"}
SMALL = {"Llama-3-70B": "Llama 3.2 1B", "Qwen3-8B": "Qwen3-0.6B"}  # stand in for drafting models of that size
MACHINES = {"Llama-3-70B": ("H100 SXM5 80GB", 4)}
RECORDED_ON = {"MT-bench": "ShareGPT"}  # tasks whose accepted lengths stand for those of another


def prompts() -> dict[str, list[str]]:
    """Two prompts for each of four kinds of text: two passages of Alice to summarise and to repeat, two tales, two programs.

    >>> list(prompts())
    ['summarise', 'repeat', 'tell freely', 'write code']
    """
    paragraphs = [one.replace("\n", " ") for one in datasets.text("alice").decode().split("\n\n")]
    passages = [one for one in paragraphs if len(one) > 250][:2]
    return {
        "summarise": [f"Summarise this text in your own words:\n\n{one}" for one in passages],
        "repeat": [f"Repeat this text word for word:\n\n{one}" for one in passages],
        "tell freely": ["Tell me a story about a fox and a river.", "Tell me a story about a lighthouse."],
        "write code": [
            "Write a Python function that returns the prime numbers below n.",
            "Write a Python class for a bank account with deposit and withdraw.",
        ],
    }


@dataclass(frozen=True)
class Guessed:
    """One text written with guessed tokens and without.

    drafted, accepted: tokens. per_step: tokens a step wrote. seconds, plain: of writing it with guesses and without.
    same: whether both texts are the same to the letter.
    """

    kind: str
    drafted: int
    accepted: int
    per_step: float
    seconds: float
    plain: float
    same: bool

    @property
    def gain(self) -> float:
        """How many times as fast."""
        return self.plain / self.seconds


def guess_here(path: Path | None) -> tuple[list[Guessed], str]:
    """Write all texts with and without guesses, or take the recorded runs where the engine or the file is missing."""
    if not path or not llama_cpp.installed():
        return recorded(), recorded_words("guessed 0 per_step")
    asked = [(kind, smollm.chat(text)) for kind, texts in prompts().items() for text in texts]
    written = []
    for way in (None, WAY):
        with llama_cpp.Engine(path, context=512, speculation=way, drafts=DRAFTS) as engine:
            name = "Guessing" if way else "Writing"
            written.append(
                [
                    engine.complete(one, WRITTEN, to_the_end=True)
                    for _, one in tqdm(asked, desc=name, leave=False)
                ]
            )
    return [
        Guessed(
            kind,
            fast.drafted,
            fast.accepted,
            fast.tokens_per_step,
            fast.write_seconds,
            slow.write_seconds,
            fast.text == slow.text,
        )
        for (kind, _), slow, fast in zip(asked, *written)
    ], MEASURED


def recorded() -> list[Guessed]:
    """The runs that were recorded when the lesson was made."""
    kinds = [kind for kind, texts in prompts().items() for _ in texts]
    names = ("drafted", "accepted", "per_step", "seconds", "plain", "same")
    kept = figures()
    rows = [[kept[f"guessed {number} {name}"].value for name in names] for number in range(len(kinds))]
    return [
        Guessed(kind, int(a), int(b), c, d, e, bool(same)) for kind, (a, b, c, d, e, same) in zip(kinds, rows)
    ]


# ---- against the world


@dataclass(frozen=True)
class Gain:
    """One published gain beside the prediction for it; both say how many times as many tokens a second."""

    method: str
    target: str
    task: str
    batch: int
    published: float
    predicted: float
    grade: str

    @property
    def factor(self) -> float:
        """By which the prediction is off, at least 1."""
        return max(self.predicted / self.published, self.published / self.predicted)


def gain(model: Model, machine: Machine, guesses: Speculation, batch, context=LAW, weights=None):
    """Tokens a second with guesses over those without, by the cost model; number or array.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> round(gain(model("Llama 3.1 8B"), machine("H100 SXM5 80GB"), Speculation(3, 0.7), 1), 2)
    2.53
    """
    case = {"context": context, "batch": batch, "weights": weights}
    fast, slow = (
        decode(model, machine, **case, speculation=one).unmasked().tokens_per_second
        for one in (guesses, None)
    )
    return fast / slow


def loses_from(model: Model, machine: Machine, guesses: Speculation, weights=None) -> int | None:
    """The batch from which guessing makes the machine slower, up to 4,096; None if it never does."""
    batches = np.arange(1, 4097)
    lost = np.flatnonzero(gain(model, machine, guesses, batches, weights=weights) < 1)
    return int(batches[lost[0]]) if lost.size else None


@cache
def drafting_share(target: str) -> float:
    """What a trained head costs for each guess, as a share of a step of the model: published for chains of three."""
    row = next(
        one
        for one in catalog.table(Speculated)
        if one.quantity == "draft step cost of a target step" and one.target == KNOWN_SHARE[target]
    )
    return row.value / 100 / 3


KNOWN_SHARE = {"Llama-3.1-8B": "Llama-3.1-8B", "Qwen3-8B": "Llama-3.1-8B", "Llama-3-70B": "Llama-3-70B"}


def drafter(method: str, target: str) -> Model | float:
    """What a published method guesses with: nothing but the text, a small model, or a trained head."""
    if "n-gram" in method:
        share = "simcost-n-gram-draft-share-of-verification"  # of a step, for its whole chain of guesses
        return catalog.find(Speculated, share, "figure of guessed tokens").value / 3
    return Model.named(SMALL[target]) if method == "draft model" else drafting_share(target)


@cache
def accepted_lengths() -> dict[tuple[str, str, int], float]:
    """Tokens a step of Llama 3.1 8B wrote in recorded runs, by method, task and drafts: no speed among them."""
    return {
        (row.method, row.task, row.drafts): row.value
        for row in catalog.table(Speculated)
        if row.quantity == "tokens per verification step" and row.target.startswith("Llama-3.1-8B")
    }


@cache
def published() -> tuple[Gain, ...]:
    """Published gains on H100 at several batches, each beside its prediction.

    Where recorded runs say how many tokens a step wrote, nothing else is taken from the row's source. Elsewhere the gain
    of the smallest batch says what was accepted; it is left out, and the others are predicted.
    """
    series = defaultdict(list)
    for row in catalog.table(Speculated):
        if (
            row.quantity == "throughput ratio"
            and "H100" in row.hardware
            and row.target in KNOWN
            and row.drafts
        ):
            series[row.method, row.target, row.task, row.drafts].append(row)
    return tuple(one for key, rows in series.items() if len(rows) > 2 for one in compare(*key, rows))


def compare(method: str, target: str, task: str, drafts: int, rows: list[Speculated]) -> list[Gain]:
    """One series of a method at growing batches."""
    rows = sorted(rows, key=lambda row: int(row.batch))
    model = Model.named(KNOWN[target])
    machine = Machine.named(*MACHINES.get(target, ("H100 SXM5 80GB", 1)))
    guess_with, plain = drafter(method, target), method.split(",")[0]
    length = accepted_lengths().get((plain, RECORDED_ON.get(task, task), drafts))
    if length and target == "Llama-3.1-8B":
        acceptance = acceptance_of(length, drafts)
    else:
        first, rows = rows[0], rows[1:]
        tried = np.linspace(0, 1, 201)
        gains = gain(model, machine, Speculation(drafts, tried, guess_with), int(first.batch))
        acceptance = float(np.interp(first.value, gains, tried))
    predicted = gain(
        model,
        machine,
        Speculation(drafts, acceptance, guess_with),
        np.array([int(row.batch) for row in rows]),
    )
    return [
        Gain(method, target, task, int(row.batch), row.value, float(one), row.grade)
        for row, one in zip(rows, predicted)
    ]


@dataclass(frozen=True)
class Accuracy:
    """Rows compared, the factor by which they are off in the median and for nine in ten, and the share whose gain or loss
    was called right."""

    rows: int
    median: float
    ninth: float
    called: float


def accuracy(rows=None) -> Accuracy:
    """How far the predictions are off."""
    rows = published() if rows is None else rows
    factors = np.array([row.factor for row in rows])
    called = np.mean([(row.predicted > 1) == (row.published > 1) for row in rows])
    return Accuracy(len(rows), float(np.median(factors)), float(np.percentile(factors, 90)), float(called))
