"""Inside the kernel of a lesson, after its last cell: run every folded solution and hand in wrong answers.

`report` is called there by `panels.run`; the tests read what it says.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence

from freeweights.page import questions
from freeweights.page.answer_checking import said, worked_out

NO_NUMBER = re.compile(r"(?<!\w)(nan|inf)(?!\w)", re.IGNORECASE)
FACTORS = (8, 1 / 8, 1000)
REASON = "I think so."


def report(blocks: Sequence[str], namespace: dict) -> str:
    """What happened to every exercise, guess, verdict and reason of this kernel, as JSON.

    Args:
        blocks: the code of the folded solutions, in the order of the exercises.
        namespace: the variables of the notebook.
    """
    asked: dict[str, list] = {"Exercise": [], "Guess": [], "VerdictForm": [], "Reason": []}
    for question in questions.questions():
        asked[type(question).__name__].append(question)
    return json.dumps({
        "asked": [exercise.key for exercise in asked["Exercise"]],
        "solved": [solve(*pair, namespace) for pair in zip(asked["Exercise"], blocks, strict=False)],
        "wrong": {exercise.key: tried(hand_in_wrong, exercise) for exercise in asked["Exercise"]},
        "mistakes": {exercise.key: tried(make_mistakes, exercise) for exercise in asked["Exercise"]},
        "guesses": {guess.key: tried(bet, guess) for guess in asked["Guess"]},
        "verdicts": {verdict.key: tried(judge, verdict) for verdict in asked["VerdictForm"]},
        "reasons": {reason.key: tried(explain, reason) for reason in asked["Reason"]},
    })  # fmt: skip


def tried(check: Callable[[object], list[str]], question) -> list[str]:
    """The complaints of a check; an error is one of them."""
    try:
        return check(question)
    except Exception as error:  # the test lists every one of them
        return [f"{type(error).__name__}: {error}"]


def again(question):
    """The same question as it is before anybody answers."""
    if isinstance(question, questions.Guess):
        return questions.Guess(
            question.key, question.question, question._answer, question.unit, question.low, question.high
        )
    if isinstance(question, questions.VerdictForm):
        return questions.VerdictForm(question.key, question.question, question.settled, question.because)
    if isinstance(question, questions.Reason):
        return questions.Reason(question.key, question.question, question._good)
    return questions.Exercise(
        question.key, question.question, question._answer, question.unit, question.tolerance,
        question.mistakes, question.impossible, question.hint, question.choices,
    )  # fmt: skip


def solve(exercise, block: str, namespace: dict) -> str:
    """Run a solution as a learner would in the next cell and hand in its last value; "" if it is right."""
    try:
        value = last_value(block, dict(namespace))
        feedback = again(exercise).check(value)
    except Exception as error:  # the test lists every one of them
        return f"{exercise.key}: {type(error).__name__}: {error}"
    return "" if feedback.right else f"{exercise.key}: the solution gives {value!r}: {feedback.message}"


def last_value(block: str, namespace: dict):
    """Run some code; the value of its last line, which must be an expression."""
    *before, last = ast.parse(block).body
    if not isinstance(last, ast.Expr):
        raise ValueError(f"the solution ends in {ast.unparse(last)!r}, not in its answer")
    exec(compile(ast.Module(before, []), "<solution>", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), "<solution>", "eval"), namespace)


def hand_in_wrong(exercise) -> list[str]:
    """Hand in what is wrong for certain; the complaints about how the exercise took it."""
    problems = []
    answer = exercise.answer()
    untouched = again(exercise).box.value
    if exercise.choices:
        values = [untouched, *(choice for choice in exercise.choices if choice != answer)]
        secret = str(answer)
    else:
        values = [untouched, 0, -answer, "many", *(answer * factor for factor in FACTORS)]
        secret = said(answer, exercise.unit)
    for value in values:
        feedback = again(exercise).check(value)
        if feedback.right:
            problems.append(f"{value!r} is accepted where the answer is {answer!r}")
        elif len(feedback.message.split()) < 4:
            problems.append(f"{value!r} gets no reason: {feedback.message!r}")
        elif gives_away(feedback.message, secret):
            problems.append(f"{value!r} is told the answer {secret!r}: {feedback.message}")
    return problems


def gives_away(message: str, secret: str) -> bool:
    """Whether a message says the answer as a word or number of its own."""
    return re.search(rf"(?<![\w.,-]){re.escape(secret)}(?![\w]|[.,]\d)", message) is not None


def make_mistakes(exercise) -> list[str]:
    """Make every foreseen mistake; the complaints about those that do not get their own words."""
    problems, fresh = [], again(exercise)
    for mistake, words in exercise.mistakes:
        feedback = fresh.check(worked_out(mistake))
        if feedback.right or words not in feedback.message:
            problems.append(f"{words!r} is not said, but {feedback.message!r}")
        elif not exercise.choices and gives_away(words, said(exercise.answer(), exercise.unit)):
            problems.append(f"{words!r} tells the answer")
    return problems


def bet(guess) -> list[str]:
    """Commit to the lowest and the highest guess, typed as a learner would; the complaints."""
    problems = []
    for bound in (guess.low, guess.high):
        fresh = again(guess)
        message = fresh.commit(str(bound)).message
        if (
            not fresh.button.disabled
            or said(guess.answer(), guess.unit) not in message
            or NO_NUMBER.search(message)
        ):
            problems.append(f"{bound} is answered by {message!r}")
    return problems


def judge(verdict) -> list[str]:
    """Choose each of the four verdicts on a fresh form; the complaints."""
    problems = (
        [f"its numbers: {verdict.because!r}"]
        if NO_NUMBER.search(verdict.because) or not verdict.because
        else []
    )
    for chosen in questions.VERDICTS:
        fresh = again(verdict)
        feedback = fresh.commit(chosen, REASON)
        agrees = feedback.right == (chosen == verdict.settled)
        if not (
            fresh.button.disabled
            and agrees
            and verdict.because in feedback.message
            and REASON in feedback.message
        ):
            problems.append(f"{chosen!r} is answered by {feedback.message!r}")
    return problems


def explain(reason) -> list[str]:
    """Give no reason, then one; the complaints."""
    fresh, good = again(reason), reason.good()
    silent, told = fresh.commit(" ").message, fresh.commit(REASON).message
    problems = [f"its words: {good!r}"] if NO_NUMBER.search(good) or len(good.split()) < 4 else []
    if good in silent or good not in told or REASON not in told:
        problems.append(f"no reason is answered by {silent!r}, one by {told!r}")
    return problems
