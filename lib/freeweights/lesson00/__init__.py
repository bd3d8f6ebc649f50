"""Lesson 00, start here: the debate, three kinds of number, and one model on one machine.

The names stand in the order in which the lesson uses them.
"""

from . import exercises, one_model_panel
from .installation import check_installation

__all__ = [
    "check_installation",
    "one_model_panel",
    "exercises",
]
