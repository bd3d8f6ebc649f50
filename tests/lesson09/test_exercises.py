"""The exercises of lesson 09: numbers can be typed as the questions print them, and each slip gets its own words."""

from __future__ import annotations

import re

import pytest
from freeweights.lesson09 import exercises
from solutions import hand_in_wrong, make_mistakes

EXERCISES = (
    exercises.node_by_hand,
    exercises.tokens_a_day,
    exercises.points_of_a_merger,
)


@pytest.mark.parametrize("make", EXERCISES)
def test_no_wrong_answer_is_accepted_and_each_slip_gets_its_own_words(make):
    assert make_mistakes(make()) == [] and hand_in_wrong(make()) == []


@pytest.mark.parametrize(
    ("make", "typed", "words"),
    [
        (exercises.node_by_hand, "2.47", "idle share"),
        (exercises.node_by_hand, "1.48", "never idle"),
        (exercises.tokens_a_day, "47.6 million", "swapped the weights"),
        (exercises.tokens_a_day, "66.7 million", "plain mean"),
        (exercises.points_of_a_merger, "92", "counts twice"),
    ],
)
def test_a_slip_worked_out_by_hand_is_told_from_the_others(make, typed, words):
    assert words in make().check(typed).message


def test_numbers_can_be_typed_as_the_questions_print_them():
    exercise = exercises.tokens_a_day()
    printed = re.search(r"[\d.]+ million(?= tokens in it)", exercise.question).group()
    assert "the machine can do" in exercise.check(printed).message
    assert exercise.check("111.1 million").right
