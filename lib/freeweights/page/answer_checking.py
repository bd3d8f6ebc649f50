"""Judging an answer: read what was typed, name the slip, and give reasons before results."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..facts.quantities import count, duration, money, significant, size

Number = float | Callable[[], float]

WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
PREFIXES = {"n": 1e-9, "µ": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
PREFIXES |= {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
COUNTS = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "%": 0.01}  # behind a number without a unit
NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([^\d\s+*/=.,-][^\d]*)?", re.IGNORECASE)
THOUSANDS = re.compile(r"(?<=\d)[,_ \u202f](?=\d{3}(?!\d))")
EXACT = 0.004  # a slip is named only when the number fits it this closely: 1024 and 1000 differ by 0.024

SLIPS = [
    (8.0, "You have bits where bytes belong, or the other way round: eight bits are one byte."),
    (100.0, "You have per cent where a fraction belongs, or the other way round: 5 % is 0.05."),
    (60.0, "You have seconds where minutes belong, or the other way round."),
    (3600.0, "You have seconds where hours belong, or the other way round."),
    (2.0, "Something was counted twice or only once: a multiplication and an addition are two FLOPs, "
          "and a cache holds keys and values."),
    *((1000.0**power, f"A prefix is off by {word}: count the steps from k to M to G to T.")
      for power, word in enumerate(["a thousand", "a million", "a billion", "a trillion"], 1)),
    *((1.024**power, "You mixed units of 1024 with units of 1000: 1 GB is 10^9 bytes, 1 GiB is 2^30.")
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
    before = ending.removesuffix(unit).strip() if unit else ending
    if before in ("", unit) or before.lower() in WORDS:
        return WORDS.get(before.lower(), 1.0)
    known = PREFIXES if unit and ending.endswith(unit) else {} if unit else COUNTS
    if before not in known:
        wanted = f"in {unit}" if unit else "without a unit"
        raise Unreadable(f"{text!r} ends in {ending!r}: give the number {wanted}.")
    return known[before]


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
        tolerance: accepted relative error.
        mistakes: numbers that a known slip leads to, each with its words.
        impossible: tests that no right answer can meet, each with its reason.

    >>> judge_number(8e6, 1e6, unit="B", tolerance=0.05).message
    'You gave 8 MB. You have bits where bytes belong, or the other way round: eight bits are one byte.'
    >>> judge_number(1.02e6, 1e6, unit="B", tolerance=0.05)
    Feedback(right=True, message='You gave 1.02 MB. Right: it is 1 MB.')
    """
    start = f"You gave {said(given, unit)}."
    if near(given, answer, tolerance):
        return Feedback(True, f"{start} Right: it is {said(answer, unit)}.")
    reasons = [why for cannot_be, why in impossible if cannot_be(given)]
    reasons += [words for value, words in mistakes if near(given, worked_out(value), min(tolerance, 0.02))]
    reasons += [slip] if (slip := usual_slip(given, answer)) else [_direction(given, answer)]
    return Feedback(False, f"{start} {reasons[0]}")


def near(given: float, answer: float, tolerance: float) -> bool:
    """Whether two numbers agree within a relative tolerance; zero only agrees with zero."""
    return math.isclose(given, answer, rel_tol=0, abs_tol=tolerance * abs(answer))


def usual_slip(given: float, answer: float) -> str:
    """Name the slip of units, prefixes or direction that explains what was given; "" if none does."""
    if given == 0 or answer == 0:
        return ""
    if near(given, -answer, EXACT):
        return "The size is right and the sign is wrong: what is taken from what?"
    ratio = abs(given / answer)
    for factor, words in SLIPS:
        if near(ratio, factor, EXACT) or near(ratio, 1 / factor, EXACT):
            return words
    return "It is upside down: what is divided by what?" if near(given * answer, 1, EXACT) else ""


def _direction(given: float, answer: float) -> str:
    if given * answer <= 0:
        return "It has the wrong sign." if given else "It is more than nothing: what takes part?"
    ratio = given / answer
    side = "large" if ratio > 1 else "small"
    ratio = max(ratio, 1 / ratio)
    if ratio < 1.25:
        return f"Close, a little too {side}: look for what was left out or rounded away."
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
