"""Lesson 06's samples: what more of them buy in an hour and for a dollar, on a desktop and on a node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from ..cost import reference_cases as cases
from ..cost.inference import decode
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_practice import Thinking
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, dollars
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY, ORANGE
from .samples import published_laws

MODELS = {"Llama-3-8B-Instruct, MATH": "Llama 3.1 8B", "Llama-3-70B-Instruct, MATH": "Llama 3.1 70B"}
PLACES = {"desktop": (cases.DESKTOP, 16), "node": (cases.CLUSTER, 256)}  # answers written at once
WEIGHTS, MOST = "FP8", 10_000
LOOKS = {"any of them right": (BLUE, "-"), "chosen without a check": (ORANGE, "--"), "one": (GREY, ":")}


@cache
def chosen(name: str) -> dict[int, float]:
    """Published accuracy of answers chosen by majority or by a reward model, by samples; nothing where none is published."""
    model, benchmark = name.split(", ")
    return {
        int(row.budget): row.value / 100
        for row in catalog.table(Thinking)
        if row.model == model and row.benchmark == benchmark and row.metric == "selected accuracy"
    }


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    costs: Text
    curves: charts.Curves


def draw(figure: Figure) -> Artists:
    """The share of questions against samples."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(1, MOST))
    axes.set(xlim=(1, MOST), ylim=(0, 1), xlabel="samples of each question", ylabel="questions")
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    return Artists(layout.headline(figure), layout.subtitle(figure), charts.curves(axes, LOOKS))


def spent(name: str, place: str, questions: float, samples: float, tokens: float) -> tuple[float, float]:
    """Seconds and dollars of so many questions, each sampled so often at so many tokens, on one machine."""
    machine, most = PLACES[place]
    machine = Machine.named(*machine)
    batch = int(min(most, questions * samples))
    rate = decode(
        Model.named(MODELS[name]), machine, context=tokens / 2, batch=batch, weights=WEIGHTS
    ).tokens_per_second
    seconds = questions * samples * tokens / rate
    return seconds, float(dollars(machine, seconds, PAID[1]))


def update(artists: Artists, name: str, samples: float, tokens: float, questions: float) -> str:
    """What k samples buy by the published law, and what they cost here and there."""
    law, picked = published_laws()[name], chosen(name)
    k = np.geomspace(1, MOST, 60)
    found = {"any of them right": (k, law.at(k)), "one": ([1, MOST], [float(law.at(1))] * 2)}
    if picked:
        found["chosen without a check"] = list(picked), list(picked.values())
    artists.curves.show(found, here=samples)
    one, many = float(law.at(1)), float(law.at(samples))
    artists.title.set_text(
        f"{q.count(samples)} samples: any of them right for {q.percent(many)} of the questions, one for {q.percent(one)}"
    )
    said = (
        f"{name}: one sample is right for {q.percent(one)} of the questions, any of {q.count(samples)} for {q.percent(many)}, by "
        f"the published law exp({law.a:g} k^{law.b:g})."
    )
    if picked:
        ends = " and ".join(f"{q.percent(value)} at {q.count(n)}" for n, value in picked.items())
        said += (
            f" Chosen without a check, published: {ends}; so a faster machine buys candidates, not choices."
        )
    costs = {place: spent(name, place, questions, samples, tokens) for place in PLACES}
    artists.costs.set_text(
        "; ".join(
            f"{place}: {q.duration(seconds)}, {q.money(cost)}" for place, (seconds, cost) in costs.items()
        )
    )
    for place, (seconds, cost) in costs.items():
        right = questions * many
        said += (
            f" On the {place} {q.count(questions)} questions take {q.duration(seconds)} and {q.money(cost)}: "
            f"{q.significant(right / (seconds / 3600))} with a right answer an hour, {q.significant(right / cost)} a dollar."
        )
    return said


def panel() -> live.Panel:
    """Samples, tokens and questions: what they buy in an hour and for a dollar.

    >>> panel().set(samples=1, tokens=10_000)
    """
    return live.panel(
        draw,
        update,
        title="What more samples buy",
        size=(9, 4.2),
        name=controls.choice("Model and questions", list(MODELS)),
        samples=controls.log_slider("Samples", 1, MOST, start=100, whole=True),
        tokens=controls.log_slider("Tokens each", 50, 20_000, start=500, whole=True),
        questions=controls.log_slider("Questions", 1, 10_000, start=100, whole=True),
    )
