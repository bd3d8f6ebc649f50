"""The checks of drawn words, on words made to fail them."""

from __future__ import annotations

from types import SimpleNamespace

from drawn import collisions, struck
from freeweights.page.style import blank


def test_the_checks_find_texts_that_overlap():
    assert collisions({"a": (0, 0, 10, 10), "b": (5, 5, 15, 15), "c": (20, 0, 30, 10)}) == [("a", "b")]


def test_the_checks_find_words_that_a_line_or_a_mark_runs_through():
    figure = blank((4, 3))
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.text(0.5, 0.5, "crossed", va="center"), axes.text(0.5, 0.9, "free"), axes.text(0.1, 0.2, "marked")
    axes.plot([0, 1], [0.48, 0.52]), axes.plot([0.12], [0.23], "o")
    assert [name[3:] for name in struck(SimpleNamespace(stage=SimpleNamespace(figure=figure)))] == [
        "crossed",
        "marked",
    ]
