"""How all tests run, and what those in a browser share: a server, a browser, and a picture of what failed."""

from __future__ import annotations

import os
from pathlib import Path

import browser
import one_run
import pytest
from hypothesis import HealthCheck, settings
from panels import NOTEBOOKS
from threadpoolctl import threadpool_limits

# A slow machine is no failure of an example.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure(config):
    """Give BLAS one thread in tests and kernels, as binder/start does, and run each notebook once.

    Beside other work a second thread of BLAS waits more than it computes: lesson 01 takes two and a half times the
    processor time with it.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    threadpool_limits(1)
    config.pluginmanager.register(one_run)  # a hook of this folder would not be called for notebooks


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab with copies of the lessons."""
    if why := browser.missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with browser.lab(NOTEBOOKS, tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def profile(tmp_path_factory) -> Path:
    """What a browser keeps from one page to the next, as a learner's does: JupyterLab, compiled."""
    return tmp_path_factory.mktemp("profile")


@pytest.fixture(scope="module")
def chromium(lab, profile):
    """A browser without a window. For one module: while playwright's event loop runs, no other one can."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch_persistent_context(
            profile, executable_path=browser.CHROMIUM, args=browser.FLAGS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory) -> Path:
    """Where pictures of pages go: the folder in FREEWEIGHTS_SCREENSHOTS, or one of pytest's."""
    folder = os.environ.get("FREEWEIGHTS_SCREENSHOTS")
    folder = Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def page(chromium, screenshots):
    """A page of its own for one test."""
    page = browser.open_page(chromium)
    yield page
    page.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Photograph the page that a failed test looked at."""
    report = yield
    fixtures = getattr(item, "funcargs", {})
    page = fixtures.get("page") or getattr(fixtures.get("hands"), "page", None)
    if page and report.failed and call.when == "call":
        file = fixtures["screenshots"] / f"{item.name.replace('[', '_').rstrip(']')}.png"
        browser.photograph_page(page, 1280, file)
        report.sections.append(("what the browser showed", str(file)))
    return report
