"""What goes into memory: an engine's share and reserve, its caches, and what a host or a drive takes."""

from __future__ import annotations

import freeweights as fw
import pytest
from freeweights.cost import efficiency, inference, memory, step_work
from freeweights.facts import catalog
from freeweights.facts.quantities import GIB
from freeweights.facts.records_hardware import Engine
from hypothesis import assume, given, settings
from hypothesis import strategies as st

H200, RTX, MAC = "H200 SXM 141GB", "GeForce RTX 4090", "Apple M3 Ultra 512GB"
HOSTS = [  # the same kind of computer with less and with more memory behind the same card
    "Core i9-10900X desktop (4-channel DDR4-3200)",
    "Threadripper PRO 7975WX server (8-channel DDR5-5600)",
    "EPYC 9355 server (12-channel DDR5-6400)",
]
SERVER, SSD = HOSTS[-1], "NVMe SSD PCIe 5.0 x4"
ENGINES = [engine.name for engine in catalog.table(Engine)]
MODELS = ["GLM-5.2", "DeepSeek-R1", "Llama 3.1 8B", "Llama 3.1 405B", "Qwen3-30B-A3B", "gpt-oss-120b"]

models = st.sampled_from(MODELS).map(fw.model)
widths, batches, contexts = st.floats(1.6, 14), st.integers(1, 64), st.integers(1, 32_768)
helped = st.builds(
    lambda device, count, split, host, drive: fw.machine(
        device, count, None, split, cpu_host=host, drive=drive
    ),
    st.sampled_from([RTX, H200, "L40S"]),
    st.sampled_from([1, 2, 8]),
    st.sampled_from(["tensor", "pipeline", "experts"]),
    st.sampled_from([None, *HOSTS]),
    st.sampled_from([None, SSD, "SATA SSD"]),
)
law = settings(max_examples=100, deadline=None)


# What an engine takes


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 8])
def test_an_engine_leaves_its_share_and_its_reserve_on_every_device(engine, count):
    node, row, llama = (
        fw.machine(H200, count, engine=engine),
        catalog.engine(engine),
        fw.model("Llama 3.1 8B"),
    )
    fit = memory.fits(llama, node, weights=16)
    activations = max(
        2 * row.chunk_tokens * (4096 + 2 * 14_336) * 2, row.logit_rows * row.logit_bytes * 128_256
    )
    buffers = count * (row.reserve + activations)
    if not row.flash_attention:  # scores of 32 heads for a chunk, before and after the softmax, in float32
        buffers += 2 * 4 * 32 * row.chunk_tokens * 4096
    kept_back = {
        "memory": buffers + (1 - row.memory_share) * node.memory,
        "weights and caches": max(buffers, (1 - row.memory_share) * node.memory),
        "what is left": buffers + (1 - row.memory_share) * (node.memory - 2 * llama.parameters - buffers),
    }
    assert fit.parts["engine"] == pytest.approx(kept_back[row.share_of])
    assert fit.parts["weights"] == 2 * llama.parameters
    assert fit.parts["cache"] == llama.cache_bytes(4096)


def test_llama_cpp_keeps_1024_mib_free_on_each_device():
    assert catalog.engine("llama.cpp").reserve == pytest.approx(GIB, rel=1e-6)


def test_a_model_that_fills_the_memory_to_the_engines_share_fits_and_a_little_more_does_not():
    node = fw.machine(H200, engine="vLLM")
    llama = fw.model("Llama 3.1 8B")
    fixed = memory.fits(llama, node, weights=16, context=0)
    room = (fixed.memory - fixed.needed) / llama.cache_bytes(16)  # vLLM keeps blocks of 16 tokens
    assert memory.fits(llama, node, weights=16, context=16, batch=int(room)).fits
    assert not memory.fits(llama, node, weights=16, context=1, batch=int(room) + 1).fits


def test_activations_of_experts_are_those_a_token_chooses():
    mixtral = fw.model("Mixtral 8x7B")
    a, engine = mixtral.architecture, catalog.engine("vLLM")
    assert memory.activation_bytes(mixtral, engine) == 2 * 8192 * (a.hidden_size + 2 * 2 * a.expert_size) * 2


# Caches


@pytest.mark.parametrize("name", ["DeepSeek-V3", "DeepSeek-R1"])
def test_an_engine_that_keeps_full_heads_needs_what_was_seen_of_it(name):
    """An estimator says 321 GiB for 65,536 tokens (data/caches.csv): 16 of them are scores, which lie with activations."""
    kept = {
        engine: memory.fits(
            fw.model(name),
            fw.machine(H200, 8, split="pipeline", engine=engine),
            weights="Q4_0",
            context=65_536,
        ).parts["cache"]
        for engine in ENGINES
    }
    assert kept["llama.cpp of 2024"] / GIB == pytest.approx(321 - 16, rel=1e-3)
    assert kept["llama.cpp"] / GIB == pytest.approx(4.3, abs=0.05)
    assert len(set(kept.values())) == 2


def test_full_heads_are_also_read_in_every_step():
    old, new = (
        fw.machine(H200, 8, split="pipeline", engine=engine) for engine in ("llama.cpp of 2024", "llama.cpp")
    )
    r1 = fw.model("DeepSeek-R1")
    steps = [fw.decode(r1, node, context=65_536, weights="Q4_0") for node in (old, new)]
    assert steps[0].parts["cache"] > 20 * steps[1].parts["cache"]


@pytest.mark.parametrize("name", ["Llama 3.1 8B", "Gemma 3 27B", "MiniMax-M1"])
def test_a_model_without_latents_is_cached_alike_by_every_engine(name):
    model = fw.model(name)
    assert model.cache_bytes(8192, latents=False) == model.cache_bytes(8192)


# Several devices


@pytest.mark.parametrize("split", ["tensor", "pipeline"])
def test_weights_are_held_once_where_every_weight_is_split(split):
    for name in ("GLM-5.2", "Llama 3.1 8B"):
        model = fw.model(name)
        assert (
            memory.fits(model, fw.machine(H200, 8, split=split), weights=8).parts["weights"]
            == model.parameters
        )


def test_expert_parallelism_holds_all_but_the_experts_on_every_device():
    glm, node = fw.model("GLM-5.2"), fw.machine(H200, 8, split="experts")
    held = memory.fits(glm, node, weights=8).parts["weights"]
    assert held == glm.parameters + 7 * (glm.parameters - glm.parts["routed experts"])
    llama = fw.model("Llama 3.1 8B")
    assert memory.fits(llama, node, weights=8).parts["weights"] == llama.parameters, (
        "without experts all is split"
    )


@law
@given(models, st.sampled_from([RTX, H200, "L40S"]), st.integers(1, 15), widths, contexts, batches)
def test_what_fits_one_machine_fits_one_with_more_devices(model, device, count, bits, context, batch):
    for split in ("tensor", "pipeline"):
        fewer, more = (
            memory.fits(model, fw.machine(device, n, split=split), weights=bits, context=context, batch=batch)
            for n in (count, count + 1)
        )
        assert more.memory > fewer.memory
        assert more.fits or not fewer.fits


# Host and drive


@law
@given(models, helped, widths, batches, contexts)
def test_placed_shares_are_shares_and_add_up_where_the_model_fits(model, machine, bits, batch, context):
    case = memory.Case.of(model, machine, weights=bits, context=context, batch=batch)
    fit, placed = case.fit, case.placed
    for share in placed:
        assert -1e-12 <= share <= 1 + 1e-12
    if fit.fits and model.is_moe:
        assert placed.experts + placed.experts_on_host + placed.experts_on_drive == pytest.approx(1)


@law
@given(models, helped, widths, batches, contexts)
def test_what_is_placed_on_devices_and_host_is_not_more_than_they_hold(model, machine, bits, batch, context):
    case = memory.Case.of(model, machine, weights=bits, context=context, batch=batch)
    fit, placed = case.fit, case.placed
    assume(fit.fits and (machine.cpu_host or machine.drive))
    assume(fit.parts["cache"] + fit.parts["engine"] <= machine.memory)
    shared, routed = memory.unrouted_bytes(model, machine, case.storage), case.storage.experts
    on_devices = placed.resident * shared + placed.experts * routed
    assert on_devices + fit.parts["cache"] + fit.parts["engine"] <= machine.memory * (1 + 1e-9)
    if machine.cpu_host:
        on_host = (1 - placed.resident) * shared + placed.experts_on_host * routed
        assert on_host <= machine.cpu_host.memory * (1 + 1e-9)


@law
@given(models, st.sampled_from([RTX, H200]), widths, batches, contexts)
def test_more_host_never_fits_less(model, device, bits, batch, context):
    machines = [fw.machine(device), *(fw.machine(device, cpu_host=host) for host in HOSTS)]
    assert [m.cpu_host.memory for m in machines[1:]] == sorted(m.cpu_host.memory for m in machines[1:])
    fit = [
        memory.fits(model, machine, weights=bits, context=context, batch=batch).fits for machine in machines
    ]
    assert fit == sorted(fit)


@law
@given(models, st.sampled_from([RTX, H200]), widths, batches, contexts)
def test_a_model_that_fits_costs_the_same_with_and_without_a_host_and_a_drive(
    model, device, bits, batch, context
):
    alone, beside = fw.machine(device), fw.machine(device, cpu_host=SERVER, drive=SSD)
    assume(memory.fits(model, alone, weights=bits, context=context, batch=batch).fits)
    for phase in ("decode", "prefill"):
        case = {"context": context, "batch": batch, "weights": bits}
        own, helped = (inference.predict(model, where, phase, **case) for where in (alone, beside))
        assert own.expected == pytest.approx(helped.expected)
        assert own.lower_bound == pytest.approx(helped.lower_bound)
        assert helped.parts["host memory"] == helped.parts["drive"] == 0


@pytest.mark.parametrize("phase", ["decode", "prefill"])
@pytest.mark.parametrize("name", ["Qwen3-235B-A22B", "GLM-5.2", "Llama 3.1 70B"])
def test_a_host_is_slower_than_devices_that_hold_all_and_a_drive_slower_still(phase, name):
    model = fw.model(name)
    everything = fw.machine(RTX, 64, "400 GbE", split="pipeline")  # one works at a time, as beside a host
    hosted, streamed = fw.machine(RTX, cpu_host=SERVER), fw.machine(RTX, drive=SSD)
    quick, middle = (
        inference.predict(model, machine, phase, weights="Q4_0") for machine in (everything, hosted)
    )
    assert middle.parts["host memory"] > 0 and "drive" not in middle.parts
    held = {part: middle.parts[part] for part in ("host memory", "weights", "cache")}
    assert sum(held.values()) > quick.parts["weights"]
    if model.is_moe:
        slow = inference.predict(model, streamed, phase, weights="Q4_0")
        assert slow.parts["drive"] > 0 and "host memory" not in slow.parts
        assert slow.expected > middle.expected
        assert slow.bottleneck == "drive"


def test_a_drive_takes_experts_only():
    beside = fw.machine(RTX, drive=SSD)
    assert memory.fits(fw.model("GLM-5.2"), beside, weights="Q4_0").fits
    dense = memory.fits(fw.model("Llama 3.1 405B"), beside, weights="Q4_0")
    assert not dense.fits and dense.missing > 0


def test_a_faster_drive_and_a_faster_host_take_less_time():
    model = fw.model("Qwen3-235B-A22B")
    drives = [fw.machine(RTX, drive=drive) for drive in ("HDD 7200 rpm enterprise", "SATA SSD", SSD)]
    seconds = [fw.decode(model, machine, weights="Q4_0").expected for machine in drives]
    assert seconds == sorted(seconds, reverse=True) and len(set(seconds)) == 3
    hosts = [fw.machine(RTX, cpu_host=host) for host in HOSTS[1:]]
    seconds = [fw.decode(model, machine, weights="Q4_0").expected for machine in hosts]
    assert seconds[0] > seconds[1]


@pytest.mark.parametrize("phase, tokens, passes", [("decode", 1, 1), ("prefill", 512, 8)])
def test_what_lies_with_the_host_is_read_from_its_memory_in_every_pass(phase, tokens, passes):
    model, beside = fw.model("Qwen3-235B-A22B"), fw.machine(RTX, cpu_host=SERVER)
    assert catalog.engine("llama.cpp").chunk_tokens == 512
    if phase == "decode":
        step = fw.decode(model, beside, context=4096, batch=1, weights="Q4_0")
    else:
        step = fw.prefill(model, beside, prompt=passes * tokens, batch=1, weights="Q4_0")
    prompt = {"decode": 4096, "prefill": passes * tokens}[phase]
    there = memory.Case.of(model, beside, weights="Q4_0", context=prompt).placed.experts_on_host
    experts = (step_work.weights_read(model, tokens) - model.shared_weights) * 4.5 / 8  # all rows are in Q4_0
    moved = passes * there * experts
    share = efficiency.calibrations(phase)["any", "cpu_host"].weights
    assert 0 < share < 1
    assert step.parts["host memory"] == pytest.approx(moved / beside.cpu_host.memory_bandwidth / share)


def test_what_every_token_needs_goes_to_the_device_before_the_experts():
    model, beside = fw.model("Qwen3-235B-A22B"), fw.machine(RTX, cpu_host=SERVER)
    placed = memory.Case.of(model, beside, weights=4.5).placed
    assert placed.resident == 1 and 0 < placed.experts < 0.2
    assert placed.experts + placed.experts_on_host == pytest.approx(1)


def test_a_cache_beyond_the_devices_memory_does_not_fit_or_is_read_from_the_host():
    llama, beside = fw.model("Llama 3.1 8B"), fw.machine(RTX, cpu_host=SERVER)
    step = fw.decode(llama, beside, context=131_072, batch=16, weights="Q4_0")
    assert step.fit.parts["cache"] > 10 * beside.memory
    beyond = step.fit.parts["cache"] - beside.memory
    assert not step.fits or step.expected >= beyond / beside.cpu_host.memory_bandwidth


def test_a_drive_leaves_room_for_more_sequences():
    model, beside = fw.model("Qwen3-235B-A22B"), fw.machine(RTX, drive=SSD)
    room = memory.max_sequences(model, beside, context=8192, weights="Q4_0")
    assert not memory.fits(model, beside, weights="Q4_0", context=8192, batch=int(room.expected) + 1).fits


@pytest.mark.parametrize(
    "beside", [{}, {"cpu_host": SERVER}, {"drive": SSD}, {"cpu_host": SERVER, "drive": SSD}], ids=str
)
@pytest.mark.parametrize("name", ["Llama 3.1 8B", "Qwen3-235B-A22B", "gpt-oss-120b"])
def test_as_many_sequences_as_are_promised_fit_and_not_one_more(name, beside):
    model, where = fw.model(name), fw.machine(RTX, **beside)
    room = int(memory.max_sequences(model, where, context=2048, weights="Q4_0").expected)
    assert not memory.fits(model, where, weights="Q4_0", context=2048, batch=room + 1).fits
    assert room == 0 or memory.fits(model, where, weights="Q4_0", context=2048, batch=room).fits
