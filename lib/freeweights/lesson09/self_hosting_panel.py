"""Lesson 09's choice: the cost of running an open model oneself against a vendor's bill, by tokens a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

from ..cost.reference_cases import CONTEXT, SERVED
from ..facts import quantities as q
from ..facts.figures import figure
from ..money.assumptions import Terms
from ..money.hourly_rate import PAID
from ..money.price_lists import at_hosts, by_price, list_prices, listed_by_hosts, listed_on, middle_host
from ..money.self_hosting import (
    DEPLOYMENTS,
    MOST,
    SIDES,
    SelfHosting,
    deployment_cost,
    deployment_cost_at,
    mixed,
    people,
    users_at_once,
    users_of,
    wait,
)
from ..money.serving_costs import Prices, Tokens
from ..page import controls, layout, live
from ..page.style import BEHIND, BLUE, GREEN, INK, ORANGE, RED

MIDDLE, CHEAPEST = "same model, middle host", "same model, cheapest host"
CLOSED = ("Claude Opus 5.5", "GPT-5.5", "Claude Haiku 4.5", "GPT-5-mini")
TOKENS, DOLLARS = (1e5, 1e11), (1, 1e7)  # ends of the axes
EACH_DAY = np.geomspace(*TOKENS, 1200)


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    words: Text
    saves: Polygon
    cost: Line2D
    bill: Line2D
    drop: Line2D
    mark: Line2D
    cost_name: Text
    bill_name: Text


def draw(figure: Figure) -> Artists:
    """A staircase of cost, a line of bills, what lies between them where one's own is cheaper, and the break-even."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(*TOKENS))
    layout.log_axis(axes.yaxis, layout.decades(*DOLLARS, q.money))
    axes.set(xlim=TOKENS, ylim=DOLLARS, xlabel="tokens a day, read and written", ylabel="US dollars a day")
    named = {"fontsize": 10, "fontweight": "bold", "bbox": BEHIND | {"alpha": 1.0}, "parse_math": False}
    named |= {"transform": axes.transAxes, "va": "center"}
    return Artists(
        layout.headline(figure),
        layout.subtitle(figure),
        axes.add_patch(Polygon([[1, 1]], facecolor=GREEN, alpha=0.6, edgecolor="none")),
        axes.plot([], [], color=BLUE)[0],
        axes.plot([], [], color=ORANGE, linestyle="--")[0],
        axes.plot([], [], color="black", linestyle=":", linewidth=1.5)[0],
        axes.plot([], [], "o", color="black", zorder=4)[0],
        axes.text(0.015, 0.88, "", color=INK[BLUE], **named),
        axes.text(0.015, 0.955, "", color=INK[ORANGE], **named),
    )


def vendor(who: str, what: str, mix: Tokens) -> tuple[str, Prices, str]:
    """The vendor in words, what it asks and since when; of the hosts of the same model the cheapest or middle one for this mix."""
    if who in CLOSED:
        date = listed_on(who)
        return who, list_prices(who), f"list price of {date}" if date else "list price"
    host = by_price(what, mix)[0] if who == CHEAPEST else middle_host(what, mix)
    return f"{what} at {host}", at_hosts(what)[host], f"list price of {listed_by_hosts(what)}"


def update(
    artists: Artists,
    way: str,
    who: str,
    prompt: float,
    cached: float,
    users: int,
    hours: float,
    spare: float,
    work: float,
    wage: float,
) -> str:
    """Draw one's own cost and the vendor's bill; say from how many tokens on the first is lower, or that it never is."""
    mix = mixed(prompt, cached / 100)
    seller, prices, listed = vendor(who, DEPLOYMENTS[way].model, mix)
    own = deployment_cost(way, prices, mix, users, hours, spare / 100, people(work, wage))
    cost, bill = own.own_cost(EACH_DAY), own.bill(EACH_DAY)
    artists.cost.set_data(EACH_DAY, cost)
    artists.bill.set_data(EACH_DAY, bill)
    edges = np.concatenate([cost, np.maximum(cost, bill)[::-1]])
    artists.saves.set_xy(np.column_stack([np.concatenate([EACH_DAY, EACH_DAY[::-1]]), edges]))
    at = own.break_even
    shown = at is not None and at <= TOKENS[1]
    artists.mark.set_data(*([at], [own.bill(at)]) if shown else ([], []))
    artists.drop.set_data(*([at, at], [DOLLARS[0], own.bill(at)]) if shown else ([], []))
    artists.cost_name.set_text(f"━━ your own cost: {way}")
    artists.bill_name.set_text(f"╍╍ bill at the price of {seller}")
    artists.title.set_text(finding(own))
    artists.words.set(text=below(own), color="black" if shown else INK[RED])
    return sentence(way, seller, listed, own, mix, users_at_once(way, users), hours, work, wage)


def both_sides(prompt: float = 3, wage: float | None = None) -> list[dict]:
    """Break-even in words of each way at `SIDES`, against three vendors: rows of a table.

    Args:
        prompt: tokens for each token of the answer. wage: dollars an hour; the published one if None.

    >>> [row["cheapest"] for row in both_sides() if row["side"] == "at worst"]
    ['never', 'never', 'never']
    """
    mix, wage, rows = mixed(prompt), wage or figure("wage").value, []
    for side, case in SIDES.items():
        for way, kind in DEPLOYMENTS.items():
            row = {"way": f"{way}, {kind.stored}", "side": side}
            for key, who in {"closed": "GPT-5.5", "middle": MIDDLE, "cheapest": CHEAPEST}.items():
                prices = vendor(who, kind.model, mix)[1]
                own = deployment_cost_at(way, side, prices, mix, wage)
                row[key] = "never" if own.break_even is None else q.count(own.break_even)
            users = users_of(way, side)
            served = {"users": users, "serves": q.count(own.capacity)}
            rows.append(row | served | {"wait": q.duration(wait(own, mix, users, case["hours"]), 2)})
    return rows


def finding(own: SelfHosting) -> str:
    """The title: from how many tokens a day, or how many times the price even a full machine costs."""
    if own.break_even is None:
        return f"Never: even full, your own machines cost {q.times(own.day / own.capacity / own.price, 3)} the vendor's bill"
    return f"Self-hosting starts to save at {q.count(own.break_even)} tokens a day"


def below(own: SelfHosting) -> str:
    """The line below the title: how much of how many machines the break-even takes."""
    at = own.break_even
    if at is None:
        return f"One machine serves {q.count(own.capacity)} tokens a day; no number of machines brings the cost below the bill"
    needed = own.machines(at)
    if needed == 1:
        words = f"That is {q.percent(at / own.capacity)} of the {q.count(own.capacity)} that one machine serves a day"
    else:
        words = f"That takes {needed:,.0f} machines of {q.count(own.capacity)} a day each: fewer do not pay for the people"
    return f"{words}; green: what is saved" if at <= TOKENS[1] else words


def hourly(number: float) -> str:
    """A whole number of hours in words."""
    return f"{number:.0f} {'hour' if number == 1 else 'hours'}"


SENTENCE = (
    "{stored} on {machine}, {paid}, serves {users} and {capacity} tokens in {hours} of a day; when full, a prompt of {prompt:,} "
    "tokens and its answer of {answer:,.0f} take {seconds}. The machine costs {day} a day, used or not, and {work} of work a month "
    "at {wage} {cost} {people} a day. {seller} asks {price} for a million such tokens ({listed}). {end}"
)
NEVER = "A full machine costs {full} for as many: it never saves."
EQUAL = "Both are equal at {tokens} tokens a day, {bill} a day."


def sentence(
    way: str,
    seller: str,
    listed: str,
    own: SelfHosting,
    mix: Tokens,
    users: int,
    hours: float,
    work: float,
    wage: float,
) -> str:
    """What a machine is, serves and costs, how long its users wait, what the vendor asks, and when they are equal."""
    kind, even = DEPLOYMENTS[way], own.break_even
    machine = kind.machine
    paid = f"rented ({machine.device.rental_date})"
    if kind.paid == PAID[0]:
        paid = f"bought and written off over {Terms().life:.0f} years, with household electricity"
    end = (
        NEVER.format(full=q.money(1e6 * own.day / own.capacity))
        if even is None
        else EQUAL.format(tokens=q.count(even), bill=q.money(own.bill(even)))
    )
    return SENTENCE.format(
        stored=kind.stored, machine=machine.name, paid=paid, capacity=q.count(own.capacity), hours=hourly(hours),
        users="one user at a time" if users == 1 else f"{users} users at once", prompt=CONTEXT,
        answer=CONTEXT / (mix.input + mix.cached), seconds=q.duration(wait(own, mix, users, hours), 2),
        day=q.money(own.day), work=hourly(work), wage=q.money(wage, 4), cost="costs" if work == 1 else "cost",
        people=q.money(own.people), seller=seller, price=q.money(1e6 * own.price), listed=listed, end=end,
    )  # fmt: skip


def panel() -> live.Panel:
    """A desktop, a card or a node of one's own against six vendors, with what else it costs.

    >>> panel().set(way="bought desktop", who="GPT-5.5", work=0)
    """
    wages = figure("wage")
    return live.panel(
        draw,
        update,
        title="Cost of one's own machines and a vendor's bill, by tokens a day",
        size=(9, 4.6),
        way=controls.choice("Your own", list(DEPLOYMENTS), start="rented node"),
        who=controls.choice("Vendor", [MIDDLE, CHEAPEST, *CLOSED]),
        prompt=controls.log_slider("Prompt tokens", 0.5, 100, start=3, unit="per answer token"),
        cached=controls.slider("Found in cache", 0, 95, step=5, start=0, unit="% of the prompt"),
        users=controls.log_slider("Users at once", 1, MOST, start=SERVED, whole=True),
        hours=controls.slider("Tokens arrive in", 1, 24, step=1, start=24, unit="hours a day", whole=True),
        spare=controls.slider("Spare machines", 0, 100, step=5, start=0, unit="%"),
        work=controls.slider("Engineer", 0, 320, step=5, start=10, unit="hours a month"),
        wage=controls.slider("An hour costs", 20, 150, step=1, start=wages.value, unit="$"),
    )
