"""From a figure to a picture that a page can show: drawn in full once, then only what moved."""

from __future__ import annotations

import base64
import dataclasses
import functools
import html
import io
import math
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from PIL import Image

from .style import SHARPNESS

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

    @property
    def pixels(self) -> np.ndarray:
        """What the picture shows, height x width x 4."""
        return np.asarray(Image.open(io.BytesIO(self.data)).convert("RGBA"))

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.alt, "text/html": self.markup()}

    def markup(self, sentence: str | None = None, live: str = "", room: int = 0, name: str = "") -> str:
        """HTML of the picture and of the sentence below it.

        Args:
            sentence: in place of the picture's own.
            live: "polite" if a screen reader is to say the sentence, "off" while a hand still moves what it
                says; "" for a picture that never changes.
            room: letters that the place of the sentence must hold, so that a longer one moves nothing below.
            name: a class by which a page can find it.

        The class keeps JupyterLab from reading two dollar signs as a formula.
        """
        said = html.escape(self.sentence if sentence is None else sentence)
        role = f' role="status" aria-live="{live}"' if live else ""
        lines = max(2, math.ceil(room * LETTER / self.width))
        return (
            f'<div class="{f"freeweights {name}".strip()} tex2jax_ignore mathjax_ignore">'
            f'<img width="{self.width}" height="{self.height}" style="max-width:100%;height:auto" '
            f'alt="{html.escape(self.alt, quote=True)}" '
            f'src="data:image/{self.format};base64,{base64.b64encode(self.data).decode()}">'
            f'<p{role} style="margin:4px 0;max-width:{self.width}px;line-height:1.6;'
            f'min-height:{1.6 * lines:g}em">{said}</p></div>'
        )


@dataclasses.dataclass(frozen=True)
class CachedText:
    """A line of text, set and drawn once.

    Attributes:
        ink: how much of each pixel is covered, 0 to 255, rows x columns.
        start: pixels from the place of the text to the first column.
        width, height, descent: of the line, in pixels.
    """

    ink: np.ndarray
    start: float
    width: float
    height: float
    descent: float


class Typesetter(RendererAgg):
    """A renderer that keeps words as pixels, because setting and drawing them takes most of a panel's time.

    A line is set once for measuring and drawing, and put down at whole pixels, of which the page has half as
    many. It is kept until a page has gone by without it. matplotlib sets it twice, and draws each letter at a
    fraction of a pixel by itself, which takes four times as long.
    """

    def __init__(self, width: float, height: float, dpi: float):
        super().__init__(width, height, dpi)
        self._last: dict[tuple, CachedText] = {}
        self._kept: dict[tuple, CachedText] = {}

    def turn_page(self) -> None:
        """Begin a new page: forget the words that the last one did not have."""
        self._last, self._kept = self._kept, {}

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        """Put down a line of text; formulas and tilted lines are drawn as matplotlib does."""
        if ismath or angle:
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        word = self._word(s, prop)
        left, bottom = round(x + word.start), round(y + word.descent)
        self._renderer.draw_text_image(word.ink, left, bottom + 1, 0, gc)

    def get_text_width_height_descent(self, s, prop, ismath):
        """The pixels that a line takes."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        word = self._word(s, prop)
        return word.width, word.height, word.descent

    def _word(self, line: str, prop: FontProperties) -> CachedText:
        key = line, hash(prop)
        if (word := self._kept.get(key) or self._last.get(key)) is None:
            font = self._prepare_font(prop)
            font.set_text(line, 0.0, flags=get_hinting_flag())
            font.draw_glyphs_to_bitmap(antialiased=True)
            in_64ths = font.get_bitmap_offset()[0], *font.get_width_height(), font.get_descent()
            word = CachedText(np.array(font.get_image()), *(measure / 64 for measure in in_64ths))
        self._kept[key] = word
        return word


class Canvas(FigureCanvasAgg):
    """A canvas whose words a `Typesetter` draws, and which can let go of its pixels."""

    @functools.cached_property
    def _renderer(self) -> Typesetter:
        return Typesetter(1, 1, self.figure.dpi)

    def get_renderer(self) -> Typesetter:
        self._resize(*self.figure.bbox.size)
        return self._renderer

    def release(self) -> None:
        """Keep no pixel until the next drawing."""
        self._resize(1, 1)

    def _resize(self, width: float, height: float) -> None:
        # Texts remember their renderer, so another one would not free this one's pixels.
        if (self._renderer.width, self._renderer.height) != (width, height):
            self._renderer.__init__(width, height, self.figure.dpi)


class LayeredFigure:
    """A figure whose moving artists are drawn over a kept background.

    Args:
        figure: a figure with an Agg canvas.
        artists: what moves: artists, or lists, dicts, dataclasses or containers of them; the rest stays.

    The background is drawn again only when something else than they changed (limits, ticks, labels).
    matplotlib itself keeps count: a change marks the figure stale, except where the artist is animated.

    Pixels take a hundred times the memory of the picture made of them. A hand moves one figure at a time, so
    one stage has pixels, and gives them up when another draws.
    """

    _with_pixels: ClassVar[weakref.WeakSet[LayeredFigure]] = weakref.WeakSet()

    def __init__(self, figure: Figure, artists: object):
        self.figure, self._artists = figure, artists
        Canvas(figure)
        self.full_draws, self._background = 0, None
        self._moving: list[Artist] = []

    def draw(self) -> np.ndarray:
        """Draw the present state; the pixels, height x width x 4 (a view: valid until the next draw)."""
        for other in set(self._with_pixels) - {self}:
            other.release()
        self._with_pixels.add(self)
        canvas = self.figure.canvas
        canvas.get_renderer().turn_page()
        self._moving = sorted(self._find_moving(), key=lambda artist: artist.get_zorder())
        for artist in self._moving:
            if not artist.get_animated():
                artist.set_animated(True)
                self.figure.stale = True
        if self.figure.stale or self._background is None:
            self._background = None  # matplotlib takes a drawing that was interrupted for done
            canvas.draw()
            self._background = canvas.copy_from_bbox(self.figure.bbox)
            self.full_draws += 1
        canvas.restore_region(self._background)
        for artist in self._moving:
            (artist.axes or self.figure).draw_artist(artist)
        return np.asarray(canvas.buffer_rgba())

    def release(self) -> None:
        """Let go of all pixels: the next drawing begins with the background."""
        self.figure.canvas.release()
        self._background, self.figure.stale = None, True
        self._with_pixels.discard(self)

    def _find_moving(self) -> list[Artist]:
        # Titles say the finding, so they often change: they always count as moving.
        sides = ("title", "_left_title", "_right_title")
        titles = [getattr(axes, side) for axes in self.figure.axes for side in sides]
        found = {id(artist): artist for artist in [*titles, *artists_in(self._artists)]}
        return list(found.values())


def artists_in(things: object) -> Iterator[Artist]:
    """Every artist in nested lists, dicts, dataclasses, `Artists` and containers, axes and figures aside.

    >>> from freeweights.page.style import blank
    >>> axes = blank((4, 3)).subplots()
    >>> [type(a).__name__ for a in artists_in({"bars": axes.bar([1, 2], [3, 4]), "axes": axes, "n": 3})]
    ['Rectangle', 'Rectangle']
    """
    if isinstance(things, Artist):
        if not isinstance(things, Axes | Figure):
            yield things
    elif isinstance(things, dict | SimpleNamespace):
        yield from artists_in(list((things if isinstance(things, dict) else vars(things)).values()))
    elif isinstance(things, list | tuple):  # matplotlib's containers are tuples
        for thing in things:
            yield from artists_in(thing)
    elif dataclasses.is_dataclass(things):
        yield from artists_in([getattr(things, field.name) for field in dataclasses.fields(things)])


def encode(pixels: np.ndarray, title: str, sentence: str, sharp: bool = True) -> Picture:
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
