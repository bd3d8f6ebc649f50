"""The exercises of lesson 04: a cache by hand, heads kept whole, and for how long to keep a prefix."""

from __future__ import annotations

from ..cost import prefix_cache
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import questions
from . import kv_layouts_panel

CONTEXT = 131_072  # tokens of the first exercise
HISTORY = 100_000  # tokens that the agent of the last one has sent


def cache_of_llama() -> questions.Exercise:
    """Lesson 04, one step: keys and values of a grouped attention."""
    llama = Model.named("Llama 3.1 70B")
    a = llama.architecture
    return questions.exercise(
        "cache",
        f"Llama 3.1 70B has {a.layers} layers, {a.heads} query heads and {a.kv_heads} heads of keys and values, {a.head_dim} "
        f"values each. How many **bytes** of cache do {CONTEXT:,} tokens need, at two bytes a value?",
        answer=lambda: llama.cache_bytes(CONTEXT),
        unit="B",
        tolerance=0.03,
        mistakes=[
            (
                lambda: llama.cache_bytes(CONTEXT) * a.heads / a.kv_heads,
                "You kept keys for every query head. Here several share one: that is what grouped means.",
            ),
            (lambda: llama.cache_bytes(CONTEXT) / 2, "Keys *and* values are kept, each at two bytes."),
            (lambda: llama.cache_bytes(CONTEXT) / a.layers, "That is one layer. Every layer keeps its own."),
        ],
        hint="Layers, times two for keys and values, times shared heads, times values of a head, times two bytes, times tokens.",
    )


def heads_on_a_desktop() -> questions.Exercise:
    """Lesson 04, with changed numbers: how far a runtime gets that keeps every head of a latent attention."""
    r1, weights = Model.named("DeepSeek-R1"), "Q2_K"

    def tokens(latents: bool) -> float:
        return kv_layouts_panel.room_for_caches(r1, weights) / r1.cache_bytes(1, latents=latents)

    return questions.exercise(
        "heads",
        f"A runtime keeps every head of DeepSeek-R1's latent attention. On the 512 GB desktop with weights at `{weights}`, "
        "how many **tokens** of one sequence fit?",
        answer=lambda: tokens(latents=False),
        unit="tokens",
        mistakes=[
            (
                lambda: tokens(latents=True),
                "That many fit if latents are kept. This runtime expands them into heads before it stores them.",
            ),
            (
                lambda: kv_layouts_panel.room_for_caches(r1, "Q4_K_M") / r1.cache_bytes(1, latents=False),
                "Those are the tokens beside weights at four bits; here they are narrower.",
            ),
        ],
        hint="`runtime_cache.room_for_caches(r1, ...)` is the room; `r1.cache_bytes(1, latents=False)` is one token.",
    )


def worth_its_memory() -> questions.Exercise:
    """Lesson 04, open: for how long a host should remember an agent."""
    glm, node = Model.named("GLM-5.2"), Machine.named(*CLUSTER)

    def kept(context: float) -> tuple[float, int, float]:
        return prefix_cache.worth_keeping(glm, node, CLUSTER_WEIGHTS, context)

    return questions.exercise(
        "keep",
        f"Open: you host GLM-5.2 at {CLUSTER_WEIGHTS} on eight H200, and your memory is always full. An agent has sent "
        f"{HISTORY:,} tokens and now waits for its owner. For how many **seconds** is its cache worth its memory? Then: "
        "what would you charge for keeping it?",
        answer=lambda: kept(HISTORY)[2],
        unit="s",
        mistakes=[
            (
                lambda: kept(HISTORY)[0],
                "That is how long reading it again takes, as if this one cache filled the whole machine.",
            ),
            (
                lambda: kept(HISTORY)[0] * kept(HISTORY)[1],
                "You took the cache's part of the room. But steps with one user fewer are quicker: what does the last one add?",
            ),
            (lambda: kept(10 * HISTORY)[2], "That is for ten times as long a history."),
        ],
        hint="`prefix_cache.worth_keeping(glm, node, ...)` gives the time to read again, how many such caches fit, and more.",
    )
