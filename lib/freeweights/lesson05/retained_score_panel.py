"""Lesson 05's published students: the score each keeps against its size, its speed or its cost."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..cost import reference_cases
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, DESKTOP, DESKTOP_WEIGHTS
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money import training_bills
from ..money.hourly_rate import PAID, hourly_cost
from ..page import controls, live
from ..page.layout import decades, headline, log_axis, spread
from ..page.style import BLUE, GLYPHS, GREY, MARKERS, ORANGE, RED
from . import published_students as pupils

MACHINES = {
    "8 x H200, FP8": (CLUSTER, CLUSTER_WEIGHTS),
    "M3 Ultra 512 GB, 4.5 bits": (DESKTOP, DESKTOP_WEIGHTS),
    "RTX 5090, 4.5 bits": (("GeForce RTX 5090", 1), DESKTOP_WEIGHTS),
    "RTX 3070 8 GB, 4.5 bits": (("GeForce RTX 3070 8GB", 1), DESKTOP_WEIGHTS),
}
AXES = {  # label, ends, ticks
    "parameters": ("parameters", (1e9, 1e12), decades(1e9, 1e12)),
    "speed": (
        "tokens/s for one user",
        (5, 1000),
        {10: "10", 30: "30", 100: "100", 300: "300", 1000: "1,000"},
    ),
    "cost": (
        "US dollars for a million tokens, machine alone",
        (0.001, 10),
        {0.001: "$0.001", 0.01: "$0.01", 0.1: "$0.10", 1: "$1", 10: "$10"},
    ),
}
WORDS = {"parameters": "the parameters", "speed": "the teacher's speed", "cost": "the teacher's cost"}
SAY = {
    "parameters": q.count,
    "speed": lambda value: f"{q.significant(value, 2)}/s",
    "cost": lambda v: q.money(v, 2),
}
SCORE, GAMES = "score, % of the teacher's", "games won against the teacher, % (50: equal)"
ROW = 0.072  # of the figure's height


def short(name: str) -> str:
    """A name without what all of them share."""
    return (
        name.removeprefix(f"{training_bills.TEACHER}-Distill-").removeprefix("OpenAI-").removesuffix("-0513")
    )


def draw(figure: Figure) -> dict:
    """A point for each student and the teacher, lines for closed models, and a column that names them by height."""
    axes = figure.add_axes((0.085, 0.13, 0.565, 0.765))
    axes.set(ylim=(-4, 110), yticks=range(0, 101, 20), ylabel=SCORE)
    artists: dict = {"title": headline(figure), "axes": axes, "points": {}, "lines": {}, "names": {}}
    for name, mark in zip(pupils.students(), MARKERS):
        colour = ORANGE if "Llama" in name else BLUE
        artists["points"][name] = (
            axes.plot([], [], mark, color=colour, markeredgecolor="black", zorder=3)[0],
            GLYPHS[mark],
        )
    teacher = axes.plot([], [], "*", color="black", markersize=13, zorder=3, clip_on=False)[0]
    artists["points"][training_bills.TEACHER] = teacher, "★"
    for name, mark, glyph in zip(pupils.WITHOUT_TEACHER, "os", "○□"):
        artists["points"][name] = (
            axes.plot([], [], mark, color="white", markeredgecolor="black", zorder=3)[0],
            glyph,
        )
    for name, style, glyph in zip(pupils.CLOSED, (":", "--"), "┈╌"):
        artists["lines"][name] = axes.axhline(0, color=GREY, linestyle=style, linewidth=1.5), glyph
    for name in [*artists["points"], *artists["lines"]]:
        artists["names"][name] = figure.text(0.668, 0, "", fontsize=10, va="center", parse_math=False)
    return artists


def places(axis: str, place: str) -> dict[str, float | None]:
    """Where students, teacher and the two others stand along the axis; None: the machine has no room for it."""
    where, weights = MACHINES[place]
    found: dict[str, float | None] = {}
    for name in [*pupils.students(), training_bills.TEACHER]:
        if axis == "parameters":
            found[name] = Model.named(name).parameters
        else:
            one = pupils.serve(Model.named(name), Machine.named(*where), weights)
            found[name] = one.tokens_per_second if axis == "speed" else one.dollars
    return found | dict.fromkeys(pupils.WITHOUT_TEACHER, found[pupils.SAME_BASE])


def update(artists: dict, benchmark: str, axis: str, place: str) -> str:
    """Place all that was published of one benchmark; say what the best student here keeps, and of how much."""
    label, ends, ticks = AXES[axis]
    axes = artists["axes"]
    if axes.get_xlabel() != label:
        log_axis(axes.xaxis, ticks)
        axes.set(xlim=ends, xlabel=label)
    if axes.get_ylabel() != (wanted := GAMES if benchmark == pupils.RATING else SCORE):
        axes.set_ylabel(wanted)
    at = places(axis, place)
    shares = {name: pupils.kept(name, benchmark) for name in artists["names"] if pupils.has(name, benchmark)}
    for name, (mark, _) in artists["points"].items():
        shown = name in shares and at[name] is not None
        mark.set_data(*([at[name]], [100 * shares[name]]) if shown else ([], []))
    for name, (line, _) in artists["lines"].items():
        line.set_ydata([100 * shares[name]] * 2)
    list_names(artists, shares, at, axis)
    best = max((n for n in pupils.students() if at[n] is not None), key=lambda n: shares[n])
    artists["title"].set_text(finding(benchmark, best, shares[best], at, axis))
    return sentence(benchmark, axis, place, best, shares, at)


def list_names(artists: dict, shares: dict, at: dict, axis: str) -> None:
    """The column: every name with its share and its place, highest first."""
    order = sorted(shares, key=lambda name: shares[name])
    heights = dict(
        zip(order, 0.13 + 0.765 * spread(np.array([shares[n] for n in order]) / 1.14 + 0.035, ROW / 0.765))
    )
    glyphs = {name: glyph for name, (_, glyph) in (artists["points"] | artists["lines"]).items()}
    for name, text in artists["names"].items():
        if name not in shares:
            text.set_text("")
            continue
        where = at.get(name)
        missing = name in at and where is None
        behind = "" if name not in at else ", no room" if missing else f", {SAY[axis](where)}"
        said = f"{glyphs[name]} {short(name)}: {q.percent(shares[name])}{behind}"
        text.set(text=said, y=heights[name], color=RED if missing else "black")


def finding(benchmark: str, best: str, share: float, at: dict, axis: str) -> str:
    """The title: what the best student that fits keeps, and with how much of the teacher's size, speed or cost."""
    part = (
        f"wins {q.percent(share)} of games"
        if benchmark == pupils.RATING
        else f"keeps {q.percent(share)} of the score"
    )
    head = f"{benchmark}: {short(best)} {part}"
    if at[training_bills.TEACHER] is None:
        return f"{head} where the teacher has no room"
    return f"{head} at {q.percent(at[best] / at[training_bills.TEACHER])} of {WORDS[axis]}"


def sentence(benchmark: str, axis: str, place: str, best: str, shares: dict, at: dict) -> str:
    """Best and smallest student, the others of one base, and what the figures leave out."""
    least = pupils.students()[0]
    verb = "is expected to win" if benchmark == pupils.RATING else "keeps"
    what = "of its games against DeepSeek-R1" if benchmark == pupils.RATING else "of DeepSeek-R1's score"
    said = f"On {benchmark} {short(best)} {verb} {q.percent(shares[best])} {what}, the smallest student {q.percent(shares[least])}."
    same = [f"{name} {q.percent(shares[name])}" for name in pupils.WITHOUT_TEACHER if name in shares]
    said += f" From Qwen-32B's base or a near relative, but without this teacher: {', '.join(same)}."
    if axis == "parameters":
        return said
    if missing := [short(name) for name in [*pupils.students(), training_bills.TEACHER] if at[name] is None]:
        said += f" No room on {place} for {' and '.join(missing)}."
    else:
        slow = [short(n) for n in pupils.students() if axis == "speed" and at[n] < at[training_bills.TEACHER]]
        said += f" Slower than the teacher here: {' and '.join(slow)}." if slow else ""
    counted = f"at most {reference_cases.SERVED} users, {hourly_cost(Machine.named(*MACHINES[place][0]).device, PAID[1])[1]}"
    return (
        f"{said} {place}, {counted if axis == 'cost' else 'one user'}; what narrower weights lose and how long answers are is "
        "not counted."
    )


def panel() -> live.Panel:
    """Six students of DeepSeek-R1: what each keeps of its score, against parameters, speed or cost.

    >>> panel().set(benchmark="LiveCodeBench", axis="speed")
    """
    return live.panel(
        draw,
        update,
        title="Score that students of DeepSeek-R1 keep, against size, speed or cost",
        size=(9, 4.8),
        benchmark=controls.choice("Benchmark", list(pupils.BENCHMARKS), start="AIME 2024"),
        axis=controls.choice("Against", list(AXES), start="parameters"),
        place=controls.choice("Machine", list(MACHINES)),
    )
