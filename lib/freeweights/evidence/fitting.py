"""Find what each kind of work costs from published rows, and predict rows by constants fitted without them.

A row's time is its work in seconds, as `cost.step_work` counts it, times the slowness of each kind: 1 over the share of the specified rate
that is reached, or seconds for each layer. Every group of rows (a class of devices under one engine, a class under a
kind of engine, an engine anywhere, ...) gets its own slowness; where its rows say little, that of the next wider group.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import numpy as np

from ..cost.efficiency import COMPUTING, READING, WAITING, FittedHabits, keys, weighted_seconds
from ..cost.memory import Case
from ..cost.step_work import StepSeconds, decode_work, prefill_work, specified_seconds
from ..facts import catalog
from ..facts.records_hardware import Engine
from ..facts.records_measured import Measurement, Offload
from ..machines.machine import Machine
from ..models.transformer import Model
from . import published

FITTED = {"decode": READING + WAITING, "prefill": COMPUTING + WAITING}
# What holds before any row is seen: weak, but it keeps what no row shows at a sensible size.
BEFORE = (
    dict.fromkeys(READING, 1.25)
    | dict.fromkeys(COMPUTING, 2.5)
    | dict.fromkeys(WAITING, 1e-4)
    | {"scores": 1.25}
)
# How strongly each constant is held to the wider group's, per relative change: scores and values of attention most,
# since few rows have long prompts; waiting less within a class, because it is a habit of one engine on one device.
HELD, HELD_OF_A_CLASS, HELD_ATTENTION, HELD_WAITING, HELD_WAITING_OF_A_CLASS = 1.0, 2.0, 4.0, 3.0, 0.6
# Errors smaller than this share of the time are not fought over.
TOLERATED = 0.03
ROUNDS = 8
Slowness = dict[str, float]
Constants = dict[tuple[str, str, str], Slowness]


@dataclass(frozen=True)
class FittedRow:
    """A published row as the fit sees it.

    seconds: measured. work: of the step, in seconds at the specified rates. groups: whose constants it helps to find,
    the closest first. reading: the work of the prompts that a serving engine reads between two steps, if it does.
    """

    row: Measurement
    seconds: float
    work: StepSeconds
    groups: tuple[tuple[str, str], ...]
    reading: StepSeconds | None

    @property
    def series(self) -> tuple:
        """Rows that differ in lengths and batch only: together they count as one."""
        row = self.row
        return row.source, row.device, row.devices, row.model, row.weights, row.engine, row.phase


def fitted_row(row: Measurement, shown: FittedHabits) -> FittedRow | None:
    """What the fit needs of one row; None where the row cannot be used."""
    seconds = published.step_seconds(row)
    if seconds is None or not (row.usable and row.model and row.device and row.phase in FITTED):
        return None
    model, machine = Model.named(row.model), published.machine_of(row)
    bits = published.bits_of(row, model)
    if bits is None or (row.phase == "prefill" and not machine.computes):
        return None
    case = case_of(row, model, machine, bits)
    reading = None
    if published.serves(row):
        alone = replace(row, phase="prefill", batch="1")
        one = counted(alone, case_of(alone, model, machine, bits), shown)
        reading = StepSeconds(*(part * (float(row.batch) - 1) / row.output for part in one))
    groups = tuple(keys(machine, case.storage.family))
    return FittedRow(row, seconds, counted(row, case, shown), groups, reading)


def case_of(row: Measurement | Offload, model: Model, machine: Machine, bits) -> Case:
    """What a published step is about."""
    length = published.mean_context(row) if row.phase == "decode" else row.prompt
    return Case.of(model, machine, weights=bits, context=length, batch=float(row.batch))


def counted(row: Measurement | Offload, case: Case, shown: FittedHabits) -> StepSeconds:
    """The work of one published step in seconds at the specified rates, under the habits given."""
    count = decode_work if row.phase == "decode" else prefill_work
    found = specified_seconds(case, count(case, shown.skew), shown.filled)
    return StepSeconds(*map(float, found))


def fitted_rows(shown: FittedHabits) -> list[FittedRow]:
    """All rows that can be fitted or predicted, under the habits given."""
    return [found for found in (fitted_row(row, shown) for row in catalog.table(Measurement)) if found]


def least_squares_above(matrix, wanted, least):
    """Least squares with every coefficient at or above a bound, by trying every set of bounds that bind.

    Args:
        matrix: (rows, n) array. wanted: (rows,) array. least: (n,) bounds.

    Returns:
        (n,) coefficients with the smallest squared error.

    >>> least_squares_above(np.eye(2), np.array([0.5, 3.0]), np.array([1.0, 0.0]))
    array([1., 3.])
    """
    square, right, least = matrix.T @ matrix, matrix.T @ wanted, np.asarray(least, float)
    best, best_error = least, np.inf
    for free in itertools.product([True, False], repeat=len(least)):
        free = np.array(free)
        found = least.copy()
        if free.any():
            rest = right[free] - square[np.ix_(free, ~free)] @ found[~free]
            found[free] = np.linalg.lstsq(square[np.ix_(free, free)], rest, rcond=None)[0]
        if np.all(found >= least - 1e-12):
            error = found @ square @ found - 2 * right @ found
            best, best_error = (found, error) if error < best_error else (best, best_error)
            if free.all():
                break
    return best


def column(rows: list[FittedRow], name: str) -> np.ndarray:
    return np.array([getattr(row.work, name) for row in rows])


def total(work: StepSeconds, slowness: Slowness, arithmetic: Slowness) -> float:
    """Seconds of a step: reading or computing, whichever takes longer, then waiting and talking."""
    longer = max(weighted_seconds(work, slowness, READING), weighted_seconds(work, arithmetic, COMPUTING))
    return longer + weighted_seconds(work, slowness, WAITING) + work.messages


def between(row: FittedRow, arithmetic: Slowness) -> float:
    """Seconds per step of reading the prompts of a serving engine's other users."""
    return total(row.reading, arithmetic, arithmetic) if row.reading else 0.0


def closest(row: FittedRow, phase: str, constants: Constants) -> Slowness:
    """The slowness of the closest of a row's groups that has one."""
    return next(constants[phase, *group] for group in row.groups if (phase, *group) in constants)


def predicted(row: FittedRow, constants: Constants) -> float:
    """Seconds of a row."""
    arithmetic = closest(row, "prefill", constants)
    return total(row.work, closest(row, row.row.phase, constants), arithmetic) + between(row, arithmetic)


def fit(rows: list[FittedRow], wider: Slowness, other: list[Slowness], held: np.ndarray) -> Slowness:
    """The slowness of each kind of work in one group of rows of one phase.

    Args:
        rows: the group.
        wider: the slowness of the next wider group, from which this one is not moved without evidence.
        other: for each row the slowness of what is not fitted here: of arithmetic for decode, of reading for prefill.
        held: how strongly each fitted constant is held to the wider group's.

    Returns:
        all of `wider`, with what the rows show. The sum of the absolute logarithms of predicted over measured is made
        small, by least squares weighted anew in each round; no kind of work gets faster than specified. Where what is
        not fitted rules a row's time, the row says nothing about what is.
    """
    phase = rows[0].row.phase
    names = FITTED[phase]
    main, beside = (READING, COMPUTING) if phase == "decode" else (COMPUTING, READING)
    counts = Counter(row.series for row in rows)
    series = Counter(one[0] for one in counts)
    share = np.array([1 / counts[row.series] / np.sqrt(series[row.row.source]) for row in rows])
    measured = np.array([row.seconds for row in rows])
    matrix = np.stack([column(rows, name) for name in names], axis=1)
    ruling = np.array([weighted_seconds(row.work, one, beside) for row, one in zip(rows, other)])
    fixed = column(rows, "messages") + np.array([between(row, one) for row, one in zip(rows, other)])
    least = np.array([0.0 if name in WAITING else 1.0 for name in names])
    near = np.array([wider[name] for name in names])
    near_rows = np.diag(held / np.maximum(near, 1e-6))
    is_main = np.array([name in main for name in names])
    slowness = near.copy()
    for _ in range(ROUNDS):
        ruled = matrix[:, is_main] @ slowness[is_main] < ruling
        active = np.where(ruled[:, None] & is_main, 0.0, matrix)
        rest = measured - fixed - np.where(ruled, ruling, 0.0)
        now = active @ slowness + measured - rest
        off = np.abs(np.log(now / measured))
        scale = np.sqrt(share / (off + TOLERATED) / (now * measured))
        slowness = least_squares_above(
            np.concatenate([active * scale[:, None], near_rows]),
            np.concatenate([rest * scale, near_rows @ near]),
            least,
        )
    return wider | dict(zip(names, map(float, slowness)))


def fit_all(rows: list[FittedRow]) -> Constants:
    """The slowness of every group.

    Reading comes first, from rows that nothing else interrupts; then arithmetic; then reading again, from all rows.
    """
    found: Constants = {}
    undisturbed = [row for row in rows if not row.reading]
    for phase, chosen in (("decode", undisturbed), ("prefill", rows), ("decode", rows)):
        fit_phase([row for row in chosen if row.row.phase == phase], phase, found)
    return found


def fit_phase(rows: list[FittedRow], phase: str, found: Constants) -> None:
    """Put the slowness of every group in one phase into `found`, the widest group first."""
    groups = defaultdict(list)
    for row in rows:
        for group in row.groups:
            groups[group].append(row)
    for group in sorted(groups, key=width):
        members = groups[group]
        wider_groups = [one for one in members[0].groups if width(one) < width(group)]
        wider = found[phase, *wider_groups[0]] if wider_groups else BEFORE
        if phase == "prefill":
            other = [closest(row, "decode", found) for row in members]
            borrowed = READING if wider_groups else READING + WAITING
            wider = wider | {name: float(np.mean([one[name] for one in other])) for name in borrowed}
        else:
            known = ("prefill", "any", "any") in found
            other = [closest(row, "prefill", found) if known else BEFORE for row in members]
        alone = fit(members, wider, other, holds(phase, group))
        found[phase, *group] = fit(members, likewise(alone, wider, phase), other, holds(phase, group))


def likewise(found: Slowness, wider: Slowness, phase: str) -> Slowness:
    """The wider group's slowness, with experts as much slower or faster as the group is at what dense models do too."""
    dense, experts = ("weights", "experts") if phase == "decode" else ("blocks", "expert_linear")
    return wider | {experts: max(1.0, wider[experts] * found[dense] / wider[dense])}


def holds(phase: str, group: tuple[str, str]) -> np.ndarray:
    """How strongly each constant of a group is held to the wider group's."""
    waiting, held = (HELD_WAITING, HELD) if group[0] == "any" else (HELD_WAITING_OF_A_CLASS, HELD_OF_A_CLASS)
    strength = dict.fromkeys(WAITING, waiting) | {"attention": HELD_ATTENTION}
    return np.array([strength.get(name, held) for name in FITTED[phase]])


def width(group: tuple[str, str]) -> int:
    """Order of groups: all rows, then a kind of engine, one engine, a class of devices under a kind, under one engine."""
    device_class, engine = group
    known = catalog.table(Engine)
    kinds = {one.family for one in known} - {one.name for one in known}
    return 0 if engine == "any" else 1 + (engine not in kinds) + 2 * (device_class != "any")


def held_out(rows: list[FittedRow], left_out: tuple[str, ...]) -> np.ndarray:
    """Seconds predicted for each row by constants fitted without its source, and without the models `left_out`."""
    found = np.empty(len(rows))
    for source in sorted({row.row.source for row in rows}):
        constants = fit_all([r for r in rows if r.row.source != source and r.row.model not in left_out])
        for index, row in enumerate(rows):
            if row.row.source == source:
                found[index] = predicted(row, constants)
    return found
