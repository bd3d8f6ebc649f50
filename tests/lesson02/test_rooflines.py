"""What is scarce, this machine's own roofline, and the panel of all machines' rooflines."""

from __future__ import annotations

import itertools
from dataclasses import replace

import freeweights as fw
import matplotlib
import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.cost import bottleneck, inference, memory
from freeweights.facts import catalog
from freeweights.facts.vocabulary import Bottleneck, Phase
from freeweights.lesson02 import own_roofline_picture, roofline_panel
from freeweights.page import live
from freeweights.page.style import STYLE
from hypothesis import assume, given, settings
from hypothesis import strategies as st

NAMES = st.sampled_from(["SmolLM2-135M-Instruct", "Llama 3.1 8B", "gpt-oss-120b", "DeepSeek-R1", "GLM-5.2"])
DEVICES = st.sampled_from(["Apple M3 Ultra 512GB", "GeForce RTX 5090", "H200 SXM 141GB", "B200 SXM 180GB"])
PHASES = st.sampled_from(Phase)
WEIGHTS = st.sampled_from(["BF16", "FP8", "Q4_K_M"])


# ---- which of five


@settings(max_examples=80, deadline=None)
@given(NAMES, DEVICES, PHASES, WEIGHTS, st.integers(1, 8192), st.integers(1, 64), st.sampled_from([1, 8]))
def test_the_longer_of_arithmetic_and_bandwidth_is_the_librarys_floor(
    name, device, phase, weights, context, batch, count
):
    what, where = fw.model(name), fw.machine(device, count)
    seconds = bottleneck.demand(what, where, phase, context=context, batch=batch, weights=weights).seconds
    estimate = inference.predict(what, where, phase, context=context, batch=batch, weights=weights)
    assume(estimate.fits)
    assert max(seconds["arithmetic"], seconds["bandwidth"]) == pytest.approx(estimate.lower_bound, rel=1e-9)


@settings(max_examples=80, deadline=None)
@given(NAMES, DEVICES, PHASES, WEIGHTS, st.integers(1, 8192), st.integers(1, 512))
def test_scarce_is_what_takes_longest_and_what_does_not_fit_lacks_capacity(
    name, device, phase, weights, context, batch
):
    what, where = fw.model(name), fw.machine(device)
    found = bottleneck.limiting_resource(what, where, phase, context=context, batch=batch, weights=weights)
    seconds = found.demand.seconds
    assert found.resource in Bottleneck and found.factor >= 1
    assert "overhead" in seconds
    assert (found.resource == "capacity") == (not found.fit.fits)
    if found.fit.fits:
        assert seconds[found.resource] == max(seconds.values())
        assert found.factor == pytest.approx(seconds[found.resource] / seconds[found.next])
    assert bottleneck.remedy(what, where, found, phase, context=context, batch=batch, weights=weights)


@settings(max_examples=40, deadline=None)
@given(NAMES, DEVICES, PHASES, WEIGHTS, st.integers(1, 8192))
def test_the_turning_point_is_the_first_at_which_arithmetic_takes_as_long(
    name, device, phase, weights, context
):
    what, where = fw.model(name), fw.machine(device)
    found = bottleneck.crossover(what, where, phase, context=context, weights=weights)

    def arithmetic_leads(number: int) -> bool:
        batch, tokens = (number, context) if phase == "decode" else (1, number)
        seconds = bottleneck.demand(what, where, phase, context=tokens, batch=batch, weights=weights).seconds
        return seconds["arithmetic"] >= seconds["bandwidth"]

    last = bottleneck.LARGEST if phase == "decode" else min(what.max_context, bottleneck.LARGEST)
    assert not arithmetic_leads(last) if found is None else arithmetic_leads(found)
    assert found in (None, 1) or not arithmetic_leads(found - 1)


@settings(max_examples=60, deadline=None)
@given(NAMES, DEVICES, WEIGHTS, st.integers(0, 8000), st.integers(1, 10_000))
def test_writing_for_one_more_user_never_lowers_the_arithmetic_intensity(
    name, device, weights, context, batch
):
    demand = bottleneck.demand(
        fw.model(name),
        fw.machine(device),
        "decode",
        context=context,
        batch=[batch, batch + 1],
        weights=weights,
    )
    fewer, more = demand.intensity
    assert more >= fewer * (1 - 1e-9)


@given(DEVICES, st.sampled_from([4.0, 8.0, 16.0]), st.floats(1e-3, 1e6))
def test_below_the_ridge_the_roof_is_bandwidth_and_above_it_arithmetic(device, bits, intensity):
    where = fw.machine(device)
    roof, ridge = bottleneck.roof(where, intensity, bits), bottleneck.ridge_point(where, bits)
    assert roof == pytest.approx(min(intensity, ridge) * where.memory_bandwidth)


@pytest.mark.parametrize(
    "name, device", [("DeepSeek-R1", "H200 SXM 141GB"), ("Llama 3.1 405B", "GeForce RTX 5090")]
)
def test_as_few_devices_as_hold_a_model_hold_it_and_half_of_them_do_not(name, device):
    what = fw.model(name)
    count = memory.devices_to_hold(what, fw.machine(device), weights="FP8")
    assert fw.fits(what, fw.machine(device, count), weights="FP8").fits
    assert not fw.fits(what, fw.machine(device, count // 2), weights="FP8").fits


def test_devices_that_split_only_the_experts_each_hold_all_else():
    what, cards = fw.model("DeepSeek-R1"), fw.machine("GeForce RTX 4090", 8, split="experts")
    count = memory.devices_to_hold(what, cards, weights="FP8")
    assert [fw.fits(what, replace(cards, count=n), weights="FP8").fits for n in (count // 2, count)] == [
        False,
        True,
    ]
    with pytest.raises(fw.DoesNotFit, match="no routed experts. Split by tensor"):
        memory.devices_to_hold(what, cards, weights="BF16")


def test_a_step_of_nobody_or_of_an_empty_prompt_is_refused():
    what, where = fw.model("Llama 3.1 8B"), fw.machine("H200 SXM 141GB")
    with pytest.raises(ValueError, match="context is 0: 1 or more"):
        bottleneck.demand(what, where, "prefill", context=0)
    with pytest.raises(ValueError, match="batch is 0: 1 or more"):
        bottleneck.demand(what, where, batch=0)
    found = bottleneck.limiting_resource(what, where, context=0, weights="BF16")
    assert "arithmetic takes over" in bottleneck.remedy(what, where, found, context=0, weights="BF16")


def test_taking_turns_reads_the_same_bytes_in_more_time():
    what = fw.model("Llama 3.1 70B")
    shared, turns = (
        bottleneck.demand(
            what,
            fw.machine("H200 SXM 141GB", 8, split=split),
            "prefill",
            context=4096,
            batch=1,
            weights="BF16",
        )
        for split in ("tensor", "pipeline")
    )
    assert turns.bytes == pytest.approx(shared.bytes) and turns.flops == shared.flops
    assert turns.seconds["bandwidth"] > shared.seconds["bandwidth"]


def test_nothing_moved_has_no_intensity_and_a_third_phase_is_refused():
    with pytest.raises(ValueError, match="without a byte"):
        bottleneck.arithmetic_intensity(1.0, 0.0)
    with pytest.raises(ValueError, match="'decode' or 'prefill'"):
        bottleneck.demand(fw.model("Llama 3.1 8B"), fw.machine("H200 SXM 141GB"), "train")


def test_a_device_filled_by_its_engines_buffers_is_refused_with_words():
    with pytest.raises(fw.DoesNotFit, match="shorter chunks"):
        memory.devices_to_hold(fw.model("Llama 3.1 8B"), fw.machine("GroqChip LPU v1"))


# ---- this machine's own roofline


@pytest.fixture(scope="module")
def small_dots():
    return own_roofline_picture.time_products((256, 64), (1, 4, 16))


def test_every_product_is_timed_and_intensity_grows_with_columns(small_dots):
    for dots in small_dots:
        assert np.all(dots.rate > 0) and np.all(np.diff(dots.intensity) > 0)
        assert np.all(dots.intensity <= dots.columns / 2)


def made(rates, cache_rates, bandwidth=10e9, flops=100e9, busy=1.0) -> own_roofline_picture.Roofline:
    """A roofline with dots at given shares of the roof, and their fastest repeats so many times as fast."""
    columns = np.array([1, 4, 64])
    families = []
    for side, shares in ((5632, rates), (512, cache_rates)):
        moved = own_roofline_picture.product_bytes(side, columns)
        intensity = np.asarray(
            bottleneck.arithmetic_intensity(own_roofline_picture.product_flops(side, columns), moved)
        )
        roof = np.minimum(intensity * bandwidth, flops)
        shares = np.asarray(shares)
        families.append(
            own_roofline_picture.Dots(side, columns, intensity, roof * shares, busy * roof * shares)
        )
    return own_roofline_picture.Roofline("Made up", bandwidth, flops, *families, seconds=1.0)


def test_the_sentence_says_how_close_the_dots_come_on_each_side_of_the_ridge():
    said = own_roofline_picture.sentence(made([0.8, 0.5, 0.9], [0.5, 0.5, 0.5]))
    assert "50 % to 80 % of what 10 GB/s" in said and "90 % of 100 GFLOP/s" in said
    assert "stays below" in said and "passes" not in said


def test_a_dot_above_the_roof_is_explained():
    mine = made([0.5, 0.5, 0.5], [3.0, 0.5, 0.5])
    picture = live.picture(lambda figure: own_roofline_picture.draw(figure, mine), title="My roofline")
    assert "3 times its height" in picture.sentence and "cache" in picture.sentence


def test_the_measured_roof_is_the_fastest_seen_so_that_no_large_product_passes_it(monkeypatch, small_dots):
    slow = own_roofline_picture.this_machine.Measured(1.0, 1.0, 1.0, "B/s", 3)
    monkeypatch.setattr(own_roofline_picture, "time_products", lambda: small_dots)
    monkeypatch.setattr(own_roofline_picture.this_machine, "matrix_vector", lambda memory: slow)
    monkeypatch.setattr(own_roofline_picture.this_machine, "matrix_matrix", lambda: slow)
    mine = own_roofline_picture.measure()
    assert 0 < mine.share(mine.memory).max() <= 1 + 1e-9


def test_a_busy_machine_is_said_to_be_busy():
    idle, busy = (
        own_roofline_picture.sentence(made([0.4] * 3, [0.4] * 3, busy=times)) for times in (1.1, 2.0)
    )
    assert "Another program" not in idle and "2 times as fast, so measure again" in busy


def test_the_ridge_is_where_both_halves_of_the_roof_meet():
    mine = made([1, 1, 1], [1, 1, 1])
    assert mine.roof(mine.ridge) == pytest.approx(mine.flops)
    assert mine.share(mine.memory) == pytest.approx(np.ones(3))


# ---- the panel


@pytest.fixture(scope="module")
def panel():
    return roofline_panel.panel()


def test_every_machine_and_count_has_its_answer_for_small_and_large_models(panel):
    unfit = 0
    for place, count, name in itertools.product(
        roofline_panel.MACHINES,
        roofline_panel.COUNTS,
        ("SmolLM2-135M-Instruct", "Llama 3.1 70B", "DeepSeek-R1", "GLM-5.2"),
    ):
        said = follow(panel, place=place, count=count, name=name)
        unfit += "missing" in said
        check_marks(panel)
        if count == roofline_panel.ENOUGH and "joins" not in said:
            device, network = roofline_panel.MACHINES[place]
            assert "missing" not in said or not (network or catalog.device(device).link), said
    assert unfit > 50


def check_marks(panel) -> None:
    """Marks lie on the axes, none above its roof; a hollow one says what is missing."""
    for phase in roofline_panel.LOOKS:
        marks = panel._artists.marks[phase]
        if not len(marks.mark.get_xdata()):
            continue
        (x,), (y,), (most,) = (
            marks.mark.get_xdata(),
            marks.mark.get_ydata(),
            marks.most.get_ydata(),
        )
        assert (
            roofline_panel.LEFT < x < roofline_panel.RIGHT
            and roofline_panel.LOW <= y <= most <= roofline_panel.HIGH
        )
        hollow = marks.mark.get_markerfacecolor() == "white"
        assert hollow == ("missing" in marks.label.get_text())


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_the_panel_can_be_read_wherever_its_controls_stand(panel, data):
    where = anywhere(panel, data)
    follow(panel, **where)
    check_marks(panel)
    check_text(panel, where)


def test_texts_stay_apart_along_each_control(panel):
    check_along_each_control(panel)


def test_a_filled_mark_lies_below_the_roof_as_far_as_the_time_lies_above_its_floor(panel):
    follow(panel, place="H200", name="Llama 3.1 8B", weights="FP8", batch=1, context=4096, count="1")
    step = fw.decode(
        fw.model("Llama 3.1 8B"), fw.machine("H200 SXM 141GB"), context=4096, batch=1, weights="FP8"
    )
    marks = panel._artists.marks["decode"]
    share = marks.mark.get_ydata()[0] / marks.most.get_ydata()[0]
    assert share == pytest.approx(step.lower_bound / step.expected)


def test_words_name_the_ridge_the_word_and_a_device_without_flops(panel):
    said = follow(panel, place="H200", name="Llama 3.1 8B", weights="BF16", batch=1, context=16, count="1")
    assert "ridge lies at 206 FLOP per byte" in said and "bandwidth is scarce" in said
    assert "arithmetic takes over at a batch of about" in said
    silent = [
        name for name, (device, _) in roofline_panel.MACHINES.items() if not fw.machine(device).computes
    ]
    for place in silent:
        assert "no FLOP/s are published" in follow(panel, place=place, name="SmolLM2-135M-Instruct", batch=1)


def test_groq_needs_hundreds_and_says_so(panel):
    said = follow(
        panel, place="Groq", count=roofline_panel.ENOUGH, name="Llama 3.1 70B", weights="FP8", batch=1
    )
    count = int(said.split(" x ")[0].split()[-1].replace(",", ""))
    assert count >= 256 and count & (count - 1) == 0 and "chunks of" in said and "missing" not in said


def test_every_machine_of_the_panel_is_in_the_catalogue():
    with matplotlib.rc_context(STYLE):
        assert set(roofline_panel.NAMED) <= set(roofline_panel.MACHINES)
    for device, network in roofline_panel.MACHINES.values():
        assert catalog.device(device) and (network is None or catalog.link(network))
        assert network is None or not catalog.device(device).link


def test_a_device_without_eight_bit_floats_multiplies_them_as_sixteen_bits():
    ampere = fw.machine("A100 SXM4 80GB")
    assert bottleneck.ridge_point(ampere, 8.0) == bottleneck.ridge_point(ampere, 16.0)
    assert bottleneck.roof(ampere, 1e6, 8.0) == pytest.approx(312e12)
