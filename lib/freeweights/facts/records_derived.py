"""Rows of data/ that calibration made of measurements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Calibration:
    """What published measurements show for one class of device under one engine or kind of engine, in one phase.

    weights, experts, cache, scores: fraction of the specified bandwidth that reading them reaches (for loads: of the
    drive's rate). linear, blocks, expert_linear, attention: fraction of the specified FLOP/s, for weights multiplied
    at their own width, for weights unpacked from blocks of integers, for routed experts, and for scores and values.
    layer, expert_layer: seconds per layer, and per layer with experts besides, that no byte and no FLOP explains.
    routing_agreement: how much the tokens of a batch agree on their experts. pipeline_utilisation: share of a full
    pipeline's gain that is had. fast, slow: between them lie four in five of measured over predicted, for a dense
    model on one device; fast_apart, slow_apart: for mixtures and several devices; each row predicted without its
    source, without its model, and without its device. rows: how many measurements stand behind.
    """

    table: ClassVar[str] = "derived/calibration.csv"
    device_class: str
    engine: str
    phase: str
    weights: float | None
    experts: float | None
    cache: float | None
    linear: float | None
    blocks: float | None
    expert_linear: float | None
    attention: float | None
    scores: float | None
    layer: float | None
    expert_layer: float | None
    routing_agreement: float | None
    pipeline_utilisation: float | None
    fast: float
    slow: float
    fast_apart: float
    slow_apart: float
    rows: int
    sources: str


@dataclass(frozen=True)
class HeldOut:
    """What a row of measurements.csv or loads.csv took, and what constants fitted without its source predict. Seconds.

    without_model, without_device: the same of constants fitted without its model and without its device; none for a load.
    group: the kind of case, one of "dense decode on one device", "experts or several devices", "prefill", "load".
    """

    table: ClassVar[str] = "derived/held_out.csv"
    id: str
    group: str
    seconds: float
    predicted: float
    without_model: float | None
    without_device: float | None
