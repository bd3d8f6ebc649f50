"""Lesson 07's verdicts: small budgets, marginal gains, subsidies, capital, the lead of the frontier, deflation."""

from __future__ import annotations

from functools import partial

from ..evidence import progress, verdicts
from ..evidence.verdicts import IN_PART
from ..facts import quantities as q
from ..facts.figures import figure as served
from ..facts.figures import trained
from ..money.training_bills import RENTED, UTILISATION, TrainingBill, bill, budgets
from .gpt_2_bill import CHIPS, months_to_halve, shares
from .known_runs import DEVICE, GLM, GPT_4, GROK, LLAMA, V3, flops_of, usual_bill
from .tenfold_panel import MASSIVE, WEB, gains
from .who_pays_panel import puts_in, year_of_serving

SHARE, YEARS = 0.2, 3  # of a budget that goes into one model, and for how long: where the panel begins
TEN_BILLION = 1e10


def whole_bill(name: str) -> TrainingBill:
    """A run with all before it, time lost and people, by the published middle of each."""
    runs, lost, staff = (
        served("research-over-final-run").value,
        served("spare").value,
        trained("share-staff").value,
    )
    return bill(flops_of(name), DEVICE, UTILISATION, RENTED, lost / 100, runs, staff / 100)


def can_pay(dollars: float) -> int:
    """How many of the published budgets hold a bill, each putting in SHARE for YEARS."""
    return sum(puts_in(one, SHARE, YEARS, 1) >= dollars for one in budgets())


def small_budget() -> tuple[str, str]:
    """Models trained for a fraction of the money rival the leading ones."""
    stage, headline = trained("bill-deepseek-r1"), trained("bill-deepseek-v3")
    rents = {name: usual_bill(name).total for name in (V3, GLM, GPT_4, LLAMA, GROK)}
    index, other = served("lag-2026"), trained("lag-caisi")
    return IN_PART, (
        f"Counted alike, one last run on rented H100: {', '.join(f'{name} {q.money(dollars)}' for name, dollars in rents.items())}. "
        f"So a fraction it is: DeepSeek-V3 took {q.percent(rents[V3] / rents[LLAMA])} of Llama 3.1 405B's and "
        f"{q.percent(rents[V3] / rents[GROK])} of Grok 3's, if the estimates of the closed ones hold. But {q.money(stage.value)} ({stage.date[:7]}) "
        f"paid for one stage on a base whose last run cost {q.money(headline.value)}, and rivals come later: {index.value:g} months "
        f"by one index ({index.date}), {other.value:g} by nine tests, two of them private ({other.date[:7]})."
    )


def marginal_gains() -> tuple[str, str]:
    """Tens of billions buy only small gains at the frontier."""
    web, massive = (gains(name, TEN_BILLION, UTILISATION) for name in (WEB, MASSIVE))
    early = gains(WEB, TEN_BILLION / 1000, UTILISATION)
    capex, run = trained("capex-four-2025"), trained("bill-gpt-4.5-run")
    (loss, low, high), (errors, least, most) = web["loss"], web["errors"]
    return IN_PART, (
        f"From {q.money(TEN_BILLION)} to ten times that for one run both laws promise little: {loss:.3f} nats a token ({low:.3f} to "
        f"{high:.3f}) or {massive['loss'][0]:.3f} ({massive['loss'][1]:.3f} to {massive['loss'][2]:.3f}), {100 * errors:.1f} points of errors ({100 * least:.1f} to "
        f"{100 * most:.1f}), where the same ten times from {q.money(TEN_BILLION / 1000)} bought {early['loss'][0]:.3f} nats. No run "
        f"behind the laws cost a thousandth of that. And capital expenditure is no training bill: {q.money(capex.low)} to {q.money(capex.high)} in 2025, "
        f"beside {q.money(run.value)} for the largest run of 2024; what it builds serves users, too. What a nat is worth, no law says."
    )


def subsidised() -> tuple[str, str]:
    """The low stated budgets leave out a publicly funded ecosystem of research and sharing."""
    headline, whole = trained("bill-deepseek-v3"), whole_bill(V3)
    research, staff, servers = (
        served("research-over-final-run"),
        trained("share-staff"),
        trained("deepseek-servers"),
    )
    fund, zai = trained("budget-china-fund"), trained("zai-compute-share")
    return IN_PART, (
        f"They leave out most: with all compute {research.low:g} to {research.high:g} times the last run's, people {staff.low:g} to {staff.high:g} % and "
        f"{q.percent(served('spare').value / 100)} of the time lost, the {q.money(headline.value)} of DeepSeek-V3 stands for about {q.money(whole.total)} "
        f"at today's rent; its report says that research is left out. For Z.ai {q.percent(zai.value / 100)} of research went into computing, "
        f"the rest into people and other things. That the rest was public is not shown: DeepSeek's servers, estimated at {q.money(servers.value)}, "
        f"are its parent's; funds such as China's of {q.money(fund.value)} ({fund.date}) exist, and nobody publishes what reached whom."
    )


def capital_decides() -> tuple[str, str]:
    """Training costs so much that power stays with the wealthy whatever is released."""
    many = len(budgets())
    last, whole, frontier = usual_bill(V3).total, whole_bill(V3).total, whole_bill(GROK).total
    even = last / year_of_serving(1)
    return IN_PART, (
        f"Of {many} published budgets from a grant to a firm, each putting in {q.percent(SHARE)} for {YEARS} years, {can_pay(last)} hold the last run of "
        f"DeepSeek-V3 ({q.money(last)}), {can_pay(whole)} all that it stands on ({q.money(whole)}), {can_pay(frontier)} the same for Grok 3 "
        f"({q.money(frontier)}). So capital decides who leads; who may follow by some months is a matter of millions, and released weights "
        f"need no training at all. A year of serving costs as much as that last run from {q.count(even, 2)} people on: for a crowd it is serving that takes the capital, year after year."
    )


def keeps_its_lead() -> tuple[str, str]:
    """Capital, expert data and hyperscale datacentres give closed labs a lasting lead."""
    found = {name: progress.lag(progress.pairs(), name) for name in progress.METHODS}
    _, zero = progress.zero_day(progress.pairs())
    index, other, compute = served("lag-2026"), trained("lag-caisi"), trained("lag-compute")
    said = ", ".join(
        f"{one.value:.1f} by {name} ({one.low:.1f} to {one.high:.1f})" for name, one in found.items()
    )
    return IN_PART, (
        f"A lead there is: on the same pairs of 2021 to 2024, in months, {said}; published since, {index.value:g} by an index ({index.date}), "
        f"{other.value:g} by nine tests ({other.date[:7]}), {compute.value:g} in training compute ({compute.low:g} to {compute.high:g}, 2024). Lasting is another thing: "
        f"leaders change, and each lead is a matter of months. Nor is its end in sight: a line through the matched lags would have reached zero in "
        f"{zero.value:.1f} ({zero.low:.1f} to {zero.high:.1f}), because late pairs that wait still are left out; one published line says {trained('lag-trend-zero').value:.1f}, and the "
        f"mean of 18 tests on the same page stays at {trained('lag-flat').value:g} months."
    )


def deflation() -> tuple[str, str]:
    """Prosumer hardware plus time, used cards and ASICs will close the gap."""
    when, minutes = progress.records()
    run, chips = progress.halving(when, minutes), trained("doubling-price")
    old, new, growth = trained("gpt-2-2019"), trained("gpt-2-2026"), trained("growth-run-cost")
    return IN_PART, (
        f"For a given result, yes: GPT-2's bill fell from {q.money(old.value)} (2019) to {q.money(new.value)} (2026), halving every {months_to_halve():.1f} months, "
        f"{q.percent(shares()[CHIPS])} of it, in logarithms, by chips and their rent. On the same chips the speed run became {q.times(minutes[0] / minutes[-1])} as fast in "
        f"{when[-1] - when[0]:.0f} months, halving every {run.value:.1f} ({run.low:.1f} to {run.high:.1f}); FLOP/s a dollar double in {chips.value:g} years. The gap is another "
        f"matter: the cost of a leading run grew {growth.value:g} times a year ({growth.low:g} to {growth.high:g}, 90 %), so what becomes cheap is yesterday's frontier."
    )


CLAIMS = {
    "small-budget-equal-performance": small_budget,
    "capex-buys-marginal-gains": marginal_gains,
    "subsidised-not-cheap": subsidised,
    "capital-decides": capital_decides,
    "frontier-keeps-its-lead": keeps_its_lead,
    "hardware-deflation": deflation,
}
settled = partial(verdicts.settled, CLAIMS)
