"""Lesson 04's turning points: from which context the cache outweighs the weights, in writing and in reading."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.figure import Figure

from ..models.transformer import Model
from ..page import controls, layout, live
from ..page.style import BLUE, LIGHT, ORANGE
from .long_context import LONGEST, attention_crossover, cache_crossover
from .long_context_panel import COMPARED, WEIGHTS, short

ROWS = 8
# What is compared: colour, mark, place beside a row's middle, name.
PHASES = {"writing": (BLUE, "o", -0.17, "caches outweigh weights in bytes of a step (writing)")}
PHASES |= {"reading": (ORANGE, "s", 0.17, "attention outweighs weights in FLOPs of a prompt (reading)")}


def turns(kinds: dict[str, Model], weights: str, batch: int) -> dict[str, dict[str, float | None]]:
    """For each phase and kind the context from which cache or attention outweigh the weights, or None.

    >>> from freeweights.models.transformer import model
    >>> turns({"R1": model("DeepSeek-R1")}, "FP8", 1)["writing"]
    {'R1': None}
    """
    return {
        "writing": {name: cache_crossover(what, weights, batch) for name, what in kinds.items()},
        "reading": {name: attention_crossover(what) for name, what in kinds.items()},
    }


def draw(figure: Figure) -> live.Artists:
    """Two thin lines for each kind up to its longest context, a mark where each turns, and that in words at the right."""
    [axes] = layout.grid(figure)
    log_ticks = {1: "1", 16: "16", 256: "256", 4096: "4 Ki", 65_536: "64 Ki", LONGEST: "1 Mi"}
    layout.log_axis(axes.xaxis, log_ticks)
    axes.set(xlim=(1, LONGEST), ylim=(ROWS - 0.5, -0.5), xlabel="tokens of context", yticks=[])
    axes.grid(visible=False, axis="y")
    reach = axes.plot([], [], color=LIGHT, linewidth=1.5, solid_capstyle="butt")[0]
    marks = {
        phase: axes.plot([], [], shape, color=colour, markeredgecolor="black", clip_on=False)[0]
        for phase, (colour, shape, *_) in PHASES.items()
    }
    look = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 10, "linespacing": 1.15}
    longest = max((name for kinds in COMPARED.values() for name in kinds()), key=len)
    names = [axes.text(-0.02, row, longest, ha="right", **look) for row in range(ROWS)]
    room = f"reading: from {LONGEST:,}\n"
    words = [axes.text(1.02, row, room, **look) for row in range(ROWS)]
    layout.legend(figure, {words: marks[phase] for phase, (*_, words) in PHASES.items()})
    return live.Artists(finding=layout.headline(figure), names=names, reach=reach, marks=marks, words=words)


def update(artists: live.Artists, compare: str, weights: str, batch: float) -> str:
    """Move the bars to one comparison, width of weights and batch; say where the first and the last turn."""
    kinds = COMPARED[compare]()
    found = turns(kinds, weights, int(batch))
    for name, label, words in itertools.zip_longest(kinds, artists.names, artists.words):
        label.set_text(name or "")
        words.set_text("\n".join(f"{phase}: {say(found[phase][name])}" for phase in found) if name else "")
    show(artists, kinds, found)
    users = "one user" if batch == 1 else f"{batch:,.0f} users"
    artists.finding.set_text(f"With {users} " + finding(found["writing"]))
    return (
        f"Writing for {users}, weights at {weights}: caches outweigh the weights in {order(found['writing'])}. "
        f"Reading a prompt, whatever the batch: attention outweighs the weights in {order(found['reading'])}."
    )


def show(artists: live.Artists, kinds: dict[str, Model], found: dict[str, dict[str, float | None]]) -> None:
    """Draw each kind's lines as far as it reads, and a mark on them where the weights no longer rule."""
    reach = []
    for phase, (_, _, shift, _) in PHASES.items():
        turns = [(turn, row + shift) for row, turn in enumerate(found[phase].values()) if turn is not None]
        artists.marks[phase].set_data(*(np.clip(turns, [1, -1], [LONGEST, ROWS]).T if turns else ([], [])))
        for row, what in enumerate(kinds.values()):
            last = min(what.max_context, LONGEST)
            reach += [(1, row + shift), (last, row + shift), (np.nan, np.nan)]
    artists.reach.set_data(*zip(*reach))


def say(turn: float | None) -> str:
    """A turning point in words."""
    if turn is None:
        return "never"
    return "at once" if turn <= 1 else f"from {float(f'{turn:.3g}'):,.0f}"


def finding(ends: dict[str, float | None]) -> str:
    """The title: which kind's cache takes over first, and how many caches never do."""
    turned = {name: turn for name, turn in ends.items() if turn is not None}
    if not turned:
        return "no cache here ever outweighs the weights"
    first = min(turned, key=turned.get)
    never = f"never in {len(ends) - len(turned)} of {len(ends)}"
    last = "later in all others" if len(turned) == len(ends) else never
    return f"the cache takes over first in {short(first)}, {say(turned[first])}; {last}"


def order(ends: dict[str, float | None]) -> str:
    """All turning points, first to last, and who has none up to its longest context."""
    turned = sorted((turn, name) for name, turn in ends.items() if turn is not None)
    said = [f"{short(name)} {say(turn)}" for turn, name in turned] or ["none"]
    never = [short(name) for name, turn in ends.items() if turn is None]
    return "; ".join(said) + (f"; never, up to its longest context, in {', '.join(never)}" if never else "")


def panel() -> live.Panel:
    """Where the cache takes over from the weights, for any number of users.

    >>> panel().set(batch=256)
    """
    return live.panel(
        draw,
        update,
        title="The context from which the cache outweighs the weights",
        size=(9, 4.8),
        compare=controls.choice("Compare", list(COMPARED)),
        weights=controls.choice("Weights", WEIGHTS, start="FP8"),
        batch=controls.log_slider("Batch", 1, 1024, start=16, unit="users", whole=True),
    )
