"""How far off predictions are, in tables: `python -m freeweights.evidence.accuracy_report` prints them."""

from __future__ import annotations

import re
from functools import cache

from ..facts import quantities as q
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
from .make_calibration import DENSE, EXPERTS, LOADING, PREFILL
from .single_changes import CHANGES, agreement

KINDS = (DENSE, EXPERTS, PREFILL, LOADING)
EVERY_KIND, EVERY_MACHINE = "every kind of step", "all machines"
NAMED = 4  # how many of the worst rows are named


def classes() -> tuple[str, ...]:
    """Classes of machine with published rows, the one with most rows first."""
    names = [pair.device_class for pair in pairs() if pair.device_class != NO_DEVICE]
    return tuple(sorted(set(names), key=lambda name: (-names.count(name), name)))


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
            "inside": q.percent(one.inside),
        }
        for one in found
    ]


def left_out_rows() -> list[dict[str, str]]:
    """How far off each kind of step is where its model, or its device, was in no fitted row, as rows of a table."""
    return [
        {"name": f"{one.name}, {without} left out"} | {k: v for k, v in row.items() if k != "name"}
        for without in ("model", "device")
        for one in by(of_group, pairs(without))
        for row in table_rows([one])
    ]


def worst_left_out(number: int = NAMED) -> list[str]:
    """The rows furthest off where their model or device was left out, one for each source, in words."""
    found: dict[str, str] = {}
    both = ((pair, without) for without in ("model", "device") for pair in pairs(without))
    for pair, without in sorted(both, key=lambda one: -one[0].factor):
        found.setdefault(
            pair.source, f"{case_of(pair)} ({pair.row.phase}, its {without} left out): {pair.factor:.1f}"
        )
    return list(found.values())[:number]


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
        for one in map(agreement, CHANGES)
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
    for without in ("model", "device"):
        parts[f"Each row predicted without its {without}"] = by(of_group, pairs(without))
    tables = [f"{title}\n{as_text(table_rows(found))}" for title, found in parts.items()]
    tables.append(f"Speed after one change over speed before it, decode\n{as_text(shape_rows())}")
    return "\n\n".join([*tables, "\n".join(["Usable rows without a prediction", *missing])])


if __name__ == "__main__":
    print(report())
