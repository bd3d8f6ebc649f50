"""Lesson 08's liars: how many, what they do, and which rule the server has; trained as you choose."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..learn import robust_rules
from ..learn.liars import SHARDS, UNEVEN, WORKERS, Case, train
from ..learn.robust_rules import ATTACKS, RULES
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY, ORANGE

STEPS, SEED = 150, 0
LOOKS = {
    "the chosen rule": (BLUE, "-"),
    "the plain mean": (ORANGE, "--"),
    "the mean, nobody lies": (GREY, ":"),
}
MOST = robust_rules.most_liars("mean", WORKERS)


@cache
def curve(rule: str, attack: str, shards: str, liars: int) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy after steps, of one training; one that was stopped is not kept."""
    found = train([Case(rule, attack, shards, SEED, liars)], STEPS)
    if not found.whole:
        raise ValueError("The training was stopped: move a control to train again.")
    return np.concatenate([[0], found.steps]), np.concatenate([[1 / 10], found.accuracy[0]])


def draw(figure: Figure) -> live.Artists:
    """Accuracy over steps."""
    [axes] = layout.grid(figure)
    layout.percent_axis(axes.yaxis)
    axes.set(xlim=(0, STEPS), ylim=(0, 1), xlabel="steps", ylabel="held-out digits read right")
    return live.Artists(finding=layout.headline(figure), curves=charts.curves(axes, LOOKS))


def update(artists: live.Artists, rule: str, attack: str, liars: float, shards: str) -> str:
    """Train the chosen case, the plain mean against the same liars, and the mean without any."""
    liars = int(liars)
    found = {
        "the plain mean": curve("mean", attack, shards, liars),
        "the mean, nobody lies": curve("mean", "none", shards, 0),
    }
    ends = {name: line[-1] for name, (_, line) in found.items()}
    most = robust_rules.most_liars(rule, WORKERS)
    if liars > most:
        artists.curves.show(found)
        artists.finding.set_text(
            f"{rule} cannot be asked about {liars} liars among {WORKERS}: {most} at most"
        )
        return (
            f"{rule} with {liars} liars of {WORKERS} workers has no answer: it is made for {most} at most. The plain mean ends at "
            f"{q.percent(ends['the plain mean'])}, and at {q.percent(ends['the mean, nobody lies'])} where nobody lies."
        )
    found["the chosen rule"] = curve(rule, attack, shards, liars)
    ends["the chosen rule"] = found["the chosen rule"][1][-1]
    artists.curves.show(found)
    gain = ends["the chosen rule"] - ends["the plain mean"]
    verdict = "saves" if gain > 0.02 else "costs" if gain < -0.02 else "changes little:"
    who = "nobody lies" if attack == "none" or not liars else f"{liars} of {WORKERS} lie"
    artists.finding.set_text(
        f"{shards.capitalize()} shards, {who}: {rule} {verdict} {100 * abs(gain):.0f} points"
    )
    return (
        f"{shards.capitalize()} shards, {liars} of {WORKERS} workers may lie, attack: {attack}. After {STEPS} steps {rule} reads "
        f"{q.percent(ends['the chosen rule'])}, the plain mean {q.percent(ends['the plain mean'])}, and {q.percent(ends['the mean, nobody lies'])} "
        "where nobody lies."
    )


def panel() -> live.Panel:
    """A rule against liars.

    >>> panel().set(rule="Krum", liars=4)
    """
    return live.panel(
        draw,
        update,
        title="A rule against liars, trained",
        size=(9, 4),
        rule=controls.choice("Rule", list(RULES), start="Krum"),
        attack=controls.choice("Attack", list(ATTACKS), start="none"),
        liars=controls.slider("Liars expected", 0, MOST, step=1, start=3, whole=True),
        shards=controls.choice("Shards", SHARDS, start=UNEVEN),
    )
