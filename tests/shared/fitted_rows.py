"""The published rows as the fit sees them, and what a fit of them all finds: counted once for all tests of a file."""

from __future__ import annotations

import pytest
from freeweights.cost.efficiency import fitted_constants
from freeweights.evidence import fitting, make_calibration
from freeweights.evidence.fitting import FittedRow
from freeweights.facts import catalog
from freeweights.facts.records_derived import HeldOut

HELD = {row.id: row for row in catalog.table(HeldOut)}


@pytest.fixture(scope="module")
def rows() -> list[FittedRow]:
    return fitting.fitted_rows(fitted_constants())


@pytest.fixture(scope="module")
def found(rows):
    return fitting.fit_all(make_calibration.fitted(rows))
