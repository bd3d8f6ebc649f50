"""Floor 5. How every figure of the course looks: sizes for the last row, colours that all eyes can part."""

from __future__ import annotations

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito (2008), "Color Universal Design": colours that people with any colour vision can tell apart.
BLUE, ORANGE, GREEN, RED, PINK, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
COLOURS = (BLUE, ORANGE, GREEN, RED, PINK, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
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


def blank(size: tuple[float, float]) -> Figure:
    """An empty figure that needs no pyplot and no backend.

    Args:
        size: width and height in inches; an inch is 100 pixels of a page.

    Returns:
        A figure with a canvas. Create and change its artists under `matplotlib.rc_context(STYLE)`.

    >>> blank((9, 4)).canvas.get_width_height()
    (1800, 800)
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, dpi=CSS_DPI * SHARPNESS)
    FigureCanvasAgg(figure)
    return figure
