"""Lesson 09's host and its scale: laws of costs, panels that agree with the library and can be read anywhere."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow, spots
from freeweights.cost import inference, memory
from freeweights.cost.reference_cases import CLUSTER
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.lesson09 import host_panel, scale_panel
from freeweights.machines.machine import machine
from freeweights.models.transformer import model
from freeweights.money import (
    assumptions,
    deepseek_account,
    glm_host,
    price_lists,
    self_hosting,
    serving_costs,
)
from freeweights.money.assumptions import Terms
from freeweights.money.hourly_rate import PAID
from hypothesis import given, settings
from hypothesis import strategies as st

MODULES = {"host": host_panel, "scale": scale_panel}
ROOMY = [place for place in glm_host.MACHINES if place != glm_host.TIGHT]
PLACES, CONTEXTS = st.sampled_from(ROOMY), st.integers(1024, 131_072)
SHARES, RENTS, RATIOS = st.floats(0.05, 1), st.floats(2, 7), st.floats(0, 100)


@pytest.fixture(scope="module", params=list(MODULES))
def panel(request):
    return MODULES[request.param].panel()


@pytest.fixture(scope="module")
def host():
    return host_panel.panel()


@pytest.fixture(scope="module")
def scale():
    return scale_panel.panel()


def inside(line, low, high) -> bool:
    values = np.asarray(line, float)
    return bool(np.all(np.isfinite(values) & (values >= low) & (values <= high)))


# ---- costs of a host


def test_speeds_are_those_of_the_predictions_for_each_number_of_users():
    found = glm_host.speeds("8 x H200 141GB", 4096)["expected"]
    glm, node = model(glm_host.MODEL), machine(*CLUSTER)
    for users in (1, 10, 64, found.output.size):
        step = inference.decode(glm, node, context=4096, batch=users, weights="FP8")
        assert found.output[users - 1] == pytest.approx(step.tokens_per_second)
    assert not inference.decode(glm, node, context=4096, batch=found.output.size + 1, weights="FP8").fits
    assert found.input == pytest.approx(
        inference.prefill(glm, node, prompt=4096, batch=1, weights="FP8").tokens_per_second
    )


def test_costs_are_those_of_the_shared_account():
    node, terms = machine(*CLUSTER), Terms()
    shared = serving_costs.serving_costs(model(glm_host.MODEL), node, terms, users=64, weights="FP8")
    own = glm_host.for_users(glm_host.costs("8 x H200 141GB", 4096, terms), 64)["expected"]
    assert own.input == pytest.approx(shared.input) and own.output == pytest.approx(shared.output)


def test_the_lab_s_prices_are_those_of_the_table_of_vendors():
    assert glm_host.prices() == price_lists.list_prices(glm_host.MODEL)


def test_a_mix_keeps_the_published_share_of_its_prompt():
    day, mix = deepseek_account.tokens(), glm_host.mixed(10)
    assert mix.cached / mix.input == pytest.approx(day.cached / day.input) and mix.output == 1


def test_the_rents_offered_are_those_that_the_data_name():
    ranges = [
        re.findall(r"\d\.\d\d", catalog.device(name).rental_date)
        for name in ("H100 SXM5 80GB", "H200 SXM 141GB")
    ]
    ends = [float(end) for pair in ranges for end in pair]
    assert host_panel.RENTS == pytest.approx((min(ends), max(ends)), rel=0.01)


@given(PLACES, CONTEXTS, SHARES, RENTS, RATIOS)
@settings(deadline=None, max_examples=40)
def test_cost_falls_with_users_and_with_utilisation_and_never_with_rent(place, context, share, rent, ratio):
    mix, paid = glm_host.mixed(ratio), glm_host.paid(place)
    idle, busy, dear = (
        glm_host.costs(place, context, Terms(paid=paid, utilisation=used), asked)["expected"].per_million(mix)
        for used, asked in ((share, rent), (min(1, 1.5 * share), rent), (share, rent + 1))
    )
    assert np.all(np.diff(idle) <= 1e-9 * idle[:-1])
    assert np.all(busy <= idle) and np.all(dear >= idle)
    assert place == glm_host.DESK or np.all(dear > idle)


@given(PLACES, CONTEXTS, SHARES, RENTS, RATIOS)
@settings(deadline=None, max_examples=40)
def test_the_parts_of_a_mix_add_up_and_lie_in_their_ranges(place, context, share, rent, ratio):
    found, mix = glm_host.business(place, rent, share, 1, context, ratio), glm_host.mixed(ratio)
    for end in range(3):
        parts = sum(found.costs[kind][end] * getattr(mix, kind) for kind in ("input", "cached", "output"))
        assert found.costs["mix"][end] * mix.total == pytest.approx(parts)
    assert all(0 < low <= middle <= high < np.inf for low, middle, high in found.costs.values())


@given(PLACES, CONTEXTS, RENTS, RATIOS)
@settings(deadline=None, max_examples=40)
def test_a_host_earns_from_the_least_number_of_users_on_and_not_before(place, context, rent, ratio):
    def earns(users: int) -> bool:
        return glm_host.business(place, rent, 0.8, users, context, ratio).spent[1] <= 1

    found = glm_host.business(place, rent, 0.8, 1, context, ratio)
    if found.least is None:
        assert not earns(found.room)
    else:
        assert earns(found.least) and (found.least == 1 or not earns(found.least - 1))


def test_a_machine_too_small_has_no_costs_and_a_bought_one_no_rent():
    assert glm_host.business(glm_host.TIGHT, 3, 0.8, 1, 4096, 4).room == 0
    dear, cheap = (glm_host.business(glm_host.DESK, rent, 0.8, 1, 4096, 4) for rent in (7, 2))
    assert dear == cheap


# ---- scale


@given(st.sampled_from(glm_host.NODES), st.sampled_from(PAID), CONTEXTS, RATIOS)
@settings(deadline=None, max_examples=30)
def test_a_full_machine_costs_its_best_and_no_day_costs_less(node, paid, context, ratio):
    for one in filter(None, glm_host.ways(node, paid, context, ratio).values()):
        found = one.cost(glm_host.DAYS)
        assert np.all(np.isfinite(found)) and np.all(found >= one.at_best * (1 - 1e-9))
        assert one.cost(one.own.capacity) == pytest.approx(one.at_best)
        assert one.cost(1.001 * one.own.capacity) == pytest.approx(2 * one.at_best, rel=0.002)
        below = glm_host.DAYS[glm_host.DAYS < one.own.capacity]
        assert one.cost(below) * below == pytest.approx(np.full(below.shape, one.own.day * 1e6))


@given(st.sampled_from(glm_host.NODES), st.sampled_from(PAID), CONTEXTS, RATIOS)
@settings(deadline=None, max_examples=30)
def test_from_where_it_is_cheaper_a_way_stays_cheaper(node, paid, context, ratio):
    desktop, _, full = glm_host.ways(node, paid, context, ratio).values()
    start = glm_host.cheaper_from(full, desktop)
    cheaper = full.cost(glm_host.DAYS) < desktop.cost(glm_host.DAYS)
    if start is None:
        assert not cheaper[-1]
    else:
        assert cheaper[glm_host.DAYS >= start].all()
        assert start == glm_host.DAYS[0] or not cheaper[glm_host.DAYS < start][-1]


def test_more_users_make_a_full_node_cheaper_never_dearer():
    terms = Terms()
    best = [
        glm_host.operating_point("8 x H200 141GB", users, 4096, terms, 4).at_best
        for users in (1, 10, 100, glm_host.FULL)
    ]
    assert best == sorted(best, reverse=True)


def test_a_way_has_room_for_as_many_users_as_the_machine_and_for_no_more():
    room = glm_host.business("8 x H200 141GB", 3, 0.8, 1, 4096, 4).room
    found = [
        glm_host.operating_point("8 x H200 141GB", users, 4096, Terms(), 4) for users in (room, room + 1)
    ]
    assert found[0].users == room and found[1] is None


def test_a_rented_node_is_cheaper_to_buy_and_the_desktop_stays_the_same():
    bought, rented = (glm_host.ways("8 x H200 141GB", paid, 4096, 4) for paid in PAID)
    assert bought["full"].own.day < rented["full"].own.day and bought["desktop"] == rented["desktop"]


def test_the_desktop_has_one_account_in_both_of_its_places():
    mix = self_hosting.mixed(3)
    home = self_hosting.deployment_cost("bought desktop", glm_host.prices(), mix)
    assert glm_host.ways("8 x H200 141GB", PAID[1], 4096, 4)["desktop"].own.day == pytest.approx(home.day)


# ---- panels


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_panel_has_an_answer_that_can_be_read_wherever_its_controls_stand(panel, data):
    where = anywhere(panel, data)
    follow(panel, **where)
    check_text(panel, where)


def test_marks_of_the_host_lie_on_the_axis_at_all_corners(host):
    names = list(host.controls)
    lost = room = 0
    for values in itertools.product(
        *(spots(host.controls[name])[:: 1 if name == "place" else 2] for name in names)
    ):
        said = follow(host, **dict(zip(names, values)))
        title = host._artists.title.get_text()
        room += "no room" in title
        lost += "loses money" in title
        found = glm_host.business(
            values[0], values[1], values[2] / 100, int(values[3]), int(values[4]), values[5]
        )
        rows, between = host._artists.rows, host._artists.between
        assert inside(rows.published.get_xdata(), host_panel.LEAST, host_panel.MOST), values
        for name, row in host_panel.ROWS.items():
            for line in (rows.marks[row], rows.ranges[row]):
                assert inside(line.get_xdata(), host_panel.LEAST, host_panel.MOST), (values, row)
            assert inside(between[row].get_xdata(), 1e-9, np.inf), (values, row)
            if found.costs:
                beyond = not host_panel.LEAST <= found.costs[name][1] <= host_panel.MOST
                assert beyond == (rows.marks[row].get_marker() in "<>"), (values, name)
        assert "List prices of Z.AI, 2026-07-02" in said
    assert lost > 10 and room > 10


def test_the_host_s_sentence_and_title_say_what_the_library_says(host):
    said = follow(host, place="8 x H200 141GB", rent=4.75, users=256, context=4096, ratio=4, share=82)
    found = glm_host.business("8 x H200 141GB", 4.75, 0.82, 256, 4096, 4)
    for name in host_panel.ROWS:
        assert q.money(found.costs[name][1]) in said and q.money(found.prices[name]) in said
    assert q.money(found.spent[1]) in host._artists.title.get_text()
    assert f"expected to earn from {found.least:,} users on" in said and q.speed(found.speed) in said


@pytest.mark.parametrize("users", [1, 64, 400])
def test_a_title_claims_a_loss_or_a_gain_only_where_its_whole_range_does(host, users):
    follow(host, place="8 x H200 141GB", rent=4.75, users=users, context=4096, ratio=4, share=82)
    low, _, high = glm_host.business("8 x H200 141GB", 4.75, 0.82, users, 4096, 4).spent
    start = "The host loses" if low >= 1 else "Of each dollar" if high <= 1 else "It may earn or lose"
    assert host._artists.title.get_text().startswith(start)


@pytest.mark.parametrize("users", [1, 64, 400])
def test_a_row_s_words_say_a_loss_where_its_cost_is_above_its_price(host, users):
    follow(host, place="8 x H200 141GB", users=users, context=4096)
    values = host.values
    found = glm_host.business(
        "8 x H200 141GB", values["rent"], values["share"] / 100, users, 4096, values["ratio"]
    )
    for name, row in host_panel.ROWS.items():
        lost = found.costs[name][1] > found.prices[name]
        words = host._artists.rows.words[row].get_text().splitlines()
        assert words[1].startswith("loses" if lost else "keeps")
        assert sorted(host._artists.between[row].get_xdata()) == sorted(
            [found.costs[name][1], found.prices[name]]
        )


def test_a_kept_prefix_is_all_of_the_context_but_its_new_tokens():
    (where, weights), context = glm_host.MACHINES[glm_host.DESK], 8192
    found = glm_host.speeds(glm_host.DESK, context)["high"].cached
    prefix = context - assumptions.NEW
    expected = serving_costs.cached_seconds(model(glm_host.MODEL), machine(*where), prefix, weights, "high")
    assert 1 / found == pytest.approx(expected)


def test_too_many_users_and_too_small_a_machine_are_said(host):
    said = follow(host, place="8 x H200 141GB", users=1024, context=4096)
    room = memory.max_sequences(
        model(glm_host.MODEL), machine(*CLUSTER), context=4096, weights="FP8"
    ).expected
    assert f"{room:,.0f} users have room, not 1,024" in said
    assert "it does not fit" in follow(host, place=glm_host.TIGHT)
    assert "the rent is not used" in follow(host, place=glm_host.DESK, users=1)


def test_curves_of_the_scale_lie_on_the_axes_at_all_corners(scale):
    names = list(scale.controls)
    for values in itertools.product(*(spots(scale.controls[name]) for name in names)):
        said = follow(scale, **dict(zip(names, values)))
        for line in (*scale._artists.curves.lines.values(), *scale._artists.full.values()):
            assert inside(line.get_ydata(), scale_panel.LEAST, scale_panel.MOST), values
        assert ("no room" in said) == any(
            one is None for one in glm_host.ways(*values[:2], int(values[2]), values[3]).values()
        )


def test_the_scale_s_labels_tell_costs_from_the_price(scale):
    follow(scale, node="8 x H200 141GB", context=4096)
    names = {name: text.get_text() for name, text in scale._artists.curves.names.items()}
    assert names.pop("price").startswith("list price") and all(
        one.startswith("cost:") for one in names.values()
    )
