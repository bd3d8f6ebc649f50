"""Lesson 02, hardware bottlenecks: which of five things is scarce, and how far predictions are off.

The names stand in the order in which the lesson uses them.
"""

from . import (
    accuracy_panel,
    deflation_panel,
    energy_panel,
    exercises,
    export_panel,
    links_panel,
    own_roofline_picture,
    roofline_panel,
    throughput_panel,
)
from .claims import settled
from .deflation_panel import lately
from .own_roofline_picture import measure
from .roofline_panel import MACHINES, fitting

__all__ = [
    "measure",
    "own_roofline_picture",
    "roofline_panel",
    "MACHINES",
    "fitting",
    "throughput_panel",
    "links_panel",
    "export_panel",
    "deflation_panel",
    "lately",
    "accuracy_panel",
    "energy_panel",
    "exercises",
    "settled",
]
