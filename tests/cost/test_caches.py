"""Caches as engines store them, and memory as drivers report it, against logs."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from freeweights.cost import memory
from freeweights.facts import catalog
from freeweights.facts.records_hardware import Engine
from freeweights.models import cache_storage

MIB, GIB = 2**20, 2**30
H100, RTX, PRO = "H100 SXM5 80GB", "GeForce RTX 3090", "RTX PRO 6000 Blackwell (Server Edition)"
ENGINES = [engine.name for engine in catalog.table(Engine)]


def tokens(capacity) -> float:
    return capacity.expected * 1024


# The width of the values


def test_eight_bits_halve_what_sixteen_keep_and_read():
    llama, node = fw.model("Llama 3.1 70B"), fw.machine("H200 SXM 141GB", 8)
    wide, narrow = (fw.fits(llama, node, context=8192, batch=16, cache=cache) for cache in (None, "FP8"))
    assert narrow.parts["cache"] / wide.parts["cache"] == pytest.approx(0.5, rel=1e-3)
    wide, narrow = (fw.decode(llama, node, context=8192, batch=16, cache=cache) for cache in (16, "8 bits"))
    assert narrow.parts["cache"] / wide.parts["cache"] == pytest.approx(0.5, rel=1e-3)
    assert narrow.parts["weights"] == wide.parts["weights"] and narrow.expected < wide.expected
    more, fewer = (fw.max_sequences(llama, node, cache=cache).expected for cache in (8, None))
    assert 1.9 < more / fewer < 2.1
    assert fw.prefill(llama, node, prompt=8192, cache="FP8").expected > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_keeps_sixteen_bits_unless_told_otherwise(engine):
    row = catalog.engine(engine)
    assert cache_storage.cache_width(None, row) == cache_storage.cache_width(16, row) == 2.0
    assert catalog.weight_format(row.caches.split(";")[0]).bits == 16


@pytest.mark.parametrize(
    "engine, cache, words",
    [
        ("vLLM", "Q8_0", "vLLM keeps no cache in Q8_0: it knows BF16, FP8. The nearest is FP8"),
        ("vLLM", "4 bits", "in 4 bits: .*nearest is FP8"),
        ("llama.cpp", "FP8", "llama.cpp keeps no cache in FP8: .*nearest is Q8_0"),
        ("ds4", 8, "ds4 keeps no cache in 8 bits: it knows F16"),
        ("llama.cpp", "Q9", "weight format is called 'Q9'"),
        ("llama.cpp", float("nan"), "nan"),
    ],
)
def test_a_width_that_an_engine_does_not_keep_is_refused_with_the_nearest(engine, cache, words):
    node = fw.machine("H200 SXM 141GB", engine=engine)
    for ask in (fw.fits, fw.max_sequences, fw.decode, fw.prefill):
        with pytest.raises((ValueError, LookupError), match=words):
            ask(fw.model("Llama 3.1 8B"), node, cache=cache)


# Cells, windows and copies


@pytest.mark.parametrize("cache, mib", [(None, 1264), ("Q8_0", 964), ("8 bits", 964)])
def test_llama_cpp_keeps_the_windows_of_gemma_at_sixteen_bits_with_room_for_a_chunk(cache, mib):
    fit = fw.fits(
        fw.model("Gemma 3 27B"), fw.machine("GeForce RTX 4090"), weights="Q4_K_M", context=8192, cache=cache
    )
    assert fit.parts["cache"] / MIB == pytest.approx(mib, abs=1)


def test_llama_cpp_rounds_each_sequence_up_to_cells_of_256():
    llama_cpp = catalog.engine("llama.cpp")
    assert 3 * cache_storage.cells(llama_cpp, 1000 / 3) == 1536
    assert cache_storage.cells(llama_cpp, [20_000, 8192]).tolist() == [20_224, 8192]
    llama, card = fw.model("Llama 3.1 8B"), fw.machine("GeForce RTX 4090")
    kept = fw.fits(llama, card, weights="Q4_0", context=1000 / 3, batch=3).parts["cache"]
    assert kept == 3 * llama.cache_bytes(512)


def test_a_context_beyond_the_trained_one_is_refused_although_cells_could_be_had():
    with pytest.raises(ValueError, match="at most 8,192 tokens, 20,000 were given"):
        fw.fits(fw.model("SmolLM2-135M-Instruct"), fw.machine("GeForce RTX 4090"), context=20_000)


def test_ollama_keeps_every_head_of_a_latent_and_writes_its_scores():
    lite = fw.model("DeepSeek-V2-Lite")
    ollama, other = (fw.machine(RTX, engine=engine) for engine in ("Ollama", "llama.cpp"))
    fit = fw.fits(lite, ollama, weights="Q4_0", context=32_768)
    assert fit.parts["cache"] == 8640 * MIB
    buffer = fit.parts["engine"] - catalog.engine("Ollama").reserve
    assert buffer / MIB == pytest.approx(2376, rel=0.1)
    room = [fw.max_sequences(lite, node, weights="Q4_0", context=32_768).expected for node in (ollama, other)]
    assert room[0] == 1 and room[1] > 10


@pytest.mark.parametrize("name", ["GLM-5.2", "DeepSeek-R1", "DeepSeek-V4-Flash"])
@pytest.mark.parametrize("split, copies", [("tensor", 8), ("pipeline", 1), ("experts", 1)])
def test_latents_are_copied_to_every_device_that_shares_a_layer(name, split, copies):
    model, node = fw.model(name), fw.machine("H200 SXM 141GB", 8, split=split)
    assert memory.Case.of(model, node, weights=4.5).cache_copies == copies
    if name == "DeepSeek-R1":  # of whole heads, every device has its own
        assert cache_storage.cache_copies(model, catalog.engine("Ollama"), 8) == 1


def test_keys_and_values_are_copied_only_beyond_their_heads():
    llama = fw.model("Llama 3.1 70B")  # 8 key heads
    copies = [cache_storage.cache_copies(llama, catalog.engine("vLLM"), devices) for devices in (1, 4, 8, 16)]
    assert copies == [1, 1, 1, 2]


def test_glm_on_eight_cards_has_the_room_its_log_says():
    """575 k tokens logged by vLLM with NVFP4 weights and an FP8 cache; counted once, latents would leave 2.75 M."""
    node = fw.machine(PRO, 8, engine="vLLM")
    found = fw.max_sequences(fw.model("GLM-5.2"), node, weights="NVFP4", cache="FP8", context=1024)
    assert tokens(found) == pytest.approx(575e3, rel=0.15)


@pytest.mark.parametrize("engine, logged, close", [("vLLM", 178_880, 0.55), ("SGLang", 367_404, 0.05)])
def test_servers_have_the_room_their_logs_say(engine, logged, close):
    """Qwen3-235B-A22B in FP8 on four H100: github.com/vllm-project/vllm/issues/21348; SGLang was given 93 %."""
    node = fw.machine(H100, 4, engine=engine)
    found = fw.max_sequences(fw.model("Qwen3-235B-A22B"), node, weights="FP8", context=1024)
    assert tokens(found) == pytest.approx(logged, rel=close)


# Memory as it is reported


@pytest.mark.parametrize(
    "name, gigabytes",
    [
        ("A100 SXM4 80GB", 85.9),
        (H100, 85.1),
        ("GeForce RTX 4090", 25.8),
        ("GeForce RTX 5090", 34.2),
        ("Apple M1 (8-core GPU)", 12.7),
        ("Apple M4 Max (40-core GPU)", 107.52 * GIB / 1e9),
        ("Apple M3 Ultra 512GB", 498.2),
    ],
)
def test_memory_is_what_drivers_report_and_what_macos_lends(name, gigabytes):
    assert fw.machine(name).memory / 1e9 == pytest.approx(gigabytes, abs=0.06)


@pytest.mark.parametrize(
    "model, device, engine, weights, fits",
    [
        ("gpt-oss-20b", "GeForce RTX 4070", None, "Q2_K", False),
        ("Qwen3-14B", "Apple M1 (8-core GPU)", "llama.cpp", "Q6_K", False),
        ("gpt-oss-120b", H100, "vLLM", None, False),
        ("GLM-5.2", "Apple M3 Ultra 512GB", None, "4.5 bits", True),
    ],
)
def test_what_fits_is_what_was_seen_to_fit(model, device, engine, weights, fits):
    assert fw.fits(fw.model(model), fw.machine(device, engine=engine), weights=weights).fits is fits


def test_a_70b_model_in_eight_bits_starts_on_one_h100_with_room_for_few_tokens():
    llama, card = fw.model("Llama 3.1 70B"), fw.machine(H100, engine="vLLM")
    found = fw.max_sequences(llama, card, weights="FP8", context=16)
    assert found.fit.parts["weights"] / GIB == pytest.approx(67.7, abs=0.05)
    assert 1 <= found.expected * 16 < 8192


def test_arrays_of_contexts_and_single_ones_agree():
    gemma, card = fw.model("Gemma 3 27B"), fw.machine("GeForce RTX 4090")
    contexts = np.array([1, 255, 256, 1000, 1536, 9000])
    together = fw.fits(gemma, card, weights="Q4_K_M", context=contexts, cache="Q8_0").parts["cache"]
    alone = [fw.fits(gemma, card, weights="Q4_K_M", context=c, cache="Q8_0").parts["cache"] for c in contexts]
    assert together.tolist() == alone
