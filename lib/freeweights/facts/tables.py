"""Every table of facts, and the record that each of its rows becomes."""

from __future__ import annotations

from .records_derived import Calibration, HeldOut
from .records_hardware import Device, Engine, FileSize, Link, WeightFormat
from .records_measured import (
    Collective,
    DistillationRun,
    Distilled,
    Energy,
    Load,
    Measurement,
    Offload,
    StoredCache,
    Streaming,
)
from .records_models import Architecture, CountException
from .records_prices import Claim, HostPrice, Price, ServingFigure
from .records_training import LagPair, ScalingRun, SpeedRecord, TrainingFigure, TrainingRun

RECORDS = (
    Architecture,
    CountException,
    Device,
    Link,
    WeightFormat,
    FileSize,
    Measurement,
    Price,
    Claim,
    Calibration,
    Engine,
    Load,
    Energy,
    HeldOut,
    Offload,
    Collective,
    Streaming,
    StoredCache,
    Distilled,
    DistillationRun,
    ServingFigure,
    HostPrice,
    TrainingFigure,
    TrainingRun,
    ScalingRun,
    SpeedRecord,
    LagPair,
)
TABLES: dict[type, str] = {record: record.table for record in RECORDS}
