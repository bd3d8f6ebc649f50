"""Rows of data/ about models in use: guessed tokens, agents, thinking, scores, use, tests of them, phones.

In all of them `grade` is A for a primary table or text, B for a copy or a summary, C for what was read off a picture, for
a single user and for a vendor; C settles no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Speculated:
    """One published figure of tokens guessed ahead and checked by a model.

    drafts: guessed in a step. accepted: tokens written for each step of the target, where published. usable: False where
    the run shows a defect of its software.
    """

    table: ClassVar[str] = "speculation.csv"
    id: str
    method: str
    target: str
    drafter: str
    engine: str
    hardware: str
    batch: str
    drafts: int | None
    task: str
    accepted: float | None
    quantity: str
    value: float
    unit: str
    usable: bool
    grade: str
    source: str
    remark: str


@dataclass(frozen=True)
class AgentFigure:
    """One published figure of an agent at work: tokens, turns, seconds or dollars.

    statistic: mean, total, share, or a quantile such as p50. n: cases behind it.
    """

    table: ClassVar[str] = "agents.csv"
    id: str
    agent: str
    model: str
    task_set: str
    quantity: str
    statistic: str
    value: float
    unit: str
    n: int | None
    grade: str
    source: str


@dataclass(frozen=True)
class Thinking:
    """One published score against what was spent: tokens, samples, tries, an effort.

    budget: as published, in what `budget_kind` says. tokens: written, where published.
    """

    table: ClassVar[str] = "thinking.csv"
    id: str
    model: str
    benchmark: str
    method: str
    budget_kind: str
    budget: str
    tokens: float | None
    metric: str
    value: float
    unit: str
    grade: str
    source: str


@dataclass(frozen=True)
class Score:
    """One published score of a model.

    key: joins it over sources and tables. total_b, active_b: parameters in billions. usable: False where the run is broken.
    """

    table: ClassVar[str] = "scores.csv"
    id: str
    key: str
    model: str
    released: str
    open: bool | None
    total_b: float | None
    active_b: float | None
    effort: str
    benchmark: str
    score: float
    unit: str
    usable: bool
    grade: str
    source: str


@dataclass(frozen=True)
class Usage:
    """One published figure of what a model is used for or earns, in one period."""

    table: ClassVar[str] = "usage.csv"
    id: str
    channel: str
    model: str
    key: str
    period: str
    quantity: str
    value: float
    unit: str
    grade: str
    source: str


@dataclass(frozen=True)
class TestFigure:
    """One published or recomputed figure of how well a test tells two models apart."""

    table: ClassVar[str] = "testing.csv"
    id: str
    topic: str
    quantity: str
    value: float
    unit: str
    conditions: str
    grade: str
    source: str


@dataclass(frozen=True)
class PhoneFigure:
    """One published figure of a model on a phone or another small machine."""

    table: ClassVar[str] = "phones.csv"
    id: str
    device: str
    model: str
    format: str
    runtime: str
    backend: str
    quantity: str
    value: float
    unit: str
    conditions: str
    grade: str
    source: str


@dataclass(frozen=True)
class Question:
    """The start of a text and four endings, one of them true: HellaSwag, Zellers et al. 2019, arXiv:1905.07830.

    right: number of the true ending, from 0.
    """

    table: ClassVar[str] = "questions.csv"
    id: str
    start: str
    first: str
    second: str
    third: str
    fourth: str
    right: int
    source: str
