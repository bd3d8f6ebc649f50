"""Floor 4. Make data/calibration.csv from data/measurements.csv and data/loads.csv: `python -m freeweights.calibrate`.

A class of devices gets its constants from the usable published rows of that class, none of them fitted per row.
Left out: rows marked not usable, devices that take turns layer by layer, and every row of GLM-5.2, because lesson 01
predicts that model from the others and shows the error.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from . import catalog
from .inference import messages, weights_read
from .machine import machine
from .memory import bits_per_weight
from .published import bits_of, mean_context, step_seconds, takes_turns, tokens_of
from .records import Calibration, Load, Measurement
from .transformer import model

PREDICTED_NOT_FITTED = ("GLM-5.2",)
# Below this many rows a class's spread says little: the spread of all classes is used instead.
ENOUGH_ROWS = 5
# Where caches are less than this share of the bytes read, rows cannot tell how fast a cache is read.
CACHE_SEEN = 0.02
# A server GPU is run by a serving engine; what llama.cpp reaches on one belongs to another way of running it.
NOT_FOR_SERVERS = ("nvidia-datacenter", "llama.cpp")


def least_squares_above(matrix, wanted, least):
    """Least squares with every coefficient at or above a bound, by trying every set of bounds that bind.

    Args:
        matrix: (rows, n) array. wanted: (rows,) array. least: (n,) bounds.

    Returns:
        (n,) coefficients with the smallest squared error.

    >>> least_squares_above(np.eye(2), np.array([0.5, 3.0]), np.array([1.0, 0.0]))
    array([1., 3.])
    """
    best, best_error = None, np.inf
    for free in itertools.product([False, True], repeat=matrix.shape[1]):
        free = np.array(free)
        found = np.array(least, float)
        if free.any():
            rest = wanted - matrix[:, ~free] @ found[~free]
            found[free] = np.linalg.lstsq(matrix[:, free], rest, rcond=None)[0]
        error = np.sum((matrix @ found - wanted) ** 2)
        if np.all(found >= np.asarray(least) - 1e-12) and error < best_error:
            best, best_error = found, error
    return best


def features(row: Measurement) -> dict | None:
    """What a row's step reads, computes and sends, by the library's own counts; None where the row cannot be used."""
    if not (row.usable and row.model and row.device and row.phase in ("decode", "prefill")):
        return None
    if row.model in PREDICTED_NOT_FITTED or takes_turns(row):
        return None
    seconds, tokens = step_seconds(row), tokens_of(row)
    if seconds is None:
        return None
    what, where = model(row.model), machine(row.device, row.devices)
    device_class, engine = NOT_FOR_SERVERS
    stored = bits_of(row, what.parameters)
    if (
        stored is None
        or not where.computes
        or (where.device.device_class == device_class and row.engine.startswith(engine))
    ):
        return None
    bits, multiplied = bits_per_weight(stored, what)
    batch, context = float(row.batch), mean_context(row) if row.phase == "decode" else 0
    return {
        "class": where.device.device_class,
        "kind": "moe" if what.is_moe else "dense",
        "phase": row.phase,
        "seconds": seconds,
        "source": row.source,
        "layers": what.layers,
        "weights": weights_read(what, tokens) * bits / 8 / where.memory_bandwidth,
        "cache": batch * what.cache_read_bytes(context) / where.memory_bandwidth,
        "compute": batch * what.prefill_flops(row.prompt or 1) / where.flops(multiplied),
        "messages": messages(what, where, tokens),
    }


def column(rows: list[dict], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows], float)


def spread(measured, predicted) -> tuple[float, float]:
    """10th and 90th percentile of measured over predicted, at most 1 and at least 1."""
    ratio = np.asarray(measured) / np.asarray(predicted)
    return min(1.0, float(np.percentile(ratio, 10))), max(1.0, float(np.percentile(ratio, 90)))


def shares(rows: list[dict], cache_share: float | None = None) -> tuple[float, float, float]:
    """Share of bandwidth for weights and for cache, and seconds per layer, of dense decode rows.

    Where `cache_share` is given it is kept, and only the other two are fitted.
    """
    seconds = column(rows, "seconds") - column(rows, "messages")
    cache = column(rows, "cache")
    least = np.array([1.0, 1.0, 0.0])
    if cache_share is not None:
        seconds, cache = seconds - cache / cache_share, np.zeros(len(rows))
    matrix = np.stack([column(rows, "weights"), cache, column(rows, "layers")], axis=1)
    slowness = least_squares_above(matrix / seconds[:, None], np.ones(len(rows)), least)
    return 1 / slowness[0], cache_share or 1 / slowness[1], slowness[2]


def constants(
    device_class: str, kind: str, phase: str, rows: list[dict], spread: tuple, **found
) -> Calibration:
    """A row of the table from what was found; what a phase has no constant for stays empty."""
    empty = dict.fromkeys(("bandwidth_share", "cache_share", "seconds_per_layer", "compute_share"))
    return Calibration(
        device_class,
        kind,
        phase,
        **empty | found,
        fast=spread[0],
        slow=spread[1],
        rows=len(rows),
        sources=joined(row["source"] for row in rows),
    )


def decode_row(device_class: str, kind: str, rows: list[dict], own: tuple, wide: tuple | None) -> Calibration:
    """Constants of one class for decode from its dense shares; a mixture of experts gets an overhead of its own."""
    weights_share, cache_share, per_layer = own
    reading = (
        column(rows, "weights") / weights_share
        + column(rows, "cache") / cache_share
        + column(rows, "messages")
    )
    if kind == "moe":
        left = np.maximum(column(rows, "seconds") - reading, 0.0)
        per_layer = float(np.median(left / column(rows, "layers")))
    predicted = reading + per_layer * column(rows, "layers")
    fast, slow = spread(column(rows, "seconds"), predicted) if wide is None else wide
    return constants(
        device_class,
        kind,
        "decode",
        rows,
        (fast, slow),
        bandwidth_share=weights_share,
        cache_share=cache_share,
        seconds_per_layer=per_layer,
    )


def prefill_row(device_class: str, kind: str, rows: list[dict], wide: tuple | None) -> Calibration:
    """Share of the specified FLOP/s that prefill reaches in one class."""
    share = min(1.0, float(np.median(column(rows, "compute") / column(rows, "seconds"))))
    fast, slow = spread(column(rows, "seconds"), column(rows, "compute") / share) if wide is None else wide
    return constants(device_class, kind, "prefill", rows, (fast, slow), compute_share=share)


def load_row(rows: tuple[Load, ...]) -> Calibration:
    """Share of what a drive gives its best known loader that a loader typically reaches: both kinds count alike."""
    groups = defaultdict(list)
    for row in rows:
        groups[row.model, row.machine].append(row.seconds)
    reached = [min(group) / np.array(group) for group in groups.values() if len(group) > 1]
    share = float(np.median([np.exp(np.mean(np.log(group))) for group in reached]))
    every = np.concatenate(reached)
    fast, slow = spread(1 / every, np.full(len(every), 1 / share))
    return Calibration(
        "any",
        "any",
        "load",
        share,
        None,
        None,
        None,
        fast,
        slow,
        len(every),
        joined(row.source for row in rows),
    )


def joined(sources: Iterable[str]) -> str:
    """Sources, each once, in one cell."""
    return "; ".join(sorted(set(sources)))


def dense_shares(groups: dict, device_class: str) -> tuple[float, float, float]:
    """The dense shares of a class, with all classes' cache share where its own rows hardly read a cache."""
    everyone = groups["any", "dense", "decode"]
    rows = groups.get((device_class, "dense", "decode"), everyone)
    seen = np.median(column(rows, "cache") / column(rows, "weights")) >= CACHE_SEEN
    return shares(rows) if seen else shares(rows, shares(everyone)[1])


def calibrate() -> list[Calibration]:
    """All constants, from the published rows; the rows of all classes together come first."""
    groups: dict[tuple, list[dict]] = defaultdict(list)
    for measurement in catalog.table(Measurement):
        row = features(measurement)
        if row is not None:
            groups[row["class"], row["kind"], row["phase"]].append(row)
            groups["any", row["kind"], row["phase"]].append(row)
    made = [load_row(catalog.table(Load))]
    spreads: dict[tuple, tuple] = {}
    for (device_class, kind, phase), rows in sorted(groups.items(), key=any_class_first):
        wide = spreads.get((kind, phase)) if len(rows) < ENOUGH_ROWS else None
        if phase == "prefill":
            wide = both_kinds_spread(groups, rows) if device_class == "any" else wide
            row = prefill_row(device_class, kind, rows, wide)
        else:
            row = decode_row(device_class, kind, rows, dense_shares(groups, device_class), wide)
        spreads.setdefault((kind, phase), (row.fast, row.slow))
        made.append(row)
    return made


def any_class_first(group: tuple) -> tuple:
    """The order in which groups are handled: the rows of all classes come first, for others to borrow from."""
    return group[0][0] != "any", group[0]


def both_kinds_spread(groups: dict, rows: list[dict]) -> tuple[float, float]:
    """The spread that classes without rows of their own borrow for prefill: both kinds of model widen it."""
    share = np.median(column(rows, "compute") / column(rows, "seconds"))
    both = groups["any", "dense", "prefill"] + groups["any", "moe", "prefill"]
    return spread(column(both, "seconds"), column(both, "compute") / share)


if __name__ == "__main__":
    catalog.write(catalog.DATA / catalog.TABLES[Calibration], calibrate(), digits=4)
