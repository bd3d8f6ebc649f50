"""Floor 1. What a row of data/ is: one frozen record per table, in SI units."""

from __future__ import annotations

from dataclasses import dataclass, field

GIGA, TERA = 1e9, 1e12


def scaled(column: str, factor: float):
    """A field read from `column` of the file and multiplied by `factor`, so that records are in SI units."""
    return field(metadata={"column": column, "factor": factor})


@dataclass(frozen=True)
class Architecture:
    """One open model as its configuration states it.

    Widths, ranks and sizes are in values; what the architecture does not have is empty in the file, None here.
    `mixers` counts the layers by what mixes their tokens ("window:52 full:10"; the kinds are in `attention`);
    `biases` lists what carries bias vectors (qkv, o, ffn, router, sinks); `norms` is the norms of one layer
    ("2 rms", "4 rms", "2 layer"); `qk_norm` is empty, "head" or "full"; `active_convention` is how the
    vendor counts active parameters (see `transformer`). A model that was only announced has no `layers`.
    """

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
    source: str
    note: str


@dataclass(frozen=True)
class CountException:
    """Why a figure counted from the architecture of `model` is further from a published one than tolerated.

    `against` says which published figure: "safetensors total", "published total" or "published active".
    """

    model: str
    against: str
    difference_percent: float
    reason: str
    source: str


@dataclass(frozen=True)
class Device:
    """One accelerator, computer or phone.

    memory in bytes; memory_bandwidth and interconnect in bytes/s (one direction); flops_* in FLOP/s, dense,
    None where nobody publishes a figure; power in watts; price in US dollars of the year in `price_basis`.
    """

    name: str
    vendor: str
    kind: str
    year: int
    memory: float = scaled("memory_GB", GIGA)
    memory_bandwidth: float = scaled("memory_bandwidth_GBps", GIGA)
    flops_fp32: float | None = scaled("tflops_fp32", TERA)
    flops_fp16: float | None = scaled("tflops_fp16", TERA)
    flops_fp8: float | None = scaled("tflops_fp8", TERA)
    flops_int8: float | None = scaled("tflops_int8", TERA)
    flops_fp4: float | None = scaled("tflops_fp4", TERA)
    power: float | None = scaled("power_W", 1.0)
    link: str
    price: float | None = scaled("price_usd", 1.0)
    price_basis: str
    rental: float | None = scaled("rental_usd_per_hour", 1.0)
    rental_date: str
    device_class: str
    verified: bool
    source: str
    note: str


@dataclass(frozen=True)
class Link:
    """One drive, network, fabric or bus. Rates in bytes/s one way, latency in seconds."""

    name: str
    kind: str
    bandwidth: float = scaled("read_GBps", GIGA)
    write_bandwidth: float | None = scaled("write_GBps", GIGA)
    measured_bandwidth: float | None = scaled("measured_GBps", GIGA)
    latency: float | None = scaled("latency_us", 1e-6)
    example: str
    verified: bool
    source: str
    note: str


@dataclass(frozen=True)
class WeightFormat:
    """One way to store weights. `bits` is what a whole file spends per weight, scales and mixed layers included."""

    name: str
    bits: float
    family: str
    block: str
    source: str
    note: str


@dataclass(frozen=True)
class FileSize:
    """One published size of a model file or checkpoint in one format, in bytes."""

    id: str
    model: str
    format: str
    parameters: float | None
    size: float = scaled("size_bytes", 1.0)
    as_published: str
    grade: str
    source: str
    note: str


@dataclass(frozen=True)
class Measurement:
    """One speed or time that somebody published.

    `model` and `device` are names of this catalogue, or empty where it has no such row; `value` is in `unit`.
    """

    id: str
    model: str
    model_as_published: str
    weights: str
    weights_bytes: float | None
    device: str
    device_as_published: str
    devices: int
    engine: str
    phase: str
    batch: str
    prompt: int | None
    context: int | None
    output: int | None
    value: float
    unit: str
    usable: bool
    grade: str
    source: str
    remark: str


@dataclass(frozen=True)
class Price:
    """One published price, with what it buys and when it held."""

    id: str
    subject: str
    quantity: str
    value: float
    unit: str
    conditions: str
    grade: str
    source: str
    note: str


@dataclass(frozen=True)
class Claim:
    """One claim of the debate that the course settles."""

    id: str
    claim: str
    held_by: str
    lessons: str
    settled_by: str
    systems: str
    source: str


@dataclass(frozen=True)
class Engine:
    """One inference engine: what it leaves of the memory, and how it reads and stores.

    family: engines calibrated together. also_called, default_for: names and classes of device, parted by ";".
    memory_share: fraction of the memory it lets weights, activations and caches have; reserve: bytes it leaves free
    on each device besides. chunk_tokens: tokens of a prompt read at once. keeps_latents: whether a model with latent
    attention (MLA) is cached as latents; otherwise as full heads. flash_attention: whether the scores of attention
    stay on the chip; otherwise they go to memory and back.
    """

    name: str
    family: str
    also_called: str
    default_for: str
    memory_share: float
    reserve: float = scaled("reserve_GB", GIGA)
    chunk_tokens: int
    keeps_latents: bool
    flash_attention: bool
    source: str
    note: str


@dataclass(frozen=True)
class Recorded:
    """A figure of lesson 01 measured once elsewhere, to go on with where the weights cannot be fetched."""

    quantity: str
    value: float
    unit: str
    machine: str
    date: str
