"""Rows of data/ about openness: what of a release is out, what licences say, how schemes classify, published figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from .records_prices import ServingFigure


@dataclass(frozen=True)
class Release:
    """A model of models.csv with its release. licence: those of its weights, all of which hold; "" where none is out."""

    table: ClassVar[str] = "releases.csv"
    name: str
    release: str
    licence: str
    source: str


@dataclass(frozen=True)
class Component:
    """One component of one release: open, partial or closed. Where nothing was read there is no row.

    basis: "family proxy" where a scheme scored the newest model of the family.
    """

    table: ClassVar[str] = "components.csv"
    id: str
    release: str
    component: str
    value: str
    basis: str
    source: str
    date: str
    note: str


@dataclass(frozen=True)
class LicenceAnswer:
    """One question put to the text of one licence: yes, no, conditional or silent. A question without a row is unread.

    users: a month, from which the answer holds. revenue: US dollars a year. countries: whom a limit of territory leaves out.
    """

    table: ClassVar[str] = "licences.csv"
    id: str
    licence: str
    text_date: str
    question: str
    answer: str
    clause: str
    detail: str
    users: float | None = field(metadata={"column": "users_M", "factor": 1e6})
    revenue: float | None = field(metadata={"column": "revenue_M", "factor": 1e6})
    countries: str
    source: str


@dataclass(frozen=True)
class OpennessScore:
    """How a scheme scored one component of an entry, or the result it came to. model: of models.csv, or ""."""

    table: ClassVar[str] = "openness_scores.csv"
    id: str
    scheme: str
    entry: str
    model: str
    component: str
    value: str
    source: str


@dataclass(frozen=True)
class OpennessFigure(ServingFigure):
    """One published figure on openness, or on what weights alone allow: the columns of a ServingFigure."""

    table: ClassVar[str] = "openness.csv"
