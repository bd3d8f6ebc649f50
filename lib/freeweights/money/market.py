"""Hosts that sell the same tokens: their price, their profits, and what the lab that trained the model gets.

Hosts choose how much to serve, as A. Cournot had it (1838, Recherches sur les principes mathématiques, chapter 7): who buys
machines first and sets prices afterwards ends there too (D. Kreps and J. Scheinkman 1983, Bell Journal of Economics 14,
326-337). Hosts that undercut each other without limit are the other end, J. Bertrand's (1883, Journal des savants, 499-508).
Tokens of all hosts are taken to be alike. Amounts are million tokens a year, money US dollars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..facts import arrays, catalog
from ..facts import quantities as q
from ..facts.arrays import plain
from ..facts.figures import figure
from .assumptions import Input, ranged, service
from .hourly_rate import PAID, hourly_cost
from .training_bills import teacher_bill

RULES = ("Cournot", "Bertrand")
POINTS = 10_000  # of the index when one host sells everything
CONCENTRATED = (
    1800  # points above which a market is highly concentrated: US Merger Guidelines 2023, guideline 1
)


@dataclass(frozen=True)
class DemandCurve:
    """A straight line through one observed point: what is asked for falls as the price rises.

    price, quantity: the point, dollars for a million tokens and million tokens a year. elasticity: per cent more tokens for
    one per cent less of the price, at that point. All above zero; numbers or arrays.
    """

    price: float
    quantity: float
    elasticity: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not np.all(np.isfinite(value) & (np.asarray(value) > 0)):
                raise ValueError(f"{name} is {value}: a finite number above 0 is needed.")

    @property
    def choke(self) -> float:
        """The price at which nobody buys."""
        return self.price * (1 + 1 / self.elasticity)

    @property
    def slope(self) -> float:
        """By how much the price falls for every million tokens more."""
        return self.price / (self.elasticity * self.quantity)

    def paid_at_constant_elasticity(self, price: float) -> float:
        """What customers pay at a price over what they pay at the point, if elasticity were the same everywhere: no line.

        >>> DemandCurve(2.0, 1e6, elasticity=1.0).paid_at_constant_elasticity(0.5)
        1.0
        """
        return (price / self.price) ** (1 - self.elasticity)


def inputs() -> dict[str, Input]:
    """Published values of "hosts", "elasticity", "share" (of revenue, to the lab) and "training" (dollars), with ranges.

    The training bill runs from DeepSeek-V3's and R1's to that of all Llama 3.1 at today's rent of an H100.

    >>> inputs()["training"].value < 6e6 < 1e8 < inputs()["training"].high
    True
    """
    llama, bill = figure("training-llama-3.1"), sum(teacher_bill())
    most = llama.value * hourly_cost(catalog.device("H100 SXM5 80GB"), PAID[1])[0]
    sources = f"arXiv:2412.19437 table 1; arXiv:2501.12948v2; {llama.source}"
    return {
        "hosts": ranged("hosts"),
        "elasticity": ranged("elasticity"),
        "share": ranged("share", 100.0, "share of 1"),
        "training": Input(bill, bill, most, "USD", llama.date, sources),
    }


def published_demand() -> DemandCurve:
    """The output of DeepSeek's service, at its price of R1: all of a year as that one day, and the published elasticity."""
    tokens = service("output-tokens") / 1e6 * q.YEAR / q.DAY
    return DemandCurve(service("price-of-output"), tokens, inputs()["elasticity"].value)


@dataclass(frozen=True)
class Outcome:
    """A year of a market. Arrays end in one axis of hosts, in the order of their costs as given.

    price: for a million tokens. quantities: million tokens of each host, 0 for who stays out. profits: after the lab's share
    and fixed costs, 0 for who stays out. lab: what all hosts pay the lab together.
    """

    price: float
    quantities: np.ndarray
    profits: np.ndarray
    lab: float

    @property
    def serving(self):
        """How many hosts sell anything."""
        return plain((self.quantities > 0).sum(axis=-1))

    @property
    def revenue(self):
        """What all customers pay."""
        return plain(np.asarray(self.price) * self.quantities.sum(axis=-1))


def concentration(quantities):
    """The Herfindahl-Hirschman index: the sum of squared market shares in per cent, 10,000 for one seller, 0 for no sales.

    Args:
        quantities: of each host, on the last axis. Source: O. Herfindahl 1950; US Merger Guidelines 2023, section 2.1.

    >>> concentration([30, 30, 20, 20]), concentration([1]), concentration([0, 0])
    (2600.0, 10000.0, 0.0)
    """
    sold = np.asarray(quantities, float)
    total = sold.sum(axis=-1, keepdims=True)
    shares = sold / np.where(total > 0, total, 1.0)
    return plain(POINTS * (shares**2).sum(axis=-1))


def last(value) -> np.ndarray:
    """A number or array with one more axis, for hosts."""
    return np.asarray(value, float)[..., None]


def cournot_price(demand: DemandCurve, costs: np.ndarray) -> np.ndarray:
    """The price at which every host serves what suits it best, given what the others serve.

    With k hosts it is (choke + sum of their costs) / (k + 1); the cheapest hosts enter until the next one's cost is no longer
    below the price. Hosts are on the last axis of `costs`, dollars for a million tokens.
    """
    ordered = np.sort(np.minimum(costs, last(demand.choke)), axis=-1)
    prices = (last(demand.choke) + ordered.cumsum(axis=-1)) / np.arange(2, ordered.shape[-1] + 2)
    return prices.min(axis=-1)  # it falls while those who enter are cheaper than it, and rises afterwards


def bertrand_price(demand: DemandCurve, costs: np.ndarray) -> np.ndarray:
    """The cost of the second cheapest host, or what a single one would ask if that is lower."""
    ordered = np.sort(np.minimum(costs, last(demand.choke)), axis=-1)
    alone = (demand.choke + ordered[..., 0]) / 2
    return alone if ordered.shape[-1] == 1 else np.minimum(alone, ordered[..., 1])


def served(demand: DemandCurve, costs: np.ndarray, rule: str) -> tuple[np.ndarray, np.ndarray]:
    """Price, and quantity of each host; by Bertrand's rule the cheapest share all that is asked for."""
    if rule == "Cournot":
        price = cournot_price(demand, costs)
        return price, np.maximum(last(price) - costs, 0) / last(demand.slope)
    price = bertrand_price(demand, costs)
    cheapest = (costs == costs.min(axis=-1, keepdims=True)) & (costs < last(demand.choke))
    asked = (demand.choke - price) / demand.slope
    return price, cheapest * last(asked / np.maximum(cheapest.sum(axis=-1), 1))


def checked(demand: DemandCurve, costs, fixed, share, rule: str) -> tuple[np.ndarray, np.ndarray]:
    """Costs and fixed costs of hosts in the shape of the answer, or an error that says what was given."""
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}: choose {' or '.join(map(repr, RULES))}.")
    if not np.all((np.asarray(share) >= 0) & (np.asarray(share) < 1)):
        raise ValueError(
            f"share is {share}: from 0 to below 1 of the revenue; hosts that keep nothing do not serve."
        )
    costs = np.atleast_1d(np.asarray(costs, float))
    if not costs.shape[-1] or not np.all(costs >= 0):
        raise ValueError(f"costs are {costs}: one host or more is needed, each with a cost of 0 or more.")
    shape = np.broadcast_shapes(costs.shape, last(demand.choke).shape, last(share).shape)
    fixed = np.broadcast_to(np.asarray(fixed, float), shape)
    if not np.all(np.isfinite(fixed) & (fixed >= 0)):
        raise ValueError("fixed must be finite and 0 or more for each host.")
    return np.broadcast_to(np.minimum(costs, last(demand.choke)), shape), fixed


def market(demand: DemandCurve, costs, fixed=0.0, share=0.0, rule: str = "Cournot") -> Outcome:
    """One year of hosts that sell the same tokens.

    Args:
        demand: what customers ask for; its numbers may be arrays.
        costs: of each host, dollars for a million tokens, on the last axis; infinite for a place that is empty.
        fixed: dollars a year that a host pays whatever it serves, one number or one of each host.
        share: of revenue that hosts pay the lab, from 0 to below 1. A host with share s and cost c serves as one with cost
            c / (1 - s) and no share would.
        rule: "Cournot", or "Bertrand", under which who cannot cover its fixed costs serves on: the paradox of that rule.

    Returns:
        an Outcome. By Cournot's rule the host with the largest loss leaves, one after the other, until nobody has any.

    Raises:
        ValueError: no host, a cost below 0, a share outside its range, or no such rule.

    >>> one, two = (market(DemandCurve(2, 1e6, 1), [0.4] * hosts) for hosts in (1, 2))
    >>> round(one.price, 2), round(two.price, 2), market(DemandCurve(2, 1e6, 1), [0.4, 0.4], rule="Bertrand").price
    (2.2, 1.6, 0.4)
    """
    costs, fixed = checked(demand, costs, fixed, share, rule)
    kept = 1 - np.asarray(share, float)
    effective_cost = costs / last(kept)
    for _ in range(costs.shape[-1] + 1):
        price, quantities = served(demand, effective_cost, rule)
        profits = (last(kept * price) - costs) * quantities - fixed * (quantities > 0)
        worst = profits == profits.min(axis=-1, keepdims=True)
        leaving = worst & (profits < 0) & (np.cumsum(worst, axis=-1) == 1)
        if rule == "Bertrand" or not leaving.any():
            break
        effective_cost = np.where(leaving, last(demand.choke), effective_cost)
    lab = share * price * quantities.sum(axis=-1)
    return Outcome(plain(price), quantities, profits, plain(lab))


def one_to(most: int, cost) -> np.ndarray:
    """Costs of markets with one host, two, and so on, one market a row, for `market`; empty places are infinite.

    cost: of every host, or one of each in the order in which they enter.

    >>> one_to(2, 0.5).tolist()
    [[0.5, inf], [0.5, 0.5]]
    """
    return np.where(np.tri(most, dtype=bool), cost, np.inf)


def most_hosts(demand: DemandCurve, cost: float, fixed: float) -> int | None:
    """How many hosts of equal cost can cover their fixed costs by Cournot's rule; None if any number can, as with none to cover.

    Each of n earns (choke - cost)^2 / ((n + 1)^2 slope).

    >>> most_hosts(DemandCurve(2, 1e6, 1), 0.4, 1e5), most_hosts(DemandCurve(2, 1e6, 1), 0.4, 0)
    (7, None)
    """
    if fixed <= 0:
        return None
    return (
        max(0, int((demand.choke - cost) / np.sqrt(demand.slope * fixed) - 1)) if cost < demand.choke else 0
    )


@dataclass(frozen=True)
class Lab:
    """The account of who trained the model; numbers or arrays.

    training: dollars, once. revenue: dollars a year that all hosts take. share: of it that reaches the lab. years: of service.
    """

    training: float
    revenue: float
    share: float
    years: float

    @property
    def received(self):
        return self.share * self.revenue * self.years

    @property
    def balance(self):
        """What is left after the training bill; below zero, what is missing."""
        return self.received - self.training

    @property
    def share_needed(self):
        """The share that pays the bill in those years: above 1, all revenue would not; None, or masked, without revenue."""
        return arrays.ratio(self.training, np.asarray(self.revenue) * self.years)

    @property
    def years_needed(self):
        """Years until the bill is paid; None, or masked, where nothing reaches the lab."""
        return arrays.ratio(self.training, np.asarray(self.share) * self.revenue)
