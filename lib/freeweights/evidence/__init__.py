"""Published rows held against predictions: comparison, fitting, calibration, accuracy, verdicts.

Read in this order: `published` puts a row beside its prediction, `fitting` finds what each kind of work costs,
`make_calibration` writes it down, and the next three say how far off predictions are on rows they have not seen.
"""

from . import (
    accuracy_report,
    energy_published,
    fitting,
    held_out,
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
    "verdicts",
]
