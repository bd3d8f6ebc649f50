"""Lesson 04's panel of caches as runtimes really store them."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost import memory
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_measured import StoredCache
from ..facts.vocabulary import Layout
from ..machines.machine import Machine
from ..models.attention import mixers
from ..models.kv_layouts import BLOCK, LAYOUTS, counted
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY, RED

LABELS = {
    Layout.NEEDED_16_BIT: "what is needed, 16 bits",
    Layout.NEEDED_8_BIT: "what is needed, 8 bits",
    Layout.WHOLE_WINDOWS: "windows kept whole",
    Layout.FULL_HEADS: "every head of a latent",
    Layout.FULL_HEADS_AND_SCORES: "every head, and scores",
}
NEEDED, EIGHT, *_ = LABELS.values()


def reports() -> list[dict]:
    """Rows for a table: what was published of a cache, and what is counted for the same storage.

    >>> reports()[3]["reported"], reports()[3]["counted"]
    ('2.3 GB', '2.3 GB')
    """
    return [
        {
            "name": row.model,
            "way": LABELS[Layout(row.layout)],
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


def room_for_caches(model: Model, weights: str) -> float:
    """Bytes left on the desktop beside weights and engine; negative where these do not fit."""
    empty = memory.fits(model, Machine.named(DESKTOP), weights=weights, context=0)
    return empty.memory - empty.parts["weights"] - empty.parts["engine"]


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    words: Text
    room: Line2D
    rows: charts.Rows


def draw(figure: Figure) -> Artists:
    """One row for each way to store the cache: a mark at its bytes; a line where the desktop is full."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(LEAST, MOST, q.size))
    axes.set(xlim=(LEAST, MOST), xlabel="cache of one sequence, bytes")
    room = axes.axvline(LEAST, color="black", linewidth=1.5)
    rows = charts.rows(axes, dict.fromkeys(LABELS.values(), (BLUE, "o")))
    return Artists(layout.headline(figure), layout.subtitle(figure), room, rows)


def update(artists: Artists, name: str, context: float, weights: str) -> str:
    """Move the marks to one model, context and format of its weights: blue discs where the cache fits, red crosses."""
    model = Model.named(name)
    tokens, note = model.clip_context(context)
    room = room_for_caches(model, weights)
    stored = {LABELS[layout]: count(model, tokens) for layout, count in LAYOUTS.items()}
    shown = {}
    for way, size in stored.items():
        same, fits = way != NEEDED and size == stored[NEEDED], size <= room
        words = f"{q.size(size)}{', the same' if same else ''}{'' if fits else ': does not fit'}"
        shown[way] = charts.Quantity(size, words=words)
        artists.rows.marks[way].set(
            marker="o" if fits else "X", color=GREY if same else BLUE if fits else RED
        )
    artists.rows.show(shown)
    artists.room.set(xdata=[min(max(room, LEAST), MOST)] * 2, visible=room > 0)
    artists.words.set_text(
        f"line: {q.size(room)}, left on a desktop of 512 GB beside weights at {weights}"
        if room > 0
        else f"weights at {weights} alone do not fit a desktop of 512 GB"
    )
    artists.title.set_text(finding(model, tokens, stored, room))
    return note + sentence(model, tokens, stored, room, weights)


def finding(model: Model, tokens: float, stored: dict[str, float], room: float) -> str:
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
    return f"{model.name}, {tokens:,.0f} tokens: {q.size(low)} to {q.size(high)} by the runtime; {end}"


def sentence(model: Model, tokens: float, stored: dict[str, float], room: float, weights: str) -> str:
    """What each way costs beside what is needed, what blocks add, and what is left of the desktop."""
    worst = max(stored, key=stored.get)
    ratio = stored[worst] / stored[NEEDED]
    states = sum(layers * mixer.state_bytes for _, layers, mixer in mixers(model.architecture))
    text = (
        f"{model.name} needs {q.size(stored[NEEDED])} for {tokens:,.0f} tokens at 16 bits, "
        f"{q.size(stored[EIGHT])} at 8 bits. "
    )
    if ratio > 1:
        text += (
            f"The most wasteful runtime ({worst}) takes {q.size(stored[worst])}, {q.times(ratio)} as much. "
        )
    if states:
        text += f"Of what is needed, {q.size(states)} are states in float32, the same at any context. "
    per_token = model.cache_bytes(tokens) - model.cache_bytes(tokens - 1)
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
        name=controls.choice("Model", MODELS),
        context=controls.log_slider("Context", 1024, 1_048_576, start=65_536, unit="tokens", whole=True),
        weights=controls.choice("Weights", FORMATS, start="Q2_K"),
    )
