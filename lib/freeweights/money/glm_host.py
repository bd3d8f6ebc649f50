"""A host of GLM-5.2: what reading and writing cost it on five machines, beside what the lab asks for them.

And how that cost falls with the tokens of a day: a desktop for one user, a node for ten, a node that is full.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from ..cost import inference
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, DESKTOP, DESKTOP_WEIGHTS
from ..evidence.published import comparisons
from ..facts import quantities as q
from ..facts.records_prices import HostPrice
from ..machines.machine import Machine
from ..models.transformer import Model
from . import electricity
from .assumptions import MILLION, NEW, Terms, service
from .hourly_rate import PAID
from .price_lists import asked_by, listings
from .self_hosting import SelfHosting, self_hosting
from .serving_costs import Costs, Prices, Tokens, cost_per_million, serving_speeds

MODEL = "GLM-5.2"
MACHINES = {
    "8 x H200 141GB": (CLUSTER, CLUSTER_WEIGHTS),
    "8 x B200 180GB": (("B200 SXM 180GB", 8, None, "experts"), CLUSTER_WEIGHTS),
    "16 x H100 80GB, InfiniBand": (
        ("H100 SXM5 80GB", 16, "InfiniBand NDR (4x port)", "experts"),
        CLUSTER_WEIGHTS,
    ),
    "8 x H100 80GB": (("H100 SXM5 80GB", 8, None, "experts"), CLUSTER_WEIGHTS),
    "Desktop, 512 GB, bought": (DESKTOP, DESKTOP_WEIGHTS),
}
*NODES, TIGHT, DESK = MACHINES  # TIGHT: too small for the model
USERS = np.arange(1, 1025)  # at once
FULL = int(USERS[-1])
AT_ONCE = {"desktop": 1, "ten": 10, "full": FULL}  # ways to serve, and users at once
DAYS = np.geomspace(1e4, 1e11, 701)  # tokens of a day
CONTEXTS = (2 * NEW, 524_288)  # tokens, shortest and longest


def listed() -> HostPrice:
    """What the lab itself asks for the model, and when.

    >>> listed().host, listed().output
    ('Z.AI', 4.4)
    """
    return next(row for row in listings(MODEL) if row.kind == "lab")


def prices() -> Prices:
    """The lab's list prices."""
    return asked_by(listed())


def cached_share() -> float:
    """Share of the prompts' tokens found in a cache: DeepSeek's service, 27 and 28 February 2025."""
    return service("cached-input-tokens") / service("input-tokens")


def mixed(ratio: float) -> Tokens:
    """So many tokens of prompt, the usual share of them kept, to one token written.

    >>> mixed(4).total
    5.0
    """
    return Tokens(ratio * (1 - cached_share()), ratio * cached_share(), 1.0)


def prompt_words(ratio: float) -> str:
    """The mix of `mixed` in words.

    >>> prompt_words(1), prompt_words(0)
    ('1 token of prompt (56 % of it kept) to one written', 'no prompt')
    """
    if not ratio:
        return "no prompt"
    said = f"{q.significant(ratio)} {'token' if ratio == 1 else 'tokens'} of prompt"
    return f"{said} ({q.percent(cached_share())} of {'it' if ratio == 1 else 'them'} kept) to one written"


@cache
def published_reading(place: str) -> float | None:
    """Tokens per second of the slowest published reading of the model on a machine of `MACHINES`; None where there is none.

    >>> round(published_reading("8 x H200 141GB")), published_reading("8 x H100 80GB")
    (12328, None)
    """
    device, count = MACHINES[place][0][:2]
    seen = comparisons(MODEL, device, phase="prefill", devices=count)
    return min((pair.measured for pair in seen), default=None)


@lru_cache(maxsize=64)
def speeds(place: str, context: int) -> dict[str, Tokens]:
    """Tokens of each kind in one second of a machine of `MACHINES`, predicted, by the end of the estimate.

    Args:
        place: the machine.
        context: tokens of a prompt, and of each user's cache; all but the last `NEW` of it are kept.

    Returns:
        Tokens whose `output` is an array: for one user, two, and as many of `USERS` as have room. Empty for no room. The
        dear end reads no faster than was published of this model on this machine.

    >>> len(speeds("8 x H200 141GB", 4096)["expected"].output), speeds("8 x H100 80GB", 4096)
    (408, {})
    """
    (machine, weights), model = MACHINES[place], Model.named(MODEL)
    machine = Machine.named(*machine)
    users = USERS[inference.decode(model, machine, context=context, batch=USERS, weights=weights).fits]
    if not users.size:
        return {}
    found = {
        end: serving_speeds(model, machine, context, context - NEW, users, weights, end)
        for end in ("low", "expected", "high")
    }
    slowest = min(found["high"].input, published_reading(place) or np.inf)
    return found | {"high": replace(found["high"], input=slowest)}


def rented(place: str, rent: float | None = None) -> Machine:
    """A machine of `MACHINES`, at a rent for each device of it in place of the listed one."""
    machine = Machine.named(*MACHINES[place][0])
    if rent is None or machine.device.rental is None:
        return machine
    return replace(machine, device=replace(machine.device, rental=rent))


def paid(place: str) -> str:
    """How a host would pay for a machine: by the hour where that is offered."""
    return PAID[0] if rented(place).device.rental is None else PAID[1]


def terms(place: str, how: str, **other) -> Terms:
    """Terms of a machine: a desktop stands at home, with household electricity and no other one beside it.

    Args:
        place: the machine. how: one of `rental.PAID`. other: of `Terms`.

    >>> terms(DESK, PAID[0]).spare, terms("8 x H200 141GB", PAID[1]).spare
    (0.0, 0.1)
    """
    home = {"spare": 0.0, "tariff": electricity.usual_tariff().value} if place == DESK else {}
    return Terms(how, **home | other)


def costs(place: str, context: int, terms: Terms, rent: float | None = None) -> dict[str, Costs]:
    """What a million tokens of each kind cost, by the end of the estimate; `output` for each number of users with room.

    Args:
        place, context: as in `speeds`. terms: how the machine is paid for and used. rent: as in `rented`.

    >>> dear, cheap = (costs("8 x H200 141GB", 4096, Terms(), rent)["expected"] for rent in (4, 2))
    >>> dear.input == 2 * cheap.input, bool(cheap.output[63] < cheap.output[9])
    (True, True)
    """
    machine = rented(place, rent)
    return {
        end: Costs(*(cost_per_million(machine, one, terms) for one in vars(speed).values()))
        for end, speed in speeds(place, context).items()
    }


def for_users(found: dict[str, Costs], users: int) -> dict[str, Costs]:
    """The same costs with the output of so many users alone."""
    return {end: replace(one, output=float(one.output[users - 1])) for end, one in found.items()}


@dataclass(frozen=True)
class Business:
    """Costs of a million tokens by row of the picture, as (low, expected, high), and prices.

    room: users whose caches fit. least: users from whom on the mix earns, None if no number of them with room does.
    costs: empty where the machine has no room for the users. speed: tokens/s of one of them.
    """

    prices: dict[str, float]
    costs: dict[str, tuple[float, float, float]]
    room: int
    least: int | None
    speed: float | None

    @property
    def spent(self) -> tuple[float, float, float]:
        """What a dollar of sales of the mix costs, as (low, expected, high)."""
        return tuple(cost / self.prices["mix"] for cost in self.costs["mix"])


def business(place: str, rent: float, share: float, users: int, context: int, ratio: float) -> Business:
    """What one host pays and asks.

    Args:
        place, rent, context: as in `costs`. share: of the hours in which it serves.
        users: at once. ratio: as in `mixed`.

    >>> found = business("8 x H200 141GB", 4.75, 0.8, 64, 4096, 4)
    >>> found.room, found.costs["output"][1] > found.prices["output"], found.costs["input"][1] < found.prices["input"]
    (408, True, True)
    """
    mix, asked = mixed(ratio), prices()
    found = costs(place, context, terms(place, paid(place), utilisation=share), rent)
    price = vars(asked) | {"mix": asked.per_million(mix)}
    if not found:
        return Business(price, {}, 0, None, None)
    wrote = speeds(place, context)["expected"].output
    earns = np.flatnonzero(found["expected"].per_million(mix) <= price["mix"])
    least = int(earns[0]) + 1 if earns.size else None
    if users > wrote.size:
        return Business(price, {}, wrote.size, least, None)
    rows = [vars(one) | {"mix": one.per_million(mix)} for one in for_users(found, users).values()]
    ranges = {name: tuple(row[name] for row in rows) for name in price}
    return Business(price, ranges, wrote.size, least, float(wrote[users - 1]) / users)


@dataclass(frozen=True)
class OperatingPoint:
    """A machine kept busy by so many users at once: tokens/s of each, and its account against the list price.

    ends: dollars for a million tokens of a machine as busy as it can be, as (low, expected, high).
    """

    users: int
    speed: float
    own: SelfHosting
    ends: tuple[float, float, float]

    @property
    def at_best(self) -> float:
        """The expected one of `ends`."""
        return self.ends[1]

    def cost(self, tokens):
        """Dollars for a million tokens, for so many of them a day, number or array; machines are paid busy or not."""
        return self.own.own_cost(tokens) / tokens * MILLION


def operating_point(
    place: str, users: int, context: int, terms: Terms, ratio: float
) -> OperatingPoint | None:
    """A machine of `MACHINES` with so many users; for `FULL`, as many as have room. None where they have none.

    Args:
        place, context: as in `hosting.costs`. terms: how it is paid for. ratio: tokens of prompt to one written.

    >>> node = [operating_point("8 x H200 141GB", users, 4096, Terms(), 4) for users in (10, FULL)]
    >>> node[1].users, node[1].own.day == node[0].own.day, node[1].own.capacity > 5 * node[0].own.capacity
    (408, True, True)
    """
    found = costs(place, context, terms)
    room = found["expected"].output.size if found else 0
    if not room or users > room and users != FULL:
        return None
    users, mix = min(users, room), mixed(ratio)
    at = for_users(found, users)
    speed = float(speeds(place, context)["expected"].output[users - 1]) / users
    own = self_hosting(rented(place), at["expected"], prices(), mix, terms)
    return OperatingPoint(users, speed, own, tuple(one.per_million(mix) for one in at.values()))


def ways(node: str, paid: str, context: int, ratio: float) -> dict[str, OperatingPoint | None]:
    """The ways of `AT_ONCE`: the desktop, which is always bought, and the node, paid for as asked.

    >>> list(ways("8 x H200 141GB", PAID[1], 4096, 4))
    ['desktop', 'ten', 'full']
    """
    places = {name: (DESK, PAID[0]) if name == "desktop" else (node, paid) for name in AT_ONCE}
    return {
        name: operating_point(place, AT_ONCE[name], context, terms(place, how), ratio)
        for name, (place, how) in places.items()
    }


def cheaper_from(one: OperatingPoint, other: OperatingPoint) -> float | None:
    """Tokens a day from which one is cheaper than the other, up to the end of `DAYS`; None if it never is.

    >>> node = operating_point("8 x H200 141GB", FULL, 4096, Terms(), 4)
    >>> cheaper_from(node, node) is None
    True
    """
    dearer = np.flatnonzero(one.cost(DAYS) >= other.cost(DAYS))
    if not dearer.size:
        return float(DAYS[0])
    return float(DAYS[dearer[-1] + 1]) if dearer[-1] + 1 < DAYS.size else None
