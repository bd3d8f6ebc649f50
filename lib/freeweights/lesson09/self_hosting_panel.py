"""Lesson 09's choice: the cost of running an open model oneself against a vendor's bill, by tokens a day."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

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
    mixed,
    own_side,
    own_way,
    people,
    users_at_once,
    users_of,
    wait,
)
from ..money.serving_costs import Prices, Tokens
from ..page import controls, live
from ..page.layout import decades, headline, log_axis
from ..page.style import BEHIND, BLUE, GREEN, ORANGE, RED

MIDDLE, CHEAPEST = "same model, middle host", "same model, cheapest host"
CLOSED = ("Claude Opus 5.5", "GPT-5.5", "Claude Haiku 4.5", "GPT-5-mini")
TOKENS, DOLLARS = (1e5, 1e11), (1, 1e7)  # ends of the axes
EACH_DAY = np.geomspace(*TOKENS, 1200)


def draw(figure: Figure) -> dict:
    """A staircase of cost, a line of bills, what lies between them where one's own is cheaper, and the break-even."""
    axes = figure.add_axes((0.133, 0.125, 0.837, 0.70))
    log_axis(axes.xaxis, decades(*TOKENS))
    log_axis(axes.yaxis, decades(*DOLLARS, q.money))
    axes.set(xlim=TOKENS, ylim=DOLLARS, xlabel="tokens a day, read and written", ylabel="US dollars a day")
    saves = axes.add_patch(Polygon([[1, 1]], facecolor=GREEN, alpha=0.6, edgecolor="none"))
    named = {"fontsize": 10, "fontweight": "bold", "bbox": BEHIND | {"alpha": 1.0}, "parse_math": False}
    return {
        "title": headline(figure),
        "words": figure.text(0.012, 0.878, "", fontsize=10.5, va="center", parse_math=False),
        "saves": saves,
        "cost": axes.plot([], [], color=BLUE)[0],
        "bill": axes.plot([], [], color=ORANGE, linestyle="--")[0],
        "drop": axes.plot([], [], color="black", linestyle=":", linewidth=1.5)[0],
        "mark": axes.plot([], [], "o", color="black", zorder=4)[0],
        "cost name": axes.text(1.2 * TOKENS[0], DOLLARS[1] / 7, "", color=BLUE, va="center", **named),
        "bill name": axes.text(1.2 * TOKENS[0], DOLLARS[1] / 2, "", color="#8A5A00", va="center", **named),
    }


def vendor(who: str, what: str, mix: Tokens) -> tuple[str, Prices, str]:
    """The vendor in words, what it asks and since when; of the hosts of the same model the cheapest or middle one for this mix."""
    if who in CLOSED:
        date = listed_on(who)
        return who, list_prices(who), f"list price of {date}" if date else "list price"
    host = by_price(what, mix)[0] if who == CHEAPEST else middle_host(what, mix)
    return f"{what} at {host}", at_hosts(what)[host], f"list price of {listed_by_hosts(what)}"


def update(
    artists: dict,
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
    own = own_way(way, prices, mix, users, hours, spare / 100, people(work, wage))
    cost, bill = own.own_cost(EACH_DAY), own.bill(EACH_DAY)
    artists["cost"].set_data(EACH_DAY, cost)
    artists["bill"].set_data(EACH_DAY, bill)
    edges = np.concatenate([cost, np.maximum(cost, bill)[::-1]])
    artists["saves"].set_xy(np.column_stack([np.concatenate([EACH_DAY, EACH_DAY[::-1]]), edges]))
    at = own.break_even
    shown = at is not None and at <= TOKENS[1]
    artists["mark"].set_data(*([at], [own.bill(at)]) if shown else ([], []))
    artists["drop"].set_data(*([at, at], [DOLLARS[0], own.bill(at)]) if shown else ([], []))
    artists["cost name"].set_text(f"━━ your own cost: {way}")
    artists["bill name"].set_text(f"╍╍ bill at the price of {seller}")
    artists["title"].set_text(finding(own))
    artists["words"].set(text=below(own), color="black" if shown else RED)
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
                own = own_side(way, side, prices, mix, wage)
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
    kind = DEPLOYMENTS[way]
    device = kind.machine.device
    bought = kind.paid == PAID[0]
    paid = (
        f"bought and written off over {Terms().life:.0f} years, with household electricity"
        if bought
        else f"rented ({device.rental_date})"
    )
    at_once = "one user at a time" if users == 1 else f"{users} users at once"
    seconds = q.duration(wait(own, mix, users, hours), 2)
    asks = CONTEXT / (mix.input + mix.cached)
    price = q.money(1e6 * own.price)
    said = (
        f"{kind.stored} on {kind.machine.name}, {paid}, serves {at_once} and {q.count(own.capacity)} tokens in "
        f"{hourly(hours)} of a day; when full, a prompt of {CONTEXT:,} tokens and its answer of {asks:,.0f} take {seconds}. "
        f"The machine costs {q.money(own.day)} a day, used or not, and {hourly(work)} of work a month at {q.money(wage, 4)} "
        f"{'costs' if work == 1 else 'cost'} {q.money(own.people)} a day. {seller} asks {price} for a million such tokens ({listed}). "
    )
    if own.break_even is None:
        return (
            said
            + f"A full machine costs {q.money(1e6 * own.day / own.capacity)} for as many: it never saves."
        )
    return (
        said
        + f"Both are equal at {q.count(own.break_even)} tokens a day, {q.money(own.bill(own.break_even))} a day."
    )


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
