"""Nodes of devices in a network: their own link inside a node, another between nodes, both busy at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..facts import catalog
from ..facts.arrays import at_least, plain
from ..facts.records_hardware import Link
from .interconnect import joined, of_kind
from .machine import Machine, machine


@dataclass(frozen=True)
class Fabric:
    """Equal devices in nodes of `node`: their own link joins a node, and each has one `between` to other nodes."""

    device: str
    between: Link
    node: int

    @property
    def inside(self) -> Link:
        return joined(catalog.device(self.device), 2, None)

    def of(self, devices: int, split: str = "experts") -> Machine:
        """So many of the devices as one machine: what they hold, read and compute."""
        return machine(self.device, devices, split=split)


def fabric(device: str, between: str, node: int = 8) -> Fabric:
    """Nodes of a device of the catalogue, joined by a link of the catalogue.

    >>> fabric("H800 SXM5 80GB", "InfiniBand NDR (4x port)").inside.name
    'NVLink 4 cut (H800)'
    """
    return Fabric(
        catalog.device(device).name, of_kind(between, storage=False), int(at_least(node, "node", 1))
    )


def on_the_wire(fabric: Fabric, devices: int, message):
    """Least time of an all-to-all at the specified bandwidths, both links busy at once.

    Args:
        fabric, devices: the nodes, and how many devices take part.
        message: bytes that each device sends in all, its own part included; number or array.

    Returns:
        seconds: of a message's n equal parts, those for devices of the own node cross one link, the rest the other.

    >>> ib = fabric("H800 SXM5 80GB", "InfiniBand NDR (4x port)")
    >>> round(1e6 * on_the_wire(ib, 16, 14_680_064)), on_the_wire(ib, 1, 1e6)
    (147, 0.0)
    """
    near = min(fabric.node, int(at_least(devices, "devices", 1)))
    message = at_least(message, "message", 0)
    inside, beyond = message * (near - 1) / devices, message * (devices - near) / devices
    return plain(np.maximum(inside / fabric.inside.bandwidth, beyond / fabric.between.bandwidth))
