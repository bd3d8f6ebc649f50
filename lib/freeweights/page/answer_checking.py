"""Judging an answer: read what was typed, name the slip, and give reasons before results."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..facts.quantities import DAY, HOUR, MINUTE, YEAR, count, duration, money, significant, size

Number = float | Callable[[], float]

WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
PREFIXES = {"n": 1e-9, "µ": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
PREFIXES |= {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
COUNTS = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}  # before a word that is counted, or alone
SPELLINGS = [  # units that people use for one quantity, in its base unit
    {"B": 1.0, "byte": 1.0, "kilobyte": 1e3, "megabyte": 1e6, "gigabyte": 1e9, "terabyte": 1e12},
    {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": MINUTE,
     "minute": MINUTE, "h": HOUR, "hr": HOUR, "hour": HOUR, "d": DAY, "day": DAY, "week": 7 * DAY,
     "month": YEAR / 12, "y": YEAR, "yr": YEAR, "year": YEAR},
    {"$": 1.0, "USD": 1.0, "usd": 1.0, "dollar": 1.0, "US dollar": 1.0, "cent": 0.01},
    {"times": 1.0, "time": 1.0, "x": 1.0, "×": 1.0, "-fold": 1.0},
    {"%": 1.0, "per cent": 1.0, "percent": 1.0},
]  # fmt: skip
NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([^\d\s+*/=.,][^\d]*)?", re.IGNORECASE)
THOUSANDS = re.compile(r"(?<=\d)[,_ \u202f](?=\d{3}(?!\d))")
EXACT = 0.004  # a slip is named only when the number fits it this closely: 1024 and 1000 differ by 0.024

BYTES, TIME = {"B", "B/s", "FLOP/s"}, {"s", "ms", "minutes", "hours", "days", "years"}
SLIPS = [  # a factor, its words, and the units in which it is one; None: in all
    (8.0, "You have bits where bytes belong, or the other way round: eight bits are one byte.", BYTES),
    (100.0, "You have per cent where a fraction belongs, or the other way round: 5 % is 0.05.", None),
    (60.0, "You have seconds where minutes belong, or the other way round.", TIME - {"days", "years"}),
    (3600.0, "You have seconds where hours belong, or the other way round.", TIME - {"days", "years"}),
    (12.0, "You have months where years belong, or the other way round.", {"years"}),
    (2.0, "That is off by a factor of two: what was counted twice, or only once?", None),
    *((1000.0**power, f"A prefix is off by {word}: count the steps from k to M to G to T.", None)
      for power, word in enumerate(["a thousand", "a million", "a billion", "a trillion"], 1)),
    *((1.024**power, "You mixed units of 1024 with units of 1000: 1 GB is 10^9 bytes, 1 GiB is 2^30.", BYTES)
      for power in (1, 2, 3, 4)),
]  # fmt: skip


@dataclass(frozen=True)
class Feedback:
    """What a check says. `right`: the answer was accepted. `message`: plain text for the learner."""

    right: bool
    message: str


class Unreadable(ValueError):
    """What was typed is no number; the message says what to type instead."""


def read_number(typed: str | float, unit: str = "") -> float:
    """Read a number as people type it.

    Args:
        typed: a number, or text such as "1,200", "1.5e9", "1.5 billion", "16 GB", "42 tokens/s" or "12 %".
        unit: the unit that may stand behind it, with or without a prefix.

    Raises:
        Unreadable: there is no finite number in it, or another unit stands behind it.

    >>> read_number("1.5 billion"), read_number(" 1,200 tokens/s", "tokens/s"), read_number("37 ms", "s")
    (1500000000.0, 1200.0, 0.037)
    >>> read_number("0,5")
    Traceback (most recent call last):
    ...
    freeweights.page.answer_checking.Unreadable: '0,5' has a comma in it: write decimals with a point, as in 0.5.
    """
    if isinstance(typed, str):
        value = _read_text(typed, unit)
    else:
        value = float(typed)
    if not math.isfinite(value):
        raise Unreadable(f"{typed} is no number that can be compared: type a finite one.")
    return value


def _read_text(typed: str, unit: str) -> float:
    text = typed.strip()
    if not text:
        raise Unreadable("There is nothing in the box yet: type a number first.")
    bare = THOUSANDS.sub("", text.removeprefix("$").strip())
    if re.search(r"\d,\d", bare):
        point = bare.replace(",", ".")
        raise Unreadable(f"{text!r} has a comma in it: write decimals with a point, as in {point}.")
    found = NUMBER.fullmatch(bare)
    if not found:
        example = f"1200, 1.2e3 or 1.2 thousand (in {unit})" if unit else "1200 or 1.2e3"
        raise Unreadable(f"{text!r} is not a number on its own: type something like {example}.")
    return float(found.group(1)) * _multiplier(found.group(2) or "", unit, text)


def _multiplier(ending: str, unit: str, text: str) -> float:
    """What the word, prefix and unit behind a number multiply it by."""
    ending, known = (
        " ".join(ending.split()),
        WORDS | (PREFIXES if unit in BYTES else {} if unit in TIME else COUNTS),
    )
    for spelling, worth in _spellings(unit).items():
        before = ending.removesuffix(spelling).strip()
        if ending.endswith(spelling) and (not before or before in known or before.lower() in WORDS):
            return worth * (known.get(before) or WORDS[before.lower()] if before else 1.0)
    wanted = f"in {unit}" if unit else "without a unit"
    raise Unreadable(f"{text!r} ends in {ending!r}: give the number {wanted}.")


def _spellings(unit: str) -> dict[str, float]:
    """How people write a unit, longest first, each with its worth: a minute is 60 of "s", a token one of "tokens/s"."""
    if not unit:
        return {"%": 0.01, "": 1.0}
    for family in SPELLINGS:
        if base := family.get(unit) or family.get(unit.removesuffix("s")):
            found = (
                family | {f"{word}s": worth for word, worth in family.items() if len(word) > 2} | {"": base}
            )
            return {word: found[word] / base for word in sorted(found, key=len, reverse=True)}
    what, _, per = re.sub(r" (a|per) ", "/", unit).partition("/")
    names = {what, what.removesuffix("s"), what.replace("tokens", "tok")}
    rates = {f"{name}{by}{each}" for name in names for by in ("/", " a ", " per ")
             for each in ({per, "sec", "second"} if per == "s" else {per}) if per}  # fmt: skip
    return dict.fromkeys(sorted({unit, "", *names, *rates}, key=len, reverse=True), 1.0)


def said(value: float, unit: str = "") -> str:
    """Say a number with its unit, as the course writes it.

    >>> said(75.7e6, "B"), said(62, "s"), said(2.047, "tokens/s"), said(134.5e6)
    ('75.7 MB', '1.03 minutes', '2.05 tokens/s', '134 M')
    """
    special = {"B": size, "s": duration, "$": money, "": count}
    return special[unit](value) if unit in special else f"{significant(value)} {unit}"


def worked_out(answer: Number | str | Callable[[], str]) -> float | str:
    """The answer, computed now if it is a function."""
    return answer() if callable(answer) else answer


def judge_number(
    given: float,
    answer: float,
    *,
    unit: str,
    tolerance: float,
    mistakes: Sequence[tuple[Number, str]] = (),
    impossible: Sequence[tuple[Callable[[float], bool], str]] = (),
) -> Feedback:
    """Compare a number with the answer, and say why it cannot be right without saying the answer.

    Args:
        given, answer: in `unit`.
        tolerance: accepted relative error; what reads as the answer does once rounded is right in any case.
        mistakes: numbers that a known slip leads to, each with its words.
        impossible: tests that no right answer can meet, each with its reason.

    >>> judge_number(8e6, 1e6, unit="B", tolerance=0.05).message
    'You gave 8 MB. You have bits where bytes belong, or the other way round: eight bits are one byte.'
    >>> judge_number(1.02e6, 1e6, unit="B", tolerance=0.05)
    Feedback(right=True, message='You gave 1.02 MB. Right: it is 1 MB.')
    """
    start = f"You gave {said(given, unit)}."
    if near(given, answer, tolerance) or said(given, unit) == said(answer, unit):
        return Feedback(True, f"{start} Right: it is {said(answer, unit)}.")
    reasons = [why for cannot_be, why in impossible if cannot_be(given)]
    foreseen = [(worked_out(value), words) for value, words in mistakes]
    slips = [(value, words, min(tolerance, 0.02)) for value, words in foreseen]
    slips += [(value, words, EXACT) for value, words in usual_slips(answer, unit)]
    # Of slips whose numbers are met the nearest is named; of two as near the first: the one foreseen for this question.
    met = [
        (abs(given / value - 1) // EXACT, words)
        for value, words, within in slips
        if given and near(given, value, within)
    ]
    reasons += [min(met, key=lambda slip: slip[0])[1]] if met else [_direction(given, answer)]
    return Feedback(False, f"{start} {reasons[0]}")


def near(given: float, answer: float, tolerance: float) -> bool:
    """Whether two numbers agree within a relative tolerance; zero only agrees with zero."""
    return math.isclose(given, answer, rel_tol=0, abs_tol=tolerance * abs(answer))


def usual_slips(answer: float, unit: str) -> list[tuple[float, str]]:
    """The numbers that the usual slips of units, prefixes or direction make of an answer, each with its words.

    >>> [round(number, 1) for number, words in usual_slips(3.7, "$") if "twice" in words]
    [7.4, 1.9]
    """
    if not answer:
        return []
    fitting = [(factor, words) for factor, words, units in SLIPS if units is None or unit in units]
    return [
        (-answer, "The size is right and the sign is wrong: what is taken from what?"),
        *((answer * ratio, words) for factor, words in fitting for ratio in (factor, 1 / factor)),
        (1 / answer, "It is upside down: what is divided by what?"),
    ]


def _direction(given: float, answer: float) -> str:
    if given * answer <= 0:
        return "It has the wrong sign." if given else "It is more than nothing: what takes part?"
    ratio = given / answer
    side = "large" if ratio > 1 else "small"
    ratio = max(ratio, 1 / ratio)
    if ratio < 1.25:
        rounded = " or rounded away" if ratio < 1.1 else ""
        return f"Close, a little too {side}: look for what was left out{rounded}."
    return f"That is too {side}, by {'more' if ratio > 10 else 'less'} than ten times."


def how_far(given: float, answer: float) -> str:
    """Say how many times off a guess is, without blame.

    >>> how_far(42, 2.1), how_far(2, 2.1), how_far(0, 5)
    ('20 times too high', 'within 5 %', 'on another side of zero')
    """
    if given == answer:
        return "exactly that"
    if given * answer <= 0:
        return "on another side of zero"
    smaller, larger = sorted([abs(given), abs(answer)])
    off = larger / smaller
    if off < 1.3:
        return f"within {math.ceil(100 * (off - 1) - 1e-9)} %"
    return f"{significant(off, 2)} times too {'high' if given / answer > 1 else 'low'}"
