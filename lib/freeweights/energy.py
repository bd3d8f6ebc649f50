"""Floor 4. Joules per token, and what they cost: predicted from specified power, beside what others measured."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cache

import numpy as np

from . import catalog, inference
from .catalog import CatalogError, Price
from .estimate import Estimate
from .machine import Machine, machine
from .quantities import HOUR, plain
from .records_published import Energy
from .transformer import Model, model

KWH = 1000 * HOUR  # joules
MILLION = 1e6
HOUSEHOLD = "price-electricity-us-residential-2024-01"
SHORT_CONTEXT = 1024  # tokens: the published rows are of chats, and do not state their lengths


@dataclass(frozen=True)
class Comparison:
    """One published row beside its bound: the joules per token if the devices drew their specified power throughout."""

    row: Energy
    bound: float

    @property
    def at_the_wall(self) -> bool:
        """Whether the whole computer was measured, not its accelerators alone."""
        return self.row.what_is_measured.startswith("wall")

    @property
    def share_of_power(self) -> float:
        """Watts measured over the specified watts of the devices."""
        return self.row.watts / power(machine(self.row.device, self.row.devices))


def power(where: Machine) -> float:
    """Specified power of all devices of a machine together, in watts; the computer around them is not counted.

    Raises:
        CatalogError: nobody publishes the device's power.

    >>> power(machine("H200 SXM 141GB", count=8))
    5600.0
    """
    if where.device.power is None:
        raise CatalogError(
            f"devices.csv, row {where.device.name}: power_W is empty, because nobody publishes it. "
            "Its joules cannot be estimated: choose another device."
        )
    return where.count * where.device.power


def joules(where: Machine, estimate: Estimate, host: float = 1.0):
    """Energy of one token, if the devices draw their specified power all the time: watts x seconds / tokens.

    Args:
        where: the machine that the estimate is for.
        estimate: a time, from `inference.decode` or `inference.prefill`.
        host: what the whole computer, and the building around it, draw for every watt of the devices; at least 1.

    Returns:
        joules per token, in the shape of the estimate; masked where the model does not fit.

    >>> llama, card = model("Llama 3.1 8B"), machine("GeForce RTX 4090")
    >>> one, many = (joules(card, inference.decode(llama, card, 1024, users, "Q4_K_M")) for users in (1, 16))
    >>> many < one
    True
    """
    if host < 1:
        raise ValueError(
            f"host is {host}: the whole draws at least what its devices draw, so give 1 or more."
        )
    return plain_or_masked(power(where) * host * estimate.seconds / estimate.tokens)


def plain_or_masked(values):
    """A float where there is one value; a masked array stays masked."""
    return values if np.ma.isMaskedArray(values) else plain(values)


def electricity(energy, tariff: float):
    """Dollars for a million tokens.

    Args:
        energy: joules per token.
        tariff: dollars per kilowatt-hour.

    >>> electricity(3.6, 0.1)
    0.1
    """
    return energy * MILLION / KWH * tariff


def rent(where: Machine, estimate: Estimate):
    """What renting the machine costs for a million tokens, in dollars; None where the catalogue has no rental price.

    >>> h100 = machine("H100 SXM5 80GB")
    >>> rent(h100, inference.decode(model("Llama 3.1 8B"), h100, 1024, 64, "FP8")) > 0
    True
    """
    if where.device.rental is None:
        return None
    dollars = where.count * where.device.rental / HOUR * estimate.seconds / estimate.tokens * MILLION
    return plain_or_masked(dollars)


def tariffs() -> tuple[Price, ...]:
    """The published prices of electricity, in dollars per kilowatt-hour."""
    return tuple(row for row in catalog.table(Price) if row.unit == "USD per kWh")


def usual_tariff() -> Price:
    """What a household in the United States paid for a kilowatt-hour, with its month.

    >>> usual_tariff().unit
    'USD per kWh'
    """
    return next(row for row in tariffs() if row.id == HOUSEHOLD)


def compare(row: Energy) -> Comparison | None:
    """The bound for one published row; None where it does not fit, or has no power."""
    where = machine(row.device, row.devices)
    if where.device.power is None:
        return None
    step = inference.decode(model(row.model), where, SHORT_CONTEXT, row.batch, row.weights)
    return Comparison(row, joules(where, step)) if step.fits else None


@cache
def comparisons(name: str | None = None) -> tuple[Comparison, ...]:
    """Every published row of one model, or of all, beside its bound.

    >>> {pair.row.model for pair in comparisons("Llama 3.1 8B")}
    {'Llama 3.1 8B'}
    """
    rows = [row for row in catalog.table(Energy) if name in (None, row.model)]
    return tuple(pair for pair in map(compare, rows) if pair is not None)


def usual_host() -> float:
    """What a computer with one device drew at the wall over the device's specified power: the median published row."""
    return statistics.median(pair.share_of_power for pair in comparisons() if pair.at_the_wall)


def weights_on(what: Model, wanted: str) -> str:
    """The wanted format, or the released one where that is narrower already.

    >>> weights_on(model("Llama 3.1 8B"), "FP8"), weights_on(model("gpt-oss-20b"), "FP8")
    ('FP8', 'MXFP4')
    """
    return min(wanted, what.native_format, key=lambda name: catalog.weight_format(name).bits)
