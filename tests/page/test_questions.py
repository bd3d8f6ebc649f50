"""Guesses, exercises and verdicts: nothing before a commit, reasons before results."""

from __future__ import annotations

import dataclasses
import math

import pytest
from freeweights.page import questions, text
from freeweights.page.answer_checking import Unreadable, how_far, judge_number, read_number, said
from freeweights.page.text import prose
from hypothesis import given
from hypothesis import strategies as st

ANSWER = 134.5e6 * 4.5 / 8


def make(**changes):
    parts = {
        "answer": lambda: ANSWER, "unit": "B", "hint": "Bits first.",
        "mistakes": [(134.5e6 * 5, "You rounded the bits up.")],
        "impossible": [(lambda value: value < 0, "A file has no negative size.")],
    }  # fmt: skip
    return questions.exercise("bits", "How many **bytes**?", **(parts | changes))


def test_a_key_names_one_question_of_a_lesson_whatever_its_kind():
    make()
    make()  # a cell runs again
    with pytest.raises(ValueError, match="'bits' is that of an existing Exercise: give this Reason another"):
        questions.reason("bits", "Why?", good="So.")


# ---- reading numbers


@pytest.mark.parametrize("typed, value", [
    ("42", 42), (" 1,200 ", 1200), ("1 200 000", 1.2e6), ("1_000", 1000), ("1.5e9", 1.5e9),
    ("1.5 billion", 1.5e9),
    (".5", 0.5), ("-3", -3), ("2E3 tokens/s", 2000), ("$0.42", 0.42), ("12 thousand", 12_000),
    (7, 7), (2.5, 2.5),
])  # fmt: skip
def test_numbers_are_read_as_people_type_them(typed, value):
    assert read_number(typed, "tokens/s") == value


@pytest.mark.parametrize("typed, words", [
    ("", "nothing in the box"), ("many", "not a number on its own"), ("3 apples", "ends in 'apples'"),
    ("0,5", "as in 0.5"), ("1/2", "not a number"), (math.nan, "finite"), ("1e999", "finite"),
    ("2 + 2", "not a number"),
])  # fmt: skip
def test_what_is_no_number_is_explained(typed, words):
    with pytest.raises(Unreadable, match=words):
        read_number(typed, "s")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_python_prints_is_read_back(value):
    assert read_number(repr(value)) == value


@pytest.mark.parametrize("typed, unit, value", [
    ("16 GB", "B", 16e9), ("16GB", "B", 16e9), ("2 GiB", "B", 2.0**31), ("16e9 B", "B", 16e9),
    ("16 billion", "B", 16e9),
    ("37 ms", "s", 0.037), ("5 %", "", 0.05), ("5 %", "%", 5), ("671 B", "", 671e9),
    ("2 million tokens", "tokens", 2e6), ("16 G", "B", 16e9), ("16 gigabytes", "B", 16e9),
    ("111 M", "tokens a day", 111e6), ("111 million tokens", "tokens a day", 111e6), ("111M tokens/day", "tokens a day", 111e6),
    ("128 M", "tokens", 128e6), ("52k", "tokens", 52e3), ("52K tokens", "tokens", 52e3),
    ("1.38 minutes", "s", 82.8), ("1.5 min", "s", 90), ("69 seconds", "minutes", 1.15), ("1 month", "years", 1 / 12),
    ("2 hours", "ms", 7.2e6), ("3.7 dollars", "$", 3.7), ("370 cents", "$", 3.7), ("3.7 USD", "$", 3.7),
    ("$5.86 million", "$", 5.86e6), ("1 user", "users", 1), ("42 tok/s", "tokens/s", 42),
    ("42 tokens per second", "tokens/s", 42), ("1.36x", "times", 1.36), ("12 per cent", "%", 12), ("1e3 points", "points", 1000),
])  # fmt: skip
def test_prefixes_and_units_are_understood(typed, unit, value):
    assert read_number(typed, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "typed, unit", [("16 GB", "s"), ("3 XB", "B"), ("3 Ms", "s"), ("7 tokens", ""), ("7 users", "tokens")]
)
def test_a_wrong_unit_is_sent_back(typed, unit):
    with pytest.raises(Unreadable, match="ends in"):
        read_number(typed, unit)


# ---- exercises


def test_a_right_answer_is_right_within_the_tolerance_and_no_further():
    assert make().check(ANSWER).right and make().check(ANSWER * 1.049).right
    assert not make().check(ANSWER * 1.06).right


@pytest.mark.parametrize("given, words", [
    (ANSWER * 8, "eight bits are one byte"),
    (ANSWER / 8, "eight bits are one byte"),
    (ANSWER / 1e3, "off by a thousand"),
    (ANSWER * 1e6, "off by a million"),
    (ANSWER / 1e9, "off by a billion"),
    (ANSWER * 100, "per cent where a fraction"),
    (ANSWER / 60, "more than ten times"),
    (ANSWER * 2, "counted twice"), (ANSWER * 1.03 * 1.03, "left out or rounded away"),
    (ANSWER * 1.024**3, "1 GiB is 2^30"),
    (1 / ANSWER, "upside down"),
    (134.5e6 * 5, "rounded the bits up"),
    (-ANSWER, "no negative size"),
    (ANSWER * 1.2, "a little too large"),
    (ANSWER * 5, "too large, by less than ten times"),
    (ANSWER / 37, "too small, by more than ten times"),
    (0, "more than nothing"),
])  # fmt: skip
def test_a_wrong_answer_hears_what_was_given_and_why_not_but_never_the_answer(given, words):
    feedback = make().check(given)
    assert not feedback.right and words in feedback.message
    start = f"You gave {said(given, 'B')}. "
    assert feedback.message.startswith(start) and "75.7" not in feedback.message.removeprefix(start)


@given(st.floats(1e-6, 1e12), st.sampled_from([8, 100, 1000, 1e6, 1.024**2]))
def test_a_slip_is_named_in_both_directions_at_every_size(answer, factor):
    said_of = [
        judge_number(given, answer, unit="B", tolerance=0.02).message
        for given in (answer * factor, answer / factor)
    ]
    first, second = (message.split(". ", 1)[1] for message in said_of)
    assert first == second and "than ten times" not in first and "Close" not in first


@pytest.mark.parametrize("factor, unit, never", [
    (1.024, "years", "1024"), (8, "$", "bits"), (60, "tokens", "seconds"), (0.5, "s", "keys and values"), (0.81, "times", "rounded"),
])  # fmt: skip
def test_a_slip_of_units_is_named_only_of_the_units_that_have_it(factor, unit, never):
    assert never not in judge_number(14.25 * factor, 14.25, unit=unit, tolerance=0.02).message


def test_of_two_slips_that_are_met_the_nearer_is_named_and_the_foreseen_one_where_both_are():
    slips = [(2.03, "You rounded."), (8.0, "You took eight.")]
    wrong = {
        given: judge_number(given, 1, unit="B", tolerance=0.05, mistakes=slips).message
        for given in (2.0, 2.03, 8.0)
    }
    assert "factor of two" in wrong[2.0] and "You rounded" in wrong[2.03] and "You took eight" in wrong[8.0]


def test_what_reads_as_the_answer_does_is_right():
    assert judge_number(1.38, 1.384, unit="times", tolerance=0.001).right
    assert not judge_number(1.37, 1.384, unit="times", tolerance=0.001).right


def test_text_is_explained_and_costs_no_try():
    exercise = make()
    assert "not a number" in exercise.check("lots").message and exercise.wrong == 0


def test_the_hint_opens_after_two_wrong_tries_and_the_answer_after_three():
    exercise = make()
    assert "opens after 2 more tries" in exercise.show_hint().message
    for _ in range(2):
        exercise.check(1)
    assert exercise.show_hint().message == "The hint: Bits first."
    assert (
        "opens after one more try" in exercise.show_answer().message
        and "75.7" not in exercise.feedback.message
    )
    exercise.check(1)
    assert exercise.show_answer().message == "The answer: 75.7 MB"


def test_a_choice_is_judged_with_its_own_words():
    exercise = questions.exercise(
        "wall", "Which wall?", answer=lambda: "bandwidth", choices=["compute", "bandwidth", "disk"],
        mistakes=[("compute", "At batch 1 the multipliers wait.")],
    )  # fmt: skip
    assert exercise.check("compute").message == "You chose compute. At batch 1 the multipliers wait."
    assert "Nothing is chosen" in exercise.check(exercise.box.value).message and exercise.wrong == 1
    assert not exercise.check("disk").right and exercise.check("bandwidth").right
    with pytest.raises(ValueError, match="nearest: 'bandwidth'"):
        exercise.check("bandwith")


def test_the_button_checks_what_is_in_the_box():
    exercise = make()
    exercise.box.value = "75.7 million"
    _button(exercise, "Check").click()
    assert exercise.feedback.right and "Right: it is 75.7 MB" in exercise._line.value
    assert 'role="status" aria-live="polite"' in exercise._line.value


def test_feedback_cannot_break_the_page():
    exercise = make()
    exercise.check("<b>")
    assert "<b>" not in exercise._line.value


# ---- guesses


def test_a_guess_reveals_nothing_before_the_commit_and_is_told_how_far_it_was():
    computed = []
    guess = questions.guess(
        "g", "How fast?", answer=lambda: computed.append(1) or 2.0, unit="tokens/s", low=0.1, high=1e4
    )
    assert not computed and guess.feedback is None
    for typed in ("fast", "1e9"):
        assert not guess.commit(typed).right and not computed and not guess.button.disabled
    assert (
        guess.commit(42).message
        == "You said 42 tokens/s. Computed: 2 tokens/s. Your guess was 21 times too high."
    )
    assert guess.button.disabled and guess.box.disabled


def test_a_guess_needs_bounds_in_order():
    with pytest.raises(ValueError, match="low must be below high"):
        questions.guess("g", "?", answer=1, unit="s", low=2, high=1)


@given(st.floats(1e-9, 1e12), st.floats(1e-9, 1e12))
def test_how_far_is_the_same_distance_seen_from_both_sides(a, b):
    assert how_far(a, b).replace("high", "low") == how_far(b, a).replace("high", "low")


# ---- reasons


def test_a_good_reason_stands_beside_the_learners_own_and_not_before():
    reason = questions.reason("why", "Why so?", good=lambda: f"All {2 + 2} share one reading.")
    assert "share" not in reason.commit("  ").message and not reason.feedback.right
    assert reason.commit(" It waits. ").message == 'You: "It waits." A good reason: All 4 share one reading.'
    assert reason.commit("It does not wait.").right, "no reason is wrong, and it may be mended"
    assert not any(getattr(part, "disabled", False) for part in reason.form.children[0].children)


# ---- verdicts, words, tables


def test_a_verdict_is_shown_only_against_a_verdict_with_a_reason():
    verdict = questions.verdict(
        "C07", "More parameters, more sense.", "holds in part", because="Twice buys 0.03 nats."
    )
    for chosen, reason in [("fails", "  "), (verdict.box.value, "Because.")]:
        assert "Twice buys" not in verdict.commit(chosen, reason).message
    said = verdict.commit("fails", "It costs more.").message
    assert (
        'You: fails. "It costs more."' in said and "The course: holds in part. Twice buys 0.03 nats." in said
    )
    assert verdict.button.disabled and "differ" in said


def test_a_verdict_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="nearest: 'holds'"):
        questions.verdict("C07", "x", "hold", because="y")


def test_an_amount_of_money_stays_money():
    assert prose("$0.42 or $3, not $x$").count("&#36;") == 2
    assert "$x$" in prose("$0.42 or $3, not $x$")


def test_a_table_names_its_rows_columns_and_subject():
    @dataclasses.dataclass
    class Disk:
        name: str
        speed: float

    table = text.table([Disk("NVMe <4>", 7.0)], caption="Disks", name="Disk", speed="GB/s")
    page = table._repr_mimebundle_()["text/html"]
    assert 'right">GB/s</th>' in page and "<caption" in page
    assert 'left">NVMe &lt;4&gt;</th><td style="text-align:right">7</td>' in page
    with pytest.raises(ValueError, match="shows 'price', which a row lacks"):
        text.table([Disk("NVMe", 7.0)], caption="Disks", name="Disk", price="USD")
    with pytest.raises(ValueError, match="needs both"):
        text.table([], caption="Disks", name="Disk")


def test_a_folded_table_shows_its_caption_and_opens():
    page = text.table([{"disk": "NVMe", "speed": 7.0}], caption="Disks", fold=True, disk="Disk", speed="GB/s")
    shown = page._repr_mimebundle_()["text/html"]
    assert "<details><summary>Disks, 1 rows</summary><table>" in shown and "</table></details>" in shown


def test_a_saved_page_keeps_the_question_readable(monkeypatch):
    shown = []
    monkeypatch.setattr(questions, "display", lambda data, **_: shown.append(data))
    make()._ipython_display_()
    assert shown[0].data == "How many **bytes**?" and shown[1]["text/plain"] == "Run this cell to answer."


def test_every_box_and_button_has_a_name():
    exercise = make()
    boxes = exercise.form.children[0].children
    assert [box.description for box in boxes] == ["Your answer in B", "Check", "Hint", "Show the answer"]


def test_the_questions_of_a_notebook_are_found():
    exercise = make()
    assert exercise in questions.questions()


def _button(question, name):
    return next(part for part in question.form.children[0].children if part.description == name)
