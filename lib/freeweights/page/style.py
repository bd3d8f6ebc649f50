"""How every figure of the course looks: sizes for the last row, colours that all eyes can part."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito (2008), "Color Universal Design": colours that people with any colour vision can tell apart.
BLUE, ORANGE, GREEN, RED, PINK, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
SAND = "#FBE3B5"  # a pale orange, behind words
COLOURS = (BLUE, ORANGE, GREEN, RED, PINK, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
GLYPHS = dict(zip((*MARKERS, "<", "h"), "●■▲◆▼✚◀⬢"))  # the characters that look like them
GREY, LIGHT, FAINT = (
    "#595959",
    "#BBBBBB",
    "#DDDDDD",
)  # words: seven to one against white; marks; lines behind marks
# What words about a mark are written in: its colour, darkened until it stands 4.5 to one against white.
INK = {BLUE: BLUE, ORANGE: "#8A5F00", GREEN: "#00664A", RED: "#A84A00", PINK: "#A8487F", SKY: "#00718F"}
INK |= {"black": "black", GREY: GREY}

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
    "grid.color": FAINT,
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
