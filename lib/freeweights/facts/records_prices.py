"""Rows of data/ about money and the debate: prices, figures of serving, claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Price:
    """One published price, with what it buys and when it held."""

    table: ClassVar[str] = "prices.csv"
    id: str
    subject: str
    quantity: str
    value: float
    unit: str
    conditions: str
    grade: str
    source: str
    note: str


@dataclass(frozen=True)
class Claim:
    """One claim of the debate that the course settles."""

    table: ClassVar[str] = "claims.csv"
    id: str
    claim: str
    held_by: str
    lessons: str
    settled_by: str
    systems: str
    source: str


@dataclass(frozen=True)
class ServingFigure:
    """One published figure of what serving costs or earns, with the range that a learner may move it in, if any.

    date: year, month or day for which it holds. low, high: in the unit of the value; both or none.
    """

    table: ClassVar[str] = "serving.csv"
    id: str
    subject: str
    quantity: str
    value: float
    low: float | None
    high: float | None
    unit: str
    date: str
    source: str
    note: str


@dataclass(frozen=True)
class HostPrice:
    """What one host asked for one open model on one day, in US dollars for a million tokens of each kind.

    kind: "lab" for who trained the model, "host" for anybody else. cached: None where no such price is listed.
    """

    table: ClassVar[str] = "hosts.csv"
    id: str
    model: str
    host: str
    kind: str
    input: float
    cached: float | None
    output: float
    date: str
    source: str
