"""Lesson 03's counting of mixtures and R1 against 405B: laws that hold, panels that agree and can be read."""

from __future__ import annotations

import itertools

import freeweights as fw
import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.cost import inference
from freeweights.cost.weight_storage import weight_storage
from freeweights.facts import catalog, figures
from freeweights.facts import quantities as q
from freeweights.lesson03 import moe_against_dense as versus
from freeweights.lesson03 import moe_against_dense_panel, releases, releases_panel
from freeweights.lesson03.moe_against_dense import DENSE, MIXTURE
from hypothesis import given, settings
from hypothesis import strategies as st

NODE, H100, MI300X = (fw.machine(name, 8) for name in ("H200 SXM 141GB", "H100 SXM5 80GB", "Instinct MI300X"))
MODELS = releases.everything()
contexts = st.integers(0, 131_072)
batches = st.integers(1, 512)


@pytest.fixture(scope="module")
def timeline():
    return releases_panel.panel()


@pytest.fixture(scope="module")
def panel():
    return moe_against_dense_panel.panel()


# ---- counting


@given(turn=st.sampled_from(MODELS), least=st.floats(1e8, 2e12))
def test_every_release_of_the_size_is_before_after_or_of_the_same_day_or_month(turn, least):
    found, day = releases.halves(turn.name, least), turn.architecture.released
    counted = {one.name for one in MODELS if one.parameters >= least and not one.announced}
    before, after = ({one.name for one in side} for side in (found.before, found.after))
    assert not before & after and before | after <= counted
    for name in counted - before - after:
        other = catalog.architecture(name).released
        assert other.startswith(day) or day.startswith(other), (name, other, day)
    assert all(one.architecture.released < day for one in found.before)
    assert all(one.architecture.released > day for one in found.after)


def test_dates_keep_their_order_as_years():
    dates = sorted({one.architecture.released for one in MODELS if len(one.architecture.released) == 10})
    years = [releases.year(date) for date in dates]
    assert years == sorted(years) and len(set(years)) == len(years)
    assert int(years[0]) == int(dates[0][:4])


def test_a_mixture_works_with_a_part_of_its_weights_and_a_dense_model_with_all_but_an_embedding():
    assert all(0 < releases.share_active(one) < 0.6 for one in releases.mixtures(MODELS))
    assert all(0.6 < releases.share_active(one) <= 1 for one in releases.dense(MODELS))


def test_what_was_only_announced_is_no_release():
    found = releases.halves(least=1e12)
    assert "Llama 4 Behemoth" not in {one.name for one in (*found.before, *found.after)}


@pytest.mark.parametrize("counting", [releases.share_of_mixtures, releases.median_active])
def test_of_no_model_at_all_there_is_no_share(counting):
    with pytest.raises(ValueError, match="ask for"):
        counting([])


def test_after_r1_every_release_from_a_hundred_billion_is_a_mixture_and_below_some_are_dense():
    assert releases.share_of_mixtures(releases.halves(least=100e9).after) == 1
    late = {one.name for one in releases.dense(releases.halves().after)}
    assert "QwQ-32B" in late and all(fw.model(name).parameters < 100e9 for name in late)
    assert {"Mixtral 8x7B", "Grok-1"} <= {one.name for one in releases.mixtures(releases.halves().before)}


def test_what_the_catalogue_is_said_to_lack_is_not_in_it():
    held = " ".join(one.name for one in MODELS)
    assert not any(name in held for name in releases.LEFT_OUT)
    assert "Command A" not in str(releases.left_out("Llama 4 Maverick")) and not releases.left_out(
        least=300e9
    )


# ---- one step of each


def test_grouped_heads_and_latents_are_told_apart():
    own, grouped = (versus.fullest(one, NODE) for one in (versus.both()[0], versus.grouped_body()))
    dense = versus.fullest(versus.both()[1], NODE)
    assert (
        own.dollars < grouped.dollars < dense.dollars
    )  # latents and experts each have a part in the best case
    assert dense.dollars / grouped.dollars < grouped.dollars / own.dollars  # and the latents the larger one
    assert (
        versus.grouped_body().cache_bytes(1) == 61 * 2 * 8 * 128 * 2
    )  # layers, keys and values, heads, values, bytes
    assert versus.bytes_ratio(0, 7, grouped=True) == pytest.approx(versus.bytes_ratio(0, 7), rel=0.05)


@given(context=contexts, batch=batches)
def test_a_step_reads_more_with_every_user_but_never_a_weight_twice(context, batch):
    for one in versus.both():
        here, more = (versus.bytes_read(one, context, users) for users in (batch, batch + 1))
        assert here < more or context == 0
        held = weight_storage(versus.WEIGHTS, one).held
        assert here - batch * one.cache_read_bytes(context) <= held * 1.0001


@given(context=contexts, batch=batches, weights=st.sampled_from(["BF16", 8, "4.5 bits", 3.0]))
def test_without_caches_bits_alike_for_every_weight_change_no_ratio(context, batch, weights):
    assert versus.memory_ratio(weights) == pytest.approx(versus.memory_ratio(16), rel=1e-6)
    assert versus.bytes_ratio(0, batch, weights) == pytest.approx(versus.bytes_ratio(0, batch, 16), rel=1e-6)
    assert versus.flops_ratio(0) <= versus.flops_ratio(context)


@settings(max_examples=60, deadline=None)
@given(
    place=st.sampled_from(list(moe_against_dense_panel.MACHINES)),
    weights=st.sampled_from(moe_against_dense_panel.WIDTHS),
    context=contexts,
)
def test_time_is_compared_exactly_where_both_fit(place, weights, context):
    where, users = fw.machine(*moe_against_dense_panel.MACHINES[place]), np.array([1, 7, 64, 512])
    ratio = versus.time_ratio(where, context, users, weights)
    for count, one in zip(users, ratio):
        pair = [versus.serving(one, where, int(count), weights, context) for one in versus.both()]
        assert all(side.fits for side in pair) != np.ma.is_masked(one)
        if not np.ma.is_masked(one):
            assert float(one) == pytest.approx(pair[0].step.seconds / pair[1].step.seconds)
            assert float(one) == pytest.approx(pair[0].dollars / pair[1].dollars)
            assert float(one) == pytest.approx(pair[1].tokens_per_joule / pair[0].tokens_per_joule)


@pytest.mark.parametrize("name", [MIXTURE, DENSE])
def test_the_full_machine_has_no_room_for_one_more(name):
    full = versus.fullest(fw.model(name), NODE)
    assert full.fits and not versus.serving(full.model, full.machine, full.users + 1).fits
    assert versus.fullest(fw.model("Kimi K2"), H100, "16 bits") is None


def test_memory_turns_the_claim_round():
    assert versus.memory_ratio() > 1.3  # the dense one keeps attention at 16 bits
    assert versus.memory_ratio(8) > 1.6
    assert (
        versus.serving(versus.both()[1], H100, 1).fits and not versus.serving(versus.both()[0], H100, 1).fits
    )


def test_bytes_turn_it_round_where_users_are_many_and_contexts_short():
    assert versus.bytes_ratio(4096, 1) < 0.1
    assert versus.bytes_ratio(512, 128) > 1 and versus.time_ratio(NODE, 512, 128) > 1
    assert versus.bytes_ratio(32_768, 512) < 0.5  # R1's latents are smaller than 405B's keys and values


def test_times_of_eight_h200_lie_between_the_bytes_and_one_for_a_single_user():
    assert versus.bytes_ratio() < versus.time_ratio(NODE) < 1


# ---- what was published


def test_a_published_ratio_is_that_of_published_steps_of_the_same_batch():
    rows = {
        name: [row for row in figures.measurements(model=name, device="Instinct MI300X", devices=8, phase="decode")
               if row.batch == "1" and row.usable and row.weights.startswith("FP8")]
        for name in ("DeepSeek-V3", DENSE)
    }  # fmt: skip
    seconds = {name: [1 / row.value if row.unit == "tok/s" else row.value / 1000 for row in those]
               for name, those in rows.items()}  # fmt: skip
    low = min(seconds["DeepSeek-V3"]) / max(seconds[DENSE])
    high = max(seconds["DeepSeek-V3"]) / min(seconds[DENSE])
    found = [point for point in versus.published_ratios(MI300X) if point.batch == 1]
    assert len(found) == len(rows["DeepSeek-V3"]) and all(point.measured for point in found)
    assert all(low <= point.ratio <= high for point in found)


def test_rows_of_another_width_or_count_are_no_points():
    assert versus.published_ratios(NODE) and not versus.published_ratios(NODE, "4.5 bits")
    assert not versus.published_ratios(fw.machine("Instinct MI300X", 4))


def test_an_unpublished_step_of_405b_is_said_to_be_expected():
    assert not any(point.measured for point in versus.published_ratios(NODE))


# ---- panels


def test_texts_of_both_panels_stay_apart_and_inside(panel, timeline):
    check_along_each_control(panel)
    check_along_each_control(timeline)


def test_every_model_since_2023_is_on_the_picture_once(timeline):
    for least in timeline.controls["least"].ends:
        follow(timeline, least=least)
        groups = [timeline._artists.counted, timeline._artists.left_out]
        seen = [
            (x, y) for group in groups for mark in ("total", "dense") for x, y in zip(*group[mark].get_data())
        ]
        assert sorted(y for _, y in seen) == sorted(one.parameters for one in releases_panel.shown())
        assert all(releases_panel.FIRST <= x <= releases_panel.LAST for x, _ in seen)
        assert all(releases_panel.FEWEST <= y <= releases_panel.MOST for _, y in seen)
    assert {one.name for one in MODELS} - {one.name for one in releases_panel.shown()} == {
        one.name for one in MODELS if one.architecture.released < "2023"
    }


def test_every_system_of_the_claim_is_named_on_the_picture():
    said = " ".join(releases_panel.NAMED)
    for system in ("Qwen3-235B", "Qwen3-30B", "QwQ", "ERNIE-4.5", "424B", "Pangu", "Kimi K2", "MiniMax-M1",
                   "Llama 4 Maverick", "Behemoth", "DeepSeek-R1", "Llama 3.1 405B"):  # fmt: skip
        assert system in said


def test_the_timelines_sentence_counts_what_the_library_counts(timeline):
    said, found = follow(timeline, turn="DeepSeek-R1", least=30), releases.halves("DeepSeek-R1", 30e9)
    for side in (found.before, found.after):
        assert f"{len(releases.mixtures(side))} of {len(side)} are mixtures" in said
        assert q.percent(releases.median_active(side)) in said
    assert all(one.name in said for one in releases.dense(found.after))
    assert all(name in said for name in releases.LEFT_OUT)
    assert "there is none" in follow(timeline, turn="Mixtral 8x7B", least=400)


def test_every_machine_width_and_end_of_batch_and_context_has_its_answer(panel):
    unfit, controls = 0, panel.controls
    asked = [controls[name].ends for name in ("place", "weights", "users", "context", "agreement")]
    for place, weights, users, context, agreement in itertools.product(*asked):
        said = follow(panel, place=place, weights=weights, users=users, context=context, agreement=agreement)
        art = panel._artists
        where = fw.machine(*moe_against_dense_panel.MACHINES[place])
        fits = [versus.serving(one, where, users, weights, context).fits for one in versus.both()]
        unfit += not all(fits)
        assert ("time 0." in said or "time 1" in said) == all(fits), said
        assert said.count("it does not fit") == fits.count(False)
        lines = [*art.curves.lines.values(), *art.points.values()]
        for line in lines:
            xs, ys = line.get_xydata()[np.isfinite(line.get_ydata())].T
            assert np.all(
                (xs >= 1)
                & (xs <= 512)
                & (ys >= moe_against_dense_panel.LOW)
                & (ys <= moe_against_dense_panel.HIGH)
            ), (
                said,
                ys,
            )
        ends = [sum(bars[row].get_width() for bars in art.steps.bars.values()) for row in (0, 1)]
        assert max(ends) == pytest.approx(1 if any(fits) else 0) and all(end <= 1 + 1e-9 for end in ends)
    assert unfit > 20


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_panel_can_be_read_wherever_its_controls_stand(panel, data):
    where = anywhere(panel, data)
    follow(panel, **where)
    check_text(panel, where)


def test_the_panels_sentence_says_what_the_library_says(panel):
    said = follow(panel, place="8 x H200 141GB", weights="FP8", users=32, context=4096)
    for name in (MIXTURE, DENSE):
        step = inference.decode(fw.model(name), NODE, context=4096, batch=32, weights="FP8")
        assert q.duration(step.seconds) in said and q.speed(step.tokens_per_second) in said
        assert q.size(step.fit.needed) in said
    assert f"bytes {q.significant(versus.bytes_ratio(4096, 32), 2)}" in said


def test_published_points_stand_only_beside_contexts_like_theirs(panel):
    near = follow(panel, place="8 x MI300X 192GB", weights="FP8", context=2048)
    far = follow(panel, place="8 x MI300X 192GB", weights="FP8", context=131_072)
    body = follow(panel, context=2048, attention="grouped, as in 405B")
    assert "R1, grouped: " in body and "Published" not in body
    follow(panel, context=131_072, attention="latents, as released")
    assert "published ones of 405B" in near and "Published" not in far
    assert not any(len(line.get_xdata()) for line in panel._artists.points.values())
