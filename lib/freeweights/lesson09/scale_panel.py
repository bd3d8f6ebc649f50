"""Lesson 09's scale: what a million tokens cost on a desktop and on a node, over the tokens of a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..facts import quantities as q
from ..money.assumptions import Terms
from ..money.glm_host import (
    DAYS,
    DESK,
    MACHINES,
    MODEL,
    NODES,
    OperatingPoint,
    cheaper_from,
    listed,
    mixed,
    prices,
    prompt_words,
    rented,
    ways,
)
from ..money.hourly_rate import PAID
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, RED
from .host_panel import lengths

LEAST, MOST = 0.001, 1e6  # dollars, ends of the axis
NO_ROOM = MOST / 30  # where the name of a way stands that has no cost
WAYS = {  # of serving: colour, line, words
    "desktop": (RED, ":", "desktop, one user"),
    "ten": (GREEN, "--", "node, ten users"),
    "full": (BLUE, "-", "node, full"),
}


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    curves: charts.Curves
    full: dict[str, Line2D]


def draw(figure: Figure) -> Artists:
    """Three curves of cost and a dashed line of price, each named at its right end."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(DAYS[0], DAYS[-1]))
    layout.log_axis(axes.yaxis, layout.decades(LEAST, MOST, q.money))
    axes.set(
        xlim=(DAYS[0], DAYS[-1]),
        ylim=(LEAST, MOST),
        xlabel="tokens a day, read and written together (●: one machine is full)",
        ylabel="US dollars per million tokens: cost, price",
    )
    looks = {name: (colour, style) for name, (colour, style, _) in WAYS.items()}
    words = {name: f"cost: {words},\n{q.money(1.23)} at best" for name, (*_, words) in WAYS.items()}
    words["price"] = f"list price, {q.money(1.23)}\n({listed().host}, {listed().date})"
    return Artists(
        layout.headline(figure),
        charts.curves(axes, looks | {"price": ("black", (0, (6, 3)))}, words),
        {
            name: axes.plot([], [], "o", color=colour, markeredgecolor="black", zorder=4)[0]
            for name, (colour, *_) in WAYS.items()
        },
    )


def update(artists: Artists, node: str, paid: str, context: float, ratio: float) -> str:
    """Draw the costs of one node, way to pay, context and mix; say from where on the node is cheaper."""
    found = ways(node, paid, int(context), ratio)
    price = prices().per_million(mixed(ratio))
    for name, one in found.items():
        artists.full[name].set_data(*(([one.own.capacity], [one.at_best]) if one else charts.NOWHERE))
    curves = {name: (DAYS, one.cost(DAYS)) for name, one in found.items() if one}
    curves["price"] = DAYS[[0, -1]], [price, price]
    artists.curves.show(curves, words=names(found, price))
    ends = {name: one.at_best if one else NO_ROOM for name, one in found.items()}
    layout.stand_beside(artists.curves.names, ends | {"price": price})
    artists.title.set_text(finding(found))
    return " ".join(sentences(found, node, paid, int(context), ratio, price))


def names(found: dict[str, OperatingPoint | None], price: float) -> dict[str, str]:
    """What stands at the end of each curve: its name and its cost at best, or the price and who asks it."""
    said = {
        name: f"cost: {WAYS[name][2]},\n{q.money(one.at_best)} at best"
        if one
        else f"{WAYS[name][2]}:\nno room"
        for name, one in found.items()
    }
    return said | {"price": f"list price, {q.money(price)}\n({listed().host}, {listed().date})"}


def finding(found: dict[str, OperatingPoint | None]) -> str:
    """The title: from how many tokens a day the node is cheaper than desktops, and what its users matter."""
    desktop, ten, full = found.values()
    if ten is None:
        batch = "for ten users no room"
    elif full.users == ten.users:
        batch = "ten users fill it"
    else:
        batch = f"with ten users {q.times(ten.at_best / full.at_best)} the cost"
    start = cheaper_from(full, desktop) if desktop else None
    begins = f"beats desktops from {q.count(start, 2)} tokens a day on" if start else "never beats desktops"
    return f"Full node: {begins if desktop else 'the desktop has no room'}; {batch}"


PLACES = (
    "{model}, {context:,} tokens of context, {prompt}. The desktop, at {desk_weights} a weight, is bought at {desk} over {years}, "
    "with household electricity; {node}, at {weights}, is {how}. All are paid for every hour and serve {most} of them at most."
)
RENTED, BOUGHT = (
    "rented at {rent} a GPU-hour ({date})",
    "bought at {price} a GPU, with servers and power, over {years}",
)
WAY = (
    "{way} ({users}): {small} a million at {least} tokens a day, {middle} ({low} to {high}) at {capacity}, which one machine can do, "
    "{sells}."
)


def sentences(
    found: dict[str, OperatingPoint | None], node: str, paid: str, context: int, ratio: float, price: float
) -> Iterator[str]:
    """Each way at its best and at a small day, and where it falls below the list price."""
    device, years = rented(node).device, f"{Terms().life:.0f} years"
    how = (
        BOUGHT.format(price=q.money(device.price), years=years)
        if paid == PAID[0]
        else RENTED.format(rent=q.money(device.rental), date=device.rental_date)
    )
    yield PLACES.format(
        model=MODEL, context=context, prompt=prompt_words(ratio), desk_weights=MACHINES[DESK][1],
        desk=q.money(rented(DESK).device.price), years=years, node=node, weights=MACHINES[node][1], how=how,
        most=q.percent(Terms().utilisation),
    )  # fmt: skip
    yield from (one_way(WAYS[name][2].capitalize(), one) for name, one in found.items())
    yield f"List price of this mix ({listed().host}, {listed().date}): {q.money(price)}."


def one_way(way: str, one: OperatingPoint | None) -> str:
    """One way to serve: its users, its cost at a small day and at a full one, and from where it is below the list price."""
    if one is None:
        return f"{way}: no room at this context."
    low, middle, high = map(q.money, one.ends)
    below = one.own.break_even
    return WAY.format(
        way=way, users=f"{one.users:,} users, {q.speed(one.speed)} each" if one.users > 1 else q.speed(one.speed),
        small=q.money(one.cost(DAYS[0])), least=q.count(DAYS[0]), middle=middle, low=low, high=high,
        capacity=q.count(one.own.capacity),
        sells=f"below the list price from {q.count(below)} on" if below else "never below the list price",
    )  # fmt: skip


def panel() -> live.Panel:
    """Cost of a million tokens over seven powers of ten of tokens a day: a desktop, a node of ten users, a full one.

    >>> panel().set(paid="by purchase", context=32_768)
    """
    return live.panel(
        draw,
        update,
        title="Cost of a million tokens against tokens a day",
        size=(9, 4.6),
        node=controls.choice("Node", NODES),
        paid=controls.choice("Node paid", PAID, start=PAID[1]),
        **lengths(),
    )
