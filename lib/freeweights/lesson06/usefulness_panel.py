"""Lesson 06's question of usefulness: any two columns about the same models, and whether their ranks go together."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..facts import quantities as q
from ..page import controls, layout, live
from ..page.style import BLUE, GREY
from .usefulness import COLUMNS, FEW, column, joined, models_needed, rank_correlation, ranks


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    dots: Line2D


def draw(figure: Figure) -> Artists:
    """Rank in one column against rank in the other; equal ranks lie on the line."""
    [axes] = layout.grid(figure)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="rank in the first column", ylabel="rank in the second")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0, 0.5, 1], ["lowest", "middle", "highest"])
    [even] = axes.plot([0, 1], [0, 1], ":", color=GREY, linewidth=1.2)
    [dots] = axes.plot([], [], "o", color=BLUE, markersize=8, markeredgecolor="black", clip_on=False)
    layout.legend(figure, {"one model": dots, "equal ranks": even})
    return Artists(layout.headline(figure), dots)


def update(artists: Artists, first: str, second: str) -> str:
    """Rank the models that stand in both columns; say how far the ranks agree, and how sure that is."""
    _, x, y = joined(first, second)
    artists.dots.set_data(*((ranks(one) - 0.5) / max(len(one), 1) for one in (x, y)))
    found = rank_correlation(x, y)
    counts = f"{len(column(first))} models stand in the first column, {len(column(second))} in the second, {found.models} in both"
    if found.rho is None:
        artists.title.set_text(f"{found.models} models in common: nothing to rank")
        return f"{counts}: too few different values to speak of ranks. Choose two columns with more models in common."
    sure = (
        "the interval leaves out zero"
        if found.low > 0 or found.high < 0
        else "no relation at all lies within it"
    )
    artists.title.set_text(
        f"Rank correlation {found.rho:.2f}, {found.low:.2f} to {found.high:.2f}, over {found.models} models"
    )
    said = f"{counts}. Their ranks correlate by {found.rho:.2f}; the 95 % interval goes from {found.low:.2f} to {found.high:.2f}: {sure}."
    if found.models < FEW and abs(found.rho) < 1:
        said += (
            f" With {found.models} models little can be said: a true 0.3 would need {models_needed(0.3)} of them, a true 0.7 "
            f"{models_needed(0.7)}, for the interval to leave out zero."
        )
    return said + f" Of one column {q.percent(found.rho**2)} of the ranks' variance goes with the other."


def panel() -> live.Panel:
    """Two columns about the same models, by choice.

    >>> panel().set(first="revenue there, $", second="LiveBench mean")
    """
    names = list(COLUMNS)
    return live.panel(
        draw,
        update,
        title="Ranks of the same models in two columns",
        size=(9, 4.6),
        first=controls.choice("First column", names, start="SWE-bench (OpenHands)"),
        second=controls.choice("Second column", names, start="cost of a task, $"),
    )
