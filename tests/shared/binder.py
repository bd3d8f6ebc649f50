"""What Binder does with this folder, as far as it can be done without a container engine.

repo2docker prints the Dockerfile; the versions of its base image are read from that package and installed in
a fresh environment; then the image's own steps run in order, and the server starts as BinderHub starts it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import browser
import patience
import psutil

TOP = Path(__file__).parents[2]
PYTHON = "3.11"
GUARANTEED, ALLOWED = 450e6, 2e9  # bytes of memory a session gets for sure, and at most: mybinder.org
# Lessons that hold SmolLM2 for a while, within what is allowed.
WITH_A_MODEL = dict.fromkeys(("01", "05", "06", "10"), 1.2e9)
LEFT_OUT = (".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", ".ipynb_checkpoints", "*.egg-info")
# What conda calls otherwise than PyPI does.
PYPI_NAMES = {
    "jupyterhub-base": "jupyterhub",
    "jupyterhub-singleuser": "jupyterhub",
    "nbconvert-core": "nbconvert",
    "python-fastjsonschema": "fastjsonschema",
}
DIRECT = re.compile(r"^- ([\w.-]+)==", re.MULTILINE)
LOCKED = re.compile(
    r"^https://\S+/(?P<name>[\w.-]+?)-(?P<version>[\w.]+)-\w+\.(?:conda|tar\.bz2)#", re.MULTILINE
)


def missing() -> str:
    """Why nothing can be rehearsed here; "" if it can."""
    absent = [name for name in ("repo2docker", "uv") if find_spec(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed: pip install -r tests/requirements.txt"
    return "" if sys.platform == "linux" else "Binder's image is Linux"


def no_browser() -> str:
    """Why no browser can be used here; "" if one can."""
    if find_spec("playwright") is None:
        return "playwright is not installed: pip install -r tests/requirements.txt"
    return "" if browser.CHROMIUM else "there is no chromium or chrome on the PATH"


def dockerfile(folder: Path = TOP) -> str:
    """The Dockerfile that repo2docker would build from a folder, as mybinder.org calls it.

    Raises:
        RuntimeError: repo2docker refuses the folder; what it wrote follows.
    """
    command = [sys.executable, "-m", "repo2docker", "--debug", "--no-build"]
    user = ["--user-id", "1000", "--user-name", "jovyan"]
    done = subprocess.run([*command, *user, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"repo2docker refuses {folder}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr  # it prints the Dockerfile among its messages


def base_image() -> tuple[list[str], dict[str, str]]:
    """The packages that the base image asks for, and the version of everything it holds, by PyPI's names."""
    folder = Path(find_spec("repo2docker").origin).parent / "buildpacks" / "conda"
    locked = (folder / f"environment.py-{PYTHON}-linux-64.lock").read_text(encoding="utf-8")
    asked = DIRECT.findall((folder / f"environment.py-{PYTHON}.yml").read_text(encoding="utf-8"))
    versions = {
        PYPI_NAMES.get(found["name"], found["name"]): found["version"] for found in LOCKED.finditer(locked)
    }
    return [PYPI_NAMES.get(name, name) for name in asked], versions


def pins(file: Path = TOP / "binder" / "requirements.txt") -> dict[str, str]:
    """The versions that a file of pins names."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Image:
    """What stands for the image: an environment, the copy of the repository in its home, and variables."""

    environment: Path
    home: Path
    variables: dict[str, str] = field(repr=False)

    def run(self, *command: str) -> str:
        """Run a command at home as the image's user would; what it printed.

        Raises:
            RuntimeError: it failed.
        """
        done = subprocess.run(
            command, cwd=self.home, env=self.variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout


def copy_of_the_repository(home: Path) -> Path:
    """Copy what the repository holds, without what the work in it leaves behind."""
    return shutil.copytree(TOP, home, ignore=shutil.ignore_patterns(*LEFT_OUT))


def base(scratch: Path, weights: Path | None = None) -> Image:
    """Make a fresh environment with the base image's versions, and a home with the repository in it.

    Args:
        scratch: an empty folder for all of it.
        weights: a folder with weights already fetched; the image fetches its own if left out.
    """
    environment, (asked, versions) = scratch / "environment", base_image()
    constraints = scratch / "base.txt"
    named = {name: version for name, version in versions.items() if name[0] != "_"}
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in named.items()))
    folders = {
        "JUPYTER_DATA_DIR": "data", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "JUPYTERLAB_SETTINGS_DIR": "settings",
        "IPYTHONDIR": "ipython",
    }  # fmt: skip
    theirs = ("PYTHON", "VIRTUAL_ENV", "FREEWEIGHTS", "XDG", "MPL")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    variables |= {name: str(scratch / folder) for name, folder in folders.items()}
    variables |= {"PATH": f"{environment / 'bin'}:{os.environ['PATH']}", "REPO_DIR": str(scratch / "home")}
    variables |= {"FREEWEIGHTS_CACHE": str(weights)} if weights else {}
    image = Image(environment, copy_of_the_repository(scratch / "home"), variables)
    uv = [sys.executable, "-m", "uv", "--quiet", "--no-python-downloads"]
    image.run(*uv, "venv", "--python", PYTHON, str(environment))
    python = ["--python", str(environment / "bin" / "python")]
    image.run(*uv, "pip", "install", *python, *asked, "pip", "--constraint", str(constraints))
    return image


def install_pins(image: Image) -> None:
    """The Dockerfile's own line, with the image's own pip."""
    image.run("pip", "install", "--quiet", "--no-cache-dir", "-r", "binder/requirements.txt")


def post_build(image: Image) -> None:
    """The last step of the image."""
    image.run("binder/postBuild")


def planned_memory(lesson: Path) -> float:
    """Bytes that a lesson may take with its server."""
    return WITH_A_MODEL.get(lesson.name[:2], GUARANTEED)


@dataclass
class Server:
    """A server under way. `address` has {} where a path such as lab/tree/notebooks/... goes."""

    address: str
    process: psutil.Process

    def memory(self) -> int:
        """Bytes of memory that the server and its kernels share among them."""
        total = 0
        for process in [self.process, *self.process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        return total

    @contextlib.contextmanager
    def watched(self) -> Iterator[list[int]]:
        """Measure the memory five times a second until the block ends.

        Yields:
            The measurements; the list grows.
        """
        seen, stop = [self.memory()], threading.Event()

        def watch() -> None:
            while not stop.wait(0.2):
                seen.append(self.memory())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield seen
        finally:
            stop.set()
            watcher.join()


@contextlib.contextmanager
def serve(image: Image) -> Iterator[Server]:
    """Start the server through binder/start, with the arguments that BinderHub's spawner gives it.

    They are in binderhub/binderspawner_mixin.py of github.com/jupyterhub/binderhub: each stands twice, for
    old and for new servers. Only the addresses are this machine's.
    """
    for name, content in browser.SETTINGS.items():
        file = Path(image.variables["JUPYTERLAB_SETTINGS_DIR"]) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    token = secrets.token_hex(16)
    given = {"base_url": "/user/course/", "token": token, "trust_xheaders": "True"}
    arguments = [
        f"--{app}.{name}={value}" for app in ("NotebookApp", "ServerApp") for name, value in given.items()
    ]
    command = ["binder/start", "jupyter-lab", "--ip=127.0.0.1", *arguments, "--no-browser", "--allow-root"]
    log, course = image.home.parent / "server.log", "/user/course/"
    server, port = browser.start(
        command, f"{course}api/status?token={token}", log, cwd=image.home, env=image.variables
    )
    try:
        process = psutil.Process(server.pid)
        process.cpu_affinity(
            psutil.Process().cpu_affinity()[:1]
        )  # a pod has one processor; kernels inherit it
        yield Server(f"http://127.0.0.1:{port}{course}{{}}?token={token}&reset", process)
    finally:
        browser.stop(server)


PANEL = ".freeweights:has([role=status])"
AT_ITS_END = """control => control.matches('select')
    ? control.selectedIndex === control.length - 1
    : control.getAttribute('aria-valuenow') === control.getAttribute('aria-valuemax')"""
CELL_ERROR = '[data-mime-type="application/vnd.jupyter.error"]'


def panels_that_stay(page) -> list[str]:
    """Press keys on the first control of every panel; the sentences of those whose picture did not follow."""
    panels = page.locator(f".jp-Cell-outputArea:has({PANEL})").all()
    if not panels:
        raise LookupError("the page shows no panel")
    return [panel.locator("[role=status]").first.inner_text() for panel in panels if not follows(page, panel)]


def follows(page, panel) -> bool:
    """Whether the picture of a panel changes after a key."""
    picture, control = panel.locator(f"{PANEL} img").first, panel.locator(".noUi-handle, select").first
    before = picture.get_attribute("src")
    for key in ("Home", "End") if control.evaluate(AT_ITS_END) else ("End", "Home"):
        control.press(key)
        until = time.monotonic() + patience.ANSWER
        while time.monotonic() < until:
            if picture.get_attribute("src") != before:
                return True
            page.wait_for_timeout(browser.POLL)
    return False
