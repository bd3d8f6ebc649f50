"""The energy of a token on a desktop, a card and a node, and what electricity is of the rent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ..cost import energy, inference
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, DESKTOP
from ..evidence import energy_published
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_measured import Energy
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money import electricity
from ..page import controls, live
from ..page.layout import decades, headline, log_axis
from ..page.style import BLUE, GREEN, GREY, ORANGE, RED

CARD = ("GeForce RTX 4090", 1)
PLACES = {  # device and count, wanted weights, name in the picture
    "desktop": (DESKTOP, "Q4_K_M", "M3 Ultra"),
    "card": (CARD, "Q4_K_M", "RTX 4090"),
    "node": (CLUSTER, CLUSTER_WEIGHTS, "8 x H200"),
}
LOOKS = {"desktop": (BLUE, "o"), "card": (ORANGE, "s"), "node": (GREEN, "^")}
USERS = np.unique(np.geomspace(1, 2048, 60).round())
LEAST, MOST = 0.01, 1000.0  # joules per token
CHEAPEST, DEAREST = 1e-4, 1e3  # dollars per million tokens
CENTS = {
    1e-4: "0.0001",
    1e-3: "0.001",
    0.01: "0.01",
    0.1: "0.1",
    1.0: "1",
    10.0: "10",
    100.0: "100",
    1e3: "1,000",
}


@dataclass(frozen=True)
class Spent:
    """What a token costs one machine: joules, and dollars for a million tokens. rent: None where there is no price."""

    joules: float
    electricity: float
    rent: float | None

    @property
    def share(self) -> float | None:
        """Electricity, a cost, as a fraction of the rent, a price."""
        return None if self.rent is None else self.electricity / self.rent


def models() -> list[str]:
    """The models whose energy somebody published, and GLM-5.2 of the other lessons, smallest first."""
    names = {row.model for row in catalog.table(Energy)} | {"GLM-5.2"}
    return sorted(names, key=lambda name: Model.named(name).parameters)


def place(name: str, what: str) -> tuple[Machine, str]:
    """One machine of the panel, and the format in which it holds a model."""
    where, weights, _ = PLACES[name]
    return Machine.named(*where), energy.weights_on(Model.named(what), weights)


def spent(name: str, what: str, users: float, context: float, tariff: float, host: float) -> Spent | None:
    """Joules and dollars of one machine; None where the model and so many caches do not fit.

    >>> alone, crowd = (spent("node", "Llama 3.1 70B", users, 1024, 0.1, 1.1) for users in (1, 64))
    >>> crowd.joules < alone.joules
    True
    """
    machine, weights = place(name, what)
    step = inference.decode(Model.named(what), machine, context=context, batch=users, weights=weights)
    if not step.fits:
        return None
    used = energy.joules(machine, step, host)
    return Spent(used, electricity.electricity(used, tariff), electricity.rent(machine, step))


def draw(figure: Figure) -> dict:
    """Left: joules per token over users. Right: electricity beside rent for the users chosen."""
    left, right = figure.add_axes((0.075, 0.115, 0.5, 0.7)), figure.add_axes((0.625, 0.115, 0.355, 0.7))
    log_axis(left.xaxis, {users: f"{users:,}" for users in (1, 4, 16, 64, 256, 1024)})
    log_axis(left.yaxis, decades(0.01, 1000, "{:,g}".format))
    left.set(xlim=(0.8, 1.1 * USERS[-1]), ylim=(LEAST, MOST), xlabel="users at once")
    log_axis(right.xaxis, dict(list(CENTS.items())[::2]))
    right.set(xlim=(CHEAPEST, DEAREST), ylim=(-0.6, 2.8), yticks=[], xlabel="dollars for a million tokens")
    right.spines["left"].set_visible(False)
    left.text(0.9, 0.75 * MOST, "joules per token", fontsize=10, color=GREY, va="top")
    key = "✖ published, at the wall   ✕ published, GPUs alone   grey: on another machine"
    figure.text(0.012, 0.868, key, fontsize=10, color=GREY, va="center")
    figure.text(
        0.988, 0.868, "filled: electricity   ◇ rent", fontsize=10, color=GREY, va="center", ha="right"
    )
    end = {"clip_on": False}
    return {
        "finding": headline(figure),
        "users": left.axvline(1, color=GREY, linewidth=1, linestyle=":"),
        "points": {
            (whose, wall): left.plot(
                [],
                [],
                "X" if wall else "x",
                color=colour,
                markersize=8,
                markeredgewidth=1 if wall else 2.2,
                zorder=6,
            )[0]
            for whose, colour in [("", GREY), *((name, colour) for name, (colour, _) in LOOKS.items())]
            for wall in (True, False)
        },
        "places": {
            name: {
                "line": left.plot([], [], color=colour)[0],
                "here": left.plot(
                    [], [], marker, color=colour, markersize=9, markeredgecolor="black", zorder=7
                )[0],
                "label": left.text(
                    1, 1, label, color=colour, fontsize=10, fontweight="bold", va="bottom", ha="right"
                ),
                "name": right.text(
                    CHEAPEST, height + 0.24, label, color=colour, fontsize=11, fontweight="bold"
                ),
                "gap": right.plot([], [], color=GREY, linewidth=1)[0],
                "electricity": right.plot(
                    [], [], marker, color=colour, markersize=9, markeredgecolor="black", **end
                )[0],
                "rent": right.plot([], [], "D", color="white", markersize=8, markeredgecolor=colour, **end)[
                    0
                ],
                "words": right.text(CHEAPEST, height - 0.38, "", fontsize=10, parse_math=False),
                "height": height,
            }
            for height, (name, (_, _, label)), (colour, marker) in zip(
                (2, 1, 0), PLACES.items(), LOOKS.values()
            )
        },
    }


def update(artists: dict, name: str, users: float, context: float, tariff: float, host: float) -> str:
    """Move lines, points and dollars to one model and load; say the same."""
    context = min(context, Model.named(name).max_context)
    artists["users"].set_xdata([users, users])
    show_points(artists["points"], name)
    found = {}
    for whose, marks in artists["places"].items():
        found[whose] = spent(whose, name, users, context, tariff, host)
        show_line(marks, whose, name, context, host)
        show_dollars(marks, found[whose], users)
    part_labels([marks["label"] for marks in artists["places"].values() if marks["label"].get_visible()])
    artists["finding"].set_text(finding(found, users))
    return sentence(found, name, users, context, tariff)


def show_points(lines: dict, name: str) -> None:
    """Place the published joules of a model; those of the three machines in their colours."""
    owners = {where: whose for whose, (where, _, _) in PLACES.items()}
    rows = [row for row in catalog.table(Energy) if row.model == name]
    for (whose, wall), line in lines.items():
        points = [
            (row.batch, row.joules_per_token)
            for row in rows
            if owners.get((row.device, row.devices), "") == whose
            and row.what_is_measured.startswith("wall") is wall
        ]
        line.set_data(*zip(*points) if points else ([], []))


def show_line(marks: dict, whose: str, name: str, context: float, host: float) -> None:
    """Joules per token of one machine over all numbers of users; nothing where they do not fit."""
    machine, weights = place(whose, name)
    step = inference.decode(Model.named(name), machine, context=context, batch=USERS, weights=weights)
    used = np.ma.filled(energy.joules(machine, step, host), np.nan)
    marks["line"].set_data(USERS, used)
    there = np.flatnonzero(np.isfinite(used))
    marks["label"].set_visible(bool(there.size))
    if there.size:
        marks["label"].set_position(
            (max(USERS[there[-1]], 8), np.clip(1.12 * used[there[-1]], LEAST, MOST / 3))
        )


def part_labels(labels: list) -> None:
    """Push the labels of lines apart that end at the same height."""
    lowest = LEAST
    for label in sorted(labels, key=lambda label: label.get_position()[1]):
        x, y = label.get_position()
        label.set_position((x, max(y, lowest)))
        lowest = 1.9 * label.get_position()[1]


def show_dollars(marks: dict, found: Spent | None, users: float) -> None:
    """Place one machine's mark on its line, its electricity and rent on the right, and the words below them."""
    height = marks["height"]
    for mark in ("here", "electricity", "rent", "gap"):
        marks[mark].set_data([], [])
    if found is None:
        marks["words"].set(text="does not fit", color=RED)
        return
    marks["words"].set(text=words(found), color="black")
    marks["here"].set_data([users], [found.joules])
    cost = np.clip(found.electricity, CHEAPEST, DEAREST)
    marks["electricity"].set_data([cost], [height])
    if found.rent is not None:
        price = np.clip(found.rent, CHEAPEST, DEAREST)
        marks["rent"].set_data([price], [height])
        marks["gap"].set_data([cost, price], [height] * 2)


def words(found: Spent) -> str:
    """Electricity and rent of one machine in a few words."""
    if found.rent is None:
        return f"{q.money(found.electricity, 2)} of electricity; no rent known"
    return f"{q.money(found.electricity, 2)} of {q.money(found.rent, 2)}: {q.percent(found.share)}"


def crowd(users: float) -> str:
    """How many users, in words."""
    return "one user" if users == 1 else f"{users:,.0f} users"


def finding(found: dict, users: float) -> str:
    """The title: the joules of the machine that spends least on a token, or that none can hold so many users."""
    held = {name: one.joules for name, one in found.items() if one}
    if not held:
        return f"None of the three has room for {crowd(users)}"
    least = min(held, key=held.get)
    return f"With {crowd(users)}, {PLACES[least][2]} spends least: {q.rate(held[least], 'J', 2)} a token"


def sentence(found: dict, name: str, users: float, context: float, tariff: float) -> str:
    """Joules and dollars of each machine in words, and what others measured on the same model."""
    parts = []
    for whose, one in found.items():
        label = PLACES[whose][2]
        if one is None:
            parts.append(f"{label} has no room")
            continue
        rented = "" if one.rent is None else f", {q.percent(one.share)} of its rent of {q.money(one.rent)}"
        parts.append(
            f"{label} {q.rate(one.joules, 'J')} a token, {q.money(one.electricity)} a million{rented}"
        )
    each = "" if users == 1 else " each"
    head = (
        f"{name}, {crowd(users)} with {context:,.0f} tokens{each}, at {q.money(tariff, 4)} a kilowatt-hour: "
    )
    return f"{head}{'; '.join(parts)}. {published(name)}"


def published(name: str) -> str:
    """How far published joules of a model lie from those of its devices at their specified power."""
    pairs = energy_published.comparisons(name)
    if not pairs:
        return f"Nobody here published the energy of {name}."
    ratios = sorted(pair.row.joules_per_token / pair.bound for pair in pairs)
    rows = "one published row" if len(pairs) == 1 else f"{len(pairs)} published rows"
    low, high = q.significant(ratios[0], 2), q.significant(ratios[-1], 2)
    span = low if low == high else f"{low} to {high}"
    return f"In {rows} it took {span} times what the specified power of the devices alone predicts."


def panel() -> live.Panel:
    """Joules per token and dollars per million, for a model on a desktop, a card and a node."""
    tariff, host = electricity.usual_tariff().value, round(energy_published.wall_over_device(), 2)
    return live.panel(
        draw,
        update,
        title="Energy of a token, and electricity beside rent",
        size=(9, 4.8),
        name=controls.choice("Model", models(), start="Llama 3.1 70B"),
        users=controls.log_slider("Users", 1, int(USERS[-1]), start=64, unit="at once", whole=True),
        context=controls.log_slider("Context", 256, 131_072, start=1024, unit="tokens", whole=True),
        tariff=controls.slider("Electricity", 0.01, 0.6, start=tariff, step=0.005, unit="dollars per kWh"),
        host=controls.slider(
            "Whole computer and cooling", 1.0, 3.0, start=host, step=0.01, unit="times the devices"
        ),
    )
