"""Every model's parameters are counted from its configuration and held against what was published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from freeweights.facts import catalog
from freeweights.facts.quantities import GIB
from freeweights.facts.records_models import Architecture, CountException
from freeweights.models import parameters, transformer
from freeweights.models.transformer import CONVENTIONS, Model, model
from hypothesis import given
from hypothesis import strategies as st

SAME_MODULES, PUBLISHED, ACTIVE = 0.1, 0.5, 2.0  # tolerances in per cent
NO_PUBLISHED_COUNT = {"Grok-2"}
CONFIGURED = [row for row in catalog.table(Architecture) if row.layers]
EXCEPTIONS = {(row.model, row.against): row for row in catalog.table(CountException)}


def named(rows):
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)


def off(row: Architecture, against: str) -> float | None:
    """Per cent by which the count is above a published figure; None where nothing was published."""
    figure, counted = {
        "safetensors total": (row.safetensors_total, lambda: Model(row).parameters),
        "published total": (row.parameters_published, lambda: Model(row).parameters),
        "published active": (row.active_published, lambda: Model(row).active(row.active_convention)),
    }[against]
    return None if figure is None else 100 * (counted() / figure - 1)


def asked(row: Architecture) -> dict[str, float]:
    """The published figures that a count must meet, with the tolerance of each.

    A file that stores other modules as well is replaced by the vendor's figure.
    """
    if row.safetensors_total and (row.name, "safetensors total") not in EXCEPTIONS:
        return {"safetensors total": SAME_MODULES}
    return {"published total": PUBLISHED}


@named(CONFIGURED)
def test_the_counted_total_is_the_published_one(row):
    for against, tolerance in asked(row).items():
        difference = off(row, against)
        if difference is None:
            assert row.name in NO_PUBLISHED_COUNT
        elif (row.name, against) not in EXCEPTIONS:
            assert abs(difference) <= tolerance, f"{row.name}: {difference:+.2f} % against the {against}"


@named([row for row in CONFIGURED if row.active_published])
def test_the_counted_active_parameters_are_the_vendors_by_its_convention(row):
    difference = off(row, "published active")
    if (row.name, "published active") not in EXCEPTIONS:
        assert abs(difference) <= ACTIVE, f"{row.name}: {difference:+.2f} % {row.active_convention}"


@pytest.mark.parametrize("entry", EXCEPTIONS.values(), ids=lambda entry: f"{entry.model}, {entry.against}")
def test_every_exception_is_needed_exact_and_explained(entry):
    row = catalog.architecture(entry.model)
    difference = off(row, entry.against)
    tolerance = {"safetensors total": SAME_MODULES, "published total": PUBLISHED, "published active": ACTIVE}
    assert abs(difference) > tolerance[entry.against], "no longer needed: delete the row"
    assert entry.against != "published total" or entry.against in asked(row), "nobody asks: delete the row"
    assert difference == pytest.approx(entry.difference_percent, abs=0.05)
    assert entry.reason.endswith(".") and entry.source


# What these files hold beyond the count: two learned scalars of xIELU per layer (Apertus), rows of a later
# vocabulary of 32,768 (Mixtral), 64 rotary frequencies of every layer (Llama 2), and 3,416 values that nobody
# explains (Kimi K2).
BEYOND = {
    "Apertus 8B": 64,
    "Apertus 70B": 160,
    "Kimi K2": 3416,
    "Llama 2 7B": 32 * 64,
    "Llama 2 13B": 40 * 64,
    "Llama 2 70B": 80 * 64,
    "Mixtral 8x22B": 2 * 768 * 6144,
}


@named([row for row in CONFIGURED if "safetensors total" in asked(row)])
def test_a_file_with_the_same_modules_agrees_to_the_last_parameter(row):
    assert row.safetensors_total - Model(row).parameters == BEYOND.get(row.name, 0)


@pytest.mark.parametrize("size, layers", [("124M", 12), ("355M", 24), ("774M", 36), ("1.5B", 48)])
def test_gpt2_files_exceed_the_count_by_exactly_their_causal_masks(size, layers):
    gpt2 = model(f"GPT-2 {size}")
    assert gpt2.architecture.safetensors_total - gpt2.parameters == layers * 1024 * 1024


def test_the_vision_part_left_out_is_the_same_in_siblings():
    stored = [row for row in CONFIGURED if row.safetensors_total]
    left_out = {row.name: row.safetensors_total - Model(row).parameters for row in stored}
    assert left_out["Llama 4 Scout"] == left_out["Llama 4 Maverick"]
    siblings = [left_out[f"Gemma 3 {size}"] for size in ("4B", "12B", "27B")]
    assert max(siblings) - min(siblings) < 0.01 * min(siblings)


@named(CONFIGURED)
def test_parts_add_up_and_the_conventions_are_ordered(row):
    counted = Model(row)
    assert sum(counted.parts.values()) == counted.parameters
    assert all(isinstance(part, int) and part >= 0 for part in counted.parts.values())
    with_both, without_input, without_any = (counted.active(convention) for convention in CONVENTIONS)
    assert without_any < without_input <= with_both <= counted.parameters
    assert counted.active_parameters == without_input
    if not counted.is_moe:
        assert with_both == counted.parameters


@named(CONFIGURED)
def test_shared_weights_and_chosen_experts_are_the_active_parameters(row):
    counted = Model(row)
    chosen = counted.moe_layers * counted.experts_per_token * counted.expert_weights
    assert counted.shared_weights + chosen == counted.active_parameters
    assert counted.moe_layers * counted.experts * counted.expert_weights == counted.parts["routed experts"]


def test_smollm2_is_counted_by_hand_from_ten_numbers():
    vocabulary, width, layers, heads, kv_heads, head, ffn = 49_152, 576, 30, 9, 3, 64, 1536
    matrices, norms, final = 3, 2, 1
    attention = 2 * width * heads * head + 2 * width * kv_heads * head
    one_layer = attention + matrices * width * ffn + norms * width
    by_hand = vocabulary * width + layers * one_layer + final * width
    assert by_hand == model("SmolLM2-135M-Instruct").parameters == 134_515_008


def test_llama_is_counted_by_hand_from_ten_numbers():
    vocabulary, width, layers, heads, kv_heads, head, ffn = 128_256, 4096, 32, 32, 8, 128, 14_336
    matrices, norms, tables = 3, 2, 2
    attention = 2 * width * heads * head + 2 * width * kv_heads * head
    one_layer = attention + matrices * width * ffn + norms * width
    by_hand = tables * vocabulary * width + layers * one_layer + width
    assert by_hand == model("Llama 3.1 8B").parameters == 8_030_261_248


def test_an_announced_model_has_the_vendors_figures_and_nothing_else():
    behemoth = model("Llama 4 Behemoth")
    assert behemoth.announced and behemoth.is_moe
    assert (behemoth.parameters, behemoth.active_parameters) == (2_000_000_000_000, 288_000_000_000)
    for counted in (
        lambda: behemoth.parts,
        lambda: behemoth.layers,
        lambda: behemoth.cache_bytes(1),
        lambda: behemoth.flops_per_token(1),
        lambda: behemoth.active(CONVENTIONS[0]),
    ):
        with pytest.raises(ValueError, match="Llama 4 Behemoth was announced.*no layers, hidden_size"):
            counted()


# Caches


@named([row for row in CONFIGURED if row.mixers == f"full:{row.layers}"])
def test_a_gqa_cache_is_keys_and_values_of_every_layer(row):
    context = np.arange(0, row.max_context, 997)
    expected = 2 * row.kv_heads * row.head_dim * row.layers * 2 * context
    assert np.array_equal(Model(row).cache_bytes(context), expected)


def test_deepseek_caches_one_latent_where_full_heads_would_take_71_times_as_much():
    r1, context = model("DeepSeek-R1"), 65_536
    assert r1.cache_bytes(context) == 61 * 576 * 2 * context
    assert r1.cache_bytes(context) / GIB == pytest.approx(4.3, abs=0.05)
    a = r1.architecture
    full_heads = a.layers * a.heads * (a.nope_head_dim + a.rope_head_dim + a.v_head_dim) * 2 * context
    assert full_heads / r1.cache_bytes(context) == pytest.approx(71.1, abs=0.05)
    # About 321 GiB were seen in llama.cpp before it kept the latent (gpustack/gguf-parser-go, issue 8)
    assert full_heads / GIB == pytest.approx(321, rel=0.06)


# Cache sizes that ds4 printed for DeepSeek-V4-Flash (antirez/ds4, speed-bench/m2_ultra.csv at 8d576642)
DS4 = {2048: 52_184_460, 8192: 136_750_476, 16_384: 249_505_164, 32_768: 475_014_540, 65_536: 926_033_292}


def test_published_cache_sizes_of_deepseek_v4_grow_exactly_as_counted():
    """ds4 keeps float32 values, 4 more bytes per token and a buffer that does not grow."""
    flash = model("DeepSeek-V4-Flash")
    buffers = {size - flash.cache_bytes(context, 4) - 4 * context for context, size in DS4.items()}
    assert len(buffers) == 1 and 0 <= buffers.pop() < 0.25 * min(DS4.values())


def test_glm_5_2_keeps_index_keys_in_21_layers_and_reads_only_the_chosen_latents():
    glm, context = model("GLM-5.2"), 100_000
    assert glm.cache_bytes(context) == 2 * context * (78 * 576 + 21 * 128)
    assert glm.cache_read_bytes(context) == 2 * (2048 * 78 * 576 + context * 21 * 128)


MODELS = st.sampled_from(CONFIGURED).map(Model)


def costs(counted: Model):
    return counted.cache_bytes, counted.cache_read_bytes, counted.flops_per_token, counted.prefill_flops


@given(MODELS, st.data())
def test_more_context_never_costs_less(counted, data):
    contexts = st.integers(0, counted.max_context)
    less, more = sorted((data.draw(contexts), data.draw(contexts)))
    for cost in costs(counted):
        assert 0 <= cost(less) <= cost(more)
    assert counted.cache_read_bytes(more) <= counted.cache_bytes(more)


@given(MODELS, st.data())
def test_arrays_give_what_single_numbers_give(counted, data):
    contexts = data.draw(st.lists(st.integers(0, counted.max_context), min_size=1, max_size=5))
    for cost in costs(counted):
        together = cost(np.array(contexts))
        assert together.shape == (len(contexts),)
        assert together.tolist() == [cost(context) for context in contexts]


@given(MODELS, st.integers(1, 300))
def test_a_prompt_costs_the_sum_of_its_tokens(counted, prompt):
    """But for the output head, run once, and for MLA, which prefill computes in its cheaper form."""
    prompt = min(prompt, counted.max_context)
    one_by_one = counted.flops_per_token(np.arange(1, prompt + 1)).sum()
    head = counted.active_parameters - counted.active(transformer.WITHOUT_EMBEDDINGS)
    expected = one_by_one - 2 * head * (prompt - 1)
    if counted.architecture.mixers.startswith("mla"):
        assert counted.prefill_flops(prompt) < expected
    else:
        assert counted.prefill_flops(prompt) == pytest.approx(expected, rel=1e-12)


# Bad input


@pytest.mark.parametrize("context", [-1, float("nan"), float("inf"), [1, -1]])
def test_a_context_that_is_no_number_of_tokens_is_refused(context):
    with pytest.raises(ValueError, match="from 0 to 131,072"):
        model("Llama 3.1 8B").cache_bytes(context)


@pytest.mark.parametrize("cost", ["cache_bytes", "cache_read_bytes", "flops_per_token", "prefill_flops"])
def test_a_context_above_the_maximum_says_the_maximum_and_what_to_do(cost):
    llama = model("Llama 3.1 8B")
    getattr(llama, cost)(llama.max_context)
    with pytest.raises(ValueError, match="at most 131,072 tokens, 131,073 were given: shorten"):
        getattr(llama, cost)(llama.max_context + 1)


@pytest.mark.parametrize("width", [0, -2, float("nan")])
def test_a_value_of_no_bytes_is_refused(width):
    with pytest.raises(ValueError, match="bytes_per_value"):
        model("Llama 3.1 8B").cache_bytes(1, bytes_per_value=width)


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(catalog.UnknownName, match="Did you mean 'GLM-5.2'"):
        model("GLM-52x")


def test_an_unknown_convention_offers_the_three():
    with pytest.raises(ValueError, match="with both embeddings, without input embedding, without embeddings"):
        model("DeepSeek-R1").active("all")


@pytest.mark.parametrize(
    "mixers, message",
    [("fulll:32", "is not kind:layers"), ("full", "is not kind:layers"), ("full:31", "do not add up to 32")],
)
def test_a_malformed_mixers_cell_names_row_and_column(mixers, message):
    with pytest.raises(ValueError, match=f"models.csv, Llama 3.1 8B.*{message}"):
        parameters.parameter_counts(replace(catalog.architecture("Llama 3.1 8B"), mixers=mixers))


REQUIRED = """GPT-2 1.5B|Llama 3.1 405B|Llama 4 Maverick|Llama 4 Behemoth|DeepSeek-R1|Qwen3-235B-A22B
Qwen3-30B-A3B|QwQ-32B|MiniMax-M1|ERNIE-4.5-0.3B|ERNIE-4.5-VL-424B-A47B|Pangu Pro MoE 72B-A16B
openPangu-Ultra-MoE-718B|Kimi K2|Phi-4 14B|Granite 3.3 8B|Granite 4.0 H-Small|Gemma 3 27B|Grok-1|gpt-oss-20b
gpt-oss-120b|GLM-5|GLM-5.2|SmolLM2-135M-Instruct|DeepSeek-V4-Flash""".replace("\n", "|").split("|")


@pytest.mark.parametrize("name", REQUIRED)
def test_every_model_the_debate_names_is_there_with_a_source(name):
    row = model(name).architecture
    assert row.name == name and row.source and row.licence
