"""Lesson 04's verdict: whether a new attention makes a million tokens practical."""

from __future__ import annotations

from functools import partial

from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, DESKTOP, DESKTOP_WEIGHTS
from ..evidence import verdicts
from ..evidence.verdicts import Judged, Reasons, weighed
from ..facts import quantities as q
from ..facts.vocabulary import Verdict
from ..machines.machine import Machine
from ..models.transformer import Model
from . import million_tokens
from .long_context import with_attention

NEW, OLD = ("MiniMax-M1", "GLM-5.2"), "grouped (GQA)"
CROWD = 16  # such requests at once on a node from which they are common, not special
FITS = "{cache} of cache, {reading} to read, {cost}, {slots} at once"
LACKS = "does not fit: {weights} of weights, {cache} of cache and {engine} that the engine keeps free are {missing} more than {memory}{narrow}"
MILLION_TOKENS = Reasons(
    f"A request of a million tokens on eight H200 at {CLUSTER_WEIGHTS}, caches at 16 bits, as predicted. {{bodies}} On the 512 GB "
    "desktop {at_home}.",
    {
        Verdict.HOLDS: f"So a node serves {CROWD} or more at once. {{open}}",
        Verdict.IN_PART: "So a node can, for few users at once. {open}",
        Verdict.FAILS: "So not even a node can.",
    },
)


def one_request(asked: million_tokens.Request) -> str:
    """One long request in words: what it keeps, how long reading takes, what it costs, how many go at once; or what it lacks."""
    if not asked.fit.fits:
        parts = {name: q.size(asked.fit.parts[name]) for name in ("weights", "cache", "engine")}
        narrow = "; with caches at 8 bits it would fit" if 2 * asked.fit.missing <= asked.cache else ""
        return LACKS.format(
            **parts, narrow=narrow, missing=q.size(asked.fit.missing), memory=q.size(asked.fit.memory)
        )
    return FITS.format(
        cache=q.size(asked.cache),
        reading=q.duration(asked.reading),
        cost=q.money(asked.cost, 2),
        slots=asked.max_sequences,
    )


def million_token_context() -> Judged:
    """A new attention system makes a million-token context practical."""
    node, desk = Machine.named(*CLUSTER), Machine.named(*DESKTOP)
    models = [Model.named(name) for name in NEW]
    own = [million_tokens.request(model, node, CLUSTER_WEIGHTS) for model in models]
    old = [million_tokens.request(with_attention(model, OLD), node, CLUSTER_WEIGHTS) for model in models]
    at_home = [million_tokens.request(model, desk, DESKTOP_WEIGHTS) for model in models]
    most = max(asked.max_sequences for asked in own)
    bodies = [
        f"{new.model.name}: {one_request(new)}; its body with grouped full attention: {one_request(grouped)}."
        for new, grouped in zip(own, old)
    ]
    waits = [
        f"{asked.model.name} takes {q.duration(asked.reading)} to read it"
        if asked.fit.fits
        else f"{asked.model.name} has no room for it"
        for asked in at_home
    ]
    return MILLION_TOKENS.judged(
        weighed(supported=most > 0, contradicted=most < CROWD),
        bodies=" ".join(bodies), at_home=q.listed(waits),
        open="Whether a model still finds what stood at the front is not counted here.",
    )  # fmt: skip


CLAIMS = {
    "million-token-context": million_token_context,
}
settled = partial(verdicts.settled, CLAIMS)
