"""The cache as runtimes really store it: what each layout keeps, counted beside what was published."""

from __future__ import annotations

from collections.abc import Callable

from ..facts import catalog
from ..facts.records_measured import StoredCache
from ..facts.vocabulary import Layout
from .attention import FLOAT32_BYTES, mixers
from .cache_storage import sparse_eight_bits
from .transformer import Model

BLOCK = 16  # tokens in a block of vLLM's cache. Source: arXiv:2309.06180, section 7.2
OLD = "llama.cpp of 2024"  # the engine of data/engines.csv that kept every head and wrote scores to memory


def needed(model: Model, context: float) -> float:
    """Bytes at 16 bits of what the architecture needs; states in float32."""
    return model.cache_bytes(context)


def eight_bits(model: Model, context: float) -> float:
    """Bytes at 8 bits with scales: FP8 latents and index keys in sparse attention, else llama.cpp's q8_0.

    >>> from freeweights.models.transformer import model
    >>> eight_bits(model("DeepSeek-V3.2"), 1000) == 61 * (656 + 132) * 1000
    True
    """
    if not any(kind.startswith("dsa") for kind, _, _ in mixers(model.architecture)):
        return model.cache_bytes(context, catalog.weight_format("Q8_0").bits / 8)
    return sparse_eight_bits(model) * model.cache_bytes(context) / model.cache_bytes(1)


def no_windows(model: Model, context: float) -> float:
    """Bytes at 16 bits in an engine that keeps the whole context in window layers too."""
    beyond = sum(
        layers * span.amount * max(0.0, context - span.limit)
        for kind, layers, mixer in mixers(model.architecture)
        if kind in ("window", "chunked")
        for span in mixer.cached_values
    )
    return model.cache_bytes(context) + 2 * beyond


def every_head(model: Model, context: float) -> float:
    """Bytes at 16 bits in an engine that keeps every head of a latent attention."""
    return model.cache_bytes(context, latents=False)


def with_scores(model: Model, context: float) -> float:
    """The same, and the scores of all heads for one chunk of the prompt in float32, without flash attention.

    >>> from freeweights.models.transformer import model
    >>> round((with_scores(model("DeepSeek-V3"), 65_536) - every_head(model("DeepSeek-V3"), 65_536)) / 2**30)
    16
    """
    if any(kind.startswith("dsa") for kind, _, _ in mixers(model.architecture)):
        return every_head(model, context)  # engines that knew sparse attention never wrote out scores
    scores = model.architecture.heads * catalog.engine(OLD).chunk_tokens * context * FLOAT32_BYTES
    return every_head(model, context) + scores


LAYOUTS: dict[Layout, Callable[[Model, float], float]] = {
    Layout.NEEDED_16_BIT: needed,
    Layout.NEEDED_8_BIT: eight_bits,
    Layout.WHOLE_WINDOWS: no_windows,
    Layout.FULL_HEADS: every_head,
    Layout.FULL_HEADS_AND_SCORES: with_scores,
}


def counted(row: StoredCache) -> float:
    """Bytes for what a published row stores, by `LAYOUTS`.

    >>> row = catalog.table(StoredCache)[3]
    >>> abs(counted(row) / row.bytes - 1) < 0.001
    True
    """
    return row.sequences * LAYOUTS[Layout(row.layout)](Model.named(row.model), row.tokens)
