"""Good enough: when a switch to an open model pays, and what a closed one earns until it is followed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow, spots, struck
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.facts.figures import figure
from freeweights.facts.records_prices import Price
from freeweights.lesson09 import lab_panel, open_closed_panel
from freeweights.money import open_closed_switch
from freeweights.money.open_closed_switch import ClosedModel, Switch, task_price
from freeweights.money.price_lists import listed_on
from hypothesis import given, settings
from hypothesis import strategies as st

MONEY, SHARE = st.floats(1e-4, 1e3), st.floats(0, 1)
SWITCHES = st.builds(Switch, MONEY, MONEY, st.floats(0, 10), SHARE, st.floats(0, 1e3))
MODELS = st.builds(
    ClosedModel, st.floats(1e6, 1e10), st.floats(1e5, 1e10), SHARE, SHARE, SHARE, st.floats(1, 48)
)


# ---- the switch


@given(SWITCHES, SHARE, SHARE)
def test_a_task_costs_less_the_more_often_the_open_model_is_good_enough(one, first, second):
    low, high = sorted((first, second))
    assert one.spent(high) <= one.spent(low) * (1 + 1e-12)
    assert one.spent(np.array([low, high])).tolist() == [one.spent(low), one.spent(high)]


@given(SWITCHES)
def test_the_break_even_share_lies_between_none_and_all_or_is_said_to_be_never(one):
    share = one.break_even
    if share is None:
        assert one.spent(1.0) >= one.closed * (1 - 1e-12)
        return
    assert 0 <= share < 1 or one.spent(1.0) == pytest.approx(one.closed)
    assert one.spent(share) <= one.closed * (1 + 1e-9)
    if share > 0:
        assert one.spent(share) == pytest.approx(one.closed, rel=1e-9)
        assert one.spent(0.9 * share) >= one.closed * (1 - 1e-9)


@given(SWITCHES, st.floats(1.01, 10))
def test_a_dearer_open_model_a_dearer_check_and_a_larger_loss_never_lower_the_break_even_share(one, factor):
    for name in ("open", "checking", "loss"):
        dearer = replace(one, **{name: getattr(one, name) * factor}).break_even
        assert dearer is None or dearer >= one.break_even - 1e-9


@given(MONEY, MONEY)
def test_where_every_failure_is_noticed_for_nothing_the_break_even_share_is_the_ratio_of_prices(open, closed):
    share = Switch(open, closed).break_even
    assert share is None if open >= closed else share == pytest.approx(open / closed, abs=1e-9)


def test_every_pair_of_models_has_list_prices_of_cached_input_and_one_pair_never_pays():
    cached = {row.subject for row in catalog.table(Price) if row.quantity == "cached input"}
    assert (
        set(open_closed_switch.CLOSED) <= cached and set(open_closed_switch.OPEN) - {"MiniMax-M2.5"} <= cached
    )
    never = [
        (open, closed)
        for open in open_closed_switch.OPEN
        for closed in open_closed_switch.CLOSED
        if Switch(task_price(open), task_price(closed)).break_even is None
    ]
    assert ("GLM-5.2", "Gemini 2.5 Flash") in never


# ---- the return


@given(MODELS, st.floats(0, 60), st.floats(0, 60))
def test_a_closed_model_earns_less_the_sooner_it_is_followed(one, first, second):
    soon, late = sorted((first, second))
    assert one.earned(soon) <= one.earned(late) * (1 + 1e-12)
    assert 0 <= one.earned(0) and one.earned(one.life) == pytest.approx(one.before * one.life)


@given(MODELS)
def test_the_break_even_lag_just_pays_the_training_bill_or_is_said_to_be_never(one):
    lag = one.break_even_lag
    if lag is None:
        assert one.earned(one.life) < one.training
        return
    assert 0 <= lag <= one.life
    assert one.earned(lag) >= one.training * (1 - 1e-9)
    if lag > 0:
        assert one.earned(lag) == pytest.approx(one.training, rel=1e-6)


@given(MODELS, SHARE)
def test_more_customers_who_stay_never_ask_for_more_lead(one, stays):
    fewer, more = (replace(one, stays=share).break_even_lag for share in sorted((stays, one.stays)))
    assert (fewer is None) == (more is None)
    assert fewer is None or more <= fewer + 1e-6


def test_with_all_customers_kept_a_follower_takes_nothing():
    one = ClosedModel(1e8, 1e8, 0.2, 0.1, 1.0, 12)
    assert one.earned(0) == one.earned(12) and one.break_even_lag == 0


def test_published_shares_of_tokens_and_revenue_agree_with_each_other():
    paid, use = open_closed_switch.paid_price(), figure("open-use").value / 100
    assert use * paid / (use * paid + 1 - use) == pytest.approx(figure("open-revenue").value / 100)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Switch(0.1, 0.0), "nothing can be saved"),
        (lambda: Switch(0.1, 1.0, noticed=1.1), "noticed is 1.1: 0 to 1"),
        (lambda: Switch(float("nan"), 1.0), "open is nan: 0 or more"),
        (lambda: Switch(0.1, 1.0).spent(2), "share is 2: 0 to 1"),
        (lambda: ClosedModel(0.0, 1.0, 0.1, 0.1, 0.1, 1), "no bill to earn back"),
        (lambda: ClosedModel(1.0, 1.0, 0.1, 0.1, 0.1, 1).earned(-1), "lag is -1: 0 or more"),
        (lambda: task_price("GPT-55"), "GPT-5"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(ask, message):
    with pytest.raises((ValueError, LookupError), match=message):
        ask()


# ---- the panels


@pytest.mark.parametrize("make", [open_closed_panel.panel, open_closed_panel.returns_panel])
def test_texts_stay_apart_and_inside_along_each_control(make):
    check_along_each_control(make())


@pytest.fixture(scope="module")
def switch_panel():
    return open_closed_panel.panel()


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_switch_can_be_read_and_no_line_runs_through_its_words(switch_panel, data):
    where = anywhere(switch_panel, data)
    follow(switch_panel, **where)
    check_text(switch_panel, where)
    assert not struck(switch_panel)


def test_a_check_as_dear_as_the_slider_goes_leaves_its_words_alone(switch_panel):
    follow(switch_panel, **open_closed_panel.panel().values | {"checking": 1.0})
    assert not struck(switch_panel)


def test_the_switch_is_drawn_for_every_pair_and_its_title_says_which_side_it_is_on():
    panel, heads = open_closed_panel.panel(), set()
    for open, closed in (
        (open, closed) for open in open_closed_switch.OPEN for closed in open_closed_switch.CLOSED
    ):
        for share in (20, 90):
            said = follow(panel, open=open, closed=closed, share=share)
            check_text(panel, (open, closed, share))
            low, high = open_closed_panel.TIMES
            height = panel._artists.point.get_ydata()[0]
            title = panel._artists.title.get_text()
            assert low < height <= high
            assert (height < 1) == title.startswith("With") and ("no share" in said) == ("never" in title)
            assert all(f"with {name} (list price of {listed_on(name)})" in said for name in (open, closed))
            heads.add(title.split(" ")[2])
    assert heads >= {"never", "takes"}


def test_bad_answers_that_nobody_notices_stand_in_the_title_and_a_curve_off_the_axis_is_said():
    panel = open_closed_panel.panel()
    said = follow(panel, share=0, noticed=0, loss=0.01, checking=0.0001)
    assert panel._artists.title.get_text().endswith("; 100 % bad unnoticed") and "at any share" in said
    assert panel._artists.even.get_text() == "▅▅ the switch pays at any share"
    assert panel._artists.point.get_marker() == "o" and "triangle" not in said
    said = follow(panel, share=0, noticed=0, loss=10, checking=0.0001)
    leaky = open_closed_switch.switch(*list(panel.values.values())[:2], checking=0.0001, noticed=0.0, loss=10)
    assert f"({q.times(leaky.spent(0) / leaky.closed)} the closed price: the triangle" in said
    assert panel._artists.point.get_marker() == "^"
    assert panel._artists.point.get_ydata() == [open_closed_panel.TIMES[1]]
    widest = {"open": "DeepSeek-V4-Pro", "closed": "Gemini 2.5 Flash", "share": 0, "noticed": 0, "loss": 10}
    follow(panel, **widest, checking=0.0001)
    assert "times" in panel._artists.title.get_text()
    check_text(panel, widest)
    follow(panel, share=95, noticed=90)
    assert "unnoticed" not in panel._artists.title.get_text()


def test_marks_of_both_panels_lie_within_their_axes_at_every_end():
    for make in (open_closed_panel.panel, open_closed_panel.returns_panel):
        panel = make()
        axes = panel.stage.figure.axes[0]
        start = panel.values
        for name, control in panel.controls.items():
            for value in spots(control):
                follow(panel, **start | {name: value})
                for mark in ("point", "even"):
                    if hasattr(artist := getattr(panel._artists, mark), "get_ydata"):
                        x, y = map(np.asarray, artist.get_data())
                        assert np.all((x >= axes.get_xlim()[0]) & (x <= axes.get_xlim()[1]))
                        assert np.all((y >= axes.get_ylim()[0]) & (y <= axes.get_ylim()[1]))


def test_the_returns_panel_says_when_training_is_never_paid_back_and_when_no_lead_is_needed():
    panel = open_closed_panel.returns_panel()
    assert "even without a follower" in follow(panel, run=1e10, revenue=1e6)
    assert panel._artists.title.get_text().startswith("It never pays back")
    assert "needs no lead" in follow(panel, run=1e7, revenue=1e9)


def test_the_closed_labs_bill_counts_all_runs_before_as_the_open_labs_does():
    closed, open = open_closed_panel.returns_panel(), lab_panel.panel()
    assert closed.values["times"] == open.values["times"] == figure("research-over-final-run").value
    ends = [(panel.controls["times"].ends) for panel in (closed, open)]
    assert ends[0] == ends[1]
    assert "10 times one run of" in follow(closed) and "times one run" not in follow(closed, times=1)


def test_a_closed_model_loses_what_its_follower_takes_and_no_more_the_more_customers_stay():
    lost = [open_closed_switch.followed(stays, 0.2).lost(4) for stays in (0.0, 0.5, 0.8, 1.0)]
    assert lost == sorted(lost, reverse=True) and lost[-1] == 0
    assert lost[2] == pytest.approx(0.2 * 8 / 12) and ClosedModel(1, 0, 0.1, 0.1, 0.1, 12).lost(4) == 0
