"""Local steps: what they come to at one step, what a message keeps, and workers that are lost or late."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from freeweights.learn import local_steps as apart
from freeweights.learn.digit_distillation import images
from freeweights.learn.local_steps import Recipe
from freeweights.learn.neural import probabilities
from hypothesis import given
from hypothesis import strategies as st

SHORT = Recipe(steps=12)


def test_one_local_step_and_an_outer_step_of_one_is_data_parallel_training():
    learnt, _ = images()
    weights = apart.first_weights(0).astype(np.float64)
    order = apart.batches(SHORT)
    for seen in order:  # one worker with all eight batches
        both = seen.reshape(1, -1)
        weights -= apart.RATE * apart.gradients(weights[None], learnt.ink[both], learnt.digits[both])[0]
    [run] = apart.train([SHORT])
    loss, _ = apart.scores(weights[None], images()[1])
    assert run.loss[-1] == pytest.approx(loss[0], abs=1e-4)


def test_gradients_are_those_of_finite_differences():
    rng = np.random.default_rng(2)
    weights, ink = rng.normal(size=apart.WEIGHTS) / 5, rng.random((6, apart.PIXELS))
    digits = rng.integers(0, 10, 6)

    def loss(moved: np.ndarray) -> float:
        said = probabilities(apart.logits(moved[None], ink)[0])
        return -np.log(said[np.arange(6), digits]).mean()

    found = apart.gradients(weights, ink, digits)
    for place in (0, 700, 2050, 2200, 2405):
        up, down = weights.copy(), weights.copy()
        up[place] += 1e-5
        down[place] -= 1e-5
        assert found[place] == pytest.approx((loss(up) - loss(down)) / 2e-5, rel=1e-3, abs=1e-8)


@given(
    seed=st.integers(0, 1000), kept=st.sampled_from([0.01, 0.1, 1.0]), bits=st.sampled_from([1, 2, 4, 8, 32])
)
def test_feedback_conserves_the_sum_of_what_was_changed(seed, kept, bits):
    rng = np.random.default_rng(seed)
    recipe = Recipe(kept=kept, bits=bits, workers=3)
    owed, sent = np.zeros((3, 50)), np.zeros(50)
    changed_in_all = np.zeros(50)
    for _ in range(4):
        server, speed = np.zeros(50), np.zeros(50)
        changed = rng.normal(size=(3, 50))
        apart.exchange(recipe, server, server - changed, speed, owed, np.full(3, True))
        sent, changed_in_all = sent - server, changed_in_all + changed.mean(axis=0)
    assert np.allclose(sent + owed.mean(axis=0), changed_in_all)  # nothing is lost, only late


@given(seed=st.integers(0, 1000))
def test_a_message_of_few_bits_is_near_and_of_few_numbers_holds_the_largest(seed):
    changes = np.random.default_rng(seed).normal(size=(2, 40))
    for bits in (8, 4, 2):
        step = np.abs(changes).max(-1, keepdims=True) / (2 ** (bits - 1) - 1)
        assert (np.abs(apart.rounded(changes, bits) - changes) <= step / 2 * 1.0001).all()
    few = apart.largest(changes, 0.1)
    assert ((few != 0).sum(-1) == 4).all() and np.abs(few).max() == np.abs(changes).max()


def test_bytes_are_those_of_numbers_places_and_a_scale():
    assert Recipe().message_bytes == 4 * apart.WEIGHTS == 9640
    assert Recipe(bits=1).message_bytes == apart.WEIGHTS / 8 + 4
    assert Recipe(kept=0.01).message_bytes == pytest.approx(24 * (4 + np.log2(2410) / 8))
    assert Recipe(local_steps=50, steps=120).sent_bytes == 3 * 9640


def test_fewer_exchanges_cost_nothing_on_even_shards_and_much_on_uneven_ones():
    found = apart.train(
        [Recipe(local_steps=steps, shards=shards) for shards in apart.SHARDS for steps in (1, 50)]
    )
    even, even_apart, uneven, uneven_apart = (run.loss[-1] for run in found)
    assert even_apart < 1.2 * even and uneven_apart > 2 * uneven


def test_who_is_late_or_lost_changes_nothing_until_they_are_there():
    alone, late = apart.train([replace(SHORT, local_steps=3), replace(SHORT, local_steps=3, late=7)])
    assert not np.array_equal(alone.loss, late.loss)
    lost = apart.train([replace(SHORT, lost=0.999)])[0]
    assert np.isfinite(lost.loss).all()


def test_runs_are_the_same_again_alone_and_in_company():
    one, other = replace(SHORT, seed=1), replace(SHORT, seed=2, kept=0.1)
    alone, (first, second) = apart.train([one])[0], apart.train([one, other])
    assert np.allclose(alone.loss, first.loss, atol=1e-5) and not np.array_equal(first.loss, second.loss)


@pytest.mark.parametrize("wrong, words", [
    ({"workers": 0}, "workers is 0"), ({"local_steps": 0}, "local_steps is 0"), ({"kept": 0.0}, "nothing sent teaches nothing"),
    ({"bits": 3}, "choose 1, 2, 4, 8 or 32"), ({"lost": 1.0}, "with every message lost nobody learns"),
    ({"late": 8}, "at least one has to begin"), ({"shards": "odd"}, "shards is 'odd'"), ({"steps": 1.5}, "a whole number"),
])  # fmt: skip
def test_a_recipe_that_cannot_be_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        Recipe(**wrong)


def test_recipes_of_several_sizes_are_not_trained_side_by_side():
    with pytest.raises(ValueError, match="2 sizes of runs"):
        apart.train([Recipe(), Recipe(workers=4)])
