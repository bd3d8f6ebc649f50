"""The four verdicts, and a claim with the verdict that its lesson comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..cost.reference_cases import CLUSTER, CROWD, DESKTOP, DESKTOP_WEIGHTS, writes
from ..facts import catalog, figures
from ..facts import quantities as q
from ..machines.machine import Machine

HOLDS, IN_PART, FAILS, NOT_ARITHMETIC = "holds", "holds in part", "fails", "not a matter of arithmetic"
Claimed = Callable[[], tuple[str, str]]  # a verdict, and the sentence of numbers behind it


def gpus_are_the_determinant() -> tuple[str, str]:
    """A row of expensive GPUs, not the file, decides how useful a model is."""
    desk, rack = Machine.named(*DESKTOP), Machine.named(*CLUSTER)
    alone, full = writes("GLM-5.2", desk, 1, DESKTOP_WEIGHTS), writes("GLM-5.2", rack, CROWD)
    spent = [full / (rack.count * rack.device.price), alone / desk.device.price]
    lean, heavy = writes("gpt-oss-120b", rack, 1, None), writes("Llama 3.1 405B", rack, 1)
    return IN_PART, (
        f"One file, GLM-5.2: the desktop writes {q.speed(alone)}, the node for {CROWD} users {q.speed(full)}, "
        f"{q.times(full / alone)} as much, and {q.times(spent[0] / spent[1])} as much for each dollar of its price. "
        f"One node, two files, one user: gpt-oss-120b writes {q.speed(lean)}, Llama 3.1 405B {q.speed(heavy)}. "
        "The row decides for a crowd; for one user the file decides as well."
    )


def settled(claims: Mapping[str, Claimed], claim: str) -> tuple[str, str, str]:
    """What is claimed, the verdict on it, and the sentence of numbers behind the verdict.

    Args:
        claims: the claims that a lesson settles, by id, each with what settles it.
        claim: one id, as in data/claims.csv.

    Raises:
        UnknownName: no such claim, or one that another lesson settles.

    >>> settled({"gpus-are-the-determinant": gpus_are_the_determinant}, "gpus-are-the-determinant")[1]
    'holds in part'
    """
    found = figures.claim(claim)
    if claim not in claims:
        raise catalog.UnknownName(
            f"The claim '{claim}' is settled in lesson {found.lessons}; here: {', '.join(claims)}."
        )
    return found.claim, *claims[claim]()
