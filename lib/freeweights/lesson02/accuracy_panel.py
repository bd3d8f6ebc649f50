"""Lesson 02's honest page: what was published against what is predicted without it, row by row and in words."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..evidence.accuracy_report import (
    EVERY_KIND,
    EVERY_MACHINE,
    KINDS,
    NAMED,
    case_of,
    chosen,
    classes,
    counted,
    of,
    rows_of,
    short,
    sources,
    summary,
    worst,
)
from ..evidence.held_out import FEW, Errors, Pair, by, of_machines, of_source, pairs
from ..facts import quantities as q
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, LIGHT, ORANGE, PINK

LEANS = 1.02  # a middle ratio beyond this is called a leaning
LOOKS = dict(zip(KINDS, ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PINK, "D"))))
SHORTEST, LONGEST = 6e-4, 1.2e3  # ends of the axes, in seconds
FURTHEST = 5.0  # factor at which the right axes end
BANDS, STYLES = (1.3, 2.0), ("-", "--", ":")
APART = 0.26  # decades between numbers on the picture, so that none covers another
# Decades from a circle to its number: away from the diagonal.
PLACES = ((0.0, 0.3), (0.26, 0.12), (0.2, -0.2))


def finding(found: Errors | None, machines: str) -> str:
    """How far off half of the chosen rows are, or that there are too few; short enough for a title."""
    if found is None:
        return f"Nothing of this is published for {of(machines)}"
    if found.rows < FEW:
        return f"Only {rows_of(found)} of this for {of(machines)}: too few to judge"
    half = f"half within {q.percent(found.median - 1)}"
    return f"{of(machines).capitalize()}: {half}, nine in ten within a factor of {found.p90:.2f}"


def say(kind: str, machines: str) -> str:
    """The chosen rows in words: how good, where not, and where that is likely to come from."""
    found, what = summary(kind, machines), f"{kind.capitalize()}, {of(machines)}"
    if found is None:
        return (
            f"{what}: no row that could be checked is published. Here the library borrows "
            "from other machines, and nobody knows how well. Choose another kind or class."
        )
    behind = f"{what}: {rows_of(found)} of {sources(found)}"
    if found.rows < FEW:
        return (
            f"{behind}, fewer than {FEW}: an anecdote and no test. "
            f"Half of the predictions lie within a factor of {found.median:.2f} of what was published."
        )
    return (
        f"{behind}. Half of the predictions lie within a factor of {found.median:.2f} of what was published, "
        f"nine in ten within {found.p90:.2f}; {leaning(found)}. {blame(kind, machines)}"
    )


def leaning(found: Errors) -> str:
    """Whether predictions are mostly too slow or too fast."""
    if 1 / LEANS < found.bias < LEANS:
        return "they lean to neither side"
    off, lean = max(found.bias, 1 / found.bias) - 1, "slower" if found.bias > 1 else "faster"
    return f"in the middle they are {q.percent(off)} {lean} than published"


@cache
def blame(kind: str, machines: str) -> str:
    """Where the chosen rows are predicted best and worst: machines and sources of enough rows."""
    rows = chosen(kind, machines)
    places = [one for one in by(of_machines, rows) if one.rows >= FEW]
    if not places:
        return f"No machine and engine has {FEW} rows of its own."
    bad, good = places[0], places[-1]
    text = f"Best: {good.name} ({good.median:.2f}). " if len(places) > 1 else ""
    text += f"Worst: {bad.name} ({bad.median:.2f}, {rows_of(bad)}{lonely(bad)})."
    known = [one for one in by(of_source, rows) if one.rows >= FEW]
    return text + (
        f" The source furthest off: {short(known[0].name)} ({known[0].median:.2f})." if known else ""
    )


def lonely(found: Errors) -> str:
    """Whether a class hangs on one source: without that, mostly other machines' constants predict it.

    >>> lonely(Errors("", 10, 2, 9, 1.5, 2.0, 1.0, 0.8))
    ', 9 of them from one source, so that other machines must speak for them'
    """
    if found.largest < 0.7 * found.rows:
        return ""
    which = "all" if found.largest == found.rows else f"{found.largest} of them"
    return f", {which} from one source, so that other machines must speak for them"


@dataclass(frozen=True)
class Points:
    """What moves at the left: the chosen rows by kind, and the worst of them."""

    lines: list[Line2D]  # they lie on top of the points
    points: dict[str, Line2D]
    circles: Line2D
    numbers: list[Text]


@dataclass(frozen=True)
class Artists:
    """What moves."""

    finding: Text
    worst: Text
    left: Points
    kinds: charts.Rows


def draw(figure: Figure) -> Artists:
    """Left: predicted against published seconds of all rows and of the chosen. Right: errors by kind."""
    left, right = layout.grid(figure, columns=(1, 1))
    above, below = layout.split(right, rows=(3, 1))
    below.axis("off")
    words = {"fontsize": 10, "va": "top", "linespacing": 1.35, "parse_math": False}
    worst = below.text(0, 1, "", transform=below.transAxes, **words)
    return Artists(layout.headline(figure), worst, draw_points(left), draw_kinds(above))


def draw_points(axes: Axes) -> Points:
    """The left axes with diagonal, bands and every row in grey; the points, circles and numbers that move."""
    for axis in (axes.xaxis, axes.yaxis):
        layout.log_axis(
            axis, layout.decades(1e-3, 100, lambda t: q.duration(t) if t < q.MINUTE else f"{t:g} s")
        )
    axes.set(xlim=(SHORTEST, LONGEST), ylim=(SHORTEST, LONGEST), xlabel="published", ylabel="predicted")
    ends = np.array([SHORTEST, LONGEST])
    axes.plot(*times(pairs()), "s", color=LIGHT, markersize=2, markeredgewidth=0, zorder=1)
    sides = [(side, style) for factor, style in zip((1.0, *BANDS), STYLES) for side in {factor, 1 / factor}]
    note = {"transform": axes.transAxes, "fontsize": 10, "color": GREY}
    axes.text(0.03, 0.965, "predicted too slow", va="top", **note)
    axes.text(0.975, 0.095, "predicted too fast", ha="right", **note)
    axes.text(0.975, 0.03, f"lines: factors {BANDS[0]:g} and {BANDS[1]:g}", ha="right", **note)
    line = {"color": "black", "linewidth": 1, "zorder": 3.5}
    mark = {"linestyle": "", "markersize": 4, "markeredgewidth": 0}
    circle = {
        "markersize": 11,
        "markerfacecolor": "none",
        "color": "black",
        "markeredgewidth": 1,
        "zorder": 4,
    }
    number = {"fontsize": 10, "fontweight": "bold", "ha": "center", "va": "center"}
    return Points(
        [axes.plot(ends, ends * side, style, **line)[0] for side, style in sides],
        {
            kind: axes.plot([], [], shape, color=colour, zorder=3 - 0.1 * depth, **mark)[0]
            for depth, (kind, (colour, shape)) in enumerate(LOOKS.items())
        },
        axes.plot([], [], "o", **circle)[0],
        [axes.text(1, 1, "", **number) for _ in range(NAMED)],
    )


def draw_kinds(axes: Axes) -> charts.Rows:
    """The right axes: for each kind of step its name, and a dot, a line and figures that move."""
    layout.log_axis(axes.xaxis, {factor: f"{factor:g}" for factor in (1, 1.3, 2, 3, FURTHEST)})
    axes.set(xlim=(1, FURTHEST), xlabel="factor off: half of the rows, nine in ten")
    return charts.rows(axes, LOOKS, words="below")


def times(rows) -> tuple[list[float], list[float]]:
    """Published and predicted seconds of some rows."""
    return [pair.seconds for pair in rows], [pair.predicted for pair in rows]


def update(artists: Artists, kind: str, machines: str) -> str:
    """Colour the chosen rows, number the worst, show the errors of each kind; say where they are small."""
    shown = {}
    for group in KINDS:
        chosen_one, found = kind in (EVERY_KIND, group), summary(group, machines)
        artists.left.points[group].set_data(*times(chosen(group, machines) if chosen_one else ()))
        artists.kinds.marks[group].set_alpha(1.0 if chosen_one else 0.25)
        artists.kinds.ranges[group].set_alpha(0.6 if chosen_one else 0.2)
        shown[group] = errors(found, "black" if chosen_one else GREY)
    artists.kinds.show(shown)
    show_worst(artists, worst(kind, machines))
    artists.finding.set_text(finding(summary(kind, machines), machines))
    return say(kind, machines)


def errors(found: Errors | None, ink: str) -> charts.Quantity:
    """One kind's middle and worst tenth, or the words that there is too little."""
    enough = found is not None and found.rows >= FEW
    at = None if found is None else found.median
    return charts.Quantity(at, (found.median, found.p90) if enough else None, words=counted(found), ink=ink)


def show_worst(artists: Artists, rows: tuple[Pair, ...]) -> None:
    """Circle and list the worst rows; number them on the picture, where a number does not cover another."""
    artists.left.circles.set_data(*times(rows))
    centres = [np.log10([pair.seconds, pair.predicted]) for pair in rows]
    placed: list[np.ndarray] = []
    for index, text in enumerate(artists.left.numbers):
        text.set_text("")
        if index < len(rows):
            away = np.array([-1.0, 1.0]) if rows[index].ratio > 1 else np.array([1.0, -1.0])
            others = [*placed, *centres[:index], *centres[index + 1 :]]
            for place in PLACES:
                here = centres[index] + away * place
                if all(np.hypot(*(here - other)) > APART for other in others):
                    placed.append(here)
                    text.set(text=str(index + 1), position=tuple(10**here))
                    break
    lines = [
        f"{n}  {textwrap.shorten(case_of(pair), 42, placeholder=' ...')}: {q.significant(pair.factor, 2)}"
        for n, pair in enumerate(rows, 1)
    ]
    artists.worst.set_text("\n".join(["Furthest off, and by what factor:"] * bool(rows) + lines))


def panel() -> live.Panel:
    """Predicted against published, for any kind of step and class of machines.

    >>> panel().set(kind="prefill", machines="apple")
    """
    return live.panel(
        draw,
        update,
        title="Predicted against published seconds, each row predicted without its source",
        size=(9, 4.6),
        kind=controls.choice("Show", (EVERY_KIND, *KINDS)),
        machines=controls.choice("Machines", (EVERY_MACHINE, *classes())),
    )
