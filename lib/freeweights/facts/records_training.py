"""Rows of data/ about training: published bills and budgets, runs with their hours, losses, records of speed, lags."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from .records_prices import ServingFigure


@dataclass(frozen=True)
class TrainingFigure(ServingFigure):
    """One published figure of what training costs, of who could pay it, or of a law: the columns of a ServingFigure."""

    table: ClassVar[str] = "training.csv"


@dataclass(frozen=True)
class TogetherFigure(ServingFigure):
    """One published figure of training together: lines and cards of homes, runs over the internet, checking, gifts."""

    table: ClassVar[str] = "together.csv"


@dataclass(frozen=True)
class WideLink:
    """The link with which two workers compute for a share of the time, as simulated. step: seconds; link: bits per second."""

    table: ClassVar[str] = "wide_links.csv"
    id: str
    parameters: float = field(metadata={"column": "parameters_B", "factor": 1e9})
    layers: int
    exchange: str
    bits: int
    local_steps: int
    step: float = field(metadata={"column": "step_s"})
    utilisation: float = field(metadata={"column": "utilisation_percent", "factor": 0.01})
    link: float = field(metadata={"column": "link_Gbit_s", "factor": 1e9})
    source: str


@dataclass(frozen=True)
class TrainingRun:
    """One training run with the device-hours that its makers, or somebody after them, say it took.

    structure: the row of models.csv that has its architecture, or "". active_parameters: as published, None where the
    structure counts them. context: tokens in a sequence. mfu: as published. covers: what the hours count.
    """

    table: ClassVar[str] = "training_runs.csv"
    id: str
    model: str
    structure: str
    active_parameters: float | None = field(metadata={"column": "parameters_B", "factor": 1e9})
    tokens: float = field(metadata={"column": "tokens_T", "factor": 1e12})
    context: float | None
    device: str
    device_hours: float
    mfu: float | None = field(metadata={"column": "mfu_percent", "factor": 0.01})
    covers: str
    date: str
    source: str
    note: str


@dataclass(frozen=True)
class ScalingRun:
    """One run of a published study of scaling. loss: nats a token on held-out text; error: share wrong in 17 tests."""

    table: ClassVar[str] = "scaling_runs.csv"
    id: str
    study: str
    text: str
    parameters: float
    tokens: float
    loss: float
    error: float | None = field(metadata={"column": "error_percent", "factor": 0.01})
    source: str


@dataclass(frozen=True)
class SpeedRecord:
    """One record of the public speed run: minutes on eight H100 to one loss."""

    table: ClassVar[str] = "speedrun.csv"
    id: str
    track: str
    record: int
    minutes: float
    date: str
    source: str


@dataclass(frozen=True)
class LagPair:
    """A closed model and the first open one whose score is at least as high; no open one where none had come."""

    table: ClassVar[str] = "lag_pairs.csv"
    id: str
    test: str
    closed: str
    closed_score: float
    closed_date: str
    open: str
    open_score: float | None
    open_date: str
    source: str
    note: str
