"""The kit of a page: figures that follow a hand, questions that answer back, words and tables, sources.

A lesson calls what is named here. `renderer` turns a figure into a picture fast enough to follow a hand. A new panel is
a file of about a hundred lines, in this order:

- `draw(figure)` asks `layout.grid` for axes, sets their limits and ticks, puts `charts` on them (`rows`, `curves`,
  `stacks`, `cells`), a `layout.legend` and the `layout.headline`, and returns what moves by name: `live.Artists(...)`,
  or a dataclass of its own. Colours are those of `style`, and of words `style.INK`. No position is a number: a text
  begins with its longest words, and so has room. On a logarithmic axis a dot says how much; a bar there would lie.
- `update(artists, ...)` computes once, calls `artists.rows.show(...)`, sets the headline and returns the sentence.
- `panel()` hands both to `live.panel`, with a title and `controls`.
"""

from . import (
    answer_checking,
    bibliography,
    charts,
    controls,
    layout,
    live,
    page_link,
    questions,
    renderer,
    saved_answers,
    style,
    text,
    typesetter,
)
from .bibliography import sources
from .live import picture
from .questions import exercise, guess, reason, verdict
from .text import say, table

__all__ = [
    "guess",
    "exercise",
    "verdict",
    "reason",
    "say",
    "table",
    "picture",
    "sources",
    "style",
    "layout",
    "charts",
    "controls",
    "typesetter",
    "renderer",
    "page_link",
    "live",
    "text",
    "questions",
    "answer_checking",
    "saved_answers",
    "bibliography",
]
