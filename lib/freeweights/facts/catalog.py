"""The only reader and writer of data/: every table becomes a tuple of frozen records, or an error that says where."""

from __future__ import annotations

import csv
import difflib
import math
import os
import types
import typing
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TypeVar

from .records_hardware import BlockType, Device, Engine, Link, WeightFormat
from .records_models import Architecture

DATA = Path(__file__).resolve().parents[3] / "data"
Record = TypeVar("Record")


class CatalogError(ValueError):
    """A table of data/ cannot be read; the message gives file, row and column."""


class UnknownName(LookupError):
    """The catalogue has no row of that name; the message gives the nearest ones."""


def _cell(text: str, kind: type, optional: bool, factor: float, where: str):
    """Turn one cell into a str, bool, int or float, or say what is wrong with it and where."""
    text = text.strip()
    if kind is str:
        return text
    if not text:
        if optional:
            return None
        raise CatalogError(
            f"{where} is empty: a {'yes or no' if kind is bool else 'number'} is expected there."
        )
    if kind is bool:
        if text not in ("yes", "no"):
            raise CatalogError(f"{where} holds '{text}': yes or no is expected there.")
        return text == "yes"
    try:
        number = kind(text)
    except ValueError:
        words = "a whole number" if kind is int else "a number"
        raise CatalogError(f"{where} holds '{text}': {words} is expected there, without units.") from None
    if not math.isfinite(number):
        raise CatalogError(f"{where} holds '{text}': a finite number is expected there.")
    return number * factor if factor != 1.0 else number


@cache
def _schema(record: type) -> list[tuple[str, type, bool, float]]:
    """Column name, type, whether it may be empty and unit factor of every field of a record."""
    hints = typing.get_type_hints(record)
    schema = []
    for field in fields(record):
        hint = hints[field.name]
        optional = isinstance(hint, types.UnionType)
        kind = next(part for part in typing.get_args(hint) if part is not type(None)) if optional else hint
        column = field.metadata.get("column", field.name)
        schema.append((column, kind, optional, field.metadata.get("factor", 1.0)))
    return schema


def read(path: Path, record: type[Record]) -> tuple[Record, ...]:
    """Read one CSV file as records.

    Args:
        path: the file.
        record: one of the dataclasses in the modules `records_...`; its fields name the columns.

    Returns:
        one record per row, in the order of the file, in SI units.

    Raises:
        CatalogError: the file is absent, its columns are not the record's, or a cell is not of its type.
    """
    if not path.exists():
        raise CatalogError(
            f"{path.name} is not in {path.parent}. The library reads the course's data/ folder: "
            "install it from a clone of the course with `pip install -e ./lib`."
        )
    schema = _schema(record)
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        expected = [column for column, *_ in schema]
        if header != expected:
            missing = [c for c in expected if c not in header]
            extra = [c for c in header if c not in expected]
            raise CatalogError(
                f"{path.name}, row 1: the columns are not those of {record.__name__}; "
                f"missing: {missing or 'none'}, not known: {extra or 'none'}, or they stand in another order; "
                f"expected {', '.join(expected)}."
            )
        found = []
        for number, cells in enumerate(rows, start=2):
            if len(cells) != len(schema):
                raise CatalogError(
                    f"{path.name}, row {number}: {len(cells)} cells stand there, {len(schema)} are expected "
                    "(is a comma outside quotation marks?)."
                )
            found.append(
                record(
                    *(
                        _cell(text, kind, optional, factor, f"{path.name}, row {number}, column {column}")
                        for text, (column, kind, optional, factor) in zip(cells, schema)
                    )
                )
            )
    return tuple(found)


def write(path: Path, rows: list, digits: int) -> None:
    """Replace one CSV file by records whose fields are its columns, in one step: an interruption leaves the old file.

    Args:
        path: the file.
        rows: at least one record; None becomes an empty cell.
        digits: significant digits of numbers that are not whole.
    """
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [field.name for field in fields(rows[0])]
        writer.writerow(names)
        for row in rows:
            cells = [getattr(row, name) for name in names]
            writer.writerow([f"{cell:.{digits}g}" if isinstance(cell, float) else cell for cell in cells])
    os.replace(part, path)


@cache
def table(record: type[Record]) -> tuple[Record, ...]:
    """All rows of one table of data/, read once.

    >>> len(table(Device)) > 100
    True
    """
    return read(DATA / record.table, record)


def _plain(name: str) -> str:
    """A name without case, spaces and punctuation, so that '400GbE' finds '400 GbE'."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


@cache
def _index(record: type[Record]) -> dict[str, Record]:
    """Every row by its name as written, and without case, spaces and punctuation."""
    key = fields(record)[0].name
    named = {getattr(row, key): row for row in table(record)}
    return {_plain(name): row for name, row in named.items()} | named


def find(record: type[Record], name: str, what: str) -> Record:
    """The row of that name; the nearest names otherwise."""
    if not isinstance(name, str):
        raise UnknownName(
            f"{what} is looked up by name, but {name!r} was given; for instance "
            f"'{getattr(table(record)[0], fields(record)[0].name)}'."
        )
    rows = _index(record)
    row = rows.get(name) or rows.get(_plain(name))
    if row is not None:
        return row
    key = fields(record)[0].name
    names = [getattr(r, key) for r in table(record)]
    raise UnknownName(f"No {what} is called '{name}'. {nearest(name, names)}")


def nearest(name: str, names: list[str]) -> str:
    """One sentence that offers the names closest to `name`.

    >>> nearest("Lama 3.1 8B", ["Llama 3.1 8B", "Qwen3-32B"])
    "Did you mean 'Llama 3.1 8B'?"
    """
    plain = {_plain(n): n for n in names}
    wanted = _plain(name)
    parts = [n for n in names if wanted and wanted in _plain(n)]
    close = [plain[p] for p in difflib.get_close_matches(wanted, plain, n=4, cutoff=0.5)]
    offers = list(dict.fromkeys(parts + close))[:4]
    if offers:
        return "Did you mean " + " or ".join(f"'{n}'" for n in offers) + "?"
    return f"The {len(names)} known names begin: " + ", ".join(f"'{n}'" for n in names[:5]) + " ..."


def architecture(name: str) -> Architecture:
    """The configuration of one model.

    Raises:
        UnknownName: no row of data/models.csv has that name; the nearest names are given.

    >>> architecture("Llama 3.1 8B").layers
    32
    """
    return find(Architecture, name, "model")


def device(name: str) -> Device:
    """One device, in SI units.

    >>> device("H200 SXM 141GB").memory_bandwidth
    4800000000000.0
    """
    return find(Device, name, "device")


def link(name: str) -> Link:
    """One drive, network, fabric or bus, in SI units.

    >>> link("NVMe SSD PCIe 4.0 x4").bandwidth
    7450000000.0
    """
    return find(Link, name, "link or drive")


def weight_format(name: str) -> WeightFormat:
    """One weight format with the bits it spends per weight.

    >>> weight_format("Q4_0").bits
    4.5
    """
    return find(WeightFormat, name, "weight format")


def block_type(name: str) -> BlockType:
    """One block of packed weights."""
    return find(BlockType, name, "block")


def engine(name: str) -> Engine:
    """One inference engine, with what it leaves of the memory."""
    return find(Engine, name, "engine")
