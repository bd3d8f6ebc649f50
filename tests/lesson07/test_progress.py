"""Lesson 07's trends: halving times and lags by hand, and what is wrong with leaving out those who still wait."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from freeweights.evidence import progress
from freeweights.evidence.progress import (
    LINES,
    MATCHED,
    METHODS,
    WAITING,
    halving,
    lag,
    pairs,
    records,
    waits,
)
from freeweights.facts.figures import trained
from freeweights.lesson07 import halving_panel, lag_panel


def test_what_halves_every_five_months_is_found_to():
    when = np.arange(0, 40, 2.0)
    found = halving(when, 100 * 0.5 ** (when / 5))
    assert (found.value, found.low, found.high) == pytest.approx((5, 5, 5))


def test_noise_widens_the_interval_and_it_holds_the_truth():
    rng, when = np.random.default_rng(3), np.arange(0, 40, 1.0)
    found = halving(when, 100 * 0.5 ** (when / 5) * np.exp(rng.normal(0, 0.2, when.size)))
    assert found.low < 5 < found.high < 7


@pytest.mark.parametrize("when, values", [([1, 2], [2, 1]), ([1, 1, 1], [3, 2, 1]), ([1, 2, 3], [3, 0, 1])])
def test_too_few_values_give_no_trend(when, values):
    with pytest.raises(ValueError, match="at least three values"):
        halving(when, values)


def test_the_race_is_as_the_facts_say():
    when, minutes = records()
    assert minutes[0] / minutes[-1] == pytest.approx(36.6, abs=0.1) and when[-1] - when[0] == pytest.approx(
        26, abs=0.5
    )
    assert (np.diff(minutes) < 0).all() and (np.diff(when) >= 0).all()
    by_ends = (when[-1] - when[0]) / np.log2(minutes[0] / minutes[-1])
    assert by_ends == pytest.approx(5, abs=0.1)


def test_the_race_was_faster_at_first():
    when, minutes = records()
    when = when - when[0]
    early, late = (halving(when[kept], minutes[kept]) for kept in (when < 8, when > 14))
    assert early.high < late.low


# ---- lags


def test_the_pairs_are_twenty_five_and_six_of_them_wait():
    waited, matched = waits(pairs())
    assert len(waited) == 25 and (~matched).sum() == 6 and (waited > 0).all()


def test_lags_by_hand():
    """GPT-4 on 2023-03-15, matched on 2024-07-23: 496 days of 30.4375 to a month."""
    one = next(row for row in pairs("MMLU") if row.closed.startswith("GPT-4 "))
    assert waits([one])[0][0] == pytest.approx(496 / 30.4375)
    waited, matched = waits(pairs())
    assert lag(pairs(), MATCHED).value == pytest.approx(waited[matched].mean())
    assert lag(pairs(), WAITING).value == pytest.approx(waited.sum() / 19)


def test_counting_those_who_wait_never_shortens_a_lag():
    for test in progress.tests():
        assert lag(pairs(test), WAITING).value >= lag(pairs(test), MATCHED).value


def test_two_lines_a_year_apart_are_twelve_months_apart():
    model = pairs("MMLU")[0]
    rows = [
        replace(model, closed_score=50.0 + 10 * year, closed_date=f"202{year}-01-01", open_score=50.0 + 10 * year,
                open_date=f"202{year + 1}-01-01", open="x")
        for year in range(4)
    ]  # fmt: skip
    assert lag(rows, LINES).value == pytest.approx(12, abs=0.05)


def test_a_line_through_lags_falls_to_zero_because_late_pairs_can_only_be_short():
    slope, zero = progress.zero_day(pairs())
    assert slope.high < 0 and zero.high < trained("lag-trend-zero").value


def test_a_constant_lag_seems_to_fall_once_those_who_wait_are_left_out():
    """Lags drawn alike for all dates: cut at one day, matched ones shorten towards it."""
    rng = np.random.default_rng(0)
    begun, lags = np.linspace(0, 24, 400), rng.exponential(10, 400)
    seen = begun + lags < 30
    slope, _ = progress.slopes(begun[seen], lags[seen], np.ones((1, seen.sum())))
    everybody, _ = progress.slopes(begun, lags, np.ones((1, 400)))
    assert slope[0] < -0.15 < everybody[0]


@pytest.mark.parametrize("rows", [[], pairs("MMLU")[:1], [row for row in pairs() if not row.open]])
def test_one_pair_and_pairs_without_a_match_give_no_lag(rows):
    with pytest.raises(ValueError, match="three pairs and two matches"):
        lag(rows)
    with pytest.raises(ValueError, match="choose one of"):
        lag(pairs(), "by feeling")


def test_the_verdict_flips_with_the_method():
    verdicts = {
        lag_panel.judged(lag(pairs(test), method), 9) for test in progress.tests() for method in METHODS
    }
    assert verdicts == {"holds", "holds in part", "fails"}


def test_the_panels_fail_with_words():
    panel = halving_panel.panel()
    panel.set(since=20, until=3)
    assert "too few for a trend" in panel._artists.title.get_text()
    panel.set(since=0, until=26)
    assert "37 times" in panel.sentence
