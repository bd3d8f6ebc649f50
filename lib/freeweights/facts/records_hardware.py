"""Rows of data/ about hardware and what runs on it: devices, links, formats of weights and their files, engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

GIGA, TERA = 1e9, 1e12


def scaled(column: str, factor: float):
    """A field read from `column` of the file and multiplied by `factor`, so that records are in SI units."""
    return field(metadata={"column": column, "factor": factor})


@dataclass(frozen=True)
class Device:
    """One accelerator, computer or phone.

    memory: bytes that software can use, as drivers report it; sold: as the box says, in a maker's GB, which are mostly GiB;
    memory_basis: who says so. memory_bandwidth and interconnect in bytes/s (one direction); flops_* in FLOP/s, dense,
    None where nobody publishes a figure; power in watts; price in US dollars of the year in `price_basis`.
    """

    table: ClassVar[str] = "devices.csv"
    name: str
    vendor: str
    kind: str
    year: int
    memory: float = scaled("memory_GB", GIGA)
    sold: float = scaled("sold_GB", GIGA)
    memory_basis: str
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
    generation: str
    verified: bool
    source: str
    note: str


@dataclass(frozen=True)
class Link:
    """One drive, network, fabric or bus. Rates in bytes/s one way, latency in seconds."""

    table: ClassVar[str] = "links.csv"
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
class AllReduce:
    """What an all-reduce over so many devices of one link was measured to take.

    latency: seconds of a small one, the whole collective. bus: bytes/s that cross each device's link in a large one.
    """

    table: ClassVar[str] = "all_reduces.csv"
    link: str
    devices: int
    latency: float | None = scaled("latency_us", 1e-6)
    bus: float | None = scaled("bus_GBps", GIGA)
    source: str
    note: str


@dataclass(frozen=True)
class WeightFormat:
    """One way to store weights. `bits` is what its own block spends per weight, scales included; a file mixes blocks."""

    table: ClassVar[str] = "formats.csv"
    name: str
    bits: float
    family: str
    block: str
    source: str
    note: str


@dataclass(frozen=True)
class BlockType:
    """One block in which a row of weights is packed.

    weights, bytes: of one block. row_multiple: what a row's length must be a multiple of. instead: the block that stands
    in where it is not; empty where nothing does.
    """

    table: ClassVar[str] = "block_types.csv"
    name: str
    weights: int
    bytes: int
    row_multiple: int
    instead: str
    source: str


@dataclass(frozen=True)
class Recipe:
    """Which block some formats choose for some tensors: the first row whose kind and condition fit holds.

    formats: names parted by ";". kind: how a kind of tensor begins, "routed", or empty for all others. where: a condition
    of `file_formats.holds`. block: what is chosen, before a row's length is looked at.
    """

    table: ClassVar[str] = "recipes.csv"
    formats: str
    kind: str
    where: str
    block: str
    source: str


@dataclass(frozen=True)
class Engine:
    """One inference engine: what it leaves of the memory, and how it reads and stores.

    family: engines calibrated together. default_for: classes of device, parted by ";".
    memory_share: fraction of the memory it lets weights, activations and caches have; reserve: bytes it leaves free
    on each device besides; share_of: of what the share is ("memory", all of it; "weights and caches", buffers come from
    the rest; "what is left", once weights and buffers are in). logit_rows, logit_bytes: of how many tokens it makes room
    for the logits, and bytes for each. caches: formats in which it keeps caches; cache_block: tokens they grow by. chunk_tokens: tokens of a prompt read at once. keeps_latents: whether a model with latent
    attention (MLA) is cached as latents; otherwise as full heads. flash_attention: whether the scores of attention
    stay on the chip; otherwise they go to memory and back.
    """

    table: ClassVar[str] = "engines.csv"
    name: str
    family: str
    default_for: str
    memory_share: float
    reserve: float = scaled("reserve_GB", GIGA)
    share_of: str
    logit_rows: int
    logit_bytes: int
    caches: str
    cache_block: int
    chunk_tokens: int
    keeps_latents: bool
    flash_attention: bool
    source: str
    note: str


@dataclass(frozen=True)
class FileSize:
    """One published size of a model file or checkpoint in one format, in bytes."""

    table: ClassVar[str] = "file_sizes.csv"
    id: str
    model: str
    format: str
    parameters: float | None
    size: float = scaled("size_bytes", 1.0)
    as_published: str
    grade: str
    source: str
    note: str
