"""SmolLM2 in NumPy: equal to an independent engine, to itself by every route, and clear about bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from freeweights.facts import datasets
from freeweights.local import block_quantisation, download, gguf_file, kv_cache, llama, smollm, smollm_timing
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from real_weights import model, smollm_path  # noqa: F401, fixtures

GREEDY = json.loads((Path(__file__).parent / "smollm_greedy.json").read_text(encoding="utf-8"))
TINY = llama.tiny()
tokens_of = st.lists(st.integers(0, TINY.config.vocabulary - 1), min_size=2, max_size=40)

# The real model ------------------------------------------------------------------------------------


def test_the_reference_was_made_on_the_same_file_with_ten_prompts_of_32_tokens_or_more():
    assert GREEDY["made_with"]["sha256"] == download.GGUF_SHA256
    assert len(GREEDY["cases"]) == 10
    assert min(len(case["tokens"]) for case in GREEDY["cases"]) >= 32
    assert min(case["smallest_gap"] for case in GREEDY["cases"]) > 0.01


@pytest.mark.parametrize("case", GREEDY["cases"], ids=lambda case: case["prompt"].strip()[-40:])
def test_greedy_tokens_equal_those_of_an_independent_engine(model, case):
    prompt = model.tokenizer.encode(case["prompt"]).ids
    assert prompt == case["prompt_tokens"]
    logits, cache = llama.prefill(model, prompt)
    tokens = [int(logits[0].argmax())]
    while len(tokens) < len(case["tokens"]):
        tokens.append(int(llama.decode(model, tokens[-1:], cache)[0].argmax()))
    assert tokens == case["tokens"]


def test_the_text_generated_is_the_text_of_those_tokens(model):
    case = GREEDY["cases"][0]
    text = "".join(smollm.generate(model, case["prompt"], max_tokens=8))
    assert text == model.tokenizer.decode(case["tokens"][:8])


def test_the_model_has_the_published_parameters_and_is_held_once(model):
    assert model.parameters == 134_515_008
    assert model.nbytes == 4 * model.parameters
    assert all(array.dtype == np.float32 for array in model.arrays())


def test_the_chat_form_equals_the_template_of_the_file(model, smollm_path):
    jinja2 = pytest.importorskip("jinja2")
    template = gguf_file.read_gguf(smollm_path).fields["tokenizer.chat_template"].contents()
    messages = [{"role": "user", "content": "Why is the sky blue?"}]
    rendered = jinja2.Template(template).render(messages=messages, add_generation_prompt=True)
    assert smollm.chat("Why is the sky blue?") == rendered


def test_every_digit_is_a_token_and_control_words_are_one_token(model):
    assert [model.tokenizer.decode([t]) for t in model.tokenizer.encode("in 2024").ids] == [
        "in",
        " ",
        "2",
        "0",
        "2",
        "4",
    ]
    assert model.tokenizer.encode("<|im_end|>").ids == [model.end_token]


@pytest.mark.parametrize(
    "text", ["naïve café — 東京 🙂", "  two  spaces\n\n\tand a tab", "don't they'll", "x=3.14;"]
)
def test_tokens_give_the_text_back(model, text):
    assert model.tokenizer.decode(model.tokenizer.encode(text).ids) == text


def test_letters_of_several_tokens_are_not_torn_apart(model, monkeypatch):
    wanted = "🙂 東京 é"
    ids = iter(model.tokenizer.encode(wanted).ids + [model.end_token])
    monkeypatch.setattr(smollm, "next_token", lambda *_: next(ids))
    monkeypatch.setattr(smollm, "prefill", lambda *_: (np.zeros((1, 1)), None))
    monkeypatch.setattr(smollm, "decode", lambda *_: np.zeros((1, 1)))
    pieces = list(smollm.generate(model, "x"))
    assert "".join(pieces) == wanted and not any("\ufffd" in piece for piece in pieces)


def test_fewer_bits_never_make_the_real_model_better(model):
    tokens = model.tokenizer.encode(datasets.text(smollm_timing.TEXT).decode()).ids[:48]
    exact = smollm.perplexity(model, tokens)
    four, two = (smollm.perplexity(smollm.quantise(model, bits), tokens) for bits in (4, 2))
    assert (
        exact < four < 1.15 * exact
    )  # the file's own layers are 4-bit codes: only the embedding loses anything
    assert two > 10 * exact


# Laws, on a tiny model -----------------------------------------------------------------------------


def plain_logits(model, tokens):
    """The same model without cache, blocks or shared matrices: float64, one head and query at a time."""
    c, n = model.config, len(tokens)
    norm = lambda x, w: x / np.sqrt((x**2).mean(-1, keepdims=True) + c.norm_epsilon) * w  # noqa: E731
    x = model.embedding[tokens].astype(float)
    angle = np.outer(np.arange(n), c.rope_base ** -(np.arange(0, c.head_size, 2) / c.head_size))
    cos, sin = np.cos(angle), np.sin(angle)

    def turn(h):
        even, odd = h[:, 0::2], h[:, 1::2]
        return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(n, -1)

    for layer in model.layers:
        qkv = norm(x, layer.attention_norm) @ layer.qkv.T.astype(float)
        heads = np.split(qkv, c.heads + 2 * c.kv_heads, axis=1)
        out = []
        for head in range(c.heads):
            group = head // (c.heads // c.kv_heads)
            q, k, v = turn(heads[head]), turn(heads[c.heads + group]), heads[c.heads + c.kv_heads + group]
            for i in range(n):
                scores = np.exp(k[: i + 1] @ q[i] / np.sqrt(c.head_size))
                out.append(scores @ v[: i + 1] / scores.sum())
        mixed = np.concatenate(np.split(np.array(out), c.heads), axis=1)
        x = x + mixed @ layer.output.T.astype(float)
        gate, up = np.split(norm(x, layer.feed_forward_norm) @ layer.gate_up.T.astype(float), 2, axis=1)
        x = x + (gate / (1 + np.exp(-gate)) * up) @ layer.down.T.astype(float)
    return norm(x, model.final_norm) @ model.embedding.T.astype(float)


def test_prefill_equals_the_model_written_out_plainly():
    tokens = np.random.default_rng(1).integers(0, 96, 150)
    logits, _ = llama.prefill(TINY, tokens)
    np.testing.assert_allclose(logits[0], plain_logits(TINY, tokens)[-1], atol=2e-5)


@given(tokens_of, st.data())
@settings(max_examples=40, deadline=None)
def test_a_prefill_in_pieces_equals_one_in_one_go(tokens, data):
    cut = data.draw(st.integers(1, len(tokens) - 1))
    whole, _ = llama.prefill(TINY, tokens)
    _, cache = llama.prefill(TINY, tokens[:cut])
    pieces, cache = llama.prefill(TINY, tokens[cut:], cache)
    np.testing.assert_allclose(pieces, whole, atol=2e-5)
    assert cache.length == len(tokens)


def test_decode_token_by_token_equals_prefill_beyond_the_first_room_of_the_cache():
    tokens = np.random.default_rng(2).integers(0, 96, 200)
    logits, cache = llama.prefill(TINY, tokens[:3])
    for token in tokens[3:]:
        logits = llama.decode(TINY, [token], cache)
    np.testing.assert_allclose(logits, llama.prefill(TINY, tokens)[0], atol=2e-5)


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 5, 32])
def test_batched_decode_equals_decode_one_by_one(batch):
    prompts = np.random.default_rng(batch).integers(0, 96, (batch, 9))
    _, together = llama.prefill(TINY, prompts[:, :-1])
    logits = llama.decode(TINY, prompts[:, -1], together)
    for row, prompt in zip(logits, prompts):
        np.testing.assert_allclose(row, llama.prefill(TINY, prompt)[0][0], atol=2e-5)


def test_a_repeated_cache_goes_on_like_the_original():
    logits, cache = llama.prefill(TINY, [1, 2, 3])
    many = kv_cache.repeat(cache, 4)
    np.testing.assert_allclose(
        llama.decode(TINY, [7] * 4, many), np.tile(llama.decode(TINY, [7], cache), (4, 1)), atol=2e-5
    )


def test_scores_too_large_for_exp_are_still_mixed_rightly():
    scores = np.array([[[200.0, 0.0, 201.0], [-300.0, -301.0, -np.inf]]], np.float32)
    values = np.eye(3, dtype=np.float32)[None]
    e = np.exp(1.0)
    expected = [[1 / (1 + e), 0, e / (1 + e)], [e / (1 + e), 1 / (1 + e), 0]]
    np.testing.assert_allclose(llama.softmax_mix(scores, values)[0], expected, atol=1e-6)


def test_a_gate_far_below_zero_gives_zero_without_a_warning():
    with np.errstate(all="raise"):
        assert llama.gated(np.array([[-1000.0, 3.0]], np.float32)) == 0


def test_surprisal_is_that_of_the_plain_model():
    tokens = np.random.default_rng(3).integers(0, 96, 60)
    logits = plain_logits(TINY, tokens)
    chances = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = -np.log(chances[np.arange(59), tokens[1:]])
    np.testing.assert_allclose(smollm.surprisal(TINY, tokens), expected, atol=1e-4)


def test_surprisal_in_small_pieces_is_the_same(monkeypatch):
    tokens = list(range(50))
    whole = smollm.surprisal(TINY, tokens)
    monkeypatch.setattr(smollm, "ROWS", 7)
    monkeypatch.setattr(smollm, "PIECE", 5)
    np.testing.assert_allclose(smollm.surprisal(TINY, tokens), whole, atol=1e-6)


# Sampling ------------------------------------------------------------------------------------------


def test_draws_follow_the_chances_and_the_seed():
    logits = np.log([0.1, 0.6, 0.3])
    draw = lambda seed: [
        smollm.next_token(logits, 1.0, r) for r in [np.random.default_rng(seed)] for _ in range(2000)
    ]  # noqa: E731
    assert draw(5) == draw(5) != draw(6)
    np.testing.assert_allclose(np.bincount(draw(5)) / 2000, [0.1, 0.6, 0.3], atol=0.04)


def test_a_low_temperature_approaches_the_likeliest_token():
    random = np.random.default_rng(0)
    assert {smollm.next_token(np.array([1.0, 2.0, 1.9]), 0.005, random) for _ in range(50)} == {1}


# Few bits ------------------------------------------------------------------------------------------

matrices = arrays(np.float32, (3, 64), elements=st.floats(-100, 100, width=32))


@given(matrices)
@settings(max_examples=60, deadline=None)
def test_the_error_is_at_most_half_a_step_and_shrinks_with_bits(matrix):
    spread = np.repeat(np.ptp(matrix.reshape(3, 2, 32), axis=-1), 32, axis=1)
    worst = []
    for bits in (2, 3, 4, 8):
        error = np.abs(block_quantisation.unpack(block_quantisation.pack(matrix, bits)) - matrix)
        rounding = 0.06 + 0.002 * spread  # scale and minimum are themselves rounded to 16 bits
        assert (error <= spread / (2**bits - 1) / 2 + rounding).all()
        worst.append(error.max())
    assert worst[-1] <= worst[0] + 0.06


@given(st.integers(2, 8), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_what_lies_on_the_grid_comes_back_exactly(bits, seed):
    codes = np.random.default_rng(seed).integers(0, 2**bits, (4, 64)).astype(np.float32)
    codes[:, [0, 32]], codes[:, [1, 33]] = 0, 2**bits - 1
    assert (
        block_quantisation.unpack(block_quantisation.pack(codes * 0.5 - 3, bits)) == codes * 0.5 - 3
    ).all()


@pytest.mark.parametrize("bits", block_quantisation.BITS)
def test_the_bytes_reported_are_the_bytes_held(bits):
    small = smollm.quantise(TINY, bits)
    matrices = [array for array in small.arrays() if isinstance(array, block_quantisation.Packed)]
    norms = [array for array in small.arrays() if isinstance(array, np.ndarray)]
    held = sum(part.nbytes for m in matrices for part in (m.planes, m.scale, m.minimum)) + sum(
        n.nbytes for n in norms
    )
    assert small.nbytes == held
    assert sum(m.nbytes for m in matrices) * 8 == (bits + 1) * sum(m.size for m in matrices)
    assert small.parameters == TINY.parameters


def test_a_quantised_model_runs_like_the_model_of_its_dequantised_matrices():
    small = smollm.quantise(TINY, 3)
    names = ("qkv", "output", "gate_up", "down")
    layers = tuple(replace(one, **{n: llama.dense(getattr(one, n)) for n in names}) for one in small.layers)
    same = replace(small, embedding=llama.dense(small.embedding), layers=layers)
    np.testing.assert_allclose(
        llama.prefill(small, [5, 6, 7])[0], llama.prefill(same, [5, 6, 7])[0], atol=1e-5
    )


# Bad input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: llama.prefill(TINY, []), "No token"),
        (lambda: llama.prefill(TINY, [[]]), "No token"),
        (lambda: llama.prefill(TINY, [96]), "Token 96 is not in the vocabulary: tokens run from 0 to 95"),
        (lambda: llama.prefill(TINY, [-1]), "Token -1"),
        (lambda: llama.prefill(TINY, [0] * 257), "at most 256. Shorten the text by 1 tokens"),
        (lambda: kv_cache.repeat(llama.prefill(TINY, [1])[1], 0), "batch of 0"),
        (lambda: llama.decode(TINY, [], llama.prefill(TINY, [1])[1]), "No token"),
        (lambda: llama.decode(TINY, [1, 2], llama.prefill(TINY, [1])[1]), "cache of 1 sequence"),
        (lambda: llama.decode(TINY, [1], llama.prefill(TINY, [0] * 256)[1]), "at most 256"),
        (lambda: smollm.surprisal(TINY, [1]), "at least two"),
        (lambda: smollm.quantise(TINY, 1), "2 to 8 bits"),
        (lambda: block_quantisation.pack(np.zeros((2, 33), np.float32), 4), "multiple of 32"),
        (lambda: block_quantisation.pack(np.full((2, 32), np.nan, np.float32), 4), "not finite"),
        (lambda: block_quantisation.pack(np.full((2, 32), 1e6, np.float32), 4), "16-bit float"),
        (lambda: next(smollm.generate(TINY, "")), "prompt is empty"),
        (lambda: next(smollm.generate(TINY, "x", max_tokens=0)), "at least 1"),
        (lambda: smollm.next_token(np.zeros(3), -1.0, np.random.default_rng(0)), "temperature is -1"),
        (lambda: smollm_timing.time_decode(TINY, [0]), "batch of 0"),
    ],
)
def test_bad_input_is_answered_with_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_text_where_tokens_belong_is_refused():
    with pytest.raises(TypeError, match="encode a text"):
        llama.prefill(TINY, ["hello"])
