"""Lesson 07's advice: how large a model one budget should train, by six published laws and by the learner's fit."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.text import Text

from ..evidence import scaling_law
from ..evidence.scaling_published import allocations
from ..facts import quantities as q
from ..facts.figures import trained
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, ORANGE
from .fit_panel import CHOICES, READ_OFF, fitted

YOURS = "your fit"
LOW, HIGH = 1e6, 1e16  # parameters, ends of the axis


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    rows: charts.Rows


def draw(figure: Figure) -> Artists:
    """A row for each law."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(LOW, HIGH, every=2))
    axes.set(xlim=(LOW, HIGH), xlabel="parameters that the law advises")
    looks = {name: (GREEN if "refit" in name else BLUE, "o") for name in allocations()}
    return Artists(layout.headline(figure), charts.rows(axes, looks | {YOURS: (ORANGE, "D")}))


def update(artists: Artists, flops: float, choice: str) -> str:
    """Split one budget by every law; say how far apart they are."""
    advised = {name: split(flops) for name, split in allocations().items()}
    one, many = fitted(choice, 0)
    advised[YOURS] = one.law.optimum(flops)
    ranges = {YOURS: scaling_law.interval(many.optimum(flops)[0])}
    ranges["its refit 2024"] = scaling_law.interval(fitted(READ_OFF, 0)[1].optimum(flops)[0])
    artists.rows.show({
        name: charts.Quantity(size, range=ranges.get(name), words=f"{q.count(size, 2)} on {q.count(tokens, 2)} tokens")
        for name, (size, tokens) in advised.items()
    })  # fmt: skip
    sizes = {name: size for name, (size, _) in advised.items()}
    least, most = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
    artists.title.set_text(
        f"For {flops:.2g} FLOPs the advice is {q.count(sizes[least], 2)} to {q.count(sizes[most], 2)} parameters"
    )
    low, high = ranges[YOURS]
    return (
        f"Fewest: {q.count(sizes[least], 2)} ({least}); most: {q.count(sizes[most], 2)} ({most}), "
        f"{q.times(sizes[most] / sizes[least])} as many. Your fit of {choice}: {q.count(sizes[YOURS], 2)} "
        f"({q.count(low, 2)} to {q.count(high, 2)}, 95 % of bootstrap samples). Llama 3 prints {q.count(trained('law-llama-3-tokens').value)} "
        f"tokens for {trained('law-llama-3-budget').value:.2g} FLOPs: its text gives {q.count(said('text'))}, its figure {q.count(said('figure'))}."
    )


def said(where: str) -> float:
    """Tokens that Llama 3's text or figure gives for its own budget.

    >>> said("text") < trained("law-llama-3-tokens").value
    True
    """
    return allocations()[f"Llama 3, its {where}"](trained("law-llama-3-budget").value)[1]


def panel() -> live.Panel:
    """What published laws advise for one budget.

    >>> panel().set(flops=1e18)
    """
    return live.panel(
        draw,
        update,
        title="The size that published scaling laws advise for one budget",
        size=(9, 3.9),
        flops=controls.log_slider(
            "Budget", 1e17, 1e28, start=trained("law-llama-3-budget").value, unit="FLOPs"
        ),
        choice=controls.choice("Your fit of", list(CHOICES)),
    )
