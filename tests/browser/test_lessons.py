"""What a learner sees: every lesson opened, run, moved, answered and looked at in JupyterLab, in a browser.

A lesson is run once; its tests share the page and go on where the one before stopped.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import warnings
from pathlib import Path

import browser
import eyes
import nbformat
import panels as panels_of_kernels
import patience
import pytest
import saved
from binder import planned_memory
from hands import Hands, run_lesson, troubles, wait_until
from panels import NOTEBOOKS

LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
WIDTHS = (1280, 1920)
THEMES = ("JupyterLab Dark", "JupyterLab Light")


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def hands(request, lab, lend_page, screenshots) -> Hands:
    """A learner at a lesson in which all cells have run."""
    path = request.param
    with lend_page() as page:
        try:
            learner = run_lesson(page, lab, path.name)
            for width in reversed(WIDTHS) if "FREEWEIGHTS_SCREENSHOTS" in os.environ else ():
                browser.photograph_page(page, width, screenshots / f"{path.stem}_{width}.png")
        except Exception:
            browser.photograph_page(page, WIDTHS[0], screenshots / f"{path.stem}_not_run.png")
            print(f"what the browser showed: {screenshots / f'{path.stem}_not_run.png'}")
            raise
        yield learner
        try:
            keep_run(learner, lab, path)
        except Exception as problem:  # of a page that a failed test left behind
            page.failed = True
            warnings.warn(f"{path.name} will run again: {type(problem).__name__}: {problem}", stacklevel=1)
    lab.close_all()
    shutil.copy(path, lab.home / path.name)  # as it was before it was saved


def keep_run(learner: Hands, lab, path: Path) -> None:
    """Keep the run of a lesson for nbval and for the tests of panels and solutions, which else run it themselves."""
    file = lab.home / path.name
    before = file.stat().st_mtime_ns

    def written() -> list | None:
        """The cells of the saved file; None until it is new and whole."""
        with contextlib.suppress(nbformat.reader.NotJSONError):
            if file.stat().st_mtime_ns != before:
                return saved.code_cells(saved.read(file))

    browser.save(learner.page)
    cells = wait_until(learner.page, written, f"{path.name} is saved")
    browser.close_notebooks(learner.page)  # else the page would follow every move of the reports
    folded = saved.solutions(saved.read(path))
    told = lab.ask(path.name, f"reports({folded!r})", patience.NOTEBOOK)
    panels_of_kernels.keep(path, [dict(output) for cell in cells for output in cell.outputs], told)
    panels_of_kernels.keep_cells(path, cells)


@pytest.fixture(scope="module")
def panels(hands) -> list[dict]:
    """The panels of the lesson, each standing on the page with picture, sentence and controls."""
    return hands.wait_for_panels()


def test_there_are_lessons_to_open():
    if not LESSONS and not os.environ.get("CI"):
        pytest.skip(f"there is no notebook in {NOTEBOOKS} yet")
    assert LESSONS, f"no notebook in {NOTEBOOKS}"


def test_a_lesson_runs_shows_its_panels_and_has_words_for_every_image(hands, panels):
    assert panels, "the lesson shows no panel"
    assert troubles(hands.page) == []
    assert eyes.mute(hands.page) == []


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted by Linux here, as on Binder")
def test_a_lesson_and_its_server_take_no_more_memory_than_planned(hands, request):
    needed = hands.ask("memory()")
    print(f"{needed / 1e6:.0f} MB")
    assert needed < planned_memory(request.node.callspec.params["hands"])


def test_every_control_is_moved_to_both_ends_by_keyboard_and_the_panel_follows(hands, panels):
    assert hands.move_everything(panels) == [], "wherever these go, the picture stays the same"
    assert troubles(hands.page) == []


def test_every_guess_is_taken(hands):
    guesses = hands.ask("questions('Guess')")
    assert guesses, "the lesson asks for no guess"
    for index, guess in enumerate(guesses):
        said = hands.answer("Guess", index, guess, guess["right"])
        assert said["right"] and "Computed:" in said["message"], said
    assert troubles(hands.page) == []


def test_every_exercise_argues_with_a_wrong_answer_and_accepts_the_right_one(hands):
    exercises = hands.ask("questions('Exercise')")
    assert exercises, "the lesson has no exercise"
    for index, exercise in enumerate(exercises):
        refused = hands.answer("Exercise", index, exercise, exercise["wrong"])
        given, reason = refused["message"].split(". ", 1)
        assert not refused["right"] and given.startswith("You ") and len(reason.split()) >= 4, refused
        accepted = hands.answer("Exercise", index, exercise, exercise["right"])
        assert accepted["right"] and "Right" in accepted["message"], accepted
    assert troubles(hands.page) == []


def test_every_verdict_is_answered(hands):
    for index, verdict in enumerate(hands.ask("questions('VerdictForm')")):
        differs = hands.answer("VerdictForm", index, verdict, verdict["wrong"])
        assert not differs["right"] and "The course:" in differs["message"], differs
    assert troubles(hands.page) == []


def test_every_reason_is_taken_and_a_good_one_stands_beside_it(hands):
    for index, reason in enumerate(hands.ask("questions('Reason')")):
        said = hands.answer("Reason", index, reason, reason["right"])
        assert said["right"] and said["message"].startswith('You: "I counted." A good reason: '), said
    assert troubles(hands.page) == []


def test_words_and_pictures_can_be_read_in_every_theme_and_at_every_width(hands, panels):
    hard = []
    for theme in THEMES:
        browser.set_theme(hands.page, theme)
        hard += [f"{theme}: contrast {text}" for text in eyes.faint(hands.page)]
        hard += [f"{theme}: dark ground: {picture}" for picture in eyes.dark_pictures(hands.page)]
        for width in WIDTHS:
            hands.page.set_viewport_size({"width": width, "height": 1000})
            hard += [f"{theme}, {width} wide: {what}" for what in eyes.cut_or_wide(hands.page)]
    assert hard == [], "\n".join(hard)
    assert troubles(hands.page) == []


def test_axe_finds_no_serious_violation_of_ours(hands, panels):
    ours, of_jupyterlab = eyes.violations(hands.page)
    print("JupyterLab's own, left to it:", *sorted(set(of_jupyterlab)), sep="\n")
    assert ours == [], "\n".join(ours)
    assert eyes.unnamed_boxes(hands.page) == [], "a slider without a name, and no number box that has one"
