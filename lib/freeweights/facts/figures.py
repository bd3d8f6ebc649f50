"""One published figure by its name: of students and teachers, of serving."""

from __future__ import annotations

from functools import cache

from . import catalog
from .records_measured import Distilled
from .records_prices import ServingFigure


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
def figure(id: str) -> ServingFigure:
    """One row of data/serving.csv.

    Raises:
        UnknownName: there is no such row; the nearest ids are given.

    >>> figure("deepseek-service-nodes").value
    226.75
    """
    rows = {row.id: row for row in catalog.table(ServingFigure)}
    if id not in rows:
        raise catalog.UnknownName(f"data/serving.csv has no row '{id}'. {catalog.nearest(id, list(rows))}")
    return rows[id]
