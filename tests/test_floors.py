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


# ---- the map in lib/README.md

MAP = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
LISTED = re.findall(r"^- `(\w+)`: (.+)$", MAP, re.MULTILINE)
CORE_LINES = 3300  # what an evening holds


def first_sentence(name: str) -> str:
    """The sentence with which a file begins, on one line."""
    lines = (ast.get_docstring(ast.parse(FILES[name].read_text(encoding="utf-8"))) or "").splitlines()
    whole = " ".join(lines[: lines.index("")] if "" in lines else lines)
    return lines[0] if lines[0].endswith(".") else whole


def test_the_map_names_every_file_once_with_its_own_first_sentence():
    assert sorted(LISTED) == sorted((name, first_sentence(name)) for name in FILES)


def test_the_core_of_the_map_is_what_the_front_door_stands_on_and_fits_an_evening():
    section = MAP.split("\n## ")[1]
    core = re.findall(r"^- `(\w+)`: ", section, re.MULTILINE)
    needed, front = set(), ["inference", "bottleneck", "sweep"]
    while front:
        name = front.pop()
        needed.add(name)
        front += imports(name) - needed
    assert section.startswith("The core: ") and set(core) == needed
    lines = sum(len(FILES[name].read_text(encoding="utf-8").splitlines()) for name in core)
    assert lines <= CORE_LINES, f"{lines} lines"


def test_the_core_is_listed_in_an_order_in_which_it_can_be_read():
    core = [name for name, _ in LISTED][:15]
    late = {name: imports(name) - set(core[: place + 1]) for place, name in enumerate(core)}
    assert not any(late.values()), late
