"""Floor 5. Lesson 09's scale: what a million tokens cost on a desktop and on a node, over the tokens of a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from . import live
from . import quantities as q
from .cases import CONTEXT
from .economics import MILLION, Terms, service
from .hosting import (
    CONTEXTS,
    MACHINES,
    MODEL,
    USERS,
    costs,
    for_users,
    kept,
    listed,
    mixed,
    per_million,
    prices,
    rented,
    speeds,
)
from .plots import BLUE, GREEN, RED, decades, headline, log_axis, spread
from .rental import PAID
from .self_hosting import SelfHosting, self_hosting

*NODES, TIGHT, DESK = MACHINES  # TIGHT: too small for the model
DAYS = np.geomspace(1e4, 1e11, 701)  # tokens of a day
LEAST, MOST = 0.001, 1e6  # dollars, ends of the axis
TEN = 10
FULL = int(USERS[-1])
WAYS = {  # of serving: users at once, colour, line, words
    "desktop": (1, RED, ":", "desktop, one user"),
    "ten": (TEN, GREEN, "--", "node, ten users"),
    "full": (FULL, BLUE, "-", "node, full"),
}


@dataclass(frozen=True)
class Way:
    """One way of serving: users at once, tokens/s of each, and its account against the list price.

    ends: dollars for a million tokens of a machine as busy as it can be, as (low, expected, high).
    """

    users: int
    speed: float
    own: SelfHosting
    ends: tuple[float, float, float]

    @property
    def at_best(self) -> float:
        """The expected one of `ends`."""
        return self.ends[1]

    def cost(self, tokens):
        """Dollars for a million tokens, for so many of them a day, number or array; machines are paid busy or not."""
        return self.own.own_cost(tokens) / tokens * MILLION


def way(place: str, users: int, context: int, terms: Terms, ratio: float) -> Way | None:
    """A machine of `MACHINES` with so many users; for `FULL`, as many as have room. None where they have none.

    Args:
        place, context: as in `hosting.costs`. terms: how it is paid for. ratio: tokens of prompt to one written.

    >>> node = [way("8 x H200 141GB", users, 4096, Terms(), 4) for users in (10, FULL)]
    >>> node[1].users, node[1].own.day == node[0].own.day, node[1].own.capacity > 5 * node[0].own.capacity
    (667, True, True)
    """
    found = costs(place, context, terms)
    room = found["expected"].output.size if found else 0
    if not room or users > room and users != FULL:
        return None
    users, mix = min(users, room), mixed(ratio)
    at = for_users(found, users)
    speed = float(speeds(place, context)["expected"].output[users - 1]) / users
    own = self_hosting(rented(place), at["expected"], prices(), mix, terms)
    return Way(users, speed, own, tuple(per_million(one, mix) for one in at.values()))


def ways(node: str, paid: str, context: int, ratio: float) -> dict[str, Way | None]:
    """The desktop, which is always bought, and the node, paid for as asked."""
    places = {name: (DESK, PAID[0]) if name == "desktop" else (node, paid) for name in WAYS}
    return {
        name: way(place, WAYS[name][0], context, Terms(paid=how), ratio)
        for name, (place, how) in places.items()
    }


def cheaper_from(one: Way, other: Way) -> float | None:
    """Tokens a day from which one way is cheaper than the other, up to the end of `DAYS`; None if it never is.

    >>> node = way("8 x H200 141GB", FULL, 4096, Terms(), 4)
    >>> cheaper_from(node, node) is None
    True
    """
    dearer = np.flatnonzero(one.cost(DAYS) >= other.cost(DAYS))
    if not dearer.size:
        return float(DAYS[0])
    return float(DAYS[dearer[-1] + 1]) if dearer[-1] + 1 < DAYS.size else None


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
    for name, (_, colour, style, _) in WAYS.items():
        artists["curves"][name] = axes.plot([], [], color=colour, linestyle=style)[0]
        artists["full"][name] = axes.plot([], [], "o", color=colour, markeredgecolor="black", zorder=4)[0]
    artists["price"] = axes.axhline(1, color="black", linestyle=(0, (6, 3)), linewidth=1.5)
    for name in (*WAYS, "price"):
        colour = "black" if name == "price" else WAYS[name][1]
        artists["names"][name] = figure.text(
            0.74, 0, "", color=colour, fontsize=10, va="center", parse_math=False
        )
    return artists


def update(artists: dict, node: str, paid: str, context: float, ratio: float) -> str:
    """Draw the costs of one node, way to pay, context and mix; say from where on the node is cheaper."""
    found = ways(node, paid, int(context), ratio)
    price = per_million(prices(), mixed(ratio))
    for name, one in found.items():
        artists["curves"][name].set_data(*((DAYS, one.cost(DAYS)) if one else ([], [])))
        artists["full"][name].set_data(*(([one.own.capacity], [one.at_best]) if one else ([], [])))
    artists["price"].set_ydata([price, price])
    name_ends(artists["names"], found, price)
    artists["title"].set_text(finding(found))
    return " ".join(sentences(found, node, paid, int(context), ratio, price))


def name_ends(names: dict, found: dict[str, Way | None], price: float) -> None:
    """Write each curve's name and its cost at the right end, the price's among them."""
    ends = {name: one.at_best if one else MOST / 30 for name, one in found.items()} | {"price": price}
    heights = np.log(np.array(list(ends.values())) / LEAST) / np.log(MOST / LEAST)
    for (name, end), height in zip(ends.items(), spread(heights, 0.13)):
        if name == "price":
            said = f"list price, {q.money(end)}\n({listed().host}, {listed().date})"
        elif found[name] is None:
            said = f"{WAYS[name][3]}:\nno room"
        else:
            said = f"cost: {WAYS[name][3]},\n{q.money(end)} at best"
        names[name].set(text=said, y=0.14 + 0.755 * height)


def finding(found: dict[str, Way | None]) -> str:
    """The title: from how many tokens a day the node is cheaper than desktops, and what its users matter."""
    desktop, ten, full = found.values()
    if ten is None:
        batch = "for ten users no room"
    elif full.users == TEN:
        batch = "ten users fill it"
    else:
        batch = f"with ten users {q.times(ten.at_best / full.at_best)} the cost"
    start = cheaper_from(full, desktop) if desktop else None
    begins = f"beats desktops from {q.count(start, 2)} tokens a day on" if start else "never beats desktops"
    return f"Full node: {begins if desktop else 'the desktop has no room'}; {batch}"


def sentences(
    found: dict[str, Way | None], node: str, paid: str, context: int, ratio: float, price: float
) -> Iterator[str]:
    """Each way at its best and at a small day, and where it falls below the list price."""
    device = rented(node).device
    how = f"rented at {q.money(device.rental)} a GPU-hour ({device.rental_date})"
    if paid == PAID[0]:
        how = f"bought at {q.money(device.price)} a GPU, with servers and power"
    desk, most = rented(DESK).device.price, q.percent(Terms().utilisation)
    mix = f"{q.significant(ratio)} tokens of prompt ({q.percent(kept())} of them kept) to one written"
    yield f"{MODEL}, {context:,} tokens of context, {mix}. The desktop is bought at {q.money(desk)};"
    yield f"{node} is {how}. All are paid for every hour and serve {most} of them at most."
    for name, one in found.items():
        words = WAYS[name][3].capitalize()
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
        node=live.choice("Node", NODES),
        paid=live.choice("Node paid", PAID, start=PAID[1]),
        context=live.log_slider("Context", *CONTEXTS, start=CONTEXT, unit="tokens", whole=True),
        ratio=live.slider(
            "Prompt for each token written",
            0,
            100,
            step=1,
            start=round(service("input-tokens") / service("output-tokens")),
            unit="tokens",
        ),
    )
