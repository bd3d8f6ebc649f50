"""What was typed into a form stands there again in the next kernel; trouble with its file stops no lesson."""

from __future__ import annotations

import ipywidgets as W
import pytest
from freeweights.page import questions as lesson
from freeweights.page import saved_answers


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A lesson that a Jupyter server opened, as its kernel sees it."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "01_lesson.ipynb"))
    return tmp_path / "my_answers" / "01_lesson.json"


def form() -> list[W.Widget]:
    return [
        W.Text(description="Your guess in s"),
        W.Textarea(description="Because"),
        W.Dropdown(description="Your verdict", options=["Choose ...", "holds", "fails"]),
        W.Button(description="Commit"),
    ]


def remembered(key: str = "speed") -> list[W.Widget]:
    boxes = form()
    saved_answers.remember(key, boxes)
    return boxes


def test_a_new_kernel_shows_what_was_typed_before(opened):
    guess, because, verdict, _ = remembered()
    guess.value, because.value, verdict.value = "12,5", "It waits for memory – surely.", "fails"
    again = remembered()
    assert [box.value for box in again[:3]] == ["12,5", "It waits for memory – surely.", "fails"]
    assert [box.value for box in remembered("another question")[:3]] == ["", "", "Choose ..."]


@pytest.mark.parametrize("written", ["[]", "null", '{"speed": []}', '{"speed": {"Because": 3}}', "not JSON"])
def test_a_file_of_another_form_is_put_aside_and_stops_no_form(opened, written):
    opened.parent.mkdir()
    opened.write_text(written)
    with pytest.warns(UserWarning, match="not readable any more"):
        assert [box.value for box in remembered()[:3]] == ["", "", "Choose ..."]
    assert opened.with_suffix(".unreadable").read_text() == written


def test_each_lesson_has_a_file_of_its_own(opened, monkeypatch):
    remembered()[0].value = "12.5"
    monkeypatch.setenv("JPY_SESSION_NAME", str(opened.parents[1] / "02_lesson.ipynb"))
    assert remembered()[0].value == ""
    remembered()[0].value = "7"
    assert sorted(path.name for path in opened.parent.iterdir()) == ["01_lesson.json", "02_lesson.json"]


def test_a_choice_that_the_course_no_longer_offers_is_not_put_back(opened):
    remembered()[2].value = "fails"
    boxes = [W.Dropdown(description="Your verdict", options=["Choose ...", "holds"])]
    saved_answers.remember("speed", boxes)
    assert boxes[0].value == "Choose ..."


def test_nothing_is_written_where_no_jupyter_server_opened_the_lesson(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    remembered()[0].value = "12.5"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_spoilt_is_put_aside_and_said(opened):
    opened.parent.mkdir()
    opened.write_text("{ not JSON")
    with pytest.warns(UserWarning, match="01_lesson.unreadable"):
        boxes = remembered()
    boxes[0].value = "12.5"
    assert remembered()[0].value == "12.5"
    assert opened.with_suffix(".unreadable").read_text() == "{ not JSON"


def test_a_folder_that_cannot_be_written_to_is_said_and_the_form_works_on(opened):
    opened.parent.write_text("a file in the way")
    boxes = form()
    with pytest.warns(UserWarning, match="not kept"):
        saved_answers._keep(opened, "speed", {"owner": boxes[0], "new": "12.5"})


def test_guesses_exercises_verdicts_and_reasons_are_remembered(opened):
    def questions():
        return [
            lesson.guess("g", "How fast?", answer=2.0, unit="s", low=0.1, high=10),
            lesson.exercise("e", "How many?", answer=3.0, unit="s"),
            lesson.verdict("C01", "It is free.", "fails", "It costs $3."),
            lesson.reason("r", "Why?", good="They share it."),
        ]

    guess, exercise, verdict, reason = questions()
    reason.box.value = "One reading serves all."
    guess.box.value, exercise.box.value, verdict.reason.value = "4", "5", "It has a price."
    verdict.box.value = "fails"
    guess, exercise, verdict, reason = questions()
    assert reason.box.value == "One reading serves all." and reason.feedback is None
    assert (guess.box.value, exercise.box.value) == ("4", "5")
    assert (verdict.box.value, verdict.reason.value) == ("fails", "It has a price.")
    assert guess.feedback is None, "what is put back is not committed"
