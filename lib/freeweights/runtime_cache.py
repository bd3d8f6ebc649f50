"""Floor 5. Lesson 04's caches as runtimes really store them: what was published, and a panel."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from . import catalog, live, memory
from . import quantities as q
from .attention import FLOAT32_BYTES, mixers
from .machine import machine
from .plots import BLUE, GREY, RED, decades, headline, log_axis
from .records_published import StoredCache
from .transformer import Model, model

BLOCK = 16  # tokens in a block of vLLM's cache. Source: arXiv:2309.06180, section 7.2
# FP8 latents of sparse attention: a float32 scale for 128 values, the rotary key at 16 bits. Source:
# docs.vllm.ai/en/v0.11.0/api/vllm/v1/attention/backends/mla/flashmla_sparse.html
SCALED = 128
OLD = "llama.cpp of 2024"  # the engine of data/engines.csv that kept every head and wrote scores to memory


def needed(what: Model, context: float) -> float:
    """Bytes at 16 bits of what the architecture needs; states in float32."""
    return what.cache_bytes(context)


def eight_bits(what: Model, context: float) -> float:
    """Bytes at 8 bits with scales: FP8 latents and index keys in sparse attention, else llama.cpp's q8_0.

    >>> eight_bits(model("DeepSeek-V3.2"), 1000) == 61 * (656 + 132) * 1000
    True
    """
    sparse = [(kind, layers) for kind, layers, _ in mixers(what.architecture) if kind.startswith("dsa")]
    if not sparse:
        return what.cache_bytes(context, catalog.weight_format("Q8_0").bits / 8)
    a, scale = what.architecture, 1 + FLOAT32_BYTES / SCALED
    latent, index_key = a.kv_lora_rank * scale + 2 * a.rope_head_dim, a.indexer_head_dim * scale
    per_token = sum(layers * (latent + (kind == "dsa") * index_key) for kind, layers in sparse)
    return per_token * what.cache_bytes(context) / what.cache_bytes(1)


def no_windows(what: Model, context: float) -> float:
    """Bytes at 16 bits in an engine that keeps the whole context in window layers too."""
    beyond = sum(
        layers * span.amount * max(0.0, context - span.most)
        for kind, layers, mixer in mixers(what.architecture)
        if kind in ("window", "chunked")
        for span in mixer.kept
    )
    return what.cache_bytes(context) + 2 * beyond


def every_head(what: Model, context: float) -> float:
    """Bytes at 16 bits in an engine that keeps every head of a latent attention."""
    return what.cache_bytes(context, latents=False)


def with_scores(what: Model, context: float) -> float:
    """The same, and the scores of all heads for one chunk of the prompt in float32, without flash attention.

    >>> round((with_scores(model("DeepSeek-V3"), 65_536) - every_head(model("DeepSeek-V3"), 65_536)) / 2**30)
    16
    """
    if any(kind.startswith("dsa") for kind, _, _ in mixers(what.architecture)):
        return every_head(what, context)  # engines that knew sparse attention never wrote out scores
    scores = what.architecture.heads * catalog.engine(OLD).chunk_tokens * context * FLOAT32_BYTES
    return every_head(what, context) + scores


WAYS: dict[str, Callable[[Model, float], float]] = {
    "what is needed, 16 bits": needed,
    "what is needed, 8 bits": eight_bits,
    "windows kept whole": no_windows,
    "every head of a latent": every_head,
    "every head, and scores": with_scores,
}


NEEDED, EIGHT, *_ = WAYS


def counted(row: StoredCache) -> float:
    """Bytes for what a published row stores, by `WAYS`.

    >>> row = catalog.table(StoredCache)[3]
    >>> abs(counted(row) / row.bytes - 1) < 0.001
    True
    """
    return row.sequences * WAYS[row.stored](model(row.model), row.tokens)


def reports() -> list[dict]:
    """Rows for a table: what was published of a cache, and what is counted for the same storage.

    >>> reports()[3]["reported"], reports()[3]["counted"]
    ('2.3 GB', '2.3 GB')
    """
    return [
        {
            "name": row.model,
            "way": row.stored,
            "tokens": row.sequences * row.tokens,
            "reported": q.size(row.bytes),
            "counted": q.size(counted(row)),
            "off": f"{100 * (counted(row) / row.bytes - 1):+.1f} %".replace("-0.0", "0.0").replace(
                "+0.0", "0.0"
            ),
            "by": f"{row.runtime}, {row.kind}",
        }
        for row in catalog.table(StoredCache)
    ]


# ---- The panel

DESKTOP = "Apple M3 Ultra 512GB"
MODELS = (
    "DeepSeek-R1", "DeepSeek-V3.2", "GLM-5.2", "Kimi K2", "MiniMax-M1", "Granite 4.0 H-Small", "Gemma 3 27B",
    "gpt-oss-120b", "Llama 4 Maverick", "Llama 3.1 405B",
)  # fmt: skip
FORMATS = ("Q2_K", "Q4_K_M", "Q8_0")
LEAST, MOST = 1e7, 3e12  # bytes on the axis


def room_for_caches(what: Model, weights: str) -> float:
    """Bytes left on the desktop beside weights and engine; negative where these do not fit."""
    empty = memory.fits(what, machine(DESKTOP), weights, context=0)
    return empty.memory - empty.parts["weights"] - empty.parts["engine"]


def draw(figure: Figure) -> dict:
    """One row for each way to store the cache: a mark at its bytes; a line where the desktop is full."""
    axes = figure.add_axes((0.235, 0.15, 0.735, 0.68))
    log_axis(axes.xaxis, decades(LEAST, MOST, q.size))
    axes.set(xlim=(LEAST, MOST), ylim=(len(WAYS) - 0.5, -0.5), xlabel="cache of one sequence, bytes")
    axes.set_yticks(range(len(WAYS)), list(WAYS))
    axes.tick_params(axis="y", length=0)
    room = axes.axvline(LEAST, color="black", linewidth=1.5)
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    rows = [
        {
            "mark": axes.plot([], [], "o", markersize=10, markeredgecolor="black")[0],
            "label": axes.text(LEAST, row, "", va="center", fontsize=10, bbox=paper),
        }
        for row in range(len(WAYS))
    ]
    words = figure.text(0.97, 0.86, "", ha="right", fontsize=10, color=GREY)
    return {"title": headline(figure), "room": room, "words": words, "rows": rows}


def update(artists: dict, name: str, context: float, weights: str) -> str:
    """Move the marks to one model, context and format of its weights."""
    what = model(name)
    tokens, note = what.clip_context(context)
    room = room_for_caches(what, weights)
    stored = {way: count(what, tokens) for way, count in WAYS.items()}
    for row, (way, size) in enumerate(stored.items()):
        _show(artists["rows"][row], row, way, size, room, size == stored[NEEDED] and way != NEEDED)
    artists["room"].set_xdata([min(max(room, LEAST), MOST)] * 2)
    artists["room"].set_visible(room > 0)
    artists["words"].set_text(
        f"line: {q.size(room)}, left on a desktop of 512 GB beside weights at {weights}"
        if room > 0
        else f"weights at {weights} alone do not fit a desktop of 512 GB"
    )
    artists["title"].set_text(finding(what, tokens, stored, room))
    return note + sentence(what, tokens, stored, room, weights)


def _show(row: dict, place: int, way: str, size: float, room: float, same: bool) -> None:
    """One row: a blue disc where the cache fits, a red cross where it does not, and its bytes."""
    fits = size <= room
    shown = min(max(size, LEAST), MOST)
    row["mark"].set_data([shown], [place])
    row["mark"].set(marker="o" if fits else "X", color=GREY if same else BLUE if fits else RED)
    words = f"{q.size(size)}{', the same' if same else ''}{'' if fits else ': does not fit'}"
    left = shown > (LEAST * MOST) ** 0.5
    row["label"].set(text=words, x=shown / 1.35 if left else shown * 1.35, ha="right" if left else "left")


def finding(what: Model, tokens: float, stored: dict[str, float], room: float) -> str:
    """The title: least and most bytes for the same tokens, and how many ways do not fit."""
    low, high = min(stored.values()), max(stored.values())
    failing = sum(size > room for size in stored.values())
    end = (
        "all fit"
        if not failing
        else "none fits"
        if failing == len(stored)
        else f"{failing} of {len(stored)} do not fit"
    )
    return f"{what.name}, {tokens:,.0f} tokens: {q.size(low)} to {q.size(high)} by the runtime; {end}"


def sentence(what: Model, tokens: float, stored: dict[str, float], room: float, weights: str) -> str:
    """What each way costs beside what is needed, what blocks add, and what is left of the desktop."""
    worst = max(stored, key=stored.get)
    ratio = stored[worst] / stored[NEEDED]
    states = sum(layers * mixer.state_bytes for _, layers, mixer in mixers(what.architecture))
    text = (
        f"{what.name} needs {q.size(stored[NEEDED])} for {tokens:,.0f} tokens at 16 bits, "
        f"{q.size(stored[EIGHT])} at 8 bits. "
    )
    if ratio > 1:
        text += (
            f"The most wasteful runtime ({worst}) takes {q.size(stored[worst])}, {q.times(ratio)} as much. "
        )
    if states:
        text += f"Of what is needed, {q.size(states)} are states in float32, the same at any context. "
    per_token = what.cache_bytes(tokens) - what.cache_bytes(tokens - 1)
    text += f"Blocks of {BLOCK} tokens waste at most {q.size((BLOCK - 1) * per_token)}. "
    if room <= 0:
        return text + f"At {weights} the weights alone do not fit the desktop, so no cache does."
    failing = [way for way, size in stored.items() if size > room]
    fits = f"too large for that: {'; '.join(failing)}" if failing else "every way fits"
    return text + f"The desktop has {q.size(room)} left beside weights at {weights}; {fits}."


def panel() -> live.Panel:
    """One model's cache as five runtimes would store it, beside the room on a desktop.

    >>> panel().set(name="Gemma 3 27B", context=131_072)
    """
    return live.panel(
        draw,
        update,
        title="One cache as different runtimes store it",
        size=(9, 3.8),
        name=live.choice("Model", MODELS),
        context=live.log_slider("Context", 1024, 1_048_576, start=65_536, unit="tokens", whole=True),
        weights=live.choice("Weights", FORMATS, start="Q2_K"),
    )
