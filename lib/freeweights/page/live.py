"""A figure that follows its controls: a sentence and a light picture while a hand moves, then the sharp one."""

from __future__ import annotations

import asyncio
import functools
import inspect
import itertools
import re
import weakref
from collections.abc import Callable

import ipywidgets as W
import numpy as np
from IPython.core.getipython import get_ipython
from IPython.display import display, update_display
from matplotlib.figure import Figure
from PIL import Image

from .controls import Control, ControlWidget
from .layout import settle
from .page_link import PageLink, running_loop
from .renderer import Artists as Artists
from .renderer import LayeredFigure, Picture, encode
from .style import blank, drawing

# While a hand moves a control, the page gets light pictures, which keep up with it, and after so many seconds
# of rest the sharp one. A picture takes less even over a slow link: else a drag would send both.
REST = 0.3
SILENCE = 3.0  # seconds after which a page that confirms no picture is taken for closed
# Letters kept free for the sentence, for each of the first one: so what stands below the panel stays there.
ROOM = 1.3
NO_NUMBER = re.compile(r"(?<!\w)(nan|inf)(?!\w)", re.IGNORECASE)
_numbers = itertools.count(1)
_panels: weakref.WeakValueDictionary[int, Panel] = weakref.WeakValueDictionary()


def panel(
    draw: Callable[[Figure], object],
    update: Callable[..., str],
    *,
    title: str,
    size: tuple[float, float] = (9, 4),
    **controls: Control,
) -> Panel:
    """Show a figure that follows its controls. Make it the last line of a cell.

    Args:
        draw: called once with an empty figure; draws everything and returns the artists that will move
            (`Artists`, or an artist, or a list, dict or dataclass of them; axes may be among them).
        update: called with what `draw` returned and the value of every control by name; moves the artists and
            returns one sentence computed from the same numbers. It is quick when it changes only those
            artists and titles; changed limits, ticks or labels are followed too, at the price of a full draw.
        title: what the picture is of: the first words of its alternative text.
        size: width and height in inches; an inch is 100 pixels of the page.
        **controls: `controls.slider`, `log_slider`, `choice` or `toggle`, one for each name in `update`.

    Returns:
        The panel, which a notebook shows.

    Raises:
        ValueError, TypeError: `update` and the controls do not match, or it returned no readable sentence.

    >>> from freeweights.page.controls import slider
    >>> def draw(figure):
    ...     axes = figure.subplots()
    ...     return axes.plot([0, 1], [0, 1])
    >>> def update(lines, slope):
    ...     lines[0].set_ydata([0, slope])
    ...     return f"The line rises by {slope:.1f}."
    >>> rising = panel(draw, update, title="A line", slope=slider("Slope", 0, 1, start=0.5))
    >>> rising.set(slope=1.0)
    >>> rising.sentence
    'The line rises by 1.0.'
    """
    return Panel(draw, update, controls, size, title)


def panels() -> list[Panel]:
    """Every panel of this kernel, oldest first."""
    return [_panels[number] for number in sorted(_panels)]


def picture(
    draw: Callable[[Figure], str | None],
    *,
    title: str,
    sentence: str | None = None,
    size: tuple[float, float] = (9, 4),
) -> Picture:
    """Draw a figure that stands still, in the style of the panels and with the same alternative text.

    Args:
        draw: called once with an empty figure; may return the sentence.
        title: what the picture is of.
        sentence: what it shows, if `draw` does not return it.
        size: width and height in inches.

    Returns:
        The picture, which a notebook shows when it is the last line of a cell.

    Raises:
        ValueError, TypeError: there is no sentence, or it holds "nan" or "inf".

    >>> picture(lambda figure: figure.subplots() and None, title="Axes", sentence="Nothing yet.")
    Picture(width=900, height=400, title='Axes', sentence='Nothing yet.')
    """
    figure = blank(size)
    with drawing():
        said = draw(figure)
        settle(figure)
        stage = LayeredFigure(figure, [])
        pixels = stage.draw()
        seen = encode(pixels, title, readable(sentence if said is None else said, "draw()"))
        stage.release()
    return seen


def readable(sentence: object, source: str) -> str:
    """Return the sentence if it is one; refuse an empty one, or "nan" or "inf" where a number belongs."""
    if not isinstance(sentence, str) or not sentence.strip():
        raise TypeError(f"{source} gave {sentence!r}: it must return one sentence on what the picture shows.")
    if found := NO_NUMBER.search(sentence):
        raise ValueError(f"{source} says {found.group()!r} where a number belongs: {sentence!r}")
    return sentence


class Panel:
    """A figure, its controls and its sentence. Made by `panel`.

    Attributes:
        controls: the descriptions, by name.
        knobs: the controls on the screen, by name.
        error: what `update` raised at the present values, or None.
        stage: the figure and what moves on it.
    """

    def __init__(self, draw, update, controls, size, title):
        check_match(update, controls)
        self.controls, self.error = dict(controls), None
        self._update, self._title, self._held = update, title, False
        self._shows = 0  # so far: the sharp picture of a move is sent if no other came since
        self._due: bool | None = None  # whether the picture that waits for the page is light
        self._display_id = f"freeweights-panel-{(number := next(_numbers))}"
        self._on_page, self._room = False, 0
        self._page = PageLink(self._catch_up)
        self._answered = dict.fromkeys(controls, 0)  # pictures sent when the last move of each was answered
        self.knobs = {
            name: ControlWidget(control, functools.partial(self._move, name))
            for name, control in controls.items()
        }
        figure = blank(size)
        with drawing():
            self._artists = draw(figure)
            settle(figure)
        self.stage = LayeredFigure(figure, self._artists)
        self._follow()
        rows = W.Layout(flex_flow="row wrap", max_width=f"{self.shown.width}px")
        desk = W.Box([knob.row for knob in self.knobs.values()], layout=rows)
        self._view = W.VBox([desk, self._page])
        _panels[number] = self

    @property
    def values(self) -> dict[str, float | str | bool]:
        """What the controls say now, by name."""
        return {name: knob.value for name, knob in self.knobs.items()}

    @property
    def sentence(self) -> str:
        """What stands below the picture: a note on a changed value, if any, then the computed sentence."""
        notes = [knob.note for knob in self.knobs.values() if knob.note]
        return " ".join([*notes, self._complaint() if self.error else self._said])

    @property
    def shown(self) -> Picture:
        """The picture as it is now, sharp; drawn and encoded when it is first asked for."""
        with drawing():
            if self._sharp is None:
                self._sharp = encode(self._sharpened(), self._title, self._said)
                self._drawn = None  # a hundred times the size of the picture
            return self._sharp

    @property
    def alt(self) -> str:
        """What a screen reader says in place of the picture."""
        return self.shown.alt

    @property
    def picture(self) -> bytes:
        """The picture as it is now, lossless WebP."""
        return self.shown.data

    @property
    def pixels(self) -> np.ndarray:
        """The pixels of `picture`, height x width x 4: nothing is encoded to look at them."""
        with drawing():
            return self.shown.pixels if self._sharp else self._sharpened()

    def set(self, **values: float | str | bool) -> None:
        """Move controls as a learner would, then draw once.

        Raises:
            ValueError: there is no such control or choice; and whatever `update` raises.
        """
        if unknown := set(values) - set(self.knobs):
            names = ", ".join(sorted(unknown))
            raise ValueError(f"no control is named {names}; there are {', '.join(self.knobs)}.")
        self._held = True
        try:
            for name, value in values.items():
                self.knobs[name].type(value)
        finally:
            self._held = False
        self._follow()

    def _move(self, name: str) -> None:
        """Follow a hand. The page sends a control's next value when it has the answer to the last one."""
        if self._held:
            return
        self._due = None  # a newer one comes
        self._page.confirm(self._answered[name])
        try:
            self._follow(light=self._on_page and running_loop() is not None)
        finally:
            self._answered[name] = self._page.sent

    def _follow(self, light: bool = False) -> None:
        """Bring picture and sentence up to the controls. An error is told below the picture, then raised."""
        with drawing():
            try:
                said = readable(self._update(self._artists, **self.values), "update()")
                drawn = self.stage.draw_light() if light else self.stage.draw().copy()
                self._drawn, self._sharp, self._said, self._values_shown = drawn, None, said, self.values
                self.error = None
            except BaseException as error:  # a stop too: the picture is then that of the values before
                self.error = error
                raise
            finally:
                self._show(light)

    def _sharpened(self) -> np.ndarray:
        """The pixels of the present picture at full density, drawn if they were not."""
        if not isinstance(self._drawn, np.ndarray):
            if self.error:  # which left the artists between two states
                self._update(self._artists, **self._values_shown)
            self._drawn = self.stage.draw().copy()
        return self._drawn

    def _complaint(self) -> str:
        at = ", ".join(f"{knob.control.label} {knob.control.say(knob.value)}" for knob in self.knobs.values())
        why = ": ".join(filter(None, (type(self.error).__name__, str(self.error))))
        return (
            f"This panel has no answer at {at} ({why}). "
            "The picture still shows the values before; move a control to go on."
        )

    def _show(self, light: bool) -> None:
        """Send the picture to the page: sharp, or while a hand moves a light one, then the sharp one."""
        if not self._on_page:
            return
        self._shows += 1
        if light and not self.error:
            self._send_or_wait(light=True)
            asyncio.get_running_loop().call_later(REST, self._sharpen, self._shows)
        else:
            self._send(self.shown)

    def _sharpen(self, show: int) -> None:
        """Send the sharp picture of a move, unless there was another since."""
        with drawing():
            if show == self._shows:
                self._send_or_wait(light=False)

    def _send_or_wait(self, light: bool) -> None:
        """Send the picture if the page keeps up, else when it has caught up, as it is then."""
        self._due = light
        if self._page.full:
            asyncio.get_running_loop().call_later(SILENCE, self._page.confirm, self._page.sent)
        else:
            self._catch_up()

    def _catch_up(self) -> None:
        """Send the picture that waits for the page, if any."""
        if self._due is not None and not self._page.full:
            with drawing():
                light = isinstance(self._drawn, Image.Image) and self._due
                self._send(encode(self._drawn, self._title, self._said) if light else self.shown)

    def _send(self, shown: Picture) -> None:
        self._due = None
        if self._page.page_is_new:
            self._page.take_over(self._display_id, self._markup(shown))
        else:
            update_display(self._bundle(shown), raw=True, display_id=self._display_id)
        self._page.count()

    def _markup(self, shown: Picture, name: str = "") -> str:
        if len(self.sentence) > self._room:
            self._room = round(ROOM * len(self.sentence))
        live = "polite" if shown is self._sharp else "off"
        return shown.markup(self.sentence, live, self._room, name)

    def _bundle(self, shown: Picture) -> dict[str, str]:
        page = self._markup(shown, self._display_id)
        return {"text/plain": f"{self._title}. {self.sentence}", "text/html": page}

    def _ipython_display_(self) -> None:
        """Show the controls, and the picture as an output of its own: one that every reader can show."""
        self._page.give_back()
        labels = ", ".join(control.label for control in self.controls.values())
        view = {"version_major": 2, "version_minor": 0, "model_id": self._view.model_id}
        fallback = f"Run this cell to move: {labels}."
        controls = {
            "application/vnd.jupyter.widget-view+json": view,
            "text/html": f"<em>{fallback}</em>",
            "text/plain": fallback,
        }
        with drawing():  # a hand may be quicker than the picture
            display(controls, raw=True)
            display(self._bundle(self.shown), raw=True, display_id=self._display_id)
            self._on_page = get_ipython() is not None


def check_match(update: Callable[..., str], controls: dict[str, Control]) -> None:
    """Refuse an `update` whose parameters are not the panel's controls."""
    if not controls:
        raise ValueError(
            "a panel needs a control, such as batch=controls.log_slider('Batch', 1, 512, start=8)."
        )
    for name, control in controls.items():
        if not isinstance(control, Control):
            raise TypeError(f"{name}={control!r} is no control: use controls.slider, choice or toggle.")
    try:
        inspect.signature(update).bind(None, **controls)
    except TypeError as error:
        raise TypeError(
            f"update{inspect.signature(update)} must take the artists, then {', '.join(controls)}: {error}."
        ) from None
