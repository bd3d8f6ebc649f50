"""Published joules per token beside what specified power predicts."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cache

from ..cost import inference
from ..cost.energy import joules, power
from ..facts import catalog
from ..facts.records_measured import Energy
from ..machines.machine import Machine
from ..models.transformer import Model

SHORT_CONTEXT = 1024  # tokens: the published rows are of chats, and do not state their lengths


@dataclass(frozen=True)
class EnergyComparison:
    """One published row beside its bound: the joules per token if the devices drew their specified power throughout."""

    row: Energy
    bound: float

    @property
    def share_of_power(self) -> float:
        """Watts measured over the specified watts of the devices."""
        return self.row.watts / power(Machine.named(self.row.device, self.row.devices))


def compare(row: Energy) -> EnergyComparison | None:
    """The bound for one published row; None where it does not fit, or has no power."""
    machine = Machine.named(row.device, row.devices)
    if machine.device.power is None:
        return None
    step = inference.decode(
        Model.named(row.model), machine, context=SHORT_CONTEXT, batch=row.batch, weights=row.weights
    )
    return EnergyComparison(row, joules(machine, step)) if step.fits else None


@cache
def comparisons(name: str | None = None) -> tuple[EnergyComparison, ...]:
    """Every published row of one model, or of all, beside its bound.

    >>> {pair.row.model for pair in comparisons("Llama 3.1 8B")}
    {'Llama 3.1 8B'}
    """
    rows = [row for row in catalog.table(Energy) if name in (None, row.model)]
    return tuple(pair for pair in map(compare, rows) if pair is not None)


def wall_over_device() -> float:
    """What a computer with one device drew at the wall over the device's specified power: the median published row."""
    return statistics.median(pair.share_of_power for pair in comparisons() if pair.row.at_the_wall)
