"""Trends through prices, and the panel of lesson 02 that asks when a desktop matches a node."""

from __future__ import annotations

import itertools
import math

import freeweights as fw
import numpy as np
import pytest
from drawn import check_along_each_control, check_text, follow
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.facts.records_hardware import Device
from freeweights.lesson02 import deflation_panel
from freeweights.money import hardware_trends
from hypothesis import assume, given, settings
from hypothesis import strategies as st

COMBINATIONS = list(itertools.product(hardware_trends.QUANTITIES, hardware_trends.GROUPS, [True, False]))


@pytest.fixture(scope="module")
def panel():
    return deflation_panel.panel()


# ---- the line


def test_the_line_is_the_one_that_numpy_fits():
    years = np.array([2018, 2020, 2021, 2021, 2024, 2026])
    values = np.array([1.0, 2.1, 1.7, 3.0, 4.4, 9.1])
    found = hardware_trends.fit(years, values)
    (slope, level), covariance = np.polyfit(years - years.mean(), np.log(values), 1, cov=True)
    assert found.slope == pytest.approx(slope) and found.level == pytest.approx(level)
    assert found.error == pytest.approx(math.sqrt(covariance[0, 0]))
    assert found.at(2030) == pytest.approx(math.exp(level + slope * (2030 - years.mean())))


@pytest.mark.parametrize(
    "share, degrees, quantile",  # published tables of Student's t
    [
        (0.8, 1, 3.078),
        (0.8, 2, 1.886),
        (0.8, 5, 1.476),
        (0.8, 17, 1.333),
        (0.9, 10, 1.812),
        (0.8, 1000, 1.282),
    ],
)
def test_students_t_is_that_of_the_tables(share, degrees, quantile):
    assert hardware_trends.t_quantile(share, degrees) == pytest.approx(quantile, abs=0.001)


def test_the_interval_holds_the_true_growth_as_often_as_it_says():
    random, years = np.random.default_rng(2), np.arange(2017, 2027)
    hits = 0
    for _ in range(2000):
        low, _, high = hardware_trends.fit(
            years, np.exp(0.1 * (years - 2020) + random.normal(0, 0.4, len(years)))
        ).growth
        hits += low <= math.expm1(0.1) <= high
    assert hits / 2000 == pytest.approx(hardware_trends.SHARE, abs=0.03)


points = st.lists(st.tuples(st.integers(2017, 2026), st.floats(0.01, 1e4)), min_size=4, max_size=25).filter(
    lambda rows: len({year for year, _ in rows}) >= 3
)


@settings(max_examples=200, deadline=None)
@given(points, st.floats(1e-3, 1e6))
def test_the_three_years_of_arrival_come_in_order_and_within_the_century(rows, target):
    found = hardware_trends.fit(*zip(*rows))
    fast, line, slow = (
        hardware_trends.CENTURY + 1 if year is None else year for year in found.range(target, 2026)
    )
    assert 2026 <= fast <= line <= slow
    for side, year in zip((1, 0, -1), (fast, line, slow)):
        if 2026 < year <= hardware_trends.CENTURY:
            assert found.at(year, side) == pytest.approx(target, rel=0.02)


@settings(max_examples=100, deadline=None)
@given(points, st.floats(0.1, 10))
def test_growth_does_not_depend_on_the_unit(rows, factor):
    years, values = zip(*rows)
    one, other = hardware_trends.fit(years, values), hardware_trends.fit(years, factor * np.array(values))
    assume(one.scatter > 1e-6)
    assert one.growth == pytest.approx(other.growth, rel=1e-6, abs=1e-9)


def test_a_flat_trend_is_called_flat_and_arrives_nowhere():
    level = hardware_trends.fit([2020, 2021, 2022, 2023, 2024], [1, 1.01, 0.99, 1.01, 0.99])
    assert level.flat and level.arrives(50, 2026) is None
    assert hardware_trends.when(level.range(50, 2026), 2026) == hardware_trends.NEVER
    assert not hardware_trends.fit([2020, 2021, 2022, 2023], [1, 2, 4.1, 8]).flat


def test_too_few_prices_are_refused_in_words():
    with pytest.raises(hardware_trends.TooFew, match="3 prices from 3 years are too few"):
        hardware_trends.fit([2020, 2021, 2022], [1, 2, 3])
    with pytest.raises(hardware_trends.TooFew, match="5 prices from 2 years"):
        hardware_trends.fit([2020, 2020, 2020, 2021, 2021], [1, 2, 3, 4, 5])


# ---- the catalogue


def test_every_price_that_counts_is_of_a_device_of_its_group_and_street_prices_only_add():
    for which in hardware_trends.GROUPS:
        alone, both = hardware_trends.priced(which, street=False), hardware_trends.priced(which, street=True)
        assert {row.name for row in alone} <= {row.name for row in both}
        assert all(row.price > 0 for row in both)
    counted = [row for which in hardware_trends.GROUPS[:3] for row in hardware_trends.priced(which, True)]
    assert sorted(row.name for row in counted) == sorted(
        row.name for row in hardware_trends.priced(hardware_trends.EVERY, True)
    )


def test_a_price_counts_as_of_release_only_where_the_catalogue_says_so():
    for row in catalog.table(Device):
        if row.price and hardware_trends.release_price(row):
            assert not any(
                word in row.price_basis for word in ("street", "approximate", "quotes", "reported")
            )


def test_the_trend_of_the_catalogue_recomputes():
    rows = [
        row
        for row in catalog.table(Device)
        if row.price and hardware_trends.group(row) == hardware_trends.UNIFIED
    ]
    slope = np.polyfit([row.year for row in rows], np.log([row.sold / row.price for row in rows]), 1)[0]
    assert hardware_trends.trend("memory").slope == pytest.approx(slope) and hardware_trends.trend(
        "memory"
    ).rows == len(rows)


def test_a_dearer_desktop_never_waits_longer():
    for quantity in hardware_trends.QUANTITIES:
        waits = [
            deflation_panel.match(quantity, hardware_trends.UNIFIED, price, "8 x H200", True).years
            for price in (2e3, 1e4, 5e4)
        ]
        for cheaper, dearer in itertools.pairwise(waits):
            assert all((a or 3000) >= (b or 3000) for a, b in zip(cheaper, dearer))


# ---- the panel


@pytest.mark.parametrize("quantity, which, street", COMBINATIONS)
def test_every_group_and_quantity_has_an_answer_or_says_why_not(panel, quantity, which, street):
    for price, node in itertools.product(panel.controls["price"].ends, deflation_panel.NODES):
        said = follow(panel, quantity=quantity, which=which, price=price, node=node, street=street)
        check_text(panel, (quantity, which, price, node, street))
        found = deflation_panel.match(quantity, which, price, node, street)
        assert ("too few" in said.split(" The other two")[0]) == (found.trend is None)
        if found.trend is not None:
            assert q.percent(abs(found.trend.growth[1])) in said and deflation_panel.when(found) in said
            assert found.trend.flat == ("cannot be told from no change" in said)
            low, high = panel._artists.rows.ranges[quantity].get_xdata()
            assert hardware_trends.today() <= low <= high <= hardware_trends.CENTURY


def test_the_panel_can_be_read_along_each_control(panel):
    check_along_each_control(panel)


def test_the_panels_sentence_says_what_the_library_says(panel):
    said = follow(
        panel, quantity="memory", which=hardware_trends.UNIFIED, price=10_000, node="8 x H200", street=True
    )
    assert q.size(10_000 * hardware_trends.trend("memory").at(hardware_trends.today())) in said
    assert q.size(8 * fw.machine("H200 SXM 141GB").device.sold) in said


def test_what_does_not_count_is_faint_and_street_prices_are_hollow(panel):
    follow(panel, which=hardware_trends.UNIFIED, street=False)
    offers = panel._artists.offers
    faint = {key: line.get_alpha() < 1 for key, line in offers.items()}
    assert faint == {
        (which, released): which != hardware_trends.UNIFIED or not released for which, released in offers
    }
    assert all((line.get_markerfacecolor() == "white") != released for (_, released), line in offers.items())
    shown = sum(len(line.get_xdata()) for line in offers.values())
    assert shown == len(hardware_trends.priced(hardware_trends.EVERY, street=True))


def test_what_memory_costs_lately_is_said_of_pairs_that_hold_the_same():
    said = deflation_panel.lately()
    assert hardware_trends.twins() and not any(word in said for word in ("nan", "inf"))
    for old, new in hardware_trends.twins():
        assert (
            old.vendor == new.vendor
            and new.year == hardware_trends.today()
            and new.name in said
            and old.name in said
        )
