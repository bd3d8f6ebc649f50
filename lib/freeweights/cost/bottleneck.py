"""Which of four is scarce when a model runs on a machine: arithmetic, bandwidth, capacity or links.

All rates here are the specified ones, so that every answer can be worked out with a pencil; what machines
really reach is in `inference`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..facts import quantities as q
from ..facts.arrays import plain
from ..machines.machine import Machine
from ..models.transformer import Model
from .estimate import Fit
from .memory import Case, slots
from .step_work import cache_readings, decode_work, least_compute_seconds, prefill_work, specified_seconds
from .weight_storage import bits_per_weight

WORDS = ("arithmetic", "bandwidth", "capacity", "links")
PHASES = ("decode", "prefill")
LARGEST = 2**20  # where the search for a batch or a prompt ends


@dataclass(frozen=True)
class StepDemand:
    """What one step asks of a machine: FLOPs and bytes to read; numbers or arrays.

    One step of decode writes a token for every sequence of the batch; one of prefill reads a prompt for each.
    seconds: what arithmetic (where a rate is published), bandwidth and links (between devices) take alone.
    """

    flops: float | np.ndarray
    bytes: float | np.ndarray
    seconds: dict[str, float | np.ndarray]

    @property
    def intensity(self) -> float | np.ndarray:
        """FLOPs for each byte that is read."""
        return arithmetic_intensity(self.flops, self.bytes)


def arithmetic_intensity(flops, bytes_):
    """FLOPs done for each byte moved. Source: Williams, Waterman and Patterson 2009, "Roofline".

    Args:
        flops: FLOPs, number or array.
        bytes_: bytes moved between memory and the arithmetic units, above 0.

    Returns:
        FLOP/byte.

    Raises:
        ValueError: no bytes are moved.

    >>> arithmetic_intensity(flops=2 * 1024**2, bytes_=2 * 1024**2)
    1.0
    """
    if np.any(np.asarray(bytes_) <= 0):
        raise ValueError(f"bytes_ is {bytes_}: without a byte moved there is no arithmetic intensity.")
    return plain(np.asarray(flops, float) / bytes_)


def ridge_point(machine: Machine, bits=16.0):
    """Arithmetic intensity at which a machine's arithmetic takes as long as its reading.

    Args:
        machine: where.
        bits: width at which weights are multiplied, number or array.

    Returns:
        FLOP/byte, by specification; below it bandwidth is the limit, above it arithmetic.

    Raises:
        catalog.CatalogError: nobody publishes the device's compute rate.

    >>> from freeweights.machines.machine import machine
    >>> round(ridge_point(machine("H100 SXM5 80GB")))
    295
    """
    return plain(np.asarray(machine.flops(bits)) / machine.memory_bandwidth)


def roof(machine: Machine, intensity, bits=16.0):
    """The most FLOP/s that a machine can do at an arithmetic intensity.

    Args:
        machine: where; one without a published compute rate has a roof of bandwidth alone.
        intensity: FLOP/byte, number or array.
        bits: width at which weights are multiplied.

    Returns:
        FLOP/s of all devices, in the shape of `intensity`.

    >>> from freeweights.machines.machine import machine
    >>> roof(machine("H100 SXM5 80GB"), 1.0) == machine("H100 SXM5 80GB").memory_bandwidth
    True
    """
    slope = np.asarray(intensity, float) * machine.memory_bandwidth
    return plain(np.minimum(slope, machine.flops(bits)) if machine.computes else slope)


def demand(
    model: Model, machine: Machine, phase="decode", *, context=4096, batch=1, weights=None
) -> StepDemand:
    """FLOPs, bytes and seconds of one step, by the library's counts; memory is not asked about.

    Args:
        model, machine: what and where.
        phase: "decode", one token for each sequence, or "prefill", one prompt for each.
        context: tokens of each sequence, or of each prompt; number or array.
        batch: sequences at once, number or array.
        weights: format or bits per weight; the released format if None.

    Returns:
        a StepDemand. Decode reads the weights and every cache, prefill the weights once per chunk of the prompt.

    Raises:
        ValueError: another phase, no sequence, an empty prompt, or a context that the model does not have.
        catalog.CatalogError: prefill on a device whose compute rate nobody publishes.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> llama, gpu = model("Llama 3.1 8B"), machine("H100 SXM5 80GB")
    >>> [demand(llama, gpu, phase, weights="BF16").intensity > 295 for phase in PHASES]
    [False, True]
    """
    return demand_of(case_of(model, machine, phase, context, batch, weights), phase)


def case_of(model: Model, machine: Machine, phase: str, context, batch, weights) -> Case:
    """The case of one step, refused where the phase is neither of the two or a prompt is empty."""
    if phase not in PHASES:
        raise ValueError(f"phase is {phase!r}: choose {' or '.join(map(repr, PHASES))}.")
    least = 1 if phase == "prefill" else 0
    return Case.of(model, machine, weights=weights, context=context, batch=batch, least=least)


def demand_of(case: Case, phase: str) -> StepDemand:
    """The answer of `demand` for a case."""
    model, machine = case.model, case.machine
    count, flops = (
        (decode_work, model.flops_per_token) if phase == "decode" else (prefill_work, model.prefill_flops)
    )
    work = count(case)
    took = specified_seconds(case, work)
    seconds = {
        "bandwidth": took.weights + took.experts + took.cache / cache_readings(case) + took.host + took.drive
    }
    if phase == "prefill" or machine.computes:
        machine.flops(case.storage.bits)
        seconds["arithmetic"] = least_compute_seconds(case, work)
    if machine.count > 1:
        seconds["links"] = took.messages
    seconds = {name: plain(value) for name, value in seconds.items()}
    return StepDemand(plain(case.batch * flops(case.context)), work.bytes_read, seconds)


@dataclass(frozen=True)
class Scarcity:
    """What is scarce in one case.

    word: one of WORDS. factor: how many times longer it takes than what comes `next`, None where nothing
    else is known; for capacity, how many times the memory is needed. demand: what the step asks for.
    """

    word: str
    factor: float | None
    next: str
    demand: StepDemand
    fit: Fit


def scarcest(
    model: Model, machine: Machine, phase="decode", *, context=4096, batch=1, weights=None
) -> Scarcity:
    """Which of arithmetic, bandwidth, capacity and links one step waits for, at the specified rates.

    Args:
        model, machine: what and where.
        phase, context, batch, weights: as in `demand`, single values.

    Returns:
        a Scarcity. What does not fit lacks capacity, whatever the rest would take.

    Raises:
        ValueError: as `demand`. catalog.CatalogError: prefill on a device without a published compute rate.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> llama = model("Llama 3.1 70B")
    >>> scarcest(llama, machine("H200 SXM 141GB"), weights="FP8").word
    'bandwidth'
    >>> scarcest(llama, machine("H200 SXM 141GB"), "prefill", weights="FP8").word
    'arithmetic'
    >>> scarcest(llama, machine("GeForce RTX 4090"), weights="FP8").word
    'capacity'
    """
    case = case_of(model, machine, phase, context, batch, weights)
    asked, fit = demand_of(case, phase), case.fit
    seconds = asked.seconds
    longest = sorted(seconds, key=seconds.get, reverse=True)
    if not fit.fits:
        return Scarcity("capacity", fit.needed / fit.memory, longest[0], asked, fit)
    if len(longest) == 1:
        return Scarcity(longest[0], None, "", asked, fit)
    return Scarcity(longest[0], seconds[longest[0]] / seconds[longest[1]], longest[1], asked, fit)


def crossover(model: Model, machine: Machine, phase="decode", *, context=4096, weights=None) -> int | None:
    """The smallest batch, or in prefill the shortest prompt, whose arithmetic takes as long as its reading.

    Args:
        model, machine: what and where; memory is not asked about.
        phase: "decode" searches a batch at `context`, "prefill" a prompt of one sequence.
        context: tokens of each sequence in decode.
        weights: as in `demand`.

    Returns:
        sequences or tokens; None where reading always takes longer, as every user's own cache can make it.

    Raises:
        catalog.CatalogError: nobody publishes the device's compute rate.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> crossover(model("Llama 3.1 8B"), machine("H100 SXM5 80GB"), context=1, weights="BF16")
    296
    """
    machine.flops(bits_per_weight(weights, model)[0])
    most = LARGEST if phase == "decode" else min(model.max_context, LARGEST)

    def computes_longer(numbers) -> np.ndarray:
        batch, tokens = (numbers, context) if phase == "decode" else (1, numbers)
        seconds = demand(model, machine, phase, context=tokens, batch=batch, weights=weights).seconds
        return np.asarray(seconds["arithmetic"]) >= seconds["bandwidth"]

    low, high = 0, most
    if not computes_longer(most):
        return None
    while high - low > 1:
        numbers = np.unique(np.linspace(low + 1, high, 129).astype(int))
        first = int(np.argmax(computes_longer(numbers)))
        low, high = int(numbers[first - 1]) if first else low, int(numbers[first])
    return high


def remedy(
    model: Model, machine: Machine, found: Scarcity, phase="decode", *, context=4096, weights=None
) -> str:
    """What would move the bottleneck, as half a sentence; `found` as `scarcest` returned it.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> what, where = model("Llama 3.1 8B"), machine("H100 SXM5 80GB")
    >>> remedy(what, where, scarcest(what, where, context=1, weights="BF16"), context=1, weights="BF16")
    'arithmetic takes over at a batch of about 296'
    """
    if found.word == "capacity":
        return (
            f"{q.size(found.fit.missing)} are missing: fewer bits, less context, fewer users or more devices"
        )
    if found.word == "links":
        return "faster links or fewer devices would move it, faster devices would not"
    if found.word == "arithmetic":
        return "more FLOP/s would move it; one more user costs a whole user's time"
    if not machine.computes:
        return "faster memory or fewer bits would move it"
    number = crossover(model, machine, phase, context=context, weights=weights)
    if phase == "prefill":
        return (
            f"arithmetic takes over in prompts of about {number:,} tokens"
            if number
            else "no prompt is long enough"
        )
    if number is None:
        better = "faster memory or fewer bits would move it, more users would not"
        return f"{better}: each user's cache is read for that user alone"
    if number > (room := slots(model, machine, context=np.maximum(context, 1), weights=weights).expected):
        return f"arithmetic would take over at a batch of about {number:,}, but only {room:,.0f} fit"
    return f"arithmetic takes over at a batch of about {number:,}"
