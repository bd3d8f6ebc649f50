"""What vendors and hosts ask for a million tokens of each kind, as listed.

Who lists no price of cached input asks that of input.
"""

from __future__ import annotations

import re

from ..facts import catalog
from ..facts.records_prices import HostPrice, Price
from .serving_costs import Prices, Tokens


def list_prices(subject: str) -> Prices:
    """What a vendor asks, from data/prices.csv.

    Raises:
        UnknownName: no prices of input and output there; the nearest names that have them are given.

    >>> list_prices("GLM-5")
    Prices(input=1.0, cached=0.2, output=3.2)
    """
    rows = [row for row in catalog.table(Price) if row.unit == "USD per million tokens"]
    known = {row.quantity: row.value for row in rows if row.subject == subject}
    if not {"input", "output"} <= known.keys():
        names = sorted({row.subject for row in rows if row.quantity == "input"})
        raise catalog.UnknownName(
            f"data/prices.csv has no prices of input and output for '{subject}'. {catalog.nearest(subject, names)}"
        )
    return Prices(known["input"], known.get("cached input", known["input"]), known["output"])


def listed_on(subject: str) -> str | None:
    """Year and month, or day, of a vendor's list prices, the newest of its rows of data/prices.csv; None where none is given.

    >>> listed_on("GLM-5.2")
    '2026-07'
    """
    said = " ".join(row.conditions or "" for row in catalog.table(Price) if row.subject == subject)
    return max(re.findall(r"\b20\d\d-[01]\d(?:-[0-3]\d)?\b", said), default=None)


def listings(what: str) -> tuple[HostPrice, ...]:
    """Every row of data/hosts.csv for one open model.

    Raises:
        UnknownName: there is none; the nearest names that have some are given.

    >>> {row.kind for row in listings("gpt-oss-120b")}
    {'host'}
    """
    rows = catalog.table(HostPrice)
    found = tuple(row for row in rows if row.model == what)
    if not found:
        names = sorted({row.model for row in rows})
        raise catalog.UnknownName(
            f"data/hosts.csv has no prices for '{what}'. {catalog.nearest(what, names)}"
        )
    return found


def listed_by_hosts(what: str) -> str:
    """The day of the newest of `listings`.

    >>> listed_by_hosts("GLM-5.2")
    '2026-07-02'
    """
    return max(row.date for row in listings(what))


def asked_by(row: HostPrice) -> Prices:
    """What one host asks."""
    return Prices(row.input, row.input if row.cached is None else row.cached, row.output)


def at_hosts(what: str) -> dict[str, Prices]:
    """What each host asks for an open model, the lab among them.

    >>> at_hosts("GLM-5.2")["Z.AI"].output
    4.4
    """
    return {row.host: asked_by(row) for row in listings(what)}


def by_price(what: str, mix: Tokens) -> list[str]:
    """The hosts of an open model, who asks least for this mix of tokens first.

    >>> by_price("GLM-5.2", Tokens(3, 0, 1))[0]
    'CrofAI'
    """
    hosts = at_hosts(what)
    return sorted(hosts, key=lambda host: hosts[host].dollars(mix))


def middle_host(what: str, mix: Tokens) -> str:
    """The host in the middle of `by_price`.

    >>> middle_host("GLM-5.2", Tokens(3, 0, 1)) in at_hosts("GLM-5.2")
    True
    """
    hosts = by_price(what, mix)
    return hosts[len(hosts) // 2]
