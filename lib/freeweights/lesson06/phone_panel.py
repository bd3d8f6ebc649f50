"""Lesson 06's phone: how fast it writes at first and after a while of talk, and what a reasoner would need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from ..cost.reference_cases import READING_SPEED
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_practice import PhoneFigure
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY

PHONE = "iPhone 17 Pro"  # the one phone of which burst, endurance and memory were published by one author
MEMORY = {"8 GB phone": 8e9, "12 GB phone": 12e9, "16 GB phone": 16e9, "24 GB phone": 24e9}
REASONERS = ("gpt-oss-20b", "gpt-oss-120b")
SMALL = ("Gemma 3 1B", "Llama 3.2 3B", "Llama 3.1 8B", "gpt-oss-20b")
FREE = 0.5  # of a phone's memory that one program may take, an assumption: the system keeps the rest
LONG, TEN = 1200.0, 600.0  # seconds
LOOKS = {"writes": (BLUE, "-"), "people read": (GREY, ":")}


@dataclass(frozen=True)
class Sustained:
    """One published run: tokens a second at first and after ten minutes, and the second at which a quarter was lost."""

    burst: float
    later: float
    quarter_lost: float

    @property
    def settling(self) -> float:
        """Seconds in which the distance to the end falls to 1/e: so that a quarter of the burst is lost when published."""
        fallen = 0.25 * self.burst / (self.burst - self.later)
        return self.quarter_lost / -np.log1p(-fallen) if fallen < 1 else self.quarter_lost

    def at(self, seconds):
        """Tokens a second after so many seconds of writing: an exponential through the three published figures.

        >>> round(float(Sustained(40, 20, 100).at(100)), 6)
        30.0
        """
        return self.later + (self.burst - self.later) * np.exp(-np.asarray(seconds, float) / self.settling)


@cache
def sustained() -> dict[str, Sustained]:
    """The published runs of one phone by the program that ran the model."""
    found: dict[str, dict[str, float]] = {}
    for row in catalog.table(PhoneFigure):
        if row.device == PHONE:
            found.setdefault(f"{PHONE}, {row.runtime}", {})[row.quantity] = row.value
    wanted = "decode, burst", "decode, after 10 min", "time until 25 % slower"
    return {
        name: Sustained(*(one[what] for what in wanted)) for name, one in found.items() if wanted[0] in one
    }


def needs(name: str, bits: float) -> float:
    """Bytes of a model's weights at so many bits a weight."""
    return Model.named(name).parameters * bits / 8


def holds(memory: str, name: str, bits: float) -> bool:
    """Whether a phone's free memory holds the weights."""
    return needs(name, bits) <= FREE * MEMORY[memory]


def talked_in(run: Sustained, seconds: float) -> float:
    """Tokens written in so many seconds: the area below the curve."""
    faded = run.settling * (1 - np.exp(-seconds / run.settling))
    return float(run.later * seconds + (run.burst - run.later) * faded)


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    curves: charts.Curves


def draw(figure: Figure) -> Artists:
    """Tokens a second against seconds of talk."""
    [axes] = layout.grid(figure)
    axes.set(xlim=(0, LONG), ylim=(0, 60), xlabel="minutes of writing without a pause", ylabel="tokens/s")
    axes.set_xticks([0, 300, 600, 900, 1200], ["0", "5", "10", "15", "20"])
    return Artists(
        layout.headline(figure),
        charts.curves(axes, LOOKS, {"writes": "99.9 tokens/s", "people read": "people read"}),
    )


def update(artists: Artists, run: str, memory: str, name: str, bits: float, seconds: float) -> str:
    """The speed after so long a talk, and whether the phone holds the model at all."""
    one, t = sustained()[run], np.linspace(0, LONG, 121)
    now = float(one.at(seconds))
    artists.curves.show(
        {"writes": (t, one.at(t)), "people read": (t, np.full_like(t, READING_SPEED))},
        here=seconds,
        words={"writes": q.speed(float(one.at(LONG))).replace("per second", "/s")},
    )
    fits = holds(memory, name, bits)
    size = needs(name, bits)
    artists.title.set_text(
        f"After {q.duration(seconds) if seconds else '0 s'} it writes at {q.percent(now / one.burst)} of its first speed"
        if fits
        else f"{name} at {bits:g} bits does not go into a {memory}"
    )
    said = (
        f"{run}, Gemma 4 E2B at 4 bits: {one.burst:g} tokens/s at first, {q.significant(now)} after {seconds:.0f} s, "
        f"{one.later:g} after ten minutes; {q.count(talked_in(one, seconds))} tokens by then. "
        f"{name} at {bits:g} bits takes {q.size(size)}, and a {memory} leaves {q.size(FREE * MEMORY[memory])} to one program "
        f"(half of it, an assumption): it {'fits' if fits else 'does not fit'}."
    )
    return said + " The reasoners need {}.".format(
        " and ".join(f"{q.size(stored(one))} ({one})" for one in REASONERS)
    )


def stored(name: str) -> float:
    """Bytes of a reasoner's published file."""
    row = next(one for one in catalog.table(PhoneFigure) if one.model == name and one.quantity == "file size")
    return row.value * 1e9


def panel() -> live.Panel:
    """A phone that writes without a pause, and what goes into its memory.

    >>> panel().set(name="gpt-oss-20b", bits=4.25, seconds=1200)
    """
    return live.panel(
        draw,
        update,
        title="A phone's speed while it writes",
        size=(9, 4),
        run=controls.choice("Phone", list(sustained())),
        memory=controls.choice("Memory", list(MEMORY), start="12 GB phone"),
        name=controls.choice("Model", SMALL, start="Llama 3.2 3B"),
        bits=controls.slider("Width", 2, 16, step=0.25, start=4.5, unit="bits a weight"),
        seconds=controls.slider("Talk", 0, 1200, step=10, start=300, unit="s"),
    )
