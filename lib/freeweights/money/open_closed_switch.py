"""An open model that is good enough for some tasks: when the switch to it pays, and what it leaves of a closed one's return.

Prices are list prices of data/prices.csv. Both models are taken to spend the same tokens on a task; who thinks longer for the
same answer takes more than is counted here: tokens and checks alone. Dollars are US dollars, not discounted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..facts import arrays
from ..facts.arrays import plain
from ..facts.figures import figure
from .deepseek_account import published_account, tokens
from .price_lists import list_prices
from .serving_costs import Tokens

OPEN = ("GLM-5.2", "DeepSeek-V4-Pro", "Kimi-K2.6", "MiniMax-M2.5")
CLOSED = (  # those whose price of cached input is listed, too
    "GPT-5.5",
    "Claude Opus 5.5",
    "GPT-5.4",
    "Claude Sonnet 5 / 5.5",
    "GPT-5 / 5.1",
    "Gemini 2.5 Flash",
)
TASK = 10_000  # tokens of a task, read and written
CHECK = {"checking": 0.001, "noticed": 0.9, "loss": 0.5}  # of `Switch`; assumed: nobody publishes them
LIFE = 12  # months that a closed model sells; assumed, too


def task() -> Tokens:
    """A task of `TASK` tokens: read anew, read from a cache and written as in DeepSeek's published day of serving.

    >>> round(task().total), task().output < task().input < task().cached
    (10000, True)
    """
    day = tokens()
    return Tokens(*(TASK * part / day.total for part in (day.input, day.cached, day.output)))


def task_price(subject: str) -> float:
    """Dollars that a vendor asks for one task.

    Raises:
        UnknownName: data/prices.csv has no prices of that subject.

    >>> task_price("DeepSeek-V4-Pro") < task_price("GLM-5.2") < task_price("GPT-5.5")
    True
    """
    return list_prices(subject).dollars(task())


def refuse(name: str, value, low: float, high: float = np.inf) -> None:
    """Raise a ValueError unless a number or all of an array are finite and lie in a range."""
    given = np.asarray(value, float)
    if not np.all(np.isfinite(given) & (given >= low) & (given <= high)):
        wanted = f"{low:g} or more" if high == np.inf else f"{low:g} to {high:g}"
        raise ValueError(f"{name} is {value}: {wanted} is possible.")


@dataclass(frozen=True)
class Switch:
    """Every task goes to the open model first and is checked; whatever is noticed to be bad goes to the closed one, too.

    open, closed: dollars that their vendors ask for a task. checking: dollars for each answer of the open model. noticed: share of its
    bad answers that the check finds. loss: dollars of damage by a bad answer which it does not find. The closed model's
    answers are the measure: they count as good, and are not checked.

    Raises:
        ValueError: a number below 0, a share above 1, or a closed model that asks nothing.
    """

    open: float
    closed: float
    checking: float = 0.0
    noticed: float = 1.0
    loss: float = 0.0

    def __post_init__(self) -> None:
        for name in ("open", "closed", "checking", "loss"):
            refuse(name, getattr(self, name), 0)
        refuse("noticed", self.noticed, 0, 1)
        if not self.closed > 0:
            raise ValueError("closed is 0: nothing can be saved on a model that asks nothing.")

    @property
    def failure(self) -> float:
        """Dollars that one bad answer costs on average: asked again where noticed, lost where not."""
        return self.noticed * self.closed + (1 - self.noticed) * self.loss

    def spent(self, share):
        """Dollars for each finished task, damage included, where the open model is good enough for a share of them; number or array.

        >>> Switch(open=0.02, closed=0.08, checking=0.01).spent(0.75)
        0.05
        """
        refuse("share", share, 0, 1)
        return plain(self.open + self.checking + (1 - np.asarray(share, float)) * self.failure)

    @property
    def break_even(self) -> float | None:
        """The share of good enough tasks above which the switch pays: 0 if it pays at any, None if not even at all of them.

        The switch pays while bad answers are a smaller part of all than what a good one saves is of what a bad one loses. If every
        bad one is noticed, the break-even is open price and check over closed price.

        >>> Switch(open=0.02, closed=0.08).break_even, Switch(open=0.09, closed=0.08).break_even
        (0.25, None)
        """
        saving = self.closed - self.open - self.checking
        if saving <= 0:
            return None
        return 1 - saving / self.failure if self.failure > saving else 0.0


def switch(open: str, closed: str, **check: float) -> Switch:
    """The switch between two models at their list prices, with a check as in `Switch`.

    >>> switch("GLM-5.2", "GPT-5.5").break_even < switch("GLM-5.2", "GPT-5.5", **CHECK).break_even
    True
    """
    return Switch(task_price(open), task_price(closed), **check)


def stayed() -> float:
    """Share of the tokens on OpenRouter that closed models kept beside open ones; how many customers stayed nobody publishes."""
    return 1 - figure("open-use").value / 100


def paid_price() -> float:
    """What a token of an open model brought over what one of a closed model did: from published shares of tokens and revenue.

    >>> round(paid_price(), 3)
    0.167
    """
    revenue, use = (figure(f"open-{name}").value / 100 for name in ("revenue", "use"))
    return revenue / use / ((1 - revenue) / (1 - use))


@dataclass(frozen=True)
class ClosedModel:
    """The account of one closed model, until its lab replaces it.

    training: dollars, once. revenue: dollars a month at its own price. serving: what serving costs of it. price: what is left
    of the price if it is cut to keep everybody once an open model has followed. stays: share of the customers who stay
    at the old price. life: months in which it sells. The lab does what brings more; at worst it stops selling.

    Raises:
        ValueError: a number below 0, a share above 1, or no training bill.
    """

    training: float
    revenue: float
    serving: float
    price: float
    stays: float
    life: float

    def __post_init__(self) -> None:
        for name in ("training", "revenue", "life"):
            refuse(name, getattr(self, name), 0)
        for name in ("serving", "price", "stays"):
            refuse(name, getattr(self, name), 0, 1)
        if not self.training > 0:
            raise ValueError("training is 0: there is no bill to earn back.")

    @property
    def before(self) -> float:
        """Dollars a month after serving costs, while no open model has followed."""
        return self.revenue * (1 - self.serving)

    @property
    def cut(self) -> float:
        """The same afterwards, with the price cut to that of the open model; below zero where that is below the cost."""
        return self.revenue * (self.price - self.serving)

    @property
    def kept(self) -> float:
        """The same afterwards, at the old price from those who stay."""
        return self.before * self.stays

    @property
    def after(self) -> float:
        """The better of the two, or nothing."""
        return max(self.cut, self.kept, 0.0)

    def earned(self, lag):
        """Dollars after serving costs over its life, if an open model follows after so many months; number or array.

        >>> ClosedModel(10.0, 2.0, serving=0.0, price=0.0, stays=0.5, life=12).earned(4)
        16.0
        """
        refuse("lag", lag, 0)
        alone = np.minimum(lag, self.life)
        return plain(self.before * alone + self.after * (self.life - alone))

    def lost(self, lag):
        """Share of what it would earn alone that is lost to an open model which follows after so many months.

        >>> ClosedModel(10.0, 2.0, serving=0.0, price=0.0, stays=0.5, life=12).lost(6)
        0.25
        """
        whole = self.before * self.life
        return 1 - self.earned(lag) / whole if whole else 0.0

    @property
    def break_even_lag(self) -> float | None:
        """Months of lead that just pay the training bill: 0 if none is needed, None if a whole life alone does not.

        >>> ClosedModel(10.0, 2.0, 0.0, 0.0, 0.0, 12).break_even_lag, ClosedModel(10.0, 0.5, 0.0, 0.0, 1.0, 12).break_even_lag
        (5.0, None)
        """
        if self.before * self.life < self.training:
            return None
        missing = max(self.training - self.after * self.life, 0.0)
        return min(arrays.ratio(missing, self.before - self.after) or 0.0, self.life)


def followed(stays: float, price: float) -> ClosedModel:
    """A closed model that sells for `LIFE` months; its bill and a month's revenue are 1, since `lost` depends on neither.

    Its margin is that of DeepSeek's account: no closed lab publishes its own.

    >>> round(followed(stays=0.7, price=0.0).lost(6), 2)
    0.15
    """
    return ClosedModel(1.0, 1.0, 1 - published_account().margin, price, stays, LIFE)
