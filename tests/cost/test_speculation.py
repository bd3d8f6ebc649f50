"""Tokens guessed ahead: the law of acceptance against a simulation, and a step that stays above its floor."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from freeweights.models.speculation import Speculation, acceptance_of, tokens_per_step
from hypothesis import given
from hypothesis import strategies as st

DENSE, MIXTURE = fw.model("Llama 3.1 8B"), fw.model("gpt-oss-120b")
H100 = fw.machine("H100 SXM5 80GB")


@pytest.mark.parametrize(("acceptance", "drafts"), [(0.3, 2), (0.7, 5), (0.95, 8)])
def test_the_law_equals_a_simulation_of_guesses(acceptance, drafts):
    hits = np.random.default_rng(0).random((200_000, drafts)) < acceptance
    accepted = np.logical_and.accumulate(hits, axis=1).sum(1)
    assert tokens_per_step(acceptance, drafts) == pytest.approx(1 + accepted.mean(), rel=0.01)


def test_the_ends_of_the_law_by_hand():
    assert tokens_per_step(0, 5) == 1
    assert tokens_per_step(1, 5) == 6
    assert tokens_per_step(0.7, 0) == 1
    assert tokens_per_step([0, 0.5, 1], 2).tolist() == [1, 1.75, 3]
    assert acceptance_of(1, 3) == pytest.approx(0) and acceptance_of(4, 3) == pytest.approx(1)
    with pytest.raises(ValueError, match="1 to 4"):
        acceptance_of(4.5, 3)


@given(st.floats(0, 1), st.integers(0, 16), st.sampled_from([1, 7, 64, 300]), st.floats(0, 0.5))
def test_a_step_of_many_tokens_never_goes_below_its_floor_nor_below_one_without_guesses(a, k, batch, share):
    for model in (DENSE, MIXTURE):
        machine = fw.machine("H100 SXM5 80GB", 2) if model is MIXTURE else H100
        plain = fw.decode(model, machine, context=500, batch=batch)
        step = fw.decode(model, machine, context=500, batch=batch, speculation=Speculation(k, a, share))
        assert plain.lower_bound <= step.lower_bound <= step.expected
        assert plain.expected <= step.expected * (1 + 1e-12)
        assert sum(step.parts.values()) == pytest.approx(step.expected)
        assert step.tokens == pytest.approx(batch * tokens_per_step(a, k))


def test_without_guesses_it_is_the_plain_step():
    plain, none = (
        fw.decode(DENSE, H100, batch=8, speculation=one) for one in (None, Speculation(0, 0.9, DENSE))
    )
    assert none.expected == pytest.approx(plain.expected)
    assert none.tokens_per_second == pytest.approx(plain.tokens_per_second)


def test_a_checked_step_reads_the_cache_once_and_multiplies_every_token():
    """By hand: weights and cache are read as in a plain step of this batch, experts as in one of four times the batch."""
    alone = fw.decode(MIXTURE, fw.machine("H100 SXM5 80GB", 2), context=2000, batch=4)
    checked = fw.decode(
        MIXTURE, fw.machine("H100 SXM5 80GB", 2), context=2000, batch=4, speculation=Speculation(3, 0.5)
    )
    many = fw.decode(MIXTURE, fw.machine("H100 SXM5 80GB", 2), context=2000, batch=16)
    assert checked.parts["cache"] == pytest.approx(alone.parts["cache"])
    assert checked.parts["weights"] == pytest.approx(many.parts["weights"])


def test_a_mixture_gains_less_than_a_dense_model_and_a_large_batch_loses():
    def gain(model, machine, batch):
        guesses = Speculation(3, 0.6)
        with_, without = (
            fw.decode(model, machine, context=500, batch=batch, speculation=one) for one in (guesses, None)
        )
        return with_.tokens_per_second / without.tokens_per_second

    two = fw.machine("H100 SXM5 80GB", 2)
    assert 1 < gain(MIXTURE, two, 8) < gain(DENSE, H100, 8)
    large, four = fw.model("Llama 3.1 70B"), fw.machine("H100 SXM5 80GB", 4)
    assert gain(large, four, 400) < 1 < gain(large, four, 32)


def test_a_drafting_model_costs_its_own_steps():
    small = fw.model("Llama 3.2 1B")
    one = fw.decode(small, H100, context=500).expected
    step = fw.decode(DENSE, H100, context=500, speculation=Speculation(4, 0.8, small))
    assert step.parts["drafting"] == pytest.approx(4 * one)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((-1, 0.5), "drafts"),
        ((1.5, 0.5), "whole"),
        ((100, 0.5), "64"),
        ((3, 1.2), "acceptance"),
        ((3, -0.1), "acceptance"),
        ((3, float("nan")), "acceptance"),
        ((3, 0.5, -1), "drafter"),
        ((3, 0.5, None), "drafter"),
    ],
)
def test_bad_speculation_argues_back(arguments, word):
    with pytest.raises((ValueError, TypeError), match=word):
        Speculation(*arguments)
