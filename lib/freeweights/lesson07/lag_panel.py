"""Lesson 07's lag: months that open models are behind closed ones, by three methods on the same pairs, and as published."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..evidence.progress import MATCHED, METHODS, SEARCH_ENDED, Trend, lag, pairs, tests, waits
from ..facts.figures import figure as served
from ..facts.figures import trained
from ..facts.vocabulary import Verdict
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY, ORANGE, RED

ALL = "all three tests"
LOW, HIGH = -8.0, 30.0  # months, ends of the axis


def published() -> dict:
    """Published lags by the name of their row."""
    return {
        "index, 2025-10": served("lag-2025"),
        "index, 2026-05": served("lag-2026"),
        "nine tests, CAISI": trained("lag-caisi"),
        "matched pairs, 2024": trained("lag-pairs"),
        "GPQA, two lines, 2024": trained("lag-gpqa-lines"),
        "training compute": trained("lag-compute"),
        "one consumer card": trained("lag-consumer"),
        "to 90 % of the score": trained("lag-weeks"),
    }


@dataclass(frozen=True)
class Artists:
    """What moves: the rows, and the line from which a lead is called lasting."""

    title: Text
    rows: charts.Rows
    lasting: Line2D


def draw(figure: Figure) -> Artists:
    """Rows of months: three methods, then what others published."""
    [axes] = layout.grid(figure)
    axes.set(xlim=(LOW, HIGH), xlabel="months behind")
    axes.axvline(0, color=GREY, linewidth=1)
    rows = charts.rows(axes, dict.fromkeys(METHODS, (BLUE, "o")) | dict.fromkeys(published(), (GREY, "X")))
    lasting = axes.axvline(0, color=RED, linewidth=1.6, linestyle="--")
    layout.legend(
        figure,
        {
            "computed here": rows.marks[MATCHED],
            "published": rows.published,
            "called lasting from here": lasting,
        },
    )
    return Artists(layout.headline(figure), rows, lasting)


def update(artists: Artists, test: str, method: str, lasting: float) -> str:
    """Compute the lag by all three methods; say what the chosen one makes of the claim."""
    rows = pairs("" if test == ALL else test)
    found = {name: lag(rows, name) for name in METHODS}
    shown = {
        name: charts.Quantity(
            one.value,
            range=(one.low, one.high),
            words=f"{one.value:.1f}{' (chosen)' if name == method else ''}",
        )
        for name, one in found.items()
    }
    for name, row in published().items():
        ends = None if row.low is None else (row.low, row.high)
        shown[name] = charts.Quantity(published=row.value, range=ends, words=f"{row.value:.2g}", ink=GREY)
    artists.rows.show(shown)
    for name, mark in artists.rows.marks.items():
        mark.set_markerfacecolor(ORANGE if name == method else BLUE)
    artists.lasting.set_xdata([lasting, lasting])
    one = found[method]
    artists.title.set_text(
        f"By {method}: {one.value:.1f} months behind ({one.low:.1f} to {one.high:.1f}); a lasting lead: {judged(one, lasting)}"
    )
    waited, matched = waits(rows)
    others = {judged(other, lasting) for other in found.values()}
    agree = (
        "All three methods agree."
        if len(others) == 1
        else f"The methods differ: {', '.join(f'{name}, {judged(each, lasting)}' for name, each in found.items())}."
    )
    return (
        f"On {test} {len(rows)} closed models, {int(matched.sum())} of them matched by an open one before {SEARCH_ENDED}; the others had waited "
        f"{waited[~matched].mean():.1f} months by then. By {method} open models are {one.value:.1f} months behind ({one.low:.1f} to "
        f"{one.high:.1f}, 95 % of bootstrap samples of the pairs). If a lead of {lasting:g} months is lasting, the claim {judged(one, lasting)}. {agree}"
    )


def judged(one: Trend, lasting: float) -> str:
    """A verdict on a lasting lead: holds if the whole interval lies beyond the line, fails if none of it does.

    >>> [str(judged(Trend(*one), 9)) for one in ((13, 10, 16), (4, 3, 5), (9, 4, 12))]
    ['holds', 'fails', 'holds in part']
    """
    if one.low >= lasting:
        return Verdict.HOLDS
    return Verdict.FAILS if one.high < lasting else Verdict.IN_PART


def panel() -> live.Panel:
    """How far open models are behind, by method.

    >>> panel().set(test="GPQA", method="two trend lines", lasting=3)
    """
    return live.panel(
        draw,
        update,
        title="Months that open models are behind closed ones, by method",
        size=(9, 5),
        test=controls.choice("Scores of", [ALL, *tests()]),
        method=controls.choice("Method", METHODS),
        lasting=controls.slider(
            "Call a lead lasting from", 1, 24, step=1, start=9, unit="months", whole=True
        ),
    )
