"""Guessing tokens ahead: how many of them a model keeps, and so how many tokens one of its steps writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..facts.arrays import at_least, numbers, plain
from .transformer import Model

MOST_DRAFTS = 64  # tokens guessed ahead: beyond, nobody publishes a run


@dataclass(frozen=True, eq=False)
class Speculation:
    """Tokens guessed ahead in every step, then checked by the model all at once: it writes the same text as without.

    Args:
        drafts: tokens guessed, k; 0 guesses none. Number or array.
        acceptance: chance that a guess is what the model writes itself, given that all before it were, from 0 to 1.
            Number or array.
        drafter: what guesses: a small `Model` of the same vocabulary, one step for each guess; or that step as a share
            of the model's own, such as 0.1 for a layer trained beside it; 0 looks the guesses up in the text so far.

    Raises:
        ValueError: drafts that are no whole numbers of 0 to 64, an acceptance outside 0 to 1, or a negative share.

    >>> round(Speculation(drafts=3, acceptance=0.8).tokens_per_step, 3)
    2.952
    """

    drafts: int | np.ndarray
    acceptance: float | np.ndarray
    drafter: Model | float = 0.0

    def __post_init__(self):
        drafts, chance = at_least(self.drafts, "drafts", 0), numbers(self.acceptance, "acceptance")
        if (drafts != np.round(drafts)).any() or (drafts > MOST_DRAFTS).any():
            raise ValueError(f"drafts is {self.drafts}: whole numbers from 0 to {MOST_DRAFTS} are expected.")
        if not ((chance >= 0) & (chance <= 1)).all():
            raise ValueError(f"acceptance is {self.acceptance}: a chance from 0 to 1 is expected.")
        share = self.drafter
        if not isinstance(share, Model) and not (isinstance(share, (int, float)) and 0 <= share < np.inf):
            raise ValueError(
                f"drafter is {self.drafter}: a Model, or its step as a share of 0 or more, is expected."
            )

    @property
    def tokens_per_step(self):
        """Tokens that one checked step writes in the mean."""
        return tokens_per_step(self.acceptance, self.drafts)


def tokens_per_step(acceptance, drafts):
    """Tokens that a step writes with k guesses of acceptance a: 1 + a + ... + a^k = (1 - a^(k + 1)) / (1 - a).

    Leviathan et al. 2023, arXiv:2211.17192, equation 1: a guess counts only if all before it were accepted, and the
    model's own next token comes on top.

    >>> [round(tokens_per_step(a, 3), 3) for a in (0, 0.5, 1)]
    [1.0, 1.875, 4.0]
    """
    a, k = np.broadcast_arrays(np.asarray(acceptance, float), np.asarray(drafts, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        return plain(np.where(a < 1, (1 - a ** (k + 1)) / (1 - a), k + 1))


def acceptance_of(tokens: float, drafts: int) -> float:
    """The acceptance at which a step with so many guesses writes so many tokens: `tokens_per_step` turned round.

    Raises:
        ValueError: fewer than 1 token, or more than drafts + 1.

    >>> round(acceptance_of(2.952, drafts=3), 6)
    0.8
    """
    if not 1 <= tokens <= drafts + 1:
        raise ValueError(f"{tokens} tokens a step from {drafts} drafts: 1 to {drafts + 1} are possible.")
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tokens_per_step(middle, drafts) < tokens else (low, middle)
    return (low + high) / 2
