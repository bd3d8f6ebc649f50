"""Floor 5. Lesson 01's experiments on this machine, with recorded figures where the weights cannot be fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from . import inference, smollm, smollm_lab, weights, yourmachine
from . import quantities as q
from .llama import Model as Weights
from .machine import machine
from .plots import BLUE, GREEN, GREY, MARKERS, ORANGE, RED
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


def fetch() -> Path | None:
    """Fetch the weights and say where they are; without a network, say so and that recorded figures follow."""
    try:
        path = weights.smollm2()
    except weights.WeightsError as problem:
        print(problem)
        print(f"The lesson goes on with figures {recorded_words()}.")
        return None
    print(f"{path.name}: {q.size(path.stat().st_size)}, checked against its SHA-256.")
    return path


def load(path: Path | None) -> Weights | None:
    """The model in memory, or None where there is no file."""
    return smollm.load(path) if path else None


def recorded_words() -> str:
    """How recorded figures are labelled."""
    row = next(iter(smollm_lab.recorded().values()))
    return f"recorded on {row.machine}, {row.date}"


def recorded(quantity: str) -> float:
    return smollm_lab.recorded()[quantity].value


def loads(path: Path | None) -> tuple[dict[str, smollm_lab.Load], str]:
    """Time the load twice: first with the file dropped from the page cache, then again.

    Returns:
        Loads by the words "cold" and "warm", and whether they were measured or recorded.
    """
    if path:
        return {word: smollm_lab.time_load(path, cold=word == "cold") for word in ("cold", "warm")}, MEASURED
    size = int(recorded("file bytes"))
    return {
        word: smollm_lab.Load(recorded(f"read {word}"), recorded(f"build {word}"), size, word == "cold", "")
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
    return smollm_lab.Prefill(tokens, seconds, seconds, seconds, model(SMOL).prefill_flops(tokens)), recorded_words()


def decode(loaded: Weights | None) -> tuple[smollm_lab.DecodeSweep, str]:
    """Time one decode step for 1 to 32 sequences at once."""
    if loaded is not None:
        return smollm_lab.time_decode(loaded), MEASURED
    batch = np.array(smollm_lab.BATCHES)
    seconds = np.array([recorded(f"decode batch {n}") for n in batch])
    moved = recorded("bytes float32") + np.zeros(len(batch))
    return smollm_lab.DecodeSweep(batch, seconds, seconds, seconds, moved), recorded_words()


def quantised(loaded: Weights | None, tokens: int = 384) -> tuple[list[Quantised], str]:
    """Perplexity on the opening of Alice and bytes held, at 32, 8, 4, 3 and 2 bits a code."""
    if loaded is None:
        found = [Quantised(FLOAT32_BITS, recorded("bytes float32"), recorded("perplexity float32"))]
        return found + [
            Quantised(bits, recorded(f"bytes {bits} bits"), recorded(f"perplexity {bits} bits"))
            for bits in smollm_lab.BITS
        ], recorded_words()
    text = loaded.tokenizer.encode(smollm_lab.TEXT.read_text(encoding="utf-8")).ids[:tokens]
    found = [Quantised(FLOAT32_BITS, loaded.nbytes, smollm.perplexity(loaded, text))]
    for bits in smollm_lab.BITS:
        small = smollm.quantise(loaded, bits)
        found.append(Quantised(bits, small.nbytes, smollm.perplexity(small, text)))
    return found, MEASURED


def step_floor(sweep: smollm_lab.DecodeSweep, mine: yourmachine.Machine) -> np.ndarray:
    """Seconds below which no step of a sweep can go at the rates measured on this machine: bytes or FLOPs."""
    reading = sweep.bytes_moved / mine.matrix_vector.median
    computing = sweep.batch * model(SMOL).flops_per_token(1) / mine.matrix_matrix.median
    return np.maximum(reading, computing)


def where_lunch_ends(mine: yourmachine.Machine) -> float:
    """The batch at which the FLOPs of a step take as long as its bytes: the ridge point, in sequences."""
    smol = model(SMOL)
    return (4 * smol.shared_weights / mine.matrix_vector.median) / (smol.flops_per_token(1) / mine.matrix_matrix.median)


def draw_batch(figure: Figure, sweep: smollm_lab.DecodeSweep, mine: yourmachine.Machine, source: str) -> str:
    """Time of a step against batch: measured points, this machine's floor, the floor plus what batch 1 paid on top."""
    axes, fine = figure.subplots(), np.linspace(1, sweep.batch.max(), 200)
    smol = model(SMOL)
    read = np.interp(fine, sweep.batch, sweep.bytes_moved) / mine.matrix_vector.median
    compute = fine * smol.flops_per_token(1) / mine.matrix_matrix.median
    overhead = max(sweep.seconds[0] - step_floor(sweep, mine)[0], 0.0)
    axes.plot(fine, 1e3 * read, "--", color=BLUE)
    axes.plot(fine, 1e3 * compute, ":", color=ORANGE)
    axes.plot(fine, 1e3 * (np.maximum(read, compute) + overhead), "-", color=GREY)
    axes.errorbar(sweep.batch, 1e3 * sweep.seconds, 1e3 * np.array([sweep.seconds - sweep.low, sweep.high - sweep.seconds]),
                  fmt="o", color=RED, capsize=3, markeredgecolor="black")
    top = 1e3 * max(sweep.high.max(), compute.max()) * 1.12
    end = fine[-1]
    axes.set(xlim=(0, end * 1.22), ylim=(0, top), xlabel="sequences decoded at once (batch)", ylabel="ms per step")
    for curve, words, colour in [(read, "bytes alone", BLUE), (compute, "FLOPs alone", "#8A5F00"),
                                 (np.maximum(read, compute) + overhead, "floor + overhead\nof batch 1", GREY)]:
        axes.text(end * 1.012, 1e3 * curve[-1], words, color=colour, va="center")
    axes.text(sweep.batch[-1], 1e3 * sweep.seconds[-1] + top * 0.03, source, color=RED, ha="right", va="bottom")
    gain = sweep.tokens_per_second[-1] / sweep.tokens_per_second[0]
    axes.set_title(f"{sweep.batch[-1]} users cost {q.times(sweep.seconds[-1] / sweep.seconds[0])} the time of one, not "
                   f"{sweep.batch[-1]} times")
    return (f"A step for one sequence takes {q.duration(sweep.seconds[0])}, of which its bytes explain "
            f"{q.percent(step_floor(sweep, mine)[0] / sweep.seconds[0])}; a step for {sweep.batch[-1]} takes "
            f"{q.duration(sweep.seconds[-1])} and yields {q.times(gain)} the tokens per second. By the rates of this machine "
            f"computing overtakes reading at a batch of about {where_lunch_ends(mine):.0f}.")


def draw_quantised(figure: Figure, found: list[Quantised], source: str) -> str:
    """Perplexity against bytes, one point for each number of bits, both axes logarithmic."""
    axes = figure.subplots()
    axes.set(xscale="log", yscale="log", xlabel="bytes held (MB)", ylabel="perplexity on a page of Alice (lower is better)")
    axes.plot([one.nbytes / 1e6 for one in found], [one.perplexity for one in found], "-", color=GREY, linewidth=1)
    for one, marker in zip(found, MARKERS):
        axes.plot(one.nbytes / 1e6, one.perplexity, marker, color=BLUE, markersize=10, markeredgecolor="black")
        axes.annotate(f"{one.bits} bits: {q.significant(one.perplexity)}", (one.nbytes / 1e6, one.perplexity),
                      xytext=(8, 10), textcoords="offset points")
    sizes, worst = [one.nbytes / 1e6 for one in found], max(one.perplexity for one in found)
    axes.set(xlim=(min(sizes) / 1.3, max(sizes) * 1.7), ylim=(min(one.perplexity for one in found) / 1.6, worst * 3))
    axes.set_xticks([50, 100, 200, 500], ["50", "100", "200", "500"])
    ticks = [tick for tick in 10.0 ** np.arange(1, 9) if tick < worst * 3]
    axes.set_yticks(ticks, [q.count(tick) for tick in ticks])
    axes.minorticks_off()
    first, by_bits = found[0], {one.bits: one for one in found}
    axes.set_title(f"Four bits cost {q.percent(by_bits[4].perplexity / first.perplexity - 1)} of perplexity, two bits break it")
    axes.text(0.99, 0.96, source, transform=axes.transAxes, ha="right", va="top", color=GREEN)
    return (f"From {FLOAT32_BITS} to 8 bits the bytes fall to {q.percent(by_bits[8].nbytes / first.nbytes)} and perplexity goes "
            f"from {q.significant(first.perplexity)} to {q.significant(by_bits[8].perplexity)}; at 4 bits it is "
            f"{q.significant(by_bits[4].perplexity)}, at 3 bits {q.significant(by_bits[3].perplexity)}, at 2 bits "
            f"{q.significant(by_bits[2].perplexity)}.")


def users_for(times: float, what, node, node_weights, mac, mac_weights, context: float = 4096) -> int:
    """The smallest number of users with which a node writes `times` what another machine writes for one.

    Raises:
        ValueError: no number of users that fit reaches it.
    """
    users = np.arange(1, 1025)
    wanted = times * inference.decode(what, mac, context, 1, mac_weights).tokens_per_second
    rates = np.ma.filled(inference.decode(what, node, context, users, node_weights).tokens_per_second, 0.0)
    if rates.max() < wanted:
        raise ValueError(f"{node.name} writes at most {q.speed(rates.max())}: {q.speed(wanted)} is out of its reach.")
    return int(users[np.argmax(rates >= wanted)])


def verdicts(mac, node) -> dict[str, tuple[str, str]]:
    """The course's verdict on each claim of lesson 01, with the numbers that settle it."""
    glm, desk_bits = model("GLM-5.2"), "4.5 bits"
    nvme = inference.cold_load(glm, disk="NVMe SSD PCIe 4.0 x4", weights="FP8").expected
    sata = inference.cold_load(glm, disk="SATA SSD", weights="FP8").expected
    disk = inference.cold_load(glm, disk="HDD 7200 rpm enterprise", weights="FP8").expected
    desk, rack = (inference.decode(glm, m, 4096, 1, w) for m, w in ((mac, desk_bits), (node, "FP8")))
    desk_reads, rack_reads = (inference.prefill(glm, m, 4096, 1, w) for m, w in ((mac, desk_bits), (node, "FP8")))
    desk_slots, rack_slots = (inference.slots(glm, m, 32_768, w).expected for m, w in ((mac, desk_bits), (node, "FP8")))
    full = inference.decode(glm, node, 4096, 128, "FP8")
    gemma, card = model("Gemma 3 27B"), machine("GeForce RTX 4090")
    local = inference.decode(gemma, card, 4096, 1, "Q4_K_M")
    maverick, biggest_us = model("Llama 4 Maverick"), model("Llama 3.1 405B")
    return {
        "cold-load": ("holds in part", (
            f"At FP8 GLM-5.2 loads in {q.duration(nvme)} from an NVMe drive of PCIe 4.0, {q.duration(sata)} from a SATA SSD and "
            f"{q.duration(disk)} from a hard disk. Minutes are a nuisance once a day and a stop sign if every "
            "request had to wait for them.")),
        "desktop-fits-but-crawls": ("holds", (
            f"Against the cluster the desktop reads {q.times(rack_reads.tokens_per_second / desk_reads.tokens_per_second)} "
            f"and writes {q.times(rack.tokens_per_second / desk.tokens_per_second)} more slowly for one user, and it has room "
            f"for {desk_slots:.0f} sequences of 32,768 tokens where the cluster has {rack_slots:.0f}. Its bottleneck is "
            f"{desk.bottleneck} when writing and {desk_reads.bottleneck} when reading.")),
        "weights-are-not-intelligence": ("holds in part", (
            f"The same file writes {q.speed(desk.tokens_per_second)} on the desktop, {q.speed(rack.tokens_per_second)} for one "
            f"user of the cluster and {q.speed(full.tokens_per_second)} for {128} of them. Without any machine it writes "
            "nothing; with a modest one it gives the same answers later.")),
        "local-is-good-enough": ("holds in part", (
            f"Gemma 3 27B at four bits writes {q.speed(local.tokens_per_second)} on one RTX 4090, faster than anyone reads. "
            "Speed is settled; whether its answers are good enough is not a question about machines, and lesson 06 asks it.")),
        "small-fry": ("holds in part", (
            f"Gemma 3 27B has {q.times(maverick.parameters / gemma.parameters)} fewer weights than the "
            f"{q.count(maverick.parameters)} of Llama 4 Maverick, and Phi-4 {q.times(maverick.parameters / model('Phi-4 14B').parameters)}. "
            f"But Maverick, Llama 3.1 405B ({q.count(biggest_us.parameters)}), Grok-1 ({q.count(model('Grok-1').parameters)}) and "
            f"gpt-oss-120b ({q.count(model('gpt-oss-120b').parameters)}) are open models of US companies too.")),
    }
