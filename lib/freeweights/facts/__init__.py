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
]
