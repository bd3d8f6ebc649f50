"""Lesson 09's good enough: what a task takes with an open model first, and what a closed one earns until it is followed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..facts import quantities as q
from ..facts.figures import figure
from ..money.deepseek_account import published_account
from ..money.open_closed_switch import (
    CHECK,
    CLOSED,
    LIFE,
    OPEN,
    TASK,
    ClosedModel,
    Switch,
    stayed,
    switch,
    task_price,
)
from ..money.price_lists import listed_on
from ..page import controls, layout, live
from ..page.style import BLUE, GREEN, GREY, INK, ORANGE, RED

SHARES = np.linspace(0, 1, 201)
TIMES = (0.012, 30)  # ends of the axis of dollars spent, over those of the closed model
TICKS = {0.1: "0.1", 1: "closed\nalone", 10: "10"}
NAMED = 0.05  # unnoticed bad answers from which on the title names them
LAGS = np.linspace(0, 24, 97)  # months
RESALE = "GLM-5.2", "GPT-5.5"  # whose prices say how far a closed price falls, at first


@dataclass(frozen=True)
class Artists:
    """What moves on the first picture."""

    title: Text
    even: Text
    pays: Line2D
    noticed: Line2D
    line: Line2D
    point: Line2D


def draw(canvas: Figure) -> Artists:
    """What is spent on a finished task over the price of the closed model alone, against the share for which the open one is good enough."""
    [axes] = layout.grid(canvas)
    layout.log_axis(axes.yaxis, TICKS)
    axes.set(xlim=(0, 100), ylim=TIMES, xlabel="tasks for which the open model is good enough, %")
    axes.set_ylabel("times what closed alone takes")
    axes.axhline(1, color=GREY, linewidth=1.2)
    for id, words, step, side in (
        ("open-use", "% of tokens went\nto open models", 0.8, "left"),
        ("open-score", "% of scores kept\nat release", -0.8, "right"),
    ):
        row = figure(id)
        axes.axvline(row.value, color=GREY, linestyle=":", linewidth=1.5)
        said = f"{row.value:g} {words} ({row.date})"
        axes.text(row.value + step, 0.015, said, fontsize=10, color=GREY, ha=side, va="bottom")
    pays = axes.plot([], [], color=GREEN, linewidth=7, solid_capstyle="butt")[0]
    noticed = axes.plot([], [], "--", color=ORANGE)[0]
    line = axes.plot([], [], color="black")[0]
    point = axes.plot([], [], "o", color=BLUE, markersize=10, zorder=4, clip_on=False)[0]
    title, even = layout.headline(canvas), layout.subtitle(canvas)
    layout.legend(canvas, {"open model first, as set": line, "if every bad answer were noticed": noticed})
    return Artists(title, even, pays, noticed, line, point)


def update(
    artists: Artists, open: str, closed: str, share: float, noticed: float, loss: float, checking: float
) -> str:
    """Move the curves to one pair of models and one check; say what a task takes and when the switch pays."""
    one = switch(open, closed, checking=checking, noticed=noticed / 100, loss=loss)
    part, even = one.spent(share / 100) / one.closed, one.break_even
    artists.line.set_data(100 * SHARES, one.spent(SHARES) / one.closed)
    artists.noticed.set_data(100 * SHARES, replace(one, noticed=1.0).spent(SHARES) / one.closed)
    artists.point.set(data=([share], [min(part, TIMES[1])]), marker="^" if part > TIMES[1] else "o")
    artists.pays.set_data([100 if even is None else 100 * even, 100], [1, 1])
    words = "for no share" if even is None else when(even)
    artists.even.set(text=f"▅▅ the switch pays {words}", color=INK[RED if even is None else GREEN])
    artists.title.set_text(finding(one, share / 100))
    return sentence(one, open, closed, share / 100)


def finding(one: Switch, share: float) -> str:
    """The title: what the switch saves or takes at this share, and how many bad answers it lets through."""
    part = one.spent(share) / one.closed
    if one.break_even is None:
        return "The switch never pays: open price and check take as much as the closed model"
    lost = unnoticed(one, share)
    through = f"; {q.percent(lost)} bad unnoticed" if lost > NAMED else ""
    if part < 1:
        return f"With {q.percent(share)} good enough, a task takes {q.percent(part)} of the closed price{through}"
    return f"The switch takes {q.times(part)} the closed price with {q.percent(share)} good enough{through}"


def unnoticed(one: Switch, share: float) -> float:
    """Share of all answers that are bad and found by no check."""
    return (1 - one.noticed) * (1 - share)


def when(even: float) -> str:
    """Shares at which the switch pays, in words."""
    return f"above {q.percent(even, 3)}" if even else "at any share"


def listed(model: str) -> str:
    """A model's list price of one task, with its date."""
    date = listed_on(model)
    return f"{q.money(task_price(model))} with {model} (list price{f' of {date}' if date else ''})"


SENTENCE = (
    "A task of {task:,} tokens is {open}, {closed}. A check takes {checking} and finds {noticed} of the bad answers, so that a bad "
    "one takes {failure} on average; the closed model's answers count as good. With {share} good enough {spent} is spent on a "
    "finished task{beyond}, and {unnoticed} of all answers are bad unnoticed. The switch pays {pays}."
)


def sentence(one: Switch, open: str, closed: str, share: float) -> str:
    """Prices, what a bad answer takes, and the share from which the switch pays."""
    part = one.spent(share) / one.closed
    return SENTENCE.format(
        task=TASK, open=listed(open), closed=listed(closed), checking=q.money(one.checking),
        noticed=q.percent(one.noticed), failure=q.money(one.failure), share=q.percent(share),
        spent=q.money(one.spent(share)), unnoticed=q.percent(unnoticed(one, share)),
        beyond=f" ({q.times(part)} the closed price: the triangle at the axis's end)" if part > TIMES[1] else "",
        pays="for no share at all" if one.break_even is None else when(one.break_even),
    )  # fmt: skip


def panel() -> live.Panel:
    """When it pays to ask an open model first and a closed one only where the answer is seen to be bad.

    >>> panel().set(share=50, noticed=0)
    """
    return live.panel(
        draw,
        update,
        title="Spent on a finished task with an open model first, over the price of a closed model alone",
        size=(9, 4.3),
        open=controls.choice("Open", OPEN),
        closed=controls.choice("Closed", CLOSED),
        share=controls.slider("Good enough", 0, 100, start=figure("open-score").value, unit="% of tasks"),
        noticed=controls.slider(
            "Noticed", 0, 100, start=round(100 * CHECK["noticed"]), unit="% of bad answers"
        ),
        loss=controls.log_slider(
            "Loss by a bad answer unnoticed", 0.01, 10, start=CHECK["loss"], unit="dollars"
        ),
        checking=controls.log_slider("A check", 0.0001, 1, start=CHECK["checking"], unit="dollars"),
    )


# ---- the closed model's return
@dataclass(frozen=True)
class Returns:
    """What moves on the second picture."""

    title: Text
    lines: dict[str, Line2D]
    bill: Line2D
    point: Line2D
    even: Line2D


def draw_return(canvas: Figure) -> Returns:
    """Earnings after serving costs, over those without a follower, against the months until an open model follows."""
    [axes] = layout.grid(canvas)
    axes.set(xlim=(0, LAGS[-1]), ylim=(0, 112), xlabel="months until an open model follows")
    axes.set_ylabel("earnings, % of unfollowed")
    axes.set_xticks(range(0, 25, 3))
    axes.set_yticks(range(0, 101, 20))
    row, later = figure("lag-2025"), figure("lag-2026")
    lags = axes.axvspan(row.low, row.high, color=GREY, alpha=0.18, linewidth=0)
    for one in (row, later):
        axes.axvline(one.value, color=GREY, linestyle=":", linewidth=1.5)
    lines = {
        "kept": axes.plot([], [], color="black")[0],
        "cut": axes.plot([], [], "--", color=ORANGE)[0],
        "none": axes.plot([], [], ":", color=GREY)[0],
    }
    bill = axes.plot([0, LAGS[-1]], [0, 0], color=RED, linewidth=1.6)[0]
    words = (
        "price kept, some leave",
        "price cut, all stay",
        "all leave",
        "the training bill",
        "published lags",
    )
    layout.legend(canvas, dict(zip(words, (*lines.values(), bill, lags))))
    marks = {"clip_on": False, "linestyle": ""}
    return Returns(
        layout.headline(canvas),
        lines,
        bill,
        axes.plot([], [], "o", color=BLUE, markersize=10, zorder=4, **marks)[0],
        axes.plot([], [], "X", color=RED, markersize=11, zorder=5, **marks)[0],
    )


def update_return(
    artists: Returns,
    run: float,
    times: float,
    revenue: float,
    lag: float,
    stays: float,
    price: float,
    life: float,
) -> str:
    """Move the curves to one closed model; say what it earns back and which lag just pays its bill."""
    one = ClosedModel(run * times, revenue, 1 - published_account().margin, price / 100, stays / 100, life)
    alone = one.before * life
    ways = {"kept": one.kept, "cut": max(one.cut, 0.0), "none": 0.0}
    for name, after in ways.items():
        months = np.minimum(LAGS, life)
        artists.lines[name].set_data(LAGS, 100 * (one.before * months + after * (life - months)) / alone)
    artists.bill.set_ydata([min(100 * one.training / alone, 108)] * 2)
    artists.point.set_data([lag], [100 * one.earned(lag) / alone])
    even = one.break_even_lag
    crossed = even is not None and 0 < even <= LAGS[-1]
    artists.even.set_data(*(([even], [100 * one.training / alone]) if crossed else ([], [])))
    artists.title.set_text(finding_return(one, lag))
    return sentence_return(one, lag, times)


def finding_return(one: ClosedModel, lag: float) -> str:
    """The title: what is earned back, and the lag that just pays."""
    even, part = one.break_even_lag, one.earned(lag) / one.training
    if even is None:
        return "It never pays back its training, even if no open model follows"
    if part < 1:
        return f"It does not pay back: {q.percent(part)} of the training bill; {months(even)} of lead would just do"
    needs = "needs no lead" if even == 0 else f"needs {months(even)} of lead"
    return f"It earns its training bill back {q.times(part)}; it {needs}"


def months(value: float) -> str:
    """Months in words."""
    number = q.significant(value, 2)
    return f"{number} month{'' if number == '1' else 's'}"


RETURNS = (
    "At {revenue} of revenue a month, of which serving takes {serving} (as in DeepSeek's account), it earns {alone} in {life} if "
    "nobody follows. An open model follows after {lag}; then {way}: {earned}, a loss of {lost}. The bill of {bill} {need}."
)
RUNS = " ({times} times one run of {run}; by Epoch AI all runs are {low} to {high} times the last)"


def sentence_return(one: ClosedModel, lag: float, times: float) -> str:
    """Earnings, their loss to the follower, what the lab does about it, and the break-even lag."""
    every, bill = figure("research-over-final-run"), q.money(one.training)
    if times > 1:
        ends = {"low": q.significant(every.low), "high": q.significant(every.high)}
        bill += RUNS.format(times=q.significant(times), run=q.money(one.training / times), **ends)
    even, way = one.break_even_lag, f"it cuts its price to {q.percent(one.price)} and keeps all"
    if one.after == 0:
        way = "it stops selling"
    elif one.kept >= one.cut:
        way = f"it keeps its price and {q.percent(one.stays)} of its customers"
    need = f"needs {months(even)} of lead" if even else "needs no lead"
    if even is None:
        monthly = one.training / one.life / (1 - one.serving)
        need = f"would need {q.money(monthly)} of revenue a month even without a follower"
    return RETURNS.format(
        revenue=q.money(one.revenue), serving=q.percent(one.serving), alone=q.money(one.before * one.life),
        life=months(one.life), lag=months(lag), way=way, earned=q.money(one.earned(lag)), lost=q.percent(one.lost(lag)),
        bill=bill, need=need,
    )  # fmt: skip


def returns_panel() -> live.Panel:
    """What a closed model earns of its training bill until an open one follows, and after.

    No lab publishes what one model brings a month, nor who stays: where revenue starts is an assumption, and so is that
    customers stay as tokens did on one exchange.

    >>> returns_panel().set(lag=12)
    """
    run, every = figure("closed-training-gemini-ultra"), figure("research-over-final-run")
    usual = round(100 * task_price(RESALE[0]) / task_price(RESALE[1]))
    return live.panel(
        draw_return,
        update_return,
        title="What a closed model earns, over the months until an open one follows",
        size=(9, 4.3),
        run=controls.log_slider("Last training run", 1e7, 1e10, start=run.value, unit="dollars", whole=True),
        times=controls.slider("With all runs before, times", 1, 20, step=0.5, start=every.value),
        revenue=controls.log_slider(
            "Revenue", 1e6, 1e10, start=200_000_000, unit="dollars a month", whole=True
        ),
        lag=controls.slider("Followed after", 0, 24, step=0.5, start=figure("lag-2026").value, unit="months"),
        stays=controls.slider("Stay", 0, 100, start=round(100 * stayed()), unit="% of customers"),
        price=controls.slider("or price cut to", 1, 100, step=1, start=usual, unit="%"),
        life=controls.slider("Sold for", 1, 36, step=1, start=LIFE, unit="months", whole=True),
    )
