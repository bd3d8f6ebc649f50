"""Published students of DeepSeek-R1: how much of its scores they keep, how fast they write and at what cost.

Scores are of data/distillation.csv, as their makers published them for weights of 16 bits. What narrower weights lose is not
counted, and neither is the length of an answer: how many tokens the students write for one is not published.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..cost import inference, memory
from ..cost.reference_cases import CONTEXT, SERVED
from ..facts import catalog
from ..facts.figures import distilled, of_distillation
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, dollars_per_million
from ..money.training_bills import TEACHER

SAME_BASE = "DeepSeek-R1-Distill-Qwen-32B"  # two others in the table began from the base of this student
WITHOUT_TEACHER = ("QwQ-32B-Preview", "Qwen2.5-32B-Zero")
CLOSED = ("OpenAI-o1-mini", "GPT-4o-0513")
RATING = "Codeforces"
BENCHMARKS = {
    "AIME 2024": "AIME 2024 pass@1",
    "MATH-500": "MATH-500 pass@1",
    "GPQA Diamond": "GPQA Diamond pass@1",
    "LiveCodeBench": "LiveCodeBench pass@1",
    RATING: "Codeforces rating",
}


@dataclass(frozen=True)
class Served:
    """One model on one machine: tokens per second for one user, and dollars for a million tokens with many; None: no room."""

    name: str
    users: int
    tokens_per_second: float | None
    dollars: float | None


def students() -> list[str]:
    """The six students, smallest first.

    >>> students()[0], len(students())
    ('DeepSeek-R1-Distill-Qwen-1.5B', 6)
    """
    names = {subject for subject, _ in of_distillation() if subject.startswith(f"{TEACHER}-Distill-")}
    return sorted(names, key=lambda name: Model.named(name).parameters)


def has(subject: str, benchmark: str) -> bool:
    """Whether a score of that model on that benchmark is published on the same page."""
    return (subject, BENCHMARKS[benchmark]) in of_distillation()


def retained_score(subject: str, benchmark: str) -> float:
    """What a model reaches of the teacher: its score over the teacher's.

    A rating is no share: for Codeforces it is the share of games that the model is expected to win against the teacher by
    Elo's formula, one half where they are equal.

    Args:
        subject: a model of the published table.
        benchmark: one of BENCHMARKS.

    Raises:
        UnknownName: no such benchmark, or no such score.

    >>> round(retained_score("DeepSeek-R1-Distill-Qwen-32B", "MATH-500"), 2), retained_score("DeepSeek-R1", "Codeforces")
    (0.97, 0.5)
    """
    if benchmark not in BENCHMARKS:
        raise catalog.UnknownName(
            f"No benchmark is called '{benchmark}'. {catalog.nearest(benchmark, list(BENCHMARKS))}"
        )
    own, teacher = (distilled(name, BENCHMARKS[benchmark]) for name in (subject, TEACHER))
    return 1 / (1 + 10 ** ((teacher - own) / 400)) if benchmark == RATING else own / teacher


def serve(model: Model, machine: Machine, weights: str, paid: str = PAID[1]) -> Served:
    """How a machine serves one model: the speed for one user, and the cost with at most SERVED users, machine alone.

    >>> from freeweights.models.transformer import model
    >>> from freeweights.machines.machine import machine
    >>> small = serve(model("DeepSeek-R1-Distill-Qwen-1.5B"), machine("GeForce RTX 5090"), "4.5 bits")
    >>> large = serve(model("DeepSeek-R1"), machine("GeForce RTX 5090"), "4.5 bits")
    >>> small.tokens_per_second > 200, large.dollars is None
    (True, True)
    """
    if not memory.fits(model, machine, weights=weights, context=CONTEXT).fits:
        return Served(model.name, 0, None, None)
    users = int(min(SERVED, memory.max_sequences(model, machine, context=CONTEXT, weights=weights).expected))
    alone, full = (
        inference.decode(model, machine, context=CONTEXT, batch=n, weights=weights).tokens_per_second
        for n in (1, users)
    )
    return Served(model.name, users, float(alone), float(dollars_per_million(machine, full, paid)))
