"""Lesson 06's verdicts: compute and usefulness, leaderboards, algorithms, tests in use, models of a desktop, phones."""

from __future__ import annotations

from functools import partial

from ..cost.memory import fits
from ..evidence import verdicts
from ..evidence.verdicts import FAILS, HOLDS, IN_PART
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_practice import Speculated, Thinking
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


def thought(model: str, benchmark: str, budget: str) -> float:
    """One published score at one budget of thinking, per cent."""
    return next(
        row.value
        for row in catalog.table(Thinking)
        if (row.model, row.benchmark, row.budget) == (model, benchmark, budget) and row.grade != "C"
    )


def same_weights() -> tuple[str, str]:
    """With unlimited inference compute the same open weights would be as useful as the leading closed API today."""
    name = "Llama-3-8B-Instruct, MATH"
    law, picked = samples.published_laws()[name], samples_panel.chosen(name)
    few, many = min(picked), max(picked)
    thinks = [thought("MiniMax-M1", "AIME 2024", budget) for budget in ("40K", "80K")]
    top, glm = (
        good_enough_panel.best("mean of seven fields"),
        good_enough_panel.scored("mean of seven fields"),
    )
    ours = next(one for one in glm if one.key == "glm-5.2")
    return IN_PART, (
        f"Best case: of {q.count(many)} answers of an 8 B model any is right for {q.percent(float(law.at(many)))} of the questions, by "
        f"the published law, where one is for {q.percent(float(law.at(1)))}; so where answers can be checked, compute buys "
        f"usefulness. Against: chosen without a check, {q.count(many)} answers bring {q.percent(picked[many])} where {q.count(few)} bring "
        f"{q.percent(picked[few])}; twice the tokens of thinking take MiniMax-M1 from {thinks[0]:g} to {thinks[1]:g} % on AIME 2024. "
        f"GLM-5.2 itself stands at {q.significant(ours.score)} on LiveBench of 2026-01-08, the best at {q.significant(top.score)}: near, and "
        "no published curve of thinking closes what is left."
    )


def benchmarks() -> tuple[str, str]:
    """Leaderboards measure capability and revenue measures adoption; neither measures usefulness."""
    said = []
    for first, second in (
        ("AA intelligence index", "Arena rating of text"),
        ("SWE-bench (OpenHands)", "cost of a task, $"),
        ("LiveBench mean", "revenue there, $"),
    ):
        _, x, y = usefulness.joined(first, second)
        found = usefulness.rank_correlation(x, y)
        said.append(
            f"{first} and {second}: {found.rho:.2f} ({found.low:.2f} to {found.high:.2f}, n = {found.models})"
        )
    return IN_PART, (
        f"Rank correlations with their 95 % intervals: {'; '.join(said)}. Best case: capability says little about what a solved "
        "task costs, and the columns rank models differently. Against: columns of capability go together, and so do "
        "capability and revenue, over too few models to say how far. None of them counts whether a task of yours got done."
    )


def by_algorithm() -> tuple[str, str]:
    """New algorithms raise inference speed by up to 2.8 times."""
    rows = {row.id: row.value for row in catalog.table(Speculated)}
    origin = "vllm-2024-10-prompt-lookup-n-gram-cnn-dailymail"
    most = max(
        row.value
        for row in catalog.table(Speculated)
        if row.quantity == "speed-up" and row.usable and row.grade == "A"
    )
    off = guesses.accuracy()
    return IN_PART, (
        f"Two things have been called {rows[f'{origin}-speed-up']:g} times: n-gram guesses for summaries at one request a second, which "
        f"were {rows[f'{origin}-slow-down']:g} times *slower* under load in the same post (vLLM, 2024-10); and drafting models with another "
        "vocabulary (Intel and Weizmann, 2025-07), the one of the headline. Best case: for one user trained heads are published "
        f"at up to {q.times(most)}. Against: the gain depends on the text and falls with the batch. Our prediction of "
        f"{off.rows} published gains is off by {q.times(off.median)} in the median, {q.times(off.ninth)} for nine in ten."
    )


def testing() -> tuple[str, str]:
    """Goal-driven testing of models in use beats adding AI everywhere."""
    pairs = paired_test.recorded_pairs()
    close = [one for one in pairs if one.points <= 4]
    told = [one for one in close if one.p <= paired_test.LEVEL]
    need = paired_test.tasks_needed(0.03, 0.12)
    ours = two_widths.recorded()
    return IN_PART, (
        f"Best case: of {len(pairs)} recorded pairs of models on the same 500 tasks the test tells apart all that lie more than four "
        f"points from each other, so a choice can be tested. Against: of {len(close)} pairs within four points it told {len(told)} apart; "
        f"three points at a disagreement of 12 % take {need:,} tasks, more than most people have. SmolLM2 at two widths on "
        f"{ours.questions} questions, recorded: {ours.wide_only} right at the wide one alone, {ours.narrow_only} at the narrow one: "
        f"{ours.verdict}. Whether testing beats adding AI everywhere depends on what a wrong choice costs, which no table here has."
    )


def desktop_models() -> tuple[str, str]:
    """Local models of about 30 to 70 B parameters are good enough for most users and most tasks."""
    fields = ("mean of seven fields", "agentic coding", "mathematics")
    said = []
    for what in fields:
        top, first = good_enough_panel.best(what), good_enough_panel.desktop(what)[0]
        said.append(f"{what}: {first.key} {q.significant(first.score)}, the best {q.significant(top.score)}")
    given = [
        1 - good_enough_panel.desktop(what)[0].score / good_enough_panel.best(what).score for what in fields
    ]
    return IN_PART, (
        f"LiveBench of 2026-01-08, open models of 27 to 70 B beside the best of all: {'; '.join(said)}. Best case: "
        f"{q.percent(1 - given[0])} of what the best solves on the whole is solved on a desktop. Against: an agent's coding gives up "
        f"{q.percent(given[1])}. Which users and which tasks are most, no benchmark counts."
    )


def phone() -> tuple[str, str]:
    """Choose between a small reasoning model on GPUs and the best model a phone can run."""
    runs = phone_panel.sustained().values()
    small, large = map(phone_panel.stored, phone_panel.REASONERS)
    kept = [one.later / one.burst for one in runs]
    memory = max(phone_panel.MEMORY.values()) * phone_panel.FREE
    desk = Machine.named("Apple M3 Ultra 512GB")
    holds = fits(Model.named(phone_panel.REASONERS[0]), desk, context=4096).fits
    verdict = FAILS if small <= memory and holds else HOLDS
    return verdict, (
        f"A phone writes with a model of 2 B effective parameters at {min(one.burst for one in runs):g} to "
        f"{max(one.burst for one in runs):g} tokens/s at first and {min(one.later for one in runs):g} to "
        f"{max(one.later for one in runs):g} after ten minutes, {q.percent(min(kept))} to {q.percent(max(kept))}: faster than people read "
        f"either way. The reasoners' files take {q.size(small)} and {q.size(large)}; the largest phone here leaves {q.size(memory)} to one "
        "program, if half of its memory is free, which is an assumption. Best case for having both: a desktop holds the smaller one. "
        "On a phone you choose."
    )


CLAIMS = {
    "same-weights-same-intelligence": same_weights,
    "benchmarks-are-not-usefulness": benchmarks,
    "faster-by-algorithm": by_algorithm,
    "pragmatic-testing": testing,
    "local-is-good-enough": desktop_models,
    "phone-or-reasoner": phone,
}
settled = partial(verdicts.settled, CLAIMS)
