"""Numbers as people read them: 671 B, 4.8 TB/s, 37 ms, $0.42."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

UP = ["", "K", "M", "B", "T"]
SI_UP = ["", "k", "M", "G", "T", "P", "E"]
MINUTE, HOUR, DAY, YEAR = 60.0, 3600.0, 86_400.0, 365.25 * 86_400.0
GIB = 2**30


def finite(value: float, name: str) -> float:
    """Return `value` as a float, refusing what no reader can use.

    Args:
        value: a number.
        name: what the number is, for the message.

    Raises:
        ValueError: `value` is NaN or infinite.

    >>> finite(3, "batch")
    3.0
    >>> finite(float("nan"), "batch")
    Traceback (most recent call last):
    ...
    ValueError: batch is nan: a finite number is needed to say it in words.
    """
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value}: a finite number is needed to say it in words.")
    return value


def significant(value: float, digits: int = 3) -> str:
    """Round to `digits` significant digits, without an exponent and without trailing zeros after a point.

    >>> significant(134.515), significant(0.000123456), significant(20), significant(1234567)
    ('135', '0.000123', '20', '1,230,000')
    """
    value = finite(value, "the number")
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    text = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(value: float, prefixes: list[str], digits: int) -> tuple[str, str]:
    """Divide by a power of 1000 so that one to three digits stand before the point."""
    step = 0
    while step + 1 < len(prefixes) and abs(value) >= 999.5 * 1000**step:
        step += 1
    return significant(value / 1000**step, digits), prefixes[step]


def count(value: float, digits: int = 3) -> str:
    """Say a number of things in thousands, millions, billions (10^9) or trillions (10^12).

    >>> count(134_515_008), count(743.4e9), count(1.03e12), count(999), count(32)
    ('135 M', '743 B', '1.03 T', '999', '32')
    """
    number, prefix = _scaled(finite(value, "the count"), UP, digits)
    return f"{number} {prefix}".rstrip()


def rate(value: float, unit: str, digits: int = 3) -> str:
    """Say a quantity in SI prefixes of `unit`.

    >>> rate(4.8e12, "B/s"), rate(989e12, "FLOP/s"), rate(15.2, "tokens/s")
    ('4.8 TB/s', '989 TFLOP/s', '15.2 tokens/s')
    """
    number, prefix = _scaled(finite(value, f"the figure in {unit}"), SI_UP, digits)
    return f"{number} {prefix}{unit}"


def speed(value: float, digits: int = 3) -> str:
    """Say tokens per second, in full figures.

    >>> speed(15.24), speed(40_123), speed(0.42)
    ('15.2 tokens/s', '40,100 tokens/s', '0.42 tokens/s')
    """
    return f"{significant(value, digits)} tokens/s"


def size(value: float, digits: int = 3) -> str:
    """Say bytes in decimal units: 1 GB is 10^9 bytes.

    >>> size(98_362_432), size(433.98e9), size(576)
    ('98.4 MB', '434 GB', '576 B')
    """
    return rate(value, "B", digits)


def duration(value: float, digits: int = 3) -> str:
    """Say seconds in the unit a person would choose, from nanoseconds to years.

    >>> duration(0.037), duration(4e-6), duration(75), duration(3600), duration(2 * 86_400), duration(1e9)
    ('37 ms', '4 µs', '1.25 minutes', '1 hour', '2 days', '31.7 years')
    """
    value = finite(value, "the duration")
    size_of = abs(value)
    for limit, unit, seconds in [
        (1e-6, "ns", 1e-9),
        (1e-3, "µs", 1e-6),
        (1.0, "ms", 1e-3),
        (MINUTE, "s", 1.0),
        (HOUR, "minutes", MINUTE),
        (DAY, "hours", HOUR),
        (YEAR, "days", DAY),
    ]:
        if size_of < limit * (1 - 5e-4):
            break
    else:
        unit, seconds = "years", YEAR
    number = significant(value / seconds, digits)
    return f"{number} {unit.removesuffix('s') if number.lstrip('-') == '1' and len(unit) > 2 else unit}"


def money(value: float, digits: int = 3) -> str:
    """Say US dollars, with cents below a thousand and a word above a million.

    >>> money(0.42), money(9500), money(5_576_000), money(1.2e9), money(0.000123), money(-3)
    ('$0.42', '$9,500', '$5.58 million', '$1.2 billion', '$0.000123', '-$3')
    """
    value = finite(value, "the amount")
    sign, value = ("-" if value < 0 else ""), abs(value)
    for limit, word in [(1e12, " trillion"), (1e9, " billion"), (1e6, " million")]:
        if value >= limit * (1 - 5e-4):
            return f"{sign}${significant(value / limit, digits)}{word}"
    return f"{sign}${significant(value, max(digits, 2))}"


def percent(fraction: float, digits: int = 2) -> str:
    """Say a fraction as per cent.

    >>> percent(0.652), percent(1), percent(0.0004)
    ('65 %', '100 %', '0.04 %')
    """
    return f"{significant(100 * finite(fraction, 'the fraction'), digits)} %"


def times(ratio: float, digits: int = 2) -> str:
    """Say how many times one number is another.

    >>> times(18.24), times(1.08), times(0.5)
    ('18 times', '1.1 times', '0.5 times')
    """
    return f"{significant(finite(ratio, 'the ratio'), digits)} times"


def between(say: Callable[..., str], low: float, high: float) -> str:
    """Say a range, with a unit that both ends share said once; one number where both read alike.

    Args:
        say: how one end is said, such as `times`. low, high: the ends.

    >>> between(times, 1.98, 2.42), between(percent, 0.061, 0.058), between(duration, 1, 1.0001), between(size, 9e8, 2e9)
    ('2 to 2.4 times', '5.8 to 6.1 %', '1 s', '900 MB to 2 GB')
    """
    low, high = say(min(low, high)), say(max(low, high))
    if low == high:
        return low
    number, _, unit = low.partition(" ")
    return f"{number} to {high}" if unit and high.partition(" ")[2] == unit else f"{low} to {high}"


def several(number: float, thing: str) -> str:
    """Say how many there are of a thing, in agreement.

    >>> several(1, "host"), several(1200, "host")
    ('1 host', '1,200 hosts')
    """
    return f"{number:,.0f} {thing}{'' if round(number) == 1 else 's'}"


def listed(things: Iterable[object]) -> str:
    """Join things with commas and an "and".

    >>> listed(["QwQ-32B", "OLMo 2 32B", "Qwen3-32B"]), listed(["one", "two"]), listed([])
    ('QwQ-32B, OLMo 2 32B and Qwen3-32B', 'one and two', 'none')
    """
    *before, last = [*map(str, things)] or ["none"]
    return f"{', '.join(before)} and {last}" if before else last
