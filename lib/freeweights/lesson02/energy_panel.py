"""The energy of a token on a desktop, a card and a node, and what electricity is of the rent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost import energy, inference
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, DESKTOP
from ..evidence import energy_published
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_measured import Energy
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money import electricity
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, INK, ORANGE, RED

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


def spent(
    name: str, what: str, users: float, context: float, tariff: float, power_overhead: float
) -> Spent | None:
    """Joules and dollars of one machine; None where the model and so many caches do not fit.

    >>> alone, crowd = (spent("node", "Llama 3.1 70B", users, 1024, 0.1, 1.1) for users in (1, 64))
    >>> crowd.joules < alone.joules
    True
    """
    machine, weights = place(name, what)
    step = inference.decode(Model.named(what), machine, context=context, batch=users, weights=weights)
    if not step.fits:
        return None
    used = energy.joules(machine, step, power_overhead)
    return Spent(used, electricity.electricity(used, tariff), electricity.rent(machine, step))


@dataclass(frozen=True)
class Artists:
    """What moves: at the left joules over users, at the right dollars of the users chosen."""

    finding: Text
    users: Line2D
    points: dict[tuple[str, bool], Line2D]
    curves: charts.Curves
    here: dict[str, Line2D]
    rows: charts.Rows


def draw(figure: Figure) -> Artists:
    """Left: joules per token over users. Right: electricity beside rent for the users chosen."""
    left, right = layout.grid(figure, columns=(4, 3))
    layout.log_axis(left.xaxis, {users: f"{users:,}" for users in (1, 4, 16, 64, 256, 1024)})
    layout.log_axis(left.yaxis, layout.decades(0.01, 1000, "{:,g}".format))
    left.set(
        xlim=(0.8, 1.1 * USERS[-1]), ylim=(LEAST, MOST), xlabel="users at once", ylabel="joules per token"
    )
    layout.log_axis(right.xaxis, dict(list(CENTS.items())[::2]))
    right.set(xlim=(CHEAPEST, DEAREST), xlabel="dollars for a million tokens")
    names = {whose: label for whose, (*_, label) in PLACES.items()}
    rows = charts.rows(right, {names[whose]: look for whose, look in LOOKS.items()}, words="below")
    rows.published.set(marker="D", color="white", markeredgecolor="black", markersize=8)
    for line in rows.ranges.values():
        line.set(color=GREY, linewidth=1, alpha=1.0)
    points = {
        (whose, wall): left.plot([], [], "X" if wall else "x", color=colour, markersize=8, zorder=6)[0]
        for whose, colour in [("", GREY), *((name, colour) for name, (colour, _) in LOOKS.items())]
        for wall in (True, False)
    }
    for (_, wall), line in points.items():
        line.set_markeredgewidth(1 if wall else 2.2)
    key = {
        "published, at the wall (grey: on another machine)": points["", True],
        "published, GPUs alone": points["", False],
    }
    electricity = Line2D([], [], linestyle="", marker="o", color=GREY, markersize=9, markeredgecolor="black")
    layout.legend(figure, key | {"electricity": electricity, "rent": rows.published})
    mark = {"markersize": 9, "markeredgecolor": "black", "zorder": 7}
    return Artists(
        layout.headline(figure),
        left.axvline(1, color=GREY, linewidth=1, linestyle=":"),
        points,
        charts.curves(left, {whose: (colour, "-") for whose, (colour, _) in LOOKS.items()}, names),
        {whose: left.plot([], [], shape, color=c, **mark)[0] for whose, (c, shape) in LOOKS.items()},
        rows,
    )


def update(
    artists: Artists, name: str, users: float, context: float, tariff: float, power_overhead: float
) -> str:
    """Move lines, points and dollars to one model and load; say the same."""
    context = min(context, Model.named(name).max_context)
    artists.users.set_xdata([users, users])
    show_points(artists.points, name)
    found = {whose: spent(whose, name, users, context, tariff, power_overhead) for whose in PLACES}
    artists.curves.show({whose: (USERS, joules(whose, name, context, power_overhead)) for whose in PLACES})
    for whose, mark in artists.here.items():
        mark.set_data(*(([users], [found[whose].joules]) if found[whose] else charts.NOWHERE))
    artists.rows.show({PLACES[whose][2]: dollars(one) for whose, one in found.items()})
    artists.finding.set_text(finding(found, users))
    return sentence(found, name, users, context, tariff)


def show_points(lines: dict, name: str) -> None:
    """Place the published joules of a model; those of the three machines in their colours."""
    owners = {where: whose for whose, (where, _, _) in PLACES.items()}
    rows = [row for row in catalog.table(Energy) if row.model == name]
    for (whose, wall), line in lines.items():
        points = [
            (row.batch, row.joules_per_token)
            for row in rows
            if owners.get((row.device, row.devices), "") == whose and row.at_the_wall is wall
        ]
        line.set_data(*zip(*points) if points else ([], []))


def joules(whose: str, name: str, context: float, power_overhead: float) -> np.ma.MaskedArray:
    """Joules per token of one machine over all numbers of users; masked where they do not fit."""
    machine, weights = place(whose, name)
    step = inference.decode(Model.named(name), machine, context=context, batch=USERS, weights=weights)
    return energy.joules(machine, step, power_overhead)


def dollars(found: Spent | None) -> charts.Quantity:
    """One machine's electricity beside its rent, and the words below them."""
    if found is None:
        return charts.Quantity(words="does not fit", ink=INK[RED])
    gap = None if found.rent is None else (found.electricity, found.rent)
    return charts.Quantity(found.electricity, gap, None, found.rent, words(found))


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
    tariff, power_overhead = electricity.usual_tariff().value, round(energy_published.wall_over_device(), 2)
    return live.panel(
        draw,
        update,
        title="Energy of a token, and electricity beside rent",
        size=(9, 4.8),
        name=controls.choice("Model", models(), start="Llama 3.1 70B"),
        users=controls.log_slider("Users", 1, int(USERS[-1]), start=64, unit="at once", whole=True),
        context=controls.log_slider("Context", 256, 131_072, start=1024, unit="tokens", whole=True),
        tariff=controls.slider("Electricity", 0.01, 0.6, start=tariff, step=0.005, unit="dollars per kWh"),
        power_overhead=controls.slider(
            "Whole computer and cooling", 1.0, 3.0, start=power_overhead, step=0.01, unit="times the devices"
        ),
    )
