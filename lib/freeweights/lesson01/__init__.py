"""Lesson 01, weights versus compute: a real open model on this machine, GLM-5.2 on a desktop and on eight GPUs.

The names stand in the order in which the lesson uses them.
"""

from . import desktop_or_cluster_panel, exercises, published_picture, what_fits_panel
from .claims import settled
from .engine_picture import draw_engine, say_partings
from .smollm_pictures import draw_batch, draw_quantised, step_floor

__all__ = [
    "step_floor",
    "draw_batch",
    "draw_quantised",
    "draw_engine",
    "say_partings",
    "desktop_or_cluster_panel",
    "published_picture",
    "what_fits_panel",
    "exercises",
    "settled",
]
