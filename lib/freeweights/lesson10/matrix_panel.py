"""Lesson 10's matrix: releases by components, and which of them a scheme, read strictly or not, calls open."""

from __future__ import annotations

from matplotlib.figure import Figure

from ..page import charts, controls, layout, live
from ..page.style import BLUE, FAINT, GREY, LIGHT, SAND, SKY
from .schemes import (
    CLOSED,
    COMPONENTS,
    OPEN,
    PARTIAL,
    READINGS,
    SHAPE,
    UNREAD,
    Released,
    models,
    read,
    releases,
    total,
)

ROWS = 17  # releases on one page
LOOKS = {OPEN: ("open", SKY), PARTIAL: ("part", SAND), CLOSED: ("no", LIGHT), UNREAD: ("unread", "white")}
YES, NO = ("YES", BLUE), ("no", FAINT)
INKS = {SKY: "black", SAND: "black", LIGHT: "black", "white": GREY, BLUE: "white", FAINT: GREY}


def pages() -> dict[str, tuple[Released, ...]]:
    """All releases, so many a page, by the first and last name of each."""
    every = releases()
    parts = [every[first : first + ROWS] for first in range(0, len(every), ROWS)]
    return {f"{part[0].name} to {part[-1].name}": part for part in parts}


def draw(figure: Figure) -> live.Artists:
    """A table of words: ten components of each release, and the verdict of the reading."""
    [axes] = layout.grid(figure)
    title, counts = layout.headline(figure), layout.subtitle(figure)
    longest = max((one.name for one in releases()), key=len)
    cells = charts.cells(axes, ROWS, len(COMPONENTS) + 1, longest + " " * 6, "check-\npoints")
    for head in cells.heads:
        head.set_fontsize(9)
    return live.Artists(title=title, counts=counts, cells=cells)


def update(artists: live.Artists, reading: str, limited: bool, lenient: bool, page: str) -> str:
    """Fill a page of the table; count over all models."""
    found = models(reading, limited, lenient)
    table = {}
    for one in pages()[page]:
        for name, head in COMPONENTS.items():
            table[one.name, head] = LOOKS[one.parts.get(name, UNREAD)]
        table[one.name, "VERDICT"] = YES if READINGS[reading](read(one.parts, limited, lenient)) else NO
    artists.cells.show(table, INKS)
    artists.title.set_text(f"{len(found)} of {total()} models: yes, by “{reading}”")
    others = "; ".join(
        f"{name} {len(models(name, limited, lenient))}" for name in READINGS if name != reading
    )
    artists.counts.set_text(f"by others: {others}")
    shown = [one.name for one in pages()[page] if set(one.models) & set(found)]
    washing = len(models(SHAPE, limited, lenient))
    return (
        f"Read {'leniently: what is given in part counts' if lenient else 'strictly: a part does not count'}; weights that are gated or limited "
        f"{'count as open' if limited else 'do not'}. “{reading}” says yes to {len(found)} of {total()} models, on this page to "
        f"{', '.join(shown) if shown else 'none'}. Of the others: {others}. The shape that some call open-washing fits {washing}. "
        f"Unread is unread: no rule takes it for a yes."
    )


def panel() -> live.Panel:
    """Which releases are open, by whose rule.

    >>> panel().set(reading="MOF, class III", lenient=True)
    """
    return live.panel(
        draw,
        update,
        title="What is out of each release, and which of them a rule calls open",
        size=(9, 6.4),
        reading=controls.choice("Rule", list(READINGS)),
        limited=controls.toggle("Gated or limited weights count", start=False),
        lenient=controls.toggle("A part counts", start=False),
        page=controls.choice("Releases", list(pages())),
    )
