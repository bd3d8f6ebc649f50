"""Hardware deflation: what a dollar bought over the years, and when a desktop matches today's node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

from ..cost.reference_cases import CLUSTER, DESKTOP
from ..facts import catalog
from ..facts import quantities as q
from ..machines.machine import Machine
from ..money import hardware_trends
from ..money.hardware_trends import CENTURY, QUANTITIES, TooFew, Trend
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, INK, ORANGE, RED

NODES = {"8 x H200": CLUSTER, "1 x H100": ("H100 SXM5 80GB", 1)}
LOOKS = {
    hardware_trends.UNIFIED: (BLUE, "o"),
    hardware_trends.CARDS: (ORANGE, "s"),
    hardware_trends.DATACENTRE: (GREEN, "^"),
}
AHEAD = 12  # years that the left axis shows beyond today
THOUSAND = 1e3  # dollars: what a thousand buys has handier figures than what one does
LOWEST, HIGHEST = 1.0, 1e5


@dataclass(frozen=True)
class Match:
    """One quantity: its trend in a group, what a desktop of some price and a node have of it, and when they are equal.

    trend is None where there are too few prices; `reason` says so. years: of arrival, at the fast end, on the line and
    at the slow end; None where it is not in this century.
    """

    trend: Trend | None
    reason: str
    bought: float | None
    wanted: float
    years: tuple[float | None, float | None, float | None]


def match(quantity: str, which: str, price: float, node: str, street: bool) -> Match:
    """When a desktop of `price` dollars holds as much of a quantity as a node does today.

    >>> fast, line, slow = match("memory", hardware_trends.UNIFIED, 9500, "1 x H100", True).years
    >>> fast == line == slow == hardware_trends.today()
    True
    """
    wanted, now = QUANTITIES[quantity][2](Machine.named(*NODES[node])), hardware_trends.today()
    try:
        found = hardware_trends.trend(quantity, which, street)
    except TooFew as few:
        return Match(None, str(few), None, wanted, (None, None, None))
    return Match(found, "", price * found.at(now), wanted, found.range(wanted / price, now))


@dataclass(frozen=True)
class Artists:
    """What moves: at the left what a thousand dollars bought; at the right the years of the match."""

    finding: Text
    unit: Text
    offers: dict[tuple[str, bool], Line2D]
    band: Polygon
    line: Line2D
    ahead: Line2D
    target: Line2D
    node: Text
    rows: charts.Rows


def draw(figure: Figure) -> Artists:
    """Left: what a thousand dollars bought, with the line. Right: for three quantities, when the node is matched."""
    left, right = layout.grid(figure, columns=(4, 3))
    now = hardware_trends.today()
    first = min(row.year for row in hardware_trends.priced(hardware_trends.EVERY, street=True))
    layout.log_axis(left.yaxis, layout.decades(1, 1e5, "{:,.0f}".format))
    left.set(xlim=(first - 1, now + AHEAD), ylim=(LOWEST, HIGHEST), xlabel="year of release")
    left.set_xticks(range(now - now % 5 - 5, now + AHEAD + 1, 5))
    left.axvline(now, color=GREY, linewidth=0.8, linestyle=":")
    right.set(xlim=(now, CENTURY), xlabel="year of the match")
    right.set_xticks([now, 2040, 2060, 2080, CENTURY])
    offers = {
        (which, released): left.plot(
            [], [], marker, color=colour, markerfacecolor=colour if released else "white", zorder=3
        )[0]
        for which, (colour, marker) in LOOKS.items()
        for released in (True, False)
    }
    key = {which: offers[which, True] for which in LOOKS}
    hollow = Line2D([], [], linestyle="", marker="o", color=GREY, markerfacecolor="white")
    layout.legend(figure, key | {"hollow: street or approximate price": hollow})
    return Artists(
        layout.headline(figure),
        left.text(0.012, 0.95, "", transform=left.transAxes, fontsize=10, color=GREY, va="center"),
        offers,
        left.fill([now], [1.0], color=GREY, alpha=0.2, linewidth=0)[0],
        left.plot([], [], color="black")[0],
        left.plot([], [], "--", color="black")[0],
        left.plot([], [], color=RED, linewidth=1.5)[0],
        left.text(now + AHEAD - 0.2, 1.0, "", color=INK[RED], fontsize=10, ha="right", va="bottom"),
        charts.rows(right, dict.fromkeys(QUANTITIES, (BLUE, "o")), words="below"),
    )


def update(artists: Artists, quantity: str, which: str, price: float, node: str, street: bool) -> str:
    """Move points, line and years to one quantity, group, price and node; say the same."""
    found = {name: match(name, which, price, node, street) for name in QUANTITIES}
    show_offers(artists.offers, quantity, which, street)
    show_trend(artists, found[quantity], quantity, price, node)
    artists.rows.show({name: years(one) for name, one in found.items()})
    chosen = found[quantity]
    artists.finding.set_text(f"{quantity.capitalize()} of {node} for {q.money(price)}: {when(chosen)}")
    others = "; ".join(f"{name}, {when(one)}" for name, one in found.items() if name != quantity)
    return f"{says(chosen, quantity, which, price, node)} The other two: {others}."


def show_offers(lines: dict, quantity: str, which: str, street: bool) -> None:
    """Place every device with a price; those that do not count in the trend are faint."""
    unit = QUANTITIES[quantity][1]
    for (group, released), line in lines.items():
        rows = [
            row
            for row in hardware_trends.priced(group, street=True)
            if hardware_trends.release_price(row) is released
        ]
        points = [
            (row.year, THOUSAND * hardware_trends.has(row, quantity) / row.price / unit)
            for row in rows
            if hardware_trends.has(row, quantity)
        ]
        line.set_data(*zip(*points) if points else ([], []))
        line.set_alpha(1.0 if which in (group, hardware_trends.EVERY) and (released or street) else 0.18)


def show_trend(artists: Artists, found: Match, quantity: str, price: float, node: str) -> None:
    """Draw the line with its band, solid over the years it was fitted to, and the height that the node asks for."""
    symbol, unit, _ = QUANTITIES[quantity]
    artists.unit.set_text(f"{ {1e9: 'G', 1e12: 'T'}[unit] }{symbol} for {q.money(THOUSAND)}")
    height = THOUSAND * found.wanted / price / unit
    low, high = artists.line.axes.get_xlim()
    artists.target.set_data([low, high], [height] * 2)
    artists.node.set(text=f"needed: {node} for {q.money(price)}", y=min(height, HIGHEST / 2.2) * 1.08)
    if found.trend is None:
        for line in (artists.line, artists.ahead):
            line.set_data([], [])
        artists.band.set_xy([(low, LOWEST)] * 3)
        return
    now, scale = hardware_trends.today(), THOUSAND / unit
    past, future = np.linspace(low, now, 40), np.linspace(now, high, 40)
    artists.line.set_data(past, scale * found.trend.at(past))
    artists.ahead.set_data(future, scale * found.trend.at(future))
    years = np.concatenate([past, future])
    edges = [np.clip(scale * found.trend.at(years, side), LOWEST / 2, 2 * HIGHEST) for side in (-1, 1)]
    around = np.concatenate([years, years[::-1]]), np.concatenate([edges[0], edges[1][::-1]])
    artists.band.set_xy(np.column_stack(around))


def years(found: Match) -> charts.Quantity:
    """The years of one quantity's arrival, and the words below them."""
    fast, line, slow = found.years
    ends = tuple(CENTURY if year is None else year for year in (fast, slow))
    return charts.Quantity(line, None if found.trend is None else ends, words=when(found))


def when(found: Match) -> str:
    """How long until the node is matched, in words."""
    return (
        "too few prices"
        if found.trend is None
        else hardware_trends.when(found.years, hardware_trends.today())
    )


def pace(found: Trend) -> str:
    """The growth per year with its interval, and whether it can be told from none.

    >>> pace(hardware_trends.fit([2020, 2021, 2022, 2023], [1, 2, 4, 8]))
    'rose by 100 % a year (80 % interval: 100 % to 100 %)'
    """
    low, middle, high = found.growth
    moved = f"{'rose' if middle >= 0 else 'fell'} by {q.percent(abs(middle))} a year"
    doubt = ", which cannot be told from no change at all" if found.flat else ""
    return (
        f"{moved} ({q.percent(hardware_trends.SHARE)} interval: {q.percent(low)} to {q.percent(high)}){doubt}"
    )


def says(found: Match, quantity: str, which: str, price: float, node: str) -> str:
    """The chosen trend in words: how fast, behind how many prices, and when it arrives."""
    if found.trend is None:
        return f"For {quantity} per dollar of {which}: {found.reason} Count street prices, or choose another group."
    symbol = QUANTITIES[quantity][0]
    spread = q.significant(np.exp(found.trend.scatter), 2)
    return (
        f"{quantity.capitalize()} per dollar ({which}, {found.trend.rows} prices) {pace(found.trend)}; single machines "
        f"lie about a factor of {spread} off the line. In {hardware_trends.today()} it gives {q.rate(found.bought, symbol)} for "
        f"{q.money(price)}, against {q.rate(found.wanted, symbol)} of {node}: {when(found)}."
    )


def lately() -> str:
    """What the same unified memory costs in the newest year and cost before, from the same vendor."""
    words = []
    for old, new in hardware_trends.twins():
        change = new.price / old.price - 1
        moved = (
            "as much as"
            if change == 0
            else f"{q.percent(abs(change))} {'more' if change > 0 else 'less'} than"
        )
        doubt = "" if new.verified and old.verified else " (a row that is not verified)"
        words.append(f"{new.name} costs {moved} {old.name} did in {old.year}{doubt}")
    return f"The same memory in {hardware_trends.today()}: {'; '.join(words) or 'no pair of computers to compare'}."


def panel() -> live.Panel:
    """What a dollar bought over the catalogue's years, and the years until a desktop of some price matches a node."""
    start = round(catalog.device(DESKTOP[0]).price)
    return live.panel(
        draw,
        update,
        title="Hardware deflation: what a dollar buys, and when a desktop matches a node",
        size=(9, 4.8),
        quantity=controls.choice("Quantity", list(QUANTITIES)),
        which=controls.choice("Trend of", list(hardware_trends.GROUPS)),
        price=controls.log_slider("Desktop for", 1000, 100_000, start=start, unit="dollars", whole=True),
        node=controls.choice("Node to match", list(NODES)),
        street=controls.toggle("Count street prices", True),
    )
