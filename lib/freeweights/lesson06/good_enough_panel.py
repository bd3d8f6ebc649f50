"""Lesson 06's good enough: what models of 27 to 70 B score beside the best of the same benchmark, and what is given up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_practice import Score
from ..page import controls, layout, live
from ..page.style import BLUE, GREY, ORANGE

BENCHMARKS = {
    "mean of seven fields": "LiveBench 2026-01-08 mean",
    "reasoning": "LiveBench 2026-01-08 Reasoning",
    "coding": "LiveBench 2026-01-08 Coding",
    "agentic coding": "LiveBench 2026-01-08 Agentic Coding",
    "mathematics": "LiveBench 2026-01-08 Mathematics",
    "following instructions": "LiveBench 2026-01-08 Instruction following",
}
DESKTOP = 27, 70  # billions of parameters
SIZE = re.compile(r"(?<![\d.a-z])(\d+(?:\.\d+)?)b(?![a-z0-9])")  # as a name has it: qwen3-32b


@dataclass(frozen=True)
class Scored:
    """One model of a benchmark: parameters in billions, None where nobody says; whether its weights are open; its score."""

    key: str
    size: float | None
    open: bool
    score: float


@cache
def stated_sizes() -> dict[str, float]:
    """Parameters in billions by key, wherever a table states them."""
    return {row.key: row.total_b for row in catalog.table(Score) if row.total_b}


def size_of(key: str) -> float | None:
    """Billions of parameters of a model, as stated or as its name has it.

    >>> size_of("qwen3-32b")
    32.0
    """
    found = SIZE.search(key)
    return stated_sizes().get(key) or (float(found[1]) if found else None)


@cache
def scored(what: str) -> tuple[Scored, ...]:
    """Every model of a benchmark, at its best score there."""
    best: dict[str, Score] = {}
    for row in catalog.table(Score):
        if row.benchmark == BENCHMARKS[what] and row.usable and row.grade != "C":
            if row.key not in best or row.score > best[row.key].score:
                best[row.key] = row
    return tuple(Scored(key, size_of(key), bool(row.open), row.score) for key, row in best.items())


def desktop(what: str) -> list[Scored]:
    """Open models of 27 to 70 B, the best first."""
    held = [one for one in scored(what) if one.open and one.size and DESKTOP[0] <= one.size <= DESKTOP[1]]
    return sorted(held, key=lambda one: -one.score)


def best(what: str) -> Scored:
    """The best of all models of a benchmark, open or not."""
    return max(scored(what), key=lambda one: one.score)


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    held: Line2D
    larger: Line2D
    best: Line2D
    enough: Line2D


def draw(figure: Figure) -> Artists:
    """Score against parameters, for models whose size is known."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, {20: "20 B", 50: "50 B", 100: "100 B", 300: "300 B", 1000: "1,000 B"})
    axes.set(xlim=(20, 2000), ylim=(0, 100), xlabel="parameters", ylabel="score")
    axes.axvspan(*DESKTOP, color=GREY, alpha=0.12, linewidth=0)
    look = {"markersize": 9, "markeredgecolor": "black", "linestyle": "", "clip_on": False}
    held, larger = (
        axes.plot([], [], mark, color=colour, **look)[0] for mark, colour in (("o", BLUE), ("s", ORANGE))
    )
    lines = [axes.axhline(0, color=GREY, linestyle=style, linewidth=1.5) for style in ("-", "--")]
    words = "27 to 70 B, open", "other sizes", "the best of all", "good enough"
    layout.legend(figure, dict(zip(words, (held, larger, *lines))))
    return Artists(layout.headline(figure), held, larger, *lines)


def update(artists: Artists, what: str, slack: float) -> str:
    """Which models of a desktop come within so many points of the best."""
    top, held = best(what), desktop(what)
    others = [one for one in scored(what) if one.size and one not in held]
    for line, rows in ((artists.held, held), (artists.larger, others)):
        line.set_data([one.size for one in rows], [one.score for one in rows])
    for line, height in ((artists.best, top.score), (artists.enough, max(top.score - slack, 0))):
        line.set_ydata([height] * 2)
    enough = [one for one in held if one.score >= top.score - slack]
    first = held[0]
    artists.title.set_text(
        f"{len(enough)} of {len(held)} models of 27 to 70 B come within {slack:.0f} points of the best"
    )
    given = 1 - first.score / top.score
    return (
        f"{what.capitalize()}, LiveBench of 2026-01-08: the best of {len(scored(what))} models is {top.key} with "
        f"{q.significant(top.score)}; the best of {len(held)} open ones of 27 to 70 B is {first.key} with "
        f"{q.significant(first.score)}, {q.significant(top.score - first.score)} points below: it gives up "
        f"{q.percent(given)} of what the best solves. Good enough, set at {slack:.0f} points below the best, is "
        + (", ".join(one.key for one in enough) + "." if enough else "none of them.")
    )


def behind(what: str = "mean of seven fields") -> float:
    """Points between the best of all and the best that a desktop holds."""
    return float(np.round(best(what).score - desktop(what)[0].score, 6))


def panel() -> live.Panel:
    """What is given up with a model of 27 to 70 B, by field and by what is good enough.

    >>> panel().set(what="agentic coding", slack=0)
    """
    return live.panel(
        draw,
        update,
        title="Scores of models of 27 to 70 B beside the best",
        size=(9, 4.4),
        what=controls.choice("Field", list(BENCHMARKS)),
        slack=controls.slider("Good enough", 0, 60, step=1, start=20, unit="points below the best"),
    )
