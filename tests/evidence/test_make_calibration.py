"""data/derived/calibration.csv is what the command makes of the data; shares of loads are what rows show."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fitted_rows import HELD, found, rows  # noqa: F401, fixtures
from freeweights.cost.efficiency import FittedConstants, fitted_constants
from freeweights.evidence import make_calibration
from freeweights.facts import catalog
from freeweights.facts.records_derived import Calibration
from freeweights.facts.records_measured import Load

KEPT = catalog.table(Calibration)


def same(kept: Calibration, new: Calibration) -> None:
    for field in dataclasses.fields(Calibration):
        value, expected = getattr(kept, field.name), getattr(new, field.name)
        wanted = pytest.approx(expected, rel=1e-3) if isinstance(expected, float) else expected
        assert value == wanted, (kept.device_class, kept.engine, kept.phase, field.name)


def test_the_calibration_file_is_what_the_command_makes(rows, found):
    """With its habits and the predictions of held_out.csv, each tested by itself, to save half a minute."""
    held = [HELD[row.row.id] for row in rows]
    without = np.array([[one.predicted, one.without_model, one.without_device] for one in held]).T
    made = [
        *make_calibration.load_rows(catalog.table(Load)),
        *make_calibration.host_rows(make_calibration.host_shares(found, fitted_constants())),
        *make_calibration.constants(found, rows, without),
    ]
    kept = [row for row in KEPT if row.phase != "any"]
    assert [(r.device_class, r.engine, r.phase) for r in kept] == [
        (r.device_class, r.engine, r.phase) for r in made
    ]
    for one, other in zip(kept, made):
        same(one, other)


def test_the_habits_of_the_file_surprise_least_among_their_neighbours():
    routing_agreement, pipeline_utilisation = fitted_constants()
    for name, speaks in (
        ("routing_agreement", make_calibration.chooses_experts),
        ("pipeline_utilisation", make_calibration.follows_layers),
    ):
        start = {
            "routing_agreement": FittedConstants(routing_agreement, 0.5),
            "pipeline_utilisation": FittedConstants(routing_agreement, pipeline_utilisation),
        }[name]
        here = make_calibration.surprise(start, speaks)
        for step in (-0.1, 0.1):
            beside = start._replace(**{name: round(getattr(start, name) + step, 1)})
            assert here <= make_calibration.surprise(beside, speaks), (name, step)


def test_habits_name_the_rows_that_speak_for_them(rows):
    row = next(row for row in KEPT if row.phase == "any")
    behind = [
        r
        for r in make_calibration.fitted(rows)
        if make_calibration.chooses_experts(r) or make_calibration.follows_layers(r)
    ]
    assert row.rows == len(behind) and row.sources == make_calibration.joined(r.row.source for r in behind)


def test_a_group_of_few_series_takes_the_range_of_a_wider_one():
    by_group = {(row.device_class, row.engine, row.phase): row for row in KEPT}
    few = by_group["nvidia-unified", "vLLM", "decode"]
    assert few.rows < make_calibration.ENOUGH_SERIES
    ranges = {(row.fast, row.slow) for row in KEPT if row.phase == "decode" and row.device_class == "any"}
    assert (few.fast, few.slow) in ranges


def test_a_range_of_few_series_reaches_further_and_holds_four_in_five_of_new_ones():
    random = np.random.default_rng(0)
    few, many = (np.exp(random.normal(size=(400, n))) for n in (9, 99))
    inside = []
    for ratios in (few, many):
        ends = np.array([make_calibration.spread(row) for row in ratios])
        new = np.exp(random.normal(size=len(ends)))
        inside.append(np.mean((ends[:, 0] <= new) & (new <= ends[:, 1])))
    assert np.all(np.abs(np.array(inside) - make_calibration.INSIDE) < 0.06)
    plain = np.quantile(many[0], [0.1, 0.9])
    wide = make_calibration.spread(many[0], series=9)
    assert wide[0] < plain[0] and wide[1] > plain[1]


# Loads

LOADS = [
    Load("a", "m", "x", "one", "streaming", 10e9, 5e9, 4.0, "s1"),  # half of the stated rate
    Load("b", "m", "x", "two", "plain", 10e9, 5e9, 8.0, "s1"),  # a quarter
    Load("c", "n", "y", "one", "streaming", None, None, 3.0, "s2"),  # the best on its drive: says nothing
    Load("d", "n", "y", "two", "plain", None, None, 6.0, "s2"),  # half of the best
    Load("e", "o", "z", "one", "streaming", 10e9, 5e9, 1.0, "s3"),  # partly cached: not more than all of it
]


def test_a_load_reaches_a_share_of_the_stated_rate_or_of_the_best_loader_beside_it():
    assert {row.id: share for row, share in make_calibration.reached(LOADS)} == {
        "a": 0.5,
        "b": 0.25,
        "d": 0.5,
        "e": 1,
    }


def test_both_kinds_of_loader_count_alike_in_the_common_share():
    rows = {row.engine: row for row in make_calibration.load_rows(LOADS)}
    assert rows["streaming"].weights == 0.75 and rows["plain"].weights == 0.375
    assert rows["any"].weights == pytest.approx(np.sqrt(0.75 * 0.375))
    assert [rows[kind].rows for kind in ("streaming", "plain", "any")] == [2, 2, 4]


def test_a_load_is_predicted_by_others_of_its_kind():
    predicted = {row.id: row.predicted for row in make_calibration.loads_held_out(LOADS)}
    assert predicted["a"] == pytest.approx(2.0 / 1.0), "by e alone"
    assert predicted["b"] == pytest.approx(2.0 / 0.5), "by d alone"


def test_the_loads_of_the_file_are_those_of_the_data():
    held = {row.id: row.predicted for row in make_calibration.loads_held_out(catalog.table(Load))}
    assert held == pytest.approx(
        {row.id: row.predicted for row in HELD.values() if row.group == "load"}, rel=1e-3
    )
