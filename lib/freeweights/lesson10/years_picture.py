"""Lesson 10's years: how many notable open-weight releases came with the code that trained them."""

from __future__ import annotations

import re

from matplotlib.figure import Figure

from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_openness import OpennessFigure
from ..page import layout, live
from ..page.renderer import Picture
from ..page.style import BLUE


def by_year() -> dict[int, tuple[int, int]]:
    """Year by year: releases with open training code, and all of them.

    >>> by_year()[2025]
    (0, 24)
    """
    rows = {row.id: int(row.value) for row in catalog.table(OpennessFigure)}
    years = sorted(int(id[-4:]) for id in rows if re.fullmatch(r"code-\d{4}", id))
    return {year: (rows[f"code-{year}"], rows[f"releases-{year}"]) for year in years}


def picture() -> Picture:
    """The share with training code over years, each with its count."""
    return live.picture(draw, title="Open-weight releases with open training code", size=(9, 3.6))


def draw(figure: Figure) -> str:
    """Dots, each with its count above it."""
    [axes] = layout.grid(figure)
    found = by_year()
    years, shares = list(found), [code / every for code, every in found.values()]
    axes.plot(years, shares, "o", color=BLUE, markersize=10, clip_on=False, zorder=3)
    axes.set(xlim=(years[0] - 0.5, years[-1] + 0.5), ylim=(0, 1), xticks=years, ylabel="with training code")
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    for year, share, (code, every) in zip(years, shares, found.values()):
        axes.annotate(f"{code} of {every}", (year, share), (0, 11), textcoords="offset points", ha="center")
    (first, last) = shares[0], shares[-1]
    layout.headline(figure).set_text(
        f"Training code came with {q.percent(first)} of the releases of {years[0]}, with {q.percent(last)} of those of {years[-1]}"
    )
    counts = "; ".join(f"{year}: {code} of {every}" for year, (code, every) in found.items())
    return f"Notable open-weight language models with open training code, as counted in Epoch AI's table. {counts}. Samples are small, and what is notable is Epoch's choice."
