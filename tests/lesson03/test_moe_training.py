"""Lesson 03's training: the same for a seed, fairly compared, stoppable; its panels with all runs and few."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from drawn import check_along_each_control, check_text, follow
from freeweights.facts import catalog
from freeweights.learn import byte_model, moe_training, training_loop
from freeweights.learn.moe_training import (
    BALANCINGS,
    COMPARED,
    MIXTURE,
    SAME_FLOPS,
    SAME_PARAMETERS,
    SWITCHED,
    MoeRecipe,
)
from freeweights.lesson03 import loss_picture, specialities_panel, training_panel
from freeweights.page import layout
from freeweights.page.style import STYLE, blank
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes

STEPS = 24
DENSE = MoeRecipe("small", hidden=8, rate=0.03, steps=STEPS, tokens=32)
TABLES = st.integers(1, 6).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 50), min_size=width, max_size=width), min_size=1, max_size=6
    )
)


def short(recipe: MoeRecipe, **changes) -> MoeRecipe:
    return replace(recipe, **{"steps": STEPS, "tokens": 32} | changes)


def stop_at(step: int):
    """A watcher that presses the stop button after so many steps."""
    seen = []

    def watch(run):
        seen.append(run)
        if len(seen) == step:
            raise KeyboardInterrupt

    return watch


def test_a_stop_inside_the_drawing_keeps_what_was_learned(monkeypatch):
    presses, draw = iter([KeyboardInterrupt]), Axes.draw

    def drawn(axes, renderer):
        for stop in presses:
            raise stop
        draw(axes, renderer)

    monkeypatch.setattr(Axes, "draw", drawn)
    monkeypatch.setattr(training_panel, "display", lambda *_, **__: None)
    runs = training_panel.watch(
        lambda watch: moe_training.balance(watch, recipe=short(SWITCHED, steps=80, tokens=256))
    )
    assert runs and runs[-1].stopped and 0 < len(runs[-1].loads) < 80


@pytest.fixture(scope="module")
def compared():
    return moe_training.compare((0, 1), [short(recipe) for recipe in COMPARED])


@pytest.fixture(scope="module")
def balanced():
    return moe_training.balance(recipe=short(SWITCHED, steps=80, tokens=256))


# ---- texts


def test_nothing_of_the_last_tenth_of_a_text_is_trained_on():
    corpus = byte_model.read({"one": b"ab" * 450 + b"z" * 100, "two": b"ba" * 450 + b"y" * 100})
    hidden = [corpus.alphabet.tolist().index(ord(letter)) for letter in "yz"]
    assert not np.isin(corpus.train, hidden).any() and np.isin(corpus.held, hidden).all()


def test_each_window_of_the_books_is_followed_by_the_byte_that_follows_it_there():
    corpus = byte_model.corpus()
    folder = catalog.DATA / "texts"
    texts = [(folder / f"{byte_model.TEXTS[name]}.txt").read_bytes() for name in corpus.books]
    for window, book in zip(corpus.held[::500], corpus.held_book[::500], strict=True):
        text = texts[book]
        assert corpus.alphabet[window].tobytes() in text[int(0.9 * len(text)) :]
    assert corpus.alphabet[corpus.train[0]].tobytes() == texts[0][: byte_model.WINDOW + 1]


@pytest.mark.parametrize(
    "texts, words", [({}, "no text"), ({"note": b"a" * 899}, "'note' has 899 bytes.*900")]
)
def test_too_little_text_is_refused_in_words(texts, words):
    with pytest.raises(ValueError, match=words):
        byte_model.read(texts)


# ---- recipes


def test_the_dense_networks_cost_what_the_mixture_costs_router_included():
    flops, parameters = {}, {}
    for recipe in COMPARED:
        weights = byte_model.begin(np.random.default_rng(0), 80, recipe.hidden, recipe.experts)
        flops[recipe.name] = byte_model.flops_per_token(weights, recipe.chosen)
        parameters[recipe.name] = byte_model.count_parameters(weights)
    assert flops[MIXTURE.name] == pytest.approx(flops[SAME_FLOPS.name], rel=0.01)
    assert parameters[MIXTURE.name] == pytest.approx(parameters[SAME_PARAMETERS.name], rel=0.01)
    assert (
        flops[SAME_PARAMETERS.name] > 5 * flops[MIXTURE.name]
        and parameters[MIXTURE.name] > 5 * parameters[SAME_FLOPS.name]
    )


@pytest.mark.parametrize("recipe", [MIXTURE, SAME_FLOPS, SWITCHED], ids=lambda recipe: recipe.name)
def test_flops_are_two_for_each_weight_that_a_token_meets(recipe):
    width, symbols = byte_model.WIDTH, 80
    weights = byte_model.begin(np.random.default_rng(0), symbols, recipe.hidden, recipe.experts)
    layer = 2 * width * recipe.hidden * recipe.chosen + width * (recipe.experts or 0)
    assert byte_model.flops_per_token(weights, recipe.chosen) == 2 * (layer + width * symbols)
    assert layer > 1.5 * width * symbols  # so the feed-forward layer decides


def test_all_compared_recipes_read_as_many_tokens():
    assert len({recipe.steps * recipe.tokens for recipe in COMPARED}) == 1


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"chosen": 33}, "33 distinct experts of 32: choose from 1 to 32"),
        ({"experts": 0}, "experts is 0"),
        ({"tokens": 0}, "has tokens 0: a whole number from 1"),
        ({"steps": 0}, "has steps 0"),
        ({"hidden": 2.5}, "has hidden 2.5"),
        ({"rate": 0.0}, "rate 0: a learning rate above 0"),
        ({"rate": float("nan")}, "rate nan"),
        ({"balancing": "hope"}, "'hope': choose one of none, auxiliary loss, bias"),
        ({"experts": None}, "a dense layer has nothing to balance"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_refused_in_words(changes, words):
    with pytest.raises(ValueError, match=words):
        replace(MIXTURE, **changes)


# ---- training


@pytest.mark.parametrize("recipe", [DENSE, *(short(SWITCHED, balancing=way) for way in BALANCINGS)])
def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(recipe):
    one, again, other = (moe_training.train(recipe, seed) for seed in (0, 0, 1))
    for what in ("losses", "loads", "held"):
        assert np.array_equal(getattr(one, what), getattr(again, what))
    assert all(np.array_equal(one.weights[name], again.weights[name]) for name in one.weights)
    assert one.bits != other.bits


@pytest.mark.parametrize("recipe", [DENSE, short(MIXTURE, experts=4)], ids=lambda recipe: recipe.name)
def test_what_can_be_foreseen_is_learned(recipe):
    text = byte_model.read({"round": b"freeweights" * 500})
    run = moe_training.train(replace(recipe, steps=100), text=text)
    assert run.held[0] > 2.5 and run.bits < 0.1


def test_a_run_notes_its_loss_at_every_mark_and_what_it_cost():
    run = moe_training.train(short(MIXTURE))
    assert run.marks[0] == 0 and run.marks[-1] == STEPS and np.all(np.diff(run.marks) > 0)
    assert len(run.held) == len(run.seconds) == len(run.marks) and np.all(np.diff(run.seconds) > 0)
    assert run.flops[-1] == 3 * run.flops_per_token * STEPS * 32
    assert np.all(run.loads.sum(axis=1) == 32 * MIXTURE.chosen) and not run.stopped


def test_a_rate_that_is_too_large_ends_in_words_and_not_in_nan():
    for rate in (1e3, 1e30):
        with warnings.catch_warnings(), pytest.raises(ValueError, match="diverged after .* too large. Try"):
            warnings.simplefilter("error")
            moe_training.train(replace(DENSE, rate=rate))


def test_an_interrupt_ends_a_run_and_keeps_what_was_done():
    run = moe_training.train(short(MIXTURE), watch=stop_at(5))
    assert run.stopped and len(run.losses) == len(run.loads) == 5
    assert run.marks[-1] == 5 and np.isfinite(run.bits)


def test_an_interrupt_ends_a_comparison_and_keeps_the_runs_before():
    runs = moe_training.compare((0, 1), [short(recipe) for recipe in COMPARED], stop_at(STEPS + 5))
    assert [run.stopped for run in runs] == [False, True]


def test_both_ways_of_balancing_keep_more_experts_in_use_than_none(balanced):
    used = {run.recipe.balancing: training_panel.in_use(run.loads[-20:].sum(axis=0)) for run in balanced}
    assert (
        used["none"]
        < 0.6 * SWITCHED.experts
        < 0.8 * SWITCHED.experts
        < min(used["bias"], used["auxiliary loss"])
    )


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40).filter(any))
def test_experts_in_use_lie_between_one_and_those_that_were_touched(load):
    touched = np.count_nonzero(load)
    assert 1 - 1e-9 <= training_panel.in_use(np.array(load)) <= touched + 1e-9


# ---- what the runs show


def fake(name: str, seed: int, bits: float, compared):
    run = next(run for run in compared if run.recipe.name == name)
    return replace(run, seed=seed, held=np.append(run.held[:-1], bits))


@pytest.mark.parametrize(
    "mixture, dense, words",
    [
        ((2.0, 2.1), (2.45, 2.65), "0.500 bits per byte fewer .* up to 0.200, so the margin is more than"),
        ((2.0, 2.4), (2.1, 2.5), "0.100 bits per byte fewer .* up to 0.400, so the margin is not more than"),
        ((2.5, 2.6), (2.0, 2.1), "0.500 bits per byte more .* so the margin is more than"),
    ],
)
def test_the_finding_says_honestly_whether_the_margin_exceeds_the_spread(mixture, dense, words, compared):
    runs = [fake(MIXTURE.name, seed, bits, compared) for seed, bits in enumerate(mixture)]
    runs += [fake(SAME_FLOPS.name, seed, bits, compared) for seed, bits in enumerate(dense)]
    assert (
        pytest.approx(np.mean(dense) - np.mean(mixture))
        == training_loop.margin(runs, MIXTURE.name, SAME_FLOPS.name).bits
    )
    said = loss_picture.finding(runs)
    assert re.search(words, said), said
    assert "Too few runs were finished to compare at equal parameters" in said


def still(draw):
    """The figure of a picture that stands still, as a panel for the checks of text."""
    figure = blank((9, 4.4))
    with matplotlib.rc_context(STYLE):
        draw(figure)
        layout.settle(figure)
    figure.canvas.draw()
    return SimpleNamespace(stage=SimpleNamespace(figure=figure))


def test_texts_of_the_losses_stay_apart_with_all_runs_with_few_and_with_none(compared):
    for runs in (compared, compared[:1], []):
        check_text(still(lambda figure, runs=runs: loss_picture.draw(figure, runs)), len(runs))
        assert loss_picture.picture(runs).sentence.endswith(".")


def test_the_live_picture_draws_no_oftener_than_its_cost_allows(balanced, monkeypatch):
    loads, shown = training_panel.Loads(short(SWITCHED, steps=80)), []
    monkeypatch.setattr(loads, "show", lambda: shown.append(1))
    for run in balanced:
        loads.follow(run)
    assert len(shown) == 1
    picture = loads.picture()
    assert all(way in picture.sentence.lower() for way in ("no balancing", "auxiliary loss", "bias"))
    check_text(SimpleNamespace(stage=loads._stage), "live")


def test_the_load_panel_can_be_read_along_each_control_and_follows_the_runs(balanced):
    panel = training_panel.load_panel(balanced)
    check_along_each_control(panel)
    said = follow(panel, way="none", step=40)
    heights = np.array([bar.get_height() for bar in panel._artists.bars])
    assert np.mean(heights) == pytest.approx(1)
    assert f"{np.sum(heights < 0.1)} of {SWITCHED.experts} get less" in said
    assert "It was stopped after step 80" in follow(panel, way="bias", step=SWITCHED.steps)


def test_the_load_panel_says_what_is_missing(balanced):
    for runs in (balanced[:1], []):
        panel = training_panel.load_panel(runs)
        check_along_each_control(panel)
        assert "'bias'" in follow(panel, way="bias", step=1)


# ---- specialities


@given(TABLES.map(np.array).filter(np.any))
def test_an_expert_tells_no_less_than_nothing_and_no_more_than_there_is(table):
    for counts in (table, table.T):
        known, all_bits = specialities_panel.mutual_information(counts)
        assert -1e-9 <= known <= all_bits + 1e-9
    assert specialities_panel.mutual_information(table)[0] == pytest.approx(
        specialities_panel.mutual_information(table.T)[0]
    )


def test_specialities_count_every_choice_once(compared):
    found = specialities_panel.specialities(compared[0])
    choices = len(byte_model.corpus().held) * MIXTURE.chosen
    for counts in (found.by_pair, found.by_byte, found.by_book, found.by_kind):
        assert counts.sum() == choices and len(counts) == MIXTURE.experts


def test_a_router_that_reads_one_byte_is_found_to_tell_that_byte():
    size = 4
    last = np.arange(4000) % size
    found = specialities_panel.count_pairs(last[:, None], last, size, size)
    assert specialities_panel.mutual_information(found) == (pytest.approx(2), pytest.approx(2))


def test_every_expert_has_its_page(compared):
    panel = specialities_panel.panel(compared)
    check_along_each_control(panel)
    found = specialities_panel.specialities(compared[0])
    for expert in panel.controls["expert"].stops:
        said = follow(panel, expert=expert)
        starved = not found.by_book[expert - 1].sum()
        assert starved == ("starves" in said) and "of the 1." in said


def test_dense_networks_have_no_experts_to_show(compared):
    dense = [run for run in compared if run.recipe.experts is None]
    with pytest.raises(ValueError, match="no mixture was trained yet"):
        specialities_panel.panel(dense)
    with pytest.raises(ValueError, match="is dense"):
        specialities_panel.specialities(dense[0])
