"""A speed as far as it is known: published where somebody measured that case, else predicted with its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cost import inference
from ..cost.reference_cases import CONTEXT
from ..cost.weight_storage import weight_storage
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from . import published

ALIKE = 0.15  # relative difference of bits per weight up to which two formats count as one width


@dataclass(frozen=True)
class KnownSpeed:
    """Tokens per second of all users together: low, usual and high end of what was published, or is predicted."""

    low: float
    usual: float
    high: float
    published: bool

    def __str__(self) -> str:
        ends = q.between(q.significant, self.low, self.high)
        if self.published:
            return f"{ends} tokens/s (published)"
        return f"{q.speed(self.usual)} ({ends}, predicted)"

    def over(self, other: KnownSpeed) -> tuple[float, float]:
        """The least and the most times that this one is the other.

        >>> KnownSpeed(10, 12, 20, True).over(KnownSpeed(2, 4, 5, False))
        (2.0, 10.0)
        """
        return self.low / other.high, self.high / other.low


def known_speed(
    model: Model, machine: Machine, weights, users: int = 1, phase: str = "decode", tokens: int = CONTEXT
) -> KnownSpeed:
    """How fast a model reads or writes on a machine, as published or else as predicted.

    Args:
        model, machine: what and where.
        weights: a format, or words such as "4.5 bits"; rows of about that width count.
        users: at once. phase: "decode" writes, "prefill" reads.
        tokens: of context or prompt. Published rows that write count at every context, those that read at this prompt.

    >>> from freeweights.models.transformer import model; from freeweights.machines.machine import machine
    >>> known_speed(model("GLM-5.2"), machine("H200 SXM 141GB", 8), "FP8").published
    True
    """
    bits = weight_storage(weights, model).bits
    seen = [
        pair.measured
        for pair in published.comparisons(
            model.name, machine.device.name, phase=phase, devices=machine.count, batch=str(users)
        )
        if abs(weight_storage(published.bits_of(pair.row, model), model).bits / bits - 1) <= ALIKE
        and published.machine_of(pair.row).link == machine.link
        and (phase == "decode" or pair.row.prompt == tokens)
    ]
    if seen:
        return KnownSpeed(min(seen), float(np.median(seen)), max(seen), True)
    at = {"context": tokens} if phase == "decode" else {"prompt": tokens}
    ask = inference.decode if phase == "decode" else inference.prefill
    step = ask(model, machine, **at, batch=users, weights=weights)
    return KnownSpeed(*(step.tokens / seconds for seconds in (step.high, step.expected, step.low)), False)
