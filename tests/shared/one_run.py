"""A plugin of pytest: no notebook is run twice in a session for the tests that need it run.

Where its tests in a browser come, the lesson is run there, as a learner runs it; nbval then judges, cell by cell, what
the cells put out in that run, and the tests of panels and solutions have asked that kernel. Where there is no browser,
nbval runs the notebook itself, and its kernel is asked after the last cell.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import browser
import nbformat
import panels
import patience
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

own_setup = IPyNbFile.setup


class Replayed:
    """In place of nbval's kernel: cells put out again what they put out in the browser.

    Args:
        cells: of a notebook that was run; those with code, in order.
    """

    def __init__(self, cells: list[nbformat.NotebookNode]):
        self.cells, self.messages = list(cells), []

    def execute_cell_input(self, source: str, allow_stdin: bool | None = None) -> str:
        """The next cell; a notebook that changed since is another one."""
        cell = self.cells.pop(0)
        if cell.source != source:
            raise RuntimeError(f"the browser ran another cell: {cell.source[:80]!r}")
        self.messages = [self.message(dict(output)) for output in cell.outputs]
        self.messages.append(self.message({"output_type": "status", "execution_state": "idle"}))
        return "replayed"

    @staticmethod
    def message(output: dict) -> dict:
        kind = output.pop("output_type")
        return {"msg_type": kind, "parent_header": {"msg_id": "replayed"}, "content": output}

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        return self.messages.pop(0)

    def await_reply(self, message: str, timeout: float | None = None) -> None:
        """It has come."""

    def is_alive(self) -> bool:
        return True

    def stop(self) -> None:
        """Nothing runs."""


def setup(notebook: IPyNbFile) -> None:
    """Give a notebook that was run in the browser no kernel of its own."""
    if (cells := panels.cells_run(notebook.path)) is None:
        own_setup(notebook)
    else:
        notebook.kernel = Replayed(cells)
        notebook.setup_sanitize_files()


def pytest_configure() -> None:
    IPyNbFile.setup = setup


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Notebooks come after the tests that run them in a browser, if there is one, else before those that ask them.

    And nbval waits for the output of a cell as long as for the cell: by itself it gives up after five seconds.
    """
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    others = [item for item in items if not isinstance(item, IPyNbCell)]
    lessons = any(item.path == Path(__file__).parents[1] / "browser" / "test_lessons.py" for item in others)
    items[:] = others + cells if lessons and not browser.missing() else cells + others
    for cell in cells:
        cell.output_timeout = patience.NOTEBOOK


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the last cell of a notebook, while its kernel still runs, ask for the reports."""
    last = isinstance(item, IPyNbCell) and (nextitem is None or nextitem.parent is not item.parent)
    if last and is_wanted(item) and not panels.was_run(item.path):
        if (outputs := all_outputs(item)) is not None:
            panels.keep(item.path, outputs, panels.reports(reply(item)))


def is_wanted(cell: IPyNbCell) -> bool:
    """Whether a test of this session uses `panels.run` with this notebook."""
    return any(
        getattr(getattr(test, "module", None), "run", None) is panels.run
        and test.callspec.params.get("path") == cell.path
        for test in cell.session.items
        if hasattr(test, "callspec")
    )


def all_outputs(last: IPyNbCell) -> list[dict] | None:
    """What the cells of a notebook put out; None if one of them did not run, or failed."""
    cells = [cell for cell in last.session.items if cell.parent is last.parent]
    if len(cells) < sum(cell.cell_type == "code" for cell in last.parent.nb.cells) or last.parent.timed_out:
        return None
    if any(cell.test_outputs is None for cell in cells) or not last.parent.kernel.is_alive():
        return None
    outputs = [dict(output) for cell in cells for output in cell.test_outputs]
    return None if any(output["output_type"] == "error" for output in outputs) else outputs


def reply(last: IPyNbCell) -> list[dict]:
    """What the kernel of a notebook answers to `panels.question`."""
    asked = IPyNbCell.from_parent(
        last.parent,
        name="Panels and solutions",
        cell_num=last.cell_num + 1,
        cell=nbformat.v4.new_code_cell(panels.question(last.path)),
        options=defaultdict(bool),
    )
    asked.output_timeout = patience.NOTEBOOK
    asked.runtest()
    return asked.test_outputs
