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
    tables,
    vocabulary,
)
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
    Recorded,
    StoredCache,
    Streaming,
)
from .records_models import Architecture, CountException
from .records_prices import Claim, HostPrice, Price, ServingFigure

__all__ = [
    "vocabulary",
    "quantities",
    "arrays",
    "records_hardware",
    "records_models",
    "records_measured",
    "records_prices",
    "records_derived",
    "catalog",
    "tables",
    "figures",
    "datasets",
    "Calibration",
    "HeldOut",
    "Device",
    "Link",
    "WeightFormat",
    "BlockType",
    "Recipe",
    "Engine",
    "Measurement",
    "Recorded",
    "Energy",
    "Load",
    "Offload",
    "Collective",
    "Streaming",
    "StoredCache",
    "Distilled",
    "DistillationRun",
    "Architecture",
    "CountException",
    "FileSize",
    "Price",
    "Claim",
    "ServingFigure",
    "HostPrice",
]
