"""What goes into a machine's memory: weights, caches, and how many sequences at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..facts import quantities as q
from ..facts.arrays import at_least, numbers, plain, together
from ..facts.records_hardware import Engine
from ..facts.vocabulary import Split
from ..machines.machine import Machine
from ..models.cache_storage import cache_bytes, cache_copies, cache_width, score_buffer
from ..models.transformer import Model
from .efficiency import FittedConstants, fitted_constants
from .estimate import Capacity, DoesNotFit, Fit
from .weight_storage import WeightStorage, weight_storage

ACTIVATION_BYTES = 2
MOST_DEVICES = 2**16  # where the search for devices ends: more than anybody joins for one model


def activation_bytes(model: Model, engine: Engine) -> float:
    """Bytes of an engine's buffers: what goes in and out of the widest block in one chunk of a prompt, or the logits.

    The logits come after the last block, when its buffers are free again.
    """
    a = model.architecture
    chosen = (a.experts_per_token or 0) * (a.expert_size or 0) + (a.shared_expert_size or 0)
    width = a.hidden_size + 2 * max(a.ffn_size or 0, chosen)
    logits = engine.logit_rows * engine.logit_bytes * a.vocabulary
    return max(2.0 * engine.chunk_tokens * width * ACTIVATION_BYTES, logits)


def copies(model: Model, machine: Machine) -> int:
    """How often all but the routed experts are held: on every device where only the experts are split, else once."""
    return machine.count if machine.split == Split.EXPERTS and model.is_moe else 1


def unrouted_bytes(model: Model, machine: Machine, storage: WeightStorage):
    """Bytes of all but the routed experts, every copy counted."""
    return copies(model, machine) * np.asarray(storage.unrouted)


@dataclass(frozen=True, eq=False)
class Case:
    """One model on one machine with so many sequences of so many tokens; what follows from that is worked out once.

    storage: of the weights. cache: width of the caches, as in `cache_storage.cache_width`. context: tokens of each
    sequence. batch: sequences at once. Numbers or arrays that go together. constants: of published rows, what two tokens'
    experts and a pipeline's stages have in common. engine: what runs it. fit: whether it is in memory. placed: where its
    weights lie.
    """

    model: Model
    machine: Machine
    storage: WeightStorage
    context: np.ndarray
    batch: np.ndarray
    cache: str | float | None
    constants: FittedConstants

    @classmethod
    def of(
        cls,
        model: Model,
        machine: Machine,
        *,
        weights=None,
        context=4096,
        batch=1,
        cache=None,
        least=None,
        constants=None,
    ) -> Case:
        """A case from what a caller types: a format's name or bits, numbers or arrays; `context` from `least` on.

        Raises:
            ValueError: batch below 1, a context below `least` or beyond the model's maximum, shapes that do not go
                together. UnknownName: no format of that name.
        """
        storage = weight_storage(weights, model)
        storage = weight_storage(weights, model, machine.engine_for(storage.family))
        batch = at_least(batch, "batch", 1)
        context = numbers(context, "context") if least is None else at_least(context, "context", least)
        together(context=context, batch=batch, weights=storage.bits)
        return cls(model, machine, storage, context, batch, cache, constants or fitted_constants())

    @cached_property
    def engine(self) -> Engine:
        return self.machine.engine_for(self.storage.family)

    @cached_property
    def cache_copies(self) -> float:
        """How often the devices hold each cache: once where they take turns, or split only the experts."""
        shared = self.machine.split == Split.TENSOR and self.machine.count > 1
        return cache_copies(self.model, self.engine, self.machine.count) if shared else 1.0

    @cached_property
    def cache_bytes(self):
        """Bytes of one sequence's cache on all devices, every copy counted."""
        return self.cache_copies * np.asarray(cache_bytes(self.model, self.engine, self.context, self.cache))

    @cached_property
    def fit(self) -> Fit:
        return fit_in_memory(self)

    @cached_property
    def placed(self) -> Placement:
        return placement_of(self)


def fits(model: Model, machine: Machine, *, weights=None, context=4096, batch=1, cache=None) -> Fit:
    """Whether a model, its caches and the engine's reserve go into a machine's memory.

    Args:
        model, machine: what and where; a host's memory counts, and a drive takes the experts that fit nowhere else.
        weights: format or bits per weight; the released format if None.
        context: tokens of context per sequence, number or array.
        batch: sequences at once, number or array.
        cache: width of the caches: 16 bits if None, else a format of the engine's ("FP8", "Q8_0") or "8 bits".

    Returns:
        a Fit; `parts` add up to `needed`, in bytes.

    Raises:
        ValueError: batch below 1, a context beyond the model's maximum, or a cache that the engine does not keep.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> fits(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), weights="Q4_0").fits
    True
    """
    return Case.of(model, machine, weights=weights, context=context, batch=batch, cache=cache).fit


def fit_in_memory(case: Case) -> Fit:
    """The answer of `fits` for a case."""
    model, machine, engine = case.model, case.machine, case.engine
    host = machine.cpu_host.memory if machine.cpu_host else 0.0
    memory = machine.memory + host
    unrouted = unrouted_bytes(model, machine, case.storage)
    experts = np.asarray(case.storage.experts)
    cache = case.batch * case.cache_bytes
    kept = engine_bytes(case, unrouted + experts)
    if machine.drive:
        experts = np.clip(memory - unrouted - cache - kept, 0, experts)
    parts = {"weights": unrouted + experts, "cache": np.asarray(cache), "engine": np.asarray(kept)}
    needed = sum(parts.values())
    nothing = 0.0 * needed  # in the shape of all cases
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
        {name: plain(part + nothing) for name, part in parts.items()},
    )


def engine_bytes(case: Case, weights):
    """Bytes that the engine's buffers take on all devices, and that it leaves free, beside so many bytes of weights."""
    machine, engine = case.machine, case.engine
    working = machine.count * (activation_bytes(case.model, engine) + engine.reserve)
    working = working + score_buffer(case.model, engine, case.context)
    free = 1 - engine.memory_share
    if engine.share_of == "weights and caches":
        return np.maximum(working, free * machine.memory)
    if engine.share_of == "what is left":
        return working + free * np.maximum(machine.memory - weights - working, 0.0)
    return working + free * machine.memory


class Placement(NamedTuple):
    """Shares of the weights by where they lie: all but the routed experts on the devices, and the experts on each."""

    resident: np.ndarray
    experts: np.ndarray
    experts_on_host: np.ndarray
    experts_on_drive: np.ndarray


ALL_ON_DEVICES = Placement(*map(np.asarray, (1.0, 1.0, 0.0, 0.0)))


def placement_of(case: Case) -> Placement:
    """Fill the fastest memory first: what every token needs goes before the routed experts.

    Returns:
        shares from 0 to 1. A machine without host and drive holds everything.
    """
    model, machine, parts = case.model, case.machine, case.fit.parts
    if not (machine.cpu_host or machine.drive):
        return ALL_ON_DEVICES
    resident = unrouted_bytes(model, machine, case.storage)
    routed = np.maximum(np.asarray(case.storage.experts), 1.0)
    room = np.maximum(machine.memory - np.asarray(parts["cache"]) - np.asarray(parts["engine"]), 0.0)
    on_devices = np.minimum(1.0, room / resident)
    experts = np.clip((room - resident) / routed, 0.0, 1.0)
    host = machine.cpu_host.memory if machine.cpu_host else 0.0
    left = np.maximum(host - (1 - on_devices) * resident, 0.0)
    on_host = np.minimum(1 - experts, left / routed)
    on_drive = (1 - experts - on_host) if machine.drive else np.zeros(np.shape(on_host))
    return Placement(on_devices, experts, on_host, on_drive)


def max_sequences(model: Model, machine: Machine, *, context=32_768, weights=None, cache=None) -> Capacity:
    """How many sequences of a context a machine holds at once.

    Args:
        model, machine: what and where.
        context: tokens per sequence, number or array.
        weights: format or bits per weight; the released format if None.
        cache: width of the caches, as in `fits`.

    Returns:
        a Capacity in sequences: `expected` leaves the engine its share, `upper_bound` takes all memory.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> max_sequences(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), context=8192, weights="Q4_0").expected > 1
    True
    """
    case = Case.of(model, machine, weights=weights, context=context, cache=cache, least=1)
    fit, engine = case.fit, case.engine
    least = np.asarray(model.cache_bytes(context, min(2.0, cache_width(cache, engine))))
    held_first = np.asarray(
        unrouted_bytes(model, machine, case.storage) if machine.drive else fit.parts["weights"]
    )
    room = np.minimum(
        fit.memory - held_first, machine.memory
    )  # caches stay on the devices, beside a host too
    most = np.floor(np.maximum(room, 0) / least)
    held = np.floor(np.maximum(room - np.asarray(fit.parts["engine"]), 0) / case.cache_bytes)
    basis = f"memory, of which {engine.name} leaves {1 - engine.memory_share:.0%} free besides its buffers"
    return Capacity(fit, basis, plain(held), plain(most))


def devices_to_hold(
    model: Model, machine: Machine, *, context=4096, batch=1, weights=None, cache=None
) -> int:
    """The smallest power of two of a machine's devices that holds a model and its caches.

    Args:
        model: what is held.
        machine: one device, or several.
        context, batch, weights, cache: as in `fits`, single values.

    Raises:
        DoesNotFit: no number of them is enough, because what each device holds for itself fills it.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> devices_to_hold(model("DeepSeek-R1"), machine("H200 SXM 141GB"), weights="FP8")
    8
    """
    case = Case.of(model, machine, weights=weights, context=context, batch=batch, cache=cache)
    fit = case.fit
    usable = (fit.memory - fit.parts["engine"]) / machine.count
    if usable <= 0:
        raise DoesNotFit(
            f"{machine.device.name} has {q.size(machine.device.memory)}, and the engine's own buffers take "
            f"{q.size(fit.parts['engine'] / machine.count)} of each: choose an engine with shorter chunks."
        )
    count = 1
    while not replace(case, machine=replace(machine, count=count)).fit.fits:
        count *= 2
        if count > MOST_DEVICES:
            alone = unrouted_bytes(model, replace(machine, count=1), case.storage)
            raise DoesNotFit(
                f"Not even {MOST_DEVICES:,} of {machine.device.name} hold {model.name}: split by "
                f"{machine.split}, each holds the {q.size(alone)} that are no routed experts. "
                "Split by tensor, or choose fewer bits."
            )
    return count
