"""Nothing that a learner typed into a lesson is lost to a dead kernel, a dead server or an update."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
import urllib.request
from pathlib import Path

import binder
import browser
import nbformat
import patience
import psutil
import pytest
from hands import wait_until
from panels import NOTEBOOKS
from saved import read

START = "00_start_here.ipynb"
TOKEN = "classroom"
AUTOSAVE = "@jupyterlab/docmanager-extension:plugin"
LONGEST_UNSAVED = 120  # seconds between two savings that nobody asked for


class Lab:
    """A JupyterLab that can be killed and started again where it was."""

    def __init__(self, scratch: Path):
        self._home = shutil.copytree(NOTEBOOKS, scratch / "home")
        self.lesson = self._home / START
        self._log = scratch / "server.log"
        parts = ("LAB_WORKSPACES", "LAB_SETTINGS", "_CONFIG", "_RUNTIME")
        self._variables = os.environ | {f"JUPYTER{part}_DIR": str(scratch / part.lower()) for part in parts}
        # Two seconds instead of two minutes: what matters is that it is saved without being asked.
        hurry = scratch / "lab_settings" / AUTOSAVE.replace(":", "/")
        hurry.parent.mkdir(parents=True)
        hurry.with_suffix(".jupyterlab-settings").write_text(json.dumps({"autosaveInterval": 2}))
        self._command = [
            sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={self._home}",
        ]  # fmt: skip
        self._server, self._port = browser.start(
            self._command, f"/api?token={TOKEN}", self._log, env=self._variables
        )

    def start_again(self) -> None:
        """Start on the port that the page knows; again and again, should somebody have it for a while."""
        for _ in range(patience.ANSWER):
            self._server = browser.start_at(self._port, self._command, self._log, env=self._variables)
            with contextlib.suppress(RuntimeError):
                return browser.wait_for(self.at("api"), self._server, self._log)
            time.sleep(1)
        raise RuntimeError(f"somebody else listens on port {self._port}")

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}/{path}?token={TOKEN}"

    def kernels(self) -> list[psutil.Process]:
        found = []
        for child in psutil.Process(self._server.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # one that ends just now is none
                found += [child] if "ipykernel_launcher" in " ".join(child.cmdline()) else []
        return found

    def kill(self) -> None:
        """Kill the server and its kernels, as a host that runs out of memory does."""
        if self._server.poll() is None:
            for process in [*self.kernels(), self._server]:
                process.kill()
        self._server.wait(patience.ANSWER)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if why := binder.no_browser():
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    server = Lab(tmp_path_factory.mktemp("classroom"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def opened(server):
    """Lesson 00, open and run: one page for all tests, as one learner may live through them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
        page = browser.open_page(chromium)
        browser.open_and_run(page, f"{server.at(f'lab/tree/{START}')}&reset")
        yield page
        chromium.close()


# JupyterLab may say something at any moment: that a saving failed, for one. So what a learner does here is done again
# where a dialog was in the way, and no key is pressed that would answer one.


def dialogs(page, title: str = ""):
    return page.locator(".jp-Dialog").filter(has_text=title)


def put_dialogs_away(page) -> bool:
    """Close without an answer whatever JupyterLab has to say; whether it had something to say."""
    if not dialogs(page).count():
        return False

    def is_away() -> bool:
        page.keyboard.press("Escape")
        return not dialogs(page).count()

    return wait_until(page, is_away, "the dialogs close")


def answer_dialog(page, title: str, button: str) -> None:
    dialog = dialogs(page, title).last
    dialog.wait_for()
    dialog = dialog.element_handle()
    dialog.query_selector(f'button:has-text("{button}")').click()
    dialog.wait_for_element_state("hidden")


def type_in_a_cell(page, words: str) -> None:
    """Write a comment at the end of the first cell."""
    cell = page.locator(".jp-CodeCell .cm-content").first

    def stand_there() -> bool:
        if words not in cell.inner_text():
            put_dialogs_away(page)
            cell.focus()
            page.keyboard.press("Control+End")
            page.keyboard.insert_text(f"  # {words}")
        return words in cell.inner_text()

    wait_until(page, stand_there, f"{words!r} stands in the cell")


def save(page) -> None:
    put_dialogs_away(page)
    page.keyboard.press("Control+s")


def wait_until_saved(page, server: Lab, words: str) -> None:
    """Wait until the words stand in the lesson's file; a saving that failed before is tried again."""

    def are_saved() -> bool:
        if put_dialogs_away(page):
            page.keyboard.press("Control+s")
        return words in server.lesson.read_text(encoding="utf-8")

    wait_until(page, are_saved, f"{words!r} is saved")


def run_all(page) -> None:
    put_dialogs_away(page)
    browser.run_all(page)


def answer_box(page):
    return page.locator(".jupyter-widgets input[type=text]").first


def wait_for_kernel(page) -> None:
    page.wait_for_selector("#jp-main-statusbar >> text=/\\| Idle/")


def test_what_is_typed_is_saved_without_being_asked_and_outlives_a_killed_kernel(server, opened):
    answer_box(opened).fill("12.5")
    type_in_a_cell(opened, "typed before the kernel died")
    (kernel,) = server.kernels()
    kernel.kill()
    answer_dialog(opened, "Kernel Restarting", "Ok")
    assert answer_box(opened).input_value() == "12.5", "an answer not yet committed"
    wait_until_saved(opened, server, "typed before the kernel died")
    wait_for_kernel(opened)
    type_in_a_cell(opened, "typed after it")
    wait_until_saved(opened, server, "typed after it")
    assert len(server.kernels()) == 1


def test_an_answer_in_a_form_stands_there_again_when_the_lesson_runs_in_a_new_kernel(server, opened):
    run_all(opened)
    answer_box(opened).fill("34.5")
    answer_box(opened).press("Tab")
    kept = server.lesson.parent / "my_answers" / f"{server.lesson.stem}.json"
    wait_until(
        opened, lambda: kept.exists() and "34.5" in kept.read_text(encoding="utf-8"), "the answer is kept"
    )
    (kernel,) = server.kernels()
    kernel.kill()
    answer_dialog(opened, "Kernel Restarting", "Ok")
    wait_for_kernel(opened)
    run_all(opened)
    wait_until(opened, lambda: answer_box(opened).input_value() == "34.5", "the answer stands there again")


def test_what_is_typed_while_the_server_is_down_is_saved_once_it_is_back(server, opened):
    type_in_a_cell(opened, "typed just before the server went down")
    server.kill()
    type_in_a_cell(opened, "typed while the server was down")
    save(opened)
    dialogs(opened).first.wait_for()
    server.start_again()
    save(opened)
    wait_until_saved(opened, server, "typed just before the server went down")
    wait_until_saved(opened, server, "typed while the server was down")


def test_what_is_typed_in_a_lesson_that_is_updated_meanwhile_is_saved_only_over_a_question(server, opened):
    type_in_a_cell(opened, "typed and saved")
    save(opened)
    wait_until_saved(opened, server, "typed and saved")
    notebook = read(server.lesson)
    notebook.cells[0].source += " New words of the course."
    nbformat.write(notebook, server.lesson)
    type_in_a_cell(opened, "typed before the update was seen")
    opened.keyboard.press("Control+s")
    dialogs(opened, "File Changed").first.wait_for()
    assert "New words of the course." in server.lesson.read_text(), "the update is not overwritten unasked"
    answer_dialog(opened, "File Changed", "Overwrite")
    wait_until_saved(opened, server, "typed before the update was seen")


def test_jupyterlab_saves_by_itself_every_two_minutes_or_sooner(server):
    with urllib.request.urlopen(server.at(f"lab/api/settings/{AUTOSAVE}")) as answer:
        schema = json.load(answer)["schema"]["properties"]
    assert schema["autosave"]["default"] is True
    assert schema["autosaveInterval"]["default"] <= LONGEST_UNSAVED
