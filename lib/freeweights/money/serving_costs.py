"""What a million tokens cost their host: reading, reading from a kept prefix, and writing.

A cost is what the host pays, a price what the customer pays: no name here stands for both. Costs are of machines, power
and building; no people, no network, no tax, no interest. Dollars are US dollars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cost import energy, inference
from ..cost.reference_cases import CONTEXT, SERVED
from ..evidence import energy_published
from ..facts import catalog
from ..facts import quantities as q
from ..facts.arrays import plain
from ..machines.machine import Machine
from ..models.transformer import Model
from . import electricity
from .assumptions import DISK, MILLION, NEW, Terms
from .hourly_rate import PAID


def owned(machine: Machine, terms: Terms) -> dict:
    """Dollars for each hour of a bought machine, by "purchase" and "electricity", whether it serves or waits.

    A computer sold whole counts at its price, and draws what such computers do at the wall; cards need a server
    and a building around them. All draw their specified power all the time, which is an upper bound.
    """
    device = machine.device
    if device.price is None:
        raise ValueError(f"{device.name} has no price in data/devices.csv: it cannot be bought here.")
    whole = "whole" in device.price_basis
    price = machine.count * device.price * (1.0 if whole else np.asarray(terms.server_price))
    around = energy_published.wall_over_device() if whole else np.asarray(terms.server_power) * terms.building
    joules = energy.power(machine) * around * q.HOUR
    return {
        "purchase": price / (np.asarray(terms.life) * q.YEAR / q.HOUR),
        "electricity": joules / electricity.KWH * np.asarray(terms.tariff),
    }


def hourly(machine: Machine, terms: Terms) -> dict:
    """Dollars for each hour of a machine and of its share of the spare ones, by what they pay for.

    Raises:
        ValueError, CatalogError: no price, no rental or no power is published for the device.

    >>> from freeweights.machines.machine import machine; from freeweights.money.assumptions import CARD
    >>> {name: round(cost, 2) for name, cost in hourly(machine(CARD, 8), Terms(spare=0)).items()}
    {'rent': 23.6}
    """
    if terms.paid == PAID[0]:
        parts = owned(machine, terms)
    elif machine.device.rental is None:
        raise ValueError(f"{machine.device.name} has no rental in data/devices.csv: set paid to '{PAID[0]}'.")
    else:
        parts = {"rent": machine.count * machine.device.rental}
    return {name: plain(part * (1 + np.asarray(terms.spare))) for name, part in parts.items()}


def cost_per_million(machine: Machine, tokens_per_second, terms: Terms):
    """Dollars that a million tokens cost their host: an hour's cost over the tokens of the share of it that serves.

    Args:
        machine, terms: what serves, and how it is paid for.
        tokens_per_second: of all its users together while it serves, above zero; number or array.

    >>> from freeweights.machines.machine import machine; from freeweights.money.assumptions import CARD
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
    return plain(sum(map(np.asarray, hourly(machine, terms).values())) / written * MILLION)


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


def cached_seconds(model: Model, machine: Machine, prompt: float, weights, end: str = "expected") -> float:
    """Seconds that one kept token costs: the tokens behind it attend to it, and its bytes come from a drive.

    Args:
        model, machine, weights: as in `inference.prefill`.
        prompt: tokens of the kept prefix; `NEW` tokens follow it.
        end: "low": the machine does other work while the drive reads. "expected": it waits for as many drives as it has
            devices, side by side, as in mlcommons/inference_results_v6.1 closed/Crusoe/systems (GB200). "high": for one.

    Where and for how long the prefix is kept is not counted.
    """
    whole = model.prefill_flops(prompt + NEW)
    attending = (whole - model.prefill_flops(prompt) - model.prefill_flops(NEW)) / whole
    reading = getattr(inference.prefill(model, machine, prompt=prompt + NEW, batch=1, weights=weights), end)
    drives = {"low": np.inf, "expected": machine.count, "high": 1}[end]
    waiting = model.cache_bytes(prompt) / (drives * catalog.link(DISK).bandwidth)
    return float((reading * attending + waiting) / prompt)


def serving_speeds(
    model: Model, machine: Machine, context: float, kept: float, users, weights, end: str = "expected"
) -> Tokens:
    """Tokens of each kind in one second of a machine that does nothing else meanwhile, predicted.

    Args:
        kept: tokens of a prefix, as in `cached_seconds`. All others as in `serving_costs`.
    """
    reading = inference.prefill(model, machine, prompt=context, batch=1, weights=weights)
    writing = inference.decode(model, machine, context=context, batch=users, weights=weights)
    return Tokens(
        reading.tokens / getattr(reading, end),
        1 / cached_seconds(model, machine, kept, weights, end),
        writing.tokens / getattr(writing, end),
    )


def serving_costs(
    model: Model,
    machine: Machine,
    terms: Terms,
    context: float = CONTEXT,
    users: float = SERVED,
    weights=None,
    end: str = "expected",
) -> Costs:
    """What a million tokens of each kind cost, predicted: a machine reads, and at other times writes.

    Args:
        model, weights: the model and its format; the released one if None.
        machine, terms: the machine, and how it is paid for.
        context: tokens of a prompt, of a kept prefix, of each user's cache. users: at once, number or array.
        end: "low", "expected" or "high" end of both estimates.

    >>> from freeweights.machines.machine import machine
    >>> from freeweights.models.transformer import model
    >>> glm = serving_costs(model("GLM-5.2"), machine("H200 SXM 141GB", 8), Terms(), weights="FP8")
    >>> glm.cached < glm.input < glm.output
    True
    """
    speeds = serving_speeds(model, machine, context, context, users, weights, end)
    return Costs(*(cost_per_million(machine, speed, terms) for speed in vars(speeds).values()))
