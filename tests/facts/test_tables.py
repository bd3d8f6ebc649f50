"""Engines, loads, offloads and what calibration made: sensible, consistent, and nothing beats physics."""

from __future__ import annotations

import freeweights as fw
import pytest
from freeweights.evidence import published
from freeweights.facts import catalog
from freeweights.facts.records_derived import Calibration, HeldOut
from freeweights.facts.records_hardware import Device, Engine
from freeweights.facts.records_measured import Load, Measurement, Offload

ENGINES, LOADS = catalog.table(Engine), catalog.table(Load)
CLASSES = {device.device_class for device in catalog.table(Device)}
GENERATIONS = {
    f"{device.device_class} {device.generation}" for device in catalog.table(Device) if device.generation
}
MEASURED = catalog.table(Measurement)


def test_every_class_of_device_has_one_usual_engine():
    usual = [name for engine in ENGINES for name in engine.default_for.split(";") if name]
    assert len(usual) == len(set(usual))
    assert CLASSES <= set(usual)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_engine_leaves_some_memory_and_reads_prompts_in_whole_chunks(engine):
    assert 0.5 <= engine.memory_share <= 1 and 0 <= engine.reserve < 4e9
    assert engine.memory_share < 1 or engine.reserve > 0, "no engine takes the last byte"
    assert 128 <= engine.chunk_tokens <= 65_536


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.id)
def test_load_states_bytes_and_the_drives_rate_together_or_was_made_beside_another_loader(load):
    assert load.kind in ("streaming", "plain") and load.seconds > 0
    assert (load.bytes is None) == (load.drive is None)
    beside = [other for other in LOADS if (other.model, other.machine) == (load.model, load.machine)]
    assert load.bytes or len(beside) > 1, "it shows nothing of how a drive is used"
    if load.bytes:
        assert 1e8 <= load.bytes <= 3e12 and 1e7 <= load.drive <= 1e11
        assert load.bytes / load.seconds <= 1.15 * load.drive, "stated rates are not passed by much"


def test_every_calibrated_group_is_one_that_devices_and_engines_can_belong_to():
    engines = (
        {engine.name for engine in ENGINES} | {engine.family for engine in ENGINES} | {"any", "cpu_host"}
    )
    for row in catalog.table(Calibration):
        assert row.device_class in CLASSES | GENERATIONS | {"any"}, row
        assert row.engine in ({"streaming", "plain", "any"} if row.phase == "load" else engines), row


def test_held_out_rows_are_the_published_ones_with_their_seconds():
    measured = {row.id: row for row in MEASURED}
    loads = {row.id: row for row in LOADS}
    for row in catalog.table(HeldOut):
        if row.group == "load":
            assert row.seconds == pytest.approx(loads[row.id].seconds, rel=1e-3)
            continue
        source = measured[row.id]
        assert source.usable and (row.group == "prefill") == (source.phase == "prefill"), row.id
        assert row.seconds == pytest.approx(published.step_seconds(source), rel=1e-3), row.id


@pytest.mark.parametrize("row", catalog.table(Offload), ids=lambda row: row.id)
def test_an_offloaded_model_does_not_fit_the_devices_alone_but_with_their_host(row):
    model = fw.model(row.model)
    bits = published.bits_of(row, model)
    assert bits, "the bits of the weights are known"
    alone, beside = (
        fw.machine(row.device, row.devices, engine="llama.cpp", cpu_host=h) for h in (None, row.cpu_host)
    )
    assert catalog.device(row.cpu_host).device_class == "cpu"
    length = row.prompt if row.phase == "prefill" else (row.context or 0) + (row.output or 0)
    assert not fw.fits(model, alone, weights=bits, context=length).fits
    assert fw.fits(model, beside, weights=bits, context=length).fits
    assert row.tokens_per_second > 0 and (row.prompt or row.phase == "decode")


@pytest.mark.parametrize("row", catalog.table(Offload), ids=lambda row: row.id)
def test_no_offloaded_row_beats_its_floor(row):
    model, beside = (
        fw.model(row.model),
        fw.machine(row.device, row.devices, engine="llama.cpp", cpu_host=row.cpu_host),
    )
    bits = published.bits_of(row, model)
    step = (
        fw.prefill(model, beside, prompt=row.prompt, batch=row.batch, weights=bits)
        if row.phase == "prefill"
        else fw.decode(model, beside, context=row.context or 0, batch=row.batch, weights=bits)
    )
    assert row.tokens_per_second <= step.tokens_per_second_at_most


def dense_rows(phase: str) -> list[Measurement]:
    """Usable rows of one phase, one request at a time, for dense models and devices of the catalogue."""
    return [
        row
        for row in MEASURED
        if row.usable
        and row.phase == phase
        and row.batch == "1"
        and row.unit == "tok/s"
        and row.weights_bytes
        and row.device
        and row.model
        and catalog.architecture(row.model).experts is None
    ]


def test_no_measured_decode_reads_weights_faster_than_the_memory():
    rows = dense_rows("decode")
    assert len(rows) > 100
    for row in rows:
        # the input embedding, up to 15 % of the bytes, is not read
        read = row.value * row.weights_bytes * 0.85
        assert read <= row.devices * catalog.device(row.device).memory_bandwidth, row.id


def test_no_measured_prefill_computes_faster_than_the_device():
    rows = [row for row in dense_rows("prefill") if catalog.device(row.device).flops_fp16]
    assert len(rows) > 50
    for row in rows:
        device, model = catalog.device(row.device), catalog.architecture(row.model)
        # GeForce cards are twice as fast when they also add in fp16, and llama.cpp of 2024 lets them
        peak = device.flops_fp16 * (2 if device.device_class == "nvidia-consumer" else 1)
        assert 2 * 0.85 * model.parameters_published * row.value <= row.devices * peak, row.id
