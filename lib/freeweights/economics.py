"""Floor 4. What a million tokens cost their host: reading, reading from a kept prefix, and writing.

A cost is what the host pays, a price what the customer pays: no name here stands for both. Costs are of machines, power
and building; no people, no network, no tax, no interest. Dollars are US dollars.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from . import catalog, energy, inference
from . import quantities as q
from .cases import CONTEXT, SERVED
from .figures import figure
from .machine import Machine, machine
from .quantities import plain
from .rental import PAID
from .transformer import Model

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


@cache
def inputs() -> dict[str, Input]:
    """Every assumption by its name in `Terms`; shares are of 1.

    >>> round(inputs()["utilisation"].value, 2), inputs()["life"].low
    (0.82, 3.0)
    """
    card, eight = catalog.device(CARD), machine(CARD, NODE)
    tariffs = {row.id: row for row in energy.tariffs()}
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


def owned(where: Machine, terms: Terms) -> dict:
    """Dollars for each hour of a bought machine, by "purchase" and "electricity", whether it serves or waits.

    A computer sold whole counts at its price, and draws what such computers do at the wall; cards need a server
    and a building around them. All draw their specified power all the time, which is an upper bound.
    """
    device = where.device
    if device.price is None:
        raise ValueError(f"{device.name} has no price in data/devices.csv: it cannot be bought here.")
    whole = "whole" in device.price_basis
    price = where.count * device.price * (1.0 if whole else np.asarray(terms.server_price))
    around = energy.usual_host() if whole else np.asarray(terms.server_power) * terms.building
    joules = energy.power(where) * around * q.HOUR
    return {
        "purchase": price / (np.asarray(terms.life) * q.YEAR / q.HOUR),
        "electricity": joules / energy.KWH * np.asarray(terms.tariff),
    }


def hourly(where: Machine, terms: Terms) -> dict:
    """Dollars for each hour of a machine and of its share of the spare ones, by what they pay for.

    Raises:
        ValueError, CatalogError: no price, no rental or no power is published for the device.

    >>> {name: round(cost, 2) for name, cost in hourly(machine(CARD, 8), Terms(spare=0)).items()}
    {'rent': 23.6}
    """
    if terms.paid == PAID[0]:
        parts = owned(where, terms)
    elif where.device.rental is None:
        raise ValueError(f"{where.device.name} has no rental in data/devices.csv: set paid to '{PAID[0]}'.")
    else:
        parts = {"rent": where.count * where.device.rental}
    return {name: plain(part * (1 + np.asarray(terms.spare))) for name, part in parts.items()}


def cost_per_million(where: Machine, tokens_per_second, terms: Terms):
    """Dollars that a million tokens cost their host: an hour's cost over the tokens of the share of it that serves.

    Args:
        where, terms: what serves, and how it is paid for.
        tokens_per_second: of all its users together while it serves, above zero; number or array.

    >>> eight = machine(CARD, 8)
    >>> cost_per_million(eight, 2000, Terms(utilisation=0.4)) == 2 * cost_per_million(eight, 2000, Terms(utilisation=0.8))
    True
    """
    rate = np.asarray(tokens_per_second, float)
    if not np.all(np.isfinite(rate) & (rate > 0)):
        raise ValueError(
            f"tokens_per_second is {tokens_per_second}: a machine that serves gives more than 0."
        )
    written = rate * q.HOUR * np.asarray(terms.utilisation)
    return plain(sum(map(np.asarray, hourly(where, terms).values())) / written * MILLION)


@dataclass(frozen=True)
class Tokens:
    """How many tokens of each kind, numbers or arrays: read anew, read from a kept prefix, written."""

    input: float
    cached: float
    output: float

    @property
    def total(self):
        return self.input + self.cached + self.output


@dataclass(frozen=True)
class PerMillion:
    """Dollars for a million tokens of each kind, numbers or arrays."""

    input: float
    cached: float
    output: float

    def dollars(self, tokens: Tokens):
        """For so many tokens of each kind."""
        kinds = ("input", "cached", "output")
        return sum(getattr(self, kind) * getattr(tokens, kind) for kind in kinds) / MILLION

    def per_million(self, mix: Tokens):
        """For a million tokens of a mix, in any amount above zero."""
        return self.dollars(mix) / mix.total * MILLION


class Costs(PerMillion):
    """What the host pays."""


class Prices(PerMillion):
    """What the customer pays."""


def cached_seconds(what: Model, where: Machine, prompt: float, weights, end: str = "expected") -> float:
    """Seconds that one kept token costs: the tokens behind it attend to it, and its bytes come from a drive.

    Args:
        what, where, weights: as in `inference.prefill`.
        prompt: tokens of the kept prefix; `NEW` tokens follow it.
        end: "low": the machine does other work while the drive reads. "expected": it waits for as many drives as it has
            devices, side by side, as in mlcommons/inference_results_v6.1 closed/Crusoe/systems (GB200). "high": for one.

    Where and for how long the prefix is kept is not counted.
    """
    whole = what.prefill_flops(prompt + NEW)
    attending = (whole - what.prefill_flops(prompt) - what.prefill_flops(NEW)) / whole
    reading = getattr(inference.prefill(what, where, prompt + NEW, 1, weights), end)
    drives = {"low": np.inf, "expected": where.count, "high": 1}[end]
    waiting = what.cache_bytes(prompt) / (drives * catalog.link(DISK).bandwidth)
    return float((reading * attending + waiting) / prompt)


def serving_speeds(
    what: Model, where: Machine, context: float, kept: float, users, weights, end: str = "expected"
) -> Tokens:
    """Tokens of each kind in one second of a machine that does nothing else meanwhile, predicted.

    Args:
        kept: tokens of a prefix, as in `cached_seconds`. All others as in `serving_costs`.
    """
    reading = inference.prefill(what, where, context, 1, weights)
    writing = inference.decode(what, where, context, users, weights)
    return Tokens(
        reading.tokens / getattr(reading, end),
        1 / cached_seconds(what, where, kept, weights, end),
        writing.tokens / getattr(writing, end),
    )


def serving_costs(
    what: Model,
    where: Machine,
    terms: Terms,
    context: float = CONTEXT,
    users: float = SERVED,
    weights=None,
    end: str = "expected",
) -> Costs:
    """What a million tokens of each kind cost, predicted: a machine reads, and at other times writes.

    Args:
        what, weights: the model and its format; the released one if None.
        where, terms: the machine, and how it is paid for.
        context: tokens of a prompt, of a kept prefix, of each user's cache. users: at once, number or array.
        end: "low", "expected" or "high" end of both estimates.

    >>> from freeweights.transformer import model
    >>> glm = serving_costs(model("GLM-5.2"), machine("H200 SXM 141GB", 8), Terms(), weights="FP8")
    >>> glm.cached < glm.input < glm.output
    True
    """
    speeds = serving_speeds(what, where, context, context, users, weights, end)
    return Costs(*(cost_per_million(where, speed, terms) for speed in vars(speeds).values()))
