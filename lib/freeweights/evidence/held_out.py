"""How far off predictions are: every published row beside one made without the row's source.

`pairs` joins data/derived/held_out.csv to what was measured; `errors` and `by` say how far off, for any rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..cost.efficiency import calibrations, constants, ends_of
from ..cost.weight_storage import weight_storage
from ..facts import catalog
from ..facts.records_derived import HeldOut
from ..facts.records_measured import Load, Measurement
from ..models.transformer import Model
from . import published

FEW = 10  # rows: the worst tenth of fewer is less than one row
NO_DEVICE = "drives"  # the class under which loads are counted
PREDICTED_WITHOUT = {"source": "predicted", "model": "without_model", "device": "without_device"}


@dataclass(frozen=True)
class Pair:
    """One published row and its prediction.

    group: the kind of case. device_class, engine: of the machine; "drives" and the loader for a load.
    bits: per weight; 0 for a load. seconds, predicted: of one step, one prompt or one load. ends: of the range promised for
    such a case, over the expectation.
    """

    row: Measurement | Load
    group: str
    device_class: str
    engine: str
    bits: float
    seconds: float
    predicted: float
    ends: tuple[float, float]

    @property
    def inside(self) -> bool:
        """Whether the published time lies in the range that goes with the prediction."""
        return self.ends[0] <= self.seconds / self.predicted <= self.ends[1]

    @property
    def source(self) -> str:
        return self.row.source

    @property
    def machines(self) -> str:
        """Class of machine and engine, in words."""
        kind = self.device_class if self.device_class == NO_DEVICE else f"{self.device_class} machines"
        return f"{kind} under {self.engine}"

    @property
    def ratio(self) -> float:
        """Predicted over published time: above 1 where the machine was faster than predicted."""
        return self.predicted / self.seconds

    @property
    def factor(self) -> float:
        """How far apart the two are: the larger over the smaller."""
        return max(self.ratio, 1 / self.ratio)


@dataclass(frozen=True)
class Errors:
    """How far off the predictions of some rows are.

    median, p90: of the factor between predicted and published. bias: the middle of predicted over published,
    above 1 where machines were faster than predicted. sources: how many different ones. largest: rows of the
    largest source. inside: the share that lies in the range promised.
    """

    name: str
    rows: int
    sources: int
    largest: int
    median: float
    p90: float
    bias: float
    inside: float


@cache
def pairs(without: str = "source") -> tuple[Pair, ...]:
    """Every row of data/derived/held_out.csv with what was measured, and what is predicted without one thing of it.

    without: "source", "model" or "device": what no row shares to which the constants were fitted; loads have a source alone.

    >>> all(pair.factor >= 1 for pair in pairs())
    True
    """
    rows = {row.id: row for record in (Measurement, Load) for row in catalog.table(record)}
    kept = [(held, getattr(held, PREDICTED_WITHOUT[without])) for held in catalog.table(HeldOut)]
    return tuple(pair_of(rows[held.id], held, guess) for held, guess in kept if guess is not None)


def pair_of(row: Measurement | Load, held: HeldOut, predicted: float) -> Pair:
    """One prediction with the machine and the bits of its row."""
    if isinstance(row, Load):
        loads = calibrations("load")["any", row.kind]
        ends = loads.fast, loads.slow
        return Pair(row, held.group, NO_DEVICE, row.kind + " loaders", 0.0, held.seconds, predicted, ends)
    model, machine = Model.named(row.model), published.machine_of(row)
    storage = weight_storage(published.bits_of(row, model), model)
    engine, own = machine.engine_for(storage.family).name, machine.device.device_class
    ends = ends_of(constants(machine, storage.family, row.phase)[0], model, machine)
    return Pair(row, held.group, own, engine, float(storage.bits), held.seconds, predicted, ends)


def errors(rows: Iterable[Pair], name: str = "") -> Errors:
    """How far off the predictions of some rows are; at least one row is needed."""
    rows = list(rows)
    if not rows:
        raise ValueError(f"no published row to compare for {name or 'this choice'}: choose a wider one.")
    factors, counts = [pair.factor for pair in rows], defaultdict(int)
    for pair in rows:
        counts[pair.source] += 1
    return Errors(
        name,
        len(rows),
        len(counts),
        max(counts.values()),
        float(np.median(factors)),
        float(np.percentile(factors, 90)),
        float(np.median([pair.ratio for pair in rows])),
        float(np.mean([pair.inside for pair in rows])),
    )


def by(key: Callable[[Pair], str], rows: Iterable[Pair]) -> list[Errors]:
    """Errors of rows that share a key, the worst median first."""
    found = defaultdict(list)
    for pair in rows:
        found[key(pair)].append(pair)
    return sorted((errors(same, name) for name, same in found.items()), key=lambda one: -one.median)


def of_group(pair: Pair) -> str:
    return pair.group


def of_machines(pair: Pair) -> str:
    return pair.machines


def of_source(pair: Pair) -> str:
    return pair.source


def not_predicted() -> dict[str, int]:
    """How many usable rows no prediction stands beside, by reason.

    >>> sum(not_predicted().values()) + len(pairs()) > 1000
    True
    """
    there, found = {held.id for held in catalog.table(HeldOut)}, defaultdict(int)
    for row in catalog.table(Measurement):
        if row.usable and row.phase != "load" and row.id not in there:
            found[reason(row)] += 1
    return dict(found)


def reason(row: Measurement) -> str:
    """Why no prediction stands beside a usable row."""
    if not row.model or not row.device:
        return "model or device is not in the catalogue"
    if published.step_seconds(row) is None:
        return "the row does not say how many sequences or tokens it is about"
    if published.bits_of(row, Model.named(row.model)) is None:
        return "the size of its weights is unknown"
    if not published.machine_of(row).computes:
        return "nobody publishes the device's computing rate"
    return "not predicted yet"
