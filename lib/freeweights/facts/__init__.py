"""The facts of data/, as frozen records: its only reader and writer.

Read `records_hardware` for what a row looks like, then `catalog`; `quantities` has the words for numbers.
"""

from . import (
    arrays,
    catalog,
    datasets,
    figures,
    quantities,
    records_derived,
    records_hardware,
    records_measured,
    records_models,
    records_prices,
    records_training,
    tables,
    vocabulary,
)
from .records_derived import Calibration, HeldOut
from .records_hardware import AllReduce, Device, Engine, FileSize, Link, WeightFormat
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

__all__ = [
    "vocabulary",
    "quantities",
    "arrays",
    "records_hardware",
    "records_models",
    "records_measured",
    "records_prices",
    "records_training",
    "records_derived",
    "catalog",
    "tables",
    "figures",
    "datasets",
    "Device",
    "Link",
    "AllReduce",
    "WeightFormat",
    "Engine",
    "FileSize",
    "Architecture",
    "CountException",
    "Measurement",
    "Energy",
    "Load",
    "Offload",
    "Collective",
    "Streaming",
    "StoredCache",
    "Distilled",
    "DistillationRun",
    "Price",
    "Claim",
    "ServingFigure",
    "HostPrice",
    "TrainingFigure",
    "TrainingRun",
    "ScalingRun",
    "SpeedRecord",
    "LagPair",
    "Calibration",
    "HeldOut",
]
