"""A million answers of this library in two shapes, for `peers` to time."""

from __future__ import annotations

import numpy as np
from freeweights.cost import inference
from freeweights.cost.grid import sweep
from freeweights.facts import catalog
from freeweights.facts.records_hardware import Device
from freeweights.facts.records_models import Architecture
from freeweights.machines.machine import machine
from freeweights.models.transformer import model


def one_model() -> int:
    """Decode of one model on one machine: a thousand batches times a thousand contexts in one call.

    Returns the number of cases; where the caches do not fit, that is the answer.
    """
    batch, context = np.arange(1, 1001)[:, None], np.linspace(1, 100_000, 1000)[None, :]
    return inference.decode(
        model("Llama 3.1 8B"), machine("H200 SXM 141GB"), context=context, batch=batch, weights="FP8"
    ).expected.size


def many_combinations() -> int:
    """Decode of ten models on five devices in four formats, fifty batches times a hundred contexts, in one call.

    Returns the number of cases; where a model or its caches do not fit, that is the answer.
    """
    models = [a.name for a in catalog.table(Architecture) if (a.max_context or 0) >= 32_000][:10]
    devices = [device.name for device in catalog.table(Device) if device.flops_fp16][:5]
    formats = ["BF16", "FP8", "Q8_0", "Q4_K_M"]
    found = sweep(
        [*map(model, models)],
        [*map(machine, devices)],
        formats,
        np.arange(1, 51),
        np.linspace(1, 32_000, 100),
    )
    return found.seconds.size


SWEEPS = {"one model on one machine": one_model, "10 models x 5 devices x 4 formats": many_combinations}
