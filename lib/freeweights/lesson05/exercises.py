"""The exercises of lesson 05: a temperature by hand, students that carry their teacher, and a stronger student."""

from __future__ import annotations

import numpy as np

from ..facts import quantities as q
from ..learn import digit_distillation
from ..page import questions
from . import distillation_bill as costs

APART, WARM = 6.0, 3.0  # what two logits differ by, and the temperature of the first exercise
CARRIED = "DeepSeek-R1-Distill-Qwen-7B"


def seven_or_nine() -> questions.Exercise:
    """Lesson 05, one step: what a temperature does to the odds of two answers."""

    def odds(temperature: float) -> float:
        seven, nine = digit_distillation.soft_targets(np.array([APART, 0.0]), temperature)
        return float(seven / nine)

    return questions.exercise(
        "odds",
        f"A teacher's logits of 7 and 9 differ by {APART:g}. At temperature {WARM:g}, **how many times** as probable as the 9 "
        "is the 7?",
        answer=lambda: odds(WARM),
        unit="times",
        tolerance=0.02,
        mistakes=[
            (lambda: odds(1), "That is at temperature 1: divide the logits first."),
            (
                lambda: odds(1) / WARM,
                "You divided the odds. The temperature divides the logits, before the exponential.",
            ),
            (APART, "That is the difference of the logits, neither divided nor made into odds."),
            (APART / WARM, "That is the difference of the logits; odds are its exponential."),
            (
                lambda: odds(1 / WARM),
                "You multiplied by the temperature: that makes a teacher surer, not softer.",
            ),
        ],
        hint="Odds are e to the power of the difference of the logits, divided by the temperature.",
    )


def students_for_a_teacher() -> questions.Exercise:
    """Lesson 05, with changed numbers: how many students carry the teacher's bill."""
    one = costs.bill(costs.Plan(CARRIED))
    paid, saved = one.teacher + one.answers, one.scratch - one.training
    return questions.exercise(
        "carry",
        f"You pay the final runs of DeepSeek-R1 and its base, {q.money(one.teacher)}, and {q.money(one.answers)} for its answers, which all "
        f"students share. Training a student of 7 B on them costs {q.money(one.training)}, from scratch "
        f"{q.money(one.scratch)}. From how many **students** on is each of them cheaper than from scratch?",
        answer=lambda: one.break_even,
        unit="students",
        tolerance=0.01,
        mistakes=[
            (lambda: paid / saved, "Nearly: students are whole, so it is the next number up."),
            (lambda: one.break_even - 1, "With that many each is still dearer: round up, not down."),
            (
                lambda: paid / one.distilling,
                "You divided by what a student costs. What counts is what each saves against from scratch.",
            ),
        ],
        hint="Each saves the bill from scratch less its own training. How many such savings pay teacher and answers?",
    )


def samples_for_the_price() -> questions.Exercise:
    """Lesson 05, open: how many samples a distiller could buy before its base is the smaller bill."""
    one = costs.Plan(CARRIED)
    each = costs.bill(one).distilling / one.samples

    def most() -> float:
        return costs.bill(one).scratch / each

    return questions.exercise(
        "samples",
        "Open: the distiller of that 7 B student buys more and more answers, each as long and as dear as before, and trains "
        "on all of them. From how many **samples** on has it paid as much as pre-training from scratch? Then: how many years "
        "of a person's reading is that?",
        answer=most,
        unit="samples",
        tolerance=0.03,
        mistakes=[
            (
                lambda: costs.bill(one).scratch / (costs.bill(one).answers / one.samples),
                "You counted the answers alone. Each sample is also trained on, several times.",
            ),
            (
                lambda: costs.bill(one).scratch / (costs.bill(one).training / one.samples),
                "You counted the training alone. Each sample must also be written by the teacher.",
            ),
        ],
        hint="What do answer and training of one sample cost together? `costs.bill(plan)` has both for all samples.",
    )
