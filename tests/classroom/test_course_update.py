"""One nbgitpuller link brings an update of the course, and nothing that a learner typed is lost to it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_output
from panels import NOTEBOOKS
from saved import code_cells, read

START = "00_start_here.ipynb"


class Course:
    """The course's repository and a learner's copy of it, made and updated by nbgitpuller's link."""

    def __init__(self, folder: Path):
        self.upstream, self.copy = folder / "upstream", folder / "copy"
        lessons = self.upstream / "notebooks"
        lessons.mkdir(parents=True)
        shutil.copy(NOTEBOOKS / START, lessons)
        shutil.copy(NOTEBOOKS.parent / ".gitignore", self.upstream)
        self._git("init", "--quiet", "--initial-branch=main")
        self.publish()
        self.update()

    def _git(self, *command: str) -> None:
        who = ["-c", "user.name=Course", "-c", "user.email=course@example.org"]
        subprocess.run(["git", *who, *command], cwd=self.upstream, check=True, capture_output=True)

    def publish(self) -> None:
        """Commit whatever changed upstream."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message=A version of the course")

    def update(self) -> None:
        """Follow the link."""
        from nbgitpuller.pull import GitPuller

        for _ in GitPuller(f"file://{self.upstream}", str(self.copy), branch="main").pull():
            pass

    def lesson(self, whose: Path) -> Path:
        return whose / "notebooks" / START


@pytest.fixture(scope="module", autouse=True)
def nbgitpuller_is_there():
    if find_spec("nbgitpuller") is None:
        why = "nbgitpuller is not installed: pip install -r tests/requirements.txt"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


def edit(path: Path, change, *given) -> None:
    """Change a notebook in place, as saving it in JupyterLab does."""
    notebook = read(path)
    change(notebook, *given)
    nbformat.write(notebook, path)


def sources(path: Path) -> str:
    notebook = read(path)
    nbformat.validate(notebook)
    return "\n".join(cell.source for cell in notebook.cells)


def write_in(notebook, cell: int, words: str) -> None:
    notebook.cells[cell].source += f"\n# {words}"


def run_again(notebook, who: str) -> None:
    """Every cell has other outputs and another number than before."""
    for number, cell in enumerate(code_cells(notebook)):
        cell.execution_count = 100 + number
        cell.outputs = [new_output("stream", text=f"{who} ran this, and it took {number} s\n")]


@pytest.mark.parametrize("cell", [1, 3, -1], ids=["another cell", "the same cell", "the last cell"])
def test_what_a_learner_typed_and_ran_survives_an_update_of_the_lesson(course, cell):
    mine, theirs = course.lesson(course.copy), course.lesson(course.upstream)
    edit(mine, write_in, 3, "typed by the learner")
    edit(mine, run_again, "the learner")
    edit(mine, lambda notebook: notebook.cells.append(new_code_cell("my_own = 'cell at the end'")))
    edit(theirs, write_in, cell, "new words of the course")
    edit(theirs, run_again, "the course")
    course.publish()
    course.update()
    text = sources(mine)
    assert "typed by the learner" in text and "my_own = 'cell at the end'" in text
    assert not [line for line in mine.read_text().splitlines() if line.startswith(("<<<<<<<", ">>>>>>>"))]
    ran = [
        cell.outputs[0].text for cell in code_cells(read(mine)) if cell.outputs and "ran this" in str(cell)
    ]
    assert ran and all(text.startswith("the learner") for text in ran), "outputs of both are mixed"


def test_an_update_reaches_what_a_learner_left_alone(course):
    edit(course.lesson(course.copy), write_in, 3, "typed by the learner")
    edit(course.lesson(course.upstream), write_in, 8, "new words of the course")
    (course.upstream / "notebooks" / "12_new.ipynb").write_text("{}")
    course.publish()
    course.update()
    text = sources(course.lesson(course.copy))
    assert "typed by the learner" in text and "new words of the course" in text
    assert (course.copy / "notebooks" / "12_new.ipynb").exists()


def test_a_lesson_that_the_course_drops_stays_with_the_learner_who_wrote_in_it(course):
    edit(course.lesson(course.copy), write_in, 3, "typed by the learner")
    course.lesson(course.upstream).unlink()
    course.publish()
    course.update()
    assert "typed by the learner" in sources(course.lesson(course.copy))


def test_a_file_of_ones_own_stays_even_if_the_course_ships_one_of_that_name(course):
    own = course.copy / "notebooks" / "notes.md"
    own.write_text("typed by the learner")
    (course.upstream / "notebooks" / "notes.md").write_text("words of the course")
    course.publish()
    course.update()
    assert own.read_text() == "words of the course"
    (moved,) = own.parent.glob("notes__*.md")
    assert moved.read_text() == "typed by the learner"


def test_a_lesson_that_a_learner_threw_away_comes_back_fresh(course):
    course.lesson(course.copy).unlink()
    course.update()
    assert sources(course.lesson(course.copy)) == sources(NOTEBOOKS / START)


def scribble(notebook, who: str, chance: random.Random) -> list[str]:
    """Do to a notebook what people do, at random; the words that stand in it afterwards."""
    for number in range(chance.randint(1, 5)):
        place = chance.randrange(len(notebook.cells))
        words = f"{who}, line {number} of {chance.random()}"
        match chance.choice(["write", "replace", "add", "throw away", "move", "run"]):
            case "write":
                write_in(notebook, place, words)
            case "replace":
                notebook.cells[place].source = f"# {words}"
            case "add":
                notebook.cells.insert(place, new_code_cell(f"# {words}"))
            case "throw away":
                notebook.cells.pop(place)
            case "move":
                notebook.cells.insert(chance.randrange(len(notebook.cells)), notebook.cells.pop(place))
            case "run":
                run_again(notebook, words)
    lines = "\n".join(cell.source for cell in notebook.cells).splitlines()
    return [line for line in lines if line.startswith(f"# {who}, line")]


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_whatever_learner_and_course_do_to_a_lesson_it_opens_and_holds_what_was_typed(chance):
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder))
        typed = []
        edit(course.lesson(course.copy), lambda notebook: typed.extend(scribble(notebook, "learner", chance)))
        edit(course.lesson(course.upstream), scribble, "course", chance)
        course.publish()
        course.update()
        assert set(typed) <= set(sources(course.lesson(course.copy)).splitlines())
