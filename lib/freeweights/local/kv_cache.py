"""The cache of keys and values: what a model keeps of every token it has read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FIRST_ROOM = 64  # tokens a new cache has room for; it doubles when full


@dataclass
class Cache:
    """Keys and values of every token read so far, float32 (layers, batch, kv_heads, room, head_size)."""

    keys: np.ndarray
    values: np.ndarray
    length: int = 0

    @property
    def batch(self) -> int:
        """How many sequences."""
        return self.keys.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of the tokens held (the room beyond them is not counted)."""
        return 2 * self.keys[..., : self.length, :].nbytes


def make_room(cache: Cache, new: int, context: int) -> None:
    """Double the room of a cache until `new` more tokens fit, up to the model's context."""
    needed, room = cache.length + new, cache.keys.shape[3]
    if needed > context:
        raise ValueError(
            f"{cache.length} tokens read and {new} new make {needed}: this model reads at most {context:,}. "
            f"Shorten the text by {needed - context} tokens, or start a new cache."
        )
    if needed > room:
        room = min(context, max(2 * room, needed))
        for name in ("keys", "values"):
            old = getattr(cache, name)
            grown = np.zeros((*old.shape[:3], room, old.shape[4]), np.float32)
            grown[..., : cache.length, :] = old[..., : cache.length, :]
            setattr(cache, name, grown)


def new_cache(config, batch: int) -> Cache:
    """An empty cache for `batch` sequences of a model with these sizes, a `llama.Config`."""
    shape = (config.layers, batch, config.kv_heads, FIRST_ROOM, config.head_size)
    return Cache(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def repeat(cache: Cache, batch: int) -> Cache:
    """Copy a cache of one sequence for `batch` sequences that go on from it."""
    if batch < 1 or cache.batch != 1:
        raise ValueError(
            f"A cache of {cache.batch} sequence(s) for a batch of {batch}: give one sequence, 1 or more."
        )
    return Cache(np.repeat(cache.keys, batch, axis=1), np.repeat(cache.values, batch, axis=1), cache.length)
