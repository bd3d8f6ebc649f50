"""What energy costs: a kilowatt-hour, a token, a household's day."""

from __future__ import annotations

from ..cost.energy import plain_or_masked
from ..cost.estimate import Estimate
from ..facts import catalog
from ..facts.quantities import HOUR
from ..facts.records_prices import Price
from ..machines.machine import Machine

KWH = 1000 * HOUR  # joules
MILLION = 1e6
HOUSEHOLD = "price-electricity-us-residential-2024-01"


def electricity(energy, tariff: float):
    """Dollars for a million tokens.

    Args:
        energy: joules per token.
        tariff: dollars per kilowatt-hour.

    >>> electricity(3.6, 0.1)
    0.1
    """
    return energy * MILLION / KWH * tariff


def rent(machine: Machine, estimate: Estimate):
    """What renting the machine costs for a million tokens, in dollars; None where the catalogue has no rental price.

    >>> from freeweights.models.transformer import model; from freeweights.machines.machine import machine
    >>> from freeweights.cost import inference
    >>> h100 = machine("H100 SXM5 80GB")
    >>> rent(h100, inference.decode(model("Llama 3.1 8B"), h100, context=1024, batch=64, weights="FP8")) > 0
    True
    """
    if machine.device.rental is None:
        return None
    dollars = machine.count * machine.device.rental / HOUR * estimate.seconds / estimate.tokens * MILLION
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
