"""Lesson 03's picture of total and active weights over release dates."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..facts import quantities as q
from ..models.transformer import Model
from ..page import controls, live
from ..page.layout import decades, headline, log_axis
from ..page.style import BLUE, GREY, RED
from .releases import (
    LEAST,
    TURN,
    Halves,
    dense,
    everything,
    halves,
    median_active,
    mixtures,
    share_of_mixtures,
    year,
)

FIRST, LAST = 2023.35, 2026.7  # years at the ends of the axis; what is older, GPT-2, is left out
FEWEST, MOST = 0.1e9, 1.6e13  # weights at the ends of the axis
TURNS = ("Mixtral 8x7B", "DeepSeek-V3", TURN, "Llama 4 Maverick")
PALE = "#B0B0B0"
FEW = 5  # names in the sentence
# What the debate names: model, words, and where they stand, left ("right"-aligned) or right of a line to the mark.
NAMED = (
    ("Llama 3.1 405B", "Llama 3.1 405B", 2024.5, 0.7e12, "right"),
    ("DeepSeek-R1", "DeepSeek-R1", 2024.93, 1.2e12, "right"),
    ("Llama 4 Behemoth", "Llama 4 Behemoth (announced)", 2025.2, 2e12, "right"),
    ("Llama 4 Maverick", "Llama 4 Maverick", 2024.93, 310e9, "right"),
    ("Qwen3-235B-A22B", "Qwen3-235B-A22B", 2024.93, 185e9, "right"),
    ("QwQ-32B", "QwQ-32B", 2024.93, 48e9, "right"),
    ("Pangu Pro MoE 72B-A16B", "Pangu Pro MoE 72B", 2024.97, 5.3e9, "right"),
    ("Qwen3-30B-A3B", "Qwen3-30B-A3B", 2025.36, 1.05e9, "left"),
    ("MiniMax-M1", "MiniMax-M1", 2025.5, 1.1e13, "left"),
    ("ERNIE-4.5-VL-424B-A47B", "ERNIE-4.5, 300B and VL-424B", 2025.54, 7e12, "left"),
    ("Kimi K2", "Kimi K2", 2025.57, 4.4e12, "left"),
    ("openPangu-Ultra-MoE-718B", "openPangu-Ultra-MoE-718B", 2025.63, 2.8e12, "left"),
)
KEY = (
    ("^", RED, "mixture: all its weights"),
    ("_", RED, "those that work for a token"),
    ("o", BLUE, "dense"),
)


def shown() -> list[Model]:
    """The models whose date lies on the axis."""
    return [one for one in everything() if year(one.architecture.released) >= FIRST]


def draw(figure: Figure) -> dict:
    """The axes, the names of the debate, and empty marks for what is counted and what is not."""
    axes = figure.add_axes((0.085, 0.07, 0.905, 0.845))
    axes.set(xlim=(FIRST, LAST), ylim=(FEWEST, MOST), ylabel="weights")
    log_axis(axes.yaxis, decades(FEWEST, MOST))
    axes.set_xticks([2024, 2025, 2026])
    for name, words, x, y, side in NAMED:
        one = Model.named(name)
        date = year(one.architecture.released)
        axes.plot([date, date, x], [one.parameters, y, y], color=GREY, linewidth=0.8, zorder=1.5)
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(x, y, f" {words} ", ha=side, va="center", fontsize=10, bbox=paper)
    for row, (mark, colour, words) in enumerate(KEY):
        y = 0.75e9 / 1.7**row
        axes.plot(2025.83, y, mark, color=colour, markeredgewidth=2 if mark == "_" else 1)
        axes.text(2025.87, y, words, va="center", fontsize=10, color=GREY)
    return {
        "title": headline(figure),
        "out": marks(axes, PALE, PALE),
        "in": marks(axes, RED, BLUE),
        "turn": axes.axvline(FIRST, color="black", linestyle="-.", linewidth=1.2, zorder=1.4),
        "least": axes.axhline(FEWEST, color="black", linestyle=":", linewidth=1.2, zorder=1.4),
    }


def marks(axes: Axes, mixed: str, whole: str) -> dict[str, Line2D]:
    """Empty marks: stems, total and active weights of mixtures in one colour, dense models in another."""
    shapes = {"stems": "-", "total": "^", "active": "_", "dense": "o"}
    found = {name: axes.plot([], [], shape, color=mixed)[0] for name, shape in shapes.items()}
    found["stems"].set_linewidth(1.6)
    found["active"].set_markeredgewidth(2)
    found["dense"].set(color=whole, markersize=6)
    return found


def show(found: dict, models: Sequence[Model]) -> None:
    """Place one group of marks: a stem from active to total for each mixture, a dot for each dense model."""
    dates = {one.name: year(one.architecture.released) for one in models}
    mixed, whole = mixtures(models), dense(models)
    stems = [(dates[one.name], y) for one in mixed for y in (one.active_parameters, one.parameters, None)]
    found["stems"].set_data([x for x, _ in stems], [y for _, y in stems])
    found["total"].set_data([dates[one.name] for one in mixed], [one.parameters for one in mixed])
    found["active"].set_data([dates[one.name] for one in mixed], [one.active_parameters for one in mixed])
    found["dense"].set_data([dates[one.name] for one in whole], [one.parameters for one in whole])


def update(artists: dict, turn: str, least: float) -> str:
    """Count the releases of some size on both sides of one of them."""
    least *= 1e9
    found = halves(turn, least)
    show(artists["in"], [one for one in shown() if one.parameters >= least])
    show(artists["out"], [one for one in shown() if one.parameters < least])
    artists["turn"].set_xdata([year(found.turn.architecture.released)] * 2)
    artists["least"].set_ydata([least] * 2)
    artists["title"].set_text(
        f"Mixtures among releases of {q.count(least)} or more: {tally(found.before)} before {turn}, "
        f"{tally(found.after)} after"
    )
    return sentence(found, least)


def tally(models: Sequence[Model]) -> str:
    """How many of some models are mixtures: "4 of 11"."""
    return f"{len(mixtures(models))} of {len(models)}"


def sentence(found: Halves, least: float) -> str:
    """Shares of mixtures before and after, what works of one, and who is dense still."""
    late = sorted(dense(found.after), key=lambda one: -one.parameters)
    names = ", ".join(one.name for one in late[:FEW]) or "none"
    more = f" and {len(late) - FEW} smaller ones" if len(late) > FEW else ""
    return (
        f"Of the catalogue's releases of {q.count(least)} weights or more, before {found.turn.name} "
        f"{say(found.before)}; after it {say(found.after)}. Dense and later: {names}{more}."
    )


def say(models: Sequence[Model]) -> str:
    """How many of some models are mixtures, and how much of one works."""
    if not models:
        return "there is none"
    text = f"{tally(models)} are mixtures ({q.percent(share_of_mixtures(models))})"
    if not mixtures(models):
        return text
    return f"{text}, of whose weights {q.percent(median_active(models))} work for a token (median)"


def panel() -> live.Panel:
    """Total and active weights of every model since 2023, counted before and after one release.

    >>> panel().set(least=100)
    """
    return live.panel(
        draw,
        update,
        title="Total and active weights of open models over their release dates",
        size=(9, 5.4),
        turn=controls.choice("Before and after", TURNS, start=TURN),
        least=controls.log_slider("Count from", 0.1, 400, start=LEAST / 1e9, unit="billion weights"),
    )
