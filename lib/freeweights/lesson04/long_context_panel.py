"""Lesson 04's main panel: what each kind of attention costs from a thousand to a million tokens."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost.reference_cases import SERVED
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, hourly_cost
from ..page import charts, controls, layout, live
from ..page.style import COLOURS, GLYPHS, GREY, INK, RED
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
CACHES = ("16 bits", "8 bits")
LOOKS = {  # each curve's glyph: its colour and line, and its marker
    GLYPHS[marker]: ((colour, line), marker)
    for colour, marker, line in zip((*COLOURS, "black", GREY), GLYPHS, ("-", "--", "-.", ":") * 2)
}
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


def ticks(quantity: str) -> dict[float, str]:
    """Where the axis of a quantity has ticks, and what they say."""
    low, high = ENDS[quantity]
    if QUANTITIES[quantity].unit == "s":
        return {at: name for at, name in WAITS.items() if low <= at <= high}
    say = SAY[QUANTITIES[quantity].unit]
    return layout.decades(low, high, q.count if quantity.startswith("slots") else say)


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    unfit: Text
    axes: Axes
    curves: charts.Curves
    marks: dict[str, Line2D]
    crosses: Line2D


def draw(figure: Figure) -> Artists:
    """A curve for each kind, its label in the column at the right, and a line at the chosen context."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, {2.0**p: f"{2 ** (p % 10)} {'KM'[p // 10 - 1]}i" for p in range(10, 21, 2)})
    axes.set(xlim=(SHORTEST, LONGEST), xlabel="tokens of context (✖ fits no longer)")
    longest = max((name for kinds in COMPARED.values() for name in kinds()), key=len)
    set_axis(axes, max(QUANTITIES, key=lambda quantity: max(map(len, ticks(quantity).values()))))
    mark = {"linestyle": "", "markersize": 8, "markeredgecolor": "white", "clip_on": False, "zorder": 3}
    return Artists(
        layout.headline(figure),
        layout.subtitle(figure, INK[RED]),
        axes,
        charts.curves(
            axes,
            {sign: look for sign, (look, _) in LOOKS.items()},
            {sign: f"{sign} {longest}" for sign in LOOKS},
        ),
        {sign: axes.plot([], [], marker, color=look[0], **mark)[0] for sign, (look, marker) in LOOKS.items()},
        axes.plot([], [], "X", color=RED, **mark)[0],
    )


def update(
    artists: Artists, compare: str, quantity: str, place: str, weights: str, cache: str, context: float
) -> str:
    """Move the curves to one comparison, quantity and machine; say every kind's number at the context."""
    machine, kinds = Machine.named(*MACHINES[place]), COMPARED[compare]()
    set_axis(artists.axes, quantity)
    curves = {name: curve(quantity, what, machine, weights, context, cache) for name, what in kinds.items()}
    show(artists, curves, context)
    artists.unfit.set_text(
        say_unfit([short(name) for name, one in curves.items() if not one.held], place, weights)
    )
    here = {name: one.here(context) for name, one in curves.items()}
    known = sorted((v, name) for name, v in here.items() if v is not None)
    artists.title.set_text(finding(quantity, known, context))
    return sentence(quantity, known, curves, machine, place, f"{weights}, caches at {cache}", context)


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
        layout.log_axis(axes.yaxis, ticks(quantity))
        axes.set_ylim(*ENDS[quantity])


def show(artists: Artists, found: dict[str, Curve], context: float) -> None:
    """Place every kind's curve, its mark at the context, its label, and the crosses where it fits no longer."""
    signs = dict(zip(LOOKS, found.items()))
    artists.curves.show(
        {sign: (one.at, one.values) for sign, (_, one) in signs.items()},
        here=context,
        words={sign: f"{sign} {name}" for sign, (name, _) in signs.items()},
    )
    for sign, mark in artists.marks.items():
        at = signs[sign][1].here(context) if sign in signs else None
        mark.set_data(*(charts.NOWHERE if at is None else ([context], [at])))
    drawn = [one for one in found.values() if one.values.count() and 0 < one.held < one.at[-1]]
    artists.crosses.set_data([one.held for one in drawn], [one.here(one.held) for one in drawn])


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
        cache=controls.choice("Caches", CACHES),
        context=controls.log_slider("Context", SHORTEST, LONGEST, start=131_072, unit="tokens", whole=True),
    )
