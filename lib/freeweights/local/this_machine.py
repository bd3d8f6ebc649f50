"""Measure this machine: memory bandwidth, matrix arithmetic, disk. Under 20 s and under 300 MB."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..facts import quantities
from .download import cache_folder, require_space

NUMBERS = 48 * 2**20  # float32 numbers worked on: 201 MB, above the caches of nearly every machine
COLUMNS = 1536  # of the matrix times a vector
SQUARE = 1536  # rows and columns of the matrix product
TILE = 2**15  # numbers of a triad handled at once: 128 KiB, so what is between two passes stays in cache
FILE_BYTES = 128 * 2**20
CHUNK = 8 * 2**20
SECONDS = 3.0  # time limit for the repeats of one measurement
REPEATS = 25  # at most


@dataclass(frozen=True)
class Measured:
    """Repeats of one measurement, as rates in `unit`: the middle one, the slowest and the fastest."""

    median: float
    low: float
    high: float
    unit: str
    repeats: int
    note: str = ""

    def __str__(self) -> str:
        """The rate and its spread, as people read them.

        >>> print(Measured(25.1e9, 21e9, 27e9, "B/s", 25))
        25.1 GB/s (21 GB/s to 27 GB/s, 25 repeats)
        """
        low, high = quantities.rate(self.low, self.unit), quantities.rate(self.high, self.unit)
        return f"{quantities.rate(self.median, self.unit)} ({low} to {high}, {self.repeats} repeats)"


@dataclass(frozen=True)
class MeasuredMachine:
    """What `measure` found out about this machine."""

    name: str
    cores: int
    triad: Measured
    matrix_vector: Measured
    matrix_matrix: Measured
    disk_read: Measured
    seconds: float


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def name() -> str:
    """The processor as its system names it, with the cores in use."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.split(":", 1)[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = models[0] if models else model
    return f"{model}, {cores()} cores, {platform.system()}"


def rates(work: float, unit: str, act: Callable[[], object], note: str = "") -> Measured:
    """Repeat an action and say how fast it did its work.

    Args:
        work: bytes or FLOPs of one action.
        unit: of the rate, such as "B/s".
        act: the action; the first call is not counted.

    >>> rates(1e6, "B/s", lambda: time.sleep(0.01)).high < 1e8
    True
    """
    act()
    times: list[float] = []
    while len(times) < 3 or (len(times) < REPEATS and sum(times) < SECONDS):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return Measured(
        work / float(np.median(times)), work / max(times), work / min(times), unit, len(times), note
    )


def triad(memory: np.ndarray) -> Measured:
    """Bandwidth of a = b + s c over three long arrays, on all cores (McCalpin, STREAM).

    Counted: two reads and one write, 12 bytes a number. Most processors also read a line of `a` before
    writing it, 16 bytes in all, so the memory itself may have moved up to a third more than the rate says.

    Args:
        memory: float32, cut into a, b and c.
    """
    a, b, c = np.split(memory[: len(memory) // 3 * 3], 3)
    workers = cores()

    def part(worker: int) -> None:
        bounds = np.linspace(0, len(a), workers + 1).astype(int)
        for first in range(bounds[worker], bounds[worker + 1], TILE):
            here = slice(first, min(first + TILE, bounds[worker + 1]))
            np.multiply(c[here], np.float32(0.5), out=a[here])
            np.add(a[here], b[here], out=a[here])

    with ThreadPoolExecutor(workers) as pool:
        return rates(3 * a.nbytes, "B/s", lambda: list(pool.map(part, range(workers))))


def matrix_vector(memory: np.ndarray) -> Measured:
    """Bandwidth of a matrix times a vector, as NumPy's BLAS does it: the whole matrix is read once. This is
    decode.

    Args:
        memory: float32, taken as a matrix of 1,536 columns.
    """
    matrix = memory[: len(memory) // COLUMNS * COLUMNS].reshape(-1, COLUMNS)
    vector, out = np.ones(COLUMNS, np.float32), np.empty(len(matrix), np.float32)
    return rates(matrix.nbytes, "B/s", lambda: np.matmul(matrix, vector, out=out))


def matrix_matrix() -> Measured:
    """Rate of a product of two square float32 matrices (SGEMM): 2 n^3 FLOPs. This is prefill."""
    left, right = np.ones((2, SQUARE, SQUARE), np.float32)
    out = np.empty_like(left)
    return rates(2.0 * SQUARE**3, "FLOP/s", lambda: np.matmul(left, right, out=out))


def forget(file: int) -> str:
    """Ask the system to drop a file from its page cache, or to go round it.

    Args:
        file: descriptor of a file written out to the disk.

    Returns:
        An empty text when asked, else a note that reads may come from memory.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        return ""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(file, fcntl.F_NOCACHE, 1)
        return ""
    return "this system cannot be asked to read past its page cache: the file may have come from memory"


def disk_read(folder: Path | None = None) -> Measured:
    """Rate of reading a file from start to end, from the disk and not from the page cache where the system
    allows.

    Args:
        folder: where a file of 134 MB is written, read and removed; unless told, where the weights are kept.

    Raises:
        WeightsError: the disk has no room for the file.
    """
    folder = cache_folder() if folder is None else Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    require_space(folder, FILE_BYTES)
    with tempfile.TemporaryDirectory(dir=folder, prefix="measuring-", ignore_cleanup_errors=True) as place:
        path = Path(place) / "disk.bin"
        random = np.random.default_rng(0)
        with path.open("wb") as file:
            forget(file.fileno())  # on macOS what is written must not enter the page cache either
            for _ in range(FILE_BYTES // CHUNK):
                file.write(random.bytes(CHUNK))
            file.flush()
            os.fsync(file.fileno())
        with path.open("rb", buffering=0) as file:
            note, buffer = forget(file.fileno()), bytearray(CHUNK)

            def read() -> None:
                forget(file.fileno())
                file.seek(0)
                while file.readinto(buffer):
                    pass

            return rates(FILE_BYTES, "B/s", read, note)


def measure(folder: Path | None = None) -> MeasuredMachine:
    """Measure memory, arithmetic and disk of this machine, with a progress bar.

    Args:
        folder: where the disk is measured; unless told, where the weights are kept.

    Returns:
        Rates with their spread. Other programs at work make them lower: repeat it when the spread is wide.
    """
    start = time.perf_counter()
    memory = np.ones(NUMBERS, np.float32)
    steps = {
        "triad": partial(triad, memory),
        "matrix_vector": partial(matrix_vector, memory),
        "matrix_matrix": matrix_matrix,
        "disk_read": partial(disk_read, folder),
    }
    found = {}
    # A bar in a notebook outlives this call, with what it goes through: names, not the arrays.
    with tqdm(list(steps), desc="Measuring this machine", leave=False) as bar:
        for step in bar:
            bar.set_postfix_str(step.replace("_", " "))
            found[step] = steps[step]()
    return MeasuredMachine(name(), cores(), **found, seconds=time.perf_counter() - start)
