"""How many experts a batch touches: against a simulation, at its limits, and as a law."""

from __future__ import annotations

import numpy as np
import pytest
from freeweights.models.experts import expected_distinct_experts, expected_distinct_experts_given
from hypothesis import given
from hypothesis import strategies as st

LAYERS = st.integers(1, 512).flatmap(lambda experts: st.tuples(st.just(experts), st.integers(1, experts)))


@pytest.mark.parametrize(
    "experts, chosen, batch", [(256, 8, 1), (256, 8, 32), (8, 2, 3), (128, 4, 64), (32, 2, 16)]
)
def test_the_formula_is_what_a_simulated_router_does(experts, chosen, batch):
    random, runs = np.random.default_rng(2026), 2000
    ranks = random.random((runs, batch, experts)).argpartition(chosen - 1, axis=-1)[..., :chosen]
    hit = np.zeros((runs, experts), dtype=bool)
    hit[np.arange(runs)[:, None], ranks.reshape(runs, -1)] = True
    seen = hit.sum(axis=1)
    error = max(4 * seen.std() / np.sqrt(runs), 1e-9)
    assert abs(seen.mean() - expected_distinct_experts(experts, chosen, batch)) <= error


def test_deepseek_batches_touch_what_the_literature_table_says():
    touched = expected_distinct_experts(256, 8, [1, 4, 8, 16, 32, 64, 128])
    assert touched == pytest.approx([8, 30.5, 57.4, 102, 163, 222, 252], rel=0.005)


@given(LAYERS)
def test_no_token_touches_nothing_one_touches_k_and_many_touch_all(layer):
    experts, chosen = layer
    assert expected_distinct_experts(experts, chosen, 0) == 0
    assert expected_distinct_experts(experts, chosen, 1) == pytest.approx(chosen)
    assert expected_distinct_experts(experts, chosen, 1e9) == pytest.approx(experts)


@given(LAYERS, st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_tokens_touch_more_experts_but_never_more_than_there_are_or_were_chosen(layer, one, other):
    experts, chosen = layer
    few, many = expected_distinct_experts(experts, chosen, sorted([one, other]))
    assert few <= many * (1 + 1e-12)
    assert many <= min(experts, chosen * max(one, other)) * (1 + 1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=64), st.integers(0, 500))
def test_skewed_routing_never_touches_more_than_uniform_routing(chances, batch):
    uniform = np.full(len(chances), np.mean(chances))
    assert (
        expected_distinct_experts_given(chances, batch)
        <= expected_distinct_experts_given(uniform, batch) + 1e-9
    )


SKEWS = st.floats(0, 1)


@given(LAYERS, st.integers(1, 10_000))
def test_no_skew_is_uniform_choice_and_full_skew_touches_what_one_token_does(layer, batch):
    experts, chosen = layer
    uniform = experts * (1 - (1 - chosen / experts) ** batch)
    assert expected_distinct_experts(experts, chosen, batch, 0) == pytest.approx(uniform)
    assert expected_distinct_experts(experts, chosen, batch) == expected_distinct_experts(
        experts, chosen, batch, 0
    )
    assert expected_distinct_experts(experts, chosen, batch, 1) == pytest.approx(chosen)


@given(LAYERS, st.integers(0, 10_000), SKEWS, SKEWS)
def test_more_skew_never_touches_more_experts(layer, batch, one, other):
    less, more = sorted([one, other])
    assert expected_distinct_experts(*layer, batch, more) <= expected_distinct_experts(
        *layer, batch, less
    ) * (1 + 1e-12)


@given(LAYERS, st.integers(1, 5000), st.integers(1, 5000), SKEWS)
def test_with_any_skew_more_tokens_touch_more_but_each_adds_less(layer, batch, more, routing_agreement):
    touched = expected_distinct_experts(
        *layer, np.array([batch, batch + more, batch + 2 * more]), routing_agreement
    )
    first, second = np.diff(touched)
    assert -1e-9 <= second <= first + 1e-9
    assert touched[0] >= layer[1] * (1 - 1e-12)


@given(LAYERS, SKEWS)
def test_one_token_touches_k_whatever_the_skew(layer, routing_agreement):
    assert expected_distinct_experts(*layer, 1, routing_agreement) == pytest.approx(layer[1])


def test_half_skew_is_what_a_router_does_whose_tokens_copy_the_first_half_of_the_time():
    """In a simulation every token after the first repeats the first one's choice with probability s."""
    random, runs, experts, chosen, batch, routing_agreement = np.random.default_rng(7), 3000, 64, 4, 12, 0.5
    ranks = random.random((runs, batch, experts)).argpartition(chosen - 1, axis=-1)[..., :chosen]
    copies = random.random((runs, batch)) < routing_agreement
    copies[:, 0] = False
    ranks = np.where(copies[..., None], ranks[:, :1], ranks)
    hit = np.zeros((runs, experts), dtype=bool)
    hit[np.arange(runs)[:, None], ranks.reshape(runs, -1)] = True
    expected = expected_distinct_experts(experts, chosen, batch, routing_agreement)
    # the formula takes the mean number of free choices, which touches slightly more than its mean over runs
    assert hit.sum(axis=1).mean() == pytest.approx(expected, rel=0.05)
    assert hit.sum(axis=1).mean() <= expected


@pytest.mark.parametrize("routing_agreement", [-0.1, 1.1, float("nan")])
def test_a_skew_outside_0_to_1_is_refused(routing_agreement):
    with pytest.raises(ValueError, match="routing_agreement is .*: a number from 0"):
        expected_distinct_experts(8, 2, 4, routing_agreement)


def test_arguments_broadcast():
    touched = expected_distinct_experts(np.array([[64], [256]]), 8, np.arange(1, 65))
    assert touched.shape == (2, 64)
    assert touched[1, 31] == expected_distinct_experts(256, 8, 32)
    assert expected_distinct_experts_given([0.5, 0.5], np.ones((3, 4))).shape == (3, 4)


def test_a_model_without_experts_touches_none():
    assert expected_distinct_experts(0, 0, 16) == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((8, 9, 1), "9 distinct experts of 8"),
        ((8, 2, -1), "batch is -1: 0 or more"),
        ((8, 2, float("nan")), "batch is nan: 0 or more"),
        ((-8, 2, 1), "experts is -8: 0 or more"),
    ],
)
def test_impossible_routing_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        expected_distinct_experts(*arguments)


@pytest.mark.parametrize("chances, batch, message", [([1.5], 1, "above 1"), ([0.5], -1, "batch holds -1")])
def test_impossible_chances_are_refused(chances, batch, message):
    with pytest.raises(ValueError, match=message):
        expected_distinct_experts_given(chances, batch)
