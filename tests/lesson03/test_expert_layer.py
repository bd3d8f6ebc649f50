"""The timed layer: it computes what a loop over tokens computes, and its picture says what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn import collisions
from freeweights.facts import quantities as q
from freeweights.lesson03 import expert_layer_timing
from freeweights.lesson03.expert_layer_timing import all_alike, forward, layer, time_layer
from freeweights.models.experts import expected_distinct_experts
from freeweights.models.routing import distinct, route
from freeweights.page import live
from freeweights.page.style import blank
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

SHAPES = st.integers(1, 12).flatmap(lambda experts: st.tuples(st.just(experts), st.integers(1, experts)))


def one_by_one(weights, tokens, choices):
    """Every token alone, through each of its experts."""
    rows = []
    for token, experts in zip(tokens, choices):
        parts = [weights.down[e] @ np.maximum(weights.up[e] @ token, 0) for e in experts]
        rows.append(np.mean(parts, axis=0))
    return np.array(rows)


@given(SHAPES, st.integers(1, 20), st.floats(0, 2), st.integers(0, 1000))
@settings(deadline=None)
def test_the_layer_computes_what_each_token_alone_would_get(shape, batch, zipf_exponent, seed):
    rng = np.random.default_rng(seed)
    weights = layer(shape[0], 5, 7, seed)
    tokens = rng.standard_normal((batch, 5), dtype=np.float32)
    for choices in (route(*shape, batch, zipf_exponent, rng), all_alike(*shape, batch, rng)):
        assert forward(weights, tokens, choices) == pytest.approx(
            one_by_one(weights, tokens, choices), abs=1e-5
        )


def test_all_alike_is_a_dense_layer_whose_hidden_values_are_those_of_its_experts():
    rng = np.random.default_rng(0)
    weights, tokens = layer(6, 5, 7), rng.standard_normal((9, 5), dtype=np.float32)
    choices = all_alike(6, 3, 9, rng)
    up = weights.up[choices[0]].reshape(-1, 5)
    down = np.concatenate(list(weights.down[choices[0]]), axis=1)
    dense = np.maximum(tokens @ up.T, 0) @ down.T / 3
    assert forward(weights, tokens, choices) == pytest.approx(dense, abs=1e-5)


@given(SHAPES, st.integers(1, 30))
def test_all_alike_touches_as_many_experts_as_one_token(shape, batch):
    assert distinct(all_alike(*shape, batch, np.random.default_rng(0))).tolist() == [shape[1]] * batch


def test_the_layers_of_the_lesson_fit_in_its_memory():
    assert (
        2 * 4 * expert_layer_timing.EXPERTS * expert_layer_timing.WIDTH * expert_layer_timing.HIDDEN < 110e6
    )
    weights = layer(4, 8, 16)
    assert weights.expert_bytes == 2 * 8 * 16 * 4 and weights.up.dtype == weights.down.dtype == np.float32


NO_TOKENS = np.zeros((0, 5), np.float32)
TOKENS = np.zeros((2, 5), np.float32)


@pytest.mark.parametrize(
    "tokens, choices, message",
    [
        (NO_TOKENS, np.zeros((0, 2), int), "The batch is 0: the layer has nothing to do"),
        (TOKENS, np.zeros((3, 2), int), "a row of experts for each of 2 tokens"),
        (TOKENS, np.zeros(2, int), "a row of experts for each of 2 tokens"),
        (TOKENS, np.zeros((2, 5), int), "5 distinct experts of 4"),
        (TOKENS, np.full((2, 2), 4), "experts are numbered 0 to 3"),
        (TOKENS, np.full((2, 2), -1), "experts are numbered 0 to 3"),
    ],
)
def test_work_that_cannot_be_done_is_refused(tokens, choices, message):
    with pytest.raises(ValueError, match=message):
        forward(layer(4, 5, 6), tokens, choices)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"batches": (0, 4)}, r"batches holds \[0, 4\]: whole numbers of tokens"),
        ({"batches": ()}, r"batches holds \[\]"),
        ({"batches": (1.5,)}, r"batches holds \[1.5\]"),
        ({"experts": 4, "chosen": 5}, "5 distinct experts of 4"),
        ({"experts": 0}, "experts is 0"),
        ({"chosen": 0}, "chosen is 0"),
    ],
)
def test_timings_that_cannot_be_made_are_refused_before_any_work(arguments, message, monkeypatch):
    monkeypatch.setattr(expert_layer_timing, "layer", lambda *_: pytest.fail("memory was taken first"))
    with pytest.raises(ValueError, match=message):
        time_layer(**arguments)


def test_a_sweep_counts_the_experts_that_its_draws_touched(capsys):
    sweep = time_layer(16, 2, (1, 4, 16), width=8, hidden=8)
    assert sweep.touched[0] == 2 and 3 <= sweep.rounds <= expert_layer_timing.ROUNDS
    assert sweep.touched == pytest.approx(expected_distinct_experts(16, 2, sweep.batch), rel=0.15)
    assert np.all(sweep.fastest <= sweep.mixture) and np.all(sweep.dense > 0)
    assert sweep.expert_bytes == 2 * 8 * 8 * 4


def sweep_of(mixture_over_bytes=1.0, dense=None, fastest=0.95):
    """A sweep as it would be measured at 10 GB/s if time were so many times the bytes."""
    batch = np.array(expert_layer_timing.BATCHES)
    each, dense = 1_572_864, np.full(batch.size, 4 * 1_572_864 / 10e9) if dense is None else dense
    expected = expected_distinct_experts(64, 4, batch)
    seconds = mixture_over_bytes * expected * each / 10e9
    return expert_layer_timing.BatchTimings(
        64, 4, each, batch, seconds, dense, fastest * seconds, expected, 25
    )


def test_a_layer_that_only_reads_is_predicted_at_every_batch():
    sweep = sweep_of()
    assert sweep.rate == pytest.approx(10e9)
    assert sweep.expected == pytest.approx(sweep.mixture) and sweep.correlation == pytest.approx(1)


def test_the_picture_says_what_was_measured_and_nothing_more():
    sweep = sweep_of()
    said = expert_layer_timing.sentence(sweep)
    more = q.times(float(expected_distinct_experts(64, 4, 16) / 4))
    assert (
        f"From 1 to 16 tokens the mixture takes {more} as long, and it touches {more} as many experts" in said
    )
    assert "dense layer, with the same arithmetic, takes 1 times as long" in said
    assert "r = 1.000" in said and "10 GB/s" in said
    assert "adds time" not in said and "close other programs" not in said


def test_the_picture_owns_up_to_arithmetic_and_to_a_busy_machine():
    over = np.linspace(1, 1.6, len(expert_layer_timing.BATCHES))
    assert (
        "At 32 tokens the mixture takes 1.6 times as long as its bytes alone"
        in expert_layer_timing.sentence(sweep_of(over))
    )
    assert "close other programs and repeat" in expert_layer_timing.sentence(sweep_of(fastest=0.5))


@pytest.mark.parametrize("scale", [1e-2, 1, 30])
def test_every_word_of_the_picture_can_be_read_on_slow_and_fast_machines(scale):
    sweep = sweep_of(np.linspace(1, 1.4, len(expert_layer_timing.BATCHES)))
    sweep = replace(sweep, **{name: scale * getattr(sweep, name) for name in ("mixture", "dense", "fastest")})
    figure = blank((9, 4))
    expert_layer_timing.draw(figure, sweep)
    figure.canvas.draw()
    width, height = figure.bbox.size
    boxes = {}
    for number, text in enumerate(figure.findobj(Text)):
        if text.get_visible() and text.get_text().strip():
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text
            boxes[f"{number}: {text.get_text()}"] = (box.x0 + 1, box.y0 + 1, box.x1 - 1, box.y1 - 1)
    assert not collisions(boxes)


def test_the_picture_has_an_alternative_text_with_its_finding():
    shown = live.picture(lambda figure: expert_layer_timing.draw(figure, sweep_of()), title="A layer, timed")
    assert shown.alt.startswith("A layer, timed. From 1 to 16 tokens")
