"""Lesson 09's scale: what a million tokens cost on a desktop and on a node, over the tokens of a day."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

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
from ..page import controls, live
from ..page.layout import decades, headline, log_axis, spread
from ..page.style import BLUE, GREEN, RED
from .host_panel import lengths

LEAST, MOST = 0.001, 1e6  # dollars, ends of the axis
WAYS = {  # of serving: colour, line, words
    "desktop": (RED, ":", "desktop, one user"),
    "ten": (GREEN, "--", "node, ten users"),
    "full": (BLUE, "-", "node, full"),
}


def draw(figure: Figure) -> dict:
    """Three curves of cost and a dashed line of price, each named at its right end."""
    axes = figure.add_axes((0.13, 0.14, 0.6, 0.755))
    log_axis(axes.xaxis, decades(DAYS[0], DAYS[-1]))
    log_axis(axes.yaxis, decades(LEAST, MOST, q.money))
    axes.set(
        xlim=(DAYS[0], DAYS[-1]),
        ylim=(LEAST, MOST),
        xlabel="tokens a day, read and written together (●: one machine is full)",
        ylabel="US dollars per million tokens: cost, price",
    )
    artists: dict = {"title": headline(figure), "curves": {}, "full": {}, "names": {}}
    for name, (colour, style, _) in WAYS.items():
        artists["curves"][name] = axes.plot([], [], color=colour, linestyle=style)[0]
        artists["full"][name] = axes.plot([], [], "o", color=colour, markeredgecolor="black", zorder=4)[0]
    artists["price"] = axes.axhline(1, color="black", linestyle=(0, (6, 3)), linewidth=1.5)
    for name in (*WAYS, "price"):
        colour = "black" if name == "price" else WAYS[name][0]
        artists["names"][name] = figure.text(
            0.74, 0, "", color=colour, fontsize=10, va="center", parse_math=False
        )
    return artists


def update(artists: dict, node: str, paid: str, context: float, ratio: float) -> str:
    """Draw the costs of one node, way to pay, context and mix; say from where on the node is cheaper."""
    found = ways(node, paid, int(context), ratio)
    price = prices().per_million(mixed(ratio))
    for name, one in found.items():
        artists["curves"][name].set_data(*((DAYS, one.cost(DAYS)) if one else ([], [])))
        artists["full"][name].set_data(*(([one.own.capacity], [one.at_best]) if one else ([], [])))
    artists["price"].set_ydata([price, price])
    name_ends(artists["names"], found, price)
    artists["title"].set_text(finding(found))
    return " ".join(sentences(found, node, paid, int(context), ratio, price))


def name_ends(names: dict, found: dict[str, OperatingPoint | None], price: float) -> None:
    """Write each curve's name and its cost at the right end, the price's among them."""
    ends = {name: one.at_best if one else MOST / 30 for name, one in found.items()} | {"price": price}
    heights = np.log(np.array(list(ends.values())) / LEAST) / np.log(MOST / LEAST)
    for (name, end), height in zip(ends.items(), spread(heights, 0.13)):
        if name == "price":
            said = f"list price, {q.money(end)}\n({listed().host}, {listed().date})"
        elif found[name] is None:
            said = f"{WAYS[name][2]}:\nno room"
        else:
            said = f"cost: {WAYS[name][2]},\n{q.money(end)} at best"
        names[name].set(text=said, y=0.14 + 0.755 * height)


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


def sentences(
    found: dict[str, OperatingPoint | None], node: str, paid: str, context: int, ratio: float, price: float
) -> Iterator[str]:
    """Each way at its best and at a small day, and where it falls below the list price."""
    device = rented(node).device
    years = f"{Terms().life:.0f} years"
    how = f"rented at {q.money(device.rental)} a GPU-hour ({device.rental_date})"
    if paid == PAID[0]:
        how = f"bought at {q.money(device.price)} a GPU, with servers and power, over {years}"
    desk, most = rented(DESK).device.price, q.percent(Terms().utilisation)
    yield f"{MODEL}, {context:,} tokens of context, {prompt_words(ratio)}. The desktop, at {MACHINES[DESK][1]} a weight, is bought"
    yield f"at {q.money(desk)} over {years}, with household electricity; {node}, at {MACHINES[node][1]}, is {how}."
    yield f"All are paid for every hour and serve {most} of them at most."
    for name, one in found.items():
        words = WAYS[name][2].capitalize()
        if one is None:
            yield f"{words}: no room at this context."
            continue
        users = f"{one.users:,} users, {q.speed(one.speed)} each" if one.users > 1 else q.speed(one.speed)
        low, middle, high = map(q.money, one.ends)
        below = one.own.break_even
        sells = f"below the list price from {q.count(below)} on" if below else "never below the list price"
        yield (
            f"{words} ({users}): {q.money(one.cost(DAYS[0]))} a million at {q.count(DAYS[0])} tokens a day, {middle} "
            f"({low} to {high}) at {q.count(one.own.capacity)}, which one machine can do, {sells}."
        )
    yield f"List price of this mix ({listed().host}, {listed().date}): {q.money(price)}."


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
