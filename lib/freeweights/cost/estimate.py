"""What every prediction looks like: a lower bound, an expectation with its range, parts that add up, a bottleneck."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ..facts import quantities as q
from ..facts.arrays import plain
from ..facts.vocabulary import Bottleneck


class DoesNotFit(ValueError):
    """A speed was asked of a machine that cannot hold the model; the message says what is missing."""


@dataclass(frozen=True)
class Fit:
    """Whether weights, caches and the engine's reserve go into a machine's memory. All in bytes.

    fits: yes or no. needed: what must be held. memory: what the machine has. left, missing: the difference, never
    negative. parts: named bytes that add up to `needed`. sentence(): the answer in words.
    """

    model: str
    machine: str
    fits: bool | np.ndarray
    needed: float | np.ndarray
    memory: float
    left: float | np.ndarray
    missing: float | np.ndarray
    parts: dict[str, float | np.ndarray]

    def sentence(self) -> str:
        """The answer in words, for a single case."""
        needs = f"{self.model} needs {q.size(self.needed)} and {self.machine} has {q.size(self.memory)}"
        if self.fits:
            return f"{needs}: it fits, {q.size(self.left)} are left."
        return f"{needs}: it does not fit, {q.size(self.missing)} are missing."


@dataclass(frozen=True, eq=False)
class Estimate:
    """One predicted time, in seconds; numbers or arrays over all the cases asked about.

    lower_bound: no machine of this kind can do better (specified rates, nothing lost). expected: with the efficiencies that
    published measurements show; low and high span those measurements. parts: named shares of `expected` that add up to
    it. bottleneck: what would take longest alone, a `Bottleneck`. tokens: how many tokens the time yields. basis: which
    published rows the efficiencies come from. fit: whether the model is in memory at all; where it is not, times are
    masked in arrays, and a single time raises DoesNotFit, because a model that does not fit has no speed.

    Args:
        what: what is predicted, in words.
        fit, basis, tokens: as above.
        least: the physical bound in seconds.
        shares: named seconds; their sum is the expectation.
        causes: for each possible `Bottleneck` the seconds it would take alone; the longest is it.
        spread: factors (at most 1, at least 1) from the expectation to the low and the high end.
    """

    what: str
    fit: Fit
    basis: str
    tokens: float | np.ndarray = field(repr=False)
    least: float | np.ndarray = field(repr=False)
    shares: dict[str, float | np.ndarray] = field(repr=False)
    causes: dict[Bottleneck, float | np.ndarray] = field(repr=False)
    spread: tuple[float, float] = field(repr=False)

    def _where_it_fits(self, values):
        values, fits = np.asarray(values), np.asarray(self.fit.fits)
        if values.shape != fits.shape:
            values, fits = np.broadcast_arrays(values, fits)
        if values.ndim == 0:
            if not fits:
                raise DoesNotFit(
                    f"{self.fit.sentence()} So there is no {self.what} to predict: choose fewer bits per weight, "
                    "a shorter context, fewer sequences or more memory."
                )
            return values.item()
        return values if fits.all() else np.ma.masked_array(values, mask=~fits)

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        arrays = (*self.shares.values(), *self.causes.values(), self.least, self.tokens)
        return np.broadcast(*arrays).shape

    def _of_each_case(self, values) -> np.ndarray:
        return values if np.shape(values) == self._shape else np.broadcast_to(values, self._shape)

    @cached_property
    def _expected(self) -> np.ndarray:
        return self._of_each_case(sum(self.shares.values()))

    @cached_property
    def _lower_bound(self) -> np.ndarray:
        return self._of_each_case(self.least)

    def unmasked(self) -> Estimate:
        """The same as if every model fitted, for whoever asks what a step would take, or masks the cases himself."""
        return replace(self, fit=replace(self.fit, fits=True))

    @property
    def fits(self):
        return self.fit.fits

    @property
    def lower_bound(self):
        return self._where_it_fits(self._lower_bound)

    @property
    def expected(self):
        return self._where_it_fits(self._expected)

    @property
    def low(self):
        least = np.maximum(self._expected * self.spread[0], self._lower_bound)
        return self._where_it_fits(np.minimum(least, self._expected))

    @property
    def high(self):
        return self._where_it_fits(self._expected * self.spread[1])

    @property
    def parts(self) -> dict:
        return {name: self._where_it_fits(self._of_each_case(share)) for name, share in self.shares.items()}

    @property
    def bottleneck(self):
        longest = np.argmax([self._of_each_case(cause) for cause in self.causes.values()], axis=0)
        found = self._where_it_fits(np.array(list(self.causes))[longest])
        return Bottleneck(found) if isinstance(found, str) else found

    def saved(self, times: float = 2.0) -> dict:
        """For each cause the share of the expected time that is saved where its rate alone is so many times as high.

        Parts of a step add, but for reading and multiplying, of which the longer counts: so twice the bandwidth never saves
        half where links or overhead take their part, and nothing where arithmetic takes longer.
        """
        one = _together(self.causes)
        return {
            name: self._where_it_fits(
                np.broadcast_to(1 - _together(self.causes | {name: cause / times}) / one, self._shape)
            )
            for name, cause in self.causes.items()
        }

    @property
    def seconds(self):
        """Expected seconds."""
        return self.expected

    @property
    def tokens_per_second(self):
        """Expected tokens per second of all sequences together."""
        return self._per_second(self.expected)

    @property
    def tokens_per_second_at_most(self):
        """Tokens per second that no machine of this kind can exceed."""
        return self._per_second(self.lower_bound)

    def _per_second(self, seconds):
        rate = self.tokens / seconds
        return plain(rate) if np.ndim(rate) == 0 else rate


def _together(causes: dict):
    """Seconds of a step whose causes take so long alone: reading and multiplying overlap, all else adds."""
    overlap = (Bottleneck.BANDWIDTH, Bottleneck.ARITHMETIC)
    longer = np.maximum(*(causes.get(name, 0.0) for name in overlap))
    return longer + sum(cause for name, cause in causes.items() if name not in overlap)


@dataclass(frozen=True, eq=False)
class Capacity:
    """How many sequences a machine holds at once, whole numbers; numbers or arrays over all the cases asked about.

    expected: with what the engine keeps for itself left out. upper_bound: no engine passes it (all memory, the smallest
    cache). fit: whether the model is in memory with one sequence. basis: what the engine leaves free.
    """

    fit: Fit
    basis: str
    expected: float | np.ndarray
    upper_bound: float | np.ndarray

    @property
    def fits(self):
        return self.fit.fits

    @property
    def low(self):
        return self.expected

    @property
    def high(self):
        return self.upper_bound

    @property
    def parts(self) -> dict:
        """The sequences that are held."""
        return {"held": self.expected}

    @property
    def bottleneck(self):
        return plain(np.broadcast_to(np.array(Bottleneck.CAPACITY), np.shape(self.expected)))

    @property
    def seconds(self):
        """Nothing: a capacity is no time, and says so."""
        raise ValueError("sequences is a number of sequences, not a time: read .expected instead.")

    tokens_per_second = tokens_per_second_at_most = seconds
