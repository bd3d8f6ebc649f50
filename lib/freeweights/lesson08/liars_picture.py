"""Lesson 08's table of rules against liars, on even and on uneven shards, from what was trained here."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..learn.liars import EVEN, LIARS, SEEDS, SHARDS, UNEVEN, WORKERS, Case, Trained
from ..learn.robust_rules import RULES, SILENCE, TRIED
from ..page import charts, layout, live
from ..page.renderer import Picture
from ..page.style import LIGHT, SKY

WHITE, DARK = "#ffffff", "black"
FAILS, WELL = 0.5, 0.85  # accuracy below which a cell counts as failed, and from which as well


def accuracy(trained: Trained, rule: str, attack: str, shards: str) -> tuple[float, float, float]:
    """Mean, least and most over the seeds."""
    found = [trained.ends[Case(rule, attack, shards, seed)] for seed in SEEDS]
    return float(np.mean(found)), min(found), max(found)


def picture(trained: Trained) -> Picture:
    """The whole table.

    Args:
        trained: of `learn.liars.table`; cells that an interrupt left out are marked so.
    """
    return live.picture(
        lambda figure: draw(figure, trained),
        title="Accuracy by rule and attack, even and uneven shards",
        size=(9, 5.6),
    )


def draw(figure: Figure, trained: Trained) -> str:
    """A table for each kind of shards: the darker, the worse."""
    for axes, shards in zip(layout.grid(figure, rows=(1, 1)), SHARDS):
        table = {}
        for rule in RULES:
            for attack in TRIED:
                mean, least, most = accuracy(trained, rule, attack, shards)
                table[f"{shards}: {rule}", attack] = (say(mean, least, most), shade(mean))
        inks = {WHITE: DARK, LIGHT: DARK, SKY: DARK}
        charts.cells(axes, len(RULES), len(TRIED), name="uneven: trimmed mean", head="inner product").show(
            table, inks
        )
    title = layout.headline(figure)
    if not trained.whole:
        title.set_text("The training was stopped")
        return "The table is not whole: run the cell again."
    alone = {rule: accuracy(trained, rule, "none", UNEVEN)[0] for rule in RULES}
    worst = min(alone, key=alone.get)
    title.set_text(
        f"Nobody lies, shards differ: the mean reads {q.percent(alone['mean'])}, {worst} {q.percent(alone[worst])}"
    )
    return (
        f"{WORKERS} workers, {LIARS} liars, {len(SEEDS)} seeds: per cent of held-out digits read right, the mean, and from the least to the most. Even shards: "
        f"the mean falls to {said(trained, 'mean', 'loud flip', EVEN)} under a loud flip, the median stands at {said(trained, 'median', 'loud flip', EVEN)}. "
        f"Uneven shards without any liar: the mean {q.percent(alone['mean'])}, the median {q.percent(alone['median'])}, Krum {q.percent(alone['Krum'])}. "
        f"There multi-Krum stands a loud flip ({said(trained, 'multi-Krum', 'loud flip', UNEVEN)}) better than a plain one "
        f"({said(trained, 'multi-Krum', 'flip', UNEVEN)}): only the loud liar is stranger than an honest worker with other digits. More than "
        f"{said(trained, 'mean', SILENCE, UNEVEN)} nobody can reach there who leaves the liars out: their digits are left out with them."
    )


def said(trained: Trained, rule: str, attack: str, shards: str) -> str:
    return q.percent(accuracy(trained, rule, attack, shards)[0])


def say(mean: float, least: float, most: float) -> str:
    """The words of a cell.

    >>> say(0.918, 0.91, 0.93), say(float("nan"), 0, 0)
    ('92 (91-93)', 'not run')
    """
    return "not run" if np.isnan(mean) else f"{100 * mean:.0f} ({100 * least:.0f}-{100 * most:.0f})"


def shade(mean: float) -> str:
    """The darker, the worse."""
    return WHITE if not mean < WELL else LIGHT if mean >= FAILS else SKY
