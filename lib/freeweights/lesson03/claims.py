"""Lesson 03's verdicts: mixtures of experts against dense models, and what the headline could mean."""

from __future__ import annotations

from functools import partial

from ..cost.reference_cases import CONTEXT, DESKTOP, DESKTOP_WEIGHTS
from ..evidence import verdicts
from ..evidence.verdicts import FAR, Judged, Reasons, weighed
from ..facts import quantities as q
from ..facts.vocabulary import Verdict
from ..machines.machine import Machine
from ..models.transformer import Model
from . import moe_against_dense as versus
from . import releases

SHORT, FEW, BUSY = 512, 32, 128  # tokens and users at which the mixture's saving is small, or gone
LARGE = 100e9  # weights from which the claim about releases is tried again
TOO_SMALL = ("H100 SXM5 80GB", 8)  # holds the dense model at FP8, and not the mixture
BOTH_PUBLISHED = ("Instinct MI300X", 8)
LEAN, LEAN_MACHINE = "gpt-oss-120b", ("H200 SXM 141GB", 1)

FASTER = Reasons(
    "Where both were published, on eight MI300X, its twin took {seen} of the dense model's time. Predicted for eight H200 at "
    f"{versus.WEIGHTS}, its step takes {{alone}} of the dense one's time for one user, {{few}} for {FEW}, and for {BUSY} users of "
    f"{SHORT} tokens {{busy}}; on the 512 GB desktop {{at_home}}. A token costs it {{flops}} of the FLOPs, and its weights take "
    "{memory} the memory{lacks}. With every slot taken a million tokens cost {full} with the mixture and {dense} with the dense model; the mixture with "
    "grouped attention in place of latents would cost {grouped}.",
    {
        Verdict.HOLDS: "It is faster in all of these cases, and takes no more memory.",
        Verdict.IN_PART: "So it is far faster in its best case, which is predicted, but {but}.",
        Verdict.FAILS: f"In none of these cases is it {FAR:g} times as fast.",
    },
)


def moe_faster_than_dense() -> Judged:
    """The 671 B mixture of experts runs far faster and on fewer resources than the 405 B dense model."""
    node, desk = Machine.named(*versus.NODE), Machine.named(*DESKTOP)
    alone, few = (float(versus.time_ratio(node, CONTEXT, users)) for users in (1, FEW))
    busy = float(versus.time_ratio(node, SHORT, BUSY))
    at_home = float(versus.time_ratio(desk, CONTEXT, 1, DESKTOP_WEIGHTS))
    seen = [
        point.ratio for point in versus.published_ratios(Machine.named(*BOTH_PUBLISHED)) if point.measured
    ]
    times, held = [alone, few, busy, at_home, *seen], versus.memory_ratio()
    full, dense, grouped = (
        q.money(versus.fullest(one, node).dollars, 2) for one in (*versus.both(), versus.grouped_body())
    )
    missing = float(versus.serving(versus.both()[0], Machine.named(*TOO_SMALL), 1).step.fit.missing)
    but = ["not in all of them"] * (max(times) >= 1) + ["not on less memory"] * (held > 1)
    lacks = f": eight H100, which serve the dense model, lack {q.size(missing)} for it" if missing else ""
    return FASTER.judged(
        weighed(supported=FAR * min(times) < 1, contradicted=max(times) >= 1 or held > 1),
        seen=q.between(q.percent, min(seen), max(seen)), alone=q.percent(alone), few=q.percent(few),
        busy=q.percent(busy), at_home=q.percent(at_home), flops=q.percent(versus.flops_ratio(CONTEXT)),
        memory=q.times(held), lacks=lacks, full=full, dense=dense, grouped=grouped, but=q.listed(but),
    )  # fmt: skip


EVERYWHERE = Reasons(
    f"Of the catalogue's releases of {q.count(releases.LEAST)} weights or more, {{before}} were mixtures before {releases.TURN} and "
    f"{{after}} after it, from {{least}} to {{most}}; from {q.count(LARGE)} on {{large}}{{missing}}.",
    {
        Verdict.HOLDS: "No later one of this catalogue is dense.",
        Verdict.IN_PART: "Most are. It is not all of them ({dense} are dense and later), it had begun "
        "before, and no catalogue holds every release.",
        Verdict.FAILS: "Most of the later ones are dense.",
    },
)


def moe_everywhere() -> Judged:
    """After R1 the open releases are mixtures of experts, from 30 B to a trillion parameters."""
    every, large = releases.halves(), releases.halves(least=LARGE)
    missing = releases.left_out(least=LARGE)
    mixtures, dense = releases.mixtures(every.after), releases.dense(every.after)
    sizes = [one.parameters for one in mixtures]

    def share(models) -> str:
        return f"{len(releases.mixtures(models))} of {len(models)}"

    return EVERYWHERE.judged(
        weighed(supported=len(mixtures) > len(dense), contradicted=bool(dense or missing)),
        before=share(every.before), after=share(every.after), large=share(large.after), missing=f", but it lacks {q.listed(missing)}, dense and later" if missing else "",
        least=q.count(min(sizes, default=0)), most=q.count(max(sizes, default=0)),
        dense=q.listed(one.name for one in dense),
    )  # fmt: skip


BEAT_GPUS = Reasons(
    "Read as it stands it compares a file with machines, and a file without a machine writes nothing. One reading is left: a "
    f"lean model on few devices against a dense one on many. For {FEW} users {LEAN} on one H200 is predicted to write "
    f"{{lean_joule}} tokens for a joule and {{lean_dollar}} for a dollar, {versus.DENSE} on eight H200 {{heavy_joule}} and "
    "{heavy_dollar}: {ratio} as many for the joule.",
    {
        Verdict.IN_PART: "That reading survives. But a token is not an answer: how good the answers are is not counted here. And of "
        "any model, open or closed, more GPUs still serve more users.",
        Verdict.FAILS: "Not even that reading survives.",
    },
)


def open_models_beat_all_gpus() -> Judged:
    """Open models are more efficient than all the GPUs on the planet."""
    lean = versus.serving(Model.named(LEAN), Machine.named(*LEAN_MACHINE), FEW, weights=None)
    heavy = versus.serving(versus.both()[1], Machine.named(*versus.NODE), FEW)
    ratio = lean.tokens_per_joule / heavy.tokens_per_joule
    compares_unlike_things = True  # a file with machines: only a reading of it can be counted
    return BEAT_GPUS.judged(
        weighed(
            supported=ratio > FAR and lean.tokens_per_dollar > heavy.tokens_per_dollar,
            contradicted=compares_unlike_things,
        ),
        lean_joule=q.significant(lean.tokens_per_joule, 2), lean_dollar=q.count(lean.tokens_per_dollar, 2),
        heavy_joule=q.significant(heavy.tokens_per_joule, 2), heavy_dollar=q.count(heavy.tokens_per_dollar, 2),
        ratio=q.times(ratio),
    )  # fmt: skip


CLAIMS = {
    "moe-faster-than-dense": moe_faster_than_dense,
    "moe-everywhere": moe_everywhere,
    "open-models-beat-all-gpus": open_models_beat_all_gpus,
}
settled = partial(verdicts.settled, CLAIMS)
