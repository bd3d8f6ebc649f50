"""What a host's costs rest on: published figures, each with its range, and terms that a learner may change."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..cost import energy
from ..facts import catalog
from ..facts import quantities as q
from ..facts.figures import figure
from ..machines.machine import Machine
from . import electricity
from .hourly_rate import PAID

MILLION = 1e6
CARD = "H100 SXM5 80GB"  # of the servers whose price and power are published
NODE = 8
INDUSTRY = "price-electricity-us-virginia-industrial-2023"  # a state of many data centres
SERVICE = "deepseek-service-"
DISK = "NVMe SSD PCIe 4.0 x4"
NEW = 512  # tokens that follow a kept prefix
POSSIBLE = {"life": (0.1, 100), "utilisation": (0.001, 1), "spare": (0, 10), "tariff": (0, 10)}
POSSIBLE |= dict.fromkeys(("server_price", "server_power", "building"), (1, 10))


def service(quantity: str) -> float:
    """One figure of DeepSeek's account of 27 and 28 February 2025, in the unit of its row: `service("nodes")`."""
    return figure(SERVICE + quantity).value


@dataclass(frozen=True)
class Input:
    """What a learner may assume: a published default, the range it may move in, and where and when it was published."""

    value: float
    low: float
    high: float
    unit: str
    date: str
    source: str


def ranged(id: str, divisor: float = 1.0, unit: str | None = None) -> Input:
    """An Input of a row that has a range, over a divisor."""
    row = figure(id)
    ends = (end / divisor for end in (row.value, row.low, row.high))
    return Input(*ends, unit or row.unit, row.date, row.source)


def inputs() -> dict[str, Input]:
    """Every assumption by its name in `Terms`; shares are of 1.

    >>> round(inputs()["utilisation"].value, 2), inputs()["life"].low
    (0.82, 3.0)
    """
    card, eight = catalog.device(CARD), Machine.named(CARD, NODE)
    tariffs = {row.id: row for row in electricity.tariffs()}
    usual, values = tariffs[INDUSTRY], [row.value for row in tariffs.values()]
    mean, least = figure(SERVICE + "nodes"), figure("utilisation-low")
    busy = mean.value / service("nodes-at-the-peak")
    return {
        "life": ranged("life"),
        "server_price": ranged("server-price", NODE * card.price, "times its cards"),
        "server_power": ranged("server-power", energy.power(eight), "times its cards"),
        "building": ranged("building"),
        "tariff": Input(usual.value, min(values), max(values), usual.unit, usual.conditions, usual.source),
        "utilisation": Input(
            busy, least.value / 100, 1.0, "share of 1", mean.date, f"{mean.source}; {least.source}"
        ),
        "spare": ranged("spare", 100.0, "share of 1"),
    }


def default(name: str):
    """A field whose default is the published one."""
    return field(default_factory=lambda: inputs()[name].value)


@dataclass(frozen=True)
class Terms:
    """How a machine is paid for and used. Each number may be an array; defaults and ranges are those of `inputs()`.

    paid: one of `rental.PAID`; what is rented includes power and building. life: years until a bought machine is written
    off, to nothing. server_price, server_power: of a whole server, over its cards'. building: power that the building
    draws for each watt of its computers. tariff: dollars per kWh. utilisation: share of the hours in which it serves.
    spare: machines kept beside for failures, for each that serves.

    Raises:
        ValueError: a number outside what it can be.

    >>> Terms(utilisation=0)
    Traceback (most recent call last):
    ...
    ValueError: utilisation is 0: 0.001 to 1 is possible; published values run from 0.05 to 1.
    """

    paid: str = PAID[1]
    life: float = default("life")
    server_price: float = default("server_price")
    server_power: float = default("server_power")
    building: float = default("building")
    tariff: float = default("tariff")
    utilisation: float = default("utilisation")
    spare: float = default("spare")

    def __post_init__(self) -> None:
        if self.paid not in PAID:
            raise ValueError(f"paid is {self.paid!r}: choose {' or '.join(map(repr, PAID))}.")
        for name, (least, most) in POSSIBLE.items():
            value, known = np.asarray(getattr(self, name), float), inputs()[name]
            if not np.all((value >= least) & (value <= most)):
                published = (
                    f"published values run from {q.significant(known.low)} to {q.significant(known.high)}"
                )
                raise ValueError(
                    f"{name} is {getattr(self, name)}: {least} to {most} is possible; {published}."
                )
