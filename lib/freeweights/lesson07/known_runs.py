"""Lesson 07's runs: FLOPs of six that everybody speaks of, and what was published about their cost."""

from __future__ import annotations

from functools import cache

from ..cost.training_step import FLOPS_PER_WEIGHT, training_flops
from ..evidence.training_hours import published
from ..facts.arrays import at_least
from ..facts.figures import figure as served
from ..facts.figures import trained
from ..facts.records_training import TrainingFigure
from ..models.transformer import Model
from ..money.training_bills import RENTED, UTILISATION, TrainingBill, bill

V3, LLAMA, GLM, GPT_4, GPT_45, GROK = "DeepSeek-V3", "Llama 3.1 405B", "GLM-5", "GPT-4", "GPT-4.5", "Grok 3"
CONTEXT = 4096  # tokens in a sequence of GLM-5's training, as of most others: an assumption
DEVICE = "H100 SXM5 80GB"
SMALL, LAST, LARGE = "a part or a share", "the last run", "chips, bought"  # what a headline counts
HEADLINES = {  # by run: rows of data/training.csv
    V3: {SMALL: "bill-deepseek-r1", LAST: "bill-deepseek-v3", LARGE: "deepseek-servers"},
    LLAMA: {SMALL: "bill-llama-3.1-405b-amortised", LAST: "bill-llama-3.1-405b-rented", LARGE: "bill-llama-3.1-405b-bought"},
    GLM: {},
    GPT_4: {SMALL: "bill-gpt-4-amortised", LAST: "bill-gpt-4-rented", LARGE: "bill-gpt-4-bought"},
    GPT_45: {SMALL: "bill-gpt-4.5-amortised", LAST: "bill-gpt-4.5-run"},
    GROK: {SMALL: "bill-grok-3-amortised", LAST: "bill-grok-3-rented", LARGE: "bill-grok-3-bought"},
}  # fmt: skip


@cache
def flops_of(name: str) -> float:
    """FLOPs of one of the six: counted from its structure, or as estimated by others where nobody published it.

    >>> flops_of(V3) < flops_of(GLM) < flops_of(LLAMA) < flops_of(GROK)
    True
    """
    if name in (V3, LLAMA):
        return next(one.flops for one in published() if one.run.model == name)
    if name == GLM:
        return training_flops(Model.named(GLM), trained("tokens-glm-5").value, CONTEXT)
    return trained(f"flops-{name.lower().replace(' ', '-')}").value


def by_rule(active: float, tokens: float) -> float:
    """6ND FLOPs of active parameters and tokens, each at least one."""
    return FLOPS_PER_WEIGHT * float(at_least(active, "active parameters", 1) * at_least(tokens, "tokens", 1))


def headlines(name: str) -> dict[str, TrainingFigure]:
    """What was published about the cost of a run, by what it counts."""
    return {counts: trained(id) for counts, id in HEADLINES[name].items()}


def usual_bill(name: str) -> TrainingBill:
    """The last run of one of the six on rented H100, at the utilisation that lesson 05 takes.

    >>> 5e6 < usual_bill(V3).total < 2e7
    True
    """
    return bill(flops_of(name), DEVICE, UTILISATION, RENTED)


def whole_bill(name: str) -> tuple[float, float]:
    """A run with all before it, time lost and people: by the low and the high ends of what was published of each.

    >>> low, high = whole_bill(V3)
    >>> usual_bill(V3).total < low < high
    True
    """
    runs, staff, lost = served("research-over-final-run"), trained("share-staff"), served("spare").value / 100
    ends = ((runs.low, staff.low), (runs.high, staff.high))
    return tuple(
        bill(flops_of(name), DEVICE, UTILISATION, RENTED, lost, times, people / 100).total
        for times, people in ends
    )
