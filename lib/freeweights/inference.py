"""Floor 3. How long one model takes on one machine: cold load, prefill, decode.

Every time is bytes over bandwidth or FLOPs over rate, whichever is larger, plus what the devices say to each other and
an overhead per layer. The shares of bandwidth and rate that machines really reach are read from data/calibration.csv.
"""

from __future__ import annotations

import numpy as np

from . import catalog, experts
from .estimate import Estimate, Fit, estimate
from .machine import Machine
from .memory import bits_per_weight, fits, weight_bytes, whole
from .quantities import plain
from .records import Calibration
from .transformer import Model

ACTIVATION_BYTES = 2


def calibration(machine: Machine, model: Model, phase: str) -> tuple[Calibration, str]:
    """The efficiencies for a machine, and a sentence that says where they come from."""
    kind = "moe" if model.is_moe else "dense"
    rows = {(row.device_class, row.kind): row for row in catalog.table(Calibration) if row.phase == phase}
    device_class = machine.device.device_class
    own = rows.get((device_class, kind))
    row = own or rows["any", kind]
    whose = (
        f"{device_class} machines"
        if own
        else f"all classes, because none are published for {device_class} machines"
    )
    return row, f"{phase} of {kind} models on {whose}: {row.rows} published rows ({row.sources})"


def cold_load(
    model: Model, machine: Machine | None = None, disk="NVMe SSD PCIe 4.0 x4", weights=None
) -> Estimate:
    """Time to bring the weights from a drive into memory, none of them cached.

    Args:
        model: what is loaded.
        machine: where to; if given, it must hold the model.
        disk: name of a drive or network in data/links.csv.
        weights: format or bits per weight; the released format if None.

    Returns:
        an Estimate in seconds; the floor is bytes over the drive's specified rate.

    >>> from freeweights.transformer import model
    >>> round(cold_load(model("Llama 3.1 8B"), weights="Q4_0").floor, 2)
    0.61
    """
    drive, size = catalog.link(disk), weight_bytes(model, weights)
    row = next(row for row in catalog.table(Calibration) if row.phase == "load")
    if machine is None:
        bytes_ = plain(size)
        fit = Fit(model.name, drive.name, plain(size > 0), bytes_, bytes_, 0.0, 0.0, {"weights": bytes_})
    else:
        fit = fits(model, machine, weights, context=1)
    floor = size / drive.bandwidth
    parts = {"drive": floor, "loader": floor / row.bandwidth_share - floor}
    basis = f"loading with today's engines: {row.rows} published rows ({row.sources})"
    return estimate("loading", fit, basis, 0.0, floor, parts, parts, (row.fast, row.slow))


def messages(model: Model, machine: Machine, tokens) -> np.ndarray:
    """Seconds that tensor parallelism spends on two all-reduces per layer. Source: Shoeybi et al. 2019, section 3."""
    return 2 * model.layers * np.asarray(machine.all_reduce(tokens * model.hidden_size * ACTIVATION_BYTES))


def weights_read(model: Model, batch):
    """How many weights one step reads: all shared ones and, of the experts, those that the batch touches.

    >>> from freeweights.transformer import model
    >>> weights_read(model("Llama 3.1 8B"), 1) == weights_read(model("Llama 3.1 8B"), 64)
    True
    """
    if not model.is_moe:
        return plain(np.full(np.shape(batch), float(model.shared_weights)))
    touched = experts.experts_touched(model.experts, model.experts_per_token, batch)
    return plain(model.shared_weights + model.moe_layers * touched * model.expert_weights)


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

    >>> from freeweights.machine import machine; from freeweights.transformer import model
    >>> step = decode(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), weights="Q4_0")
    >>> step.bottleneck, step.floor < step.expected
    ('memory bandwidth', True)
    """
    batch = whole(batch, "batch", 1)
    fit = fits(model, machine, weights, context, batch)
    bits, multiplied = bits_per_weight(weights, model)
    row, basis = calibration(machine, model, "decode")
    bytes_read = weights_read(model, batch) * np.asarray(bits) / 8
    cache_bytes = batch * model.cache_read_bytes(context)
    floor = (bytes_read + cache_bytes) / machine.memory_bandwidth
    read_weights = bytes_read / (row.bandwidth_share * machine.memory_bandwidth)
    read_cache = cache_bytes / (row.cache_share * machine.memory_bandwidth)
    reading = read_weights + read_cache
    computing = np.zeros(np.shape(reading))
    if machine.computes:
        flops = batch * model.flops_per_token(context)
        computing = flops / (
            calibration(machine, model, "prefill")[0].compute_share * machine.flops(multiplied)
        )
        floor = np.maximum(floor, flops / machine.flops(bits))
    talking = messages(model, machine, batch)
    waiting = model.layers * row.seconds_per_layer
    return estimate(
        "decoding",
        fit,
        basis,
        batch,
        floor,
        {
            "weights": read_weights,
            "cache": read_cache,
            "compute beyond reading": np.maximum(computing - reading, 0.0),
            "communication": talking,
            "overhead": waiting,
        },
        {"memory bandwidth": reading, "compute": computing, "link": talking, "overhead": waiting},
        (row.fast, row.slow),
    )


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

    >>> from freeweights.machine import machine; from freeweights.transformer import model
    >>> prefill(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), prompt=2048, weights="Q4_0").bottleneck
    'compute'
    """
    batch, prompt = whole(batch, "batch", 1), whole(prompt, "prompt", 1)
    fit = fits(model, machine, weights, prompt, batch)
    bits, multiplied = bits_per_weight(weights, model)
    row, basis = calibration(machine, model, "prefill")
    step, _ = calibration(machine, model, "decode")
    flops = batch * model.prefill_flops(prompt)
    bytes_read = weights_read(model, batch * prompt) * np.asarray(bits) / 8
    reading = bytes_read / (step.bandwidth_share * machine.memory_bandwidth)
    computing = flops / (row.compute_share * machine.flops(multiplied))
    talking = messages(model, machine, batch * prompt)
    waiting = model.layers * step.seconds_per_layer
    floor = np.maximum(bytes_read / machine.memory_bandwidth, flops / machine.flops(bits))
    return estimate(
        "prefill",
        fit,
        basis,
        batch * prompt,
        floor,
        {
            "compute": computing,
            "weights beyond computing": np.maximum(reading - computing, 0.0),
            "communication": talking,
            "overhead": waiting,
        },
        {"compute": computing, "memory bandwidth": reading, "link": talking, "overhead": waiting},
        (row.fast, row.slow),
    )
