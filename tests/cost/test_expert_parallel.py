"""Experts on different devices: laws of their messages and loads, published exchanges, the panel."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.cost import expert_parallel, expert_placement
from freeweights.facts import catalog, figures
from freeweights.facts import quantities as q
from freeweights.facts.records_measured import Collective
from freeweights.lesson03 import expert_parallel_panel
from freeweights.machines import fabric
from freeweights.models import experts, routing
from freeweights.page import live
from hypothesis import assume, given, settings
from hypothesis import strategies as st

R1 = fw.model("DeepSeek-R1")
FABRICS = st.sampled_from(list(expert_parallel_panel.fabrics().values()))
POWERS = st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128, 256])
FAVOURS = st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0])
few = settings(max_examples=40, deadline=None)


# ---- messages


@given(where=FABRICS, devices=POWERS, one=st.floats(0, 1e9), other=st.floats(0, 1e9))
def test_more_bytes_never_take_less_time(where, devices, one, other):
    less, more = sorted((one, other))
    for exchange in (fabric.on_the_wire, expert_parallel.all_reduce):
        assert exchange(where, devices, less) <= exchange(where, devices, more)


@given(where=FABRICS, devices=POWERS, message=st.just(0.0) | st.floats(1, 1e9))
def test_one_device_sends_nothing_and_many_stay_behind_the_links_they_have(where, devices, message):
    wire = fabric.on_the_wire(where, devices, message)
    fastest = where.inside.bandwidth + where.between.bandwidth
    assert wire >= message * (devices - 1) / devices / fastest * (1 - 1e-9)
    assert wire == 0 if devices == 1 else wire > 0 or message == 0


@given(where=FABRICS, message=st.floats(1, 1e9))
def test_inside_one_node_the_exchange_is_the_machines_own_without_its_latency(where, message):
    one_node = where.of(where.node)
    wire = fabric.on_the_wire(where, where.node, message)
    assert wire == pytest.approx(one_node.all_to_all(message) - one_node.latency)
    assert expert_parallel.all_reduce(where, where.node, message) == pytest.approx(
        one_node.all_reduce(message)
    )


@given(nodes=POWERS, chosen=st.integers(1, 16))
def test_a_token_reaches_at_least_one_node_and_at_most_one_for_each_expert(nodes, chosen):
    reached = expert_parallel.nodes_reached(256, chosen, nodes)
    assert 1 - 1e-12 <= reached <= min(chosen, nodes) * (1 + 1e-12)
    # Choices of one token differ: they reach a little more than independent ones would.
    independent = float(experts.expected_distinct_experts(nodes, 1, chosen))
    assert independent - 1e-9 <= reached <= 1.05 * independent


@pytest.mark.parametrize("nodes", [2, 8, 32])
def test_nodes_reached_are_those_of_simulated_tokens(nodes):
    choices = routing.route(256, 8, 4000, 0.0, np.random.default_rng(0))
    met = [len(set(row)) for row in (choices // (256 // nodes)).tolist()]
    assert np.mean(met) == pytest.approx(
        expert_parallel.nodes_reached(256, 8, nodes), abs=4 * np.std(met) / 60
    )


@given(nodes=POWERS, most=POWERS)
def test_a_limit_on_nodes_never_adds_copies(nodes, most):
    assume(256 // nodes * min(nodes, most) >= 8)
    free = expert_parallel.copies_leaving(256, 8, nodes)
    assert expert_parallel.copies_leaving(256, 8, nodes, most) <= free + 1e-12
    assert free <= 8 * (nodes - 1) / nodes


# ---- published exchanges


def test_no_published_exchange_is_faster_than_its_bytes_over_the_specified_links():
    rows = [pair for kind in expert_parallel.published().values() for pair in kind]
    assert len(rows) == len(catalog.table(Collective)) == 12
    assert all(row.seconds > wire > 0 for row, wire in rows)


def test_the_start_up_of_dispatches_predicts_the_combines_that_it_was_not_taken_from():
    begun = expert_parallel.start_up()
    errors = [(wire + begun) / row.seconds - 1 for row, wire in expert_parallel.published()["combine"]]
    assert max(map(abs, errors)) < 0.15 and np.median(np.abs(errors)) < 0.06
    alone = [wire / row.seconds - 1 for row, wire in expert_parallel.published()["combine"]]
    assert max(alone) < -0.15, "the wire alone would explain them too"


def test_a_published_message_is_what_the_model_says_its_tokens_send():
    there, back = (128 * each for each in expert_parallel.token_bytes(R1))
    for row, _ in expert_parallel.published()["combine"]:
        assert row.message_bytes == back
    for row, _ in expert_parallel.published()["dispatch"]:
        assert 1 < row.message_bytes / there < 1.04, "a scale for every 128 values comes on top"


def test_the_published_decode_of_144_devices_is_met():
    (row,) = figures.measurements(
        id="dsday6-deepseek-v3-r1-671b-a37b-fp8-bf16-mla-core-h800-decode-b-p-c4989-o"
    )
    each = 21  # tokens/s of a user, middle of the published 20 to 22
    tokens = row.value / 8 / each
    where = expert_parallel_panel.fabrics()["H800, InfiniBand NDR"]
    seconds = expert_parallel.step_seconds(R1, where, row.devices, tokens, row.context)
    assert each * seconds == pytest.approx(1, abs=0.25)


# ---- loads


@few
@given(tokens=st.integers(1, 4096), zipf_exponent=FAVOURS)
def test_expected_loads_add_up_to_what_the_tokens_ask_for(tokens, zipf_exponent):
    drawn = expert_placement.expert_loads(64, 4, tokens, zipf_exponent)
    spread = 4 * np.sqrt(tokens * 4 / expert_placement.TRIALS) + 1e-9
    assert drawn.sum(axis=1).mean() == pytest.approx(4 * tokens, abs=spread)
    assert drawn.max() <= tokens and drawn.min() >= 0


@pytest.mark.parametrize("zipf_exponent", [0.0, 0.6])
def test_the_drawn_straggler_is_that_of_routed_tokens(zipf_exponent):
    held, copies = expert_placement.placement(64, 4, 8, zipf_exponent, False)
    rng = np.random.default_rng(1)
    routed = [
        routing.load(routing.route(64, 4, 256, zipf_exponent, rng), 64)
        for _ in range(expert_placement.TRIALS)
    ]
    found = [
        expert_placement.most_first(expert_placement.on_devices(loads, held, copies)[0].sum(axis=2))[0]
        for loads in (np.array(routed), expert_placement.expert_loads(64, 4, 256, zipf_exponent))
    ]
    assert found[0] == pytest.approx(found[1], rel=0.05)


@few
@given(zipf_exponent=FAVOURS, tokens=st.integers(1, 300), one=st.floats(0.1, 20), other=st.floats(0.1, 20))
def test_drops_fall_as_the_factor_grows(zipf_exponent, tokens, one, other):
    drawn = expert_placement.expert_loads(64, 4, tokens, zipf_exponent)
    tight, wide = (
        expert_placement.apply_capacity(drawn, 4, tokens, factor) for factor in sorted((one, other))
    )
    assert 0 <= wide[1] <= tight[1] < 1 and 0 <= tight[2] <= wide[2] + 1e-12 < 1


@given(zipf_exponent=FAVOURS, tokens=st.integers(1, 300), more=st.floats(0, 10))
def test_nothing_is_dropped_where_one_expert_may_take_every_token(zipf_exponent, tokens, more):
    drawn = expert_placement.expert_loads(64, 4, tokens, zipf_exponent)
    kept, dropped, _ = expert_placement.apply_capacity(drawn, 4, tokens, 64 / 4 + more)
    assert dropped == 0 and np.array_equal(kept, drawn)


@few
@given(devices=st.sampled_from([8, 32, 64]), zipf_exponent=FAVOURS)
def test_every_expert_lies_somewhere_and_copies_share_all_its_tokens(devices, zipf_exponent):
    drawn = expert_placement.expert_loads(64, 4, 500, zipf_exponent)
    for spare in (False, True):
        held, copies = expert_placement.placement(64, 4, devices, zipf_exponent, spare)
        assert copies.sum() == 64 + devices * spare and copies.min() >= 1
        assert all(np.array_equal(np.bincount(one.ravel()), copies) for one in held)
        got, read = expert_placement.on_devices(drawn, held, copies)
        assert got.sum() == pytest.approx(drawn.sum()) and read.max() <= 1


def straggler(**what) -> float:
    where = expert_parallel_panel.fabrics()["H200, InfiniBand NDR"]
    return expert_parallel.layer(R1, where, **{"devices": 32, "tokens": 64} | what).straggler


def test_more_tokens_even_out_a_uniform_load_but_not_a_favoured_one():
    even = [straggler(tokens=tokens) for tokens in (1, 8, 64, 512)]
    assert even == sorted(even, reverse=True) and even[-1] < 1.05 and even[0] > 1.5
    assert straggler(tokens=512, zipf_exponent=0.8) > 0.95 * straggler(tokens=64, zipf_exponent=0.8) > 2


def test_favour_and_devices_make_the_straggler_worse_and_spare_copies_cure_it():
    by_favour = [straggler(zipf_exponent=zipf_exponent) for zipf_exponent in (0.0, 0.4, 0.8)]
    by_devices = [straggler(devices=devices, zipf_exponent=0.4) for devices in (8, 32, 256)]
    assert by_favour == sorted(by_favour) and by_devices == sorted(by_devices)
    assert straggler(zipf_exponent=0.8, spare=True) < 1.2 < by_favour[-1]


# ---- one layer


@few
@given(
    where=FABRICS,
    devices=POWERS,
    tokens=st.integers(1, 512),
    zipf_exponent=FAVOURS,
    remedy=st.sampled_from(list(expert_parallel_panel.REMEDIES)),
)
def test_the_parts_of_a_layer_are_seconds_that_add_up_and_never_beat_the_wire(
    where, devices, tokens, zipf_exponent, remedy
):
    found = expert_parallel.layer(
        R1, where, devices, tokens, zipf_exponent, *expert_parallel_panel.REMEDIES[remedy]
    )
    assert all(np.isfinite(part) and part >= -1e-12 for part in found.parts.values())
    assert found.seconds == sum(found.parts.values())
    assert 1 - 1e-12 <= found.straggler <= devices * (1 + 1e-12)
    wire = (1 - found.dropped) * tokens * sum(expert_parallel.token_bytes(R1))
    assert found.parts["dispatch"] + found.parts["combine"] >= fabric.on_the_wire(where, devices, wire)
    again = expert_parallel.layer.__wrapped__(
        R1, where, devices, tokens, zipf_exponent, *expert_parallel_panel.REMEDIES[remedy]
    )
    assert again.parts == found.parts, "the same question has the same answer"


def test_on_one_device_experts_apart_and_sliced_are_the_same_work():
    where = expert_parallel_panel.fabrics()["H200, InfiniBand NDR"]
    apart = expert_parallel.layer(R1, where, 1, 512)
    tensor_parallel = expert_parallel.tensor_parallel(R1, where, 1, 512)
    assert apart.parts["work"] == pytest.approx(tensor_parallel["work"], rel=0.01)
    assert apart.seconds == pytest.approx(apart.parts["work"]) and tensor_parallel["all-reduce"] == 0


def test_sums_outgrow_exchanges_where_the_hand_count_says_so():
    """Of B tokens a device each sends 3 k B values' bytes; a sum of n devices' tokens moves 4 n B of them."""
    there, back = expert_parallel.token_bytes(R1)
    turning = (there + back) / (4 * R1.hidden_size)
    assert turning == 0.75 * R1.experts_per_token == 6


def test_whole_steps_gain_from_experts_apart_at_many_devices_and_from_slices_at_few():
    where = expert_parallel_panel.fabrics()["H200, InfiniBand NDR"]

    def gain(devices):
        steps = [expert_parallel.step_seconds(R1, where, devices, 32, 128, s) for s in ("tensor", "experts")]
        return steps[0] / steps[1]

    assert gain(8) < 1 and gain(256) > 3


# ---- bad input


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda w: expert_parallel.layer(R1, w, 144, 32), "do not divide among 144: .* 128 or 256"),
        (lambda w: expert_parallel.layer(R1, w, 0, 32), "0 devices or nodes cannot share"),
        (lambda w: expert_parallel.layer(R1, w, 8, 0), "tokens is 0: 1 or more"),
        (lambda w: expert_parallel.layer(R1, w, 8, 32, factor=0), "capacity factor is 0: above 0"),
        (lambda w: expert_parallel.layer(R1, w, 8, 32, factor=float("nan")), "capacity factor is nan"),
        (lambda w: expert_parallel.layer(R1, w, 8, 32, -1), "zipf_exponent is -1"),
        (lambda w: fabric.on_the_wire(w, 0, 1e6), "devices is 0: 1 or more"),
        (lambda w: fabric.on_the_wire(w, 8, -1), "message is -1"),
        (lambda w: expert_parallel.token_bytes(fw.model("Llama 3.1 8B")), "is dense"),
        (lambda w: expert_parallel.nodes_reached(256, 8, 3), "do not divide among 3: .* 2 or 4"),
        (lambda w: fabric.fabric("H200 SXM 141GB", "400 GbE", 0), "node is 0"),
        (lambda w: fabric.fabric("H200 SXM 141GB", "SATA SSD"), "a link is needed"),
        (
            lambda w: fabric.fabric("Phone 8GB (iPhone 16 Pro)", "1 GbE").inside,
            "has no interconnect",
        ),
        (lambda w: expert_parallel.step_seconds(R1, w, 8, 1, 1024, "pipeline"), "split is 'pipeline'"),
    ],
)
def test_what_cannot_be_is_said_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call(expert_parallel_panel.fabrics()["H200, InfiniBand NDR"])


# ---- the panel


@pytest.fixture(scope="module")
def panel():
    return expert_parallel_panel.panel()


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


@few
@given(data=st.data())
def test_the_panel_has_an_answer_that_can_be_read_wherever_its_controls_stand(panel, data):
    where = anywhere(panel, data)
    follow(panel, **where)
    check_text(panel, where)
    ends = [bar.get_x() + bar.get_width() for bars in panel._artists.ways.bars.values() for bar in bars]
    assert all(0 <= end <= expert_parallel_panel.LONGEST + 1e-9 for end in ends), where
    for name in ("asked", "got"):
        values = getattr(panel._artists, name).get_data().values
        assert expert_parallel_panel.LEAST <= values.min() and values.max() <= expert_parallel_panel.MOST, (
            where
        )


def test_the_sentence_says_what_the_library_says(panel):
    said = follow(panel, devices="64", zipf_exponent=0.6, remedy="capacity 1.25")
    where = expert_parallel_panel.fabrics()[panel.values["place"]]
    found = expert_parallel.layer(R1, where, 64, panel.values["tokens"], 0.6, 1.25)
    for part in (q.duration(found.seconds), q.duration(found.parts["waiting"]), q.percent(found.dropped)):
        assert part in said
    title = panel._artists.finding.get_text()
    assert "decide" in title and "%" in title


def test_a_model_without_room_has_no_bars_and_says_what_is_missing(panel):
    said = follow(panel, place="H800, InfiniBand NDR", devices="8")
    assert "does not fit" in said and "missing" in panel._artists.finding.get_text()
    assert all(bar.get_width() == 0 for bars in panel._artists.ways.bars.values() for bar in bars)


def test_moving_the_panel_draws_no_background_again(panel):
    panel.set(devices="64")
    before = panel.stage.full_draws
    panel.set(zipf_exponent=0.9, remedy="capacity 1")
    panel.set(remedy="a spare copy each", tokens=7)
    assert panel.stage.full_draws == before


def test_the_picture_shows_every_published_exchange_and_its_error():
    figure = expert_parallel_panel.live.blank((9, 4))
    said = live.readable(expert_parallel_panel.against_published(figure), "draw()")
    labels = [text.get_text() for text in figure.axes[0].texts]
    assert sum(label.endswith(" %") for label in labels) == 12 and "within" in said
