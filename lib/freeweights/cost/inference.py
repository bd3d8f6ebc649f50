"""How long one model takes on one machine: cold load, prefill, decode.

Every time is bytes over bandwidth or FLOPs over rate, whichever is larger, plus what the devices say to each other and
an overhead per layer. The shares of bandwidth and rate that machines really reach are read from data/calibration.csv.
"""

from __future__ import annotations

import numpy as np

from ..facts import catalog
from ..facts.arrays import at_least, plain
from ..facts.records_derived import Calibration
from ..machines.machine import Machine
from ..models.transformer import Model
from .efficiency import COMPUTING, READING, WAITING, calibrations, constants, slowness, weighted_seconds
from .estimate import Estimate, Fit
from .memory import Case, fits
from .step_work import (
    StepSeconds,
    StepWork,
    cache_readings,
    decode_work,
    least_compute_seconds,
    prefill_work,
    specified_seconds,
)
from .weight_storage import weight_bytes

DOING = {"decode": "decoding", "prefill": "prefill"}


def load_constants(loader: str = "any") -> Calibration:
    """What published loads show of the share of a drive's rate that reaches the memory, for one kind of loader."""
    known = {row.engine: row for row in catalog.table(Calibration) if row.phase == "load"}
    if loader not in known:
        raise ValueError(f"loader is {loader!r}: choose one of {', '.join(map(repr, known))}.")
    return known[loader]


def cold_load(
    model: Model, machine: Machine | None = None, *, disk="NVMe SSD PCIe 4.0 x4", weights=None, loader="any"
) -> Estimate:
    """Time to bring the weights from a drive into memory, none of them cached.

    Args:
        model: what is loaded.
        machine: where to; if given, it must hold the model.
        disk: name of a drive or network in data/links.csv.
        weights: format or bits per weight; the released format if None.
        loader: "streaming" reads with many threads at once, "plain" file after file; "any" if you do not know.

    Returns:
        an Estimate in seconds; the floor is bytes over the drive's specified rate.

    Raises:
        UnknownName: no such drive. ValueError: no such kind of loader.

    >>> from freeweights.models.transformer import model
    >>> round(cold_load(model("Llama 3.1 8B"), weights="Q4_0").floor, 2)
    0.63
    """
    drive, size = catalog.link(disk), weight_bytes(model, weights)
    row = load_constants(loader)
    if machine is None:
        bytes_ = plain(size)
        fit = Fit(model.name, drive.name, plain(size > 0), bytes_, bytes_, 0.0, 0.0, {"weights": bytes_})
    else:
        fit = fits(model, machine, weights=weights, context=1)
    floor = size / drive.bandwidth
    parts = {"drive": floor, "loader": floor / row.weights - floor}
    basis = f"loading with today's engines: {row.rows} published rows ({row.sources})"
    return Estimate("loading", fit, basis, 0.0, floor, parts, parts, (row.fast, row.slow))


def decode(model: Model, machine: Machine, *, context=4096, batch=1, weights=None, cache=None) -> Estimate:
    """Time of one decode step: one new token for every sequence of the batch.

    Args:
        model, machine: what and where.
        context: tokens that each sequence already has, number or array.
        batch: sequences at once, number or array.
        weights: format or bits per weight; the released format if None.
        cache: width of the caches: 16 bits if None, else a format of the engine's ("FP8", "Q8_0") or "8 bits".

    Returns:
        an Estimate in seconds per step; a step yields `batch` tokens. It reads the shared weights, the experts that
        the batch touches, and every sequence's cache.

    Raises:
        ValueError: batch below 1, or a context beyond the model's maximum.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> step = decode(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), weights="Q4_0")
    >>> step.bottleneck, step.floor < step.expected
    ('memory bandwidth', True)
    """
    case = Case.of(model, machine, weights=weights, context=context, batch=batch, cache=cache, least=0)
    return time_step("decode", case, decode_work(case), case.batch)


def prefill(model: Model, machine: Machine, *, prompt=4096, batch=1, weights=None, cache=None) -> Estimate:
    """Time to read a prompt before the first token of the answer.

    Args:
        model, machine: what and where.
        prompt: tokens of each prompt, number or array.
        batch: prompts at once, number or array.
        weights: format or bits per weight; the released format if None.
        cache: width of the caches, as in `decode`.

    Returns:
        an Estimate in seconds; it yields prompt x batch tokens read.

    Raises:
        ValueError: prompt or batch below 1, or a prompt beyond the model's maximum.
        CatalogError: nobody publishes the device's compute rate.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> prefill(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), prompt=2048, weights="Q4_0").bottleneck
    'compute'
    """
    prompt = at_least(prompt, "prompt", 1)
    case = Case.of(model, machine, weights=weights, context=prompt, batch=batch, cache=cache)
    machine.flops(case.storage.bits)  # reading is computing: refused where no rate is published
    return time_step("prefill", case, prefill_work(case), case.batch * case.context)


def predict(
    model: Model, machine: Machine, phase: str, *, context=4096, batch=1, weights=None, cache=None
) -> Estimate:
    """`decode` or `prefill` by the name of the phase; `context` is what each sequence holds, or each prompt's length."""
    if phase == "prefill":
        return prefill(model, machine, prompt=context, batch=batch, weights=weights, cache=cache)
    return decode(model, machine, context=context, batch=batch, weights=weights, cache=cache)


def elsewhere(machine: Machine, seconds: StepSeconds, phase: str) -> dict[str, np.ndarray]:
    """Seconds of reading what lies with the host, whose processor multiplies it, and what lies on the drive."""
    found = {}
    if machine.host:
        found["host memory"] = seconds.host / calibrations(phase)["any", "host"].weights
    if machine.drive:
        found["drive"] = seconds.drive / load_constants().weights
    return found


def time_step(phase: str, case: Case, work: StepWork, tokens) -> Estimate:
    """An Estimate from the work of a step and the constants of its phase and of the machine's arithmetic.

    Arithmetic is known from prefill: a decode step of many sequences multiplies in the same way. For the floor, a
    pipeline is full.
    """
    machine, family = case.machine, case.storage.family
    row, basis = constants(machine, family, phase)
    arithmetic = row if phase == "prefill" else constants(machine, family, "prefill")[0]
    shown, multiplied = slowness(row), slowness(arithmetic)
    seconds = specified_seconds(case, work)
    read, far = weighted_seconds(seconds, shown, READING), elsewhere(machine, seconds, phase)
    computed, waited = (
        weighted_seconds(seconds, multiplied, COMPUTING),
        weighted_seconds(seconds, shown, WAITING),
    )
    longest = {
        "memory bandwidth": read,
        **far,
        "compute": computed,
        "link": seconds.messages,
        "overhead": waited,
    }
    parts = {
        "weights": weighted_seconds(seconds, shown, ("weights", "experts")),
        "cache": weighted_seconds(seconds, shown, ("cache",)),
        **far,
        "compute beyond reading": np.maximum(computed - read, 0.0),
        "communication": seconds.messages,
        "overhead": waited,
    }
    rows = [row] + ([calibrations(phase)["any", "host"]] if machine.host else [])
    ends = min(one.fast for one in rows), max(one.slow for one in rows)
    least = least_seconds(case, work, seconds)
    return Estimate(DOING[phase], case.fit, basis, plain(tokens), least, parts, longest, ends)


def least_seconds(case: Case, work: StepWork, seconds: StepSeconds):
    """Seconds below which no machine of this kind does the work: all at the specified rates, every cache read once and by
    one device, a pipeline full."""
    full = seconds if work.pipelined is None else specified_seconds(case, work, filled=1.0)
    read = full.weights + full.experts + full.cache / cache_readings(case)
    here = np.maximum(read, least_compute_seconds(case, work, filled=1.0))
    return here + full.host + full.drive
