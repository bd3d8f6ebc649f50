"""What mixes the tokens of one layer: its weights, the values it keeps, the FLOPs it spends.

Every kind is a function from an `Architecture` to a `Mixer`. Sizes of one layer, counts of one sequence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..facts.records_models import Architecture

FLOAT32_BYTES = 4
# DeepSeek-V4: one entry for 4 tokens in compressed sparse attention, one for 128 in heavily compressed
# attention (arXiv:2606.19348; default_compress_rates in configuration_deepseek_v4.py of transformers 5.23).
CSA_BLOCK, HCA_BLOCK = 4, 128


@dataclass(frozen=True)
class Span:
    """What grows with context: `amount` per entry, one entry for `every` tokens, `limit` entries at most."""

    amount: float
    every: int = 1
    limit: float = math.inf

    def at(self, context):
        """The amount at a context of so many tokens.

        >>> float(Span(2.0, limit=128).at(1000)), float(Span(2.0, every=4).at(10))
        (256.0, 4.0)
        """
        entries = context // self.every
        return self.amount * (entries if math.isinf(self.limit) else np.minimum(entries, self.limit))

    def summed(self, tokens):
        """The sum of `at` over contexts 1, 2, ... tokens: what a causal prompt adds up to.

        >>> span = Span(3.0, every=4, limit=5)
        >>> float(span.summed(50)) == sum(float(span.at(t)) for t in range(1, 51))
        True
        """
        tokens = np.floor(np.asarray(tokens, dtype=float))
        growing = np.minimum(tokens, self.every * self.limit)
        whole = np.floor_divide(growing, self.every)
        rising = self.every * whole * (whole - 1) / 2 + whole * (growing - self.every * whole + 1)
        full = 0.0 if math.isinf(self.limit) else self.limit * (tokens - growing)
        return self.amount * (rising + full)


@dataclass(frozen=True)
class Mixer:
    """One layer's mixer.

    weights, indexer: parameters. cached_values: values cached per sequence; read: those a decode step reads;
    heads: values kept and read by a runtime that caches every head of a latent attention instead of the latent.
    decode, prefill: FLOPs between one token and its context, in the form an engine uses in that phase.
    state_bytes, state_flops: what does not grow with the context.
    """

    weights: int
    cached_values: tuple[Span, ...] = ()
    read: tuple[Span, ...] = ()
    full_head_values: tuple[Span, ...] = ()
    decode: tuple[Span, ...] = ()
    prefill: tuple[Span, ...] = ()
    indexer: int = 0
    state_bytes: int = 0
    state_flops: int = 0


def softmax_attention(a: Architecture, reach: float = math.inf) -> Mixer:
    """MHA, GQA or MQA: each query head meets `reach` tokens at most; kv_heads keys and values are kept.

    Multi-head attention is the case kv_heads = heads (Ainslie et al. 2023, arXiv:2305.13245). Scores and
    values are one product each: 2 x 2 x heads x head_dim FLOPs for each token of the context.
    """
    queries, keys = a.heads * a.head_dim, a.kv_heads * a.head_dim
    weights = a.hidden_size * (queries + 2 * keys) + queries * a.hidden_size
    biases = a.biases.split()
    weights += (queries + 2 * keys) * ("qkv" in biases) + a.hidden_size * ("o" in biases)
    weights += a.heads * ("sinks" in biases)
    weights += {"": 0, "head": 2 * a.head_dim, "full": queries + keys}[a.qk_norm]
    cached_values, work = (Span(2 * keys, limit=reach),), (Span(4.0 * queries, limit=reach),)
    return Mixer(weights, cached_values=cached_values, read=cached_values, decode=work, prefill=work)


def window_attention(a: Architecture) -> Mixer:
    """Sliding-window attention: the last `window` tokens only, so cache and FLOPs stop growing there."""
    return softmax_attention(a, reach=a.window)


def chunked_attention(a: Architecture) -> Mixer:
    """Llama 4's local attention: the tokens of one chunk of `window` tokens, counted full: its worst case."""
    return softmax_attention(a, reach=a.window)


def latent_weights(a: Architecture) -> int:
    """Parameters of multi-head latent attention, low-rank norms included.

    Queries go through a rank (or straight), keys and values through one latent; all heads share a rotary key.
    """
    query_width = a.heads * (a.nope_head_dim + a.rope_head_dim)
    if a.q_lora_rank:
        queries = a.hidden_size * a.q_lora_rank + a.q_lora_rank + a.q_lora_rank * query_width
    else:
        queries = a.hidden_size * query_width
    latent = a.hidden_size * (a.kv_lora_rank + a.rope_head_dim) + a.kv_lora_rank
    expand = a.kv_lora_rank * a.heads * (a.nope_head_dim + a.v_head_dim)
    return queries + latent + expand + a.heads * a.v_head_dim * a.hidden_size


def absorbed_flops(a: Architecture) -> float:
    """FLOPs of one token against one cached latent, with the expansion absorbed into query and output.

    Each head meets the latent itself: kv_lora_rank + rope_head_dim for the score, kv_lora_rank for the value
    (DeepSeek-V2, arXiv:2405.04434, section 2.1).
    """
    return 2.0 * a.heads * (2 * a.kv_lora_rank + a.rope_head_dim)


def latent_attention(a: Architecture) -> Mixer:
    """MLA: one latent and one rotary key are cached for all heads; prefill expands them, decode does not."""
    expanded = 2.0 * a.heads * (a.nope_head_dim + a.rope_head_dim + a.v_head_dim)
    cached_values = (Span(a.kv_lora_rank + a.rope_head_dim),)
    decode, prefill = (Span(absorbed_flops(a)),), (Span(expanded),)
    full_head_values = (Span(expanded / 2),)
    return Mixer(
        latent_weights(a),
        cached_values=cached_values,
        read=cached_values,
        full_head_values=full_head_values,
        decode=decode,
        prefill=prefill,
    )


def selected_attention(a: Architecture) -> Mixer:
    """MLA over the top-k tokens that an earlier layer's indexer chose (GLM-5.2 shares one among layers)."""
    latent = a.kv_lora_rank + a.rope_head_dim
    work = (Span(absorbed_flops(a), limit=a.indexer_top_k),)
    return Mixer(
        latent_weights(a),
        cached_values=(Span(latent),),
        read=(Span(latent, limit=a.indexer_top_k),),
        decode=work,
        prefill=work,
    )


def sparse_attention(a: Architecture) -> Mixer:
    """DeepSeek sparse attention: a small indexer scores every token, MLA attends to the best top-k.

    The indexer keeps a key of its own for each token; its FLOPs grow with the whole context (DeepSeek-V3.2,
    arXiv:2512.02556).
    """
    attended = selected_attention(a)
    index_width = a.indexer_heads * a.indexer_head_dim
    indexer = (
        a.q_lora_rank * index_width
        + a.hidden_size * (a.indexer_head_dim + a.indexer_heads)
        + 2 * a.indexer_head_dim  # LayerNorm of the index key
    )
    scores, index_key = Span(2.0 * index_width), Span(a.indexer_head_dim)
    return Mixer(
        attended.weights,
        cached_values=(*attended.cached_values, index_key),
        read=(*attended.read, index_key),
        decode=(*attended.decode, scores),
        prefill=(*attended.prefill, scores),
        indexer=indexer,
    )


def linear_attention(a: Architecture) -> Mixer:
    """Lightning attention of MiniMax: a float32 state of head_dim x head_dim per head, whatever the context.

    Updating and reading the state are 2 x heads x head_dim^2 FLOPs each (MiniMax-01, arXiv:2501.08313).
    """
    width = a.heads * a.head_dim
    state = a.heads * a.head_dim**2
    weights = 5 * a.hidden_size * width + width  # query, key, value, gate, output; norm
    return Mixer(weights, state_bytes=FLOAT32_BYTES * state, state_flops=4 * state)


def mamba2(a: Architecture) -> Mixer:
    """Mamba-2: mamba_state values per inner channel and the last inputs of a short convolution, in float32.

    Updating and reading the state are 2 x inner x mamba_state FLOPs each (Dao and Gu 2024, arXiv:2405.21060).
    """
    inner = a.mamba_heads * a.mamba_head_dim
    convolved = inner + 2 * a.mamba_groups * a.mamba_state
    weights = (
        a.hidden_size * (inner + convolved + a.mamba_heads)  # gate, convolved inputs, time steps
        + convolved * (a.mamba_conv + 1)  # kernel and bias
        + 3 * a.mamba_heads  # decay, skip, time-step bias
        + inner  # gated norm
        + inner * a.hidden_size
    )
    state = inner * a.mamba_state
    values = state + convolved * (a.mamba_conv - 1)
    return Mixer(weights, state_bytes=FLOAT32_BYTES * values, state_flops=4 * state)


def shared_kv_attention(a: Architecture) -> Mixer:
    """DeepSeek-V4's plain branch: one head, key and value at once, over the last `window` tokens."""
    queries = a.heads * a.head_dim
    weights = (
        a.hidden_size * a.q_lora_rank
        + a.q_lora_rank
        + a.q_lora_rank * queries
        + a.hidden_size * a.head_dim
        + a.head_dim
        + queries * a.output_lora_rank
        + a.output_groups * a.output_lora_rank * a.hidden_size
        + a.heads  # sinks
    )
    cached_values, work = (Span(a.head_dim, limit=a.window),), (Span(4.0 * queries, limit=a.window),)
    return Mixer(weights, cached_values=cached_values, read=cached_values, decode=work, prefill=work)


def compressor_weights(a: Architecture, width: int, block: int, out: int) -> int:
    """Values, gates, a position bias for each place in the block, and the norm of the compressed entry."""
    return 2 * a.hidden_size * width + block * width + out


def heavily_compressed_attention(a: Architecture) -> Mixer:
    """HCA: the window, and one compressed entry for each 128 tokens, all of which are attended."""
    near = shared_kv_attention(a)
    far, entry = Span(4.0 * a.heads * a.head_dim, every=HCA_BLOCK), Span(a.head_dim, every=HCA_BLOCK)
    return Mixer(
        near.weights + compressor_weights(a, a.head_dim, HCA_BLOCK, a.head_dim),
        cached_values=(*near.cached_values, entry),
        read=(*near.read, entry),
        decode=(*near.decode, far),
        prefill=(*near.prefill, far),
    )


def compressed_sparse_attention(a: Architecture) -> Mixer:
    """CSA: the window, and one compressed entry for each 4 tokens, of which an indexer chooses the top-k."""
    near = shared_kv_attention(a)
    far = Span(4.0 * a.heads * a.head_dim, every=CSA_BLOCK, limit=a.indexer_top_k)
    index_width = a.indexer_heads * a.indexer_head_dim
    scores = Span(2.0 * index_width, every=CSA_BLOCK)
    index_key = Span(a.indexer_head_dim, every=CSA_BLOCK)
    indexer = (
        a.q_lora_rank * index_width
        + a.hidden_size * a.indexer_heads
        + compressor_weights(a, 2 * a.indexer_head_dim, CSA_BLOCK, a.indexer_head_dim)
    )
    return Mixer(
        near.weights + compressor_weights(a, 2 * a.head_dim, CSA_BLOCK, a.head_dim),
        cached_values=(*near.cached_values, Span(a.head_dim, every=CSA_BLOCK), index_key),
        read=(*near.read, Span(a.head_dim, every=CSA_BLOCK, limit=a.indexer_top_k), index_key),
        decode=(*near.decode, far, scores),
        prefill=(*near.prefill, far, scores),
        indexer=indexer,
    )


KINDS = {
    "full": softmax_attention,
    "window": window_attention,
    "chunked": chunked_attention,
    "mla": latent_attention,
    "dsa": sparse_attention,
    "dsa-shared": selected_attention,
    "linear": linear_attention,
    "mamba2": mamba2,
    "shared-kv": shared_kv_attention,
    "csa": compressed_sparse_attention,
    "hca": heavily_compressed_attention,
}


@cache
def mixers(a: Architecture) -> tuple[tuple[str, int, Mixer], ...]:
    """The kinds of mixer of a model, the layers of each, and what one layer is.

    Raises:
        ValueError: a kind that is not known, or layers that do not add up to the model's.

    >>> from freeweights.facts.catalog import architecture
    >>> [(kind, layers) for kind, layers, _ in mixers(architecture("GLM-5.2"))]
    [('dsa', 21), ('dsa-shared', 57)]
    """
    found = []
    for word in a.mixers.split():
        kind, _, layers = word.partition(":")
        if kind not in KINDS or not layers.isdigit():
            raise ValueError(
                f"models.csv, {a.name}, column mixers: '{word}' is not kind:layers, kind one of "
                f"{', '.join(KINDS)}."
            )
        found.append((kind, int(layers), KINDS[kind](a)))
    if sum(layers for _, layers, _ in found) != a.layers:
        raise ValueError(f"models.csv, {a.name}: the layers in '{a.mixers}' do not add up to {a.layers}.")
    return tuple(found)
