"""The exercises of lesson 10: a release by a rule, the numbers of a LoRA, and a firm before the licences."""

from __future__ import annotations

from collections import Counter

from ..page import questions
from .licences import DUTY, UNREAD, YES, Case, allowed
from .schemes import II, III, I, mof

WITHHELD, REPLACED = "evaluation_data", "technical_report"
RANK, WIDTH, INNER, LAYERS = 4, 2048, 8192, 3  # of a LoRA on the down projections of some layers
FIRM = Case(users=2e8, revenue=5e7, country="France", sells=True, distils=True, changes=True, closed=True)


def release() -> dict[str, str]:
    """The components of the exercise's release."""
    names = {*III, *II, *I} - {WITHHELD, REPLACED}
    return dict.fromkeys(sorted(names), "open")


def one_release() -> questions.Exercise:
    """Lesson 10, by hand: which class of the Model Openness Framework."""
    return questions.exercise(
        "release",
        "A laboratory releases everything that the Model Openness Framework lists, under open licences, except its **evaluation data**; and a research "
        "paper in place of the technical report. Which class does the framework give it?",
        answer=lambda: mof(release()),
        choices=["I", "II", "III", "none"],
        mistakes=[
            ("I", "A class needs all classes below it, and one component of the second is missing."),
            ("II", "Evaluation data belong to the second class."),
            ("none", "A research paper stands in for the report."),
        ],
        hint="Begin at class III and go up until something is missing.",
    )


def numbers_of_a_lora() -> questions.Exercise:
    """Lesson 10, with changed numbers: how many numbers a LoRA trains."""
    return questions.exercise(
        "lora",
        f"A LoRA of rank {RANK} is laid on the down projections of {LAYERS} layers, each {WIDTH:,} by {INNER:,}. How many **numbers** are trained?",
        answer=lambda: RANK * (WIDTH + INNER) * LAYERS,
        unit="numbers",
        tolerance=0.01,
        mistakes=[
            (lambda: WIDTH * INNER * LAYERS, "Those are the matrices themselves: they stay as they are."),
            (lambda: RANK * (WIDTH + INNER), "That is one layer."),
            (lambda: RANK * WIDTH * LAYERS, "That is one of the two factors: B has the rows, A the columns."),
            (lambda: RANK * INNER * LAYERS, "That is one of the two factors: A has the columns, B the rows."),
            (lambda: (WIDTH + INNER) * LAYERS, "That is rank one."),
        ],
        hint="B has a column for each rank and A has a row for each.",
    )


def firm() -> questions.Exercise:
    """Lesson 10, open: a firm before the licences."""

    def count(*words: str) -> int:
        tally = Counter(allowed(FIRM).values())
        return sum(tally[word] for word in words)

    return questions.exercise(
        "firm",
        "A firm in France has two hundred million users a month and earns fifty million dollars a year. It sells, trains other models on outputs, changes weights "
        "and keeps them closed. How many **models** of the catalogue may it use, with duties or without? Then argue: is a licence with such limits open?",
        answer=lambda: count(YES, DUTY),
        unit="models",
        tolerance=0.001,
        mistakes=[
            (
                lambda: count(YES),
                "Those come without any duty. A duty is kept, and then the model may be used.",
            ),
            (
                lambda: count(YES, DUTY, UNREAD),
                "You counted licences that nobody read here: unread is no yes.",
            ),
            (lambda: count(UNREAD), "Those are the unread ones."),
        ],
        hint="`lesson10.licences.Case` takes the case, and `allowed` counts by model.",
    )
