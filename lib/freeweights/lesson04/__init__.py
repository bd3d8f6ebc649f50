"""Lesson 04, long context: six kinds of attention, the cache as it is stored, an agent's prefix.

The names stand in the order in which the lesson uses them.
"""

from . import (
    agent_panel,
    attention_timing_picture,
    cache_crossover_panel,
    exercises,
    kv_layouts_panel,
    long_context_panel,
)
from .attention_by_hand import full_attention, kinds
from .attention_timing_picture import draw_recall, measure_reading, measure_writing
from .claims import settled
from .kv_layouts_panel import room_for_caches
from .long_context import RELEASED, with_attention
from .million_tokens import MILLION, flops_to_write, request

__all__ = [
    "with_attention",
    "MILLION",
    "kinds",
    "full_attention",
    "measure_reading",
    "measure_writing",
    "attention_timing_picture",
    "draw_recall",
    "long_context_panel",
    "cache_crossover_panel",
    "agent_panel",
    "kv_layouts_panel",
    "exercises",
    "room_for_caches",
    "request",
    "flops_to_write",
    "settled",
    "RELEASED",
]
