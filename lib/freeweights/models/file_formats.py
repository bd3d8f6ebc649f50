"""What a file spends on each tensor of a model: the block it is packed in, by kind of tensor and length of row.

A format is a recipe: data/recipes.csv says which tensors it packs in another block than its own, data/block_types.csv
what a block weighs and what stands in where a row is no multiple of it.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ..facts import catalog
from ..facts.records_hardware import BlockType, Recipe, WeightFormat
from ..facts.records_models import Architecture
from .tensors import ROUTED, VECTOR, VISION, Tensor, prediction_tensors, tensors

GGUF = "llama.cpp"
# Letters, merges and kinds of the vocabulary's tokens at the head of a GGUF file. Source: 1,785,664 bytes before the
# tensors of SmolLM2-135M, whose vocabulary has 49,152 tokens.
TOKEN_BYTES = 1_785_664 / 49_152
LAYER_OF_BLOCK = 256  # rows that K-quants and IQ types need a multiple of


class StoredBytes(NamedTuple):
    """Bytes of a model in one format: of routed experts; idle, of what a decode step does not read (the input embedding
    where the head is another matrix, positions, experts for images); of all else, shared by every token; and what a file
    holds besides: the vocabulary, and a layer for multi-token prediction."""

    experts: float
    idle: float
    shared: float
    besides: float

    @property
    def file(self) -> float:
        """Bytes of the file."""
        return sum(self)


def more_bits(place: int, of: int) -> bool:
    """llama.cpp's choice of layers that deserve more bits: the first and last eighth, and every third between."""
    return place < of // 8 or place >= 7 * of // 8 or (place - of // 8) % 3 == 2


def holds(where: str, a: Architecture, tensor: Tensor) -> bool:
    """Whether a recipe's condition holds for a tensor of a model; a condition is a place, a shape or a model's name."""
    place, of, experts = tensor.place, tensor.of, a.experts or 0
    match where:
        case "":
            return True
        case "more bits":
            return more_bits(place, of)
        case "first eighth":
            return place < of // 8
        case "first sixteenth":
            return place < of // 16
        case "middle":
            return of // 8 <= place < 7 * of // 8
        case "first 2" | "first 4":
            return place < int(where[-1])
        case "4 queries a key":
            return bool(a.kv_heads) and a.heads // a.kv_heads >= 4
        case "80 layers":
            return a.layers == 80 and bool(a.kv_heads) and a.heads != a.kv_heads and not experts
        case "8 experts":
            return experts == 8
        case "4 experts":
            return experts >= 4
        case "mixture":
            return bool(experts)
        case "latents":
            return bool(a.kv_lora_rank)
    model, _, ends = where.partition(" at its ends")
    return a.name.startswith(model) and (model == where or tensor.layer in (0, a.layers - 1))


@cache
def recipes(name: str) -> tuple[Recipe, ...]:
    """The rows of data/recipes.csv for one format, in their order."""
    return tuple(row for row in catalog.table(Recipe) if name in row.formats.split(";"))


def wanted_block(a: Architecture, tensor: Tensor, form: WeightFormat) -> str:
    """The block a format wants for a tensor, whatever the length of its rows."""
    own = next(
        (row.block for row in recipes(form.name) if not row.kind and holds(row.where, a, tensor)), form.name
    )
    kind = "output" if a.tied_embeddings and tensor.kind == "token_embd" else tensor.kind
    if form.family == GGUF:
        if kind in (VECTOR, "router", "positions"):
            return "F32"
        if kind == "output" and tensor.row % catalog.block_type(own).row_multiple:
            return "Q8_0"
        kept = a.native_format == "MXFP4" and tensor.experts == ROUTED and tensor.row % LAYER_OF_BLOCK
        if kept:  # quantisers leave experts that were released in 4 bits and fit no larger block as they are
            return "MXFP4"
    elif kind == VECTOR:
        return form.name if form.family == "float" and form.bits >= 16 else "BF16"
    for row in recipes(form.name):
        named = row.kind == ROUTED == tensor.experts or (row.kind and kind.startswith(row.kind))
        if named and holds(row.where, a, tensor):
            return row.block
    return own


def block_of(a: Architecture, tensor: Tensor, form: WeightFormat) -> BlockType:
    """The block that a tensor is packed in; where its rows are no multiple of it, the one that stands in.

    Raises:
        ValueError: nothing stands in, so the format does not exist for this model.

    >>> from freeweights.models.tensors import tensors
    >>> smol = catalog.architecture("SmolLM2-135M-Instruct")
    >>> blocks = {t.kind: block_of(smol, t, catalog.weight_format("Q4_K_M")).name for t in tensors(smol) if t.layer < 5}
    >>> blocks["attn_q"], blocks["ffn_down"], blocks["token_embd"]
    ('Q5_0', 'Q6_K', 'Q8_0')
    """
    block = catalog.block_type(wanted_block(a, tensor, form))
    while tensor.row % block.row_multiple:
        if not block.instead:
            raise ValueError(
                f"{form.name} packs {block.row_multiple} weights of a row together, and {a.name} has rows of {tensor.row:,} "
                f"({tensor.kind}), no multiple of that. Choose {stands_for(form)}, which exists for every model."
            )
        block = catalog.block_type(block.instead)
    return block


def stands_for(form: WeightFormat) -> str:
    """The format nearest in bits that exists for every length of row: a GGUF file's, since there others stand in."""
    known = [row for row in catalog.table(WeightFormat) if row.family == GGUF]
    return min(known, key=lambda row: abs(row.bits - form.bits)).name


def placed(a: Architecture, found: list[Tensor]) -> list[Tensor]:
    """The tensors, each with which of how many it is: a mixture's by layer, others counted one by one."""
    layers = a.layers + any(tensor.layer == a.layers for tensor in found)
    values = sum(tensor.kind == "attn_v" for tensor in found)
    seen: dict[str, int] = {}
    numbered = []
    for tensor in found:
        place = seen.get(tensor.kind, 0)
        seen[tensor.kind] = place + 1
        if a.experts and tensor.kind.startswith("ffn"):
            place = tensor.layer
        numbered.append(tensor._replace(place=place, of=values if tensor.kind == "attn_v" else layers))
    return numbered


@cache
def stored_bytes(a: Architecture, name: str) -> StoredBytes:
    """Bytes of every part of a model in a format, summed over its tensors.

    Args:
        a: an architecture with a configuration.
        name: a format of data/formats.csv.

    Raises:
        UnknownName: no such format. ValueError: the format does not exist for the model's rows.

    >>> round(stored_bytes(catalog.architecture("SmolLM2-135M-Instruct"), "Q4_K_M").file)
    105454144
    """
    form = catalog.weight_format(name)
    own, extra = list(tensors(a)), prediction_tensors(a) if keeps_prediction(a, form) else []
    experts = idle = shared = 0.0
    besides = a.vocabulary * TOKEN_BYTES if form.family == GGUF else 0.0
    for index, tensor in enumerate(placed(a, own + extra)):
        block = block_of(a, tensor, form)
        size = tensor.values / block.weights * block.bytes
        if index >= len(own):
            besides += size
        elif tensor.experts == ROUTED:
            experts += size
        elif is_idle(a, tensor):
            idle += size
        else:
            shared += size
    return StoredBytes(experts, idle, shared, besides)


def keeps_prediction(a: Architecture, form: WeightFormat) -> bool:
    """Whether a file in a format holds the layer for multi-token prediction: the release does, not every conversion."""
    released = form.family == "float" or form.name == a.native_format
    return (
        "gguf" if form.family == GGUF else "release" if released else "nothing"
    ) in a.prediction_layer.split()


def is_idle(a: Architecture, tensor: Tensor) -> bool:
    """Whether a decode step of text leaves a tensor unread, but for a row."""
    embedding = tensor.kind == "token_embd" and not a.tied_embeddings
    return embedding or tensor.kind == "positions" or tensor.experts == VISION
