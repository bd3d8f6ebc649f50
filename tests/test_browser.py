"""What a learner sees: every lesson opened, run and moved by keyboard in JupyterLab, in a browser."""

from __future__ import annotations

import os
from pathlib import Path

import browser
import pytest
from panels import NOTEBOOKS

LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def missing() -> str:
    """Why no browser can be used here; "" if one can."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed: pip install -r tests/requirements.txt"
    return "" if browser.CHROMIUM else "there is no chromium or chrome on the PATH"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if why := missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with browser.lab(NOTEBOOKS, tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.fixture(scope="module")
def chromium(address):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(chromium):
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    page.troubles = []
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.on("console", lambda line: page.troubles.append(line.text) if line.type == "error" else None)
    yield page
    page.close()


def screenshots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("FREEWEIGHTS_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_there_are_lessons_to_open():
    if not LESSONS and not os.environ.get("CI"):
        pytest.skip(f"there is no notebook in {NOTEBOOKS} yet")
    assert LESSONS, f"no notebook in {NOTEBOOKS}"


@each_lesson
def test_a_lesson_runs_and_its_panels_follow_the_keyboard(path, address, page, tmp_path):
    folder = screenshots(tmp_path)
    try:
        browser.open_and_run(page, address.format(path.name))
        for width in (1280, 1920) if "FREEWEIGHTS_SCREENSHOTS" in os.environ else ():
            browser.photograph_page(page, width, folder / f"{path.stem}_{width}.png")
        assert browser.troubles(page) == []
        assert page.locator(".freeweights [role=status]").count() > 0, "the lesson shows no panel"
        assert browser.move_panels_by_keyboard(page) == [], "these panels did not follow"
        assert browser.answer_an_exercise(page).startswith(("You gave", "You chose"))
        assert page.troubles == []
    except Exception:
        browser.photograph_page(page, 1280, folder / f"{path.stem}_failed.png")
        print(f"what the browser showed: {folder / f'{path.stem}_failed.png'}")
        raise


@pytest.mark.skipif(not LESSONS, reason="there is no notebook yet")
def test_jupyterlab_opens_without_asking_about_news(address, page):
    page.goto(address.format(LESSONS[0].name))
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.wait_for_timeout(4000)
    asked = page.locator(".Toastify__toast").all_inner_texts()
    assert asked == [], (
        "the setting in lib/jupyter is not installed: pip install -r requirements.txt puts it in place"
    )
