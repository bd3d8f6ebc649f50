"""Lesson 07's check: predicted over published device-hours of 36 training runs, and what parts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost.training_step import gpu_hours
from ..evidence.training_hours import CAUSES, OTHER, PublishedHours, published, typical_factor, usual_mfu
from ..facts import quantities as q
from ..page import controls, layout, live
from ..page.style import BLUE, GREEN, GREY, LIGHT, ORANGE, PINK

STRUCTURE, RULE = COUNTS = ("the structure", "6ND")
LOOKS = dict(zip([OTHER, *CAUSES.values()], ((BLUE, "o"), (GREEN, "^"), (PINK, "D"), (ORANGE, "s"))))
NEAR = 1.5  # a factor that we call near


@dataclass(frozen=True)
class Artists:
    """What moves: marks by what their hours count, the chosen run and its words."""

    title: Text
    marks: dict[str, Line2D]
    chosen: Line2D
    label: Text


def draw(figure: Figure) -> Artists:
    """Ratios over the published hours, with the line where both agree."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(1e3, 1e8))
    layout.log_axis(axes.yaxis, {0.1: "1/10", 0.25: "1/4", 0.5: "1/2", 1: "1", 2: "2", 4: "4", 10: "10"})
    axes.set(
        xlim=(1e3, 1e8), ylim=(0.1, 10), xlabel="device-hours, published", ylabel="predicted, over published"
    )
    axes.axhspan(1 / NEAR, NEAR, color=LIGHT, alpha=0.4, linewidth=0)
    axes.axhline(1, color=GREY, linewidth=1.2)
    marks = {
        cause: axes.plot([], [], marker, color=colour, linestyle="", markeredgecolor="white", markersize=8)[0]
        for cause, (colour, marker) in LOOKS.items()
    }
    chosen = axes.plot([], [], "o", color="none", markeredgecolor="black", markersize=15, markeredgewidth=2)[
        0
    ]
    layout.legend(figure, marks)
    return Artists(layout.headline(figure), marks, chosen, layout.subtitle(figure))


def update(artists: Artists, mfu: float, count: str, run: str) -> str:
    """Predict every run with one utilisation; say how far the middle one is off, and all about one of them."""
    every = published()
    flops = np.array([one.flops if count == STRUCTURE else one.by_rule for one in every])
    predicted = np.array([gpu_hours(each, one.run.device, mfu / 100) for each, one in zip(flops, every)])
    said = np.array([one.run.device_hours for one in every])
    ratios = predicted / said
    for cause, line in artists.marks.items():
        kept = np.array([one.cause == cause for one in every])
        line.set_data(said[kept], np.clip(ratios[kept], 0.1, 10))
    place = [one.run.model for one in every].index(run)
    artists.chosen.set_data([said[place]], [np.clip(ratios[place], 0.1, 10)])
    artists.label.set_text(f"in the ring: {run}")
    within = int((np.abs(np.log(ratios)) < np.log(NEAR)).sum())
    factor = typical_factor(ratios)
    artists.title.set_text(
        f"At an MFU of {mfu:g} % the middle bill is off by a factor of {q.significant(factor)}; "
        f"{within} of {len(every)} are within {NEAR:g}"
    )
    return sentence(every[place], predicted[place], mfu)


def sentence(one: PublishedHours, predicted: float, mfu: float) -> str:
    """One run: its FLOPs in two ways, hours predicted and published, and the utilisation that they come to."""
    counted = "no structure of it is known here"
    if one.run.structure:
        counted = f"its structure, attention and all, comes to {q.percent(one.flops / one.by_rule - 1)} more"
    printed = f"; its makers say {q.percent(one.run.mfu)} while it computed" if one.run.mfu else ""
    return (
        f"{one.run.model} ({one.run.date}): 6ND is {one.by_rule:.3g} FLOPs, {counted}. At an MFU of {mfu:g} % "
        f"{q.count(one.run.tokens)} tokens take {q.count(predicted)} hours of {one.run.device}, published are "
        f"{q.count(one.run.device_hours)}: an MFU of {q.percent(one.implied_mfu)}{printed}. The hours count: {one.run.covers}. "
        f"The band is a factor of {NEAR:g}."
    )


def panel() -> live.Panel:
    """How well FLOPs over a rate predict published hours.

    >>> panel().set(mfu=50, count="6ND")
    """
    names = [one.run.model for one in published()]
    return live.panel(
        draw,
        update,
        title="Device-hours of training, predicted over published",
        size=(9, 4.6),
        mfu=controls.slider("MFU", 5, 60, step=1, start=round(100 * usual_mfu()), unit="%"),
        count=controls.choice("FLOPs by", COUNTS),
        run=controls.choice("Look at", names, start="DeepSeek-V3"),
    )
