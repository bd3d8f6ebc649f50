"""A cache of experts before a drive: what its hit rate must be, what no stream can beat, and what the panel says of both."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import replace

import freeweights as fw
import numpy as np
import pytest
from drawn import check_along_each_control, follow
from freeweights.cost import weight_storage
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.facts.records_measured import Streaming
from freeweights.lesson03 import expert_cache, expert_streaming, expert_streaming_panel
from freeweights.models import routing
from hypothesis import given, settings
from hypothesis import strategies as st

ROWS = catalog.table(Streaming)
SPEEDS = expert_streaming.published_speeds()
KEEPERS = (expert_cache.hottest_hit_rate, expert_cache.recent_hit_rate)
DRIVE = "NVMe SSD PCIe 4.0 x4"
CASES = st.tuples(st.sampled_from([(8, 2), (64, 6), (128, 8), (256, 8)]), st.floats(0, 2.5))


@pytest.fixture(scope="module")
def panel():
    return expert_streaming_panel.panel()


@settings(max_examples=40, deadline=None)
@given(CASES, st.lists(st.floats(0, 1), min_size=2, max_size=5))
def test_hit_rate_lies_between_share_and_one_rises_with_the_share_and_the_hottest_are_hit_most(case, shares):
    (experts, chosen), zipf_exponent = case
    chances, shares = routing.selection_probabilities(experts, chosen, zipf_exponent), np.sort(shares)
    hottest, recent = (keeper(chances, shares) for keeper in KEEPERS)
    for hits in (hottest, recent):
        assert np.all(hits >= shares - 2e-3) and np.all(hits <= 1) and np.all(np.diff(hits) >= -1e-9)
    assert np.all(recent <= hottest + 2e-3)


@settings(max_examples=40, deadline=None)
@given(CASES, st.floats(0.05, 1), st.floats(0.02, 0.98))
def test_hit_rate_rises_with_favour(case, more, share):
    (experts, chosen), zipf_exponent = case
    for keeper in KEEPERS:
        mild, strong = (
            keeper(routing.selection_probabilities(experts, chosen, f), share)
            for f in (zipf_exponent, zipf_exponent + more)
        )
        assert strong >= mild - 2e-3


@pytest.mark.parametrize("keeper", KEEPERS)
def test_uniform_routing_hits_as_often_as_experts_are_cached(keeper):
    share = np.linspace(0, 1, 33)
    assert keeper(routing.selection_probabilities(256, 8), share) == pytest.approx(share, abs=1e-6)


def replayed_hit_rate(choices: np.ndarray, slots: int) -> float:
    """Hits over uses of a cache that keeps the experts used last, from the second half of a trace (tokens, chosen).

    >>> replayed_hit_rate(np.array([[0, 1], [0, 2], [0, 1], [0, 2]]), 2)
    0.5
    """
    held: OrderedDict[int, None] = OrderedDict()
    hits, second_half = 0, len(choices) // 2
    for token, experts in enumerate(choices.tolist()):
        hits += sum(expert in held for expert in experts) if token >= second_half else 0
        for expert in experts:
            held[expert] = None
            held.move_to_end(expert)
        while len(held) > slots:
            held.popitem(last=False)
    return hits / choices[second_half:].size


@pytest.mark.parametrize("zipf_exponent", [0, 0.6, 1.4])
@pytest.mark.parametrize("slots", [12, 40, 100])
def test_ches_approximation_agrees_with_a_replayed_trace(zipf_exponent, slots):
    rng = np.random.default_rng(7)
    replayed = replayed_hit_rate(routing.route(128, 8, 3000, zipf_exponent, rng), slots)
    expected = expert_cache.recent_hit_rate(
        routing.selection_probabilities(128, 8, zipf_exponent), slots / 128
    )
    assert replayed == pytest.approx(expected, abs=0.02)  # about four standard errors of 12,000 uses


def test_a_trace_whose_tokens_repeat_each_other_is_hit_more_than_its_loads_explain():
    rng = np.random.default_rng(3)
    repeated = np.repeat(routing.route(128, 8, 400, 0.5, rng), 4, axis=0)
    loads = routing.load(repeated, 128) / len(repeated)
    assert replayed_hit_rate(repeated, 32) > 0.1 + expert_cache.recent_hit_rate(loads, 0.25)


def test_loads_of_a_layer_with_experts_nobody_uses_are_taken_as_they_are():
    loads = np.array([0, 1, 0.5, 0.5, 0])
    assert [keeper(loads, 0.6) for keeper in KEEPERS] == pytest.approx([1, 1], abs=2e-3)


@given(st.floats(0, 3), st.floats(0.05, 0.8))
@settings(max_examples=20, deadline=None)
def test_the_favour_that_explains_a_hit_rate_gives_it_back(zipf_exponent, share):
    hits = expert_cache.hottest_hit_rate(routing.selection_probabilities(128, 8, zipf_exponent), share)
    found = expert_cache.explaining_favour(128, 8, share, hits)
    assert expert_cache.hottest_hit_rate(
        routing.selection_probabilities(128, 8, found), share
    ) == pytest.approx(hits, abs=1e-4)


def test_no_more_hits_than_the_share_cached_need_no_favour():
    assert expert_cache.explaining_favour(128, 8, 0.25, 0.2) == 0


def test_published_hit_rates_need_a_favour_and_one_source_has_one_voice():
    found = expert_cache.published_favours()
    stated = [row for row in ROWS if row.cached_share and row.hit_rate is not None]
    assert found.rows == len(stated) and 0 < found.low < found.median < found.high < expert_cache.MOST_FAVOUR
    assert all(row.hit_rate > row.cached_share for row in stated), "published routing is never uniform"


def test_experts_hot_in_other_texts_are_hit_less_than_those_of_the_same_text():
    hits = {row.id: row.hit_rate for row in ROWS}
    others, own = (hits[f"imp-qwen3-30b-hottest-of-{whose}"] for whose in ("eight", "itself"))
    assert others < own and hits["imp-qwen3-30b-recent-trace"] > others


# ---- tokens per second


@pytest.mark.parametrize("name", expert_streaming_panel.MODELS)
def test_with_everything_cached_a_token_takes_what_decode_says_at_best(name):
    what, where = fw.model(name), fw.machine("Apple M3 Ultra 512GB", drive=DRIVE)
    took = expert_streaming.streamed(what, where, 1.0, "3 bits")
    alone = fw.decode(what, fw.machine("Apple M3 Ultra 512GB"), context=0, weights="3 bits")
    assert took.drive == 0 and float(took.seconds) == pytest.approx(alone.lower_bound, rel=1e-6)


@pytest.mark.parametrize("name", expert_streaming_panel.MODELS)
def test_a_stream_without_hits_reads_each_experts_bytes_and_is_never_faster_than_the_drive(name):
    what, where = fw.model(name), fw.machine("Apple M3 Ultra 512GB", drive=DRIVE)
    took = expert_streaming.streamed(what, where, np.array([0, 0.5, 1]), "8 bits")
    one_token = what.moe_layers * what.experts_per_token * what.expert_weights
    assert took.drive_bytes == pytest.approx(one_token * np.array([1, 0.5, 0]))
    assert np.all(took.seconds >= took.drive_bytes / where.drive.bandwidth)
    assert np.all(np.diff(took.seconds) < 0)


@pytest.mark.parametrize("name", expert_streaming_panel.MODELS)
def test_memory_that_holds_all_weights_caches_all_experts_and_what_every_token_reads_none(name):
    what = fw.model(name)
    whole = float(weight_storage.weight_bytes(what, "4.5 bits"))
    others = expert_streaming.resident_bytes(what, "4.5 bits")
    shares = expert_streaming.cached_share(
        what, np.array([others, (others + whole) / 2, whole, 2 * whole]), "4.5 bits"
    )
    assert shares == pytest.approx([0, 0.5, 1, 1])


@pytest.mark.parametrize("one", SPEEDS, ids=lambda one: one.row.id)
def test_no_published_stream_beats_its_bound_and_each_is_predicted_from_other_sources(one):
    assert one.row.tokens_per_second <= one.at_most
    assert one.expected < one.at_most
    alike = [other.expected / other.at_most for other in SPEEDS if other.row.source == one.row.source]
    assert alike == pytest.approx([one.expected / one.at_most] * len(alike))


def test_half_of_the_published_streams_lie_within_a_factor_of_two_of_what_other_sources_predict():
    ratios = [one.row.tokens_per_second / one.expected for one in SPEEDS]
    assert np.mean([0.5 <= ratio <= 2 for ratio in ratios]) >= 0.5


def test_bytes_from_the_drive_agree_with_those_published():
    stated = [row for row in ROWS if row.read_per_token and row.bits and row.hit_rate is not None]
    assert stated
    for row in stated:
        where = expert_streaming.published_machine(row)
        took = expert_streaming.streamed(fw.model(row.model), where, row.hit_rate, row.bits)
        assert row.read_per_token == pytest.approx(float(took.drive_bytes), rel=0.12), row.id


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_streaming_row_states_something_to_learn_from(row):
    assert row.hit_rate is not None or row.tokens_per_second
    assert row.kept in ("recent", "hottest", "both", "")
    assert fw.model(row.model).is_moe and (not row.bits or 1 <= row.bits <= 16)


# ---- bad input argues back


def test_bad_input_is_refused_with_what_to_do():
    kimi, where = fw.model("Kimi K2"), fw.machine("Apple M3 Ultra 512GB", drive=DRIVE)
    with pytest.raises(ValueError, match="give it more memory, or fewer bits"):
        expert_streaming.cached_share(kimi, 0, "4.5 bits")
    with pytest.raises(ValueError, match="Llama 3.1 8B is dense"):
        expert_streaming.cached_share(fw.model("Llama 3.1 8B"), 64e9, "4.5 bits")
    with pytest.raises(ValueError, match="a mixture of experts and a machine with a drive are needed"):
        expert_streaming.streamed(kimi, replace(where, drive=None), 0.5)
    with pytest.raises(ValueError, match="hits over uses, from 0 to 1"):
        expert_streaming.streamed(kimi, where, 1.2)
    with pytest.raises(ValueError, match="zipf_exponent is -1"):
        expert_streaming_panel.streams(kimi, 64e9, "4.5 bits", DRIVE, -1)
    with pytest.raises(ValueError, match="share is 1.5"):
        expert_cache.hottest_hit_rate([0.5, 0.5], 1.5)
    with pytest.raises(ValueError, match="divide the tokens that each expert got by all tokens"):
        expert_cache.recent_hit_rate([3, 5], 0.5)


# ---- the panel


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


def test_the_line_stands_at_the_memory_chosen_on_both_sides(panel):
    for held in (24, 64, 512):
        follow(panel, memory=held)
        for side in (panel._artists.hits, panel._artists.speeds):
            assert side.here.get_visible() and list(side.here.get_xdata()) == [held * 1e9] * 2


def test_every_curve_lies_inside_the_axes_for_every_model_width_and_drive(panel):
    art, drives = panel._artists, expert_streaming_panel.drives()
    for name, weights, drive in itertools.product(
        expert_streaming_panel.MODELS, expert_streaming_panel.WIDTHS, (drives[0], drives[-1])
    ):
        for zipf_exponent in (0, 2):
            follow(panel, name=name, weights=weights, drive=drive, zipf_exponent=zipf_exponent)
            speeds = [line.get_ydata() for line in art.speeds.lines.values()]
            assert (
                expert_streaming_panel.SLOWEST < np.min(speeds)
                and np.max(speeds) < expert_streaming_panel.FASTEST
            )
            hits = [line.get_ydata() for line in art.hits.lines.values()]
            assert np.min(hits) >= 0 and np.max(hits) <= 1


def test_the_sentence_and_title_say_what_the_library_says(panel):
    said = follow(panel, name="Kimi K2", weights="4.5 bits", memory=64, drive=DRIVE, zipf_exponent=0.8)
    kimi = fw.model("Kimi K2")
    share = expert_streaming.cached_share(kimi, 64e9, "4.5 bits")
    hit = expert_cache.hottest_hit_rate(routing.selection_probabilities(384, 8, 0.8), share)
    took = expert_streaming.streamed(kimi, fw.machine(expert_streaming.DESKTOP, drive=DRIVE), hit, "4.5 bits")
    expected = expert_streaming.share_reached() / float(took.seconds)
    assert f"hold {q.percent(share)} of the experts" in said and f"hit in {q.percent(hit)}" in said
    assert q.size(float(took.drive_bytes)) in said and q.speed(expected) in said
    title = panel._artists.finding.get_text()
    assert q.speed(expected, 2) in title and q.size(float(took.drive_bytes), 2) in title


def test_memory_too_small_for_what_every_token_reads_is_told_and_has_no_curve(panel):
    said = follow(panel, name="Kimi K2", weights="16 bits", memory=8)
    art = panel._artists
    assert "Choose more memory or fewer bits" in said and "cannot even hold" in art.finding.get_text()
    assert art.hits.lines["hottest kept"].get_xdata()[0] > 8e9


def test_published_points_of_the_model_are_drawn(panel):
    follow(panel, name="GLM-5.2", weights="4.5 bits")
    own = [row for row in ROWS if row.model == "GLM-5.2" and row.cached_share]
    assert len(panel._artists.points["hits"].get_xdata()) == len(own)
    assert len(panel._artists.others.get_xdata()) > 0


def test_published_speeds_stand_only_beside_weights_of_about_their_width(panel):
    for weights, width in (("4.5 bits", 4.25), ("2 bits", 2.25), ("16 bits", None)):
        follow(panel, name="DeepSeek-V4-Flash", weights=weights, memory=128)
        inside = [row for row, _ in expert_streaming_panel.points(fw.model("DeepSeek-V4-Flash"), weights)]
        rows = [row for row in inside if row.model == "DeepSeek-V4-Flash" and row.bits == width]
        shown = sorted(panel._artists.points["speeds"].get_ydata())
        assert shown == sorted(row.tokens_per_second for row in rows) and bool(rows) == bool(width), weights
