"""Lesson 06's verdicts: compute and usefulness, leaderboards, algorithms, tests in use, models of a desktop, phones."""

from __future__ import annotations

from functools import partial

from ..cost.memory import fits
from ..evidence import verdicts
from ..evidence.verdicts import Judged, Reasons, weighed
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_practice import Speculated, Thinking
from ..facts.vocabulary import Verdict
from ..machines.machine import Machine
from ..models.transformer import Model
from . import (
    good_enough_panel,
    guesses,
    paired_test,
    phone_panel,
    samples,
    samples_panel,
    two_widths,
    usefulness,
)

ENOUGH = 0.2  # of what the best solves: a model that gives up no more is good enough, an assumption
APART = 4.0  # points from which two models are far apart
ORIGIN = "vllm-2024-10-prompt-lookup-n-gram-cnn-dailymail"  # of 2.8 times, in data/speculation.csv
FIELDS = ("mean of seven fields", "agentic coding", "mathematics")
LAW = "Llama-3-8B-Instruct, MATH"

SAME = Reasons(
    "Any of {many} answers of an 8 B model is right for {any} of the questions, by the published law, where one is for {one}. "
    "Chosen without a check, {many} answers bring {picked_many} where {few} bring {picked_few}; twice the tokens of thinking "
    "take MiniMax-M1 from {forty:g} to {eighty:g} % on AIME 2024. GLM-5.2 stands at {ours} on LiveBench of 2026-01-08, the best "
    "at {top}.",
    {
        Verdict.HOLDS: "So nothing is left for a closed model to be ahead in.",
        Verdict.IN_PART: "Best case: where answers can be checked, compute buys usefulness. Against: where they cannot, choice stops "
        "while coverage goes on, and no published curve of thinking closes what is left.",
        Verdict.FAILS: "So more answers buy nothing, checked or not.",
    },
)


def thought(model: str, benchmark: str, budget: str) -> float:
    """One published score at one budget of thinking, per cent."""
    return next(
        row.value
        for row in catalog.table(Thinking)
        if (row.model, row.benchmark, row.budget) == (model, benchmark, budget) and row.grade != "C"
    )


def same_weights() -> Judged:
    """With unlimited inference compute the same open weights would be as useful as the leading closed API today."""
    law, picked = samples.published_laws()[LAW], samples_panel.chosen(LAW)
    few, many = min(picked), max(picked)
    scored = {one.key: one.score for one in good_enough_panel.scored(FIELDS[0])}
    top, ours = good_enough_panel.best(FIELDS[0]).score, scored["glm-5.2"]
    one, all_ = float(law.at(1)), float(law.at(many))
    return SAME.judged(
        weighed(supported=all_ > 2 * one, contradicted=ours < top),
        many=q.count(many), few=q.count(few), any=q.percent(all_), one=q.percent(one), picked_many=q.percent(picked[many]),
        picked_few=q.percent(picked[few]), forty=thought("MiniMax-M1", "AIME 2024", "40K"),
        eighty=thought("MiniMax-M1", "AIME 2024", "80K"), ours=q.significant(ours), top=q.significant(top),
    )  # fmt: skip


PAIRS = (
    ("AA intelligence index", "Arena rating of text"),
    ("SWE-bench (OpenHands)", "cost of a task, $"),
    ("LiveBench mean", "revenue there, $"),
)
BENCHMARKS = Reasons(
    "Rank correlations with their 95 % intervals: {said}. No column here counts whether a task of yours got done.",
    {
        Verdict.HOLDS: "No two of them are known to go together.",
        Verdict.IN_PART: "Best case: capability says little about what a solved task costs. Against: columns of capability go "
        "together, and so do capability and revenue, over too few models to say how far.",
        Verdict.FAILS: "All of them go together, so that any one says what the others do.",
    },
)


def benchmarks() -> Judged:
    """Leaderboards measure capability and revenue measures adoption; neither measures usefulness."""
    found = [usefulness.rank_correlation(*usefulness.joined(*pair)[1:]) for pair in PAIRS]
    said = (
        f"{first} and {second}: {one.rho:.2f} ({one.low:.2f} to {one.high:.2f}, n = {one.models})"
        for (first, second), one in zip(PAIRS, found)
    )
    return BENCHMARKS.judged(
        weighed(supported=any(one.low < 0 < one.high for one in found), contradicted=any(one.low > 0 for one in found)),
        said="; ".join(said),
    )  # fmt: skip


FASTER = Reasons(
    "Two things have been called {up:g} times: n-gram guesses for summaries at one request a second, which were {down:g} times "
    "*slower* under load in the same post (vLLM, 2024-10); and drafting models with another vocabulary (Intel and Weizmann, "
    "2025-07), the one of the headline. For one user the most that is published in a primary table is {most}. Our prediction "
    "of {rows} published gains is off by a factor of {median} in the median, {ninth} for nine in ten.",
    {
        Verdict.HOLDS: "So algorithms bring it, under load, too.",
        Verdict.IN_PART: "Best case: with trained heads a single user gains more than the claim says. Against: the gain depends on the "
        "text and falls with the batch.",
        Verdict.FAILS: "So nobody has published as much.",
    },
)


def published(name: str) -> float:
    """One published figure of guessed tokens by its identifier."""
    return catalog.find(Speculated, name, "figure of guessed tokens").value


def largest_gain() -> float:
    """The largest speed-up of a primary table."""
    rows = catalog.table(Speculated)
    return max(one.value for one in rows if one.quantity == "speed-up" and one.usable and one.grade == "A")


def by_algorithm() -> Judged:
    """New algorithms raise inference speed by up to 2.8 times."""
    up, down, most = published(f"{ORIGIN}-speed-up"), published(f"{ORIGIN}-slow-down"), largest_gain()
    off = guesses.accuracy()
    return FASTER.judged(
        weighed(supported=most >= up, contradicted=down > 1),
        up=up, down=down, most=q.times(most), rows=off.rows, median=q.significant(off.median), ninth=q.significant(off.ninth),
    )  # fmt: skip


TESTING = Reasons(
    "Of {far} recorded pairs of models that lie more than {apart:g} points from each other on the same 500 tasks the test tells "
    "{far_told} apart; of {close} within {apart:g} points {close_told}. Three points at a disagreement of 12 % take {need:,} tasks. "
    "SmolLM2 at two widths on {asked} questions, recorded: {wide} right at the wide one alone, {narrow} at the narrow one, "
    "{outcome}.",
    {
        Verdict.HOLDS: "So every choice can be tested.",
        Verdict.IN_PART: "Best case: a choice between models far apart can be tested. Against: one between near ones takes more tasks than "
        "most people have. What a wrong choice costs no table here has.",
        Verdict.FAILS: "So a test of 500 tasks does not even tell models apart that lie far from each other.",
    },
)


def testing() -> Judged:
    """Goal-driven testing of models in use beats adding AI everywhere."""
    pairs, ours = paired_test.recorded_pairs(), two_widths.recorded()
    far, close = (
        [one.p <= paired_test.LEVEL for one in pairs if (one.points > APART) is beyond]
        for beyond in (True, False)
    )
    return TESTING.judged(
        weighed(supported=all(far), contradicted=not all(close)),
        far=len(far), far_told=sum(far), close=len(close), close_told=sum(close), apart=APART,
        need=paired_test.tasks_needed(0.03, 0.12), asked=ours.questions, wide=ours.wide_only, narrow=ours.narrow_only,
        outcome=ours.verdict,
    )  # fmt: skip


DESKTOP = Reasons(
    "LiveBench of 2026-01-08, the best open model of 27 to 70 B beside the best of all: {said}. It gives up {low} to {high} of what "
    "the best solves; we take {enough} for good enough, an assumption.",
    {
        Verdict.HOLDS: "In no field is more given up.",
        Verdict.IN_PART: "Best case: on the whole it is good enough. Against: in the hardest field it is not. Which users and which tasks are "
        "most, no benchmark counts.",
        Verdict.FAILS: "Even on the whole more is given up.",
    },
)


def desktop_models() -> Judged:
    """Local models of about 30 to 70 B parameters are good enough for most users and most tasks."""
    said, given = [], []
    for what in FIELDS:
        top, first = good_enough_panel.best(what), good_enough_panel.desktop(what)[0]
        said.append(f"{what} {q.significant(first.score)} ({first.key}) and {q.significant(top.score)}")
        given.append(1 - first.score / top.score)
    return DESKTOP.judged(
        weighed(supported=given[0] < ENOUGH, contradicted=max(given) > ENOUGH),
        said="; ".join(said), low=q.percent(min(given)), high=q.percent(max(given)), enough=q.percent(ENOUGH),
    )  # fmt: skip


PHONE = Reasons(
    "A phone writes with a model of 2 B effective parameters at {burst} tokens/s at first and {later} after ten minutes, {kept} of "
    "that. The reasoners' files take {small} and {large}; the largest phone here leaves {memory} to one program, if half of its "
    "memory is free, which is an assumption.",
    {
        Verdict.HOLDS: "So on a phone you choose. Best case for having both: a desktop holds the smaller reasoner.",
        Verdict.IN_PART: "So on a phone you choose; but on a desktop, too.",
        Verdict.FAILS: "So a phone holds a reasoner, and nobody has to choose.",
    },
)


def phone() -> Judged:
    """Choose between a small reasoning model on GPUs and the best model a phone can run."""
    runs = phone_panel.sustained().values()
    small, large = map(phone_panel.stored, phone_panel.REASONERS)
    memory = max(phone_panel.MEMORY.values()) * phone_panel.FREE
    desk = fits(Model.named(phone_panel.REASONERS[0]), Machine.named("Apple M3 Ultra 512GB"), context=4096)
    ends = {
        name: (min(values), max(values))
        for name, values in (
            ("burst", [one.burst for one in runs]),
            ("later", [one.later for one in runs]),
            ("kept", [one.later / one.burst for one in runs]),
        )
    }
    said = {
        name: q.between(q.percent if name == "kept" else q.significant, *pair) for name, pair in ends.items()
    }
    return PHONE.judged(
        weighed(supported=small > memory, contradicted=not desk.fits),
        small=q.size(small), large=q.size(large), memory=q.size(memory), **said,
    )  # fmt: skip


CLAIMS = {
    "same-weights-same-intelligence": same_weights,
    "benchmarks-are-not-usefulness": benchmarks,
    "faster-by-algorithm": by_algorithm,
    "pragmatic-testing": testing,
    "local-is-good-enough": desktop_models,
    "phone-or-reasoner": phone,
}
settled = partial(verdicts.settled, CLAIMS)
