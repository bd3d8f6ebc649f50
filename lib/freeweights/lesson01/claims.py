"""Lesson 01's verdicts: cold load, the desktop, weights and intelligence, local models, small fry."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..cost import inference, memory
from ..cost.reference_cases import (
    CLUSTER,
    CLUSTER_WEIGHTS,
    CONTEXT,
    CROWD,
    LONG_CONTEXT,
    READING_SPEED,
    on_both,
)
from ..evidence import verdicts
from ..evidence.known_speeds import known_speed
from ..evidence.verdicts import FAR, Judged, Reasons, weighed
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_models import Architecture
from ..facts.vocabulary import Verdict
from ..machines.machine import Machine
from ..models.transformer import Model

COMFORTABLE, STOP_SIGN = q.MINUTE, 10 * q.MINUTE  # of waiting once a day: a judgement, said with the verdict
DRIVES = {
    "an NVMe drive of PCIe 4.0": "NVMe SSD PCIe 4.0 x4",
    "a SATA SSD": "SATA SSD",
    "a hard disk": "HDD 7200 rpm enterprise",
}
COLD_LOAD = Reasons(
    f"At {CLUSTER_WEIGHTS} GLM-5.2 is expected to load in {{waits}}.",
    {
        Verdict.HOLDS: "Even the NVMe drive takes longer than the {stop} that we call a stop sign.",
        Verdict.IN_PART: "Comfortable we call {comfortable}: from NVMe it is a nuisance once a day, and a stop sign if every "
        "request had to wait for it.",
        Verdict.FAILS: "The NVMe drive keeps within the {comfortable} that we call comfortable.",
    },
)


def cold_load() -> Judged:
    """A local NVMe drive is too slow to load a model of this size comfortably from cold."""
    glm = Model.named("GLM-5.2")
    loads = {
        words: inference.cold_load(glm, disk=disk, weights=CLUSTER_WEIGHTS) for words, disk in DRIVES.items()
    }
    nvme = next(iter(loads.values()))
    waits = [f"{q.between(q.duration, load.low, load.high)} from {words}" for words, load in loads.items()]
    return COLD_LOAD.judged(
        weighed(supported=nvme.high > COMFORTABLE, contradicted=nvme.low < STOP_SIGN),
        waits=q.listed(waits), comfortable=q.duration(COMFORTABLE), stop=q.duration(STOP_SIGN),
    )  # fmt: skip


PUBLISHED_PROMPT = 8192  # tokens; prompts of this length were timed on both machines
CRAWLS = Reasons(
    f"The cluster reads a prompt of {PUBLISHED_PROMPT:,} tokens {{reads}} as fast as the desktop, {{rack_reads}} against "
    "{desk_reads}, and writes {writes} as fast for one user, {rack} against {desk}. By its memory it has room for "
    f"{{rack_slots}} of {LONG_CONTEXT:,} tokens, the desktop for {{desk_slots}}.",
    {
        Verdict.HOLDS: "Computed, the desktop waits for its {writing} when it writes and for its {reading} when it reads.",
        Verdict.IN_PART: f"Not in everything is the desktop known to fall {FAR:g} times short.",
        Verdict.FAILS: f"In nothing is the desktop known to fall {FAR:g} times short.",
    },
)


def desktop_fits_but_crawls() -> Judged:
    """A desktop holds the model, yet prefill, generation, context and slots fall far short of a cluster."""
    desk_reads, rack_reads = on_both(known_speed, phase="prefill", tokens=PUBLISHED_PROMPT)
    desk, rack = on_both(known_speed)
    desk_slots, rack_slots = (
        float(room.expected) for room in on_both(memory.max_sequences, context=LONG_CONTEXT)
    )
    reads, writes = rack_reads.over(desk_reads), rack.over(desk)
    short = [reads[0] >= FAR, writes[0] >= FAR, rack_slots >= FAR * desk_slots]
    writing, _ = on_both(inference.decode, context=CONTEXT, batch=1)
    reading, _ = on_both(inference.prefill, prompt=PUBLISHED_PROMPT, batch=1)
    return CRAWLS.judged(
        weighed(supported=desk_slots >= 1 and any(short), contradicted=not all(short)),
        reads=q.between(q.times, *reads), writes=q.between(q.times, *writes), desk_reads=desk_reads,
        rack_reads=rack_reads, desk=desk, rack=rack, desk_slots=f"{desk_slots:.0f}",
        rack_slots=q.several(rack_slots, "sequence"), writing=writing.bottleneck, reading=reading.bottleneck,
    )  # fmt: skip


NOT_INTELLIGENCE = Reasons(
    f"The same model writes {{desk}} on the desktop, {{rack}} for one user of the cluster and {{crowd}} for {CROWD} of them.",
    {
        Verdict.HOLDS: "Without any machine it writes nothing, and with a modest one more slowly than people read.",
        Verdict.IN_PART: "Without any machine it writes nothing; with a modest one it gives much the same answers later, and still "
        "faster than the {reader} at which people read.",
        Verdict.FAILS: "More machines bring hardly more tokens.",
    },
)


def weights_are_not_intelligence() -> Judged:
    """What makes the weights useful is inference compute that scales."""
    desk, rack = on_both(known_speed)
    crowd = known_speed(Model.named("GLM-5.2"), Machine.named(*CLUSTER), CLUSTER_WEIGHTS, CROWD)
    return NOT_INTELLIGENCE.judged(
        weighed(supported=crowd.over(desk)[0] > FAR, contradicted=desk.low > READING_SPEED),
        desk=desk, rack=rack, crowd=crowd, reader=q.speed(READING_SPEED, 2),
    )  # fmt: skip


LOCAL = Reasons(
    "Gemma 3 27B at four bits writes {speed} on one RTX 4090; people read {reader}.",
    {
        Verdict.IN_PART: "Speed is settled; whether its answers are good enough is not a question about machines, and lesson 06 "
        "asks it.",
        Verdict.FAILS: "It is not known to keep up with a reader, however good its answers are.",
    },
)


def local_is_good_enough() -> Judged:
    """Local models of about 30 to 70 B parameters are good enough for most users and most tasks."""
    speed = known_speed(Model.named("Gemma 3 27B"), Machine.named("GeForce RTX 4090"), "Q4_K_M")
    answers_are_open = True  # no number of this lesson says how good they are
    return LOCAL.judged(
        weighed(supported=speed.low > READING_SPEED, contradicted=answers_are_open),
        speed=speed, reader=q.speed(READING_SPEED, 2),
    )  # fmt: skip


SMALL, LARGE = ("Phi-4 14B", "Gemma 3 27B", "Granite 4.0 H-Small"), "Llama 4 Maverick"
US_MAKERS = ("Google DeepMind", "IBM", "Meta", "Microsoft", "OpenAI", "xAI")
SMALL_FRY = Reasons(
    f"{LARGE} has {{large}} weights: {{ratios}}.",
    {
        Verdict.HOLDS: "No open model of a company of the United States in this catalogue is half as large.",
        Verdict.IN_PART: "But companies of the United States opened models of half that size or more: {giants}.",
        Verdict.FAILS: f"That is not {FAR:g} times as many as the largest of them.",
    },
)


def small_fry() -> Judged:
    """The open models of US companies are small beside a 400 B model."""
    small, large = [Model.named(name) for name in SMALL], Model.named(LARGE)
    released = [Model.named(row.name) for row in catalog.table(Architecture) if row.organisation in US_MAKERS]
    giants = sorted(
        (one for one in released if not one.announced and FAR * one.parameters >= large.parameters),
        key=lambda one: -one.parameters,
    )
    return SMALL_FRY.judged(
        weighed(
            supported=all(large.parameters > FAR * one.parameters for one in small),
            contradicted=bool(giants),
        ),
        large=q.count(large.parameters),
        ratios=q.listed(f"{q.times(large.parameters / one.parameters)} as many as {one.name}" for one in small),
        giants=q.listed(f"{one.name} ({q.count(one.parameters)})" for one in giants),
    )  # fmt: skip


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
