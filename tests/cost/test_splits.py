"""How devices share a model, and what an engine and the closest measurements make of it."""

from __future__ import annotations

import freeweights as fw
import pytest
from freeweights.cost import efficiency, inference, memory, step_work
from freeweights.facts import catalog
from freeweights.facts.records_hardware import Device, Engine
from freeweights.facts.vocabulary import Split
from hypothesis import given, settings
from hypothesis import strategies as st

H200 = "H200 SXM 141GB"
DENSE, SPARSE = fw.model("Llama 3.1 8B"), fw.model("GLM-5.2")


@pytest.mark.parametrize("model", [DENSE, SPARSE], ids=lambda model: model.name)
def test_devices_in_turn_answer_one_user_no_sooner_than_one_device(model):
    one, four = (
        inference.decode(model, fw.machine(H200, n, split="pipeline"), context=4096, batch=1, weights=8)
        for n in (1, 4)
    )
    assert (
        four.unmasked().expected >= one.unmasked().expected
        and four.unmasked().lower_bound >= one.unmasked().lower_bound
    )
    assert four.unmasked().parts["communication"] > 0 == one.unmasked().parts["communication"]


@pytest.mark.parametrize("model", [DENSE, SPARSE], ids=lambda model: model.name)
def test_devices_in_turn_read_a_long_prompt_sooner_but_not_a_short_one(model):
    def seconds(count, prompt):
        return (
            inference.prefill(
                model, fw.machine(H200, count, split="pipeline"), prompt=prompt, batch=1, weights=8
            )
            .unmasked()
            .expected
        )

    chunk = catalog.engine("vLLM").chunk_tokens
    assert seconds(4, chunk) >= seconds(1, chunk), "one chunk goes through all of them"
    gains = [seconds(1, chunks * chunk) / seconds(4, chunks * chunk) for chunks in (2, 4, 8, 14)]
    assert gains == sorted(gains) and 1 < gains[0] and gains[-1] < 4


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["GLM-5.2", "Llama 3.1 8B", "MiniMax-M1", "Gemma 3 27B", "gpt-oss-120b"]).map(fw.model),
    st.sampled_from([2, 4, 8, 64]),
    st.floats(1.6, 16),
    st.integers(1, 512),
    st.integers(1, 32_768),
)
def test_tensor_parallelism_divides_the_floor_and_pays_for_its_messages(model, count, bits, batch, context):
    one, many = fw.machine(H200), fw.machine(H200, count)
    for phase in ("decode", "prefill"):
        case = {"context": context, "batch": batch, "weights": bits}
        alone, split = (inference.predict(model, where, phase, **case) for where in (one, many))
        assert split.unmasked().lower_bound == pytest.approx(
            alone.unmasked().lower_bound / count
        )  # latents read once
        assert split.unmasked().expected >= split.unmasked().lower_bound
        assert split.unmasked().expected > alone.unmasked().expected / count
        assert split.unmasked().parts["communication"] == pytest.approx(
            step_work.message_seconds(
                many, step_work.messages(model, many, batch * (1 if phase == "decode" else context))
            )
        )


def test_a_slower_link_takes_longer_under_every_split():
    for split in Split:
        near, far = (fw.machine(H200, 8, link, split) for link in (None, "10 GbE"))
        for phase in ("decode", "prefill"):
            one, other = (
                inference.predict(SPARSE, where, phase, context=8192, batch=8) for where in (near, far)
            )
            assert one.unmasked().expected < other.unmasked().expected


def test_experts_are_sent_their_tokens_and_send_them_back():
    count, batch = 8, 256
    node = fw.machine(H200, count, split="experts")
    sent = (
        batch / count * 8 * SPARSE.hidden_size
    )  # bytes to the experts of a layer, one a value; two coming back
    crossing = (count - 1) / count * 3 * sent / node.link.bandwidth + 2 * node.latency
    sent = step_work.messages(SPARSE, node, batch)
    assert step_work.message_seconds(node, sent) == pytest.approx(SPARSE.moe_layers * crossing)
    assert step_work.messages(SPARSE, fw.machine(H200, split="experts"), batch) == ()


def test_under_expert_parallelism_every_device_reads_all_but_the_experts():
    tensor, experts = (
        inference.decode(SPARSE, fw.machine(H200, 8, split=split), context=4096, batch=1, weights=8)
        for split in ("tensor", "experts")
    )
    assert experts.unmasked().parts["weights"] > 3 * tensor.unmasked().parts["weights"]


@pytest.mark.parametrize("phase", ["decode", "prefill"])
def test_a_model_without_experts_is_split_as_tensors_where_only_experts_would_be(phase):
    tensor, experts = (fw.machine(H200, 8, split=split) for split in ("tensor", "experts"))
    steps = [inference.predict(DENSE, where, phase) for where in (tensor, experts)]
    assert steps[0].unmasked().expected == steps[1].unmasked().expected
    assert memory.fits(DENSE, tensor) == memory.fits(DENSE, experts)


def test_a_split_of_one_device_changes_nothing():
    for model in (DENSE, SPARSE):
        for phase in ("decode", "prefill"):
            case = {"context": 4096, "batch": 4, "weights": 8}
            found = [inference.predict(model, fw.machine(H200, split=s), phase, **case) for s in Split]
            seconds = {float(one.unmasked().expected) for one in found}
            assert max(seconds) == pytest.approx(min(seconds), rel=1e-12)


def test_the_floor_of_devices_in_turn_is_that_of_a_pipeline_without_gaps():
    chunk, chunks, stages = catalog.engine("vLLM").chunk_tokens, 8, 4
    one, four = (
        inference.prefill(
            DENSE, fw.machine(H200, n, split="pipeline"), prompt=chunks * chunk, batch=1, weights=16
        )
        .unmasked()
        .lower_bound
        for n in (1, stages)
    )
    assert four <= one * (chunks + stages - 1) / (chunks * stages) * (1 + 1e-9)


# Engines


def test_an_engine_without_flash_attention_takes_longer_and_the_more_the_longer_the_prompt():
    old, new = (fw.machine("GeForce RTX 4090", engine=name) for name in ("llama.cpp of 2024", "llama.cpp"))

    def case(machine, tokens):
        return memory.Case.of(DENSE, machine, weights="Q4_0", context=tokens)

    scores = [step_work.prefill_work(case(old, prompt)).scores for prompt in (1024, 2048)]
    assert scores[1] == pytest.approx(4 * scores[0])
    assert step_work.prefill_work(case(new, 1024)).scores == 0
    reads = [step_work.decode_work(case(machine, 4096)).cache for machine in (old, new)]
    assert reads[0] == pytest.approx(4 * reads[1]), "each of 8 cached heads is read for its 4 query heads"


def test_a_machine_is_judged_by_the_closest_measurements_and_says_by_whose():
    mac = fw.machine("Apple M3 Ultra 512GB")
    row, basis = efficiency.constants(mac, "llama.cpp", "decode")
    assert (row.device_class, row.engine) == ("apple M3", "llama.cpp")
    assert f"decode on apple M3 machines under llama.cpp: {row.rows} published rows" in basis
    row, basis = efficiency.constants(fw.machine("TPU v5p"), "float", "decode")
    assert (row.device_class, row.engine) == ("any", "vLLM")
    assert basis.startswith("decode on all machines under vLLM: ")
    row, basis = efficiency.constants(fw.machine("Instinct MI300X", engine="TensorRT-LLM"), "float", "decode")
    assert (row.device_class, row.engine) == ("amd-datacenter CDNA 3", "server")
    assert "under server engines, because none are published for it under TensorRT-LLM" in basis


@pytest.mark.parametrize("phase", ["decode", "prefill"])
@pytest.mark.parametrize("engine", [None, *(engine.name for engine in catalog.table(Engine))])
def test_every_device_under_every_engine_finds_constants(engine, phase):
    for device in catalog.table(Device):
        row, basis = efficiency.constants(fw.machine(device.name, engine=engine), "float", phase)
        assert row.phase == phase and row.rows > 0 and "published rows" in basis
