"""Rows of data/ about models: their architecture, and where a published count differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Architecture:
    """One open model as its configuration states it.

    Widths, ranks and sizes are in values; what the architecture does not have is empty in the file, None here.
    `mixers` counts the layers by what mixes their tokens ("window:52 full:10"; the kinds are in `attention`);
    `biases` lists what carries bias vectors (qkv, o, ffn, router, sinks); `norms` is the norms of one layer
    ("2 rms", "4 rms", "2 layer"); `qk_norm` is empty, "head" or "full"; `active_convention` is how the
    vendor counts active parameters (see `transformer`); `fused` lists matrices that GGUF files store as one (qkv, ffn);
    `prediction_layer` says what holds a layer for multi-token prediction beside the model (release, gguf). A model that was only announced has no `layers`.
    """

    table: ClassVar[str] = "models.csv"
    name: str
    organisation: str
    released: str
    licence: str
    parameters_published: float | None
    active_published: float | None
    active_convention: str
    safetensors_total: int | None
    layers: int | None
    mixers: str
    hidden_size: int | None
    vocabulary: int | None
    tied_embeddings: bool | None
    learned_positions: int | None
    norms: str
    biases: str
    heads: int | None
    kv_heads: int | None
    head_dim: int | None
    qk_norm: str
    window: int | None
    q_lora_rank: int | None
    kv_lora_rank: int | None
    nope_head_dim: int | None
    rope_head_dim: int | None
    v_head_dim: int | None
    indexer_heads: int | None
    indexer_head_dim: int | None
    indexer_top_k: int | None
    output_groups: int | None
    output_lora_rank: int | None
    residual_streams: int | None
    mamba_heads: int | None
    mamba_head_dim: int | None
    mamba_state: int | None
    mamba_groups: int | None
    mamba_conv: int | None
    ffn_size: int | None
    ffn_gated: bool | None
    dense_layers: int | None
    expert_size: int | None
    experts: int | None
    experts_per_token: int | None
    shared_expert_size: int | None
    vision_expert_size: int | None
    max_context: int | None
    native_format: str
    fused: str
    prediction_layer: str
    source: str
    note: str


@dataclass(frozen=True)
class CountException:
    """Why a figure counted from the architecture of `model` is further from a published one than tolerated.

    `against` says which published figure: "safetensors total", "published total" or "published active".
    """

    table: ClassVar[str] = "count_exceptions.csv"
    model: str
    against: str
    difference_percent: float
    reason: str
    source: str
