"""Lesson 09's host of GLM-5.2: what a million tokens cost it, predicted, beside their list price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost import memory
from ..cost.reference_cases import CONTEXT, SERVED
from ..facts import quantities as q
from ..models.transformer import Model
from ..money import assumptions
from ..money.deepseek_account import usual_prompt
from ..money.glm_host import (
    CONTEXTS,
    MACHINES,
    MODEL,
    USERS,
    Business,
    business,
    listed,
    prompt_words,
    published_reading,
    rented,
    speeds,
)
from ..page import charts, controls, layout, live
from ..page.controls import Control
from ..page.style import BLUE, GREY, INK, RED

RENTS = (2, 7)  # dollars; data/devices.csv names 1.99 to 7.00 for an hour of an H100 or H200 in May 2026
LEAST, MOST = 0.01, 1000  # dollars, ends of the axis; what lies beyond is drawn as an arrow at its end
ROWS = {"input": "input, read anew", "cached": "input, kept prefix", "output": "output", "mix": "the mix"}
LOST = (0, (0.7, 0.4))  # the line of a loss


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    rows: charts.Rows
    between: dict[str, Line2D]


def draw(figure: Figure) -> Artists:
    """Four rows on one axis of dollars: cost with its range, price, what lies between, and words at the right."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(LEAST, MOST, q.money))
    axes.set(xlim=(LEAST, MOST), xlabel="US dollars per million tokens: cost (predicted) and price (listed)")
    butt = {"linewidth": 7, "solid_capstyle": "butt", "dash_capstyle": "butt"}
    between = {name: axes.plot([], [], **butt)[0] for name in ROWS.values()}
    longest = "no cost: no room; price $0.999\n"
    rows = charts.rows(axes, dict.fromkeys(ROWS.values(), ("black", "o")), words="right", room=longest)
    axes.axhline(2.5, color=GREY, linewidth=0.8)
    rows.published.set(marker="D", color="white", markeredgecolor="black", markersize=10, zorder=3)
    for line in rows.ranges.values():
        line.set(marker="|", linewidth=1.5, markersize=9, alpha=1.0)
    key = {
        "cost, and its range": Line2D([], [], color="black", marker="o", markersize=5, linewidth=1.5),
        f"list price ({listed().host}, {listed().date})": rows.published,
        "kept by the host": Line2D([], [], color=BLUE, linewidth=7),
        "lost": Line2D([], [], color=RED, linestyle=LOST, **butt),
    }
    layout.legend(figure, key)
    return Artists(layout.headline(figure), rows, between)


def update(
    artists: Artists, place: str, rent: float, share: float, users: float, context: float, ratio: float
) -> str:
    """Move costs and prices to one machine and its use; say what the host keeps or loses."""
    found = business(place, rent, share / 100, int(users), int(context), ratio)
    artists.rows.show(
        {ROWS[name]: quantity(price, found.costs.get(name)) for name, price in found.prices.items()}
    )
    for name, price in found.prices.items():
        mark(artists, ROWS[name], price, found.costs.get(name))
    artists.title.set_text(finding(found, place, int(users)))
    head = f"{MODEL} at {MACHINES[place][1]} on {place.removesuffix(', bought')}, {' '.join(paying(place, rent, share))}."
    return " ".join([head, *sentences(found, place, int(users), int(context), ratio)])


def quantity(price: float, cost: tuple[float, float, float] | None) -> charts.Quantity:
    """What one row shows: the price always, the cost where there is one, and what is kept or lost."""
    if cost is None:
        return charts.Quantity(published=price, words=f"no cost: no room; price {q.money(price)}")
    low, middle, high = cost
    lost = middle > price
    said = f"loses {q.money(middle - price)} a million" if lost else f"keeps {q.percent(1 - middle / price)}"
    words = f"cost {q.money(middle)}, price {q.money(price)}\n{said}"
    return charts.Quantity(middle, (low, high), None, price, words, INK[RED] if lost else "black")


def mark(artists: Artists, row: str, price: float, cost: tuple[float, float, float] | None) -> None:
    """Draw what lies between a row's cost and price, and an arrow where the cost is beyond the axis."""
    middle = price if cost is None else cost[1]
    lost, beyond = middle > price, "<" if middle < LEAST else ">" if middle > MOST else None
    artists.between[row].set(
        data=charts.NOWHERE if cost is None else ([middle, price], [artists.rows.heights[row]] * 2),
        color=RED if lost else BLUE,
        linestyle=LOST if lost else "-",
    )
    artists.rows.marks[row].set(marker=beyond or "o", markersize=8 if beyond else 5)


def finding(found: Business, place: str, users: int) -> str:
    """The title: what is left of each dollar, or that there is a loss, or that the range holds both, or no room."""
    if not found.room:
        return f"{MODEL} has no room on {place}: nothing to sell"
    if not found.costs:
        return f"{users:,} users have no room on {place}: {found.room:,} at most"
    low, middle, high = found.spent
    costing = f"each dollar of its sales costs it {q.money(middle)} ({q.money(low)} to {q.money(high)})"
    if low < 1 < high:
        return f"It may earn or lose: {costing}"
    if middle > 1:
        return f"The host loses money: {costing}"
    worst, kept, best = (q.significant(100 * (1 - spent), 2) for spent in (high, middle, low))
    return f"Of each dollar of its sales the host keeps {kept} cents ({worst} to {best})"


def paying(place: str, rent: float, share: float) -> Iterator[str]:
    """How the machine is paid for, with dates, and how much of the time it serves."""
    machine = rented(place)
    device, life = machine.device, assumptions.inputs()["life"]
    if device.rental is None:
        yield f"bought at {q.money(device.price)} over {life.value:.0f} years ({life.date}), its household electricity paid besides;"
        yield "the rent is not used;"
    else:
        yield f"rented at {q.money(rent)} for each GPU-hour"
        yield f"(listed: {q.money(device.rental)}, {device.rental_date});"
    yield f"it serves {q.significant(share, 2)} % of the hours"


COSTS = (
    "For {users} with {context:,} tokens, {speed} each, a million tokens cost, predicted: {costs}.{published} With {prompt}: cost "
    "{mix} a million, price {price}."
)
PUBLISHED = " Its slowest published reading there, {speed}, makes that input {cost}."


def sentences(found: Business, place: str, users: int, context: int, ratio: float) -> Iterator[str]:
    """Costs with their ranges, prices with their date, the mix, and from how many users on it earns."""
    asked = listed()
    if found.costs:
        yield costs_in_words(found, place, users, context, ratio)
    elif found.room:
        yield f"With {context:,} tokens each {found.room:,} users have room, not {users:,}."
    else:
        model, weights = Model.named(MODEL), MACHINES[place][1]
        yield memory.fits(model, rented(place), weights=weights, context=context).sentence()
    if found.room:
        yield (
            "No number of users with room would earn at that mix."
            if found.least is None
            else f"It is expected to earn from {q.several(found.least, 'user')} on."
        )
    listing = ", ".join(q.money(found.prices[name]) for name in ("input", "cached", "output"))
    yield f"List prices of {asked.host}, {asked.date}: {listing}."


def costs_in_words(found: Business, place: str, users: int, context: int, ratio: float) -> str:
    """What each kind of token costs with its range, what a published reading makes of it, and the mix."""

    def cost(name: str) -> str:
        low, middle, high = map(q.money, found.costs[name])
        return f"{middle} ({low} to {high})" if low != high else middle

    seen, published = published_reading(place), ""
    if seen:
        dearer = found.costs["input"][1] * speeds(place, context)["expected"].input / seen
        published = PUBLISHED.format(speed=q.speed(seen), cost=q.money(dearer))
    return COSTS.format(
        users=q.several(users, "user"), context=context, speed=q.speed(found.speed), published=published,
        costs="; ".join(f"{ROWS[name]} {cost(name)}" for name in ("input", "cached", "output")),
        prompt=prompt_words(ratio), mix=cost("mix"), price=q.money(found.prices["mix"]),
    )  # fmt: skip


def lengths() -> dict[str, Control]:
    """The controls of what a host is asked: tokens of context, and of prompt for each one written."""
    return {
        "context": controls.log_slider("Context", *CONTEXTS, start=CONTEXT, unit="tokens", whole=True),
        "ratio": controls.slider(
            "Prompt for each token written", 0, 100, step=1, start=round(usual_prompt()), unit="tokens"
        ),
    }


def panel() -> live.Panel:
    """A host of GLM-5.2: its predicted cost of reading and writing against the lab's list price.

    >>> panel().set(place="8 x B200 180GB", rent=6, users=256)
    """
    usual = assumptions.inputs()["utilisation"]
    return live.panel(
        draw,
        update,
        title=f"Cost and price of a million tokens of {MODEL}",
        size=(9, 4.3),
        place=controls.choice("Machine", list(MACHINES)),
        rent=controls.slider(
            "Rent", *RENTS, step=0.25, start=rented(next(iter(MACHINES))).device.rental, unit="$ per GPU-hour"
        ),
        share=controls.slider(
            "Utilisation", 100 * usual.low, 100 * usual.high, step=1, start=round(100 * usual.value), unit="%"
        ),
        users=controls.log_slider("Users at once", 1, int(USERS[-1]), start=SERVED, whole=True),
        **lengths(),
    )
