"""Lesson 04's counts: what each kind of attention asks for as the context grows, and where the cache takes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ..cost import inference, memory
from ..cost.reference_cases import SERVED
from ..cost.step_work import step_bytes
from ..machines.machine import Machine
from ..models.cache_storage import cache_width
from ..models.transformer import WITHOUT_EMBEDDINGS, Model
from ..money.hourly_rate import PAID, dollars

SHORTEST, LONGEST = 1024, 2**20
ANSWER = 500  # tokens of the answer at the end of a request
POINTS = 48  # of each curve
ROUGH = np.geomspace(SHORTEST, LONGEST, POINTS).round().astype(int)
FINE = 2000  # contexts that are tried when a crossing is looked for
# One released model for each kind of attention; "5 of 6" are layers, the others are full attention.
RELEASED = {
    "Llama 3.1 405B": "grouped (GQA)",
    "Llama 4 Maverick": "chunks in 3 of 4",
    "Gemma 3 27B": "window in 5 of 6",
    "DeepSeek-R1": "latent (MLA)",
    "DeepSeek-V3.2": "sparse (DSA)",
    "GLM-5.2": "sparse, shared index",
    "MiniMax-M1": "linear in 7 of 8",
    "Granite 4.0 H-Small": "Mamba-2 in 9 of 10",
}
BODY = "GLM-5.2"  # it has a latent and an indexer of its own
# What a body without full attention borrows: heads and groups of MiniMax-M1, which is as wide as GLM-5.2 and
# has as many heads; the window of Gemma 3.
HEAD_DIM, GROUPS, WINDOW = 128, 8, 1024
# Kind: the mixer, its share of the layers, and the mixer of the rest.
KINDS = {
    "full (MHA)": ("full", 1.0, "full"),
    "grouped (GQA)": ("full", 1.0, "full"),
    "latent (MLA)": ("mla", 1.0, "mla"),
    "window in 5 of 6": ("window", 5 / 6, "full"),
    "sparse (DSA)": ("dsa", 1.0, "dsa"),
    "sparse, shared index": ("dsa-shared", 57 / 78, "dsa"),
    "linear in 7 of 8": ("linear", 7 / 8, "full"),
}


@cache
def with_attention(model: Model, kind: str) -> Model:
    """The same body with another kind of attention in its layers, up to `LONGEST` tokens.

    Args:
        model: the body; its own heads, groups, window, latent and indexer are kept where it has them.
        kind: one of `KINDS`.

    Raises:
        ValueError: no such kind, or one that needs a latent or an indexer that the body lacks.

    >>> from freeweights.models.transformer import model
    >>> with_attention(model("MiniMax-M1"), "grouped (GQA)").architecture.mixers
    'full:80'
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}: choose one of {', '.join(map(repr, KINDS))}.")
    a, (mixer, share, rest) = model.architecture, KINDS[kind]
    if (mixer == "mla" and not a.kv_lora_rank) or (mixer.startswith("dsa") and not a.indexer_top_k):
        raise ValueError(f"{model.name} has no latent or no indexer to build {kind!r} from: take {BODY}.")
    layers = round(share * a.layers)
    words = f"{mixer}:{layers}" + (f" {rest}:{a.layers - layers}" if layers < a.layers else "")
    groups = a.heads if kind == "full (MHA)" else a.kv_heads or GROUPS
    return Model(
        replace(
            a,
            name=f"{model.name} with {kind}",
            mixers=words,
            head_dim=a.head_dim or HEAD_DIM,
            kv_heads=groups,
            window=a.window or WINDOW,
            max_context=LONGEST,
        )
    )


def contexts(model: Model, also: float = SHORTEST) -> np.ndarray:
    """Contexts from `SHORTEST` to the model's maximum, or to `LONGEST`, in equal ratios, and one more if it is allowed.

    >>> from freeweights.models.transformer import model
    >>> contexts(model("DeepSeek-R1"))[[0, -1]].tolist(), 5000 in contexts(model("DeepSeek-R1"), 5000)
    ([1024, 163840], True)
    """
    last = min(model.max_context, LONGEST)
    return np.unique([*ROUGH[ROUGH < last], min(int(also), last), last])


def attention_flops(model: Model, context):
    """FLOPs that mixing costs one new token: all of a forward pass but its weights, the states of linear layers included.

    Args:
        model, context: the model, and the tokens attended to; a number or an array.

    >>> from freeweights.models.transformer import model
    >>> attention_flops(model("Llama 3.1 8B"), 1000) == 32 * 4 * 32 * 128 * 1000
    True
    """
    return model.flops_per_token(context) - 2.0 * model.active_parameters


def request_seconds(model: Model, machine: Machine, weights, context, cache=None):
    """Seconds of the machine that one request takes: its prompt is read alone, its answer written beside other users.

    Args:
        model, machine, weights, cache: as in `inference.decode`.
        context: tokens of prompt and answer, of which `ANSWER` are the answer; a number or an array.

    Returns:
        seconds; a step is shared by the users who fit, `cases.SERVED` at most.

    Raises:
        ValueError: a context not longer than the answer.
    """
    context = np.asarray(context, float)
    if np.any(context <= ANSWER):
        raise ValueError(f"A request of {context} tokens: more than the {ANSWER} of its answer are needed.")
    stored = {"weights": weights, "cache": cache}
    users = np.clip(memory.max_sequences(model, machine, context=context, **stored).expected, 1, SERVED)
    step = inference.decode(model, machine, context=context, batch=users, **stored).seconds
    reading = inference.prefill(model, machine, prompt=context - ANSWER, **stored).seconds
    return reading + ANSWER * step / users


@dataclass(frozen=True)
class Quantity:
    """What can be drawn over the context. of: from model, machine, contexts, and how weights and caches are stored, to
    numbers in `unit`.

    needs_machine: whether there is no such number where the sequence does not fit into the machine.
    """

    unit: str
    of: Callable
    needs_machine: bool = True


QUANTITIES = {
    "attention FLOPs per token": Quantity("FLOPs", lambda m, _, c, **__: attention_flops(m, c), False),
    "all FLOPs per token": Quantity("FLOPs", lambda m, _, c, **__: m.flops_per_token(c), False),
    "cache of one sequence": Quantity(
        "B", lambda m, o, c, weights, cache: m.cache_bytes(c, width(o, cache)), False
    ),
    "bytes read per step": Quantity(
        "B", lambda m, o, c, weights, cache: bytes_read(m, o, c, weights, cache), False
    ),
    "slots on the machine": Quantity(
        "slots", lambda m, o, c, **how: memory.max_sequences(m, o, context=c, **how).expected
    ),
    "time to read the prompt": Quantity(
        "s", lambda m, o, c, **how: inference.prefill(m, o, prompt=c, **how).seconds
    ),
    "time per token, one user": Quantity(
        "s", lambda m, o, c, **how: inference.decode(m, o, context=c, batch=1, **how).seconds
    ),
    "cost of a request": Quantity(
        "$", lambda m, o, c, weights, cache: dollars(o, request_seconds(m, o, weights, c, cache), PAID[1])
    ),
}


def width(machine: Machine, cache) -> float:
    """Bytes of a cached value under the engine that is usual for the machine."""
    return cache_width(cache, machine.engine_for(""))


def bytes_read(model: Model, machine: Machine, context, weights, cache):
    """Bytes of weights and of one sequence's cache that a decode step reads."""
    read, _ = step_bytes(model, context=context, weights=weights)
    return read + model.cache_read_bytes(context, width(machine, cache))


@dataclass(frozen=True)
class Curve:
    """One quantity of one model over the contexts `at`; masked where it does not exist. held: the last one that fits, or 0."""

    model: Model
    at: np.ndarray
    values: np.ma.MaskedArray
    held: int

    def here(self, context: float) -> float | None:
        """The quantity at one of the contexts; None beyond the model's maximum, or where it does not exist."""
        found = self.values[self.at == context]
        return float(found[0]) if found.count() else None


def curve(
    quantity: str, model: Model, machine: Machine, weights, context: float = SHORTEST, cache=None
) -> Curve:
    """One quantity of one model over the context, with the last context whose sequence fits into the machine.

    Args:
        quantity: one of `QUANTITIES`.
        model, machine, weights, cache: as in `inference.decode`.
        context: one more point of the curve, if the model allows it.

    Raises:
        ValueError: no such quantity.

    >>> from freeweights.models.transformer import model
    >>> from freeweights.machines.machine import machine
    >>> found = curve("cache of one sequence", model("DeepSeek-R1"), machine("GeForce RTX 5090"), "FP8", 5000)
    >>> found.held, found.here(5000) == model("DeepSeek-R1").cache_bytes(5000)
    (0, True)
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity is {quantity!r}: choose one of {', '.join(map(repr, QUANTITIES))}.")
    wanted, at = QUANTITIES[quantity], contexts(model, context)
    fits = np.asarray(memory.fits(model, machine, weights=weights, context=at, cache=cache).fits)
    values = np.ma.masked_all(at.shape)
    shown = fits if wanted.needs_machine else np.ones(at.shape, bool)
    if shown.any():
        values[shown] = wanted.of(model, machine, at[shown], weights=weights, cache=cache)
    return Curve(model, at, values, int(at[fits][-1]) if fits.any() else 0)


def crossing(model: Model, outweighs: Callable) -> float | None:
    """The shortest context from which `outweighs` holds, to within a per cent; None if it never does."""
    tried = np.geomspace(1, model.max_context, FINE).round()
    found = np.asarray(outweighs(tried))
    return float(tried[np.argmax(found)]) if found.any() else None


def cache_crossover(model: Model, weights, batch: int) -> float | None:
    """The context from which a decode step reads more bytes of caches than of weights; None if none up to the maximum.

    >>> from freeweights.models.transformer import model
    >>> cache_crossover(model("MiniMax-M1"), "FP8", 1) is None
    True
    """

    def outweighs(context):
        read, cached = step_bytes(model, context=context, weights=weights, batch=batch)
        return cached > read

    return crossing(model, outweighs)


@cache
def attention_crossover(model: Model) -> float | None:
    """The prompt from which attention costs more FLOPs than all weights of the layers; None if none up to the maximum.

    >>> from freeweights.models.transformer import model
    >>> attention_crossover(model("Llama 3.1 405B")) is None
    True
    """
    body = 2.0 * model.active(WITHOUT_EMBEDDINGS)
    head = 2.0 * model.active_parameters - body
    return crossing(model, lambda prompt: model.prefill_flops(prompt) - head > 2 * body * prompt)


def released() -> dict[str, Model]:
    """The released models by label.

    >>> list(released())[3]
    'DeepSeek-R1, latent (MLA)'
    """
    return {f"{name}, {kind}": Model.named(name) for name, kind in RELEASED.items()}


def one_body() -> dict[str, Model]:
    """One body with several attentions, by kind.

    >>> from freeweights.models.transformer import model
    >>> one_body()["sparse, shared index"].architecture.mixers == model(BODY).architecture.mixers.replace(
    ...     "dsa:21 dsa-shared:57", "dsa-shared:57 dsa:21")
    True
    """
    return {kind: with_attention(Model.named(BODY), kind) for kind in KINDS}
