"""A claim with its verdict: what the numbers say for it and against it, and the sentence that gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, CROWD, DESKTOP, DESKTOP_WEIGHTS
from ..facts import catalog, figures
from ..facts import quantities as q
from ..facts.vocabulary import Verdict
from ..machines.machine import Machine
from ..models.transformer import Model
from .known_speeds import known_speed

Judged = tuple[Verdict, str]  # a verdict, and the sentence of numbers behind it
Claimed = Callable[[], Judged]
FAR = 2.0  # times from which a difference decides a claim


@dataclass(frozen=True)
class Reasons:
    """Templates with named fields: the numbers on both sides, and what they come to under each verdict."""

    numbers: str
    ends: Mapping[Verdict, str]

    def judged(self, verdict: Verdict, **words: object) -> Judged:
        """The verdict with its sentence.

        >>> Reasons("It takes {wait}.", {Verdict.FAILS: "Nobody minds."}).judged(Verdict.FAILS, wait="1 s")[1]
        'It takes 1 s. Nobody minds.'
        """
        return verdict, f"{self.numbers} {self.ends[verdict]}".strip().format_map(words)


def weighed(supported: bool, contradicted: bool) -> Verdict:
    """The verdict on a claim: without any case for it, it fails; with one, it holds unless there is one against it.

    >>> [str(weighed(*case)) for case in ((True, False), (True, True), (False, True))]
    ['holds', 'holds in part', 'fails']
    """
    if not supported:
        return Verdict.FAILS
    return Verdict.IN_PART if contradicted else Verdict.HOLDS


LEAN, HEAVY = "gpt-oss-120b", "Llama 3.1 405B"
DETERMINANT = Reasons(
    "One file, GLM-5.2: the desktop writes {alone}, the node for {crowd} users {full}, {row} as much, and {dollar} as much "
    f"for each dollar of its price. One node, two files, one user: {LEAN} writes {{lean}}, {HEAVY} {{heavy}}.",
    {
        Verdict.HOLDS: "The row decides; the file hardly does.",
        Verdict.IN_PART: "The row decides for a crowd; for one user the file decides as well.",
        Verdict.FAILS: "A dollar spent on the row is not known to write more than one spent on the desktop.",
    },
)


def gpus_are_the_determinant() -> Judged:
    """A row of expensive GPUs, not the file, decides how useful a model is."""
    desk, rack, glm = Machine.named(*DESKTOP), Machine.named(*CLUSTER), Model.named("GLM-5.2")
    alone, full = known_speed(glm, desk, DESKTOP_WEIGHTS), known_speed(glm, rack, CLUSTER_WEIGHTS, CROWD)
    lean = known_speed(Model.named(LEAN), rack, None)
    heavy = known_speed(Model.named(HEAVY), rack, CLUSTER_WEIGHTS)
    row = full.over(alone)
    dollar = [times * desk.device.price / (rack.count * rack.device.price) for times in row]
    return DETERMINANT.judged(
        weighed(supported=dollar[0] > 1, contradicted=lean.usual > FAR * heavy.usual),
        alone=alone, crowd=CROWD, full=full, row=q.between(q.times, *row), dollar=q.between(q.times, *dollar),
        lean=lean, heavy=heavy,
    )  # fmt: skip


def settled(claims: Mapping[str, Claimed], claim: str) -> tuple[str, Verdict, str]:
    """What is claimed, the verdict on it, and the sentence of numbers behind the verdict.

    Args:
        claims: the claims that a lesson settles, by id, each with what settles it.
        claim: one id, as in data/claims.csv.

    Raises:
        UnknownName: no such claim, or one that another lesson settles.

    >>> str(settled({"gpus-are-the-determinant": gpus_are_the_determinant}, "gpus-are-the-determinant")[1])
    'holds in part'
    """
    found = figures.claim(claim)
    if claim not in claims:
        raise catalog.UnknownName(
            f"The claim '{claim}' is settled in lesson {found.lessons}; here: {', '.join(claims)}."
        )
    return found.claim, *claims[claim]()
