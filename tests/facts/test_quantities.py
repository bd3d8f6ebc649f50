"""Numbers as people read them: true to half a per cent, in order, and never 'nan'."""

from __future__ import annotations

import math
import re

import pytest
from freeweights.facts import quantities
from hypothesis import example, given
from hypothesis import strategies as st

SECONDS = {
    "ns": 1e-9,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "minutes": 60.0,
    "hours": 3600.0,
    "days": 86_400.0,
    "years": 365.25 * 86_400,
}
SI = dict(zip(["", "k", "M", "G", "T", "P", "E"], [1000.0**step for step in range(7)]))
WORDS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
MONEY = {"": 1.0, "million": 1e6, "billion": 1e9, "trillion": 1e12}
HALF_A_PER_CENT = 0.005 + 1e-9


def said(text: str) -> tuple[float, str]:
    """The number and the unit of '1,230 km'."""
    match = re.fullmatch(r"(-?[\d,]+(?:\.\d+)?) ?(.*)", text)
    assert match, text
    return float(match.group(1).replace(",", "")), match.group(2)


def read_duration(text: str) -> float:
    number, unit = said(text)
    if len(unit) > 2:  # a word: "1 minute", "2 minutes"
        assert unit.endswith("s") == (abs(number) != 1)
        unit = unit.removesuffix("s") + "s"
    return number * SECONDS[unit]


def read_size(text: str) -> float:
    number, unit = said(text)
    assert unit.endswith("B")
    return number * SI[unit[:-1]]


def read_count(text: str) -> float:
    number, unit = said(text)
    return number * WORDS[unit]


def read_money(text: str) -> float:
    number, word = said(text.replace("$", "", 1))
    return number * MONEY[word]


def read_plain(text: str) -> float:
    number, unit = said(text)
    assert not unit
    return number


FORMATS = {
    "significant": (quantities.significant, read_plain, 1e-12, 1e18),
    "duration": (quantities.duration, read_duration, 1e-12, 1e15),
    "size": (quantities.size, read_size, 1e-3, 1e21),
    "count": (quantities.count, read_count, 1e-3, 1e18),
    "money": (quantities.money, read_money, 1e-6, 1e16),
}
EDGES = [
    0.9995,
    0.9994999,
    59.97,
    59.969,
    999.5,
    999.4999,
    3598.2,
    86_356.8,
    999_500.0,
    999_499.0,
    31_541_976.0,
]


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_what_is_said_is_within_half_a_per_cent(name, data):
    say, read, low, high = FORMATS[name]
    value = data.draw(st.floats(low, high) | st.sampled_from(EDGES))
    assert read(say(value)) == pytest.approx(value, rel=HALF_A_PER_CENT)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_a_larger_value_never_reads_smaller(name, data):
    say, read, low, high = FORMATS[name]
    one = data.draw(st.floats(low, high) | st.sampled_from(EDGES))
    other = one * data.draw(st.floats(1, 1.2) | st.floats(1, 1e6))
    assert read(say(one)) <= read(say(other)) * (1 + 1e-12)


@pytest.mark.parametrize("name", FORMATS)
@given(value=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30))
@example(value=0.0)
@example(value=5e-324)
@example(value=-1e-9)
def test_no_finite_value_is_said_as_nan_inf_or_with_an_exponent(name, value):
    text = FORMATS[name][0](value)
    assert not re.search(r"nan|inf|\de[-+]?\d", text.casefold())


@pytest.mark.parametrize("name", [*FORMATS, "percent", "times"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_refused(name, value):
    with pytest.raises(ValueError, match="finite"):
        getattr(quantities, name)(value)


@given(value=st.floats(-1e15, 1e15).filter(lambda v: abs(v) > 1e-6), digits=st.integers(2, 12))
def test_significant_keeps_that_many_digits(value, digits):
    text = quantities.significant(value, digits)
    assert abs(read_plain(text) / value - 1) <= 0.51 * 10.0 ** (1 - digits)


@given(value=st.floats(1e-6, 1e12))
def test_a_negative_amount_reads_as_the_positive_one_with_a_sign(value):
    for say, *_ in FORMATS.values():
        assert say(-value) == "-" + say(value)


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0, "0 ns"),
        (1e-9, "1 ns"),
        (4e-6, "4 µs"),
        (0.037, "37 ms"),
        (1, "1 s"),
        (59.9, "59.9 s"),
        (60, "1 minute"),
        (90, "1.5 minutes"),
        (5400, "1.5 hours"),
        (172_800, "2 days"),
        (1e9, "31.7 years"),
    ],
)
def test_durations_are_said_in_the_unit_a_person_would_choose(seconds, text):
    assert quantities.duration(seconds) == text


@pytest.mark.parametrize(
    "count, text",
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (98_362_432, "98.4 MB"),
        (433.98e9, "434 GB"),
        (1.51e12, "1.51 TB"),
    ],
)
def test_sizes_are_decimal(count, text):
    assert quantities.size(count) == text
