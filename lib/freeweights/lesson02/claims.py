"""Lesson 02's verdicts: the moat, hardware that gets cheaper, and export controls."""

from __future__ import annotations

from functools import partial

from ..cost import inference, weight_storage
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, CONTEXT, DESKTOP, SERVED, writes
from ..evidence import verdicts
from ..evidence.verdicts import IN_PART, gpus_are_the_determinant
from ..facts import catalog
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money import hardware_trends


def speed_up(link: str, fewer: int = 2, more: int = 8) -> float:
    """How many times as fast more H200 write Llama 3.1 70B for a crowd than fewer, joined by a link.

    >>> speed_up("NVLink 4 (H100/H200)") > speed_up("100 GbE") > speed_up("10 GbE")
    True
    """
    slow, fast = (
        writes("Llama 3.1 70B", Machine.named(CLUSTER[0], count, link), SERVED) for count in (fewer, more)
    )
    return fast / slow


def moat_is_hardware() -> tuple[str, str]:
    """The moat is GPUs, memory and fast interconnect, not weights."""
    nvlink, hundred, ten = (speed_up(link) for link in ("NVLink 4 (H100/H200)", "100 GbE", "10 GbE"))
    device = catalog.device(CLUSTER[0])
    return IN_PART, (
        f"For {SERVED} users of Llama 3.1 70B eight H200 write {q.times(nvlink)} as much as two over NVLink, "
        f"{q.times(hundred)} over 100 GbE and {q.times(ten)} over 10 GbE: without the link the same chips do not add "
        f"up. But the whole row rents for {q.money(CLUSTER[1] * device.rental)} an hour, to anybody: the moat is a bill."
    )


def hardware_deflation() -> tuple[str, str]:
    """Prosumer hardware plus time, used cards and ASICs will close the gap."""
    price, now, node = catalog.device(DESKTOP[0]).price, hardware_trends.today(), Machine.named(*CLUSTER)
    waits = [
        f"{quantity} {hardware_trends.when(hardware_trends.trend(quantity).range(amount(node) / price, now), now)}"
        for quantity, (_, _, amount) in hardware_trends.QUANTITIES.items()
    ]
    groq = catalog.device("GroqChip LPU v1")
    chips = weight_storage.weight_bytes(Model.named("GLM-5.2"), CLUSTER_WEIGHTS) / groq.memory
    return IN_PART, (
        f"On the trend of unified memory a desktop of {q.money(price)} matches today's eight H200 in: "
        f"{'; '.join(waits)}. An ASIC that reads {q.rate(groq.memory_bandwidth, 'B/s')} holds {q.size(groq.memory)}: "
        f"GLM-5.2 takes {q.significant(chips)} of them. The gap in memory closes first, the one in bandwidth last, and the "
        "node of that day will not be today's."
    )


def sanctions_did_not_stop_it() -> tuple[str, str]:
    """All of it was done despite export controls."""
    free, slow_link, slow_chip = (
        Machine.named(name, 8) for name in ("H100 SXM5 80GB", "H800 SXM5 80GB", "H20 96GB")
    )
    qwen, ascend = "Qwen3-235B-A22B", catalog.device("Ascend 910C").flops_fp16
    reads, reads_cut, reads_weak = (
        inference.prefill(
            Model.named(qwen), machine, prompt=CONTEXT, batch=1, weights=CLUSTER_WEIGHTS
        ).tokens_per_second
        for machine in (free, slow_link, slow_chip)
    )
    writing = writes(qwen, slow_chip, SERVED) / writes(qwen, free, SERVED)
    return IN_PART, (
        f"They did not stop it: the H800 keeps {q.percent(slow_link.flops(16) / free.flops(16))} of the H100's "
        f"arithmetic, eight H20 write {qwen} for {SERVED} users {q.times(writing)} as fast as eight H100, and an "
        f"Ascend 910C is specified at {q.percent(ascend / free.device.flops_fp16)} of an H100. They did cost: an H800 "
        f"needs {q.times(free.link.bandwidth / slow_link.link.bandwidth)} as long for a large message and reads a "
        f"prompt at {q.percent(reads_cut / reads)} of the H100's speed, an H20 at {q.percent(reads_weak / reads)}, and "
        f"training on H20 takes {q.times(free.flops(16) / slow_chip.flops(16))} as many chips for the same FLOPs."
    )


def doubling_ends(what: str, link: str, users: int, gain: float, most: int = 256) -> int:
    """The number of H200, a power of two, from which doubling them gains less than a share of the speed.

    Raises:
        ValueError: doubling still gains as much at `most` devices, or two devices cannot hold the model.

    >>> doubling_ends("Llama 3.1 70B", "10 GbE", 64, 0.1) < doubling_ends("Llama 3.1 70B", "400 GbE", 64, 0.1)
    True
    """
    count = 2
    while count <= most:
        slow, fast = (writes(what, Machine.named(CLUSTER[0], n, link), users) for n in (count, 2 * count))
        if fast < (1 + gain) * slow:
            return count
        count *= 2
    raise ValueError(
        f"Over {link} doubling {most} devices still gains {q.percent(gain)}: ask for a larger gain."
    )


CLAIMS = {
    "the-moat-is-hardware": moat_is_hardware,
    "gpus-are-the-determinant": gpus_are_the_determinant,
    "hardware-deflation": hardware_deflation,
    "sanctions-did-not-stop-it": sanctions_did_not_stop_it,
}
settled = partial(verdicts.settled, CLAIMS)
