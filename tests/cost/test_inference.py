"""Laws of machine, estimate and inference: nothing beats physics, parts add up, more never costs less."""

from __future__ import annotations

import dataclasses

import freeweights as fw
import numpy as np
import pytest
from freeweights.cost import efficiency, inference, memory, step_work
from freeweights.evidence import published
from freeweights.facts import catalog
from freeweights.facts.records_derived import Calibration
from freeweights.facts.records_hardware import Engine
from freeweights.facts.records_measured import Measurement
from freeweights.facts.vocabulary import Split
from hypothesis import assume, given, settings
from hypothesis import strategies as st

MODELS = [
    "GLM-5.2",
    "DeepSeek-R1",
    "Llama 3.1 8B",
    "Llama 3.1 405B",
    "Qwen3-30B-A3B",
    "MiniMax-M1",
    "Granite 4.0 H-Small",
    "Gemma 3 27B",
    "gpt-oss-120b",
]
DEVICES = [
    ("Apple M3 Ultra 512GB", 1),
    ("H200 SXM 141GB", 8),
    ("GeForce RTX 4090", 1),
    ("GeForce RTX 4090", 4),
    ("H100 SXM5 80GB", 2),
    ("DGX Spark (GB10)", 1),
    ("Instinct MI300X", 8),
    ("TPU v5p", 4),
    ("Tesla P40 24GB", 2),
]
SERVER, SSD = "EPYC 9355 server (12-channel DDR5-6400)", "NVMe SSD PCIe 5.0 x4"
ENGINES = [None, *(engine.name for engine in catalog.table(Engine))]

models = st.sampled_from(MODELS).map(fw.model)
plain_machines = st.builds(
    lambda one, split, engine: fw.machine(*one, split=split, engine=engine),
    st.sampled_from(DEVICES),
    st.sampled_from(list(Split)),
    st.sampled_from(ENGINES),
)
helped_machines = st.builds(
    lambda one, split, engine, host, drive: fw.machine(*one, None, split, engine, host, drive),
    st.sampled_from(DEVICES),
    st.sampled_from(list(Split)),
    st.sampled_from(ENGINES),
    st.sampled_from([None, SERVER]),
    st.sampled_from([None, SSD]),
)
machines = plain_machines | helped_machines
widths = st.floats(1.6, 16)
# From 15 bits on weights are multiplied as they are; below they are unpacked first, which may cost
# more than it saves where computing rules.
packed_widths = st.floats(1.6, 14.9)
batches = st.integers(1, 512)
contexts = st.integers(1, 32_768)
law = settings(max_examples=150, deadline=None)


def reads_faster_than_its_host(machine) -> bool:
    """Whether weights that move from devices to the host cost time: filling devices first assumes so."""
    if not machine.cpu_host:
        return True
    own = efficiency.constants(machine, "", "decode")[0]
    least = min(own.weights, own.experts) * machine.device.memory_bandwidth
    most = max(efficiency.calibrations(phase)["any", "cpu_host"].weights for phase in ("decode", "prefill"))
    return least > most * machine.cpu_host.memory_bandwidth


def estimates(model, machine, bits, batch, context):
    """Every timed estimate of one case; unmasked, its laws are tested also where the model does not fit."""
    return [
        inference.decode(model, machine, context=context, batch=batch, weights=bits),
        inference.prefill(model, machine, prompt=context, batch=batch, weights=bits),
        inference.cold_load(model, machine, weights=bits),
    ]


@law
@given(models, machines, widths, batches, contexts)
def test_floor_low_expected_high_stand_in_order_and_parts_add_up(model, machine, bits, batch, context):
    for one in (found.unmasked() for found in estimates(model, machine, bits, batch, context)):
        assert 0 < one.lower_bound <= one.low * (1 + 1e-12) and one.low <= one.expected <= one.high
        assert np.isfinite(one.high)
        assert sum(one.parts.values()) == pytest.approx(one.expected, rel=1e-12)
        assert all(part >= 0 for part in one.parts.values())
        assert one.bottleneck in {
            *one.parts,
            "bandwidth",
            "arithmetic",
            "links",
            "loader",
        }


@law
@given(models, plain_machines, widths, batches, contexts)
def test_no_step_reads_faster_than_the_memory_or_computes_faster_than_the_peak(
    model, machine, bits, batch, context
):
    step = inference.decode(model, machine, context=context, batch=batch, weights=bits)
    moved = step_work.weights_read(model, batch) * bits / 8 + batch * model.cache_read_bytes(context)
    assert moved / step.unmasked().expected <= machine.memory_bandwidth * (1 + 1e-12)
    assert batch * model.flops_per_token(context) / step.unmasked().expected <= machine.flops(bits) * (
        1 + 1e-12
    )
    # devices that hold layers in turn work at the same time on a prompt of many chunks
    together = machine.count / machine.devices_per_token
    reading = inference.prefill(model, machine, prompt=context, batch=batch, weights=bits)
    rate = batch * model.prefill_flops(context) / reading.unmasked().expected
    assert rate <= together * machine.flops(bits) * (1 + 1e-12)


@law
@given(models, helped_machines, widths, batches, contexts)
def test_a_step_beside_a_host_or_a_drive_reads_no_faster_than_all_of_them_together(
    model, machine, bits, batch, context
):
    step = inference.decode(model, machine, context=context, batch=batch, weights=bits)
    assume(step.fits)
    moved = step_work.weights_read(model, batch) * bits / 8 + batch * model.cache_read_bytes(context)
    rates = [machine.memory_bandwidth]
    rates += [machine.cpu_host.memory_bandwidth] if machine.cpu_host else []
    rates += [machine.drive.bandwidth] if machine.drive else []
    assert moved / step.expected <= sum(rates) * (1 + 1e-12)


@law
@given(models, machines, packed_widths, packed_widths, batches, contexts)
def test_more_bits_never_take_less_time(model, machine, some, other, batch, context):
    assume(reads_faster_than_its_host(machine))
    few, many = sorted((some, other))
    for quick, slow in zip(
        estimates(model, machine, few, batch, context), estimates(model, machine, many, batch, context)
    ):
        assert quick.fit.needed <= slow.fit.needed * (1 + 1e-12)
        if slow.fits:
            assert quick.fits
            assert quick.expected <= slow.expected * (1 + 1e-12)


@law
@given(models, plain_machines, widths, widths, batches, contexts)
def test_more_bits_never_lower_the_floor(model, machine, some, other, batch, context):
    few, many = sorted((some, other))
    for quick, slow in zip(
        estimates(model, machine, few, batch, context), estimates(model, machine, many, batch, context)
    ):
        assert quick.unmasked().lower_bound <= slow.unmasked().lower_bound * (1 + 1e-12)


@law
@given(models, machines, widths, batches, contexts, st.integers(1, 200))
def test_more_context_or_more_sequences_never_take_less_time(model, machine, bits, batch, context, more):
    assume(reads_faster_than_its_host(machine))
    here = inference.decode(model, machine, context=context, batch=batch, weights=bits)
    longer = inference.decode(model, machine, context=context + more, batch=batch, weights=bits)
    crowd = inference.decode(model, machine, context=context, batch=batch + more, weights=bits)
    for other in (longer, crowd):
        if other.fits:
            assert here.fits and other.expected >= here.expected * (1 - 1e-12)
    if not (machine.cpu_host or machine.drive):
        assert crowd.tokens / crowd.unmasked().expected >= here.tokens / here.unmasked().expected * (
            1 - 1e-12
        )


@law
@given(models, machines, widths, st.integers(1, 64), contexts, st.integers(1, 2000))
def test_longer_or_more_prompts_never_take_less_time(model, machine, bits, batch, prompt, more):
    assume(reads_faster_than_its_host(machine))
    here = inference.prefill(model, machine, prompt=prompt, batch=batch, weights=bits)
    for other in (
        inference.prefill(model, machine, prompt=prompt + more, batch=batch, weights=bits),
        inference.prefill(model, machine, prompt=prompt, batch=batch + 1, weights=bits),
    ):
        if other.fits:
            assert here.fits and other.expected >= here.expected * (1 - 1e-12)


@law
@given(models, plain_machines, widths, contexts)
def test_slots_are_whole_and_held_caches_fit(model, machine, bits, context):
    room = memory.max_sequences(model, machine, context=context, weights=bits)
    assert room.expected == int(room.expected) and 0 <= room.expected <= room.upper_bound
    if room.expected:
        assert memory.fits(model, machine, weights=bits, context=context, batch=int(room.expected)).fits
    assert not memory.fits(model, machine, weights=bits, context=context, batch=int(room.expected) + 1).fits


@law
@given(models, machines, widths, batches, contexts)
def test_memory_parts_add_up_and_left_or_missing_is_the_difference(model, machine, bits, batch, context):
    fit = memory.fits(model, machine, weights=bits, context=context, batch=batch)
    assert sum(fit.parts.values()) == pytest.approx(fit.needed)
    if machine.cpu_host:  # caches and buffers stay on the devices, so more can be missing than the difference
        assert fit.missing >= max(fit.needed - fit.memory, 0) * (1 - 1e-9)
    else:
        assert fit.left - fit.missing == pytest.approx(fit.memory - fit.needed)
    assert fit.fits == (fit.missing <= 1e-11 * fit.memory)


def test_answers_broadcast_and_equal_the_single_answers():
    glm, node = fw.model("GLM-5.2"), fw.machine("H200 SXM 141GB", count=8)
    batch, context = np.array([[1], [8], [32]]), np.array([1024, 8192])
    together = fw.decode(glm, node, context=context, batch=batch, weights="FP8")
    assert together.expected.shape == (3, 2)
    for i, j in np.ndindex(3, 2):
        alone = fw.decode(glm, node, context=context[j], batch=batch[i, 0], weights="FP8")
        assert together.expected[i, j] == pytest.approx(alone.expected)
        assert together.bottleneck[i, j] == alone.bottleneck
    assert isinstance(alone.expected, float) and isinstance(alone.bottleneck, str)


def test_eight_devices_hold_and_read_eight_times_as_much_but_also_talk():
    one, eight = fw.machine("H200 SXM 141GB"), fw.machine("H200 SXM 141GB", count=8)
    assert (eight.memory, eight.memory_bandwidth) == (8 * one.memory, 8 * one.memory_bandwidth)
    assert one.all_reduce(1e6) == 0 < eight.all_reduce(1e6)
    slow = fw.machine("H200 SXM 141GB", count=8, link="10 GbE")
    assert slow.all_reduce(1e9) > eight.all_reduce(1e9)


COMPARED = [
    pair for pair in map(published.compare, [row for row in catalog.table(Measurement) if row.usable]) if pair
]


def test_most_usable_rows_with_a_known_model_and_device_can_be_predicted():
    known = [
        row
        for row in catalog.table(Measurement)
        if row.usable and row.model and row.device and row.phase != "load"
    ]
    assert len(COMPARED) >= 0.8 * len(known) > 300


@pytest.mark.parametrize("pair", COMPARED, ids=lambda pair: pair.row.id)
def test_no_usable_published_row_beats_its_floor(pair):
    floor = pair.estimate.unmasked().lower_bound
    assert pair.seconds >= floor, f"{pair.seconds} s published, {floor} s is the floor"


def test_shares_are_shares_and_ranges_hold_the_prediction():
    shares = ("weights", "experts", "cache", "linear", "blocks", "expert_linear", "attention", "scores")
    for row in catalog.table(Calibration):
        for share in (getattr(row, name) for name in (*shares, "routing_agreement", "pipeline_utilisation")):
            assert share is None or 0 < share <= 1, row
        assert row.layer is None or 0 <= row.layer < 1e-3, row
        assert row.expert_layer is None or 0 <= row.expert_layer < 1e-3, row
        assert 0 < row.fast <= 1 <= row.slow and row.rows > 0


def test_glm_on_the_desktop_is_predicted_within_its_range():
    pairs = published.comparisons("GLM-5.2", "Apple M3 Ultra 512GB", phase="decode", devices=1)
    assert len(pairs) >= 5
    for pair in pairs:
        assert pair.estimate.low <= pair.seconds <= pair.estimate.high


# Agreement of tokens, and what one rate alone would save


def test_at_no_agreement_a_step_reads_what_the_formula_says():
    what, where = fw.model("DeepSeek-R1"), fw.machine("H200 SXM 141GB", 8)
    each, touched = what.expert_weights, 256 * (1 - (1 - 8 / 256) ** 32)
    read = float(what.shared_weights) + what.moe_layers * touched * each
    assert step_work.weights_read(what, 32, agreement=0) == pytest.approx(read)
    alike = step_work.weights_read(what, 32, agreement=1)
    assert alike == pytest.approx(step_work.weights_read(what, 1)) and alike < read
    steps = [
        fw.decode(what, where, batch=32, weights="FP8", agreement=share).seconds for share in (0, 0.5, 1)
    ]
    assert steps == sorted(steps, reverse=True)


@pytest.mark.parametrize("agreement", [-0.1, 1.1, float("nan")])
def test_an_agreement_that_is_no_share_is_refused(agreement):
    with pytest.raises(ValueError, match="agreement is .*from 0 .* to 1"):
        fw.decode(
            fw.model("DeepSeek-R1"), fw.machine("H200 SXM 141GB", 8), weights="FP8", agreement=agreement
        )


def test_twice_one_rate_saves_what_a_machine_with_it_saves():
    what, one = fw.model("Llama 3.1 8B"), fw.machine("H100 SXM5 80GB")
    twice = dataclasses.replace(
        one, device=dataclasses.replace(one.device, memory_bandwidth=2 * one.device.memory_bandwidth)
    )
    slow, fast = (fw.decode(what, where, weights="BF16") for where in (one, twice))
    assert slow.saved()["bandwidth"] == pytest.approx(1 - fast.seconds / slow.seconds)
    assert slow.saved()["arithmetic"] == 0 < slow.saved()["overhead"] < slow.saved()["bandwidth"] < 0.5


def test_sixteen_bits_are_multiplied_in_fp32_where_no_kernel_does_better():
    what, where = fw.model("Gemma 3 27B"), fw.machine("Ryzen AI Max+ 395 (Strix Halo, Radeon 8060S)")
    wide, narrow = (fw.prefill(what, where, prompt=512, weights=weights) for weights in ("BF16", "Q8_0"))
    assert "multiplied in fp32" in wide.basis and "fp32" not in narrow.basis
    assert wide.seconds > narrow.seconds
