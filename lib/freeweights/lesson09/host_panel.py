"""Lesson 09's host of GLM-5.2: what a million tokens cost it, predicted, beside their list price."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.figure import Figure

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
from ..page import controls, live
from ..page.controls import Control
from ..page.layout import decades, headline, log_axis
from ..page.style import BLUE, GREY, RED

RENTS = (2, 7)  # dollars; data/devices.csv names 1.99 to 7.00 for an hour of an H100 or H200 in May 2026
LEAST, MOST = 0.01, 1000  # dollars, ends of the axis; what lies beyond is drawn as an arrow at its end
ROWS = {"input": "input, read anew", "cached": "input, kept prefix", "output": "output", "mix": "the mix"}


def draw(figure: Figure) -> dict:
    """Four rows on one axis of dollars: cost with its range, price, what lies between, and words at the right."""
    axes = figure.add_axes((0.165, 0.14, 0.515, 0.665))
    log_axis(axes.xaxis, decades(LEAST, MOST, q.money))
    label = "US dollars per million tokens: cost (predicted) and price (listed)"
    axes.set(xlim=(LEAST, MOST), ylim=(len(ROWS) - 0.5, -0.5), xlabel=label)
    axes.set_yticks(range(len(ROWS)), list(ROWS.values()))
    axes.grid(False, axis="y")
    axes.axhline(2.5, color=GREY, linewidth=0.8)
    key = [
        ("●", "black", "cost, and its range"),
        ("◇", "black", f"list price ({listed().host}, {listed().date})"),
        ("━", BLUE, "kept by the host"),
        ("╍", RED, "lost"),
    ]
    for x, (mark, colour, words) in zip((0.012, 0.22, 0.52, 0.71), key):
        figure.text(x, 0.875, mark, color=colour, fontsize=12, va="center", fontweight="bold")
        figure.text(x + 0.028, 0.875, words, color=GREY, fontsize=10, va="center")
    rows = {}
    for y, name in enumerate(ROWS):
        high = 0.14 + 0.665 * (1 - (y + 0.5) / len(ROWS))
        rows[name] = {
            "between": axes.plot([], [], linewidth=7, solid_capstyle="butt", dash_capstyle="butt")[0],
            "range": axes.plot([], [], "|-", color="black", linewidth=1.5, markersize=9)[0],
            "price": axes.plot([], [], "D", color="white", markeredgecolor="black", markersize=10, zorder=4)[
                0
            ],
            "cost": axes.plot([], [], "o", color="black", markersize=5, zorder=5, clip_on=False)[0],
            "amounts": figure.text(0.69, high + 0.026, "", fontsize=10, va="center", parse_math=False),
            "words": figure.text(0.69, high - 0.028, "", fontsize=10, va="center", parse_math=False),
            "y": y,
        }
    return {"title": headline(figure), "rows": rows}


def update(
    artists: dict, place: str, rent: float, share: float, users: float, context: float, ratio: float
) -> str:
    """Move costs and prices to one machine and its use; say what the host keeps or loses."""
    found = business(place, rent, share / 100, int(users), int(context), ratio)
    for name, marks in artists["rows"].items():
        show(marks, found.prices[name], found.costs.get(name))
    artists["title"].set_text(finding(found, place, int(users)))
    head = f"{MODEL} at {MACHINES[place][1]} on {place.removesuffix(', bought')}, {' '.join(paying(place, rent, share))}."
    return " ".join([head, *sentences(found, place, int(users), int(context), ratio)])


def show(marks: dict, price: float, cost: tuple[float, float, float] | None) -> None:
    """Place one row: the price always, the cost where there is one."""
    y = marks["y"]
    marks["price"].set_data([price], [y])
    if cost is None:
        for name in ("between", "range", "cost"):
            marks[name].set_data([], [])
        marks["amounts"].set_text(f"no cost: no room; price {q.money(price)}")
        marks["words"].set_text("")
        return
    low, middle, high = cost
    lost = middle > price
    marks["between"].set(
        data=([middle, price], [y, y]),
        color=RED if lost else BLUE,
        linestyle=(0, (0.7, 0.4)) if lost else "-",
    )
    marks["range"].set_data([low, high], [y, y])
    marks["cost"].set_data([min(max(middle, LEAST), MOST)], [y])
    beyond = "<" if middle < LEAST else ">" if middle > MOST else None
    marks["cost"].set(marker=beyond or "o", markersize=8 if beyond else 5)
    marks["amounts"].set_text(f"cost {q.money(middle)}, price {q.money(price)}")
    said = f"loses {q.money(middle - price)} a million" if lost else f"keeps {q.percent(1 - middle / price)}"
    marks["words"].set(text=said, color=RED if lost else "black")


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


def sentences(found: Business, place: str, users: int, context: int, ratio: float) -> Iterator[str]:
    """Costs with their ranges, prices with their date, the mix, and from how many users on it earns."""
    asked = listed()
    if not found.costs:
        if not found.room:
            yield memory.fits(
                Model.named(MODEL), rented(place), weights=MACHINES[place][1], context=context
            ).sentence()
        else:
            yield f"With {context:,} tokens each {found.room:,} users have room, not {users:,}."
    else:
        each = f"{q.several(users, 'user')} with {context:,} tokens"
        yield f"For {each}, {q.speed(found.speed)} each, a million tokens cost, predicted:"
        said = []
        for name in ("input", "cached", "output"):
            low, middle, high = found.costs[name]
            spread = f" ({q.money(low)} to {q.money(high)})"
            said.append(f"{ROWS[name]} {q.money(middle)}{spread if low < high else ''}")
        yield f"{'; '.join(said)}."
        if seen := published_reading(place):
            dearer = found.costs["input"][1] * speeds(place, context)["expected"].input / seen
            yield f"Its slowest published reading there, {q.speed(seen)}, makes that input {q.money(dearer)}."
        low, middle, high = found.costs["mix"]
        yield f"With {prompt_words(ratio)}: cost {q.money(middle)} ({q.money(low)} to {q.money(high)}) a million, price"
        yield f"{q.money(found.prices['mix'])}."
    if found.room:
        if found.least is None:
            yield "No number of users with room would earn at that mix."
        else:
            yield f"It is expected to earn from {q.several(found.least, 'user')} on."
    listing = ", ".join(q.money(found.prices[name]) for name in ("input", "cached", "output"))
    yield f"List prices of {asked.host}, {asked.date}: {listing}."


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
