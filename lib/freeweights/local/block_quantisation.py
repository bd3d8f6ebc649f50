"""A matrix of weights in few bits: blocks of 32, each with a scale and a minimum, rounded to
nearest.

A weight w of a block is stored as the whole number q = round((w - minimum) / scale), 0 <= q < 2^bits, and
read back as q * scale + minimum. Scale and minimum are 16-bit floats, so a weight costs bits + 2 x 16 / 32 =
bits + 1 bits. The same layout as the format Q4_1 of GGUF files, for any number of bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 32  # weights that share one scale and one minimum
BITS = range(2, 9)  # what `pack` offers
ROWS = 4096  # rows worked on at once: the temporaries stay small beside the model


@dataclass(frozen=True, eq=False)
class Packed:
    """A matrix held in few bits.

    Attributes:
        planes: uint8 (bits, rows, columns / 8). Plane i holds bit i of every code, eight codes a byte.
        scale, minimum: float16 (rows, columns / 32).
    """

    planes: np.ndarray
    scale: np.ndarray
    minimum: np.ndarray

    @property
    def bits(self) -> int:
        """Bits of one code, without its share of scale and minimum."""
        return len(self.planes)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix that is held."""
        return self.planes.shape[1], 8 * self.planes.shape[2]

    @property
    def size(self) -> int:
        """How many weights are held."""
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes held, scales and minima included."""
        return self.planes.nbytes + self.scale.nbytes + self.minimum.nbytes


def pack(matrix: np.ndarray, bits: int) -> Packed:
    """Quantise a matrix, block by block, rounding to nearest.

    Args:
        matrix: float32 (rows, columns); columns a multiple of 32; finite, below 65,504 (what a 16-bit float
        holds). bits: 2 to 8 bits a code.

    Returns:
        The packed matrix: bits + 1 bits a weight.

    Raises:
        ValueError: bits outside 2 to 8, columns that do not fill blocks, or values a 16-bit float cannot
        hold.

    >>> held = pack(np.linspace(-1, 1, 64, dtype=np.float32).reshape(1, 64), bits=4)
    >>> held.nbytes * 8 / held.size
    5.0
    >>> bool(abs(unpack(held) - np.linspace(-1, 1, 64)).max() < 0.035)  # half a step of 1 / 15
    True
    """
    if bits not in BITS:
        raise ValueError(f"bits is {bits}: a code takes {BITS[0]} to {BITS[-1]} bits. Try 4.")
    rows, columns = matrix.shape
    if columns % BLOCK:
        raise ValueError(f"The matrix has {columns} columns: blocks of {BLOCK} need a multiple of {BLOCK}.")
    if not np.abs(matrix).max(initial=0) < np.finfo(np.float16).max:
        raise ValueError("The matrix holds values that are not finite or do not fit a 16-bit float (65,504).")
    planes = np.empty((bits, rows, columns // 8), np.uint8)
    scale = np.empty((rows, columns // BLOCK), np.float16)
    minimum = np.empty_like(scale)
    for first in range(0, rows, ROWS):
        part = slice(first, first + ROWS)
        blocks = matrix[part].reshape(-1, columns // BLOCK, BLOCK)
        minimum[part] = blocks.min(-1)
        scale[part] = (blocks.max(-1) - blocks.min(-1)) / (2**bits - 1)
        step = scale[part, :, None].astype(np.float32)
        codes = np.divide(blocks - minimum[part, :, None], step, where=step > 0, out=np.zeros_like(blocks))
        codes = np.rint(codes.clip(0, 2**bits - 1)).astype(np.uint8).reshape(-1, columns)
        for bit in range(bits):
            planes[bit, part] = np.packbits(codes >> bit & 1, axis=-1)
    return Packed(planes, scale, minimum)


def unpack(packed: Packed, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
    """Read rows of a packed matrix back as float32.

    Args:
        packed: the matrix.
        rows: which rows, as NumPy indexes them; all of them unless told.

    >>> unpack(pack(np.ones((3, 32), np.float32), bits=2), rows=slice(0, 1)).sum()
    np.float32(32.0)
    """
    bytes_ = packed.planes[:, rows]
    codes = np.unpackbits(bytes_[-1], axis=-1)
    for plane in bytes_[-2::-1]:
        codes <<= 1
        codes |= np.unpackbits(plane, axis=-1)
    scale, minimum = packed.scale[rows], packed.minimum[rows]
    values = codes.reshape(*scale.shape, BLOCK).astype(np.float32)
    values *= scale[..., None]
    values += minimum[..., None]
    return values.reshape(codes.shape)
