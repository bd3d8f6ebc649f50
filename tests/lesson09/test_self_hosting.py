"""One's own machines against a vendor: what must hold whatever they cost, serve and are compared with; and the panel."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights import model
from freeweights.cost import inference
from freeweights.facts.figures import figure
from freeweights.lesson09 import self_hosting_panel
from freeweights.money.price_lists import at_hosts, by_price, list_prices, listed_on, listings, middle_host
from freeweights.money.self_hosting import (
    DEPLOYMENTS,
    FLEET,
    SIDES,
    SelfHosting,
    deployment_cost,
    mixed,
    people,
    users_at_once,
    users_of,
    wait,
)
from freeweights.money.serving_costs import Prices, Tokens
from hypothesis import given, settings
from hypothesis import strategies as st

MONEY, TOKENS, PRICES = st.floats(0.01, 1e4), st.floats(1e3, 1e12), st.floats(1e-9, 1e-3)
CHOICES = st.builds(SelfHosting, MONEY, TOKENS, PRICES, st.just(0.0) | MONEY)
EACH_WAY = pytest.mark.parametrize("way", DEPLOYMENTS)
MORE = 1 + 1e-9


@pytest.fixture(scope="module")
def panel():
    return self_hosting_panel.panel()


def later(one: float | None, other: float | None) -> bool:
    """Whether a break-even is at least another one; none at all is later than any."""
    return one is None or (other is not None and one * MORE >= other)


# ---- laws of the comparison


@given(CHOICES, st.floats(1, 100))
def test_break_even_never_comes_later_at_a_higher_price_and_never_sooner_at_a_higher_cost(own, factor):
    level = own.break_even
    assert later(level, replace(own, price=factor * own.price).break_even)
    for part in ("day", "people"):
        dearer = replace(own, **{part: factor * getattr(own, part)})
        assert later(dearer.break_even, level)


@given(CHOICES)
def test_at_break_even_cost_and_bill_are_equal_and_with_fewer_tokens_the_bill_is_lower(own):
    level = own.break_even
    if level is None:
        full = FLEET * own.capacity
        assert own.own_cost(full) * MORE > own.bill(full)
        return
    assert math.isfinite(level)
    least = own.own_cost(0.999 * level)
    assert own.bill(0.999 * level) < least * MORE and own.bill(level) >= least * (1 - 1e-9)
    several = own.machines(level) - 1
    if several > 1:
        assert own.bill(several * own.capacity * 0.999) < own.own_cost(several * own.capacity * 0.999) * MORE


@given(CHOICES, st.lists(st.floats(0, 1e13), min_size=2, max_size=20))
def test_no_tokens_cost_a_day_of_one_machine_and_cost_never_falls_with_more_tokens(own, tokens):
    assert own.bill(0) == 0 and own.own_cost(0) == own.day + own.people and own.machines(0) == 1
    costs = own.own_cost(np.sort(tokens))
    assert np.isfinite(costs).all() and np.all(np.diff(costs) >= 0)


@given(CHOICES, st.integers(1, 1000))
def test_one_token_more_than_full_machines_serve_takes_one_machine_more(own, number):
    assert own.machines(number * own.capacity * (1 - 1e-9)) == number
    assert own.machines(number * own.capacity * (1 + 1e-9)) == number + 1


def test_people_that_one_machine_cannot_pay_are_paid_by_several_or_by_none():
    assert SelfHosting(10.0, 1e6, 2e-5, 35.0).break_even == pytest.approx((4 * 10 + 35) / 2e-5)
    assert SelfHosting(10.0, 1e6, 1e-5, 1.0).break_even is None
    assert SelfHosting(10.0, 1e6, 1e-5, 0.0).break_even == pytest.approx(1e6)
    assert SelfHosting(10.0, 1e6, 0.0, 1.0).break_even is None


# ---- the three ways


@EACH_WAY
def test_who_uses_a_machine_fewer_hours_serves_less_at_the_same_cost(way):
    mix = mixed(3)
    day, night = (deployment_cost(way, list_prices("GPT-5.5"), mix, hours=hours) for hours in (24, 8))
    assert day.capacity == pytest.approx(3 * night.capacity) and day.day == night.day
    assert later(night.break_even, day.break_even)


@EACH_WAY
def test_spare_machines_and_people_raise_the_cost_and_more_found_in_the_cache_the_capacity(way):
    prices, mix = list_prices("GLM-5.2"), mixed(10)
    bare, spare = deployment_cost(way, prices, mix), deployment_cost(way, prices, mix, spare=1.0)
    assert spare.day == pytest.approx(2 * bare.day) and spare.capacity == pytest.approx(bare.capacity)
    assert deployment_cost(way, prices, mix, people=5.0).own_cost(0) == bare.day + 5
    assert deployment_cost(way, prices, mixed(10, 0.9)).capacity > bare.capacity


def test_a_desktop_serves_one_user_and_no_machine_more_than_its_memory_has_room_for():
    assert users_at_once("bought desktop", 64) == 1
    assert users_at_once("rented GPU", 10_000) < 400 < users_at_once("rented node", 10_000)
    mix = mixed(3)
    few, many = (deployment_cost("rented node", list_prices("GLM-5.2"), mix, users) for users in (4, 256))
    assert many.capacity > few.capacity and wait(many, mix, 256) > wait(few, mix, 4)


def test_a_user_alone_waits_for_reading_the_prompt_and_for_each_token_of_the_answer():
    way, mix = DEPLOYMENTS["bought desktop"], mixed(4)
    own = deployment_cost("bought desktop", list_prices("GLM-5.2"), mix, 1)
    read = inference.prefill(model(way.model), way.machine, prompt=4096, weights=way.weights).seconds
    step = inference.decode(model(way.model), way.machine, context=4096, batch=1, weights=way.weights).seconds
    assert wait(own, mix, 1) == pytest.approx(read + 1024 * step)


def test_every_model_that_is_rented_or_bought_here_is_sold_by_hosts_cheapest_first():
    for way in DEPLOYMENTS.values():
        mix = mixed(3)
        asked = [at_hosts(way.model)[host].dollars(mix) for host in by_price(way.model, mix)]
        assert len(asked) > 10 and asked == sorted(asked)


def test_the_middle_host_has_as_many_cheaper_as_dearer_ones_beside_it_or_one_more():
    mix = mixed(3)
    hosts = by_price("GLM-5.2", mix)
    at = hosts.index(middle_host("GLM-5.2", mix))
    assert at - (len(hosts) - at - 1) in (0, 1)


def test_a_list_price_says_when_it_was_listed_or_nothing():
    lab = next(row for row in listings("GLM-5.2") if row.kind == "lab")
    assert lab.date.startswith(listed_on("GLM-5.2")) and listed_on("GLM-52") is None
    for who in self_hosting_panel.CLOSED:
        said, date = self_hosting_panel.vendor(who, "GLM-5.2", mixed(3))[2], listed_on(who)
        assert said == (f"list price of {date}" if date else "list price")


def test_hosts_without_a_price_of_cached_input_ask_that_of_input():
    assert at_hosts("GLM-5.2")["Nebius Token Factory"] == Prices(1.4, 1.4, 4.4)
    assert list_prices("GPT-5-mini").cached == list_prices("GPT-5-mini").input


def test_a_month_of_full_time_work_costs_its_wage():
    assert people(40 * 52 / 12, figure("wage").value) == pytest.approx(130_160 / 365.25, rel=1e-3)


@given(st.floats(0.01, 1e3), st.floats(0, 1))
def test_a_mix_has_one_token_of_the_answer_and_the_whole_prompt(prompt, cached):
    mix = mixed(prompt, cached)
    assert mix.output == 1 and mix.input >= 0 and mix.input + mix.cached == pytest.approx(prompt)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: mixed(0), "more than 0 prompt tokens"),
        (lambda: mixed(3, 1.5), "a share of 0 to 1"),
        (lambda: mixed(float("nan")), "prompt is nan"),
        (lambda: people(-1, 60), "hours is -1"),
        (lambda: at_hosts("gpt-oss-20b"), "gpt-oss-120b"),
        (lambda: list_prices("GPT-55"), "GPT-5.5"),
        (
            lambda: deployment_cost("rented node", list_prices("GLM-5.2"), Tokens(0, 0, 0)),
            "at least one kind of token",
        ),
        (
            lambda: deployment_cost("rented node", list_prices("GLM-5.2"), mixed(3), hours=0),
            "utilisation is 0",
        ),
        (lambda: deployment_cost("rented nod", list_prices("GLM-5.2"), mixed(3)), "rented node"),
        (lambda: deployment_cost("rented node", list_prices("GLM-5.2"), mixed(3), users=0), "users is 0"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(ask, message):
    with pytest.raises((ValueError, LookupError), match=message):
        ask()


# ---- the panel


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_panel_has_an_answer_that_can_be_read_wherever_its_controls_stand(panel, data):
    where = anywhere(panel, data)
    said = follow(panel, **where)
    title, words = (getattr(panel._artists, name).get_text() for name in ("title", "words"))
    assert "None" not in said + title + words
    assert title.startswith("Never") == ("never saves" in said)
    check_text(panel, where)


def test_the_panel_can_fail_and_says_so_in_its_title_and_its_sentence(panel):
    start = {name: control.start for name, control in panel.controls.items()}
    assert "Both are equal at" in follow(panel, **start)
    assert "never saves" in follow(panel, **start | {"hours": 8})
    assert panel._artists.title.get_text().startswith("Never: even full")
    assert len(panel._artists.mark.get_xdata()) == 0


def test_the_mark_stands_where_the_lines_cross_and_green_begins_there(panel):
    start = {name: control.start for name, control in panel.controls.items()}
    follow(panel, **start | {"who": "GPT-5.5"})
    at, dollars = (float(ends[0]) for ends in panel._artists.mark.get_data())
    tokens, cost, bill = (
        self_hosting_panel.EACH_DAY,
        *(getattr(panel._artists, name).get_ydata() for name in ("cost", "bill")),
    )
    assert dollars == pytest.approx(np.interp(at, tokens, bill)) == pytest.approx(np.interp(at, tokens, cost))
    corners = panel._artists.saves.get_xy()
    green = corners[: tokens.size, 1] < corners[tokens.size : 2 * tokens.size, 1][::-1]
    assert tokens[green].min() == pytest.approx(at, rel=0.02)


def test_a_desktop_says_that_it_serves_one_user_and_how_long_that_user_waits(panel):
    said = follow(panel, way="bought desktop")
    assert "one user at a time" in said and "minutes" in said.split("take ")[1][:14]


def test_both_sides_have_a_best_case_and_at_worst_no_host_of_the_same_model_is_beaten():
    rows = self_hosting_panel.both_sides()
    best, worst = ([row for row in rows if row["side"] == side] for side in SIDES)
    named = [f"{name}, {way.stored}" for name, way in DEPLOYMENTS.items()]
    assert [row["way"] for row in best] == [row["way"] for row in worst] == named
    assert [row["users"] for row in worst] == [users_of(name, "at worst") for name in DEPLOYMENTS]
    assert users_of("rented GPU", "at worst") < users_of("rented GPU", "at best")
    assert all(row["middle"] != "never" for row in best) and all(row["middle"] == "never" for row in worst)
    assert all(row["closed"] != "never" for row in rows)
