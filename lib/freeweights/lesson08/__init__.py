"""Lesson 08, training together: homes instead of a data centre, local steps and small messages, liars, and who else could pay.

The names stand in the order in which the lesson uses them.
"""

from . import (
    bills,
    exercises,
    far_apart,
    givers_panel,
    liars_panel,
    liars_picture,
    messages_picture,
    planet,
    planet_panel,
)
from .claims import settled

__all__ = [
    "planet",
    "messages_picture",
    "far_apart",
    "planet_panel",
    "liars_picture",
    "liars_panel",
    "bills",
    "givers_panel",
    "exercises",
    "settled",
]
