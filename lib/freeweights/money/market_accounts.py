"""Lesson 09's accounts of a market: costs of serving, hosts that enter, where revenue goes, a lab's bills and receipts.

Costs are of GPUs rented at the price of DeepSeek's account, busy every hour and without spare ones, so that they can be
compared: dearer rents and idle hours raise all of them alike. Dollars are US dollars.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..cost import inference
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, SERVED
from ..facts import catalog
from ..facts import quantities as q
from ..facts.figures import figure
from ..machines.machine import Machine
from ..models.transformer import Model
from . import deepseek_account as account
from .assumptions import CARD, MILLION, service
from .host_prices import FULL
from .market import DemandCurve, Outcome, inputs, market, one_to
from .training_bills import teacher_bill

OWN, PUBLISHED = "DeepSeek's service, predicted", "DeepSeek's service, published"
SMALL = f"8 x H200, {SERVED} users, predicted"
OWN_BILL = "DeepSeek-V3 and R1, published"
PAYING = ("own API", "share of hosts' revenue", "both", "nobody")  # ways in which a lab is paid
ENDS = ("low", "expected", "high")


def writing_cost(day: account.Account) -> float:
    """Dollars for a million tokens of output on the nodes of DeepSeek's service that write.

    >>> round(writing_cost(account.published_account()), 2)
    0.3
    """
    return day.cost * day.writing / day.nodes / service("output-tokens") * MILLION


def node_costs(users: int) -> tuple[float, ...]:
    """Low, expected and high dollars for a million tokens of output of the same model on one node.

    >>> low, expected, high = node_costs(64)
    >>> low < expected < high
    True
    """
    machine = Machine.named(*CLUSTER)
    step = inference.decode(
        Model.named(account.MODEL), machine, context=service("context"), batch=users, weights=CLUSTER_WEIGHTS
    )
    rent = machine.count * service("price-of-a-gpu-hour") / q.HOUR
    return tuple(rent * getattr(step, end) / step.tokens * MILLION for end in ENDS)


@cache
def cost_ranges() -> dict[str, tuple[float, ...]]:
    """Low, expected and high cost of a million tokens of output by who predicted or published it; published ones have one.

    >>> low, expected, high = cost_ranges()[OWN]
    >>> low < cost_ranges()[PUBLISHED][0] < high
    True
    """
    return {
        OWN: tuple(writing_cost(account.predicted_account(end)) for end in ENDS),
        PUBLISHED: (writing_cost(account.published_account()),) * 3,
        "SGLang on 96 H100, published": (figure("sglang-deepseek-v3-cost-of-output").value,) * 3,
        SMALL.replace(str(SERVED), str(FULL)): node_costs(FULL),
        SMALL: node_costs(SERVED),
    }


def costs() -> dict[str, float]:
    """The expected or published ones of `cost_ranges`.

    >>> own, published, *_ = costs().values()
    >>> 0.5 < own / published < 2
    True
    """
    return {name: expected for name, (_, expected, _) in cost_ranges().items()}


def most() -> int:
    """How many hosts there are at most: as many as serve any open model where that was counted."""
    return int(inputs()["hosts"].high)


def rising(cost: float, more: float, hosts: int) -> np.ndarray:
    """Costs of hosts in the order they enter: the first has `cost`, the last of all that may enter 1 + `more` times that.

    >>> rising(1.0, 0.5, 90)[[0, -1]].tolist()
    [1.0, 1.5]
    """
    return cost * (1 + more * np.arange(hosts) / (most() - 1))


def entry(
    demand: DemandCurve, each: np.ndarray, fixed: float, share: float, rule: str
) -> tuple[np.ndarray, np.ndarray]:
    """Prices with the first host, the first two, and so on, and how many of them stay; without any, a masked price.

    By Cournot's rule the dearest leave until nobody loses, as in `market`; by Bertrand's they lose and stay.

    >>> prices, stay = entry(DemandCurve(2, 1e6, 1), np.full(20, 0.4), 1e5, 0, "Cournot")
    >>> stay[[0, 6, 19]].tolist()
    [1, 7, 7]
    """
    hosts = np.arange(1, each.size + 1)
    found = market(demand, one_to(each.size, each), 0.0, share, rule)
    least = np.where(found.quantities > 0, found.profits, np.inf).min(axis=-1)
    staying = np.isfinite(least) & ((least >= fixed) | (rule == "Bertrand"))
    stay = np.maximum.accumulate(np.where(staying, hosts, 0))
    return np.ma.masked_array(found.price[np.maximum(stay, 1) - 1], mask=stay == 0), stay


def parts(found: Outcome, each: np.ndarray, fixed: float) -> dict[str, float]:
    """Where the revenue of a market goes, dollars a year: the parts add up to it.

    >>> alone = market(DemandCurve(2, 1e6, 1), [0.4], fixed=1e5)
    >>> sum(parts(alone, np.array([0.4]), 1e5).values()) == alone.revenue
    True
    """
    return {
        "serving": float(each @ found.quantities),
        "fixed": fixed * found.serving,
        "lab": found.lab,
        "kept": float(found.profits.sum()),
    }


def bills() -> dict[str, float]:
    """Dollars of the computers of the last run or runs, by whose they are: published, or estimated by others.

    >>> min(bills(), key=bills().get), round(max(bills().values()) / 1e6)
    ('DeepSeek-V3 and R1, published', 191)
    """
    rented = catalog.device(CARD).rental_date[:7]
    return {
        OWN_BILL: sum(teacher_bill()),
        f"Llama 3.1, at the rent of {rented}": inputs()["training"].high,
        "GPT-4, estimated in 2024": figure("closed-training-gpt-4").value,
        "Gemini Ultra, estimated in 2024": figure("closed-training-gemini-ultra").value,
    }


def revenue() -> float:
    """Dollars a year, were all its days like the one of DeepSeek's account and every token billed at list prices."""
    return service("revenue") * q.YEAR / q.DAY


def reaching(share, kept, left) -> dict:
    """Shares of all revenue that reach a lab, by way of `PAYING`; numbers or arrays from 0 to 1.

    Args:
        share: of their revenue that hosts pay. kept: part of the market that the lab serves itself.
        left: of the lab's own revenue, after its cost of serving.

    >>> reaching(share=0.2, kept=0.5, left=0.8)
    {'own API': 0.4, "share of hosts' revenue": 0.1, 'both': 0.5, 'nobody': 0.0}
    """
    own, hosts = kept * left, share * (1 - kept)
    return dict(zip(PAYING, (own, hosts, own + hosts, 0.0 * own)))
