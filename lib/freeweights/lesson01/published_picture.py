"""Lesson 01's test of its own panel: prediction beside every published measurement of one model."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..cost import inference
from ..cost.estimate import Estimate
from ..cost.reference_cases import CLUSTER, DESKTOP
from ..evidence import make_calibration, published
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import layout
from ..page.style import BLUE, GREEN


@dataclass(frozen=True)
class PublishedCase:
    """One axes: a prediction over x, the tokens it yields there, and the published points as (x, tokens per second).

    `spans` are the contexts over which a point is an average: (first, last, tokens per second).
    """

    title: str
    label: str
    x: np.ndarray
    estimate: Estimate
    tokens: float | np.ndarray
    points: list[tuple[float, float]]
    ticks: dict[float, str]
    spans: list[tuple[float, float, float]] = field(default_factory=list)


def cases(name: str, desk: tuple, rack: tuple) -> list[PublishedCase]:
    """The desktop writing and reading, the cluster writing, each over what its published rows vary."""
    model, mac, node = Model.named(name), Machine.named(*DESKTOP), Machine.named(*CLUSTER)
    bits = published.bits_of(desk[0].row, model)
    length, users = np.geomspace(1024, 16_384, 40), np.arange(1, 17)
    lengths = {1024 * n: f"{n}k" for n in (1, 2, 4, 8, 16)}
    return [
        PublishedCase(
            "M3 Ultra writes, one user",
            "tokens of context",
            length,
            inference.decode(model, mac, context=length, batch=1, weights=bits),
            1.0,
            [
                (published.mean_context(pair.row), pair.measured)
                for pair in desk
                if pair.row.phase == "decode"
            ],
            lengths,
            [
                (pair.row.context, pair.row.context + pair.row.output, pair.measured)
                for pair in desk
                if pair.row.phase == "decode" and pair.row.output
            ],
        ),
        PublishedCase(
            "M3 Ultra reads a prompt",
            "tokens of prompt",
            length,
            inference.prefill(model, mac, prompt=length, batch=1, weights=bits),
            length,
            [(pair.row.prompt, pair.measured) for pair in desk if pair.row.phase == "prefill"],
            lengths,
        ),
        PublishedCase(
            "8 x H200 write, all users",
            "users at once",
            users,
            inference.decode(model, node, context=1024, batch=users, weights="FP8"),
            users,
            [(float(pair.row.batch), pair.measured) for pair in rack if pair.row.phase == "decode"],
            {n: str(n) for n in (1, 2, 4, 8, 16)},
        ),
    ]


def draw_case(axes: Axes, case: PublishedCase) -> dict[str, Artist]:
    """Expectation as a line, its range as a band, physics dashed, published points as crosses; what each is called."""
    rate = {
        end: case.tokens / getattr(case.estimate, end) for end in ("low", "expected", "high", "lower_bound")
    }
    key = {
        "published (line: its contexts)": axes.plot(
            *zip(*case.points), "X", color="black", markeredgecolor="white", zorder=3
        )[0],
        "expected": axes.plot(case.x, rate["expected"], color=BLUE)[0],
        "its range": axes.fill_between(case.x, rate["high"], rate["low"], color=BLUE, alpha=0.2, linewidth=0),
        "bound of physics": axes.plot(case.x, rate["lower_bound"], "--", color=GREEN)[0],
    }
    for first, last, speed in case.spans:
        axes.plot([max(first, case.x[0]), last], [speed] * 2, color="black", linewidth=1, zorder=2.5)
    axes.set(xlabel=case.label, yscale="log")
    axes.set_title(case.title, fontsize=11, fontweight="normal")
    layout.log_axis(axes.xaxis, case.ticks)
    low, high = axes.get_ylim()
    steps = (1, 1.5, 2, 3, 4, 5, 7) if high < 6 * low else (1, 2, 5)
    heights = [step * 10**power for power in range(1, 6) for step in steps if low <= step * 10**power <= high]
    layout.log_axis(axes.yaxis, {height: f"{height:,.0f}" for height in heights})
    return key


def draw(figure: Figure, name: str = "GLM-5.2") -> str:
    """Prediction and published points of one model on the desktop and the cluster; the sentence says how far apart."""
    every, rack = published.comparisons(name, DESKTOP[0]), published.comparisons(name, CLUSTER[0])
    desk = [pair for pair in every if pair.row.devices == DESKTOP[1]]  # two of them are another machine
    axes = layout.grid(figure, columns=(1, 1, 1))
    *_, key = [draw_case(one, case) for one, case in zip(axes, cases(name, desk, rack))]
    layout.legend(figure, key)
    axes[0].set_ylabel("tokens/s")
    pairs = (*desk, *rack)
    beaten = sum(pair.seconds < pair.estimate.lower_bound for pair in pairs)
    worst = max(pair.factor for pair in pairs if pair.row.phase == "decode")
    verb = "points beat" if beaten > 1 else "point beats"
    layout.headline(figure).set_text(
        f"{name}: {beaten or 'no'} published {verb} physics; writing is predicted within a factor of "
        f"{q.significant(worst, 3)}"
    )
    held_out = (
        f"No row of {name} was used to make the predictions."
        if name in make_calibration.PREDICTED_NOT_FITTED
        else f"Rows of {name} were among those that the predictions' constants were fitted to."
    )
    return f"{off(pairs, 'decode', 'writing')} {off(pairs, 'prefill', 'reading')} {held_out}"


def off(pairs, phase: str, doing: str) -> str:
    """How many published rows a phase has, and how far the predictions are from them, in words."""
    factors = [pair.factor for pair in pairs if pair.row.phase == phase]
    low, high = q.significant(min(factors), 2), q.significant(max(factors), 2)
    by = f"factors of {low} to {high}" if low != high else f"a factor of {low}"
    return f"For {len(factors)} published speeds of {doing} the predictions are off by {by}."
