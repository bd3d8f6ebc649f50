"""What settles the claim on a million tokens: one long request on one machine, and the FLOPs of writing at length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cost import inference, memory
from ..cost.estimate import Fit
from ..machines.machine import Machine
from ..models.transformer import WITHOUT_EMBEDDINGS, Model
from ..money.hourly_rate import PAID, dollars
from .long_context import request_seconds

MILLION = 1_000_000


@dataclass(frozen=True)
class Request:
    """One request of `context` tokens. flops: of reading them; cache in bytes; the rest None where it does not fit.

    reading: seconds to read them; speed: tokens/s of the answer for one user alone; cost in US dollars.
    """

    model: Model
    fit: Fit
    flops: float
    cache: float
    max_sequences: int
    reading: float | None = None
    speed: float | None = None
    cost: float | None = None


def request(model: Model, machine: Machine, weights, context: int = MILLION) -> Request:
    """What one long request takes of a machine: the numbers that settle the claim on a million tokens.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> request(model("GLM-5.2"), machine("H200 SXM 141GB", 8, None, "experts"), "FP8").max_sequences
    1
    """
    fit = memory.fits(model, machine, weights=weights, context=context)
    counted = model, fit, float(model.prefill_flops(context)), float(model.cache_bytes(context))
    if not fit.fits:
        return Request(*counted, max_sequences=0)
    return Request(
        *counted,
        int(memory.max_sequences(model, machine, context=context, weights=weights).expected),
        inference.prefill(model, machine, prompt=context, weights=weights).seconds,
        inference.decode(model, machine, context=context, batch=1, weights=weights).tokens_per_second,
        float(dollars(machine, request_seconds(model, machine, weights, context), PAID[1])),
    )


def flops_to_write(model: Model, tokens: int, expanded: bool = False) -> float:
    """FLOPs of writing so many tokens one after another, from an empty context.

    Args:
        model, tokens: the model and how many.
        expanded: whether a latent attention is counted with every head expanded, as in a prompt, not as engines decode.

    >>> from freeweights.models.transformer import model
    >>> llama = model("Llama 3.1 8B")
    >>> flops_to_write(llama, 2) == llama.flops_per_token(1) + llama.flops_per_token(2)
    True
    """
    if not expanded:
        return float(np.sum(model.flops_per_token(np.arange(1, tokens + 1))))
    head = 2.0 * (model.active_parameters - model.active(WITHOUT_EMBEDDINGS))
    return float(model.prefill_flops(tokens) + head * (tokens - 1))
