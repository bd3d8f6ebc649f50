"""Token capital: tokens that owners of compute can make for each person a day, and how concentrated they are.

Stocks are Epoch AI's estimates of December 2025 in H100 equivalents, which count peak FLOP/s. Writing is bound by memory
bandwidth: a device may write more, or less, than its equivalents say. Who owns a device need not be who uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from ..cost import inference
from ..cost.memory import max_sequences
from ..cost.reference_cases import CLUSTER, CONTEXT
from ..facts import catalog
from ..facts import quantities as q
from ..facts.arrays import plain
from ..facts.figures import figure
from ..machines.machine import Machine
from ..models.transformer import Model
from . import deepseek_account
from .assumptions import NODE, service
from .market import concentration

FIVE = ("Google", "Microsoft", "Amazon", "Meta", "Oracle")
NAMED = (*FIVE, "xAI", "China")  # China: all owners there together
REST, STATES = "Everybody else", "United States"
MANY = 1000  # owners: so many that the index no longer changes
MONTH = q.YEAR / 12
WEIGHTS = {"DeepSeek-R1": "FP8", "GLM-5.2": "FP8", "gpt-oss-120b": None, "Llama 3.1 405B": "FP8"}


def companies() -> Mapping[str, float]:
    """H100 equivalents of each owner, to be read only; everybody else's follow from the published share of the five largest.

    >>> owned = companies()
    >>> round(sum(owned[name] for name in FIVE) / sum(owned.values()), 2)
    0.71
    """
    owned = {name: figure(f"compute-{name.lower()}").value for name in NAMED}
    total = sum(owned[name] for name in FIVE) / (figure("compute-share-of-five").value / 100)
    return MappingProxyType(owned | {REST: total - sum(owned.values())})


def blocs() -> Mapping[str, float]:
    """The same stock by the country in which the named owners have their seat.

    >>> list(blocs())
    ['United States', 'China', 'Everybody else']
    """
    owned = companies()
    seats = {"China": owned["China"], REST: owned[REST]}
    return MappingProxyType({STATES: sum(owned.values()) - sum(seats.values())} | seats)


@dataclass(frozen=True)
class Speeds:
    """Tokens per second that one H100 equivalent reads or writes, when it does nothing else."""

    reads: float
    writes: float

    def both(self, prompt):
        """Tokens per second, read and written, when `prompt` tokens are read for each that is written; number or array.

        >>> Speeds(reads=100, writes=50).both(0), Speeds(reads=100, writes=50).both(2)
        (50.0, 75.0)
        """
        prompt = np.asarray(prompt, float)
        if not np.all(np.isfinite(prompt) & (prompt >= 0)):
            raise ValueError(f"prompt is {prompt}: 0 or more tokens are read for each that is written.")
        return plain((1 + prompt) / (1 / self.writes + prompt / self.reads))


def equivalents(machine: Machine) -> float:
    """How many H100 a machine counts for: its peak FLOP/s at 16 bits over theirs.

    >>> from freeweights.machines.machine import machine
    >>> equivalents(machine("H800 SXM5 80GB", 8)), round(equivalents(machine("H20 96GB")), 2)
    (8.0, 0.15)
    """
    return machine.count * machine.device.flops_fp16 / Machine.named("H100 SXM5 80GB").device.flops_fp16


def published() -> Speeds:
    """DeepSeek's nodes of eight H800 in February 2025; reading counts tokens found in a cache, too."""
    count = equivalents(Machine.named("H800 SXM5 80GB", NODE))
    return Speeds(
        *(
            deepseek_account.measured(unit) / count
            for unit in (deepseek_account.READS, deepseek_account.WRITES)
        )
    )


@cache
def predicted(name: str, device: str = CLUSTER[0]) -> Speeds:
    """Eight devices with as many users as still get the published speed of DeepSeek's; nothing is found in a cache.

    Args:
        name: one of `WEIGHTS`. device: what eight of serve together.

    Raises:
        UnknownName: no such model here.
        ValueError: the weights leave no room, or not even one user gets that speed.

    >>> predicted("gpt-oss-120b").writes > predicted("GLM-5.2").writes
    True
    """
    if name not in WEIGHTS:
        raise catalog.UnknownName(
            f"No speed of '{name}' is predicted here. {catalog.nearest(name, list(WEIGHTS))}"
        )
    model, machine, weights = Model.named(name), Machine.named(device, NODE, None, "experts"), WEIGHTS[name]
    room = int(max_sequences(model, machine, context=CONTEXT, weights=weights).expected)
    users = np.arange(1, room + 1)
    speeds = (
        np.asarray(
            inference.decode(model, machine, context=CONTEXT, batch=users, weights=weights).tokens_per_second
        )
        if room
        else users
    )
    quick = speeds[speeds >= users * service("speed-of-a-user")]
    if not quick.size:
        raise ValueError(f"{machine.name} gives no user of {name} {service('speed-of-a-user'):g} tokens/s.")
    count = equivalents(machine)
    reads = inference.prefill(model, machine, prompt=CONTEXT, batch=1, weights=weights).tokens_per_second
    return Speeds(float(reads) / count, float(quick.max()) / count)


def per_person(stock, speeds: Speeds, prompt: float = 0.0, share=1.0):
    """Tokens a day, read and written, for each person of the world.

    Args:
        stock: H100 equivalents. share: of them that serve, from 0 to 1; the rest trains or waits. Numbers or arrays.
        speeds: of one of them. prompt: tokens read for each that is written; 0 counts written ones alone.

    Raises:
        ValueError: a stock or a prompt below 0, or a share outside its range.

    >>> per_person(1e6, Speeds(100, 50), share=0.0)
    0.0
    >>> per_person(2e6, Speeds(100, 50)) == 2 * per_person(1e6, Speeds(100, 50))
    True
    """
    stock, share = np.asarray(stock, float), np.asarray(share, float)
    if not np.all((share >= 0) & (share <= 1)):
        raise ValueError(f"share is {share}: from 0, all train, to 1, all serve.")
    if not np.all(np.isfinite(stock) & (stock >= 0)):
        raise ValueError(f"stock is {stock}: 0 or more H100 equivalents are possible.")
    return plain(stock * share * speeds.both(prompt) * q.DAY / figure("population").value)


def google_needs(speeds: Speeds, prompt: float) -> float:
    """Share of its own stock that Google's published tokens of a month would take at such speeds.

    They count reading and writing together; how many were written is not published.

    >>> google_needs(published(), deepseek_account.usual_prompt()) < 0.1
    True
    """
    tokens = figure("google-tokens").value / MONTH
    return tokens / speeds.both(prompt) / companies()["Google"]


def split(stocks: Mapping[str, float], parts: int = 1, others: int = 1) -> np.ndarray:
    """Stocks of all owners when each named one is split into equal parts, and everybody else into equal owners.

    >>> split({"A": 6.0, REST: 2.0}, parts=3, others=1).tolist()
    [2.0, 2.0, 2.0, 2.0]
    """
    for name, number in {"parts": parts, "others": others}.items():
        if number < 1 or number != round(number):
            raise ValueError(f"{name} is {number}: a whole number of 1 or more is needed.")
    named = np.array([stock for name, stock in stocks.items() if name != REST])
    parts, others = int(parts), int(others)
    return np.concatenate([np.repeat(named / parts, parts), np.full(others, stocks[REST] / others)])


def index(stocks: Mapping[str, float], parts: int = 1, others: int = 1) -> float:
    """The Herfindahl-Hirschman index of owned compute, in points, for owners split as in `split`.

    >>> index({"A": 5.0, REST: 5.0}), index({"A": 5.0, REST: 5.0}, parts=2, others=2)
    (5000.0, 2500.0)
    """
    return concentration(split(stocks, parts, others))
