"""What one model holds and does: parameters, caches, FLOPs, experts.

Read in this order: `attention` and `parameters` count one layer and its weights, `tensors` lists them and `file_formats`
packs them; `transformer` is the whole model, `cache_storage` what engines keep of its cache; `experts` says how many a
batch touches, `routing` which; `speculation` counts tokens guessed ahead, and `kv_layouts` holds layouts of a cache against
what was published.
"""

from . import (
    attention,
    cache_storage,
    experts,
    file_formats,
    kv_layouts,
    parameters,
    routing,
    speculation,
    tensors,
    transformer,
)

__all__ = [
    "attention",
    "parameters",
    "tensors",
    "file_formats",
    "transformer",
    "cache_storage",
    "experts",
    "speculation",
    "routing",
    "kv_layouts",
]
