"""The published rows as the fit sees them, and what a fit of them all finds: counted once for all tests of a file."""

from __future__ import annotations

import pytest
from freeweights import calibrate, catalog, fitting
from freeweights.fitting import Case
from freeweights.records_published import HeldOut
from freeweights.work import habits

HELD = {row.id: row for row in catalog.table(HeldOut)}


@pytest.fixture(scope="module")
def rows() -> list[Case]:
    return fitting.cases(habits())


@pytest.fixture(scope="module")
def found(rows):
    return fitting.fit_all(calibrate.fitted(rows))
