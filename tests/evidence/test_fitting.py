"""The fit finds what made the rows, moves nothing without evidence, predicts no row from its own source."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fitted_rows import HELD, found, rows  # noqa: F401, fixtures
from freeweights.cost.efficiency import COMPUTING, READING, WAITING
from freeweights.evidence import fitting, make_calibration
from freeweights.evidence.fitting import BEFORE, FITTED, FittedRow, least_squares_above, total
from freeweights.facts import catalog, figures
from freeweights.facts.records_measured import Measurement
from freeweights.models.transformer import model
from hypothesis import given, settings
from hypothesis import strategies as st

# Least squares

SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(SEEDS, st.integers(1, 5))
def test_least_squares_above_meets_the_conditions_of_a_minimum(seed, unknowns):
    random = np.random.default_rng(seed)
    matrix, wanted = random.normal(size=(12, unknowns)), random.normal(size=12)
    least = random.normal(size=unknowns)
    best = least_squares_above(matrix, wanted, least)
    gradient = matrix.T @ (matrix @ best - wanted)
    assert np.all(best >= least - 1e-9)
    free = best > least + 1e-9
    assert gradient[free] == pytest.approx(0, abs=1e-6), "free ones lie at the bottom"
    assert np.all(gradient[~free] >= -1e-6), "bound ones would only rise"


def test_least_squares_above_is_plain_least_squares_where_no_bound_binds():
    random = np.random.default_rng(1)
    matrix, truth = random.random((20, 3)), np.array([2.0, 3.0, 4.0])
    assert least_squares_above(matrix, matrix @ truth, np.ones(3)) == pytest.approx(truth)


def test_least_squares_above_keeps_all_bounds_where_all_bind():
    assert least_squares_above(np.eye(3), -np.ones(3), np.zeros(3)).tolist() == [0, 0, 0]


# One group

TRUTH = BEFORE | {
    "weights": 1.31,
    "experts": 1.62,
    "cache": 1.17,
    "linear": 1.9,
    "blocks": 3.1,
    "expert_linear": 4.0,
    "layer": 6e-5,
    "expert_layer": 9e-5,
}


def made(rows: list[FittedRow], truth: dict) -> list[FittedRow]:
    """The same cases with the seconds they would take if `truth` held everywhere."""
    return [dataclasses.replace(row, seconds=total(row.work, truth, truth), reading={}) for row in rows]


def of_phase(rows, phase):
    return [row for row in rows if row.row.phase == phase]


@pytest.mark.parametrize("phase, names", [("decode", READING + WAITING), ("prefill", COMPUTING + WAITING)])
def test_the_fit_recovers_the_constants_that_made_the_rows(rows, phase, names):
    chosen = made(of_phase(rows, phase), TRUTH)
    wider = TRUTH | {name: 1.4 * TRUTH[name] for name in names}
    loose = np.full(len(FITTED[phase]), 1e-4)
    fitted = fitting.fit(chosen, wider, [TRUTH] * len(chosen), loose)
    for name in names:
        assert fitted[name] == pytest.approx(TRUTH[name], rel=0.01), name
    assert {name: fitted[name] for name in TRUTH if name not in names} == {
        name: TRUTH[name] for name in TRUTH if name not in names
    }


@pytest.mark.parametrize("phase", FITTED)
def test_held_as_in_earnest_the_fit_still_predicts_the_rows_it_was_made_of(rows, phase):
    chosen = made(of_phase(rows, phase), TRUTH)
    fitted = fitting.fit(chosen, BEFORE, [TRUTH] * len(chosen), fitting.holds(phase, ("any", "any")))
    arithmetic = {"decode": TRUTH, "prefill": fitted}[phase]
    off = [abs(np.log(total(row.work, fitted, arithmetic) / row.seconds)) for row in chosen]
    assert np.median(off) < 0.05


def test_a_kind_of_work_that_no_row_of_a_group_does_keeps_the_wider_groups_constant(rows):
    dense = [row for row in of_phase(rows, "decode") if not model(row.row.model).is_moe][:60]
    wider = TRUTH | {"experts": 2.71, "expert_layer": 1.23e-4}
    fitted = fitting.fit(
        made(dense, BEFORE), wider, [TRUTH] * len(dense), fitting.holds("decode", ("x", "y"))
    )
    assert fitted["experts"] == pytest.approx(2.71) and fitted["expert_layer"] == pytest.approx(1.23e-4)
    assert fitted["weights"] != pytest.approx(wider["weights"], rel=1e-6), "but what they do moves"


def test_rows_whose_time_something_else_rules_move_nothing(rows):
    chosen = of_phase(rows, "decode")[:40]
    slow = TRUTH | {name: 1e9 for name in COMPUTING}
    known = [row for row in chosen if any(getattr(row.work, name) for name in COMPUTING)]
    ruled = [dataclasses.replace(row, seconds=total(row.work, TRUTH, slow), reading={}) for row in known]
    fitted = fitting.fit(ruled, TRUTH, [slow] * len(ruled), np.ones(len(FITTED["decode"])))
    assert len(ruled) == 40
    assert {name: fitted[name] for name in READING} == pytest.approx({name: TRUTH[name] for name in READING})


def test_rows_faster_than_specified_give_a_share_of_one_and_no_more(rows):
    chosen = [
        dataclasses.replace(row, seconds=row.seconds / 10, reading={}) for row in of_phase(rows, "decode")
    ]
    fitted = fitting.fit(chosen, TRUTH, [TRUTH] * len(chosen), np.full(5, 1e-3))
    assert min(fitted[name] for name in READING) == pytest.approx(1.0)
    assert all(fitted[name] >= 1 for name in READING) and all(fitted[name] >= 0 for name in WAITING)


def test_rows_that_differ_in_lengths_only_count_as_one(rows):
    chosen = of_phase(rows, "decode")
    one = next(row for row in chosen if not model(row.row.model).is_moe and row.row.devices == 1)
    other = next(r for r in chosen if r.series != one.series and not model(r.row.model).is_moe)
    wide, few = [TRUTH] * 500, np.full(5, 1.0)
    once = fitting.fit([one, other], TRUTH, wide[:2], few)
    again = fitting.fit([one] * 20 + [other], TRUTH, wide[:21], few)
    assert again == pytest.approx(once)


# All groups


def test_no_share_is_above_one_and_no_wait_is_negative(found):
    for slowness in found.values():
        assert all(slowness[name] >= 1 - 1e-9 for name in (*READING, *COMPUTING))
        assert all(0 <= slowness[name] < 1e-3 for name in WAITING)


def test_groups_go_from_all_rows_to_one_class_under_one_engine(rows):
    order = [("any", "any"), ("any", "server"), ("any", "vLLM"), ("tpu", "server"), ("tpu", "vLLM")]
    assert [fitting.width(group) for group in order] == [0, 1, 2, 3, 4]
    for row in rows:
        widths = [fitting.width(group) for group in row.groups]
        assert widths == sorted(widths, reverse=True) and row.groups[-1] == ("any", "any")


def test_experts_are_taken_to_be_as_slow_as_a_group_is_at_everything_else():
    wider, slow = TRUTH, TRUTH | {"weights": 2 * TRUTH["weights"], "blocks": 3 * TRUTH["blocks"]}
    assert fitting.likewise(slow, wider, "decode")["experts"] == pytest.approx(2 * TRUTH["experts"])
    assert fitting.likewise(slow, wider, "prefill")["expert_linear"] == pytest.approx(
        3 * TRUTH["expert_linear"]
    )
    fast = TRUTH | {"weights": TRUTH["weights"] / 100}
    assert fitting.likewise(fast, wider, "decode")["experts"] == 1


def test_no_row_of_the_model_that_lesson_01_predicts_was_fitted(rows):
    left_out = [row for row in rows if row.row.model == "GLM-5.2"]
    assert left_out and not any(row.row.model == "GLM-5.2" for row in make_calibration.fitted(rows))
    assert all(row.row.id in HELD for row in left_out), "they are predicted all the same"


def test_only_usable_rows_are_fitted(rows):
    usable = {row.id for row in catalog.table(Measurement) if row.usable}
    assert {row.row.id for row in rows} <= usable
    assert len(rows) > 0.9 * len([r for r in figures.measurements(usable=True) if r.model and r.device])


# Held out


@pytest.fixture(scope="module")
def few(rows) -> list[FittedRow]:
    """The rows of five sources, enough for both phases whichever is left out."""
    both = [
        s for s in {r.row.source for r in rows} if len({x.row.phase for x in rows if x.row.source == s}) == 2
    ]
    size = {source: sum(row.row.source == source for row in rows) for source in both}
    chosen = sorted(both, key=lambda source: (-size[source], source))[3:8]
    return [row for row in rows if row.row.source in chosen]


def slower(few, doubted) -> list[FittedRow]:
    return [dataclasses.replace(row, seconds=3 * row.seconds) if doubted(row) else row for row in few]


def test_a_prediction_does_not_change_with_its_own_sources_measurements(few):
    source = few[0].row.source
    before = fitting.held_out(few, ())
    after = fitting.held_out(slower(few, lambda row: row.row.source == source), ())
    own = np.array([row.row.source == source for row in few])
    assert own.any() and not own.all()
    assert np.array_equal(before[own], after[own])
    assert np.mean(before[~own] != after[~own]) > 0.9, "all others learn from that source"


def test_a_model_left_out_teaches_nothing(few):
    name = few[0].row.model
    before = fitting.held_out(few, (name,))
    doubted = slower(few, lambda row: row.row.model == name)
    assert np.array_equal(before, fitting.held_out(doubted, (name,)))
    assert not np.array_equal(before, fitting.held_out(doubted, ())), "it would have taught something"


def test_the_held_out_file_has_every_row_and_what_constants_without_its_source_predict(rows):
    assert [row.row.id for row in rows] == [row.id for row in HELD.values() if row.group != "load"]
    for row in rows:
        assert HELD[row.row.id].seconds == pytest.approx(row.seconds, rel=1e-3)
        assert HELD[row.row.id].group == make_calibration.group_of(row)
    source = next(row.row.source for row in rows if "ai-benchmarks/issues/42" in row.row.source)
    others = fitting.fit_all([row for row in make_calibration.fitted(rows) if row.row.source != source])
    for row in [row for row in rows if row.row.source == source]:
        assert HELD[row.row.id].predicted == pytest.approx(fitting.predicted(row, others), rel=1e-3)


def test_half_of_the_rows_are_predicted_within_a_fifth_without_their_source():
    off = [abs(np.log(row.predicted / row.seconds)) for row in HELD.values() if row.group != "load"]
    assert np.exp(np.median(off)) < 1.2
