"""Experiments of lesson 01 on SmolLM2: time loading, prefill and decode; figures to fall back on."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..facts import catalog, datasets
from ..facts.records_measured import Recorded
from . import download, kv_cache, llama, smollm, this_machine
from .kv_cache import Cache
from .llama import LlamaWeights

RECORDED = catalog.DATA / "recorded_smollm.csv"
TEXT = "alice"  # of data/texts
BATCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
BITS = (8, 4, 3, 2)
ENOUGH_SECONDS = 1.0  # spent on the repeats of one timing, if there are two already
TEXT_TOKENS = 384  # of the text on which perplexity is taken
CONTEXT, STEPS = 32, 7  # tokens in the cache when the timed steps begin, and how many are timed
PROMPT = 512  # tokens of the prompt whose prefill is timed


@dataclass(frozen=True)
class LoadTime:
    """Seconds to read a weights file and to build arrays of it; `cold`: its page cache was dropped first."""

    read: float
    build: float
    file_bytes: int
    cold: bool
    note: str

    @property
    def seconds(self) -> float:
        """From the file to a model that answers."""
        return self.read + self.build


@dataclass(frozen=True, eq=False)
class DecodeSweep:
    """One decode step at several batches. `seconds` is the median over steps, `low` and `high` the extremes;
    `bytes_moved` is the least a step must move: every weight once, and the cache of every sequence."""

    batch: np.ndarray
    seconds: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bytes_moved: np.ndarray

    @property
    def tokens_per_second(self) -> np.ndarray:
        """Over all sequences of the batch."""
        return self.batch / self.seconds


@dataclass(frozen=True)
class Prefill:
    """Reading a prompt. `flops` counts the matrix products done."""

    tokens: int
    seconds: float
    low: float
    high: float
    flops: float


def time_load(path: Path | None = None, cold: bool = True) -> LoadTime:
    """Time the way from the file to a model in memory; the model is dropped again.

    Args:
        path: the file; unless told, `weights.smollm2()`.
        cold: drop the file from the page cache first, where the system can be asked to.
    """
    path = download.smollm2() if path is None else Path(path)
    buffer = bytearray(this_machine.CHUNK)
    with path.open("rb", buffering=0) as file:
        note = this_machine.forget(file.fileno()) if cold else ""
        start = time.perf_counter()
        while file.readinto(buffer):
            pass
    read = time.perf_counter() - start
    smollm.load(path)
    return LoadTime(read, time.perf_counter() - start - read, path.stat().st_size, cold and not note, note)


def bytes_moved(model: LlamaWeights, batch: int | np.ndarray, context: float) -> np.ndarray:
    """The least one decode step moves: all weights once, and keys and values of `context` tokens for every
    sequence.

    Args:
        model: its weights are counted as they are held.
        batch: sequences.
        context: tokens each has in its cache.

    Returns:
        Bytes, in the shape of batch.

    >>> float(bytes_moved(llama.tiny(), batch=1, context=0)) == llama.tiny().nbytes
    True
    """
    c = model.config
    token = 2 * c.layers * c.kv_heads * c.head_size * np.dtype(np.float32).itemsize
    return model.nbytes + np.asarray(batch) * token * context


def _timed(act: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each repeat; one more comes first and is not counted. On a busy machine there are fewer repeats."""
    act()
    times: list[float] = []
    while len(times) < repeats and (len(times) < 2 or sum(times) < ENOUGH_SECONDS):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return times


def time_decode(
    model: LlamaWeights, batches: Sequence[int] = BATCHES, context: int = CONTEXT, steps: int = STEPS
) -> DecodeSweep:
    """Time one decode step at every batch, from the same short prompt.

    Args:
        model: as loaded.
        batches: how many sequences at once, each 1 or more.
        context: tokens in the cache at the start.
        steps: timed at each batch, at most.
    """
    batches = np.asarray(batches, int)
    prompt = np.arange(context) % model.config.vocabulary
    _, cache = llama.prefill(model, prompt)
    times = []
    for batch in tqdm(batches, desc="Decoding at every batch", leave=False):
        many: Cache = kv_cache.repeat(cache, int(batch))
        tokens = np.arange(batch) % model.config.vocabulary
        times.append(_timed(lambda: llama.decode(model, tokens, many), steps))
    median, low, high = (np.array([pick(each) for each in times]) for pick in (np.median, np.min, np.max))
    moved = bytes_moved(model, batches, mean_cached(context, steps))
    return DecodeSweep(batches, median, low, high, moved)


def mean_cached(context: int = CONTEXT, steps: int = STEPS) -> float:
    """Tokens in each cache in the middle of the timed steps; one more step comes first and is not timed."""
    return context + 1 + (steps + 1) / 2


def time_prefill(model: LlamaWeights, tokens: int = PROMPT, repeats: int = 3) -> Prefill:
    """Time the reading of a prompt of so many tokens."""
    prompt = np.arange(tokens) % model.config.vocabulary
    times = _timed(lambda: llama.prefill(model, prompt), repeats)
    return Prefill(tokens, float(np.median(times)), min(times), max(times), prefill_flops(model, tokens))


def prefill_flops(model: LlamaWeights, tokens: int) -> float:
    """FLOPs of the matrix products of a prefill: 2 for a weight and a token, and attention's to the tokens
    before.

    In the last layer only the last token passes beyond the keys and values; only it meets the output
    embedding.
    """
    c = model.config
    layer = model.layers[0]
    keys_values = 2 * c.kv_heads * c.head_size * c.width
    matrices = layer.qkv.size + layer.output.size + layer.gate_up.size + layer.down.size
    pairs = tokens * (tokens + 1) / 2
    attention = 4 * c.heads * c.head_size * ((c.layers - 1) * pairs + tokens)
    once = matrices - keys_values + model.embedding.size
    return 2 * ((c.layers - 1) * matrices * tokens + keys_values * tokens + once) + attention


def recorded(path: Path = RECORDED) -> dict[str, Recorded]:
    """Read the figures recorded when this course was made, by quantity. Label them as recorded where they are
    shown.

    Raises:
        catalog.CatalogError: a column is missing or a value is no number; the message gives file, row and
        column.

    >>> recorded()["decode batch 1"].unit
    's'
    """
    return {row.quantity: row for row in catalog.read(path, Recorded)}


def record(path: Path = RECORDED) -> dict[str, Recorded]:
    """Measure all that lesson 01 shows and keep it: about a minute, for the makers of the course."""
    figures: dict[str, tuple[float, str]] = {}
    machine = this_machine.measure()
    for name in ("triad", "matrix_vector", "matrix_matrix", "disk_read"):
        found = getattr(machine, name)
        figures[name.replace("_", " ")] = found.median, found.unit
    for cold in (True, False):
        load, word = time_load(cold=cold), "cold" if cold else "warm"
        figures[f"read {word}"], figures[f"build {word}"] = (load.read, "s"), (load.build, "s")
    model = smollm.load()
    figures["parameters"] = model.parameters, "1"
    figures["bytes float32"] = model.nbytes, "B"
    figures[f"prefill {PROMPT} tokens"] = time_prefill(model).seconds, "s"
    sweep = time_decode(model)
    for batch, seconds in zip(sweep.batch, sweep.seconds):
        figures[f"decode batch {batch}"] = seconds, "s"
    tokens = model.tokenizer.encode(datasets.text(TEXT).decode()).ids[:TEXT_TOKENS]
    figures["perplexity float32"] = smollm.perplexity(model, tokens), "1"
    for bits in tqdm(BITS, desc="Quantising", leave=False):
        small = smollm.quantise(model, bits)
        figures[f"perplexity {bits} bits"] = smollm.perplexity(small, tokens), "1"
        figures[f"bytes {bits} bits"] = small.nbytes, "B"
    today = datetime.date.today().isoformat()
    rows = [
        Recorded(quantity, float(value), unit, machine.name, today)
        for quantity, (value, unit) in figures.items()
    ]
    catalog.write(path, rows, digits=9)
    return recorded(path)
