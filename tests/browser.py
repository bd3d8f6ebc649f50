"""A real JupyterLab in a real browser: start it, open and run a notebook, look at what a learner sees."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SECONDS = 120  # for a whole notebook
# Cells out of sight stay on the page, so that the test can look at all of them.
SETTINGS = {"@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"}}

READY = """() => {
    const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(p => p.textContent);
    return prompts.some(p => /\\d/.test(p)) && !prompts.some(p => p.includes('*'));
}"""
CELLS_HEIGHT = "[...document.querySelectorAll('.jp-Cell')].reduce((sum, cell) => sum + cell.offsetHeight, 0)"
SEEN = """i => {
    const panel = document.querySelectorAll('.freeweights:has([role=status])')[i];
    return [panel.querySelector('img').src, panel.querySelector('p').textContent];
}"""


@contextlib.contextmanager
def lab(notebooks: Path, scratch: Path) -> Iterator[str]:
    """Serve a copy of the notebooks with settings of its own.

    Yields:
        The address, with {} where the name of a notebook goes.
    """
    home = shutil.copytree(
        notebooks, scratch / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints")
    )
    folders = {
        f"JUPYTER{part}_DIR": scratch / part.lower() for part in ("LAB_WORKSPACES", "LAB_SETTINGS", "_CONFIG")
    }
    for name, content in SETTINGS.items():
        file = folders["JUPYTERLAB_SETTINGS_DIR"] / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    port, token = free_port(), secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={home}",
    ]  # fmt: skip
    log = (scratch / "server.log").open("w")
    server = subprocess.Popen(
        command, stdout=log, stderr=log, env=os.environ | {name: str(path) for name, path in folders.items()}
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, scratch / "server.log")
        yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token={token}&reset"
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until the server answers; if it does not, say what it wrote."""
    for _ in range(240):
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        if server.poll() is not None:
            break
        time.sleep(0.25)
    raise RuntimeError(f"JupyterLab does not answer; it wrote:\n{log.read_text()[-2000:]}")


def open_and_run(page, address: str) -> None:
    """Open a notebook and choose Run, Run All Cells, as a learner does; wait until every cell has run."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    # Before its kernel is connected, JupyterLab answers Run All with a dialog.
    page.wait_for_selector("#jp-main-statusbar >> text=/\\| Idle/", timeout=60_000)
    page.click('.lm-MenuBar-itemLabel:text-is("Run")')
    page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')
    page.wait_for_function(READY, timeout=SECONDS * 1000)


def troubles(page) -> list[str]:
    """Errors that stand on the page: of cells, and of widgets that cannot be shown."""
    cells = page.locator(
        '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]'
    ).all_inner_texts()
    return cells + page.get_by_text("Error displaying widget").all_inner_texts()


def move_panels_by_keyboard(page) -> list[str]:
    """Move a control of each panel by keyboard; the panels whose picture or sentence did not follow."""
    left = []
    for index in range(page.locator(".freeweights [role=status]").count()):
        page.wait_for_function(
            "i => document.querySelectorAll('.freeweights:has([role=status]) img')[i].naturalWidth > 0",
            arg=index,
        )
        cell = (
            page.locator(".jp-Cell-outputArea")
            .filter(has=page.locator(".freeweights [role=status]"))
            .nth(index)
        )
        handle, choice = cell.locator(".noUi-handle").first, cell.locator("select").first
        before = page.evaluate(SEEN, index)
        mover, keys = (handle, ["Home", "End"]) if handle.count() else (choice, ["End", "Home"])
        for key in keys:
            mover.focus()
            page.keyboard.press(key)
            if followed(page, index, before):
                break
        else:
            left.append(before[1])
    return left


def followed(page, index: int, before: list[str]) -> bool:
    """Whether picture and sentence of a panel differ from before within three seconds."""
    for _ in range(60):
        if all(new != old for new, old in zip(page.evaluate(SEEN, index), before, strict=True)):
            return True
        page.wait_for_timeout(50)
    return False


def answer_an_exercise(page) -> str:
    """Answer the first exercise by keyboard alone; what it says."""
    check = page.get_by_role("button", name="Check").first
    form = page.locator(".jp-Cell-outputArea").filter(has=check).first
    box, choice = form.locator('input[type="text"]').first, form.locator("select").first
    if box.count():
        box.focus()
        page.keyboard.type("12345")
    else:
        choice.focus()
        page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    line = form.locator("[role=status]")
    line.wait_for(timeout=5000)
    return line.inner_text()


def photograph_page(page, width: int, file: Path) -> None:
    """Save a picture of the whole notebook at a width of the window."""
    page.set_viewport_size({"width": width, "height": 1000})
    height = page.evaluate(CELLS_HEIGHT)
    page.set_viewport_size({"width": width, "height": min(16_000, height + 300)})
    page.evaluate("document.querySelectorAll('.jp-NotebookPanel *').forEach(part => { part.scrollTop = 0; })")
    page.wait_for_timeout(500)
    page.screenshot(path=file)
