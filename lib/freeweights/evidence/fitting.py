"""Find what each kind of work costs from published rows, and predict rows by constants fitted without them.

A row's time is its work in seconds, as `cost.step_work` counts it, times the slowness of each kind: 1 over the share of the specified rate
that is reached, or seconds for each layer. Every group of rows (a class of devices under one engine, a class under a
kind of engine, an engine anywhere, ...) gets its own slowness; where its rows say little, that of the next wider group.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import numpy as np

from ..cost.efficiency import COMPUTING, READING, WAITING, FittedConstants, keys, weighted_seconds
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
# since few rows have long prompts; waiting less within a class, because it is a habit of one engine on one device; a
# generation more to its class, whose rows it mostly shares.
HELD, HELD_OF_A_CLASS, HELD_OF_A_GENERATION, HELD_ATTENTION = 1.0, 2.0, 4.0, 4.0
HELD_WAITING, HELD_WAITING_OF_A_CLASS, HELD_WAITING_OF_A_GENERATION = 3.0, 0.6, 2.0
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
        return row.source, row.device, row.devices, row.model, row.weights, row.engine_as_published, row.phase


def fitted_row(row: Measurement, shown: FittedConstants) -> FittedRow | None:
    """What the fit needs of one row; None where the row cannot be used."""
    seconds = published.step_seconds(row)
    if seconds is None or not (row.usable and row.model and row.device and row.phase in FITTED):
        return None
    model, machine = Model.named(row.model), published.machine_of(row)
    bits = published.bits_of(row, model)
    if bits is None or (row.phase == "prefill" and not machine.computes):
        return None
    case = case_of(row, model, machine, bits, shown)
    reading = None
    if published.serves(row):
        alone = replace(row, phase="prefill", batch="1")
        one = counted(alone, case_of(alone, model, machine, bits, shown))
        reading = StepSeconds(*(part * (float(row.batch) - 1) / row.output for part in one))
    groups = tuple(keys(machine.device.device_class, machine.device.generation, case.engine))
    return FittedRow(row, seconds, counted(row, case), groups, reading)


def case_of(row: Measurement | Offload, model: Model, machine: Machine, bits, shown: FittedConstants) -> Case:
    """What a published step is about, under the constants given."""
    length = published.mean_context(row) if row.phase == "decode" else row.prompt
    return Case.of(model, machine, weights=bits, context=length, batch=float(row.batch), constants=shown)


def counted(row: Measurement | Offload, case: Case) -> StepSeconds:
    """The work of one published step in seconds at the specified rates."""
    count = decode_work if row.phase == "decode" else prefill_work
    found = specified_seconds(case, count(case))
    return StepSeconds(*map(float, found))


def fitted_rows(shown: FittedConstants) -> list[FittedRow]:
    """All rows that can be fitted or predicted, under the constants given."""
    return [found for found in (fitted_row(row, shown) for row in catalog.table(Measurement)) if found]


def least_squares_above(matrix, wanted, least):
    """Least squares with every coefficient at or above a bound. Source: Lawson and Hanson 1974, "Solving Least Squares
    Problems", chapter 23: coefficients leave their bounds one by one, the steepest first, and return if they must.

    Args:
        matrix: (rows, n) array of rank n. wanted: (rows,) array. least: (n,) bounds.

    Returns:
        (n,) coefficients with the smallest squared error.

    >>> least_squares_above(np.eye(2), np.array([0.5, 3.0]), np.array([1.0, 0.0]))
    array([1., 3.])
    """
    square, right, least = matrix.T @ matrix, matrix.T @ wanted, np.asarray(least, float)
    free = np.ones(len(least), bool)
    found = best_of(square, right, least, free)
    if np.all(found >= least):
        return found
    found, free = least.copy(), ~free
    for _ in range(10 * len(least)):
        slope = np.where(free, -np.inf, right - square @ found)
        steepest = int(np.argmax(slope))
        if slope[steepest] <= 1e-12 * np.abs(right).max():
            break
        free[steepest] = True
        while np.any(below := free & ((trial := best_of(square, right, least, free)) < least)):
            far = np.min((found - least)[below] / (found - trial)[below])
            found = found + far * (trial - found)
            free &= found > least * (1 + 1e-12) + 1e-15
        found = trial
    return found


def best_of(square, right, least, free):
    """Least squares of the coefficients that are free, the others at their bounds."""
    found = least.copy()
    if free.any():
        rest = right[free] - square[free][:, ~free] @ least[~free]
        found[free] = np.linalg.solve(square[free][:, free], rest)
    return found


def column(rows: list[FittedRow], name: str) -> np.ndarray:
    return np.array([getattr(row.work, name) for row in rows])


def total(work: StepSeconds, slowness: Slowness, arithmetic: Slowness) -> float:
    """Seconds of a step: reading or computing, whichever takes longer, then waiting and talking."""
    longer = max(weighted_seconds(work, slowness, READING), weighted_seconds(work, arithmetic, COMPUTING))
    return longer + weighted_seconds(work, slowness, WAITING) + work.messages


def between(row: FittedRow, arithmetic: Slowness, step: float | None = None) -> float:
    """Seconds that reading the prompts of a serving engine's other users adds to a `step`; to the measured one if None."""
    if not row.reading:
        return 0.0
    others = total(row.reading, arithmetic, arithmetic)
    own = others / (float(row.row.batch) - 1)
    return published.added(others, own, step) if step else others * row.seconds / (row.seconds + own)


def closest(row: FittedRow, phase: str, constants: Constants) -> Slowness:
    """The slowness of the closest of a row's groups that has one."""
    return next(constants[phase, *group] for group in row.groups if (phase, *group) in constants)


def predicted(row: FittedRow, constants: Constants) -> float:
    """Seconds of a row."""
    arithmetic = closest(row, "prefill", constants)
    step = total(row.work, closest(row, row.row.phase, constants), arithmetic)
    return step + between(row, arithmetic, step)


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
    waiting, held = (
        (HELD_WAITING, HELD),
        (HELD_WAITING_OF_A_CLASS, HELD_OF_A_CLASS),
        (HELD_WAITING_OF_A_GENERATION, HELD_OF_A_GENERATION),
    )[narrow(group[0])]
    strength = dict.fromkeys(WAITING, waiting) | {"attention": HELD_ATTENTION}
    return np.array([strength.get(name, held) for name in FITTED[phase]])


def width(group: tuple[str, str]) -> int:
    """Order of groups: all rows, then a kind of engine, one engine, a class of devices under each, a generation of it."""
    whose, engine = group
    known = catalog.table(Engine)
    kinds = {one.family for one in known} - {one.name for one in known}
    return 0 if engine == "any" else 1 + (engine not in kinds) + 2 * narrow(whose)


def narrow(whose: str) -> int:
    """How narrow the devices of a group are: 0 for all, 1 for a class, whose name is one word, 2 for a generation."""
    return 0 if whose == "any" else 1 + (" " in whose)


def held_out(rows: list[FittedRow], left_out: tuple[str, ...], without: str = "source") -> np.ndarray:
    """Seconds predicted for each row by constants fitted without its source, and without the models `left_out`.

    without: the column whose value no fitted row shares: "source", "model" or "device".
    """
    found = np.empty(len(rows))
    whose = [getattr(row.row, without) for row in rows]
    for one in sorted(set(whose)):
        others = [row for row, other in zip(rows, whose) if other != one and row.row.model not in left_out]
        constants = fit_all(others)
        for index in np.flatnonzero(np.array(whose) == one):
            found[index] = predicted(rows[index], constants)
    return found
