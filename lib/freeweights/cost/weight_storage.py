"""How weights are stored: bits each takes in memory, and the width at which it is multiplied."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..facts import catalog
from ..facts.arrays import every, numbers, plain
from ..models.transformer import Model

# Files of 16-bit weights spend a little less or more than 16 bits a weight; nothing between 9 and 15 is in use.
NEARLY_WHOLE = 15


class WeightStorage(NamedTuple):
    """How weights are stored: bits each takes in memory, bits at which it is multiplied, and the family of the format."""

    bits: float | np.ndarray
    multiplied: float | np.ndarray
    family: str


def weight_storage(weights, model: Model) -> WeightStorage:
    """How weights are stored, from a format's name or from bits.

    Args:
        weights: name of a format in data/formats.csv, words such as "4.5 bits", a number or array of bits, or None
            for the format in which the model was released.
        model: the model.

    Returns:
        a WeightStorage: float formats are multiplied at their own width where the device can; blocks of integers are turned
        into 16 bits first, as today's engines do.

    Raises:
        UnknownName: no format of that name. ValueError: bits outside 0 to 64.

    >>> from freeweights.models.transformer import model
    >>> weight_storage("4.5 bits", model("GLM-5.2"))
    WeightStorage(bits=4.5, multiplied=16.0, family='')
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
        found = catalog.weight_format(weights)
        return WeightStorage(found.bits, found.bits if found.family == "float" else 16.0, found.family)
    bits = numbers(weights, "weights")
    if not every((bits > 0) & (bits <= 64)):
        raise ValueError(
            f"weights is {weights}: bits per weight lie above 0 and at most 64, for instance 4.5."
        )
    return WeightStorage(plain(bits), plain(np.where(bits > NEARLY_WHOLE, bits, 16.0)), "")


def bits_per_weight(weights, model: Model) -> tuple:
    """Bits that a weight takes in memory, and the width at which it is multiplied; `weights` as in `weight_storage`.

    >>> from freeweights.models.transformer import model
    >>> bits_per_weight("Q4_0", model("Llama 3.1 8B"))
    (4.5, 16.0)
    """
    storage = weight_storage(weights, model)
    return storage.bits, storage.multiplied


def weight_bytes(model: Model, weights):
    """Bytes of all weights in a format, number or array; `weights` as in `weight_storage`.

    >>> from freeweights.models.transformer import model
    >>> float(weight_bytes(model("Llama 3.1 8B"), 8)) == model("Llama 3.1 8B").parameters
    True
    """
    return np.asarray(model.parameters * np.asarray(weight_storage(weights, model).bits) / 8)
