"""How weights are stored: bytes of each part of a model, and the width at which a weight is multiplied."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from ..facts import catalog
from ..facts.arrays import every, numbers, plain
from ..facts.records_hardware import Engine
from ..models.file_formats import GGUF, block_of, placed, stored_bytes
from ..models.tensors import ROUTED, tensors
from ..models.transformer import Model

# Files of 16-bit weights spend a little less or more than 16 bits a weight; nothing between 9 and 15 is in use.
NEARLY_WHOLE = 15
# vLLM's kernel for MXFP4 experts on Hopper wants a hidden size in multiples of 256 and experts in multiples of 128, and
# fills up with zeros. Source: vllm/model_executor/layers/quantization/mxfp4.py; 65.97 GiB for gpt-oss-120b in
# https://github.com/vllm-project/vllm/issues/23278
PADDED, HIDDEN_MULTIPLE, EXPERT_MULTIPLE = ("vLLM", "MXFP4"), 256, 128
# What an engine makes of a release: llama.cpp reads GGUF files, and TensorRT-LLM NVIDIA's conversions.
CONVERTED = {("ggml", "MXFP4"): "MXFP4_MOE", ("TensorRT-LLM", "FP8"): "FP8 (all matrices)"}


class WeightStorage(NamedTuple):
    """How weights are stored.

    bits: of one weight in the format's own block. multiplied: bits at which it is multiplied. family: of the format.
    experts, idle, shared: bytes of routed experts, of what decoding does not read, of all else. besides: bytes that only
    the file holds; llama.cpp maps the file as a whole.
    """

    bits: float | np.ndarray
    multiplied: float | np.ndarray
    family: str
    experts: float | np.ndarray
    idle: float | np.ndarray
    shared: float | np.ndarray
    besides: float = 0.0

    @property
    def file(self):
        """Bytes of the file or of the checkpoint."""
        return self.experts + self.idle + self.shared + self.besides

    @property
    def unrouted(self):
        """Bytes in memory of all but the routed experts."""
        return self.idle + self.shared + (self.besides if self.family == GGUF else 0.0)

    @property
    def held(self):
        """Bytes in memory."""
        return self.experts + self.unrouted


def weight_storage(weights, model: Model, engine: Engine | None = None) -> WeightStorage:
    """How weights are stored, from a format's name or from bits.

    Args:
        weights: name of a format in data/formats.csv, words such as "4.5 bits", a number or array of bits for every
            weight alike, or None for the format in which the model was released.
        model: the model.
        engine: what runs it, where that matters: llama.cpp reads GGUF files, and vLLM pads experts in MXFP4.

    Returns:
        a WeightStorage: float formats are multiplied at their own width where the device can; blocks of integers are turned
        into 16 bits first, as today's engines do.

    Raises:
        UnknownName: no format of that name. ValueError: bits outside 0 to 64, or a format that does not exist for the
            length of the model's rows.

    >>> from freeweights.models.transformer import model
    >>> weight_storage("Q4_K_M", model("SmolLM2-135M-Instruct")).file
    105454144.0
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
        return named_storage(model, weights, engine)
    bits = numbers(weights, "weights")
    if not every((bits > 0) & (bits <= 64)):
        raise ValueError(
            f"weights is {weights}: bits per weight lie above 0 and at most 64, for instance 4.5."
        )
    return alike(model, plain(bits), plain(np.where(bits > NEARLY_WHOLE, bits, 16.0)), "")


def alike(model: Model, bits, multiplied, family: str) -> WeightStorage:
    """The storage of a model of whose weights each takes as many bits."""
    each = bits / 8
    if model.announced:
        return WeightStorage(bits, multiplied, family, 0.0, 0.0, model.parameters * each)
    routed = model.moe_layers * model.experts * model.expert_weights
    read = model.shared_weights
    return WeightStorage(
        bits, multiplied, family, routed * each, (model.parameters - routed - read) * each, read * each
    )


@cache
def named_storage(model: Model, name: str, engine: Engine | None) -> WeightStorage:
    """The storage of a model in a format of data/formats.csv."""
    form = catalog.weight_format(name)
    for key in (engine.family, engine.name) if engine else ():
        form = catalog.weight_format(CONVERTED.get((key, form.name), form.name))
    multiplied = form.bits if form.family == "float" else 16.0
    if model.announced:
        return alike(model, form.bits, multiplied, form.family)
    experts, idle, shared, besides = stored_bytes(model.architecture, form.name)
    if engine and (engine.name, form.name) == PADDED:
        experts *= padding(model)
    return WeightStorage(form.bits, multiplied, form.family, experts, idle, shared, besides)


def padding(model: Model) -> float:
    """Bytes of padded experts over those of the file; 1 in a dense model."""
    a = model.architecture
    if not a.experts:
        return 1.0
    wide, narrow = (
        -(-size // multiple) * multiple / size
        for size, multiple in ((a.hidden_size, HIDDEN_MULTIPLE), (a.expert_size, EXPERT_MULTIPLE))
    )
    return wide * narrow


def bits_per_weight(weights, model: Model) -> tuple:
    """Bits of a weight in the format's own block, and the width at which it is multiplied; `weights` as in `weight_storage`.

    >>> from freeweights.models.transformer import model
    >>> bits_per_weight("Q4_0", model("Llama 3.1 8B"))
    (4.5, 16.0)
    """
    storage = weight_storage(weights, model)
    return storage.bits, storage.multiplied


def weight_bytes(model: Model, weights):
    """Bytes of the file that holds all weights in a format, number or array; `weights` as in `weight_storage`.

    >>> from freeweights.models.transformer import model
    >>> float(weight_bytes(model("Llama 3.1 8B"), 8)) == model("Llama 3.1 8B").parameters
    True
    """
    return np.asarray(weight_storage(weights, model).file)


def blocks(model: Model, weights: str) -> dict[str, list[str]]:
    """The blocks in which a format packs each kind of tensor of a model, from the first layer on.

    >>> from freeweights.models.transformer import model
    >>> sorted(set(blocks(model("gpt-oss-20b"), "Q2_K")["ffn_down"]))
    ['MXFP4']
    """
    form, a = catalog.weight_format(weights), model.architecture
    found: dict[str, list[str]] = {}
    for tensor in placed(a, list(tensors(a))):
        kind = (
            f"{tensor.kind} of {tensor.experts} experts"
            if tensor.experts not in ("", ROUTED)
            else tensor.kind
        )
        found.setdefault(kind, []).append(block_of(a, tensor, form).name)
    return found
