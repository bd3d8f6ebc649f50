"""Every table of facts, and the record that each of its rows becomes."""

from __future__ import annotations

from . import (
    records_derived,
    records_hardware,
    records_measured,
    records_models,
    records_openness,
    records_practice,
    records_prices,
    records_training,
)

ROOMS = (
    records_models,
    records_hardware,
    records_measured,
    records_practice,
    records_prices,
    records_derived,
    records_training,
    records_openness,
)
TABLES: dict[type, str] = {
    record: record.table for module in ROOMS for record in vars(module).values() if hasattr(record, "table")
}
