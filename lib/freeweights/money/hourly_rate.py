"""What an hour of a machine costs, bought or rented, and so a million tokens.

A bought machine is its devices alone here, busy every hour. `economics` adds server, power, building, spare machines and
idle hours, and takes the usual life of data/serving.csv. The shortest life published there makes up for what is left out:
a million tokens of eight H100, H200 or B200 come to within a fifth of that account.
"""

from __future__ import annotations

from ..facts import quantities as q
from ..facts.records_hardware import Device
from ..machines.machine import Machine

LIFE = 3  # years that a bought machine is taken to work: the low end of "life" in data/serving.csv
PAID = ("by purchase", "by the hour")


def hourly_cost(device: Device, paid: str) -> tuple[float, str]:
    """US dollars an hour of one device, and how counted: the other way where the wanted one is unknown.

    >>> from freeweights.facts import catalog
    >>> hourly_cost(catalog.device("H200 SXM 141GB"), "by the hour")[1]
    'rented at $4.75 an hour each (2026-05, middle of 2.50-7.00)'
    """
    if device.rental is not None and (paid == PAID[1] or device.price is None):
        return device.rental, f"rented at {q.money(device.rental)} an hour each ({device.rental_date})"
    if device.price is None:
        raise ValueError(
            f"{device.name} has neither a price nor a rental in data/devices.csv: it has no cost to show."
        )
    each = device.price / (LIFE * q.YEAR / q.HOUR)
    return each, f"bought at {q.money(device.price)} each and busy every hour of {LIFE} years"


def dollars(machine: Machine, seconds, paid: str):
    """US dollars that so many seconds of the machine alone cost; number or array.

    >>> from freeweights.machines.machine import machine
    >>> round(dollars(machine("H200 SXM 141GB", 8), 3600, "by the hour"), 2)
    38.0
    """
    return seconds * machine.count * hourly_cost(machine.device, paid)[0] / q.HOUR


def dollars_per_million(machine: Machine, tokens_per_second, paid: str):
    """US dollars that the machine alone costs for a million tokens, without electricity or people.

    Args:
        machine: the machine.
        tokens_per_second: of all its users together, above zero; number or array.
        paid: one of `PAID`.

    >>> from freeweights.machines.machine import machine
    >>> round(dollars_per_million(machine("H200 SXM 141GB", 8), 1000, "by the hour"), 2)
    10.56
    """
    return dollars(machine, 1e6, paid) / tokens_per_second
