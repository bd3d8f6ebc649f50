"""Lesson 03's picture of total and active weights over release dates."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..facts import quantities as q
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, FAINT, LIGHT, RED
from .releases import (
    LEAST,
    TURN,
    Halves,
    dense,
    everything,
    halves,
    left_out,
    median_active,
    mixtures,
    share_of_mixtures,
    year,
)

FIRST, LAST = 2023.35, 2026.7  # years at the ends of the axis; what is older, GPT-2, is left out
FEWEST, MOST = 0.1e9, 1.6e13  # weights at the ends of the axis
TURNS = ("Mixtral 8x7B", "DeepSeek-V3", TURN, "Llama 4 Maverick")
FEW = 5  # names in the sentence
# What the debate names, the largest at last.
NAMED = ("Qwen3-30B-A3B", "QwQ-32B", "Pangu Pro MoE 72B-A16B", "Qwen3-235B-A22B", "Llama 4 Maverick")
NAMED += ("Llama 3.1 405B", "ERNIE-4.5-VL-424B-A47B", "MiniMax-M1", "DeepSeek-R1", "openPangu-Ultra-MoE-718B")
NAMED += ("Kimi K2", "Llama 4 Behemoth")


def shown() -> list[Model]:
    """The models whose date lies on the axis."""
    return [one for one in everything() if year(one.architecture.released) >= FIRST]


def draw(figure: Figure) -> live.Artists:
    """The axes, the names of the debate, and empty marks for what is counted and what is not."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.yaxis, layout.decades(FEWEST, MOST))
    axes.set(xlim=(FIRST, LAST), ylim=(FEWEST, MOST), ylabel="weights", xticks=[2024, 2025, 2026])
    named = {name: Model.named(name) for name in NAMED}
    debated = charts.curves(axes, {name: (FAINT, "-") for name in named})
    for text in debated.names.values():
        text.set_color("black")
    debated.show({
        name: ([year(one.architecture.released), LAST], [one.parameters] * 2) for name, one in named.items()
    })  # fmt: skip
    for line in debated.lines.values():
        line.set(linewidth=1, zorder=1)
    left_out, counted = marks(axes, LIGHT, LIGHT), marks(axes, RED, BLUE)
    words = {"total": "mixture: all its weights", "active": "those that work for a token", "dense": "dense"}
    layout.legend(
        figure, {said: counted[kind] for kind, said in words.items()} | {"not counted": left_out["dense"]}
    )
    return live.Artists(
        finding=layout.headline(figure),
        left_out=left_out,
        counted=counted,
        turn=axes.axvline(FIRST, color="black", linestyle="-.", linewidth=1.2, zorder=1.4),
        least=axes.axhline(FEWEST, color="black", linestyle=":", linewidth=1.2, zorder=1.4),
    )


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


def update(artists: live.Artists, turn: str, least: float) -> str:
    """Count the releases of some size on both sides of one of them."""
    least *= 1e9
    found = halves(turn, least)
    show(artists.counted, [one for one in shown() if one.parameters >= least])
    show(artists.left_out, [one for one in shown() if one.parameters < least])
    artists.turn.set_xdata([year(found.turn.architecture.released)] * 2)
    artists.least.set_ydata([least] * 2)
    artists.finding.set_text(
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
    missing = q.listed(left_out(found.turn.name, least))
    return (
        f"Of the catalogue's releases of {q.count(least)} weights or more, before {found.turn.name} "
        f"{say(found.before)}; after it {say(found.after)}. Dense and later: {names}{more}."
        + (f" Not in the catalogue, dense and later: {missing}." if missing else "")
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
