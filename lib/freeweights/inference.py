"""Floor 3. How long one model takes on one machine: fits, cold load, prefill, decode, slots.

Every time is bytes over bandwidth or FLOPs over rate, whichever is larger, plus what the devices say to each other and
an overhead per layer. The shares of bandwidth and rate that machines really reach are read from data/calibration.csv.
"""

from __future__ import annotations

import numpy as np

from . import catalog, experts
from .estimate import Estimate, Fit, estimate
from .machine import Machine
from .quantities import plain
from .records import Calibration
from .transformer import Model

# What an engine lets the model have: the rest is its own buffers, activations and the system.
# Source: default of vLLM's gpu_memory_utilization, docs.vllm.ai, engine arguments.
USABLE_SHARE = 0.9
ACTIVATION_BYTES = 2


def bits_per_weight(weights, model: Model) -> tuple:
    """Bits that a weight takes in memory, and the width at which it is multiplied.

    Args:
        weights: name of a format in data/formats.csv, words such as "4.5 bits", a number or array of bits, or None
            for the format in which the model was released.
        model: the model.

    Returns:
        (bits, multiplied_bits): float formats are multiplied at their own width where the device can; blocks of
        integers are turned into 16 bits first, as today's engines do.

    Raises:
        UnknownName: no format of that name. ValueError: bits outside 0 to 64.

    >>> from freeweights.transformer import model
    >>> bits_per_weight("4.5 bits", model("GLM-5.2"))
    (4.5, 16.0)
    """
    weights = model.native_format if weights is None else weights
    if isinstance(weights, str) and weights.endswith("bits"):
        try:
            weights = float(weights.removesuffix("bits"))
        except ValueError:
            raise ValueError(f"weights is '{weights}': write a number before the word, such as '4.5 bits'.") from None
    if isinstance(weights, str):
        found = catalog.weight_format(weights)
        return found.bits, found.bits if found.family == "float" else 16.0
    bits = np.asarray(weights, float)
    if not np.all((bits > 0) & (bits <= 64)):
        raise ValueError(f"weights is {weights}: bits per weight lie above 0 and at most 64, for instance 4.5.")
    return plain(bits), plain(np.maximum(bits, 16.0))


def whole(value, name: str, least: int):
    """`value` as an array of numbers from `least`, or an error that says what was given.

    >>> whole(0, "batch", 1)
    Traceback (most recent call last):
    ...
    ValueError: batch is 0: 1 or more is needed, because with fewer there is nothing to compute.
    """
    array = np.asarray(value, float)
    if not np.all(np.isfinite(array) & (array >= least)):
        raise ValueError(f"{name} is {value}: {least} or more is needed, because with fewer there is nothing to compute.")
    return array


def calibration(machine: Machine, model: Model, phase: str) -> tuple[Calibration, str]:
    """The efficiencies for a machine, and a sentence that says where they come from."""
    kind = "moe" if model.is_moe else "dense"
    rows = {(row.device_class, row.kind): row for row in catalog.table(Calibration) if row.phase == phase}
    device_class = machine.device.device_class
    own = rows.get((device_class, kind))
    row = own or rows["any", kind]
    whose = f"{device_class} machines" if own else f"all classes, because none are published for {device_class} machines"
    return row, f"{phase} of {kind} models on {whose}: {row.rows} published rows ({row.sources})"


def fits(model: Model, machine: Machine, weights=None, context=4096, batch=1) -> Fit:
    """Whether a model, its caches and the engine's reserve go into a machine's memory.

    Args:
        model, machine: what and where.
        weights: format or bits per weight; the released format if None.
        context: tokens of context per sequence, number or array.
        batch: sequences at once, number or array.

    Returns:
        a Fit; `parts` add up to `needed`, in bytes.

    Raises:
        ValueError: batch below 1, or a context beyond the model's maximum.

    >>> from freeweights.machine import machine; from freeweights.transformer import model
    >>> fits(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), weights="Q4_0").fits
    True
    """
    batch = whole(batch, "batch", 1)
    bits, _ = bits_per_weight(weights, model)
    parts = {
        "weights": np.asarray(model.parameters * np.asarray(bits) / 8),
        "cache": batch * model.cache_bytes(context),
        "engine": np.asarray((1 - USABLE_SHARE) * machine.memory),
    }
    needed = sum(parts.values())
    return Fit(
        model.name, machine.name, plain(needed <= machine.memory), plain(needed), machine.memory,
        plain(np.maximum(machine.memory - needed, 0)), plain(np.maximum(needed - machine.memory, 0)),
        {name: plain(np.broadcast_to(part, needed.shape)) for name, part in parts.items()},
    )


def cold_load(model: Model, machine: Machine | None = None, disk="NVMe SSD PCIe 4.0 x4", weights=None) -> Estimate:
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
    bits, _ = bits_per_weight(weights, model)
    drive = catalog.link(disk)
    size = model.parameters * np.asarray(bits) / 8
    row = next(row for row in catalog.table(Calibration) if row.phase == "load")
    if machine is None:
        fit = Fit(model.name, drive.name, plain(size > 0), plain(size), plain(size), 0.0, 0.0, {"weights": plain(size)})
    else:
        fit = fits(model, machine, weights, context=1)
    floor = size / drive.bandwidth
    loader = floor / row.bandwidth_share - floor
    basis = f"loading with today's engines: {row.rows} published rows ({row.sources})"
    return estimate("loading", fit, basis, 0.0, floor, {"drive": floor, "loader": loader},
                    {"drive": floor, "loader": loader}, (row.fast, row.slow))


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
    weight_bytes = weights_read(model, batch) * np.asarray(bits) / 8
    cache_bytes = batch * model.cache_read_bytes(context)
    floor = (weight_bytes + cache_bytes) / machine.memory_bandwidth
    read_weights = weight_bytes / (row.bandwidth_share * machine.memory_bandwidth)
    read_cache = cache_bytes / (row.cache_share * machine.memory_bandwidth)
    reading = read_weights + read_cache
    computing = np.zeros(np.shape(reading))
    if machine.computes:
        flops = batch * model.flops_per_token(context)
        computing = flops / (calibration(machine, model, "prefill")[0].compute_share * machine.flops(multiplied))
        floor = np.maximum(floor, flops / machine.flops(bits))
    talking = messages(model, machine, batch)
    waiting = model.layers * row.seconds_per_layer
    return estimate(
        "decoding", fit, basis, batch, floor,
        {"weights": read_weights, "cache": read_cache, "compute beyond reading": np.maximum(computing - reading, 0.0),
         "communication": talking, "overhead": waiting},
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
    weight_bytes = weights_read(model, batch * prompt) * np.asarray(bits) / 8
    reading = weight_bytes / (step.bandwidth_share * machine.memory_bandwidth)
    computing = flops / (row.compute_share * machine.flops(multiplied))
    talking = messages(model, machine, batch * prompt)
    waiting = model.layers * step.seconds_per_layer
    floor = np.maximum(weight_bytes / machine.memory_bandwidth, flops / machine.flops(bits))
    return estimate(
        "prefill", fit, basis, batch * prompt, floor,
        {"compute": computing, "weights beyond computing": np.maximum(reading - computing, 0.0),
         "communication": talking, "overhead": waiting},
        {"compute": computing, "memory bandwidth": reading, "link": talking, "overhead": waiting},
        (row.fast, row.slow),
    )


def slots(model: Model, machine: Machine, context=32_768, weights=None) -> Estimate:
    """How many sequences of a context a machine holds at once.

    Args:
        model, machine: what and where.
        context: tokens per sequence, number or array.
        weights: format or bits per weight; the released format if None.

    Returns:
        an Estimate in sequences, whole numbers: `floor` is the bound that no engine passes (all memory), `expected`
        leaves the engine its share. `parts` are the sequences' caches and what is left over, in sequences.

    >>> from freeweights.machine import machine; from freeweights.transformer import model
    >>> slots(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), context=8192, weights="Q4_0").expected > 1
    True
    """
    fit = fits(model, machine, weights, context, batch=1)
    per_sequence = np.asarray(model.cache_bytes(whole(context, "context", 1)))
    bits, _ = bits_per_weight(weights, model)
    weight_bytes = model.parameters * np.asarray(bits) / 8
    most = np.floor(np.maximum(machine.memory - weight_bytes, 0) / per_sequence)
    held = np.floor(np.maximum(USABLE_SHARE * machine.memory - weight_bytes, 0) / per_sequence)
    words = np.broadcast_to(np.array("memory"), held.shape)
    basis = f"memory, of which an engine leaves {1 - USABLE_SHARE:.0%} free (vLLM's default)"
    return Estimate("sequences", "sequences", fit, basis, plain(held), most, held, held, most, {"held": held}, words)
