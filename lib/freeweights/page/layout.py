"""Where things stand on a figure: axes in rows and columns, a key of marks and words, names beside what they name.

What stands in a text when `draw` is done is the room that it gets: a label that changes begins with its longest words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Annotation, Text

from ..facts.quantities import count
from .style import BEHIND, GREY, INK

EDGE = 0.012  # of a figure's width and height that stay free on each side
TITLE, SUBTITLE = 0.38, 0.24  # inches at the top for the headline, and for a line below it
LINE = 1.3  # heights of a letter from one line of words to the next
LETTER = 0.56  # of its height is a letter wide, on average; guesses err upwards
POINTS = 10  # size of words on a figure
NEAR = 9  # points between a mark and the words beside it
NAMED = 1.035  # where names beside axes begin, in widths of them


def headline(figure: Figure) -> Text:
    """The line at the top of a figure that says the finding: empty, to be set by `update`."""
    y = 1 - TITLE / 2 / figure.get_figheight()
    return figure.text(EDGE, y, "", fontsize=12, fontweight="bold", va="center", parse_math=False)


def grid(figure: Figure, columns: Sequence[float] = (1,), rows: Sequence[float] = (1,)) -> list[Axes]:
    """Axes in rows and columns below the headline; their places are computed once `draw` is done.

    Room is left for all that stands there then: ticks, labels, names beside, a `subtitle`, a `legend`.

    Args:
        figure: an empty figure.
        columns, rows: widths of the columns and heights of the rows, as ratios.

    Returns:
        The axes, row by row.

    >>> from freeweights.page.style import blank
    >>> left, right = grid(blank((9, 4)), columns=(3, 2))
    """
    free = (EDGE, EDGE, 1 - 2 * EDGE, 1 - EDGE - TITLE / figure.get_figheight())
    figure.set_layout_engine("constrained", rect=free, w_pad=0.0, h_pad=0.0, wspace=0.04, hspace=0.06)
    axes = figure.subplots(len(rows), len(columns), width_ratios=columns, height_ratios=rows, squeeze=False)
    return axes.ravel().tolist()


def split(axes: Axes, rows: Sequence[float]) -> list[Axes]:
    """Axes of a `grid` parted into rows of their own, of such heights as ratios; the others stay as tall as they are.

    >>> from freeweights.page.style import blank
    >>> left, right = grid(blank((9, 4)), columns=(1, 1))
    >>> above, below = split(right, rows=(3, 2))
    """
    parts, figure = axes.get_subplotspec().subgridspec(len(rows), 1, height_ratios=rows), axes.figure
    axes.remove()
    return [figure.add_subplot(part) for part in parts]


def _take_line(figure: Figure) -> float:
    """Take one line of room from the top of a grid; the height of its upper edge."""
    engine = figure.get_layout_engine()
    left, bottom, width, height = engine.get()["rect"]
    engine.set(rect=(left, bottom, width, height - SUBTITLE / figure.get_figheight()))
    return bottom + height


def subtitle(figure: Figure, colour: str = GREY) -> Text:
    """An empty line below the headline of a figure with a `grid`, for words that change.

    >>> from freeweights.page.style import blank
    >>> [axes] = grid(figure := blank((9, 4)))
    >>> subtitle(figure).get_text()
    ''
    """
    y = _take_line(figure) - SUBTITLE / 2 / figure.get_figheight()
    return figure.text(EDGE, y, "", color=colour, fontsize=POINTS, va="center", parse_math=False)


def settle(figure: Figure) -> None:
    """Compute the places of a `grid`, for good: moving artists moves no axes. A figure without one stays as it is."""
    if not (engine := figure.get_layout_engine()):
        return
    for line in (line for axes in figure.axes for line in axes.lines):
        line.set_in_layout(False)  # words need room; matplotlib counts a line without points at the corner
    engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.yaxis.get_tightbbox(figure.canvas.get_renderer())  # brings its label where the ticks want it
        beside_ticks = axes.yaxis.label.get_position()[0] - axes.bbox.x0
        axes.yaxis.set_label_coords(beside_ticks / axes.bbox.width, 0.5)  # where other ticks leave it, too


def legend(place: Figure | Axes, marks: Mapping[str, Artist], columns: int | None = None) -> Legend:
    """A line of marks with their words: below the headline of a figure with a `grid`, or on top of axes.

    Args:
        place: the figure, or one of its axes.
        marks: words, and the artist that they explain; its look is that of now.
        columns: on axes, how many stand side by side; all of them if left out.

    Raises:
        ValueError: the line is wider than the figure.

    >>> from freeweights.page.style import blank
    >>> [axes] = grid(figure := blank((9, 4)))
    >>> [text.get_text() for text in legend(figure, {"measured": axes.plot([], [], "o")[0]}).get_texts()]
    ['measured']
    """
    whole = isinstance(place, Figure)
    found = place.legend(
        list(marks.values()),
        list(marks),
        loc="upper left" if whole else "lower left",
        bbox_to_anchor=(EDGE, 0, 1 - 2 * EDGE, _take_line(place)) if whole else (0, 1),
        ncols=columns or len(marks),
        fontsize=POINTS,
        labelcolor=GREY,
        borderpad=0.0,
        borderaxespad=0.0 if whole else 0.4,
        columnspacing=1.2,
        handlelength=1.3,
        handletextpad=0.5,
        numpoints=1,
    )
    if whole and (wide := found.get_window_extent().width / place.bbox.width) > 1 - 2 * EDGE:
        raise ValueError(
            f"the legend takes {wide:.0%} of the figure's width: shorten {max(marks, key=len)!r}."
        )
    return found


def label_beside(axes: Axes, colours: Mapping[str, str], room: str = "") -> dict[str, Text]:
    """Names at the right of axes, each in the ink of its colour; `stand_beside` puts them where they belong.

    Args:
        axes: where they stand; the first name is the lowest.
        colours: of the names.
        room: the longest words that one will say, if they change.

    >>> from freeweights.page.style import blank, BLUE
    >>> [axes] = grid(blank((9, 4)))
    >>> label_beside(axes, {"cost": BLUE})["cost"].get_text()
    'cost'
    """
    look = {"transform": axes.transAxes, "fontsize": POINTS, "va": "center", "parse_math": False}
    return {
        name: axes.text(
            NAMED, (place + 1) / (len(colours) + 1), room or name, color=INK.get(colour, colour), **look
        )
        for place, (name, colour) in enumerate(colours.items())
    }


def stand_beside(names: Mapping[str, Text], values: Mapping[str, float]) -> None:
    """Put names of `label_beside` at their values on the axis, moved as far as it takes to keep them apart.

    Args:
        names: the texts.
        values: where each belongs on the y axis; one that is left out is not shown.

    >>> from freeweights.page.style import blank, BLUE, RED
    >>> [axes] = grid(blank((9, 4)))
    >>> axes.set_ylim(0, 10) and None
    >>> names = label_beside(axes, {"cost": BLUE, "price": RED})
    >>> stand_beside(names, {"cost": 5.0, "price": 5.0})
    >>> bool(names["cost"].get_position()[1] < 0.5 < names["price"].get_position()[1])
    True
    """
    if shown := [name for name in names if name in values]:
        first = names[shown[0]]
        lines = max(names[name].get_text().count("\n") + 1 for name in shown)
        gap = LINE * lines * first.get_fontsize() / 72 * first.figure.dpi / first.axes.bbox.height
        heights = spread(along(first.axes.yaxis, [values[name] for name in shown]), min(gap, 1 / len(shown)))
        for name, height in zip(shown, heights):
            names[name].set_y(height)
    for name, text in names.items():
        text.set_visible(name in values)


def along(axis: Axis, values: Sequence[float]) -> np.ndarray:
    """Values as shares of the way along an axis, linear or logarithmic; what lies beyond its ends is at them.

    >>> from freeweights.page.style import blank
    >>> axes = blank((4, 3)).subplots()
    >>> axes.set(xscale="log", xlim=(1, 100)) and None
    >>> along(axes.xaxis, [10, 1000]).tolist()
    [0.5, 1.0]
    """
    low, high = ends = axis.get_view_interval()
    scaled = axis.get_transform().transform(np.clip([*ends, *values], min(low, high), max(low, high)))
    return (scaled[2:] - scaled[0]) / (scaled[1] - scaled[0])


def beside(axes: Axes, **look: object) -> Annotation:
    """Empty words for `put_beside`, on white where lines pass behind them."""
    look = {"fontsize": POINTS, "va": "center", "bbox": BEHIND, "parse_math": False, "zorder": 5} | look
    at = axes.get_xlim()[0], axes.get_ylim()[0]
    return axes.annotate("", at, (NEAR, 0), textcoords="offset points", **look)


def put_beside(label: Annotation, words: str, x: Sequence[float], y: float) -> None:
    """Put words at the right of marks of one height, or at their left if the axes end too soon.

    Args:
        label: from `beside`.
        words: what it says.
        x: where the marks are; words at an end of the axis are put there.
        y: their height.

    >>> from freeweights.page.style import blank
    >>> axes = blank((4, 3)).subplots()
    >>> label = beside(axes)
    >>> put_beside(label, "327 GB", [0.9], 0.5)
    >>> label.get_ha(), label.xy
    ('right', (0.9, 0.5))
    """
    axes = label.axes
    places = along(axes.xaxis, x)
    first, last = int(np.argmin(places)), int(np.argmax(places))
    room = (1 - places[last]) * axes.bbox.width * 72 / axes.figure.dpi - NEAR
    left = len(words) * LETTER * label.get_fontsize() > room and places[first] > 1 - places[last]
    label.xy = (x[first] if left else x[last], y)
    label.set(text=words, x=-NEAR if left else NEAR, ha="right" if left else "left")


def log_axis(axis: Axis, ticks: Mapping[float, str]) -> None:
    """Make an axis logarithmic with named ticks and no others.

    >>> from freeweights.page.style import blank
    >>> axes = blank((4, 3)).subplots()
    >>> log_axis(axes.xaxis, {1: "1", 4: "4", 16: "16"})
    >>> axes.get_xscale(), axes.get_xticks().tolist()
    ('log', [1, 4, 16])
    """
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    axis.set_ticks(list(ticks), list(ticks.values()))
    axis.set_ticks([], minor=True)


def percent_axis(axis: Axis, end: float = 1.0, step: float = 0.25) -> None:
    """Ticks of an axis of shares, from 0 to `end`, in per cent; its limits stay.

    >>> from freeweights.page.style import blank
    >>> axes = blank((4, 3)).subplots()
    >>> percent_axis(axes.xaxis, 2, 0.5)
    >>> [tick.get_text() for tick in axes.get_xticklabels()]
    ['0 %', '50 %', '100 %', '150 %', '200 %']
    """
    shares = np.arange(0, end + step / 2, step)
    axis.set_ticks(shares, [f"{100 * share:.0f} %" for share in shares])


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
