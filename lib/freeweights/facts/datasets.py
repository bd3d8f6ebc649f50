"""What data/ holds besides tables of facts: handwritten digits, texts, and what a teacher expects of one."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from .catalog import DATA, CatalogError

TEACHER = DATA / "teacher.npz"


@cache
def digits() -> np.ndarray:
    """Handwritten digits, ints (images, 65): what was written, then the ink of 64 pixels, rows of eight from the top.

    >>> digits().shape
    (1797, 65)
    """
    with (DATA / "digits.csv").open(encoding="utf-8", newline="") as file:
        return np.array(list(csv.reader(file))[1:], int)


def text(name: str) -> bytes:
    """A text of data/texts by the name of its file, without ".txt".

    >>> len(text("alice"))
    3347
    """
    return (DATA / "texts" / f"{name}.txt").read_bytes()


def arrays(path: Path, names: Iterable[str], advice: str) -> dict[str, np.ndarray]:
    """The arrays of a shipped file by their names.

    Args:
        path: an .npz file.
        names: the arrays that it must hold.
        advice: what to do where it cannot be read.

    Raises:
        CatalogError: it is missing, damaged, or of another version of the course.
    """
    try:
        with np.load(path) as file:
            return {name: file[name] for name in names}
    except FileNotFoundError as error:
        raise CatalogError(f"There is no {path.name} in {path.parent}. {advice}") from error
    except Exception as error:  # NumPy and zipfile raise many kinds
        raise CatalogError(f"{path.name} cannot be read: {error}. {advice}") from error


def write_arrays(path: Path, found: Mapping[str, np.ndarray]) -> None:
    """Replace a file of arrays; an interruption leaves the old one."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **found)
    os.replace(part, path)
