"""Token capital: tokens follow the stock and the share that serves; the index follows how owners are counted."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import check_along_each_control, check_text, follow, spots
from freeweights.facts.figures import figure
from freeweights.lesson04 import agent_panel
from freeweights.lesson09 import exercises, token_capital_panel
from freeweights.money import token_capital as capital
from freeweights.money.market import CONCENTRATED
from freeweights.money.token_capital import REST, Speeds, index, per_person, split
from hypothesis import given
from hypothesis import strategies as st

STOCKS = st.lists(st.floats(1, 1e7), min_size=1, max_size=8).map(
    lambda sizes: {f"owner {number}": size for number, size in enumerate(sizes[1:])} | {REST: sizes[0]}
)
SPEEDS = st.builds(Speeds, st.floats(1, 1e5), st.floats(1, 1e5))
COUNTS = st.integers(1, 50)


# ---- owners


def test_everybody_else_is_what_the_published_share_of_the_five_leaves():
    owned = capital.companies()
    five = sum(owned[name] for name in capital.FIVE)
    assert five / sum(owned.values()) == pytest.approx(figure("compute-share-of-five").value / 100)
    assert owned[REST] > 0 and sum(capital.blocs().values()) == pytest.approx(sum(owned.values()))


@given(STOCKS, COUNTS, COUNTS, COUNTS)
def test_the_index_falls_when_owners_split_and_never_rises(stocks, parts, others, more):
    before = index(stocks, parts, others)
    assert index(stocks, parts, others + more) <= before * (1 + 1e-12)
    assert index(stocks, parts + more, others) <= before * (1 + 1e-12)
    assert index(stocks, parts + more, others + more) < before
    assert split(stocks, parts, others).sum() == pytest.approx(sum(stocks.values()))


@given(st.floats(1, 1e7), COUNTS)
def test_the_index_of_equal_owners_is_ten_thousand_over_their_number(stock, others):
    assert index({REST: stock}, 1, others) == pytest.approx(10_000 / others)
    assert index({"A": stock, REST: stock}, others, others) == pytest.approx(5000 / others)


def test_the_stocks_that_all_share_cannot_be_changed_by_one_of_them():
    for stocks in (capital.companies(), capital.blocs()):
        with pytest.raises((TypeError, AttributeError)):
            stocks.pop(REST)
        with pytest.raises(TypeError):
            stocks[REST] = 0.0


def test_one_merger_lifts_the_owners_over_the_line_only_if_everybody_else_is_one_owner():
    owned = dict(capital.companies())
    both = owned.pop(exercises.BUYER) + owned.pop(exercises.BOUGHT)
    rise = index(owned | {"both": both}) - index(capital.companies())
    assert exercises.points_of_a_merger().check(f"{rise:.1f}").right
    assert index(capital.companies()) < CONCENTRATED < index(owned | {"both": both})
    assert index(owned | {"both": both}, others=capital.MANY) < CONCENTRATED


def test_very_many_owners_are_as_good_as_endlessly_many():
    owned = capital.companies()
    named = sum((stock / sum(owned.values())) ** 2 for name, stock in owned.items() if name != REST)
    assert index(owned, 1, capital.MANY) == pytest.approx(10_000 * named, abs=1)


def test_companies_lie_below_the_line_and_blocs_above_it_however_everybody_else_is_counted():
    for others in (1, capital.MANY):
        assert index(capital.companies(), 1, others) < CONCENTRATED < index(capital.blocs(), 1, others)


# ---- tokens


@given(st.floats(0, 1e8), SPEEDS, st.floats(0, 100), st.floats(0, 1), st.floats(0.1, 10))
def test_tokens_are_proportional_to_the_stock_and_to_the_share_that_serves(
    stock, speeds, prompt, share, factor
):
    one = per_person(stock, speeds, prompt, share)
    assert per_person(stock * factor, speeds, prompt, share) == pytest.approx(one * factor)
    assert per_person(stock, speeds, prompt, share / 2) == pytest.approx(one / 2)
    assert per_person(stock, speeds, prompt, 0) == 0 == per_person(0, speeds, prompt, share)


@given(SPEEDS, st.floats(0, 1e4))
def test_reading_and_writing_together_lie_between_either_alone(speeds, prompt):
    low, high = sorted((speeds.reads, speeds.writes))
    assert low * (1 - 1e-9) <= speeds.both(prompt) <= high * (1 + 1e-9)
    assert speeds.both(prompt) / (1 + prompt) <= speeds.writes * (1 + 1e-9)


def test_our_own_speeds_of_deepseek_are_near_its_published_ones():
    published, ours = capital.published(), capital.predicted("DeepSeek-R1")
    assert ours.writes == pytest.approx(published.writes, rel=0.3)
    assert ours.reads < published.reads  # which found more than half of its tokens in a cache


def test_an_equivalent_counts_flops_so_a_device_with_more_bandwidth_for_them_writes_more():
    assert (
        capital.predicted("gpt-oss-120b", "H20 96GB").writes > 1.5 * capital.predicted("gpt-oss-120b").writes
    )


def test_google_could_process_its_own_tokens_with_a_part_of_its_stock_at_every_mix():
    needs = [capital.google_needs(capital.published(), prompt) for prompt in (0, 1, 10, 1000)]
    assert needs == sorted(needs, reverse=True) and needs[0] < 0.2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: per_person(1, Speeds(1, 1), share=1.2), "share is 1.2"),
        (lambda: per_person(-1, Speeds(1, 1)), "stock is -1"),
        (lambda: per_person(1, Speeds(1, 1), prompt=-1), "prompt is -1"),
        (lambda: split(capital.companies(), parts=0), "parts is 0: a whole number"),
        (lambda: capital.predicted("DeepSeek-R2"), "DeepSeek-R1"),
        (lambda: capital.predicted("DeepSeek-R1", "H100 SXM5 80GB"), "no user of DeepSeek-R1"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(ask, message):
    with pytest.raises((ValueError, LookupError), match=message):
        ask()


# ---- the panel


@pytest.fixture(scope="module")
def panel():
    return token_capital_panel.panel()


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


def test_marks_and_index_stay_on_their_axes_for_every_model_share_and_mix(panel):
    controls, none = panel.controls, 0
    for what in controls["what"].ends:
        for share in (*spots(controls["share"]), 1):
            for prompt in spots(controls["prompt"]):
                where = {"what": what, "share": share, "prompt": prompt}
                none += "nothing serves" in follow(panel, **where)
                ends = np.append(panel._artists.rows.published.get_xdata(), token_capital_panel.LEAST)
                assert ends.max() < token_capital_panel.MOST, where
                check_text(panel, where)
    assert none == 3 * len(controls["what"].ends)


def test_the_agent_is_held_against_the_tokens_read_alone(panel):
    kept, again = token_capital_panel.agent_tokens()
    read = capital.per_person(capital.companies()["Google"], capital.predicted("GLM-5.2"), 4, 0.5) * 4 / 5
    said = follow(panel, what="GLM-5.2, predicted", whose="Google", prompt=4, share=50)
    assert f"for {token_capital_panel.tasks(read / kept)} with its prefix kept" in said
    assert token_capital_panel.tasks(read / again) in said
    published = follow(panel, whose="Google", prompt=4)
    assert "hits in a cache counted" in published and "prefix kept" not in published
    assert "no agent could use them" in follow(panel, prompt=0)
    assert [token_capital_panel.tasks(day) for day in (0.00002, 0.1, 2)] == [
        "less than a task a year",
        "one task in 10 days",
        "2 tasks a day",
    ]


def test_the_curve_of_the_index_is_the_one_the_sentence_says(panel):
    said = follow(panel, counted="blocs", parts=2, others=10)
    wanted = index(capital.blocs(), 2, 10)
    assert f"{wanted:,.0f} points" in said and panel._artists.point.get_ydata() == [wanted]
    curve = np.asarray(panel._artists.index["line"].get_ydata())
    assert np.all(np.diff(curve) < 0) and curve[1] == wanted
    assert "above the line" in panel._artists.title.get_text()


def test_the_agent_is_the_one_of_lesson_04():
    values = agent_panel.panel().values
    assert token_capital_panel.AGENT == tuple(values[name] for name in ("first", "added", "turns"))
