"""Lesson 07's verdicts: small budgets, marginal gains, subsidies, capital, the lead of the frontier, deflation."""

from __future__ import annotations

from functools import partial

from ..evidence import progress, verdicts
from ..evidence.progress import Trend
from ..evidence.verdicts import FAR, Judged, Reasons, weighed
from ..facts import quantities as q
from ..facts.figures import figure as served
from ..facts.figures import trained
from ..facts.vocabulary import Verdict
from ..money.training_bills import UTILISATION, budgets
from .gpt_2_bill import CHIPS, months_to_halve, shares
from .known_runs import GLM, GPT_4, GROK, LLAMA, V3, usual_bill, whole_bill
from .tenfold_panel import MASSIVE, WEB, gains
from .who_pays_panel import puts_in, year_of_serving

FRACTION = 0.2  # of a leading run's bill: what we call a fraction of the money
TEN_BILLION, SMALL = 1e10, 0.02  # dollars of one run; share of errors below which we call a gain small
SHARE, YEARS = 0.2, 3  # of a budget that goes into one model, and for how long: where the panel begins
LASTING = 12.0  # months from which we call a lead lasting
PUBLIC_MONEY = 0.0  # dollars that a source shows a state to have put into DeepSeek-V3: none was found


def published_lags() -> dict[str, float]:
    """Months behind, as two sources say of 2026."""
    return {
        "an index": served("lag-2026").value,
        "nine tests, two of them private": trained("lag-caisi").value,
    }


def can_pay(dollars: float) -> int:
    """How many of the published budgets hold a bill, each putting in SHARE for YEARS."""
    return sum(puts_in(one, SHARE, YEARS, 1) >= dollars for one in budgets())


SMALL_BUDGET = Reasons(
    f"Counted alike, one last run on rented H100: {{rents}}. So DeepSeek-V3 took {{llama}} of {LLAMA}'s and {{grok}} of {GROK}'s, whose FLOPs "
    "others estimated. But {stage} ({stage_date}) paid for one stage on a base whose last run cost {headline}.",
    {
        Verdict.HOLDS: "And no lag is published.",
        Verdict.IN_PART: "And the rivals come later, in months: {lags}.",
        Verdict.FAILS: "That is no small part.",
    },
)


def small_budget() -> Judged:
    """Models trained for a fraction of the money rival the leading ones."""
    rents = {name: usual_bill(name).total for name in (V3, GLM, GPT_4, LLAMA, GROK)}
    stage, headline, lags = trained("bill-deepseek-r1"), trained("bill-deepseek-v3"), published_lags()
    return SMALL_BUDGET.judged(
        weighed(supported=rents[V3] < FRACTION * rents[LLAMA], contradicted=max(lags.values()) > 0),
        rents=q.listed(f"{name} {q.money(dollars)}" for name, dollars in rents.items()),
        llama=q.percent(rents[V3] / rents[LLAMA]), grok=q.percent(rents[V3] / rents[GROK]),
        stage=q.money(stage.value), stage_date=stage.date[:7], headline=q.money(headline.value),
        lags=q.listed(f"{months:g} by {name}" for name, months in lags.items()),
    )  # fmt: skip


MARGINAL = Reasons(
    "From {money} to ten times that for one run two laws promise {web} nats a token less ({web_low} to {web_high}) or {massive} ({massive_low} to "
    "{massive_high}), and {errors} points of errors ({least} to {most}), where the same ten times from {early_money} bought {early} nats. No run behind the laws "
    "cost a thousandth of that. Capital expenditure is no training bill: {capex} in 2025, beside {run} for the largest run of 2024.",
    {
        Verdict.HOLDS: "The whole interval is small. What a nat is worth, no law says.",
        Verdict.IN_PART: "That is small, if it is not at the far end of its interval. What a nat is worth, no law says.",
        Verdict.FAILS: "That is not small.",
    },
)


def marginal_gains() -> Judged:
    """Tens of billions buy only small gains at the frontier."""
    web, massive = (gains(name, TEN_BILLION, UTILISATION) for name in (WEB, MASSIVE))
    early = gains(WEB, TEN_BILLION / 1000, UTILISATION)["loss"][0]
    capex, run = trained("capex-four-2025"), trained("bill-gpt-4.5-run")
    errors, least, most = web["errors"]
    return MARGINAL.judged(
        weighed(supported=errors < SMALL, contradicted=most >= SMALL),
        money=q.money(TEN_BILLION), early_money=q.money(TEN_BILLION / 1000), early=f"{early:.3f}",
        **{f"{name}{end}": f"{value:.3f}" for name, found in (("web", web), ("massive", massive))
           for end, value in zip(("", "_low", "_high"), found["loss"])},
        errors=f"{100 * errors:.1f}", least=f"{100 * least:.1f}", most=f"{100 * most:.1f}",
        capex=q.between(q.money, capex.low, capex.high), run=q.money(run.value),
    )  # fmt: skip


SUBSIDISED = Reasons(
    "With all compute {low} to {high} times the last run's, people {people} of the whole and {lost} of the time lost, the {headline} of DeepSeek-V3 stand for "
    "{whole} at today's rent; its report says itself that research is left out. Of Z.ai's research {zai} went into computing, the rest into people and other things.",
    {
        Verdict.HOLDS: "Public money is shown in it: {public}.",
        Verdict.IN_PART: "So most is left out. That it was public is not shown: DeepSeek's servers, estimated at {servers}, are its parent's; funds such as "
        "China's of {fund} ({fund_date}) exist, and nobody publishes what reached whom.",
        Verdict.FAILS: "That leaves out little.",
    },
)


def subsidised() -> Judged:
    """The low stated budgets leave out a publicly funded ecosystem of research and sharing."""
    headline, (least, most) = trained("bill-deepseek-v3"), whole_bill(V3)
    research, staff, servers = (
        served("research-over-final-run"),
        trained("share-staff"),
        trained("deepseek-servers"),
    )
    fund, zai = trained("budget-china-fund"), trained("zai-compute-share")
    return SUBSIDISED.judged(
        weighed(supported=least > FAR * headline.value, contradicted=PUBLIC_MONEY == 0),
        low=f"{research.low:g}", high=f"{research.high:g}", people=q.between(q.percent, staff.low / 100, staff.high / 100),
        lost=q.percent(served("spare").value / 100), headline=q.money(headline.value), whole=q.between(q.money, least, most),
        zai=q.percent(zai.value / 100), public=q.money(PUBLIC_MONEY), servers=q.money(servers.value), fund=q.money(fund.value),
        fund_date=fund.date,
    )  # fmt: skip


CAPITAL = Reasons(
    f"Of {{many}} published budgets from a grant to a firm, each putting in {{share}} for {YEARS} years, {{last}} hold the last run of DeepSeek-V3 ({{last_bill}}), "
    f"{{whole}} the least of all that it stands on ({{whole_bill}}), {{frontier}} the least of the same for {GROK} ({{frontier_bill}}). Serving costs as much a year "
    "as that last run from {even} people on.",
    {
        Verdict.HOLDS: "So only the wealthy can train at all.",
        Verdict.IN_PART: "So capital decides who leads; who may follow by some months is a matter of millions. Released weights need no training, but a crowd that uses them needs "
        "serving, year after year.",
        Verdict.FAILS: "So most of them can pay to lead.",
    },
)


def capital_decides() -> Judged:
    """Training costs so much that power stays with the wealthy whatever is released."""
    many, last = len(budgets()), usual_bill(V3).total
    whole, frontier = whole_bill(V3)[0], whole_bill(GROK)[0]
    return CAPITAL.judged(
        weighed(supported=can_pay(frontier) < many / 2, contradicted=can_pay(last) > many / 2),
        many=many, share=q.percent(SHARE), last=can_pay(last), last_bill=q.money(last), whole=can_pay(whole),
        whole_bill=q.money(whole), frontier=can_pay(frontier), frontier_bill=q.money(frontier),
        even=q.count(last / year_of_serving(1), 2),
    )  # fmt: skip


LEAD = Reasons(
    "On the same pairs of 2021 to 2024, in months: {found}. Published since: {published}; in training compute {compute} ({compute_low} to {compute_high}, 2024). "
    "A line through the matched lags would have reached zero in {zero} ({zero_low} to {zero_high}), because late pairs that still wait are left out; one published "
    "line says {line}, and the mean of 18 tests on the same page stays at {flat}.",
    {
        Verdict.HOLDS: f"Each of them is {LASTING:g} months or more.",
        Verdict.IN_PART: f"So a lead there is, and its end is not in sight; that it is lasting, {LASTING:g} months or more, not every way of counting says.",
        Verdict.FAILS: "By none of them is a lead beyond doubt.",
    },
)


def lags() -> dict[str, Trend]:
    """Months behind by each method, with its interval."""
    return {name: progress.lag(progress.pairs(), name) for name in progress.METHODS}


def keeps_its_lead() -> Judged:
    """Capital, expert data and hyperscale datacentres give closed labs a lasting lead."""
    found, published, (_, zero) = lags(), published_lags(), progress.zero_day(progress.pairs())
    compute = trained("lag-compute")
    every = [one.value for one in found.values()] + [*published.values()]
    return LEAD.judged(
        weighed(supported=any(one.low > 0 for one in found.values()), contradicted=min(every) < LASTING),
        found=q.listed(f"{one.value:.1f} by {name} ({one.low:.1f} to {one.high:.1f})" for name, one in found.items()),
        published=q.listed(f"{months:g} by {name}" for name, months in published.items()),
        compute=f"{compute.value:g}", compute_low=f"{compute.low:g}", compute_high=f"{compute.high:g}",
        zero=f"{zero.value:.1f}", zero_low=f"{zero.low:.1f}", zero_high=f"{zero.high:.1f}",
        line=f"{trained('lag-trend-zero').value:.1f}", flat=f"{trained('lag-flat').value:g}",
    )  # fmt: skip


DEFLATION = Reasons(
    "GPT-2's bill fell from {old} (2019) to {new} (2026), halving every {months} months, {chips_share} of it, in logarithms, by chips and their rent. On the same "
    "chips the speed run became {times} as fast in {span} months, halving every {race} ({race_low} to {race_high}). FLOP/s a dollar grow {chips} a year.",
    {
        Verdict.HOLDS: "The cost of a leading run grew no faster than that, {growth} a year: the gap closes.",
        Verdict.IN_PART: "So one result becomes cheap; but the cost of a leading run grew {growth} a year ({growth_low} to {growth_high}, 90 %): what becomes cheap is "
        "yesterday's frontier.",
        Verdict.FAILS: "So not even one result becomes cheaper within years.",
    },
)
LONG = 24.0  # months: what halves more slowly does not become cheap by waiting


def race() -> Trend:
    """Months in which the speed run halves."""
    return progress.halving(*progress.records())


def run_growth() -> tuple[float, float, float]:
    """How many times as much a leading run costs a year later, with the ends of its interval."""
    row = trained("growth-run-cost")
    return row.value, row.low, row.high


def deflation() -> Judged:
    """Prosumer hardware plus time, used cards and ASICs will close the gap."""
    when, minutes = progress.records()
    run, (growth, low, high) = race(), run_growth()
    old, new, chips = trained("gpt-2-2019"), trained("gpt-2-2026"), 2 ** (1 / trained("doubling-price").value)
    return DEFLATION.judged(
        weighed(supported=run.high < LONG, contradicted=low > chips),
        old=q.money(old.value), new=q.money(new.value), months=f"{months_to_halve():.1f}", chips_share=q.percent(shares()[CHIPS]),
        times=q.times(minutes[0] / minutes[-1]), span=f"{when[-1] - when[0]:.0f}", race=f"{run.value:.1f}",
        race_low=f"{run.low:.1f}", race_high=f"{run.high:.1f}", chips=q.times(chips), growth=q.times(growth),
        growth_low=f"{low:g}", growth_high=f"{high:g}",
    )  # fmt: skip


CLAIMS = {
    "small-budget-equal-performance": small_budget,
    "capex-buys-marginal-gains": marginal_gains,
    "subsidised-not-cheap": subsidised,
    "capital-decides": capital_decides,
    "frontier-keeps-its-lead": keeps_its_lead,
    "hardware-deflation": deflation,
}
settled = partial(verdicts.settled, CLAIMS)
