"""What one step has to do: bytes to read, FLOPs to compute, layers to launch, messages to send; and their least time.

`decode_work` and `prefill_work` count without any rate of a machine; `specified_seconds` divides by the specified rates,
once. `efficiency` has what published measurements show each kind to cost above that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..facts.arrays import plain
from ..facts.vocabulary import Split
from ..machines.machine import Machine
from ..models import experts
from ..models.cache_storage import cache_width
from ..models.transformer import WITHOUT_EMBEDDINGS, Model
from .efficiency import fitted_constants
from .memory import ACTIVATION_BYTES, Case, Placement, copies
from .weight_storage import NEARLY_WHOLE, weight_storage


class Message(NamedTuple):
    """What every device sends `times` times in a step: `pattern`, a collective of `Machine`, and its `size` in bytes."""

    pattern: str
    size: np.ndarray
    times: int


@dataclass(frozen=True)
class StepWork:
    """The work of one step, by kind; numbers or arrays, whatever the rates of the machine.

    weights, experts, cache, scores: bytes that the devices read, each counted as often as it is read. cpu_host, drive: bytes
    read from a host's memory and from a drive. linear, blocks, expert_linear, attention: FLOPs of weights as wide as they
    are multiplied, of narrower ones, of routed experts, of attention. layer, expert_layer: how many are launched.
    messages: what the devices send. pipelined: how many times as fast a full pipeline of
    devices that take turns works all this off; None where they do not.
    """

    weights: np.ndarray
    experts: np.ndarray
    cache: np.ndarray
    linear: np.ndarray
    blocks: np.ndarray
    expert_linear: np.ndarray
    attention: np.ndarray
    layer: np.ndarray
    expert_layer: np.ndarray
    messages: tuple[Message, ...] = ()
    scores: np.ndarray | float = 0.0
    cpu_host: np.ndarray | float = 0.0
    drive: np.ndarray | float = 0.0
    pipelined: np.ndarray | None = None

    @property
    def bytes_read(self):
        """Bytes of weights and caches that the step reads, wherever they lie."""
        return plain(self.weights + self.experts + self.cache + self.cpu_host + self.drive)

    @property
    def flops(self):
        """FLOPs of the step."""
        return plain(self.linear + self.blocks + self.expert_linear + self.attention)


def share_touched(model: Model, tokens, routing_agreement: float):
    """The share of the routed experts that one pass over so many tokens reads; 0 in a dense model.

    Args:
        model: the model.
        tokens: tokens in the pass, number or array.
        routing_agreement: see `experts.expected_distinct_experts`.
    """
    if not model.is_moe:
        return 0.0
    touched = experts.expected_distinct_experts(
        model.experts, model.experts_per_token, tokens, routing_agreement
    )
    return touched / model.experts


def weights_read(model: Model, tokens, agreement: float | None = None):
    """How many weights one pass over so many tokens reads, number or array.

    >>> from freeweights.models.transformer import model
    >>> weights_read(model("Llama 3.1 8B"), 1) == weights_read(model("Llama 3.1 8B"), 64)
    True
    """
    routed = model.moe_layers * model.experts * model.expert_weights
    touched = share_touched(model, tokens, fitted_constants(agreement).routing_agreement)
    return plain(np.zeros(np.shape(tokens)) + model.shared_weights + touched * routed)


def step_bytes(model: Model, *, context, batch=1, weights=None, agreement=None) -> tuple:
    """Bytes that one decode step reads: of the weights that its tokens touch, and of all sequences' caches.

    Args:
        model: the model.
        context, batch: tokens of each sequence, and sequences; numbers or arrays.
        weights: as in `weight_storage`.
        agreement: how much tokens agree on their experts, from 0 to 1; the fitted one if None.

    >>> from freeweights.models.transformer import model
    >>> read, cached = step_bytes(model("Llama 3.1 8B"), context=8192, weights="BF16")
    >>> read > cached
    True
    """
    storage = weight_storage(weights, model)
    touched = share_touched(model, batch, fitted_constants(agreement).routing_agreement)
    read = storage.shared + touched * storage.experts
    return plain(np.zeros(np.shape(batch)) + read), batch * model.cache_read_bytes(context)


def messages(model: Model, machine: Machine, tokens) -> tuple[Message, ...]:
    """What the devices say to each other while they handle so many tokens.

    Two all-reduces per layer under tensor parallelism (Shoeybi et al. 2019, section 3); one message from device to
    device where they take turns; to the experts and back per layer with experts under expert parallelism, each token
    k times, at one byte a value going and two coming back (DeepSeek-V3, arXiv:2412.19437, section 3.2).
    """
    if machine.count == 1:
        return ()
    tokens = np.asarray(tokens, float)
    message = tokens * model.hidden_size * ACTIVATION_BYTES
    if machine.split == Split.PIPELINE:
        return (Message("pass_on", message, machine.count - 1),)
    if machine.split == Split.EXPERTS and model.is_moe:
        sent = tokens / machine.count * model.experts_per_token * model.hidden_size
        sizes = sent, ACTIVATION_BYTES * sent
        return tuple(Message("all_to_all", size, model.moe_layers) for size in sizes)
    return (Message("all_reduce", message, 2 * model.layers),)


def message_seconds(machine: Machine, sent: tuple[Message, ...]):
    """Least seconds that the devices spend on their messages."""
    return sum(one.times * np.asarray(getattr(machine, one.pattern)(one.size)) for one in sent) + 0.0


def weight_bytes_read(case: Case, placed: Placement, tokens) -> dict[str, np.ndarray]:
    """Bytes of weights that one pass reads, by where they lie; shared ones on every device that has a copy."""
    shared = np.asarray(case.storage.shared)
    touched = share_touched(case.model, tokens, case.constants.routing_agreement)
    routed = touched * np.asarray(case.storage.experts)
    read = {
        "weights": copies(case.model, case.machine) * placed.resident * shared,
        "experts": placed.experts * routed,
    }
    if case.machine.cpu_host:
        read["cpu_host"] = (1 - placed.resident) * shared + placed.experts_on_host * routed
    if case.machine.drive:
        read["drive"] = placed.experts_on_drive * routed
    return read


def flops_by_kind(case: Case, body, routed, attended) -> dict[str, np.ndarray]:
    """FLOPs of shared weights, by whether they are multiplied as wide as they are stored, of experts, of attention."""
    unpacked = case.storage.bits < case.storage.multiplied
    return {
        "linear": (1 - unpacked) * body,
        "blocks": unpacked * body,
        "expert_linear": routed,
        "attention": attended,
    }


def heads_per_key(model: Model) -> float:
    """Query heads that share one cached key: an engine without flash attention reads the cache once for each."""
    a = model.architecture
    return a.heads / a.kv_heads if a.heads and a.kv_heads and not a.kv_lora_rank else 1.0


def cache_readings(case: Case) -> float:
    """How often a decode step reads each cache: by every device that copies it, and for each query head without flash
    attention."""
    return case.cache_copies * (1.0 if case.engine.flash_attention else heads_per_key(case.model))


def score_bytes(model: Model, prompt):
    """Bytes of the scores of one prompt's attention going to memory and back, twice, at 4 bytes each.

    An engine without flash attention writes the scores of every head, reads them for the softmax, writes and reads again.
    """
    return 4.0 * 4 * model.layers * (model.architecture.heads or 0) * np.asarray(prompt) ** 2 / 2


def routed_flops(model: Model) -> float:
    """FLOPs that one token does in its routed experts: two for each of their weights."""
    return 2.0 * model.moe_layers * model.experts_per_token * model.expert_weights


def decode_work(case: Case, checked=1) -> StepWork:
    """The work of one decode step: `checked` tokens for each sequence of the case, one without speculation.

    All of them touch experts, are multiplied and sent; the sequence's cache is read once for them all.
    """
    model, batch, context = case.model, case.batch, case.context
    tokens = batch * checked
    width = cache_width(case.cache, case.engine)
    cached = model.cache_read_bytes(context, width, latents=case.engine.keeps_latents)
    attended = tokens * (model.flops_per_token(context) - model.flops_of_weights)
    routed = tokens * routed_flops(model)
    body = tokens * model.flops_of_weights - routed
    return StepWork(
        cache=cache_readings(case) * batch * cached,
        layer=float(model.layers),
        expert_layer=float(model.moe_layers),
        messages=messages(model, case.machine, tokens),
        **weight_bytes_read(case, case.placed, tokens),
        **flops_by_kind(case, body, routed, attended),
    )


def prefill_work(case: Case) -> StepWork:
    """The work of reading the prompts of a case, chunk by chunk: every chunk reads the weights anew."""
    model, machine, prompt = case.model, case.machine, case.context
    tokens = case.batch * prompt
    size = np.minimum(case.engine.chunk_tokens, tokens)
    chunks = tokens / size
    body = 2.0 * model.active(WITHOUT_EMBEDDINGS) * tokens
    routed = tokens * routed_flops(model)
    attended = case.batch * model.prefill_flops(prompt) - body
    read = weight_bytes_read(case, case.placed, size)
    pipelined = None
    if machine.split == Split.PIPELINE:  # the chunks of a long prompt follow each other through the devices
        pipelined = chunks * machine.count / (chunks + machine.count - 1)
    return StepWork(
        cache=0.0,
        scores=0.0 if case.engine.flash_attention else case.batch * score_bytes(model, prompt),
        layer=model.layers * chunks,
        expert_layer=model.moe_layers * chunks,
        messages=messages(model, machine, tokens),
        pipelined=pipelined,
        **{where: chunks * part for where, part in read.items()},
        **flops_by_kind(case, body - routed, routed, np.maximum(attended, 0.0)),
    )


class StepSeconds(NamedTuple):
    """Seconds that each kind of work of a `StepWork` takes at the specified rates; launched layers stay a number."""

    weights: np.ndarray
    experts: np.ndarray
    cache: np.ndarray
    scores: np.ndarray
    cpu_host: np.ndarray
    drive: np.ndarray
    linear: np.ndarray
    blocks: np.ndarray
    expert_linear: np.ndarray
    attention: np.ndarray
    layer: np.ndarray
    expert_layer: np.ndarray
    messages: np.ndarray


# Whose engines have no matrix kernel for BF16 and multiply weights of 16 bits in fp32: on AMD's integrated GPUs llama.cpp
# under Vulkan, and under ROCm as far as rows are published.
WITHOUT_BF16 = ("amd-unified", "ggml")


def width_multiplied(case: Case):
    """Bits at which a case's weights are multiplied by its engine on its device."""
    bits = case.storage.multiplied
    if (case.machine.device.device_class, case.engine.family) != WITHOUT_BF16:
        return bits
    return plain(np.where(np.asarray(case.storage.bits) > NEARLY_WHOLE, 32.0, bits))


def specified_seconds(case: Case, work: StepWork, full: bool = False) -> StepSeconds:
    """Work over the specified rates of a machine.

    Args:
        case, work: where it is done, and what.
        full: whether a pipeline is kept busy throughout, as none of published rows is.
    """
    machine, waves = case.machine, share_of_pipeline(case, work, full)
    read = waves / machine.memory_bandwidth
    narrow = wide = np.inf  # without a published rate, computing is not counted
    if machine.computes:
        widths = width_multiplied(case), 16
        narrow, wide = (machine.flops(bits, integers=False) for bits in widths)
    narrow, wide = waves / narrow, waves / wide
    return StepSeconds(
        weights=work.weights * read,
        experts=work.experts * read,
        cache=work.cache * read,
        scores=work.scores * read,
        cpu_host=work.cpu_host * waves / machine.cpu_host.memory_bandwidth if machine.cpu_host else 0.0,
        drive=work.drive * waves / machine.drive.bandwidth if machine.drive else 0.0,
        linear=work.linear * narrow,
        blocks=work.blocks * narrow,
        expert_linear=work.expert_linear * narrow,
        attention=work.attention * wide,
        layer=work.layer * waves,
        expert_layer=work.expert_layer * waves,
        messages=message_seconds(machine, work.messages),
    )


def share_of_pipeline(case: Case, work: StepWork, full: bool):
    """Time over the time without a pipeline, of devices that take turns; 1 where they do not."""
    if work.pipelined is None:
        return 1.0
    return 1 / (1 + (1.0 if full else case.constants.pipeline_utilisation) * (work.pipelined - 1))


def least_compute_seconds(case: Case, work: StepWork, full: bool = False):
    """Seconds of all FLOPs at the highest rate that the stored width allows: unpacking might be avoided."""
    if not case.machine.computes:
        return 0.0
    return work.flops * share_of_pipeline(case, work, full) / case.machine.flops(case.storage.bits)
