"""Joules per token, predicted from specified power."""

from __future__ import annotations

import numpy as np

from ..facts import catalog
from ..facts.arrays import plain
from ..facts.catalog import CatalogError
from ..machines.machine import Machine
from ..models.transformer import Model
from .estimate import Estimate


def power(machine: Machine) -> float:
    """Specified power of all devices of a machine together, in watts; the computer around them is not counted.

    Raises:
        CatalogError: nobody publishes the device's power.

    >>> from freeweights.machines.machine import machine
    >>> power(machine("H200 SXM 141GB", count=8))
    5600.0
    """
    if machine.device.power is None:
        raise CatalogError(
            f"devices.csv, row {machine.device.name}: power_W is empty, because nobody publishes it. "
            "Its joules cannot be estimated: choose another device."
        )
    return machine.count * machine.device.power


def joules(machine: Machine, estimate: Estimate, power_overhead: float = 1.0):
    """Energy of one token, if the devices draw their specified power all the time: watts x seconds / tokens.

    Args:
        machine: the machine that the estimate is for.
        estimate: a time, from `inference.decode` or `inference.prefill`.
        power_overhead: what the whole computer, and the building around it, draw for every watt of the devices; at least 1.

    Returns:
        joules per token, in the shape of the estimate; masked where the model does not fit.

    >>> from freeweights.models.transformer import model; from freeweights.machines.machine import machine
    >>> from freeweights.cost import inference
    >>> llama, card = model("Llama 3.1 8B"), machine("GeForce RTX 4090")
    >>> one, many = (joules(card, inference.decode(llama, card, context=1024, batch=users, weights="Q4_K_M")) for users in (1, 16))
    >>> many < one
    True
    """
    if power_overhead < 1:
        raise ValueError(
            f"power_overhead is {power_overhead}: the whole draws at least what its devices draw, so give 1 or more."
        )
    return plain_or_masked(power(machine) * power_overhead * estimate.seconds / estimate.tokens)


def plain_or_masked(values):
    """A float where there is one value; a masked array stays masked."""
    return values if np.ma.isMaskedArray(values) else plain(values)


def weights_on(model: Model, wanted: str) -> str:
    """The wanted format, or the released one where that is narrower already.

    >>> from freeweights.models.transformer import model
    >>> weights_on(model("Llama 3.1 8B"), "FP8"), weights_on(model("gpt-oss-20b"), "FP8")
    ('FP8', 'MXFP4')
    """
    return min(wanted, model.native_format, key=lambda name: catalog.weight_format(name).bits)
