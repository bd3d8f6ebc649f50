"""Lesson 02's frontier: what each user gets against what the machine yields, as the batch grows."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost import reference_cases
from ..cost.reference_cases import CLUSTER, DESKTOP
from ..cost.throughput_frontier import MARKED, Frontier, frontier
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, dollars_per_million, hourly_cost
from ..page import controls, layout, live
from ..page.style import BLUE, GREEN, INK, ORANGE, RED

PLACES = {"node": (CLUSTER, ORANGE, "-"), "desktop": (DESKTOP, BLUE, "--")}
PLACES["card"] = (("GeForce RTX 5090", 1), GREEN, "-.")
# Widths rather than formats, so that every machine runs its usual engine.
WIDTHS = ("16 bits", "8.5 bits", "4.5 bits", "3 bits")
LAST = "D"  # the mark of the last slot
SLOWEST, FASTEST, LEAST, MOST = 0.01, 5000, 1, 2e6  # ends of the axes, in tokens/s


def cost_per_million(one: Frontier, paid: str) -> tuple[float, float]:
    """What the machine alone costs for a million tokens, in US dollars: with one user, and full."""
    alone, full = (dollars_per_million(one.machine, float(one.yields[user]), paid) for user in (0, -1))
    return alone, full


@dataclass(frozen=True)
class Place:
    """One machine: its curve, the marks on it, and what stands beside."""

    curve: Line2D
    marks: list[Line2D]
    words: Text


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    places: dict[str, Place]


def draw(figure: Figure) -> Artists:
    """One curve for each machine, its marks, and a column of words beside."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(SLOWEST, FASTEST))
    layout.log_axis(axes.yaxis, layout.decades(LEAST, MOST))
    axes.set(xlim=(SLOWEST, FASTEST), ylim=(LEAST, MOST))
    axes.set(xlabel="tokens/s for each user (users: ● 1   ■ 8   ▲ 64   ◆ last slot)")
    axes.set_ylabel("tokens/s of the machine")
    room = "machine\n999,999 slots; full 9,999 times one user\ncost per million: $0.9999, full $0.9999"
    words = layout.label_beside(axes, {place: PLACES[place][1] for place in reversed(PLACES)}, room)
    mark = {"markeredgecolor": "black", "markersize": 8, "linestyle": "", "clip_on": False}
    shapes = (*MARKED.values(), LAST)
    return Artists(
        layout.headline(figure),
        {
            place: Place(
                axes.plot([], [], color=colour, linestyle=style)[0],
                [axes.plot([], [], shape, color=colour, **mark)[0] for shape in shapes],
                words[place],
            )
            for place, (_, colour, style) in PLACES.items()
        },
    )


def update(artists: Artists, name: str, weights: str, context: float, paid: str) -> str:
    """Move the three curves to one model, format and context; say what filling the slots is worth."""
    model = Model.named(name)
    held, note = model.clip_context(context)
    found = {
        place: frontier(model, Machine.named(*where), held, weights)
        for place, (where, _, _) in PLACES.items()
    }
    for place, one in found.items():
        show(artists.places[place], one, paid)
    artists.title.set_text(finding(found))
    return (
        note
        + f"{name}, {weights}, {held:,.0f} tokens each. "
        + " ".join(say(one, paid) for one in found.values())
    )


def show(place: Place, one: Frontier, paid: str) -> None:
    """Place one machine's curve and marks, or the words that it has none."""
    each = one.yields / one.users if one.max_sequences else one.yields
    place.curve.set_data(each, one.yields)
    for wanted, mark in zip((*MARKED, one.max_sequences), place.marks):
        here = one.users == wanted
        mark.set_data(each[here], one.yields[here])
    ink = INK[place.curve.get_color() if one.max_sequences else RED]
    place.words.set(text=f"{one.machine.name}\n{words(one, paid)}", color=ink)


def words(one: Frontier, paid: str) -> str:
    """The lines beside the picture: slots, gain and cost of one machine, or what is missing."""
    if not one.max_sequences:
        return f"does not fit:\n{q.size(one.fit.missing)} are missing"
    alone, full = cost_per_million(one, paid)
    slots = (
        f"{one.max_sequences:,} slots; full {q.times(one.gain)} one user"
        if one.max_sequences > 1
        else "1 slot, so no gain"
    )
    return f"{slots}\ncost per million: {q.money(alone, 2)}, full {q.money(full, 2)}"


def finding(found: dict[str, Frontier]) -> str:
    """The title: what filling every slot multiplies the yield by, on the node and on the desktop."""
    node, desktop = found["node"], found["desktop"]
    if node.max_sequences and desktop.max_sequences:
        node_gain, desktop_gain = q.times(node.gain), q.times(desktop.gain)
        return f"Full, the node yields {node_gain} one user's tokens, the desktop {desktop_gain}"
    if node.max_sequences or desktop.max_sequences:
        who, one = ("node", node) if node.max_sequences else ("desktop", desktop)
        return f"Only the {who} holds this; full, it yields {q.times(one.gain)} one user's tokens"
    return "Neither node nor desktop holds this"


def say(one: Frontier, paid: str) -> str:
    """One machine in words: its slots, what they gain, and what its hour buys."""
    if not one.max_sequences:
        return one.fit.sentence()
    first, last = float(one.yields[0]), float(one.yields[-1])
    alone, full = cost_per_million(one, paid)
    gain = (
        f"its {one.max_sequences:,} slots yield {q.times(one.gain)} as much, {q.speed(last)}, "
        f"{q.speed(last / one.max_sequences)} for each"
        if one.max_sequences > 1
        else "it has room for no second"
    )
    cost = f"{q.money(alone)} alone" + (f" and {q.money(full)} full" if one.max_sequences > 1 else "")
    counted = hourly_cost(one.machine.device, paid)[1]
    head = f"{one.machine.name} writes {q.speed(first)} for one user; {gain}"
    return f"{head}; {counted}, a million tokens cost {cost}."


def panel() -> live.Panel:
    """Latency against throughput: one model on a node, a desktop and a card, from one user to the last slot.

    >>> panel().set(name="Llama 3.1 8B", context=65536)
    """
    return live.panel(
        draw,
        update,
        title="Tokens per second for each user against tokens per second of the machine",
        size=(9, 4.4),
        name=controls.choice("Model", reference_cases.models(), start="GLM-5.2"),
        weights=controls.choice("Weights", WIDTHS, start="4.5 bits"),
        context=controls.log_slider("Context", 1024, 1_048_576, start=8192, unit="tokens", whole=True),
        paid=controls.choice("Paid", PAID),
    )
