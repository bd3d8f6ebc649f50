"""Lesson 06, practical intelligence: an agent's day, guessed tokens, more thinking, and tests before a choice.

The names stand in the order in which the lesson uses them.
"""

from . import (
    agent_panel,
    agent_task,
    exercises,
    good_enough_panel,
    guesses,
    guesses_pictures,
    paired_test,
    paired_test_panel,
    phone_panel,
    samples,
    samples_panel,
    two_widths,
    usefulness_panel,
)
from .claims import settled

__all__ = [
    "agent_task",
    "agent_panel",
    "guesses",
    "guesses_pictures",
    "samples",
    "samples_panel",
    "usefulness_panel",
    "paired_test",
    "paired_test_panel",
    "two_widths",
    "good_enough_panel",
    "phone_panel",
    "exercises",
    "settled",
]
