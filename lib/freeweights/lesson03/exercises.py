"""The exercises of lesson 03: experts touched, experts on a drive, and the worst case for a mixture."""

from __future__ import annotations

import numpy as np

from ..cost import memory
from ..machines.machine import Machine
from ..models.experts import expected_distinct_experts
from ..models.transformer import Model
from ..page import questions
from . import expert_streaming
from . import moe_against_dense as versus

CLASS = 24  # users of the first exercise
DRIVE, HIT_RATE = "NVMe SSD PCIe 4.0 x4", 0.8
SHORT = 512  # tokens that each user holds in the last one


def touched_by_a_class() -> questions.Exercise:
    """Lesson 03, one step: distinct experts that a class touches."""
    model = Model.named("gpt-oss-120b")
    experts, chosen = model.experts, model.experts_per_token
    return questions.exercise(
        "touched",
        f"Each layer of gpt-oss-120b has {experts} experts, and a token goes to {chosen} of them. {CLASS} learners write at "
        "once, and every token chooses uniformly. How many **distinct** experts of a layer do they touch on average?",
        answer=lambda: float(expected_distinct_experts(experts, chosen, CLASS)),
        unit="experts",
        tolerance=0.02,
        mistakes=[
            (chosen, "That is what one token touches; the others want experts of their own."),
            (
                min(experts, chosen * CLASS),
                "That is as if no two tokens ever shared an expert. How likely is it that all of them miss one?",
            ),
            (
                experts,
                "That many have to lie in memory. Some of them are missed by every token of this step.",
            ),
        ],
        impossible=[(lambda number: number > experts, f"a layer has {experts} experts.")],
        hint="One token misses an expert with a probability of one minus k over E. And all of them?",
    )


def from_the_drive() -> questions.Exercise:
    """Lesson 03, with changed numbers: bytes that a drive reads for one token."""
    glm, desk = Model.named("GLM-5.2"), Machine.named(expert_streaming.DESKTOP, drive=DRIVE)

    def read(hit_rate: float) -> float:
        return float(expert_streaming.streamed(glm, desk, hit_rate, "4.5 bits").drive_bytes)

    return questions.exercise(
        "drive",
        f"GLM-5.2 at 4.5 bits streams its experts from a drive, and {HIT_RATE:.0%} of the uses are found in the cache. How "
        "many **bytes** does the drive read for each token? You may type `7 GB`.",
        answer=lambda: read(HIT_RATE),
        unit="B",
        mistakes=[
            (lambda: read(1 - HIT_RATE), "You took what is found; the drive reads what is missed."),
            (lambda: read(0.0), "That is without a cache."),
            (
                lambda: (1 - HIT_RATE) * glm.active_parameters * 4.5 / 8,
                "Not all active weights are experts: those that every token uses stay in memory.",
            ),
        ],
        hint="Layers with experts, times experts of a token, times weights of an expert, times bytes; then the share missed.",
    )


def worst_case() -> float:
    """The longest step of DeepSeek-R1 over that of Llama 3.1 405B, for any number of short users that both can hold."""
    node = Machine.named(*versus.NODE)
    most = min(
        memory.max_sequences(one, node, context=SHORT, weights=versus.WEIGHTS).expected
        for one in versus.both()
    )
    return float(versus.time_ratio(node, SHORT, np.arange(1, most + 1)).max())


def worst_case_for_the_mixture() -> questions.Exercise:
    """Lesson 03, open: where the claim of the debate is weakest."""
    return questions.exercise(
        "worst",
        f"Open: look for the worst case of the claim. On eight H200 at FP8 every user holds {SHORT} tokens. Of all numbers "
        "of users that both models have room for, take the one at which DeepSeek-R1's step is longest beside Llama 3.1 "
        "405B's. **How many times** as long is it?",
        answer=worst_case,
        unit="times",
        tolerance=0.02,
        mistakes=[
            (lambda: 1 / worst_case(), "That is 405B over R1: turn it round."),
            (
                lambda: float(versus.bytes_ratio(SHORT, np.arange(1, 2048)).max()),
                "That is the ratio of bytes. A step also talks and waits, alike in both.",
            ),
            (
                lambda: float(versus.time_ratio(Machine.named(*versus.NODE), SHORT, 1)),
                "That is one user, the best case. Which number of users wakes nearly all experts?",
            ),
        ],
        hint="`versus.time_ratio(node, 512, np.arange(1, 500))` answers them all. `.max()` skips those without room.",
    )
