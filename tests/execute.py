"""Run notebooks top to bottom and keep their outputs in place: `python tests/execute.py notebooks/*.ipynb`.

What is kept is what a reader without a kernel should see: progress bars and references to widgets are left out (a page
would show "model not found" for them), the pieces of a printed text are joined. A notebook that raises is left as it was.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).parent / "shared"))
import patience

WIDGET = "application/vnd.jupyter.widget-view+json"


def is_progress(output: dict) -> bool:
    """Whether an output is a progress bar: drawn by a widget, or the line that stands in for it."""
    return "it/s]" in output.get("data", {}).get("text/plain", "") or (
        output["output_type"] == "stream" and output["name"] == "stderr"
    )


def joined(outputs: list) -> list:
    """Outputs with neighbouring pieces of printed text made one."""
    kept: list = []
    for output in outputs:
        same = (
            kept
            and output["output_type"] == kept[-1]["output_type"] == "stream"
            and output["name"] == kept[-1]["name"]
        )
        if same:
            kept[-1]["text"] += output["text"]
        else:
            kept.append(output)
    return kept


def execute(path: Path) -> float:
    """Run one notebook and replace it; returns the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=patience.NOTEBOOK,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    seconds = time.perf_counter() - start
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined([output for output in cell.outputs if not is_progress(output)])
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
    notebook.metadata.pop("widgets", None)
    part = path.with_suffix(".part")
    nbformat.write(notebook, part)
    os.replace(part, path)
    return seconds


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {execute(Path(name)):.0f} s")
