"""Floor 4. Lesson 09's verdicts: hosts that compete, labs that are left out, self-hosting, good enough, and concentration."""

from __future__ import annotations

from . import good_enough, host_prices, market, self_hosting, token_capital
from . import quantities as q
from .cases import IN_PART, NOT_ARITHMETIC
from .economics import figure, service
from .price_lists import at_hosts, by_price, list_prices
from .serving_account import published_account

PROMPT = 3  # tokens read for each that is written
CLOSED = "GPT-5.5"
BEST = {"users": 512, "hours": 24, "spare": 0.0}
WORST = {"users": 64, "hours": 8, "spare": 0.1}


def hosts_compete() -> tuple[str, str]:
    """Any provider may host open weights, and competition brings the price down to cost."""
    glm, pro, oss = (host_prices.asked(name) for name in ("GLM-5.2", "DeepSeek-V4-Pro", "gpt-oss-120b"))
    full = host_prices.predicted("GLM-5.2").full
    return IN_PART, (
        f"Any provider may: {len(glm.hosts)} others listed GLM-5.2 on {glm.date}. But {q.percent(glm.at(glm.lab))} of them "
        f"ask what its lab asks, to the cent, and {q.percent(pro.at(pro.first))} of {len(pro.hosts)} ask for DeepSeek-V4-Pro "
        f"{q.times(pro.over_lab)} what the lab itself asks now. gpt-oss-120b, which no lab sells, is listed at "
        f"{q.money(oss.hosts[0])} to {q.money(oss.hosts[-1])} a million. The cheapest GLM-5.2 asks {q.times(glm.hosts[0] / full)} "
        f"what we predict a full rented node to cost, the middle host {q.times(glm.median / full)}: some prices are near cost, "
        "most are copied."
    )


def hosts_keep_the_revenue() -> tuple[str, str]:
    """If others host the model, nothing reaches the lab that trained it, which cannot last."""
    bill, revenue = market.inputs()["training"].value, service("revenue") * q.YEAR / q.DAY
    times, day = figure("research-over-final-run").value, published_account()
    whole = bill * times
    own = market.Lab(whole, revenue, 1 - day.cost / day.revenue, 1)
    paid = market.Lab(whole, revenue, market.inputs()["share"].value, 1)
    return IN_PART, (
        f"The licences of these models ask hosts for nothing, so from other hosts nothing comes. But DeepSeek hosts, too: at "
        f"its published costs and list prices of 2025-02 it would keep {q.percent(own.share)} of {q.money(revenue)} a year, which pays "
        f"V3 and R1 and {q.times(times)} their bill, {q.money(whole)}, after {q.duration(own.years_needed * q.YEAR)}. A share of "
        f"{q.percent(paid.share)} from hosts that take that revenue would need {q.duration(paid.years_needed * q.YEAR)}. Without "
        "customers of its own the claim holds; with them it depends on how long a model sells."
    )


def self_hosting_saves() -> tuple[str, str]:
    """Self-hosting an open model lowers operating cost and keeps data at home."""
    mix, said = self_hosting.mixed(PROMPT), []
    staff = self_hosting.people(40, figure("wage").value)
    for name, way in self_hosting.WAYS.items():
        hosts = by_price(way.model, mix)
        middle = at_hosts(way.model)[hosts[len(hosts) // 2]]
        at = [
            self_hosting.own_way(name, prices, mix, **case).break_even
            for prices, case in ((list_prices(CLOSED), BEST), (middle, BEST))
        ]
        said.append(f"a {name} from {' and '.join(map(q.count, at))}")
    node = self_hosting.own_way("rented node", middle, mix, **WORST, people=staff)
    return IN_PART, (
        f"In tokens a day, against {CLOSED} and against the middle host of the same model: {'; '.join(said)}, if it is busy all day "
        f"and nobody is paid. In office hours, with {WORST['users']} users, a spare and a week of work a month the node costs "
        f"{q.times((node.day + node.people) / (node.capacity * node.price))} the middle host's bill even when it is full. Data "
        "stays at home on the desktop alone: a rented machine stands in somebody else's."
    )


def good_enough_disrupts() -> tuple[str, str]:
    """A good-enough open model at a much lower price undermines the return on frontier models."""
    one = good_enough.Switch(good_enough.task_price("GLM-5.2"), good_enough.task_price(CLOSED))
    stayed, lag = good_enough.stayed(), figure("lag-2026")
    return IN_PART, (
        f"At list prices a switch from {CLOSED} to GLM-5.2 pays if more than {q.percent(one.break_even)} of the tasks are good "
        f"enough and every bad answer is noticed at no cost. Open models follow after {lag.value:g} months ({lag.date}), so a "
        f"closed one has that long alone. Yet closed models kept {q.percent(stayed)} of the tokens on one exchange at "
        f"{q.times(1 / good_enough.paid_price())} the price of an open one: so far most buyers pay for the difference. The lever "
        "is real, and it moves those who can check answers."
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
