"""The forms that panels share: rows of quantities, curves named at their ends, bars made of parts, a grid of words.

Each is drawn once and returns its artists as a dataclass; `show` moves all of them to new numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D
from matplotlib.text import Text

from .layout import NAMED, POINTS, along, beside, label_beside, put_beside, stand_beside
from .style import BEHIND, GREEN, GREY, INK

NOWHERE = ([], [])
CLOSE = 0.02  # of the axes: a name so near to the end of its curve needs no line that leads to it


# ---- Rows of quantities
@dataclass(frozen=True)
class Quantity:
    """What one row shows.

    Attributes:
        at: what is expected; None: no mark.
        range: its low and high end.
        bound: what it cannot pass.
        published: what others measured.
        words: what the row says.
        ink: their colour.
    """

    at: float | None = None
    range: tuple[float, float] | None = None
    bound: float | None = None
    published: float | None = None
    words: str = ""
    ink: str = "black"


@dataclass(frozen=True)
class Rows:
    """Rows on one axis: for each its mark, range and words; for all together their bounds and published marks."""

    heights: dict[str, float]
    marks: dict[str, Line2D]
    ranges: dict[str, Line2D]
    words: dict[str, Text]
    bounds: Line2D
    published: Line2D

    def show(self, found: Mapping[str, Quantity]) -> None:
        """Move every row to its quantity; one that is left out is empty. Beyond the axis' ends marks stand at them."""
        low, high = sorted(map(float, self.bounds.axes.get_xlim()))
        bounds, published = [], []
        for name, y in self.heights.items():
            one = found.get(name, Quantity())
            at, bound, seen = (
                [] if value is None else [min(max(value, low), high)]
                for value in (one.at, one.bound, one.published)
            )
            ends = [] if one.range is None else [min(max(end, low), high) for end in one.range]
            self.marks[name].set_data(at, [y] * len(at))
            self.ranges[name].set_data(ends, [y] * len(ends))
            bounds += [(x, y) for x in bound]
            published += [(x, y) for x in seen]
            words = self.words[name]
            if words.get_gid() == "beside":
                put_beside(words, one.words, [*at, *ends, *bound, *seen] or [low], y)
            else:
                words.set_text(one.words)
            words.set_color(one.ink)
        self.bounds.set_data(*zip(*bounds) if bounds else NOWHERE)
        self.published.set_data(*zip(*published) if published else NOWHERE)


def rows(axes: Axes, looks: Mapping[str, tuple[str, str]], words: str = "beside", room: str = "") -> Rows:
    """Rows of quantities on the x axis, which has its limits already; the first row stands at the top.

    Args:
        axes: where they stand.
        looks: for each row its colour and marker.
        words: where a row's words stand: "beside" its marks, "right" of the axes, or "below" the marks with the row's
            name above them.
        room: the longest words at the right.

    Returns:
        The rows, empty until `show`.

    >>> from freeweights.page import layout, style
    >>> [axes] = layout.grid(style.blank((9, 4)))
    >>> layout.log_axis(axes.xaxis, {1: "1 s", 100: "100 s"})
    >>> found = rows(axes, {"load": (style.BLUE, "o"), "read": (style.ORANGE, "s")})
    >>> found.show({"load": Quantity(10.0, range=(5.0, 500.0), words="10 s")})
    >>> found.ranges["load"].get_xdata()
    [5.0, 100.0]
    """
    heights = dict(zip(looks, range(len(looks))))
    low = axes.get_xlim()[0]
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, pad=9)  # room for half a mark at the axis' end
    if words == "below":
        axes.set(ylim=(len(looks) - 0.4, -0.62), yticks=[])
        axes.spines["left"].set_visible(False)
        for name, y in heights.items():
            ink = INK.get(looks[name][0], "black")
            axes.text(low, y - 0.22, name, va="bottom", color=ink, fontsize=11, fontweight="bold")
    else:
        axes.set(ylim=(len(looks) - 0.5, -0.5))
        axes.set_yticks(list(heights.values()), list(looks))
    whole = {"clip_on": False, "linestyle": ""}  # so that a mark at an end of the axis is seen whole
    mark = {"markersize": 9, "markeredgecolor": "black", "zorder": 4} | whole
    wide = {"linewidth": 5, "alpha": 0.45, "solid_capstyle": "butt"}
    return Rows(
        heights,
        {name: axes.plot([], [], marker, color=c, **mark)[0] for name, (c, marker) in looks.items()},
        {name: axes.plot([], [], color=colour, **wide)[0] for name, (colour, _) in looks.items()},
        {name: _words_of_row(axes, y, words, room) for name, y in heights.items()},
        axes.plot([], [], "|", color=GREEN, markersize=13, markeredgewidth=3, **whole)[0],
        axes.plot([], [], "X", color="black", **mark | {"markeredgecolor": "white", "zorder": 5})[0],
    )


def _words_of_row(axes: Axes, y: float, place: str, room: str) -> Text:
    if place == "beside":
        return beside(axes, gid="beside")
    look = {"fontsize": POINTS, "parse_math": False}
    if place == "right":
        side = axes.get_yaxis_transform()
        return axes.text(1.02, y, room, va="center", linespacing=1.3, transform=side, **look)
    return axes.text(axes.get_xlim()[0], y + 0.2, room, va="top", bbox=BEHIND, **look)


# ---- Curves
@dataclass(frozen=True)
class Curves:
    """Curves with their names at the right, and a line at the value of x that a control has."""

    lines: dict[str, Line2D]
    names: dict[str, Text]
    leaders: Line2D
    here: Line2D

    def show(
        self,
        found: Mapping[str, tuple[Sequence, Sequence]],
        here: float | None = None,
        chosen: str = "",
        words: Mapping[str, str] | None = None,
    ) -> None:
        """Move all curves; one that is left out, or has no finite value, is not shown.

        Args:
            found: for each curve its x and y; y may be masked.
            here: where the line stands; nowhere if None.
            chosen: the curve that is drawn thick, if any.
            words: what the names say from now on.
        """
        ends = {}
        for name, line in self.lines.items():
            x, y = found.get(name, NOWHERE)
            y = np.ma.filled(np.ma.asarray(y, float), np.nan)
            line.set_data(x, y)
            if chosen:
                line.set_linewidth(4 if name == chosen else 1.6)
            if (finite := np.flatnonzero(np.isfinite(y))).size:
                ends[name] = float(x[finite[-1]]), float(y[finite[-1]])
        for name, said in (words or {}).items():
            self.names[name].set_text(said)
        self._name({name: end for name, end in ends.items() if name in self.names})
        self.here.set(visible=here is not None, xdata=[0 if here is None else here] * 2)

    def _name(self, ends: Mapping[str, tuple[float, float]]) -> None:
        """Put names at the ends; a thin line leads to a name from an end that is far from it."""
        stand_beside(self.names, {name: y for name, (_, y) in ends.items()})
        axes, leaders = self.here.axes, []
        if ends:
            across, up = zip(*ends.values())
            for name, x, y in zip(ends, along(axes.xaxis, across), along(axes.yaxis, up)):
                named = self.names[name].get_position()[1]
                if x < 1 - CLOSE or abs(y - named) > CLOSE:
                    leaders += [(x, y), (1, y), (NAMED - 0.005, named), (np.nan, np.nan)]
        self.leaders.set_data(*zip(*leaders) if leaders else NOWHERE)


def curves(
    axes: Axes, looks: Mapping[str, tuple[str, str]], words: Mapping[str, str] | None = None
) -> Curves:
    """Curves on axes that have their limits already, named at the right of them, where there is a name.

    Args:
        axes: where they stand.
        looks: for each curve its colour and line style.
        words: what names say at their longest, if not as they are called; {} for none.

    >>> from freeweights.page import layout, style
    >>> [axes] = layout.grid(style.blank((9, 4)))
    >>> found = curves(axes, {"cost": (style.BLUE, "-"), "price": (style.RED, "--")})
    >>> found.show({"cost": ([1, 2], [3, 4])}, here=1.5)
    >>> [name for name, text in found.names.items() if text.get_visible()]
    ['cost']
    """
    words = dict(zip(looks, looks)) if words is None else words
    names = label_beside(axes, {name: looks[name][0] for name in words})
    for name, said in words.items():
        names[name].set_text(said)
    thin = {"color": GREY, "linewidth": 1, "linestyle": ":", "clip_on": False}
    return Curves(
        {
            name: axes.plot([], [], linestyle=style, color=colour)[0]
            for name, (colour, style) in looks.items()
        },
        names,
        axes.plot([], [], transform=axes.transAxes, **thin)[0],
        axes.axvline(axes.get_xlim()[0], color=GREY, linewidth=1.2, linestyle=":"),
    )


# ---- Bars made of parts
@dataclass(frozen=True)
class Stacks:
    """Horizontal bars made of parts, one above the other, with words at their ends or above them."""

    bars: dict[str, BarContainer]
    words: list[Text]

    def show(self, row: int, parts: Mapping[str, float], words: str = "", ink: str = "black") -> None:
        """Make one bar of its parts, cut at the axis' end; parts that are left out are nothing."""
        label = self.words[row]
        base, end = 0.0, float(label.axes.get_xlim()[1])
        for part, bars in self.bars.items():
            width = min(parts.get(part, 0.0), end - base)
            bars[row].set(x=base, width=width)
            base += width
        if label.get_gid() == "beside":
            put_beside(label, words, [base], row)
        else:
            label.set_text(words)
        label.set_color(ink)


def stacks(axes: Axes, names: Sequence[str], parts: Mapping[str, tuple[str, str]], above: str = "") -> Stacks:
    """Bars of parts on axes whose x axis has its limits already and begins at 0; the first bar is at the top.

    Args:
        axes: where they stand.
        names: of the bars, at the left of them.
        parts: for each part its colour and hatch.
        above: the longest words that a bar gets, if they stand above it rather than at its end.

    >>> from freeweights.page import layout, style
    >>> [axes] = layout.grid(style.blank((9, 4)))
    >>> axes.set_xlim(0, 2) and None
    >>> found = stacks(axes, ["1 device"], {"work": (style.SKY, ""), "wait": (style.GREY, "//")})
    >>> found.show(0, {"work": 1.5, "wait": 3.0}, "4.5 s")
    >>> [bars[0].get_width() for bars in found.bars.values()]
    [1.5, 0.5]
    """
    axes.set(ylim=(len(names) - 0.5, -0.75 if above else -0.5))
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    places, height = range(len(names)), 0.42 if above else 0.6
    bars = {
        part: axes.barh(places, 0, height, color=colour, hatch=hatch, edgecolor="white", linewidth=0)
        for part, (colour, hatch) in parts.items()
    }
    look = {"fontsize": POINTS, "va": "bottom", "parse_math": False}
    words = [
        axes.text(0, row - 0.26, above, **look) if above else beside(axes, gid="beside") for row in places
    ]
    return Stacks(bars, words)


# ---- A grid of words
@dataclass(frozen=True)
class Cells:
    """A table of coloured cells with words in them, names at their left and heads below; as many as are shown."""

    shades: PolyCollection
    words: list[list[Text]]
    names: list[Text]
    heads: list[Text]

    def show(self, table: Mapping[tuple[str, str], tuple[str, str]], inks: Mapping[str, str]) -> None:
        """Show a table, its rows and columns in the order in which they first come.

        Args:
            table: for each name and head the words and the colour of the cell; all heads for each name.
            inks: for each colour that of the words on it.
        """
        names, heads = (list(dict.fromkeys(key[side] for key in table)) for side in (0, 1))
        across, down = ((np.arange(len(one)) + 0.5) / len(one) for one in (heads, names))
        half = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]) / (len(heads), len(names))
        self.shades.set_verts([(x, y) + half for y in down for x in across])
        self.shades.set_facecolors([colour for _, colour in table.values()])
        for label, name, y in zip_longest(self.names, names, down, fillvalue=""):
            _write(label, name, label.get_position()[0], y or 0.0)
        for label, head, x in zip_longest(self.heads, heads, across, fillvalue=""):
            _write(label, head, x or 0.0, label.get_position()[1])
        for texts, name, y in zip_longest(self.words, names, down):
            for label, head, x in zip_longest(texts, heads, across):
                words, colour = table.get((name, head), ("", None))
                _write(label, words, x or 0.0, y or 0.0, inks.get(colour, "black"))


def _write(label: Text, words: str, x: float, y: float, colour: str = "black") -> None:
    """Put words at a place, unless they stand there: most of a table does, whatever moved."""
    if (label.get_text(), *label.get_position()) != (words, x, y):
        label.set(text=words, position=(x, y))
    if label.get_color() != colour:
        label.set_color(colour)


def cells(axes: Axes, rows: int, columns: int, name: str = "", head: str = "") -> Cells:
    """A table that fills the axes, which it hides.

    Args:
        axes: where it stands.
        rows, columns: as many as the largest table has.
        name, head: the longest of each.

    >>> from freeweights.page import layout, style
    >>> [axes] = layout.grid(style.blank((9, 4)))
    >>> found = cells(axes, 2, 2, "Llama", "H200")
    >>> found.show({("GPT-2", "H200"): ("16", "#0072B2")}, {"#0072B2": "white"})
    >>> [text.get_text() for row in found.words for text in row]
    ['16', '', '', '']
    """
    axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
    axes.axis("off")
    look = {"fontsize": POINTS, "va": "center"}
    return Cells(
        axes.add_collection(PolyCollection([], antialiaseds=False, linewidths=0)),
        [[axes.text(0, 0, "", ha="center", **look) for _ in range(columns)] for _ in range(rows)],
        [axes.text(-0.012, 0.5, name, ha="right", **look) for _ in range(rows)],
        [axes.text(0.5, 1.012, head, ha="center", **look | {"va": "top"}) for _ in range(columns)],
    )
