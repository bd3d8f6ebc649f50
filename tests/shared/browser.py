"""A real JupyterLab in a real browser: start it, open and run a notebook, photograph what a learner sees."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import patience

# The first draws no window that nobody sees, and takes less of the processor.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
POLL = 250  # milliseconds between two looks at a page
# Cells out of sight stay on the page, so that the test can look at all of them.
SETTINGS = {"@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"}}
OUT_OF_SIGHT = ".jp-Cell { content-visibility: auto; contain-intrinsic-size: auto 300px; }"

# In the notebook in front: every cell has run, and none runs now.
READY = """() => {
    const front = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)');
    const prompts = [...front.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(p => p.textContent);
    return prompts.some(p => /\\d/.test(p)) && !prompts.some(p => p.includes('*') || p === 'waits');
}"""
# A saved notebook has numbers already: they go, so that none of them is taken for that of a cell which has run.
FORGET = """() => document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .jp-InputPrompt')
    .forEach(prompt => { prompt.textContent = 'waits'; })"""
OPEN = "document.querySelectorAll('.jp-NotebookPanel').length"
ASKS = "document.querySelector('.jp-Dialog') !== null"
CELLS_HEIGHT = "[...document.querySelectorAll('.jp-Cell')].reduce((sum, cell) => sum + cell.offsetHeight, 0)"


def missing() -> str:
    """Why no browser can be used here; "" if one can."""
    try:
        import axe_playwright_python  # noqa: F401
        import playwright.sync_api  # noqa: F401
    except ImportError as problem:
        return f"{problem.name} is not installed: pip install -r tests/requirements.txt"
    return "" if CHROMIUM else "there is no chromium or chrome on the PATH"


@dataclass(frozen=True)
class Lab:
    """A JupyterLab server of this machine with files of its own.

    Attributes:
        root, token: its address, and what lets a browser in.
        home: the folder it serves.
        runtime: the folder where kernels leave their connection files.
        clients: our own lines to kernels, by id.
        kernels: the ids, by the names of the notebooks.
    """

    root: str
    token: str
    home: Path
    runtime: Path
    clients: dict = field(default_factory=dict)
    kernels: dict[str, str] = field(default_factory=dict)

    def address(self, name: str) -> str:
        """Where a browser opens a notebook, whatever it had open before."""
        return f"{self.root}/lab/tree/{name}?token={self.token}&reset"

    def ask(self, name: str, expression: str, seconds: float = patience.ANSWER) -> object:
        """The value of an expression of `truth` in the kernel of an open notebook."""
        if name not in self.kernels:
            self.kernels[name] = self._session(name)["kernel"]["id"]
        client = self._client(self.kernels[name])
        here = str(Path(__file__).parent)
        code = f"__import__('sys').path[:0] = [{here!r}] if {here!r} not in __import__('sys').path else []"
        value = f"__import__('json').dumps(__import__('truth').{expression})"
        client.execute(code, silent=True, user_expressions={"value": value})
        told = client.get_shell_msg(timeout=seconds)["content"]["user_expressions"]["value"]
        if told["status"] != "ok":
            raise RuntimeError(f"truth.{expression}: {told['ename']}: {told['evalue']}")
        return json.loads(ast.literal_eval(told["data"]["text/plain"]))

    def close_all(self) -> None:
        """Shut every kernel down."""
        self.kernels.clear()
        for session in json.loads(self._call("sessions")):
            if client := self.clients.pop(session["kernel"]["id"], None):
                client.stop_channels()
            self._call(f"sessions/{session['id']}", "DELETE")

    def _client(self, kernel: str):
        """Our own line to a kernel, kept while it runs; it hears replies and nothing else."""
        from jupyter_client import BlockingKernelClient

        if kernel not in self.clients:
            client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{kernel}.json"))
            client.load_connection_file()
            client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
            self.clients[kernel] = client
        return self.clients[kernel]

    def _session(self, name: str) -> dict:
        return next(session for session in json.loads(self._call("sessions")) if session["path"] == name)

    def _call(self, what: str, method: str = "GET") -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.root}/api/{what}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=patience.ANSWER) as answer:
            return answer.read()


@contextlib.contextmanager
def lab(notebooks: Path, scratch: Path) -> Iterator[Lab]:
    """Serve a copy of the notebooks with settings of its own."""
    home = scratch / "notebooks"
    shutil.copytree(notebooks, home, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    folders = {
        f"JUPYTER{part}_DIR": scratch / part.lower()
        for part in ("LAB_WORKSPACES", "LAB_SETTINGS", "_CONFIG", "_RUNTIME")
    }
    for name, content in SETTINGS.items():
        file = folders["JUPYTERLAB_SETTINGS_DIR"] / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    token = secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={home}",
    ]  # fmt: skip
    variables = os.environ | {name: str(path) for name, path in folders.items()}
    server, port = start(command, f"/api?token={token}", scratch / "server.log", env=variables)
    try:
        yield Lab(f"http://127.0.0.1:{port}", token, home, folders["JUPYTER_RUNTIME_DIR"])
    finally:
        stop(server)


def start(
    command: list[str], answers: str, log: Path, tries: int = 3, **settings: object
) -> tuple[subprocess.Popen, int]:
    """Start a server on a port that nobody listens on, and wait until it answers.

    Args:
        command: without the port.
        answers: what to ask for, behind the address.
        log: where it writes.
        tries: how often; each time on another port, because somebody may have taken the one before.
        **settings: of the process.

    Returns:
        The server and its port.

    Raises:
        RuntimeError: it ended or did not answer, the last time too; what it wrote follows.
    """
    port = free_port()
    server = start_at(port, command, log, **settings)
    try:
        wait_for(f"http://127.0.0.1:{port}{answers}", server, log)
    except RuntimeError:
        if tries == 1:
            raise
        return start(command, answers, log, tries - 1, **settings)
    return server, port


def start_at(port: int, command: list[str], log: Path, **settings: object) -> subprocess.Popen:
    """Start a server on this port."""
    with log.open("a") as file:
        return subprocess.Popen([*command, f"--port={port}"], stdout=file, stderr=file, **settings)


def stop(server: subprocess.Popen) -> None:
    """End a server, and wait until it has ended."""
    server.terminate()
    server.wait(patience.ANSWER)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until the server answers; if it does not, end it and say what it wrote."""
    until = time.monotonic() + patience.ANSWER
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=patience.ANSWER).close()
            return
        time.sleep(0.25)
    server.kill()
    raise RuntimeError(f"the server does not answer; it wrote:\n{log.read_text()[-2000:]}")


def open_page(chromium, width: int = 1280):
    """A new page that keeps a list of what the browser complains about, in `page.troubles`, and whether a test failed."""
    page = chromium.new_page()
    page.set_viewport_size({"width": width, "height": 1000})
    page.set_default_timeout(patience.ANSWER * 1000)
    page.troubles, page.failed = [], False
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.on("console", lambda line: page.troubles.append(line.text) if line.type == "error" else None)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def open_notebook(page, address: str) -> None:
    """Open a notebook and wait until its kernel is connected."""
    page.goto(address)
    wait_for_kernel(page)


def open_lesson(page, lab: Lab, name: str) -> None:
    """Open a notebook from the list of files, if JupyterLab stands on the page already, else at its address."""
    if not page.url.startswith(lab.root):
        return open_notebook(page, lab.address(name))
    page.dblclick(f'.jp-DirListing-item:has-text("{name}")')
    page.wait_for_selector(f'.lm-TabBar-tab.lm-mod-current:has-text("{name}")')
    wait_for_kernel(page)


def close_notebooks(page) -> None:
    """Close all notebooks of a page, and throw away what is not saved."""
    while left := page.evaluate(OPEN):
        choose(page, "File", "Close Tab")
        page.wait_for_function(f"left => {OPEN} < left || {ASKS}", arg=left, polling=POLL)
        if page.evaluate(ASKS):
            page.click('.jp-Dialog button:has-text("Discard")')
            page.wait_for_function(f"left => {OPEN} < left", arg=left, polling=POLL)


def wait_for_kernel(page) -> None:
    """Wait for the notebook in front: before its kernel is connected, Run All is answered by a dialog."""
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    page.wait_for_selector("#jp-main-statusbar >> text=/\\| Idle/")


def open_and_run(page, address: str) -> None:
    """Open a notebook and choose Run, Run All Cells, as a learner does; wait until every cell has run."""
    open_notebook(page, address)
    run_all(page)


def run_all(page) -> None:
    """Choose Run, Run All Cells; wait until every cell has run."""
    with only_what_is_in_sight(page):
        page.evaluate(FORGET)
        choose(page, "Run", "Run All Cells")
        wait_for_cells(page)


@contextlib.contextmanager
def only_what_is_in_sight(page) -> Iterator[None]:
    """Let the browser paint no cell out of sight meanwhile: what JupyterLab does by itself since 4.5."""
    style = page.add_style_tag(content=OUT_OF_SIGHT)
    yield
    style.evaluate("style => style.remove()")


def wait_for_cells(page) -> None:
    """Wait until every cell of the notebook in front has run."""
    # Playwright by itself would look at each frame, and so make the page draw without a pause.
    page.wait_for_function(READY, polling=POLL, timeout=patience.NOTEBOOK * 1000)


def choose(page, *path: str) -> None:
    """Choose an entry of the menus."""
    first, *rest = path
    page.click(f'.lm-MenuBar-itemLabel:text-is("{first}")')
    for entry in rest:
        page.click(f'.lm-Menu-itemLabel:text-is("{entry}")')


def set_theme(page, name: str) -> None:
    """Choose a theme in the menus, and wait for it."""
    if page.get_attribute("body", "data-jp-theme-name") != name:
        with only_what_is_in_sight(page):
            choose(page, "Settings", "Theme", name)
            page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")
            page.wait_for_load_state("networkidle")


def photograph_page(page, width: int, file: Path) -> None:
    """Save a picture of the whole notebook at a width of the window."""
    page.set_viewport_size({"width": width, "height": 1000})
    height = page.evaluate(CELLS_HEIGHT)
    page.set_viewport_size({"width": width, "height": min(16_000, height + 300)})
    page.evaluate("document.querySelectorAll('.jp-NotebookPanel *').forEach(part => { part.scrollTop = 0; })")
    page.wait_for_timeout(500)
    page.screenshot(path=file)
    page.set_viewport_size({"width": width, "height": 1000})


def save(page) -> None:
    """Save the notebook in front by keyboard, and wait until it is saved."""
    page.keyboard.press("ControlOrMeta+S")
    page.wait_for_selector(".lm-TabBar-tab.lm-mod-current:not(.jp-mod-dirty)")
