"""What one step has to do on a machine: each kind of work in the seconds it takes at the specified rates.

`decode_work` and `prefill_work` count; `constants` finds what published measurements show each kind to cost; `cost`
puts the two together. Calibration fits the constants to the very same counts.
"""

from __future__ import annotations

import numpy as np

from ..facts.arrays import plain
from ..machines.machine import Machine
from ..models import experts
from ..models.transformer import WITHOUT_EMBEDDINGS, Model
from .efficiency import Habits, habits
from .memory import ACTIVATION_BYTES, Placed
from .weight_storage import Stored, stored


def shared_and_routed(model: Model, tokens, skew: float | None = None) -> tuple:
    """How many weights one pass reads: all shared ones, and of the routed experts those that its tokens touch.

    Args:
        model: the model.
        tokens: tokens in the pass, number or array.
        skew: see `experts.experts_touched`; that of published batch series if None.
    """
    shared = float(model.shared_weights)
    if not model.is_moe:
        return shared, 0.0
    skew = habits().skew if skew is None else skew
    touched = experts.experts_touched(model.experts, model.experts_per_token, tokens, skew)
    return shared, model.moe_layers * touched * model.expert_weights


def weights_read(model: Model, tokens):
    """How many weights one pass over so many tokens reads, number or array.

    >>> from freeweights.models.transformer import model
    >>> weights_read(model("Llama 3.1 8B"), 1) == weights_read(model("Llama 3.1 8B"), 64)
    True
    """
    return plain(np.zeros(np.shape(tokens)) + sum(shared_and_routed(model, tokens)))


def step_bytes(model: Model, context, weights, batch=1) -> tuple:
    """Bytes that one decode step reads: of the weights that its tokens touch, and of all sequences' caches.

    Args:
        model: the model.
        context, batch: tokens of each sequence, and sequences; numbers or arrays.
        weights: as in `memory.stored`.

    >>> from freeweights.models.transformer import model
    >>> read, cached = step_bytes(model("Llama 3.1 8B"), 8192, "BF16")
    >>> read > cached
    True
    """
    bits = stored(weights, model).bits
    return weights_read(model, batch) * bits / 8, batch * model.cache_read_bytes(context)


def messages(model: Model, machine: Machine, tokens):
    """Seconds that the devices spend on talking while they handle so many tokens.

    Two all-reduces per layer under tensor parallelism (Shoeybi et al. 2019, section 3); one message from device to
    device where they take turns; to the experts and back per layer with experts under expert parallelism, each token
    k times, at one byte a value going and two coming back (DeepSeek-V3, arXiv:2412.19437, section 3.2).
    """
    tokens = np.asarray(tokens, float)
    if machine.count == 1:
        return np.zeros(tokens.shape)
    message = tokens * model.hidden_size * ACTIVATION_BYTES
    if machine.split == "layers":
        return (machine.count - 1) * (message / machine.link.bandwidth + machine.latency)
    if machine.split == "experts" and model.is_moe:
        sent = tokens / machine.count * model.experts_per_token * model.hidden_size
        there, back = machine.all_to_all(sent), machine.all_to_all(ACTIVATION_BYTES * sent)
        return model.moe_layers * (np.asarray(there) + back)
    return 2 * model.layers * np.asarray(machine.all_reduce(message))


def reading(
    model: Model, machine: Machine, how: Stored, placed: Placed, tokens, skew
) -> dict[str, np.ndarray]:
    """Seconds of reading the weights of one pass, by where they lie, at the specified bandwidths."""
    shared, routed = (np.asarray(read) * how.bits / 8 for read in shared_and_routed(model, tokens, skew))
    copied = machine.split == "experts" and model.is_moe
    alone = machine.device.memory_bandwidth if copied else machine.memory_bandwidth
    found = {
        "weights": placed.resident * shared / alone,
        "experts": placed.experts * routed / machine.memory_bandwidth,
    }
    if machine.host:
        moved = (1 - placed.resident) * shared + placed.experts_on_host * routed
        found["host"] = moved / machine.host.memory_bandwidth
    if machine.drive:
        found["drive"] = placed.experts_on_drive * routed / machine.drive.bandwidth
    return found


def computing(model: Model, machine: Machine, how: Stored, body, routed, attended) -> dict[str, np.ndarray]:
    """Seconds of computing at the specified rates, from FLOPs of shared weights, routed experts and attention."""
    if not machine.computes:
        return {}
    rate, wide = machine.flops(how.multiplied, integers=False), machine.flops(16, integers=False)
    unpacked = np.asarray(how.bits) < np.asarray(how.multiplied)
    own = body / rate
    return {
        "linear": np.where(unpacked, 0.0, own),
        "blocks": np.where(unpacked, own, 0.0),
        "expert_linear": routed / rate,
        "attention": attended / wide,
    }


def heads_per_key(model: Model) -> float:
    """Query heads that share one cached key: an engine without flash attention reads the cache once for each."""
    a = model.architecture
    return a.heads / a.kv_heads if a.heads and a.kv_heads and not a.kv_lora_rank else 1.0


def score_bytes(model: Model, prompt):
    """Bytes of the scores of one prompt's attention going to memory and back, twice, at 4 bytes each.

    An engine without flash attention writes the scores of every head, reads them for the softmax, writes and reads again.
    """
    return 4.0 * 4 * model.layers * (model.architecture.heads or 0) * np.asarray(prompt) ** 2 / 2


def routed_flops(model: Model) -> float:
    """FLOPs that one token does in its routed experts: two for each of their weights."""
    return 2.0 * model.moe_layers * model.experts_per_token * model.expert_weights


def decode_work(
    model: Model, machine: Machine, how: Stored, placed: Placed, context, batch, shown: Habits | None = None
) -> dict:
    """The work of one decode step: one token for each of `batch` sequences that hold `context` tokens each."""
    engine = machine.runs(how.family)
    read = batch * model.cache_read_bytes(context, latents=engine.keeps_latents)
    again = 1.0 if engine.flash_attention else heads_per_key(model)
    attended = batch * (model.flops_per_token(context) - model.flops_per_token(0))
    routed = batch * routed_flops(model)
    body = batch * model.flops_per_token(0) - routed
    return {
        **reading(model, machine, how, placed, batch, (shown or habits()).skew),
        "cache": again * read / machine.memory_bandwidth,
        **computing(model, machine, how, body, routed, attended),
        "layer": float(model.layers),
        "expert_layer": float(model.moe_layers),
        "messages": messages(model, machine, batch),
    }


def prefill_work(
    model: Model, machine: Machine, how: Stored, placed: Placed, prompt, batch, shown: Habits | None = None
) -> dict:
    """The work of reading `batch` prompts of `prompt` tokens, chunk by chunk: every chunk reads the weights anew."""
    tokens = batch * prompt
    engine = machine.runs(how.family)
    size = np.minimum(engine.chunk_tokens, tokens)
    chunks = tokens / size
    body = 2.0 * model.active(WITHOUT_EMBEDDINGS) * tokens
    routed = tokens * routed_flops(model)
    attended = batch * model.prefill_flops(prompt) - body
    shown = shown or habits()
    read = {
        name: chunks * part for name, part in reading(model, machine, how, placed, size, shown.skew).items()
    }
    # Where devices hold layers in turn, the chunks of a long prompt follow each other through them.
    stages = machine.count if machine.split == "layers" else 1
    waves = 1 / (1 + shown.filled * (chunks * stages / (chunks + stages - 1) - 1))
    done = {**read, **computing(model, machine, how, body - routed, routed, np.maximum(attended, 0.0))}
    if not engine.flash_attention:
        done["scores"] = batch * score_bytes(model, prompt) / machine.memory_bandwidth
    return {
        **{name: part * waves for name, part in done.items()},
        "layer": model.layers * chunks * waves,
        "expert_layer": model.moe_layers * chunks * waves,
        "messages": messages(model, machine, tokens),
    }
