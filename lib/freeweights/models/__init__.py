"""What one model holds and does: parameters, caches, FLOPs, experts.

Read in this order: `attention` and `parameters` count one layer and its weights, `transformer` the whole model; `experts`
says how many a batch touches, `routing` which; `speculation` counts tokens guessed ahead, and `kv_layouts` what runtimes store of a cache.
"""

from . import (
    attention,
    experts,
    kv_layouts,
    parameters,
    routing,
    speculation,
    transformer,
)

__all__ = [
    "attention",
    "parameters",
    "transformer",
    "experts",
    "speculation",
    "routing",
    "kv_layouts",
]
