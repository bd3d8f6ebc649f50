"""The parameters of one model by what they do, counted from its configuration."""

from __future__ import annotations

from functools import cache

from ..facts.records_models import Architecture
from .attention import mixers


def feed_forward(a: Architecture, size: int, biased: bool = False) -> int:
    """Parameters of one feed-forward block: two matrices, three when gated.

    >>> from freeweights.facts import catalog
    >>> feed_forward(catalog.architecture("Llama 3.1 8B"), 14_336) == 3 * 4096 * 14_336
    True
    """
    matrices = 3 if a.ffn_gated else 2
    return matrices * a.hidden_size * size + biased * ((matrices - 1) * size + a.hidden_size)


def layer_norms(a: Architecture) -> int:
    """Parameters of the norms around one layer's blocks: LayerNorm has a bias, RMSNorm has none."""
    number, kind = a.norms.split()
    return int(number) * norm(a, kind)


def norm(a: Architecture, kind: str) -> int:
    """Parameters of one norm as wide as the model."""
    return {"rms": 1, "layer": 2}[kind] * a.hidden_size


def hyper_connections(a: Architecture) -> int:
    """Parameters that mix the residual streams of DeepSeek-V4 (manifold-constrained hyper-connections, mHC).

    Two per layer and one at the end; each maps all streams to the weights that read, write and mix them.
    """
    streams = a.residual_streams or 0
    if not streams:
        return 0
    mixing = (2 + streams) * streams
    one = mixing * streams * a.hidden_size + mixing + 3
    last = streams * streams * a.hidden_size + streams + 1
    return 2 * a.layers * one + last


@cache
def parameter_counts(a: Architecture) -> dict[str, int]:
    """The parameters of a model by what they do; the values add up to the model.

    Args:
        a: an architecture with a configuration.

    Returns:
        part: number of parameters. A tied output head is the input embedding used again, so it counts 0.

    >>> from freeweights.facts import catalog
    >>> smol = parameter_counts(catalog.architecture("SmolLM2-135M-Instruct"))
    >>> smol["input embedding"] == 49_152 * 576, smol["output head"], sum(smol.values())
    (True, 0, 134515008)
    """
    biases = a.biases.split()
    experts, dense = a.experts or 0, a.layers if not a.experts else a.dense_layers
    sparse = a.layers - dense
    expert = feed_forward(a, a.expert_size, "ffn" in biases) if experts else 0
    router = experts * (a.hidden_size + ("router" in biases))
    matrix = a.vocabulary * a.hidden_size
    mixed = mixers(a)
    return {
        "input embedding": matrix,
        "positions": (a.learned_positions or 0) * a.hidden_size,
        "attention": sum(layers * mixer.weights for _, layers, mixer in mixed),
        "indexer": sum(layers * mixer.indexer for _, layers, mixer in mixed),
        "dense feed-forward": dense * feed_forward(a, a.ffn_size, "ffn" in biases) if dense else 0,
        "shared experts": sparse * feed_forward(a, a.shared_expert_size) if a.shared_expert_size else 0,
        "routed experts": sparse * experts * expert,
        "router": sparse * router,
        "vision experts": sparse * experts * vision_expert(a),
        "norms": a.layers * layer_norms(a) + norm(a, a.norms.split()[1]),
        "hyper-connections": hyper_connections(a),
        "output head": 0 if a.tied_embeddings else matrix,
    }


def vision_expert(a: Architecture) -> int:
    """Parameters of one expert that only image tokens reach, with its row of the router (ERNIE 4.5 VL)."""
    return feed_forward(a, a.vision_expert_size) + a.hidden_size if a.vision_expert_size else 0
