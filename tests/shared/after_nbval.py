"""A plugin of pytest: what the tests of panels and solutions want to know is asked of the kernels that nbval runs.

nbval runs each notebook anyway, a test for each cell. Where the tests of `panels.run` come later in the same session,
the kernel is asked for their reports after its last cell, so that no notebook is run a second time for them.
"""

from __future__ import annotations

from collections import defaultdict

import nbformat
import panels
import patience
import pytest
from nbval.plugin import IPyNbCell


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Wait for the output of a cell as long as for the cell: nbval by itself gives up after five seconds."""
    for cell in items:
        if isinstance(cell, IPyNbCell):
            cell.output_timeout = patience.NOTEBOOK


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the last cell of a notebook, while its kernel still runs, ask for the reports."""
    last = isinstance(item, IPyNbCell) and (nextitem is None or nextitem.parent is not item.parent)
    if last and is_wanted(item) and (outputs := all_outputs(item)) is not None:
        panels.keep(item.path, outputs, reply(item))


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
