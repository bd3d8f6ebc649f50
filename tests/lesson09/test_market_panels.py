"""Lesson 09's hosts and lab: laws of entry and of bills, panels that can be read."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow, struck
from freeweights.cost import reference_cases
from freeweights.cost.inference import decode
from freeweights.facts import quantities as q
from freeweights.lesson09 import lab_panel, market_panel
from freeweights.machines.machine import machine
from freeweights.models.transformer import model
from freeweights.money import assumptions, deepseek_account, market, market_accounts, serving_costs
from freeweights.money.market import DemandCurve, Lab
from hypothesis import given, settings
from hypothesis import strategies as st

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


def demand(elasticity: float) -> DemandCurve:
    return DemandCurve(KNOWN.price, KNOWN.quantity, elasticity)


# ---- hosts that enter


@given(ELASTICITIES, COSTS, SHARES, FIXED, RULES)
def test_the_price_never_rises_as_equal_hosts_enter_and_never_falls_below_their_cost(
    elasticity, cost, share, fixed, rule
):
    prices, _ = market_accounts.entry(demand(elasticity), np.full(40, cost), fixed, share, rule)
    kept = prices.compressed()
    assert np.all(np.diff(kept) <= 1e-9 * kept[:-1]) and np.all((1 - share) * kept >= cost * (1 - 1e-9))


@settings(max_examples=60)
@given(ELASTICITIES, COSTS, MORE, SHARES, FIXED, RULES, st.integers(1, 30))
def test_hosts_that_enter_one_by_one_end_where_the_market_ends(
    elasticity, cost, more, share, fixed, rule, hosts
):
    wanted, each = demand(elasticity), market_accounts.rising(cost, more, hosts)
    prices, stay = market_accounts.entry(wanted, each, fixed, share, rule)
    found = market.market(wanted, each, fixed, share, rule)
    assert bool(stay[-1]) == bool(found.serving)
    if found.serving:
        assert prices[-1] == pytest.approx(found.price) and stay[-1] >= found.serving


@given(ELASTICITIES, COSTS, MORE, SHARES, FIXED, RULES, st.integers(1, 30))
def test_the_parts_of_the_revenue_add_up_to_it(elasticity, cost, more, share, fixed, rule, hosts):
    each = market_accounts.rising(cost, more, hosts)
    found = market.market(demand(elasticity), each, fixed, share, rule)
    parts = market_accounts.parts(found, each, fixed)
    size = max(found.revenue, parts["fixed"])
    assert sum(parts.values()) == pytest.approx(found.revenue, abs=1e-9 * size + 1e-6)


@given(st.integers(1, 60), RULES)
def test_equal_hosts_have_an_index_of_ten_thousand_over_their_number(hosts, rule):
    found = market.market(KNOWN, np.full(hosts, 0.4), 0.0, 0.0, rule)
    assert market.concentration(found.quantities) == pytest.approx(10_000 / hosts)


def test_a_share_for_the_lab_raises_the_floor_of_the_price_as_a_cost_does():
    free, taxed = (
        market_accounts.entry(KNOWN, np.full(90, 0.4), 0, share, "Bertrand")[0][-1] for share in (0, 0.2)
    )
    assert free == pytest.approx(0.4) and taxed == pytest.approx(0.5)


def test_costs_of_serving_are_those_that_were_predicted_or_published():
    found = market_accounts.costs()
    assert found["SGLang on 96 H100, published"] == 0.2
    own, published, *_ = found.values()
    rent = assumptions.NODE * assumptions.service("price-of-a-gpu-hour") / q.HOUR
    written = deepseek_account.measured(deepseek_account.WRITES)
    assert published == pytest.approx(rent / written * assumptions.MILLION)
    assert own == pytest.approx(published, rel=0.5) and found[market_accounts.SMALL] > 5 * published


def test_every_cost_of_serving_is_of_the_same_rent_and_lies_in_its_range():
    where = machine(*reference_cases.CLUSTER)
    terms = assumptions.Terms(utilisation=1, spare=0)
    step = decode(
        model(deepseek_account.MODEL),
        where,
        context=assumptions.service("context"),
        batch=reference_cases.SERVED,
        weights=reference_cases.CLUSTER_WEIGHTS,
    )
    rented = serving_costs.cost_per_million(where, step.tokens_per_second, terms)
    rented *= assumptions.service("price-of-a-gpu-hour") / where.device.rental
    assert market_accounts.costs()[market_accounts.SMALL] == pytest.approx(rented)
    for low, expected, high in market_accounts.cost_ranges().values():
        assert low <= expected <= high


@given(ELASTICITIES, COSTS, SHARES, st.floats(1e5, 1e8))
def test_the_hosts_that_are_said_to_have_room_are_those_that_stay(elasticity, cost, share, fixed):
    wanted, each = demand(elasticity), np.full(90, cost)
    felt, due = cost / (1 - share), fixed / (1 - share)
    _, stay = market_accounts.entry(wanted, each, fixed, share, "Cournot")
    assert min(market.most_hosts(wanted, felt, due), 90) == stay[-1]


def test_a_price_that_pays_just_costs_and_the_lab_s_share_is_not_said_to_be_above_them(hosts_panel):
    follow(hosts_panel, hosts=20, rule="Bertrand", fixed=0, share=50, more=0)
    assert "above" not in hosts_panel._artists.title.get_text()


def test_a_loss_is_said_once_in_words_and_the_index_waits_for_its_section(hosts_panel):
    said = follow(hosts_panel, hosts=20, rule="Bertrand", fixed=0.5, share=0, more=0)
    assert "lose $10 million, $500,000 each" in said and "-$" not in said and "index" not in said


# ---- the lab's bill


@given(st.floats(1e6, 1e10), st.floats(1e5, 1e11), st.floats(0.01, 0.5), st.floats(0.01, 1), st.floats(0, 1))
def test_years_until_the_bill_is_paid_fall_as_the_share_rises(training, revenue, share, left, kept):
    low, high = (market_accounts.reaching(one, kept, left)["both"] for one in (share, 1.5 * share))
    waits = [Lab(training, revenue, one, 1).years_needed for one in (low, high)]
    assert waits[1] <= waits[0] * (1 + 1e-12)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_what_reaches_a_lab_in_both_ways_is_the_sum_and_never_more_than_there_is(share, kept, left):
    own, hosts, both, nothing = market_accounts.reaching(share, kept, left).values()
    assert both == own + hosts and nothing == 0 and 0 <= both <= 1 + 1e-12


def test_the_bills_are_the_published_ones():
    bills = list(market_accounts.bills().values())
    assert bills[0] == market.inputs()["training"].value and bills[1] == market.inputs()["training"].high


@given(st.dictionaries(st.sampled_from(market_accounts.PAYING), st.floats(0.01, 1000), min_size=1), st.data())
def test_the_bill_s_label_lies_beside_the_chosen_line(waits, data):
    chosen = data.draw(st.sampled_from(sorted(waits)))
    assert abs(lab_panel.aside(waits, chosen) - 1.06 * waits[chosen]) >= lab_panel.YEARS / 6


def test_the_lab_panel_says_whose_revenue_it_starts_from(bill_panel):
    takings = round(market_accounts.revenue())
    assert "one day of 2025-02 at list prices, theoretical" in follow(bill_panel, takings=takings)
    assert "your assumption" in follow(bill_panel, takings=10 * takings)


def test_the_margin_is_the_published_profit_over_cost_told_as_a_share_of_revenue():
    over = assumptions.service("profit-over-cost") / 100
    assert deepseek_account.published_account().margin == pytest.approx(over / (1 + over), abs=0.001)


@pytest.mark.parametrize(
    "nothing", [{"kept": 0}, {"left": 0}, {"way": "nobody"}, {"way": "share of hosts' revenue", "share": 0}]
)
def test_a_lab_that_nothing_reaches_is_told_that_its_bill_is_never_paid(bill_panel, nothing):
    said = follow(bill_panel, **nothing)
    assert "never paid" in bill_panel._artists.title.get_text() and "$0 (0 %) reach the lab" in said


# ---- panels


def test_texts_of_both_panels_stay_apart_and_inside_along_each_control(hosts_panel, bill_panel):
    check_along_each_control(hosts_panel)
    check_along_each_control(bill_panel)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_line_runs_through_the_words_of_the_hosts_panel(hosts_panel, data):
    follow(hosts_panel, **anywhere(hosts_panel, data))
    assert not struck(hosts_panel)


def test_a_single_host_s_price_leaves_the_list_price_its_words(hosts_panel):
    follow(hosts_panel, **market_panel.panel().values | {"fixed": 100})
    assert not struck(hosts_panel)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_both_panels_can_be_read_wherever_their_controls_stand(hosts_panel, bill_panel, data):
    for panel in (hosts_panel, bill_panel):
        where = anywhere(panel, data)
        follow(panel, **where)
        check_text(panel, where)
    bars = hosts_panel._artists.bars.values()
    assert all(market_panel.LEFT <= bar.get_width() <= market_panel.RIGHT for bar in bars)
    for line in bill_panel._artists.lines.values():
        assert max(line.get_xdata()) <= lab_panel.YEARS and max(line.get_ydata()) <= lab_panel.TOP * (
            1 + 1e-9
        )


@pytest.mark.parametrize(
    ("where", "title"),
    [
        ({"hosts": 1}, "A monopoly"),
        ({"rule": "Bertrand", "fixed": 0}, "its cost"),
        ({"rule": "Bertrand", "fixed": 5}, "at a loss"),
        ({"cost": market_accounts.SMALL}, "20 hosts: the price is"),
        ({"cost": market_accounts.SMALL, "fixed": 100}, "Nobody serves"),
        ({"rule": "Bertrand", "share": 50}, "cost and the lab's share"),
        ({"fixed": 20}, "stay"),
    ],
)
def test_the_hosts_panel_says_what_becomes_of_a_market(hosts_panel, where, title):
    follow(hosts_panel, **{"hosts": 20, "fixed": 0} | where)
    assert title in hosts_panel._artists.title.get_text()


def test_the_hosts_panel_says_the_numbers_of_the_market(hosts_panel):
    said = follow(hosts_panel, hosts=20, fixed=0, share=20)
    found = market.market(KNOWN, [market_accounts.costs()[market_accounts.OWN]] * 20, 0, 0.2)
    assert all(
        q.money(amount) in said for amount in (found.price, found.revenue, found.lab, found.profits[0])
    )


def test_the_lab_panel_says_the_numbers_of_the_account(bill_panel):
    said = follow(bill_panel, way="share of hosts' revenue", share=20, kept=0, times=1, life=1)
    lab = Lab(market_accounts.bills()["DeepSeek-V3 and R1, published"], bill_panel.values["takings"], 0.2, 1)
    assert q.money(lab.balance) in said and q.percent(lab.share_needed) in said


@pytest.mark.parametrize("life", [0.25, 1, 2, 10])
def test_the_lab_panel_says_whether_the_bill_is_paid_while_the_model_sells(bill_panel, life):
    follow(bill_panel, way="share of hosts' revenue", life=life)
    bill = 10 * market_accounts.bills()[market_accounts.OWN_BILL]
    lab = Lab(bill, market_accounts.revenue(), 0.2 * 0.95, 1)
    title = bill_panel._artists.title.get_text()
    assert ("while the model sells" in title) == (lab.years_needed <= life)
