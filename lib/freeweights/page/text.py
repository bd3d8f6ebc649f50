"""Words and tables made of numbers, for a page that is also read where nothing runs."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Sequence

from IPython.display import Markdown, display

from ..facts.quantities import significant

AMOUNT = '<span class="tex2jax_ignore mathjax_ignore">&#36;</span>'


def say(text: str) -> None:
    """Show Markdown, so that the numbers in a sentence are computed.

    >>> say(f"It costs ${2.5:.2f}.")
    <IPython.core.display.Markdown object>
    """
    display(Markdown(prose(text)))


def prose(text: str) -> str:
    """Markdown in which a $ before a digit is an amount of money, where Jupyter would read a formula."""
    return re.sub(r"(?<!\\)\$(?=\d)", AMOUNT, text)


def folded(summary: str, text: str) -> str:
    """Markdown that opens when its summary is pressed.

    >>> folded("Why?", "So.")
    '<details><summary>Why?</summary>\\n\\nSo.\\n\\n</details>'
    """
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def table(rows: Sequence[object], *, caption: str, fold: bool = False, **headings: str) -> Table:
    """Show rows as a table that a screen reader can walk.

    Args:
        rows: dicts or dataclasses.
        caption: what the table shows.
        fold: whether it opens only when its caption is pressed.
        **headings: for each field shown its heading, the field that names the row first.

    Raises:
        ValueError: there are no rows, or a field is missing.

    >>> print(table([{"disk": "NVMe", "speed": 7.0}], caption="Disks", disk="Disk", speed="GB/s").text)
    Disks
    Disk | GB/s
    NVMe | 7
    """
    if not rows or not headings:
        size = f"{len(rows)} rows and {len(headings)} columns"
        raise ValueError(f"the table {caption!r} has {size}: it needs both.")
    cells = tuple(_cells(row, headings, caption) for row in rows)
    return Table(caption, tuple(headings.values()), cells, fold)


def _cells(row: object, headings: dict[str, str], caption: str) -> tuple[str, ...]:
    has = dict.__contains__ if isinstance(row, dict) else hasattr
    if missing := [name for name in headings if not has(row, name)]:
        raise ValueError(f"the table {caption!r} shows {missing[0]!r}, which a row lacks: {row!r}")
    return tuple(_cell(row[name] if isinstance(row, dict) else getattr(row, name)) for name in headings)


def _cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return significant(value) if isinstance(value, float) else str(value)


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of text with a caption; the first cell of each row names it."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    fold: bool = False

    @property
    def text(self) -> str:
        """The same without HTML."""
        return "\n".join([self.caption, *(" | ".join(cells) for cells in (self.headings, *self.rows))])

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        sides = ["left" if any(map(is_word, column)) else "right" for column in zip(*self.rows, strict=True)]
        head = "".join(map(_markup, ['th scope="col"'] * len(sides), self.headings, sides))
        tags = ['th scope="row"', *["td"] * (len(sides) - 1)]
        body = "".join(f"<tr>{''.join(map(_markup, tags, row, sides))}</tr>" for row in self.rows)
        left = 'style="text-align:left"'
        caption = f"<caption {left}><b>{html.escape(self.caption)}</b></caption>"
        page = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        if self.fold:
            page = f"<details><summary>{html.escape(self.caption)}, {len(self.rows)} rows</summary>{page}</details>"
        page = f'<div class="tex2jax_ignore mathjax_ignore">{page}</div>'
        return {"text/plain": self.text, "text/html": page}


def is_word(cell: str) -> bool:
    """Whether a cell of a table reads from the left: it does not begin like a number."""
    return not re.match(r"[-+~<>$]*\s*\d|$", cell)


def _markup(tag: str, cell: str, side: str) -> str:
    return f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag[:2]}>'
