"""Every table of facts, and the record that each of its rows becomes."""

from __future__ import annotations

from .records_derived import Calibration, HeldOut
from .records_hardware import BlockType, Device, Engine, FileSize, Link, Recipe, WeightFormat
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

RECORDS = (
    Architecture,
    CountException,
    Device,
    Link,
    WeightFormat,
    BlockType,
    Recipe,
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
)
TABLES: dict[type, str] = {record: record.table for record in RECORDS}
