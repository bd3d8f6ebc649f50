"""Lesson 03's verdicts: mixtures of experts against dense models, and what the headline could mean."""

from __future__ import annotations

from functools import partial

from ..cost.reference_cases import CLUSTER, CONTEXT, DESKTOP, DESKTOP_WEIGHTS
from ..evidence import verdicts
from ..evidence.verdicts import IN_PART
from ..facts import quantities as q
from ..machines.machine import Machine
from . import moe_against_dense as versus
from . import releases

SHORT, FEW, BUSY = 512, 32, 128  # tokens and users at which the mixture's saving is small, or gone
LARGE = 100e9  # weights from which the claim about releases is tried again
TOO_SMALL = ("H100 SXM5 80GB", 8)  # holds the dense model at FP8, and not the mixture
BOTH_PUBLISHED = ("Instinct MI300X", 8)
LEAN, LEAN_MACHINE = "gpt-oss-120b", ("H100 SXM5 80GB", 1)


def moe_faster_than_dense() -> tuple[str, str]:
    """The 671 B mixture of experts runs far faster and on fewer resources than the 405 B dense model."""
    node, desk = Machine.named(*CLUSTER), Machine.named(*DESKTOP)
    alone, few = versus.time_ratio(node, CONTEXT, 1), versus.time_ratio(node, CONTEXT, FEW)
    short = versus.time_ratio(node, SHORT, BUSY)
    at_home = versus.time_ratio(desk, CONTEXT, 1, DESKTOP_WEIGHTS)
    missing = versus.serving(versus.MIXTURE, Machine.named(*TOO_SMALL), 1).step.fit.missing
    seen = [
        point.ratio for point in versus.published_ratios(Machine.named(*BOTH_PUBLISHED)) if point.measured
    ]
    return IN_PART, (
        f"Predicted for eight H200 at FP8, its step takes {q.percent(alone)} of the dense one's time for one user, "
        f"{q.percent(few)} for {FEW}, and for {BUSY} users of {SHORT} tokens {q.percent(short)}. On the 512 GB desktop it "
        f"takes {q.percent(at_home)}. A token costs it {q.percent(versus.flops_ratio(CONTEXT))} of the FLOPs. But it needs "
        f"{q.times(versus.memory_ratio())} the memory: eight H100, which serve the dense model at FP8, lack "
        f"{q.size(missing)} for it. Where both were published, on eight MI300X, its twin took "
        f"{q.percent(min(seen))} to {q.percent(max(seen))} of the dense model's time."
    )


def moe_everywhere() -> tuple[str, str]:
    """After R1 the open releases are mixtures of experts, from 30 B to a trillion parameters."""
    every, large = releases.halves(), releases.halves(least=LARGE)
    sizes = sorted(one.parameters for one in releases.mixtures(every.after))
    later = ", ".join(one.name for one in releases.dense(every.after))
    return IN_PART, (
        f"Of the catalogue's releases of {q.count(releases.LEAST)} or more, {len(releases.mixtures(every.before))} of "
        f"{len(every.before)} were mixtures before {releases.TURN} and {len(releases.mixtures(every.after))} of "
        f"{len(every.after)} after it, from {q.count(sizes[0])} to {q.count(sizes[-1])}; from {q.count(LARGE)} on "
        f"{len(releases.mixtures(large.after))} of {len(large.after)}. So it holds for the large ones. It is not all of "
        f"them ({later} are dense and later), and it had begun before."
    )


def open_models_beat_all_gpus() -> tuple[str, str]:
    """Open models are more efficient than all the GPUs on the planet."""
    lean = versus.serving(LEAN, Machine.named(*LEAN_MACHINE), FEW, weights=None)
    heavy = versus.serving(versus.DENSE, Machine.named(*CLUSTER), FEW)
    return IN_PART, (
        "Read as it stands it compares a file with machines, and a file without a machine writes nothing. One reading "
        f"survives: a lean model on few devices beats a dense one on many. For {FEW} users {LEAN} on one H100 writes "
        f"{q.significant(lean.tokens_per_joule, 2)} tokens for a joule and {q.count(lean.tokens_per_dollar, 2)} for a "
        f"dollar, {versus.DENSE} on eight H200 {q.significant(heavy.tokens_per_joule, 2)} and "
        f"{q.count(heavy.tokens_per_dollar, 2)}: {q.times(lean.tokens_per_joule / heavy.tokens_per_joule)} as many for "
        f"the joule. But a token is not an answer: how good the answers are is not counted here. And of any model, open or "
        "closed, more GPUs still serve more users."
    )


CLAIMS = {
    "moe-faster-than-dense": moe_faster_than_dense,
    "moe-everywhere": moe_everywhere,
    "open-models-beat-all-gpus": open_models_beat_all_gpus,
}
settled = partial(verdicts.settled, CLAIMS)
