"""Floor 5. Where a panel's picture stands once its page was loaded anew."""

from __future__ import annotations

import ipywidgets as W


class SecondPlace(W.HTML):
    """An empty widget below a panel's controls, which takes the picture when the first place is lost.

    A page forgets, when it is loaded anew, which of its outputs a kernel may replace; its widgets it finds again, by
    asking the kernel for the whole state of each. So to be asked tells a widget that the page is new.

    Attributes:
        page_is_new: whether that has happened since the panel was shown.
    """

    def __init__(self):
        self.page_is_new = False
        super().__init__()

    def get_state(self, key=None, drop_defaults=False):
        """What the page, or the save of a page, is told; see ipywidgets."""
        asked = key is None and self.comm is not None  # without a comm, this widget is just being made
        self.page_is_new = self.page_is_new or asked
        return super().get_state(key, drop_defaults)

    def take_over(self, name: str, page: str) -> None:
        """Show a picture here, and hide the one in the output of a class that no longer follows."""
        self.value = f"<style>.{name} {{ display: none }}</style>{page}"

    def give_back(self) -> None:
        """Be empty again: the panel is shown anew."""
        self.page_is_new, self.value = False, ""
