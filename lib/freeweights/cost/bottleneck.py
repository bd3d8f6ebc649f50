"""What is scarce when a model runs on a machine: arithmetic, bandwidth, capacity, links, or only the engine's overhead.

Rates here are the specified ones, so that every answer can be worked out with a pencil; overhead is what published rows show
for each layer. What machines really reach is in `inference`, of which advice is asked: parts of a step add, so it changes one
rate at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..facts import quantities as q
from ..facts.arrays import plain
from ..facts.vocabulary import Bottleneck, Phase, word
from ..machines.machine import Machine
from ..models.transformer import Model
from . import inference
from .efficiency import WAITING, constants, slowness, weighted_seconds
from .estimate import Estimate, Fit
from .memory import Case, max_sequences
from .step_work import cache_readings, decode_work, least_compute_seconds, prefill_work, specified_seconds
from .weight_storage import bits_per_weight

LARGEST = 2**20  # where the search for a batch or a prompt ends


@dataclass(frozen=True)
class StepDemand:
    """What one step asks of a machine: FLOPs and bytes to read; numbers or arrays.

    One step of decode writes a token for every sequence of the batch; one of prefill reads a prompt for each.
    seconds: what arithmetic (where a rate is published), bandwidth and links (between devices) take alone, and the engine's
    overhead.
    """

    flops: float | np.ndarray
    bytes: float | np.ndarray
    seconds: dict[Bottleneck, float | np.ndarray]

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
        bits: width at which floating-point weights are multiplied, number or array.

    Returns:
        FLOP/byte, by specification; below it bandwidth is the limit, above it arithmetic.

    Raises:
        catalog.CatalogError: nobody publishes the device's compute rate.

    >>> from freeweights.machines.machine import machine
    >>> round(ridge_point(machine("H100 SXM5 80GB")))
    295
    """
    return plain(np.asarray(machine.flops(bits, integers=False)) / machine.memory_bandwidth)


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
    return plain(np.minimum(slope, machine.flops(bits, integers=False)) if machine.computes else slope)


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
    >>> [demand(llama, gpu, phase, weights="BF16").intensity > 295 for phase in Phase]
    [False, True]
    """
    return demand_of(case_of(model, machine, phase, context, batch, weights), phase)


def case_of(model: Model, machine: Machine, phase: str, context, batch, weights) -> Case:
    """The case of one step, refused where the phase is neither of the two or a prompt is empty."""
    least = 1 if word(Phase, phase, "phase") == Phase.PREFILL else 0
    return Case.of(model, machine, weights=weights, context=context, batch=batch, least=least)


def demand_of(case: Case, phase: str) -> StepDemand:
    """The answer of `demand` for a case."""
    model, machine = case.model, case.machine
    count, flops = (
        (decode_work, model.flops_per_token) if phase == Phase.DECODE else (prefill_work, model.prefill_flops)
    )
    work = count(case)
    took = specified_seconds(case, work)
    read = took.weights + took.experts + took.cache / cache_readings(case) + took.cpu_host + took.drive
    seconds = {Bottleneck.BANDWIDTH: read}
    if phase == Phase.PREFILL or machine.computes:
        machine.flops(case.storage.bits)
        seconds[Bottleneck.ARITHMETIC] = least_compute_seconds(case, work)
    if machine.count > 1:
        seconds[Bottleneck.LINKS] = took.messages
    row = constants(machine, case.storage.family, phase)[0]
    seconds[Bottleneck.OVERHEAD] = weighted_seconds(took, slowness(row), WAITING)
    seconds = {name: plain(value) for name, value in seconds.items()}
    return StepDemand(plain(case.batch * flops(case.context)), work.bytes_read, seconds)


@dataclass(frozen=True)
class LimitingResource:
    """What is scarce in one case.

    resource: one of the five. factor: how many times longer it takes than what comes `next`; for capacity, how many times the memory is needed. demand: what the step asks for.
    """

    resource: Bottleneck
    factor: float
    next: str
    demand: StepDemand
    fit: Fit


def limiting_resource(
    model: Model, machine: Machine, phase="decode", *, context=4096, batch=1, weights=None
) -> LimitingResource:
    """What one step waits for longest: arithmetic, bandwidth, capacity and links at the specified rates, or the overhead
    that published rows show for each layer.

    Args:
        model, machine: what and where.
        phase, context, batch, weights: as in `demand`, single values.

    Returns:
        a LimitingResource. What does not fit lacks capacity, whatever the rest would take.

    Raises:
        ValueError: as `demand`. catalog.CatalogError: prefill on a device without a published compute rate.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> llama = model("Llama 3.1 70B")
    >>> limiting_resource(llama, machine("H200 SXM 141GB"), weights="FP8").resource
    <Bottleneck.BANDWIDTH: 'bandwidth'>
    >>> limiting_resource(llama, machine("H200 SXM 141GB"), "prefill", weights="FP8").resource
    <Bottleneck.ARITHMETIC: 'arithmetic'>
    >>> limiting_resource(llama, machine("GeForce RTX 4090"), weights="FP8").resource
    <Bottleneck.CAPACITY: 'capacity'>
    """
    case = case_of(model, machine, phase, context, batch, weights)
    asked, fit = demand_of(case, phase), case.fit
    seconds = asked.seconds
    longest = sorted(seconds, key=seconds.get, reverse=True)
    if not fit.fits:
        return LimitingResource(Bottleneck.CAPACITY, fit.needed / fit.memory, longest[0], asked, fit)
    return LimitingResource(longest[0], seconds[longest[0]] / seconds[longest[1]], longest[1], asked, fit)


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
    most = LARGEST if phase == Phase.DECODE else min(model.max_context, LARGEST)

    def computes_longer(numbers) -> np.ndarray:
        batch, tokens = (numbers, context) if phase == Phase.DECODE else (1, numbers)
        seconds = demand(model, machine, phase, context=tokens, batch=batch, weights=weights).seconds
        return np.asarray(seconds[Bottleneck.ARITHMETIC]) >= seconds[Bottleneck.BANDWIDTH]

    low, high = 0, most
    if not computes_longer(most):
        return None
    while high - low > 1:
        numbers = np.unique(np.linspace(low + 1, high, 129).astype(int))
        first = int(np.argmax(computes_longer(numbers)))
        low, high = int(numbers[first - 1]) if first else low, int(numbers[first])
    return high


def remedy(
    model: Model,
    machine: Machine,
    found: LimitingResource,
    phase="decode",
    *,
    context=4096,
    batch=1,
    weights=None,
) -> str:
    """What would move the bottleneck, as half a sentence; `found` as `limiting_resource` returned it.

    What twice a rate saves is asked of the expected step, one rate at a time, since its parts add.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> what, where = model("Llama 3.1 8B"), machine("H100 SXM5 80GB")
    >>> remedy(what, where, limiting_resource(what, where, context=1, weights="BF16"), context=1, weights="BF16")
    'twice the bandwidth saves 38 % of the step, half the overhead 12 %; arithmetic takes over at a batch of about 296'
    """
    if found.resource == Bottleneck.CAPACITY:
        return (
            f"{q.size(found.fit.missing)} are missing: fewer bits, less context, fewer users or more devices"
        )
    doubled = gains(inference.predict(model, machine, phase, context=context, batch=batch, weights=weights))
    if found.resource != Bottleneck.BANDWIDTH:
        return f"{doubled}; {BESIDE[found.resource]}"
    if not machine.computes:
        return f"{doubled}; so would fewer bits"
    return f"{doubled}; {more_users(model, machine, phase, context, weights)}"


BESIDE = {
    Bottleneck.LINKS: "so might fewer devices",
    Bottleneck.ARITHMETIC: "one more user adds a whole user's arithmetic",
    Bottleneck.OVERHEAD: "so would fewer layers or a leaner engine",
}
GAINS = {
    Bottleneck.ARITHMETIC: "twice the arithmetic",
    Bottleneck.BANDWIDTH: "twice the bandwidth",
    Bottleneck.LINKS: "links twice as fast",
    Bottleneck.OVERHEAD: "half the overhead",
    Bottleneck.HOST_MEMORY: "a host's memory twice as fast",
    Bottleneck.DRIVE: "a drive twice as fast",
}
WORTH_SAYING = 0.05  # share of a step


def gains(step: Estimate) -> str:
    """What twice each rate saves of an expected step, the most first, as far as it is worth saying.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> gains(inference.decode(model("Llama 3.1 70B"), machine("H200 SXM 141GB", 8), weights="FP8"))
    'half the overhead saves 29 % of the step, twice the bandwidth 16 %, links twice as fast 5.7 %'
    """
    saved = {name: float(share) for name, share in step.unmasked().saved().items()}
    said = sorted((name for name in saved if saved[name] >= WORTH_SAYING), key=saved.get, reverse=True)
    first, *rest = said or [max(saved, key=saved.get)]
    head = f"{GAINS[first]} saves {q.percent(saved[first])} of the step"
    return ", ".join([head, *(f"{GAINS[name]} {q.percent(saved[name])}" for name in rest)])


def more_users(model: Model, machine: Machine, phase: str, context, weights) -> str:
    """Whether more users, or a longer prompt, would give the arithmetic something to do."""
    number = crossover(model, machine, phase, context=context, weights=weights)
    if phase == Phase.PREFILL:
        return (
            f"arithmetic takes over in prompts of about {number:,} tokens"
            if number
            else "no prompt is long enough"
        )
    if number is None:
        shared = "a crowd shares the weights, but each user's cache is read for that user alone"
        return f"no batch makes arithmetic scarce: {shared}"
    if number > (
        room := max_sequences(model, machine, context=np.maximum(context, 1), weights=weights).expected
    ):
        return f"arithmetic would take over at a batch of about {number:,}, but only {room:,.0f} fit"
    return f"arithmetic takes over at a batch of about {number:,}"
