"""Lesson 04's main panel: what each kind of attention costs from a thousand to a million tokens."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from ..cost.reference_cases import SERVED
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, hourly_cost
from ..page import controls, live
from ..page.style import COLOURS, GREY, MARKERS, RED, decades, headline, log_axis, spread
from .long_context import ANSWER, LONGEST, QUANTITIES, SHORTEST, Curve, curve, one_body, released

COMPARED = {"released models": released, "one body, several attentions": one_body}
MACHINES = {
    "RTX 5090": ("GeForce RTX 5090", 1),
    "DGX Spark": ("DGX Spark (GB10)", 1),
    "Apple M3 Ultra 512GB": ("Apple M3 Ultra 512GB", 1),
    "Two EPYC, 1.5 TB": ("2x EPYC 9755 server (24-channel DDR5-6400)", 1),
    "H200": ("H200 SXM 141GB", 1),
    "8 x H100": ("H100 SXM5 80GB", 8),
    "8 x H200": ("H200 SXM 141GB", 8),
    "8 x B200": ("B200 SXM 180GB", 8),
}
WEIGHTS = ("BF16", "FP8", "4.5 bits", "3 bits")
LOOKS = tuple(zip((*COLOURS, "black", GREY), (*MARKERS, "<", "h"), ("-", "--", "-.", ":") * 2))
SAY = {"FLOPs": lambda v: q.rate(v, "FLOP"), "B": q.size, "slots": lambda v: f"{v:,.0f} slot{'s' * (v != 1)}"}
SAY |= {"s": q.duration, "$": q.money}
WAITS = {1e-3: "1 ms", 1e-2: "10 ms", 0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min"}
WAITS |= {3600: "1 h", 36_000: "10 h", 864_000: "10 days"}
ENDS = dict(
    zip(
        QUANTITIES,
        (
            (1e8, 3e13),
            (1e10, 3e13),
            (3e7, 5e12),
            (1e9, 5e12),
            (0.7, 1e5),
            (2e-3, 2e6),
            (5e-4, 30),
            (2e-5, 300),
        ),
    )
)
FEW = 3  # names in the red line
GAP = 0.06  # between two labels, as a share of the axis


def ticks(quantity: str) -> dict[float, str]:
    """Where the axis of a quantity has ticks, and what they say."""
    low, high = ENDS[quantity]
    if QUANTITIES[quantity].unit == "s":
        return {at: name for at, name in WAITS.items() if low <= at <= high}
    say = SAY[QUANTITIES[quantity].unit]
    return decades(low, high, q.count if quantity.startswith("slots") else say)


def draw(figure: Figure) -> dict:
    """A curve for each kind, its label in the column at the right, and a line at the chosen context."""
    axes = figure.add_axes((0.135, 0.125, 0.472, 0.745))
    log_axis(axes.xaxis, {2.0**p: f"{2 ** (p % 10)} {'KM'[p // 10 - 1]}i" for p in range(10, 21, 2)})
    axes.set(xlim=(SHORTEST, LONGEST), xlabel="tokens of context")
    axes.yaxis.set_label_coords(-0.221, 0.5)  # fixed, so that it need not follow the ticks
    sides = blended_transform_factory(figure.transFigure, axes.transAxes)
    mark = {"linestyle": "", "markersize": 8, "markeredgecolor": "white", "clip_on": False, "zorder": 3}
    kinds = [
        {
            "curve": axes.plot([], [], color=colour, linestyle=style)[0],
            "here": axes.plot([], [], marker, color=colour, **mark)[0],
            "sign": axes.plot([], [], marker, color=colour, transform=sides, **mark)[0],
            "label": axes.text(0.652, 0, "", transform=sides, fontsize=10, va="center"),
        }
        for colour, marker, style in LOOKS
    ]
    thin = {"color": GREY, "linewidth": 1, "linestyle": ":", "clip_on": False}
    figure.text(0.988, 0.035, "✖ fits no longer", color=RED, fontsize=10, ha="right", va="center")
    return {
        "title": headline(figure),
        "unfit": figure.text(0.012, 0.905, "", color=RED, fontsize=10, va="center"),
        "line": axes.axvline(SHORTEST, color="black", linewidth=1),
        "leaders": axes.plot([], [], transform=axes.transAxes, **thin)[0],
        "crosses": axes.plot([], [], "X", color=RED, **mark)[0],
        "kinds": kinds,
    }


def update(artists: dict, compare: str, quantity: str, place: str, weights: str, context: float) -> str:
    """Move the curves to one comparison, quantity and machine; say every kind's number at the context."""
    machine, kinds = Machine.named(*MACHINES[place]), COMPARED[compare]()
    set_axis(artists["line"].axes, quantity)
    artists["line"].set_xdata([context, context])
    curves = {name: curve(quantity, what, machine, weights, context) for name, what in kinds.items()}
    show(artists, curves, quantity, context)
    artists["unfit"].set_text(
        say_unfit([short(name) for name, one in curves.items() if not one.held], place, weights)
    )
    here = {name: one.here(context) for name, one in curves.items()}
    known = sorted((v, name) for name, v in here.items() if v is not None)
    artists["title"].set_text(finding(quantity, known, context))
    return sentence(quantity, known, curves, machine, place, weights, context)


def short(name: str) -> str:
    """A released model's name without its kind of attention; the kinds of one body stay."""
    return name.split(",")[0] if name in released() else name


def say_unfit(names: list[str], place: str, weights: str) -> str:
    """The red line above the picture: who does not fit at all."""
    if not names:
        return ""
    who = ", ".join(names) if len(names) <= FEW else f"{len(names)} of them"
    return f"{place} at {weights} has no room at all for {who}"


def set_axis(axes, quantity: str) -> None:
    """Give the axis the ends and ticks of a quantity, if they are others than now."""
    if axes.get_ylabel() != quantity:
        axes.set(ylabel=quantity)
        log_axis(axes.yaxis, ticks(quantity))
        axes.set_ylim(*ENDS[quantity])


def along(value: float, low: float, high: float) -> float:
    """Where a value lies on a logarithmic axis, from 0 at its low end to 1 at its high one."""
    return float(np.log(value / low) / np.log(high / low))


def show(artists: dict, curves: dict[str, Curve], quantity: str, context: float) -> None:
    """Place every kind's curve, its mark at the context, its label, and the crosses where it fits no longer."""
    low, high = ENDS[quantity]
    drawn = {name: one for name, one in curves.items() if one.values.count()}
    ends = [(one.at[one.values.count() - 1], one.values.compressed()[-1]) for one in drawn.values()]
    places = [(along(at, SHORTEST, LONGEST), along(reached, low, high)) for at, reached in ends]
    heights = dict(zip(drawn, spread(np.array([y for _, y in places]), GAP) if drawn else ()))
    leaders = [
        [*zip((x, 1, 1.05, np.nan), (y, y, heights[name], np.nan))] for name, (x, y) in zip(drawn, places)
    ]
    artists["leaders"].set_data(*np.reshape(leaders, (-1, 2)).T)
    crosses = [(one.held, one.here(one.held)) for one in drawn.values() if 0 < one.held < one.at[-1]]
    artists["crosses"].set_data(*np.reshape(crosses, (-1, 2)).T)
    for marks, (name, one) in itertools.zip_longest(artists["kinds"], curves.items(), fillvalue=("", None)):
        at = one.here(context) if one else None
        marks["curve"].set_data(*((one.at, one.values) if one else ([], [])))
        marks["here"].set_data(*(([], []) if at is None else ([context], [at])))
        marks["sign"].set_data(*(([0.637], [heights[name]]) if name in heights else ([], [])))
        marks["label"].set(text=name if name in heights else "", y=heights.get(name, 0))


def finding(quantity: str, known: list, context: float) -> str:
    """The title: the kinds with the least and the most of a quantity at the context."""
    if not known:
        return f"At {context:,.0f} tokens nothing is left: every context or the memory ends before"
    say = SAY[QUANTITIES[quantity].unit]
    (least, first), (most, last) = known[0], known[-1]
    if first == last:
        return f"At {context:,.0f} tokens only {short(first)} is left, with {say(least)}"
    return f"At {context:,.0f} tokens: {say(least)} for {short(first)}, {say(most)} for {short(last)}"


def sentence(
    quantity: str,
    known: list,
    curves: dict[str, Curve],
    machine: Machine,
    place: str,
    weights: str,
    context: float,
) -> str:
    """Every kind's number at the context, which models end before it, and which the machine cannot hold."""
    wanted = QUANTITIES[quantity]
    say = SAY[wanted.unit]
    said = f"{quantity[0].upper()}{quantity[1:]} at {context:,.0f} tokens, {weights} on {place}: "
    said += "; ".join(f"{name}: {say(v)}" for v, name in known) + "." if known else "none."
    ended = {short(name): one.model for name, one in curves.items() if one.model.max_context < context}
    if ended:
        said += f" Their context ends before: {say_ends(ended)}."
    full = [short(name) for name, one in curves.items() if one.model.max_context >= context > one.held]
    if full:
        said += f" {machine.name} has no room for one such sequence of {'; '.join(full)}."
    if wanted.unit == "$":
        said += (
            f" The machine alone, {hourly_cost(machine.device, PAID[1])[1]}: each prompt is read by itself, "
            f"its answer of {ANSWER} tokens written beside {SERVED - 1} others at most."
        )
    return said


def say_ends(ended: dict[str, Model]) -> str:
    """Names with the most tokens that each allows."""
    return ", ".join(f"{name} ({what.max_context:,})" for name, what in ended.items())


def panel() -> live.Panel:
    """Attention cost and cache of eight models, or of one body with seven attentions, on any of eight machines.

    >>> panel().set(compare="one body, several attentions", context=1_048_576)
    """
    return live.panel(
        draw,
        update,
        title="What each kind of attention costs as the context grows",
        size=(9, 4.8),
        compare=controls.choice("Compare", list(COMPARED)),
        quantity=controls.choice("Quantity", list(QUANTITIES), start="cache of one sequence"),
        place=controls.choice("Machine", list(MACHINES), start="8 x H200"),
        weights=controls.choice("Weights", WEIGHTS, start="FP8"),
        context=controls.log_slider("Context", SHORTEST, LONGEST, start=131_072, unit="tokens", whole=True),
    )
