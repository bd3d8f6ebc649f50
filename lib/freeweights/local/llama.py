"""The forward pass of a Llama model in plain NumPy: prefill, decode, and a cache of keys and values.

The whole model is the function `forward`, some twenty lines, and the small ones above it: RMS norm, rotary
positions, grouped-query attention, a gated feed-forward block with SiLU, one embedding for input and output.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tokenizers

from .block_quantisation import Packed, unpack
from .kv_cache import Cache, make_room, new_cache

QUERIES = 64  # attention works on so many queries at once: keys later than them all are never touched
LATER = np.float32(-np.inf)  # the score of a key later than its query
SAFE = 1e-20, 1e30  # sums of exponentials in this range lost no precision in float32
STREAMED = 8  # up to so many vectors, one matrix-vector product each beats a matrix-matrix product
IN_CACHE = 3_600_000  # bytes of a matrix that the caches keep while every vector meets them
SKINNY = 64  # up to so many vectors, the matrix on the left is the faster order for BLAS


@dataclass(frozen=True)
class Config:
    """The sizes of the model, as its file gives them. Every length in tokens, numbers or heads."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int
    rope_base: float
    norm_epsilon: float


@dataclass(frozen=True, eq=False)
class LlamaLayer:
    """One block. A matrix is float32 (out, in) or `Packed`; q, k and v share one, gate and up another."""

    attention_norm: np.ndarray
    qkv: np.ndarray | Packed
    output: np.ndarray | Packed
    feed_forward_norm: np.ndarray
    gate_up: np.ndarray | Packed
    down: np.ndarray | Packed

    def arrays(self) -> list:
        """All six, in the order of the forward pass."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


@dataclass(frozen=True, eq=False)
class LlamaWeights:
    """A model in memory. `embedding` (vocabulary, width) is used twice: tokens in, logits out."""

    config: Config
    embedding: np.ndarray | Packed
    layers: tuple[LlamaLayer, ...]
    final_norm: np.ndarray
    tokenizer: tokenizers.Tokenizer | None = None
    end_token: int | None = None

    def arrays(self) -> list:
        """Every array held, each once."""
        return [self.embedding, *(a for layer in self.layers for a in layer.arrays()), self.final_norm]

    @property
    def parameters(self) -> int:
        """How many numbers the model is made of."""
        return sum(array.size for array in self.arrays())

    @property
    def nbytes(self) -> int:
        """Bytes the weights hold in memory, scales included."""
        return sum(array.nbytes for array in self.arrays())


def dense(weight: np.ndarray | Packed, rows=slice(None)) -> np.ndarray:
    """Rows of a matrix as float32, whatever form it is held in."""
    return unpack(weight, rows) if isinstance(weight, Packed) else weight[rows]


def apply(weight: np.ndarray | Packed, x: np.ndarray) -> np.ndarray:
    """Multiply every vector of x (..., in) by a matrix (out, in).

    A few vectors meet the matrix part by part: each part comes from memory once, for the first of them, and
    the rest find it in the cache. For many, BLAS copies the matrix into tiles: that pays from the ninth on.
    """
    matrix, vectors = dense(weight), x.reshape(-1, x.shape[-1])
    if len(vectors) > SKINNY:
        y = vectors @ matrix.T
    elif len(vectors) > STREAMED:
        y = np.ascontiguousarray((matrix @ vectors.T).T)
    else:
        y = np.empty((len(vectors), len(matrix)), np.float32)
        rows = IN_CACHE // (matrix.itemsize * matrix.shape[1])
        for part in (slice(first, first + rows) for first in range(0, len(matrix), rows)):
            np.matmul(matrix[part], vectors[:, :, None], out=y[:, part, None])
    return y.reshape(*x.shape[:-1], -1)


def norm(x: np.ndarray, weight: np.ndarray, epsilon: float) -> np.ndarray:
    """RMS norm: scale every vector to a mean square of one, then each number by its own weight."""
    scaled = x / np.sqrt(np.vecdot(x, x) / x.shape[-1] + epsilon, dtype=np.float32)[..., None]
    scaled *= weight
    return scaled


def rotation(config: Config, start: int, new: int) -> np.ndarray:
    """The turn of every position and pair, complex64 (new, 1, head_size / 2): RoFormer, Su et al. 2021."""
    frequencies = config.rope_base ** -(np.arange(0, config.head_size, 2) / config.head_size)
    angles = np.arange(start, start + new)[:, None, None] * frequencies
    return np.exp(1j * angles).astype(np.complex64)


def rotate(x: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Turn neighbouring pairs of a head's numbers: GGUF files keep Llama's rows in this order."""
    return (x.view(np.complex64) * turn).view(np.float32)


def attention(q: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Causal grouped-query attention: each query sees the keys up to its own position.

    Args:
        q: (batch, new, heads, head_size), the queries of the last `new` positions, turned.
        keys, values: (batch, kv_heads, length, head_size), of all positions.

    Returns:
        (batch, new, heads x head_size).
    """
    batch, new, heads, head_size = q.shape
    kv_heads, length = keys.shape[1:3]
    if new == 1:
        q = (q * head_size**-0.5).reshape(batch, kv_heads, -1, head_size)
        return softmax_mix(q @ keys.swapaxes(-1, -2), values).reshape(batch, 1, -1)
    mixed = np.empty((batch, new, heads, head_size), np.float32)
    for first in range(0, new, QUERIES):
        last = min(first + QUERIES, new)
        seen, count = length - new + last, last - first
        block = np.multiply(q[:, first:last].swapaxes(1, 2), head_size**-0.5, order="C")
        block = block.reshape(batch, kv_heads, -1, head_size)
        scores = keys[:, :, :seen] @ block.swapaxes(-1, -2)  # a row for each key: the faster order for BLAS
        scores[:, :, -count:] += hide_later(count, heads // kv_heads)
        block = softmax_mix(scores.swapaxes(-1, -2), values[:, :, :seen])
        mixed[:, first:last] = block.reshape(batch, heads, count, head_size).swapaxes(1, 2)
    return mixed.reshape(batch, new, -1)


@lru_cache(2)
def hide_later(count: int, heads: int) -> np.ndarray:
    """-inf where a key (row) is later than a query (column), for `count` of each; heads side by side."""
    return np.tile(np.tril(np.full((count, count), LATER), -1), heads)


def softmax_mix(scores: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mix values by the softmax of the scores over the last axis."""
    with np.errstate(over="ignore"):
        shares = np.exp(scores)
    total = shares @ np.ones(shares.shape[-1], np.float32)
    if not ((total > SAFE[0]) & (total < SAFE[1])).all():  # rare: shift first, at two more passes
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        total = shares.sum(-1)
    mixed = shares @ values
    mixed /= total[..., None]
    return mixed


def gated(gate_up: np.ndarray) -> np.ndarray:
    """SiLU of the first half of each vector times its second half, where SiLU(g) = g / (1 + exp(-g)).

    Written as h (1 + tanh h) with h = g / 2: no exponential overflows.
    """
    rows = gate_up.reshape(-1, gate_up.shape[-1])
    out = np.empty((len(rows), rows.shape[1] // 2), np.float32)
    for first in range(0, len(rows), QUERIES):  # a block at a time: it stays in the cache
        block = rows[first : first + QUERIES]
        half = 0.5 * block[:, : out.shape[1]]
        part = np.tanh(half, out=out[first : first + QUERIES])
        part += 1
        part *= half
        part *= block[:, out.shape[1] :]
    return out.reshape(*gate_up.shape[:-1], -1)


def project(layer: LlamaLayer, x: np.ndarray, turn: np.ndarray, c: Config) -> tuple[np.ndarray, np.ndarray]:
    """Queries and keys of tokens, turned to their places, and their values: (batch, new, heads and keys or keys, head)."""
    qkv = apply(layer.qkv, norm(x, layer.attention_norm, c.norm_epsilon))
    qkv = qkv.reshape(*x.shape[:2], -1, c.head_size)
    return rotate(qkv[:, :, : -c.kv_heads], turn), qkv[:, :, -c.kv_heads :]


def feed_forward(layer: LlamaLayer, x: np.ndarray, c: Config) -> np.ndarray:
    """What the gated half of a layer adds to the stream x (batch, new, width)."""
    return apply(layer.down, gated(apply(layer.gate_up, norm(x, layer.feed_forward_norm, c.norm_epsilon))))


def forward(model: LlamaWeights, tokens: np.ndarray, cache: Cache, last_only: bool = False) -> np.ndarray:
    """Read tokens (batch, new), extend the cache, return what the last layer says: (batch, new, width).

    With `last_only` of the last token alone, (batch, 1, width): the others then end with their last keys.
    """
    c, (batch, new) = model.config, tokens.shape
    make_room(cache, new, c.context)
    end = cache.length + new
    turn = rotation(c, cache.length, new)
    x = dense(model.embedding, tokens.ravel()).reshape(batch, new, c.width)
    for layer, keys, values in zip(model.layers, cache.keys, cache.values):
        qk, v = project(layer, x, turn, c)
        keys[:, :, cache.length : end] = qk[:, :, c.heads :].swapaxes(1, 2)
        values[:, :, cache.length : end] = v.swapaxes(1, 2)
        if last_only and layer is model.layers[-1]:
            x, qk = x[:, -1:], qk[:, -1:]
        x += apply(layer.output, attention(qk[:, :, : c.heads], keys[:, :, :end], values[:, :, :end]))
        x += feed_forward(layer, x, c)
    cache.length = end
    return norm(x, model.final_norm, c.norm_epsilon)


def check_tokens(model: LlamaWeights, tokens, dimensions: str) -> np.ndarray:
    """Tokens as an array of whole numbers in the vocabulary, or an error that says what is wrong."""
    tokens = np.asarray(tokens)
    if tokens.size == 0:
        raise ValueError(f"No token was given (shape {tokens.shape}): give at least one, {dimensions}.")
    if tokens.dtype.kind not in "iu":
        found = f"Tokens are whole numbers, these are {tokens.dtype}"
        raise TypeError(f"{found}: encode a text with model.tokenizer first.")
    if tokens.min() < 0 or tokens.max() >= model.config.vocabulary:
        worst = tokens.min() if tokens.min() < 0 else tokens.max()
        raise ValueError(
            f"Token {worst} is not in the vocabulary: tokens run from 0 to {model.config.vocabulary - 1:,}."
        )
    return tokens


def prefill(model: LlamaWeights, tokens, cache: Cache | None = None) -> tuple[np.ndarray, Cache]:
    """Read a prompt, all tokens at once, and say what may come next.

    Args:
        tokens: (length,) or (batch, length), whole numbers; sequences of a batch have one length.
        cache: what was read before, to go on from; nothing unless told.

    Returns:
        Logits of the next token (batch, vocabulary), float32, and the cache to decode with.

    >>> logits, cache = prefill(tiny(), [3, 1, 4, 1, 5])
    >>> logits.shape, cache.length
    ((1, 96), 5)
    """
    tokens = np.atleast_2d(check_tokens(model, tokens, "(length,) or (batch, length)"))
    cache = new_cache(model.config, len(tokens)) if cache is None else cache
    hidden = forward(model, tokens, cache, last_only=True)
    return apply(model.embedding, hidden[:, -1]), cache


def decode(model: LlamaWeights, tokens, cache: Cache) -> np.ndarray:
    """One step: read one new token of every sequence, say what may come next. The cache grows by one.

    Args:
        tokens: (batch,), the newest token of each sequence.
        cache: from `prefill`, of as many sequences.

    Returns:
        Logits of the next token (batch, vocabulary), float32.
    """
    tokens = np.atleast_1d(check_tokens(model, tokens, "one per sequence"))
    if tokens.shape != (cache.batch,):
        raise ValueError(
            f"Tokens of shape {tokens.shape} for a cache of {cache.batch} sequence(s): give one token each."
        )
    return apply(model.embedding, forward(model, tokens[:, None], cache)[:, -1])


def tiny(seed: int = 0) -> LlamaWeights:
    """A model of two layers and random weights, to try things out without the real ones; no tokenizer."""
    random = np.random.default_rng(seed)
    c = Config(
        layers=2,
        width=64,
        feed_forward=96,
        heads=4,
        kv_heads=2,
        head_size=16,
        vocabulary=96,
        context=256,
        rope_base=10_000.0,
        norm_epsilon=1e-5,
    )

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.normal(0, columns**-0.5, (rows, columns)).astype(np.float32)

    layers = tuple(
        LlamaLayer(
            attention_norm=np.ones(c.width, np.float32),
            qkv=matrix((c.heads + 2 * c.kv_heads) * c.head_size, c.width),
            output=matrix(c.width, c.heads * c.head_size),
            feed_forward_norm=np.ones(c.width, np.float32),
            gate_up=matrix(2 * c.feed_forward, c.width),
            down=matrix(c.width, c.feed_forward),
        )
        for _ in range(c.layers)
    )
    return LlamaWeights(c, matrix(c.vocabulary, c.width), layers, np.ones(c.width, np.float32), end_token=0)
