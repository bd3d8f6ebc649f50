"""Look inside a weights file of the format GGUF: its metadata, its tensors, the bytes of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np


class WeightsError(RuntimeError):
    """The weights cannot be had or used; the message says why and what to do."""


@dataclass(frozen=True)
class Tensor:
    """One tensor of a file. `shape` as NumPy has it, rows first; `format` is GGUF's name for its numbers."""

    name: str
    shape: tuple[int, ...]
    format: str
    nbytes: int

    @property
    def parameters(self) -> int:
        """How many numbers.

        >>> Tensor("blk.0.ffn_up.weight", (1536, 576), "Q4_1", 552_960).parameters
        884736
        """
        return int(np.prod(self.shape))

    @property
    def bits_per_weight(self) -> float:
        """Bits in the file for one number, scales included.

        >>> Tensor("blk.0.ffn_up.weight", (1536, 576), "Q4_1", 552_960).bits_per_weight
        5.0
        """
        return 8 * self.nbytes / self.parameters


class Reader(gguf.GGUFReader):
    """gguf's reader on a plain array: each slice of an np.memmap costs far more, and a file has 150,000."""

    data = property(
        lambda self: self._data, lambda self, mapped: setattr(self, "_data", mapped.view(np.ndarray))
    )


def read_gguf(path: str | Path) -> Reader:
    """Open a GGUF file: metadata in `.fields`, tensors in `.tensors`, read from the disk as they are touched.

    Raises:
        WeightsError: there is no such file, it is cut short, or it is not GGUF.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}. Call weights.smollm2() to fetch SmolLM2.")
    try:
        return Reader(path)
    except (ValueError, IndexError, KeyError) as error:
        raise WeightsError(
            f"{path.name} is not a whole GGUF file ({error}). Delete it and fetch it again."
        ) from error


def open_gguf(path: str | Path) -> list[Tensor]:
    """List the tensors of a GGUF file, in the order they lie in it.

    Args:
        path: the file, from `smollm2()`.
    """
    return [
        Tensor(one.name, tuple(int(n) for n in one.shape[::-1]), one.tensor_type.name, int(one.n_bytes))
        for one in read_gguf(path).tensors
    ]
