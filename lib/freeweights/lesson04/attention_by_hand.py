"""Lesson 04: small attentions in NumPy, for a prompt and for one token; one layer counted.

Every one is causal. Queries are (heads, tokens, head_dim); keys and values (key heads, tokens, head_dim).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_models import Architecture
from ..models.attention import FLOAT32_BYTES, Mixer, mixers

HEADS, GROUPS, HEAD_DIM = 8, 2, 16
BLOCK = 64  # queries whose scores are held at once, and tokens that linear attention reads at once
WINDOW = 256
SEED = 4
EXAMPLES = {  # each kind's name in `attention`, and a model that uses it
    "full": ("full", "Llama 2 7B"),
    "grouped": ("full", "Llama 3.1 405B"),
    "latent": ("mla", "DeepSeek-R1"),
    "sparse": ("dsa", "GLM-5.2"),
    "window": ("window", "Gemma 3 27B"),
    "linear": ("linear", "MiniMax-M1"),
    "Mamba-2": ("mamba2", "Granite 4.0 H-Small"),
}


def softmax(scores: np.ndarray) -> np.ndarray:
    """Weights that add up to 1 along the last axis; `scores` is overwritten."""
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def hide_later(scores: np.ndarray, first_query: int, first_key: int = 0) -> None:
    """Overwrite the scores of keys that come after their query; the last two axes are queries and keys."""
    queries, keys = scores.shape[-2:]
    later = np.arange(first_key, first_key + keys) > np.arange(first_query, first_query + queries)[:, None]
    np.copyto(scores, -np.inf, where=later)


def one_head(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """softmax(QK' / sqrt(head_dim)) V for one head; all arrays (tokens, head_dim).

    Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
    Blocks of queries keep the score matrix small; its work still grows with the square of the tokens.
    """
    out = np.empty_like(queries)
    scaled = queries / np.sqrt(queries.shape[-1], dtype=queries.dtype)
    for start in range(0, len(queries), BLOCK):
        end = min(start + BLOCK, len(queries))
        scores = scaled[start:end] @ keys[:end].T
        hide_later(scores[:, start:], start, start)  # earlier keys come before every query of the block
        out[start:end] = softmax(scores) @ values[:end]
    return out


def full_attention(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Multi-head attention: each head has keys and values of its own, each token meets all before it.

    >>> full_attention(*inputs(300)).shape
    (8, 300, 16)
    """
    return np.stack([one_head(*head) for head in zip(queries, keys, values, strict=True)])


def grouped_attention(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Grouped-query attention: several query heads share one head of keys and values.

    Ainslie et al. 2023, arXiv:2305.13245. The work of full attention on fewer keys and values.

    Raises:
        ValueError: the key heads do not divide the query heads.

    >>> grouped_attention(*inputs(300, GROUPS)).shape
    (8, 300, 16)
    """
    check_groups(len(queries), len(keys))
    share = len(queries) // len(keys)
    heads = enumerate(queries)
    return np.stack([one_head(query, keys[head // share], values[head // share]) for head, query in heads])


def window_attention(
    queries: np.ndarray, keys: np.ndarray, values: np.ndarray, window: int = WINDOW
) -> np.ndarray:
    """Sliding-window attention: each token meets itself and the `window` - 1 before it.

    Jiang et al. 2023 (Mistral 7B), arXiv:2310.06825. A block of queries needs only the keys of its windows,
    so the work grows with tokens times window.

    Raises:
        ValueError: a window below 1.

    >>> window_attention(*inputs(300), window=300).shape
    (8, 300, 16)
    """
    check_window(window)
    out = np.empty_like(queries)
    scaled = queries / np.sqrt(queries.shape[-1], dtype=queries.dtype)
    for start in range(0, queries.shape[1], BLOCK):
        end, first = min(start + BLOCK, queries.shape[1]), max(0, start - window + 1)
        scores = scaled[:, start:end] @ keys[:, first:end].swapaxes(1, 2)
        hide_later(scores, start, first)
        too_old = np.arange(first, end) <= np.arange(start, end)[:, None] - window
        np.copyto(scores, -np.inf, where=too_old)
        out[:, start:end] = softmax(scores) @ values[:, first:end]
    return out


def feature(x: np.ndarray) -> np.ndarray:
    """elu(x) + 1: the positive features that stand in for the softmax."""
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def linear_attention(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Linear attention: all earlier tokens are one sum of outer products per head, whatever their number.

    Katharopoulos et al. 2020, arXiv:2006.16236, eq. 9 to 12. Tokens of one chunk meet directly, earlier
    chunks through the state; MiniMax's lightning attention is computed so, with a decay
    (arXiv:2501.08313, section 2.2).

    >>> linear_attention(*inputs(300)).shape
    (8, 300, 16)
    """
    heads, tokens, width = queries.shape
    state, total = np.zeros((heads, width, width), queries.dtype), np.zeros((heads, width, 1), queries.dtype)
    out = np.empty_like(queries)
    queries, keys = feature(queries), feature(keys)
    for start in range(0, tokens, BLOCK):
        q, k, v = (array[:, start : start + BLOCK] for array in (queries, keys, values))
        near = np.tril(q @ k.swapaxes(1, 2))
        weight = near.sum(axis=-1, keepdims=True) + q @ total
        out[:, start : start + BLOCK] = (near @ v + q @ state) / weight
        state += k.swapaxes(1, 2) @ v
        total += k.sum(axis=1)[..., None]
    return out


def attend_once(query: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Softmax attention of one new token: what a cache of keys and values is read for.

    Args:
        query: (heads, head_dim). keys, values: (key heads, tokens, head_dim), the new token's among them.

    Raises:
        ValueError: the key heads do not divide the query heads, or there is no token to attend to.

    >>> queries, keys, values = inputs(300, GROUPS)
    >>> written, read = attend_once(queries[:, -1], keys, values), grouped_attention(queries, keys, values)
    >>> np.allclose(written, read[:, -1], atol=1e-6)
    True
    """
    (heads, width), (groups, tokens, _) = query.shape, keys.shape
    check_groups(heads, groups)
    check_tokens(tokens)
    shared = query.reshape(groups, heads // groups, width) / np.sqrt(width, dtype=query.dtype)
    return (softmax(shared @ keys.swapaxes(1, 2)) @ values).reshape(heads, width)


def state_once(
    state: np.ndarray, total: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray
) -> np.ndarray:
    """Linear attention of one new token; its key and value are added to `state` and `total` in place.

    Args:
        state: (heads, head_dim, head_dim). total: (heads, head_dim). query, key, value: (heads, head_dim).
    """
    query, key = feature(query), feature(key)
    state += key[:, :, None] * value[:, None, :]
    total += key
    return (query[:, None, :] @ state)[:, 0] / np.sum(query * total, axis=-1, keepdims=True)


def check_groups(heads: int, groups: int) -> None:
    """Refuse key heads that cannot be shared evenly."""
    if groups < 1 or heads % groups:
        fitting = ", ".join(str(g) for g in range(1, heads + 1) if heads % g == 0)
        raise ValueError(
            f"{groups} heads of keys for {heads} query heads: each must serve as many; choose {fitting}."
        )


def check_window(window: int) -> None:
    """Refuse a window in which a token would not even meet itself."""
    if window != int(window) or window < 1:
        raise ValueError(
            f"A window of {window} tokens: give a whole number, 1 or more (1 is the token itself)."
        )


def check_tokens(tokens: int) -> None:
    """Refuse a context without tokens."""
    if tokens < 1:
        raise ValueError(f"A context of {tokens} tokens: attention needs one to look at; give 1 or more.")


def inputs(tokens: int, key_heads: int = HEADS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Queries, keys and values of so many tokens, float32, the same in every run.

    Raises:
        ValueError: fewer than 1 token.
    """
    check_tokens(tokens)
    rng = np.random.default_rng(SEED)
    shapes = (HEADS, key_heads, key_heads)
    return tuple(rng.standard_normal((heads, tokens, HEAD_DIM), dtype=np.float32) for heads in shapes)


# ---- One layer of each kind, counted
def layer(kind: str) -> tuple[Architecture, Mixer]:
    """The example of a kind and one of its layers.

    Raises:
        ValueError: no such kind.

    >>> layer("latent")[0].name
    'DeepSeek-R1'
    """
    if kind not in EXAMPLES:
        raise ValueError(f"There is no example of '{kind}': choose one of {', '.join(EXAMPLES)}.")
    word, name = EXAMPLES[kind]
    found = catalog.architecture(name)
    return found, next(mixer for one, _, mixer in mixers(found) if one == word)


def kept_values(kind: str, context: float) -> float:
    """Values that one layer keeps of `context` tokens of one sequence; a state is there from the first on.

    >>> kept_values("latent", 1000), kept_values("window", 1000) == kept_values("window", 1024)
    (576000.0, False)
    """
    mixer = layer(kind)[1]
    return float(sum(span.at(context) for span in mixer.cached_values)) + mixer.state_bytes / FLOAT32_BYTES


def attention_flops(kind: str, context: float) -> float:
    """FLOPs between one new token and its context in one layer.

    >>> attention_flops("full", 1000) == 4 * 32 * 128 * 1000
    True
    """
    mixer = layer(kind)[1]
    return float(sum(span.at(context) for span in mixer.decode)) + mixer.state_flops


def model_bytes(kind: str, context: float) -> float:
    """Bytes a whole example would keep at 16 bits, states in float32, at any context whatever."""
    of_layers = (
        layers * (2 * sum(span.at(context) for span in mixer.cached_values) + mixer.state_bytes)
        for _, layers, mixer in mixers(layer(kind)[0])
    )
    return float(sum(of_layers))


def kinds(by_hand: Mapping[str, float], context: float, long: float = 1e6) -> list[dict]:
    """Rows for a table: what was counted by hand for one layer beside the library's count.

    Args:
        by_hand: values that one layer keeps, by kind.
        context: tokens for which they were counted.
        long: tokens of the last column.

    Raises:
        ValueError: an unknown kind, or a context below 1.

    >>> kinds({"latent": 576 * 1000}, 1000)[0]["library"]
    576000
    """
    check_tokens(context)
    return [
        {
            "kind": kind,
            "example": layer(kind)[0].name,
            "hand": round(hand),
            "library": round(kept_values(kind, context)),
            "flops": q.count(attention_flops(kind, context)),
            "model": q.size(model_bytes(kind, long)),
        }
        for kind, hand in by_hand.items()
    ]
