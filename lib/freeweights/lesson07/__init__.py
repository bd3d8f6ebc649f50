"""Lesson 07, training and capital: what a run costs and what its bill leaves out, what ten times the money buys, who can pay.

The names stand in the order in which the lesson uses them.
"""

from . import (
    bill_panel,
    byte_picture,
    exercises,
    fit_panel,
    gpt_2_bill,
    halving_panel,
    hours_panel,
    known_runs,
    lag_panel,
    optimum_panel,
    overtraining_panel,
    tenfold_panel,
    who_pays_panel,
)
from .claims import settled

__all__ = [
    "known_runs",
    "hours_panel",
    "bill_panel",
    "fit_panel",
    "byte_picture",
    "optimum_panel",
    "tenfold_panel",
    "overtraining_panel",
    "halving_panel",
    "gpt_2_bill",
    "lag_panel",
    "who_pays_panel",
    "exercises",
    "settled",
]
