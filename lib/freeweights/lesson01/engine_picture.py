"""Lesson 01's engine beside NumPy: tokens a second by users on one file, the bound of each, and the law of one step."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..local import smollm_timing, this_machine
from ..local.engine_timing import Parting, Rates, numpy_rates
from ..local.measured_or_recorded import RecordedMachine
from ..page import charts, layout
from ..page.style import BLUE, GREY, ORANGE
from .smollm_pictures import step_floor

CALLED = {"NumPy": "NumPy", "engine": "the engine"}


def bounds(
    engine: Rates,
    sweep: smollm_timing.DecodeSweep,
    mine: this_machine.MeasuredMachine | RecordedMachine,
    file_bytes: int,
) -> dict[str, np.ndarray]:
    """Tokens a second that neither can pass at the rates measured here, for the users of each.

    NumPy reads float32 weights and multiplies them; the engine reads the bytes of the file, and how fast this machine
    could multiply them unpacked is not counted.
    """
    kept = np.isin(sweep.batch, engine.users)
    return {
        "NumPy": sweep.batch[kept] / step_floor(sweep, mine)[kept],
        "engine": engine.users * mine.matrix_vector.median / file_bytes,
    }


def draw_engine(
    figure: Figure,
    engine: Rates,
    sweep: smollm_timing.DecodeSweep,
    reading: smollm_timing.Prefill,
    mine: this_machine.MeasuredMachine | RecordedMachine,
    file_bytes: int,
    source: str,
) -> str:
    """Measured points of both, the law of one step through two measured rates of each, and their bounds."""
    both = {"NumPy": numpy_rates(sweep, reading), "engine": engine}
    limit = bounds(engine, sweep, mine, file_bytes)
    [axes] = layout.grid(figure)
    every = [one.tokens_per_second for one in both.values()] + list(limit.values())
    low, high = min(map(np.min, every)) / 1.5, max(map(np.max, every)) * 1.5
    layout.log_axis(axes.xaxis, {1: "1", 2: "2", 4: "4", 8: "8", 16: "16"})
    layout.log_axis(axes.yaxis, layout.decades(low, high))
    axes.set(xlim=(0.9, 18), ylim=(low, high), xlabel="users at once", ylabel="tokens a second, of all")
    looks = {"NumPy": (BLUE, "o"), "engine": (ORANGE, "s")}
    fine, marks = np.geomspace(1, 16, 60), {}
    names = {
        f"{name}, {what}": (colour, line)
        for name, (colour, _) in looks.items()
        for what, line in (("law", "-"), ("bound", ":"))
    }
    curves = charts.curves(axes, names)
    for name, (colour, shape) in looks.items():
        one = both[name]
        [marks[name]] = axes.plot(
            one.users,
            one.tokens_per_second,
            shape,
            color=colour,
            markersize=9,
            markeredgecolor="black",
            zorder=4,
        )
    layout.legend(figure, marks)
    corner = {
        "transform": axes.transAxes,
        "ha": "right",
        "va": "bottom",
        "color": GREY,
        "fontsize": layout.POINTS,
    }
    axes.text(0.99, 0.02, source, **corner)
    found = {f"{name}, law": (fine, fine / one.law(fine)) for name, one in both.items()}
    found |= {f"{name}, bound": (both[name].users, limit[name]) for name in both}
    curves.show(found)
    numpy, first = both["NumPy"], {name: one.tokens_per_second[0] for name, one in both.items()}
    last = {name: one.tokens_per_second[-1] for name, one in both.items()}
    one, many = (max(rates, key=rates.get) for rates in (first, last))
    reads = max(both, key=lambda name: both[name].reading)
    layout.headline(figure).set_text(
        f"Ahead: for one user {CALLED[one]}, for {engine.users[-1]} {CALLED[many]}, at reading {CALLED[reads]}"
    )
    return (
        f"One user: NumPy {q.speed(first['NumPy'])}, the engine {q.speed(first['engine'])}; {engine.users[-1]} users: "
        f"{q.speed(last['NumPy'])} and {q.speed(last['engine'])}; reading: {q.speed(numpy.reading)} and {q.speed(engine.reading)}. "
        f"So arithmetic is used up from {q.significant(numpy.ridge, 2)} users on in NumPy and from {q.significant(engine.ridge, 2)} in the "
        f"engine. The law of one step, bytes over bandwidth or work over rate, is off by {q.times(numpy.law_error)} in the median for "
        f"NumPy and {q.times(engine.law_error)} for the engine. These figures are {source}."
    )


def say_partings(found: list[Parting], source: str) -> str:
    """Where the texts of both part, in a sentence."""
    apart = [one.shared for one in found if not one.same]
    if not apart:
        return f"All {len(found)} answers are the same, {source}."
    return (
        f"{len(found) - len(apart)} of {len(found)} answers are the same; the others part after {min(apart)} to {max(apart)} "
        f"tokens, {q.significant(float(np.median(apart)))} in the median ({source})."
    )
