"""Published rows by name: measured speeds, figures of serving, of students and teachers, and the claims of the debate."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

from . import catalog
from .records_measured import Distilled, Measurement
from .records_openness import OpennessFigure
from .records_prices import Claim, ServingFigure
from .records_training import TogetherFigure, TrainingFigure


@cache
def of_distillation() -> dict[tuple[str, str], float]:
    """Every figure of data/distillation.csv by its subject and quantity, in the unit of its row."""
    return {(row.subject, row.quantity): row.value for row in catalog.table(Distilled)}


def distilled(subject: str, quantity: str) -> float:
    """One published figure of a student, a teacher or another model, in the unit of its row.

    Raises:
        UnknownName: there is no such row; the nearest subjects or quantities are given.

    >>> distilled("DeepSeek-R1", "samples for its students")
    804745.0
    """
    figures = of_distillation()
    if (subject, quantity) not in figures:
        of_subject = [name for who, name in figures if who == subject]
        names = of_subject or sorted({who for who, _ in figures})
        missing = quantity if of_subject else subject
        raise catalog.UnknownName(
            f"data/distillation.csv has no '{quantity}' of '{subject}'. {catalog.nearest(missing, names)}"
        )
    return figures[subject, quantity]


@cache
def figure(id: str, record: type[ServingFigure] = ServingFigure) -> ServingFigure:
    """One row of data/serving.csv, or of another table of the same columns.

    Raises:
        UnknownName: there is no such row; the nearest ids are given.

    >>> figure("deepseek-service-nodes").value
    226.75
    """
    rows = {row.id: row for row in catalog.table(record)}
    if id not in rows:
        raise catalog.UnknownName(f"data/{record.table} has no row '{id}'. {catalog.nearest(id, list(rows))}")
    return rows[id]


def trained(id: str) -> TrainingFigure:
    """One row of data/training.csv: a bill, a budget, a constant of a law, a lag.

    >>> trained("bill-deepseek-v3").value
    5576000.0
    """
    return figure(id, TrainingFigure)


def together(id: str) -> TogetherFigure:
    """One row of data/together.csv: a home line, a run over the internet, a way of checking.

    >>> together("line-world-upload").unit
    'Mbit/s'
    """
    return figure(id, TogetherFigure)


def openness(id: str) -> OpennessFigure:
    """One row of data/openness.csv: a count of open components, what removing refusals cost, what was extracted.

    >>> openness("code-2025").value
    0.0
    """
    return figure(id, OpennessFigure)


def claim(name: str) -> Claim:
    """One claim of the debate by its id."""
    return catalog.find(Claim, name, "claim")


def measurements(**wanted) -> tuple[Measurement, ...]:
    """The published measurements whose fields have the wanted values.

    Args:
        wanted: field=value pairs of `Measurement`.

    Raises:
        UnknownName: a field that measurements do not have.

    >>> all(row.phase == "decode" for row in measurements(phase="decode", model="GLM-5.2"))
    True
    """
    known = [field.name for field in fields(Measurement)]
    for key in wanted:
        if key not in known:
            raise catalog.UnknownName(f"Measurements have no field '{key}'. {catalog.nearest(key, known)}")
    return tuple(
        row
        for row in catalog.table(Measurement)
        if all(getattr(row, key) == value for key, value in wanted.items())
    )
