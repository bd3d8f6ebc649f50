"""How every figure of the course looks: sizes for the last row, colours that all eyes can part."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping

import matplotlib
import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from ..facts.quantities import count

# Okabe and Ito (2008), "Color Universal Design": colours that people with any colour vision can tell apart.
BLUE, ORANGE, GREEN, RED, PINK, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
COLOURS = (BLUE, ORANGE, GREEN, RED, PINK, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
GLYPHS = dict(zip(MARKERS, "●■▲◆▼✚"))  # the characters that look like them
GREY = "#595959"  # seven to one against white

STYLE = {
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.2,
    "lines.markersize": 7,
    # Margins are fixed, because fitting them at every draw doubles its time.
    "figure.subplot.left": 0.09,
    "figure.subplot.right": 0.975,
    "figure.subplot.bottom": 0.15,
    "figure.subplot.top": 0.89,
    "figure.subplot.wspace": 0.25,
}

CSS_DPI = 100  # a figure of 9 by 4 inches is 900 by 400 pixels of a web page
SHARPNESS = 2  # pixels drawn for each of them: sharp on screens of double density

_turn = threading.RLock()
BEHIND = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1.0}  # of words on top of lines


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """The course's style, for one thread at a time: whatever makes, changes or draws artists does it in here.

    JupyterLab lets cells run in one thread of the kernel and widgets move in another, while matplotlib has one
    style for all threads, and a figure is not made for two. Settings of matplotlib that the style does not name
    are left alone.

    >>> with drawing():
    ...     matplotlib.rcParams["lines.linewidth"]
    2.2
    """
    with _turn:
        before = {name: matplotlib.rcParams[name] for name in STYLE}
        matplotlib.rcParams.update(STYLE)
        try:
            yield
        finally:
            matplotlib.rcParams.update(before)


def blank(size: tuple[float, float]) -> Figure:
    """An empty figure that needs no pyplot and no backend.

    Args:
        size: width and height in inches; an inch is 100 pixels of a page.

    Returns:
        A figure with a canvas. Create and change its artists under `drawing()`.

    >>> blank((9, 4)).canvas.get_width_height()
    (1800, 800)
    """
    with drawing():
        figure = Figure(figsize=size, dpi=CSS_DPI * SHARPNESS)
    FigureCanvasAgg(figure)
    return figure


def headline(figure: Figure) -> Text:
    """The line at the top of a figure that says the finding: empty, to be set by `update`."""
    return figure.text(0.012, 0.955, "", fontsize=12, fontweight="bold", va="center", parse_math=False)


def log_axis(axis: Axis, ticks: Mapping[float, str]) -> None:
    """Make an axis logarithmic with named ticks and no others.

    >>> axes = blank((4, 3)).subplots()
    >>> log_axis(axes.xaxis, {1: "1", 4: "4", 16: "16"})
    >>> axes.get_xscale(), axes.get_xticks().tolist()
    ('log', [1, 4, 16])
    """
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    axis.set_ticks(list(ticks), list(ticks.values()))
    axis.set_ticks([], minor=True)


def decades(low: float, high: float, say: Callable[[float], str] = count, every: int = 1) -> dict[float, str]:
    """Ticks at the powers of ten from `low` to `high`, each in words, or at every so many of them.

    >>> decades(0.5, 2000)
    {1.0: '1', 10.0: '10', 100.0: '100', 1000.0: '1 K'}
    """
    first, last = np.ceil(np.log10(low) - 1e-9), np.floor(np.log10(high) + 1e-9)
    return {float(10.0**power): say(float(10.0**power)) for power in np.arange(first, last + 1, every)}


def spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """Heights from 0 to 1 for labels: moved up or down until neighbours are `gap` apart; their order stays.

    >>> spread(np.array([0.5, 0.5, 0.9]), 0.1).round(2).tolist()
    [0.45, 0.55, 0.9]
    """
    order = np.argsort(heights, kind="stable")
    moved = heights[order].astype(float)
    below = gap * np.arange(moved.size)  # what the labels below each one need, and those above it
    lowest, highest = below, 1 - below[::-1]
    for _ in range(60):
        before = moved.copy()
        short = np.maximum(gap - (moved[1:] - moved[:-1]), 0) / 2
        moved[:-1] -= short
        moved[1:] += short
        moved = np.minimum(np.maximum(moved, lowest), highest)
        if (moved == before).all():
            break
    return moved[np.argsort(order, kind="stable")]


def apart(heights: list[float], gap: float) -> list[float]:
    """Heights for labels in the same order, at least `gap` apart, each at or above where it belongs.

    >>> apart([5.0, 1.0, 5.5], gap=2.0)
    [5.0, 1.0, 7.0]
    """
    placed, least = {}, -np.inf
    for index in np.argsort(heights, kind="stable"):
        placed[index] = least = max(heights[index], least + gap)
    return [float(placed[index]) for index in range(len(heights))]
