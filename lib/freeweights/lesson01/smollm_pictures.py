"""Lesson 01's pictures of SmolLM2: a decode step against batch, and perplexity against bytes."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..local import smollm_timing, this_machine
from ..local.measured_or_recorded import SMOL, Quantised, RecordedMachine
from ..models.transformer import Model
from ..page import charts, layout
from ..page.style import BLUE, GREY, MARKERS, ORANGE, RED


def step_floor(
    sweep: smollm_timing.DecodeSweep, mine: this_machine.MeasuredMachine | RecordedMachine
) -> np.ndarray:
    """Seconds below which no step of a sweep can go at the rates measured on this machine: bytes or FLOPs."""
    reading = sweep.bytes_moved / mine.matrix_vector.median
    computing = sweep.batch * Model.named(SMOL).flops_per_token(1) / mine.matrix_matrix.median
    return np.maximum(reading, computing)


def free_batch_limit(mine: this_machine.MeasuredMachine | RecordedMachine) -> float:
    """The batch at which the FLOPs of a step take as long as its bytes: the ridge point, in sequences."""
    smol = Model.named(SMOL)
    return (4 * smol.shared_weights / mine.matrix_vector.median) / (
        smol.flops_per_token(1) / mine.matrix_matrix.median
    )


def draw_batch(
    figure: Figure,
    sweep: smollm_timing.DecodeSweep,
    mine: this_machine.MeasuredMachine | RecordedMachine,
    source: str,
) -> str:
    """Time of a step against batch: measured points, the machine's floor, the floor plus what batch 1 paid on top."""
    most, smol = int(sweep.batch[-1]), Model.named(SMOL)
    [axes], fine = layout.grid(figure), np.linspace(1, max(most, 2), 200)
    read = np.interp(fine, sweep.batch, sweep.bytes_moved) / mine.matrix_vector.median
    compute = fine * smol.flops_per_token(1) / mine.matrix_matrix.median
    share = step_floor(sweep, mine)[0] / sweep.seconds[0]
    both = np.maximum(read, compute) + max(1 - share, 0.0) * sweep.seconds[0]
    axes.set(xlim=(0, 1.02 * fine[-1]), ylim=(0, 1.2e3 * max(sweep.high.max(), both.max())))
    axes.set(xlabel="sequences decoded at once (batch)", ylabel="ms per step")
    axes.set_xticks([one for one in (1, 4, 8, 12, 16, 20, 24, 28, 32) if one <= fine[-1]])
    points = axes.errorbar(
        sweep.batch,
        1e3 * sweep.seconds,
        1e3 * np.array([sweep.seconds - sweep.low, sweep.high - sweep.seconds]),
        fmt="o",
        color=RED,
        capsize=3,
        markeredgecolor="black",
        zorder=3,
    )
    layout.legend(figure, {source: points})
    found = {"bytes alone": read, "FLOPs alone": compute, "floor + overhead": both}
    looks = dict(zip(found, ((BLUE, "--"), (ORANGE, ":"), (GREY, "-"))))
    charts.curves(axes, looks).show({name: (fine, 1e3 * curve) for name, curve in found.items()})
    slower, gain = (
        sweep.seconds[-1] / sweep.seconds[0],
        sweep.tokens_per_second[-1] / sweep.tokens_per_second[0],
    )
    layout.headline(figure).set_text(
        f"{most} users cost {q.times(slower)} the time of one, not {most} times"
        if most > 1
        else f"A step for one user takes {q.duration(sweep.seconds[0])}"
    )
    many = (
        f"; a step for {most} takes {q.duration(sweep.seconds[-1])} and yields {q.times(gain)} the tokens per second"
        if most > 1
        else ""
    )
    bytes_say = (
        f"of which its bytes explain {q.percent(share)}"
        if share <= 1
        else "less than its bytes need at the rate that was measured for memory"
    )
    return (
        f"A step for one sequence takes {q.duration(sweep.seconds[0])}, {bytes_say}{many}. By the machine's rates "
        f"computing overtakes reading at a batch of about {q.significant(free_batch_limit(mine), 2)}. Step times are "
        f"{source}."
    )


def draw_quantised(figure: Figure, found: list[Quantised], source: str) -> str:
    """Perplexity against bytes, one point for each number of bits, both axes logarithmic."""
    [axes], first, last = layout.grid(figure), found[0], found[-1]
    sizes, lows = [one.nbytes / 1e6 for one in found], [one.perplexity for one in found]
    axes.set(xlabel="bytes held (MB)", ylabel="perplexity on a page of Alice")
    axes.plot(sizes, lows, "-", color=GREY, linewidth=1)
    for one, marker in zip(found, MARKERS):
        axes.plot(
            one.nbytes / 1e6, one.perplexity, marker, color=BLUE, markersize=10, markeredgecolor="black"
        )
        axes.annotate(
            f"{one.bits} bits\n{q.count(one.perplexity)}",
            (one.nbytes / 1e6, one.perplexity),
            xytext=(9, 6),
            textcoords="offset points",
            linespacing=1.1,
        )
    low, high = min(lows) / 1.6, max(lows) * (max(lows) / min(lows)) ** 0.3 * 2
    layout.log_axis(axes.xaxis, {one: str(one) for one in (50, 100, 200, 500)})
    layout.log_axis(axes.yaxis, layout.decades(low, high, every=1 + int(np.log10(high / low)) // 8))
    axes.set(xlim=(min(sizes) / 1.3, max(sizes) * 1.7), ylim=(low, high))
    worse = [
        f"{one.bits} bits {'multiply perplexity by ' if one is not last else 'by '}"
        f"{q.significant(one.perplexity / first.perplexity, 3)}"
        for one in found
        if one.bits == 4 or one is last
    ]
    layout.headline(figure).set_text(", ".join(worse))
    layout.subtitle(figure).set_text(source)
    rest = ", ".join(f"at {one.bits} bits {q.significant(one.perplexity)}" for one in found[1:])
    return (
        f"From {first.bits} to {found[1].bits} bits the bytes fall to {q.percent(found[1].nbytes / first.nbytes)}. "
        f"Perplexity is {q.significant(first.perplexity)} at {first.bits} bits, {rest}; lower is better. "
        f"These figures are {source}."
    )
