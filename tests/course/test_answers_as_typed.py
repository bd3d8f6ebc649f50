"""Right answers of the lessons' exercises as people type them, and wrong ones that once were given the wrong reason."""

from __future__ import annotations

import pytest
from freeweights.lesson01.exercises import load_kimi
from freeweights.lesson02.exercises import years_until_a_desktop
from freeweights.lesson04.exercises import heads_on_a_desktop, worth_its_memory
from freeweights.lesson05.exercises import samples_for_the_price, seven_or_nine
from freeweights.lesson09.exercises import node_by_hand, tokens_a_day


@pytest.mark.parametrize(("ask", "form"), [
    (tokens_a_day, "{:.0f} M"), (tokens_a_day, "{:.0f} million tokens"), (samples_for_the_price, "{:.0f} M"),
    (samples_for_the_price, "{:.0f} million samples"),
])  # fmt: skip
def test_millions_are_read_as_people_type_them(ask, form):
    exercise = ask()
    assert exercise.check(form.format(exercise.answer() / 1e6)).right, exercise.feedback


def test_thousands_minutes_seconds_and_dollars_are_read_as_people_type_them():
    assert heads_on_a_desktop().check(f"{heads_on_a_desktop().answer() / 1e3:.0f}k").right
    assert worth_its_memory().check(f"{worth_its_memory().answer() / 60:.2f} minutes").right
    assert load_kimi().check(f"{load_kimi().answer():.0f} seconds").right
    assert node_by_hand().check("3.7 dollars").right


@pytest.mark.parametrize(("ask", "factor", "never", "says"), [
    (years_until_a_desktop, 1.024, "1024", "too large"), (worth_its_memory, 1.024**-3, "1024", "too small"),
    (node_by_hand, 8, "bits", "GPUs twice"), (load_kimi, 0.5, "keys", "factor of two"),
])  # fmt: skip
def test_a_slip_is_named_only_where_it_can_have_been_made(ask, factor, never, says):
    exercise = ask()
    message = exercise.check(exercise.answer() * factor).message
    assert never not in message and (says in message or exercise.feedback.right)


def test_a_difference_of_logits_is_no_rounding():
    message = seven_or_nine().check(6).message
    assert "rounded" not in message and "difference of the logits" in message
