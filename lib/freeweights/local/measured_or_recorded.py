"""Figures of SmolLM2 measured on this machine, or recorded ones where the weights cannot be fetched."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..facts import datasets
from ..facts import quantities as q
from ..facts.records_measured import Recorded
from ..models.transformer import Model
from . import download, engine_timing, gguf_file, llama_cpp, smollm, smollm_timing, this_machine
from .llama import LlamaWeights as Weights

SMOL = "SmolLM2-135M-Instruct"
MEASURED = "measured here, now"
FLOAT32_BITS = 32


@dataclass(frozen=True)
class Quantised:
    """The model at one number of bits: bytes held, and how surprised it is by a text."""

    bits: int
    nbytes: float
    perplexity: float


@dataclass(frozen=True)
class RecordedRate:
    """A rate measured once elsewhere; only its middle is kept."""

    median: float
    unit: str
    note: str = ""

    def __str__(self) -> str:
        return f"{q.rate(self.median, self.unit)} (recorded)"


@dataclass(frozen=True)
class RecordedMachine:
    """The rates of the machine on which the recorded figures were made, named as in `yourmachine.Machine`."""

    name: str
    triad: RecordedRate
    matrix_vector: RecordedRate
    matrix_matrix: RecordedRate
    disk_read: RecordedRate


def fetch() -> Path | None:
    """Fetch the weights and say where they are; without a network, say so and that recorded figures follow."""
    try:
        path = download.smollm2()
    except gguf_file.WeightsError as problem:
        print(problem)
        print(f"No weights were fetched, so every figure of SmolLM2 in this lesson is {recorded_words()}.")
        return None
    print(f"{path.name}: {q.size(path.stat().st_size)}, checked against its SHA-256.")
    return path


def load(path: Path | None) -> Weights | None:
    """The model in memory, or None where there is no file."""
    return smollm.load(path) if path else None


def recorded_words(quantity: str = "triad") -> str:
    """How recorded figures are labelled, those recorded with one of them."""
    row = figures()[quantity]
    return f"recorded on {row.machine}, {row.date}"


@cache
def figures() -> dict[str, Recorded]:
    """All recorded figures by quantity, read once."""
    return smollm_timing.recorded()


def recorded(quantity: str) -> float:
    return figures()[quantity].value


def rates(path: Path | None) -> tuple[this_machine.MeasuredMachine | RecordedMachine, str]:
    """Rates of the machine that the lesson's figures come from: this one, or the one whose figures were recorded.

    Returns:
        The machine, and whether its rates were measured or recorded.
    """
    if path:
        return this_machine.measure(), MEASURED
    rows = figures()
    found = [
        RecordedRate(rows[name].value, rows[name].unit)
        for name in ("triad", "matrix vector", "matrix matrix", "disk read")
    ]
    return RecordedMachine(rows["triad"].machine, *found), recorded_words()


def loads(path: Path | None) -> tuple[dict[str, smollm_timing.LoadTime], str]:
    """Time the load twice: first with the file dropped from the page cache, then again.

    Returns:
        Loads by the words "cold" and "warm", and whether they were measured or recorded.
    """
    if path:
        return {
            word: smollm_timing.time_load(path, cold=word == "cold") for word in ("cold", "warm")
        }, MEASURED
    return {
        word: smollm_timing.LoadTime(
            recorded(f"read {word}"), recorded(f"build {word}"), download.GGUF_BYTES, word == "cold", ""
        )
        for word in ("cold", "warm")
    }, recorded_words()


def ask(loaded: Weights | None, question: str, max_tokens: int = 48) -> None:
    """Print the model's answer to a question as it is written."""
    if loaded is None:
        print("There is no model to ask, because its weights could not be fetched.")
        return
    for piece in smollm.generate(loaded, smollm.chat(question), max_tokens):
        print(piece, end="", flush=True)
    print()


def prefill(loaded: Weights | None) -> tuple[smollm_timing.Prefill, str]:
    """Time the reading of a prompt."""
    if loaded is not None:
        return smollm_timing.time_prefill(loaded), MEASURED
    seconds, tokens = recorded(f"prefill {smollm_timing.PROMPT} tokens"), smollm_timing.PROMPT
    return smollm_timing.Prefill(
        tokens, seconds, seconds, seconds, Model.named(SMOL).prefill_flops(tokens)
    ), recorded_words()


def decode(loaded: Weights | None) -> tuple[smollm_timing.DecodeSweep, str]:
    """Time one decode step for 1 to 32 sequences at once."""
    if loaded is not None:
        return smollm_timing.time_decode(loaded), MEASURED
    batch = np.array(smollm_timing.BATCHES)
    seconds = np.array([recorded(f"decode batch {n}") for n in batch])
    moved = recorded("bytes float32") + batch * Model.named(SMOL).cache_bytes(
        smollm_timing.mean_cached(), bytes_per_value=4
    )
    return smollm_timing.DecodeSweep(batch, seconds, seconds, seconds, moved), recorded_words()


def quantised(loaded: Weights | None, tokens: int = smollm_timing.TEXT_TOKENS) -> tuple[list[Quantised], str]:
    """Perplexity on the opening of Alice and bytes held, at 32, 8, 4, 3 and 2 bits a code."""
    if loaded is None:
        found = [Quantised(FLOAT32_BITS, recorded("bytes float32"), recorded("perplexity float32"))]
        return found + [
            Quantised(bits, recorded(f"bytes {bits} bits"), recorded(f"perplexity {bits} bits"))
            for bits in smollm_timing.BITS
        ], recorded_words()
    text = loaded.tokenizer.encode(datasets.text(smollm_timing.TEXT).decode()).ids[:tokens]

    def scored(model: Weights, bits: int) -> Quantised:  # lets go of one model before the next is made
        return Quantised(bits, model.nbytes, smollm.perplexity(model, text))

    found = [scored(smollm.quantise(loaded, bits), bits) for bits in smollm_timing.BITS]
    return [scored(loaded, FLOAT32_BITS), *found], MEASURED


def engine(path: Path | None) -> tuple[engine_timing.Rates, str]:
    """Time the engine on the same file, or take what was recorded where it or the file cannot be had."""
    if path and llama_cpp.installed():
        hand_back_freed_memory()
        return engine_timing.time_engine(path), MEASURED
    users = np.array(engine_timing.USERS)
    steps = np.array([recorded(f"engine step {n}") for n in users])
    return engine_timing.Rates(users, steps, recorded("engine reading")), recorded_words("engine reading")


def partings(loaded: Weights | None, path: Path | None) -> tuple[list[engine_timing.Parting], str]:
    """Where the texts of NumPy and of the engine part, found now or recorded."""
    if loaded is not None and path and llama_cpp.installed():
        return engine_timing.partings(loaded, path), MEASURED
    return [
        engine_timing.Parting(
            question, int(recorded(f"engine shared {n}")), int(recorded(f"engine compared {n}"))
        )
        for n, question in enumerate(engine_timing.QUESTIONS)
    ], recorded_words("engine reading")


def hand_back_freed_memory() -> None:
    """Ask the C library for what NumPy freed in small blocks: the GNU one keeps it, 160 MB after `quantised`."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)
