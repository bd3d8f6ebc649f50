"""Words as pixels: set and drawn once, then put down wherever a figure shows them."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import re

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg, get_hinting_flag
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.transforms import Bbox
from PIL import Image

from .style import CSS_DPI, SHARPNESS


@dataclasses.dataclass(frozen=True)
class CachedText:
    """A word or a line of text, set and drawn once.

    Attributes:
        ink: how much of each pixel is covered, 0 to 255, rows x columns.
        left: pixels from the place of the text to the first column.
        below: rows of ink below the base line.
        width, height, descent: of the text, in pixels.
    """

    ink: np.ndarray
    left: float
    below: int
    width: float
    height: float
    descent: float


@functools.lru_cache(4096)
def set_word(word: str, font: FT2Font, points: float, dpi: float) -> CachedText:
    """Set and draw a word. A line of ten takes matplotlib half a millisecond, and a move changes one of them."""
    font.set_size(points, dpi)
    font.set_text(word, 0.0, flags=get_hinting_flag())
    font.draw_glyphs_to_bitmap(antialiased=True)
    in_64ths = font.get_bitmap_offset()[0], *font.get_width_height(), font.get_descent()
    left, width, height, descent = (measure / 64 for measure in in_64ths)
    return CachedText(np.array(font.get_image()), left, round(descent) + 1, width, height, descent)


def join_words(words: list[CachedText]) -> CachedText:
    """Put words one after the other on a line, as matplotlib does: its font kerns no space.

    The ink begins at a whole pixel of the page and ends at one, to both sides and from the base line.
    """

    def whole(pixels: int) -> int:
        return math.ceil(pixels / SHARPNESS) * SHARPNESS

    pens = itertools.accumulate((word.width for word in words), initial=0.0)
    lefts = [round(pen + word.left) for pen, word in zip(pens, words, strict=False)]
    below = whole(max(word.below for word in words))
    above = whole(max(len(word.ink) - word.below for word in words))
    start = -whole(-min(lefts))
    end = max(left + word.ink.shape[1] for left, word in zip(lefts, words, strict=True))
    ink = np.zeros((above + below, whole(end - start)), np.uint8)
    for word, left in zip(words, lefts, strict=True):
        top, (rows, columns) = above + word.below - len(word.ink), word.ink.shape
        place = ink[top : top + rows, left - start : left - start + columns]
        np.maximum(place, word.ink, out=place)
    descent = max(word.descent for word in words)
    height = descent + max(word.height - word.descent for word in words)
    return CachedText(ink, start, below, sum(word.width for word in words), height, descent)


def coarse(line: CachedText) -> CachedText:
    """The same line with one pixel for each of the page."""
    ink = np.array(Image.fromarray(line.ink).reduce(SHARPNESS))
    places = line.left // SHARPNESS, line.below // SHARPNESS
    return CachedText(ink, *places, *(side / SHARPNESS for side in (line.width, line.height, line.descent)))


class Typesetter(RendererAgg):
    """A renderer that keeps words as pixels, because setting and drawing them takes most of a panel's time.

    A line is set once for measuring and drawing, from words set before, and put down at whole pixels of the page.
    It is kept until a page has gone by without it. matplotlib sets it twice, and draws each letter at a fraction
    of a pixel by itself, which takes four times as long. At one pixel for each of the page letters are the means
    of sharp ones, so that a sharp picture moves none of them.
    """

    def __init__(self, width: float, height: float, dpi: float):
        super().__init__(width, height, dpi)
        self._surfaces = {(width, height, dpi): self._renderer}
        self._last: dict[tuple, CachedText] = {}
        self._kept: dict[tuple, CachedText] = {}
        self._heights: dict[int, tuple[float, ...]] = {}

    def resize(self, width: float, height: float, dpi: float) -> None:
        """Draw on the pixels of this size from now on; those of other sizes stay as they are."""
        if (size := (width, height, dpi)) == (self.width, self.height, self.dpi):
            return
        self.width, self.height, self.dpi = size
        self.bbox = Bbox.from_bounds(0, 0, width, height)
        if size not in self._surfaces:
            self._surfaces[size] = type(self._renderer)(int(width), int(height), dpi)
        self._renderer = self._surfaces[size]
        self._update_methods()

    def release(self) -> None:
        """Keep no pixel until the next drawing. Texts remember this renderer: another would not free them."""
        self._surfaces.clear()
        self.resize(1, 1, self.dpi)

    def turn_page(self) -> None:
        """Begin a new page: forget the lines that the last one did not have."""
        self._last, self._kept = self._kept, {}

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        """Put down a line of text; formulas and tilted lines are drawn as matplotlib does."""
        if ismath or angle:
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        line = self._line(s, prop)
        step = 1 if self.dpi == CSS_DPI else SHARPNESS
        left, base = (step * round(place / step) for place in (x, y))
        self._renderer.draw_text_image(line.ink, left + line.left, base + line.below, 0, gc)

    def get_text_width_height_descent(self, s, prop, ismath):
        """The pixels that a line takes."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        line = self._line(s, prop)
        return line.width, line.height, line.descent

    def _get_font_height_metrics(self, prop):
        """Ascent, descent and gap of a font's lines. Looking them up takes matplotlib a third of the time of a text."""
        if (key := hash(prop)) not in self._heights:
            font = get_font(fontManager._find_fonts_by_props(prop))
            if (table := font.get_sfnt_table("OS/2")) is None:
                return None, None, None  # matplotlib then looks elsewhere
            sides = table["sTypoAscender"], -table["sTypoDescender"], table["sTypoLineGap"]
            em = font.get_sfnt_table("head")["unitsPerEm"]
            self._heights[key] = tuple(side / em * prop.get_size_in_points() for side in sides)
        return tuple(points * self.dpi / 72 for points in self._heights[key])

    def _line(self, line: str, prop: FontProperties) -> CachedText:
        key = line, hash(prop), self.dpi
        if (text := self._kept.get(key) or self._last.get(key)) is None:
            light = self.dpi == CSS_DPI
            font, points = get_font(fontManager._find_fonts_by_props(prop)), prop.get_size_in_points()
            dpi = self.dpi * SHARPNESS if light else self.dpi
            text = join_words([set_word(word, font, points, dpi) for word in re.findall(" |[^ ]+", line)])
            text = coarse(text) if light else text
        self._kept[key] = text
        return text
