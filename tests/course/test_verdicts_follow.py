"""A verdict's word follows its numbers: the data behind each claim are moved until every verdict it can come to is met."""

from __future__ import annotations

import importlib
from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import freeweights as fw
import pytest
from freeweights.evidence import verdicts
from freeweights.evidence.known_speeds import KnownSpeed
from freeweights.facts import quantities as q
from freeweights.facts.vocabulary import Verdict
from freeweights.lesson06.paired_test import Pair
from freeweights.lesson06.samples import CoverageLaw
from freeweights.lesson06.usefulness import Correlation
from freeweights.money.open_closed_switch import Switch

ROOMS = [path.parent.name for path in sorted(Path(fw.__file__).parent.glob("lesson??/claims.py"))]
CLAIMS = {room[-2:]: importlib.import_module(f"freeweights.{room}.claims") for room in ROOMS}
MOVES: dict[tuple[str, str, Verdict], object] = {}


def moves(lesson: str, claim: str, verdict: Verdict):
    """Keep a move of the data under which a claim comes to a verdict."""

    def keep(move):
        MOVES[lesson, claim, verdict] = move
        return move

    return keep


def speeds(of: dict[str, float], rest: float = 10.0):
    """A `known_speed` that says so many tokens/s for models and devices by name."""

    def known_speed(model, machine, weights, users=1, **case):
        speed = of.get(model.name, of.get(machine.device.name, rest))
        return KnownSpeed(speed, speed, speed, True)

    return known_speed


def waits(low: float, high: float):
    return lambda *model, **case: SimpleNamespace(low=low, high=high)


MAC = "Apple M3 Ultra 512GB"


@moves("01", "cold-load", Verdict.HOLDS)
def drives_are_slow(claims, patch):
    patch(claims.inference, "cold_load", waits(900, 1200))


@moves("01", "cold-load", Verdict.FAILS)
def drives_are_quick(claims, patch):
    patch(claims.inference, "cold_load", waits(5, 50))


@moves("01", "desktop-fits-but-crawls", Verdict.IN_PART)
def desktop_is_as_fast(claims, patch):
    patch(claims, "known_speed", speeds({}))


@moves("01", "desktop-fits-but-crawls", Verdict.FAILS)
def desktop_is_as_fast_and_large(claims, patch):
    patch(claims, "known_speed", speeds({}))
    patch(claims.memory, "max_sequences", lambda *case, **more: SimpleNamespace(expected=9.0))


@moves("01", "weights-are-not-intelligence", Verdict.HOLDS)
def desktop_is_slower_than_a_reader(claims, patch):
    patch(claims, "known_speed", speeds({MAC: 2.0}))


@moves("01", "weights-are-not-intelligence", Verdict.FAILS)
def compute_brings_nothing(claims, patch):
    patch(claims, "known_speed", speeds({}))


@moves("01", "local-is-good-enough", Verdict.FAILS)
def card_is_slower_than_a_reader(claims, patch):
    patch(claims, "known_speed", speeds({}, rest=2.0))


@moves("01", "small-fry", Verdict.HOLDS)
def nobody_opened_a_giant(claims, patch):
    patch(claims, "US_MAKERS", ("IBM", "Microsoft"))


@moves("01", "small-fry", Verdict.FAILS)
def the_large_one_is_small(claims, patch):
    patch(claims, "LARGE", "Qwen2.5-32B")


@moves("02", "the-moat-is-hardware", Verdict.HOLDS)
def nobody_rents_it_out(claims, patch):
    found = claims.catalog.device
    patch(claims, "catalog", SimpleNamespace(device=lambda name: replace(found(name), rental=None)))


@moves("02", "the-moat-is-hardware", Verdict.FAILS)
def links_do_not_matter(claims, patch):
    patch(claims, "speed_up", lambda link: 3.0)
    patch(claims, "published_gain", lambda: None)


@moves("02", "gpus-are-the-determinant", Verdict.HOLDS)
def files_are_alike(claims, patch):
    patch(verdicts, "known_speed", speeds({MAC: 0.01, verdicts.LEAN: 5.0, verdicts.HEAVY: 5.0}))


@moves("02", "gpus-are-the-determinant", Verdict.FAILS)
def rows_are_not_worth_their_price(claims, patch):
    patch(verdicts, "known_speed", speeds({}))


def arrives(after: float):
    return lambda quantity: SimpleNamespace(range=lambda target, now: (now + 1, now + after, now + 2 * after))


@moves("02", "hardware-deflation", Verdict.HOLDS)
def all_gaps_close(claims, patch):
    patch(claims.hardware_trends, "trend", arrives(5))


@moves("02", "hardware-deflation", Verdict.FAILS)
def no_gap_closes(claims, patch):
    patch(claims.hardware_trends, "trend", arrives(50))


@moves("02", "sanctions-did-not-stop-it", Verdict.HOLDS)
def nothing_was_lost(claims, patch):
    patch(claims, "writes", lambda *case: 100.0)
    patch(claims.inference, "prefill", lambda *case, **more: SimpleNamespace(tokens_per_second=1000.0))


@moves("02", "sanctions-did-not-stop-it", Verdict.FAILS)
def the_cut_chip_writes_nothing(claims, patch):
    patch(claims, "writes", lambda name, machine, users: 1.0 if "H20" in machine.device.name else 100.0)


def steps(claims, patch, ratio: float, memory: float):
    patch(claims.versus, "time_ratio", lambda *case: ratio)
    patch(claims.versus, "memory_ratio", lambda: memory)
    patch(claims.versus, "published_ratios", lambda machine: [SimpleNamespace(ratio=ratio, measured=True)])


@moves("03", "moe-faster-than-dense", Verdict.HOLDS)
def mixtures_are_faster_and_smaller(claims, patch):
    steps(claims, patch, 0.3, 0.9)


@moves("03", "moe-faster-than-dense", Verdict.FAILS)
def mixtures_are_hardly_faster(claims, patch):
    steps(claims, patch, 0.7, 0.9)


def after(claims, patch, name: str):
    one = fw.model(name)
    patch(claims.releases, "halves", lambda least=0: SimpleNamespace(before=(), after=(one,)))


@moves("03", "moe-everywhere", Verdict.HOLDS)
def later_ones_are_mixtures(claims, patch):
    after(claims, patch, "GLM-5.2")
    patch(claims.releases, "left_out", lambda least: [])


@moves("03", "moe-everywhere", Verdict.FAILS)
def later_ones_are_dense(claims, patch):
    after(claims, patch, "Apertus 70B")


@moves("03", "open-models-beat-all-gpus", Verdict.FAILS)
def lean_is_not_leaner(claims, patch):
    alike = SimpleNamespace(tokens_per_joule=1.0, tokens_per_dollar=1.0)
    patch(claims.versus, "serving", lambda *case, **more: alike)


def at_once(claims, patch, slots: int):
    asked = claims.million_tokens.request
    patch(claims.million_tokens, "request", lambda *case: replace(asked(*case), max_sequences=slots))


@moves("04", "million-token-context", Verdict.HOLDS)
def many_at_once(claims, patch):
    at_once(claims, patch, 16)


@moves("04", "million-token-context", Verdict.FAILS)
def none_at_once(claims, patch):
    at_once(claims, patch, 0)


@moves("05", "distillation-is-the-shortcut", Verdict.HOLDS)
def teachers_are_free(claims, patch):
    found = claims.bill
    patch(claims, "bill", lambda plan: replace(found(plan), teacher=0.0))


@moves("05", "distillation-is-the-shortcut", Verdict.FAILS)
def students_lose_half(claims, patch):
    patch(claims, "retained_score", lambda model, benchmark: 0.5)


def costs(claims, patch, low: float, high: float):
    patch(claims.host_prices, "predicted", lambda name: SimpleNamespace(full_range=(low, high)))


@moves("09", "open-weights-let-hosts-compete", Verdict.HOLDS)
def serving_is_dear(claims, patch):
    costs(claims, patch, 5.0, 50.0)


@moves("09", "open-weights-let-hosts-compete", Verdict.FAILS)
def serving_is_almost_free(claims, patch):
    costs(claims, patch, 0.001, 0.01)


@moves("09", "hosts-keep-the-revenue", Verdict.HOLDS)
def serving_leaves_little(claims, patch):
    patch(claims, "published_account", lambda: SimpleNamespace(margin=0.01))


@moves("09", "hosts-keep-the-revenue", Verdict.FAILS)
def licences_ask_for_a_share(claims, patch):
    patch(claims, "LICENCE", 0.2)


def own(claims, patch, break_even: float | None):
    side = SimpleNamespace(break_even=break_even, capacity=100.0, price=1.0, day=10.0, people=0.0)
    patch(claims.self_hosting, "deployment_cost_at", lambda *case: side)


@moves("09", "self-hosting-saves", Verdict.HOLDS)
def own_machines_are_cheap(claims, patch):
    own(claims, patch, 10.0)


@moves("09", "self-hosting-saves", Verdict.FAILS)
def own_machines_never_pay(claims, patch):
    own(claims, patch, None)


@moves("09", "good-enough-disrupts", Verdict.HOLDS)
def nobody_stays(claims, patch):
    patch(claims.open_closed_switch, "stayed", lambda: 0.0)


@moves("09", "good-enough-disrupts", Verdict.FAILS)
def the_open_one_is_dearer(claims, patch):
    patch(claims.open_closed_switch, "switch", lambda *pair, **check: Switch(0.2, 0.1, **check))


@moves("09", "concentration-is-the-danger", Verdict.IN_PART)
def few_own_it_however_counted(claims, patch):
    patch(claims.token_capital, "index", lambda owned, others=1: 3000.0)


@moves("09", "concentration-is-the-danger", Verdict.FAILS)
def many_own_it_however_counted(claims, patch):
    patch(claims.token_capital, "index", lambda owned, others=1: 300.0)


def law(a: float, b: float):
    """A published coverage law for any model."""
    return lambda: defaultdict(lambda: CoverageLaw(a, b))


@moves("06", "same-weights-same-intelligence", Verdict.HOLDS)
def the_open_model_is_the_best(claims, patch):
    patch(claims.good_enough_panel, "best", lambda what: SimpleNamespace(score=0.0))


@moves("06", "same-weights-same-intelligence", Verdict.FAILS)
def samples_buy_nothing(claims, patch):
    patch(claims.samples, "published_laws", law(-1.0, 0.0))


@moves("06", "benchmarks-are-not-usefulness", Verdict.HOLDS)
def nothing_goes_together(claims, patch):
    patch(claims.usefulness, "rank_correlation", lambda x, y: Correlation(0.0, -0.5, 0.5, 20))


@moves("06", "benchmarks-are-not-usefulness", Verdict.FAILS)
def everything_goes_together(claims, patch):
    patch(claims.usefulness, "rank_correlation", lambda x, y: Correlation(0.9, 0.8, 0.95, 40))


@moves("06", "faster-by-algorithm", Verdict.HOLDS)
def load_does_no_harm(claims, patch):
    patch(claims, "published", lambda name: 1.0 if name.endswith("down") else 2.8)


@moves("06", "faster-by-algorithm", Verdict.FAILS)
def nobody_gained_so_much(claims, patch):
    patch(claims, "largest_gain", lambda: 1.5)


def told_apart(claims, patch, far: int, close: int):
    pairs = [Pair("far", 50 + far, 50 - far, 0.0), Pair("close", close, 0, 0.0)]
    patch(claims.paired_test, "recorded_pairs", lambda: pairs)


@moves("06", "pragmatic-testing", Verdict.HOLDS)
def every_pair_is_told_apart(claims, patch):
    told_apart(claims, patch, far=40, close=12)


@moves("06", "pragmatic-testing", Verdict.FAILS)
def far_pairs_are_not_told_apart(claims, patch):
    patch(claims.paired_test, "LEVEL", 1e-30)


@moves("06", "local-is-good-enough", Verdict.HOLDS)
def desktop_models_are_the_best(claims, patch):
    patch(claims.good_enough_panel, "best", lambda what: claims.good_enough_panel.desktop(what)[0])


@moves("06", "local-is-good-enough", Verdict.FAILS)
def the_best_are_far_ahead(claims, patch):
    patch(claims.good_enough_panel, "best", lambda what: SimpleNamespace(score=1000.0))


@moves("06", "phone-or-reasoner", Verdict.IN_PART)
def desktops_hold_none_either(claims, patch):
    patch(claims, "fits", lambda *case, **more: SimpleNamespace(fits=False))


@moves("06", "phone-or-reasoner", Verdict.FAILS)
def phones_hold_a_reasoner(claims, patch):
    patch(claims.phone_panel, "stored", lambda name: 1e9)


def rents(claims, patch, of: dict[str, float]):
    patch(claims, "usual_bill", lambda name: SimpleNamespace(total=of.get(name, 1e6)))


@moves("07", "small-budget-equal-performance", Verdict.HOLDS)
def nobody_is_behind(claims, patch):
    patch(claims, "published_lags", lambda: {"an index": 0.0})


@moves("07", "small-budget-equal-performance", Verdict.FAILS)
def all_runs_cost_alike(claims, patch):
    rents(claims, patch, {})


def gain(claims, patch, errors: tuple[float, float, float]):
    patch(claims, "gains", lambda *case: {"loss": (0.1, 0.05, 0.2), "errors": errors})


@moves("07", "capex-buys-marginal-gains", Verdict.HOLDS)
def gains_are_small_for_sure(claims, patch):
    gain(claims, patch, (0.01, 0.005, 0.015))


@moves("07", "capex-buys-marginal-gains", Verdict.FAILS)
def gains_are_large(claims, patch):
    gain(claims, patch, (0.1, 0.05, 0.15))


@moves("07", "subsidised-not-cheap", Verdict.HOLDS)
def a_state_paid(claims, patch):
    patch(claims, "PUBLIC_MONEY", 1e8)


@moves("07", "subsidised-not-cheap", Verdict.FAILS)
def headlines_are_whole(claims, patch):
    patch(claims, "whole_bill", lambda name: (6e6, 7e6))


@moves("07", "capital-decides", Verdict.HOLDS)
def nobody_can_pay(claims, patch):
    patch(claims, "can_pay", lambda dollars: 0)


@moves("07", "capital-decides", Verdict.FAILS)
def everybody_can_pay(claims, patch):
    patch(claims, "can_pay", lambda dollars: 13)


def behind(claims, patch, months: float):
    patch(claims, "lags", lambda: {"a method": claims.Trend(months, months - 1, months + 1)})
    patch(claims, "published_lags", lambda: {"an index": months})


@moves("07", "frontier-keeps-its-lead", Verdict.HOLDS)
def all_lags_are_long(claims, patch):
    behind(claims, patch, 20.0)


@moves("07", "frontier-keeps-its-lead", Verdict.FAILS)
def no_lag_is_sure(claims, patch):
    behind(claims, patch, 0.5)


@moves("07", "hardware-deflation", Verdict.HOLDS)
def leaders_spend_no_more(claims, patch):
    patch(claims, "run_growth", lambda: (1.1, 1.0, 1.2))


@moves("07", "hardware-deflation", Verdict.FAILS)
def nothing_becomes_cheap(claims, patch):
    patch(claims, "race", lambda: claims.Trend(60.0, 30.0, 90.0))


def crowd(claims, patch, years: float):
    patch(
        claims,
        "homes",
        lambda squeezed=None: SimpleNamespace(years=years, homes=1000, tokens=1e12, between=1e9),
    )


def published_as(claims, patch, id: str, value: float):
    """One row of data/together.csv with another figure."""
    figure = claims.together
    patch(claims, "together", lambda one: replace(figure(one), value=value) if one == id else figure(one))


@moves("08", "volunteers-can-train", Verdict.HOLDS)
def large_runs_were_seen(claims, patch):
    published_as(claims, patch, "runs-behind", 1.0)
    crowd(claims, patch, 1.0)


@moves("08", "volunteers-can-train", Verdict.FAILS)
def homes_take_for_ever(claims, patch):
    crowd(claims, patch, 1e4)


@moves("08", "poisoning-unsolved", Verdict.HOLDS)
def lines_stand_in_the_way_too(claims, patch):
    published_as(claims, patch, "run-covenant-utilisation", 20.0)


@moves("08", "poisoning-unsolved", Verdict.FAILS)
def one_rule_stands_all(claims, patch):
    patch(claims, "accuracy", lambda trained, rule, attack, shards: (0.95, 0.94, 0.96))


@moves("08", "public-compute", Verdict.HOLDS)
@moves("08", "capital-decides", Verdict.FAILS)
def gifts_are_large(claims, patch):
    patch(claims, "yearly", lambda: {"one": 1e12, "other": 1e12})


@moves("08", "public-compute", Verdict.FAILS)
@moves("08", "capital-decides", Verdict.HOLDS)
def gifts_are_small(claims, patch):
    patch(claims, "yearly", lambda: {"one": 1.0, "other": 1.0})


@moves("10", "open-washing", Verdict.HOLDS)
def no_scheme_calls_them_open(claims, patch):
    patch(claims, "open_by_their_own", lambda: [])


@moves("10", "open-washing", Verdict.FAILS)
def most_give_more_than_weights(claims, patch):
    found = claims.models
    patch(claims, "models", lambda name: found(name)[:3] if name == claims.SHAPE else found(name))


@moves("10", "open-weights-counterweight", Verdict.HOLDS)
def some_carry_copyleft(claims, patch):
    patch(claims, "copyleft_models", lambda: ["OLMo 2 32B"])


@moves("10", "open-weights-counterweight", Verdict.FAILS)
def few_may_be_kept(claims, patch):
    patch(claims, "use_freely", lambda: ["OLMo 2 32B"])


@moves("10", "open-source-is-not-open-weights", Verdict.HOLDS)
def the_definition_asks_for_data(claims, patch):
    found = claims.models
    patch(claims, "models", lambda name: found(claims.WHOLE if name == claims.OSAID else name))


@moves("10", "open-source-is-not-open-weights", Verdict.FAILS)
def weights_come_with_the_rest(claims, patch):
    found = claims.models
    patch(claims, "models", lambda name: found(claims.WEIGHTS))


# ---- the words follow


@cache
def unmoved(lesson: str, claim: str) -> verdicts.Judged:
    """The verdict and its sentence by the data as they are."""
    return CLAIMS[lesson].CLAIMS[claim]()


@pytest.mark.parametrize(("lesson", "claim", "verdict"), MOVES, ids=lambda value: str(value))
def test_the_word_and_its_sentence_follow_the_data(monkeypatch, lesson, claim, verdict):
    claims = CLAIMS[lesson]
    before = unmoved(lesson, claim)
    MOVES[lesson, claim, verdict](claims, monkeypatch.setattr)
    word, because = claims.CLAIMS[claim]()
    assert word is verdict and word is not before[0]
    assert because != before[1]
    assert "{" not in because and "None" not in because and "  " not in because


@pytest.mark.parametrize("lesson", CLAIMS)
def test_every_verdict_that_a_claim_has_words_for_is_met(lesson):
    claims = CLAIMS[lesson]
    for claim, settle in claims.CLAIMS.items():
        home = importlib.import_module(settle.__module__)
        named = (getattr(home, name, None) for name in settle.__code__.co_names)
        (reasons,) = (one for one in named if isinstance(one, verdicts.Reasons))
        met = {
            verdict
            for where, moved, verdict in MOVES
            if moved == claim and CLAIMS[where].CLAIMS[claim] is settle
        } | {unmoved(lesson, claim)[0]}
        assert met == set(reasons.ends), claim


def test_every_claim_has_a_template_that_names_what_it_says():
    for lesson, claims in CLAIMS.items():
        for claim in claims.CLAIMS:
            _, because = unmoved(lesson, claim)
            assert because.endswith(".") and "{" not in because and ", ," not in because


def test_a_published_speed_is_quoted_where_there_is_one_and_else_a_prediction_with_its_range():
    glm, node = fw.model("GLM-5.2"), fw.machine("H200 SXM 141GB", 8)
    seen = verdicts.known_speed(glm, node, "FP8")
    assert seen.published and seen.usual == pytest.approx(1000 / 10.3, rel=1e-6)  # 10.3 ms a token, published
    crowd, step = (
        verdicts.known_speed(glm, node, "FP8", 64),
        fw.decode(glm, node, context=4096, batch=64, weights="FP8"),
    )
    assert not crowd.published and crowd.usual == step.tokens_per_second
    assert (crowd.low, crowd.high) == (step.tokens / step.high, step.tokens / step.low)
    assert "published" in str(seen) and q.speed(crowd.usual) in str(crowd) and "predicted" in str(crowd)
