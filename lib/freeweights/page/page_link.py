"""What a panel hears of its page: that it was loaded anew, and which pictures have arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as W
from traitlets import Int

MOST_UNDER_WAY = 2  # pictures of a hand's moves that the page has not confirmed, so that lag cannot pile up


class PageLink(W.HTML):
    """An empty widget below a panel's controls: what the page tells of itself, and a place for the picture.

    A page forgets, when it is loaded anew, which of its outputs a kernel may replace; its widgets it finds again, by
    asking the kernel for the whole state of each. So to be asked tells a widget that the page is new; this one takes
    the picture then. And a page that is asked to copy one number to the other has got what was sent before.

    Args:
        confirmed: called without arguments when the page has got more of the pictures.

    Attributes:
        page_is_new: whether the page was loaded anew since the panel was shown.
        sent, received: pictures sent so far, and those of them that the page surely has.
    """

    asked = Int().tag(sync=True)
    answered = Int().tag(sync=True, echo_update=False)

    def __init__(self, confirmed: Callable[[], None]):
        self.page_is_new, self.sent, self.received, self._confirmed = False, 0, 0, confirmed
        super().__init__()
        self._copy = W.jsdlink((self, "asked"), (self, "answered"))
        self.observe(lambda change: self.confirm(change["new"]), "answered")

    def get_state(self, key=None, drop_defaults=False):
        """What the page, or the save of a page, is told; see ipywidgets."""
        if key is None and self.comm is not None:  # without a comm, this widget is just being made
            self.page_is_new, self.received = True, self.sent
        return super().get_state(key, drop_defaults)

    @property
    def full(self) -> bool:
        """Whether a hand's next picture must wait."""
        return self.sent - self.received >= MOST_UNDER_WAY

    def count(self) -> None:
        """One more picture is under way: ask for a confirmation if the next must wait for it."""
        self.sent += 1
        if self.full:
            self.asked = self.sent

    def confirm(self, number: int) -> None:
        """So many of the pictures have arrived."""
        if number > self.received:
            self.received = number
            self._confirmed()

    def take_over(self, name: str, page: str) -> None:
        """Show a picture here, and hide the one in the output of a class that no longer follows."""
        self.value = f"<style>.{name} {{ display: none }}</style>{page}"

    def give_back(self) -> None:
        """Be empty again: the panel is shown anew."""
        self.page_is_new, self.value = False, ""


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that calls us, as a kernel's does; None in a plain program."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
