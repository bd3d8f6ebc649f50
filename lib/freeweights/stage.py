"""Floor 5. From a figure to a picture that a page can show: drawn in full once, then only what moved."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
from collections.abc import Iterator

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from .plots import SHARPNESS


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture with the words that say the same; a notebook shows both.

    Attributes:
        data: the picture, lossless WebP.
        width, height: pixels of the page.
        title: what the picture is of.
        sentence: what the picture shows, computed from the same numbers.
    """

    data: bytes = dataclasses.field(repr=False)
    width: int
    height: int
    title: str
    sentence: str

    @property
    def alt(self) -> str:
        """What a screen reader says in place of the picture."""
        return f"{self.title}. {self.sentence}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.alt, "text/html": self.markup()}

    def markup(self, sentence: str | None = None, live: bool = False) -> str:
        """HTML of the picture and of the sentence below it; a live sentence is announced when it changes.

        The class keeps JupyterLab from reading two dollar signs as a formula.
        """
        said = html.escape(self.sentence if sentence is None else sentence)
        role = ' role="status" aria-live="polite"' if live else ""
        return (
            f'<div class="freeweights tex2jax_ignore mathjax_ignore">'
            f'<img width="{self.width}" height="{self.height}" style="max-width:100%;height:auto" '
            f'alt="{html.escape(self.alt, quote=True)}" '
            f'src="data:image/webp;base64,{base64.b64encode(self.data).decode()}">'
            f'<p{role} style="min-height:3em;margin:4px 0">{said}</p></div>'
        )


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
        self.full_draws = 0
        self._moving: list[Artist] = []

    def draw(self) -> np.ndarray:
        """Draw the present state; the pixels, height x width x 4 (a view: valid until the next draw)."""
        canvas = self.figure.canvas
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


def photograph(pixels: np.ndarray, title: str, sentence: str) -> Picture:
    """Encode pixels drawn at `SHARPNESS` as a picture.

    Lossless WebP with method 1: for plots a ninth of the bytes of method 0, in less time.
    """
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(file, "WEBP", lossless=True, method=1, quality=0)
    height, width = (side // SHARPNESS for side in pixels.shape[:2])
    return Picture(file.getvalue(), width, height, title, sentence)
