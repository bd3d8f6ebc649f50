"""A planet of homes that train one model: what each holds, how long a step takes, and which share of their time is left."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache, cached_property

from ..cost.training_step import training_flops
from ..facts import catalog
from ..facts import quantities as q
from ..facts.figures import together
from ..models.transformer import Model
from ..money.training_bills import UTILISATION
from .bills import flops_of
from .far_apart import utilisation

# Bytes a weight that trains with Adam at mixed precision: weight, gradient, float32 copy and two moments.
STATE = 16  # Rajbhandari et al. 2020, arXiv:1910.02054, section 3.1
ROOM = 0.9  # of a card's memory that training may fill: an assumption
CONTEXT = 4096  # tokens in a sequence
VALUE = 2  # bytes of one number between layers, before it is squeezed
HOP = 0.1  # seconds from home to home and back: what Ryabinin et al. 2023, arXiv:2301.11913, tried as a slow line
# Tried by `at_best`: tokens of a step, and steps between two exchanges.
BATCHES, LOCAL_STEPS = tuple(2**power for power in range(14, 24)), (1, 3, 10, 30, 100, 300)
MONTH = 30 * q.DAY
MBIT = 1e6


@cache
def online() -> float:
    """Share of the hours in which a volunteer's computer works for the project, as measured at SETI@home.

    >>> 0.5 < online() < 0.6
    True
    """
    return math.prod(together(id).value / 100 for id in ("hosts-client-runs", "hosts-online", "hosts-active"))


def homes_needed(model: str, card: str, years: float) -> float:
    """Homes whose cards compute a model's last run in some years, if their lines cost nothing.

    >>> round(homes_needed("Llama 3.1 405B", "GeForce RTX 4080 16GB", 1) / homes_needed("Llama 3.1 405B", "GeForce RTX 4080 16GB", 2))
    2
    """
    rate = catalog.device(card).flops_fp16 * UTILISATION * online()
    return flops_of(model) / (rate * years * q.YEAR)


@dataclass(frozen=True)
class Crowd:
    """Homes that train together.

    Attributes:
        model: what is trained. tokens: on how many.
        homes: how many take part. card: what each has, a row of devices.csv.
        upload: bits per second of a home's line, the narrower way.
        local_steps: between two exchanges. bits: of each number exchanged. exchange: how, one of `Exchange`.
        squeezed: share by which numbers between layers are made smaller, where a model is spread over homes.
        leaves: homes that leave in an hour, as a share. cap: bytes a month that a line carries; inf where it has none.
        checked: share of the work that is done only to check other work.
        batch: tokens of one step of one copy, which pass through its homes sequence by sequence.

    Raises:
        ValueError: something is missing without which nobody trains; the message says what.
    """

    model: Model
    tokens: float
    homes: int
    card: str
    upload: float
    local_steps: int
    bits: int
    exchange: str
    squeezed: float = 0.0
    leaves: float = 0.0
    cap: float = math.inf
    checked: float = 0.0
    batch: float = 1_048_576

    def __post_init__(self):
        for name in ("tokens", "homes", "upload", "local_steps", "cap", "batch"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name):g}: choose more than 0, or nobody trains.")
        for name in ("squeezed", "leaves", "checked"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name):g}: a share from 0 to less than 1 is expected; at 1 nothing is left."
                )

    @cached_property
    def homes_of_a_copy(self) -> int:
        """Homes whose cards together hold one whole copy of the model while it trains."""
        return math.ceil(self.model.parameters * STATE / (ROOM * catalog.device(self.card).memory))

    @property
    def copies(self) -> int:
        return self.homes // self.homes_of_a_copy

    @cached_property
    def computing(self) -> float:
        """Seconds in which the cards of a copy compute one step."""
        flops = training_flops(self.model, self.batch, CONTEXT)
        return flops / (self.homes_of_a_copy * UTILISATION * catalog.device(self.card).flops_fp16)

    @property
    def passed_on(self) -> float:
        """Bytes that one home sends to the next ones in a step: forwards to one, backwards to the other."""
        if self.homes_of_a_copy == 1:
            return 0.0
        return 2 * self.batch * self.model.hidden_size * VALUE * (1 - self.squeezed)

    @property
    def busy(self) -> float:
        """Seconds in which one home works in a step: computing or passing on, whichever takes longer."""
        return max(self.computing, 8 * self.passed_on / self.upload)

    @property
    def step(self) -> float:
        """Seconds of one step of a copy: until the last home has a sequence to work on the first have none left, and each hop takes time.

        The bubble of a pipeline: (m + p - 1) / m for m sequences and p places (Huang et al. 2019, arXiv:1811.06965, section 2.3).
        """
        sequences, places = max(1.0, self.batch / CONTEXT), self.homes_of_a_copy
        return self.busy * (sequences + places - 1) / sequences + (places - 1) * HOP

    @property
    def exchanged(self) -> float:
        """Numbers that one home exchanges with its fellows of the other copies."""
        return self.model.parameters / self.homes_of_a_copy if self.copies > 1 else 0.0

    @cached_property
    def shares(self) -> dict[str, float]:
        """What is left of a home's time for learning, cause by cause; they multiply."""
        layers = max(1, self.model.layers // self.homes_of_a_copy)
        talking = utilisation(
            self.exchanged, self.bits, self.upload, self.step, self.local_steps, self.exchange, layers
        )
        period = self.step * self.local_steps / float(talking)
        sent = self.passed_on * self.local_steps + self.exchanged * self.bits / 8
        month = 2 * sent * MONTH * online() / period  # as much arrives as leaves
        return {
            "passing on": self.computing / self.busy,
            "waiting in line": self.busy / self.step,
            "exchanging": float(talking),
            "online": online(),
            "cap of the line": min(1.0, self.cap / month) if month else 1.0,
            "nobody left": math.exp(-self.leaves * self.homes_of_a_copy * period / q.HOUR),
            "not checking": 1 - self.checked,
        }

    @property
    def between(self) -> float:
        """Tokens that all copies see between two exchanges."""
        return self.copies * self.batch * self.local_steps

    @property
    def tokens_per_day(self) -> float:
        return self.copies * self.batch * q.DAY / self.computing * math.prod(self.shares.values())

    @property
    def years(self) -> float:
        """Years until all tokens are learned; inf if never."""
        return self.tokens / self.tokens_per_day * q.DAY / q.YEAR if self.tokens_per_day else math.inf

    @property
    def stops(self) -> str:
        """What costs most: too few homes for a copy, or the smallest of the shares."""
        return min(self.shares, key=self.shares.get) if self.copies else "memory"


def at_best(crowd: Crowd) -> Crowd:
    """The same homes with the batch and the local steps, of those tried, that take least time: few steps, or too many have left.

    >>> slow = Crowd(Model.named("Llama 3.1 8B"), 15e12, 10**5, "GeForce RTX 4080 16GB", 5e7, 500, 4, "in pieces, overlapped", 0.9, 0.01)
    >>> at_best(slow).years < slow.years
    True
    """
    tried = (
        replace(crowd, batch=float(batch), local_steps=steps) for batch in BATCHES for steps in LOCAL_STEPS
    )
    return min(tried, key=lambda one: one.years)
