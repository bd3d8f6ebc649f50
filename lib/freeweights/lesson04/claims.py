"""Lesson 04's verdict: whether a new attention makes a million tokens practical."""

from __future__ import annotations

from functools import partial

from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, DESKTOP, DESKTOP_WEIGHTS
from ..evidence import verdicts
from ..evidence.verdicts import IN_PART
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from . import million_tokens
from .long_context import with_attention

NEW = ("MiniMax-M1", "GLM-5.2")


def one_request(asked: million_tokens.Request) -> str:
    """One long request in words: what it keeps, how long reading takes, what it costs, and how many go at once."""
    if not asked.fit.fits:
        return f"does not fit: its cache alone is {q.size(asked.cache)}"
    return (
        f"{q.size(asked.cache)} of cache, {q.duration(asked.reading)} to read, {q.money(asked.cost, 2)}, "
        f"{asked.max_sequences} at once"
    )


def million_token_context() -> tuple[str, str]:
    """A new attention system makes a million-token context practical."""
    node, desk = Machine.named(*CLUSTER), Machine.named(*DESKTOP)
    said = []
    for name in NEW:
        model = Model.named(name)
        own = million_tokens.request(model, node, CLUSTER_WEIGHTS)
        grouped = million_tokens.request(with_attention(model, "grouped (GQA)"), node, CLUSTER_WEIGHTS)
        said.append(
            f"{name}: {one_request(own)}; its body with grouped full attention {one_request(grouped)}."
        )
    at_home = [million_tokens.request(Model.named(name), desk, DESKTOP_WEIGHTS) for name in NEW]
    waits = ", ".join(
        f"{asked.model.name} takes {q.duration(asked.reading)} to read it"
        if asked.fit.fits
        else f"{asked.model.name} has no room for it"
        for asked in at_home
    )
    return IN_PART, (
        f"A request of a million tokens on eight H200 at FP8, as predicted. {' '.join(said)} So a node can, for few users "
        f"at once. On the 512 GB desktop {waits}. Whether a model still finds what stood at the front is not "
        "counted here."
    )


CLAIMS = {
    "million-token-context": million_token_context,
}
settled = partial(verdicts.settled, CLAIMS)
