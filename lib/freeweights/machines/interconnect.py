"""What joins devices: links, the ports they need, and whose measured latency counts for whom."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..facts import catalog
from ..facts.records_hardware import AllReduce, Device, Link

# Kinds of link that a device needs a port for; any computer can be joined by a network.
PORTS = ("GPU fabric", "accelerator fabric", "peer link")
WHOLE = {"NVLink 4 cut (H800)": "NVLink 4 (H100/H200)"}


@cache
def timed_like(link: Link) -> Link:
    """The link whose latency counts for this one: itself or, where nobody published its own, the nearest of its kind.

    Nearest is the whole of a cut link, since fewer lanes carry fewer bytes, not later ones; else the one nearest in
    bandwidth. Fabrics of accelerators of whose kind none is published count as the fabrics of GPUs do.

    >>> timed_like(catalog.link("InfiniBand NDR (4x port)")).name
    '400 GbE'
    """
    if link.latency is not None:
        return link
    if link.name in WHOLE:
        return catalog.link(WHOLE[link.name])
    known = [other for other in catalog.table(Link) if other.latency is not None]
    alike = [other for other in known if other.kind == link.kind]

    def away(other: Link) -> tuple[float, float]:
        return round(abs(np.log(other.bandwidth / link.bandwidth)), 6), -other.bandwidth

    return min(alike or [other for other in known if other.kind == "GPU fabric"], key=away)


def knots(link: Link, what: str) -> tuple[list[float], list[float]]:
    """Rounds (log2 of devices) at which `what` of a link's all-reduce was measured, rising, and its values."""
    rows = sorted((row.devices, getattr(row, what)) for row in catalog.table(AllReduce) if row.link == link.name
                  and getattr(row, what))  # fmt: skip
    return [float(np.log2(devices)) for devices, _ in rows], [value for _, value in rows]


@cache
def all_reduce_latency(link: Link, devices: int) -> float:
    """Seconds of a small all-reduce over so many devices: as measured, or of the nearest of its kind (`timed_like`).

    Its devices exchange in log2 n rounds (recursive doubling: Thakur, Rabenseifner and Gropp 2005, section 4.5). Between
    measured numbers the seconds are on a line in rounds; above the most they grow with the rounds; below the least they are
    as there. Where one message was timed and no all-reduce, that is the round of two devices.

    >>> pcie = catalog.link("PCIe 5.0 x16")
    >>> [round(1e6 * all_reduce_latency(pcie, n), 1) for n in (2, 4, 6, 8, 64)]
    [5.1, 14.9, 22.3, 27.5, 55.0]
    """
    timed = timed_like(link)
    rounds, seconds = knots(timed, "latency")
    if not rounds:
        rounds, seconds = [1.0], [timed.latency]
    wanted = float(np.log2(devices))
    return float(np.interp(wanted, rounds, seconds)) * max(1.0, wanted / rounds[-1])


@cache
def bus_bandwidth(link: Link, devices: int) -> float:
    """Bytes per second that cross each device's link in a large all-reduce: as measured at that number of devices, between
    and beside the measured ones on a line in rounds; else at the share of its specified rate that the nearest of its kind reaches.

    >>> [round(bus_bandwidth(catalog.link("PCIe 5.0 x16"), n) / 1e9, 1) for n in (2, 4, 8, 16)]
    [39.4, 30.3, 24.1, 24.1]
    """
    rounds, rates = knots(link, "bus")
    if rounds:
        return float(np.interp(np.log2(devices), rounds, rates))
    if link.measured_bandwidth:
        return link.measured_bandwidth
    like = timed_like(link)
    return link.bandwidth * (1.0 if like is link else bus_bandwidth(like, devices) / like.bandwidth)


def joined(device: Device, count: int, link: str | None) -> Link | None:
    """The link between `count` devices, by name or their own; none for one device."""
    if link and count == 1:
        raise ValueError(
            f"link is '{link}' but count is 1: one device has nothing to be joined to. Leave the link out."
        )
    if count == 1:
        return None
    if not (link or device.link):
        raise ValueError(
            f"{device.name} has no interconnect in data/devices.csv: say how {count} of them are joined, "
            'for instance machine(..., count=2, link="100 GbE").'
        )
    found = of_kind(link or device.link, storage=False)
    if found.kind in PORTS:
        check_port(device, found)
    return found


def of_kind(name: str, storage: bool) -> Link:
    """The link of that name, refused where a drive is given for a link or a link for a drive."""
    found = catalog.link(name)
    if (found.kind == "storage") != storage or found.kind == "memory":
        wanted, example = ("a drive", "NVMe SSD PCIe 4.0 x4") if storage else ("a link", "PCIe 5.0 x16")
        raise ValueError(f"'{found.name}' is {found.kind}, and {wanted} is needed, for instance '{example}'.")
    return found


def check_port(device: Device, found: Link) -> None:
    """Refuse a link that needs a port of its own for a device that has no such port."""
    own = catalog.link(device.link) if device.link else None
    vendors = {user.vendor for user in catalog.table(Device) if user.link == found.name}
    if own is None or own.kind != found.kind or device.vendor not in vendors:
        raise ValueError(
            f"{device.name} has no port for {found.name}, which joins devices of {' and '.join(sorted(vendors))}: "
            f"choose {f'its own {own.name}' if own else 'a network'}, or a network such as '100 GbE'."
        )
