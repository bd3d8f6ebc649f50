"""What a model costs on a machine: work, and the time, memory and energy it takes.

The first eight, read in this order, are the core that every prediction stands on; the others count with it.
"""

from . import (
    bottleneck,
    efficiency,
    energy,
    estimate,
    expert_parallel,
    expert_placement,
    grid,
    inference,
    memory,
    prefix_cache,
    reference_cases,
    step_work,
    throughput_frontier,
    training_step,
    weight_storage,
)

__all__ = [
    "estimate",
    "weight_storage",
    "efficiency",
    "memory",
    "step_work",
    "inference",
    "bottleneck",
    "grid",
    "reference_cases",
    "energy",
    "throughput_frontier",
    "prefix_cache",
    "expert_placement",
    "expert_parallel",
    "training_step",
]
