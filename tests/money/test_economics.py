"""Costs, prices and markets: DeepSeek's account recomputed, and what must hold whatever anybody assumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from freeweights.cost import inference
from freeweights.facts import catalog, figures
from freeweights.facts.records_prices import ServingFigure
from freeweights.machines.machine import machine
from freeweights.models.transformer import model
from freeweights.money import assumptions, hourly_rate, market, price_lists, self_hosting, serving_costs
from freeweights.money import deepseek_account as account
from freeweights.money.assumptions import Terms, service
from freeweights.money.market import DemandCurve, Lab
from freeweights.money.self_hosting import SelfHosting
from freeweights.money.serving_costs import Costs, Prices, Tokens, cost_per_million, hourly
from hypothesis import assume, given, settings
from hypothesis import strategies as st

NODE, DESKTOP = machine("H200 SXM 141GB", 8), machine("Apple M3 Ultra 512GB")
WAYS = [Terms(), Terms(paid=hourly_rate.PAID[0])]
ENDS = ("low", "expected", "high")
MONEY, TOKENS = st.floats(0.01, 1e4), st.floats(1e3, 1e12)
COSTS = st.lists(st.floats(0, 5), min_size=1, max_size=12)
DEMANDS = st.builds(DemandCurve, st.floats(0.1, 20), st.floats(1e3, 1e9), st.floats(0.2, 3))


# ---- DeepSeek's published account


@pytest.mark.parametrize("quantity", ["nodes", "cost", "revenue", "profit-over-cost"])
def test_the_published_account_follows_from_the_published_throughput_within_one_percent(quantity):
    day = account.published_account()
    found = {"nodes": day.nodes, "cost": day.cost, "revenue": day.revenue}
    found["profit-over-cost"] = 100 * day.profit_over_cost
    assert found[quantity] == pytest.approx(service(quantity), rel=0.01)


def test_the_published_nodes_lie_within_the_range_of_our_own_throughput_and_near_its_middle():
    low, middle, high = (account.predicted_account(end) for end in ENDS)
    assert low.nodes < service("nodes") < high.nodes and low.cost < service("cost") < high.cost
    assert high.profit_over_cost < service("profit-over-cost") / 100 < low.profit_over_cost
    assert middle.nodes == pytest.approx(service("nodes"), rel=0.2)


def test_each_phase_lies_within_its_own_range():
    day = account.tokens()
    new = day.input / (day.input + day.cached)
    assert (
        account.reading_speed("high") < account.measured(account.READS) * new < account.reading_speed("low")
    )
    speed = service("speed-of-a-user")
    written = account.measured(account.WRITES)
    assert account.writing_speed(speed, "high") < written < account.writing_speed(speed, "low")


def test_slower_users_let_a_node_write_more():
    speeds = [account.writing_speed(speed) for speed in (15, 20, 25, 30)]
    assert speeds == sorted(speeds, reverse=True)


# ---- inputs


def test_every_input_has_a_value_within_its_range_a_date_and_a_source():
    for name, one in (assumptions.inputs() | market.inputs()).items():
        assert 0 <= one.low <= one.value <= one.high and one.low < one.high, name
        assert one.unit and any(year in one.date for year in map(str, range(2022, 2027))), name
        assert "://" in one.source or "arXiv:" in one.source, name


def test_every_assumption_of_terms_is_an_input_and_its_default():
    terms = vars(Terms())
    assert set(terms) - {"paid"} == set(assumptions.inputs()) == set(assumptions.POSSIBLE)
    assert all(terms[name] == one.value for name, one in assumptions.inputs().items())


@pytest.mark.parametrize("row", catalog.table(ServingFigure), ids=lambda row: row.id)
def test_a_figure_of_serving_has_both_ends_of_a_range_or_none_and_lies_within(row):
    assert (row.low is None) == (row.high is None)
    assert row.low is None or row.low <= row.value <= row.high


@pytest.mark.parametrize("name", assumptions.inputs())
@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("where", [NODE, DESKTOP], ids=lambda where: where.name)
def test_a_cost_is_finite_and_above_zero_at_both_ends_of_every_input(name, end, where):
    terms = Terms(paid=hourly_rate.PAID[0], **{name: getattr(assumptions.inputs()[name], end)})
    assert 0 < cost_per_million(where, 100, terms) < np.inf


# ---- laws of costs


@pytest.mark.parametrize("terms", WAYS, ids=lambda terms: terms.paid)
@given(st.floats(0.01, 0.99), st.floats(1, 1e5))
def test_cost_falls_with_utilisation_and_with_speed_and_rises_with_spare_machines(terms, share, speed):
    busier = [replace(terms, utilisation=value) for value in (share, 1.0)]
    assert cost_per_million(NODE, speed, busier[0]) > cost_per_million(NODE, speed, busier[1])
    assert cost_per_million(NODE, speed, terms) > cost_per_million(NODE, 2 * speed, terms)
    assert cost_per_million(NODE, speed, replace(terms, spare=2.0)) > cost_per_million(NODE, speed, terms)


def test_a_rented_machine_without_spare_at_full_use_costs_what_rental_says():
    terms = Terms(utilisation=1, spare=0)
    assert cost_per_million(NODE, 1000, terms) == hourly_rate.dollars_per_million(
        NODE, 1000, hourly_rate.PAID[1]
    )


@pytest.mark.parametrize("device", ["H100 SXM5 80GB", "H200 SXM 141GB", "B200 SXM 180GB"])
def test_the_short_life_of_devices_alone_makes_up_for_what_rental_leaves_out(device):
    node, terms = machine(device, 8), WAYS[1]
    alone = hourly_rate.dollars_per_million(node, 1000, hourly_rate.PAID[0])
    assert alone == pytest.approx(cost_per_million(node, 1000, terms), rel=0.2)
    assert hourly_rate.LIFE == assumptions.inputs()["life"].low < terms.life


@given(st.floats(1, 20))
def test_a_bought_machine_costs_less_an_hour_the_longer_it_lives_and_its_electricity_does_not_change(life):
    short, long = (hourly(NODE, replace(WAYS[1], life=years)) for years in (life, 2 * life))
    assert short["purchase"] == pytest.approx(2 * long["purchase"])
    assert short["electricity"] == long["electricity"]


def test_costs_over_an_array_are_those_of_its_numbers():
    shares = np.array([0.05, 0.5, 1.0])
    found = cost_per_million(NODE, 1000, Terms(utilisation=shares))
    assert found.tolist() == [cost_per_million(NODE, 1000, Terms(utilisation=share)) for share in shares]


@pytest.mark.parametrize("end", ENDS)
def test_a_kept_token_costs_less_than_a_new_one_and_a_written_one_most(end):
    found = serving_costs.serving_costs(model("GLM-5.2"), NODE, Terms(), weights="FP8", end=end)
    assert 0 < found.cached < found.input < found.output


@pytest.mark.parametrize("where", [NODE, DESKTOP], ids=lambda where: where.name)
@pytest.mark.parametrize("prompt", [512, 4096, 65_536])
def test_a_kept_token_waits_for_no_drive_for_a_drive_a_device_or_for_one(where, prompt):
    what, weights = model("GLM-5.2"), "FP8" if where is NODE else "4.5 bits"
    low, middle, high = (serving_costs.cached_seconds(what, where, prompt, weights, end) for end in ENDS)
    one = what.cache_bytes(prompt) / prompt / catalog.link(assumptions.DISK).bandwidth
    assert 0 < low < middle < high and middle > one / where.count and high > one
    whole = inference.prefill(what, where, prompt=prompt + assumptions.NEW, batch=1, weights=weights)
    assert low * prompt < whole.low and (high - one) * prompt < whole.high


def test_costs_and_prices_are_different_types_and_no_tokens_cost_nothing():
    assert not issubclass(Costs, Prices) and not issubclass(Prices, Costs)
    assert Costs(1, 1, 1).dollars(Tokens(0, 0, 0)) == 0
    assert Prices(1, 2, 3).dollars(Tokens(1e6, 2e6, 3e6)) == 14


# ---- self-hosting


@given(MONEY, TOKENS, st.floats(1e-9, 1e-3))
def test_break_even_rises_with_a_day_s_cost_and_falls_with_the_price(day, capacity, price):
    one = SelfHosting(day, capacity, price).break_even
    dearer, pricier = SelfHosting(2 * day, capacity, price), SelfHosting(day, capacity, 2 * price)
    if one is None:
        assert price * capacity < day and dearer.break_even is None
        return
    assert 0 < one <= capacity * (1 + 1e-12)
    assert dearer.break_even is None or dearer.break_even == pytest.approx(2 * one)
    assert pricier.break_even == pytest.approx(one / 2)


@given(MONEY, TOKENS, st.floats(1e-9, 1e-3))
def test_below_break_even_the_vendor_is_cheaper_and_above_it_the_own_machine(day, capacity, price):
    own = SelfHosting(day, capacity, price)
    level = own.break_even
    if level is None:
        assert own.own_cost(capacity) > own.bill(capacity)
        return
    assert own.bill(0.99 * level) < own.own_cost(0.99 * level)
    assert own.bill(capacity) >= own.own_cost(capacity) * (1 - 1e-9)


def test_no_tokens_and_a_price_of_zero_need_no_division_by_zero():
    own = SelfHosting(10.0, 1e6, 0.0)
    assert own.break_even is None and own.bill(0) == 0 and own.own_cost(0) == 10
    several = SelfHosting(10.0, np.array([1e6, 1e9]), np.array([0.0, 1e-6])).break_even
    assert several.tolist() == [None, pytest.approx(1e7)]


def test_a_full_machine_s_capacity_spends_its_day_on_the_mix():
    terms, mix = WAYS[1], Tokens(3.0, 1.0, 1.0)
    costs = serving_costs.serving_costs(model("GLM-5.2"), NODE, terms, weights="FP8")
    own = self_hosting.self_hosting(NODE, costs, price_lists.list_prices("GLM-5"), mix, terms)
    assert costs.dollars(mix) / mix.total * own.capacity == pytest.approx(own.day)


# ---- the market


@settings(deadline=None)
@given(DEMANDS, COSTS, st.sampled_from(market.RULES))
def test_price_falls_with_hosts_and_nobody_sells_below_its_cost(demand, costs, rule):
    fewer, more = (
        market.market(demand, costs, rule=rule),
        market.market(demand, [*costs, min(costs)], rule=rule),
    )
    assert more.price <= fewer.price * (1 + 1e-9)
    assert fewer.price <= demand.choke * (1 + 1e-9) and np.all(fewer.profits >= -1e-6 * fewer.revenue)
    asked = (demand.choke - fewer.price) / demand.slope
    assert fewer.quantities.sum() == pytest.approx(asked, rel=1e-6, abs=1e-6 * demand.quantity)


@given(DEMANDS, COSTS)
def test_at_cournot_s_price_no_host_earns_more_by_serving_more_or_less(demand, costs):
    found = market.market(demand, costs)
    for cost, own, profit in zip(costs, found.quantities, found.profits):
        for other in (0.9 * own, 1.1 * own, own + 0.01 * demand.quantity):
            price = max(0.0, found.price - demand.slope * (other - own))
            assert (price - cost) * other <= profit + 1e-9 * demand.quantity * demand.price


@given(DEMANDS, st.floats(0, 0.99), st.integers(1, 40))
def test_equal_hosts_fall_from_the_monopolist_s_price_towards_bertrand_s(demand, part, hosts):
    cost = part * demand.choke
    found = market.market(demand, [cost] * hosts)
    assert found.price == pytest.approx((demand.choke + hosts * cost) / (hosts + 1))
    assert market.concentration(found.quantities) == pytest.approx(10_000 / hosts)
    two = market.market(demand, [cost] * 2, rule="Bertrand")
    assert two.price == cost and two.profits == pytest.approx([0, 0])


@given(DEMANDS, st.floats(0, 0.8), st.floats(0, 0.19), st.integers(1, 8))
def test_a_share_for_the_lab_raises_the_price_and_lowers_profits(demand, part, share, hosts):
    costs = [part * demand.choke] * hosts
    free, shared = market.market(demand, costs), market.market(demand, costs, share=share)
    assert shared.price >= free.price * (1 - 1e-12) and np.all(shared.profits <= free.profits * (1 + 1e-9))
    assert shared.lab == pytest.approx(share * shared.revenue)


@given(st.floats(0, 1), st.floats(1e4, 1e7))
def test_who_cannot_cover_fixed_costs_leaves_until_as_many_stay_as_have_room(cost, fixed):
    demand = DemandCurve(2.0, 1e6, 1.0)
    edge = (demand.choke - cost) / np.sqrt(demand.slope * fixed)
    assume(abs(edge - round(edge)) > 1e-9)  # a host that earns nothing but a rounding error may stay or leave
    room = market.most_hosts(demand, cost, fixed)
    found = market.market(demand, [cost] * 40, fixed)
    assert found.serving == min(room, 40) and np.all(found.profits >= 0)


def test_one_host_no_host_no_share_and_arrays_end_in_numbers():
    demand = market.published_demand()
    assert market.market(demand, [demand.choke + 1]).revenue == 0
    assert market.concentration(market.market(demand, [np.inf]).quantities) == 0
    rows = market.market(demand, market.one_to(20, 0.5), 1e6)
    assert np.all(np.diff(rows.price) <= 0) and np.isfinite(rows.profits).all()
    assert rows.price[4] == market.market(demand, [0.5] * 5, 1e6).price
    shares = market.market(demand, [0.5, 0.6], share=np.array([0.0, 0.2]))
    assert shares.lab[0] == 0 < shares.lab[1]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_concentration_lies_between_equal_shares_and_one_seller(quantities):
    found = market.concentration(quantities)
    sellers = sum(quantity > 0 for quantity in quantities)
    assert found == 0 if not sellers else 10_000 / sellers * (1 - 1e-9) <= found <= 10_000 * (1 + 1e-9)


# ---- the lab


@given(MONEY, MONEY, st.floats(0.001, 1), st.floats(0.1, 20))
def test_the_share_and_the_years_that_a_lab_needs_just_pay_its_bill(training, revenue, share, years):
    one = Lab(training, revenue, share, years)
    assert replace(one, share=one.share_needed).balance == pytest.approx(0, abs=1e-9 * training)
    assert replace(one, years=one.years_needed).balance == pytest.approx(0, abs=1e-9 * training)


def test_a_lab_without_share_revenue_or_years_is_never_paid():
    assert Lab(1e6, 1e9, 0.0, 5).years_needed is None and Lab(1e6, 0.0, 0.2, 5).share_needed is None
    assert Lab(1e6, 1e9, 0.2, 0.0).share_needed is None and Lab(1e6, 1e9, 0.0, 5).balance == -1e6
    assert Lab(1e6, 1e7, np.array([0.0, 0.1]), 1).years_needed.tolist() == [None, 1.0]


# ---- errors that argue back


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Terms(utilisation=0), "published values run from 0.05 to 1"),
        (lambda: Terms(building=0.9), "building is 0.9: 1 to 10 is possible"),
        (lambda: Terms(life=float("nan")), "life is nan"),
        (lambda: Terms(paid="stolen"), "choose 'by purchase' or 'by the hour'"),
        (lambda: hourly(DESKTOP, Terms()), "set paid to 'by purchase'"),
        (lambda: cost_per_million(NODE, 0, Terms()), "gives more than 0"),
        (lambda: figures.figure("deepseek-service-node"), "deepseek-service-nodes"),
        (lambda: price_lists.list_prices("GLM-55"), "GLM-5"),
        (lambda: account.writing_speed(1000), "one user of each device gets"),
        (lambda: DemandCurve(1.0, 0.0, 1.0), "quantity is 0.0"),
        (lambda: market.market(market.published_demand(), []), "one host or more is needed"),
        (lambda: market.market(market.published_demand(), [1], share=1), "hosts that keep nothing"),
        (
            lambda: market.market(market.published_demand(), [1], rule="Nash"),
            "choose 'Cournot' or 'Bertrand'",
        ),
        (lambda: market.market(market.published_demand(), [1], -1), "fixed must be finite"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(ask, message):
    with pytest.raises((ValueError, LookupError), match=message):
        ask()
