"""Nothing that a learner typed into a lesson is lost to a dead kernel, a dead server or an update."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import binder
import browser
import nbformat
import psutil
import pytest
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
        self._log, self._port = scratch / "server.log", browser.free_port()
        parts = ("LAB_WORKSPACES", "LAB_SETTINGS", "_CONFIG", "_RUNTIME")
        self._variables = os.environ | {f"JUPYTER{part}_DIR": str(scratch / part.lower()) for part in parts}
        # Two seconds instead of two minutes: what matters is that it is saved without being asked.
        hurry = scratch / "lab_settings" / AUTOSAVE.replace(":", "/")
        hurry.parent.mkdir(parents=True)
        hurry.with_suffix(".jupyterlab-settings").write_text(json.dumps({"autosaveInterval": 2}))
        self.start()

    def start(self) -> None:
        command = [
            sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
            f"--port={self._port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={self._home}",
        ]  # fmt: skip
        with self._log.open("a") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, env=self._variables)
        browser.wait_for(self.at("api"), self._server, self._log)

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}/{path}?token={TOKEN}"

    def kernels(self) -> list[psutil.Process]:
        children = psutil.Process(self._server.pid).children(recursive=True)
        return [child for child in children if "ipykernel_launcher" in " ".join(child.cmdline())]

    def kill(self) -> None:
        """Kill the server and its kernels, as a host that runs out of memory does."""
        if self._server.poll() is None:
            for process in [*self.kernels(), self._server]:
                process.kill()
        self._server.wait(20)


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
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        browser.open_and_run(page, f"{server.at(f'lab/tree/{START}')}&reset")
        yield page
        chromium.close()


def type_in_a_cell(page, words: str) -> None:
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(f"\n# {words}")


def run_all(page) -> None:
    page.click('.lm-MenuBar-itemLabel:text-is("Run")')
    page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')
    page.wait_for_function(browser.READY, timeout=browser.SECONDS * 1000)


def answer_box(page):
    return page.locator(".jupyter-widgets input[type=text]").first


def is_saved(page, server: Lab, words: str, seconds: float = 15) -> bool:
    """Whether the words come to stand in the lesson's file before the time is over."""
    for _ in range(round(seconds / 0.25)):
        if words in server.lesson.read_text(encoding="utf-8"):
            return True
        page.wait_for_timeout(250)
    return False


def answer_dialog(page, title: str, button: str) -> None:
    dialog = page.locator(".jp-Dialog").filter(has_text=title)
    dialog.get_by_role("button", name=button).click(timeout=30_000)
    dialog.wait_for(state="hidden")


def put_dialogs_away(page) -> None:
    """Close without an answer whatever JupyterLab has to say."""
    while page.locator(".jp-Dialog").count():
        page.keyboard.press("Escape")
        page.wait_for_timeout(500)


def test_what_is_typed_is_saved_without_being_asked_and_outlives_a_killed_kernel(server, opened):
    answer_box(opened).fill("12.5")
    type_in_a_cell(opened, "typed before the kernel died")
    (kernel,) = server.kernels()
    kernel.kill()
    answer_dialog(opened, "Kernel Restarting", "Ok")
    assert answer_box(opened).input_value() == "12.5", "an answer not yet committed"
    assert is_saved(opened, server, "typed before the kernel died")
    opened.wait_for_selector("#jp-main-statusbar >> text=/\\| Idle/", timeout=60_000)
    type_in_a_cell(opened, "typed after it")
    assert is_saved(opened, server, "typed after it") and len(server.kernels()) == 1


def test_an_answer_in_a_form_stands_there_again_when_the_lesson_runs_in_a_new_kernel(server, opened):
    run_all(opened)
    answer_box(opened).fill("34.5")
    answer_box(opened).press("Tab")
    kept = server.lesson.parent / "my_answers" / f"{server.lesson.stem}.json"
    for _ in range(60):
        if kept.exists() and "34.5" in kept.read_text(encoding="utf-8"):
            break
        opened.wait_for_timeout(250)
    (kernel,) = server.kernels()
    kernel.kill()
    answer_dialog(opened, "Kernel Restarting", "Ok")
    opened.wait_for_selector("#jp-main-statusbar >> text=/\\| Idle/", timeout=60_000)
    run_all(opened)
    assert answer_box(opened).input_value() == "34.5"


def test_what_is_typed_while_the_server_is_down_is_saved_once_it_is_back(server, opened):
    type_in_a_cell(opened, "typed just before the server went down")
    server.kill()
    type_in_a_cell(opened, "typed while the server was down")
    opened.keyboard.press("Control+s")
    opened.locator(".jp-Dialog").first.wait_for(timeout=60_000)
    put_dialogs_away(opened)
    server.start()
    opened.keyboard.press("Control+s")
    assert is_saved(opened, server, "typed just before the server went down", seconds=60)
    assert is_saved(opened, server, "typed while the server was down")
    put_dialogs_away(opened)


def test_what_is_typed_in_a_lesson_that_is_updated_meanwhile_is_saved_only_over_a_question(server, opened):
    type_in_a_cell(opened, "typed and saved")
    opened.keyboard.press("Control+s")
    assert is_saved(opened, server, "typed and saved")
    notebook = read(server.lesson)
    notebook.cells[0].source += " New words of the course."
    nbformat.write(notebook, server.lesson)
    type_in_a_cell(opened, "typed before the update was seen")
    opened.keyboard.press("Control+s")
    dialog = opened.locator(".jp-Dialog").filter(has_text="File Changed")
    dialog.wait_for(timeout=30_000)
    assert "New words of the course." in server.lesson.read_text(), "the update is not overwritten unasked"
    answer_dialog(opened, "File Changed", "Overwrite")
    assert is_saved(opened, server, "typed before the update was seen")


def test_jupyterlab_saves_by_itself_every_two_minutes_or_sooner(server):
    with urllib.request.urlopen(server.at(f"lab/api/settings/{AUTOSAVE}")) as answer:
        schema = json.load(answer)["schema"]["properties"]
    assert schema["autosave"]["default"] is True
    assert schema["autosaveInterval"]["default"] <= LONGEST_UNSAVED
