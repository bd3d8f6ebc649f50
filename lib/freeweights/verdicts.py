"""Floor 4. The course's verdict on each claim of the debate, one function for each, with the numbers that settle it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import catalog, inference, memory, trends
from . import verdicts_money as money
from . import quantities as q
from .cases import (
    CLUSTER,
    CLUSTER_WEIGHTS,
    CONTEXT,
    CROWD,
    DESKTOP,
    DESKTOP_WEIGHTS,
    HOLDS,
    IN_PART,
    LONG_CONTEXT,
    SERVED,
    on_both,
    writes,
)
from .distillation_costs import distillation_is_the_shortcut
from .machine import Machine, machine
from .transformer import Model, model
from .verdicts_context import million_token_context
from .verdicts_experts import moe_everywhere, moe_faster_than_dense, open_models_beat_all_gpus


def cold_load() -> tuple[str, str]:
    """A local NVMe drive is too slow to load a model of this size comfortably from cold."""
    drives = {
        "an NVMe drive of PCIe 4.0": "NVMe SSD PCIe 4.0 x4",
        "a SATA SSD": "SATA SSD",
        "a hard disk": "HDD 7200 rpm enterprise",
    }
    waits = [
        f"{q.duration(inference.cold_load(model('GLM-5.2'), disk=disk, weights=CLUSTER_WEIGHTS).expected)} from {words}"
        for words, disk in drives.items()
    ]
    return IN_PART, (
        f"At {CLUSTER_WEIGHTS} GLM-5.2 loads in {', '.join(waits)}. Minutes are a nuisance once a day, and a "
        "stop sign if every request had to wait for them."
    )


def desktop_fits_but_crawls() -> tuple[str, str]:
    """A desktop holds the model, yet prefill, generation, context and slots fall far short of a cluster."""
    desk, rack = on_both(inference.decode, CONTEXT, 1)
    desk_reads, rack_reads = on_both(inference.prefill, CONTEXT, 1)
    desk_slots, rack_slots = on_both(memory.slots, LONG_CONTEXT)
    return HOLDS, (
        f"The cluster reads {q.times(rack_reads.tokens_per_second / desk_reads.tokens_per_second)} as fast as the desktop "
        f"and writes {q.times(rack.tokens_per_second / desk.tokens_per_second)} as fast for one user; it has room for "
        f"{rack_slots.expected:.0f} sequences of {LONG_CONTEXT:,} tokens, the desktop for {desk_slots.expected:.0f}. "
        f"The desktop's bottleneck is {desk.bottleneck} when it writes and {desk_reads.bottleneck} when it reads."
    )


def weights_are_not_intelligence() -> tuple[str, str]:
    """What makes the weights useful is inference compute that scales."""
    desk, rack = on_both(inference.decode, CONTEXT, 1)
    _, full = on_both(inference.decode, CONTEXT, CROWD)
    return IN_PART, (
        f"The same file writes {q.speed(desk.tokens_per_second)} on the desktop, {q.speed(rack.tokens_per_second)} for one "
        f"user of the cluster and {q.speed(full.tokens_per_second)} for {CROWD} of them. Without any machine it writes "
        "nothing; with a modest one it gives the same answers later."
    )


def local_is_good_enough() -> tuple[str, str]:
    """Local models of about 30 to 70 B parameters are good enough for most users and most tasks."""
    gemma, card = model("Gemma 3 27B"), machine("GeForce RTX 4090")
    step = inference.decode(gemma, card, CONTEXT, 1, "Q4_K_M")
    return IN_PART, (
        f"Gemma 3 27B at four bits writes {q.speed(step.tokens_per_second)} on one RTX 4090, faster than most people read. "
        "Speed is settled; whether its answers are good enough is not a question about machines, and lesson 06 asks it."
    )


def small_fry() -> tuple[str, str]:
    """The open models of US companies are small beside a 400 B model."""
    gemma, phi, maverick = (
        model(name).parameters for name in ("Gemma 3 27B", "Phi-4 14B", "Llama 4 Maverick")
    )
    larger = [
        f"{name} ({q.count(model(name).parameters)})" for name in ("Llama 3.1 405B", "Grok-1", "gpt-oss-120b")
    ]
    return IN_PART, (
        f"Llama 4 Maverick has {q.count(maverick)} weights, {q.times(maverick / gemma)} as many as Gemma 3 27B and "
        f"{q.times(maverick / phi)} as many as Phi-4. But Maverick, {', '.join(larger)} are open models of US companies too."
    )


def speed_up(link: str, fewer: int = 2, more: int = 8) -> float:
    """How many times as fast more H200 write Llama 3.1 70B for a crowd than fewer, joined by a link.

    >>> speed_up("NVLink 4 (H100/H200)") > speed_up("100 GbE") > speed_up("10 GbE")
    True
    """
    slow, fast = (
        writes("Llama 3.1 70B", machine(CLUSTER[0], count, link), SERVED) for count in (fewer, more)
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


def gpus_are_the_determinant() -> tuple[str, str]:
    """A row of expensive GPUs, not the file, decides how useful a model is."""
    desk, rack = machine(*DESKTOP), machine(*CLUSTER)
    alone, full = writes("GLM-5.2", desk, 1, DESKTOP_WEIGHTS), writes("GLM-5.2", rack, CROWD)
    spent = [full / (rack.count * rack.device.price), alone / desk.device.price]
    lean, heavy = writes("gpt-oss-120b", rack, 1, None), writes("Llama 3.1 405B", rack, 1)
    return IN_PART, (
        f"One file, GLM-5.2: the desktop writes {q.speed(alone)}, the node for {CROWD} users {q.speed(full)}, "
        f"{q.times(full / alone)} as much, and {q.times(spent[0] / spent[1])} as much for each dollar of its price. "
        f"One node, two files, one user: gpt-oss-120b writes {q.speed(lean)}, Llama 3.1 405B {q.speed(heavy)}. "
        "The row decides for a crowd; for one user the file decides as well."
    )


def hardware_deflation() -> tuple[str, str]:
    """Prosumer hardware plus time, used cards and ASICs will close the gap."""
    price, now, node = catalog.device(DESKTOP[0]).price, trends.today(), machine(*CLUSTER)
    waits = [
        f"{quantity} {trends.when(trends.trend(quantity).range(amount(node) / price, now), now)}"
        for quantity, (_, _, amount) in trends.QUANTITIES.items()
    ]
    groq = catalog.device("GroqChip LPU v1")
    chips = memory.weight_bytes(model("GLM-5.2"), CLUSTER_WEIGHTS) / groq.memory
    return IN_PART, (
        f"On the trend of unified memory a desktop of {q.money(price)} matches today's eight H200 in: "
        f"{'; '.join(waits)}. An ASIC that reads {q.rate(groq.memory_bandwidth, 'B/s')} holds {q.size(groq.memory)}: "
        f"GLM-5.2 takes {q.significant(chips)} of them. The gap in memory closes first, the one in bandwidth last, and the "
        "node of that day will not be today's."
    )


def sanctions_did_not_stop_it() -> tuple[str, str]:
    """All of it was done despite export controls."""
    free, slow_link, slow_chip = (
        machine(name, 8) for name in ("H100 SXM5 80GB", "H800 SXM5 80GB", "H20 96GB")
    )
    qwen, ascend = "Qwen3-235B-A22B", catalog.device("Ascend 910C").flops_fp16
    reads, reads_cut, reads_weak = (
        inference.prefill(model(qwen), where, CONTEXT, 1, CLUSTER_WEIGHTS).tokens_per_second
        for where in (free, slow_link, slow_chip)
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


SETTLED: dict[str, Callable[[], tuple[str, str]]] = {
    "cold-load": cold_load,
    "desktop-fits-but-crawls": desktop_fits_but_crawls,
    "weights-are-not-intelligence": weights_are_not_intelligence,
    "local-is-good-enough": local_is_good_enough,
    "small-fry": small_fry,
    "the-moat-is-hardware": moat_is_hardware,
    "gpus-are-the-determinant": gpus_are_the_determinant,
    "hardware-deflation": hardware_deflation,
    "sanctions-did-not-stop-it": sanctions_did_not_stop_it,
    "moe-faster-than-dense": moe_faster_than_dense,
    "moe-everywhere": moe_everywhere,
    "open-models-beat-all-gpus": open_models_beat_all_gpus,
    "million-token-context": million_token_context,
    "distillation-is-the-shortcut": distillation_is_the_shortcut,
    "open-weights-let-hosts-compete": money.hosts_compete,
    "hosts-keep-the-revenue": money.hosts_keep_the_revenue,
    "self-hosting-saves": money.self_hosting_saves,
    "good-enough-disrupts": money.good_enough_disrupts,
    "concentration-is-the-danger": money.concentration_is_the_danger,
}


def settled(claim: str) -> tuple[str, str, str]:
    """What is claimed, the verdict on it, and the sentence of numbers behind the verdict.

    Args:
        claim: its id in data/claims.csv.

    Raises:
        UnknownName: no such claim, or one that a later lesson settles.

    >>> settled("desktop-fits-but-crawls")[1]
    'holds'
    """
    found = catalog.claim(claim)
    if claim not in SETTLED:
        raise catalog.UnknownName(
            f"The claim '{claim}' is settled in lesson {found.lessons}, which is not written yet."
        )
    return found.claim, *SETTLED[claim]()


def doubling_ends(what: str, link: str, users: int, gain: float, most: int = 256) -> int:
    """The number of H200, a power of two, from which doubling them gains less than a share of the speed.

    Raises:
        ValueError: doubling still gains as much at `most` devices, or two devices cannot hold the model.

    >>> doubling_ends("Llama 3.1 70B", "10 GbE", 64, 0.1) < doubling_ends("Llama 3.1 70B", "400 GbE", 64, 0.1)
    True
    """
    count = 2
    while count <= most:
        slow, fast = (writes(what, machine(CLUSTER[0], n, link), users) for n in (count, 2 * count))
        if fast < (1 + gain) * slow:
            return count
        count *= 2
    raise ValueError(
        f"Over {link} doubling {most} devices still gains {q.percent(gain)}: ask for a larger gain."
    )


def users_for(
    times: float,
    what: Model,
    crowd: Machine,
    crowd_weights,
    alone: Machine,
    alone_weights,
    context: float = CONTEXT,
) -> int:
    """The smallest number of users with which one machine writes `times` what another writes for one user.

    Raises:
        ValueError: no number of users that fit reaches it.

    >>> users_for(1, model("GLM-5.2"), machine(*CLUSTER), "FP8", machine(*DESKTOP), "4.5 bits")
    1
    """
    users = np.arange(1, 1025)
    wanted = times * inference.decode(what, alone, context, 1, alone_weights).tokens_per_second
    rates = np.ma.filled(inference.decode(what, crowd, context, users, crowd_weights).tokens_per_second, 0.0)
    if rates.max() < wanted:
        raise ValueError(
            f"{crowd.name} writes at most {q.speed(rates.max())}: {q.speed(wanted)} is out of its reach."
        )
    return int(users[np.argmax(rates >= wanted)])
