"""Lesson 09's hosts that compete: the price as they enter, where a year's revenue goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Text

from ..facts import quantities as q
from ..facts.figures import figure
from ..money.assumptions import MILLION, service
from ..money.market import RULES, DemandCurve, Outcome, inputs, market, most_hosts, published_demand
from ..money.market_accounts import cost_ranges, costs, entry, most, parts, rising
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, ORANGE, RED

LOWEST, HIGHEST = 0.1, 10.0  # dollars for a million tokens, ends of the axis
LEFT, RIGHT = -60.0, 150.0  # million dollars, ends of the other
PARTS = {  # of the revenue: name, colour, hatch
    "serving": ("cost of serving", GREY, "xxx"),
    "fixed": ("fixed costs", ORANGE, "///"),
    "lab": ("to the lab", GREEN, "\\\\\\"),
    "kept": ("hosts keep", BLUE, ""),
}


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    band: Polygon
    curves: charts.Curves
    mark: Line2D
    bars: dict[str, Rectangle]
    texts: dict[str, Text]


def draw(figure: Figure) -> Artists:
    """Left: price and cost against hosts. Right: where a year's revenue goes."""
    left, right = layout.grid(figure, columns=(4, 3))
    layout.log_axis(left.xaxis, {n: str(n) for n in (1, 2, 5, 10, 20, 50, most())})
    layout.log_axis(left.yaxis, {tick: q.money(tick) for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10)})
    left.set(xlim=(1, most()), ylim=(LOWEST, HIGHEST))
    left.set(xlabel="hosts that enter", ylabel="for a million tokens written")
    asked = service("price-of-output")
    line = left.axhline(asked, color=GREY, linestyle=":", linewidth=1.3)
    layout.legend(figure, {f"list price of R1, {figure_date()}: {q.money(asked)}": line})
    right.set(xlim=(LEFT, RIGHT), ylim=(len(PARTS) - 0.35, -0.75), xlabel="million dollars a year")
    right.set_yticks(range(len(PARTS)), [name for name, *_ in PARTS.values()])
    right.grid(visible=False, axis="y")
    right.axvline(0, color="black", linewidth=0.8)
    mark = {"markeredgecolor": "black", "markersize": 9, "clip_on": False, "zorder": 4}
    solid = {"height": 0.42, "edgecolor": "white", "linewidth": 0}
    return Artists(
        layout.headline(figure),
        left.fill([1], [0], color=GREY, alpha=0.2, linewidth=0)[0],
        charts.curves(left, {"cost": (GREY, "--"), "price": (BLUE, "-")}),
        left.plot([], [], "o", color=BLUE, **mark)[0],
        {
            part: right.barh(row, 0, color=colour, hatch=hatch, **solid)[0]
            for row, (part, (_, colour, hatch)) in enumerate(PARTS.items())
        },
        {part: right.text(3, row - 0.42, "", fontsize=10, va="center") for row, part in enumerate(PARTS)},
    )


def figure_date() -> str:
    """The month of the prices of DeepSeek's account."""
    return figure("deepseek-service-price-of-output").date[:7]


def update(
    artists: Artists,
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
    demand, each = (
        DemandCurve(known.price, known.quantity, elasticity),
        rising(costs()[cost], more / 100, most()),
    )
    prices, stay = entry(demand, each, fixed * MILLION, taken, rule)
    show_prices(artists, prices, each, int(hosts))
    number, staying = int(hosts), int(stay[int(hosts) - 1])
    found = market(demand, each[: max(staying, 1)], fixed * MILLION, taken, rule)
    split = parts(found, each[: max(staying, 1)], fixed * MILLION)
    show_parts(artists, split, found.revenue)
    artists.title.set_text(finding(found, split, number, each[0] / (1 - taken), taken))
    head = costing(cost, each[:number])
    if not found.serving:
        return f"{head}, nobody serves: customers pay {q.money(demand.choke)} at most, and no host covers its costs from that."
    said = f"{head}: {sentence(found, split, number)}"
    if rule == "Bertrand":
        paradox = " They stay at a loss here, where real ones would leave: the paradox of this rule."
        return said + (paradox if split["kept"] < 0 else "")
    return said if more else said + room(demand, each[0], fixed * MILLION, taken)


def costing(name: str, each: np.ndarray) -> str:
    """What a million tokens cost the hosts, on which terms, and how far the prediction reaches."""
    low, expected, high = cost_ranges()[name]
    reach = f" ({q.money(low)} to {q.money(high)})" if low < high else ""
    rent = q.money(service("price-of-a-gpu-hour"))
    last = f", and {q.percent(each[-1] / each[0] - 1)} more for the last host" if each[-1] > each[0] else ""
    return f"At the cost of {name}, {q.money(expected)}{reach} for a million tokens written on GPUs at {rent} an hour, always busy{last}"


def room(demand: DemandCurve, cost: float, fixed: float, share: float) -> str:
    """How many hosts of this cost the market has room for; nothing where there are no fixed costs to cover.

    >>> room(DemandCurve(2, 1e6, 1), 0.4, 1e5, 0)
    ' There is room for 7 such hosts.'
    """
    many = most_hosts(demand, cost / (1 - share), fixed / (1 - share))
    return "" if many is None else f" There is room for {many:,} such {'host' if many == 1 else 'hosts'}."


def show_prices(artists: Artists, prices: np.ndarray, each: np.ndarray, number: int) -> None:
    """Place price and cost against hosts, the band up to the dearest host's cost, and the mark."""
    along = np.arange(1, each.size + 1)
    artists.curves.show({"price": (along, prices), "cost": (along, np.full(each.size, each[0]))})
    dearest = np.minimum(each, HIGHEST)
    artists.band.set_xy(np.column_stack([[*along, *along[::-1]], [*dearest, *np.full(each.size, each[0])]]))
    served = not prices.mask[number - 1] if np.ndim(prices.mask) else True
    artists.mark.set_data(*([number], [prices[number - 1]]) if served else charts.NOWHERE)


def show_parts(artists: Artists, split: dict[str, float], revenue: float) -> None:
    """Place the bars; one that ends beyond the axis is cut there and says its number."""
    for part, amount in split.items():
        artists.bars[part].set_width(np.clip(amount / MILLION, LEFT, RIGHT))
        artists.bars[part].set_facecolor(RED if amount < 0 else PARTS[part][1])
        of_all = f" ({q.percent(amount / revenue)})" if revenue and amount >= 0 else ""
        artists.texts[part].set_text(f"{q.money(amount)}{of_all}" if revenue else "nothing")


def finding(found: Outcome, split: dict[str, float], number: int, floor: float, share: float) -> str:
    """The title: how many stay, and how far their price is above the floor, the first host's cost and the lab's share of it."""
    if not found.serving:
        return "Nobody serves: not even a single host covers its costs"
    over, least = found.price / floor - 1, "cost and the lab's share" if share else "cost"
    above = f"{q.money(found.price)}, {q.percent(over)} above {least}"
    if over <= 0.005:
        above = f"{q.money(found.price)}, {least if share else 'its cost'}"
    if split["kept"] < 0:
        return f"A price war of {number} hosts at a loss: {above}"
    if number == 1:
        return f"A monopoly: one host asks {above}"
    if found.serving == 1:
        return f"One of {number} hosts is left: it asks {above}"
    if found.serving < number:
        return f"{number} hosts enter, {found.serving} stay: the price is {above}"
    return f"{number} hosts: the price is {above}"


def sentence(found: Outcome, split: dict[str, float], number: int) -> str:
    """Who serves, at what price, and every part of the revenue."""
    sold = found.quantities > 0
    least, best = found.profits[sold].min(), found.profits[sold].max()
    one = "1 host serves" if found.serving == 1 else f"{found.serving} of {number} hosts serve"
    sign = -1 if best < 0 else 1  # a loss is said in words
    gains = {q.money(sign * end): None for end in (least, best)}  # one amount where both are the same
    keeps = f"lose {q.money(-split['kept'])}" if split["kept"] < 0 else f"keep {q.money(split['kept'])}"
    return (
        f"{one} {q.count(found.quantities.sum() * MILLION)} tokens a year at {q.money(found.price)} a million, for "
        f"{q.money(found.revenue)}. Of that serving costs {q.money(split['serving'])}, fixed costs take "
        f"{q.money(split['fixed'])}, the lab gets {q.money(split['lab'])}, and hosts {keeps}, {' to '.join(gains)} each."
    )


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
        hosts=controls.log_slider(
            "Hosts", int(hosts.low), int(hosts.high), start=int(hosts.value), whole=True
        ),
        rule=controls.choice("Rule", RULES),
        cost=controls.choice("Cost of", list(costs())),
        more=controls.slider("Last host costs", 0, 300, step=5, start=0, unit="% more"),
        elasticity=controls.slider(
            "Elasticity", elasticity.low, elasticity.high, step=0.01, start=elasticity.value
        ),
        fixed=controls.slider("Fixed costs", 0, 100, step=0.25, start=0.5, unit="million $ a year each"),
        share=controls.slider("Lab's share", 0, 50, step=1, start=0, unit="% of revenue"),
    )
