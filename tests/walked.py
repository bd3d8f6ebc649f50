"""What nbval is told, and what its kernels are asked once they have run a notebook.

nbval runs each notebook cell by cell. The tests of panels and solutions need the same run, so they take it from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import nbformat
import panels
import patience
import pytest
from nbval.plugin import IPyNbCell


def wait_patiently(config: pytest.Config) -> None:
    """Give every cell the time of a slow machine."""
    config.option.nbval_cell_timeout = patience.NOTEBOOK
    config.option.nbval_kernel_startup_timeout = patience.ANSWER
    
