"""One's own machine against a vendor's price: from how many tokens a day it is cheaper.

Tokens of all models are taken to be alike, and a vendor's charge for filling its cache, where it has one, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..cost import memory
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, CONTEXT, DESKTOP, DESKTOP_WEIGHTS, SERVED
from ..facts import arrays, catalog
from ..facts import quantities as q
from ..facts.arrays import plain
from ..machines.machine import Machine
from ..models.transformer import Model
from . import electricity
from .assumptions import Terms
from .hourly_rate import PAID
from .serving_costs import Costs, Prices, Tokens, hourly, serving_costs

FLEET = 1_000_000  # machines: what even so many cannot pay for is taken never to pay
MONTHS = 12 * q.DAY / q.YEAR  # in a day


@dataclass(frozen=True)
class Deployment:
    """An open model on a machine bought or rented. weights: its format, None for the released one. most: users at once."""

    model: str
    place: tuple[str, int]
    weights: str | None
    paid: str
    most: int | None

    @property
    def machine(self) -> Machine:
        return Machine.named(*self.place)

    @property
    def stored(self) -> str:
        """The model with its format in words."""
        return f"{self.model} {f'at {self.weights}' if self.weights else 'as released'}"


DEPLOYMENTS = {
    "bought desktop": Deployment("GLM-5.2", DESKTOP, DESKTOP_WEIGHTS, PAID[0], 1),
    "rented GPU": Deployment("gpt-oss-120b", (CLUSTER[0], 1), None, PAID[1], None),
    "rented node": Deployment("GLM-5.2", CLUSTER, CLUSTER_WEIGHTS, PAID[1], None),
}
MOST = 512  # users at once that a machine is taken to serve at best
SIDES = {  # filled: share of the users that it could serve; hours a day; spare machines; work: hours a month
    "at best": {"filled": 1.0, "hours": 24, "spare": 0.0, "work": 0},
    "at worst": {"filled": 1 / 8, "hours": 8, "spare": 0.1, "work": 40},
}


def deployment(name: str) -> Deployment:
    """One of `DEPLOYMENTS`.

    Raises:
        UnknownName: there is no such way; the nearest names are given.

    >>> deployment("rented node").machine.count
    8
    """
    if name not in DEPLOYMENTS:
        raise catalog.UnknownName(
            f"'{name}' is no way to run a model here. {catalog.nearest(name, list(DEPLOYMENTS))}"
        )
    return DEPLOYMENTS[name]


def mixed(prompt: float, cached: float = 0.0) -> Tokens:
    """Tokens for each token of an answer: of the prompt so many, of which a share is found in a cache.

    >>> mixed(10, 0.8)
    Tokens(input=2.0, cached=8.0, output=1.0)
    """
    if not (prompt > 0 and 0 <= cached <= 1):
        raise ValueError(
            f"prompt is {prompt} and cached {cached}: more than 0 prompt tokens and a share of 0 to 1 are needed."
        )
    return Tokens(round(prompt * (1 - cached), 12), prompt * cached, 1.0)


def people(hours: float, wage: float) -> float:
    """Dollars a day for so many hours of work a month at so many dollars an hour.

    >>> round(people(20, 60), 2)
    39.43
    """
    if not (hours >= 0 and wage >= 0):
        raise ValueError(f"hours is {hours} and wage {wage}: neither can be below 0.")
    return hours * wage * MONTHS


@dataclass(frozen=True)
class SelfHosting:
    """One's own machines against a vendor's price, for one mix of tokens; numbers or arrays.

    day: dollars that a machine costs each day, busy or not. capacity: tokens that it serves in one.
    price: dollars for one token of the mix at the vendor. people: dollars a day, however many machines.
    """

    day: float
    capacity: float
    price: float
    people: float = 0.0

    @property
    def break_even(self):
        """The fewest tokens a day whose bill pays for one's own machines and people; None, or masked, where none do.

        It is often less than what one machine serves. Where even a full one does not pay for the people, more are needed,
        each with what a full machine saves. A machine just added is dearer again until it, too, has enough to do.
        """
        saved = np.asarray(self.price) * self.capacity - self.day
        pays = (saved >= 0) & (FLEET * saved >= self.people)
        enough = np.maximum(1, np.ceil(self.people / np.where(saved > 0, saved, 1)))
        return arrays.ratio(enough * self.day + self.people, np.where(pays, self.price, 0.0))

    def machines(self, tokens):
        """How many the tokens of a day need: at least one."""
        return plain(np.maximum(1, np.ceil(np.asarray(tokens) / self.capacity)))

    def own_cost(self, tokens):
        """Dollars a day of as many machines as the tokens of a day need, and of people: no tokens cost a day, too."""
        return plain(np.asarray(self.machines(tokens)) * self.day + self.people)

    def bill(self, tokens):
        """Dollars a day that the vendor asks."""
        return plain(np.asarray(tokens) * self.price)


def self_hosting(
    machine: Machine, costs: Costs, prices: Prices, mix: Tokens, terms: Terms, people: float = 0.0
) -> SelfHosting:
    """One's own machine, which reads and writes by turns, against a vendor's prices.

    Args:
        machine, terms: the machine and how it is paid for. costs: its own, from `serving_costs` with the same two.
        prices: of the vendor. mix: tokens of each kind, in any amount above zero. people: dollars a day.

    >>> from freeweights.models.transformer import model; from freeweights.machines.machine import machine
    >>> from freeweights.money.price_lists import list_prices
    >>> node, terms = machine("H200 SXM 141GB", 8), Terms()
    >>> costs = serving_costs(model("GLM-5.2"), node, terms, weights="FP8")
    >>> own = self_hosting(node, costs, list_prices("GLM-5"), Tokens(3, 0, 1), terms)
    >>> own.bill(0), own.own_cost(0) == own.day
    (0.0, True)
    """
    if not np.all(np.asarray(mix.total) > 0):
        raise ValueError(
            f"mix is {mix}: at least one kind of token is needed to compare their cost and price."
        )
    day = sum(map(np.asarray, hourly(machine, terms).values())) * q.DAY / q.HOUR
    capacity = day * mix.total / costs.dollars(mix)
    price = np.asarray(prices.dollars(mix) / mix.total)
    return SelfHosting(plain(day), plain(capacity), plain(price), people)


@cache
def users_at_once(name: str, wanted: int = SERVED) -> int:
    """Users that a way serves at once: as many as wanted, or as its memory and its kind allow.

    >>> users_at_once("bought desktop"), users_at_once("rented node")
    (1, 64)
    """
    chosen = deployment(name)
    if wanted < 1:
        raise ValueError(f"users is {wanted}: at least one is needed.")
    room = int(
        memory.max_sequences(
            Model.named(chosen.model), chosen.machine, context=CONTEXT, weights=chosen.weights
        ).expected
    )
    return min(wanted, room, chosen.most or room)


def deployment_cost(
    name: str,
    prices: Prices,
    mix: Tokens,
    users: int = SERVED,
    hours: float = 24.0,
    spare: float = 0.0,
    people: float = 0.0,
) -> SelfHosting:
    """One of `DEPLOYMENTS` against a vendor's prices.

    Args:
        prices: of the vendor. mix: tokens of each kind. users: at once, as in `users_at_once`.
        hours: of the day in which tokens arrive; it is paid for all day. spare: as in `Terms`. people: dollars a day.

    >>> from freeweights.money.price_lists import list_prices
    >>> node = deployment_cost("rented node", list_prices("GLM-5.2"), mixed(3))
    >>> node.break_even < node.capacity
    True
    """
    chosen = deployment(name)
    model, machine = Model.named(chosen.model), chosen.machine
    share, tariff = hours * q.HOUR / q.DAY, electricity.usual_tariff().value
    terms = Terms(chosen.paid, utilisation=share, spare=spare, tariff=tariff)
    users = users_at_once(name, users)
    costs = serving_costs(model, machine, terms, users=users, weights=chosen.weights)
    return self_hosting(machine, costs, prices, mix, terms, people)


def users_of(name: str, side: str) -> int:
    """Users at once of a way on one of `SIDES`: at least one.

    >>> users_of("rented node", "at best"), users_of("rented node", "at worst")
    (408, 51)
    """
    return max(1, round(users_at_once(name, MOST) * SIDES[side]["filled"]))


def deployment_cost_at(name: str, side: str, prices: Prices, mix: Tokens, wage: float) -> SelfHosting:
    """One of `DEPLOYMENTS` on one of `SIDES` against a vendor's prices; wage: dollars for an hour of work."""
    case = SIDES[side]
    staff = people(case["work"], wage)
    return deployment_cost(name, prices, mix, users_of(name, side), case["hours"], case["spare"], staff)


def wait(own: SelfHosting, mix: Tokens, users: int, hours: float = 24.0, prompt: float = CONTEXT) -> float:
    """Seconds from a prompt of so many tokens to the end of its answer, where all users of a machine ask at once.

    Users are throughput times waiting: J. Little 1961, Operations Research 9(3), 383-387.

    >>> from freeweights.money.price_lists import list_prices
    >>> mix = mixed(3)
    >>> wait(deployment_cost("bought desktop", list_prices("GLM-5.2"), mix), mix, users=1) > 60
    True
    """
    asks = prompt * mix.total / (mix.input + mix.cached)
    return users * asks / (own.capacity / (hours * q.HOUR))
