"""Lesson 09's verdicts: hosts that compete, labs that are left out, self-hosting, good enough, and concentration."""

from __future__ import annotations

from functools import partial

from ..evidence import verdicts
from ..evidence.verdicts import Judged, Reasons, weighed
from ..facts import quantities as q
from ..facts.figures import figure
from ..facts.vocabulary import Verdict
from ..money import host_prices, market, market_accounts, open_closed_switch, self_hosting, token_capital
from ..money.deepseek_account import published_account
from ..money.price_lists import at_hosts, list_prices, listed_on, middle_host

PROMPT = 3  # tokens read for each that is written
CLOSED = "GPT-5.5"
LIFE = 1.0  # years that a model sells before the next one

COMPETE = Reasons(
    "Any provider may: {hosts} listed {glm.model} on {glm.date}. But {alike} of them ask its lab's prices of input and output, to "
    "the cent ({cached} its price of cached input, too), and {first} of {others} ask for {pro.model} {dearer} what the lab itself "
    "asks now. {oss.model}, which no lab sells, is listed at {cheapest} to {dearest} a million. Of what a full machine is predicted "
    "to cost, the cheapest hosts ask {least}.",
    {
        Verdict.HOLDS: "Half of all hosts ask no more than the dear end of that cost.",
        Verdict.IN_PART: "Best case: some reach the cost. Against: the median hosts ask {middle}.",
        Verdict.FAILS: "No host is known to ask as little as the cost.",
    },
)


def hosts_compete() -> Judged:
    """Any provider may host open weights, and competition brings the price down to cost."""
    every = [host_prices.asked(name) for name in ("GLM-5.2", "DeepSeek-V4-Pro", "gpt-oss-120b")]
    glm, pro, oss = every
    costs = [host_prices.predicted(one.model).full_range for one in every]

    def over_cost(prices: list[float]) -> str:
        """Each price over the range of its model's cost."""
        return q.listed(
            f"{q.between(q.times, price / high, price / low)} for {one.model}"
            for one, price, (low, high) in zip(every, prices, costs)
        )

    least, middle = [one.hosts[0] for one in every], [one.median for one in every]
    return COMPETE.judged(
        weighed(
            supported=any(price <= high for price, (_, high) in zip(least, costs)),
            contradicted=any(price > high for price, (_, high) in zip(middle, costs)),
        ),
        hosts=q.several(len(glm.hosts), "other"), glm=glm, alike=q.percent(glm.at(glm.lab)), cached=glm.alike,
        first=q.percent(pro.at(pro.first)), others=len(pro.hosts), pro=pro, dearer=q.times(pro.first / pro.lab),
        oss=oss, cheapest=q.money(oss.hosts[0]), dearest=q.money(oss.hosts[-1]), least=over_cost(least),
        middle=over_cost(middle),
    )  # fmt: skip


LICENCE = 0.0  # of a host's revenue that the licences of these models ask for their lab
REVENUE = Reasons(
    "The licences of these models ask hosts for {licence}. But DeepSeek hosts, too: at its published costs and "
    "list prices of 2025-02, if every token were billed, which DeepSeek says it was not, it would keep {own} of {revenue} a year. "
    "The final runs of V3 and R1 took {final}, with all runs before them {low} to {high} that ({source}, {date}): it would "
    "have paid that in {alone}. Z.ai, which makes GLM, kept {zai} in the cloud in {zai_date}, and less than nothing in the first half of 2025. "
    "The {share} of its revenue that OpenAI is said to pay Microsoft, asked of hosts that take that revenue, would need {paid}.",
    {
        Verdict.HOLDS: f"So a lab is not paid within {LIFE:g} year in which its model sells.",
        Verdict.IN_PART: "Without customers of its own the claim holds; with them it depends on how cheaply it serves, and on how "
        "long a model sells.",
        Verdict.FAILS: "So a lab is paid by hosts, too.",
    },
)


def hosts_keep_the_revenue() -> Judged:
    """If others host the model, nothing reaches the lab that trained it, which cannot last."""
    final, revenue, times = (
        market_accounts.bills()[market_accounts.OWN_BILL],
        market_accounts.revenue(),
        figure("research-over-final-run"),
    )
    margin, share = published_account().margin, market.inputs()["share"].value
    zai = figure("margin-cloud-zai")

    def years(of_revenue: float) -> tuple[float, float]:
        """Until the bill is paid, if the research before it was least, and most."""
        labs = (market.Lab(final * more, revenue, of_revenue, 1) for more in (times.low, times.high))
        return tuple(lab.years_needed for lab in labs)

    def wait(of_revenue: float) -> str:
        return q.between(lambda year: q.duration(year * q.YEAR), *years(of_revenue))

    return REVENUE.judged(
        weighed(supported=LICENCE == 0, contradicted=margin > 0 and years(margin)[0] < LIFE),
        licence="nothing" if LICENCE == 0 else f"{q.percent(LICENCE)} of their revenue", own=q.percent(margin), revenue=q.money(revenue),
        final=q.money(final), low=q.significant(times.low), high=q.times(times.high), source="Epoch AI", date=times.date,
        alone=wait(margin), zai=q.percent(zai.value / 100), zai_date=zai.date, share=q.percent(share), paid=wait(share),
    )  # fmt: skip


SELF_HOSTING = Reasons(
    f"In tokens a day, against {CLOSED} and against the middle host of the same model: {{best}}, if it is busy all day and nobody "
    "is paid. In {hours} hours a day, with {users} users, {spare} spare machines and {work} hours of work a month the node costs "
    "{full} the middle host's bill even when it is full, and {night} if it is handed back at night.",
    {
        Verdict.HOLDS: "It saves on both sides. {data}",
        Verdict.IN_PART: "So it saves whoever keeps it busy. {data}",
        Verdict.FAILS: "It saves on neither side. {data}",
    },
)


def self_hosting_saves() -> Judged:
    """Self-hosting an open model lowers operating cost and keeps data at home."""
    mix, said, reached, wage = self_hosting.mixed(PROMPT), [], [], figure("wage").value
    for name, way in self_hosting.DEPLOYMENTS.items():
        middle = at_hosts(way.model)[middle_host(way.model, mix)]
        sides = [
            self_hosting.deployment_cost_at(name, "at best", prices, mix, wage)
            for prices in (list_prices(CLOSED), middle)
        ]
        reached += [own.break_even is not None and own.break_even <= own.capacity for own in sides]
        starts = ("no number" if own.break_even is None else q.count(own.break_even) for own in sides)
        said.append(f"a {name} with {way.stored} from {' and '.join(starts)}")
    case, users = self_hosting.SIDES["at worst"], self_hosting.users_of("rented node", "at worst")
    prices = at_hosts("GLM-5.2")[middle_host("GLM-5.2", mix)]
    node = self_hosting.deployment_cost_at("rented node", "at worst", prices, mix, wage)
    bill, day = node.capacity * node.price, case["hours"] * q.HOUR / q.DAY
    full, night = (node.day + node.people) / bill, (node.day * day + node.people) / bill
    return SELF_HOSTING.judged(
        weighed(supported=any(reached), contradicted=full > 1 or not all(reached)),
        best="; ".join(said), hours=case["hours"], users=users, spare=q.percent(case["spare"]), work=case["work"],
        full=q.times(full), night=q.times(night),
        data="Data stays at home on the desktop alone: a rented machine stands in somebody else's.",
    )  # fmt: skip


GOOD_ENOUGH = Reasons(
    f"At list prices ({{dates}}) a switch from {CLOSED} to GLM-5.2, the closed one's answers counted as good throughout, pays if "
    "more than {free} of the tasks are good enough and every bad answer is noticed at no expense; with a check that misses "
    "{missed} of them, {loss} lost with each, above {checked}. Followed after {lag:g} months ({lag_date}) of the {life} that it "
    "sells, a closed model loses {faithful} of its earnings if {stayed} of its customers stay, {nobody} if none do. Who stays nobody "
    "publishes: closed models kept {stayed} of the tokens of one exchange ({use_date}), at {dearer} the price.",
    {
        Verdict.HOLDS: "The lever is real whoever stays.",
        Verdict.IN_PART: "The lever is real, and it moves those who can check answers.",
        Verdict.FAILS: "At these prices the switch pays at no share.",
    },
)
MOVED = 0.25  # share of its earnings from which a closed model's loss undermines its return


def good_enough_disrupts() -> Judged:
    """A good-enough open model at a much lower price undermines the return on frontier models."""
    one, lag = open_closed_switch.switch("GLM-5.2", CLOSED), figure("lag-2026")
    leaky = open_closed_switch.switch("GLM-5.2", CLOSED, **open_closed_switch.CHECK)
    stayed, cut = open_closed_switch.stayed(), round(min(one.open / one.closed, 1), 2)
    faithful, nobody = (open_closed_switch.followed(stays, cut).lost(lag.value) for stays in (stayed, 0.0))
    free, checked = (
        "all" if even is None else q.percent(even) for even in (one.break_even, leaky.break_even)
    )
    return GOOD_ENOUGH.judged(
        weighed(supported=one.break_even is not None and nobody > MOVED, contradicted=faithful < MOVED),
        dates=f"{listed_on(CLOSED)}, {listed_on('GLM-5.2')}", free=free, missed=q.percent(1 - leaky.noticed),
        loss=q.money(leaky.loss), checked=checked, lag=lag.value, lag_date=lag.date, life=open_closed_switch.LIFE,
        faithful=q.percent(faithful), stayed=q.percent(stayed), nobody=q.percent(nobody),
        use_date=figure("open-use").date, dearer=q.times(1 / open_closed_switch.paid_price()),
    )  # fmt: skip


CONCENTRATION = Reasons(
    "The index of owned AI compute is {owners} points by owners (2025-12), and {blocs} by blocs; the US Merger Guidelines call "
    f"{market.CONCENTRATED:,} highly concentrated. Owners with their seat in the United States hold {{share}}.",
    {
        Verdict.IN_PART: "It is concentrated however one counts; whether that is the danger no index can say.",
        Verdict.FAILS: "It is not concentrated, however one counts.",
        Verdict.NOT_ARITHMETIC: "How concentrated it is depends on whom you count as one. Whether that, or the technology, is the "
        "danger no index can say.",
    },
)


def concentration_is_the_danger() -> Judged:
    """The danger is concentration of power in any bloc, not the technology."""
    firms, blocs = token_capital.companies(), token_capital.blocs()
    low, high = (token_capital.index(firms, others=others) for others in (token_capital.MANY, 1))
    together = token_capital.index(blocs)
    above = [index > market.CONCENTRATED for index in (low, high, together)]
    verdict = Verdict.NOT_ARITHMETIC
    if all(above) or not any(above):
        verdict = Verdict.IN_PART if all(above) else Verdict.FAILS
    return CONCENTRATION.judged(
        verdict,
        owners=q.between(lambda points: f"{points:,.0f}", low, high), blocs=f"{together:,.0f}",
        share=q.percent(blocs[token_capital.STATES] / sum(blocs.values())),
    )  # fmt: skip


CLAIMS = {
    "open-weights-let-hosts-compete": hosts_compete,
    "hosts-keep-the-revenue": hosts_keep_the_revenue,
    "self-hosting-saves": self_hosting_saves,
    "good-enough-disrupts": good_enough_disrupts,
    "concentration-is-the-danger": concentration_is_the_danger,
    "gpus-are-the-determinant": verdicts.gpus_are_the_determinant,
}
settled = partial(verdicts.settled, CLAIMS)
