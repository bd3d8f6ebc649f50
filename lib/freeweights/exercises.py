"""Floor 5. The exercises of the lessons: each computes its answer, and knows the slips that lead astray."""

from __future__ import annotations

import numpy as np

from . import inference, lesson, trends, verdicts
from .cases import CLUSTER, CONTEXT, DESKTOP, LONG_CONTEXT, SERVED
from .machine import machine
from .memory import bits_per_weight
from .transformer import model


def bytes_of_llama() -> lesson.Exercise:
    """Lesson 00: bits into bytes."""
    llama = model("Llama 3.1 8B")
    return lesson.exercise(
        "bytes",
        "How many bytes do the weights of Llama 3.1 8B take at 16 bits each? You may type `16 GB` or `16e9`.",
        answer=lambda: llama.parameters * 16 / 8,
        unit="B",
        tolerance=0.03,
        mistakes=[
            (lambda: llama.parameters, "That is one byte for each weight: it would be 8 bits, not 16."),
            (lambda: llama.parameters * 4, "That is four bytes for each weight: it would be 32 bits."),
        ],
        hint="A byte is eight bits. How many bytes are sixteen bits, and how many weights are there?",
    )


def load_kimi() -> lesson.Exercise:
    """Lesson 01, one step: bytes over a drive's rate."""
    kimi = model("Kimi K2")

    def floor(disk: str) -> float:
        return inference.cold_load(kimi, disk=disk, weights="FP8").floor

    return lesson.exercise(
        "load",
        "At FP8, what is the **floor** for loading Kimi K2 from an `NVMe SSD PCIe 5.0 x4`?",
        answer=lambda: floor("NVMe SSD PCIe 5.0 x4"),
        unit="s",
        mistakes=[
            (lambda: floor("NVMe SSD PCIe 4.0 x4"), "That is the slower drive, PCIe 4.0."),
        ],
        hint="Bytes over the drive's rate. A weight at FP8 is a little over one byte.",
    )


def write_405b() -> lesson.Exercise:
    """Lesson 01, with changed numbers: the bound of a dense model on the desktop."""
    llama, desktop, weights = model("Llama 3.1 405B"), machine(*DESKTOP), "Q4_K_M"
    bits, _ = bits_per_weight(weights, llama)

    def most() -> float:
        return inference.decode(llama, desktop, context=1, weights=weights).tokens_per_second_at_most

    return lesson.exercise(
        "405",
        f"Llama 3.1 405B at `{weights}` on the 512 GB desktop, one user: **at most** how many tokens a second?",
        answer=most,
        unit="tokens/s",
        mistakes=[
            (
                lambda: most() * bits / 16,
                "You read two bytes for each weight; at this format it is well under one.",
            ),
            (
                lambda: most() * bits / 4,
                "This format is called 4 bits, but a whole file spends more: scales, and layers kept wider.",
            ),
        ],
        impossible=[
            (
                lambda rate: rate > desktop.memory_bandwidth / 1e9,
                "each token would move less than a gigabyte.",
            ),
        ],
        hint="Every weight is read once a token: bandwidth over bytes.",
    )


def users_of_a_node() -> lesson.Exercise:
    """Lesson 01, open: how many users a cluster needs to write a hundred times as much as the desktop."""
    crowd, alone = machine(*CLUSTER), machine(*DESKTOP)
    return lesson.exercise(
        "users",
        f"Open: GLM-5.2 at FP8 on eight H200, {CONTEXT:,} tokens of context. With how many users at once does "
        "the node first write **a hundred times** what the desktop at 4.5 bits writes for one?",
        answer=lambda: verdicts.users_for(100, model("GLM-5.2"), crowd, "FP8", alone, "4.5 bits"),
        unit="users",
        tolerance=0.1,
        hint="`fw.decode(..., batch=np.arange(1, 600))` answers them all in one call. Which is the first above?",
    )


SCARCE = {"compute": "arithmetic", "memory bandwidth": "bandwidth", "capacity": "capacity", "link": "links"}


def scarce_on_a_desktop() -> lesson.Exercise:
    """Lesson 02, one step: which of four things is scarce when the desktop reads a long prompt."""
    llama, desktop, weights = model("Llama 3.1 70B"), machine(*DESKTOP), "Q4_K_M"
    tokens = LONG_CONTEXT

    def answer() -> str:
        reading = inference.prefill(llama, desktop, tokens, weights=weights)
        return SCARCE[reading.bottleneck if reading.fits else "capacity"]

    return lesson.exercise(
        "scarce",
        f"The 512 GB desktop **reads** a prompt of {tokens:,} tokens with Llama 3.1 70B at `{weights}`. What is scarce?",
        answer=answer,
        choices=list(SCARCE.values()),
        mistakes=[
            (
                "bandwidth",
                "It would be, if the desktop were writing. Here each weight that arrives serves every token.",
            ),
            (
                "capacity",
                "Weights and cache take a fraction of 512 GB: the slots panel shows how much is left.",
            ),
            ("links", "One device has nobody to talk to."),
        ],
        hint="Where does the point lie: left or right of the machine's ridge?",
    )


def years_until_a_desktop() -> lesson.Exercise:
    """Lesson 02, with changed numbers: a cheaper desktop and a smaller node."""
    price, node = 5000, machine("H100 SXM5 80GB")

    def ratio(where=node, dollars: float = price) -> float:
        return where.flops(16) / (dollars * trends.trend("arithmetic").at(trends.today()))

    def years(of: float) -> float:
        return float(np.log(of) / trends.trend("arithmetic").slope)

    return lesson.exercise(
        "years",
        f"On the trend of unified memory, in how many years does a desktop of **{price:,} dollars** have the fp16 "
        f"arithmetic of **one** {node.device.name}?",
        answer=lambda: years(ratio()),
        unit="years",
        mistakes=[
            (
                lambda: (ratio() - 1) / np.expm1(trends.trend("arithmetic").slope),
                "You added the same amount every year. Growth multiplies: take logarithms.",
            ),
            (
                lambda: years(ratio(machine(*CLUSTER))),
                "That is the year for eight H200; the question asks for one H100.",
            ),
            (
                lambda: years(ratio(dollars=machine(*DESKTOP).device.price)),
                "That is the dearer desktop of the panel's start; this one buys less.",
            ),
        ],
        hint="How many times too weak is the desktop today? Divide the logarithm of that by the slope of the line.",
    )


def where_doubling_ends() -> lesson.Exercise:
    """Lesson 02, open: how far tensor parallelism carries over a slow link."""
    link, gain = "200 GbE", 0.1

    def answer() -> int:
        return verdicts.doubling_ends("Llama 3.1 70B", link, SERVED, gain)

    return lesson.exercise(
        "doubling",
        f"Open: H200 joined by {link} serve Llama 3.1 70B at FP8 to {SERVED} users with {CONTEXT:,} "
        "tokens each, by tensor parallelism. Begin with two and keep doubling. From **how many** devices on does "
        "doubling gain less than a tenth? And which of the four would you buy instead?",
        answer=answer,
        unit="devices",
        mistakes=[
            (lambda: 2 * answer(), "That is what they were doubled to: the question asks from how many."),
            (lambda: answer() / 2, "From there doubling still gains a tenth or more: once again."),
        ],
        hint=f'`fw.machine("H200 SXM 141GB", n, link="{link}")` for n = 2, 4, 8, ...: compare each speed with the next.',
    )
