"""DeepSeek's published account of one day of serving: machines, cost and theoretical revenue, recomputed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..cost import expert_parallel, inference
from ..facts import arrays, figures
from ..facts import quantities as q
from ..machines import fabric
from ..models.transformer import Model
from .assumptions import NODE, service
from .serving_costs import Prices, Tokens

MODEL = "DeepSeek-R1"
READS, WRITES = (32, "prefill"), (144, "decode")  # devices of one unit of the service, and what it does
NETWORK = "InfiniBand NDR (4x port)"
PROMPT, PROMPTS = 4096, 64  # read at once by a unit; the service's own lengths are not published
ROWS = "dsday6-"


@dataclass(frozen=True)
class Account:
    """One day: nodes that read and nodes that write, dollars that they cost, dollars at list prices."""

    reading: float
    writing: float
    cost: float
    revenue: float

    @property
    def nodes(self) -> float:
        return self.reading + self.writing

    @property
    def margin(self) -> float | None:
        """Share of the revenue that is left after the cost; None without revenue."""
        return arrays.ratio(self.revenue - self.cost, self.revenue)

    @property
    def profit_over_cost(self) -> float | None:
        """What the source calls cost profit margin: what is left of the revenue, over the cost; None without cost."""
        return arrays.ratio(self.revenue - self.cost, self.cost)


def tokens() -> Tokens:
    """Of the day: input read anew, input found in the cache on disk, output.

    >>> round(tokens().cached / (tokens().cached + tokens().input), 4)
    0.5625
    """
    found = service("cached-input-tokens")
    return Tokens(service("input-tokens") - found, found, service("output-tokens"))


def usual_prompt() -> float:
    """Tokens read, anew or from the cache, for each that is written.

    >>> round(usual_prompt(), 2)
    3.62
    """
    day = tokens()
    return (day.input + day.cached) / day.output


def prices() -> Prices:
    """What the account bills for a million tokens, all at the price of R1."""
    return Prices(*(service(f"price-of-{kind}") for kind in ("input", "cached-input", "output")))


def measured(unit: tuple[int, str]) -> float:
    """Tokens per second of one node in a unit, as published; reading counts tokens found in the cache, too."""
    rows = [row for row in figures.measurements(phase=unit[1]) if row.id.startswith(ROWS)]
    return next(row.value for row in rows if row.devices == unit[0])


def account(reading: float, writing: float) -> Account:
    """The day's account for so many nodes, rented at the published price.

    >>> round(account(0, service("nodes")).cost) == service("cost")
    True
    """
    cost = (reading + writing) * NODE * service("price-of-a-gpu-hour") * q.DAY / q.HOUR
    return Account(reading, writing, cost, prices().dollars(tokens()))


def published_account() -> Account:
    """Nodes from the published throughput of a node: tokens of a day over what one node does in it.

    >>> round(published_account().margin, 2)
    0.85
    """
    day = tokens()
    read = (day.input + day.cached) / q.DAY / measured(READS)
    return account(read, day.output / q.DAY / measured(WRITES))


def writing_speed(speed: float, end: str = "expected") -> float:
    """Tokens per second of one node in a unit that writes, predicted, with as many users as get at least `speed` each.

    Args:
        speed: tokens per second of one user.
        end: "low", "expected" or "high" end of the seconds of that step; users are those of the expected one.

    Raises:
        ValueError: not even one user of each device gets that speed.
    """
    (devices, _), model = WRITES, Model.named(MODEL)
    where, context = fabric.fabric("H800 SXM5 80GB", NETWORK), service("context")
    users = np.arange(1, 513)
    together = where.of(devices, "experts")
    users = users[np.asarray(inference.decode(model, together, context=context, batch=users * devices).fits)]
    steps = np.asarray(expert_parallel.step_seconds(model, where, devices, users, context))
    quick = np.flatnonzero(steps <= 1 / speed)
    if not quick.size:
        raise ValueError(
            f"speed is {speed} tokens/s: one user of each device gets {1 / steps[0]:.3g} at most."
        )
    most = quick[-1]
    step = inference.decode(model, together, context=context, batch=int(users[most]) * devices)
    return float(NODE * users[most] / steps[most] * step.expected / getattr(step, end))


def reading_speed(end: str = "expected") -> float:
    """Tokens per second that one node in a unit reads anew, predicted."""
    devices, _ = READS
    where = fabric.fabric("H800 SXM5 80GB", NETWORK).of(devices, "experts")
    step = inference.prefill(Model.named(MODEL), where, prompt=PROMPT, batch=PROMPTS)
    return step.tokens / getattr(step, end) * NODE / devices


@cache
def predicted_account(end: str = "expected") -> Account:
    """Nodes from this library's own throughput: it reads what the cache lacks, and writes at the published speed of a user.

    end: "low", "expected" or "high" end of both predicted times, and so the fewest, expected and most nodes.

    >>> predicted_account("low").nodes < service("nodes") < predicted_account("high").nodes
    True
    """
    day = tokens()
    return account(
        day.input / q.DAY / reading_speed(end),
        day.output / q.DAY / writing_speed(service("speed-of-a-user"), end),
    )
