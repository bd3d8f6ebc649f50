"""The library's own rules: each file names its floor, imports only downwards, stays short, and does nothing on import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import freeweights
import pytest

FOLDER = Path(freeweights.__file__).parent
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.stem != "__init__"}
LONGEST = 300


def floor(name: str) -> int:
    found = re.match(
        r"Floor (\d)\. ", ast.get_docstring(ast.parse(FILES[name].read_text(encoding="utf-8"))) or ""
    )
    assert found, f"{name}.py does not begin with its floor, such as 'Floor 2. What it is.'"
    return int(found[1])


def imports(name: str) -> set[str]:
    """The library's own files that a file imports at its top."""
    found = set()
    for node in ast.parse(FILES[name].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            module = (node.module or "").removeprefix("freeweights").strip(".")
            if node.level or (node.module or "").startswith("freeweights"):
                found |= {module.split(".")[0]} if module else {alias.name for alias in node.names}
    return found & FILES.keys()


@pytest.mark.parametrize("name", FILES)
def test_a_file_imports_only_from_its_own_floor_or_below(name):
    above = {other: floor(other) for other in imports(name) if floor(other) > floor(name)}
    assert not above, f"{name}.py stands on floor {floor(name)} and imports from above: {above}"


def test_no_files_import_each_other_in_a_circle():
    TopologicalSorter({name: imports(name) for name in FILES}).prepare()


@pytest.mark.parametrize("name", FILES)
def test_a_file_can_be_read_in_one_sitting(name):
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_importing_the_library_sets_no_backend_starts_no_thread_and_prints_nothing():
    code = (
        "import sys, threading; before = threading.active_count(); import freeweights; "
        "assert threading.active_count() == before; "
        "assert not {'matplotlib.pyplot', 'ipywidgets', 'requests', 'urllib.request'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
