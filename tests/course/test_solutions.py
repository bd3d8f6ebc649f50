"""Every question of every lesson, answered in its kernel: rightly, wrongly, and at its limits."""

from __future__ import annotations

import pytest
from freeweights.page import questions
from panels import run
from saved import LESSONS, read
from saved import solutions as folded
from solutions import bet, explain, gives_away, hand_in_wrong, judge, last_value, make_mistakes, solve, tried

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def complaints(path, what: str) -> list[str]:
    return [
        f"{key}: {problem}"
        for key, problems in run(path)[1]["solutions"][what].items()
        for problem in problems
    ]


@each_lesson
def test_every_folded_solution_solves_its_exercise(path):
    report = run(path)[1]["solutions"]
    assert report["asked"] and len(report["asked"]) == len(folded(read(path))), report["asked"]
    assert report["solved"] == [""] * len(report["asked"]), "\n".join(report["solved"])


@each_lesson
def test_no_wrong_answer_is_accepted_and_each_gets_a_reason_that_keeps_the_answer_secret(path):
    assert not complaints(path, "wrong"), "\n".join(complaints(path, "wrong"))


@each_lesson
def test_every_foreseen_mistake_gets_its_own_words(path):
    assert not complaints(path, "mistakes"), "\n".join(complaints(path, "mistakes"))


@each_lesson
def test_every_guess_can_be_made_at_both_of_its_ends(path):
    assert run(path)[1]["solutions"]["guesses"]
    assert not complaints(path, "guesses"), "\n".join(complaints(path, "guesses"))


@each_lesson
def test_every_verdict_takes_all_four_and_rests_on_numbers(path):
    assert run(path)[1]["solutions"]["verdicts"] or path.stem.startswith("00"), "no verdict"
    assert not complaints(path, "verdicts"), "\n".join(complaints(path, "verdicts"))


@each_lesson
def test_every_reason_is_asked_for_before_a_good_one_is_shown(path):
    assert not complaints(path, "reasons"), "\n".join(complaints(path, "reasons"))


# ---- the checks themselves, on questions made to fail them


def asked(**changes):
    return questions.exercise("x", "How many?", **{"answer": 40.0, "unit": "tokens/s", **changes})


def test_a_wrong_a_broken_and_an_endless_solution_are_found():
    assert solve(asked(), "a = 20\n2 * a", {}) == ""
    assert solve(asked(), "2 * a", {"a": 20}) == ""
    assert "the solution gives 41.9" in solve(asked(tolerance=0.01), "41.9", {})
    assert "NameError" in solve(asked(), "2 * a", {})
    assert "not in its answer" in solve(asked(), "a = 40", {})


def test_a_solution_leaves_the_variables_of_the_notebook_alone():
    namespace = {"a": 1}
    assert last_value("a = 2\na", dict(namespace)) == 2 and namespace == {"a": 1}


def test_an_exercise_that_takes_anything_or_tells_its_answer_is_found():
    assert not hand_in_wrong(asked()) and not hand_in_wrong(asked(answer="b", choices=["a", "b"], unit=""))
    assert any("accepted" in problem for problem in hand_in_wrong(asked(tolerance=2.0)))
    told = asked(impossible=[(lambda given: given > 50, "it is 40 tokens/s.")])
    assert any("is told the answer" in problem for problem in hand_in_wrong(told))


@pytest.mark.parametrize(("message", "told"), [
    ("It is 40 s.", True), ("(40 s)", True), ("140 s", False), ("2.40 s", False), ("40 seconds", False),
    ("You gave 40 ms.", False),
])  # fmt: skip
def test_an_answer_is_told_only_as_a_number_of_its_own(message, told):
    assert gives_away(message, "40 s") is told


def test_a_mistake_whose_words_are_never_said_is_found():
    assert not make_mistakes(asked(mistakes=[(20.0, "That is half.")]))
    assert make_mistakes(asked(mistakes=[(40.1, "That is too near to the answer.")]))
    assert make_mistakes(asked(mistakes=[(20.0, "That is half."), (20.0, "That is two quarters.")]))


def test_a_guess_or_verdict_that_fails_at_its_limits_is_found():
    ends = {"low": 1, "high": 100, "unit": "s"}
    assert not bet(questions.guess("g", "How long?", answer=2.0, **ends))
    assert tried(bet, questions.guess("g", "How long?", answer=float("nan"), **ends))
    assert not judge(questions.verdict("C", "Free.", "fails", because="It takes 57 s."))
    assert judge(questions.verdict("C", "Free.", "fails", because="It takes nan s."))


def test_a_reason_that_is_empty_or_not_shown_is_found():
    assert not explain(questions.reason("r", "Why?", good=lambda: "Both wait for memory."))
    assert explain(questions.reason("r", "Why?", good="It takes nan s of time."))
    assert explain(questions.reason("r", "Why?", good=""))
