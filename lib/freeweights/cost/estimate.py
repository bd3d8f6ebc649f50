"""What every prediction looks like: a floor, an expectation with its range, parts that add up, a bottleneck."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..facts import quantities as q
from ..facts.arrays import plain


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


@dataclass(frozen=True)
class Estimate:
    """One predicted time, or one predicted number of sequences.

    floor: no machine of this kind can do better (specified rates, nothing lost).
    expected: with the efficiencies that published measurements show; low and high span those measurements.
    parts: named shares of `expected` that add up to it. bottleneck: the word for the largest of them.
    tokens: how many tokens the time yields. basis: which published rows the efficiencies come from.
    fit: whether the model is in memory at all; where it is not, times are masked in arrays, and a single
    time raises DoesNotFit, because a model that does not fit has no speed.
    """

    what: str
    unit: str
    fit: Fit
    basis: str
    tokens: float | np.ndarray = field(repr=False)
    _floor: np.ndarray = field(repr=False)
    _expected: np.ndarray = field(repr=False)
    _low: np.ndarray = field(repr=False)
    _high: np.ndarray = field(repr=False)
    _parts: dict[str, np.ndarray] = field(repr=False)
    _bottleneck: np.ndarray = field(repr=False)

    def _where_it_fits(self, values):
        if self.unit != "s":
            return plain(values)
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

    @property
    def fits(self):
        return self.fit.fits

    @property
    def floor(self):
        return self._where_it_fits(self._floor)

    @property
    def expected(self):
        return self._where_it_fits(self._expected)

    @property
    def low(self):
        return self._where_it_fits(self._low)

    @property
    def high(self):
        return self._where_it_fits(self._high)

    @property
    def parts(self) -> dict:
        return {name: self._where_it_fits(value) for name, value in self._parts.items()}

    @property
    def bottleneck(self):
        return self._where_it_fits(self._bottleneck)

    @property
    def seconds(self):
        """Expected seconds. Raises ValueError where the estimate is not a time."""
        if self.unit != "s":
            raise ValueError(f"{self.what} is a number of {self.unit}, not a time: read .expected instead.")
        return self.expected

    @property
    def tokens_per_second(self):
        """Expected tokens per second of all sequences together."""
        return plain(self.tokens / self.seconds) if np.ndim(self.seconds) == 0 else self.tokens / self.seconds

    @property
    def tokens_per_second_at_most(self):
        """Tokens per second that no machine of this kind can exceed."""
        return plain(self.tokens / self.floor) if np.ndim(self.floor) == 0 else self.tokens / self.floor


def estimate(
    what: str, fit: Fit, basis: str, tokens, floor, parts: dict, causes: dict, spread: tuple[float, float]
) -> Estimate:
    """Put a time together so that its parts add up and its range stays above the floor.

    Args:
        what: what is predicted, in words.
        fit: whether the model fits.
        basis: where the efficiencies come from.
        tokens: tokens that the time yields.
        floor: the physical bound in seconds.
        parts: named seconds; their sum is the expectation.
        causes: for each word that can name the bottleneck, the seconds it would take alone; the longest names it.
        spread: factors (at most 1, at least 1) from the expectation to the low and the high end.

    Returns:
        an Estimate over the broadcast shape of all arguments.
    """
    arrays = [*parts.values(), *causes.values(), floor, tokens]
    shape = np.broadcast_shapes(*(np.shape(array) for array in arrays))
    zeros = np.zeros(shape)
    parts = {name: zeros + part for name, part in parts.items()}
    expected = sum(parts.values())
    floor = zeros + floor
    longest = np.argmax([zeros + cause for cause in causes.values()], axis=0)
    return Estimate(
        what,
        "s",
        fit,
        basis,
        plain(zeros + tokens),
        floor,
        expected,
        np.minimum(np.maximum(expected * spread[0], floor), expected),
        expected * spread[1],
        parts,
        np.array(list(causes))[longest],
    )
