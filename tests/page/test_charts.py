"""The forms that panels share show what they are given, cut at the axes' ends, and hide what there is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from freeweights.page import charts, layout, style
from freeweights.page.charts import Quantity


@pytest.fixture
def axes():
    with style.drawing():
        [found] = layout.grid(style.blank((9, 4)))
        layout.log_axis(found.xaxis, {1: "1", 100: "100"})
        found.set(xlim=(1, 100), ylim=(0, 10))
        yield found


LOOKS = {"load": (style.BLUE, "o"), "read": (style.ORANGE, "s")}


def test_a_row_shows_mark_range_bound_and_published_and_stops_at_the_ends(axes):
    rows = charts.rows(axes, LOOKS)
    rows.show(
        {
            "load": Quantity(10.0, (5.0, 20.0), bound=2.0, published=0.5, words="10 s"),
            "read": Quantity(1e4, (50.0, 1e5), words="too long"),
        }
    )
    assert rows.marks["load"].get_xydata().tolist() == [[10, 0]]
    assert rows.marks["read"].get_xydata().tolist() == [[100, 1]]
    assert rows.ranges["read"].get_xdata() == [50, 100]
    assert rows.bounds.get_xydata().tolist() == [[2, 0]] and rows.published.get_xydata().tolist() == [[1, 0]]
    assert rows.words["load"].get_ha() == "left" and rows.words["read"].get_ha() == "right"


def test_a_row_that_is_left_out_is_empty(axes):
    rows = charts.rows(axes, LOOKS)
    rows.show({name: Quantity(10.0, (5.0, 20.0), 2.0, 3.0, "10 s") for name in LOOKS})
    rows.show({"read": Quantity(words="does not fit", ink=style.RED)})
    lines = [*rows.marks.values(), *rows.ranges.values(), rows.bounds, rows.published]
    assert not any(len(line.get_xdata()) for line in lines)
    assert rows.words["load"].get_text() == "" and rows.words["read"].get_color() == style.RED


@pytest.mark.parametrize("words", ["right", "below"])
def test_words_at_the_right_or_below_stay_where_they_are(axes, words):
    rows = charts.rows(axes, LOOKS, words=words, room="1,000 seconds")
    before = rows.words["load"].get_position()
    rows.show({"load": Quantity(90.0, words="90 s")})
    assert rows.words["load"].get_position() == before and rows.words["load"].get_text() == "90 s"


def test_curves_are_named_where_they_end_and_not_at_all_where_there_is_nothing(axes):
    curves = charts.curves(axes, {"a": (style.BLUE, "-"), "b": (style.RED, "--"), "c": (style.GREEN, ":")})
    x = np.array([1.0, 10.0, 100.0])
    curves.show(
        {"a": (x, [1, 2, 5]), "b": (x, np.ma.masked_greater([3.0, 8.0, 99.0], 9)), "c": (x, [np.nan] * 3)},
        here=10.0,
        chosen="a",
        words={"a": "first"},
    )
    shown = {name for name, text in curves.names.items() if text.get_visible()}
    assert shown == {"a", "b"} and curves.names["a"].get_text() == "first"
    assert curves.names["a"].get_position()[1] == pytest.approx(0.5)
    assert curves.names["b"].get_position()[1] == pytest.approx(0.8)
    assert curves.lines["a"].get_linewidth() > curves.lines["b"].get_linewidth()
    # Only b ends before the axes do: halfway along, as 10 is between 1 and 100.
    np.testing.assert_allclose(curves.leaders.get_xydata()[:2], [[0.5, 0.8], [1, 0.8]])
    assert curves.here.get_visible() and list(curves.here.get_xdata()) == [10, 10]
    curves.show({})
    assert not curves.here.get_visible() and not len(curves.leaders.get_xdata())


def test_bars_are_the_sum_of_their_parts_up_to_the_end_of_the_axis(axes):
    axes.set(xscale="linear", xlim=(0, 2))
    stacks = charts.stacks(axes, ["one", "two"], {"work": (style.SKY, ""), "wait": (style.GREY, "//")})
    stacks.show(0, {"work": 0.5, "wait": 0.75}, "1.25")
    stacks.show(1, {"work": 1.5, "wait": 9.0}, "10.5")
    ends = [[(bar.get_x(), bar.get_width()) for bar in bars] for bars in stacks.bars.values()]
    assert ends == [[(0, 0.5), (0, 1.5)], [(0.5, 0.75), (1.5, 0.5)]]
    stacks.show(1, {}, "no room", style.RED)
    assert stacks.bars["work"][1].get_width() == 0 and stacks.words[1].get_color() == style.RED


def test_cells_fill_the_axes_and_forget_the_larger_table(axes):
    axes.set(xscale="linear")
    cells = charts.cells(axes, 3, 2)
    table = {(str(row), head): (f"{row}{head}", style.FAINT) for row in range(3) for head in "ab"}
    cells.show(table, {style.FAINT: style.GREY})
    assert len(cells.shades.get_paths()) == 6 and cells.words[2][1].get_color() == style.GREY
    cells.show({("0", "a"): ("x", style.BLUE)}, {})
    assert [text.get_text() for row in cells.words for text in row] == ["x", "", "", "", "", ""]
    [path] = cells.shades.get_paths()
    assert path.get_extents().bounds == (0, 0, 1, 1)


@pytest.mark.parametrize("form", [charts.Rows, charts.Curves, charts.Stacks, charts.Cells, Quantity])
def test_forms_are_plain_frozen_data(form):
    assert dataclasses.fields(form) and form.__dataclass_params__.frozen
