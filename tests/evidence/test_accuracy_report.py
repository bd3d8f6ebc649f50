"""The proof: how far predictions are from what was published, held to limits.

`python -m freeweights.evidence.accuracy_report` prints it. Every prediction was made without the source of the row predicted.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from fitted_rows import all_rows
from freeweights.cost import inference
from freeweights.cost.efficiency import fitted_constants
from freeweights.evidence import fitting, held_out, make_calibration, published, single_changes
from freeweights.evidence.make_calibration import DENSE, EXPERTS, LOADING, PREFILL
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.facts.records_derived import Calibration, HeldOut
from freeweights.facts.records_measured import Load, Measurement
from freeweights.models.transformer import model
from hypothesis import given
from hypothesis import strategies as st

LARGE = "https://github.com/XiongjieDai/"  # a source that speaks for both phases
HELD = {row.id: row for row in catalog.table(HeldOut)}
USABLE = [row for row in catalog.table(Measurement) if row.usable and row.phase != "load"]
READABLE = [row for row in USABLE if row.model and row.device and published.step_seconds(row) is not None]

# What the model of cost is meant to reach: middle, and nine rows in ten. None: no aim was set.
AIMS = {DENSE: (1.10, 1.30), EXPERTS: (1.25, 1.60), PREFILL: (1.30, 1.80), LOADING: (1.30, None)}
# Aims that are missed, and why. None may join them unnoticed.
SHORTFALLS = {
    (DENSE, 1): "1.33 for 1.30: files are counted tensor by tensor, their rates as before by class of device",
    (PREFILL, 1): "engines multiply unequally well on AMD, on Intel and across devices; few rows say so",
    (
        DENSE,
        1,
    ): "one generation's overhead differs from the next one's, and few sources show a small model on it",
    (LOADING, 0): "nine rows, with drives whose rate is only stated",
}
# Limits that no change may exceed: what was found on 2026-11-30 (1.09 and 1.33; 1.16 and 1.57; 1.20 and
# 1.87; 1.35 and 2.09), and a little more.
LIMITS = {DENSE: (1.10, 1.33), EXPERTS: (1.18, 1.62), PREFILL: (1.22, 1.90), LOADING: (1.45, 2.30)}
LEAST_ROWS = {DENSE: 450, EXPERTS: 550, PREFILL: 680, LOADING: 9}
# Of the ratio of two speeds: share of pairs in the right order, middle error, worst tenth, and fewest pairs.
# Found on 2026-11-30: 1.00, 1.08, 1.22; 1.00, 1.14, 1.41; 1.00, 1.10, 1.46; 0.99, 1.06, 1.26; 0.94,
# 1.03, 1.13; 1.00, 1.17, 1.37.
RATIOS = {
    "bits per weight": (0.98, 1.10, 1.23, 200),
    "sequences at once": (0.98, 1.18, 1.50, 150),
    "tokens in the cache": (0.97, 1.12, 1.56, 60),
    "devices that share every layer": (0.97, 1.11, 1.32, 130),
    "devices that take turns": (0.92, 1.05, 1.15, 170),
    "dense or a mixture at least about as large": (0.90, 1.20, 1.45, 12),
}


@pytest.fixture(scope="module")
def cases():
    return list(all_rows())


@pytest.fixture(scope="module")
def found():
    return {one.name: one for one in held_out.by(held_out.of_group, held_out.pairs())}


# ---- how far off


@pytest.mark.parametrize("group", LIMITS)
def test_no_group_of_rows_is_further_off_than_it_was(found, group):
    one, (median, p90) = found[group], LIMITS[group]
    assert one.median <= median and one.p90 <= p90, one
    assert one.rows >= LEAST_ROWS[group], "rows were lost: an error over fewer rows is another error"


def test_every_aim_is_reached_or_named_as_missed(found):
    reached = {name: (round(one.median, 2), round(one.p90, 2)) for name, one in found.items()}
    missed = {
        (group, place)
        for group, aims in AIMS.items()
        for place, aim in enumerate(aims)
        if aim is not None and reached[group][place] > aim
    }
    assert missed <= SHORTFALLS.keys(), missed - SHORTFALLS.keys()


@pytest.mark.parametrize("without", ["source", "model", "device"])
def test_ranges_hold_what_they_promise_of_rows_left_out(without):
    for one in held_out.by(held_out.of_group, held_out.pairs(without)):
        assert one.inside >= make_calibration.INSIDE or one.rows < held_out.FEW, one


@pytest.mark.parametrize("without, limits", [("model", (1.15, 1.68)), ("device", (1.15, 1.75))])
def test_models_and_devices_that_were_left_out_are_not_further_off_than_they_were(without, limits):
    one = held_out.errors(held_out.pairs(without))
    assert one.median <= limits[0] and one.p90 <= limits[1], one


def test_predictions_lean_to_neither_side(found):
    for group in (DENSE, EXPERTS, PREFILL):
        assert 1 / 1.10 < found[group].bias < 1.10, found[group]


@pytest.mark.parametrize("shape", single_changes.CHANGES, ids=lambda shape: shape.name)
def test_what_one_change_does_is_predicted(shape):
    order, median, p90, pairs = RATIOS[shape.name]
    one = single_changes.agreement(shape)
    assert one.order >= order and one.median <= median and one.p90 <= p90, one
    assert one.pairs >= pairs


@pytest.mark.parametrize("shape", single_changes.CHANGES, ids=lambda shape: shape.name)
def test_twins_differ_in_the_one_thing_only(shape):
    for pair in single_changes.twins(shape):
        one, other = pair.first.row, pair.second.row
        assert (one.source, one.device, one.phase) == (other.source, other.device, other.phase)
        assert shape.held_equal(pair.first) == shape.held_equal(pair.second)
        assert shape.bands.index(pair.bands[0]) < shape.bands.index(pair.bands[1])
        rates = [published.tokens_of(row) / published.step_seconds(row) for row in (one, other)]
        assert pair.published == pytest.approx(rates[1] / rates[0], rel=2e-3)


# ---- the floor


def least_seconds(row: Measurement) -> float | None:
    """The floor of a row's step, whether or not an engine's usual share of the memory holds the model."""
    what, where = model(row.model), published.machine_of(row)
    bits = published.bits_of(row, what)
    if bits is None or (row.phase == "prefill" and not where.computes):
        return None
    if row.phase == "prefill":
        return float(
            inference.prefill(what, where, prompt=row.prompt, batch=float(row.batch), weights=bits)
            .unmasked()
            .lower_bound
        )
    return float(
        inference.decode(
            what, where, context=published.mean_context(row), batch=float(row.batch), weights=bits
        )
        .unmasked()
        .lower_bound
    )


def test_no_usable_published_row_beats_its_floor_nor_does_any_prediction():
    floors = {row.id: least_seconds(row) for row in READABLE}
    known = {key: floor for key, floor in floors.items() if floor is not None}
    assert {"tensor", "pipeline"} <= {row.split for row in READABLE if row.devices > 1}
    assert len(known) > 0.98 * len(READABLE) > 1700
    faster = [
        f"{row.id}: {published.step_seconds(row):.4g} s published, {known[row.id]:.4g} s is the floor"
        for row in READABLE
        if row.id in known and published.step_seconds(row) < known[row.id]
    ]
    assert not faster, "\n".join(faster)
    assert all(HELD[key].predicted >= floor * (1 - 1e-3) for key, floor in known.items() if key in HELD)


# ---- which rows


def test_every_usable_row_that_says_enough_has_a_prediction():
    missing = [
        row.id
        for row in READABLE
        if published.bits_of(row, model(row.model)) is not None
        and published.machine_of(row).computes
        and row.id not in HELD
    ]
    assert not missing, missing


def test_rows_without_a_prediction_are_counted_with_a_reason():
    without = held_out.not_predicted()
    assert "not predicted yet" not in without
    measured = sum(key in {row.id for row in USABLE} for key in HELD)
    assert sum(without.values()) + measured == len(USABLE)
    # On 2026-11-22: 34 of devices without a published rate (processors, phones), 20 for other reasons.
    assert sum(without.values()) <= 60


def test_predictions_stand_beside_what_was_measured():
    loads = {row.id: row.seconds for row in catalog.table(Load)}
    usable = {row.id: published.step_seconds(row) for row in USABLE} | loads
    assert len(HELD) == len(catalog.table(HeldOut))
    for key, row in HELD.items():
        assert row.seconds == pytest.approx(usable[key], rel=1e-3), key


def test_no_unusable_row_and_no_row_of_the_model_predicted_in_lesson_01_is_fitted(cases):
    fitted = make_calibration.fitted(cases)
    left_out = [one for one in cases if one.row.model in make_calibration.PREDICTED_NOT_FITTED]
    assert left_out and len(fitted) == len(cases) - len(left_out)
    assert all(one.row.usable for one in fitted)
    assert fitting.fitted_row(replace(fitted[0].row, usable=False), fitted_constants()) is None
    kept = {(row.device_class, row.engine, row.phase): row for row in catalog.table(Calibration)}
    for phase in ("decode", "prefill"):
        assert kept["any", "any", phase].rows == sum(one.row.phase == phase for one in fitted)


def small_sources(cases, most: int = 6) -> list[str]:
    """Three sources of few rows: the first, the middle and the last by name."""
    names = sorted({one.row.source for one in cases})
    few = [name for name in names if 2 <= sum(one.row.source == name for one in cases) <= most]
    return [few[0], few[len(few) // 2], few[-1]]


def test_the_file_of_predictions_is_what_the_command_makes(cases):
    for source in small_sources(cases):
        others = [one for one in cases if one.row.source != source]
        constants = fitting.fit_all(make_calibration.fitted(others))
        mine = [one for one in cases if one.row.source == source]
        assert mine
        for one in mine:
            kept = HELD[one.row.id]
            assert kept.predicted == pytest.approx(fitting.predicted(one, constants), rel=1e-3), one.row.id
            assert (kept.group, kept.seconds) == (
                make_calibration.group_of(one),
                pytest.approx(one.seconds, rel=1e-3),
            )


def test_the_predicted_loads_are_what_the_command_makes():
    for made in make_calibration.loads_held_out(catalog.table(Load)):
        kept = HELD[made.id]
        assert (kept.seconds, kept.predicted) == pytest.approx((made.seconds, made.predicted), rel=1e-3)


def test_a_prediction_does_not_know_its_own_source(cases):
    small = small_sources(cases)
    few = [one for one in cases if one.row.source in small or one.row.source.startswith(LARGE)]
    lied = [replace(one, seconds=3 * one.seconds) if one.row.source == small[0] else one for one in few]
    told, lie = (fitting.held_out(rows, make_calibration.PREDICTED_NOT_FITTED) for rows in (few, lied))
    own = np.array([one.row.source == small[0] for one in few])
    assert own.any() and np.array_equal(told[own], lie[own])
    assert not np.array_equal(told[~own], lie[~own]), "a source that is not left out must speak"


# ---- the figures themselves


@given(st.lists(st.floats(0.2, 5), min_size=1, max_size=40))
def test_errors_count_too_slow_and_too_fast_alike(ratios):
    like = held_out.pairs()[0]
    there = [replace(like, predicted=like.seconds * ratio) for ratio in ratios]
    back = [replace(like, predicted=like.seconds / ratio) for ratio in ratios]
    one, other = held_out.errors(there), held_out.errors(back)
    assert (one.median, one.p90) == pytest.approx((other.median, other.p90))
    assert 1 - 1e-12 <= one.median <= one.p90 * (1 + 1e-12)


def test_no_rows_have_no_error():
    with pytest.raises(ValueError, match="no published row to compare for apples"):
        held_out.errors([], "apples")


def test_the_command_prints_what_the_tests_judge(found):
    done = subprocess.run(
        [sys.executable, "-m", "freeweights.evidence.accuracy_report"],
        capture_output=True,
        text=True,
        check=True,
    )
    printed = done.stdout
    for name, one in found.items():
        assert any(
            line.split() == [*name.split(), f"{one.rows}", f"{one.sources}", f"{one.median:.2f}",
                             f"{one.p90:.2f}", f"{one.bias:.2f}", *q.percent(one.inside).split()]
            for line in printed.splitlines()
        ), name  # fmt: skip
    assert all(shape.name in printed for shape in single_changes.CHANGES)
