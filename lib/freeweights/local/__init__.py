"""Real weights and the learner's own machine.

Read `llama` first, the forward pass of a real model in NumPy; `download` and `gguf_file` bring its weights,
`this_machine` measures what they run on; `llama_cpp` runs the same file through an engine.
"""

from . import (
    block_quantisation,
    download,
    engine_timing,
    gguf_file,
    kv_cache,
    llama,
    llama_cpp,
    low_rank,
    measured_or_recorded,
    smollm,
    smollm_timing,
    this_machine,
    timing,
)

__all__ = [
    "gguf_file",
    "download",
    "block_quantisation",
    "kv_cache",
    "llama",
    "smollm",
    "low_rank",
    "llama_cpp",
    "timing",
    "this_machine",
    "smollm_timing",
    "engine_timing",
    "measured_or_recorded",
]
