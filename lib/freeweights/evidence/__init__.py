"""Published rows held against predictions: comparison, fitting, calibration, accuracy, verdicts.

Read in this order: `published` puts a row beside its prediction, `fitting` finds what each kind of work costs,
`make_calibration` writes it down, the next three say how far off predictions are on rows they have not seen, and
`known_speeds` and `verdicts` use what is known to judge a claim.
"""

from . import (
    accuracy_report,
    energy_published,
    fitting,
    held_out,
    known_speeds,
    make_calibration,
    progress,
    published,
    scaling_law,
    scaling_published,
    single_changes,
    training_hours,
    verdicts,
)

__all__ = [
    "published",
    "fitting",
    "make_calibration",
    "held_out",
    "single_changes",
    "accuracy_report",
    "energy_published",
    "training_hours",
    "scaling_law",
    "scaling_published",
    "progress",
    "known_speeds",
    "verdicts",
]
