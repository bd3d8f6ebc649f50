"""The published rows as the fit sees them, and what a fit of them all finds: counted once for all tests."""

from __future__ import annotations

import copy
import functools

import pytest
from freeweights.cost.efficiency import fitted_constants
from freeweights.evidence import fitting, make_calibration
from freeweights.evidence.fitting import FittedRow
from freeweights.facts import catalog
from freeweights.facts.records_derived import HeldOut

HELD = {row.id: row for row in catalog.table(HeldOut)}


@functools.cache
def all_rows() -> tuple[FittedRow, ...]:
    return tuple(fitting.fitted_rows(fitted_constants()))


@functools.cache
def all_constants() -> fitting.Constants:
    return fitting.fit_all(make_calibration.fitted(list(all_rows())))


@pytest.fixture(scope="module")
def rows() -> list[FittedRow]:
    return list(all_rows())


@pytest.fixture(scope="module")
def found() -> fitting.Constants:
    return copy.deepcopy(all_constants())
