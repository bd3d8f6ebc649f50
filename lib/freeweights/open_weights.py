"""Floor 5. Lesson 01's experiments on this machine, with recorded figures where the weights cannot be fetched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from . import datasets, smollm, smollm_lab, weights, yourmachine
from . import quantities as q
from .llama import Model as Weights
from .plots import BLUE, GREY, MARKERS, RED, apart, decades, log_axis
from .records import Recorded
from .transformer import model

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
        path = weights.smollm2()
    except weights.WeightsError as problem:
        print(problem)
        print(f"No weights were fetched, so every figure of SmolLM2 in this lesson is {recorded_words()}.")
        return None
    print(f"{path.name}: {q.size(path.stat().st_size)}, checked against its SHA-256.")
    return path


def load(path: Path | None) -> Weights | None:
    """The model in memory, or None where there is no file."""
    return smollm.load(path) if path else None


def recorded_words() -> str:
    """How recorded figures are labelled."""
    row = next(iter(figures().values()))
    return f"recorded on {row.machine}, {row.date}"


@cache
def figures() -> dict[str, Recorded]:
    """All recorded figures by quantity, read once."""
    return smollm_lab.recorded()


def recorded(quantity: str) -> float:
    return figures()[quantity].value


def rates(path: Path | None) -> tuple[yourmachine.Machine | RecordedMachine, str]:
    """Rates of the machine that the lesson's figures come from: this one, or the one whose figures were recorded.

    Returns:
        The machine, and whether its rates were measured or recorded.
    """
    if path:
        return yourmachine.measure(), MEASURED
    rows = figures()
    found = [
        RecordedRate(rows[name].value, rows[name].unit)
        for name in ("triad", "matrix vector", "matrix matrix", "disk read")
    ]
    return RecordedMachine(rows["triad"].machine, *found), recorded_words()


def loads(path: Path | None) -> tuple[dict[str, smollm_lab.Load], str]:
    """Time the load twice: first with the file dropped from the page cache, then again.

    Returns:
        Loads by the words "cold" and "warm", and whether they were measured or recorded.
    """
    if path:
        return {word: smollm_lab.time_load(path, cold=word == "cold") for word in ("cold", "warm")}, MEASURED
    return {
        word: smollm_lab.Load(
            recorded(f"read {word}"), recorded(f"build {word}"), weights.GGUF_BYTES, word == "cold", ""
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


def prefill(loaded: Weights | None) -> tuple[smollm_lab.Prefill, str]:
    """Time the reading of a prompt."""
    if loaded is not None:
        return smollm_lab.time_prefill(loaded), MEASURED
    seconds, tokens = recorded(f"prefill {smollm_lab.PROMPT} tokens"), smollm_lab.PROMPT
    return smollm_lab.Prefill(
        tokens, seconds, seconds, seconds, model(SMOL).prefill_flops(tokens)
    ), recorded_words()


def decode(loaded: Weights | None) -> tuple[smollm_lab.DecodeSweep, str]:
    """Time one decode step for 1 to 32 sequences at once."""
    if loaded is not None:
        return smollm_lab.time_decode(loaded), MEASURED
    batch = np.array(smollm_lab.BATCHES)
    seconds = np.array([recorded(f"decode batch {n}") for n in batch])
    moved = recorded("bytes float32") + batch * model(SMOL).cache_bytes(
        smollm_lab.mean_cached(), bytes_per_value=4
    )
    return smollm_lab.DecodeSweep(batch, seconds, seconds, seconds, moved), recorded_words()


def quantised(loaded: Weights | None, tokens: int = smollm_lab.TEXT_TOKENS) -> tuple[list[Quantised], str]:
    """Perplexity on the opening of Alice and bytes held, at 32, 8, 4, 3 and 2 bits a code."""
    if loaded is None:
        found = [Quantised(FLOAT32_BITS, recorded("bytes float32"), recorded("perplexity float32"))]
        return found + [
            Quantised(bits, recorded(f"bytes {bits} bits"), recorded(f"perplexity {bits} bits"))
            for bits in smollm_lab.BITS
        ], recorded_words()
    text = loaded.tokenizer.encode(datasets.text(smollm_lab.TEXT).decode()).ids[:tokens]

    def scored(model: Weights, bits: int) -> Quantised:  # lets go of one model before the next is made
        return Quantised(bits, model.nbytes, smollm.perplexity(model, text))

    found = [scored(smollm.quantise(loaded, bits), bits) for bits in smollm_lab.BITS]
    return [scored(loaded, FLOAT32_BITS), *found], MEASURED


def step_floor(sweep: smollm_lab.DecodeSweep, mine: yourmachine.Machine | RecordedMachine) -> np.ndarray:
    """Seconds below which no step of a sweep can go at the rates measured on this machine: bytes or FLOPs."""
    reading = sweep.bytes_moved / mine.matrix_vector.median
    computing = sweep.batch * model(SMOL).flops_per_token(1) / mine.matrix_matrix.median
    return np.maximum(reading, computing)


def where_lunch_ends(mine: yourmachine.Machine | RecordedMachine) -> float:
    """The batch at which the FLOPs of a step take as long as its bytes: the ridge point, in sequences."""
    smol = model(SMOL)
    return (4 * smol.shared_weights / mine.matrix_vector.median) / (
        smol.flops_per_token(1) / mine.matrix_matrix.median
    )


def draw_batch(
    figure: Figure, sweep: smollm_lab.DecodeSweep, mine: yourmachine.Machine | RecordedMachine, source: str
) -> str:
    """Time of a step against batch: measured points, the machine's floor, the floor plus what batch 1 paid on top."""
    axes, most, smol = figure.subplots(), int(sweep.batch[-1]), model(SMOL)
    fine = np.linspace(1, max(most, 2), 200)
    read = np.interp(fine, sweep.batch, sweep.bytes_moved) / mine.matrix_vector.median
    compute = fine * smol.flops_per_token(1) / mine.matrix_matrix.median
    share = step_floor(sweep, mine)[0] / sweep.seconds[0]
    overhead = max(1 - share, 0.0) * sweep.seconds[0]
    both = np.maximum(read, compute) + overhead
    axes.errorbar(
        sweep.batch,
        1e3 * sweep.seconds,
        1e3 * np.array([sweep.seconds - sweep.low, sweep.high - sweep.seconds]),
        fmt="o",
        color=RED,
        capsize=3,
        markeredgecolor="black",
        zorder=3,
    )
    top, end = 1.2e3 * max(sweep.high.max(), both.max()), fine[-1]
    axes.set(
        xlim=(0, end * 1.25), ylim=(0, top), xlabel="sequences decoded at once (batch)", ylabel="ms per step"
    )
    axes.set_xticks([one for one in (1, 4, 8, 12, 16, 20, 24, 28, 32) if one <= end])
    curves = [
        (read, "--", "bytes alone", BLUE),
        (compute, ":", "FLOPs alone", "#8A5F00"),
        (both, "-", "floor + overhead", GREY),
    ]
    heights = apart([1e3 * curve[-1] for curve, *_ in curves], top / 14)
    for (curve, line, words, colour), height in zip(curves, heights):
        axes.plot(fine, 1e3 * curve, line, color=colour)
        axes.text(end * 1.025, height, words, color=colour, va="center")
    axes.text(0.01, 0.985, f"● {source}", transform=axes.transAxes, color="#A84A00", va="top")
    slower, gain = (
        sweep.seconds[-1] / sweep.seconds[0],
        sweep.tokens_per_second[-1] / sweep.tokens_per_second[0],
    )
    axes.set_title(
        f"{most} users cost {q.times(slower)} the time of one, not {most} times"
        if most > 1
        else f"A step for one user takes {q.duration(sweep.seconds[0])}"
    )
    many = (
        f"; a step for {most} takes {q.duration(sweep.seconds[-1])} and yields {q.times(gain)} the tokens per second"
        if most > 1
        else ""
    )
    bytes_say = (
        f"of which its bytes explain {q.percent(share)}"
        if share <= 1
        else "less than its bytes need at the rate that was measured for memory"
    )
    return (
        f"A step for one sequence takes {q.duration(sweep.seconds[0])}, {bytes_say}{many}. By the machine's rates "
        f"computing overtakes reading at a batch of about {q.significant(where_lunch_ends(mine), 2)}. Step times are "
        f"{source}."
    )


def draw_quantised(figure: Figure, found: list[Quantised], source: str) -> str:
    """Perplexity against bytes, one point for each number of bits, both axes logarithmic."""
    axes, first, last = figure.subplots(), found[0], found[-1]
    sizes, lows = [one.nbytes / 1e6 for one in found], [one.perplexity for one in found]
    axes.set(xlabel="bytes held (MB)", ylabel="perplexity on a page of Alice")
    axes.plot(sizes, lows, "-", color=GREY, linewidth=1)
    for one, marker in zip(found, MARKERS):
        axes.plot(
            one.nbytes / 1e6, one.perplexity, marker, color=BLUE, markersize=10, markeredgecolor="black"
        )
        axes.annotate(
            f"{one.bits} bits\n{q.count(one.perplexity)}",
            (one.nbytes / 1e6, one.perplexity),
            xytext=(9, 6),
            textcoords="offset points",
            linespacing=1.1,
        )
    low, high = min(lows) / 1.6, max(lows) * (max(lows) / min(lows)) ** 0.3 * 2
    log_axis(axes.xaxis, {one: str(one) for one in (50, 100, 200, 500)})
    log_axis(axes.yaxis, decades(low, high, every=1 + int(np.log10(high / low)) // 8))
    axes.set(xlim=(min(sizes) / 1.3, max(sizes) * 1.7), ylim=(low, high))
    worse = [
        f"{one.bits} bits {'multiply perplexity by ' if one is not last else 'by '}"
        f"{q.significant(one.perplexity / first.perplexity, 3)}"
        for one in found
        if one.bits == 4 or one is last
    ]
    axes.set_title(", ".join(worse))
    axes.text(0.99, 0.975, source, transform=axes.transAxes, ha="right", va="top", color="#00664A")
    rest = ", ".join(f"at {one.bits} bits {q.significant(one.perplexity)}" for one in found[1:])
    return (
        f"From {first.bits} to {found[1].bits} bits the bytes fall to {q.percent(found[1].nbytes / first.nbytes)}. "
        f"Perplexity is {q.significant(first.perplexity)} at {first.bits} bits, {rest}; lower is better. "
        f"These figures are {source}."
    )
