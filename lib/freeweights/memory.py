"""Floor 3. What goes into a machine's memory: weights at their real bits, caches, and how many sequences at once."""

from __future__ import annotations

import numpy as np

from . import catalog
from .estimate import Estimate, Fit
from .machine import Machine
from .quantities import plain
from .transformer import Model

# What an engine lets the model have: the rest is its own buffers, activations and the system.
# Source: default of vLLM's gpu_memory_utilization, docs.vllm.ai, engine arguments.
USABLE_SHARE = 0.9


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
            raise ValueError(
                f"weights is '{weights}': write a number before the word, such as '4.5 bits'."
            ) from None
    if isinstance(weights, str):
        found = catalog.weight_format(weights)
        return found.bits, found.bits if found.family == "float" else 16.0
    bits = np.asarray(weights, float)
    if not np.all((bits > 0) & (bits <= 64)):
        raise ValueError(
            f"weights is {weights}: bits per weight lie above 0 and at most 64, for instance 4.5."
        )
    return plain(bits), plain(np.maximum(bits, 16.0))


def weight_bytes(model: Model, weights):
    """Bytes of all weights in a format, number or array; `weights` as in `bits_per_weight`.

    >>> from freeweights.transformer import model
    >>> float(weight_bytes(model("Llama 3.1 8B"), 8)) == model("Llama 3.1 8B").parameters
    True
    """
    bits, _ = bits_per_weight(weights, model)
    return np.asarray(model.parameters * np.asarray(bits) / 8)


def whole(value, name: str, least: int):
    """`value` as an array of numbers from `least`, or an error that says what was given.

    >>> whole(0, "batch", 1)
    Traceback (most recent call last):
    ...
    ValueError: batch is 0: 1 or more is needed, because with fewer there is nothing to compute.
    """
    array = np.asarray(value, float)
    if not np.all(np.isfinite(array) & (array >= least)):
        raise ValueError(
            f"{name} is {value}: {least} or more is needed, because with fewer there is nothing to compute."
        )
    return array


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
    parts = {
        "weights": weight_bytes(model, weights),
        "cache": batch * model.cache_bytes(context),
        "engine": np.asarray((1 - USABLE_SHARE) * machine.memory),
    }
    needed = sum(parts.values())
    return Fit(
        model.name,
        machine.name,
        plain(needed <= machine.memory),
        plain(needed),
        machine.memory,
        plain(np.maximum(machine.memory - needed, 0)),
        plain(np.maximum(needed - machine.memory, 0)),
        {name: plain(np.broadcast_to(part, needed.shape)) for name, part in parts.items()},
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
    held_first = weight_bytes(model, weights)
    most = np.floor(np.maximum(machine.memory - held_first, 0) / per_sequence)
    held = np.floor(np.maximum(USABLE_SHARE * machine.memory - held_first, 0) / per_sequence)
    words = np.broadcast_to(np.array("memory"), held.shape)
    basis = f"memory, of which an engine leaves {1 - USABLE_SHARE:.0%} free (vLLM's default)"
    return Estimate(
        "sequences", "sequences", fit, basis, plain(held), most, held, held, most, {"held": held}, words
    )
