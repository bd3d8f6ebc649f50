"""Lesson 06's test before choosing: how many tasks it takes to see that one model is better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..facts import quantities as q
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY, ORANGE
from .paired_test import LEVEL, SURE, power, tasks_needed

LOOKS = {"the difference asked about": (BLUE, "-"), "half of it": (ORANGE, "--")}
TASKS = np.unique(np.geomspace(10, 5000, 17).astype(int))


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    curves: charts.Curves
    dot: Line2D


def draw(figure: Figure) -> Artists:
    """The chance to see a difference against the tasks asked."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, {10: "10", 30: "30", 100: "100", 300: "300", 1000: "1,000", 5000: "5,000"})
    axes.set(xlim=(10, 5000), ylim=(0, 1), xlabel="tasks asked of both models", ylabel="chance to see it")
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0", "20 %", "40 %", "60 %", "80 %", "100 %"])
    axes.axhline(SURE, color=GREY, linewidth=1, linestyle=":")
    curves = charts.curves(axes, LOOKS)
    [dot] = axes.plot([], [], "o", color="black", markersize=8, clip_on=False, zorder=5)
    return Artists(layout.headline(figure), curves, dot)


def update(artists: Artists, tasks: float, difference: float, disagreement: float) -> str:
    """The chance at so many tasks; a difference above the disagreement is cut, and said."""
    points = min(difference, disagreement)
    part, apart = points / 100, disagreement / 100
    artists.curves.show(
        {
            name: (TASKS, [power(int(n), one, apart) for n in TASKS])
            for name, one in zip(LOOKS, (part, part / 2))
        },
        here=tasks,
    )
    chance, need = power(int(tasks), part, apart), tasks_needed(part, apart)
    artists.dot.set_data([tasks], [chance])
    needs = "more than 10,000 tasks" if need is None else f"{need:,} tasks"
    artists.title.set_text(
        f"{tasks:,.0f} tasks see {q.significant(points)} points with a chance of {q.percent(chance)}"
    )
    said = (
        f"On {tasks:,.0f} tasks two models that part by {q.significant(points)} points and disagree on "
        f"{q.significant(disagreement)} % are told apart, at a level of {q.percent(LEVEL)}, with a chance of {q.percent(chance)}; "
        f"for {q.percent(SURE)} it takes {needs}."
    )
    if difference > disagreement:
        said += " Two models differ only where one of them alone is right, so the difference was cut to the disagreement."
    if not points:
        said += " With no difference the test speaks only by mistake, and never more often than its level."
    return said


def panel() -> live.Panel:
    """Tasks, difference and disagreement: the chance that McNemar's test sees which model is better.

    >>> panel().set(tasks=10, difference=0)
    """
    return live.panel(
        draw,
        update,
        title="Chance that a paired test tells two models apart",
        size=(9, 4.2),
        tasks=controls.log_slider("Tasks", 10, 5000, start=500, whole=True),
        difference=controls.slider("Difference", 0, 20, step=0.2, start=3, unit="points"),
        disagreement=controls.slider("Disagreement", 1, 40, step=1, start=12, unit="% of tasks"),
    )
