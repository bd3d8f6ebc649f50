"""Lesson 02's exercises: what is scarce on a desktop, the years until it matches a node, and where doubling ends."""

from __future__ import annotations

import numpy as np

from ..cost import inference
from ..cost.reference_cases import CLUSTER, CONTEXT, DESKTOP, LONG_CONTEXT, SERVED
from ..facts.vocabulary import Bottleneck
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money import hardware_trends
from ..page import questions
from . import claims


def scarce_on_a_desktop() -> questions.Exercise:
    """Lesson 02, one step: which of five things is scarce when the desktop reads a long prompt."""
    llama, desktop, weights = Model.named("Llama 3.1 70B"), Machine.named(*DESKTOP), "Q4_K_M"
    tokens = LONG_CONTEXT

    def answer() -> str:
        reading = inference.prefill(llama, desktop, prompt=tokens, weights=weights)
        return str(reading.bottleneck if reading.fits else Bottleneck.CAPACITY)

    return questions.exercise(
        "scarce",
        f"The 512 GB desktop **reads** a prompt of {tokens:,} tokens with Llama 3.1 70B at `{weights}`. What is scarce?",
        answer=answer,
        choices=[str(one) for one in list(Bottleneck)[:4]],
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


def years_until_a_desktop() -> questions.Exercise:
    """Lesson 02, with changed numbers: a cheaper desktop and a smaller node."""
    price, node = 5000, Machine.named("H100 SXM5 80GB")

    def ratio(where=node, dollars: float = price) -> float:
        return where.flops(16) / (dollars * hardware_trends.trend("arithmetic").at(hardware_trends.today()))

    def years(of: float) -> float:
        return float(np.log(of) / hardware_trends.trend("arithmetic").slope)

    return questions.exercise(
        "years",
        f"On the trend of unified memory, in how many years does a desktop of **{price:,} dollars** have the fp16 "
        f"arithmetic of **one** {node.device.name}?",
        answer=lambda: years(ratio()),
        unit="years",
        mistakes=[
            (
                lambda: (ratio() - 1) / np.expm1(hardware_trends.trend("arithmetic").slope),
                "You added the same amount every year. Growth multiplies: take logarithms.",
            ),
            (
                lambda: years(ratio(Machine.named(*CLUSTER))),
                "That is the year for eight H200; the question asks for one H100.",
            ),
            (
                lambda: years(ratio(dollars=Machine.named(*DESKTOP).device.price)),
                "That is the dearer desktop of the panel's start; this one buys less.",
            ),
        ],
        hint="How many times too weak is the desktop today? Divide the logarithm of that by the slope of the line.",
    )


def where_doubling_ends() -> questions.Exercise:
    """Lesson 02, open: how far tensor parallelism carries over a slow link."""
    link, gain = "200 GbE", 0.1

    def answer() -> int:
        return claims.doubling_ends("Llama 3.1 70B", link, SERVED, gain)

    return questions.exercise(
        "doubling",
        f"Open: H200 joined by {link} serve Llama 3.1 70B at FP8 to {SERVED} users with {CONTEXT:,} "
        "tokens each, by tensor parallelism. Begin with two and keep doubling. From **how many** devices on does "
        "doubling gain less than a tenth? And which of the five would you buy instead?",
        answer=answer,
        unit="devices",
        mistakes=[
            (lambda: 2 * answer(), "That is what they were doubled to: the question asks from how many."),
            (lambda: answer() / 2, "From there doubling still gains a tenth or more: once again."),
        ],
        hint=f'`fw.machine("H200 SXM 141GB", n, link="{link}")` for n = 2, 4, 8, ...: compare each speed with the next.',
    )
