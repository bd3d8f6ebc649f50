"""How long one model takes on one machine: cold load, prefill, decode.

Every time is bytes over bandwidth or FLOPs over rate, whichever is larger, plus what the devices say to each other and
an overhead per layer. The shares of bandwidth and rate that machines really reach are read from data/calibration.csv.
"""

from __future__ import annotations

import numpy as np

from ..facts import catalog
from ..facts.arrays import plain, whole
from ..facts.records_derived import Calibration
from ..machines.machine import Machine
from ..models.transformer import Model
from .efficiency import COMPUTING, READING, WAITING, calibrations, constants, cost, habits, slowness
from .estimate import Estimate, Fit, estimate
from .memory import fits, place
from .step_work import decode_work, prefill_work
from .weight_storage import Stored, stored, weight_bytes

DOING = {"decode": "decoding", "prefill": "prefill"}


def loads(loader: str = "any") -> Calibration:
    """What published loads show of the share of a drive's rate that reaches the memory, for one kind of loader."""
    known = {row.engine: row for row in catalog.table(Calibration) if row.phase == "load"}
    if loader not in known:
        raise ValueError(f"loader is {loader!r}: choose one of {', '.join(map(repr, known))}.")
    return known[loader]


def cold_load(
    model: Model, machine: Machine | None = None, disk="NVMe SSD PCIe 4.0 x4", weights=None, loader="any"
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
    0.61
    """
    drive, size = catalog.link(disk), weight_bytes(model, weights)
    row = loads(loader)
    if machine is None:
        bytes_ = plain(size)
        fit = Fit(model.name, drive.name, plain(size > 0), bytes_, bytes_, 0.0, 0.0, {"weights": bytes_})
    else:
        fit = fits(model, machine, weights, context=1)
    floor = size / drive.bandwidth
    parts = {"drive": floor, "loader": floor / row.weights - floor}
    basis = f"loading with today's engines: {row.rows} published rows ({row.sources})"
    return estimate("loading", fit, basis, 0.0, floor, parts, parts, (row.fast, row.slow))


def decode(model: Model, machine: Machine, context=4096, batch=1, weights=None) -> Estimate:
    """Time of one decode step: one new token for every sequence of the batch.

    Args:
        model, machine: what and where.
        context: tokens that each sequence already has, number or array.
        batch: sequences at once, number or array.
        weights: format or bits per weight; the released format if None.

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
    batch, context = whole(batch, "batch", 1), whole(context, "context", 0)
    fit = fits(model, machine, weights, context, batch)
    how = stored(weights, model)
    work = decode_work(model, machine, how, place(model, machine, fit, how.bits), context, batch)
    return step("decode", machine, how, fit, batch, work)


def prefill(model: Model, machine: Machine, prompt=4096, batch=1, weights=None) -> Estimate:
    """Time to read a prompt before the first token of the answer.

    Args:
        model, machine: what and where.
        prompt: tokens of each prompt, number or array.
        batch: prompts at once, number or array.
        weights: format or bits per weight; the released format if None.

    Returns:
        an Estimate in seconds; it yields prompt x batch tokens read.

    Raises:
        ValueError: prompt or batch below 1, or a prompt beyond the model's maximum.
        CatalogError: nobody publishes the device's compute rate.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> prefill(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), prompt=2048, weights="Q4_0").bottleneck
    'compute'
    """
    batch, prompt = whole(batch, "batch", 1), whole(prompt, "prompt", 1)
    fit = fits(model, machine, weights, prompt, batch)
    how = stored(weights, model)
    machine.flops(how.bits)  # reading is computing: refused where no rate is published
    placed = place(model, machine, fit, how.bits)
    work = prefill_work(model, machine, how, placed, prompt, batch)
    ideal = work
    if machine.split == "layers":
        ideal = prefill_work(model, machine, how, placed, prompt, batch, habits()._replace(filled=1.0))
    return step("prefill", machine, how, fit, batch * prompt, work, ideal)


def elsewhere(machine: Machine, work: dict, phase: str) -> dict[str, np.ndarray]:
    """Seconds of reading what lies with the host, whose processor multiplies it, and what lies on the drive."""
    found = {}
    if machine.host:
        found["host memory"] = work["host"] / calibrations(phase)["any", "host"].weights
    if machine.drive:
        found["drive"] = work["drive"] / loads().weights
    return found


def step(phase: str, machine: Machine, how: Stored, fit: Fit, tokens, work: dict, ideal=None) -> Estimate:
    """An Estimate from the work of a step and the constants of its phase and of the machine's arithmetic.

    Arithmetic is known from prefill: a decode step of many sequences multiplies in the same way. ideal: the least work
    the step could be, for the floor, where it differs.
    """
    ideal = ideal or work
    row, basis = constants(machine, how.family, phase)
    arithmetic = row if phase == "prefill" else constants(machine, how.family, "prefill")[0]
    shown, multiplied = slowness(row), slowness(arithmetic)
    read = cost(work, shown, READING)
    far = elsewhere(machine, work, phase)
    computed = cost(work, multiplied, COMPUTING)
    waited, talked = cost(work, shown, WAITING), work["messages"]
    here = np.maximum(floor_of(ideal, READING), floor_at_best(machine, ideal, how))
    floor = here + floor_of(ideal, ("host", "drive"))
    longest = {"memory bandwidth": read, **far, "compute": computed, "link": talked, "overhead": waited}
    parts = {
        "weights": cost(work, shown, ("weights", "experts")),
        "cache": cost(work, shown, ("cache",)),
        **far,
    }
    parts |= {
        "compute beyond reading": np.maximum(computed - read, 0.0),
        "communication": talked,
        "overhead": waited,
    }
    rows = [row] + ([calibrations(phase)["any", "host"]] if machine.host else [])
    ends = min(one.fast for one in rows), max(one.slow for one in rows)
    return estimate(DOING[phase], fit, basis, tokens, floor, parts, longest, ends)


def floor_of(work: dict, names) -> np.ndarray:
    """Seconds of several kinds of work at the specified rates."""
    return sum(np.asarray(work[name]) for name in names if name in work) + 0.0


def floor_at_best(machine: Machine, work: dict, how: Stored) -> np.ndarray:
    """Seconds of all FLOPs at the highest rate that the stored width allows: unpacking might be avoided."""
    if not machine.computes:
        return np.zeros(())
    highest = np.asarray(machine.flops(how.bits))
    best = np.asarray(machine.flops(how.multiplied, integers=False)) / highest
    wide = machine.flops(16, integers=False) / highest
    return (
        floor_of(work, ("linear", "blocks", "expert_linear")) * best + floor_of(work, ("attention",)) * wide
    )
