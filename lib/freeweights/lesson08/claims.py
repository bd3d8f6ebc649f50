"""Lesson 08's verdicts: volunteers, what stands in their way, who else could pay, and what capital decides after all."""

from __future__ import annotations

from functools import partial

from ..evidence import verdicts
from ..evidence.verdicts import Judged, Reasons, weighed
from ..facts import quantities as q
from ..facts.figures import together
from ..facts.vocabulary import Verdict
from ..learn import liars
from ..models.transformer import Model
from .bills import ALL_V3, BILLS, FRONTIER, LAST_V3, LLAMA, V3, checking, flops_of
from .far_apart import Exchange
from .givers_panel import yearly
from .liars_picture import WELL, accuracy
from .planet import MBIT, Crowd, at_best
from .planet_panel import CARD, PUBLISHED, spell

FIT = 3.0  # years in which a model is still worth training: our choice
DISTANT = 100.0  # times less compute than a leading run: what we call out of reach of it
YEARS = 3  # of gifts, as in lesson 07


def homes(squeezed: float | None = None) -> Crowd:
    """As many homes as ever came to one project, on Llama 3.1 405B: line and cap of the panel's start, batch and local steps at their best."""
    return at_best(Crowd(
        Model.named(LLAMA), PUBLISHED[LLAMA], int(together("folding-2020").value), CARD, together("line-world-upload").value * MBIT, 100, 4,
        Exchange.OVERLAPPED, together("squeeze-activations").value / 100 if squeezed is None else squeezed, 0.001,
        together("cap-comcast").value * 1e9, together("check-adaptive").value / 100,
    ))  # fmt: skip


VOLUNTEERS = Reasons(
    "The largest run over the internet took {covenant} FLOPs, {behind} times less than a leading one by one count and {ours} times less than Llama 3.1 405B, and its {peers} "
    "peers a round were machines of eight data-centre cards. Counted: {crowd} homes, as many as ever came to one project, with {card} need {years} for {llama} if "
    "numbers between layers are squeezed to a hundredth, as one group says of its own model, and, if they are not, {plain}. Then {between} tokens pass between two exchanges, {exchanges} exchanges in all: so many gradients at once teach less than in a row.",
    {
        Verdict.HOLDS: "And runs that large have been seen.",
        Verdict.IN_PART: "So counting does not forbid it, and no run has shown it: what was shown is smaller, and not of homes.",
        Verdict.FAILS: "Not even counting allows it.",
    },
)


def volunteers() -> Judged:
    """BOINC-style volunteers with mixture of experts and gradient compression can train frontier models."""
    covenant, behind, crowd = together("run-covenant"), together("runs-behind"), homes()
    times = flops_of(LLAMA) / covenant.value
    return VOLUNTEERS.judged(
        weighed(supported=crowd.years < FIT, contradicted=behind.value > DISTANT),
        covenant=f"{covenant.value:.1e}", behind=f"{behind.value:,.0f}", ours=q.significant(times, 2), peers=f"{together('run-covenant-peers').value:g}",
        crowd=q.count(crowd.homes), card=CARD, years=spell(crowd.years), llama=LLAMA, plain=spell(homes(0.0).years), between=q.count(crowd.between, 2), exchanges=q.count(crowd.tokens / crowd.between, 2),
    )  # fmt: skip


IN_THE_WAY = Reasons(
    "On ten workers trained here, three of them liars, the best of {rules} rules keeps {even} of the digits under the worst of {attacks} attacks if shards are even and {uneven} if "
    "they differ; there, with no liar at all, the plain mean reads {mean} and Krum {krum}: the defence is the harm. {documents} documents sufficed to poison models of "
    "every size that was tried. Checking costs: {costs} the work. What does not stand in the way is the line alone: one large run computed {utilisation} of its time.",
    {
        Verdict.HOLDS: "So they do stand in the way, all of them.",
        Verdict.IN_PART: "So poisoning and checking stand in the way where shards differ, as volunteers' do; a thin line has cures that were measured.",
        Verdict.FAILS: "So each of them has a cure.",
    },
)


def best_under_worst(trained: liars.Trained, shards: str) -> float:
    """Of the rules the one whose worst attack leaves most: what it leaves."""
    return max(
        min(accuracy(trained, rule, attack, shards)[0] for attack in liars.TRIED) for rule in liars.RULES
    )


def in_the_way() -> Judged:
    """Latency, bandwidth, verification and poisoning stand in the way of decentralised training."""
    trained, busy = liars.table(), together("run-covenant-utilisation").value / 100
    uneven = best_under_worst(trained, liars.UNEVEN)
    return IN_THE_WAY.judged(
        weighed(supported=uneven < WELL, contradicted=busy > 0.9),
        rules=len(liars.RULES), attacks=len(liars.TRIED), even=q.percent(best_under_worst(trained, liars.EVEN)), uneven=q.percent(uneven),
        mean=q.percent(accuracy(trained, "mean", "none", liars.UNEVEN)[0]), krum=q.percent(accuracy(trained, "Krum", "none", liars.UNEVEN)[0]),
        documents=f"{together('poison-documents').value:g}",
        costs=q.listed(f"{q.times(times)} by {name}" for name, times in checking().items()), utilisation=q.percent(busy),
    )  # fmt: skip


OTHERS = Reasons(
    f"Given a year, for {YEARS} years: {{able}} of {{many}} that people, firms and states do give would pay the last run of {V3} ({{last}}), {{whole}} all its runs ({{whole_bill}}), "
    "{leading} the most that all runs of a leading model may come to ({leading_bill}). A million people with ten dollars a year bring {million}.",
    {
        Verdict.HOLDS: "So they could pay even for the lead.",
        Verdict.IN_PART: "So they could pay for models that follow, year after year, and hardly for the lead. Whether they would is not counted here: all of it is spent on other things.",
        Verdict.FAILS: "So not even one that follows.",
    },
)


def able(bill: float) -> int:
    """How many of those that were given to could pay a bill with all they get in YEARS."""
    return sum(dollars * YEARS >= bill for dollars in yearly().values())


def others_could_pay() -> Judged:
    """Public datacentres, consortia or donations could pay for open models."""
    last, whole, leading = (BILLS[name]() for name in (LAST_V3, ALL_V3, FRONTIER))
    many = len(yearly())
    return OTHERS.judged(
        weighed(supported=able(whole) >= many / 2, contradicted=able(leading) < many / 2),
        able=able(last), many=many, last=q.money(last), whole=able(whole), whole_bill=q.money(whole), leading=able(leading),
        leading_bill=q.money(leading), million=q.money(1e6 * 10 * YEARS),
    )  # fmt: skip


CAPITAL = Reasons(
    "Beside a purse there are homes and gifts. The largest run that strangers made together is {times} times smaller than Llama 3.1 405B. Gifts of today, all of them, would pay {able} "
    "of {many} times for one model's runs at {bill}, and {leading} of {many} times for a leading one's.",
    {
        Verdict.HOLDS: "So neither gets anywhere without capital.",
        Verdict.IN_PART: "So capital decides who leads; who may follow is decided by whether people act together, and that is a choice and no bill.",
        Verdict.FAILS: "So capital is not needed to lead.",
    },
)


def capital_after_all() -> Judged:
    """Training costs so much that power stays with the wealthy whatever is released."""
    whole, leading, many = BILLS[ALL_V3](), BILLS[FRONTIER](), len(yearly())
    return CAPITAL.judged(
        weighed(supported=able(leading) < many / 2, contradicted=able(whole) >= many / 2),
        times=q.significant(flops_of(LLAMA) / together("run-covenant").value, 2), able=able(whole), many=many, bill=q.money(whole), leading=able(leading),
    )  # fmt: skip


CLAIMS = {
    "volunteers-can-train": volunteers,
    "poisoning-unsolved": in_the_way,
    "public-compute": others_could_pay,
    "capital-decides": capital_after_all,
}
settled = partial(verdicts.settled, CLAIMS)
