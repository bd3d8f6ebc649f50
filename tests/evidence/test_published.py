"""Published rows beside predictions: what a row reports, and which rows cannot be compared."""

from __future__ import annotations

import dataclasses
import math

import freeweights as fw
import pytest
from freeweights.evidence import published
from freeweights.facts import catalog, figures
from freeweights.facts.records_hardware import Engine
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
    llama = fw.model("Llama 3.1 8B")
    assert published.bits_of(changed(weights_bytes=llama.parameters / 2, weights="FP8"), llama) == 4.0
    assert published.bits_of(changed(weights_bytes=4.92e9, weights="Q4_K_M"), llama) == "Q4_K_M"
    assert published.bits_of(changed(weights_bytes=None, weights="FP8"), llama) == "FP8"
    assert published.bits_of(changed(weights_bytes=None, weights="some mix"), llama) is None


@pytest.mark.parametrize(
    "engine, remark, split",
    [
        ("llama.cpp, layer split", "", "layers"),
        ("llama.cpp", "a layer split over both cards", "layers"),
        ("vLLM 0.8, TP8", "", "tensor"),
        ("vLLM", "", "tensor"),
        ("SGLang, EP8", "", "experts"),
        ("SGLang, DP attention", "", "experts"),
        ("SGLang, TP8 EP8", "", "tensor"),
    ],
)
def test_the_split_is_read_from_the_sources_words(engine, remark, split):
    assert published.split_of(changed(engine=engine, remark=remark)) == split


@pytest.mark.parametrize(
    "words, engine",
    [
        ("vLLM 0.11, TP8", "vLLM"),
        ("VLLM", "vLLM"),
        ("trtllm 1.0", "TensorRT-LLM"),
        ("Ollama 0.6", "Ollama"),
        ("llama.cpp b4000 (2024)", "llama.cpp of 2024"),
        ("llama.cpp b7000 (2026)", "llama.cpp"),
        ("oMLX", "MLX"),
        ("some engine of their own", None),
    ],
)
def test_the_engine_is_found_by_any_of_its_names(words, engine):
    assert published.engine_of(changed(engine=words)) == engine


def test_an_older_engine_is_asked_before_the_one_that_shares_its_name():
    names = [engine.name for engine in catalog.table(Engine)]
    for older in (name for name in names if " of " in name):
        assert names.index(older) < names.index(older.partition(" of ")[0])


@pytest.mark.parametrize(
    "engine, devices, link",
    [
        ("MLX, TP2 over Thunderbolt 5", 2, "Thunderbolt 5"),
        ("vLLM, TP2 over 200 GbE", 2, "200 GbE"),
        ("vLLM, TP2 over 1 GbE and hope", 2, "1 GbE"),
        ("vLLM, TP8", 8, None),
        ("vLLM over 200 GbE", 1, None),
    ],
)
def test_the_link_is_what_a_row_says_it_runs_over(engine, devices, link):
    assert published.link_of(changed(engine=engine, devices=devices)) == link


def test_the_machine_of_a_row_is_what_its_cells_say():
    row = changed(
        device="DGX Spark (GB10)", devices=2, engine="llama.cpp, layer split over 100 GbE", remark=""
    )
    found = published.machine_of(row)
    assert found == fw.machine("DGX Spark (GB10)", 2, "100 GbE", "layers", "llama.cpp")
    alone = published.machine_of(changed(row, devices=1))
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
        ({"unit": "tok/s"}, False),
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
    assert published.between(row, what, where, 8) == pytest.approx(8 * one / 400)
    assert published.between(changed(row, output=800), what, where, 8) == pytest.approx(8 * one / 800)
    assert published.between(changed(row, batch="1"), what, where, 8) == 0
    assert published.between(row, what, fw.machine("Phone 8GB (iPhone 16 Pro)"), 8) == 0


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
