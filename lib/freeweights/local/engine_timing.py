"""The engine beside NumPy on one file: tokens a second by users, the ridge of each, and where their texts part."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..facts import catalog
from ..facts.records_measured import Recorded
from . import smollm, smollm_timing, this_machine
from .llama import LlamaWeights
from .llama_cpp import Engine

USERS = (1, 2, 4, 8, 16)
LONGEST = 16  # tokens of a user's prompt, and one or two to start with
WRITTEN, PROMPT = 16, 512  # tokens each user gets, and of the prompt whose reading is timed
QUESTIONS = (
    "Why is the sky blue?",
    "Name three rivers of Europe.",
    "What is a memory chip?",
)
TOKENS = 32  # of an answer whose text is compared


@dataclass(frozen=True, eq=False)
class Rates:
    """What one way of running a model does here.

    users, seconds: at once, and of the step that writes one token for each. reading: tokens a second of a long prompt.
    """

    users: np.ndarray
    seconds: np.ndarray
    reading: float

    @property
    def tokens_per_second(self) -> np.ndarray:
        """Of all users together."""
        return self.users / self.seconds

    @property
    def ridge(self) -> float:
        """Users at which a step has as much to compute as to read: tokens read a second over steps for one a second.

        >>> Rates(np.array([1]), np.array([0.02]), reading=200.0).ridge
        4.0
        """
        return float(self.reading * self.seconds[0])

    def law(self, users) -> np.ndarray:
        """Seconds of a step by the cost model's law: bytes over bandwidth or work over rate, whichever is longer.

        Both rates are measured: a step for one user reads every weight, a prompt is computing.
        """
        return np.maximum(self.seconds[0], np.asarray(users) / self.reading)

    @property
    def law_error(self) -> float:
        """Factor by which the law is off in the median, of the steps for two users and more."""
        factors = self.law(self.users[1:]) / self.seconds[1:]
        return float(np.median(np.maximum(factors, 1 / factors)))


def time_engine(path: Path, users=USERS, written: int = WRITTEN) -> Rates:
    """Time the engine on a file: steps for so many users at once, and the reading of a prompt.

    Args:
        path: a GGUF file.
        users: at once, each 1 or more.
        written: tokens each of them gets.
    """
    users, seconds = np.asarray(users, int), []
    prompts = [f"{number} times {number} is" for number in range(1, int(users.max()) + 1)]
    with Engine(path, slots=int(users.max()), context=LONGEST + written) as engine:
        for many in tqdm(users, desc="The engine at every number of users", leave=False):
            seconds.append(step_seconds(engine, prompts[:many], written))
    with Engine(path, context=PROMPT + 2) as engine:
        reading = engine.complete(list(range(100, 100 + PROMPT)), max_tokens=1)
    return Rates(users, np.array(seconds), reading.read / reading.read_seconds)


def step_seconds(engine: Engine, prompts: list[str], written: int) -> float:
    """Seconds of a step that writes one token for each prompt: of many tokens less two, so that reading drops out."""
    taken = []
    for tokens in (2, 2, written + 2):  # the first is not counted
        start = time.perf_counter()
        engine.complete(prompts, max_tokens=tokens, to_the_end=True)
        taken.append(time.perf_counter() - start)
    return max(taken[2] - taken[1], 1e-6) / written


def numpy_rates(sweep: smollm_timing.DecodeSweep, reading: smollm_timing.Prefill) -> Rates:
    """The same of NumPy, from what lesson 01 has measured of it."""
    kept = np.isin(sweep.batch, USERS)
    return Rates(sweep.batch[kept], sweep.seconds[kept], reading.tokens / reading.seconds)


@dataclass(frozen=True)
class Parting:
    """Two answers to one question: how many tokens they share before they part, and how many were compared."""

    question: str
    shared: int
    compared: int

    @property
    def same(self) -> bool:
        return self.shared == self.compared


def partings(model: LlamaWeights, path: Path, questions=QUESTIONS, tokens: int = TOKENS) -> list[Parting]:
    """Ask NumPy and the engine the same questions, always taking the likeliest token, and see where the texts part."""
    found = []
    with Engine(path, context=512) as engine:
        for question in tqdm(questions, desc="Asking both", leave=False):
            prompt = smollm.chat(question)
            ours = "".join(smollm.generate(model, prompt, tokens))
            found.append(parting(model, question, ours, engine.complete(prompt, tokens).text))
    return found


def parting(model: LlamaWeights, question: str, one: str, other: str) -> Parting:
    """How many tokens two texts share from their beginning."""
    first, second = (model.tokenizer.encode(text).ids for text in (one, other))
    shared = next(
        (place for place, pair in enumerate(zip(first, second)) if pair[0] != pair[1]),
        min(len(first), len(second)),
    )
    return Parting(question, shared, max(len(first), len(second)))


def record() -> dict[str, Recorded]:
    """Measure what lessons 01 and 06 show of the engine and keep it beside NumPy's figures, for the makers of the course."""
    from . import download

    path, machine = download.smollm2(), this_machine.name()
    found = time_engine(path)
    figures = {f"engine step {n}": (seconds, "s") for n, seconds in zip(found.users, found.seconds)}
    figures["engine reading"] = found.reading, "1/s"
    for number, one in enumerate(partings(smollm.load(path), path)):
        figures[f"engine shared {number}"] = one.shared, "1"
        figures[f"engine compared {number}"] = one.compared, "1"
    today = datetime.date.today().isoformat()
    rows = smollm_timing.recorded() | {
        name: Recorded(name, float(value), unit, machine, today) for name, (value, unit) in figures.items()
    }
    catalog.write(smollm_timing.RECORDED, list(rows.values()), digits=9)
    return smollm_timing.recorded()
