"""From a figure to a picture that a page can show: drawn in full once, then only what moved."""

from __future__ import annotations

import base64
import dataclasses
import functools
import html
import io
import math
import weakref
import zlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from .style import CSS_DPI, SHARPNESS
from .typesetter import Typesetter

LETTER = 8  # pixels of the page: a little more than a letter of running text takes; guesses err upwards
HALF = 128  # of the colours of a light picture: for what stays, and as many for what moves


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


class Canvas(FigureCanvasAgg):
    """A canvas whose words a `Typesetter` draws."""

    @functools.cached_property
    def _renderer(self) -> Typesetter:
        return Typesetter(1, 1, self.figure.dpi)

    def get_renderer(self) -> Typesetter:
        self._renderer.resize(*map(round, self.figure.bbox.size), self.figure.dpi)
        return self._renderer


class Background:
    """What stays of a figure.

    Attributes:
        sharp: its pixels, height x width x 4.
        light: one for each of the page.
        indices, palette: of the light ones, in half of the colours that a picture may have.
    """

    def __init__(self, sharp: np.ndarray):
        self.sharp = sharp

    @functools.cached_property
    def light(self) -> np.ndarray:
        return np.array(image_of(self.sharp).reduce(SHARPNESS))

    @functools.cached_property
    def few(self) -> tuple[np.ndarray, list[int]]:
        return few_colours(self.light)


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
        self.full_draws: int = 0
        self._background: Background | None = None
        self._moving: list[Artist] = []

    def draw(self) -> np.ndarray:
        """Draw the present state; the pixels, height x width x 4 (a view: valid until the next draw)."""
        background = self._turn_page()
        self._set_dpi(CSS_DPI * SHARPNESS)
        return self._draw_over(background.sharp)

    def draw_light(self) -> Image.Image:
        """Draw the present state in motion: one pixel for each of the page, in 256 colours.

        That is a quarter of the pixels to draw, and only those that differ from the background need colours.
        """
        background = self._turn_page()
        self._set_dpi(CSS_DPI)
        pixels = self._draw_over(background.light)
        indices, palette = background.few
        changed = np.flatnonzero(pixels.view(np.uint32) != background.light.view(np.uint32))
        if changed.size:
            found, colours = few_colours(pixels.reshape(1, -1, 4)[:, changed])
            indices, palette = indices.copy(), palette + colours
            indices.ravel()[changed] = found.ravel() + HALF
        picture = Image.fromarray(indices)
        picture.putpalette(palette)
        return picture

    def release(self) -> None:
        """Let go of all pixels: the next drawing begins with the background."""
        self.figure.canvas.get_renderer().release()
        self._background = None
        self._with_pixels.discard(self)

    def _turn_page(self) -> Background:
        """Make ready to draw what moves; the background, drawn anew if it changed."""
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
            self._set_dpi(CSS_DPI * SHARPNESS)
            canvas.draw()
            self._background = Background(np.array(canvas.buffer_rgba()))
            self.full_draws += 1
        return self._background

    def _set_dpi(self, dpi: float) -> None:
        """Draw at this density from now on; a background is good for all."""
        if self.figure.dpi != dpi:
            stale = self.figure.stale
            self.figure.dpi, self.figure.stale = dpi, stale

    def _draw_over(self, background: np.ndarray) -> np.ndarray:
        renderer = self.figure.canvas.get_renderer()
        pixels = np.asarray(renderer.buffer_rgba())
        np.copyto(pixels, background)
        for artist in self._moving:
            artist.draw(renderer)
        return pixels

    def _find_moving(self) -> list[Artist]:
        # Titles say the finding, so they often change: they always count as moving.
        sides = ("title", "_left_title", "_right_title")
        titles = [getattr(axes, side) for axes in self.figure.axes for side in sides]
        found = {id(artist): artist for artist in [*titles, *artists_in(self._artists)]}
        return list(found.values())


class Artists(SimpleNamespace):
    """What moves on a figure, by name, and the axes it moves on: what `draw` returns and `update` takes.

    >>> Artists(finding="one in four").finding
    'one in four'
    """


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


def image_of(pixels: np.ndarray) -> Image.Image:
    """Pixels, height x width x 4 and opaque, as an image that reads them where they are."""
    return Image.frombuffer("RGBX", pixels.shape[1::-1], pixels, "raw", "RGBX", 0, 1)


def few_colours(pixels: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Pixels, height x width x 4, as numbers of colours, and what these are: at most half of 256."""
    picture = image_of(pixels).convert("RGB").quantize(HALF, Image.Quantize.FASTOCTREE, dither=0)
    return np.asarray(picture), picture.getpalette()


def encode(drawn: np.ndarray | Image.Image, title: str, sentence: str) -> Picture:
    """Encode what a `LayeredFigure` drew.

    Args:
        drawn: pixels at `SHARPNESS`, which keep their exact colours, or a light picture, which takes a tenth
            of the time and half the bytes, and which another one soon replaces.
        title, sentence: what the picture is of, and what it shows.
    """
    file = io.BytesIO()
    if isinstance(drawn, Image.Image):
        drawn.save(file, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
        return Picture(file.getvalue(), *drawn.size, title, sentence, "png")
    # For plots method 0 takes as long and two to nine times the bytes.
    image_of(drawn).save(file, "WEBP", lossless=True, method=1, quality=0)
    height, width = (side // SHARPNESS for side in drawn.shape[:2])
    return Picture(file.getvalue(), width, height, title, sentence)
