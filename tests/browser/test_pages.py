"""What a learner does with lessons in a browser: restart, reload, come back, open two, use no mouse."""

from __future__ import annotations

import browser
import eyes
import pytest
from hands import FRONT, PANEL, Hands, agreed, run_lesson, troubles, wait_until
from panels import NOTEBOOKS

FIRST, OTHER = (next(NOTEBOOKS.glob(f"{number}_*.ipynb"), None) for number in ("00", "09"))

pytestmark = pytest.mark.skipif(not (FIRST and OTHER), reason="lessons 00 and 09 are not there")


@pytest.fixture(autouse=True)
def nothing_runs_on(lab):
    """No kernel outlives its test: the next one opens the same lessons anew."""
    yield
    lab.close_all()


@pytest.fixture
def page(chromium, screenshots):
    """A page of its own for one test: what JupyterLab keeps of an earlier one would be looked at too."""
    page = browser.open_page(chromium)
    yield page
    page.close()


def test_jupyterlab_opens_without_asking_about_news(lab, page):
    browser.open_notebook(page, lab.address(FIRST.name))
    page.wait_for_timeout(4000)
    asked = page.locator(".Toastify__toast").all_inner_texts()
    assert asked == [], (
        "the setting in lib/jupyter is not installed: pip install -r requirements.txt puts it in place"
    )


def panels_follow(learner: Hands) -> None:
    """The panels of the lesson in front stand there, and follow."""
    panels = learner.wait_for_panels()
    assert panels and learner.move_to_both_ends(0, 0, panels[0]["controls"][0]) == set()
    assert troubles(learner.page) == []


def followed(learner: Hands, name: str, value: str) -> None:
    """The only panel stands at a value of a control, and shows it."""

    def shows_it() -> bool:
        told = learner.ask("shown(0)")
        return told["values"][name] == value and agreed(learner.page, told, 0) is not None

    wait_until(learner.page, shows_it, f"the panel follows {name} to {value!r}")


def test_a_restart_that_runs_all_again_gives_working_panels(lab, page):
    learner = run_lesson(page, lab, FIRST.name)
    panels_follow(learner)
    page.evaluate(f"document.querySelectorAll('{PANEL}').forEach(panel => panel.classList.add('before'))")
    browser.choose(page, "Kernel", "Restart Kernel and Run All Cells…")
    page.click('.jp-Dialog button:has-text("Restart")')
    page.wait_for_function("() => !document.querySelector('.before')")
    browser.wait_for_cells(page)
    panels_follow(learner)


@pytest.mark.parametrize("saved", [True, False], ids=["saved", "not saved"])
def test_after_a_reload_pictures_stand_and_running_again_gives_working_panels(lab, page, saved):
    learner = run_lesson(page, lab, FIRST.name)
    panels_follow(learner)
    if saved:
        browser.save(page)
    page.reload()
    browser.wait_for_kernel(page)
    panels = len(learner.ask("panels()"))
    wait_until(page, lambda: page.locator(f"{PANEL} img").count() == panels, "the pictures stand")
    assert eyes.mute(page) == [] and troubles(page) == []
    if saved:  # else the page has the controls of no kernel
        page.wait_for_selector(f"{FRONT} .widget-dropdown")
        panels_follow(learner)
    browser.run_all(page)
    panels_follow(learner)


def test_a_lesson_saved_and_opened_on_another_day_shows_its_pictures_and_no_error(lab, page):
    run_lesson(page, lab, FIRST.name).wait_for_panels()
    browser.save(page)
    page.goto("about:blank")
    lab.close_all()
    browser.open_notebook(page, lab.address(FIRST.name))
    page.wait_for_selector(f"{PANEL} img")
    page.wait_for_selector(f"{FRONT} .widget-dropdown")
    assert eyes.mute(page) == [] and troubles(page) == []


def test_two_lessons_open_at_once_both_work(lab, page):
    one = run_lesson(page, lab, FIRST.name)
    two = run_lesson(page, lab, OTHER.name)
    panels_follow(two)
    page.click(f'.lm-TabBar-tabLabel:text-is("{FIRST.name}")')
    panels_follow(one)


def test_lesson_00_can_be_completed_by_keyboard_alone(lab, page):
    browser.open_lesson(page, lab, FIRST.name)
    learner = Hands(page, lambda expression: lab.ask(FIRST.name, expression))
    wait_until(
        page, lambda: page.evaluate("document.activeElement.matches('.jp-Cell')"), "a cell has the focus"
    )
    cells = page.locator(f"{FRONT} .jp-Cell").count()
    for keys in ["Shift+Enter"] * (cells - 1) + ["Control+Enter"]:
        page.keyboard.press(keys)
    browser.wait_for_cells(page)
    learner.wait_for_panels()
    for _ in range(cells):
        page.keyboard.press("ArrowUp")

    (guess,) = learner.ask("questions('Guess')")
    learner.tab_to(learner.field("Guess", 0))
    assert learner.answer_here("Guess", 0, guess, guess["right"])["right"]

    (panel,) = learner.ask("panels()")
    for which, control in enumerate(panel["controls"]):
        choice = learner.controls(0).nth(which)
        learner.tab_to(choice)
        learner.choose(choice, next(end for end in control["ends"] if end != choice.input_value()))
        followed(learner, control["name"], choice.input_value())

    (exercise,) = learner.ask("questions('Exercise')")
    learner.tab_to(learner.field("Exercise", 0))
    assert not learner.answer_here("Exercise", 0, exercise, exercise["wrong"])["right"]
    page.keyboard.press("Shift+Tab")
    assert learner.answer_here("Exercise", 0, exercise, exercise["right"])["right"]
    assert troubles(page) == []


# ---- the checks themselves, on a lesson made to fail them

FAULTY = """
from freeweights.page import controls, live

def draw(figure):
    return figure.subplots().plot([0, 1], [0, 1])

def update(lines, n, m, noted):
    lines[0].set_ydata([0, n if noted else n / 2])
    return f"It rises by {n}."

live.panel(draw, update, title="A line", n=controls.slider("N", 0, 1, start=0.5), m=controls.choice("M", ["a", "b"]),
           noted=controls.toggle("Noted"))
"""


def test_a_dead_control_a_silent_image_and_a_failed_cell_are_found(lab, page):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    bare = "from IPython.display import HTML\nHTML('<img src=\"/favicon.ico\">')"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [new_code_cell(code) for code in (FAULTY, bare, "1 / 0")]
    nbformat.write(new_notebook(cells=cells, metadata=kernel), lab.home / "faulty.ipynb")
    learner = run_lesson(page, lab, "faulty.ipynb")
    assert learner.move_everything(learner.wait_for_panels()) == ["A line: m"]
    assert any("ZeroDivisionError" in trouble for trouble in troubles(page))
    assert len(eyes.mute(page)) == 1
