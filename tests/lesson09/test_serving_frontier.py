"""The serving frontier: more users at once, each slower, every token cheaper."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from freeweights.cost.reference_cases import CLUSTER
from freeweights.lesson09.serving_frontier import frontier
from freeweights.money import serving_costs
from freeweights.money.assumptions import Terms
from hypothesis import given, settings
from hypothesis import strategies as st

GLM, NODE = fw.model("GLM-5.2"), fw.machine(*CLUSTER)
USERS = np.arange(1, 1025)


@pytest.fixture(scope="module")
def found():
    return frontier(GLM, NODE, Terms(), 4096, USERS, "FP8")


def test_a_point_costs_what_serving_it_costs(found):
    for users in (1, 10, 64, 256):
        costs = serving_costs.serving_costs(GLM, NODE, Terms(), users=users, weights="FP8")
        assert found.cost[users - 1] == pytest.approx(costs.output, rel=1e-12)
        assert found.speed[users - 1] == pytest.approx(
            fw.decode(GLM, NODE, context=4096, batch=users, weights="FP8").tokens_per_second / users
        )


def test_it_ends_where_the_memory_does(found):
    assert found.users[-1] == fw.max_sequences(GLM, NODE, context=4096, weights="FP8").expected < USERS[-1]


@settings(max_examples=40, deadline=None)
@given(st.integers(512, 200_000), st.floats(0.05, 1), st.sampled_from(["low", "expected", "high"]))
def test_along_the_frontier_each_user_is_slower_and_no_token_dearer(context, share, end):
    one = frontier(GLM, NODE, Terms(utilisation=share), context, USERS, "FP8", end)
    assert np.all(np.diff(one.speed) < 1e-9) and np.all(np.diff(one.cost) < 1e-9 * one.cost[:-1])
    assert np.all(np.isfinite(one.cost)) and np.all(one.cost > 0)


def test_a_model_without_room_is_refused_with_what_was_asked():
    with pytest.raises(ValueError, match="has no room for 1 users of GLM-5.2"):
        frontier(GLM, fw.machine("H100 SXM5 80GB", 8), Terms(), 4096, USERS, "FP8")
