"""Lesson 01's comparison: one model on a desktop and on a row of GPUs, predicted and measured."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..cost import inference, memory, reference_cases
from ..cost.reference_cases import CLUSTER, DESKTOP, FORMATS
from ..evidence import published
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, ORANGE, RED

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


def speed(estimate, share: float = 1.0, published: float | None = None) -> charts.Quantity:
    """Tokens per second of an estimate, or of one user's share of them."""
    at, high, low, bound = (
        float(share * estimate.tokens / seconds)
        for seconds in (estimate.expected, estimate.low, estimate.high, estimate.lower_bound)
    )
    return charts.Quantity(at, (low, high), bound, published, q.significant(at))


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
    values: dict[str, charts.Quantity] = {}
    if not alone.fits:
        return values
    load = inference.cold_load(model, machine, disk=disk, weights=weights)
    values["load"] = charts.Quantity(
        load.expected, (load.low, load.high), load.lower_bound, words=q.duration(load.expected)
    )
    reading = inference.prefill(model, machine, prompt=context, weights=weights)
    values["prefill"] = speed(reading, published=nearest_row(model, machine, "prefill", context, 1))
    step = inference.decode(model, machine, context=context, batch=users, weights=weights)
    if step.fits:
        values["decode"] = speed(step, 1 / users)
        values["all"] = speed(step, published=nearest_row(model, machine, "decode", context, users))
    room = memory.max_sequences(model, machine, context=context, weights=weights)
    values["slots"] = charts.Quantity(
        room.expected, bound=room.upper_bound, words=q.significant(room.expected)
    )
    return values


def draw(figure: Figure) -> live.Artists:
    """Five rows, each with an axis of its own, and on each the two machines' marks."""
    found = {}
    for axes, (row, (label, unit, *ends)) in zip(layout.grid(figure, rows=(1,) * len(ROWS)), ROWS.items()):
        layout.log_axis(axes.xaxis, WAITS if unit == "s" else layout.decades(*ends))
        axes.set_xlim(ends)
        found[row] = charts.rows(axes, LOOKS)
        axes.set_yticks([0.1, 0.9], [label, unit])
        axes.get_yticklabels()[0].set(fontweight="bold")
    key = found["load"]
    layout.legend(figure, key.marks | {
        "range": key.ranges["desktop"], "bound of physics": key.bounds, "published": key.published,
    })  # fmt: skip
    return live.Artists(finding=layout.headline(figure), rows=found)


def update(
    artists: live.Artists, name: str, desktop: str, cluster: str, context: float, users: float, disk: str
) -> str:
    """Move both machines' marks to one case; say the same in a sentence."""
    model = Model.named(name)
    context, note = model.clip_context(context)
    places = {"desktop": (Machine.named(*DESKTOP), desktop), "cluster": (Machine.named(*CLUSTER), cluster)}
    found = {
        place: quantities_of(model, where, weights, context, users, disk)
        for place, (where, weights) in places.items()
    }
    absent = charts.Quantity(words="does not fit", ink=RED)
    for row, marks in artists.rows.items():
        marks.show({place: values.get(row, absent) for place, values in found.items()})
    artists.finding.set_text(finding(found))
    return note + " ".join(
        say(model, where, weights, found[place], context, users) for place, (where, weights) in places.items()
    )


def finding(found: dict) -> str:
    """The title: how many times faster the cluster writes, or who cannot hold it."""
    both = [found[place].get("all") for place in ("desktop", "cluster")]
    if both[0] and both[1]:
        return f"The cluster writes {q.times(both[1].at / both[0].at)} as fast"
    if both[1]:
        return "Only the cluster can hold this"
    if both[0]:
        return "Only the desktop can hold this"
    return (
        "Neither machine can hold so many users" if any(found.values()) else "Neither machine can hold this"
    )


LOADS = "{place} loads in {load}, reads {reads}, {writes}"
WRITES = "and writes {speed} for {whom}{seen}; it has room for {room}."
CROWDED = "but has room for only {room} of {users:,.0f} users with {context:,.0f} tokens each."


def say(model: Model, machine: Machine, weights: str, values: dict, context: float, users: float) -> str:
    """One machine's five quantities in words."""
    if not values:
        return (
            f"{weights} weights: {memory.fits(model, machine, weights=weights, context=context).sentence()}"
        )
    room = f"{values['slots'].at:,.0f}"
    writes = CROWDED.format(room=room, users=users, context=context)
    if "all" in values:
        seen = values["all"].published
        writes = WRITES.format(
            speed=q.speed(values["decode"].at), room=room,
            whom="one user" if users == 1 else f"each of {users:,.0f} users",
            seen=f" (published: {q.speed(seen)}{' in all' if users > 1 else ''})" if seen else "",
        )  # fmt: skip
    return LOADS.format(
        place=f"{machine.name} with {weights} weights", load=q.duration(values["load"].at),
        reads=q.speed(values["prefill"].at), writes=writes,
    )  # fmt: skip


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
