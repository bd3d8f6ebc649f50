"""Floor 5. From a figure to a picture that a page can show: drawn in full once, then only what moved."""

from __future__ import annotations

import base64
import dataclasses
import functools
import html
import io
import math
from collections.abc import Iterator

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from .plots import SHARPNESS

LETTER = 8  # pixels of the page: a little more than a letter of running text takes; guesses err upwards


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture with the words that say the same; a notebook shows both.

    Attributes:
        data: the picture, lossless WebP.
        width, height: pixels of the page.
        title: what the picture is of.
        sentence: what the picture shows, computed from the same numbers.
        format: "webp", or "png" for the light picture of a panel in motion.
    """

    data: bytes = dataclasses.field(repr=False)
    width: int
    height: int
    title: str
    sentence: str
    format: str = dataclasses.field(default="webp", repr=False)

    @property
    def alt(self) -> str:
        """What a screen reader says in place of the picture."""
        return f"{self.title}. {self.sentence}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.alt, "text/html": self.markup()}

    def markup(self, sentence: str | None = None, live: bool = False, room: int = 0, name: str = "") -> str:
        """HTML of the picture and of the sentence below it.

        Args:
            sentence: in place of the picture's own.
            live: the sentence is announced when it changes.
            room: letters that the place of the sentence must hold, so that a longer one moves nothing below.
            name: a class by which a page can find it.

        The class keeps JupyterLab from reading two dollar signs as a formula.
        """
        said = html.escape(self.sentence if sentence is None else sentence)
        role = ' role="status" aria-live="polite"' if live else ""
        lines = max(2, math.ceil(room * LETTER / self.width))
        return (
            f'<div class="{f"freeweights {name}".strip()} tex2jax_ignore mathjax_ignore">'
            f'<img width="{self.width}" height="{self.height}" style="max-width:100%;height:auto" '
            f'alt="{html.escape(self.alt, quote=True)}" '
            f'src="data:image/{self.format};base64,{base64.b64encode(self.data).decode()}">'
            f'<p{role} style="margin:4px 0;max-width:{self.width}px;line-height:1.6;'
            f'min-height:{1.6 * lines:g}em">{said}</p></div>'
        )


class Typesetter(RendererAgg):
    """A renderer that keeps the pixels of words, because drawing them takes most of a panel's time.

    Words at the same place in the same look over the same pixels give the same pixels: these are kept, with
    those that were there before, until a page has gone by without them.
    """

    def __init__(self, width: float, height: float, dpi: float):
        super().__init__(width, height, dpi)
        self._last: dict[tuple, tuple] = {}
        self._kept: dict[tuple, tuple] = {}

    def turn_page(self) -> None:
        """Begin a new page: forget the words that the last one did not have."""
        self._last, self._kept = self._kept, {}

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        """Draw words as matplotlib does, or put down what it drew before."""
        clip, path = gc.get_clip_rectangle(), gc.get_clip_path()[0]
        if mtext is None or path is not None:  # several lines, or inside a shape: too seldom to keep
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        look = gc.get_rgb(), gc.get_alpha(), gc.get_antialiased(), clip and clip.bounds
        words = (s, hash(prop), x, y, angle, ismath, *look)
        there, before, after = self._kept.get(words) or self._last.get(words) or (None, None, None)
        pixels = np.asarray(self.buffer_rgba())
        if there is None or not np.array_equal(pixels[there], before):
            there = there or self._around(mtext)
            before = pixels[there].copy()
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            after = pixels[there].copy()
        else:
            pixels[there] = after
        self._kept[words] = there, before, after

    def _around(self, text: Text) -> tuple[slice, slice]:
        """The rows and columns that a text can touch: its box, and a margin for letters that overhang."""
        box = Text.get_window_extent(text, self).padded(text.get_fontsize())
        left, right, bottom, top = (max(0, round(side)) for side in (box.x0, box.x1, box.y0, box.y1))
        height = round(self.height)
        return slice(max(0, height - top), max(0, height - bottom)), slice(left, right)


class Canvas(FigureCanvasAgg):
    """A canvas whose words a `Typesetter` draws."""

    @functools.cached_property
    def renderer(self) -> Typesetter:
        return Typesetter(*self.figure.bbox.size, self.figure.dpi)

    def get_renderer(self) -> Typesetter:
        return self.renderer


class Stage:
    """A figure whose moving artists are drawn over a kept background.

    Args:
        figure: a figure with an Agg canvas.
        artists: what moves: artists, or lists, dicts, dataclasses or containers of them; the rest stays.

    The background is drawn again only when something else than they changed (limits, ticks, labels).
    matplotlib itself keeps count: a change marks the figure stale, except where the artist is animated.
    """

    def __init__(self, figure: Figure, artists: object):
        self.figure, self._artists = figure, artists
        Canvas(figure)
        self.full_draws = 0
        self._moving: list[Artist] = []

    def draw(self) -> np.ndarray:
        """Draw the present state; the pixels, height x width x 4 (a view: valid until the next draw)."""
        canvas = self.figure.canvas
        canvas.get_renderer().turn_page()
        self._moving = sorted(self._find_moving(), key=lambda artist: artist.get_zorder())
        for artist in self._moving:
            if not artist.get_animated():
                artist.set_animated(True)
                self.figure.stale = True
        if self.figure.stale:
            canvas.draw()
            self._background = canvas.copy_from_bbox(self.figure.bbox)
            self.full_draws += 1
        canvas.restore_region(self._background)
        for artist in self._moving:
            (artist.axes or self.figure).draw_artist(artist)
        return np.asarray(canvas.buffer_rgba())

    def _find_moving(self) -> list[Artist]:
        # Titles say the finding, so they often change: they always count as moving.
        sides = ("title", "_left_title", "_right_title")
        titles = [getattr(axes, side) for axes in self.figure.axes for side in sides]
        found = {id(artist): artist for artist in [*titles, *artists_in(self._artists)]}
        return list(found.values())


def artists_in(things: object) -> Iterator[Artist]:
    """Every artist in nested lists, dicts, dataclasses and containers, axes and figures aside.

    >>> from freeweights.plots import blank
    >>> axes = blank((4, 3)).subplots()
    >>> [type(a).__name__ for a in artists_in({"bars": axes.bar([1, 2], [3, 4]), "axes": axes, "n": 3})]
    ['Rectangle', 'Rectangle']
    """
    if isinstance(things, Artist):
        if not isinstance(things, Axes | Figure):
            yield things
    elif isinstance(things, dict):
        yield from artists_in(list(things.values()))
    elif isinstance(things, list | tuple):  # matplotlib's containers are tuples
        for thing in things:
            yield from artists_in(thing)
    elif dataclasses.is_dataclass(things):
        yield from artists_in([getattr(things, field.name) for field in dataclasses.fields(things)])


def photograph(pixels: np.ndarray, title: str, sentence: str, sharp: bool = True) -> Picture:
    """Encode pixels drawn at `SHARPNESS` as a picture.

    Args:
        pixels: height x width x 4, opaque, one row after the other in memory.
        title, sentence: what the picture is of, and what it shows.
        sharp: every pixel, its colour exact; else one pixel for each of the page, in 256 colours: a quarter
            of the time and half the bytes, for a picture that another one soon replaces.
    """
    height, width = (side // SHARPNESS for side in pixels.shape[:2])
    # RGBX reads the pixels where they are: no copy and no conversion.
    image = Image.frombuffer("RGBX", (pixels.shape[1], pixels.shape[0]), pixels, "raw", "RGBX", 0, 1)
    file = io.BytesIO()
    if sharp:
        # For plots method 0 takes as long and two to nine times the bytes.
        image.save(file, "WEBP", lossless=True, method=1, quality=0)
    else:
        few = image.reduce(SHARPNESS).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=0)
        few.save(file, "PNG", compress_level=1)
    return Picture(file.getvalue(), width, height, title, sentence, "webp" if sharp else "png")
