"""Speed-up by tensor parallelism: what the step of several devices waits for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ..cost import inference, memory
from ..cost.estimate import Estimate
from ..cost.memory import ACTIVATION_BYTES
from ..cost.step_work import message_seconds, messages
from ..evidence import published
from ..facts import catalog, figures
from ..machines.machine import Machine
from ..models.transformer import Model

COUNTS = (1, 2, 4, 8, 16)
LITTLE = 0.10  # a doubling that gains less than this is not worth its devices
NEAR = np.log(1.5)  # published batches that count as the chosen one


@dataclass(frozen=True)
class SpeedupCase:
    """One model, format, kind of device and engine, with the tokens of the prompt or context."""

    model: str
    weights: str
    device: str
    engine: str
    tokens: int


CASES = {
    "Llama 3.1 70B on H200": SpeedupCase("Llama 3.1 70B", "FP8", "H200 SXM 141GB", "vLLM", 1536),
    "Mixtral 8x7B on A100": SpeedupCase("Mixtral 8x7B", "INT8", "A100 SXM4 80GB", "gpt-fast", 105),
    "GLM-5 on M3 Ultra": SpeedupCase("GLM-5", "MXFP8", "Apple M3 Ultra 512GB", "MLX", 10_000),
    "GLM-5.2 on H200": SpeedupCase("GLM-5.2", "FP8", "H200 SXM 141GB", "vLLM", 8192),
    "Llama 3.1 8B on RTX 4090": SpeedupCase("Llama 3.1 8B", "Q8_0", "GeForce RTX 4090", "llama.cpp", 4096),
}


@dataclass(frozen=True)
class Step:
    """One step of some devices, in seconds, by what it waits for. `fits`: whether they hold the model."""

    working: float
    waiting: float
    bytes: float
    latency: float
    fits: bool = True

    @property
    def seconds(self) -> float:
        return self.working + self.waiting + self.bytes + self.latency


def joined(case: SpeedupCase, count: int, link: str, split: str = "tensor") -> Machine:
    """A case's devices under any link, as if they had its port: what would the link do for them?

    >>> joined(CASES["GLM-5 on M3 Ultra"], 4, "NVLink 4 (H100/H200)").link.name
    'NVLink 4 (H100/H200)'
    """
    one = Machine.named(case.device, engine=case.engine)
    return one if count == 1 else replace(one, count=count, link=catalog.link(link), split=split)


def with_room(machine: Machine) -> Machine:
    """The same machine with memory for any model: what one device would do if it could hold it."""
    return replace(machine, device=replace(machine.device, memory=1e16))


def run(model: Model, machine: Machine, phase: str, tokens: float, batch: float, weights: str) -> Estimate:
    """The library's estimate of one step."""
    return inference.predict(model, machine, phase, context=tokens, batch=batch, weights=weights)


def message_bytes(model: Model, tokens: float) -> float:
    """Bytes of one all-reduce: the activations of the tokens of a step.

    >>> from freeweights.models.transformer import model
    >>> message_bytes(model("Llama 3.1 70B"), 1)
    16384.0
    """
    return float(tokens * model.hidden_size * ACTIVATION_BYTES)


def talking(model: Model, machine: Machine, tokens: float) -> tuple[float, float]:
    """Seconds that a step of tensor parallelism spends on its all-reduces: on bytes, and on latency.

    An empty message costs the latency and nothing else.
    """
    latency, both = (message_seconds(machine, messages(model, machine, size)) for size in (0.0, tokens))
    return float(both - latency), float(latency)


@cache
def alone(case: SpeedupCase, count: int, phase: str, batch: float) -> tuple[float, float, bool]:
    """Seconds that devices work and wait in a step, without the link, and whether they hold the model."""
    model, machine = Model.named(case.model), joined(case, count, "NVLink 4 (H100/H200)")
    parts = run(model, with_room(machine), phase, case.tokens, batch, case.weights).parts
    waiting = parts["overhead"]
    working = sum(parts.values()) - waiting - parts["communication"]
    return (
        working,
        waiting,
        bool(memory.fits(model, machine, weights=case.weights, context=case.tokens, batch=batch).fits),
    )


def step(case: SpeedupCase, count: int, link: str, phase: str, batch: float) -> Step:
    """One step under tensor parallelism, split by what it waits for.

    Args:
        case: model, format, device and tokens.
        count: how many devices.
        link: name of the link that joins them.
        phase: "decode" or "prefill".
        batch: sequences at once.

    >>> lone = step(CASES["Llama 3.1 8B on RTX 4090"], 1, "PCIe 4.0 x16", "decode", 1)
    >>> lone.bytes, lone.latency
    (0.0, 0.0)
    """
    working, waiting, fits = alone(case, count, phase, batch)
    tokens = batch * (case.tokens if phase == "prefill" else 1)
    bytes_, latency = talking(Model.named(case.model), joined(case, count, link), tokens)
    return Step(working, waiting, bytes_, latency, fits)


def steps(case: SpeedupCase, link: str, phase: str, batch: float) -> dict[int, Step]:
    """The step of each number of devices under one link."""
    return {count: step(case, count, link, phase, batch) for count in COUNTS}


def speed_ups(steps_of: dict[int, Step]) -> dict[int, float]:
    """Each number of devices that holds the model: how many times as fast as one with memory enough.

    Args:
        steps_of: as `steps` returns them.
    """
    one = steps_of[1].seconds
    return {count: one / found.seconds for count, found in steps_of.items() if found.fits}


@cache
def pipeline_speedups(case: SpeedupCase, link: str, phase: str, batch: float) -> dict[int, float]:
    """The same where the devices hold different layers and take turns (a pipeline with one batch in it)."""
    model, found = Model.named(case.model), {}
    one = step(case, 1, link, phase, batch).seconds
    for count in COUNTS[1:]:
        machine = joined(case, count, link, "pipeline")
        estimate = run(model, machine, phase, case.tokens, batch, case.weights)
        if estimate.fits:
            found[count] = one / estimate.seconds
    return found


def stops(found: dict[int, float]) -> int | None:
    """The number of devices beyond which a doubling gains less than LITTLE; None if there is none.

    >>> stops({1: 1.0, 2: 1.8, 4: 1.9, 8: 1.95}), stops({1: 1.0, 2: 2.0})
    (2, None)
    """
    counts = list(found)
    for count, more in zip(counts, counts[1:]):
        if found[more] < (1 + LITTLE) * found[count]:
            return count
    return None


@cache
def series(case: SpeedupCase, phase: str) -> dict[tuple[str, str], dict[int, float]]:
    """Published tokens/s by number of devices: a series for each engine and batch with two points or more."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for row in figures.measurements(
        model=case.model, device=case.device, weights=case.weights, phase=phase, usable=True
    ):
        seconds = published.step_seconds(row)
        tokens = row.prompt if phase == "prefill" else published.mean_context(row)
        apart = abs(np.log(tokens / case.tokens)) if tokens else np.inf
        if seconds and apart < NEAR and row.split == "tensor":
            engine = row.engine or row.engine_as_published
            found.setdefault((engine, row.batch), {})[row.devices] = published.tokens_of(row) / seconds
    return {key: dict(sorted(rates.items())) for key, rates in found.items() if len(rates) > 1}


def points(
    case: SpeedupCase, phase: str, batch: float, expected: dict[int, float]
) -> dict[str, dict[int, float]]:
    """Published speed-ups at about the batch, by engine; each series starts on the expected line."""
    chosen = {}
    for (engine, rows_batch), rates in series(case, phase).items():
        first = next(iter(rates))
        if abs(np.log(float(rows_batch) / batch)) < NEAR and first in expected:
            shown = {count: rate / rates[first] * expected[first] for count, rate in rates.items()}
            chosen[f"{engine}, batch {rows_batch}"] = shown
    return chosen


def causes(found: Step) -> dict[str, float]:
    """What does not shrink with more devices, in words, and its seconds."""
    return {
        "the latency of the link": found.latency,
        "the bandwidth of the link": found.bytes,
        "the engine's overhead": found.waiting,
    }


def own_link(case: SpeedupCase) -> str:
    """Name of the link that a case's device comes with."""
    return catalog.device(case.device).link
