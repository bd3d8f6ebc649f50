"""Numbers in the prose of a lesson, and what stands behind them: a source, an output, a definition."""

from __future__ import annotations

import csv
import functools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from freeweights.facts import catalog, records_hardware, records_models
from saved import output_texts, prose, without_code

DEFINITIONS = Path(__file__).parent / "definitions.csv"

PREFIXES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
PREFIXES |= {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "M": 1e6, "T": 1e12}
UNITS = {"B", "s", "W", "bit", "bits", "FLOP", "FLOPs"}  # a number with one of these has its size already
WORDS |= {"ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
NUMBER = re.compile(
    r"(?P<digits>\d+(?:[,\u202f]\d{3}(?!\d))*)(?:\.(?P<decimals>\d+))?"
    r"(?:e(?P<exponent>[-+]?\d{1,2}(?!\d))|\^\{?(?P<power>-?\d+)\}?)?"
    r"(?:[ \u00a0\u202f-]?(?P<unit>[A-Za-zµ]+)(?![\w]))?"
)
CITED = re.compile(r"\]\(https?://|<https?://|(?<![(\w])https?://")
LINK_TARGET = re.compile(r"\]\([^)]*\)|<?https?://[^\s>)]+>?")
CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
TWO_DIGITS = r"\d\d(?!\d)(?!\.\d)"
IGNORED = [  # what is a number by its look only
    re.compile(r"^\*\*Time\*\*.*$", re.MULTILINE),
    re.compile(r"^(#{1,6}\s+)\d+(?:\.\d+)*\s*·", re.MULTILINE),
    re.compile(rf"(?<!\d){TWO_DIGITS} ·"),
    re.compile(rf"\b[Ll]essons? {TWO_DIGITS}(?:(?:, and | and |, | or | to ){TWO_DIGITS})*"),
    re.compile(r"^[ \t]*\d+[.)](?=\s)", re.MULTILINE),
    re.compile(r"<(?!https?:)[a-zA-Z/][^>]*>|&#?\w+;"),
]
BLOCK = re.compile(r"\n\s*\n|\n(?=[ \t]*(?:[-*+]|\d+[.)])\s)|\n(?=[ \t]*\|)|\n(?=#)")


@dataclass(frozen=True)
class Found:
    """A number in a text: as written, and the values it may mean, each with half a unit of its last digit.

    `bare`: no unit behind it fixes its size, so that it may stand in a column whose heading names the unit.
    """

    written: str
    values: tuple[tuple[float, float], ...]
    bare: bool
    block: str = ""


@dataclass(frozen=True)
class Definition:
    """A row of definitions.csv: a number, with its prefix if any, that a lesson uses to define something."""

    notebook: str
    number: str
    what: str


def definitions(path: Path = DEFINITIONS) -> list[Definition]:
    """The definitions on disk."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Definition(**row) for row in csv.DictReader(file)]


def numbers(text: str) -> list[Found]:
    """Every number of a text, with the sizes its unit may give it: 16 GB is 16e9, 7 B is 7 bytes or 7e9."""
    found = []
    for match in NUMBER.finditer(text):
        decimals = match["decimals"] or ""
        value = float(re.sub(r"[,\u202f]", "", match["digits"]) + "." + (decimals or "0"))
        half = 0.5 * 10.0 ** -len(decimals)
        if match["power"]:
            value, half = value ** int(match["power"]), 0.0
        unit = match["unit"] or ""
        times = [10.0 ** int(match["exponent"] or 0) * factor for factor in factors(unit)]
        plain = factors(unit) == (1,)
        written = (
            match.group()[: match.start("unit") - match.start()].rstrip(" \u00a0\u202f-")
            if plain and unit
            else match.group()
        )
        found.append(
            Found(written, tuple((value * each, half * each) for each in times), plain and unit not in UNITS)
        )
    return found


def factors(unit: str) -> tuple[float, ...]:
    """What a word behind a number may multiply it by."""
    if unit == "B":
        return 1, 1e9
    prefixed = re.fullmatch(r"([kKMGTP]i?)(?:B|FLOPs?|W|bits?|params?)", unit)
    return (PREFIXES[prefixed[1]] if prefixed else WORDS.get(unit, 1),)


def in_prose(markdown: str) -> list[Found]:
    """The numbers of a lesson's prose that need something behind them, each with its paragraph."""
    text = names().sub(" ", CODE_SPAN.sub(" ", without_code(markdown)))
    for pattern in IGNORED:
        text = pattern.sub(lambda found: found.group(1) if found.re.groups else " ", text)
    return [
        Found(found.written, found.values, found.bare, block.strip())
        for block in BLOCK.split(text)
        for found in numbers(LINK_TARGET.sub("]", block))
        if not CITED.search(block)
    ]


def agree(claimed: Found, computed: Found) -> bool:
    """Whether a computed number rounds to the claimed one, at the digits that the prose gives."""
    pairs = [(value, computed.values) for value in claimed.values]
    if computed.bare and not claimed.bare:  # a column of figures under a heading with the unit
        pairs.append((raw(claimed), computed.values))
    return any(
        math.isclose(value, other, rel_tol=1e-9, abs_tol=half * (1 + 1e-9))
        for (value, half), others in pairs
        for other, _ in others
    )


def raw(found: Found) -> tuple[float, float]:
    """The number as written, without what its unit says about its size."""
    return numbers(re.sub(r"[^\d]+$", "", found.written))[0].values[0]


def unsupported(notebook: nbformat.NotebookNode, allowed: Iterable[Definition] = ()) -> list[str]:
    """What the prose of a notebook claims in figures with no source, output or definition behind it."""
    computed = [found for text in output_texts(notebook) for found in numbers(text)]
    defined = [found for row in allowed for found in numbers(row.number)]
    return [
        f"{found.written} in {found.block[:160]!r}"
        for found in in_prose(prose(notebook))
        if not any(agree(found, other) for other in computed)
        and not any(found.values == other.values for other in defined)
    ]


def stale(notebook: nbformat.NotebookNode, allowed: Iterable[Definition]) -> list[str]:
    """The definitions whose number the prose does not use any more."""
    used = {found.values for found in in_prose(prose(notebook))}
    return [f"{row.number} ({row.what})" for row in allowed if numbers(row.number)[0].values not in used]


@functools.cache
def names() -> re.Pattern[str]:
    """Whatever the catalogue names, whole or shortened: "GLM-5.2", "M3 Ultra 512GB", "PCIe 4.0", "H200"."""
    records = (
        records_models.Architecture,
        records_hardware.Device,
        records_hardware.Link,
        records_hardware.WeightFormat,
    )
    full = [record.name for kind in records for record in catalog.table(kind)]
    short = {form for name in full for form in shortened(name)}
    longest_first = sorted(map(spelled, short), key=len, reverse=True)
    return re.compile(rf"(?<![\w.])(?:{'|'.join(longest_first)})s?(?!\w)(?!\.\d)")


def shortened(name: str) -> set[str]:
    """Runs of the words of a name that start with a letter and hold a digit.

    >>> sorted(shortened("Apple M3 Ultra 512GB"))[:3]
    ['Apple M3', 'Apple M3 Ultra', 'Apple M3 Ultra 512GB']
    """
    words = re.sub(r"[(),/]", " ", name).split()
    runs = {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
    dashed = {part for word in words for part in dash_starts(word)}
    return {run for run in runs | dashed if run[0].isalpha() and re.search(r"\d", run)}


def dash_starts(word: str) -> list[str]:
    """The beginnings of a word with dashes: SmolLM2 and SmolLM2-135M of SmolLM2-135M-Instruct."""
    parts = word.split("-")
    return ["-".join(parts[:end]) for end in range(1, len(parts))]


def spelled(name: str) -> str:
    """A pattern for a name, with a blank or a dash between its words and perhaps a blank before its unit."""
    pattern = re.sub(r"(?:\\ |\\-)", "[ \u00a0-]", re.escape(name))
    return re.sub(r"(?<=\d)(?=[GMT]B$)", "[ \u00a0]?", pattern)
