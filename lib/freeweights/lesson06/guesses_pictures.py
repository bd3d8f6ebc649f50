"""Lesson 06's pictures of guessed tokens: published gains beside predictions, and a mixture beside a dense model."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.speculation import Speculation
from ..models.transformer import Model
from ..page import charts, layout
from ..page.style import BLUE, GREY, ORANGE, RED
from . import guesses

PAIR = {"dense, Llama 3.1 8B": ("Llama 3.1 8B", 1), "mixture, gpt-oss-120b": ("gpt-oss-120b", 2)}
DRAFTS, ACCEPTANCE = 3, 0.6  # of the second picture
BATCHES = np.unique(np.geomspace(1, 2048, 60).astype(int))
GAINS = {0.5: "0.5", 0.7: "0.7", 1: "1", 1.5: "1.5", 2: "2", 3: "3"}


def draw_published(figure: Figure) -> str:
    """Predicted gain against published gain, on equal axes; below and left of 1 guessing loses."""
    [axes] = layout.grid(figure)
    for axis in (axes.xaxis, axes.yaxis):
        layout.log_axis(axis, GAINS)
    axes.set(xlim=(0.6, 3), ylim=(0.6, 3), xlabel="published gain", ylabel="predicted gain")
    ends = np.array([0.6, 3])
    axes.plot(ends, ends, "-", color=GREY, linewidth=1.2)
    for at in (axes.axvline, axes.axhline):
        at(1, color=RED, linewidth=1, linestyle=":")
    rows, marks = guesses.published(), {}
    for words, colour, shape, kept in (
        ("up to 16 at once", BLUE, "o", lambda row: row.batch <= 16),
        ("more than 16", ORANGE, "s", lambda row: row.batch > 16),
    ):
        part = [row for row in rows if kept(row)]
        [marks[words]] = axes.plot(
            [row.published for row in part],
            [row.predicted for row in part],
            shape,
            color=colour,
            markeredgecolor="black",
            linestyle="",
        )
    layout.legend(figure, marks)
    off = guesses.accuracy(rows)
    title = layout.headline(figure)
    title.set_text(f"{off.rows} published gains: off by {q.significant(off.median)} in the median")
    return (
        f"{off.rows} gains on H100, of {len({(row.method, row.target, row.task) for row in rows})} series: predictions are off by a "
        f"factor of {q.significant(off.median)} in the median and {q.significant(off.ninth)} for nine in ten; gain or loss is "
        f"called right in {q.percent(off.called)}. They lie too high at large batches: the cost model lets arithmetic hide "
        "behind reading, and real engines hide only part of it."
    )


def draw_mixture(figure: Figure) -> str:
    """Gain against batch of a dense model and of a mixture of experts, with the same guesses accepted."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, {1: "1", 4: "4", 16: "16", 64: "64", 256: "256", 2048: "2,048"})
    axes.set(xlim=(1, 2048), ylim=(0, 2.5), xlabel="sequences at once", ylabel="gain by guessing")
    axes.axhline(1, color=RED, linewidth=1.2, linestyle=":")
    looks = dict(zip(PAIR, ((BLUE, "-"), (ORANGE, "--"))))
    curves, said = charts.curves(axes, looks), []
    found, guess = {}, Speculation(DRAFTS, ACCEPTANCE)
    for name, (model, cards) in PAIR.items():
        model, machine = Model.named(model), Machine.named("H100 SXM5 80GB", cards)
        gains = guesses.gain(model, machine, guess, BATCHES)
        found[name] = BATCHES, gains
        lost = guesses.loses_from(model, machine, guess)
        least = int(np.argmin(gains[BATCHES < 200]))
        until = (
            f"turns into a loss from {lost:,} at once"
            if lost
            else "never turns into a loss up to 4,096 at once"
        )
        said.append(
            f"{name} gains {q.significant(float(gains[0]))} alone, least below 200 at {BATCHES[least]} at once with "
            f"{q.significant(float(gains[least]))}, and {until}"
        )
    curves.show(found)
    title = layout.headline(figure)
    dense, mixture = (gains for _, gains in found.values())
    until = BATCHES[np.flatnonzero(mixture > dense)[0]] if (mixture > dense).any() else BATCHES[-1]
    title.set_text(f"Up to {until:,} at once a mixture gains less: more tokens touch more experts")
    return f"{DRAFTS} guesses, each accepted with {ACCEPTANCE:g}: {'; '.join(said)}."
