"""Lesson 03, MoE efficiency: a mixture against a dense model, experts touched, trained, apart and on a drive.

The names stand in the order in which the lesson uses them.
"""

from . import (
    distinct_experts_panel,
    exercises,
    expert_layer_timing,
    expert_parallel_panel,
    expert_streaming_panel,
    loss_picture,
    moe_against_dense_panel,
    releases_panel,
    specialities_panel,
)
from .claims import settled
from .distinct_experts_panel import PUBLISHED
from .expert_cache import hottest_hit_rate, published_favours
from .expert_layer_timing import time_layer
from .expert_parallel_panel import against_published, fabrics, whole_steps
from .expert_streaming import published_speeds
from .moe_against_dense import (
    DENSE,
    NODE,
    TWINS,
    bytes_ratio,
    bytes_read,
    flops_ratio,
    fullest,
    grouped_body,
    memory_ratio,
    of_width,
    serving,
    table_rows,
    time_ratio,
)
from .releases import halves, median_active, share_of_mixtures
from .training_panel import load_panel, watch

__all__ = [
    "flops_ratio",
    "bytes_ratio",
    "memory_ratio",
    "halves",
    "share_of_mixtures",
    "median_active",
    "releases_panel",
    "distinct_experts_panel",
    "PUBLISHED",
    "time_layer",
    "expert_layer_timing",
    "NODE",
    "bytes_read",
    "moe_against_dense_panel",
    "table_rows",
    "grouped_body",
    "fullest",
    "loss_picture",
    "watch",
    "load_panel",
    "specialities_panel",
    "against_published",
    "expert_parallel_panel",
    "fabrics",
    "whole_steps",
    "published_favours",
    "hottest_hit_rate",
    "expert_streaming_panel",
    "published_speeds",
    "exercises",
    "time_ratio",
    "settled",
    "serving",
    "TWINS",
    "DENSE",
    "of_width",
]
