"""The small attentions of lesson 04: versions agree, none sees the future, bad input is told."""

from __future__ import annotations

import numpy as np
import pytest
from freeweights.lesson04 import attention_by_hand as lab
from freeweights.lesson04 import attention_timing_picture as pictures
from freeweights.page import live
from freeweights.page.style import blank
from hypothesis import given, settings
from hypothesis import strategies as st

READERS = {
    "full": lab.full_attention,
    "grouped": lab.grouped_attention,
    "window": lambda q, k, v: lab.window_attention(q, k, v, 37),
    "linear": lab.linear_attention,
}


def numbers(tokens: int, key_heads: int = 4, seed: int = 0, heads: int = 4, width: int = 6):
    """Queries, keys and values in float64."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((count, tokens, width)) for count in (heads, key_heads, key_heads)]


def naive(queries, keys, values, window=np.inf):
    """Softmax attention with the whole score matrix, one head and one token at a time."""
    out = np.empty_like(queries)
    heads, tokens, width = queries.shape
    for head in range(heads):
        shared = head // (heads // len(keys))
        for t in range(tokens):
            seen = slice(int(max(0, t - window + 1)), t + 1)
            scores = keys[shared, seen] @ queries[head, t] / np.sqrt(width)
            weights = np.exp(scores - scores.max())
            out[head, t] = weights @ values[shared, seen] / weights.sum()
    return out


def recurrent(queries, keys, values):
    """Linear attention token by token, as it writes."""
    heads, tokens, width = queries.shape
    state, total, out = np.zeros((heads, width, width)), np.zeros((heads, width)), np.empty_like(queries)
    for t in range(tokens):
        out[:, t] = lab.state_once(state, total, queries[:, t], keys[:, t], values[:, t])
    return out


lengths = st.integers(1, 3 * lab.BLOCK + 5)


@settings(max_examples=25, deadline=None)
@given(tokens=lengths, groups=st.sampled_from([1, 2, 4]), seed=st.integers(0, 99))
def test_blocked_attention_is_the_formula_written_out(tokens, groups, seed):
    some = numbers(tokens, groups, seed)
    assert lab.grouped_attention(*some) == pytest.approx(naive(*some), rel=1e-10, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(tokens=lengths, window=st.integers(1, 200), seed=st.integers(0, 99))
def test_a_window_is_attention_to_the_last_tokens_only(tokens, window, seed):
    some = numbers(tokens, seed=seed)
    assert lab.window_attention(*some, window) == pytest.approx(naive(*some, window), rel=1e-10, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(tokens=lengths, longer=st.integers(0, 50))
def test_a_window_as_long_as_the_context_is_full_attention(tokens, longer):
    some = numbers(tokens)
    near = lab.window_attention(*some, tokens + longer)
    assert near == pytest.approx(lab.full_attention(*some), rel=1e-12, abs=1e-14)


@settings(max_examples=25, deadline=None)
@given(tokens=lengths)
def test_as_many_groups_as_heads_is_full_attention(tokens):
    some = numbers(tokens, key_heads=4)
    assert lab.grouped_attention(*some) == pytest.approx(lab.full_attention(*some), rel=1e-12, abs=1e-14)


@settings(max_examples=25, deadline=None)
@given(tokens=lengths, seed=st.integers(0, 99))
def test_linear_attention_in_chunks_is_its_recurrence(tokens, seed):
    some = numbers(tokens, seed=seed)
    assert lab.linear_attention(*some) == pytest.approx(recurrent(*some), rel=1e-9, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(tokens=lengths, groups=st.sampled_from([1, 2, 4]))
def test_the_last_token_read_is_the_token_written(tokens, groups):
    queries, keys, values = numbers(tokens, groups)
    written = lab.attend_once(queries[:, -1], keys, values)
    assert written == pytest.approx(lab.grouped_attention(queries, keys, values)[:, -1], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=20, deadline=None)
@given(tokens=st.integers(2, 150), data=st.data())
def test_no_kind_sees_a_later_token(kind, tokens, data):
    change = data.draw(st.integers(1, tokens - 1))
    queries, keys, values = numbers(tokens)
    before = READERS[kind](queries, keys, values)
    keys[:, change:], values[:, change:] = 7.0, -3.0
    after = READERS[kind](queries, keys, values)
    assert after[:, :change] == pytest.approx(before[:, :change], rel=1e-10, abs=1e-12)
    assert not np.allclose(after[:, change:], before[:, change:])


def test_inputs_are_float32_and_the_same_in_every_run():
    first, second = lab.inputs(100), lab.inputs(100)
    assert all(one.dtype == np.float32 and np.array_equal(one, two) for one, two in zip(first, second))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: lab.grouped_attention(*numbers(9, 3)), "3 heads of keys for 4 query heads.*choose 1, 2, 4"),
        (lambda: lab.attend_once(np.ones((4, 6)), *numbers(9, 3)[1:]), "3 heads of keys for 4 query heads"),
        (lambda: lab.window_attention(*numbers(9), 0), "A window of 0 tokens.*1 or more"),
        (lambda: lab.window_attention(*numbers(9), -4), "A window of -4 tokens"),
        (lambda: lab.window_attention(*numbers(9), 2.5), "A window of 2.5 tokens: give a whole number"),
        (lambda: lab.inputs(0), "A context of 0 tokens.*give 1 or more"),
        (lambda: lab.attend_once(np.ones((4, 6)), *numbers(0)[1:]), "A context of 0 tokens"),
        (lambda: lab.kinds({"full": 0.0}, 0), "A context of 0 tokens"),
        (lambda: lab.kinds({"fool": 1.0}, 10), "There is no example of 'fool': choose one of full, grouped"),
        (lambda: pictures.recall(0), "A context of 0 tokens"),
    ],
)
def test_bad_input_is_told_what_was_expected(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---- One layer of each kind, counted


def test_one_layer_is_its_share_of_the_whole_model():
    for kind in lab.EXAMPLES:
        a, _ = lab.layer(kind)
        if len(a.mixers.split()) == 1:
            assert lab.model_bytes(kind, 5000) == 2 * a.layers * lab.kept_values(kind, 5000)


def test_grouping_spares_bytes_and_no_flops_and_a_state_spares_both():
    assert lab.attention_flops("grouped", 9000) / lab.kept_values("grouped", 9000) == pytest.approx(32)
    assert lab.attention_flops("full", 9000) / lab.kept_values("full", 9000) == pytest.approx(2)
    for kind in ("linear", "Mamba-2"):
        assert lab.kept_values(kind, 10) == lab.kept_values(kind, 1_000_000)
        assert lab.attention_flops(kind, 10) == lab.attention_flops(kind, 1_000_000)


# ---- The pictures, from invented times


def growths(exponents: dict[str, float], sizes=(1, 2, 4, 8, 16), noise=0.0) -> list[pictures.Growth]:
    rng, sizes = np.random.default_rng(1), 1024 * np.array(sizes)
    return [
        pictures.Growth(
            kind, sizes, 1e-6 * sizes.astype(float) ** exponent * np.exp(noise * rng.standard_normal((3, 5)))
        )
        for kind, exponent in exponents.items()
    ]


@settings(max_examples=50)
@given(exponent=st.floats(-0.5, 3), overhead=st.floats(1, 1e4))
def test_an_exponent_is_found_and_the_overhead_of_small_sizes_left_out(exponent, overhead):
    growth = growths({"full": exponent})[0]
    growth.rounds[:, : -pictures.FITTED] *= overhead
    assert growth.exponent == pytest.approx(exponent, abs=1e-9)
    assert growth.range == pytest.approx((exponent, exponent), abs=1e-9)


def test_one_disturbed_round_changes_the_range_and_not_the_exponent():
    growth = growths({"full": 2.0})[0]
    growth.rounds[1, -1] *= 5
    assert growth.exponent == pytest.approx(2) and growth.range[1] > 2.5


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_picture_says_the_exponents_it_was_given(noise):
    figure = blank((9, 4.4))
    read = growths(dict(zip(pictures.KINDS, (2.0, 2.0, 1.0, 1.0))), noise=noise)
    written = growths(dict(zip(pictures.KINDS, (1.0, 1.0, 0.0, 0.0))), noise=noise)
    said = live.readable(pictures.draw(figure, read, written), "draw()")
    if not noise:
        assert "full attention 4 times as long" in said and "and linear attention 2;" in said
        assert figure.texts[0].get_text().endswith("writing with n^1.0; linear: n^1.0 and n^0.0")


def test_reading_and_writing_are_timed_for_every_kind_at_every_size():
    for measured in (
        pictures.measure_reading((64, 128)),
        pictures.measure_writing((64, 128)),
    ):
        assert [growth.kind for growth in measured] == list(pictures.KINDS)
        assert all(np.all(growth.rounds > 0) and growth.rounds.shape[1] == 2 for growth in measured)


def test_a_state_gives_back_what_fits_into_it_and_loses_what_does_not():
    few, many = pictures.recall(16, width=32), pictures.recall(512, width=32)
    assert few == {"full": 1.0, "added": 1.0, "best": 1.0}
    assert many["added"] <= many["best"] < 0.5 < many["full"]
    assert "of 2,048" in live.picture(pictures.draw_recall, title="T").sentence
