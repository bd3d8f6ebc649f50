"""A model streamed from a drive: how fast it writes for one user when some of its experts are cached."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np

from ..cost.memory import Case, Placement
from ..cost.step_work import weight_bytes_read
from ..cost.weight_storage import weight_storage
from ..facts import catalog
from ..facts.arrays import plain
from ..facts.quantities import size
from ..facts.records_measured import Streaming
from ..machines.machine import Machine
from ..models.transformer import Model

DESKTOP = "Core i9-10900X desktop (4-channel DDR4-3200)"  # stands in where the catalogue lacks the machine


def cached_share(model: Model, memory, weights=None):
    """Share of a model's routed experts that memory holds beside all its other weights.

    Args:
        model: a mixture of experts.
        memory: bytes for weights, number or array; caches of keys and values and buffers come on top.
        weights: format or bits per weight; the released format if None.

    Returns:
        from 0 to 1, in the shape of `memory`.

    Raises:
        ValueError: a dense model, or memory in which not even what every token reads has room.

    >>> from freeweights.models.transformer import model
    >>> round(cached_share(model("Kimi K2"), 64e9, "4.5 bits"), 3)
    0.101
    """
    if not model.is_moe:
        raise ValueError(
            f"{model.name} is dense: every token reads all its weights, so no part of them is hot. Choose a mixture of "
            "experts, or see how long its weights take with freeweights.decode."
        )
    storage, memory = weight_storage(weights, model), np.asarray(memory, float)
    others = resident_bytes(model, weights)
    if not np.all(memory >= others):
        raise ValueError(
            f"memory is {size(np.min(memory))}, and what every token of {model.name} reads takes {size(others)} at "
            f"{storage.bits:g} bits: give it more memory, or fewer bits per weight."
        )
    return plain(np.clip((memory - others) / storage.experts, 0.0, 1.0))


def resident_bytes(model: Model, weights=None) -> float:
    """Bytes of all weights but the routed experts: they have to stay in memory.

    >>> from freeweights.models.transformer import model
    >>> round(resident_bytes(model("Kimi K2"), "4.5 bits") / 1e9, 1)
    6.6
    """
    return float(weight_storage(weights, model).unrouted)


class Token(NamedTuple):
    """What one token of one user takes: bytes from the drive, and seconds of reading them and memory, at best."""

    drive_bytes: np.ndarray
    drive: np.ndarray
    memory: np.ndarray

    @property
    def seconds(self) -> np.ndarray:
        """The two add: which experts a layer misses is known only when the layer before it is done."""
        return self.drive + self.memory


def streamed(model: Model, machine: Machine, hit_rate, weights=None) -> Token:
    """The least time of one token when missed experts come from a drive and all else from memory.

    Args:
        model: a mixture of experts.
        machine: a machine with a drive.
        hit_rate: hits over uses, number or array.
        weights: format or bits per weight; the released format if None.

    Returns:
        a Token, at the specified bandwidths; nothing is left for computing.

    Raises:
        ValueError: no drive, a dense model, or a hit rate outside 0 to 1.

    >>> from freeweights.models.transformer import model; from freeweights.machines.machine import machine
    >>> desk = machine(DESKTOP, drive="NVMe SSD PCIe 4.0 x4")
    >>> round(float(streamed(model("Kimi K2"), desk, 0.0, "4.5 bits").drive_bytes) / 1e9, 1)
    11.9
    """
    hit_rate = np.asarray(hit_rate, float)
    if machine.drive is None or not model.is_moe:
        raise ValueError(
            f"{model.name} on {machine.name}: a mixture of experts and a machine with a drive are needed, as in "
            'machine(..., drive="NVMe SSD PCIe 4.0 x4").'
        )
    if not np.all((hit_rate >= 0) & (hit_rate <= 1)):
        raise ValueError(f"hit_rate is {hit_rate}: hits over uses, from 0 to 1, are expected.")
    placed = Placement(np.ones(()), hit_rate, np.zeros(()), 1 - hit_rate)
    case = Case.of(model, machine, weights=weights, context=0)
    read = weight_bytes_read(case, placed, tokens=1)
    at_hand = (read["weights"] + read["experts"]) / machine.memory_bandwidth
    return Token(read["drive"], read["drive"] / machine.drive.bandwidth, at_hand)


class Beside(NamedTuple):
    """A published row beside what is predicted for it, in tokens per second."""

    row: Streaming
    at_most: float
    expected: float


def published_machine(row: Streaming) -> Machine:
    """The machine of a row: its own device or a desktop, and a drive at the rate measured, else the one specified."""
    machine = Machine.named(row.device or DESKTOP, drive=row.drive or "NVMe SSD PCIe 4.0 x4")
    return (
        replace(machine, drive=replace(machine.drive, bandwidth=row.drive_rate))
        if row.drive_rate
        else machine
    )


@cache
def published_speeds() -> tuple[Beside, ...]:
    """Every row of data/streaming.csv that states a speed and what is needed to predict it.

    Expected is the bound times the share of it that the rows of all other sources reach, their median.

    >>> all(one.row.tokens_per_second <= one.at_most for one in published_speeds())
    True
    """
    bounds = {
        row: 1
        / float(streamed(Model.named(row.model), published_machine(row), row.hit_rate, row.bits).seconds)
        for row in catalog.table(Streaming)
        if row.tokens_per_second and row.bits and row.hit_rate is not None and (row.drive or row.drive_rate)
    }
    return tuple(Beside(row, most, most * reached(bounds, row.source)) for row, most in bounds.items())


def reached(bounds: dict[Streaming, float], without: str = "") -> float:
    """The median share of the bound that published rows reach, those of one source left out."""
    shares = [row.tokens_per_second / most for row, most in bounds.items() if row.source != without]
    return float(np.median(shares))


@cache
def share_reached() -> float:
    """The median share of the bound of `streamed` that all published rows reach: waits, and slow kernels, take the rest.

    >>> 0 < share_reached() < 1
    True
    """
    return reached({one.row: one.at_most for one in published_speeds()})
