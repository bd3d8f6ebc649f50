"""Every gradient of the layers against finite differences, and what a mixture of experts must obey."""

from __future__ import annotations

import numpy as np
import pytest
from freeweights.learn import byte_model, neural
from gradients import slopes
from hypothesis import given, settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 10**6)


def drawn(rng, *shape):
    return rng.standard_normal(shape)


def check(layer, inputs, rng, takes=None) -> None:
    """`back` of a layer gives the gradients in its inputs, weighted by chance."""
    output, back = layer(*inputs)
    weight = drawn(rng, *np.shape(output))
    given = back(weight)
    gradients = given if isinstance(given, tuple) else (given,)
    for array, gradient in zip(takes or inputs, gradients, strict=True):
        assert gradient.shape == array.shape
        places, wanted = slopes(lambda: np.sum(layer(*inputs)[0] * weight), array, rng)
        np.testing.assert_allclose(gradient.reshape(-1)[places], wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_every_layer_gives_the_gradients_that_finite_differences_give(seed):
    rng = np.random.default_rng(seed)
    x, narrow, wide = drawn(rng, 7, 5), drawn(rng, 5, 4), drawn(rng, 4, 5)
    check(neural.linear, (x, narrow), rng)
    check(neural.relu, (x,), rng)
    check(neural.rms_norm, (x, drawn(rng, 5)), rng)
    check(neural.softmax, (x,), rng)
    check(neural.feed_forward, (x, narrow, wide), rng)
    table, windows = drawn(rng, 6, 3), rng.integers(0, 6, (7, 4))
    check(neural.embed, (table, windows), rng, takes=(table,))
    check(neural.cross_entropy, (x, rng.integers(0, 5, 7)), rng, takes=(x,))
    check(neural.cross_entropy, (x, neural.softmax(drawn(rng, 7, 5))[0]), rng, takes=(x,))


@pytest.mark.parametrize(
    "experts, chosen, bias", [(None, 1, 0), (6, 1, 0), (6, 2, 0.3), (6, 6, 0), (1, 1, 0)]
)
def test_the_whole_network_gives_the_gradients_of_its_loss_with_router_gates_and_imbalance(
    experts, chosen, bias
):
    rng, symbols, factor = np.random.default_rng(1), 9, 0.5
    weights = byte_model.begin(rng, symbols, 10, experts)
    weights = {name: array.astype(float) for name, array in weights.items()}
    if experts:
        weights["router"] *= 100
        weights["bias"] += bias * drawn(rng, experts)
    windows, targets = rng.integers(0, symbols, (12, byte_model.WINDOW)), rng.integers(0, symbols, 12)

    def loss():
        logits, routed, _ = byte_model.predict(weights, windows, chosen)
        return neural.cross_entropy(logits, targets)[0] + (factor * routed.imbalance if routed else 0)

    logits, _, back = byte_model.predict(weights, windows, chosen)
    gradients = back(neural.cross_entropy(logits, targets)[1](1.0), factor)
    assert set(gradients) == set(weights) - {"bias"}
    for name, gradient in gradients.items():
        places, wanted = slopes(loss, weights[name], rng)
        np.testing.assert_allclose(gradient.reshape(-1)[places], wanted, rtol=2e-5, atol=1e-8, err_msg=name)
        if experts != 1 or name != "router":
            assert np.any(gradient), f"no gradient reaches {name}"


def test_a_loss_is_as_wrong_for_a_sure_guess_as_for_its_own_probabilities():
    rng = np.random.default_rng(0)
    logits, targets = drawn(rng, 5, 4), rng.integers(0, 4, 5)
    by_name, by_shares = (neural.cross_entropy(logits, what) for what in (targets, np.eye(4)[targets]))
    assert by_name[0] == pytest.approx(by_shares[0])
    np.testing.assert_allclose(by_name[1](1.0), by_shares[1](1.0))


# ---- mixtures


@st.composite
def mixtures(draw):
    rng = np.random.default_rng(draw(SEEDS))
    experts = draw(st.integers(1, 9))
    chosen, tokens, width, hidden = draw(st.integers(1, experts)), draw(st.integers(1, 20)), 6, 4
    ups, downs = drawn(rng, experts, width, hidden), drawn(rng, experts, hidden, width)
    return [drawn(rng, tokens, width), drawn(rng, width, experts), ups, downs, chosen, np.zeros(experts)]


@settings(max_examples=60, deadline=None)
@given(mixtures())
def test_every_token_goes_to_its_number_of_distinct_experts(parts):
    x, *_, chosen, bias = parts
    _, routed, _ = neural.mixture(*parts)
    assert all(len(set(row)) == chosen for row in routed.choices.tolist())
    assert routed.load.sum() == len(x) * chosen and len(routed.load) == len(bias)
    assert 0 < routed.imbalance <= len(bias) * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(mixtures())
def test_sorting_tokens_by_expert_changes_no_token(parts):
    x, router, ups, downs, chosen, bias = parts
    together = neural.mixture(*parts)[0]
    alone = np.concatenate([neural.mixture(row[None], router, ups, downs, chosen, bias)[0] for row in x])
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(mixtures())
def test_experts_that_are_all_alike_make_a_dense_layer(parts):
    x, _, ups, downs, chosen, _ = parts
    ups[:], downs[:] = ups[0], downs[0]
    if chosen > 1 or len(ups) == 1:  # a single one of several is weighted by its probability
        wanted = neural.feed_forward(x, ups[0], downs[0])[0]
        np.testing.assert_allclose(neural.mixture(*parts)[0], wanted, rtol=1e-4, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(mixtures())
def test_a_bias_chooses_and_changes_nothing_else(parts):
    *rest, bias = parts
    favourite = len(bias) - 1
    bias[favourite] = 2.0  # more than any probability
    _, routed, _ = neural.mixture(*rest, bias)
    assert np.all((routed.choices == favourite).any(axis=1))
    again = neural.mixture(*rest, bias + 5.0)[0]
    np.testing.assert_allclose(neural.mixture(*rest, bias)[0], again)


def test_imbalance_is_one_if_all_is_even_and_the_number_of_experts_if_one_takes_all():
    x, ups, downs = np.eye(4), np.ones((4, 4, 2)), np.ones((4, 2, 4))
    even = neural.mixture(x, 50 * np.eye(4), ups, downs, 1, np.zeros(4))[1]
    greedy = neural.mixture(np.abs(x), 50 * np.eye(4)[:1].repeat(4, axis=0), ups, downs, 1, np.zeros(4))[1]
    assert (even.imbalance, greedy.imbalance) == (pytest.approx(1), pytest.approx(4))
    assert even.load.tolist() == [1, 1, 1, 1] and greedy.load.tolist() == [4, 0, 0, 0]


# ---- learning


def test_adam_takes_the_steps_of_the_paper():
    rng, rate = np.random.default_rng(0), 0.1
    x = drawn(rng, 3)
    adam, mean, square, wanted = neural.Adam({"x": x}), 0.0, 0.0, x.copy()
    first, second = adam.memory
    for step in range(1, 6):
        gradient = drawn(rng, 3)
        adam.step({"x": gradient}, rate)
        mean = first * mean + (1 - first) * gradient
        square = second * square + (1 - second) * gradient**2
        wanted -= rate * (mean / (1 - first**step)) / np.sqrt(square / (1 - second**step))
        np.testing.assert_allclose(x, wanted, atol=1e-6)


@pytest.mark.parametrize("experts", [None, 4])
def test_what_is_float32_stays_float32(experts):
    weights = byte_model.begin(np.random.default_rng(0), 5, 8, experts)
    logits, _, back = byte_model.predict(weights, np.zeros((3, byte_model.WINDOW), np.uint8), 1)
    gradients = back(neural.cross_entropy(logits, np.zeros(3, int))[1](1.0), 0.1)
    neural.Adam(weights).step(gradients, 0.1)
    assert {array.dtype for array in (*weights.values(), *gradients.values(), logits)} == {
        np.dtype(np.float32)
    }
