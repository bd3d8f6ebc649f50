"""What a file of weights allows by itself, tried on SmolLM2: change it, shrink it, ask what it remembers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..facts import catalog, datasets, figures
from ..facts import quantities as q
from ..facts.records_openness import OpennessFigure
from ..local import low_rank, smollm
from ..local.block_quantisation import pack, unpack
from ..local.llama import LlamaWeights
from ..page import charts, layout, live, text
from ..page.renderer import Picture
from ..page.style import BLUE, GREY, ORANGE

LEARNED = "open-source-is-not-open-weights"
PROMPT_TOKENS, ANSWER_TOKENS, STEPS, SECONDS = 6, 19, 40, 15.0
SCORED = 100  # tokens of each text: a second or two each
WINDOWS, HALF, AT_ONCE = 12, 50, 6  # of a novel: tokens given, as many asked for; windows in memory at once
EXTRACTED = 0.5  # probability of a whole window from which it counts as remembered, as in arXiv:2505.12546
BEFORE, AFTER = "out before it was trained", "written after"
NOT_HERE = "The weights could not be fetched, so nothing was measured here: "


# ---- Change it


@dataclass(frozen=True)
class Change:
    """How a text goes on by the model before and after, and bits a byte of it and of another text."""

    prompt: str
    answers: tuple[str, str]
    bits: tuple[float, float]
    others: tuple[float, float]
    run: low_rank.Run
    undone: bool


def lesson_text() -> str:
    """A text that SmolLM2 cannot have read: a claim of this lesson, in the course's words."""
    return figures.claim(LEARNED).claim


def opening_of_alice() -> str:
    """Another text, to see what a change does to it."""
    return datasets.text("alice")[:400].decode()


def change(model: LlamaWeights | None, steps: int = STEPS) -> Change | None:
    """Teach the model a claim of this lesson by a LoRA, and take it off again; nothing without a model.

    Args:
        model: of `local.smollm.load`.
        steps: of training.
    """
    if model is None:
        text.say(NOT_HERE + "the course's tests train the same code on a small model.")
        return None
    learned = lesson_text()
    tokens = model.tokenizer.encode(learned).ids
    prompt = model.tokenizer.decode(tokens[:PROMPT_TOKENS])
    other = opening_of_alice()
    before = smollm.surprisal(model, tokens)
    run = low_rank.train(model, tokens, steps=steps, seconds=SECONDS)
    changed = low_rank.merged(model, run.factors)
    answers = tuple("".join(smollm.generate(one, prompt, ANSWER_TOKENS)) for one in (model, changed))
    return Change(
        prompt,
        answers,
        tuple(smollm.bits_per_byte(one, learned) for one in (model, changed)),
        tuple(smollm.bits_per_byte(one, other) for one in (model, changed)),
        run,
        bool(np.array_equal(before, smollm.surprisal(model, tokens))),
    )


def tell(found: Change | None) -> text.Table | None:
    """Say what the change did, what it cost, and whether it was undone; a table of how the text goes on."""
    if found is None:
        return None
    total = low_rank.numbers(found.run.factors)
    text.say(
        f"**{total:,} numbers**, trained in {q.duration(found.run.seconds)} ({len(found.run.losses)} steps"
        f"{', stopped early' if found.run.stopped else ''}). Surprisal of the text: {found.bits[0]:.2f} bits a byte before, "
        f"**{found.bits[1]:.2f}** after; of Alice: {found.others[0]:.2f} before, {found.others[1]:.2f} after. "
        f"Taken off, every bit is {'as it was' if found.undone else '**not** as it was'}."
    )
    return text.table(
        [{"when": when, "said": f"{found.prompt} … {said.strip()}"} for when, said in zip(("before", "after"), found.answers)],
        caption="How it goes on", when="Model", said="given a beginning, the likeliest words",
    )  # fmt: skip


# ---- Shrink it


def shrink(model: LlamaWeights | None, bits: int = 4) -> None:
    """Quantise every matrix; say what it saves, and what it does to one text."""
    if model is None:
        text.say(NOT_HERE + "lesson 01 has recorded figures of the same experiment.")
        return
    sample = opening_of_alice()
    small = smollm.quantise(model, bits)
    text.say(
        f"In {bits} bits a code: {q.size(model.nbytes)} become **{q.size(small.nbytes)}**, and Alice costs "
        f"{smollm.bits_per_byte(model, sample):.2f} bits a byte before, {smollm.bits_per_byte(small, sample):.2f} after. No licence was asked, "
        "no recipe was needed."
    )


# ---- Ask what it remembers


def course_text(name: str) -> str:
    """A file of the course, from its root."""
    return (Path(catalog.DATA).parent / name).read_text(encoding="utf-8")


def texts() -> dict[str, tuple[str, str]]:
    """Texts with their sort: out before SmolLM2 was trained, or written after."""
    books = {
        "Alice in Wonderland": "alice_in_wonderland",
        "Paradise Lost": "paradise_lost",
        "As You Like It": "as_you_like_it",
    }
    # the MIT licence without its heading, which names this course
    found = {"MIT licence": (course_text("LICENSE").partition("\n\n")[2].partition("\n\n")[2], BEFORE)}
    found |= {name: (datasets.text(file).decode(errors="replace"), BEFORE) for name, file in books.items()}
    return found | {
        "a claim of this lesson": (lesson_text(), AFTER),
        "the map of the library": (course_text("lib/README.md").partition("## The core")[2], AFTER),
    }


def remembered(model: LlamaWeights | None) -> dict[str, tuple[float, str]]:
    """Bits a byte of the opening of each text, and its sort; nothing without a model."""
    if model is None:
        return {}

    def opening(words: str) -> str:
        return model.tokenizer.decode(model.tokenizer.encode(words).ids[:SCORED])

    return {
        name: (smollm.bits_per_byte(model, opening(words)), sort) for name, (words, sort) in texts().items()
    }


def recorded() -> dict[str, tuple[float, str]]:
    """Bits a byte of licences that the course does not carry, measured when it was made, and their sort."""
    rows = [row for row in catalog.table(OpennessFigure) if row.id.startswith("surprisal-")]
    named = ((row.subject.split(", ", 1)[1], row) for row in rows)
    return {
        name: (row.value, AFTER if "2025" in name else BEFORE)
        for name, row in named
        if any(word in name for word in ("icence", "OpenMDW"))
    }


def surprisal_picture(found: dict[str, tuple[float, str]]) -> Picture:
    """Texts by surprisal: what this machine measured, and what was recorded.

    Args:
        found: of `remembered`; empty where there was no model.
    """
    return live.picture(
        lambda figure: _draw_surprisal(figure, found), title="Surprisal of texts", size=(9, 5)
    )


def _draw_surprisal(figure: Figure, found: dict[str, tuple[float, str]]) -> str:
    """A row for each text, lowest surprisal first."""
    every = [(name, bits, sort, True) for name, (bits, sort) in found.items()]
    others = {name: one for name, one in recorded().items() if name not in found}
    every += [(f"{name}, recorded", bits, sort, False) for name, (bits, sort) in others.items()]
    every.sort(key=lambda one: one[1])
    [axes] = layout.grid(figure)
    axes.set(xlim=(0, 3), xlabel="bits a byte: less is more expected")
    looks = {
        name: (BLUE if sort == BEFORE else ORANGE, "o" if here else "X") for name, _, sort, here in every
    }
    rows = charts.rows(axes, looks)
    rows.show({name: charts.Quantity(bits, words=f"{bits:.2f}") for name, bits, _, _ in every})
    marks = {BEFORE: BLUE, AFTER: ORANGE}
    layout.legend(
        figure, {word: axes.plot([], [], "o", color=ink, markersize=9)[0] for word, ink in marks.items()}
    )
    low, after = every[0], [bits for _, bits, sort, _ in every if sort == AFTER]
    wrong = [name for name, bits, sort, _ in every if sort == BEFORE and bits > min(after)]
    right = [name for name, bits, sort, _ in every if sort == BEFORE and bits < min(after)]
    layout.headline(figure).set_text(
        f"Of {len(right) + len(wrong)} texts that were out, {len(right)} are expected more than any written after"
    )
    return (
        f"Lowest is {low[0]}, {low[1]:.2f} bits a byte. Texts written after the training begin at {min(after):.2f}. Below that lie {', '.join(right) or 'none'}; "
        f"{len(wrong)} texts that were out lie above, so by surprisal alone nobody could tell that they may have been read. "
        f"{'Crosses were recorded when the course was made.' if found else 'All were recorded when the course was made: the weights could not be fetched.'}"
    )


def windows(
    model: LlamaWeights | None, name: str = "alice_in_wonderland", count: int = WINDOWS
) -> np.ndarray:
    """log10 of the probability that a model, given one half of a window, writes the other half word for word.

    Returns:
        (count,), or empty without a model.
    """
    if model is None:
        return np.empty(0)
    tokens = np.array(model.tokenizer.encode(datasets.text(name).decode(errors="replace")).ids)
    starts = np.linspace(0, len(tokens) - 2 * HALF, count).astype(int)
    given = np.stack([tokens[first : first + 2 * HALF] for first in starts])
    parts = [given[first : first + AT_ONCE] for first in range(0, count, AT_ONCE)]
    nats = [smollm.surprisal(model, part)[:, HALF - 1 :].sum(-1) for part in parts]
    return -np.concatenate(nats) / math.log(10)


def tell_windows(found: np.ndarray) -> None:
    """Say how many windows come back, here and as recorded of more."""
    more = figures.openness("windows-alice")
    large, other = figures.openness("extraction-potter"), figures.openness("extraction-sandman")
    here = (
        f"Of {len(found)} windows of Alice **{int((found > math.log10(EXTRACTED)).sum())}** come back: the best has a probability of 10^{found.max():.0f}. "
        if len(found) else NOT_HERE
    )  # fmt: skip
    text.say(
        f"{here}Recorded when the course was made: {more.value:.0f} {more.note}. A model {q.times(70e9 / 135e6)} as large remembers more: of one famous book "
        f"{large.value:g} % of the spans come back, of another {other.value:g} % ({large.subject.split(',')[0]}, {large.date})."
    )


# ---- Tell a copy from a relative


def matrices(layer) -> list[np.ndarray]:
    """Queries, keys, values and output of one layer's attention: rows of each."""
    qkv = layer.qkv
    width = layer.output.shape[0]
    kv = (qkv.shape[0] - width) // 2
    return [qkv[:width], qkv[width : width + kv], qkv[width + kv :], layer.output]


def spreads(layers) -> np.ndarray:
    """Standard deviation of each attention matrix by layer, (4, layers).

    Args:
        layers: for each layer its queries, keys, values and output.
    """
    return np.array([[matrix.std(dtype=float) for matrix in layer] for layer in layers]).T


def profile(layers) -> np.ndarray:
    """The `spreads` of a model's layers, each row to mean 0 and deviation 1: what does not hang on a scale."""
    spread = spreads(layers)
    return (spread - spread.mean(-1, keepdims=True)) / spread.std(-1, keepdims=True)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two profiles, over all matrices and layers."""
    return float((one * other).mean())


def disguised(layer, factor: float) -> list[np.ndarray]:
    """One layer's matrices scaled so that the model computes the same: the norm before them, or the output, takes it back."""
    queries, keys, values, output = matrices(layer)
    return [queries * factor, keys / factor, values * factor, output / factor]


def suspects(model: LlamaWeights, seed: int = 0) -> dict[str, np.ndarray]:
    """Profiles of four suspects: a copy in few bits, a disguised copy, random numbers along the same trend, plain random ones."""
    random = np.random.default_rng(seed)
    factors = np.exp(random.normal(0, 0.5, len(model.layers)))
    spread = spreads(matrices(layer) for layer in model.layers)
    depth = np.arange(len(model.layers))
    trend = np.array([np.polyval(np.polyfit(depth, row, 3), depth) for row in spread])

    def drawn(spreads: np.ndarray) -> list[list[np.ndarray]]:
        return [[random.normal(0, abs(one), (200, 200)) for one in layer] for layer in spreads.T]

    return {
        "a copy in 3 bits": profile(
            [[unpack(pack(one, 3)) for one in matrices(layer)] for layer in model.layers]
        ),
        "a copy in disguise": profile([disguised(layer, f) for layer, f in zip(model.layers, factors)]),
        "random, same trend": profile(drawn(trend)),
        "random": profile(drawn(np.full_like(spread, spread.mean()))),
    }


def fingerprint_picture(model: LlamaWeights | None) -> Picture | None:
    """Profiles over layers with their correlation to the model's; nothing without a model."""
    if model is None:
        text.say(NOT_HERE + f"published of two models, {figures.openness('pangu').value}.")
        return None
    return live.picture(lambda figure: _draw_fingerprint(figure, model), title="Who is a copy", size=(9, 3.6))


def _draw_fingerprint(figure: Figure, model: LlamaWeights) -> str:
    """A row of correlation for each suspect, and the published one of the Pangu dispute."""
    own = profile([matrices(layer) for layer in model.layers])
    found = {name: alike(own, one) for name, one in suspects(model).items()}
    published = figures.openness("pangu")
    [axes] = layout.grid(figure)
    axes.set(xlim=(0, 1.2), xlabel="correlation of standard deviations by layer, with SmolLM2's")
    looks = {name: (BLUE if "copy" in name else ORANGE, "o" if "copy" in name else "s") for name in found}
    rows = charts.rows(axes, looks | {"Pangu and Qwen, published": (GREY, "X")})
    rows.show(
        {name: charts.Quantity(value, words=f"{value:.2f}") for name, value in found.items()}
        | {
            "Pangu and Qwen, published": charts.Quantity(
                published=published.value, words=f"{published.value:g}", ink=GREY
            )
        }
    )
    copies = {name: value for name, value in found.items() if "copy" in name}
    innocent = {name: value for name, value in found.items() if "copy" not in name}
    errs = max(innocent.values()) > min(copies.values())
    layout.headline(figure).set_text(
        f"The test {'errs both ways' if errs else 'parts them here'}: numbers that share no weight reach {max(innocent.values()):.2f}, a copy {min(copies.values()):.2f}"
    )
    return (
        f"{'; '.join(f'{name} {value:.2f}' for name, value in found.items())}. In disguise the matrices are scaled up and down in pairs and the model computes the "
        f"same. Numbers drawn at random along a smooth trend share no weight with it. Published for Pangu Pro and Qwen2.5-14B: {published.value:g}, {published.note}."
    )
