"""The tensors of one model: what each does, how long its rows are, and in which layer it stands."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ..facts.records_models import Architecture
from .attention import CSA_BLOCK, HCA_BLOCK, mixers
from .parameters import hyper_connections, layer_norms, norm

VECTOR = "vector"  # norms, biases and other small tensors that no format packs
ROUTED, VISION = "routed", "vision"


class Tensor(NamedTuple):
    """One tensor, or the like ones of all experts of a layer.

    kind: what it does, in llama.cpp's words (attn_v, ffn_down, ...), or `VECTOR`. row: values in one row, which formats
    pack in blocks. rows: rows of all experts together. layer: from 0 on; -1 outside of the layers. experts: `ROUTED`,
    "shared", `VISION` (only image tokens reach them), or "" outside of a mixture. place, of: which of how many tensors of its kind it is.
    """

    kind: str
    row: int
    rows: int
    layer: int = -1
    experts: str = ""
    place: int = 0
    of: int = 1

    @property
    def values(self) -> int:
        return self.row * self.rows


def softmax_tensors(a: Architecture) -> list[Tensor]:
    """Query, key, value and output of one layer, with biases, norms and sinks."""
    queries, keys = a.heads * a.head_dim, a.kv_heads * a.head_dim
    biases = a.biases.split()
    small = (queries + 2 * keys) * ("qkv" in biases) + a.hidden_size * ("o" in biases)
    small += (
        a.heads * ("sinks" in biases) + {"": 0, "head": 2 * a.head_dim, "full": queries + keys}[a.qk_norm]
    )
    if "qkv" in a.fused.split():
        first = [Tensor("attn_v", a.hidden_size, queries + 2 * keys)]
    else:
        names = zip(("attn_q", "attn_k", "attn_v"), (queries, keys, keys))
        first = [Tensor(kind, a.hidden_size, rows) for kind, rows in names]
    return [*first, Tensor("attn_output", queries, a.hidden_size), Tensor(VECTOR, 1, small)]


def latent_tensors(a: Architecture) -> list[Tensor]:
    """Multi-head latent attention: the expansion of the latent in two parts, of which engines absorb each."""
    query_width = a.heads * (a.nope_head_dim + a.rope_head_dim)
    if a.q_lora_rank:
        queries = [
            Tensor("attn_q_a", a.hidden_size, a.q_lora_rank),
            Tensor("attn_q_b", a.q_lora_rank, query_width),
        ]
    else:
        queries = [Tensor("attn_q", a.hidden_size, query_width)]
    return [
        *queries,
        Tensor("attn_kv_a", a.hidden_size, a.kv_lora_rank + a.rope_head_dim),
        Tensor("attn_k_b", a.nope_head_dim, a.kv_lora_rank * a.heads),
        Tensor("attn_v_b", a.kv_lora_rank, a.v_head_dim * a.heads),
        Tensor("attn_output", a.heads * a.v_head_dim, a.hidden_size),
        Tensor(VECTOR, 1, (a.q_lora_rank or 0) + a.kv_lora_rank),
    ]


def index_tensors(a: Architecture) -> list[Tensor]:
    """The indexer of DeepSeek sparse attention."""
    return [
        Tensor("indexer_q", a.q_lora_rank, a.indexer_heads * a.indexer_head_dim),
        Tensor("indexer_k", a.hidden_size, a.indexer_head_dim),
        Tensor("indexer_weights", a.hidden_size, a.indexer_heads),
        Tensor(VECTOR, 1, 2 * a.indexer_head_dim),
    ]


def linear_tensors(a: Architecture) -> list[Tensor]:
    """Lightning attention of MiniMax: query, key, value, gate and output, and a norm."""
    width = a.heads * a.head_dim
    names = "attn_q", "attn_k", "attn_v", "attn_gate"
    return [
        *(Tensor(kind, a.hidden_size, width) for kind in names),
        Tensor("attn_output", width, a.hidden_size),
        Tensor(VECTOR, 1, width),
    ]


def mamba2_tensors(a: Architecture) -> list[Tensor]:
    """Mamba-2: one matrix in, one out; the short convolution and what the state needs are small."""
    inner = a.mamba_heads * a.mamba_head_dim
    convolved = inner + 2 * a.mamba_groups * a.mamba_state
    return [
        Tensor("ssm_in", a.hidden_size, inner + convolved + a.mamba_heads),
        Tensor("ssm_out", inner, a.hidden_size),
        Tensor(VECTOR, 1, convolved * (a.mamba_conv + 1) + 3 * a.mamba_heads + inner),
    ]


def shared_kv_tensors(a: Architecture) -> list[Tensor]:
    """DeepSeek-V4's plain branch: one key that is also the value, the output in groups through a rank."""
    queries = a.heads * a.head_dim
    return [
        Tensor("attn_q_a", a.hidden_size, a.q_lora_rank),
        Tensor("attn_q_b", a.q_lora_rank, queries),
        Tensor("attn_kv_a", a.hidden_size, a.head_dim),
        Tensor("attn_output_a", queries // a.output_groups, a.output_groups * a.output_lora_rank),
        Tensor("attn_output_b", a.output_groups * a.output_lora_rank, a.hidden_size),
        Tensor(VECTOR, 1, a.q_lora_rank + a.head_dim + a.heads),
    ]


def compressor_tensors(a: Architecture, width: int, block: int, out: int) -> list[Tensor]:
    """Values and gates of a compressor; a position bias for each place in the block, and a norm."""
    return [Tensor("compressor", a.hidden_size, 2 * width), Tensor(VECTOR, 1, block * width + out)]


def heavily_compressed_tensors(a: Architecture) -> list[Tensor]:
    """The plain branch and one compressor for 128 tokens."""
    return shared_kv_tensors(a) + compressor_tensors(a, a.head_dim, HCA_BLOCK, a.head_dim)


def compressed_sparse_tensors(a: Architecture) -> list[Tensor]:
    """The plain branch, a compressor for 4 tokens, and an indexer with a compressor of its own."""
    return [
        *shared_kv_tensors(a),
        *compressor_tensors(a, 2 * a.head_dim, CSA_BLOCK, a.head_dim),
        Tensor("indexer_q", a.q_lora_rank, a.indexer_heads * a.indexer_head_dim),
        Tensor("indexer_weights", a.hidden_size, a.indexer_heads),
        *compressor_tensors(a, 2 * a.indexer_head_dim, CSA_BLOCK, a.indexer_head_dim),
    ]


KINDS = {
    "full": softmax_tensors,
    "window": softmax_tensors,
    "chunked": softmax_tensors,
    "mla": latent_tensors,
    "dsa": lambda a: latent_tensors(a) + index_tensors(a),
    "dsa-shared": latent_tensors,
    "linear": linear_tensors,
    "mamba2": mamba2_tensors,
    "shared-kv": shared_kv_tensors,
    "csa": compressed_sparse_tensors,
    "hca": heavily_compressed_tensors,
}


def feed_forward_tensors(a: Architecture, size: int, experts: str = "", number: int = 1) -> list[Tensor]:
    """Gate, up and down of one block, or of `number` experts; fused where files store gate and up as one."""
    fused = a.ffn_gated and "ffn" in a.fused.split()
    found = [Tensor("ffn_up", a.hidden_size, number * size * (2 if fused else 1), experts=experts)]
    if a.ffn_gated and not fused:
        found.append(Tensor("ffn_gate", a.hidden_size, number * size, experts=experts))
    found.append(Tensor("ffn_down", size, number * a.hidden_size, experts=experts))
    if "ffn" in a.biases.split() and experts in ("", ROUTED):
        small = (2 if a.ffn_gated else 1) * size + a.hidden_size
        found.append(Tensor(VECTOR, 1, number * small, experts=experts))
    return found


def mixture_tensors(a: Architecture) -> list[Tensor]:
    """Router and experts of one layer: routed, shared, and those that only image tokens reach."""
    found = [Tensor("router", a.hidden_size, a.experts)]
    if "router" in a.biases.split():
        found.append(Tensor(VECTOR, 1, a.experts))
    found += feed_forward_tensors(a, a.expert_size, ROUTED, a.experts)
    if a.shared_expert_size:
        found += feed_forward_tensors(a, a.shared_expert_size, "shared")
    if a.vision_expert_size:
        found += feed_forward_tensors(a, a.vision_expert_size, VISION, a.experts)
        found.append(Tensor("router", a.hidden_size, a.experts, experts=VISION))
    return found


def is_dense(a: Architecture, layer: int) -> bool:
    """Whether a layer has one feed-forward block and no experts: the first ones, or every second where they are half."""
    if not a.experts:
        return True
    return layer % 2 == 0 if 2 * a.dense_layers == a.layers else layer < a.dense_layers


def layer_tensors(a: Architecture, kind: str, layer: int) -> list[Tensor]:
    """The tensors of one layer, in its place."""
    dense = is_dense(a, layer)
    found = KINDS[kind](a) + (feed_forward_tensors(a, a.ffn_size) if dense else mixture_tensors(a))
    found.append(Tensor(VECTOR, 1, layer_norms(a)))
    return [tensor._replace(layer=layer) for tensor in found]


def prediction_tensors(a: Architecture) -> list[Tensor]:
    """The layer for multi-token prediction that a release holds beside the model, with copies of embedding and head.

    It joins the hidden state and the next token's embedding by one matrix (DeepSeek-V3, arXiv:2412.19437, section 2.2).
    Whether the file repeats the embedding and the head, the published number of values in it tells.
    """
    if not a.prediction_layer:
        return []
    kind = a.mixers.split()[0].partition(":")[0]
    own = layer_tensors(a, kind, a.layers)
    own += [
        Tensor("attn_join", 2 * a.hidden_size, a.hidden_size, a.layers),
        Tensor(VECTOR, 1, 3 * norm(a, a.norms.split()[1])),
    ]
    matrix = a.vocabulary * a.hidden_size
    beyond = (a.safetensors_total or 0) - sum(tensor.values for tensor in (*tensors(a), *own))
    copies = ("token_embd", "output") if beyond > matrix else ()
    return own + [Tensor(copy, a.hidden_size, a.vocabulary, a.layers) for copy in copies]


@cache
def tensors(a: Architecture) -> tuple[Tensor, ...]:
    """All tensors of a model; a tied output head is the embedding, so it is none of its own.

    Args:
        a: an architecture with a configuration.

    >>> from freeweights.facts import catalog
    >>> smol = catalog.architecture("SmolLM2-135M-Instruct")
    >>> sum(tensor.values for tensor in tensors(smol)), sorted({tensor.row for tensor in tensors(smol)})
    (134515008, [1, 576, 1536])
    """
    kinds = [kind for kind, layers, _ in mixers(a) for _ in range(layers)]
    found = [Tensor("token_embd", a.hidden_size, a.vocabulary)]
    if not a.tied_embeddings:
        found.append(Tensor("output", a.hidden_size, a.vocabulary))
    if a.learned_positions:
        found.append(Tensor("positions", a.hidden_size, a.learned_positions))
    found.append(Tensor(VECTOR, 1, norm(a, a.norms.split()[1]) + hyper_connections(a)))
    for layer, kind in enumerate(kinds):
        found += layer_tensors(a, kind, layer)
    return tuple(found)
