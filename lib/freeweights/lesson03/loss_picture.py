"""Lesson 03's result: what a mixture and dense networks learned for their FLOPs and seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..learn.moe_training import MIXTURE, SAME_FLOPS, SAME_PARAMETERS, MoeRun
from ..learn.training_loop import margin
from ..page import layout, live
from ..page.renderer import Picture
from ..page.style import BLUE, GREEN, ORANGE

KINDS = {
    MIXTURE.name: (BLUE, "o", "-"),
    SAME_FLOPS.name: (ORANGE, "s", "--"),
    SAME_PARAMETERS.name: (GREEN, "^", "-."),
}
SIDES = "training FLOPs", "seconds of training on this machine"


def picture(runs: Sequence[MoeRun]) -> Picture:
    """Held-out loss against the FLOPs and the seconds of training, one line for each run.

    Args:
        runs: of `moe_training.compare`, all of them or those until it was stopped.
    """
    return live.picture(
        lambda figure: draw(figure, runs), title="Loss against compute", size=(9, 4.4), sentence=finding(runs)
    )


def draw(figure: Figure, runs: Sequence[MoeRun]) -> None:
    """The same curves on two axes."""
    layout.headline(figure).set_text(title(runs))
    for axes, label in zip(layout.grid(figure, columns=(1, 1)), SIDES, strict=True):
        axes.set(xlabel=label, ylabel="bits per byte, held out")
        key = {name: axes.plot([], [], style, color=colour, marker=marker, linewidth=1.4, markersize=5)[0]
               for name, (colour, marker, style) in KINDS.items()}  # fmt: skip
        ends = []
        for run in (run for run in runs if len(run.marks) > 1):
            spent = run.flops if label == SIDES[0] else run.seconds
            colour, marker, style = KINDS[run.recipe.name]
            axes.plot(
                spent[1:], run.held[1:], style, color=colour, marker=marker, linewidth=1.4, markersize=5
            )
            ends += [spent[1], spent[-1]]
        if ends:
            say = q.count if label == SIDES[0] else q.significant
            layout.log_axis(axes.xaxis, layout.decades(0.7 * min(ends), 1.4 * max(ends), say))
    layout.legend(figure, key)


def title(runs: Sequence[MoeRun]) -> str:
    """The margin over the dense network of equal FLOPs, if it can be told."""
    found = margin(runs, MIXTURE.name, SAME_FLOPS.name)
    if found is None:
        return "Not enough was trained to tell a margin"
    way = "lower" if found.bits > 0 else "higher"
    return f"At equal FLOPs the mixture ends {abs(found.bits):.2f} bits {way}; seeds differ by {found.spread:.2f}"


def finding(runs: Sequence[MoeRun]) -> str:
    """What the runs show, margins against the spread of seeds; or what is missing to say so."""
    by_name = {run.recipe.name: run for run in reversed(runs) if not run.stopped}
    said = []
    for name, what in ((SAME_FLOPS.name, "FLOPs per token"), (SAME_PARAMETERS.name, "parameters")):
        found = margin(runs, MIXTURE.name, name)
        if found is None:
            said.append(f"Too few runs were finished to compare at equal {what}: run the cell again.")
            continue
        mixture, dense = by_name[MIXTURE.name], by_name[name]
        sizes = (
            f"{q.count(mixture.parameters)} parameters against {q.count(dense.parameters)}"
            if what != "parameters"
            else f"{q.times(dense.flops_per_token / mixture.flops_per_token)} the FLOPs in the dense one"
        )
        way = "fewer" if found.bits > 0 else "more"
        clear = "more" if abs(found.bits) > found.spread else "not more"
        said.append(
            f"At equal {what} ({sizes}) the mixture needs {abs(found.bits):.3f} bits per byte {way} than "
            f"the dense network; over {found.seeds} seeds a network differs by up to {found.spread:.3f}, "
            f"so the margin is {clear} than the spread."
        )
    if all(name in by_name for name in KINDS):
        took = {
            name: float(np.median([run.seconds[-1] for run in runs if run.recipe.name == name]))
            for name in by_name
        }
        said.append(in_seconds(by_name[MIXTURE.name], by_name[SAME_FLOPS.name], took))
    return " ".join(said)


def in_seconds(mixture: MoeRun, dense: MoeRun, took: dict[str, float]) -> str:
    """How long the mixture took beside the dense network of equal FLOPs, and where it stood when that was done."""
    stood = np.interp(np.log(dense.seconds[-1]), np.log(mixture.seconds[1:]), mixture.held[1:])
    return (
        f"In seconds it took {q.times(took[mixture.recipe.name] / took[dense.recipe.name])} as long as the dense network of "
        f"equal FLOPs here; when that one was done, with {dense.bits:.2f} bits, it stood at {stood:.2f}, its learning "
        "rate still high."
    )
