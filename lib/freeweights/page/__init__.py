"""The kit of a page: figures that follow a hand, questions that answer back, words and tables, sources.

A lesson calls what is named here. Panels are made with `live`, `controls` and `style`; `renderer` turns a figure into a
picture fast enough to follow a hand.
"""

from . import (
    answer_checking,
    bibliography,
    controls,
    live,
    questions,
    renderer,
    saved_answers,
    style,
    text,
    typesetter,
)
from .bibliography import sources
from .live import picture
from .questions import exercise, guess, verdict
from .text import say, table

__all__ = [
    "guess",
    "exercise",
    "verdict",
    "say",
    "table",
    "picture",
    "sources",
    "style",
    "controls",
    "typesetter",
    "renderer",
    "live",
    "text",
    "questions",
    "answer_checking",
    "saved_answers",
    "bibliography",
]
