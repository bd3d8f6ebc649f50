"""Floor 5. Lesson 09's hosts that compete: the price as they enter, where a year's revenue goes."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from . import live
from . import quantities as q
from . import serving_account as account
from .cases import CLUSTER, CLUSTER_WEIGHTS, SERVED
from .economics import MILLION, Terms, cost_per_million, figure, service
from .inference import decode
from .machine import machine
from .market import RULES, Demand, Outcome, concentration, inputs, market, published_demand
from .plots import BLUE, GREEN, GREY, ORANGE, RED, headline, log_axis, spread
from .rooflines import BEHIND
from .transformer import model

OWN, SMALL = "DeepSeek's service, predicted", f"8 x H200, {SERVED} users, predicted"
LOWEST, HIGHEST = 0.1, 10.0  # dollars for a million tokens, ends of the axis
LEFT, RIGHT = -60.0, 150.0  # million dollars, ends of the other
PARTS = {  # of the revenue: name, colour, hatch
    "serving": ("cost of serving", GREY, "xxx"),
    "fixed": ("fixed costs", ORANGE, "///"),
    "lab": ("to the lab", GREEN, "\\\\\\"),
    "kept": ("hosts keep", BLUE, ""),
}


@cache
def costs() -> dict[str, float]:
    """Costs of a million tokens of output by who predicted or published them, machines alone.

    >>> own, published, *_ = costs().values()
    >>> 0.5 < own / published < 2
    True
    """
    written = service("output-tokens") / MILLION
    found = {}
    for name, day in (
        (OWN, account.predicted_account()),
        ("DeepSeek's service, published", account.published_account()),
    ):
        found[name] = day.cost * day.writing / day.nodes / written
    found["SGLang on 96 H100, published"] = figure("sglang-deepseek-v3-cost-of-output").value
    where = machine(*CLUSTER)
    for users in (512, SERVED):
        step = decode(model(account.MODEL), where, service("context"), users, CLUSTER_WEIGHTS)
        found[SMALL.replace(str(SERVED), str(users))] = cost_per_million(
            where, step.tokens_per_second, Terms()
        )
    return found


def rising(cost: float, more: float, hosts: int) -> np.ndarray:
    """Costs of hosts in the order they enter: the first has `cost`, the last of all that may enter 1 + `more` times that.

    >>> rising(1.0, 0.5, 90)[[0, -1]].tolist()
    [1.0, 1.5]
    """
    return cost * (1 + more * np.arange(hosts) / (most() - 1))


def most() -> int:
    """How many hosts there are at most: as many as serve any open model where that was counted."""
    return int(inputs()["hosts"].high)


def entry(
    demand: Demand, each: np.ndarray, fixed: float, share: float, rule: str
) -> tuple[np.ndarray, np.ndarray]:
    """Prices with the first host, the first two, and so on, and how many of them stay; without any, a masked price.

    By Cournot's rule the dearest leave until nobody loses, as in `market`; by Bertrand's they lose and stay.

    >>> prices, stay = entry(Demand(2, 1e6, 1), np.full(20, 0.4), 1e5, 0, "Cournot")
    >>> stay[[0, 6, 19]].tolist()
    [1, 7, 7]
    """
    hosts = np.arange(1, each.size + 1)
    found = market(demand, np.where(np.tri(each.size, dtype=bool), each, np.inf), 0.0, share, rule)
    least = np.where(found.quantities > 0, found.profits, np.inf).min(axis=-1)
    staying = np.isfinite(least) & ((least >= fixed) | (rule == "Bertrand"))
    stay = np.maximum.accumulate(np.where(staying, hosts, 0))
    return np.ma.masked_array(found.price[np.maximum(stay, 1) - 1], mask=stay == 0), stay


def parts(found: Outcome, each: np.ndarray, fixed: float) -> dict[str, float]:
    """Where the revenue of a market goes, dollars a year: the parts add up to it."""
    return {
        "serving": float(each @ found.quantities),
        "fixed": fixed * found.serving,
        "lab": found.lab,
        "kept": float(found.profits.sum()),
    }


def draw(figure: Figure) -> dict:
    """Left: price and cost against hosts. Right: where a year's revenue goes."""
    left = figure.add_axes((0.08, 0.135, 0.395, 0.74))
    log_axis(left.xaxis, {n: str(n) for n in (1, 2, 5, 10, 20, 50, most())})
    log_axis(left.yaxis, {tick: q.money(tick) for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10)})
    left.set(
        xlim=(1, most()),
        ylim=(LOWEST, HIGHEST),
        xlabel="hosts that enter",
        ylabel="for a million tokens written",
    )
    listed = service("price-of-output")
    left.axhline(listed, color=GREY, linestyle=":", linewidth=1.3)
    words = f"list price of R1, {figure_date()}: {q.money(listed)}"
    left.text(most(), listed * 1.05, words, fontsize=10, color=GREY, ha="right", va="bottom", bbox=BEHIND)
    right = figure.add_axes((0.67, 0.135, 0.305, 0.74))
    right.set(xlim=(LEFT, RIGHT), ylim=(len(PARTS) - 0.35, -0.75), xlabel="million dollars a year")
    right.set_yticks(range(len(PARTS)), [name for name, *_ in PARTS.values()])
    right.grid(False, axis="y")
    right.axvline(0, color="black", linewidth=0.8)
    rows = enumerate(PARTS.items())
    return {
        "title": headline(figure),
        "band": left.fill([1], [0], color=GREY, alpha=0.2, linewidth=0)[0],
        "cost": left.plot([], [], "--", color=GREY)[0],
        "price": left.plot([], [], color=BLUE)[0],
        "mark": left.plot(
            [], [], "o", color=BLUE, markeredgecolor="black", markersize=9, clip_on=False, zorder=4
        )[0],
        "names": {
            name: left.text(1.035, 0, "", color=ink, transform=left.transAxes, fontsize=11, va="center")
            for name, ink in (("price", BLUE), ("cost", GREY))
        },
        "bars": {
            part: right.barh(row, 0, height=0.42, color=colour, hatch=hatch, edgecolor="white", linewidth=0)[
                0
            ]
            for row, (part, (_, colour, hatch)) in rows
        },
        "texts": {
            part: right.text(1, row - 0.42, "", fontsize=10, va="center") for row, part in enumerate(PARTS)
        },
    }


def figure_date() -> str:
    """The month of the prices of DeepSeek's account."""
    return figure("deepseek-service-price-of-output").date[:7]


def update(
    artists: dict,
    hosts: float,
    rule: str,
    cost: str,
    more: float,
    elasticity: float,
    fixed: float,
    share: float,
) -> str:
    """Let hosts enter one after the other; say at what price they stay and where the revenue goes."""
    known, taken = published_demand(), share / 100
    demand, each = Demand(known.price, known.quantity, elasticity), rising(costs()[cost], more / 100, most())
    prices, stay = entry(demand, each, fixed * MILLION, taken, rule)
    show_prices(artists, prices, each, int(hosts))
    number, staying = int(hosts), int(stay[int(hosts) - 1])
    found = market(demand, each[: max(staying, 1)], fixed * MILLION, taken, rule)
    split = parts(found, each[: max(staying, 1)], fixed * MILLION)
    show_parts(artists, split, found.revenue)
    artists["title"].set_text(finding(found, split, number, each[0]))
    head = f"At the cost of {cost}, {q.money(each[0])} for a million tokens written"
    head += (
        f", and {q.percent(each[number - 1] / each[0] - 1)} more for the last host"
        if more and number > 1
        else ""
    )
    if not found.serving:
        return f"{head}, nobody serves: customers pay {q.money(demand.choke)} at most, and no host covers its costs from that."
    return f"{head}: {sentence(found, split, number, rule)}"


def show_prices(artists: dict, prices: np.ndarray, each: np.ndarray, number: int) -> None:
    """Place price and cost against hosts, the band up to the dearest host's cost, and the mark."""
    along = np.arange(1, each.size + 1)
    artists["price"].set_data(along, prices.filled(np.nan))
    artists["cost"].set_data(along, np.full(each.size, each[0]))
    dearest = np.minimum(each, HIGHEST)
    artists["band"].set_xy(
        np.column_stack([[*along, *along[::-1]], [*dearest, *np.full(each.size, each[0])]])
    )
    served = not prices.mask[number - 1] if np.ndim(prices.mask) else True
    artists["mark"].set_data(*([number], [prices[number - 1]]) if served else ([], []))
    ends = np.array([HIGHEST if np.ma.is_masked(prices[-1]) else prices[-1], each[0]])
    ends = np.log(ends / LOWEST) / np.log(HIGHEST / LOWEST)
    for (name, text), height in zip(artists["names"].items(), spread(ends, 0.075)):
        shown = name == "cost" or not np.ma.is_masked(prices[-1])
        text.set(text=name if shown else "", y=height)


def show_parts(artists: dict, split: dict[str, float], revenue: float) -> None:
    """Place the bars; one that ends beyond the axis is cut there and says its number."""
    for part, amount in split.items():
        artists["bars"][part].set_width(np.clip(amount / MILLION, LEFT, RIGHT))
        artists["bars"][part].set_facecolor(RED if amount < 0 else PARTS[part][1])
        of_all = f" ({q.percent(amount / revenue)})" if revenue and amount >= 0 else ""
        artists["texts"][part].set_text(f"{q.money(amount)}{of_all}" if revenue else "nothing")


def finding(found: Outcome, split: dict[str, float], number: int, cost: float) -> str:
    """The title: how many stay, and how far above the cost their price is."""
    if not found.serving:
        return "Nobody serves: not even a single host covers its costs"
    over = found.price / cost - 1
    above = (
        f"{q.money(found.price)}, {q.percent(over)} above cost"
        if over > 0.005
        else f"{q.money(found.price)}, its cost"
    )
    if split["kept"] < 0:
        return f"A price war of {number} hosts: the price is {above}, and they lose money"
    if number == 1:
        return f"A monopoly: one host asks {above}"
    if found.serving == 1:
        return f"One of {number} hosts is left: it asks {above}"
    if found.serving < number:
        return f"{number} hosts enter, {found.serving} stay: the price is {above}"
    return f"{number} hosts: the price is {above}"


def sentence(found: Outcome, split: dict[str, float], number: int, rule: str) -> str:
    """Who serves, at what price, and every part of the revenue."""
    sold = found.quantities > 0
    least, best = found.profits[sold].min(), found.profits[sold].max()
    one = "1 host serves" if found.serving == 1 else f"{found.serving} of {number} hosts serve"
    gains = q.money(best) if best - least < 1e-6 * abs(best) + 1 else f"{q.money(least)} to {q.money(best)}"
    keeps = f"lose {q.money(-split['kept'])}" if split["kept"] < 0 else f"keep {q.money(split['kept'])}"
    said = (
        f"{one} {q.count(found.quantities.sum() * MILLION)} tokens a year at {q.money(found.price)} a million, for "
        f"{q.money(found.revenue)}. Of that serving costs {q.money(split['serving'])}, fixed costs take "
        f"{q.money(split['fixed'])}, the lab gets {q.money(split['lab'])}, and hosts {keeps}, {gains} each. "
        f"The index of concentration is {concentration(found.quantities):,.0f}."
    )
    if rule == "Bertrand" and split["kept"] < 0:
        said += " They stay at a loss here, where real ones would leave: the paradox of this rule."
    return said


def panel() -> live.Panel:
    """The price of a market like DeepSeek's service of February 2025, as hosts enter it.

    >>> panel().set(hosts=1, rule="Bertrand", fixed=0)
    """
    known = inputs()
    hosts, elasticity = known["hosts"], known["elasticity"]
    return live.panel(
        draw,
        update,
        title="Price and cost of a million tokens as hosts enter, and where a year's revenue goes",
        size=(9, 4.4),
        hosts=live.log_slider("Hosts", int(hosts.low), int(hosts.high), start=int(hosts.value), whole=True),
        rule=live.choice("Rule", RULES),
        cost=live.choice("Cost of", list(costs())),
        more=live.slider("Last host costs", 0, 300, step=5, start=0, unit="% more"),
        elasticity=live.slider(
            "Elasticity", elasticity.low, elasticity.high, step=0.01, start=elasticity.value
        ),
        fixed=live.slider("Fixed costs", 0, 100, step=0.25, start=0.5, unit="million $ a year each"),
        share=live.slider("Lab's share", 0, 50, step=1, start=0, unit="% of revenue"),
    )
