"""Published rows beside predictions: what a row reports, and which rows cannot be compared."""

from __future__ import annotations

import dataclasses
import math

import freeweights as fw
import pytest
from freeweights.evidence import published
from freeweights.facts import catalog, figures
from freeweights.facts.records_measured import Measurement

ROW = next(
    row for row in figures.measurements(model="GLM-5.2", phase="decode", usable=True) if row.batch == "1"
)
PROMPT = next(
    row for row in figures.measurements(model="GLM-5.2", phase="prefill", usable=True) if row.batch == "1"
)


def changed(row=ROW, **values) -> Measurement:
    return dataclasses.replace(row, **values)


def test_a_rate_of_many_sequences_becomes_the_seconds_of_one_step():
    assert published.step_seconds(changed(reports="speed", value=20.0, batch="1")) == pytest.approx(1 / 20)
    assert published.step_seconds(changed(reports="speed", value=800.0, batch="16")) == pytest.approx(
        16 / 800
    )


def test_a_rate_of_reading_becomes_the_seconds_of_the_whole_prompt():
    row = changed(PROMPT, reports="speed", value=500.0, batch="2", prompt=1000)
    assert published.step_seconds(row) == pytest.approx(2 * 1000 / 500)


def test_milliseconds_become_seconds():
    assert published.step_seconds(changed(reports="step", value=250.0)) == pytest.approx(0.25)


@pytest.mark.parametrize(
    "values",
    [
        {"batch": ""},
        {"batch": "1 to 8"},
        {"reports": ""},
    ],
)
def test_a_row_that_mixes_in_other_things_reports_no_step(values):
    assert published.step_seconds(changed(**values)) is None
    assert published.compare(changed(**values)) is None


def test_a_prefill_without_its_prompt_reports_no_step():
    assert published.tokens_of(changed(PROMPT, prompt=None)) is None


def test_every_unit_in_the_data_is_either_understood_or_left_out():
    units = {
        kind: {row.unit for row in catalog.table(Measurement) if row.reports == kind}
        for kind in ("speed", "step", "serving step")
    }
    assert units.pop("speed") == {"tok/s"} and units.pop("serving step") == {"ms per output token (TPOT)"}
    assert all(unit.startswith("ms") for unit in units["step"])


def test_the_bits_of_a_row_come_from_its_file_before_its_name():
    llama = fw.model("Llama 3.1 8B")
    assert published.bits_of(changed(weights_bytes=llama.parameters / 2, weights="FP8"), llama) == 4.0
    assert published.bits_of(changed(weights_bytes=4.92e9, weights="Q4_K_M"), llama) == "Q4_K_M"
    assert published.bits_of(changed(weights_bytes=None, weights="FP8"), llama) == "FP8"
    assert published.bits_of(changed(weights_bytes=None, weights="some mix"), llama) is None


def test_the_machine_of_a_row_is_what_its_cells_say():
    row = changed(device="DGX Spark (GB10)", devices=2, engine="llama.cpp", split="pipeline", link="100 GbE")
    found = published.machine_of(row)
    assert found == fw.machine("DGX Spark (GB10)", 2, "100 GbE", "pipeline", "llama.cpp")
    alone = published.machine_of(changed(row, devices=1, split="tensor", link=""))
    assert (alone.count, alone.link, alone.split) == (1, None, "tensor")


def test_every_usable_row_ran_on_a_machine_that_can_be_built():
    rows = [row for row in catalog.table(Measurement) if row.usable and row.device]
    assert len(rows) > 1000
    for row in rows:
        found = published.machine_of(row)
        assert (found.device.name, found.count) == (row.device, row.devices)


SERVED = changed(
    next(r for r in catalog.table(Measurement) if r.usable and published.serves(r) and r.model and r.device)
)


@pytest.mark.parametrize(
    "values, serves",
    [
        ({}, True),
        ({"batch": "1"}, False),
        ({"reports": "speed"}, False),
        ({"prompt": None}, False),
        ({"output": None}, False),
    ],
)
def test_other_users_prompts_are_read_between_the_steps_of_a_serving_engine_only(values, serves):
    row = changed(SERVED, **{"batch": "8", "prompt": 1000, "output": 500, **values})
    assert published.serves(row) is serves


def test_between_the_steps_the_prompts_of_all_others_are_read_once_in_an_answer():
    what, where = fw.model(SERVED.model), published.machine_of(SERVED)
    row = changed(SERVED, batch="9", prompt=1000, output=400)
    one = fw.prefill(what, where, prompt=1000, batch=1, weights=8).expected
    assert published.between(row, what, where, 8, 1e3) == pytest.approx(8 * one / 400, rel=1e-3), (
        "a step far longer"
    )
    assert published.between(changed(row, output=800), what, where, 8, 1e3) == pytest.approx(
        8 * one / 800, rel=1e-3
    )
    assert published.between(changed(row, batch="1"), what, where, 8, 1.0) == 0
    assert published.between(row, what, fw.machine("Phone 8GB (iPhone 16 Pro)"), 8, 1.0) == 0


@pytest.mark.parametrize("others, own, step", [(3.0, 1.0, 2.0), (31 * 0.2, 0.2, 0.01), (0.1, 0.1, 5.0)])
def test_prompts_read_while_a_user_waits_do_not_delay_its_steps(others, own, step):
    took = step + published.added(others, own, step)
    assert took == pytest.approx(step + others * took / (took + own)), (
        "the share of the cycle in which it decodes"
    )
    assert step < took < step + others


def test_no_usable_decode_row_is_of_requests_that_wait_more_than_a_fifth_of_their_cycle():
    def run(row):
        return (
            row.source,
            row.model,
            row.weights,
            row.device,
            row.devices,
            row.engine_as_published,
            row.batch,
            row.prompt,
            row.output,
        )

    rows = catalog.table(Measurement)
    first = {run(row): row.value / 1000 for row in rows if "TTFT" in row.unit}
    waited = [
        first[run(row)] / (first[run(row)] + row.output * row.value / 1000)
        for row in rows
        if row.usable and row.reports == "serving step" and run(row) in first
    ]
    assert waited and max(waited) < 0.2


def test_a_comparison_adds_what_is_read_between_to_what_is_expected():
    pair = published.compare(SERVED)
    assert pair.between > 0
    assert pair.expected == pytest.approx(pair.estimate.expected + pair.between)
    assert pair.predicted == pytest.approx(pair.tokens / pair.expected)


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
        model="Llama 3.1 8B", device="GeForce RTX 4070", devices=1, weights="BF16", weights_bytes=None
    )
    assert not fw.fits(fw.model("Llama 3.1 8B"), fw.machine("GeForce RTX 4070"), weights="BF16").fits
    assert published.compare(row) is None


def test_the_middle_of_an_answer_counts_half_of_it():
    assert published.mean_context(changed(context=None, prompt=1000, output=500)) == 1250
    assert published.mean_context(changed(context=None, prompt=None, output=None)) == 0


def every_pair():
    rows = figures.measurements(usable=True)
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
    assert dataclasses.replace(pair, seconds=pair.expected).factor == 1


def test_comparisons_hold_what_was_asked_for():
    pairs = published.comparisons("GLM-5.2", "H200 SXM 141GB", phase="decode", devices=8)
    assert pairs and all((p.row.phase, p.row.devices, p.row.model) == ("decode", 8, "GLM-5.2") for p in pairs)
    with pytest.raises(catalog.UnknownName):
        published.comparisons("GLM-5.2", "H200 SXM 141GB", phases="decode")
