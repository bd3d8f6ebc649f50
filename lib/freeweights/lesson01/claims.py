"""Lesson 01's verdicts: cold load, the desktop, weights and intelligence, local models, small fry."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..cost import inference, memory
from ..cost.reference_cases import CLUSTER_WEIGHTS, CONTEXT, CROWD, LONG_CONTEXT, on_both
from ..evidence import verdicts
from ..evidence.verdicts import HOLDS, IN_PART
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model


def cold_load() -> tuple[str, str]:
    """A local NVMe drive is too slow to load a model of this size comfortably from cold."""
    drives = {
        "an NVMe drive of PCIe 4.0": "NVMe SSD PCIe 4.0 x4",
        "a SATA SSD": "SATA SSD",
        "a hard disk": "HDD 7200 rpm enterprise",
    }
    waits = [
        f"{q.duration(inference.cold_load(Model.named('GLM-5.2'), disk=disk, weights=CLUSTER_WEIGHTS).expected)} from {words}"
        for words, disk in drives.items()
    ]
    return IN_PART, (
        f"At {CLUSTER_WEIGHTS} GLM-5.2 loads in {', '.join(waits)}. Minutes are a nuisance once a day, and a "
        "stop sign if every request had to wait for them."
    )


def desktop_fits_but_crawls() -> tuple[str, str]:
    """A desktop holds the model, yet prefill, generation, context and slots fall far short of a cluster."""
    desk, rack = on_both(inference.decode, context=CONTEXT, batch=1)
    desk_reads, rack_reads = on_both(inference.prefill, prompt=CONTEXT, batch=1)
    desk_slots, rack_slots = on_both(memory.max_sequences, context=LONG_CONTEXT)
    return HOLDS, (
        f"The cluster reads {q.times(rack_reads.tokens_per_second / desk_reads.tokens_per_second)} as fast as the desktop "
        f"and writes {q.times(rack.tokens_per_second / desk.tokens_per_second)} as fast for one user; it has room for "
        f"{rack_slots.expected:.0f} sequences of {LONG_CONTEXT:,} tokens, the desktop for {desk_slots.expected:.0f}. "
        f"The desktop's bottleneck is {desk.bottleneck} when it writes and {desk_reads.bottleneck} when it reads."
    )


def weights_are_not_intelligence() -> tuple[str, str]:
    """What makes the weights useful is inference compute that scales."""
    desk, rack = on_both(inference.decode, context=CONTEXT, batch=1)
    _, full = on_both(inference.decode, context=CONTEXT, batch=CROWD)
    return IN_PART, (
        f"The same file writes {q.speed(desk.tokens_per_second)} on the desktop, {q.speed(rack.tokens_per_second)} for one "
        f"user of the cluster and {q.speed(full.tokens_per_second)} for {CROWD} of them. Without any machine it writes "
        "nothing; with a modest one it gives the same answers later."
    )


def local_is_good_enough() -> tuple[str, str]:
    """Local models of about 30 to 70 B parameters are good enough for most users and most tasks."""
    gemma, card = Model.named("Gemma 3 27B"), Machine.named("GeForce RTX 4090")
    step = inference.decode(gemma, card, context=CONTEXT, batch=1, weights="Q4_K_M")
    return IN_PART, (
        f"Gemma 3 27B at four bits writes {q.speed(step.tokens_per_second)} on one RTX 4090, faster than most people read. "
        "Speed is settled; whether its answers are good enough is not a question about machines, and lesson 06 asks it."
    )


def small_fry() -> tuple[str, str]:
    """The open models of US companies are small beside a 400 B model."""
    gemma, phi, maverick = (
        Model.named(name).parameters for name in ("Gemma 3 27B", "Phi-4 14B", "Llama 4 Maverick")
    )
    larger = [
        f"{name} ({q.count(Model.named(name).parameters)})"
        for name in ("Llama 3.1 405B", "Grok-1", "gpt-oss-120b")
    ]
    return IN_PART, (
        f"Llama 4 Maverick has {q.count(maverick)} weights, {q.times(maverick / gemma)} as many as Gemma 3 27B and "
        f"{q.times(maverick / phi)} as many as Phi-4. But Maverick, {', '.join(larger)} are open models of US companies too."
    )


def users_for(
    times: float,
    model: Model,
    crowd: Machine,
    crowd_weights,
    alone: Machine,
    alone_weights,
    context: float = CONTEXT,
) -> int:
    """The smallest number of users with which one machine writes `times` what another writes for one user.

    Raises:
        ValueError: no number of users that fit reaches it.

    >>> from freeweights.models.transformer import model; from freeweights.machines.machine import machine
    >>> from freeweights.cost.reference_cases import CLUSTER, DESKTOP
    >>> users_for(1, model("GLM-5.2"), machine(*CLUSTER), "FP8", machine(*DESKTOP), "4.5 bits")
    1
    """
    users = np.arange(1, 1025)
    wanted = (
        times
        * inference.decode(model, alone, context=context, batch=1, weights=alone_weights).tokens_per_second
    )
    rates = np.ma.filled(
        inference.decode(model, crowd, context=context, batch=users, weights=crowd_weights).tokens_per_second,
        0.0,
    )
    if rates.max() < wanted:
        raise ValueError(
            f"{crowd.name} writes at most {q.speed(rates.max())}: {q.speed(wanted)} is out of its reach."
        )
    return int(users[np.argmax(rates >= wanted)])


CLAIMS = {
    "cold-load": cold_load,
    "desktop-fits-but-crawls": desktop_fits_but_crawls,
    "weights-are-not-intelligence": weights_are_not_intelligence,
    "local-is-good-enough": local_is_good_enough,
    "small-fry": small_fry,
}
settled = partial(verdicts.settled, CLAIMS)
