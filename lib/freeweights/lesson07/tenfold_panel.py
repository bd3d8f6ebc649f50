"""Lesson 07's margin: loss and score that ten times the money buys, by two sets of constants, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..evidence.scaling_law import interval
from ..evidence.scaling_published import error
from ..facts import catalog
from ..facts import quantities as q
from ..machines.machine import Machine
from ..money.assumptions import MILLION
from ..money.hourly_rate import PAID, hourly_cost
from ..money.training_bills import UTILISATION
from ..page import charts, controls, layout, live
from ..page.style import BLUE, ORANGE
from .fit_panel import READ_OFF, fitted
from .known_runs import DEVICE

WEB, MASSIVE = "fit of C4 (Gadre et al.)", "fit of Chinchilla's runs"
SETS = {WEB: "Gadre et al., C4", MASSIVE: READ_OFF}
LOOKS = {WEB: (BLUE, "-"), MASSIVE: (ORANGE, "--")}
DOLLARS = np.geomspace(1e4, 1e12, 81)
LOSSES, ERRORS = (1.4, 3.2), (0.0, 80.0)  # ends of the axes: nats a token, per cent


def flops_for(dollars, mfu: float):
    """FLOPs that so much rent buys, on the lesson's device."""
    hour = hourly_cost(catalog.device(DEVICE), PAID[1])[0]
    return np.asarray(dollars) / hour * q.HOUR * mfu * Machine.named(DEVICE).flops(16)


def least(name: str, flops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The least loss of each budget by one set of constants: fitted, and the ends of its interval."""
    one, many = fitted(SETS[name], 0)
    samples = np.stack([many.least_loss(each) for each in np.atleast_1d(flops)])
    return one.law.least_loss(np.atleast_1d(flops)), *np.quantile(samples, [0.025, 0.975], axis=1)


def gains(name: str, dollars: float, mfu: float) -> dict[str, tuple[float, float, float]]:
    """What ten times the money takes off the loss and, where the law knows it, off the errors: expected, low, high."""
    one, many = fitted(SETS[name], 0)
    flops = flops_for(dollars, mfu)
    before, after = (
        np.append(many.least_loss(each), one.law.least_loss(each)) for each in (flops, 10 * flops)
    )
    found = {"loss": before - after}
    if name == WEB:
        found["errors"] = error(before) - error(after)
    return {what: (float(values[-1]), *interval(values[:-1])) for what, values in found.items()}


@dataclass(frozen=True)
class Artists:
    """What moves: the curves, the marks of both budgets, and nothing of the bands but their edges."""

    title: Text
    losses: charts.Curves
    errors: charts.Curves
    bands: dict[str, FillBetweenPolyCollection]
    marks: Line2D


def draw(figure: Figure) -> Artists:
    """Left: least loss over dollars. Right: errors in tests over dollars, by the first set alone."""
    left, right = layout.grid(figure, columns=(3, 2))
    for axes, ends, label in ((left, LOSSES, "loss, nats a token"), (right, ERRORS, "wrong in 17 tests, %")):
        layout.log_axis(axes.xaxis, layout.decades(1e4, 1e12, short, every=2))
        axes.set(xlim=DOLLARS[[0, -1]], ylim=ends, xlabel="US dollars of rent for the last run", ylabel=label)
    bands = {
        name: left.fill_between(DOLLARS, 0, 0, color=colour, alpha=0.2, linewidth=0)
        for name, (colour, _) in LOOKS.items()
    }
    bands["errors"] = right.fill_between(DOLLARS, 0, 0, color=BLUE, alpha=0.2, linewidth=0)
    losses, errors = charts.curves(left, LOOKS, words={}), charts.curves(right, {WEB: LOOKS[WEB]}, words={})
    marks = left.plot([], [], "o", color="black", markersize=7)[0]
    layout.legend(
        figure,
        {**losses.lines, "95 % of bootstrap samples": bands[WEB], "your money, and ten times it": marks},
    )
    return Artists(layout.headline(figure), losses, errors, bands, marks)


def short(dollars: float) -> str:
    """Dollars on an axis."""
    return "$" + q.count(dollars).replace(" ", "")


def update(artists: Artists, dollars: float, mfu: float) -> str:
    """Move money along both laws; say what ten times of it takes off the loss and the errors."""
    flops = flops_for(DOLLARS, mfu / 100)
    found = {name: least(name, flops) for name in SETS}
    artists.losses.show({name: (DOLLARS, values) for name, (values, _, _) in found.items()}, here=dollars)
    for name, (_, low, high) in found.items():
        artists.bands[name].set_data(DOLLARS, low, high)
    expected, low, high = (100 * error(values) for values in found[WEB])
    artists.errors.show({WEB: (DOLLARS, expected)}, here=dollars)
    artists.bands["errors"].set_data(DOLLARS, low, high)
    both = np.array([dollars, 10 * dollars])
    seen = both[both <= DOLLARS[-1]]
    artists.marks.set_data(
        np.tile(seen, 2),
        np.concatenate([np.interp(np.log(seen), np.log(DOLLARS), values) for values, _, _ in found.values()]),
    )
    web, massive = gains(WEB, dollars, mfu / 100), gains(MASSIVE, dollars, mfu / 100)
    artists.title.set_text(
        f"From {q.money(dollars)} to ten times as much: {-web['loss'][0]:.2f} or {-massive['loss'][0]:.2f} nats, "
        f"{-100 * web['errors'][0]:.1f} points of errors"
    )
    return sentence(dollars, web, massive)


def sentence(dollars: float, web: dict, massive: dict) -> str:
    """Both gains with their intervals, the errors that go with one, and the gain of each further billion."""
    unit, size = ("billion", 1e9) if dollars >= 1e8 else ("million", 1e6)
    each = web["loss"][0] / (9 * dollars / size)
    return (
        f"At the best split of each budget, ten times {q.money(dollars)} lowers the loss by {web['loss'][0]:.3f} nats a token "
        f"({web['loss'][1]:.3f} to {web['loss'][2]:.3f}) by the {WEB}, by {massive['loss'][0]:.3f} ({massive['loss'][1]:.3f} to "
        f"{massive['loss'][2]:.3f}) by the {MASSIVE}, on another text; errors by {100 * web['errors'][0]:.1f} points "
        f"({100 * web['errors'][1]:.1f} to {100 * web['errors'][2]:.1f}). That is {q.significant(each, 2)} nats for each "
        f"further {unit} dollars. Runs behind both laws cost under {q.money(MILLION)}: beyond, each is stretched."
    )


def panel() -> live.Panel:
    """What a decade of money buys.

    >>> panel().set(dollars=1e10)
    """
    return live.panel(
        draw,
        update,
        title="Loss and errors over the rent of the last run, by two fitted laws",
        size=(9, 4.3),
        dollars=controls.log_slider("Money", 1e4, 1e11, start=10 * MILLION, unit="$", whole=True),
        mfu=controls.slider("MFU", 5, 60, step=1, start=100 * UTILISATION, unit="%"),
    )
