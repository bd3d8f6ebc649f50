"""Run a notebook in one kernel, then move every control of every panel as far as it goes.

`run` is called by the tests. `report` is called inside the kernel, after the last cell: in the kernel in which nbval
has run the notebook already, or in one that `run` starts where nbval has not.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import patience

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CORNERS = 48  # combinations of ends tried together on each panel, drawn with a fixed seed
_results: dict[Path, tuple[list[dict], dict] | Exception] = {}
_cells: dict[Path, list] = {}


def run(path: Path) -> tuple[list[dict], dict]:
    """All cells of a notebook, then `solutions.report` and `report`, run in one kernel, once for all tests.

    Returns:
        The outputs of all cells, and the two reports as one.

    Raises:
        Exception: a cell failed; the same for every test that asks, without another run.
    """
    if path not in _results:
        try:
            _results[path] = _run(path)
        except Exception as error:
            _results[path] = error
    result = _results[path]
    if isinstance(result, Exception):
        raise result
    return result


def was_run(path: Path) -> bool:
    """Whether this session has run a notebook."""
    return path in _results


def keep(path: Path, outputs: list[dict], told: dict) -> None:
    """Remember a run for `run`: what the cells of a notebook put out, and both reports of its kernel."""
    _results[path] = outputs, told


def keep_cells(path: Path, cells: list) -> None:
    """Remember the cells of a notebook as they ran in the browser."""
    _cells[path] = cells


def cells_run(path: Path) -> list | None:
    """The cells of a notebook as they ran in the browser; None if they did not."""
    return _cells.get(path)


def question(path: Path) -> str:
    """The code that asks a kernel for both reports, after the last cell of the notebook."""
    import saved

    here, folded = str(Path(__file__).parent), saved.solutions(saved.read(path))
    return (
        f"import sys; sys.path.insert(0, {here!r})\nimport panels, solutions\n"
        f"print(solutions.report({folded!r}, globals()))\nprint(panels.report())"
    )


def reports(outputs: list[dict]) -> dict:
    """The two reports as one, from what the cell of `question` put out."""
    printed = "".join(output["text"] for output in outputs if output.get("name") == "stdout")
    answers, driven = map(json.loads, printed.splitlines()[-2:])
    return {"solutions": answers, **driven}


def _run(path: Path) -> tuple[list[dict], dict]:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(question(path)))
    NotebookClient(
        notebook,
        timeout=patience.NOTEBOOK,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    outputs = [dict(output) for cell in notebook.cells[:-1] for output in cell.get("outputs", [])]
    return outputs, reports(notebook.cells[-1].outputs)


def report() -> str:
    """What all panels and questions of this kernel did when driven, as JSON."""
    from freeweights.page import live
    from freeweights.page import questions as lesson

    return json.dumps({
        "panels": [drive(panel) for panel in live.panels()],
        "questions": [interrogate(question) for question in lesson.questions()],
    })  # fmt: skip


def drive(panel) -> dict:
    """Move each control through its ends and three stops between, then all controls to corners together."""
    start, problems, still = panel.values, [], {}
    ends = {name: control.ends for name, control in panel.controls.items()}

    def look(**values):
        try:
            panel.set(**values)
        except Exception as error:  # the test lists every one of them, with the values
            problems.append(f"{values}: {type(error).__name__}: {error}")
        return panel.sentence, panel.pixels

    with unseen(panel):
        for name, control in panel.controls.items():
            others = [(other, end) for other in ends if other != name for end in ends[other]]
            for setting in [{}, *({other: end} for other, end in others)]:
                still[name] = stays(look(**start | setting | {name: value}) for value in places(control))
                if not still[name]:
                    break
        corners = list(itertools.islice(itertools.product(*ends.values()), 100_000))
        for corner in random.Random(1).sample(corners, min(CORNERS, len(corners))):
            look(**dict(zip(ends, corner, strict=True)))
        look(**start)
    return {
        "title": panel.shown.title, "alt": panel.alt, "sentence": panel.sentence, "problems": problems,
        "still": {name: whats for name, whats in still.items() if whats},
        "bytes": len(panel.picture),
        "unnamed": [n for n, control in panel.controls.items() if not control.label],
    }  # fmt: skip


@contextlib.contextmanager
def unseen(panel) -> Iterator[None]:
    """Move a panel without a page that follows: pictures and controls there take several times as long as drawing.

    The controls of the page hear in the end where they stand.
    """
    on_page, panel._on_page = panel._on_page, False
    try:
        with contextlib.ExitStack() as held:
            for widget in [part for knob in panel.knobs.values() for part in knob.row.children]:
                held.enter_context(widget.hold_sync())
            yield
    finally:
        panel._on_page = on_page


def stays(looks: Iterable[tuple]) -> list[str]:
    """Which of sentence and picture is the same in all looks."""
    looks = iter(looks)
    sentence, pixels = next(looks)
    same = {"sentence": True, "picture": True}
    for said, drawn in looks:
        same["sentence"] = same["sentence"] and said == sentence
        same["picture"] = same["picture"] and np.array_equal(drawn, pixels)
    return [what for what, is_same in same.items() if is_same]


def places(control) -> list:
    """The ends of a control, and three stops between the ends of a slider."""
    stops = getattr(control, "stops", ())
    return [*control.ends, *(stops[len(stops) * part // 4] for part in (1, 2, 3) if stops)]


def interrogate(question) -> dict:
    """Answer a question rightly, and wrongly in every way that it foresees."""
    kind, problems = type(question).__name__, []
    if kind == "Guess":
        answer = question.answer()
        if not question.low <= answer <= question.high:
            problems.append(f"the answer {answer} lies outside {question.low} to {question.high}")
        elif not question.commit(answer).right:
            problems.append(f"the computed answer is not taken: {question.feedback.message}")
    if kind == "Exercise":
        for mistake, words in question.mistakes:
            feedback = question.check(mistake() if callable(mistake) else mistake)
            if feedback.right or words not in feedback.message:
                problems.append(f"a foreseen mistake is not met with {words!r}: {feedback.message}")
        if not question.check(question.answer()).right:
            problems.append(f"the computed answer is not taken: {question.feedback.message}")
    return {"kind": kind, "key": question.key, "problems": problems}


class Images(HTMLParser):
    """The alternative texts of all images on a page."""

    def __init__(self, page: str):
        super().__init__()
        self.alts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append((dict(attributes).get("alt") or "").strip())
