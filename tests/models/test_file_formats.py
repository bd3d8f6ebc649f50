"""The rules of formats against llama.cpp's own quantiser, tensor by tensor, and against files whose bytes are known."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import freeweights as fw
import pytest
from freeweights.cost.weight_storage import blocks, weight_storage
from freeweights.facts import catalog
from freeweights.facts.records_hardware import Recipe, WeightFormat
from freeweights.facts.records_models import Architecture
from freeweights.models import file_formats
from freeweights.models.tensors import ROUTED, VECTOR, prediction_tensors, tensors

COUNTED = [a for a in catalog.table(Architecture) if a.layers]
# What llama.cpp's quantiser (release v0.5.0 of node-llama-cpp 3.22.1) wrote of small models with random weights, made with
# the Python package gguf 0.19: bytes of all tensors, and the block of each that is not float32, layer by layer.
QUANTISED = list(csv.DictReader((Path(__file__).parent / "quantised.csv").open(encoding="utf-8")))
# hidden size, heads, key heads, width of a head, feed-forward, layers, vocabulary, tied, experts, chosen, expert size
SMALL = {
    "llama 576 tied": (576, 9, 3, 64, 512, 10, 256, True, None, None, None),
    "llama 1024 untied": (1024, 16, 8, 32, 352, 9, 256, False, None, None, None),
    "llama 896 tied": (896, 14, 2, 32, 512, 16, 256, True, None, None, None),
    "llama 2880 untied": (2880, 8, 8, 32, 320, 4, 256, False, None, None, None),
    "llama 8192 untied": (8192, 8, 2, 32, 256, 3, 256, False, None, None, None),
    "llama 256 of 80 layers": (256, 8, 1, 32, 256, 80, 256, False, None, None, None),
    "mixture of 8": (256, 8, 2, 32, None, 16, 256, False, 8, 2, 256),
    "mixture of 16": (256, 8, 8, 32, None, 9, 256, True, 16, 4, 352),
    "mixture of 32": (512, 8, 2, 32, None, 11, 256, False, 32, 8, 96),
}


def small(name: str) -> Architecture:
    """The configuration of one of the small models."""
    fields = "hidden_size heads kv_heads head_dim ffn_size layers vocabulary tied_embeddings experts experts_per_token expert_size"
    given = dict(zip(fields.split(), SMALL[name]))
    llama = catalog.architecture("Llama 3.1 8B")
    dense = 0 if given["experts"] else None
    return replace(llama, name=name, mixers=f"full:{given['layers']}", dense_layers=dense, **given)


def in_turn(written: str) -> list[str]:
    """'Q6_Kx2 Q4_K' as a list of blocks."""
    runs = (run.rsplit("x", 1) if run.rsplit("x", 1)[-1].isdigit() else (run, 1) for run in written.split())
    return [block for block, times in runs for _ in range(int(times))]


@pytest.mark.parametrize("row", QUANTISED, ids=lambda row: f"{row['model']}, {row['format']}")
def test_every_tensor_is_packed_as_llama_cpps_quantiser_packs_it(row):
    a = small(row["model"])
    form = catalog.weight_format(row["format"])
    found: dict[str, list[str]] = {}
    for tensor in file_formats.placed(a, list(tensors(a))):
        if tensor.kind not in (VECTOR, "router"):
            found.setdefault(tensor.kind, []).append(file_formats.block_of(a, tensor, form).name)
    written = (entry.split(": ") for entry in row["types"].split("; "))
    assert found == {kind: in_turn(types) for kind, types in written}
    stored = file_formats.stored_bytes(a, row["format"])
    assert stored.experts + stored.idle + stored.shared == int(row["bytes"])


def test_the_quantised_models_span_widths_ties_and_mixtures():
    assert {SMALL[row["model"]][0] for row in QUANTISED} >= {576, 896, 1024, 2880, 8192}
    assert {row["model"] for row in QUANTISED} == set(SMALL) and len(
        {row["format"] for row in QUANTISED}
    ) >= 15


@pytest.mark.parametrize("a", COUNTED, ids=lambda a: a.name)
def test_tensors_add_up_to_the_parameters_that_are_counted_by_part(a):
    found, counted = tensors(a), fw.model(a.name)
    assert sum(tensor.values for tensor in found) == counted.parameters
    assert (
        sum(tensor.values for tensor in found if tensor.experts == ROUTED) == counted.parts["routed experts"]
    )
    assert {tensor.layer for tensor in found} == set(range(-1, a.layers))


@pytest.mark.parametrize("a", [a for a in COUNTED if a.prediction_layer], ids=lambda a: a.name)
def test_with_the_prediction_layer_a_release_has_the_values_its_checkpoint_holds(a):
    total = sum(tensor.values for tensor in (*tensors(a), *prediction_tensors(a)))
    assert total == pytest.approx(a.safetensors_total, rel=1e-4)


@pytest.mark.parametrize("a", COUNTED, ids=lambda a: a.name)
def test_sixteen_bits_in_tensors_are_sixteen_bits_in_weights(a):
    alike, summed = (weight_storage(weights, fw.model(a.name)) for weights in (16, "FP16"))
    for part in ("experts", "idle", "shared"):
        assert getattr(summed, part) == pytest.approx(getattr(alike, part))


@pytest.mark.parametrize(
    "name, weights, bytes_",
    [
        ("SmolLM2-135M-Instruct", "Q4_K_M", 105_454_144),
        ("SmolLM2-135M-Instruct", "Q4_1", 98_362_432),
        ("SmolLM2-135M-Instruct", "Q2_K", 88_201_792),
        ("SmolLM2-135M-Instruct", "Q4_0", 91_726_912),
        ("SmolLM2-135M-Instruct", "Q8_0", 144_811_072),
    ],
)
def test_files_of_the_lessons_small_model_are_right_to_the_byte(name, weights, bytes_):
    assert file_formats.stored_bytes(catalog.architecture(name), weights).file == bytes_


@pytest.mark.parametrize(
    "name, weights, engine, bytes_",
    [  # published sizes: model cards, llama.cpp's logs, vLLM's logs
        ("gpt-oss-20b", None, None, 13.74e9),
        ("gpt-oss-20b", None, "llama.cpp", 12.10e9),
        ("gpt-oss-120b", "Q8_0", "llama.cpp", 63.39e9),
        ("gpt-oss-20b", "Q4_K_M", "llama.cpp", 11.62e9),
        ("GLM-4.5-Air", "Q4_K_M", "llama.cpp", 68.0 * 2**30),
        ("Llama 3.1 405B", "FP8", "vLLM", 8 * 57.752 * 2**30),
        ("Llama 3.1 70B", "FP8", "vLLM", 67.7 * 2**30),
        ("gpt-oss-120b", None, "vLLM", 65.965 * 2**30),
    ],
)
def test_what_engines_hold_is_what_they_report(name, weights, engine, bytes_):
    ran = catalog.engine(engine) if engine else None
    assert weight_storage(weights, fw.model(name), ran).held == pytest.approx(bytes_, rel=0.003)


def test_two_bits_of_gpt_oss_are_hardly_less_than_four_because_its_rows_keep_mxfp4():
    assert set(blocks(fw.model("gpt-oss-20b"), "Q2_K")["ffn_down"]) == {"MXFP4"}
    sizes = [weight_storage(weights, fw.model("gpt-oss-20b")).held for weights in ("Q2_K", "Q8_0")]
    assert 11e9 < sizes[0] < sizes[1] < 12.2e9


def test_only_feed_forward_down_gets_k_blocks_in_a_model_576_wide():
    packed = blocks(fw.model("SmolLM2-135M-Instruct"), "Q4_K_M")
    with_k = {kind for kind, found in packed.items() if any(block.endswith("_K") for block in found)}
    assert with_k == {"ffn_down"}


def test_a_format_that_does_not_exist_for_a_models_rows_says_which_does():
    with pytest.raises(
        ValueError, match="128 weights of a row together, and SmolLM2.*rows of 576.*Choose I?Q4"
    ):
        weight_storage("AWQ/GPTQ int4 g128", fw.model("SmolLM2-135M-Instruct"))


def test_every_recipe_is_of_formats_and_blocks_that_exist_and_of_a_condition_that_is_known():
    llama = catalog.architecture("Llama 3.1 8B")
    known = {row.name for row in catalog.table(WeightFormat)}
    for row in catalog.table(Recipe):
        assert set(row.formats.split(";")) <= known, row
        assert catalog.block_type(row.block), row
        assert file_formats.holds(row.where, llama, tensors(llama)[0]) in (True, False)


@pytest.mark.parametrize("name", [a.name for a in COUNTED])
def test_more_bits_make_larger_files_but_where_experts_stay_as_released(name):
    ladder = ("Q2_K", "Q3_K_M", "Q4_K_S", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "F16")
    sizes = [weight_storage(form, fw.model(name)).held for form in ladder]
    assert all(fewer <= more * 1.000001 for fewer, more in zip(sizes, sizes[1:])), dict(zip(ladder, sizes))
    assert sizes[-1] > sizes[0]
