"""Lesson 09's verdicts: hosts that compete, labs that are left out, self-hosting, good enough, and concentration."""

from __future__ import annotations

from functools import partial

from ..evidence import verdicts
from ..evidence.verdicts import IN_PART, NOT_ARITHMETIC
from ..facts import quantities as q
from ..facts.figures import figure
from ..money import host_prices, market, market_accounts, open_closed_switch, self_hosting, token_capital
from ..money.deepseek_account import published_account
from ..money.price_lists import at_hosts, list_prices, listed_on, middle_host

PROMPT = 3  # tokens read for each that is written
CLOSED = "GPT-5.5"


def hosts_compete() -> tuple[str, str]:
    """Any provider may host open weights, and competition brings the price down to cost."""
    every = [host_prices.asked(name) for name in ("GLM-5.2", "DeepSeek-V4-Pro", "gpt-oss-120b")]
    glm, pro, oss = every
    full = [host_prices.predicted(one.model).full for one in every]
    least = [q.significant(one.hosts[0] / cost, 2) for one, cost in zip(every, full)]
    middle = sorted(one.median / cost for one, cost in zip(every, full))
    return IN_PART, (
        f"Any provider may: {len(glm.hosts)} others listed GLM-5.2 on {glm.date}. But {q.percent(glm.at(glm.lab))} of them "
        f"ask its lab's prices of input and output, to the cent ({glm.alike} its price of cached input, too), and "
        f"{q.percent(pro.at(pro.first))} of {len(pro.hosts)} ask for DeepSeek-V4-Pro {q.times(pro.first / pro.lab)} what the lab "
        f"itself asks now. gpt-oss-120b, which no lab sells, is listed at {q.money(oss.hosts[0])} to {q.money(oss.hosts[-1])} a "
        f"million. Best case: the cheapest hosts of DeepSeek-V4-Pro and gpt-oss-120b ask {least[1]} and {least[2]} of what we "
        f"expect a full machine to cost. Against: the median host asks {q.significant(middle[0], 2)} to {q.times(middle[-1])} that."
    )


def hosts_keep_the_revenue() -> tuple[str, str]:
    """If others host the model, nothing reaches the lab that trained it, which cannot last."""
    bill, revenue = market.inputs()["training"].value, market_accounts.revenue()
    times = figure("research-over-final-run").value
    whole = bill * times
    own = market.Lab(whole, revenue, published_account().margin, 1)
    paid = market.Lab(whole, revenue, market.inputs()["share"].value, 1)
    return IN_PART, (
        "The licences of these models ask hosts for nothing, so from other hosts nothing comes. But DeepSeek hosts, too: at its "
        "published costs and list prices of 2025-02, if every token were billed, which DeepSeek says it was not, it would keep "
        f"{q.percent(own.share)} of {q.money(revenue)} a year, and pay {q.times(times)} the bill of V3 and R1, {q.money(whole)}, in "
        f"{q.duration(own.years_needed * q.YEAR)}. A share of {q.percent(paid.share)} from hosts that take that revenue would need "
        f"{q.duration(paid.years_needed * q.YEAR)}. Without customers of its own the claim holds; with them it depends on how "
        "long a model sells."
    )


def self_hosting_saves() -> tuple[str, str]:
    """Self-hosting an open model lowers operating cost and keeps data at home."""
    mix, said, wage = self_hosting.mixed(PROMPT), [], figure("wage").value
    for name, way in self_hosting.DEPLOYMENTS.items():
        middle = at_hosts(way.model)[middle_host(way.model, mix)]
        sides = (
            self_hosting.deployment_cost_at(name, "at best", prices, mix, wage)
            for prices in (list_prices(CLOSED), middle)
        )
        said.append(
            f"a {name} with {way.stored} from {' and '.join(q.count(own.break_even) for own in sides)}"
        )
    case, users = self_hosting.SIDES["at worst"], self_hosting.users_of("rented node", "at worst")
    prices = at_hosts("GLM-5.2")[middle_host("GLM-5.2", mix)]
    node = self_hosting.deployment_cost_at("rented node", "at worst", prices, mix, wage)
    bill, day = node.capacity * node.price, case["hours"] * q.HOUR / q.DAY
    return IN_PART, (
        f"In tokens a day, against {CLOSED} and against the middle host of the same model: {'; '.join(said)}, if it is busy all day "
        f"and nobody is paid. In {case['hours']} hours a day, with {users} users, {q.percent(case['spare'])} spare machines and "
        f"{case['work']} hours of work a month the node costs {q.times((node.day + node.people) / bill)} the middle host's bill "
        f"even when it is full, and {q.times((node.day * day + node.people) / bill)} if it is handed back at night. Data "
        "stays at home on the desktop alone: a rented machine stands in somebody else's."
    )


def good_enough_disrupts() -> tuple[str, str]:
    """A good-enough open model at a much lower price undermines the return on frontier models."""
    one, lag = open_closed_switch.switch("GLM-5.2", CLOSED), figure("lag-2026")
    leaky = open_closed_switch.switch("GLM-5.2", CLOSED, **open_closed_switch.CHECK)
    stayed, cut = open_closed_switch.stayed(), round(one.open / one.closed, 2)
    faithful, nobody = (open_closed_switch.followed(stays, cut).lost(lag.value) for stays in (stayed, 0.0))
    return IN_PART, (
        f"At list prices ({listed_on(CLOSED)}, {listed_on('GLM-5.2')}) a switch from {CLOSED} to GLM-5.2 pays if more than "
        f"{q.percent(one.break_even)} of the tasks are good enough and every bad answer is noticed at no expense; with a check that "
        f"misses {q.percent(1 - leaky.noticed)} of them, {q.money(leaky.loss)} lost with each, above {q.percent(leaky.break_even)}. "
        f"Followed after {lag.value:g} months ({lag.date}) of the {open_closed_switch.LIFE} that it sells, a closed model loses {q.percent(faithful)} of its "
        f"earnings if {q.percent(stayed)} of its customers stay, {q.percent(nobody)} if none do. Who stays nobody publishes: closed "
        f"models kept {q.percent(stayed)} of the tokens of one exchange ({figure('open-use').date}), at "
        f"{q.times(1 / open_closed_switch.paid_price())} the price. The lever is real, and it moves those who can check answers."
    )


def concentration_is_the_danger() -> tuple[str, str]:
    """The danger is concentration of power in any bloc, not the technology."""
    firms, blocs = token_capital.companies(), token_capital.blocs()
    low, high = (token_capital.index(firms, others=others) for others in (token_capital.MANY, 1))
    share = blocs[token_capital.STATES] / sum(blocs.values())
    return NOT_ARITHMETIC, (
        f"The index of owned AI compute is {low:,.0f} to {high:,.0f} points by owners (2025-12), below the "
        f"{market.CONCENTRATED:,} of the US Merger Guidelines, and {token_capital.index(blocs):,.0f} by blocs, far above: owners "
        f"with their seat in the United States hold {q.percent(share)}. How concentrated it is depends on whom you count as one. "
        "Whether that, or the technology, is the danger no index can say."
    )


CLAIMS = {
    "open-weights-let-hosts-compete": hosts_compete,
    "hosts-keep-the-revenue": hosts_keep_the_revenue,
    "self-hosting-saves": self_hosting_saves,
    "good-enough-disrupts": good_enough_disrupts,
    "concentration-is-the-danger": concentration_is_the_danger,
    "gpus-are-the-determinant": verdicts.gpus_are_the_determinant,
}
settled = partial(verdicts.settled, CLAIMS)
