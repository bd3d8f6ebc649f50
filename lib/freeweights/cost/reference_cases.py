"""The machines, users, lengths and formats that verdicts, exercises and panels have in common."""

from __future__ import annotations

from collections.abc import Callable

from ..facts import catalog, records_hardware
from ..facts import quantities as q
from ..facts.records_models import Architecture
from ..machines.machine import Machine
from ..models.transformer import Model
from . import inference

DESKTOP = ("Apple M3 Ultra 512GB", 1)
# Attention by sequence, experts apart: so each latent is held once, which crowds of users need.
CLUSTER = ("H200 SXM 141GB", 8, None, "experts")
DESKTOP_WEIGHTS, CLUSTER_WEIGHTS = "4.5 bits", "FP8"
CONTEXT, LONG_CONTEXT, CROWD = 4096, 32_768, 64
SERVED = 64  # users that a shared row of GPUs serves at once
PROMPT, ANSWER, USERS = 4096, 500, 100
FORMATS = ("BF16", "FP8", "Q8_0", "Q6_K", "Q4_K_M", "Q3_K_M", "Q2_K")
# Silent reading of English non-fiction, 238 words a minute: Brysbaert 2019, doi:10.1016/j.jml.2019.104047. OpenAI's rule
# of thumb is 75 words to 100 tokens: help.openai.com, "What are tokens and how to count them?".
READING_SPEED = 238 / q.MINUTE * 100 / 75  # tokens/s


def on_both(answer: Callable, **case) -> tuple:
    """One question about GLM-5.2 asked of the desktop and of the cluster, each with its own weight format."""
    glm = Model.named("GLM-5.2")
    return (
        answer(glm, Machine.named(*DESKTOP), **case, weights=DESKTOP_WEIGHTS),
        answer(glm, Machine.named(*CLUSTER), **case, weights=CLUSTER_WEIGHTS),
    )


def writes(what: str, machine: Machine, users: int, weights: str | None = CLUSTER_WEIGHTS) -> float:
    """Tokens a second for all users, at the context of these verdicts."""
    return inference.decode(
        Model.named(what), machine, context=CONTEXT, batch=users, weights=weights
    ).tokens_per_second


def models() -> list[str]:
    """Names of all models whose configuration allows a prompt, an answer and a little more, smallest first."""
    able = [
        row for row in catalog.table(Architecture) if row.max_context and row.max_context >= PROMPT + ANSWER
    ]
    return [row.name for row in sorted(able, key=lambda row: Model.named(row.name).parameters)]


def drives() -> list[str]:
    """Names of the drives and networks that a model is loaded from, slowest first."""
    known = [row for row in catalog.table(records_hardware.Link) if row.kind in ("storage", "network")]
    return [row.name for row in sorted(known, key=lambda row: row.bandwidth)]
