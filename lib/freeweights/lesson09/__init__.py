"""Lesson 09, who gets paid: what tokens cost their host, what is asked for them, and who owns the compute.

The names stand in the order in which the lesson uses them.
"""

from . import (
    exercises,
    host_panel,
    lab_panel,
    list_prices_picture,
    market_panel,
    open_closed_panel,
    scale_panel,
    self_hosting_panel,
    token_capital_panel,
)
from .claims import settled
from .open_closed_panel import returns_panel
from .self_hosting_panel import both_sides
from .serving_frontier import frontier

__all__ = [
    "host_panel",
    "scale_panel",
    "frontier",
    "self_hosting_panel",
    "both_sides",
    "market_panel",
    "list_prices_picture",
    "lab_panel",
    "open_closed_panel",
    "returns_panel",
    "token_capital_panel",
    "exercises",
    "settled",
]
