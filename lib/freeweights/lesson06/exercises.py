"""The exercises of lesson 06: guesses by hand, a machine under load, and tasks to tell two models apart."""

from __future__ import annotations

from ..machines.machine import Machine
from ..models.speculation import Speculation, tokens_per_step
from ..models.transformer import Model
from ..page import questions
from . import guesses, paired_test

DRAFTS, ACCEPTANCE = 4, 0.8  # of the first exercise
DENSE, CARDS, CHANGED = "Llama 3.1 70B", 4, Speculation(5, 0.7)
DIFFERENCE, DISAGREEMENT = 0.05, 0.14  # of the last one


def tokens_of_a_step() -> questions.Exercise:
    """Lesson 06, one step: tokens that a step of guesses writes."""
    a, k = ACCEPTANCE, DRAFTS
    return questions.exercise(
        "guesses",
        f"{k} tokens are guessed in each step, and each guess is right with a chance of {a:g} if all before it were. How many "
        "**tokens** does a step write in the mean?",
        answer=lambda: tokens_per_step(a, k),
        unit="tokens",
        tolerance=0.01,
        mistakes=[
            (k * a, "You counted every right guess. One counts only if all before it were right, too."),
            (1 + k * a, "You counted every right guess. One counts only if all before it were right, too."),
            (
                lambda: tokens_per_step(a, k) - 1,
                "The model writes one token of its own in each step, on top.",
            ),
            (
                lambda: tokens_per_step(a, k - 1),
                "That is the sum up to one guess less: the last one counts as well.",
            ),
            (k + 1, "That is the most, if every guess is right."),
        ],
        impossible=[
            (lambda x: x > k + 1, "A step writes at most one token for each guess, and one of its own."),
            (lambda x: x < 1, "A step writes its own token even if no guess is right."),
        ],
        hint="1 + a + a² + ... up to the number of guesses.",
    )


def batch_that_loses() -> questions.Exercise:
    """Lesson 06, with changed numbers: from how many users on guessing makes a machine slower."""
    model, machine = Model.named(DENSE), Machine.named("H100 SXM5 80GB", CARDS)

    def lost(guess: Speculation) -> int:
        return guesses.loses_from(model, machine, guess)

    return questions.exercise(
        "batch",
        f"{DENSE} on {CARDS} H100, {CHANGED.drafts} guesses looked up in the text, each right with a chance of "
        f"{CHANGED.acceptance:g}. From how many **users** at once does guessing lose, predicted? (Answers at contexts of "
        f"{guesses.LAW} tokens: `fw.decode(..., context={guesses.LAW}, speculation=fw.Speculation(...))`.)",
        answer=lambda: lost(CHANGED),
        unit="users",
        tolerance=0.06,
        mistakes=[
            (
                lambda: lost(Speculation(3, 0.6)),
                "Those are the guesses of the picture: use the ones given here.",
            ),
            (
                lambda: lost(CHANGED) * (CHANGED.drafts + 1),
                "That counts checked tokens. A step checks several for each user.",
            ),
        ],
        hint="Tokens a second with guesses, over those without; look for the first batch at which that falls below 1.",
    )


def tasks_to_ask() -> questions.Exercise:
    """Lesson 06, open: how many tasks it takes to see a difference."""
    return questions.exercise(
        "tasks",
        f"Open: you must choose between two models. You would pay for {100 * DIFFERENCE:g} points, and they disagree on "
        f"{100 * DISAGREEMENT:g} % of your tasks. How many **tasks** do you ask, to see it with a chance of "
        f"{100 * paired_test.SURE:g} %? Then say which tasks, who judges them, and what you do if the test cannot tell.",
        answer=lambda: paired_test.tasks_needed(DIFFERENCE, DISAGREEMENT),
        unit="tasks",
        tolerance=0.05,
        mistakes=[
            (
                lambda: paired_test.tasks_needed(DIFFERENCE / 2, DISAGREEMENT),
                "That is for half the difference: it takes about four times as many.",
            ),
            (
                lambda: DISAGREEMENT * paired_test.tasks_needed(DIFFERENCE, DISAGREEMENT),
                "Those are the tasks on which they disagree. The others have to be asked, too.",
            ),
        ],
        hint="Move the panel's tasks until the chance reaches four in five, or call paired_test.tasks_needed.",
    )
