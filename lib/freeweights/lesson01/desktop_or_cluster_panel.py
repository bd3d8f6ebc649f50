"""Lesson 01's comparison: one model on a desktop and on a row of GPUs, predicted and measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ..cost import inference, memory, reference_cases
from ..cost.reference_cases import CLUSTER, DESKTOP, FORMATS
from ..evidence import published
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import controls, live
from ..page.layout import decades, headline, log_axis
from ..page.style import BLUE, GREEN, GREY, ORANGE, RED

CHAT = 8192  # tokens: rows measured on chat requests that do not state their length are shown up to here
LOOKS = {"desktop": (BLUE, "o"), "cluster": (ORANGE, "s")}
# Each row of the panel: what it says, its unit, the ends of its axis. Marks beyond an end are drawn at it.
ROWS = {
    "load": ("Cold load", "s", 0.1, 1e6),
    "prefill": ("Read a prompt", "tokens/s", 10, 1e6),
    "decode": ("Write, each user", "tokens/s", 0.1, 1e4),
    "all": ("Write, all users", "tokens/s", 0.1, 1e5),
    "slots": ("Slots for users", "users", 1, 1e5),
}
WAITS = {
    0.1: "≤ 0.1 s",
    1: "1 s",
    10: "10 s",
    60: "1 min",
    600: "10 min",
    3600: "1 h",
    86_400: "1 day",
    864_000: "10 days",
}


@dataclass(frozen=True)
class Value:
    """One quantity of one machine: expected, its range, the bound of physics, and a published value if there is one."""

    expected: float
    low: float
    high: float
    bound: float
    published: float | None = None


def speed(estimate, share: float = 1.0, found: float | None = None) -> Value:
    """Tokens per second of an estimate, or of one user's share of them."""
    rate = share * estimate.tokens
    return Value(
        rate / estimate.expected, rate / estimate.high, rate / estimate.low, rate / estimate.floor, found
    )


def nearest_row(model: Model, machine: Machine, phase: str, context: float, batch: float) -> float | None:
    """Tokens per second of the usable published row nearest in context, or None.

    A row counts within a factor of two of the context; one that does not state its context comes after those that do.
    """
    pairs = published.comparisons(model.name, machine.device.name, phase=phase, devices=machine.count)
    pairs = [pair for pair in pairs if float(pair.row.batch) == batch]

    def apart(pair) -> float:
        tokens = pair.row.prompt if phase == "prefill" else published.mean_context(pair.row)
        if not tokens:
            return np.log(2) if context <= CHAT else np.inf
        return abs(np.log(tokens / context))

    pairs = [pair for pair in pairs if apart(pair) <= np.log(2)]
    return min(pairs, key=apart).measured if pairs else None


def quantities_of(
    model: Model, machine: Machine, weights: str, context: float, users: float, disk: str
) -> dict:
    """The five quantities of the panel for one machine; empty where the model and its caches do not fit."""
    alone = memory.fits(model, machine, weights=weights, context=context)
    values: dict[str, Value] = {}
    if not alone.fits:
        return values
    load = inference.cold_load(model, machine, disk=disk, weights=weights)
    values["load"] = Value(load.expected, load.low, load.high, load.floor)
    reading = inference.prefill(model, machine, prompt=context, weights=weights)
    values["prefill"] = speed(reading, found=nearest_row(model, machine, "prefill", context, 1))
    step = inference.decode(model, machine, context=context, batch=users, weights=weights)
    if step.fits:
        values["decode"] = speed(step, 1 / users)
        values["all"] = speed(step, found=nearest_row(model, machine, "decode", context, users))
    room = memory.slots(model, machine, context=context, weights=weights)
    values["slots"] = Value(room.expected, room.expected, room.expected, room.floor)
    return values


def draw(figure: Figure) -> dict:
    """Five rows, each with an axis of its own, and on each the two machines' marks."""
    figure.subplots_adjust(left=0.2, right=0.96, top=0.9, bottom=0.06, hspace=0.95)
    artists: dict = {"title": headline(figure)}
    for axes, (row, (label, unit, low, high)) in zip(figure.subplots(len(ROWS), 1), ROWS.items()):
        log_axis(axes.xaxis, WAITS if unit == "s" else decades(low, high))
        axes.set(xlim=(low, high), ylim=(-0.7, 1.7), yticks=[])
        axes.text(-0.022, 0.72, label, transform=axes.transAxes, ha="right", va="center", fontweight="bold")
        axes.text(-0.022, 0.24, unit, transform=axes.transAxes, ha="right", va="center", color=GREY)
        ends = {"clip_on": False}  # so that a mark at an end of the axis is seen whole
        for height, (place, (colour, marker)) in zip((1, 0), LOOKS.items()):
            artists[row, place] = {
                "range": axes.plot([], [], color=colour, linewidth=4, alpha=0.45, solid_capstyle="butt")[0],
                "mark": axes.plot(
                    [], [], marker, color=colour, markersize=9, markeredgecolor="black", **ends
                )[0],
                "bound": axes.plot([], [], "|", color=GREEN, markersize=13, markeredgewidth=3, **ends)[0],
                "published": axes.plot(
                    [], [], "X", color="black", markersize=9, markeredgecolor="white", **ends
                )[0],
                "label": axes.text(low, height, "", va="center", fontsize=10),
                "height": height,
                "ends": (low, high),
            }
    figure.text(
        0.97,
        0.955,
        "● desktop   ■ cluster   ▬ range   ┃ physics   ✖ published",
        ha="right",
        va="center",
        fontsize=10,
        color=GREY,
    )
    return artists


def update(
    artists: dict, name: str, desktop: str, cluster: str, context: float, users: float, disk: str
) -> str:
    """Move both machines' marks to one case; say the same in a sentence."""
    model = Model.named(name)
    context, note = model.clip_context(context)
    places = {"desktop": (Machine.named(*DESKTOP), desktop), "cluster": (Machine.named(*CLUSTER), cluster)}
    found = {
        place: quantities_of(model, where, weights, context, users, disk)
        for place, (where, weights) in places.items()
    }
    for place, values in found.items():
        for row, (_, unit, _, _) in ROWS.items():
            show(artists[row, place], values.get(row), unit)
    artists["title"].set_text(finding(found))
    return note + " ".join(
        say(model, where, weights, found[place], context, users) for place, (where, weights) in places.items()
    )


def show(marks: dict, value: Value | None, unit: str) -> None:
    """Place one machine's marks on one row, or the words that it does not fit."""
    label, height, (low, high) = marks["label"], marks["height"], marks["ends"]
    for mark in ("range", "mark", "bound", "published"):
        marks[mark].set_data([], [])
    if value is None:
        label.set(text="does not fit", x=low * 1.15, ha="left", color=RED)
        return
    inside = np.clip([value.low, value.high, value.expected, value.bound], low, high)
    marks["range"].set_data(inside[:2], [height] * 2)
    marks["mark"].set_data([inside[2]], [height])
    marks["bound"].set_data([inside[3]], [height])
    if value.published is not None:
        marks["published"].set_data([np.clip(value.published, low, high)], [height])
    text = q.duration(value.expected) if unit == "s" else q.significant(value.expected)
    shown = [*inside, *([] if value.published is None else np.clip([value.published], low, high))]
    gap = (high / low) ** 0.02
    fits_right = max(shown) * gap**7 < high
    label.set(
        text=text,
        color="black",
        ha="left" if fits_right else "right",
        x=max(shown) * gap if fits_right else min(shown) / gap,
    )


def finding(found: dict) -> str:
    """The title: how many times faster the cluster writes, or who cannot hold it."""
    both = [found[place].get("all") for place in ("desktop", "cluster")]
    if both[0] and both[1]:
        return f"The cluster writes {q.times(both[1].expected / both[0].expected)} as fast"
    if both[1]:
        return "Only the cluster can hold this"
    if both[0]:
        return "Only the desktop can hold this"
    return (
        "Neither machine can hold so many users" if any(found.values()) else "Neither machine can hold this"
    )


def say(model: Model, machine: Machine, weights: str, values: dict, context: float, users: float) -> str:
    """One machine's five quantities in words."""
    place = f"{machine.name} with {weights} weights"
    if not values:
        return (
            f"{weights} weights: {memory.fits(model, machine, weights=weights, context=context).sentence()}"
        )
    head = (
        f"{place} loads in {q.duration(values['load'].expected)}, reads "
        f"{q.speed(values['prefill'].expected)}, "
    )
    room = f"{values['slots'].expected:,.0f}"
    if "all" not in values:
        return head + f"but has room for only {room} of {users:,.0f} users with {context:,.0f} tokens each."
    seen = values["all"].published
    tail = f" (published: {q.speed(seen)}{' in all' if users > 1 else ''})" if seen else ""
    whom = "one user" if users == 1 else f"each of {users:,.0f} users"
    return head + f"and writes {q.speed(values['decode'].expected)} for {whom}{tail}; it has room for {room}."


def panel() -> live.Panel:
    """The desktop morning: one model on an M3 Ultra of 512 GB beside eight H200."""
    return live.panel(
        draw,
        update,
        title="A desktop beside a cluster: load, read, write, slots",
        size=(9, 5.6),
        name=controls.choice("Model", reference_cases.models(), start="GLM-5.2"),
        desktop=controls.choice("Desktop's weights", list(FORMATS), start="Q4_K_M"),
        cluster=controls.choice("Cluster's weights", list(FORMATS), start="FP8"),
        context=controls.log_slider("Context", 256, 1_048_576, start=4096, unit="tokens", whole=True),
        users=controls.log_slider("Users", 1, 1024, start=1, unit="at once", whole=True),
        disk=controls.choice("Drive", reference_cases.drives(), start="NVMe SSD PCIe 4.0 x4"),
    )
