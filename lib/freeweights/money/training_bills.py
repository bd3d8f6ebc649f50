"""What it cost to train a teacher: GPU-hours at the price of an hour."""

from __future__ import annotations

from ..facts.figures import distilled
from ..facts.quantities import HOUR
from ..machines.machine import Machine

BASE_OF_TEACHER = "DeepSeek-V3"
GPU, UTILISATION = "H100 SXM5 80GB", 0.4  # about what Llama 3 reached: 38 to 43 %, arXiv:2407.21783, table 4
TEACHER = "DeepSeek-R1"


def gpu_hours(flops: float, gpu: str, utilisation: float) -> float:
    """Hours of one device for so many FLOPs.

    >>> round(gpu_hours(6 * 8e9 * 15e12, "H100 SXM5 80GB", 0.4))
    505561
    """
    return flops / (utilisation * Machine.named(gpu).flops(16)) / HOUR


def teacher_bill() -> tuple[float, float]:
    """US dollars of the teacher's base, and of what made a teacher of it: GPU-hours and price of an hour as published."""
    price = distilled(BASE_OF_TEACHER, "price of a GPU-hour")
    more = [distilled(TEACHER, f"GPU-hours of DeepSeek-R1{run}") for run in ("-Zero", "")]
    return price * distilled(BASE_OF_TEACHER, "GPU-hours"), price * sum(more)
