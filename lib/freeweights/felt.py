"""Floor 5. Lesson 03's picture of a timed layer: seconds against batch, mixture and dense, over what bytes predict."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from . import quantities as q
from .expert_layer import Sweep
from .plots import BLUE, GREY, ORANGE, headline, log_axis

COMPARED = 16  # tokens at which the sentence compares, where they were timed
BUSY = 1.3  # how many times the fastest round the usual one takes on a machine that does nothing else
CLOSE = 0.95  # a correlation below has another cause than bytes
JOINED = 1.1  # beyond so many times the expected seconds something else than bytes takes part


def draw(figure: Figure, sweep: Sweep) -> str:
    """Seconds of both layers at every batch, the curve that bytes predict, and the same axis in bytes."""
    axes = figure.subplots()
    figure.subplots_adjust(left=0.1, right=0.9, top=0.9, bottom=0.14)
    every = np.concatenate([sweep.mixture, sweep.dense, sweep.expected])
    low, high = every.min() / 1.6, every.max() * 2
    axes.set(xlim=(0.8, sweep.batch[-1] * 1.25), ylim=(low, high))
    log_axis(axes.xaxis, {int(batch): str(batch) for batch in sweep.batch})
    axes.set_yscale("log")
    log_axis(axes.yaxis, round_ticks(low, high, lambda seconds: q.duration(seconds)))
    axes.set(xlabel="tokens in the batch", ylabel="seconds of one layer")
    axes.plot(sweep.batch, sweep.expected, color="black", linewidth=1.4)
    axes.plot(sweep.batch, np.full(len(sweep.batch), sweep.expected[0]), ":", color=GREY, linewidth=1.4)
    words = {"ha": "right", "va": "top", "color": GREY, "fontsize": 10}
    axes.text(sweep.batch[-1], sweep.expected[0] / 1.06, f"bytes of {sweep.chosen} experts", **words)
    axes.vlines(sweep.batch, sweep.fastest, sweep.mixture, color=BLUE, linewidth=1.4)
    axes.plot(sweep.batch, sweep.mixture, "o", color=BLUE, markeredgecolor="black", markersize=8)
    axes.plot(sweep.batch, sweep.dense, "s", color=ORANGE, markeredgecolor="black", markersize=8)
    bytes_axis = axes.twinx()
    bytes_axis.set(ylim=(low * sweep.rate, high * sweep.rate), ylabel=f"bytes at {q.rate(sweep.rate, 'B/s')}")
    log_axis(bytes_axis.yaxis, round_ticks(low * sweep.rate, high * sweep.rate, q.size))
    bytes_axis.grid(visible=False)
    name(axes, sweep)
    headline(figure).set_text(finding(sweep))
    return sentence(sweep)


def round_ticks(low: float, high: float, say) -> dict[float, str]:
    """Ticks at 1, 2 and 5 times the powers of ten, in words.

    >>> list(round_ticks(0.8, 12, q.significant).values())
    ['1', '2', '5', '10']
    """
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    steps = [power * digit for power in powers for digit in (1, 2, 5)]
    return {step: say(step) for step in steps if low <= step <= high}


def name(axes, sweep: Sweep) -> None:
    """Say in the empty corner which mark is what."""
    lines = (
        ("black", "━ bytes of the experts expected to be touched"),
        (
            BLUE,
            f"● mixture: {sweep.chosen} of {sweep.experts} experts for each token (line: to the fastest round)",
        ),
        ("#8A5F00", f"■ dense: the same {sweep.chosen} for all tokens"),
    )
    for row, (colour, words) in enumerate(lines):
        axes.text(0.02, 0.94 - 0.075 * row, words, color=colour, va="center", transform=axes.transAxes)


def growth(sweep: Sweep) -> tuple[int, float, float, float]:
    """The batch compared with the first, and how many times as many experts, mixture and dense seconds it takes."""
    at = int(np.abs(sweep.batch - COMPARED).argmin())
    moved = sweep.bytes_expected
    columns = (moved, sweep.mixture, sweep.dense)
    return int(sweep.batch[at]), *(float(column[at] / column[0]) for column in columns)


def finding(sweep: Sweep) -> str:
    """The title: what the larger batch costs each layer."""
    batch, _, mixture, dense = growth(sweep)
    return (
        f"{batch} tokens instead of {sweep.batch[0]}: the mixture takes {q.times(mixture)} as long, "
        f"the dense layer {q.times(dense)}"
    )


def sentence(sweep: Sweep) -> str:
    """How time follows the bytes, where it leaves them, and what the machine did besides."""
    batch, more, mixture, dense = growth(sweep)
    last, over = sweep.batch[-1], float(sweep.mixture[-1] / sweep.expected[-1])
    said = (
        f"From {sweep.batch[0]} to {batch} tokens the mixture takes {q.times(mixture)} as long, and it touches "
        f"{q.times(more)} as many experts; the dense layer, with the same arithmetic, takes {q.times(dense)} as "
        f"long. Time and predicted bytes go together with r = {sweep.correlation:.3f}; the one rate used is "
        f"{q.rate(sweep.rate, 'B/s')}, at which the dense layer read its weights for the smallest batch."
    )
    if over > JOINED:
        said += (
            f" At {last} tokens the mixture takes {q.times(over)} as long as its bytes alone: an expert now "
            f"multiplies {q.significant(sweep.chosen * last / sweep.touched[-1], 2)} tokens, and that adds time."
        )
    busy = float(np.median(sweep.mixture / sweep.fastest))
    if busy > BUSY or sweep.correlation < CLOSE:
        said += (
            f" The usual round took {q.times(busy)} as long as the fastest: close other programs and repeat."
        )
    return said
