"""Lesson 03's training: the load of each expert, while it trains and afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..learn import moe_training
from ..learn.moe_training import BALANCINGS, SWITCHED, MoeRun
from ..page import charts, controls, layout, live
from ..page.renderer import LayeredFigure, Picture, encode
from ..page.style import BLUE, GREEN, ORANGE, blank, drawing

EVERY, PATIENCE = 0.5, 12  # seconds between two live pictures, and at least so many times what one costs
COLUMN = 8  # steps in one column of a live picture: finer ones take long to draw
SMOOTH = 20  # steps whose load is taken together
HUNGRY = 0.1  # an expert with less than this part of an even share has starved
STYLES = {"none": ORANGE, "auxiliary loss": BLUE, "bias": GREEN}


# ---- while it trains
class Loads:
    """The load of every expert over time, one map for each balancing: a picture that follows the training."""

    title = "Load of each expert while the mixture trains"

    def __init__(self, recipe: moe_training.MoeRecipe = SWITCHED):
        self.recipe, self._runs, self._due, self._handle = recipe, {}, 0.0, None
        self._figure = blank((9, 3.6))
        with drawing():
            frames = layout.grid(self._figure, columns=(1,) * len(BALANCINGS))
            self._maps = {way: self._map(axes, way) for axes, way in zip(frames, BALANCINGS)}
            frames[0].set_ylabel("expert")
            bar = self._figure.colorbar(self._maps[BALANCINGS[-1]], ax=frames, extend="max", aspect=30)
            bar.set_ticks([0, 1, 2, 3, 4])
            bar.ax.set_title("even: 1", loc="right", fontsize=10, fontweight="normal")
            layout.settle(self._figure)
        self._stage = LayeredFigure(self._figure, list(self._maps.values()))

    def _map(self, axes: Axes, way: str):
        axes.set_title(named(way))
        axes.set(xlim=(0, self.recipe.steps), ylim=(0, self.recipe.experts), xlabel="step")
        axes.set_xticks([part * self.recipe.steps // 4 for part in range(4)])
        axes.grid(False)
        extent = (0, self.recipe.steps, 0, self.recipe.experts)
        colours = matplotlib.colormaps["cividis"].resampled(9)  # so few are drawn in a quarter of the time
        return axes.imshow(nothing(self.recipe.experts, 1), cmap=colours, vmin=-0.25, vmax=4.25,
                           aspect="auto", extent=extent, origin="lower", interpolation="nearest")  # fmt: skip

    def follow(self, run: MoeRun) -> None:
        """Take a run so far, and draw it if it is time."""
        self.take(run)
        if time.perf_counter() >= self._due:
            start = time.perf_counter()
            self.show()
            end = time.perf_counter()
            self._due = end + max(EVERY, PATIENCE * (end - start))

    def take(self, run: MoeRun) -> None:
        """Take a run in the place of what is known of it."""
        self._runs[run.recipe.balancing] = run

    def picture(self) -> Picture:
        """The load so far."""
        with drawing():
            for way, run in self._runs.items():
                if len(run.loads):
                    loads = smoothed(run)
                    shown = nothing(self.recipe.experts, self.recipe.steps // COLUMN)
                    done = loads[COLUMN // 2 :: COLUMN].T
                    shown[:, : done.shape[1]] = done
                    self._maps[way].set_data(shown)
                    self._maps[way].axes.set_title(f"{named(way)}: {in_use(loads[-1]):.0f} in use")
            return encode(self._stage.draw(), self.title, told(list(self._runs.values())))

    def show(self) -> None:
        """Put the picture on the page, in the place of the one before."""
        if self._handle is None:
            self._handle = display(self.picture(), display_id=True)
        else:
            self._handle.update(self.picture())


def watch(train: Callable[..., list[MoeRun]] = moe_training.balance) -> list[MoeRun]:
    """Train while a picture shows where the tokens go; the runs, as many as were trained until a stop."""
    loads = Loads()
    runs = train(watch=loads.follow)
    for run in runs:
        loads.take(run)
    with suppress(KeyboardInterrupt):
        loads.show()
    return runs


def nothing(rows: int, columns: int) -> np.ma.MaskedArray:
    """A map that shows nothing yet."""
    return np.ma.masked_array(np.zeros((rows, columns)), mask=True)


def smoothed(run: MoeRun) -> np.ndarray:
    """Load of each expert over an even share, as a mean over the steps around; (steps, experts)."""
    if not len(run.loads):
        return np.zeros(run.loads.shape)
    sums = np.cumsum(np.vstack([np.zeros(run.loads.shape[1]), run.loads]), axis=0)
    steps = np.arange(len(run.loads))
    low, high = np.maximum(steps - SMOOTH // 2, 0), np.minimum(steps + SMOOTH // 2, len(steps) - 1) + 1
    mean = (sums[high] - sums[low]) / (high - low)[:, None]
    return mean / mean.mean(axis=1, keepdims=True)


def in_use(load: np.ndarray) -> np.ndarray:
    """How many experts are in use: so many, equally loaded, have the same entropy. Last axis: experts.

    >>> in_use(np.array([5, 5, 0, 0])).round(3), in_use(np.array([5, 5, 5, 5])).round(3)
    (np.float64(2.0), np.float64(4.0))
    """
    share = load / load.sum(axis=-1, keepdims=True)
    return np.exp(-np.sum(share * np.log(np.where(share > 0, share, 1)), axis=-1))


def named(way: str) -> str:
    """A balancing in words."""
    return "no balancing" if way == "none" else way


def told(runs: Sequence[MoeRun]) -> str:
    """Where the tokens of each run went at last."""
    said = []
    for run in runs:
        way = named(run.recipe.balancing)
        if not len(run.losses):
            said.append(f"{way}: stopped before its first step")
            continue
        last = smoothed(run)[-1]
        end = f"at step {len(run.losses)}" if run.stopped else f"{run.bits:.2f} bits a byte"
        said.append(f"{way}: {q.significant(in_use(last))} of {len(last)} experts are in use, {end}")
    if missing := [way for way in BALANCINGS if way not in {run.recipe.balancing for run in runs}]:
        said.append(f"not trained: {', '.join(missing)}")
    sentence = "; ".join(said) + "."
    return sentence[0].upper() + sentence[1:]


# ---- after training: balancing
def load_panel(runs: Sequence[MoeRun]) -> live.Panel:
    """The load of each expert at a moment of training, and how many are in use over time.

    Args:
        runs: of `moe_training.balance`, all of them or as many as there are.
    """
    by_way = {run.recipe.balancing: run for run in runs if len(run.loads)}

    def update(artists: live.Artists, way: str, step: float) -> str:
        return move(artists, by_way, way, step)

    return live.panel(
        lambda figure: draw_loads(figure, by_way),
        update,
        title="Load of each expert, and experts in use over time",
        size=(9, 3.8),
        way=controls.choice("Balancing", BALANCINGS),
        step=controls.slider("Step", 1, SWITCHED.steps, start=SWITCHED.steps, step=1, whole=True),
    )


def draw_loads(figure: Figure, by_way: dict[str, MoeRun]) -> live.Artists:
    """Bars on the left, curves on the right."""
    left, right = layout.grid(figure, columns=(3, 2))
    experts = SWITCHED.experts
    most = max([2.0, *(1.05 * smoothed(run).max() for run in by_way.values())])
    left.set(xlim=(0, experts + 1), ylim=(0, most), xlabel="expert, the busiest at last first")
    left.set(ylabel="load over an even share", xticks=[1, experts // 2, experts])
    left.axhline(1, color="black", linewidth=1, linestyle=":")
    right.set(xlim=(1, SWITCHED.steps), ylim=(0, experts + 1), xlabel="step", ylabel="experts in use")
    return live.Artists(
        finding=layout.headline(figure),
        bars=left.bar(np.arange(1, experts + 1), np.zeros(experts), width=0.8),
        dot=right.plot([], [], "o", color="black", clip_on=False)[0],
        curves=charts.curves(right, {way: (STYLES[way], "-") for way in by_way}),
    )


def move(artists: live.Artists, by_way: dict[str, MoeRun], way: str, step: float) -> str:
    """Show one moment of one run; say what is missing if it was not trained so far."""
    run = by_way.get(way)
    used = {other: in_use(smoothed(one)) for other, one in by_way.items()}
    curves = {other: (np.arange(1, len(one) + 1), one) for other, one in used.items()}
    shares = np.zeros(SWITCHED.experts)
    if run is not None:
        at = min(int(step), len(run.loads)) - 1
        loads = smoothed(run)
        order = np.argsort(-loads[-1], kind="stable")
        shares = loads[at]
    for bar, share in zip(artists.bars, shares[order] if run else shares, strict=True):
        bar.set(height=share, color=STYLES[way])
    if run is None:
        artists.curves.show(curves, chosen=way)
        artists.dot.set_data(*charts.NOWHERE)
        artists.finding.set_text(f"{way.capitalize()}: not trained")
        return f"Training was stopped before the run with balancing {way!r}: run its cell again to see it."
    used = float(in_use(shares))
    artists.curves.show(curves, here=at + 1, chosen=way)
    artists.dot.set_data([at + 1], [used])
    starved, top = int(np.sum(shares < HUNGRY)), float(np.sort(shares)[-4:].sum() / len(shares))
    name = "No balancing" if way == "none" else f"Balanced by {way}"
    artists.finding.set_text(
        f"{name}: {q.significant(used)} of {len(shares)} experts in use, {starved} starved"
    )
    note = "" if at + 1 == step else f"It was stopped after step {len(run.loads)}, so that is shown. "
    ends = f" In the end it costs {run.bits:.3f} bits a byte of held-out text."
    return (
        f"{note}Around step {at + 1}, the four busiest experts take {q.percent(top)} of the tokens, and "
        f"{starved} of {len(shares)} get less than {q.percent(HUNGRY)} of an even share; the loss is "
        f"{run.losses[at]:.2f} bits." + ("" if run.stopped else ends)
    )
