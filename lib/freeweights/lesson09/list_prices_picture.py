"""Lesson 09's picture of list prices: what the hosts of three open models ask beside their lab, and predicted costs."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..cost.reference_cases import SERVED
from ..facts import quantities as q
from ..money.host_prices import Asked, PredictedServingCost, asked, models, predicted
from ..page import layout, live, renderer
from ..page.style import BLUE, FAINT, GREY, RED

LOWEST, HIGHEST = 0.05, 5.0  # dollars for a million tokens, ends of the axis
NEAR, STEP = 0.02, 0.07  # prices as near as this stand on each other, so high, in parts of a row
SPACE = 0.2  # dollars: whatever begins beyond it has room for its label on its left
FOOT = 0.36  # of a row, below its middle: where the line under it lies
COST = "cost of serving, predicted, with its range, on rented H200s"


def picture() -> renderer.Picture:
    """List prices of one day: each host a dot, the lab a diamond, and below them predicted costs with their ranges.

    >>> "gpt-oss-120b" in picture().sentence
    True
    """
    return live.picture(draw, title="List prices of three open models at hosts and labs", size=(9, 5))


def draw(figure: Figure) -> str:
    """A row for each model; return the sentence."""
    found = {name: (asked(name), predicted(name)) for name in models()}
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, {tick: q.money(tick) for tick in (0.05, 0.1, 0.2, 0.5, 1, 2, 5)})
    date = max(prices.date for prices, _ in found.values())
    axes.set(
        xlim=(LOWEST, HIGHEST),
        ylim=(len(found) - 0.56, -0.95),
        xlabel=f"US dollars for a million tokens, three read anew for one written; prices of {date}",
    )
    axes.set_yticks(
        [row - 0.08 for row in range(len(found))], [named(prices) for prices, _ in found.values()]
    )
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    for row, (prices, serving) in enumerate(found.values()):
        show(axes, row, prices, serving)
    key = {
        "a host's price": Line2D([], [], linestyle="", marker="o", color=BLUE, markersize=5.5),
        "its lab's price": Line2D([], [], linestyle="", marker="D", color=RED),
        "its lab's first price": Line2D([], [], linestyle="", marker="D", color=RED, markerfacecolor="white"),
        COST: Line2D([], [], marker="s", color=GREY, linewidth=2, markersize=6),
    }
    layout.legend(figure, key)
    layout.headline(figure).set_text(finding([prices for prices, _ in found.values()]))
    return " ".join(says(*pair) for pair in found.values())


def show(axes: Axes, row: int, prices: Asked, serving: PredictedServingCost) -> None:
    """One model: its hosts as dots that pile up, its lab below them, its predicted costs at the foot of the row."""
    at = np.array(prices.hosts)
    axes.plot(
        at,
        row - 0.08 - STEP * piled(at),
        "o",
        color=BLUE,
        markersize=5.5,
        markeredgecolor="white",
        markeredgewidth=0.4,
    )
    for price, face in ((prices.lab, RED), (prices.first, "white")):
        if price is not None:
            axes.plot(price, row + 0.02, "D", color=RED, markerfacecolor=face, markersize=8, zorder=3)
    for y, words, middle, ends in (
        (row + 0.15, f"machine full, {serving.users} users", serving.full, serving.full_range),
        (row + 0.285, f"{SERVED} users", serving.served, serving.served_range),
    ):
        axes.plot(ends, [y, y], color=GREY, linewidth=2, marker="|", markersize=5)
        axes.plot(middle, y, "s", color=GREY, markersize=6)
        left = ends[0] > SPACE  # there it is clear of the lab's price
        x, side = (ends[0] / 1.05, "right") if left else (ends[1] * 1.05, "left")
        axes.text(x, y, words, fontsize=10, color=GREY, ha=side, va="center")
    axes.axhline(row + FOOT, color=FAINT, linewidth=0.8)


def named(prices: Asked) -> str:
    """A model's name, and who sells it."""
    return f"{prices.model}\n{len(prices.hosts)} hosts{'' if prices.lab is None else ' and its lab'}"


def piled(prices: np.ndarray) -> np.ndarray:
    """How many lower prices lie so near below each rising price that it has to stand on them.

    >>> piled(np.array([1.0, 1.0, 1.01, 2.0])).tolist()
    [0, 1, 2, 0]
    """
    heights = np.zeros(prices.size, int)
    for index in range(1, prices.size):
        near = prices[index] <= prices[index - heights[index - 1] - 1] * (1 + NEAR)
        heights[index] = heights[index - 1] + 1 if near else 0
    return heights


def finding(every: list[Asked]) -> str:
    """The title: how many copy a price of the lab where there is one, and how far apart they are where there is none."""
    beside = [one for one in every if one.lab is not None]
    copied = sum(round(len(one.hosts) * (one.at(one.lab) + (one.at(one.first) or 0))) for one in beside)
    free = max(every, key=lambda one: one.apart)
    return (
        f"{copied} of {sum(len(one.hosts) for one in beside)} hosts copy a lab's input and output prices; "
        f"{free.model}'s differ {q.times(free.apart)}"
    )


def says(prices: Asked, serving: PredictedServingCost) -> str:
    """One model's prices, and its predicted cost beside them."""
    number = len(prices.hosts)
    head = f"{prices.model} at {number} hosts: {q.money(prices.hosts[0])} to {q.money(prices.hosts[-1])}, median {q.money(prices.median)}"
    if prices.lab is not None:
        same, below = round(number * prices.at(prices.lab)), prices.followers
        head += (
            f"; its lab asks {q.money(prices.lab)} (hosts that ask its prices of input and output: {same}, that of cached "
            f"input, too: {prices.alike}, less: {below - same}"
        )
        if prices.first is not None:
            head += f", still its first price of {q.money(prices.first)}: {round(number * prices.at(prices.first))}"
        head += ")"
    else:
        head += f"; no lab sells it, and {prices.largest} hosts ask one and the same price"
    return (
        f"{head}; predicted to cost {between(serving.full, serving.full_range)} with {serving.users} users of "
        f"{serving.where}, {between(serving.served, serving.served_range)} with {SERVED}."
    )


def between(middle: float, ends: tuple[float, float]) -> str:
    """An amount and its range in words.

    >>> between(2, (1.5, 3))
    '$2 ($1.5 to $3)'
    """
    return f"{q.money(middle)} ({' to '.join(map(q.money, ends))})"
