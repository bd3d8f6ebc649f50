"""Floor 4. One's own machine against a vendor's price: from how many tokens a day it is cheaper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import catalog
from . import quantities as q
from .economics import Costs, Prices, Terms, Tokens, hourly
from .machine import Machine
from .quantities import plain
from .records import Price


def list_prices(subject: str) -> Prices:
    """What a vendor asks, from data/prices.csv; who lists no price of cached input asks that of input.

    >>> list_prices("GLM-5").cached
    0.2
    """
    rows = [row for row in catalog.table(Price) if row.unit == "USD per million tokens"]
    known = {row.quantity: row.value for row in rows if row.subject == subject}
    if not {"input", "output"} <= known.keys():
        names = sorted({row.subject for row in rows})
        raise catalog.UnknownName(
            f"data/prices.csv has no prices for '{subject}'. {catalog.nearest(subject, names)}"
        )
    return Prices(known["input"], known.get("cached input", known["input"]), known["output"])


def ratio(above, below):
    """One over the other, numbers or arrays: None, or masked, where the other is zero.

    >>> ratio(1, 4), ratio(1, 0), ratio(np.ones(2), np.array([0, 2])).tolist()
    (0.25, None, [None, 0.5])
    """
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    values = np.ma.masked_array(above / np.where(below == 0, 1, below), mask=below == 0)
    return values.tolist() if values.ndim == 0 else values


@dataclass(frozen=True)
class SelfHosting:
    """One's own machine against a vendor's price, for one mix of tokens; numbers or arrays.

    day: dollars that the machine costs each day, busy or not. capacity: tokens that it serves in one.
    price: dollars for one token of the mix at the vendor.
    """

    day: float
    capacity: float
    price: float

    @property
    def break_even(self):
        """Tokens a day from which one machine is cheaper; None, or masked, where even a full one is dearer."""
        pays = np.asarray(self.price) * self.capacity >= self.day
        return ratio(self.day, np.where(pays, self.price, 0.0))

    def own_cost(self, tokens):
        """Dollars a day of as many machines as the tokens of a day need, at least one: no tokens cost a day, too."""
        return plain(np.maximum(1, np.ceil(np.asarray(tokens) / self.capacity)) * self.day)

    def bill(self, tokens):
        """Dollars a day that the vendor asks."""
        return plain(np.asarray(tokens) * self.price)


def self_hosting(where: Machine, costs: Costs, prices: Prices, mix: Tokens, terms: Terms) -> SelfHosting:
    """One's own machine, which reads and writes by turns, against a vendor's prices.

    Args:
        where, terms: the machine and how it is paid for. costs: its own, from `serving_costs` with the same two.
        prices: of the vendor. mix: tokens of each kind, in any amount above zero.

    >>> from freeweights.economics import serving_costs
    >>> from freeweights.machine import machine; from freeweights.transformer import model
    >>> node, terms = machine("H200 SXM 141GB", 8), Terms()
    >>> costs = serving_costs(model("GLM-5.2"), node, node, terms, weights="FP8")
    >>> own = self_hosting(node, costs, list_prices("GLM-5"), Tokens(3, 0, 1), terms)
    >>> own.bill(0), own.own_cost(0) == own.day
    (0.0, True)
    """
    if not np.all(np.asarray(mix.total) > 0):
        raise ValueError(
            f"mix is {mix}: at least one kind of token is needed to compare their cost and price."
        )
    day = sum(map(np.asarray, hourly(where, terms).values())) * q.DAY / q.HOUR
    capacity = day * mix.total / costs.dollars(mix)
    return SelfHosting(plain(day), plain(capacity), plain(np.asarray(prices.dollars(mix) / mix.total)))
