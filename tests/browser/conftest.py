"""What the tests in a browser share: a server, a browser, a page, and a picture of what failed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import browser
import pytest
from panels import NOTEBOOKS


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab with copies of the lessons."""
    if why := browser.missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with browser.lab(NOTEBOOKS, tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="module")
def chromium(lab, tmp_path_factory):
    """A browser without a window. Of one file's tests: while playwright's event loop runs, no other one can.

    It keeps from one page to the next what a learner's keeps: JupyterLab, compiled.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=browser.CHROMIUM, args=browser.FLAGS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lend_page(chromium):
    """Lends a page to a test, then to the next one: to start JupyterLab takes longer than to run most lessons."""
    waiting = []

    @contextlib.contextmanager
    def lend():
        page = waiting.pop() if waiting else browser.open_page(chromium)
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.troubles.clear()
        yield page
        if page.failed:
            page.close()
        else:
            browser.close_notebooks(page)
            waiting.append(page)

    return lend


@pytest.fixture
def page(lend_page, screenshots):
    """A page without a notebook, for one test."""
    with lend_page() as page:
        yield page


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory) -> Path:
    """Where pictures of pages go: the folder in FREEWEIGHTS_SCREENSHOTS, or one of pytest's."""
    folder = os.environ.get("FREEWEIGHTS_SCREENSHOTS")
    folder = Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Photograph the page that a failed test looked at; nobody gets it after that."""
    report = yield
    fixtures = getattr(item, "funcargs", {})
    page = fixtures.get("page") or getattr(fixtures.get("hands"), "page", None)
    if page and report.failed and call.when == "call":
        page.failed = True
        file = fixtures["screenshots"] / f"{item.name.replace('[', '_').rstrip(']')}.png"
        browser.photograph_page(page, 1280, file)
        report.sections.append(("what the browser showed", str(file)))
    return report
