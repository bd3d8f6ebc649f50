"""Where tokens are sent: laws of favourites and draws, the formulas against them, and the panel that shows both."""

from __future__ import annotations

import itertools

import freeweights as fw
import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.cost.efficiency import fitted_constants
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.lesson03 import distinct_experts_panel
from freeweights.models.experts import expected_distinct_experts, expected_distinct_experts_given
from freeweights.models.routing import (
    check_experts,
    distinct,
    load,
    popularity,
    route,
    selection_probabilities,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LAYERS = st.integers(1, 300).flatmap(lambda experts: st.tuples(st.just(experts), st.integers(1, experts)))
FAVOURS = st.floats(0, 2)
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def panel():
    return distinct_experts_panel.panel()


# ---- favourites


@given(st.integers(1, 1000), FAVOURS)
def test_shares_of_popularity_fall_and_add_up_to_one(experts, zipf_exponent):
    shares = popularity(experts, zipf_exponent)
    assert shares.sum() == pytest.approx(1) and np.all(np.diff(shares) <= 0) and np.all(shares > 0)


@given(LAYERS, FAVOURS)
def test_chances_are_probabilities_that_fall_and_add_up_to_the_experts_of_a_token(layer, zipf_exponent):
    experts, chosen = layer
    sent = selection_probabilities(experts, chosen, zipf_exponent)
    assert sent.sum() == pytest.approx(chosen)
    assert np.all((sent > 0) & (sent <= 1)) and np.all(np.diff(sent) <= 1e-12)


@given(LAYERS)
def test_without_favourites_every_expert_has_the_same_chance(layer):
    experts, chosen = layer
    assert selection_probabilities(experts, chosen) == pytest.approx(chosen / experts)


@given(LAYERS, st.integers(1, 2000), FAVOURS)
def test_uniform_choice_touches_the_most_and_a_batch_between_k_and_all_that_it_can(
    layer, batch, zipf_exponent
):
    experts, chosen = layer
    found = expected_distinct_experts_given(selection_probabilities(experts, chosen, zipf_exponent), batch)
    assert chosen * (1 - 1e-9) <= found <= min(experts, chosen * batch) * (1 + 1e-9)
    assert found <= expected_distinct_experts(experts, chosen, batch) * (1 + 1e-9)


@given(LAYERS, FAVOURS, st.integers(0, 2000), st.integers(0, 2000))
def test_more_tokens_never_touch_fewer_experts(layer, zipf_exponent, one, other):
    sent = selection_probabilities(*layer, zipf_exponent)
    few, many = expected_distinct_experts_given(sent, np.array(sorted([one, other])))
    assert few <= many + 1e-9


# ---- draws


@given(LAYERS, st.integers(0, 60), FAVOURS, SEEDS)
@settings(deadline=None)
def test_every_token_goes_to_distinct_experts_and_each_draw_is_counted_once(
    layer, tokens, zipf_exponent, seed
):
    experts, chosen = layer
    choices = route(experts, chosen, tokens, zipf_exponent, np.random.default_rng(seed))
    assert choices.shape == (tokens, chosen)
    assert all(len(set(row)) == chosen for row in choices.tolist())
    received = load(choices, experts)
    assert received.shape == (experts,) and received.sum() == tokens * chosen
    assert np.all(received <= tokens)


@given(LAYERS, st.integers(1, 60), FAVOURS, SEEDS)
@settings(deadline=None)
def test_distinct_experts_are_those_that_a_plain_count_finds(layer, tokens, zipf_exponent, seed):
    choices = route(*layer, tokens, zipf_exponent, np.random.default_rng(seed))
    counted = [len(set(choices[: n + 1].ravel().tolist())) for n in range(tokens)]
    assert distinct(choices).tolist() == counted
    assert counted[-1] == np.count_nonzero(load(choices, layer[0]))


def spread(experts: int, chosen: int, batch: int) -> float:
    """Standard deviation of how many experts a uniform batch touches, from the chances to miss one and a pair."""
    one = (1 - chosen / experts) ** batch
    pair = one * (1 - chosen / (experts - 1)) ** batch
    return float(np.sqrt(experts * one + experts * (experts - 1) * pair - (experts * one) ** 2))


@pytest.mark.parametrize("name", distinct_experts_panel.MODELS)
@pytest.mark.parametrize("batch", [1, 2, 8, 32, 100])
def test_the_formula_agrees_with_drawn_tokens_within_the_error_of_sampling(name, batch):
    what, rng, runs = fw.model(name), np.random.default_rng(batch), 150
    experts, chosen = what.experts, what.experts_per_token
    mean = np.mean([distinct(route(experts, chosen, batch, 0.0, rng))[-1] for _ in range(runs)])
    error = 4.5 * spread(experts, chosen, batch) / np.sqrt(runs)
    assert abs(mean - expected_distinct_experts(experts, chosen, batch)) <= error + 1e-6


@pytest.mark.parametrize("layer", [(8, 2), (128, 1), (128, 4), (256, 8)])
@pytest.mark.parametrize("zipf_exponent", [0.5, 1.0, 2.0])
def test_the_curve_with_favourites_lies_within_three_per_cent_of_drawn_tokens(layer, zipf_exponent):
    rng, batches, runs = np.random.default_rng(3), 2 ** np.arange(8), 120
    drawn = [distinct(route(*layer, batches[-1], zipf_exponent, rng))[batches - 1] for _ in range(runs)]
    error = 4.5 * np.std(drawn, axis=0) / np.sqrt(runs)
    expected = expected_distinct_experts_given(selection_probabilities(*layer, zipf_exponent), batches)
    assert np.all(np.abs(np.mean(drawn, axis=0) - expected) <= error + 0.03 * expected)


def test_every_way_to_choose_two_of_eight_touches_what_the_formula_says():
    pairs = list(itertools.combinations(range(8), 2))
    for batch in (1, 2, 3):
        counts = [len(set().union(*ways)) for ways in itertools.product(pairs, repeat=batch)]
        assert np.mean(counts) == pytest.approx(float(expected_distinct_experts(8, 2, batch)))


# ---- what cannot be meant


@pytest.mark.parametrize(
    "experts, chosen, message",
    [
        (8, 9, "9 distinct experts of 8: choose from 1 to 8"),
        (0, 1, "experts is 0: a layer needs"),
        (-4, 1, "experts is -4"),
        (8, 0, "chosen is 0: a token goes to"),
        (8.5, 1, "experts is 8.5"),
        (8, 1.5, "chosen is 1.5"),
    ],
)
def test_impossible_layers_are_refused(experts, chosen, message):
    for refuse in (
        check_experts,
        selection_probabilities,
        lambda e, k: route(e, k, 1, 0.0, np.random.default_rng(0)),
    ):
        with pytest.raises(ValueError, match=message):
            refuse(experts, chosen)


@pytest.mark.parametrize("zipf_exponent", [-0.1, float("nan"), float("inf")])
def test_favourites_that_are_no_power_are_refused(zipf_exponent):
    for refuse in (
        lambda: popularity(8, zipf_exponent),
        lambda: selection_probabilities(8, 2, zipf_exponent),
    ):
        with pytest.raises(ValueError, match="zipf_exponent is .*: a power of 0"):
            refuse()


def test_a_negative_number_of_tokens_is_refused():
    with pytest.raises(ValueError, match="tokens is -1: 0 or more"):
        route(8, 2, -1, 0.0, np.random.default_rng(0))


# ---- what was published


def test_the_published_bytes_are_those_of_that_many_experts_and_tokens():
    """One expert is three matrices of 7168 x 2048 at 16 bits; inputs, outputs and scores come on top."""
    one, seen = 3 * 7168 * 2048 * 2, distinct_experts_panel.PUBLISHED
    besides = seen.tokens * (2 * 7168 * 2 + 4 * seen.experts)
    assert seen.experts * one + besides == pytest.approx(seen.charged, rel=1e-4)
    assert seen.touched * one + besides == pytest.approx(seen.counted, rel=1e-4)


def test_random_scores_with_a_random_bias_touch_about_what_was_published():
    seen, counts = distinct_experts_panel.PUBLISHED, []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scores = 1 / (1 + np.exp(-rng.standard_normal((seen.tokens, seen.experts))))
        scores += 0.1 * rng.standard_normal(seen.experts)
        counts.append(distinct(np.argpartition(-scores, seen.chosen - 1)[:, : seen.chosen])[-1])
    assert min(counts) <= seen.touched <= max(counts)


def test_charging_every_expert_breaks_the_limit_of_memory_and_charging_those_touched_does_not():
    seen = distinct_experts_panel.PUBLISHED
    limit = catalog.device(seen.device).memory_bandwidth
    assert seen.counted / seen.seconds < limit < seen.charged / seen.seconds
    said = seen.sentence()
    assert q.rate(limit, "B/s") in said and "impossible" in said and "had favourites" in said


# ---- the panel


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_the_panel_has_an_answer_that_can_be_read_wherever_its_controls_stand(panel, data):
    where = anywhere(panel, data)
    follow(panel, **where)
    check_text(panel, where)
    art = panel._artists
    for line in (art.drawn, *art.curves.lines.values()):
        assert np.all((line.get_ydata() > 0) & (line.get_ydata() <= 1 + 1e-9)), where
    for mark in art.rows.marks.values():
        (factor,) = mark.get_xdata()
        assert 1 / distinct_experts_panel.FARTHEST < factor < distinct_experts_panel.FARTHEST, where


def test_the_panel_says_what_the_library_says(panel):
    said = follow(panel, name="DeepSeek-R1", batch=32, zipf_exponent=0)
    what = fw.model("DeepSeek-R1")
    found = float(expected_distinct_experts(what.experts, what.experts_per_token, 32))
    assert f"32 tokens touch {q.significant(found)}:" in said
    layer = found * distinct_experts_panel.expert_bytes(what)
    assert f"{q.size(layer)} of one layer" in said and f"{q.size(what.moe_layers * layer)} of all" in said
    agreed = expected_distinct_experts(
        what.experts, what.experts_per_token, 32, fitted_constants().routing_agreement
    )
    assert f"says {q.significant(agreed)}." in said
    title = panel._artists.finding.get_text()
    assert (
        title
        == f"32 tokens touch {q.significant(found)} of 256: “always 8” counts {q.times(found / 8)} too few"
    )


def test_the_panels_bars_end_at_each_formulas_ratio_to_the_experts_touched(panel):
    follow(panel, name="gpt-oss-120b", batch=64, zipf_exponent=1.0)
    real = float(expected_distinct_experts_given(selection_probabilities(128, 4, 1.0), 64))
    uniform, each = (
        float(expected_distinct_experts(128, 4, 64)),
        distinct_experts_panel.expert_bytes(fw.model("gpt-oss-120b")),
    )
    rows = panel._artists.rows
    for name, said in zip(rows.marks, (4, 128, 128, uniform), strict=True):
        assert list(rows.marks[name].get_xdata()) == pytest.approx([said / real])
        words = f"{q.size(said * each)}, {distinct_experts_panel.off(said / real)}"
        assert words in rows.words[name].get_text()


@pytest.mark.parametrize("name", distinct_experts_panel.MODELS)
def test_the_panels_dots_are_runs_of_drawn_tokens(panel, name):
    what = fw.model(name)
    follow(panel, name=name, zipf_exponent=0.7)
    dots = panel._artists.drawn.get_ydata().reshape(distinct_experts_panel.RUNS, -1) * what.experts
    assert dots[:, 0] == pytest.approx(what.experts_per_token)
    assert np.all(np.diff(dots, axis=1) >= 0) and len({tuple(run) for run in dots}) > 1
    rng = np.random.default_rng(0)
    choices = route(what.experts, what.experts_per_token, distinct_experts_panel.MOST, 0.7, rng)
    assert dots[0] == pytest.approx(
        [len(np.unique(choices[:batch])) for batch in distinct_experts_panel.DOTS]
    )


@pytest.mark.parametrize("name", distinct_experts_panel.MODELS)
def test_the_published_mark_stands_only_where_the_layer_is_of_that_kind(panel, name):
    follow(panel, name=name)
    what, drawn = fw.model(name), panel._artists.published
    applies = (what.experts, what.experts_per_token) == (256, 8)
    assert list(drawn.get_xdata()) == ([distinct_experts_panel.PUBLISHED.tokens] if applies else [])


def test_some_strength_of_favourites_reaches_the_published_mark():
    seen, slider = distinct_experts_panel.PUBLISHED, distinct_experts_panel.panel().controls["zipf_exponent"]
    counts = [
        expected_distinct_experts_given(
            selection_probabilities(seen.experts, seen.chosen, zipf_exponent), seen.tokens
        )
        for zipf_exponent in slider.stops
    ]
    assert counts[-1] < seen.touched < counts[0] and np.all(np.diff(counts) < 0)


def test_the_sentence_reports_the_runs_drawn_at_its_own_batch(panel):
    panel.set(name="Mixtral 8x7B", batch=3, zipf_exponent=0)
    what = fw.model("Mixtral 8x7B")
    runs = [
        len(
            set(
                route(what.experts, what.experts_per_token, 3, 0.0, np.random.default_rng(seed))
                .ravel()
                .tolist()
            )
        )
        for seed in range(distinct_experts_panel.RUNS)
    ]
    drawn = panel.sentence.split(" times, ")[1].split(". Real")[0]
    assert drawn.startswith("3 tokens") and drawn.endswith(", ".join(map(str, runs)))
