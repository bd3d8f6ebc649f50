"""How long one model takes on one machine: cold load, prefill, decode.

Every time is bytes over bandwidth or FLOPs over rate, whichever is larger, plus what the devices say to each other and
an overhead per layer. The shares of bandwidth and rate that machines really reach are read from data/derived/calibration.csv.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..facts import catalog
from ..facts.arrays import at_least, plain
from ..facts.records_derived import Calibration
from ..facts.vocabulary import Bottleneck, Phase, word
from ..machines.machine import Machine
from ..models.speculation import Speculation
from ..models.transformer import Model
from .efficiency import (
    COMPUTING,
    READING,
    WAITING,
    calibrations,
    constants,
    ends_of,
    fitted_constants,
    slowness,
    weighted_seconds,
)
from .estimate import Estimate, Fit
from .memory import Case, fits
from .step_work import (
    StepSeconds,
    StepWork,
    cache_readings,
    decode_work,
    least_compute_seconds,
    prefill_work,
    specified_seconds,
    width_multiplied,
)
from .weight_storage import weight_bytes

DOING = {Phase.DECODE: "decoding", Phase.PREFILL: "prefill"}


def load_constants(loader: str = "any") -> Calibration:
    """What published loads show of the share of a drive's rate that reaches the memory, for one kind of loader."""
    known = {row.engine: row for row in catalog.table(Calibration) if row.phase == "load"}
    if loader not in known:
        raise ValueError(f"loader is {loader!r}: choose one of {', '.join(map(repr, known))}.")
    return known[loader]


def cold_load(
    model: Model, machine: Machine | None = None, *, disk="NVMe SSD PCIe 4.0 x4", weights=None, loader="any"
) -> Estimate:
    """Time to bring the weights from a drive into memory, none of them cached.

    Args:
        model: what is loaded.
        machine: where to; if given, it must hold the model.
        disk: name of a drive or network in data/links.csv.
        weights: format or bits per weight; the released format if None.
        loader: "streaming" reads with many threads at once, "plain" file after file; "any" if you do not know.

    Returns:
        an Estimate in seconds; the lower bound is bytes over the drive's specified rate.

    Raises:
        UnknownName: no such drive. ValueError: no such kind of loader.

    >>> from freeweights.models.transformer import model
    >>> round(cold_load(model("Llama 3.1 8B"), weights="Q4_0").lower_bound, 2)
    0.63
    """
    drive, size = catalog.link(disk), weight_bytes(model, weights)
    row = load_constants(loader)
    if machine is None:
        bytes_ = plain(size)
        fit = Fit(model.name, drive.name, plain(size > 0), bytes_, bytes_, 0.0, 0.0, {"weights": bytes_})
    else:
        fit = fits(model, machine, weights=weights, context=1)
    least = size / drive.bandwidth
    parts = {Bottleneck.DRIVE: least, Bottleneck.LOADER: least / row.weights - least}
    basis = f"loading with today's engines: {row.rows} published rows ({row.sources})"
    return Estimate("loading", fit, basis, 0.0, least, parts, parts, (row.fast, row.slow))


def decode(
    model: Model,
    machine: Machine,
    *,
    context=4096,
    batch=1,
    weights=None,
    cache=None,
    agreement: float | None = None,
    speculation: Speculation | None = None,
) -> Estimate:
    """Time of one decode step: one new token for every sequence of the batch.

    Args:
        model, machine: what and where.
        context: tokens that each sequence already has, number or array.
        batch: sequences at once, number or array.
        weights: format or bits per weight; the released format if None.
        cache: width of the caches: 16 bits if None, else a format of the engine's ("FP8", "Q8_0") or "8 bits".
        agreement: how much the tokens of a batch agree on a mixture's experts, from 0, as many touched as in
            E (1 - (1 - k/E)^B), to 1, those of one token; what fits published batches if None.
        speculation: tokens guessed ahead and by what; none if None. A drafting model's own memory is not counted.

    Returns:
        an Estimate in seconds per step; a step yields `batch` tokens, and with speculation those accepted on top. It
        reads the shared weights, the experts that its tokens touch, and every sequence's cache.

    Raises:
        ValueError: batch below 1, a context beyond the model's maximum, or an agreement outside 0 to 1.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> step = decode(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), weights="Q4_0")
    >>> step.bottleneck, step.lower_bound < step.expected
    (<Bottleneck.BANDWIDTH: 'bandwidth'>, True)
    """
    shown = fitted_constants(agreement)
    case = Case.of(
        model, machine, weights=weights, context=context, batch=batch, cache=cache, least=0, constants=shown
    )
    if speculation is None:
        return time_step(Phase.DECODE, case, decode_work(case), case.batch)
    drafts = np.asarray(speculation.drafts, float)
    written = plain(case.batch * speculation.tokens_per_step)
    step = time_step(Phase.DECODE, case, decode_work(case, checked=drafts + 1), written)
    if isinstance(speculation.drafter, Model):
        guess, share = (
            decode(
                speculation.drafter, machine, context=context, batch=batch, cache=cache, agreement=agreement
            ),
            1.0,
        )
    else:
        guess, share = time_step(Phase.DECODE, case, decode_work(case), case.batch), speculation.drafter
    guess = guess.unmasked()
    drafting = drafts * share * np.asarray(guess.expected)
    return replace(
        step,
        least=step.least + drafts * share * np.asarray(guess.lower_bound),
        shares=step.shares | {Bottleneck.DRAFTING: drafting},
        causes=step.causes | {Bottleneck.DRAFTING: drafting},
    )


def prefill(model: Model, machine: Machine, *, prompt=4096, batch=1, weights=None, cache=None) -> Estimate:
    """Time to read a prompt before the first token of the answer.

    Args:
        model, machine: what and where.
        prompt: tokens of each prompt, number or array.
        batch: prompts at once, number or array.
        weights: format or bits per weight; the released format if None.
        cache: width of the caches, as in `decode`.

    Returns:
        an Estimate in seconds; it yields prompt x batch tokens read.

    Raises:
        ValueError: prompt or batch below 1, or a prompt beyond the model's maximum.
        CatalogError: nobody publishes the device's compute rate.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> prefill(model("Llama 3.1 8B"), machine("GeForce RTX 4090"), prompt=2048, weights="Q4_0").bottleneck
    <Bottleneck.ARITHMETIC: 'arithmetic'>
    """
    prompt = at_least(prompt, "prompt", 1)
    case = Case.of(model, machine, weights=weights, context=prompt, batch=batch, cache=cache)
    machine.flops(case.storage.bits)  # reading is computing: refused where no rate is published
    return time_step(Phase.PREFILL, case, prefill_work(case), case.batch * case.context)


def predict(
    model: Model, machine: Machine, phase: str, *, context=4096, batch=1, weights=None, cache=None
) -> Estimate:
    """`decode` or `prefill` by the name of the phase; `context` is what each sequence holds, or each prompt's length."""
    if word(Phase, phase, "phase") == Phase.PREFILL:
        return prefill(model, machine, prompt=context, batch=batch, weights=weights, cache=cache)
    return decode(model, machine, context=context, batch=batch, weights=weights, cache=cache)


def elsewhere(machine: Machine, seconds: StepSeconds, phase: Phase) -> dict[str, np.ndarray]:
    """Seconds of reading what lies with the host, whose processor multiplies it, and what lies on the drive."""
    found = {}
    if machine.cpu_host:
        found[Bottleneck.HOST_MEMORY] = seconds.cpu_host / calibrations(phase)["any", "cpu_host"].weights
    if machine.drive:
        found[Bottleneck.DRIVE] = seconds.drive / load_constants().weights
    return found


def time_step(phase: Phase, case: Case, work: StepWork, tokens) -> Estimate:
    """An Estimate from the work of a step and the constants of its phase and of the machine's arithmetic.

    Arithmetic is known from prefill: a decode step of many sequences multiplies in the same way. For the lower bound, a
    pipeline is full.
    """
    machine, family = case.machine, case.storage.family
    row, basis = constants(machine, family, phase)
    arithmetic = row if phase == Phase.PREFILL else constants(machine, family, Phase.PREFILL)[0]
    shown, multiplied = slowness(row), slowness(arithmetic)
    seconds = specified_seconds(case, work)
    read, far = weighted_seconds(seconds, shown, READING), elsewhere(machine, seconds, phase)
    computed, waited = (
        weighted_seconds(seconds, multiplied, COMPUTING),
        weighted_seconds(seconds, shown, WAITING),
    )
    longest = {
        Bottleneck.BANDWIDTH: read,
        **far,
        Bottleneck.ARITHMETIC: computed,
        Bottleneck.LINKS: seconds.messages,
        Bottleneck.OVERHEAD: waited,
    }
    parts = {
        "weights": weighted_seconds(seconds, shown, ("weights", "experts")),
        "cache": weighted_seconds(seconds, shown, ("cache",)),
        **far,
        "compute beyond reading": np.maximum(computed - read, 0.0),
        "communication": seconds.messages,
        "overhead": waited,
    }
    rows = [row] + ([calibrations(phase)["any", "cpu_host"]] if machine.cpu_host else [])
    fast, slow = zip(*(ends_of(one, case.model, machine) for one in rows))
    ends = min(fast), max(slow)
    least = least_seconds(case, work, seconds)
    if np.any(np.asarray(width_multiplied(case)) > case.storage.multiplied):
        basis += "; weights of 16 bits are multiplied in fp32: the engine has no matrix kernel for them on this device"
    return Estimate(DOING[phase], case.fit, basis, plain(tokens), least, parts, longest, ends)


def least_seconds(case: Case, work: StepWork, seconds: StepSeconds):
    """Seconds below which no machine of this kind does the work: all at the specified rates, every cache read once and by
    one device, a pipeline full."""
    full = seconds if work.pipelined is None else specified_seconds(case, work, full=True)
    read = full.weights + full.experts + full.cache / cache_readings(case)
    here = np.maximum(read, least_compute_seconds(case, work, full=True))
    return here + full.cpu_host + full.drive
