"""Which routed experts a batch of tokens touches, and the bytes that costs."""

from __future__ import annotations

import numpy as np

from ..facts.arrays import at_least, every


def expected_distinct_experts(experts, experts_per_token, batch, routing_agreement: float = 0.0):
    """Expected number of distinct experts that a batch of tokens touches in one layer.

    An expert is missed by one token with probability 1 - k/E and by the batch with that to the power of B, so
    E (1 - (1 - k/E)^B) are touched if every token chooses uniformly and for itself. Real routers have favourites,
    and tokens of one text agree: with routing agreement s, the B - 1 further tokens count as (1 - s)(B - 1) that choose so.

    Args:
        experts: routed experts of the layer, E.
        experts_per_token: distinct experts that one token is sent to, k.
        batch: tokens in the step, B; every argument so far may be an array.
        routing_agreement: from 0, uniform and the most that can be touched, to 1, all tokens choose the same experts.

    Returns:
        number of experts, in the shape the arguments broadcast to.

    Raises:
        ValueError: k above E, a negative number, or an agreement outside 0 to 1.

    >>> float(expected_distinct_experts(256, 8, 1)), round(float(expected_distinct_experts(256, 8, 32)), 1)
    (8.0, 163.3)
    >>> expected_distinct_experts(8, 2, [0, 1, 3]).tolist()
    [0.0, 2.0, 4.625]
    """
    if not 0 <= routing_agreement <= 1:
        raise ValueError(
            f"routing_agreement is {routing_agreement}: a number from 0 (uniform routing) to 1 (all choose alike) is expected."
        )
    given = {"experts": experts, "experts_per_token": experts_per_token, "batch": batch}
    experts, chosen, batch = (at_least(value, name, 0) for name, value in given.items())
    if not every(chosen <= experts):
        raise ValueError(
            f"A token cannot be sent to {np.max(chosen):g} distinct experts of {np.min(experts):g}."
        )
    independent = batch - routing_agreement * np.maximum(batch - 1, 0)
    return experts * (1 - (1 - chosen / np.maximum(experts, 1)) ** independent)


def expected_distinct_experts_given(chances, batch):
    """Expected number of distinct experts touched when some are chosen more often than others.

    Each expert i is missed with (1 - p_i)^B; uniform routing, p_i = k/E, touches the most.

    Args:
        chances: for each expert the probability that one token is sent to it; their sum is experts per token.
        batch: tokens in the step; a number or an array. Tokens choose independently of each other.

    Returns:
        number of experts, in the shape of `batch`.

    Raises:
        ValueError: a chance outside 0 to 1, or a batch that is negative.

    >>> float(expected_distinct_experts_given([0.25] * 8, 3)) == float(expected_distinct_experts(8, 2, 3))
    True
    >>> float(expected_distinct_experts_given([1, 1, 0, 0, 0, 0, 0, 0], 3))
    2.0
    """
    chances, batch = np.asarray(chances, dtype=float), np.asarray(batch, dtype=float)
    if not np.all((chances >= 0) & (chances <= 1)):
        raise ValueError("A chance is below 0 or above 1: every expert needs a probability per token.")
    if not np.all(np.isfinite(batch) & (batch >= 0)):
        raise ValueError(f"batch holds {batch}: numbers of 0 or more are expected.")
    return (1 - (1 - chances) ** batch[..., np.newaxis]).sum(axis=-1)
