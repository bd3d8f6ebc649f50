"""Lesson 02's verdicts: the moat, hardware that gets cheaper, and export controls."""

from __future__ import annotations

from functools import partial

from ..cost import inference, weight_storage
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, CONTEXT, DESKTOP, SERVED, writes
from ..evidence import verdicts
from ..evidence.known_speeds import known_speed
from ..evidence.verdicts import Judged, Reasons, gpus_are_the_determinant, weighed
from ..facts import catalog
from ..facts import quantities as q
from ..facts.vocabulary import Verdict
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money import hardware_trends

NOTABLE = 1.2  # times from which a link, or a share of speed lost, counts in these verdicts


def speed_up(link: str, fewer: int = 2, more: int = 8) -> float:
    """How many times as fast more H200 write Llama 3.1 70B for a crowd than fewer, joined by a link.

    >>> speed_up("NVLink 4 (H100/H200)") > speed_up("100 GbE") > speed_up("10 GbE")
    True
    """
    slow, fast = (
        writes("Llama 3.1 70B", Machine.named(CLUSTER[0], count, link), SERVED) for count in (fewer, more)
    )
    return fast / slow


LINKS = ("NVLink 4 (H100/H200)", "100 GbE", "10 GbE")  # fastest first
MOAT = Reasons(
    f"For {SERVED} users of Llama 3.1 70B eight H200 write, as predicted, {{gains}} what two write{{seen}}.",
    {
        Verdict.HOLDS: "Without the link the same chips do not add up, and nobody rents them out.",
        Verdict.IN_PART: "Without the link the same chips do not add up. But the whole row rents for {rent} an hour, to anybody: "
        "the moat is a bill.",
        Verdict.FAILS: "The link hardly matters.",
    },
)


def published_gain(fewer: int = 2, more: int = 8) -> tuple[float, float] | None:
    """The range of the same gain over NVLink, where both numbers of devices were published; None where not."""
    slow, fast = (
        known_speed(Model.named("Llama 3.1 70B"), Machine.named(CLUSTER[0], count), CLUSTER_WEIGHTS, SERVED)
        for count in (fewer, more)
    )
    return fast.over(slow) if slow.published and fast.published else None


def moat_is_hardware() -> Judged:
    """The moat is GPUs, memory and fast interconnect, not weights."""
    gains, seen = [speed_up(link) for link in LINKS], published_gain()
    best = min([gains[0], *(seen or ())])
    rental = catalog.device(CLUSTER[0]).rental
    return MOAT.judged(
        weighed(supported=best > NOTABLE * gains[-1], contradicted=rental is not None),
        gains=q.listed(f"{q.times(gain)} over {link.split(' (')[0]}" for gain, link in zip(gains, LINKS)),
        seen=f"; over NVLink {q.between(q.times, *seen)} were published" if seen else "",
        rent=q.money(CLUSTER[1] * (rental or 0)),
    )  # fmt: skip


SOON = 10  # years in which a gap counts as closed by waiting
DEFLATION = Reasons(
    "On the trend of unified memory a desktop of {price} matches today's eight H200 in: {waits}. An ASIC that reads {reads} holds "
    "{holds}: GLM-5.2 takes {chips} of them.",
    {
        Verdict.HOLDS: f"Every gap is expected to close within {SOON} years.",
        Verdict.IN_PART: f"Within {SOON} years the gap in {{closes}} is expected to close, that in {{stays}} is not; and the node of "
        "that day will not be today's.",
        Verdict.FAILS: f"No gap is expected to close within {SOON} years.",
    },
)


def hardware_deflation() -> Judged:
    """Prosumer hardware plus time, used cards and ASICs will close the gap."""
    price, now, node = catalog.device(DESKTOP[0]).price, hardware_trends.today(), Machine.named(*CLUSTER)
    reached = {
        quantity: hardware_trends.trend(quantity).range(amount(node) / price, now)
        for quantity, (_, _, amount) in hardware_trends.QUANTITIES.items()
    }
    soon = [quantity for quantity, (_, year, _) in reached.items() if year is not None and year - now <= SOON]
    late = [quantity for quantity in reached if quantity not in soon]
    groq = catalog.device("GroqChip LPU v1")
    chips = weight_storage.weight_bytes(Model.named("GLM-5.2"), CLUSTER_WEIGHTS) / groq.memory
    return DEFLATION.judged(
        weighed(supported=bool(soon), contradicted=bool(late)),
        price=q.money(price), reads=q.rate(groq.memory_bandwidth, "B/s"), holds=q.size(groq.memory),
        waits="; ".join(f"{quantity} {hardware_trends.when(when, now)}" for quantity, when in reached.items()),
        chips=q.significant(chips), closes=q.listed(soon), stays=q.listed(late),
    )  # fmt: skip


QWEN, DENSE, CROWDS = "Qwen3-235B-A22B", "Llama 3.1 70B", (1, SERVED, 128)
SANCTIONS = Reasons(
    f"Predicted at {CLUSTER_WEIGHTS} for {q.listed(CROWDS)} users: eight H20 write {QWEN} {{moe}} times as fast as eight H100, and "
    f"{DENSE} {{dense}} times. "
    "The H800 keeps {arithmetic} of the H100's arithmetic, and an Ascend 910C is specified at {ascend} of it. An H800 needs "
    "{link} as long for a large message and reads a prompt of the mixture at {cut} of the H100's speed, an H20 at {weak}; training on H20 "
    "would take {chips} as many chips for the same FLOPs.",
    {
        Verdict.HOLDS: "Nothing that was cut costs much.",
        Verdict.IN_PART: "They did not stop it, and they did cost.",
        Verdict.FAILS: "The chips that may be sold do not serve a crowd.",
    },
)


def short(ratios: list[float]) -> str:
    """Ratios as a list."""
    return q.listed(q.significant(ratio, 2) for ratio in ratios)


def sanctions_did_not_stop_it() -> Judged:
    """All of it was done despite export controls."""
    free, slow_link, slow_chip = (
        Machine.named(name, 8) for name in ("H100 SXM5 80GB", "H800 SXM5 80GB", "H20 96GB")
    )
    reads, reads_cut, reads_weak = (
        inference.prefill(
            Model.named(QWEN), machine, prompt=CONTEXT, batch=1, weights=CLUSTER_WEIGHTS
        ).tokens_per_second
        for machine in (free, slow_link, slow_chip)
    )
    moe, dense = (
        [writes(name, slow_chip, users) / writes(name, free, users) for users in CROWDS]
        for name in (QWEN, DENSE)
    )
    kept, ascend = slow_link.flops(16) / free.flops(16), catalog.device("Ascend 910C").flops_fp16
    return SANCTIONS.judged(
        weighed(
            supported=NOTABLE * max(moe + dense) >= 1,
            contradicted=NOTABLE * min(reads_cut, reads_weak) < reads or NOTABLE * min(moe + dense) < 1,
        ),
        moe=short(moe), dense=short(dense), arithmetic=q.percent(kept),
        ascend=q.percent(ascend / free.device.flops_fp16),
        link=q.times(free.link.bandwidth / slow_link.link.bandwidth), cut=q.percent(reads_cut / reads),
        weak=q.percent(reads_weak / reads), chips=q.times(free.flops(16) / slow_chip.flops(16)),
    )  # fmt: skip


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
