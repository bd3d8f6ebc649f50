"""Published rows beside predictions: what a row reports, and which rows cannot be compared."""

from __future__ import annotations

import dataclasses
import math

import freeweights as fw
import pytest
from freeweights import catalog, published
from freeweights.records import Measurement

ROW = next(
    row for row in catalog.measurements(model="GLM-5.2", phase="decode", usable=True) if row.batch == "1"
)
PROMPT = next(
    row for row in catalog.measurements(model="GLM-5.2", phase="prefill", usable=True) if row.batch == "1"
)


def changed(row=ROW, **values) -> Measurement:
    return dataclasses.replace(row, **values)


def test_a_rate_of_many_sequences_becomes_the_seconds_of_one_step():
    assert published.step_seconds(changed(unit="tok/s", value=20.0, batch="1")) == pytest.approx(1 / 20)
    assert published.step_seconds(changed(unit="tok/s", value=800.0, batch="16")) == pytest.approx(16 / 800)


def test_a_rate_of_reading_becomes_the_seconds_of_the_whole_prompt():
    row = changed(PROMPT, unit="tok/s", value=500.0, batch="2", prompt=1000)
    assert published.step_seconds(row) == pytest.approx(2 * 1000 / 500)


def test_milliseconds_become_seconds():
    assert published.step_seconds(changed(unit="ms", value=250.0)) == pytest.approx(0.25)


@pytest.mark.parametrize(
    "values",
    [
        {"unit": "tok/s/user"},
        {"batch": ""},
        {"batch": "1 to 8"},
        {"unit": "s"},
    ],
)
def test_a_row_that_mixes_in_other_things_reports_no_step(values):
    assert published.step_seconds(changed(**values)) is None
    assert published.compare(changed(**values)) is None


def test_a_prefill_without_its_prompt_reports_no_step():
    assert published.tokens_of(changed(PROMPT, prompt=None)) is None


def test_every_unit_in_the_data_is_either_understood_or_left_out():
    understood = {row.unit for row in catalog.table(Measurement) if published.step_seconds(row) is not None}
    assert "tok/s" in understood
    assert all(unit == "tok/s" or unit.startswith("ms") for unit in understood)


def test_the_bits_of_a_row_come_from_its_file_before_its_name():
    assert published.bits_of(changed(weights_bytes=100.0, weights="FP8"), parameters=200) == 4.0
    assert published.bits_of(changed(weights_bytes=None, weights="FP8"), parameters=200) == "FP8"
    assert published.bits_of(changed(weights_bytes=None, weights="some mix"), parameters=200) is None


def test_devices_that_hold_layers_in_turn_are_found_and_not_compared():
    assert published.takes_turns(changed(engine="llama.cpp, layer split"))
    assert published.takes_turns(changed(remark="a layer split over both cards"))
    assert not published.takes_turns(changed(engine="vLLM", remark=""))
    assert published.compare(changed(remark="layer split")) is None


@pytest.mark.parametrize(
    "values",
    [
        {"model": ""},
        {"device": ""},
        {"weights_bytes": None, "weights": "some mix"},
    ],
)
def test_a_row_that_does_not_say_enough_is_not_compared(values):
    assert published.compare(changed(**values)) is None


def test_reading_on_a_device_without_a_compute_rate_is_not_compared():
    phone = "Phone 8GB (iPhone 16 Pro)"
    assert not fw.machine(phone).computes
    row = changed(PROMPT, model="Llama 3.1 8B", device=phone, devices=1, weights="Q2_K", weights_bytes=None)
    assert published.compare(row) is None


def test_a_row_that_ran_in_less_memory_than_an_engine_leaves_is_not_compared():
    row = changed(
        model="Llama 3.1 8B", device="GeForce RTX 4080 16GB", devices=1, weights="BF16", weights_bytes=None
    )
    assert not fw.fits(fw.model("Llama 3.1 8B"), fw.machine("GeForce RTX 4080 16GB"), "BF16").fits
    assert published.compare(row) is None


def test_the_middle_of_an_answer_counts_half_of_it():
    assert published.mean_context(changed(context=None, prompt=1000, output=500)) == 1250
    assert published.mean_context(changed(context=None, prompt=None, output=None)) == 0


def every_pair():
    rows = catalog.measurements(usable=True)
    return [pair for pair in map(published.compare, rows) if pair is not None]


def test_every_comparison_is_finite_and_its_factor_is_one_or_more():
    pairs = every_pair()
    assert len(pairs) > 50
    for pair in pairs:
        assert math.isfinite(pair.factor) and pair.factor >= 1, pair.row
        assert pair.factor == pytest.approx(
            max(pair.measured / pair.predicted, pair.predicted / pair.measured)
        )


def test_agreement_is_a_factor_of_one():
    pair = published.compare(ROW)
    assert dataclasses.replace(pair, seconds=pair.estimate.expected).factor == 1


def test_comparisons_hold_what_was_asked_for():
    pairs = published.comparisons("GLM-5.2", "H200 SXM 141GB", phase="decode", devices=8)
    assert pairs and all((p.row.phase, p.row.devices, p.row.model) == ("decode", 8, "GLM-5.2") for p in pairs)
    with pytest.raises(catalog.UnknownName):
        published.comparisons("GLM-5.2", "H200 SXM 141GB", phases="decode")
