"""Joules per token and their price: the arithmetic, the published rows, and the panel of lesson 02."""

from __future__ import annotations

import itertools
import re

import freeweights as fw
import numpy as np
import pytest
from drawn import check_along_each_control, check_text, follow, spots
from freeweights.cost import energy
from freeweights.evidence import energy_published
from freeweights.facts import catalog, records_hardware
from freeweights.facts import quantities as q
from freeweights.facts.records_measured import Energy
from freeweights.facts.records_prices import Price
from freeweights.lesson02 import energy_panel
from freeweights.money import electricity
from hypothesis import given, settings
from hypothesis import strategies as st

ROWS = catalog.table(Energy)
LLAMA, H100 = fw.model("Llama 3.1 8B"), fw.machine("H100 SXM5 80GB")


@pytest.fixture(scope="module")
def panel():
    return energy_panel.panel()


# ---- the arithmetic


def test_joules_are_watts_times_seconds_over_tokens():
    step = fw.decode(LLAMA, H100, context=1024, batch=32, weights="FP8")
    assert energy.joules(H100, step, 1.5) == pytest.approx(700 * 1.5 * step.seconds / 32)
    read = fw.prefill(LLAMA, H100, prompt=2048, batch=4, weights="FP8")
    assert energy.joules(H100, read) == pytest.approx(700 * read.seconds / (4 * 2048))


def test_a_million_tokens_of_a_joule_cost_a_million_joules():
    kilowatt_hours = 1e6 / 3.6e6
    assert electricity.electricity(1.0, 0.25) == pytest.approx(0.25 * kilowatt_hours)


def test_rent_is_paid_by_the_hour_for_every_device():
    node = fw.machine("H200 SXM 141GB", 8)
    step = fw.decode(LLAMA, node, context=1024, batch=64, weights="FP8")
    tokens_an_hour = 3600 * step.tokens_per_second
    assert electricity.rent(node, step) == pytest.approx(8 * node.device.rental / tokens_an_hour * 1e6)
    mac = fw.machine("Apple M3 Ultra 512GB")
    assert electricity.rent(mac, fw.decode(LLAMA, mac, context=1024, batch=1, weights="Q4_K_M")) is None


@settings(max_examples=60, deadline=None)
@given(
    users=st.integers(1, 256),
    context=st.integers(1, 8192),
    tariff=st.floats(0.01, 1),
    power_overhead=st.floats(1, 3),
)
def test_electricity_is_the_same_share_of_the_rent_whatever_the_machine_does(
    users, context, tariff, power_overhead
):
    node = fw.machine("H200 SXM 141GB", 8)
    step = fw.decode(LLAMA, node, context=context, batch=users, weights="FP8")
    share = electricity.electricity(energy.joules(node, step, power_overhead), tariff) / electricity.rent(
        node, step
    )
    assert share == pytest.approx(
        energy.power(node) * power_overhead / 1000 * tariff / (8 * node.device.rental)
    )


def test_what_does_not_fit_has_no_joules():
    huge, card = fw.model("Llama 3.1 405B"), fw.machine("GeForce RTX 4090")
    with pytest.raises(fw.DoesNotFit):
        energy.joules(card, fw.decode(huge, card, context=1024, batch=1, weights="Q4_K_M"))
    users = np.array([1, 4096])
    assert energy.joules(
        card, fw.decode(LLAMA, card, context=1024, batch=users, weights="Q4_K_M")
    ).mask.tolist() == [False, True]


def test_a_device_without_a_power_and_a_host_below_one_are_refused():
    silent = next(row.name for row in catalog.table(records_hardware.Device) if row.power is None)
    with pytest.raises(fw.CatalogError, match="power_W is empty"):
        energy.power(fw.machine(silent))
    with pytest.raises(ValueError, match="give 1 or more"):
        energy.joules(H100, fw.decode(LLAMA, H100, context=1024, batch=1, weights="FP8"), 0.9)


# ---- what others measured


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_published_row_agrees_with_itself(row):
    assert row.joules_per_token == pytest.approx(row.watts / row.tokens_per_second, rel=0.01)
    assert row.what_is_measured.startswith("wall" if row.at_the_wall else "GPU only")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_nobody_drew_more_than_the_devices_and_a_computer_around_them_can(row):
    limit = 1.6 if row.at_the_wall else 1.02  # specified power; with power supply and host
    assert 0.25 < row.watts / energy.power(fw.machine(row.device, row.devices)) <= limit


def test_published_joules_lie_near_those_at_the_specified_power():
    ratios = np.array([pair.row.joules_per_token / pair.bound for pair in energy_published.comparisons()])
    assert len(ratios) >= 25
    assert 0.7 < np.median(ratios) < 1.4
    assert np.mean((ratios > 0.45) & (ratios < 2.2)) > 0.85


def test_the_host_and_the_tariff_of_the_panel_are_those_of_the_tables():
    walls = sorted(
        row.watts / (row.devices * catalog.device(row.device).power) for row in ROWS if row.at_the_wall
    )
    assert walls[0] <= energy_published.wall_over_device() <= walls[-1]
    assert (
        electricity.usual_tariff() in catalog.table(Price)
        and electricity.usual_tariff().unit == "USD per kWh"
    )
    assert re.search(r"20\d\d", electricity.usual_tariff().conditions)


# ---- the panel


def test_every_model_can_be_asked_about_at_the_ends_of_users_and_context(panel):
    controls, unfit = panel.controls, 0
    for name, users, context in itertools.product(
        controls["name"].ends, spots(controls["users"]), controls["context"].ends
    ):
        where = {"name": name, "users": users, "context": context}
        said = follow(panel, **where)
        check_text(panel, where)
        unfit += "has no room" in said
        rows = panel._artists.rows
        for place, mark in rows.marks.items():
            placed = len(mark.get_xdata()) == 1
            assert placed != (rows.words[place].get_text() == "does not fit"), where
    assert unfit > 10


def test_the_panel_can_be_read_along_each_control(panel):
    check_along_each_control(panel)


def test_the_panels_sentence_says_what_the_library_says(panel):
    said = follow(panel, name="Llama 3.1 70B", users=64, context=1024, tariff=0.1, power_overhead=1.5)
    node = fw.machine("H200 SXM 141GB", 8)
    step = fw.decode(fw.model("Llama 3.1 70B"), node, context=1024, batch=64, weights="FP8")
    used = energy.joules(node, step, 1.5)
    assert q.rate(used, "J") in said and q.money(electricity.electricity(used, 0.1)) in said
    assert q.money(electricity.rent(node, step)) in said
    assert q.percent(electricity.electricity(used, 0.1) / electricity.rent(node, step)) in said


def test_all_published_points_of_a_model_are_drawn_inside_the_axes(panel):
    for name in panel.controls["name"].ends:
        follow(panel, name=name)
        drawn = [
            point for line in panel._artists.points.values() for point in zip(*line.get_data(), strict=True)
        ]
        assert sorted(drawn) == sorted((row.batch, row.joules_per_token) for row in ROWS if row.model == name)
        axes = panel._artists.users.axes
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        assert all(left < x < right and low < y < high for x, y in drawn)


def test_a_model_whose_energy_nobody_published_is_said_to_be_so(panel):
    assert "Nobody here published the energy of GLM-5.2" in follow(panel, name="GLM-5.2")
