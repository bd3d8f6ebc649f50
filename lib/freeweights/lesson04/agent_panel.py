"""Lesson 04's agent: tokens and seconds of reading, turn by turn, with and without a kept prefix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost import memory
from ..cost.prefix_cache import Reach, prompts, reach, seconds_read, share, tokens_read, worth_keeping
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, dollars
from ..money.price_lists import list_prices
from ..money.serving_costs import Tokens
from ..page import charts, controls, layout, live
from ..page.style import BLUE, INK, ORANGE, RED
from .long_context_panel import MACHINES, WAITS, WEIGHTS

# Whose list prices stand for a model: its own, or those of the nearest release that has a price for cached input.
PRICED = {"GLM-5.2": "GLM-5.2", "GLM-4.6": "GLM-4.6", "Kimi K2": "Kimi-K2-0711"}
MODELS = (
    "Gemma 3 27B",
    "Llama 3.1 70B",
    "gpt-oss-120b",
    "GLM-4.6",
    "MiniMax-M1",
    "DeepSeek-R1",
    "GLM-5.2",
    "Kimi K2",
)
MOST = 300  # turns
TOKENS, SECONDS = (100, 1e9), (1e-3, 1e7)  # ends of the axes
WAYS = {"prefix kept": (BLUE, "-"), "whole history read again": (ORANGE, "--")}
LACKS = {
    "context": "the history is longer than the model's context",
    "memory": "the cache is larger than the memory",
}


def billed(subject: str, sent: np.ndarray, hits: float = 1.0) -> float:
    """US dollars that all prompts of a task cost at list prices, the found prefixes at the price of cached input.

    >>> round(billed("GLM-5", prompts(1000, 200, 4), hits=0), 6)
    0.0052
    """
    found = share(hits) * sent[:-1].sum()
    return float(list_prices(subject).dollars(Tokens(sent.sum() - found, found, 0.0)))


@dataclass(frozen=True)
class Growth:
    """One axis: both curves, and marks at their ends, crosses where the task had to end."""

    curves: charts.Curves
    crosses: Line2D
    dots: Line2D


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    cut: Text
    tokens: Growth
    time: Growth


def draw(figure: Figure) -> Artists:
    """Tokens read so far at the left, seconds at the right, against turns."""
    left, right = layout.grid(figure, columns=(1, 1))
    title, cut = layout.headline(figure), layout.subtitle(figure, INK[RED])
    tokens = growth(left, "tokens", TOKENS, layout.decades(*TOKENS), "99.9 M")
    time = growth(right, "time", SECONDS, WAITS | {8_640_000: "100 days"}, "99.9 minutes")
    layout.legend(figure, tokens.curves.lines)
    return Artists(title, cut, tokens, time)


def growth(axes: Axes, part: str, ends: tuple[float, float], ticks: dict[float, str], room: str) -> Growth:
    """One axis of a quantity that grows with the turns; its labels take as much room as these words."""
    layout.log_axis(axes.xaxis, {1: "1", 3: "3", 10: "10", 30: "30", 100: "100", MOST: str(MOST)})
    layout.log_axis(axes.yaxis, {at: name for at, name in ticks.items() if ends[0] <= at <= ends[1]})
    axes.set(xlim=(1, MOST), ylim=ends, xlabel="turns", ylabel=f"{part} of reading, in all")
    plain = {"linestyle": "", "clip_on": False, "zorder": 3}
    return Growth(
        charts.curves(axes, WAYS, dict.fromkeys(WAYS, room)),
        axes.plot([], [], "X", color=RED, markersize=9, **plain)[0],
        axes.plot([], [], "o", color="black", markersize=6, **plain)[0],
    )


def update(
    artists: Artists,
    name: str,
    place: str,
    weights: str,
    first: float,
    added: float,
    turns: float,
    hits: float,
) -> str:
    """Add up one task's turns with and without a kept prefix; say what it saves and what it takes."""
    model, machine = Model.named(name), Machine.named(*MACHINES[place])
    sent = prompts(first, added, int(turns))
    end = reach(model, machine, weights, sent)
    artists.cut.set_text(f"✖ after turn {end.turns}: {LACKS[end.lacks]}" if end.lacks and end.turns else "")
    head = f"{name}, {weights} on {place}: "
    if not end.turns:
        show(artists.tokens, [], end, q.count)
        show(artists.time, [], end, q.duration)
        artists.title.set_text(f"The first prompt has no place: {name} at {weights} on {place}")
        return head + too_large(model, machine, weights, first)
    sent = sent[: end.turns]
    tokens = [tokens_read(sent, share) for share in (hits / 100, 0.0)]
    seconds = [seconds_read(model, machine, weights, sent, share) for share in (hits / 100, 0.0)]
    show(artists.tokens, tokens, end, q.count)
    show(artists.time, seconds, end, q.duration)
    saved = [float(again.sum() / kept.sum()) for kept, again in (tokens, seconds)]
    artists.title.set_text(finding(end.turns, saved))
    return head + sentence(
        model, machine, weights, sent, [part.sum() for part in tokens + seconds], hits, end
    )


def show(growth: Growth, found: list[np.ndarray], end: Reach, say: Callable[[float], str]) -> None:
    """Place the growing sums and their last numbers, at crosses where the task had to end."""
    sums = {way: np.cumsum(one) for way, one in zip(WAYS, found)}
    turns = np.arange(1, end.turns + 1)
    words = {way: say(float(one[-1])) for way, one in sums.items()}
    growth.curves.show({way: (turns, one) for way, one in sums.items()}, words=words)
    last = [end.turns] * len(sums), [one[-1] for one in sums.values()]
    growth.crosses.set_data(*(last if end.lacks else charts.NOWHERE))
    growth.dots.set_data(*(charts.NOWHERE if end.lacks else last))


def too_large(model: Model, machine: Machine, weights: str, first: float) -> str:
    """Why there is not even a first turn."""
    if first > model.max_context:
        return f"the first prompt of {first:,.0f} tokens is longer than the model's {model.max_context:,}."
    return memory.fits(model, machine, weights=weights, context=first).sentence()


def finding(turns: int, saved: list[float]) -> str:
    """The title: how many times the tokens and the time the task takes without a kept prefix."""
    if turns == 1:
        return "One turn: nothing is saved, because none came before it"
    if saved[0] < 1.005:
        return f"{turns} turns: nothing is saved, because no prefix is found"
    return f"{turns} turns: without a kept prefix {q.times(saved[0])} the tokens and {q.times(saved[1])} the time"


def sentence(
    model: Model, machine: Machine, weights: str, sent, sums: list[float], hits: float, end: Reach
) -> str:
    """Tokens, seconds and dollars of both ways, the memory of the kept cache, and how long it is worth that."""
    tokens, tokens_again, seconds, seconds_again = map(float, sums)
    cost, cost_again = (q.money(float(dollars(machine, one, PAID[1]))) for one in (seconds, seconds_again))
    turns = "one turn" if sent.size == 1 else f"{sent.size} turns"
    again, held, worth = worth_keeping(model, machine, weights, sent[-1])
    said = (
        f"over {turns} the whole history read again is {q.count(tokens_again)} tokens, "
        f"{q.duration(seconds_again)} and {cost_again} of the machine alone; with the prefix found by {hits:.0f} % of "
        f"the turns {q.count(tokens)} tokens, {q.duration(seconds)} and {cost}. The last history is {sent[-1]:,.0f} "
        f"tokens, its cache {q.size(model.cache_bytes(sent[-1]))}, and {held:,} such fit: since the last of them adds "
        f"{q.percent(again / worth)} of the tokens written and reading it again takes {q.duration(again)}, it is worth its memory for "
        f"{q.duration(worth)}."
    )
    if end.lacks:
        said += f" Turn {sent.size + 1} is not possible: {LACKS[end.lacks]}."
    if subject := PRICED.get(model.name):
        bills = (q.money(billed(subject, sent, share)) for share in (0.0, hits / 100))
        said += " At list prices of {} its prompts cost {}, and {} with cached input.".format(subject, *bills)
    return said


def panel() -> live.Panel:
    """An agent's task on any of eight machines: what sending the history again costs, and what a prefix cache saves.

    >>> panel().set(turns=100, hits=90)
    """
    return live.panel(
        draw,
        update,
        title="Reading of an agent's task, with and without a prefix cache",
        size=(9, 4.6),
        name=controls.choice("Model", MODELS, start="GLM-5.2"),
        place=controls.choice("Machine", list(MACHINES), start="8 x H200"),
        weights=controls.choice("Weights", WEIGHTS, start="FP8"),
        first=controls.log_slider("First prompt", 1000, 100_000, start=12_000, unit="tokens", whole=True),
        added=controls.log_slider("Added by a turn", 100, 20_000, start=2000, unit="tokens", whole=True),
        turns=controls.log_slider("Turns", 1, MOST, start=40, whole=True),
        hits=controls.slider("Prefix found in", 0, 100, step=5, start=100, unit="% of turns"),
    )
