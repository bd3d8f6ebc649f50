"""The parts of a lesson that answer back: guess, exercise, verdict, and a reason in your own words."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import ipywidgets as W
from IPython.display import Markdown, display

from ..facts.vocabulary import Verdict
from . import saved_answers
from .answer_checking import (
    Feedback,
    Number,
    Unreadable,
    how_far,
    judge_number,
    read_number,
    said,
    worked_out,
)
from .controls import checked_name
from .text import prose

__all__ = ["VERDICTS", "Feedback", "exercise", "guess", "questions", "reason", "say", "table", "verdict"]

VERDICTS = tuple(verdict.value for verdict in Verdict)
TRIES_TO_HINT, TRIES_TO_ANSWER = 2, 3
NOT_CHOSEN = "Choose ..."
# Sent letter by letter, the last letters would arrive behind a quick press of the button.
TYPED = {"continuous_update": False, "style": {"description_width": "initial"}}
_questions: dict[str, Question] = {}


def guess(key: str, question: str, *, answer: Number, unit: str, low: float, high: float) -> Guess:
    """Ask for a number before showing one. Make it the last line of a cell.

    Args:
        key: a name for it, one per notebook.
        question: Markdown.
        answer: the number, or a function that computes it, in `unit`.
        unit: "B" and "s" are said as people read them (75.7 MB, 1.03 minutes).
        low, high: what lies outside cannot be meant and is sent back with a word.

    >>> speed = guess("speed", "How fast?", answer=lambda: 819e9 / 400e9, unit="tokens/s", low=0.01, high=1e6)
    >>> speed.commit(42).message
    'You said 42 tokens/s. Computed: 2.05 tokens/s. Your guess was 21 times too high.'
    """
    return Guess(key, question, answer, unit, low, high)


def exercise(
    key: str,
    question: str,
    *,
    answer: Number | str | Callable[[], str],
    unit: str = "",
    tolerance: float = 0.05,
    mistakes: Sequence[tuple[Number | str, str]] = (),
    impossible: Sequence[tuple[Callable[[float], bool], str]] = (),
    hint: str = "",
    choices: Sequence[str] | None = None,
) -> Exercise:
    """Ask for a number, or for one of `choices`, and argue back. Make it the last line of a cell.

    Args:
        key: a name for it, one per notebook.
        question: Markdown.
        answer: the answer, or a function that computes it.
        unit: of a number.
        tolerance: accepted relative error of a number.
        mistakes: wrong answers that can be foreseen (or functions that compute them), each with its words.
        impossible: tests that no right number can meet, each with its reason.
        hint: shown on request after two wrong tries.
        choices: the names to choose from, if the answer is a name.

    >>> bits = exercise("bits", "How many bytes are 8e6 bits?", answer=lambda: 8e6 / 8, unit="B")
    >>> bits.check("8 million").message
    'You gave 8 MB. You have bits where bytes belong, or the other way round: eight bits are one byte.'
    >>> bits.check("1 million").right
    True
    """
    return Exercise(key, question, answer, unit, tolerance, tuple(mistakes), tuple(impossible), hint, choices)


def verdict(claim: str, text: str, settled: str, because: str) -> VerdictForm:
    """Let the learner judge a claim, then compare with the course. Make it the last line of a cell.

    Args:
        claim: the id of the claim.
        text: what is claimed, Markdown.
        settled: the course's verdict, one of `VERDICTS`.
        because: one sentence with the numbers that settle it.

    >>> free = verdict("C01", "Free weights run free.", "fails", because="Loading takes 57 s.")
    >>> free.commit("fails", "It has a price.").message
    'You: fails. "It has a price." The course: fails. Loading takes 57 s. You agree.'
    """
    return VerdictForm(claim, text, checked_name("verdict", VERDICTS, settled), because)


def reason(key: str, question: str, *, good: str | Callable[[], str]) -> Reason:
    """Ask why, once the learner was surprised; then show a good reason beside theirs. Make it the last line of a cell.

    Nobody marks it: saying a thing in one's own words is what teaches (self-explanation).

    Args:
        key: a name for it, one per notebook.
        question: Markdown.
        good: a good reason in a sentence or two, or a function that words it with its numbers.

    >>> why = reason("shared", "Why do users slow each other so little?", good="They share the reading.")
    >>> why.commit("One reading serves all.").message
    'You: "One reading serves all." A good reason: They share the reading.'
    """
    return Reason(key, question, good)


def questions() -> list[Question]:
    """Every guess, exercise, verdict and reason of this kernel, in order."""
    return list(_questions.values())


class Question:
    """What all that asks shares: Markdown that stays, a form, and a reply below it."""

    def __init__(self, key: str, question: str, form: Sequence[W.Widget]):
        kind, other = type(self).__name__, type(_questions.get(key, self)).__name__
        if other != kind:
            raise ValueError(f"The key {key!r} is that of an existing {other}: give this {kind} another.")
        self.key, self.question = key, question
        self.feedback: Feedback | None = None
        self._line = W.HTML()
        saved_answers.remember(key, form)
        self.form = W.VBox([W.HBox(list(form), layout=W.Layout(flex_flow="row wrap")), self._line])
        _questions[key] = self

    def _tell(self, feedback: Feedback) -> Feedback:
        self.feedback = feedback
        self._line.value = f'<p role="status" aria-live="polite">{html.escape(feedback.message)}</p>'
        return feedback

    def _ipython_display_(self) -> None:
        display(Markdown(prose(self.question)))
        view = {"version_major": 2, "version_minor": 0, "model_id": self.form.model_id}
        fallback = "Run this cell to answer."
        bundle = {"text/plain": fallback, "text/html": f"<em>{fallback}</em>"}
        display({"application/vnd.jupyter.widget-view+json": view, **bundle}, raw=True)


class Guess(Question):
    """A number committed to before the answer is shown. Made by `guess`."""

    def __init__(self, key, question, answer, unit, low, high):
        if not low < high:
            raise ValueError(f"the guess {key!r} takes {low:g} to {high:g}: low must be below high.")
        self._answer, self.unit, self.low, self.high = answer, unit, low, high
        self.box = _text_box("Your guess", unit)
        self.button = _button("Commit", lambda: self.commit(self.box.value))
        super().__init__(key, question, [self.box, self.button])

    def answer(self) -> float:
        """The answer, computed now."""
        return float(worked_out(self._answer))

    def commit(self, value: str | float) -> Feedback:
        """Take the guess and show the computed number; what cannot be meant is sent back with a word."""
        try:
            given = read_number(value, self.unit)
        except Unreadable as problem:
            return self._tell(Feedback(False, str(problem)))
        if not self.low <= given <= self.high:
            bounds = f"{said(self.low, self.unit)} and {said(self.high, self.unit)}"
            said_so = f"You said {said(given, self.unit)}."
            return self._tell(Feedback(False, f"{said_so} The number lies between {bounds}: try again."))
        self.box.disabled = self.button.disabled = True
        answer = self.answer()
        off = how_far(given, answer)
        computed = f"Computed: {said(answer, self.unit)}. Your guess was {off}."
        close = off.startswith(("within", "exactly"))
        return self._tell(Feedback(close, f"You said {said(given, self.unit)}. {computed}"))


class Exercise(Question):
    """A question whose checks give reasons before results. Made by `exercise`.

    Attributes:
        wrong: how many readable answers were wrong so far.
    """

    def __init__(self, key, question, answer, unit, tolerance, mistakes, impossible, hint, choices):
        self._answer, self.unit, self.tolerance, self.hint = answer, unit, tolerance, hint
        self.mistakes, self.impossible, self.choices, self.wrong = mistakes, impossible, choices, 0
        self.box = _dropdown("Your answer", choices) if choices else _text_box("Your answer", unit)
        self.hint_button = _button("Hint", self.show_hint)
        self.answer_button = _button("Show the answer", self.show_answer)
        buttons = [_button("Check", lambda: self.check(self.box.value)), self.hint_button, self.answer_button]
        super().__init__(key, question, [self.box, *(buttons if hint else [buttons[0], buttons[2]])])

    def answer(self) -> float | str:
        """The answer, computed now."""
        return worked_out(self._answer)

    def check(self, value: str | float) -> Feedback:
        """Judge an answer. Text that is no number is explained and does not count as a try."""
        try:
            feedback = self._judge_choice(value) if self.choices else self._judge_number(value)
        except Unreadable as problem:
            return self._tell(Feedback(False, str(problem)))
        self.wrong += not feedback.right
        return self._tell(feedback)

    def show_hint(self) -> Feedback:
        """Show the hint after two wrong tries."""
        return self._after(TRIES_TO_HINT, "hint", self.hint)

    def show_answer(self) -> Feedback:
        """Show the answer after three wrong tries."""
        answer = self.answer()
        return self._after(TRIES_TO_ANSWER, "answer", answer if self.choices else said(answer, self.unit))

    def _after(self, tries: int, what: str, words: str) -> Feedback:
        if (left := tries - self.wrong) <= 0:
            return self._tell(Feedback(False, f"The {what}: {words}"))
        more = "one more try" if left == 1 else f"{left} more tries"
        return self._tell(Feedback(False, f"The {what} opens after {more}; a wrong one is welcome."))

    def _judge_number(self, value: str | float) -> Feedback:
        return judge_number(
            read_number(value, self.unit), float(self.answer()), unit=self.unit, tolerance=self.tolerance,
            mistakes=self.mistakes, impossible=self.impossible,
        )  # fmt: skip

    def _judge_choice(self, value: str) -> Feedback:
        if value == NOT_CHOSEN:
            raise Unreadable("Nothing is chosen yet: choose one of the names first.")
        checked_name("answer", self.choices, value)
        if value == self.answer():
            return Feedback(True, f"You chose {value}. Right.")
        words = [text for mistake, text in self.mistakes if worked_out(mistake) == value]
        return Feedback(False, f"You chose {value}. {words[0] if words else 'It is another one.'}")


class VerdictForm(Question):
    """A claim that the learner judges first. Made by `verdict`."""

    def __init__(self, claim, text, settled, because):
        self.settled, self.because = settled, because
        self.box = _dropdown("Your verdict", VERDICTS)
        self.reason = _sentence_box("Because (one sentence)")
        self.button = _button("Commit", lambda: self.commit(self.box.value, self.reason.value))
        super().__init__(claim, f"**Claim {claim}.** {text}", [self.box, self.reason, self.button])

    def commit(self, chosen: str, reason: str) -> Feedback:
        """Take the learner's verdict and sentence, then show the course's beside it."""
        if chosen == NOT_CHOSEN or not reason.strip():
            ask = "Choose a verdict and write one sentence for it; then the course answers."
            return self._tell(Feedback(False, ask))
        checked_name("verdict", VERDICTS, chosen)
        self.box.disabled = self.reason.disabled = self.button.disabled = True
        agreed = chosen == self.settled
        end = "You agree." if agreed else "You differ: which of these numbers would have to change?"
        course = f"The course: {self.settled}. {self.because}"
        return self._tell(Feedback(agreed, f'You: {chosen}. "{reason.strip()}" {course} {end}'))


class Reason(Question):
    """A reason in the learner's own words, with a good one beside it afterwards. Made by `reason`."""

    def __init__(self, key, question, good):
        self._good, self.box = good, _sentence_box("Your reason (one sentence)")
        super().__init__(key, question, [self.box, _button("Compare", lambda: self.commit(self.box.value))])

    def good(self) -> str:
        """The good reason, worded now."""
        return worked_out(self._good)

    def commit(self, words: str) -> Feedback:
        """Show a good reason beside the learner's, which may be mended and compared again; none is wrong."""
        if not words.strip():
            return self._tell(
                Feedback(False, "Write your own sentence first; then a good one stands beside it.")
            )
        return self._tell(Feedback(True, f'You: "{words.strip()}" A good reason: {self.good()}'))


def _sentence_box(name: str) -> W.Textarea:
    return W.Textarea(description=name, layout=W.Layout(width="100%", height="4em"), **TYPED)


def _text_box(name: str, unit: str) -> W.Text:
    return W.Text(description=f"{name} in {unit}" if unit else name, layout=W.Layout(width="auto"), **TYPED)


def _dropdown(name: str, names: Sequence[str]) -> W.Dropdown:
    return W.Dropdown(
        description=name, options=[NOT_CHOSEN, *names], style={"description_width": "initial"},
        layout=W.Layout(width="auto"),
    )  # fmt: skip


def _button(name: str, act: Callable[[], object]) -> W.Button:
    button = W.Button(description=name, layout=W.Layout(width="auto"))
    button.on_click(lambda _: act())
    return button
