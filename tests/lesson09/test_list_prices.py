"""Lesson 09's published prices: each counted once, told as the table has them, in a picture that can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from drawn import boxes
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.facts.records_prices import HostPrice
from freeweights.lesson09 import list_prices_picture
from freeweights.money import host_prices
from freeweights.money.host_prices import asked, predicted
from freeweights.page import live, style
from freeweights.page.renderer import LayeredFigure
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context


def test_every_published_price_is_counted_once():
    rows = catalog.table(HostPrice)
    counted = sum(len(asked(name).hosts) + (asked(name).lab is not None) for name in host_prices.models())
    assert counted == len(rows)


def test_the_blend_is_three_tokens_read_for_each_one_written():
    for row in catalog.table(HostPrice):
        known = (*asked(row.model).hosts, asked(row.model).lab or 0)
        assert any(np.isclose((3 * row.input + row.output) / 4, known))


def test_hosts_that_ask_the_lab_s_blend_ask_its_two_prices():
    for name in host_prices.models():
        rows = [row for row in catalog.table(HostPrice) if row.model == name]
        for lab in (row for row in rows if row.kind == "lab"):
            same = [
                row
                for row in rows
                if row.kind == "host" and (row.input, row.output) == (lab.input, lab.output)
            ]
            assert len(same) == round(asked(name).at(asked(name).lab) * len(asked(name).hosts))


def test_hosts_that_ask_all_prices_of_the_lab_are_among_those_that_ask_two():
    for one in (asked("GLM-5.2"), asked("DeepSeek-V4-Pro")):
        rows = [row for row in catalog.table(HostPrice) if row.model == one.model]
        lab = next(row for row in rows if row.kind == "lab")
        wanted = lab.input, lab.output, lab.cached
        same = sum((r.input, r.output, r.cached) == wanted for r in rows if r.kind == "host")
        assert one.alike == same <= round(one.at(one.lab) * len(one.hosts)) <= one.followers


def test_without_a_price_of_the_lab_nobody_copies_it():
    free = asked("gpt-oss-120b")
    assert free.lab is None and free.at(free.lab) is None
    assert free.alike == 0 and free.followers is None


def test_the_price_that_most_hosts_of_a_lab_s_model_ask_is_one_of_the_lab():
    for one in (asked("GLM-5.2"), asked("DeepSeek-V4-Pro")):
        copied = max(one.at(price) for price in (one.lab, one.first) if price is not None)
        assert one.largest == round(copied * len(one.hosts)) >= len(one.hosts) / 2


@pytest.mark.parametrize("name", host_prices.models())
def test_more_users_make_a_predicted_cost_lower(name):
    assert 0 < predicted(name).full < predicted(name).served


@pytest.mark.parametrize("name", host_prices.models())
def test_a_predicted_cost_lies_in_its_range(name):
    found = predicted(name)
    for middle, (low, high) in ((found.full, found.full_range), (found.served, found.served_range)):
        assert low < middle < high


def test_a_model_without_prices_is_refused_with_the_nearest():
    with pytest.raises(catalog.UnknownName, match=r"GLM-5\.2"):
        asked("GLM-5.3")


@given(st.lists(st.floats(0.05, 5), min_size=1, max_size=40).map(sorted))
def test_piled_marks_do_not_lie_on_each_other(prices):
    heights = list_prices_picture.piled(np.array(prices))
    for one, two in itertools.combinations(range(len(prices)), 2):
        if prices[two] <= prices[one]:
            assert heights[one] != heights[two]


def test_the_picture_holds_every_host_and_says_what_the_table_says():
    figure = style.blank((9, 5))
    with rc_context(style.STYLE):
        said = live.readable(list_prices_picture.draw(figure), "draw()")
        LayeredFigure(figure, []).draw()
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sum(line.get_xdata().size for line in dots) == sum(
        len(asked(n).hosts) for n in host_prices.models()
    )
    for name in host_prices.models():
        assert q.money(asked(name).median) in said and q.money(predicted(name).served) in said
    seen = boxes(type("Shown", (), {"stage": type("On", (), {"figure": figure})}))
    width, height = figure.bbox.size
    assert all(x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height for x0, y0, x1, y1 in seen.values())
