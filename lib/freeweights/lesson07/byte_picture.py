"""Lesson 07's own runs: lesson 03's byte model at four sizes and three budgets, beside the published runs."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..evidence import scaling_law
from ..evidence.scaling_published import GADRE, TEXTS, runs
from ..facts import quantities as q
from ..learn.byte_scaling import ByteRuns
from ..page import layout, live
from ..page.renderer import Picture
from ..page.style import BLUE, GREY, ORANGE

FEWEST = scaling_law.FEWEST


def picture(found: ByteRuns) -> Picture:
    """Loss over FLOPs: the learner's runs in nats a byte, and published ones in nats a token.

    Args:
        found: of `byte_scaling.train`, all of them or those until it was stopped.
    """
    return live.picture(lambda figure: draw(figure, found), title="Loss over training FLOPs", size=(9, 4.2))


def draw(figure: Figure, found: ByteRuns) -> str:
    """Points over FLOPs, and the fitted law's least loss where it can be fitted."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(1e8, 1e22, lambda flops: f"1e{np.log10(flops):.0f}", every=2))
    axes.set(xlim=(1e8, 3e22), ylim=(1, 7), xlabel="training FLOPs", ylabel="loss, nats")
    size, tokens, loss = runs(GADRE, TEXTS[0])
    theirs = axes.plot(6 * size * tokens, loss, "o", color=GREY, markersize=5)[0]
    yours = axes.plot(found.flops, found.losses, "D", color=BLUE, markeredgecolor="black", markersize=8)[0]
    marks = {"yours, a byte": yours, "Gadre et al. on C4, a token": theirs}
    title = layout.headline(figure)
    if found.losses.size < FEWEST:
        layout.legend(figure, marks)
        title.set_text("Too few runs were finished to fit a law")
        return f"{found.losses.size} runs were finished: a law of five constants needs at least {FEWEST}."
    law = scaling_law.fit(found.parameters, found.tokens, found.losses)
    many = scaling_law.bootstrap(found.parameters, found.tokens, found.losses, samples=100)
    reach = np.geomspace(found.flops.min(), 1e3 * found.flops.max(), 60)
    marks["the best of your law"] = axes.plot(reach, law.law.least_loss(reach), color=ORANGE)[0]
    layout.legend(figure, marks)
    title.set_text(
        f"Your law misses your {found.losses.size} runs by {q.percent(np.abs(law.residuals).mean())} on average"
    )
    ends = [scaling_law.interval(getattr(many, name)) for name in ("alpha", "beta")]
    said = ", ".join(
        f"{name} {getattr(law.law, name):.2f} ({low:.2f} to {high:.2f})"
        for name, (low, high) in zip(("alpha", "beta"), ends)
    )
    best, worst = found.losses.min(), found.losses.max()
    return (
        f"Your runs, {q.count(found.parameters.min())} to {q.count(found.parameters.max())} parameters after {q.count(found.tokens.min())} to "
        f"{q.count(found.tokens.max())} bytes, end at {worst:.2f} to {best:.2f} nats a byte. Fitted: E = {law.law.E:.2f}, {said}, 95 % of 100 bootstrap samples: "
        f"the form is that of the large ones, and its constants, from {found.losses.size} runs, are hardly held. A byte is less than a token, so heights cannot be compared."
    )
