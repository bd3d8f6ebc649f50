"""Lesson 02's batch, links and export variants: laws that hold, panels that agree and can be read."""

from __future__ import annotations

import itertools
from dataclasses import replace

import freeweights as fw
import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.cost import inference, memory, reference_cases, throughput_frontier, training_step
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.lesson02 import export_panel, links_panel, tensor_parallel_speedup, throughput_panel
from freeweights.lesson02 import export_panel as export
from freeweights.lesson02 import links_panel as links
from freeweights.machines.interconnect import all_reduce_latency
from freeweights.money import hourly_rate
from freeweights.page import layout
from hypothesis import given, settings
from hypothesis import strategies as st

MODULES = {"frontier": throughput_panel, "links": links_panel, "export": export_panel}
PHASES = ("decode", "prefill")
EVERY_STEP = list(itertools.product(tensor_parallel_speedup.CASES, PHASES, (1, 17, 256)))


@pytest.fixture(scope="module", params=list(MODULES))
def panel(request):
    return MODULES[request.param].panel()


@pytest.fixture(scope="module")
def frontier_panel():
    return throughput_panel.panel()


@pytest.fixture(scope="module")
def links_panel():
    return links.panel()


@pytest.fixture(scope="module")
def export_panel():
    return export.panel()


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_every_panel_has_an_answer_that_can_be_read_wherever_its_controls_stand(panel, data):
    where = anywhere(panel, data)
    follow(panel, **where)
    check_text(panel, where)


# ---- batch


@given(st.integers(0, 10**6))
def test_batches_rise_from_one_to_the_last_slot_through_the_marked_ones(max_sequences):
    found = throughput_frontier.batches(max_sequences).tolist()
    assert found == sorted(set(found))
    assert found[:1] == [1][:max_sequences] and found[-1:] == ([max_sequences] if max_sequences else [])
    assert {mark for mark in throughput_frontier.MARKED if mark <= max_sequences} <= set(found)


def frontiers(weights: str, context: int):
    for name, (where, _, _) in itertools.product(reference_cases.models(), throughput_panel.PLACES.values()):
        what = fw.model(name)
        yield throughput_frontier.frontier(what, fw.machine(*where), min(context, what.max_context), weights)


@pytest.mark.parametrize("weights, context", [("4.5 bits", 8192), ("16 bits", 1024), ("3 bits", 1_048_576)])
def test_a_larger_batch_never_serves_each_user_faster_and_every_mark_lies_on_the_axes(weights, context):
    held = [one for one in frontiers(weights, context) if one.max_sequences]
    assert len(held) > 20
    for one in held:
        each = one.yields / one.users
        assert not np.ma.is_masked(one.yields) and np.all(np.diff(each) <= 1e-9 * each[0])
        assert throughput_panel.SLOWEST <= each.min() and each.max() <= throughput_panel.FASTEST, (
            one.fit.sentence()
        )
        assert throughput_panel.LEAST <= one.yields.min() and one.yields.max() <= throughput_panel.MOST, (
            one.fit.sentence()
        )


def test_the_last_slot_fits_and_one_more_does_not():
    for one in frontiers("4.5 bits", 8192):
        if one.max_sequences:
            what, most = fw.model(one.fit.model), min(8192, fw.model(one.fit.model).max_context)
            fits = memory.fits(
                what,
                one.machine,
                weights="4.5 bits",
                context=most,
                batch=np.array([one.max_sequences, one.max_sequences + 1]),
            ).fits
            assert fits.tolist() == [True, False], one.fit.sentence()


@pytest.mark.parametrize("paid", hourly_rate.PAID)
def test_an_hours_cost_buys_an_hours_tokens(paid):
    one = throughput_frontier.frontier(
        fw.model("Llama 3.1 8B"), fw.machine("GeForce RTX 5090"), 4096, "4.5 bits"
    )
    hourly, words = hourly_rate.hourly_cost(one.machine.device, paid)
    alone, full = throughput_panel.cost_per_million(one, paid)
    assert alone * one.yields[0] * 3600 / 1e6 == pytest.approx(hourly)
    assert alone / full == pytest.approx(one.gain)
    assert words.startswith("rented" if paid == "by the hour" else "bought")


def test_a_device_without_rental_is_bought_and_one_without_a_price_is_refused():
    mac = catalog.device("Apple M3 Ultra 512GB")
    assert mac.rental is None and hourly_rate.hourly_cost(mac, "by the hour")[1].startswith("bought")
    with pytest.raises(ValueError, match="neither a price nor a rental"):
        hourly_rate.hourly_cost(replace(mac, price=None), "by purchase")


def test_the_frontiers_sentence_says_what_the_library_says(frontier_panel):
    said = follow(frontier_panel, name="GLM-5.2", weights="4.5 bits", context=8192)
    glm = fw.model("GLM-5.2")
    for place in (reference_cases.DESKTOP, reference_cases.CLUSTER):
        where = fw.machine(*place)
        max_sequences = fw.max_sequences(glm, where, context=8192, weights="4.5 bits").expected
        one, full = (
            fw.decode(glm, where, context=8192, batch=b, weights="4.5 bits").tokens_per_second
            for b in (1, int(max_sequences))
        )
        assert f"its {max_sequences:,.0f} slots yield {q.times(full / one)} as much" in said
        assert q.speed(one) in said and q.speed(full) in said
    assert "GeForce RTX 5090 has 34.2 GB: it does not fit" in said
    assert not len(frontier_panel._artists.places["card"].curve.get_xdata())


def test_a_row_of_gpus_gains_more_from_users_than_a_desktop_on_a_large_model():
    glm = fw.model("GLM-5.2")
    rack, desk = (
        throughput_frontier.frontier(glm, fw.machine(*place), 8192, "4.5 bits")
        for place in (reference_cases.CLUSTER, reference_cases.DESKTOP)
    )
    assert rack.gain > 10 * desk.gain


# ---- links


@pytest.mark.parametrize("name, phase, batch", EVERY_STEP)
def test_the_split_of_a_step_adds_up_to_the_librarys_estimate_under_every_link(name, phase, batch):
    case = tensor_parallel_speedup.CASES[name]
    what, tokens = fw.model(case.model), batch * (case.tokens if phase == "prefill" else 1)
    for count, link in itertools.product(tensor_parallel_speedup.COUNTS, links.LINKS):
        where = tensor_parallel_speedup.with_room(tensor_parallel_speedup.joined(case, count, link))
        estimate = tensor_parallel_speedup.run(what, where, phase, case.tokens, batch, case.weights)
        assert tensor_parallel_speedup.step(case, count, link, phase, batch).seconds == pytest.approx(
            estimate.seconds
        )
        assert sum(tensor_parallel_speedup.talking(what, where, tokens)) == pytest.approx(
            estimate.parts["communication"]
        )


@pytest.mark.parametrize("name, phase, batch", EVERY_STEP)
def test_no_devices_gain_more_than_their_number_and_taking_turns_never_speeds_up_writing(name, phase, batch):
    case = tensor_parallel_speedup.CASES[name]
    for link in links.LINKS:
        ups = tensor_parallel_speedup.speed_ups(tensor_parallel_speedup.steps(case, link, phase, batch))
        assert all(up <= n * (1 + 1e-9) for n, up in ups.items())
        if phase == "decode":
            assert all(
                up <= 1 + 1e-9
                for up in tensor_parallel_speedup.pipeline_speedups(case, link, phase, batch).values()
            )


def test_a_cut_link_is_as_prompt_as_the_whole_one_and_never_faster():
    whole, cut = catalog.link("NVLink 4 (H100/H200)"), catalog.link("NVLink 4 cut (H800)")
    assert all_reduce_latency(cut, 8) == all_reduce_latency(whole, 8) and cut.bandwidth < whole.bandwidth
    case = tensor_parallel_speedup.CASES["Llama 3.1 70B on H200"]
    for phase, batch in itertools.product(PHASES, (1, 64)):
        ups = [
            tensor_parallel_speedup.speed_ups(tensor_parallel_speedup.steps(case, link.name, phase, batch))
            for link in (whole, cut)
        ]
        assert all(ups[1][n] <= ups[0][n] for n in ups[0])


def test_one_token_waits_for_latency_and_a_prompt_for_bandwidth():
    case, link = tensor_parallel_speedup.CASES["Llama 3.1 70B on H200"], "PCIe 5.0 x16"
    token, prompt = (tensor_parallel_speedup.step(case, 8, link, phase, 1) for phase in PHASES)
    assert token.latency > token.bytes and prompt.bytes > 10 * prompt.latency


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=len(links.LINKS)).map(np.array),
    st.floats(0.01, 1 / len(links.LINKS)),
)
def test_names_are_spread_apart_in_their_order_inside_the_axes(heights, gap):
    moved = layout.spread(heights, gap)
    order = np.argsort(heights, kind="stable")
    assert np.all(np.diff(moved[order]) >= 0.9 * gap)
    assert moved.min() >= -1e-9 and moved.max() <= 1 + 1e-9


@pytest.mark.parametrize(
    "name, phase, batch, counts",
    [
        ("Llama 3.1 70B on H200", "decode", 4, [1, 2, 4, 8]),
        ("Mixtral 8x7B on A100", "decode", 1, [1, 2, 4, 8]),
        ("GLM-5 on M3 Ultra", "decode", 1, [2, 4]),
        ("GLM-5 on M3 Ultra", "prefill", 1, [2, 4]),
    ],
)
def test_every_published_series_is_drawn_and_told(links_panel, name, phase, batch, counts):
    said = follow(links_panel, name=name, phase=phase, batch=batch)
    drawn = links_panel._artists.points[0]
    assert list(drawn.get_xdata()) == counts and "Published over its own link" in said
    assert np.all(np.diff(drawn.get_ydata()) > 0)


def test_points_of_other_batches_are_not_drawn(links_panel):
    said = follow(links_panel, name="Mixtral 8x7B on A100", phase="decode", batch=64)
    assert not len(links_panel._artists.points[0].get_xdata()) and "Published" not in said


def test_a_link_without_a_published_latency_is_marked_and_said_to_lack_it(links_panel):
    without = [name for name in links.LINKS if catalog.link(name).latency is None]
    assert without
    for name in links.LINKS:
        said = follow(links_panel, link=name)
        label = links_panel._artists.curves.names[name].get_text()
        told = "(not published; that of" in said or "no latency is published" in said
        assert (name in without) == label.endswith("*") == told, name


def test_the_links_sentence_names_what_does_not_fit(links_panel):
    said = follow(links_panel, name="GLM-5 on M3 Ultra", phase="decode", batch=1)
    assert "fewer than 2 do not" in said
    assert links_panel._artists.stacks.words[0].get_text() == "no fit"


# ---- export variants


def settings_of(batch: float = 32, hidden: float = 0.0, layout: str = "tensor parallel"):
    return "DeepSeek-V3", layout, 0.4, hidden, batch, "FP8"


@pytest.mark.parametrize("job", export.JOBS)
def test_the_h100_is_its_own_measure_and_the_h800_with_its_link_is_an_h100(job):
    assert export.relative(job, export.BASE, settings_of()) == 1
    assert export.relative(job, "H800 SXM5 80GB", settings_of(), "link") == pytest.approx(1)


def test_what_was_cut_hurts_what_needs_it():
    h800, h20 = "H800 SXM5 80GB", "H20 96GB"
    assert export.blame(h800, settings_of())[1] == "link"
    assert export.blame(h20, settings_of())[:2] in {("train", "arithmetic"), ("prefill", "arithmetic")}
    assert export.relative("decode", h20, settings_of(batch=1)) > 1
    assert export.relative("decode", h800, settings_of(batch=1)) > 0.9


def test_expert_parallelism_does_not_feel_the_cut_link():
    what = fw.model("DeepSeek-V3")
    h100, h800 = (export.node(device) for device in (export.BASE, "H800 SXM5 80GB"))
    assert training_step.expert_parallel(what, h100) == training_step.expert_parallel(what, h800)
    assert training_step.tensor_parallel(what, h800) > 2 * training_step.tensor_parallel(what, h100)


def test_the_reported_hours_of_deepseek_lie_between_all_and_no_sending_hidden():
    what, node = fw.model("DeepSeek-V3"), export.node("H800 SXM5 80GB")
    most, least = (
        training_step.training_step(what, node, "expert parallel", 0.4, hidden).hours_per_trillion
        for hidden in (0, 1)
    )
    assert least < export.PUBLISHED["DeepSeek-V3"] < most


@given(st.floats(0, 1), st.floats(0, 1))
def test_hiding_more_of_the_sending_is_never_slower_and_never_hides_the_longer_part(one, other):
    what, node = fw.model("DeepSeek-V3"), export.node("H800 SXM5 80GB")
    less, more = (
        training_step.training_step(what, node, "tensor parallel", 0.4, share)
        for share in sorted((one, other))
    )
    assert more.seconds <= less.seconds
    assert more.seconds >= max(more.computing, more.sending) + more.gradients


def test_arithmetic_of_a_training_step_is_six_flops_a_weight_and_token():
    what, node = fw.model("DeepSeek-V3"), fw.machine(export.BASE, 8)
    step = training_step.training_step(what, node, "tensor parallel", 1.0)
    assert step.computing == pytest.approx(6 * what.active_parameters * training_step.TOKENS / 989e12)


def test_a_model_without_experts_is_refused_with_another_in_its_place():
    with pytest.raises(ValueError, match="DeepSeek-V3"):
        training_step.training_step(
            fw.model("Llama 3.1 70B"), fw.machine(export.BASE, 8), "expert parallel", 0.4
        )


def test_a_node_that_cannot_hold_the_model_has_no_bar_and_is_named(export_panel):
    said = follow(export_panel, name="DeepSeek-V3", weights="BF16")
    held = {short: fw.fits(fw.model("DeepSeek-V3"), fw.machine(device, 8), weights="BF16", context=export.CONTEXT, batch=32).fits
            for short, (device, _) in export.OTHERS.items()}  # fmt: skip
    assert not held["H800"] and "do not hold it for serving: H100, H800" in said
    for (short, job), bar in export_panel._artists.bars.items():
        fits = job == "train" or held[short]
        assert (bar.get_width() > 0) == fits, (short, job)
        assert (export_panel._artists.labels[short, job].get_text() == "does not fit") != fits


def test_the_export_bars_are_the_librarys_times(export_panel):
    follow(export_panel, name="Qwen3-235B-A22B", weights="FP8", batch=16)
    what = fw.model("Qwen3-235B-A22B")
    h100, h20 = (fw.machine(device, 8) for device in (export.BASE, "H20 96GB"))
    for job in ("prefill", "decode"):
        case = {"context": export.CONTEXT, "batch": 16, "weights": "FP8"}
        seconds = [inference.predict(what, where, job, **case).seconds for where in (h100, h20)]
        width = export_panel._artists.bars["H20", job].get_width()
        assert width == pytest.approx(min(seconds[0] / seconds[1], export.WIDEST))
