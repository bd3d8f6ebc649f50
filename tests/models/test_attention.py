"""What each kind of attention keeps and computes, against formulas written out by hand for one model each."""

from __future__ import annotations

import numpy as np
import pytest
from freeweights.models import attention
from freeweights.models.transformer import model
from hypothesis import given
from hypothesis import strategies as st

CONTEXTS = np.array([0, 1, 3, 4, 127, 128, 129, 2047, 2048, 2049, 8192, 8193, 40_000, 131_072])


def least(context, most):
    return np.minimum(context, most)


CACHE_VALUES = {  # values per sequence, states apart
    "Llama 3.1 8B": lambda c: 32 * 2 * 8 * 128 * c,
    "Gemma 3 27B": lambda c: 2 * 16 * 128 * (52 * least(c, 1024) + 10 * c),
    "gpt-oss-20b": lambda c: 2 * 8 * 64 * (12 * least(c, 128) + 12 * c),
    "Llama 4 Scout": lambda c: 2 * 8 * 128 * (36 * least(c, 8192) + 12 * c),
    "DeepSeek-R1": lambda c: 61 * 576 * c,
    "DeepSeek-V3.2": lambda c: 61 * (576 + 128) * c,
    "GLM-5.2": lambda c: (78 * 576 + 21 * 128) * c,
    "MiniMax-M1": lambda c: 10 * 2 * 8 * 128 * c,
    "Granite 4.0 H-Small": lambda c: 4 * 2 * 8 * 128 * c,
    "DeepSeek-V4-Flash": lambda c: 512 * (43 * least(c, 128) + 20 * (c // 128)) + 21 * (512 + 128) * (c // 4),
    "DeepSeek-V4-Pro": lambda c: 512 * (61 * least(c, 128) + 31 * (c // 128)) + 30 * (512 + 128) * (c // 4),
}

STATE_BYTES = {  # float32, whatever the context
    "MiniMax-M1": 70 * 4 * 64 * 128 * 128,
    "Granite 4.0 H-Small": 36 * 4 * (128 * 64 * 128 + (128 * 64 + 2 * 128) * 3),
}

# FLOPs between one token and its context: 2 for a product and a sum, for scores and again for values.
DECODE_FLOPS = {
    "Llama 3.1 8B": lambda c: 32 * 4 * 32 * 128 * c,
    "Gemma 3 27B": lambda c: 4 * 32 * 128 * (52 * least(c, 1024) + 10 * c),
    "gpt-oss-20b": lambda c: 4 * 64 * 64 * (12 * least(c, 128) + 12 * c),
    "Llama 4 Scout": lambda c: 4 * 40 * 128 * (36 * least(c, 8192) + 12 * c),
    "DeepSeek-R1": lambda c: 61 * 2 * 128 * (512 + 64 + 512) * c,
    "DeepSeek-V3.2": lambda c: 61 * (2 * 128 * (512 + 64 + 512) * least(c, 2048) + 2 * 64 * 128 * c),
    "GLM-5.2": lambda c: 78 * 2 * 64 * (512 + 64 + 512) * least(c, 2048) + 21 * 2 * 32 * 128 * c,
    "MiniMax-M1": lambda c: 10 * 4 * 64 * 128 * c + 70 * 4 * 64 * 128 * 128,
    "Granite 4.0 H-Small": lambda c: 4 * 4 * 32 * 128 * c + 36 * 4 * 128 * 64 * 128,
    "DeepSeek-V4-Flash": lambda c: (
        4 * 64 * 512 * (43 * least(c, 128) + 21 * least(c // 4, 512) + 20 * (c // 128))
        + 21 * 2 * 64 * 128 * (c // 4)
    ),
}

# FLOPs of one more prompt token where prefill differs from decode: MLA with its heads expanded.
EXPANDED_FLOPS = {"DeepSeek-R1": 61 * 2 * 128 * (128 + 64 + 128), "Kimi K2": 61 * 2 * 64 * (128 + 64 + 128)}


@pytest.mark.parametrize("name", CACHE_VALUES)
def test_the_cache_is_the_formula_written_out(name):
    expected = 2 * CACHE_VALUES[name](CONTEXTS) + STATE_BYTES.get(name, 0)
    assert model(name).cache_bytes(CONTEXTS).tolist() == expected.tolist()


@pytest.mark.parametrize("name", DECODE_FLOPS)
def test_the_flops_are_the_formula_written_out(name):
    counted = model(name)
    expected = 2 * counted.active_parameters + DECODE_FLOPS[name](CONTEXTS)
    assert counted.flops_per_token(CONTEXTS) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", EXPANDED_FLOPS)
def test_prefill_of_mla_is_the_formula_written_out(name):
    counted, prompt = model(name), np.array([2, 1000, 100_000])
    without_attention = 2 * counted.active("without embeddings") * prompt
    head = 2 * (counted.active_parameters - counted.active("without embeddings"))
    attended = EXPANDED_FLOPS[name] * prompt * (prompt + 1) / 2
    assert counted.prefill_flops(prompt) == pytest.approx(without_attention + head + attended, rel=1e-12)


@pytest.mark.parametrize(
    "name, read",
    [
        ("GLM-5.2", lambda c: 78 * 576 * least(c, 2048) + 21 * 128 * c),
        (
            "DeepSeek-V4-Flash",
            lambda c: (
                43 * 512 * least(c, 128)
                + 20 * 512 * (c // 128)
                + 21 * (512 * least(c // 4, 512) + 128 * (c // 4))
            ),
        ),
        ("Llama 3.1 8B", CACHE_VALUES["Llama 3.1 8B"]),
        ("Gemma 3 27B", CACHE_VALUES["Gemma 3 27B"]),
        ("DeepSeek-R1", CACHE_VALUES["DeepSeek-R1"]),
    ],
)
def test_a_decode_step_reads_what_the_tokens_attend_to(name, read):
    assert model(name).cache_read_bytes(CONTEXTS).tolist() == (2 * read(CONTEXTS)).tolist()


@given(st.integers(1, 9), st.integers(1, 9) | st.just(np.inf), st.integers(0, 200))
def test_a_summed_span_is_the_sum_of_its_steps(every, most, tokens):
    span = attention.Span(1.0, every=every, limit=most)
    assert span.summed(tokens) == sum(span.at(context) for context in range(1, tokens + 1))


def test_sparse_attention_costs_less_than_full_attention_only_beyond_its_top_k():
    v3, v32 = model("DeepSeek-V3"), model("DeepSeek-V3.2")
    attended = [m.flops_per_token(100_000) - m.flops_per_token(0) for m in (v3, v32)]
    assert attended[1] < attended[0] / 5
    attended = [m.flops_per_token(2048) - m.flops_per_token(0) for m in (v3, v32)]
    assert attended[1] > attended[0]
