"""Make data/calibration.csv and data/held_out.csv: `python -m freeweights.evidence.make_calibration`.

The constants come from data/measurements.csv and data/loads.csv; none is fitted per row. Left out: rows marked not
usable, and every row of GLM-5.2, because lesson 01 predicts that model from the others and shows the error. The ranges
are those of predictions made without the source of the row predicted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from ..cost.efficiency import READING, WAITING, FittedHabits, keys
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
from .published import bits_of, split_of

PREDICTED_NOT_FITTED = ("GLM-5.2",)
# A group of fewer series than this takes the wider group's range.
ENOUGH_SERIES = 5
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


def surprise(shown: FittedHabits, speaks) -> float:
    """How far off the rows that `speaks` picks are on average, as a logarithm, after a fit of all rows under habits."""
    rows = fitted(fitted_rows(shown))
    found = fit_all(rows)
    return float(np.mean([abs(np.log(predicted(row, found) / row.seconds)) for row in rows if speaks(row)]))


def chooses_experts(row: FittedRow) -> bool:
    """Whether a row is a decode step of several tokens that choose experts."""
    return row.row.phase == "decode" and Model.named(row.row.model).is_moe and float(row.row.batch) > 1


def follows_layers(row: FittedRow) -> bool:
    """Whether a row is a prompt that goes through devices which hold different layers."""
    return row.row.phase == "prefill" and row.row.devices > 1 and split_of(row.row) == "layers"


def found_habits() -> FittedHabits:
    """The habits that make the rows which can speak for them least surprising, one after the other."""
    skew = min(STEPS, key=lambda step: surprise(FittedHabits(step, 0.5), chooses_experts))
    filled = min(STEPS, key=lambda step: surprise(FittedHabits(skew, step), follows_layers))
    return FittedHabits(float(skew), float(filled))


def spread(ratios) -> tuple[float, float]:
    """10th and 90th percentile of measured over predicted, at most 1 and at least 1."""
    return min(1.0, float(np.percentile(ratios, 10))), max(1.0, float(np.percentile(ratios, 90)))


def joined(sources: Iterable[str]) -> str:
    """Sources, each once, in one cell."""
    return "; ".join(sorted(set(sources)))


def constants(found: Constants, rows: list[FittedRow], without: np.ndarray) -> list[Calibration]:
    """The table's rows for decode and prefill, the widest group first, so that the next can borrow its range."""
    ranges: dict[tuple, tuple] = {}
    made = []
    ratio = {id(row): row.seconds / guess for row, guess in zip(rows, without)}
    for phase, *group in sorted(found, key=lambda key: (key[0], width(key[1:]), key)):
        members = [row for row in rows if row.row.phase == phase and tuple(group) in row.groups]
        kept = fitted(members)
        wider = [ranges[phase, one] for one in kept[0].groups if (phase, one) in ranges]
        enough = len({row.series for row in kept}) >= ENOUGH_SERIES or not wider
        fast, slow = spread([ratio[id(row)] for row in kept]) if enough else wider[0]
        ranges[phase, tuple(group)] = fast, slow
        slowness = found[phase, *group]
        shares = {name: 1 / slowness[name] for name in (*READING, *FITTED[phase]) if name not in WAITING}
        seconds = {name: slowness[name] for name in WAITING}
        made.append(
            row_of(
                *group, phase, shares | seconds, (fast, slow), len(kept), joined(r.row.source for r in kept)
            )
        )
    return made


def row_of(device_class, engine, phase, values: dict, ends: tuple, rows: int, sources: str) -> Calibration:
    """A row of the table; what a phase has no constant for stays empty."""
    names = ("weights", "experts", "cache", "linear", "blocks", "expert_linear", "attention", "scores")
    empty = dict.fromkeys((*names, "layer", "expert_layer", "skew", "filled"))
    return Calibration(
        device_class, engine, phase, **empty | values, fast=ends[0], slow=ends[1], rows=rows, sources=sources
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


def host_shares(constants: Constants, shown: FittedHabits) -> dict[str, list[tuple[Offload, float]]]:
    """For each published row of a host that helps, the share of its memory's rate at which its processor got through."""
    found = defaultdict(list)
    for row in catalog.table(Offload):
        model = Model.named(row.model)
        machine = Machine.named(row.device, row.devices, host=row.host, engine="llama.cpp")
        bits = bits_of(row, model)
        if bits is None:
            continue
        tokens = row.prompt if row.phase == "prefill" else 1
        seconds = float(row.batch) * tokens / row.tokens_per_second
        case = case_of(row, model, machine, bits)
        groups = tuple(keys(machine, case.storage.family))
        alone = FittedRow(row, seconds, counted(row, case, shown), groups, None)
        beside = seconds - predicted(alone, constants)
        if beside > 0:
            found[row.phase].append((row, min(1.0, alone.work.host / beside)))
    return found


def host_rows(shares: dict[str, list[tuple[Offload, float]]]) -> list[Calibration]:
    """What a host's processor reaches in each phase: the median of the medians of the sources."""
    made = []
    for phase, found in sorted(shares.items()):
        by_source = defaultdict(list)
        for row, share in found:
            by_source[row.source, row.host].append(share)
        middle = float(np.median([np.median(values) for values in by_source.values()]))
        ends = spread([middle / share for _, share in found])
        sources = joined(row.source for row, _ in found)
        made.append(row_of("any", "host", phase, {"weights": middle}, ends, len(found), sources))
    return made


def loads_held_out(rows: Iterable[Load]) -> list[HeldOut]:
    """Every load on a drive of stated rate, predicted by its kind's share without its source."""
    shares = reached(rows)
    made = []
    for row in [row for row, _ in shares if row.drive]:
        others = [share for other, share in shares if other.kind == row.kind and other.source != row.source]
        made.append(HeldOut(row.id, LOADING, row.seconds, row.bytes / row.drive / float(np.median(others))))
    return made


def calibrate() -> tuple[list[Calibration], list[HeldOut]]:
    """All constants, and what each row would be predicted to take without its source."""
    shown = found_habits()
    rows = fitted_rows(shown)
    without = held_out(rows, PREDICTED_NOT_FITTED)
    found = fit_all(fitted(rows))
    behind = [row for row in fitted(rows) if chooses_experts(row) or follows_layers(row)]
    sources = joined(row.row.source for row in behind)
    habits = row_of("any", "any", "habits", shown._asdict(), (1.0, 1.0), len(behind), sources)
    loads = catalog.table(Load)
    hosts = host_rows(host_shares(found, shown))
    made = [*load_rows(loads), habits, *hosts, *constants(found, rows, without)]
    pairs = [
        HeldOut(row.row.id, group_of(row), row.seconds, float(guess)) for row, guess in zip(rows, without)
    ]
    return made, pairs + loads_held_out(loads)


if __name__ == "__main__":
    made, pairs = calibrate()
    catalog.write(catalog.DATA / Calibration.table, made, digits=4)
    catalog.write(catalog.DATA / HeldOut.table, pairs, digits=4)
