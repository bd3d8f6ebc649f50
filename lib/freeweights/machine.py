"""Floor 2. Devices joined by links: what a machine can hold, read and compute, and what its devices must say to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import catalog
from .quantities import plain
from .records import Device, Link


@dataclass(frozen=True)
class Machine:
    """`count` equal devices that share one model by tensor parallelism, joined by `link`."""

    device: Device
    count: int
    link: Link | None

    @property
    def name(self) -> str:
        return self.device.name if self.count == 1 else f"{self.count} x {self.device.name}"

    @property
    def memory(self) -> float:
        """Bytes that all devices hold together."""
        return self.count * self.device.memory

    @property
    def memory_bandwidth(self) -> float:
        """Bytes per second that all devices read together, by their specification."""
        return self.count * self.device.memory_bandwidth

    def flops(self, bits):
        """Highest dense rate at which the machine multiplies weights of so many bits.

        Args:
            bits: bits per weight, number or array. A weight may be multiplied at its own width or any wider one.

        Returns:
            FLOP/s of all devices, same shape as `bits`.

        Raises:
            catalog.CatalogError: nobody publishes a rate for this device.

        >>> machine("H200 SXM 141GB").flops(16) / 1e12, machine("H200 SXM 141GB").flops(8.5) / 1e12
        (989.0, 1979.0)
        """
        device = self.device
        rates = [
            (np.inf, device.flops_fp32),
            (17, device.flops_fp16),
            (9, device.flops_fp8),
            (9, device.flops_int8),
            (5, device.flops_fp4),
        ]
        known = [(widest, rate) for widest, rate in rates if rate is not None]
        if not known:
            raise catalog.CatalogError(
                f"devices.csv, row {device.name}: no column tflops_* is filled, because nobody publishes this "
                "device's compute rate. Reading speed can be estimated for it, prefill cannot."
            )
        bits = np.asarray(bits, float)
        best = np.max([np.where(bits < widest, rate, 0.0) for widest, rate in known], axis=0)
        narrowest = min(rate for _, rate in known)
        return self.count * plain(np.maximum(best, narrowest))

    @property
    def computes(self) -> bool:
        """Whether a compute rate is published for the device."""
        device = self.device
        return any(
            (device.flops_fp32, device.flops_fp16, device.flops_fp8, device.flops_int8, device.flops_fp4)
        )

    def all_reduce(self, message):
        """Least time for every device to end up with the sum of all devices' messages.

        Args:
            message: bytes that each device contributes, number or array.

        Returns:
            seconds: 2 (n - 1) / n messages cross each device's link, plus the link's latency where one is published.
            Zero for one device. Source: the ring algorithm, Patarasuk and Yuan 2009, bandwidth term.

        >>> machine("H200 SXM 141GB").all_reduce(1e6)
        0.0
        """
        message = np.asarray(message, float)
        if self.count == 1:
            return plain(np.zeros(message.shape))
        crossing = 2 * (self.count - 1) / self.count * message
        return plain(crossing / self.link.bandwidth + (self.link.latency or 0.0))


def machine(device: str, count: int = 1, link: str | None = None) -> Machine:
    """A machine from the catalogue.

    Args:
        device: name of a device.
        count: how many of them, at least 1.
        link: name of the link that joins them; their own interconnect if not given.

    Raises:
        UnknownName: the device or link is not in the catalogue.
        ValueError: `count` is not a whole number from 1, several devices have no link, or one device has one.

    >>> machine("H200 SXM 141GB", count=8).memory / 1e9
    1128.0
    """
    if not isinstance(count, (int, np.integer)) or count < 1:
        raise ValueError(f"count is {count!r}: a machine has 1 device or more, a whole number.")
    if link and count == 1:
        raise ValueError(
            f"link is '{link}' but count is 1: one device has nothing to be joined to. Leave the link out."
        )
    found = catalog.device(device)
    joined = link or found.link
    if count > 1 and not joined:
        raise ValueError(
            f"{found.name} has no interconnect in data/devices.csv: say how {count} of them are joined, "
            'for instance machine(..., count=2, link="100 GbE").'
        )
    return Machine(found, int(count), catalog.link(joined) if count > 1 else None)
