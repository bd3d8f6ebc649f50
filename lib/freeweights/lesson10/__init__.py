"""Lesson 10, what is open: what of a release is out and by whose rule, what licences let you do, what weights alone allow.

The names stand in the order in which the lesson uses them.
"""

from . import (
    exercises,
    licences,
    matrix_panel,
    may_i_panel,
    schemes,
    weights_alone,
    years_picture,
)
from .claims import settled

__all__ = [
    "schemes",
    "matrix_panel",
    "years_picture",
    "may_i_panel",
    "licences",
    "weights_alone",
    "exercises",
    "settled",
]
