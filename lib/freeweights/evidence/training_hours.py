"""Published device-hours of training runs beside predictions: FLOPs over what the devices could have computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..cost.training_step import FLOPS_PER_WEIGHT, gpu_hours, training_flops
from ..facts import catalog
from ..facts.records_training import TrainingRun
from ..models.transformer import Model

# What hours count, where the row says so.
THROUGHPUT, TEACHERS, WALL = "throughput", "teachers", "record"
CAUSES = {
    THROUGHPUT: "steps alone",
    TEACHERS: "with larger teachers",
    WALL: "devices times days",
}
OTHER = "as their makers count"


@dataclass(frozen=True)
class PublishedHours:
    """One published run: its FLOPs in two ways, and what its hours say of the devices' use."""

    run: TrainingRun

    @cached_property
    def parameters(self) -> float:
        """Active parameters, without the input embedding where the structure is known."""
        structure = self.run.structure
        return Model.named(structure).active_parameters if structure else self.run.active_parameters

    @cached_property
    def by_rule(self) -> float:
        """FLOPs by 6ND."""
        return FLOPS_PER_WEIGHT * self.parameters * self.run.tokens

    @cached_property
    def flops(self) -> float:
        """FLOPs counted from the structure, with attention; by 6ND where no structure is known."""
        if not self.run.structure:
            return self.by_rule
        return training_flops(Model.named(self.run.structure), self.run.tokens, int(self.run.context))

    @cached_property
    def implied_mfu(self) -> float:
        """Share of the devices' specified 16-bit rate that the published hours came to."""
        return gpu_hours(self.flops, self.run.device, 1) / self.run.device_hours

    @property
    def maker(self) -> str:
        """The first word of its name: what the same people trained."""
        return self.run.model.replace("-", " ").split()[0].casefold()

    @property
    def cause(self) -> str:
        """What its hours count, in one of few kinds."""
        return next((said for word, said in CAUSES.items() if word in self.run.covers), OTHER)

    def hours(self, mfu: float) -> float:
        """Predicted device-hours."""
        return gpu_hours(self.flops, self.run.device, mfu)


def published() -> list[PublishedHours]:
    """Every published run, in the order of data/training_runs.csv."""
    return [PublishedHours(run) for run in catalog.table(TrainingRun)]


def usual_mfu(without: str = "") -> float:
    """The median implied MFU of all makers' runs but one's.

    >>> 0.25 < usual_mfu() < 0.4
    True
    """
    return float(np.median([one.implied_mfu for one in published() if one.maker != without]))


def errors(mfu: float | None = None) -> np.ndarray:
    """Predicted over published hours, one for each run.

    Args:
        mfu: for all of them; by default each is predicted with the median of what others than its maker reached.
    """
    return np.array(
        [
            one.hours(usual_mfu(one.maker) if mfu is None else mfu) / one.run.device_hours
            for one in published()
        ]
    )


def typical_factor(ratios: np.ndarray) -> float:
    """By what factor the middle one of such ratios is off, up or down.

    >>> typical_factor(np.array([0.5, 1.1, 2.0]))
    2.0
    """
    return float(np.exp(np.median(np.abs(np.log(ratios)))))
