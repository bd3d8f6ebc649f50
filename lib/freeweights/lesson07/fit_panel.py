"""Lesson 07's fit: the law fitted to published runs by the learner, the largest held out, beside published constants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost.training_step import FLOPS_PER_WEIGHT
from ..evidence import scaling_law, scaling_published
from ..evidence.scaling_law import ScalingLaw
from ..evidence.scaling_published import CHINCHILLA, GADRE, HOFFMANN, REFIT, TEXTS
from ..facts import quantities as q
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, LIGHT, ORANGE, PINK, RED

READ_OFF = "Chinchilla's own, read off its figure"
CHOICES = {f"Gadre et al., {text}": (GADRE, text) for text in TEXTS} | {READ_OFF: (HOFFMANN, "")}
SAMPLES = 100  # of a bootstrap: enough for the middle 95 %
CONSTANTS = {"alpha": (BLUE, "o"), "beta": (ORANGE, "s"), "share": (GREEN, "^")}  # of the optimum's exponent
ROWS = {"alpha": "alpha", "beta": "beta", "share": "beta over both"}
OFF = 15.0  # per cent, end of the axis


@cache
def fitted(choice: str, held: int) -> tuple[scaling_law.Fit, ScalingLaw]:
    """The law of all runs but the largest, and of bootstrap samples of them.

    >>> one, many = fitted("Gadre et al., C4", 2)
    >>> scaling_law.interval(many.alpha)[0] < one.law.alpha < scaling_law.interval(many.alpha)[1]
    True
    """
    kept = scaling_published.runs(*CHOICES[choice], without=held)
    return scaling_law.fit(*kept), scaling_law.bootstrap(*kept, samples=SAMPLES)


def worse(choice: str, held: int) -> np.ndarray:
    """By which share the losses of the runs held out came out above what the fit promises."""
    one, _ = fitted(choice, held)
    size, tokens, loss = (values[len(values) - held :] for values in scaling_published.runs(*CHOICES[choice]))
    return loss / one.law.loss(size, tokens) - 1


def exponents(law: ScalingLaw) -> dict:
    """Both exponents, and that of the best size in the budget."""
    return {"alpha": law.alpha, "beta": law.beta, "share": law.beta / (law.alpha + law.beta)}


@dataclass(frozen=True)
class Artists:
    """What moves: runs fitted and held out with their promised ranges; the exponents as rows."""

    title: Text
    inside: Line2D
    outside: Line2D
    promised: LineCollection
    rows: charts.Rows
    refit: Line2D


def draw(figure: Figure) -> Artists:
    """Left: how far each run is from the fit. Right: the exponents, with the published ones."""
    left, right = layout.grid(figure, columns=(3, 2))
    layout.log_axis(left.xaxis, layout.decades(1e15, 1e23, lambda flops: f"1e{np.log10(flops):.0f}", every=2))
    left.set(
        xlim=(1e15, 2e22),
        ylim=(-OFF, OFF),
        xlabel="FLOPs of the run",
        ylabel="measured loss above the fit, %",
    )
    left.axhline(0, color=GREY, linewidth=1.2)
    promised = left.add_collection(LineCollection([], colors=LIGHT, linewidths=6, zorder=1))
    inside = left.plot([], [], "o", color=BLUE, markersize=5)[0]
    outside = left.plot([], [], "D", color=RED, markeredgecolor="black", markersize=8)[0]
    right.set(xlim=(0, 1), xlabel="exponent")
    rows = charts.rows(
        right, {ROWS[name]: look for name, look in CONSTANTS.items()}, words="right", room="0.00"
    )
    chinchilla = exponents(scaling_published.law(CHINCHILLA))
    refit = right.plot(
        list(exponents(scaling_published.law(REFIT)).values()),
        range(3),
        "P",
        color=PINK,
        markersize=10,
        markeredgecolor="white",
    )[0]
    right.plot(
        list(chinchilla.values()),
        range(3),
        "X",
        color="black",
        markersize=9,
        markeredgecolor="white",
        zorder=5,
    )
    layout.legend(
        figure,
        {
            "fitted": inside,
            "held out": outside,
            "promised, 95 %": promised,
            "Chinchilla": rows.published,
            "its refit": refit,
        },
    )
    return Artists(layout.headline(figure), inside, outside, promised, rows, refit)


def update(artists: Artists, choice: str, held: float) -> str:
    """Fit again without the largest runs; say what the fit promised of them, and what came."""
    one, many = fitted(choice, int(held))
    size, tokens, loss = scaling_published.runs(*CHOICES[choice])
    flops = FLOPS_PER_WEIGHT * size * tokens
    off = 100 * (loss / one.law.loss(size, tokens) - 1)
    cut = len(loss) - int(held)
    artists.inside.set_data(flops[:cut], np.clip(off[:cut], -OFF, OFF))
    artists.outside.set_data(flops[cut:], np.clip(off[cut:], -OFF, OFF))
    ends = []
    for place in range(cut, len(loss)):
        low, high = scaling_law.interval(
            many.loss(size[place], tokens[place]) / one.law.loss(size[place], tokens[place])
        )
        ends.append([(flops[place], 100 * (low - 1)), (flops[place], 100 * (high - 1))])
    artists.promised.set_segments(ends)
    values, spread = exponents(one.law), exponents(many)
    ranges = {name: scaling_law.interval(spread[name]) for name in values}
    artists.rows.show({
        ROWS[name]: charts.Quantity(values[name], range=ranges[name], words=f"{values[name]:.2f}") for name in values
    })  # fmt: skip
    artists.title.set_text(finding(off[cut:], cut))
    return sentence(one, many, ranges, cut, off)


def finding(off: np.ndarray, cut: int) -> str:
    """The title: what came of the runs held out."""
    if not off.size:
        return f"All {cut} runs are fitted: hold some out to see what the law promises"
    if off.size == 1:
        return f"The largest run comes {off[0]:+.1f} % against what the {cut} smaller ones promise"
    return f"The {off.size} largest runs come {off.min():+.1f} to {off.max():+.1f} % against what {cut} smaller ones promise"


def sentence(one, many, ranges: dict, cut: int, off: np.ndarray) -> str:
    """The constants with their intervals, and whether Chinchilla's exponents lie in them."""
    low, high = scaling_law.interval(many.E)
    chinchilla = exponents(scaling_published.law(CHINCHILLA))
    within = [ROWS[name] for name, (least, most) in ranges.items() if least <= chinchilla[name] <= most]
    said = ", ".join(f"{ROWS[name]} {least:.2f} to {most:.2f}" for name, (least, most) in ranges.items())
    return (
        f"Fitted to {cut} runs, which it misses by {q.percent(np.abs(one.residuals).mean())} on average: E = {one.law.E:.2f} "
        f"({low:.2f} to {high:.2f}) nats a token that no run gets below; {said} (95 % of {SAMPLES} bootstrap samples). "
        f"Of Chinchilla's published exponents {', '.join(within) if within else 'none'} "
        f"{'lies' if len(within) < 2 else 'lie'} within."
    )


def panel() -> live.Panel:
    """The law fitted to one study's runs, its largest held out.

    >>> panel().set(held=0)
    """
    return live.panel(
        draw,
        update,
        title="A scaling law fitted to published runs, and the runs held out",
        size=(9, 4.4),
        choice=controls.choice("Runs of", list(CHOICES)),
        held=controls.slider("Held out", 0, 20, step=1, start=2, unit="largest", whole=True),
    )
