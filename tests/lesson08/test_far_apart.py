"""Lesson 08 counted large: thin links by hand and against published ones, a planet of homes, gifts and checks."""

from __future__ import annotations

import math
from dataclasses import replace

import freeweights as fw
import numpy as np
import pytest
from drawn import check_along_each_control
from freeweights.lesson08 import bills, far_apart, givers_panel, liars_panel, planet, planet_panel
from freeweights.lesson08.far_apart import Exchange, link_for, utilisation
from freeweights.lesson08.planet import Crowd
from hypothesis import given
from hypothesis import strategies as st

links = st.floats(1e5, 1e13)
ways = st.sampled_from(list(Exchange))


def test_published_links_are_met_without_a_fitted_constant():
    off = [one.factor for one in far_apart.against_published()]
    assert np.median(off) < 1.1 and np.percentile(off, 90) < 1.3 and len(off) == 50


@pytest.mark.parametrize("share, bits, local_steps, way, layers, gbit", [
    (0.8, 16, 1, "every step", 48, 222.3), (0.8, 16, 100, "local steps", 48, 7.5), (0.5, 4, 100, "in pieces, overlapped", 48, 0.4),
])  # fmt: skip
def test_links_of_a_size_that_data_does_not_hold_are_met_too(share, bits, local_steps, way, layers, gbit):
    # Douillard et al. 2025, arXiv:2501.18512: 10 B parameters, 0.8 s a step; of the layers only the last row knows
    assert link_for(share, 10e9, bits, 0.8, local_steps, way, layers) / 1e9 == pytest.approx(gbit, rel=0.1)


@pytest.mark.parametrize("bits, local_steps, way, free, slowed", [
    (16, 1, "every step", 0.67, 109), (16, 1, "every step", 2.7, 438), (16, 1, "every step", 6.75, 1097),
    (4, 100, "in pieces, overlapped", 0.67, 0.88), (4, 100, "in pieces, overlapped", 2.7, 3.5), (4, 100, "in pieces, overlapped", 6.75, 8.75),
])  # fmt: skip
def test_published_hours_over_one_gigabit_are_met(bits, local_steps, way, free, slowed):
    # the same paper, table 1: 1 B parameters on 25, 100 and 250 B tokens; hours without and with a limit of 1 Gbit/s
    assert free / utilisation(1e9, bits, 1e9, 0.1, local_steps, way, 24) == pytest.approx(slowed, rel=0.1)


def test_one_worker_by_hand():
    # 16 Gbit over 1 Gbit/s take 16 s; 100 steps of 0.1 s take 10 s, and two thirds of a step hide behind the way back
    assert utilisation(1e9, 16, 1e9, 0.1, 100, "local steps", 24) == pytest.approx(10 / (10 + 16 - 0.2 / 3))


@given(link=links, steps=st.integers(1, 500), way=ways, bits=st.sampled_from([1, 4, 16, 32]))
def test_cards_compute_more_with_more_link_fewer_bits_and_rarer_exchanges(link, steps, way, bits):
    here = utilisation(1e9, bits, link, 0.5, steps, way, 24)
    assert 0 < here <= 1
    assert utilisation(1e9, bits, 2 * link, 0.5, steps, way, 24) >= here
    assert utilisation(1e9, bits, link, 0.5, steps + 1, way, 24) >= here - 1e-12
    assert utilisation(1e9, 2 * bits, link, 0.5, steps, way, 24) <= here


@given(share=st.floats(0.05, 0.99), way=ways)
def test_a_link_for_a_share_gives_that_share(share, way):
    link = link_for(share, 1e9, 16, 0.5, 100, way, 24)
    assert utilisation(1e9, 16, link, 0.5, 100, way, 24) == pytest.approx(share)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"link": 0.0}, "the link is 0"),
        ({"step": 0.0}, "the step is 0"),
        ({"local_steps": 0}, "local steps is 0"),
    ],
)
def test_no_link_no_step_and_no_local_step_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        utilisation(
            **{
                "parameters": 1e9,
                "bits": 16,
                "link": 1e9,
                "step": 1.0,
                "local_steps": 1,
                "exchange": "local steps",
                "layers": 24,
            }
            | wrong
        )
    with pytest.raises(ValueError, match="above 0 and below 1"):
        link_for(1.0, 1e9, 16, 0.5, 100, "local steps", 24)


# ---- homes
CROWD = Crowd(
    fw.model("Llama 3.1 8B"),
    15e12,
    100_000,
    "GeForce RTX 4080 16GB",
    50e6,
    100,
    4,
    Exchange.OVERLAPPED,
    squeezed=0.9,
)


def test_a_copy_by_hand():
    # 8.03 B weights of 16 bytes, in nine tenths of the card's memory
    held = fw.model("Llama 3.1 8B").parameters * 16 / (0.9 * fw.machine("GeForce RTX 4080 16GB").memory)
    assert CROWD.homes_of_a_copy == math.ceil(held) and CROWD.copies == 100_000 // math.ceil(held)
    assert CROWD.passed_on == pytest.approx(2 * 2**20 * 4096 * 2 * 0.1)


@pytest.mark.parametrize("change", [
    {"homes": 200_000}, {"upload": 100e6}, {"squeezed": 0.99}, {"bits": 1}, {"local_steps": 200},
])  # fmt: skip
def test_more_homes_lines_or_squeezing_never_take_longer(change):
    assert replace(CROWD, **change).years <= CROWD.years * 1.0001


@pytest.mark.parametrize("change", [{"leaves": 0.01}, {"cap": 1e10}, {"checked": 0.5}, {"tokens": 30e12}])
def test_leaving_caps_checks_and_more_tokens_take_longer(change):
    assert replace(CROWD, **change).years > CROWD.years


def test_a_pipeline_by_hand():
    # 256 sequences of 4,096 tokens through p homes: 256 + p - 1 places in time of a 256th of the work each, and p - 1 hops
    places = CROWD.homes_of_a_copy
    assert CROWD.step == pytest.approx(CROWD.busy * (256 + places - 1) / 256 + (places - 1) * 0.1)
    one = replace(CROWD, model=fw.model("Llama 3.2 1B"), card="H100 SXM5 80GB")
    assert one.homes_of_a_copy == 1 and one.step == one.busy == one.computing


def test_the_best_of_those_tried_is_never_slower_and_few_steps_help_where_many_leave():
    assert planet.at_best(CROWD).years <= CROWD.years
    leaving = replace(CROWD, leaves=0.02)
    assert planet.at_best(leaving).local_steps <= planet.at_best(CROWD).local_steps


def test_too_few_homes_hold_no_copy_and_all_that_is_left_multiplies():
    few = replace(CROWD, homes=3)
    assert few.copies == 0 and few.stops == "memory" and math.isinf(few.years)
    assert all(0 <= share <= 1 for share in CROWD.shares.values()) and CROWD.stops in CROWD.shares


@pytest.mark.parametrize("wrong, words", [
    ({"homes": 0}, "homes is 0"), ({"upload": 0.0}, "upload is 0"), ({"local_steps": 0}, "local_steps is 0"), ({"leaves": 1.0}, "at 1 nothing is left"),
    ({"tokens": 0}, "tokens is 0"), ({"cap": 0}, "cap is 0"),
])  # fmt: skip
def test_a_crowd_that_cannot_be_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        replace(CROWD, **wrong)


def test_homes_for_a_year_by_hand():
    rate = fw.machine("GeForce RTX 4080 16GB").device.flops_fp16 * 0.4 * planet.online()
    assert planet.homes_needed("DeepSeek-V3", "GeForce RTX 4080 16GB", 1) == pytest.approx(
        bills.flops_of("DeepSeek-V3") / rate / 31_557_600
    )


# ---- checks and gifts
def test_checking_and_spot_checks():
    assert bills.checking()["BOINC replication"] == 2
    assert bills.unseen(1, 0.5, 2) == 0.25 and bills.unseen(0, 0.5, 9) == 1
    with pytest.raises(ValueError, match="from 0 to 1"):
        bills.unseen(1, 2, 1)


def test_bills_are_those_of_lesson_07_and_grow_with_every_run():
    costs = [bills.BILLS[name]() for name in ("DeepSeek-V3, the last run", "DeepSeek-V3, all runs")]
    assert costs[1] == pytest.approx(10 * costs[0]) and bills.BILLS[bills.FRONTIER]() > costs[1]


def test_gifts_are_told_in_the_order_of_their_size():
    assert list(givers_panel.yearly().values()) == sorted(givers_panel.yearly().values())


# ---- panels
@pytest.mark.parametrize("made", [planet_panel.panel, givers_panel.panel, liars_panel.panel])
def test_a_panel_can_be_read_at_the_ends_of_its_controls(made):
    check_along_each_control(made())


def test_failure_states_say_what_to_do():
    homes = planet_panel.panel()
    homes.set(model="DeepSeek-V3", homes=100)
    assert "nobody begins: choose more homes" in homes.sentence
    rule = liars_panel.panel()
    rule.set(rule="Krum", liars=4)
    assert "made for 3 at most" in rule.sentence
