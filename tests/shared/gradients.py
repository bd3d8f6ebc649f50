"""What tests of gradients share: the slopes that finite differences find."""

from __future__ import annotations

import numpy as np

STEP = 1e-6


def slopes(loss, array: np.ndarray, rng, most: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of `loss()` in some entries of an array, which is changed and put back."""
    flat = array.reshape(-1)
    assert np.shares_memory(flat, array)
    places = rng.permutation(flat.size)[:most]
    found = []
    for place in places:
        kept = flat[place]
        flat[place] = kept + STEP
        above = loss()
        flat[place] = kept - STEP
        below = loss()
        flat[place] = kept
        found.append((above - below) / (2 * STEP))
    return places, np.array(found)
