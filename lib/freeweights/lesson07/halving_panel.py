"""Lesson 07's deflation: minutes to one loss on the same eight chips, and in how many months they halve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..evidence.progress import TRACKS, halving, records
from ..facts import quantities as q
from ..facts.figures import trained
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY, LIGHT, ORANGE

RUN, PREPRINT, PRINT, CHIPS = (
    "speed run, your months",
    "algorithms, preprint",
    "algorithms, in print",
    "FLOP/s a dollar",
)
PUBLISHED = {PREPRINT: "halving-algorithms", PRINT: "halving-algorithms-print"}
MONTHS, LONGEST = 26, 30.0  # ends of the axes: months since the first record, months to halve
YEARS = ("2024-05", "2025-01", "2026-01")


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    others: Line2D
    inside: Line2D
    line: Line2D
    rows: charts.Rows


def draw(figure: Figure) -> Artists:
    """Left: records over the months since the first. Right: months to halve, the learner's and published ones."""
    left, right = layout.grid(figure, columns=(3, 2))
    layout.log_axis(left.yaxis, {1: "1", 3: "3", 10: "10", 30: "30", 100: "100", 300: "300"})
    left.set(
        xlim=(-0.5, MONTHS + 0.5),
        ylim=(1, 400),
        xlabel="months since the first record",
        ylabel="minutes on eight H100",
    )
    right.set(xlim=(0, LONGEST), xlabel="months in which the need halves")
    looks = {RUN: (BLUE, "o"), **dict.fromkeys(PUBLISHED, (GREY, "X")), CHIPS: (GREY, "X")}
    others = left.plot([], [], "o", color=LIGHT, markersize=5)[0]
    inside = left.plot([], [], "o", color=BLUE, markersize=5)[0]
    line = left.plot([], [], "-", color=ORANGE)[0]
    rows = charts.rows(right, looks)
    layout.legend(
        figure,
        {
            "records in your months": inside,
            "others": others,
            "straight line": line,
            "published": rows.published,
        },
    )
    return Artists(layout.headline(figure), others, inside, line, rows)


def update(artists: Artists, track: str, since: float, until: float) -> str:
    """Fit a line to the records of some months; say in how many months the minutes halve, and what that cannot show."""
    when, minutes = records(track)
    when = when - when[0]
    inside = (when >= since) & (when <= until)
    artists.others.set_data(when[~inside], minutes[~inside])
    artists.inside.set_data(when[inside], minutes[inside])
    shown = {
        row: charts.Quantity(
            published=figure.value, range=(figure.low, figure.high), words=f"{figure.value:g}"
        )
        for row, figure in ((row, trained(id)) for row, id in PUBLISHED.items())
    }
    chips = 12 * trained("doubling-price").value
    shown[CHIPS] = charts.Quantity(published=chips, words=f"{chips:.0f}")
    if inside.sum() < 3 or np.ptp(when[inside]) == 0:
        artists.line.set_data([], [])
        artists.rows.show(shown)
        artists.title.set_text(f"{inside.sum()} records in these months: too few for a trend")
        return f"From month {since:g} to {until:g} there are {inside.sum()} records: a trend with an interval needs three, on two days or more."
    found = halving(when[inside], minutes[inside])
    shown[RUN] = charts.Quantity(found.value, range=(found.low, found.high), words=f"{found.value:.1f}")
    artists.rows.show(shown)
    slope, base = np.polyfit(when[inside], np.log2(minutes[inside]), 1)
    ends = when[inside][[0, -1]]
    artists.line.set_data(ends, 2 ** (base + slope * ends))
    artists.title.set_text(
        f"Minutes halve in {found.value:.1f} months ({found.low:.1f} to {found.high:.1f}); FLOP/s a dollar double in {chips:.0f}"
    )
    preprint, printed = (trained(id) for id in PUBLISHED.values())
    agree = [
        name for name, row in ((PREPRINT, preprint), (PRINT, printed)) if found.overlaps(row.low, row.high)
    ]
    first, last = minutes[inside][[0, -1]]
    return (
        f"{track}: {inside.sum()} records from month {since:g} to {until:g} go from {first:g} to {last:g} minutes, "
        f"{q.times(first / last)} as fast on the same chips, halving every {found.value:.1f} months ({found.low:.1f} to {found.high:.1f}, 95 % "
        f"of bootstrap samples of the records). Published for algorithms: {preprint.value:g} months, {preprint.low:g} to {preprint.high:g} "
        f"in the preprint, {printed.low:g} to {printed.high:g} in print; yours shares values with {' and '.join(agree) or 'neither'}. "
        "One target, known beforehand, is a game: what is tuned to it need not help elsewhere."
    )


def panel() -> live.Panel:
    """How fast the speed run halves.

    >>> panel().set(since=24, until=3)
    """
    return live.panel(
        draw,
        update,
        title="Minutes to train to one loss on eight H100, record by record",
        size=(9, 4.2),
        track=controls.choice("Run", TRACKS),
        since=controls.slider("From month", 0, MONTHS, step=1, start=0, whole=True),
        until=controls.slider("To month", 0, MONTHS, step=1, start=MONTHS, whole=True),
    )
