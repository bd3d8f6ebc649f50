"""Lesson 04's counts and panels: what must hold of every kind of attention, of the cache's takeover and of a kept prefix."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.cost import prefix_cache, step_work
from freeweights.facts import quantities as q
from freeweights.lesson04 import (
    agent_panel,
    cache_crossover_panel,
    long_context,
    long_context_panel,
    million_tokens,
)
from freeweights.money import hourly_rate
from freeweights.money.price_lists import list_prices
from hypothesis import given, settings
from hypothesis import strategies as st

MODULES = {"long_context": long_context_panel, "takeover": cache_crossover_panel, "agent": agent_panel}
EVERY = long_context.released() | long_context.one_body()
NODE = fw.machine("H200 SXM 141GB", count=8)
CONTEXT = st.integers(1, long_context.LONGEST)
PLACES = st.sampled_from(list(long_context_panel.MACHINES.values()))


@pytest.fixture(scope="module")
def shown():
    return {name: module.panel() for name, module in MODULES.items()}


@pytest.fixture(scope="module", params=list(MODULES))
def panel(request, shown):
    return shown[request.param]


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_panel_has_an_answer_that_can_be_read_wherever_its_controls_stand(panel, data):
    where = anywhere(panel, data)
    follow(panel, **where)
    check_text(panel, where)
    for axes in panel.stage.figure.axes:
        for line in axes.lines:
            if line.get_transform() == axes.transData:
                x, y = (np.ma.compressed(np.ma.masked_invalid(part)) for part in line.get_data())
                for seen, (low, high) in ((x, axes.get_xlim()), (y, sorted(axes.get_ylim()))):
                    assert all(low <= one <= high for one in seen), where


@given(name=st.sampled_from(list(EVERY)), few=CONTEXT, more=CONTEXT)
def test_a_longer_context_never_needs_less(name, few, more):
    what = EVERY[name]
    few, more = sorted(min(one, what.max_context) for one in (few, more))
    for of in (what.cache_bytes, what.cache_read_bytes, what.flops_per_token, what.prefill_flops):
        assert of(few) <= of(more)


@given(CONTEXT)
def test_of_one_body_grouped_heads_keep_an_eighth_and_no_other_kind_keeps_as_much(context):
    kept = {kind: what.cache_bytes(context) for kind, what in long_context.one_body().items()}
    assert kept["full (MHA)"] == kept["grouped (GQA)"] * 64 / long_context.GROUPS
    states = long_context.one_body()["linear in 7 of 8"].cache_bytes(0)
    assert all(size - states <= kept["grouped (GQA)"] for kind, size in kept.items() if kind != "full (MHA)")
    assert kept["latent (MLA)"] < kept["sparse, shared index"] < kept["sparse (DSA)"]


@given(CONTEXT)
def test_grouping_keys_saves_memory_and_no_arithmetic(context):
    bodies = long_context.one_body()
    work = [long_context.attention_flops(bodies[kind], context) for kind in ("full (MHA)", "grouped (GQA)")]
    assert work[0] == work[1]


@given(st.integers(long_context.WINDOW, long_context.LONGEST - 1000))
def test_past_the_window_only_the_full_layers_grow(context):
    windowed, full = (long_context.one_body()[kind] for kind in ("window in 5 of 6", "grouped (GQA)"))
    grown = [what.cache_bytes(context + 1000) - what.cache_bytes(context) for what in (windowed, full)]
    assert grown[0] == pytest.approx(grown[1] * (1 - 65 / 78))


def test_the_body_with_its_own_attention_is_the_released_model():
    own, released = long_context.one_body()["sparse, shared index"], fw.model(long_context.BODY)
    assert own.parameters == released.parameters
    assert own.cache_bytes(10**6) == released.cache_bytes(10**6)
    assert own.flops_per_token(10**6) == released.flops_per_token(10**6)


@pytest.mark.parametrize("name", long_context.RELEASED)
def test_the_words_of_a_released_model_are_its_layers(name):
    layers = dict(word.split(":") for word in fw.model(name).architecture.mixers.split())
    words = long_context.RELEASED[name]
    if " in " in words:
        some, all_of = (int(word) for word in words.split(" in ")[1].split(" of "))
        kind = {"chunks": "chunked", "Mamba-2": "mamba2"}.get(words.split()[0], words.split()[0])
        assert round(int(layers[kind]) / fw.model(name).layers * all_of) == some
    else:
        assert set(layers) <= {"full", "mla", "dsa", "dsa-shared"} and ("dsa-shared" in layers) == (
            "shared" in words
        )


@settings(max_examples=60, deadline=None)
@given(
    quantity=st.sampled_from(list(long_context.QUANTITIES)), name=st.sampled_from(list(EVERY)), place=PLACES
)
def test_a_curve_ends_where_its_sequence_fits_no_longer(quantity, name, place):
    where = fw.machine(*place)
    found = long_context.curve(quantity, EVERY[name], where, "FP8", 5000)
    fits = fw.fits(EVERY[name], where, weights="FP8", context=found.at).fits
    assert found.held == (found.at[fits][-1] if fits.any() else 0)
    known = ~np.ma.getmaskarray(found.values)
    assert np.array_equal(known, fits if long_context.QUANTITIES[quantity].needs_machine else known | True)
    rising = np.diff(found.values[known]) * (-1 if quantity.startswith("slots") else 1)
    assert np.all(rising >= -1e-9 * np.abs(found.values[known][:-1]))


@pytest.mark.parametrize("context", [20_000, 200_000])  # more users fit than are served; fewer
def test_a_request_costs_its_prompt_and_its_part_of_the_steps(context):
    what = fw.model("MiniMax-M1")
    users = min(fw.max_sequences(what, NODE, context=context, weights="FP8").expected, 64)
    step = fw.decode(what, NODE, context=context, batch=users, weights="FP8").seconds
    reading = fw.prefill(what, NODE, prompt=context - long_context.ANSWER, weights="FP8").seconds
    seconds = float(long_context.request_seconds(what, NODE, "FP8", context))
    assert seconds == pytest.approx(reading + long_context.ANSWER * step / users)
    assert hourly_rate.dollars(NODE, seconds, "by the hour") == pytest.approx(
        seconds / 3600 * 8 * NODE.device.rental
    )


def test_the_main_panel_says_what_the_library_says_and_what_is_missing(shown):
    said = follow(shown["long_context"], context=163_840, place="8 x H200")
    for name in ("DeepSeek-R1", "GLM-5.2"):
        assert f"{q.size(fw.model(name).cache_bytes(163_840))}" in said
    assert "Their context ends before: Llama 3.1 405B (131,072)" in said
    said = follow(
        shown["long_context"], place="8 x H200", compare="one body, several attentions", context=1_048_576
    )
    assert "has no room for one such sequence of full (MHA); grouped (GQA)" in said
    follow(shown["long_context"], place="RTX 5090", quantity="slots on the machine", context=1_048_576)
    assert "no room at all for 6 of them" in shown["long_context"]._artists.unfit.get_text()
    assert "nothing is left" in shown["long_context"]._artists.title.get_text()


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(list(EVERY)), batch=st.integers(1, 1024), weights=st.sampled_from(["BF16", "3 bits"])
)
def test_the_cache_outweighs_the_weights_from_the_turning_point_on_and_not_before(name, batch, weights):
    what, turn = EVERY[name], long_context.cache_crossover(EVERY[name], weights, batch)
    read, cached = step_work.step_bytes(what, context=turn or what.max_context, weights=weights, batch=batch)
    assert (cached > read) == (turn is not None)
    if turn and turn > 1:
        read, cached = step_work.step_bytes(what, context=np.floor(0.98 * turn), weights=weights, batch=batch)
        assert cached <= read


@pytest.mark.parametrize("name", EVERY)
def test_attention_outweighs_the_weights_from_the_turning_point_on_and_not_before(name):
    what, turn = EVERY[name], long_context.attention_crossover(EVERY[name])

    body = 2 * what.active("without embeddings")
    head = 2 * what.active_parameters - body

    def share(prompt):
        return (what.prefill_flops(prompt) - head) / (body * prompt) - 1

    assert (share(turn or what.max_context) > 1) == (turn is not None)
    assert not turn or share(0.97 * turn) < 1


def test_for_dense_models_more_users_meet_the_cache_earlier_and_narrow_weights_too():
    turns = [
        long_context.cache_crossover(fw.model("Llama 3.1 405B"), "BF16", users) for users in (16, 64, 256)
    ]
    assert turns == sorted(turns, reverse=True)
    assert long_context.cache_crossover(fw.model("Llama 3.1 405B"), "3 bits", 16) < turns[0]


def test_the_turning_points_on_the_panel_are_the_librarys(shown):
    said = follow(shown["takeover"], batch=64)
    turn = long_context.cache_crossover(fw.model("Llama 3.1 405B"), "FP8", 64)
    assert f"Llama 3.1 405B {cache_crossover_panel.say(turn)}" in said
    assert "at once" in follow(shown["takeover"], batch=256)
    assert "never, up to its longest context, in" in follow(shown["takeover"], batch=1)


def test_a_million_tokens_cost_less_than_with_full_attention_in_the_same_body():
    for name in ("MiniMax-M1", "Llama 4 Maverick"):
        own = million_tokens.request(fw.model(name), NODE, "FP8")
        full = million_tokens.request(
            long_context.with_attention(fw.model(name), "grouped (GQA)"), NODE, "FP8"
        )
        assert own.max_sequences > full.max_sequences and own.reading < full.reading and own.cost < full.cost
        assert own.speed > full.speed and own.cache < full.cache and own.flops < full.flops


def test_where_a_million_tokens_do_not_fit_there_is_no_speed_and_no_cost():
    full = million_tokens.request(
        long_context.with_attention(fw.model("GLM-5.2"), "grouped (GQA)"), NODE, "FP8"
    )
    assert (full.fit.fits, full.max_sequences, full.reading, full.speed, full.cost) == (
        False,
        0,
        None,
        None,
        None,
    )
    assert full.flops > 0 and full.cache > 0


def test_the_share_of_flops_that_minimax_states_lies_between_our_two_counts():
    m1, r1 = fw.model("MiniMax-M1"), fw.model("DeepSeek-R1")
    decoded, expanded = (
        million_tokens.flops_to_write(m1, 100_000, form) / million_tokens.flops_to_write(r1, 100_000, form)
        for form in (False, True)
    )
    assert decoded < 0.25 < expanded  # arXiv:2506.13585


def test_writing_is_the_sum_over_growing_contexts_in_either_form():
    llama, r1 = fw.model("Llama 3.1 8B"), fw.model("DeepSeek-R1")
    assert million_tokens.flops_to_write(llama, 1000) == pytest.approx(
        million_tokens.flops_to_write(llama, 1000, expanded=True)
    )
    assert million_tokens.flops_to_write(r1, 1000) > million_tokens.flops_to_write(r1, 1000, expanded=True)


# ---- prefix caching

FIRST, ADDED, TURNS = st.integers(1, 100_000), st.integers(1, 20_000), st.integers(1, 300)


@given(FIRST, ADDED, TURNS)
def test_without_a_cache_tokens_grow_with_the_square_of_turns_and_with_it_in_a_line(first, added, turns):
    sent = prefix_cache.prompts(first, added, turns)
    assert prefix_cache.tokens_read(sent, 0).sum() == turns * first + added * turns * (turns - 1) / 2
    assert prefix_cache.tokens_read(sent, 1).sum() == first + added * (turns - 1)


@settings(max_examples=60, deadline=None)
@given(FIRST, ADDED, TURNS, st.floats(0, 1), st.sampled_from(agent_panel.MODELS))
def test_a_kept_prefix_never_costs_more_and_never_less_than_reading_the_last_history_once(
    first, added, turns, hits, name
):
    what, sent = fw.model(name), prefix_cache.prompts(first, added, turns)
    sent = sent[: prefix_cache.reach(what, NODE, "FP8", sent).turns]
    if not sent.size:
        return
    again, some, kept = (prefix_cache.seconds_read(what, NODE, "FP8", sent, share) for share in (0, hits, 1))
    alone = fw.prefill(what, NODE, prompt=added, weights="FP8").seconds
    assert np.all(kept <= some * (1 + 1e-9)) and np.all(some <= again * (1 + 1e-9))
    assert 1 - 1e-9 <= kept.sum() / again[-1] and kept.sum() <= (again[-1] + alone * turns) * (1 + 1e-9)
    again, held, worth = prefix_cache.worth_keeping(what, NODE, "FP8", sent[-1])
    assert worth >= again and held == fw.max_sequences(what, NODE, context=sent[-1], weights="FP8").expected


@settings(max_examples=40, deadline=None)
@given(FIRST, ADDED, TURNS, st.sampled_from(agent_panel.MODELS), PLACES)
def test_the_last_possible_turn_fits_and_the_next_does_not(first, added, turns, name, place):
    what, where, sent = fw.model(name), fw.machine(*place), prefix_cache.prompts(first, added, turns)
    end = prefix_cache.reach(what, where, "4.5 bits", sent)
    possible = [
        bool(tokens <= what.max_context and fw.fits(what, where, weights="4.5 bits", context=tokens).fits)
        for tokens in sent[max(end.turns - 1, 0) : end.turns + 1]
    ]
    assert possible == [True] * (end.turns > 0) + [False] * (end.turns < turns)
    assert bool(end.lacks) == (end.turns < turns)


def test_a_bill_lies_between_all_full_price_and_all_cached_price():
    sent = prefix_cache.prompts(10_000, 1000, 20)
    prices = list_prices("GLM-5")
    full, cached = prices.input / 1e6, prices.cached / 1e6
    bills = [agent_panel.billed("GLM-5", sent, share) for share in (0, 0.5, 1)]
    assert bills[0] == pytest.approx(full * sent.sum()) and bills == sorted(bills, reverse=True)
    assert bills[2] == pytest.approx(full * sent[-1] + cached * sent[:-1].sum())


@pytest.mark.parametrize(
    "settings_, words",
    [
        ({"name": "GLM-4.6", "added": 20_000, "turns": 300}, "longer than the model's context"),
        ({"name": "Llama 3.1 70B", "place": "RTX 5090"}, "does not fit"),
        ({"name": "Gemma 3 27B", "place": "RTX 5090"}, "larger than the memory"),
        ({"hits": 0}, "nothing is saved"),
        ({"turns": 1}, "nothing is saved"),
    ],
)
def test_the_agents_panel_says_what_it_lacks(shown, settings_, words):
    said = follow(shown["agent"], **settings_)
    assert words in said + shown["agent"]._artists.title.get_text()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: long_context.with_attention(fw.model("GLM-5.2"), "sliding"), "choose one of 'full"),
        (lambda: long_context.with_attention(fw.model("MiniMax-M1"), "latent (MLA)"), "no latent or"),
        (lambda: long_context.curve("speed", fw.model("GLM-5.2"), NODE, "FP8"), "choose one of 'attention"),
        (lambda: long_context.request_seconds(fw.model("GLM-5.2"), NODE, "FP8", 500), "answer are needed"),
        (lambda: prefix_cache.prompts(0, 1, 1), "first is 0"),
        (lambda: prefix_cache.prompts(1, 1, 0), "turns is 0"),
        (lambda: prefix_cache.tokens_read(np.array([1.0, 2.0]), 1.5), "hits is 1.5"),
        (lambda: agent_panel.billed("GPT-44", np.ones(2)), "or 'GPT-4.1'"),
        (lambda: million_tokens.request(fw.model("DeepSeek-R1"), NODE, "FP8"), "takes at most 163,840"),
    ],
)
def test_bad_input_is_told_what_was_expected(call, words):
    with pytest.raises((ValueError, fw.UnknownName), match=words.replace("(", r"\(")):
        call()
