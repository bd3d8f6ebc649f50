"""What hosts ask for an open model: how far apart, how many ask the lab's price, and what serving is predicted to cost.

Prices are list prices of one day, costs are predicted: no number here is both. Both are of one blend of tokens.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..cost import memory
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, CONTEXT, SERVED
from ..facts import catalog
from ..facts.records_prices import HostPrice, ServingFigure
from ..machines.machine import Machine
from ..models.transformer import Model
from .assumptions import MILLION, Terms
from .price_lists import asked_by, listed_by_hosts, listings
from .serving_costs import PerMillion, Prices, Tokens, serving_costs

BLEND = Tokens(0.75 * MILLION, 0.0, 0.25 * MILLION)  # three tokens read anew for each one written
SERVES = {  # the machine and format of the predicted cost; the released format if None
    "GLM-5.2": (CLUSTER, CLUSTER_WEIGHTS),
    "DeepSeek-V4-Pro": (CLUSTER, None),
    "gpt-oss-120b": ((CLUSTER[0], 1), None),
}
FULL = 512  # users at once that a row of GPUs is taken to hold at most


@dataclass(frozen=True)
class Asked:
    """What hosts ask for one model on one day, dollars for a million tokens of the blend, rising.

    lab: what the lab itself asks, None if it sells none. first: what it asked first, None if that is the same or not known.
    alike: how many hosts ask the lab's price of input, of output and of cached input. hosts: the prices of all others.
    """

    model: str
    date: str
    lab: float | None
    first: float | None
    alike: int
    hosts: tuple[float, ...]

    @property
    def median(self) -> float:
        return float(np.median(self.hosts))

    @property
    def apart(self) -> float:
        """The dearest host's price over the cheapest one's."""
        return self.hosts[-1] / self.hosts[0]

    def at(self, price: float | None) -> float | None:
        """Share of hosts that ask exactly this price; None without one."""
        return None if price is None else float(np.mean(np.isclose(self.hosts, price, rtol=1e-9)))

    @property
    def followers(self) -> int | None:
        """How many hosts ask as little as the lab, or less; None without a lab's price."""
        return None if self.lab is None else sum(price <= self.lab * (1 + 1e-9) for price in self.hosts)

    @property
    def largest(self) -> int:
        """How many hosts ask the price that most ask, to the cent of a cent."""
        return max(Counter(round(price, 4) for price in self.hosts).values())


def models() -> list[str]:
    """Every model of data/hosts.csv, as the table has them.

    >>> models()
    ['GLM-5.2', 'DeepSeek-V4-Pro', 'gpt-oss-120b']
    """
    return list(dict.fromkeys(row.model for row in catalog.table(HostPrice)))


def first_price(name: str) -> float | None:
    """What the lab asked for the blend when it released the model; None where no such row is known.

    >>> first_price("DeepSeek-V4-Pro") > asked("DeepSeek-V4-Pro").lab, first_price("GLM-5.2")
    (True, None)
    """
    rows = {row.quantity: row.value for row in catalog.table(ServingFigure) if row.subject == name}
    read, written = (rows.get(f"first price of {kind}") for kind in ("input", "output"))
    return None if read is None or written is None else blended(Prices(read, read, written))


def blended(each: PerMillion) -> float:
    """Dollars for a million tokens of the blend.

    >>> round(blended(Prices(1.0, 0.5, 5.0)), 2)
    2.0
    """
    return each.dollars(BLEND)


@cache
def asked(name: str) -> Asked:
    """Published prices of one model.

    Raises:
        UnknownName: data/hosts.csv has none of it.

    >>> copied, dearer = asked("GLM-5.2"), asked("DeepSeek-V4-Pro")
    >>> copied.median == copied.lab, dearer.median > 3 * dearer.lab
    (True, True)
    """
    prices = {kind: [asked_by(row) for row in listings(name) if row.kind == kind] for kind in ("lab", "host")}
    lab = min(prices["lab"], key=blended, default=None)
    hosts = tuple(sorted(map(blended, prices["host"])))
    own = None if lab is None else blended(lab)
    return Asked(name, listed_by_hosts(name), own, first_price(name), prices["host"].count(lab), hosts)


@dataclass(frozen=True)
class PredictedServingCost:
    """Predicted cost of a million tokens of the blend on rented machines: `full` with the most users, `served` with SERVED.

    where: the machines in words. users: the most at once for which there is memory, up to FULL, in powers of two.
    full_range, served_range: the low and the high end of each.
    """

    where: str
    users: int
    full: float
    served: float
    full_range: tuple[float, float]
    served_range: tuple[float, float]


@cache
def predicted(name: str) -> PredictedServingCost:
    """What serving one model of the table is predicted to cost on H200s: eight, or one where that holds the model.

    >>> found = predicted("gpt-oss-120b")
    >>> found.where, found.users, found.full < found.served
    ('1 x H200', 256, True)
    """
    place, weights = SERVES[name]
    model, machine = Model.named(name), Machine.named(*place)
    users = 2 ** np.arange(1, int(np.log2(FULL)) + 1)
    most = int(
        users[np.asarray(memory.fits(model, machine, weights=weights, context=CONTEXT, batch=users).fits)][-1]
    )
    full, served = (
        [
            blended(serving_costs(model, machine, Terms(), users=number, weights=weights, end=end))
            for end in ("low", "expected", "high")
        ]
        for number in (most, SERVED)
    )
    return PredictedServingCost(
        f"{machine.count} x H200", most, full[1], served[1], (full[0], full[2]), (served[0], served[2])
    )
