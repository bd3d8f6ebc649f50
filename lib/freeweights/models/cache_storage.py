"""How caches are stored: the width of their values, the cells an engine allocates, and how often devices copy them."""

from __future__ import annotations

import re

import numpy as np

from ..facts import catalog
from ..facts.arrays import numbers, plain
from ..facts.records_hardware import Engine
from .attention import FLOAT32_BYTES, mixers
from .transformer import Model

SIXTEEN_BITS = 2.0
# FP8 latents of sparse attention: a float32 scale for 128 values, the rotary key at 16 bits. Source:
# docs.vllm.ai/en/v0.11.0/api/vllm/v1/attention/backends/mla/flashmla_sparse.html
SCALED = 128
WINDOWS = "window", "chunked"


def cache_width(cache, engine: Engine) -> float:
    """Bytes of one cached value, from what a caller asks for.

    Args:
        cache: None for the 16 bits that every engine keeps unless told otherwise, a format of the engine's, such as "FP8"
            or "Q8_0", or a number of bits: 8, "8 bits".
        engine: what runs the model.

    Raises:
        ValueError: the engine keeps no such cache; what it keeps is given.

    >>> cache_width("8 bits", catalog.engine("llama.cpp")), cache_width("8 bits", catalog.engine("TensorRT-LLM"))
    (1.0625, 1.000244125)
    """
    if cache is None:
        return SIXTEEN_BITS
    known = {name: catalog.weight_format(name).bits for name in engine.caches.split(";")}
    if isinstance(cache, str) and not re.fullmatch(r"[\d.]+ ?(bits)?", cache):
        named = {catalog._plain(name): bits for name, bits in known.items()}
        if catalog._plain(cache) in named:
            return named[catalog._plain(cache)] / 8
        bits = catalog.weight_format(cache).bits
    else:
        bits = float(
            numbers(float(re.sub(r" ?bits", "", cache)) if isinstance(cache, str) else cache, "cache")
        )
        for value in known.values():
            if bits in (value, np.floor(value)):
                return value / 8
    nearest = min(known, key=lambda name: abs(known[name] - bits))
    raise ValueError(
        f"{engine.name} keeps no cache in {cache if isinstance(cache, str) else f'{cache} bits'}: it knows "
        f"{', '.join(known)}. The nearest is {nearest}."
    )


def cells(engine: Engine, context):
    """Tokens that an engine allocates for a context: whole blocks of its cache, and more than the model was trained on.

    >>> llama_cpp = catalog.engine("llama.cpp")
    >>> float(cells(llama_cpp, 1000 / 3)), float(cells(llama_cpp, 20_000))
    (512.0, 20224.0)
    """
    return np.ceil(np.asarray(context, float) / engine.cache_block) * engine.cache_block


def sparse_eight_bits(model: Model) -> float:
    """Bytes of one token in sparse attention's FP8 layout: latents and index keys with scales, rotary keys at 16 bits."""
    a, scale = model.architecture, 1 + FLOAT32_BYTES / SCALED
    latent, index_key = a.kv_lora_rank * scale + 2 * a.rope_head_dim, a.indexer_head_dim * scale
    return sum(layers * (latent + (kind == "dsa") * index_key) for kind, layers, _ in mixers(a))


def cache_bytes(model: Model, engine: Engine, context, cache=None):
    """Bytes that an engine keeps for one sequence.

    Blocks are filled up; llama.cpp keeps the layers that look back a window at 16 bits, with room for the chunk it reads
    (llama-kv-cache-iswa.cpp). Servers that keep sparse attention in FP8 store scales, and the rotary key at 16 bits.

    Args:
        model, engine: what is kept and by what.
        context: tokens of the sequence, number or array.
        cache: as in `cache_width`.

    Raises:
        ValueError: a context beyond the model's maximum, or a cache that the engine does not keep.

    >>> from freeweights.models.transformer import model
    >>> gemma, llama_cpp = model("Gemma 3 27B"), catalog.engine("llama.cpp")
    >>> [round(cache_bytes(gemma, llama_cpp, 8192, cache) / 2**20) for cache in (None, "Q8_0")]
    [1264, 964]
    """
    width, tokens = cache_width(cache, engine), cells(engine, model.valid_context(context))
    sparse = any(kind.startswith("dsa") for kind, _, _ in mixers(model.architecture))
    if sparse and width < SIXTEEN_BITS and engine.family == "server":
        return plain(sparse_eight_bits(model) * tokens)
    total = 0.0
    for kind, layers, mixer in mixers(model.architecture):
        narrow = kind in WINDOWS and engine.family == "ggml"
        for span in (not engine.keeps_latents and mixer.full_head_values) or mixer.cached_values:
            if narrow:
                most = cells(engine, span.limit + engine.chunk_tokens)
                total = total + layers * span.amount * SIXTEEN_BITS * np.minimum(tokens, most)
            else:
                total = total + layers * span.at(tokens) * width
        total = total + layers * mixer.state_bytes
    return plain(total)


def cache_copies(model: Model, engine: Engine, devices: int) -> float:
    """How often a cache is held by devices that share every layer.

    A latent, and DeepSeek-V4's one key, serve all heads, so every device needs them; of keys and values each device has
    its heads, and more devices than key heads hold them twice and more.
    """
    a = model.architecture
    if engine.keeps_latents and not a.kv_heads:
        return float(devices)
    return max(1.0, devices / (a.kv_heads or a.heads))


def writes_scores(model: Model, engine: Engine) -> bool:
    """Whether the scores of attention go to memory: without flash attention, or where the heads of a latent are kept,
    whose keys are wider than their values."""
    return not engine.flash_attention or (not engine.keeps_latents and bool(model.architecture.kv_lora_rank))


def score_buffer(model: Model, engine: Engine, context):
    """Bytes of the scores of one chunk of a prompt, before and after the softmax, in float32."""
    if not writes_scores(model, engine):
        return 0.0
    return (
        2.0
        * FLOAT32_BYTES
        * (model.architecture.heads or 0)
        * engine.chunk_tokens
        * np.asarray(context, float)
    )
