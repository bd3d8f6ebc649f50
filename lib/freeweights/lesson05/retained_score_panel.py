"""Lesson 05's published students: the score each keeps against its size, its speed or its cost."""

from __future__ import annotations

from matplotlib.figure import Figure

from ..cost import reference_cases
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, DESKTOP, DESKTOP_WEIGHTS
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money import training_bills
from ..money.hourly_rate import PAID, hourly_cost
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GLYPHS, GREY, MARKERS, ORANGE, RED
from . import published_students as pupils

MACHINES = {
    "8 x H200, FP8": (CLUSTER, CLUSTER_WEIGHTS),
    "M3 Ultra 512 GB, 4.5 bits": (DESKTOP, DESKTOP_WEIGHTS),
    "RTX 5090, 4.5 bits": (("GeForce RTX 5090", 1), DESKTOP_WEIGHTS),
    "RTX 3070 8 GB, 4.5 bits": (("GeForce RTX 3070 8GB", 1), DESKTOP_WEIGHTS),
}
AXES = {  # label, ends, ticks
    "parameters": ("parameters", (1e9, 1e12), layout.decades(1e9, 1e12)),
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


def short(name: str) -> str:
    """A name without what all of them share."""
    return (
        name.removeprefix(f"{training_bills.TEACHER}-Distill-").removeprefix("OpenAI-").removesuffix("-0513")
    )


def draw(figure: Figure) -> live.Artists:
    """A point for each student and the teacher, lines for closed models, each named beside the axes."""
    [axes] = layout.grid(figure)
    axes.set(ylim=(-4, 110), yticks=range(0, 101, 20), ylabel=SCORE, xlabel=next(iter(AXES.values()))[0])
    known = {
        name: (ORANGE if "Llama" in name else BLUE, mark) for name, mark in zip(pupils.students(), MARKERS)
    }
    known |= {training_bills.TEACHER: ("black", "*")}
    known |= {name: ("white", mark) for name, mark in zip(pupils.WITHOUT_TEACHER, "os")}
    look = {"markeredgecolor": "black", "zorder": 3, "clip_on": False}
    points = {
        name: axes.plot([], [], mark, color=colour, **look)[0] for name, (colour, mark) in known.items()
    }
    points[training_bills.TEACHER].set_markersize(13)
    lines = {
        name: axes.axhline(0, color=GREY, linestyle=style, linewidth=1.5)
        for name, style in zip(pupils.CLOSED, (":", "--"))
    }
    glyphs = {name: GLYPHS.get(mark, "★") for name, (_, mark) in known.items()}
    glyphs |= dict(zip(pupils.WITHOUT_TEACHER, "○□")) | dict(zip(pupils.CLOSED, "┈╌"))
    names = layout.label_beside(
        axes, dict.fromkeys(glyphs, "black"), room="▲ Llama-70B: 99.9 %, 99.9 B of them"
    )
    return live.Artists(
        finding=layout.headline(figure), axes=axes, points=points, lines=lines, names=names, glyphs=glyphs
    )


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


def update(artists: live.Artists, benchmark: str, axis: str, place: str) -> str:
    """Place all that was published of one benchmark; say what the best student here keeps, and of how much."""
    label, ends, ticks = AXES[axis]
    axes = artists.axes
    if axes.get_xlabel() != label or axes.get_xscale() != "log":
        layout.log_axis(axes.xaxis, ticks)
        axes.set(xlim=ends, xlabel=label)
    if axes.get_ylabel() != (wanted := GAMES if benchmark == pupils.RATING else SCORE):
        axes.set_ylabel(wanted)
    at = places(axis, place)
    shares = {
        name: pupils.retained_score(name, benchmark) for name in artists.names if pupils.has(name, benchmark)
    }
    for name, mark in artists.points.items():
        shown = name in shares and at[name] is not None
        mark.set_data(*(([at[name]], [100 * shares[name]]) if shown else charts.NOWHERE))
    for name, line in artists.lines.items():
        line.set_ydata([100 * shares[name]] * 2)
    name_all(artists, shares, at, axis)
    best = max((n for n in pupils.students() if at[n] is not None), key=lambda n: shares[n])
    artists.finding.set_text(finding(benchmark, best, shares[best], at, axis))
    return sentence(benchmark, axis, place, best, shares, at)


def name_all(artists: live.Artists, shares: dict, at: dict, axis: str) -> None:
    """Beside the axes: every name with its share and its place, at the height of its share."""
    for name, share in shares.items():
        missing = name in at and at[name] is None
        behind = "" if name not in at else ", no room" if missing else f", {SAY[axis](at[name])}"
        said = f"{artists.glyphs[name]} {short(name)}: {q.percent(share)}{behind}"
        artists.names[name].set(text=said, color=RED if missing else "black")
    layout.stand_beside(artists.names, {name: 100 * share for name, share in shares.items()})


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


SCORES = "On {benchmark} {best} {keeps}, the smallest student {least}. From Qwen-32B's base or a near relative, but without this teacher: {same}."
SERVED = " {place}, {users}; what narrower weights lose and how long answers are is not counted."


def sentence(benchmark: str, axis: str, place: str, best: str, shares: dict, at: dict) -> str:
    """Best and smallest student, the others of one base, and what the figures leave out."""
    share, students = q.percent(shares[best]), pupils.students()
    keeps = f"keeps {share} of DeepSeek-R1's score"
    if benchmark == pupils.RATING:
        keeps = f"is expected to win {share} of its games against DeepSeek-R1"
    same = (f"{name} {q.percent(shares[name])}" for name in pupils.WITHOUT_TEACHER if name in shares)
    said = SCORES.format(
        benchmark=benchmark,
        best=short(best),
        keeps=keeps,
        least=q.percent(shares[students[0]]),
        same=", ".join(same),
    )
    if axis == "parameters":
        return said
    teacher, users = training_bills.TEACHER, "one user"
    if missing := [short(name) for name in [*students, teacher] if at[name] is None]:
        said += f" No room on {place} for {q.listed(missing)}."
    elif slow := [short(name) for name in students if axis == "speed" and at[name] < at[teacher]]:
        said += f" Slower than the teacher here: {q.listed(slow)}."
    if axis == "cost":
        paid = hourly_cost(Machine.named(*MACHINES[place][0]).device, PAID[1])[1]
        users = f"at most {reference_cases.SERVED} users, {paid}"
    return said + SERVED.format(place=place, users=users)


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
