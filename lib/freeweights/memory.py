"""Floor 3. What goes into a machine's memory: weights at their real bits, caches, and how many sequences at once."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from . import catalog
from . import quantities as q
from .estimate import DoesNotFit, Estimate, Fit
from .machine import Machine
from .quantities import plain
from .records import Engine
from .transformer import Model

ACTIVATION_BYTES = 2
# Files of 16-bit weights spend a little less or more than 16 bits a weight; nothing between 9 and 15 is in use.
NEARLY_WHOLE = 15
MOST_DEVICES = 2**16  # where the search for devices ends: more than anybody joins for one model


class Stored(NamedTuple):
    """How weights are stored: bits each takes in memory, bits at which it is multiplied, and the family of the format."""

    bits: float | np.ndarray
    multiplied: float | np.ndarray
    family: str


def stored(weights, model: Model) -> Stored:
    """How weights are stored, from a format's name or from bits.

    Args:
        weights: name of a format in data/formats.csv, words such as "4.5 bits", a number or array of bits, or None
            for the format in which the model was released.
        model: the model.

    Returns:
        a Stored: float formats are multiplied at their own width where the device can; blocks of integers are turned
        into 16 bits first, as today's engines do.

    Raises:
        UnknownName: no format of that name. ValueError: bits outside 0 to 64.

    >>> from freeweights.transformer import model
    >>> stored("4.5 bits", model("GLM-5.2"))
    Stored(bits=4.5, multiplied=16.0, family='')
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
        return Stored(found.bits, found.bits if found.family == "float" else 16.0, found.family)
    bits = numbers(weights, "weights")
    if not np.all((bits > 0) & (bits <= 64)):
        raise ValueError(
            f"weights is {weights}: bits per weight lie above 0 and at most 64, for instance 4.5."
        )
    return Stored(plain(bits), plain(np.where(bits > NEARLY_WHOLE, bits, 16.0)), "")


def bits_per_weight(weights, model: Model) -> tuple:
    """Bits that a weight takes in memory, and the width at which it is multiplied; `weights` as in `stored`.

    >>> from freeweights.transformer import model
    >>> bits_per_weight("Q4_0", model("Llama 3.1 8B"))
    (4.5, 16.0)
    """
    how = stored(weights, model)
    return how.bits, how.multiplied


def weight_bytes(model: Model, weights):
    """Bytes of all weights in a format, number or array; `weights` as in `stored`.

    >>> from freeweights.transformer import model
    >>> float(weight_bytes(model("Llama 3.1 8B"), 8)) == model("Llama 3.1 8B").parameters
    True
    """
    return np.asarray(model.parameters * np.asarray(stored(weights, model).bits) / 8)


def numbers(value, name: str):
    """`value` as an array of numbers, or an error that says what was given."""
    try:
        return np.asarray(value, float)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is {value!r}: one number or an array of numbers, all rows of one length, is expected."
        ) from None


def together(**arrays) -> None:
    """Refuse arrays whose shapes do not go together, with the names and shapes in the message."""
    shapes = {name: np.shape(array) for name, array in arrays.items()}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        words = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(
            f"The shapes {words} do not go together: give arrays of one length, or put one in a column with "
            "values[:, None] to try every combination."
        ) from None


def whole(value, name: str, least: int):
    """`value` as an array of numbers from `least`, or an error that says what was given.

    >>> whole(0, "batch", 1)
    Traceback (most recent call last):
    ...
    ValueError: batch is 0: 1 or more is needed, because with fewer there is nothing to compute.
    """
    array = numbers(value, name)
    if not (np.isfinite(array) & (array >= least)).all():
        raise ValueError(
            f"{name} is {value}: {least} or more is needed, because with fewer there is nothing to compute."
        )
    return array


def activation_bytes(model: Model, engine: Engine) -> float:
    """Bytes of the values going in and out of the widest block while the engine reads one chunk of a prompt."""
    a = model.architecture
    chosen = (a.experts_per_token or 0) * (a.expert_size or 0) + (a.shared_expert_size or 0)
    width = a.hidden_size + 2 * max(a.ffn_size or 0, chosen)
    return 2.0 * engine.chunk_tokens * width * ACTIVATION_BYTES


def routed_weights(model: Model) -> int:
    """Parameters of all routed experts; 0 in a dense model."""
    return model.moe_layers * model.experts * model.expert_weights


def shared_bytes(model: Model, machine: Machine, bits):
    """Bytes of all but the routed experts, held once, or on every device where only the experts are split."""
    copies = machine.count if machine.split == "experts" and model.is_moe else 1
    return copies * (model.parameters - routed_weights(model)) * np.asarray(bits) / 8


def fits(model: Model, machine: Machine, weights=None, context=4096, batch=1) -> Fit:
    """Whether a model, its caches and the engine's reserve go into a machine's memory.

    Args:
        model, machine: what and where; a host's memory counts, and a drive takes the experts that fit nowhere else.
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
    batch, context = whole(batch, "batch", 1), numbers(context, "context")
    how = stored(weights, model)
    together(context=context, batch=batch, weights=how.bits)
    engine = machine.runs(how.family)
    host = machine.host.memory if machine.host else 0.0
    memory = machine.memory + host
    shared = shared_bytes(model, machine, how.bits)
    experts = np.asarray(routed_weights(model) * np.asarray(how.bits) / 8)
    cache = batch * model.cache_bytes(context, latents=engine.keeps_latents)
    working = machine.count * activation_bytes(model, engine)
    reserve = (1 - engine.memory_share) * machine.memory + machine.count * engine.reserve
    if machine.drive:
        experts = np.clip(memory - shared - cache - working - reserve, 0, experts)
    parts = {
        "weights": shared + experts,
        "cache": np.asarray(cache),
        "engine": np.asarray(working + reserve),
    }
    needed = sum(parts.values())
    # Caches and buffers stay on the devices, whatever a host could hold.
    missing = np.maximum(needed - memory, parts["cache"] + parts["engine"] - machine.memory)
    return Fit(
        model.name,
        machine.name,
        plain(missing <= memory * 1e-12),
        plain(needed),
        memory,
        plain(np.maximum(memory - needed, 0)),
        plain(np.maximum(missing, 0)),
        {name: plain(part + np.zeros(needed.shape)) for name, part in parts.items()},
    )


class Placed(NamedTuple):
    """Shares of the weights by where they lie: all but the routed experts on the devices, and the experts on each."""

    resident: np.ndarray
    experts: np.ndarray
    experts_on_host: np.ndarray
    experts_on_drive: np.ndarray


def place(model: Model, machine: Machine, fit: Fit, bits) -> Placed:
    """Fill the fastest memory first: what every token needs goes before the routed experts.

    Args:
        model, machine: what and where.
        fit: the answer of `fits` for the same case.
        bits: bits per weight.

    Returns:
        shares from 0 to 1. A machine without host and drive holds everything.
    """
    if not (machine.host or machine.drive):
        return Placed(*map(np.asarray, (1.0, 1.0, 0.0, 0.0)))
    resident = shared_bytes(model, machine, bits)
    routed = np.maximum(routed_weights(model) * np.asarray(bits) / 8, 1.0)
    room = np.maximum(machine.memory - np.asarray(fit.parts["cache"]) - np.asarray(fit.parts["engine"]), 0.0)
    on_devices = np.minimum(1.0, room / resident)
    experts = np.clip((room - resident) / routed, 0.0, 1.0)
    host = machine.host.memory if machine.host else 0.0
    left = np.maximum(host - (1 - on_devices) * resident, 0.0)
    on_host = np.minimum(1 - experts, left / routed)
    on_drive = (1 - experts - on_host) if machine.drive else np.zeros(np.shape(on_host))
    return Placed(on_devices, experts, on_host, on_drive)


def slots(model: Model, machine: Machine, context=32_768, weights=None) -> Estimate:
    """How many sequences of a context a machine holds at once.

    Args:
        model, machine: what and where.
        context: tokens per sequence, number or array.
        weights: format or bits per weight; the released format if None.

    Returns:
        an Estimate in sequences, whole numbers: `floor` is the bound that no engine passes (all memory), `expected`
        leaves the engine its share. `parts` are the sequences that are held.

    >>> from freeweights.machine import machine; from freeweights.transformer import model
    >>> slots(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), context=8192, weights="Q4_0").expected > 1
    True
    """
    fit = fits(model, machine, weights, whole(context, "context", 1), batch=1)
    engine = machine.runs(stored(weights, model).family)
    per_sequence = np.asarray(model.cache_bytes(context, latents=engine.keeps_latents))
    least = np.asarray(model.cache_bytes(context))
    bits = stored(weights, model).bits
    held_first = np.asarray(shared_bytes(model, machine, bits) if machine.drive else fit.parts["weights"])
    room = np.minimum(fit.memory - held_first, machine.memory)  # caches stay on the devices, beside a host too
    most = np.floor(np.maximum(room, 0) / least)
    held = np.floor(np.maximum(room - np.asarray(fit.parts["engine"]), 0) / per_sequence)
    words = np.broadcast_to(np.array("memory"), held.shape)
    basis = f"memory, of which {engine.name} leaves {1 - engine.memory_share:.0%} free besides its buffers"
    return Estimate(
        "sequences", "sequences", fit, basis, plain(held), most, held, held, most, {"held": held}, words
    )


def devices_to_hold(model: Model, machine: Machine, context=4096, batch=1, weights=None) -> int:
    """The smallest power of two of a machine's devices that holds a model and its caches.

    Args:
        model: what is held.
        machine: one device, or several.
        context, batch, weights: as in `fits`, single values.

    Raises:
        DoesNotFit: no number of them is enough, because what each device holds for itself fills it.

    >>> from freeweights.machine import machine; from freeweights.transformer import model
    >>> devices_to_hold(model("DeepSeek-R1"), machine("H200 SXM 141GB"), weights="FP8")
    8
    """
    fit = fits(model, machine, weights, context, batch)
    usable = (fit.memory - fit.parts["engine"]) / machine.count
    if usable <= 0:
        raise DoesNotFit(
            f"{machine.device.name} has {q.size(machine.device.memory)}, and the engine's own buffers take "
            f"{q.size(fit.parts['engine'] / machine.count)} of each: choose an engine with shorter chunks."
        )
    count = 1
    while not fits(model, replace(machine, count=count), weights, context, batch).fits:
        count *= 2
        if count > MOST_DEVICES:
            alone = shared_bytes(model, replace(machine, count=1), stored(weights, model).bits)
            raise DoesNotFit(
                f"Not even {MOST_DEVICES:,} of {machine.device.name} hold {model.name}: split by "
                f"{machine.split}, each holds the {q.size(alone)} that are no routed experts. "
                "Split by tensor, or choose fewer bits."
            )
    return count
