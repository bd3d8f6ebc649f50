"""Lesson 07's other aims: when text is short, or tokens are served for years, another size needs fewest FLOPs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..evidence.scaling_published import CHINCHILLA, REFIT, best_size, law, lifetime_flops, tokens_needed
from ..facts import quantities as q
from ..facts.figures import trained
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY, ORANGE

LAWS = {"Chinchilla's refit 2024": REFIT, "Chinchilla 2022": CHINCHILLA}
ALONE, LIFE = "training", "with serving"
LOOKS = {ALONE: (BLUE, "--"), LIFE: (ORANGE, "-")}
SHARES = np.geomspace(0.02, 20, 301)  # sizes on the axis, of the best for training alone
TOP = 100.0  # times the FLOPs of the budget


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    curves: charts.Curves
    best: Line2D
    none: Text


def draw(figure: Figure) -> Artists:
    """FLOPs to one loss over the size, for training alone and with what is served."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, {0.02: "1/50", 0.1: "1/10", 0.5: "1/2", 1: "1", 2: "2", 10: "10", 20: "20"})
    layout.log_axis(axes.yaxis, {0.5: "1/2", 1: "1", 2: "2", 5: "5", 10: "10", 30: "30", TOP: "100"})
    axes.set(xlim=SHARES[[0, -1]], ylim=(0.7, TOP))
    axes.set(
        xlabel="parameters, over those that are best for training alone",
        ylabel="FLOPs to the same loss, in budgets",
    )
    curves = charts.curves(axes, LOOKS)
    best = axes.plot([], [], "o", color=ORANGE, markeredgecolor="black", markersize=11)[0]
    none = axes.text(
        0.5, 0.5, "nothing to show: the text ends first", ha="center", transform=axes.transAxes, color=GREY
    )
    return Artists(layout.headline(figure), curves, best, none)


def update(artists: Artists, chosen: str, flops: float, served: float, unique: float) -> str:
    """Find the size of fewest FLOPs for one loss; say what it costs in tokens and what it saves."""
    scaling = law(LAWS[chosen])
    size, tokens = scaling.optimum(flops)
    loss = scaling.loss(size, tokens)
    sizes = size * SHARES
    wanted = {ALONE: 0.0, LIFE: served}
    found = {
        name: np.asarray(lifetime_flops(scaling, loss, sizes, many, unique)) / flops
        for name, many in wanted.items()
    }
    artists.curves.show({
        name: (SHARES, np.ma.masked_where(~np.isfinite(values) | (values > TOP), values)) for name, values in found.items()
    })  # fmt: skip
    best = best_size(scaling, loss, served, unique)
    whole = None if best is None else float(lifetime_flops(scaling, loss, best, served, unique)) / flops
    seen = best is not None and SHARES[0] <= best / size <= SHARES[-1] and whole <= TOP
    artists.best.set_data(([best / size], [whole]) if seen else ([], []))
    reached = best is not None and whole <= TOP
    artists.title.set_text(finding(best if reached else None, size))
    artists.none.set_visible(not reached)
    start = f"{flops:.2g} FLOPs trained at best reach {loss:.3f} nats a token with {q.count(size)} parameters on {q.count(tokens)} tokens. "
    text = f"With {q.count(unique)} tokens of text, repeats worth less each time, and {q.count(served)} tokens served, "
    if not reached:
        return start + text + f"no size reaches that loss within {TOP:g} budgets: the text ends first."
    needed = float(tokens_needed(scaling, loss, best, unique))
    as_best = float(lifetime_flops(scaling, loss, size, served, unique)) / flops
    saved = (
        f"{q.percent(1 - whole / as_best)} fewer than with that size"
        if np.isfinite(as_best)
        else "that size never reaches it"
    )
    return (
        start
        + text
        + f"{q.count(best)} parameters on {q.count(needed)} tokens ({q.count(needed / best)} a parameter) need fewest FLOPs "
        f"in their life: {q.significant(whole)} budgets, {saved}."
    )


def finding(best: float | None, size: float) -> str:
    """The title: a smaller model trained for longer, or a larger one, and by how much."""
    if best is None:
        return f"Too little text: no size reaches this loss within {TOP:g} budgets"
    if abs(best / size - 1) < 0.05:
        return "The size that is best for training is best for its life, too"
    kind = "smaller" if best < size else "larger"
    return f"A model {q.times(max(best / size, size / best))} {kind} needs fewest FLOPs in its life"


def panel() -> live.Panel:
    """Data-limited and inference-aware optima of one loss.

    >>> panel().set(unique=1e11)
    """
    return live.panel(
        draw,
        update,
        title="FLOPs to one loss over the size of a model, trained alone and with what it serves",
        size=(9, 4.2),
        chosen=controls.choice("Law", list(LAWS)),
        flops=controls.log_slider(
            "Budget", 1e20, 1e28, start=trained("law-llama-3-budget").value, unit="FLOPs"
        ),
        served=controls.log_slider("Tokens served in its life", 1e6, 1e18, start=1e14, whole=True),
        unique=controls.log_slider(
            "Text there is", 1e9, 1e16, start=trained("text-stock").value, unit="tokens", whole=True
        ),
    )
