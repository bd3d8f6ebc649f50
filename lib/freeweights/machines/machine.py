"""Devices joined by links: what a machine can hold, read and compute, and what its devices must say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..facts import catalog
from ..facts.arrays import plain
from ..facts.records_hardware import Device, Engine, Link
from ..facts.vocabulary import Split, word
from .interconnect import all_reduce_latency, bus_bandwidth, joined, of_kind

RATES = (
    ("flops_fp32", np.inf),
    ("flops_fp16", 17),
    ("flops_fp8", 9),
    ("flops_int8", 9),
    ("flops_fp4", 5),
)


@dataclass(frozen=True)
class Machine:
    """`count` equal devices that share one model, joined by `link`.

    split: how they share it. engine: what runs the model; None for the one usual for the device and the format.
    cpu_host: the computer whose memory and processor take what the devices cannot hold. drive: where routed experts
    stay that nothing else can hold.
    """

    device: Device
    count: int
    link: Link | None
    split: Split = Split.TENSOR
    engine: Engine | None = None
    cpu_host: Device | None = None
    drive: Link | None = None

    @staticmethod
    def named(
        device: str,
        count: int = 1,
        link: str | None = None,
        split: str = "tensor",
        engine: str | None = None,
        cpu_host: str | None = None,
        drive: str | None = None,
    ) -> Machine:
        """A machine from the catalogue.

        Args:
            device: name of a device.
            count: how many of them, at least 1.
            link: name of the link that joins them; their own interconnect if not given.
            split: how the devices share the model, one of "tensor", "pipeline", "experts".
            engine: name of the inference engine; the usual one for the device and the format if not given.
            cpu_host: name of the computer that holds and computes what the devices cannot hold.
            drive: name of the drive that routed experts are streamed from if nothing else can hold them.

        Raises:
            UnknownName: a name is not in the catalogue.
            ValueError: `count` is not a whole number from 1, several devices have no link, one device has one, the link
                is a drive or the drive a link, or there is no such split.

        >>> Machine.named("H200 SXM 141GB", count=8).memory / 1e9
        1206.04
        """
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise ValueError(f"count is {count!r}: a machine has 1 device or more, a whole number.")
        found = catalog.device(device)
        return Machine(
            found,
            int(count),
            joined(found, int(count), link),
            word(Split, split, "split"),
            catalog.engine(engine) if engine else None,
            catalog.device(cpu_host) if cpu_host else None,
            of_kind(drive, storage=True) if drive else None,
        )

    @property
    def name(self) -> str:
        own = self.device.name if self.count == 1 else f"{self.count} x {self.device.name}"
        return " + ".join([own, *(extra.name for extra in (self.cpu_host, self.drive) if extra)])

    @property
    def memory(self) -> float:
        """Bytes that all devices hold together, without the host's."""
        return self.count * self.device.memory

    @property
    def memory_bandwidth(self) -> float:
        """Bytes per second that the devices read together, by their specification: one at a time where they take turns."""
        return self.devices_per_token * self.device.memory_bandwidth

    @property
    def devices_per_token(self) -> int:
        """How many devices work on one token at the same time."""
        return 1 if self.split == Split.PIPELINE else self.count

    def engine_for(self, family: str) -> Engine:
        """The engine that runs weights of a family of formats: the one asked for, else the usual one.

        >>> machine("H200 SXM 141GB").engine_for("float").name, machine("H200 SXM 141GB").engine_for("llama.cpp").name
        ('vLLM', 'llama.cpp')
        """
        return self.engine or usual_engine(self.device.device_class, family)

    def flops(self, bits, integers: bool = True):
        """Highest dense rate at which the machine multiplies weights of so many bits.

        Args:
            bits: bits per weight, number or array. A weight may be multiplied at its own width or any wider one.
            integers: whether rates for integers count: they do not for weights that are floating-point numbers.

        Returns:
            FLOP/s of the devices that work at the same time, same shape as `bits`.

        Raises:
            catalog.CatalogError: nobody publishes a rate for this device.

        >>> machine("H200 SXM 141GB").flops(16) / 1e12, machine("H200 SXM 141GB").flops(8.5) / 1e12
        (989.0, 1979.0)
        """
        widths, best = rates(self.device, integers)
        return self.devices_per_token * plain(best[widths.searchsorted(bits, side="right")])

    @property
    def computes(self) -> bool:
        """Whether a compute rate is published for the device."""
        return any(getattr(self.device, rate) for rate, _ in RATES)

    @property
    def latency(self) -> float:
        """Seconds of a message too short to fill the link, as measured or, where nobody did, of the nearest of its kind."""
        return all_reduce_latency(self.link, self.count) if self.link else 0.0

    def all_reduce(self, message):
        """Time for every device to end up with the sum of all devices' messages.

        Args:
            message: bytes that each device contributes, number or array.

        Returns:
            seconds: 2 (n - 1) / n messages cross each device's link, at the bus bandwidth of so many devices, plus the
            latency of a small all-reduce over them. Zero for one device. Source: the ring algorithm, Patarasuk and Yuan
            2009, bandwidth term.

        >>> machine("H200 SXM 141GB").all_reduce(1e6)
        0.0
        """
        if self.count == 1:
            return self._collective(message, 0.0)
        slower = self.link.bandwidth / bus_bandwidth(self.link, self.count)
        return self._collective(message, slower * 2 * (self.count - 1) / self.count)

    def all_to_all(self, message):
        """Least time for every device to send each other device its part of a message.

        Args:
            message: bytes that each device sends in all, its own part included; number or array.

        Returns:
            seconds: (n - 1) / n messages cross each device's link, plus the latency. Zero for one device.
        """
        return self._collective(message, (self.count - 1) / self.count)

    def pass_on(self, message):
        """Least time for one device to hand a message, in bytes, to the next: bandwidth and latency, seconds."""
        return self._collective(message, 1.0, devices=2)

    def _collective(self, message, crossing: float, devices: int | None = None):
        message = np.asarray(message, float)
        if self.count == 1:
            return plain(np.zeros(message.shape))
        latency = all_reduce_latency(self.link, devices or self.count)
        return plain(crossing * message / self.link.bandwidth + latency)


@cache
def usual_engine(device_class: str, family: str) -> Engine:
    """The engine that a family of formats has of its own, else the usual one of a class of devices."""
    engines = {engine.name: engine for engine in catalog.table(Engine)}
    if family in engines or family.upper() in engines:
        return engines.get(family) or engines[family.upper()]
    usual = [engine for engine in engines.values() if device_class in engine.default_for.split(";")]
    return usual[0] if usual else engines["llama.cpp"]


@cache
def rates(device: Device, integers: bool) -> tuple[np.ndarray, np.ndarray]:
    """Widths, rising, and the highest rate for weights below the first, ..., and as wide as the last."""
    columns = [(getattr(device, rate), widest) for rate, widest in RATES if integers or rate != "flops_int8"]
    known = [(rate, widest) for rate, widest in columns if rate]
    if not known:
        raise catalog.CatalogError(
            f"devices.csv, row {device.name}: no column tflops_* is filled, because nobody publishes this "
            "device's compute rate. Reading speed can be estimated for it, prefill cannot."
        )
    widths = sorted({widest for _, widest in known})
    best = [max(rate for rate, widest in known if widest >= width) for width in widths]
    slowest = min(rate for rate, _ in known)
    return np.array(widths), np.array([*best, slowest])


machine = Machine.named
