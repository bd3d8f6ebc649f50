"""What a learner typed into a lesson's forms, kept beside the lesson for the next kernel."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import ipywidgets as W

FOLDER = "my_answers"


def answers_file() -> Path | None:
    """The file for this kernel's lesson; None where no Jupyter server opened it, as in tests and on paper.

    A Jupyter server tells a kernel the notebook's path in JPY_SESSION_NAME.
    """
    lesson = Path(os.environ.get("JPY_SESSION_NAME", ""))
    return lesson.parent / FOLDER / f"{lesson.stem}.json" if lesson.suffix == ".ipynb" else None


def remember(key: str, boxes: Sequence[W.Widget]) -> None:
    """Put back what was typed into the boxes of a question, and from now on keep what is.

    Args:
        key: the question's name, one per lesson.
        boxes: its widgets; those without a value, such as buttons, are left alone. Each is known by what it
            says beside it.
    """
    file = answers_file()
    if file is None:
        return
    typed = read(file).get(key, {})
    for box in boxes:
        if isinstance(box, W.Text | W.Textarea | W.Dropdown):
            words = typed.get(box.description, box.value)
            if not isinstance(box, W.Dropdown) or words in box.options:
                box.value = words
            box.observe(partial(_keep, file, key), "value")


def read(file: Path) -> dict[str, dict[str, str]]:
    """What was typed, by question and by box; a file that is no longer of that form is put aside, not lost."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if not all(isinstance(words, str) for boxes in found.values() for words in boxes.values()):
            raise ValueError
        return found
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):  # other than dicts of dicts have no values()
        aside = file.with_suffix(".unreadable")
        os.replace(file, aside)
        warnings.warn(f"{file.name} is not readable any more: it is {aside.name} now.", stacklevel=2)
        return {}


def _keep(file: Path, key: str, change: dict) -> None:
    """Write a changed box down; a folder that cannot be written to is told, and the form works on."""
    try:
        answers = read(file)
        answers.setdefault(key, {})[change["owner"].description] = change["new"]
        file.parent.mkdir(exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, file)
    except OSError as error:
        warnings.warn(f"What you type is not kept: {error}.", stacklevel=2)
