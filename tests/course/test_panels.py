"""Every panel of every notebook at both ends of every control; every question asked and answered."""

from __future__ import annotations

import os

import pytest
from panels import NOTEBOOKS, Images, run

LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def test_there_are_lessons():
    if not LESSONS and not os.environ.get("CI"):
        pytest.skip(f"there is no notebook in {NOTEBOOKS} yet")
    assert LESSONS, f"no notebook in {NOTEBOOKS}"


@each_lesson
def test_no_control_of_any_panel_leads_to_an_error(path):
    _, report = run(path)
    problems = [
        f"{panel['title']} at {problem}" for panel in report["panels"] for problem in panel["problems"]
    ]
    assert not problems, "\n".join(problems)


@each_lesson
def test_every_control_changes_the_sentence_and_the_picture(path):
    _, report = run(path)
    still = {panel["title"]: panel["still"] for panel in report["panels"] if panel["still"]}
    assert not still, f"what stays the same wherever the control goes: {still}"


@each_lesson
def test_every_lesson_has_a_panel_a_guess_an_exercise_and_asks_once_for_a_reason(path):
    _, report = run(path)
    kinds = [question["kind"] for question in report["questions"]]
    assert report["panels"] and {"Guess", "Exercise"} <= {*kinds}, f"{len(report['panels'])} panels, {kinds}"
    assert kinds.count("Reason") == 1, kinds


@each_lesson
def test_every_question_takes_its_computed_answer_and_meets_its_foreseen_mistakes(path):
    _, report = run(path)
    problems = [
        f"{asked['key']}: {problem}" for asked in report["questions"] for problem in asked["problems"]
    ]
    assert not problems, "\n".join(problems)


@each_lesson
def test_every_panel_and_control_has_words_and_a_picture_small_enough_to_save(path):
    _, report = run(path)
    for panel in report["panels"]:
        assert panel["title"] and len(panel["alt"]) > len(panel["title"]) + 10 and not panel["unnamed"], panel
        assert panel["bytes"] < 110_000, f"{panel['title']}: {panel['bytes']:,} bytes"


@each_lesson
def test_every_image_has_alternative_text(path):
    outputs, _ = run(path)
    for data in (output.get("data", {}) for output in outputs):
        bare = [mime for mime in data if mime.startswith("image/")]
        assert not bare, f"{bare} carries no alternative text in JupyterLab: use page.picture"
        assert all(Images(data.get("text/html", "")).alts), "an image without alternative text"


@each_lesson
def test_no_cell_ends_in_an_error_or_a_warning(path):
    outputs, _ = run(path)
    errors = [output for output in outputs if output["output_type"] == "error"]
    errors += [
        output["text"] for output in outputs if output.get("name") == "stderr" and "Warning" in output["text"]
    ]
    assert not errors, errors


# ---- the checks themselves, on panels made to fail them


def faulty(update):
    from freeweights.page import controls, live

    def draw(figure):
        return figure.subplots().plot([0, 1], [0, 1])

    return live.panel(
        draw, update, title="T", n=controls.slider("N", 1, 9, start=3), m=controls.slider("M", 1, 9, start=3)
    )


def test_a_control_without_effect_is_found():
    from panels import drive

    def ignores_m(lines, n, m):
        lines[0].set_ydata([0, 1 / n])
        return f"{n} of them."

    assert drive(faulty(ignores_m))["still"] == {"m": ["sentence", "picture"]}


def test_a_control_that_only_moves_the_picture_is_found():
    from panels import drive

    def tells_no_m(lines, n, m):
        lines[0].set_ydata([m / 20, 1 / n])
        return f"{n} of them."

    assert drive(faulty(tells_no_m))["still"] == {"m": ["sentence"]}


def test_an_error_in_one_corner_is_found():
    from panels import drive

    def fails_in_a_corner(lines, n, m):
        lines[0].set_ydata([m / 20, 1 / n])
        return f"{1 / (n + m - 18):.3f} of {n} and {m}."

    problems = drive(faulty(fails_in_a_corner))["problems"]
    assert problems and all("ZeroDivisionError" in problem for problem in problems)


def test_an_image_without_alternative_text_is_found():
    assert Images('<p><img src="x"><img alt=" "><img alt="a line">').alts == ["", "", "a line"]
