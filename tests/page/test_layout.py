"""Axes, keys and names find their room by themselves: nothing overlaps, nothing is cut off, and words can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from freeweights.page import controls, layout, live, style
from matplotlib.colors import to_rgb


@pytest.fixture
def figure():
    return style.blank((9, 4))


def drawn(figure):
    layout.settle(figure)
    figure.canvas.draw()
    return figure.canvas.get_renderer()


def boxes(artists, renderer):
    return [artist.get_window_extent(renderer) for artist in artists]


def luminance(colour):
    """Relative luminance by WCAG 2.1."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(np.dot((0.2126, 0.7152, 0.0722), parts))


@pytest.mark.parametrize("ink", style.INK.values())
def test_words_in_any_ink_stand_four_and_a_half_to_one_against_white(ink):
    assert 1.05 / (luminance(ink) + 0.05) >= 4.5


def test_every_colour_of_marks_has_an_ink_and_no_two_share_one():
    assert set(style.COLOURS) | {"black", style.GREY} == set(style.INK)
    assert len(set(style.INK.values())) == len(style.INK)


def test_a_grid_leaves_room_for_ticks_labels_and_names_beside(figure):
    with style.drawing():
        left, right = layout.grid(figure, columns=(3, 2))
        left.set_yticks([0, 1], ["a rather long name of a row", "another"])
        left.set(xlabel="tokens", ylabel="rows")
        names = layout.label_beside(left, {"at the end of a curve": style.BLUE})
        renderer = drawn(figure)
        inside, beside = left.get_tightbbox(renderer), right.get_tightbbox(renderer)
        assert inside.x0 >= 0 and inside.y0 >= 0 and beside.x1 <= figure.bbox.x1
        assert boxes(names.values(), renderer)[0].x1 < beside.x0
        assert left.bbox.width / right.bbox.width == pytest.approx(3 / 2, rel=0.01)


def test_title_subtitle_and_legend_take_a_line_each_above_the_axes(figure):
    with style.drawing():
        [axes] = layout.grid(figure)
        title, below = layout.headline(figure), layout.subtitle(figure)
        title.set_text("What was found"), below.set_text("and where it ends")
        marks = {f"words of mark {n}": axes.plot([0, 1], [0, n], "o-")[0] for n in range(4)}
        key = layout.legend(figure, marks)
        renderer = drawn(figure)
        lines = boxes([title, below, key], renderer) + [axes.get_window_extent(renderer)]
        assert all(over.y0 >= under.y1 for over, under in itertools.pairwise(lines))
        words = boxes(key.get_texts(), renderer)
        assert all(one.x1 < other.x0 for one, other in itertools.pairwise(words))


def test_a_legend_of_axes_stands_on_top_of_them_in_so_many_columns(figure):
    with style.drawing():
        [axes] = layout.grid(figure)
        layout.legend(axes, {name: axes.plot([0], [0], "o")[0] for name in "abcd"}, columns=2)
        renderer = drawn(figure)
        box = axes.get_legend().get_window_extent(renderer)
        assert axes.bbox.y1 <= box.y0 and box.y1 <= figure.bbox.y1 * (1 - layout.TITLE / 4) + 1
        assert len({round(words.y0) for words in boxes(axes.get_legend().get_texts(), renderer)}) == 2


def test_names_beside_keep_their_order_and_their_distance_whatever_the_scale(figure):
    with style.drawing():
        [axes] = layout.grid(figure)
        axes.set(yscale="log", ylim=(1, 1000))
        names = layout.label_beside(axes, dict.fromkeys("abcde", style.BLUE))
        layout.settle(figure)
        layout.stand_beside(names, {"a": 10.0, "b": 10.1, "c": 9.9, "d": 5000.0})
        renderer = drawn(figure)
        shown = sorted(boxes([names[name] for name in "abcd"], renderer), key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 for low, high in itertools.pairwise(shown))
        heights = {name: names[name].get_position()[1] for name in "abcd"}
        assert heights["c"] < heights["a"] < heights["b"] < heights["d"] <= 1
        assert not names["e"].get_visible()


@pytest.mark.parametrize("x", [1.0, 30.0, 900.0, 1000.0])
def test_words_beside_a_mark_stay_within_the_axes_and_off_the_mark(figure, x):
    with style.drawing():
        [axes] = layout.grid(figure)
        axes.set(xscale="log", xlim=(1, 1000), ylim=(0, 1))
        label = layout.beside(axes)
        layout.settle(figure)
        layout.put_beside(label, "45 seconds of waiting", [x], 0.5)
        box, mark = label.get_window_extent(drawn(figure)), axes.transData.transform((x, 0.5))[0]
        assert axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
        assert box.x0 > mark or box.x1 < mark


def test_a_panel_settles_its_grid_once_and_moving_it_draws_no_background_anew():
    def draw(figure):
        [axes] = layout.grid(figure)
        axes.set(xlim=(0, 10), ylim=(0, 10))
        return layout.label_beside(axes, {"a name": style.RED}), axes

    def update(artists, height):
        layout.stand_beside(artists[0], {"a name": height})
        return f"The name is at {height:g}."

    panel = live.panel(draw, update, title="A name", height=controls.slider("Height", 0, 10, start=5))
    place, full = panel._artists[1].bbox.bounds, panel.stage.full_draws
    for height in (0, 3, 10):
        panel.set(height=height)
    assert panel._artists[1].bbox.bounds == place and panel.stage.full_draws == full
