"""Lesson 07's oldest bill: GPT-2 trained in 2019 and again in 2026, and which part of the fall chips, data and the rest share."""

from __future__ import annotations

import numpy as np

from ..evidence.progress import months
from ..facts import catalog
from ..facts.figures import trained
from .known_runs import DEVICE

CHIPS, DATA, REST = "chips and their rent", "one other data set", "code, model and recipe"


def factors() -> dict[str, float]:
    """By what factor each part lowered the bill; together they make the whole fall.

    Chips: FLOP/s for each dollar of an hour. Data: the one record of 2026 that changed the data alone, so at least that.

    >>> whole = trained("gpt-2-hours-2019").value * 8 / (trained("gpt-2-hours-2026").value * 3)
    >>> bool(abs(np.prod(list(factors().values())) / whole - 1) < 1e-9)
    True
    """
    old, new = (
        trained(f"gpt-2-hours-{year}").value * trained(f"gpt-2-hour-{year}").value for year in (2019, 2026)
    )
    then = trained("tpu-v3-peak").value / trained("gpt-2-hour-2019").value
    now = catalog.device(DEVICE).flops_fp16 / trained("gpt-2-hour-2026").value
    data = trained("gpt-2-data").value / trained("gpt-2-data-after").value
    return {CHIPS: now / then, DATA: data, REST: old / new / (now / then) / data}


def shares() -> dict[str, float]:
    """The part of the fall, in its logarithm, that each has.

    >>> round(sum(shares().values()), 9)
    1.0
    """
    logs = {name: np.log(factor) for name, factor in factors().items()}
    return {name: float(log / sum(logs.values())) for name, log in logs.items()}


def months_to_halve() -> float:
    """Months in which the bill halved on average, from 2019 to 2026."""
    first, last = trained("gpt-2-2019"), trained("gpt-2-2026")
    return months(last.date, f"{first.date}-06") / np.log2(first.value / last.value)
