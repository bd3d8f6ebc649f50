"""Lesson 09's hosts and lab: laws of entry and of bills, published prices told as they are, panels that can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from freeweights import (
    catalog,
    economics,
    host_prices,
    lab_panel,
    market,
    market_panel,
    posted_prices,
    serving_account,
)
from freeweights import quantities as q
from freeweights.host_prices import asked, predicted
from freeweights.market import Demand, Lab
from freeweights.records_published import HostPrice
from hypothesis import given, settings
from hypothesis import strategies as st
from test_lesson_panels import anywhere, boxes, check_along_each_control, check_text, follow

KNOWN = market.published_demand()
RULES = st.sampled_from(market.RULES)
SHARES, COSTS, ELASTICITIES = st.floats(0, 0.5), st.floats(0.1, 6), st.floats(1.11, 1.8)
FIXED, MORE = st.one_of(st.just(0.0), st.floats(1e4, 1e8)), st.floats(0, 3)


@pytest.fixture(scope="module")
def hosts_panel():
    return market_panel.panel()


@pytest.fixture(scope="module")
def bill_panel():
    return lab_panel.panel()


def demand(elasticity: float) -> Demand:
    return Demand(KNOWN.price, KNOWN.quantity, elasticity)


# ---- hosts that enter


@given(ELASTICITIES, COSTS, SHARES, FIXED, RULES)
def test_the_price_never_rises_as_equal_hosts_enter_and_never_falls_below_their_cost(
    elasticity, cost, share, fixed, rule
):
    prices, _ = market_panel.entry(demand(elasticity), np.full(40, cost), fixed, share, rule)
    kept = prices.compressed()
    assert np.all(np.diff(kept) <= 1e-9 * kept[:-1]) and np.all((1 - share) * kept >= cost * (1 - 1e-9))


@settings(max_examples=60)
@given(ELASTICITIES, COSTS, MORE, SHARES, FIXED, RULES, st.integers(1, 30))
def test_hosts_that_enter_one_by_one_end_where_the_market_ends(
    elasticity, cost, more, share, fixed, rule, hosts
):
    wanted, each = demand(elasticity), market_panel.rising(cost, more, hosts)
    prices, stay = market_panel.entry(wanted, each, fixed, share, rule)
    found = market.market(wanted, each, fixed, share, rule)
    assert bool(stay[-1]) == bool(found.serving)
    if found.serving:
        assert prices[-1] == pytest.approx(found.price) and stay[-1] >= found.serving


@given(ELASTICITIES, COSTS, MORE, SHARES, FIXED, RULES, st.integers(1, 30))
def test_the_parts_of_the_revenue_add_up_to_it(elasticity, cost, more, share, fixed, rule, hosts):
    each = market_panel.rising(cost, more, hosts)
    found = market.market(demand(elasticity), each, fixed, share, rule)
    parts = market_panel.parts(found, each, fixed)
    size = max(found.revenue, parts["fixed"])
    assert sum(parts.values()) == pytest.approx(found.revenue, abs=1e-9 * size + 1e-6)


@given(st.integers(1, 60), RULES)
def test_equal_hosts_have_an_index_of_ten_thousand_over_their_number(hosts, rule):
    found = market.market(KNOWN, np.full(hosts, 0.4), 0.0, 0.0, rule)
    assert found.concentration == pytest.approx(10_000 / hosts)


def test_a_share_for_the_lab_raises_the_floor_of_the_price_as_a_cost_does():
    free, taxed = (
        market_panel.entry(KNOWN, np.full(90, 0.4), 0, share, "Bertrand")[0][-1] for share in (0, 0.2)
    )
    assert free == pytest.approx(0.4) and taxed == pytest.approx(0.5)


def test_costs_of_serving_are_those_that_were_predicted_or_published():
    found = market_panel.costs()
    assert found["SGLang on 96 H100, published"] == 0.2
    own, published, *_ = found.values()
    rent = economics.NODE * economics.service("price-of-a-gpu-hour") / q.HOUR
    written = serving_account.measured(serving_account.WRITES)
    assert published == pytest.approx(rent / written * economics.MILLION)
    assert own == pytest.approx(published, rel=0.5) and found[market_panel.SMALL] > 10 * published


# ---- published prices


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


def test_without_a_price_of_the_lab_nobody_copies_it():
    free = asked("gpt-oss-120b")
    assert free.lab is None and free.at(free.lab) is None and free.over_lab is None


def test_the_price_that_most_hosts_of_a_lab_s_model_ask_is_one_of_the_lab():
    for one in (asked("GLM-5.2"), asked("DeepSeek-V4-Pro")):
        copied = max(one.at(price) for price in (one.lab, one.first) if price is not None)
        assert one.largest == round(copied * len(one.hosts)) >= len(one.hosts) / 2


@pytest.mark.parametrize("name", host_prices.models())
def test_more_users_make_a_predicted_cost_lower(name):
    assert 0 < predicted(name).full < predicted(name).served


def test_a_model_without_prices_is_refused_with_the_nearest():
    with pytest.raises(catalog.UnknownName, match=r"GLM-5\.2"):
        asked("GLM-5.3")


@given(st.lists(st.floats(0.05, 5), min_size=1, max_size=40).map(sorted))
def test_piled_marks_do_not_lie_on_each_other(prices):
    heights = posted_prices.piled(np.array(prices))
    for one, two in itertools.combinations(range(len(prices)), 2):
        if prices[two] <= prices[one]:
            assert heights[one] != heights[two]


def test_the_picture_holds_every_host_and_says_what_the_table_says():
    from freeweights import live, plots
    from freeweights.stage import Stage
    from matplotlib import rc_context

    figure = plots.blank((9, 4.6))
    with rc_context(plots.STYLE):
        said = live.readable(posted_prices.draw(figure), "draw()")
        Stage(figure, []).draw()
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sum(line.get_xdata().size for line in dots) == sum(
        len(asked(n).hosts) for n in host_prices.models()
    )
    for name in host_prices.models():
        assert q.money(asked(name).median) in said and q.money(predicted(name).served) in said
    seen = boxes(type("Shown", (), {"stage": type("On", (), {"figure": figure})}))
    width, height = figure.bbox.size
    assert all(x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height for x0, y0, x1, y1 in seen.values())


# ---- the lab's bill


@given(st.floats(1e6, 1e10), st.floats(1e5, 1e11), st.floats(0.01, 0.5), st.floats(0.01, 1), st.floats(0, 1))
def test_years_until_the_bill_is_paid_fall_as_the_share_rises(training, revenue, share, left, kept):
    low, high = (lab_panel.reaching(one, kept, left)["both"] for one in (share, 1.5 * share))
    waits = [Lab(training, revenue, one, 1).years_needed for one in (low, high)]
    assert waits[1] <= waits[0] * (1 + 1e-12)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_what_reaches_a_lab_in_both_ways_is_the_sum_and_never_more_than_there_is(share, kept, left):
    own, hosts, both, nothing = lab_panel.reaching(share, kept, left).values()
    assert both == own + hosts and nothing == 0 and 0 <= both <= 1 + 1e-12


def test_the_bills_are_the_published_ones():
    bills = list(lab_panel.bills().values())
    assert bills[0] == market.inputs()["training"].value and bills[1] == market.inputs()["training"].high


def test_the_margin_is_the_published_profit_over_cost_told_as_a_share_of_revenue():
    over = economics.service("profit-over-cost") / 100
    assert lab_panel.margin() == pytest.approx(over / (1 + over), abs=0.001)


@pytest.mark.parametrize(
    "nothing", [{"kept": 0}, {"left": 0}, {"way": "nobody"}, {"way": "share of hosts' revenue", "share": 0}]
)
def test_a_lab_that_nothing_reaches_is_told_that_its_bill_is_never_paid(bill_panel, nothing):
    said = follow(bill_panel, **nothing)
    assert "never paid" in bill_panel._artists["title"].get_text() and "$0 (0 %) reach the lab" in said


# ---- panels


def test_texts_of_both_panels_stay_apart_and_inside_along_each_control(hosts_panel, bill_panel):
    check_along_each_control(hosts_panel)
    check_along_each_control(bill_panel)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_both_panels_can_be_read_wherever_their_controls_stand(hosts_panel, bill_panel, data):
    for panel in (hosts_panel, bill_panel):
        where = anywhere(panel, data)
        follow(panel, **where)
        check_text(panel, where)
    bars = hosts_panel._artists["bars"].values()
    assert all(market_panel.LEFT <= bar.get_width() <= market_panel.RIGHT for bar in bars)
    for line in bill_panel._artists["lines"].values():
        assert max(line.get_xdata()) <= lab_panel.YEARS and max(line.get_ydata()) <= lab_panel.TOP * (
            1 + 1e-9
        )


@pytest.mark.parametrize(
    ("where", "title"),
    [
        ({"hosts": 1}, "A monopoly"),
        ({"rule": "Bertrand", "fixed": 0}, "its cost"),
        ({"rule": "Bertrand", "fixed": 5}, "they lose money"),
        ({"cost": market_panel.SMALL}, "Nobody serves"),
        ({"fixed": 20}, "stay"),
    ],
)
def test_the_hosts_panel_says_what_becomes_of_a_market(hosts_panel, where, title):
    follow(hosts_panel, **{"hosts": 20, "fixed": 0} | where)
    assert title in hosts_panel._artists["title"].get_text()


def test_the_hosts_panel_says_the_numbers_of_the_market(hosts_panel):
    said = follow(hosts_panel, hosts=20, fixed=0, share=20)
    found = market.market(KNOWN, [market_panel.costs()[market_panel.OWN]] * 20, 0, 0.2)
    assert all(
        q.money(amount) in said for amount in (found.price, found.revenue, found.lab, found.profits[0])
    )


def test_the_lab_panel_says_the_numbers_of_the_account(bill_panel):
    said = follow(bill_panel, way="share of hosts' revenue", share=20, kept=0, times=1, life=1)
    lab = Lab(lab_panel.bills()["DeepSeek-V3 and R1, published"], bill_panel.values["takings"], 0.2, 1)
    assert q.money(lab.balance) in said and q.percent(lab.share_needed) in said


@pytest.mark.parametrize("life", [0.25, 1, 2, 10])
def test_the_lab_panel_says_whether_the_bill_is_paid_while_the_model_sells(bill_panel, life):
    follow(bill_panel, way="share of hosts' revenue", life=life)
    lab = Lab(10 * lab_panel.bills()["DeepSeek-V3 and R1, published"], lab_panel.revenue(), 0.2 * 0.95, 1)
    title = bill_panel._artists["title"].get_text()
    assert ("while the model sells" in title) == (lab.years_needed <= life)
