"""Lesson 09's token capital: tokens for each person a day by owner, and the index of owners as they split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost import prefix_cache
from ..cost.reference_cases import READING_SPEED
from ..facts import quantities as q
from ..money import deepseek_account
from ..money import token_capital as capital
from ..money.market import CONCENTRATED
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, INK, ORANGE, RED

PUBLISHED = "DeepSeek-V3/R1, published"
MODELS = (PUBLISHED, *(f"{name}, predicted" for name in capital.WEIGHTS))
ALL = "All together"
LEAST, MOST = 100.0, 1e8  # tokens for a person, ends of the axis
PARTS, OTHERS = 10, 100  # at most
AGENT = (12_000, 2000, 40)  # first prompt, added by a turn, turns: where lesson 04's panel starts
COUNTED = {"companies": capital.companies, "blocs": capital.blocs}


def speeds(what: str) -> capital.Speeds:
    """Speeds of one of `MODELS`."""
    return capital.published() if what == PUBLISHED else capital.predicted(what.removesuffix(", predicted"))


def owners() -> dict[str, float]:
    """Every owner's stock, largest first, everybody else and the sum at the end."""
    owned = dict(sorted(capital.companies().items(), key=lambda one: (one[0] == capital.REST, -one[1])))
    return owned | {ALL: sum(owned.values())}


def agent_tokens() -> tuple[float, float]:
    """Tokens that lesson 04's agent reads for one task, its prefix kept, and its whole history read again.

    >>> kept, again = agent_tokens()
    >>> kept < again / 20
    True
    """
    sent = prefix_cache.prompts(*AGENT)
    return tuple(float(prefix_cache.tokens_read(sent, hits).sum()) for hits in (1.0, 0.0))


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    rows: charts.Rows
    index: dict[str, Line2D]
    point: Line2D


def draw(canvas: Figure) -> Artists:
    """Left: two marks for each owner, written tokens solid. Right: the index against the parts of each named owner."""
    left, right = layout.grid(canvas, columns=(4, 3))
    layout.log_axis(left.xaxis, layout.decades(LEAST, MOST))
    left.set(xlim=(LEAST, MOST), xlabel="tokens for each person and day")
    rows = charts.rows(left, dict.fromkeys(owners(), (BLUE, "o")))
    rows.published.set(marker="o", color="white", markeredgecolor=BLUE, zorder=3)
    for mark in rows.marks.values():
        mark.set_markeredgecolor(BLUE)
    for x, style, words in (
        (q.HOUR * READING_SPEED, "--", "an hour's\nreading"),
        (agent_tokens()[1], ":", "agent's task,\nall read again"),
    ):
        left.axvline(x, color=GREEN, linestyle=style, linewidth=1.6, zorder=3)
        above = {"transform": left.get_xaxis_transform(), "ha": "center", "va": "bottom", "linespacing": 1.0}
        left.text(x, 1.01, words, color=INK[GREEN], fontsize=10, **above)
    right.set(xlim=(0.7, PARTS + 0.3), ylim=(0, 6500), xlabel="parts of each named owner")
    right.set_ylabel("index of owned compute, points")
    right.set_xticks(range(1, PARTS + 1))
    right.set_yticks(points := range(0, 6001, 1000), [f"{point:,}" for point in points])
    right.axhline(CONCENTRATED, color=RED, linestyle="--", linewidth=1.5)
    above = {"ha": "right", "fontsize": 10}
    right.text(PARTS + 0.2, CONCENTRATED + 90, "highly concentrated ↑", color=INK[RED], **above)
    index = {name: right.plot([], [], color=GREY, linewidth=1)[0] for name in ("one", "many")}
    index["line"] = right.plot([], [], "o-", color="black", markersize=5)[0]
    others = f"grey: everybody else as 1 owner, as {capital.MANY:,}"
    first = next(iter(rows.marks.values()))
    layout.legend(canvas, {"written": first, "read, too": rows.published, others: index["one"]})
    point = right.plot([], [], "o", color=ORANGE, markersize=11, markeredgecolor="black", zorder=4)[0]
    return Artists(layout.headline(canvas), rows, index, point)


def update(
    artists: Artists,
    what: str,
    whose: str,
    share: float,
    prompt: float,
    counted: str,
    parts: float,
    others: float,
) -> str:
    """Move marks and index to one model, share, mix and way of counting owners; say both."""
    one, owned = speeds(what), owners()
    both = np.array([capital.per_person(stock, one, prompt, share / 100) for stock in owned.values()])
    written = both / (1 + prompt)
    show_marks(artists.rows, both, written, list(owned).index(whose))
    found = show_index(artists, COUNTED[counted](), int(parts), int(others))
    at = list(owned).index(whose)
    artists.title.set_text(finding(whose, both[at], counted, found[1]))
    return (
        f"{made(what, whose, both[at], written[at], share)} {google(what, one, prompt)} "
        f"{concentrated(counted, int(parts), int(others), found)}"
    )


def show_marks(rows: charts.Rows, both: np.ndarray, written: np.ndarray, at: int) -> None:
    """Marks to their places, none where there are no tokens, each total behind its mark; the chosen owner's in bold."""
    shown = {}
    for row, (owner, total, part) in enumerate(zip(rows.heights, both.tolist(), written.tolist())):
        words = f"{'← ' if total < LEAST else ''}{q.count(total)}" if total else "none: nothing serves"
        shown[owner] = (
            charts.Quantity(part, (part, total), None, total, words)
            if total
            else charts.Quantity(words=words)
        )
        rows.words[owner].set_fontweight("bold" if row == at else "normal")
    rows.show(shown)


def show_index(
    artists: Artists, stocks: dict[str, float], parts: int, others: int
) -> tuple[float, float, float]:
    """Three curves and the point; the index with everybody else as one owner, as set, and as very many."""
    numbers = range(1, PARTS + 1)
    curves = {"one": 1, "line": others, "many": capital.MANY}
    found = []
    for name, count in curves.items():
        values = [capital.index(stocks, part, count) for part in numbers]
        artists.index[name].set_data(numbers, values)
        found.append(values[parts - 1])
    artists.point.set_data([parts], [found[1]])
    return tuple(found)


def finding(whose: str, both: float, counted: str, points: float) -> str:
    """The title: tokens for each person, and on which side of the line the owners are."""
    side = "above" if points > CONCENTRATED else "below"
    tokens = f"{whose}: {q.count(both)} tokens a person and day" if both else "Nothing serves: no tokens"
    return f"{tokens}; {counted}: {points:,.0f} points, {side} the line"


def made(what: str, whose: str, both: float, written: float, share: float) -> str:
    """Tokens of the chosen stock against a person's reading and an agent's task."""
    stock = owners()[whose]
    if not both:
        return (
            f"{whose}: of {q.count(stock)} H100 equivalents (2025-12) nothing serves, so there are no tokens."
        )
    return (
        f"{whose}: {share:g} % of {q.count(stock)} H100 equivalents (Epoch AI, 2025-12) make {q.count(both)} tokens a day for "
        f"each person, {q.count(written)} of them written: {q.duration(written / READING_SPEED)} of a person's "
        f"reading. {agents(what, both - written)}"
    )


def agents(what: str, reads: float) -> str:
    """For how many tasks of lesson 04's agent the tokens read would do: published ones count hits in a cache as read."""
    if not reads:
        return "Nothing is read, so no agent could use them."
    kept, again = agent_tokens()
    found = f"Those read would do for {tasks(reads / again)} of lesson 04's agent"
    if what == PUBLISHED:
        return f"{found}, its history sent again at every turn, hits in a cache counted."
    return f"{found} with its history read again, or for {tasks(reads / kept)} with its prefix kept."


def tasks(day: float) -> str:
    """So many tasks a day in words, less than one in the time that one needs."""
    if day >= 1:
        return f"{q.significant(day, 2)} tasks a day"
    days = np.ceil(1 / day)
    return "less than a task a year" if days > q.YEAR / q.DAY else f"one task in {days:.0f} days"


def google(what: str, one: capital.Speeds, prompt: float) -> str:
    """The check against what Google says it processes."""
    part = capital.google_needs(one, prompt)
    if part > 1:
        return f"Google's own tokens (2026-05) would need {q.times(part)} its whole stock at these speeds."
    return f"Google's own tokens (2026-05) would need {q.percent(part)} of its stock at these speeds."


def concentrated(counted: str, parts: int, others: int, found: tuple[float, float, float]) -> str:
    """The index with its range."""
    whole = "not split" if parts == 1 else f"each split into {parts}"
    rest = "one owner" if others == 1 else f"{others} owners"
    return (
        f"Counted by {counted}, named ones {whole} and everybody else as {rest}, the index of owned compute is "
        f"{found[1]:,.0f} points ({found[2]:,.0f} to {found[0]:,.0f}, as everybody else is many or one); above "
        f"{CONCENTRATED:,} is highly concentrated."
    )


def panel() -> live.Panel:
    """Tokens that the world's compute can make for each person, and how concentrated its owners are.

    >>> panel().set(counted="blocs")
    """
    return live.panel(
        draw,
        update,
        title="Tokens for each person a day by owner of compute, and the concentration of owners",
        size=(9, 4.9),
        what=controls.choice("Served", MODELS),
        whose=controls.choice("Whose", list(owners()), start=ALL),
        share=controls.slider("Serves", 0, 100, start=50, unit="% of the stock"),
        prompt=controls.slider(
            "Read for each written", 0, 50, step=1, start=round(deepseek_account.usual_prompt(), 1)
        ),
        counted=controls.choice("Owners counted by", list(COUNTED)),
        parts=controls.slider("Each named one split into", 1, PARTS, start=1, step=1, whole=True),
        others=controls.log_slider("Everybody else is", 1, OTHERS, start=1, unit="owners", whole=True),
    )
