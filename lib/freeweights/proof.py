"""Floor 4. How far off predictions are, in words and tables: `python -m freeweights.proof` prints them."""

from __future__ import annotations

import re
from functools import cache

from . import quantities as q
from .calibrate import DENSE, EXPERTS, LOADING, PREFILL
from .held_out import (
    FEW,
    NO_DEVICE,
    Errors,
    Pair,
    by,
    errors,
    not_predicted,
    of_group,
    of_machines,
    of_source,
    pairs,
)
from .shapes import SHAPES, agreement

KINDS = (DENSE, EXPERTS, PREFILL, LOADING)
EVERY_KIND, EVERY_MACHINE = "every kind of step", "all machines"
NAMED = 4  # how many of the worst rows are named
LEANS = 1.02  # a middle ratio beyond this is called a leaning


@cache
def classes() -> tuple[str, ...]:
    """Classes of machine with published rows, the one with most rows first."""
    names = [pair.device_class for pair in pairs() if pair.device_class != NO_DEVICE]
    return tuple(sorted(set(names), key=lambda name: (-names.count(name), name)))


@cache
def chosen(kind: str, machines: str) -> tuple[Pair, ...]:
    """The rows of one kind of step, or of all, on one class of machines, or on all."""
    return tuple(
        pair
        for pair in pairs()
        if kind in (EVERY_KIND, pair.group) and machines in (EVERY_MACHINE, pair.device_class)
    )


@cache
def summary(kind: str, machines: str) -> Errors | None:
    """How far off the chosen rows are; None if there are none."""
    rows = chosen(kind, machines)
    return errors(rows, kind) if rows else None


@cache
def worst(kind: str, machines: str) -> tuple[Pair, ...]:
    """The rows furthest off, one for each source."""
    found: dict[str, Pair] = {}
    for pair in sorted(chosen(kind, machines), key=lambda pair: -pair.factor):
        found.setdefault(pair.source, pair)
    return tuple(list(found.values())[:NAMED])


def case_of(pair: Pair) -> str:
    """A row in a few words: what, on what."""
    if pair.device_class == NO_DEVICE:
        return f"{pair.row.model}, {pair.row.loader}"
    count = f"{pair.row.devices} x " if pair.row.devices > 1 else ""
    device = re.sub(r" \(.*\)", "", pair.row.device)
    return f"{pair.row.model}, {count}{device}"


def short(source: str) -> str:
    """A source as a person says it: its site and owner, without the path.

    >>> short("https://github.com/ggml-org/llama.cpp/pull/4406")
    'github.com/ggml-org/llama.cpp/pull/4406'
    >>> short("https://github.com/a/b/blob/4c7e9893/benches/spark.md")
    'github.com/a/b, spark.md'
    """
    address = source.split(" ")[0].removeprefix("https://").removeprefix("www.")
    where, found, path = address.partition("/blob/")
    return f"{where}, {path.split('/')[-1]}" if found else where


def rows_of(found: Errors) -> str:
    """How many rows, in words."""
    return "1 row" if found.rows == 1 else f"{found.rows:,} rows"


def sources(found: Errors) -> str:
    """How many sources, in words."""
    return "1 source" if found.sources == 1 else f"{found.sources} sources"


def of(machines: str) -> str:
    """A class of machines in words."""
    return machines if machines == EVERY_MACHINE else f"{machines} machines"


def counted(found: Errors | None) -> str:
    """How far off one kind of step is and how many rows say so, in a line."""
    if found is None:
        return "nothing published"
    if found.rows < FEW:
        return f"only {rows_of(found)}"
    return f"{found.median:.2f} to {found.p90:.2f} ({found.rows})"


def finding(found: Errors | None, machines: str) -> str:
    """How far off half of the chosen rows are, or that there are too few; short enough for a title."""
    if found is None:
        return f"Nothing of this is published for {of(machines)}"
    if found.rows < FEW:
        return f"Only {rows_of(found)} of this for {of(machines)}: too few to judge"
    half = f"half within {q.percent(found.median - 1)}"
    return f"{of(machines).capitalize()}: {half}, nine in ten within a factor of {found.p90:.2f}"


def say(kind: str, machines: str) -> str:
    """The chosen rows in words: how good, where not, and where that is likely to come from."""
    found, what = summary(kind, machines), f"{kind.capitalize()}, {of(machines)}"
    if found is None:
        return (
            f"{what}: no row that could be checked is published. Here the library borrows "
            "from other machines, and nobody knows how well. Choose another kind or class."
        )
    behind = f"{what}: {rows_of(found)} of {sources(found)}"
    if found.rows < FEW:
        return (
            f"{behind}, fewer than {FEW}: an anecdote and no test. "
            f"Half of the predictions lie within a factor of {found.median:.2f} of what was published."
        )
    return (
        f"{behind}. Half of the predictions lie within a factor of {found.median:.2f} of what was published, "
        f"nine in ten within {found.p90:.2f}; {leaning(found)}. {blame(kind, machines)}"
    )


def leaning(found: Errors) -> str:
    """Whether predictions are mostly too slow or too fast."""
    if 1 / LEANS < found.bias < LEANS:
        return "they lean to neither side"
    off, lean = max(found.bias, 1 / found.bias) - 1, "slower" if found.bias > 1 else "faster"
    return f"in the middle they are {q.percent(off)} {lean} than published"


@cache
def blame(kind: str, machines: str) -> str:
    """Where the chosen rows are predicted best and worst: machines and sources of enough rows."""
    rows = chosen(kind, machines)
    places = [one for one in by(of_machines, rows) if one.rows >= FEW]
    if not places:
        return f"No machine and engine has {FEW} rows of its own."
    bad, good = places[0], places[-1]
    text = f"Best: {good.name} ({good.median:.2f}). " if len(places) > 1 else ""
    text += f"Worst: {bad.name} ({bad.median:.2f}, {rows_of(bad)}{lonely(bad)})."
    known = [one for one in by(of_source, rows) if one.rows >= FEW]
    return text + (
        f" The source furthest off: {short(known[0].name)} ({known[0].median:.2f})." if known else ""
    )


def lonely(found: Errors) -> str:
    """Whether a class hangs on one source: without that, mostly other machines' constants predict it.

    >>> lonely(Errors("", 10, 2, 9, 1.5, 2.0, 1.0))
    ', 9 of them from one source, so that other machines must speak for them'
    """
    if found.largest < 0.7 * found.rows:
        return ""
    which = "all" if found.largest == found.rows else f"{found.largest} of them"
    return f", {which} from one source, so that other machines must speak for them"


# ---- tables


def table_rows(found: list[Errors]) -> list[dict[str, str]]:
    """Errors as rows of a table."""
    return [
        {
            "name": one.name,
            "count": f"{one.rows:,}",
            "sources": str(one.sources),
            "median": f"{one.median:.2f}",
            "p90": f"{one.p90:.2f}",
            "bias": f"{one.bias:.2f}",
        }
        for one in found
    ]


def shape_rows() -> list[dict[str, str]]:
    """How well each shape of decode is predicted, as rows of a table."""
    return [
        {
            "change": f"{one.name}: {one.ends[0]} to {one.ends[1]}",
            "published": f"{one.published:.2f}",
            "predicted": f"{one.predicted:.2f}",
            "pairs": str(one.pairs),
            "order": q.percent(one.order, 3),
            "median": f"{one.median:.2f}",
            "p90": f"{one.p90:.2f}",
        }
        for one in map(agreement, SHAPES)
    ]


def as_text(rows: list[dict[str, str]]) -> str:
    """A table in plain text: the first column to the left, figures to the right."""
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = [[cell.rjust(w) for cell, w in zip(line, widths)] for line in table]
    return "\n".join("  ".join([raw[0].ljust(widths[0]), *line[1:]]) for raw, line in zip(table, lines))


def report() -> str:
    """Everything that is known of the errors, in plain text."""
    some = [one for one in by(of_machines, pairs()) if one.rows >= FEW]
    from_sources = [one for one in by(of_source, pairs()) if one.rows >= FEW]
    missing = [f"{rows:4d}  {why}" for why, rows in not_predicted().items()]
    parts = {
        "Factor between predicted and published seconds, each row predicted without its source": by(
            of_group, pairs()
        ),
        f"By machine and engine (of {FEW} rows or more)": some,
        f"By source (of {FEW} rows or more)": from_sources,
    }
    tables = [f"{title}\n{as_text(table_rows(found))}" for title, found in parts.items()]
    tables.append(f"Speed after one change over speed before it, decode\n{as_text(shape_rows())}")
    return "\n\n".join([*tables, "\n".join(["Usable rows without a prediction", *missing])])


if __name__ == "__main__":
    print(report())
