"""Lesson 01's exercises: a load from a drive, the speed of a dense giant, and the users of a node."""

from __future__ import annotations

from ..cost import inference
from ..cost.reference_cases import CLUSTER, CONTEXT, DESKTOP
from ..cost.weight_storage import weight_storage
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import questions
from . import claims


def load_kimi() -> questions.Exercise:
    """Lesson 01, one step: bytes over a drive's rate."""
    kimi = Model.named("Kimi K2")

    def floor(disk: str) -> float:
        return inference.cold_load(kimi, disk=disk, weights="FP8").lower_bound

    return questions.exercise(
        "load",
        "At FP8, what is the **floor** for loading Kimi K2 from an `NVMe SSD PCIe 5.0 x4`?",
        answer=lambda: floor("NVMe SSD PCIe 5.0 x4"),
        unit="s",
        mistakes=[
            (lambda: floor("NVMe SSD PCIe 4.0 x4"), "That is the slower drive, PCIe 4.0."),
        ],
        hint="Bytes over the drive's rate. A weight at FP8 is a little over one byte.",
    )


def write_405b() -> questions.Exercise:
    """Lesson 01, with changed numbers: the bound of a dense model on the desktop."""
    llama, desktop, weights = Model.named("Llama 3.1 405B"), Machine.named(*DESKTOP), "Q4_K_M"
    bits = 8 * weight_storage(weights, llama).held / llama.parameters

    def most() -> float:
        return inference.decode(llama, desktop, context=1, weights=weights).tokens_per_second_at_most

    return questions.exercise(
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


def users_of_a_node() -> questions.Exercise:
    """Lesson 01, open: how many users a cluster needs to write a hundred times as much as the desktop."""
    crowd, alone = Machine.named(*CLUSTER), Machine.named(*DESKTOP)
    return questions.exercise(
        "users",
        f"Open: GLM-5.2 at FP8 on eight H200, {CONTEXT:,} tokens of context. With how many users at once does "
        "the node first write **a hundred times** what the desktop at 4.5 bits writes for one?",
        answer=lambda: claims.users_for(100, Model.named("GLM-5.2"), crowd, "FP8", alone, "4.5 bits"),
        unit="users",
        tolerance=0.1,
        hint="`fw.decode(..., batch=np.arange(1, 600))` answers them all in one call. Which is the first above?",
    )
