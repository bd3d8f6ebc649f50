"""The exercises of lesson 07: a run by hand, a headline taken apart, and a size for a model that will serve."""

from __future__ import annotations

from ..evidence.scaling_published import REFIT, best_size, law
from ..facts import catalog
from ..facts import quantities as q
from ..page import questions
from .known_runs import DEVICE

# A run: parameters, tokens, share of the peak, dollars an hour.
ACTIVE, TOKENS, MFU, RENT = 20e9, 8e12, 0.4, 2.0
# Dollars of a last run; all compute over it; people's share of the whole.
HEADLINE, TIMES, STAFF = 6e6, 5.0, 0.3
BUDGET, SERVED = 1e24, 2e13  # FLOPs; tokens served in a model's life


def run_by_hand() -> questions.Exercise:
    """Lesson 07, one step after another: FLOPs, hours, dollars."""
    peak = catalog.device(DEVICE).flops_fp16

    def dollars(factor: float = 6, use: float = MFU, seconds: float = q.HOUR) -> float:
        return factor * ACTIVE * TOKENS / (peak * use) / seconds * RENT

    return questions.exercise(
        "run",
        f"A dense model of {q.count(ACTIVE)} parameters is trained on {q.count(TOKENS)} tokens. An H100 computes {q.rate(peak, 'FLOP/s')} at 16 bits, "
        f"of which the run reaches {q.percent(MFU)}, and rents at {q.money(RENT)} an hour. What does the **last run** cost?",
        answer=dollars,
        unit="$",
        tolerance=0.02,
        mistakes=[
            (
                lambda: dollars(factor=2),
                "That is the forward pass alone: training goes backwards, too, at twice its FLOPs.",
            ),
            (lambda: dollars(use=1), "You took the peak: no run reaches it."),
            (
                lambda: dollars(use=1 / MFU),
                "You multiplied by the utilisation where you must divide: lost FLOP/s take more hours.",
            ),
            (lambda: dollars(seconds=1), "Those are dollars for seconds: the rent is for an hour."),
            (lambda: dollars() / RENT, "Those are the hours: one more step."),
        ],
        hint="6 N D FLOPs; over FLOP/s that are reached; over the seconds of an hour; times dollars.",
    )


def whole_of_a_headline() -> questions.Exercise:
    """Lesson 07, with changed numbers: from a headline to all that it stands on."""

    def whole(times: float = TIMES, staff: float = STAFF) -> float:
        return HEADLINE * times / (1 - staff)

    return questions.exercise(
        "headline",
        f"A headline says {q.money(HEADLINE)}: the last run. All compute of the project was {TIMES:g} times that, and people are "
        f"{q.percent(STAFF)} **of the whole**. What does **the whole** cost?",
        answer=whole,
        unit="$",
        tolerance=0.02,
        mistakes=[
            (lambda: HEADLINE * TIMES, "That is the compute alone. People come on top."),
            (
                lambda: HEADLINE * TIMES * (1 + STAFF),
                "You added people's share to the compute; it is a share of the whole, which holds them already.",
            ),
            (
                lambda: whole(times=TIMES + 1),
                "All compute has the last run in it already: you counted it twice.",
            ),
            (lambda: whole(times=1), "You left out the runs before the last one."),
        ],
        hint="If people are a part of the whole, what part is compute?",
    )


def size_that_serves() -> questions.Exercise:
    """Lesson 07, open: how many parameters a model should have that will serve many tokens."""
    scaling = law(REFIT)
    loss = scaling.least_loss(BUDGET)
    alone = scaling.optimum(BUDGET)[0]

    return questions.exercise(
        "size",
        f"Open: by Chinchilla's refit, {BUDGET:.0e} FLOPs reach their least loss with one size. You want that loss, and will then serve "
        f"{q.count(SERVED)} tokens. Which size, in **parameters**, needs fewest FLOPs in its life, training and serving together? Then argue: "
        "who decides for such a size, and who pays for it?",
        answer=lambda: best_size(scaling, loss, SERVED),
        unit="parameters",
        tolerance=0.03,
        mistakes=[
            (
                lambda: alone,
                "That is best for training alone: serving costs are the same for each token, and grow with the size.",
            ),
            (
                lambda: BUDGET / 6 / SERVED,
                "That spends the budget on the tokens served: they are not trained on.",
            ),
            (
                lambda: best_size(scaling, loss, 3 * SERVED),
                "You counted a served token like a trained one: it goes forwards only, 2 FLOPs a weight and not 6.",
            ),
        ],
        hint="`evidence.scaling_published` has `law` and `best_size`; the loss is that of the best split of the budget.",
    )
