"""The house: each room imports only from rooms below it, holds few files, and says what is in it and how to read it."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import freeweights
import pytest
from panels import NOTEBOOKS

HOUSE = Path(freeweights.__file__).parent
TESTS = Path(__file__).parents[1]
# Each room, and the rooms that it stands on. A lesson's room stands on all of them, and on no other lesson's.
BELOW = {
    "facts": set(),
    "models": {"facts"},
    "machines": {"facts"},
    "cost": {"facts", "models", "machines"},
    "evidence": {"facts", "models", "machines", "cost"},
    "money": {"facts", "models", "machines", "cost", "evidence"},
    "local": {"facts", "models"},
    "learn": {"facts", "models", "local"},
    "page": {"facts"},
}
LESSONS = sorted(path.name for path in HOUSE.glob("lesson??"))
FILES = {f"{path.parent.name}/{path.stem}": path for path in sorted(HOUSE.glob("*/*.py"))}
DOORS, FILES_IN_A_ROOM, LINES = 12, 16, 350  # the doors without those of lessons


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def imports(name: str) -> set[str]:
    """The library's own files that a file imports, wherever in it; a whole room as its __init__."""
    found, room = set(), name.split("/")[0]
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not (
            node.level or (node.module or "").startswith("freeweights")
        ):
            continue
        module = (node.module or "").removeprefix("freeweights").strip(".")
        path = "/".join([*([room] if node.level == 1 else []), *module.split(".")]).strip("/")
        if path in FILES:
            found.add(path)
        else:
            found |= {f"{path}/{alias.name}".strip("/") for alias in node.names}
    return {one if one in FILES else f"{one.split('/')[0]}/__init__" for one in found}


def allowed(room: str) -> set[str]:
    return {room} | (set(BELOW) if room in LESSONS else BELOW[room])


# ---- rooms


def test_the_house_has_few_doors_and_every_room_is_known():
    doors = {path.name for path in HOUSE.iterdir() if path.name != "__pycache__"}
    assert doors == {"__init__.py", *BELOW, *LESSONS} and len(doors) - len(LESSONS) <= DOORS


@pytest.mark.parametrize("room", [*BELOW, *LESSONS])
def test_a_room_holds_few_files(room):
    assert len(list((HOUSE / room).glob("*.py"))) <= FILES_IN_A_ROOM
    assert not [path for path in (HOUSE / room).iterdir() if path.is_dir() and path.name != "__pycache__"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_imports_only_from_its_own_room_or_rooms_below(name):
    wrong = {other for other in imports(name) if other.split("/")[0] not in allowed(name.split("/")[0])}
    assert not wrong, f"{name} imports from above or from another lesson: {wrong}"


def test_no_files_import_each_other_in_a_circle():
    files = [name for name in FILES if not name.endswith("__init__")]
    TopologicalSorter({name: imports(name) & set(files) for name in files}).prepare()


def test_rooms_stand_on_floors():
    TopologicalSorter(BELOW).prepare()


@pytest.mark.parametrize("name", FILES)
def test_a_file_holds_one_subject(name):
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("room", [*BELOW, *LESSONS])
def test_a_room_says_what_is_in_it_and_in_which_order_to_read(room):
    module = importlib.import_module(f"freeweights.{room}")
    assert len(docstring(HOUSE / room / "__init__.py").splitlines()) >= 3
    assert all(hasattr(module, name) for name in module.__all__)
    if room in BELOW:
        assert {path.stem for path in (HOUSE / room).glob("*.py")} - {"__init__"} <= set(module.__all__)


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith("__init__")])
def test_no_name_of_a_room_hides_a_file(name):
    room, file = name.split("/")
    module = importlib.import_module(f"freeweights.{room}.{file}")
    assert getattr(importlib.import_module(f"freeweights.{room}"), file) is module


def test_importing_the_library_sets_no_backend_starts_no_thread_and_prints_nothing():
    code = (
        "import sys, threading; before = threading.active_count(); import freeweights; "
        "assert threading.active_count() == before; "
        "assert not {'matplotlib', 'ipywidgets', 'requests', 'urllib.request'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_any_module_reads_no_table():
    code = (
        "import importlib, pkgutil, freeweights; from freeweights.facts import catalog, datasets; "
        "catalog.read = datasets.arrays = datasets.digits = datasets.text = None; "
        "[importlib.import_module(one.name) for one in pkgutil.walk_packages(freeweights.__path__, 'freeweights.')]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---- what a lesson sees of it


def first_cell(number: str) -> str:
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def code_of(number: str) -> str:
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


@pytest.mark.parametrize("room", LESSONS)
def test_a_lesson_begins_with_the_front_door_the_kit_and_its_own_room(room):
    lines = [line for line in first_cell(room[-2:]).splitlines() if line.strip()]
    assert len(lines) <= 4, lines
    named = {
        f"{node.module}.{alias.name}" if node.module != "freeweights" else alias.name
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {"page", room} <= named and "import freeweights as fw" in lines
    assert not [name for name in named if name.startswith("lesson") and name != room]
    assert not [name for name in named if name.split(".")[-1].startswith("_")]


@pytest.mark.parametrize("room", LESSONS)
def test_a_lessons_room_lists_its_names_in_the_order_of_their_use(room):
    names, code = importlib.import_module(f"freeweights.{room}").__all__, code_of(room[-2:])
    places = [code.find(f"{room}.{name}") for name in names]
    assert -1 not in places, [name for name, place in zip(names, places, strict=True) if place < 0]
    assert places == sorted(places), [name for name, place in sorted(zip(names, places), key=lambda p: p[1])]


def test_tests_have_the_same_rooms():
    rooms = {path.name for path in TESTS.iterdir() if list(path.glob("test_*.py"))}
    assert set(BELOW) | set(LESSONS) <= rooms


# ---- the map in lib/README.md

MAP = (HOUSE.parent / "README.md").read_text(encoding="utf-8")
CORE_LINES = 4450  # what an evening holds


def first_sentence(path: Path) -> str:
    """The sentence with which a file begins, on one line."""
    lines = docstring(path).splitlines()
    whole = " ".join(lines[: lines.index("")] if "" in lines else lines)
    return lines[0] if lines[0].endswith(".") else whole


def core() -> list[str]:
    """The files of the core, as the map lists them."""
    section = MAP.split("\n## ")
    (found,) = [part for part in section if part.startswith("The core")]
    return re.findall(r"^\d+\. `(\w+/\w+)`: ", found, re.MULTILINE)


@pytest.mark.parametrize("room", [*BELOW, *LESSONS])
def test_the_map_names_every_room_with_its_own_first_sentence(room):
    assert (
        f"| [`{room}/`](freeweights/{room}/__init__.py) | {first_sentence(HOUSE / room / '__init__.py')} |"
        in MAP
    )


def test_the_core_of_the_map_is_what_the_front_door_stands_on_and_fits_an_evening():
    needed, front = set(), ["cost/inference", "cost/bottleneck", "cost/grid"]
    while front:
        name = front.pop()
        needed.add(name)
        front += {one for one in imports(name) if not one.endswith("__init__")} - needed
    assert set(core()) == needed
    lines = sum(len(FILES[name].read_text(encoding="utf-8").splitlines()) for name in core())
    assert lines <= CORE_LINES, f"{lines} lines"


def test_the_core_is_listed_in_an_order_in_which_it_can_be_read():
    late = {name: imports(name) - set(core()[: place + 1]) for place, name in enumerate(core())}
    assert not any(late.values()), late


def test_the_core_is_listed_with_each_files_own_first_sentence():
    for name in core():
        assert f"`{name}`: {first_sentence(FILES[name])}" in MAP, name
