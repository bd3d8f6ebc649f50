"""Make data/derived/: `python -m freeweights.evidence.make_calibration`.

The constants come from data/measurements.csv and data/loads.csv; none is fitted per row. Left out: rows marked not
usable, and every row of GLM-5.2, because lesson 01 predicts that model from the others and shows the error. The ranges
are those of predictions made without the source, the model or the device of the row predicted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from ..cost.efficiency import READING, WAITING, FittedConstants, keys
from ..facts import catalog
from ..facts.records_derived import Calibration, HeldOut
from ..facts.records_measured import Load, Offload
from ..machines.machine import Machine
from ..models.transformer import Model
from .fitting import (
    FITTED,
    Constants,
    FittedRow,
    case_of,
    counted,
    fit_all,
    fitted_rows,
    held_out,
    predicted,
    width,
)
from .published import bits_of

PREDICTED_NOT_FITTED = ("GLM-5.2",)
INSIDE = 0.8  # the share of rows that a range promises
# A group of fewer series than this takes the wider group's range: of fewer, the widest is not wide enough to promise it.
ENOUGH_SERIES = 9
LEFT_OUT = ("source", "model", "device")
STEPS = np.round(np.arange(0, 1.05, 0.1), 1)
DENSE, EXPERTS, PREFILL, LOADING = (
    "dense decode on one device",
    "experts or several devices",
    "prefill",
    "load",
)


def group_of(row: FittedRow) -> str:
    """The kind of case a row is, as the errors are reported."""
    if row.row.phase == "prefill":
        return PREFILL
    return EXPERTS if Model.named(row.row.model).is_moe or row.row.devices > 1 else DENSE


def fitted(rows: list[FittedRow]) -> list[FittedRow]:
    """The rows that constants are fitted to."""
    return [row for row in rows if row.row.model not in PREDICTED_NOT_FITTED]


def surprise(shown: FittedConstants, speaks) -> float:
    """How far off the rows that `speaks` picks are on average, as a logarithm, after a fit of all rows."""
    rows = fitted(fitted_rows(shown))
    found = fit_all(rows)
    return float(np.mean([abs(np.log(predicted(row, found) / row.seconds)) for row in rows if speaks(row)]))


def chooses_experts(row: FittedRow) -> bool:
    """Whether a row is a decode step of several tokens that choose experts."""
    return row.row.phase == "decode" and Model.named(row.row.model).is_moe and float(row.row.batch) > 1


def follows_layers(row: FittedRow) -> bool:
    """Whether a row is a prompt that goes through devices which hold different layers."""
    return row.row.phase == "prefill" and row.row.split == "pipeline"


def found_constants() -> FittedConstants:
    """The constants that make the rows which can speak for them least surprising, one after the other."""
    routing_agreement = min(STEPS, key=lambda step: surprise(FittedConstants(step, 0.5), chooses_experts))
    pipeline_utilisation = min(
        STEPS, key=lambda step: surprise(FittedConstants(routing_agreement, step), follows_layers)
    )
    return FittedConstants(float(routing_agreement), float(pipeline_utilisation))


def spread(ratios, series: int | None = None) -> tuple[float, float]:
    """The ends of measured over predicted between which a further row lies in four cases of five: at most 1, at least 1.

    A further one of n + 1 is in each end's tenth with one chance in ten: so the tenth of n, a little wider (split
    conformal prediction: Lei et al. 2018, arXiv:1604.04173). n counts series, since rows of one are alike.
    """
    n = series or len(ratios)
    upper = min(1.0, (1 + INSIDE) / 2 * (n + 1) / n)
    low, high = np.quantile(ratios, [1 - upper, upper])
    return min(1.0, float(low)), max(1.0, float(high))


def joined(sources: Iterable[str]) -> str:
    """Sources, each once, in one cell."""
    return "; ".join(sorted(set(sources)))


def apart(row: FittedRow) -> bool:
    """Whether a row is of a mixture or of several devices, which are predicted less surely."""
    return Model.named(row.row.model).is_moe or row.row.devices > 1


def constants(found: Constants, rows: list[FittedRow], without: np.ndarray) -> list[Calibration]:
    """The table's rows for decode and prefill, the widest group first, so that the next can borrow its range.

    without: for each of LEFT_OUT the seconds predicted for every row, (3, rows) array.
    """
    ranges: dict[tuple, tuple] = {}
    made = []
    ratios = {id(row): row.seconds / guesses for row, guesses in zip(rows, without.T)}
    for phase, *group in sorted(found, key=lambda key: (key[0], width(key[1:]), key)):
        members = [row for row in rows if row.row.phase == phase and tuple(group) in row.groups]
        kept = fitted(members)
        for kind in (False, True):
            alike = [row for row in kept if apart(row) == kind]
            wider = [ranges[phase, one, kind] for one in kept[0].groups if (phase, one, kind) in ranges]
            series = len({row.series for row in alike})
            ranges[phase, tuple(group), kind] = (
                wider[0]
                if wider and series < ENOUGH_SERIES
                else spread(np.concatenate([ratios[id(row)] for row in alike]), series)
            )
        ends = ranges[phase, tuple(group), False] + ranges[phase, tuple(group), True]
        slowness = found[phase, *group]
        shares = {name: 1 / slowness[name] for name in (*READING, *FITTED[phase]) if name not in WAITING}
        seconds = {name: slowness[name] for name in WAITING}
        made.append(
            row_of(*group, phase, shares | seconds, ends, len(kept), joined(r.row.source for r in kept))
        )
    return made


def row_of(device_class, engine, phase, values: dict, ends: tuple, rows: int, sources: str) -> Calibration:
    """A row of the table; what a phase has no constant for stays empty; two `ends` hold for both kinds of case."""
    fast, slow, fast_apart, slow_apart = ends if len(ends) == 4 else 2 * ends
    names = ("weights", "experts", "cache", "linear", "blocks", "expert_linear", "attention", "scores")
    empty = dict.fromkeys((*names, "layer", "expert_layer", "routing_agreement", "pipeline_utilisation"))
    return Calibration(
        device_class,
        engine,
        phase,
        **empty | values,
        fast=fast,
        slow=slow,
        fast_apart=fast_apart,
        slow_apart=slow_apart,
        rows=rows,
        sources=sources,
    )


def reached(rows: Iterable[Load]) -> list[tuple[Load, float]]:
    """For each load the share of the drive's rate that it reached: of the stated rate, or of its best known loader's."""
    groups = defaultdict(list)
    for row in rows:
        groups[row.model, row.machine].append(row)
    found = []
    for same in groups.values():
        best = min(row.seconds for row in same)
        for row in same:
            if row.drive:
                found.append((row, min(1.0, row.bytes / row.drive / row.seconds)))
            elif len(same) > 1 and row.seconds > best:
                found.append((row, best / row.seconds))
    return found


def load_rows(rows: Iterable[Load]) -> list[Calibration]:
    """Share of a drive's rate that loaders reach: each kind of loader, and both kinds counting alike."""
    shares = reached(rows)
    kinds = {
        kind: [(row, share) for row, share in shares if row.kind == kind] for kind in ("streaming", "plain")
    }
    middle = {kind: float(np.median([share for _, share in found])) for kind, found in kinds.items()}
    kinds["any"], middle["any"] = shares, float(np.exp(np.mean(np.log(list(middle.values())))))
    return [
        row_of(
            "any",
            kind,
            "load",
            {"weights": middle[kind]},
            spread([middle[kind] / share for _, share in found]),
            len(found),
            joined(row.source for row, _ in found),
        )
        for kind, found in kinds.items()
    ]


def host_shares(constants: Constants, shown: FittedConstants) -> dict[str, list[tuple[Offload, float]]]:
    """For each published row of a host that helps, the share of its memory's rate at which its processor got through."""
    found = defaultdict(list)
    for row in catalog.table(Offload):
        model = Model.named(row.model)
        machine = Machine.named(row.device, row.devices, cpu_host=row.cpu_host, engine="llama.cpp")
        bits = bits_of(row, model)
        if bits is None:
            continue
        tokens = row.prompt if row.phase == "prefill" else 1
        seconds = float(row.batch) * tokens / row.tokens_per_second
        case = case_of(row, model, machine, bits, shown)
        groups = tuple(keys(machine.device.device_class, machine.device.generation, case.engine))
        alone = FittedRow(row, seconds, counted(row, case), groups, None)
        beside = seconds - predicted(alone, constants)
        if beside > 0:
            found[row.phase].append((row, min(1.0, alone.work.cpu_host / beside)))
    return found


def host_rows(shares: dict[str, list[tuple[Offload, float]]]) -> list[Calibration]:
    """What a host's processor reaches in each phase: the median of the medians of the sources."""
    made = []
    for phase, found in sorted(shares.items()):
        by_source = defaultdict(list)
        for row, share in found:
            by_source[row.source, row.cpu_host].append(share)
        middle = float(np.median([np.median(values) for values in by_source.values()]))
        ends = spread([middle / share for _, share in found])
        sources = joined(row.source for row, _ in found)
        made.append(row_of("any", "cpu_host", phase, {"weights": middle}, ends, len(found), sources))
    return made


def loads_held_out(rows: Iterable[Load]) -> list[HeldOut]:
    """Every load on a drive of stated rate, predicted by its kind's share without its source."""
    shares = reached(rows)
    made = []
    for row in [row for row, _ in shares if row.drive]:
        others = [share for other, share in shares if other.kind == row.kind and other.source != row.source]
        guess = row.bytes / row.drive / float(np.median(others))
        made.append(HeldOut(row.id, LOADING, row.seconds, guess, None, None))
    return made


def calibrate() -> tuple[list[Calibration], list[HeldOut]]:
    """All constants, and what each row would be predicted to take without its source, its model, its device."""
    shown = found_constants()
    rows = fitted_rows(shown)
    without = np.array([held_out(rows, PREDICTED_NOT_FITTED, one) for one in LEFT_OUT])
    found = fit_all(fitted(rows))
    behind = [row for row in fitted(rows) if chooses_experts(row) or follows_layers(row)]
    sources = joined(row.row.source for row in behind)
    shared = row_of("any", "any", "any", shown._asdict(), (1.0, 1.0), len(behind), sources)
    loads = catalog.table(Load)
    hosts = host_rows(host_shares(found, shown))
    made = [*load_rows(loads), shared, *hosts, *constants(found, rows, without)]
    pairs = [
        HeldOut(row.row.id, group_of(row), row.seconds, *map(float, guesses))
        for row, guesses in zip(rows, without.T)
    ]
    return made, pairs + loads_held_out(loads)


if __name__ == "__main__":
    made, pairs = calibrate()
    catalog.write(catalog.DATA / Calibration.table, made, digits=4)
    catalog.write(catalog.DATA / HeldOut.table, pairs, digits=4)
