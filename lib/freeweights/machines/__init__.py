"""Devices joined by links: memory, bandwidth, compute, collectives.

Read in this order: `interconnect` joins devices, `machine` is what they hold and do together, `fabric` many nodes of them.
"""

from . import (
    fabric,
    interconnect,
    machine,
)

__all__ = [
    "interconnect",
    "machine",
    "fabric",
]
