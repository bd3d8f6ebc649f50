"""Lesson 09's lab: what it spent to train a model, the ways of being paid, and the years until its bill is paid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

from ..facts import quantities as q
from ..facts.figures import figure
from ..money.assumptions import MILLION
from ..money.deepseek_account import published_account
from ..money.host_prices import asked
from ..money.market import Lab, inputs
from ..money.market_accounts import PAYING, bills, reaching, revenue
from ..page import charts, controls, layout, live
from ..page.style import BEHIND, BLUE, GREEN, GREY, INK, ORANGE, RED

YOURS = "yours, by the slider"
LOOKS = (BLUE, "-", "━━"), (ORANGE, "--", "╍╍"), (GREEN, "-.", "━ ╴"), (GREY, ":", "┈┈")
WAYS = dict(zip(PAYING, LOOKS))  # how the lab is paid: colour, line, glyph
YEARS, TOP = 10.0, 2.0  # ends of the axes: years, and receipts in bills
AGES = 1000.0  # years; beyond them the number says nothing


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    life: Polygon
    bill: Text
    lines: dict[str, Line2D]
    words: dict[str, Text]
    mark: Line2D


def draw(figure: Figure) -> Artists:
    """What the lab has received, in bills, against years; beside it each way in words."""
    [axes] = layout.grid(figure)
    axes.set(xlim=(0, YEARS), ylim=(0, TOP), xlabel="years (grey: while the model sells)")
    axes.set(ylabel="received so far, in bills")
    axes.set_yticks([0, 0.5, 1, 1.5, 2], ["0", "½", "1", "1½", "2"])
    axes.axhline(1, color=RED, linewidth=1.6)
    longest = max(WAYS, key=len)
    room = f"┈┈ {longest} (chosen)\n$999 M a year\npaid after {spell(2 * AGES)}"
    return Artists(
        layout.headline(figure),
        axes.fill([0], [0], color=GREY, alpha=0.16, linewidth=0)[0],
        axes.text(0, 1.02, "", color=INK[RED], fontsize=10.5, ha="center", va="bottom", bbox=BEHIND),
        {way: axes.plot([], [], style, color=colour)[0] for way, (colour, style, _) in WAYS.items()},
        layout.label_beside(axes, {way: colour for way, (colour, *_) in reversed(WAYS.items())}, room),
        axes.plot([], [], "o", color="black", markersize=8, zorder=4)[0],
    )


def update(
    artists: Artists,
    bill: str,
    dollars: float,
    times: float,
    takings: float,
    way: str,
    share: float,
    kept: float,
    left: float,
    life: float,
) -> str:
    """Pay one bill in every way; say when the chosen one has paid it and what share of all revenue that takes."""
    last = bills().get(bill, dollars)
    by_way = reaching(share / 100, kept / 100, left / 100)
    lab = Lab(last * times, takings, np.array(list(by_way.values())), life)
    waits = dict(zip(WAYS, lab.years_needed.tolist()))
    artists.bill.set(text=f"the bill: {q.money(lab.training)}", x=aside(waits, way))
    artists.life.set_xy([(0, 0), (0, TOP), (life, TOP), (life, 0)])
    show_ways(artists, waits, dict(zip(WAYS, (lab.share * takings).tolist())), way)
    chosen = Lab(lab.training, takings, by_way[way], life)
    artists.title.set_text(finding(chosen, way))
    return sentence(chosen, way, bill, last, times)


def aside(waits: dict, chosen: str) -> float:
    """Years at which the bill's label lies on the fewest lines, and not on the chosen one.

    >>> aside({"own API": 9.0, "both": 1.0, "nobody": None}, "own API")
    5.0
    """
    places = np.array([YEARS / 6, YEARS / 2, 5 * YEARS / 6])
    crossed = np.zeros(places.size)
    for way, wait in waits.items():
        if wait is not None:
            crossed += (1 + len(waits) * (way == chosen)) * (np.abs(places - 1.06 * wait) < YEARS / 6)
    return float(places[crossed.argmin()])


def show_ways(artists: Artists, waits: dict, yearly: dict, chosen: str) -> None:
    """Place the lines up to where they leave the picture, the mark where the bill is paid, and the words."""
    for way, line in artists.lines.items():
        wait, glyph = waits[way], WAYS[way][2]
        end = YEARS if wait is None else min(YEARS, TOP * wait)
        line.set_data([0, end], [0, 0 if wait is None else end / wait])
        line.set_linewidth(4 if way == chosen else 1.6)
        paid = "never paid" if wait is None else f"paid after {spell(wait)}"
        head = f"{glyph} {way}{' (chosen)' if way == chosen else ''}"
        artists.words[way].set_text(f"{head}\n{q.money(yearly[way])} a year\n{paid}")
    seen = waits[chosen] is not None and waits[chosen] <= YEARS
    artists.mark.set_data(*([waits[chosen]], [1]) if seen else charts.NOWHERE)


def spell(years: float) -> str:
    """Years in words that end where they stop saying anything.

    >>> spell(0.5), spell(7.43), spell(1e6)
    ('183 days', '7.43 years', 'over 1,000 years')
    """
    return q.duration(years * q.YEAR) if years <= AGES else f"over {AGES:,.0f} years"


def finding(lab: Lab, way: str) -> str:
    """The title: whether the bill is paid while the model sells, later, or never."""
    name = way[0].upper() + way[1:]
    if lab.years_needed is None:
        return "Nothing reaches the lab: its bill is never paid"
    if lab.balance >= 0:
        return f"{name}: the bill is paid after {spell(lab.years_needed)}, while the model sells"
    return f"{name}: the model sells for {spell(lab.years)}, the bill takes {spell(lab.years_needed)}"


SENTENCE = (
    "The bill is {bill}. Of {revenue} a year ({origin}) {yearly} ({share}) reach the lab (paid by: {way}). While the model sells, "
    "for {life}, that is {received}, {balance}. To pay the bill in that time, {needed}. People and data are not in this bill{hosts}."
)
RUNS = "{last} ({whose}) for the final runs, times {times} with all runs before ({low} to {high} by Epoch AI, {date}): {whole}"
HOSTS_SHARE = "; {share} of revenue is what OpenAI is said to pay Microsoft, not what any host pays"


def sentence(lab: Lab, way: str, bill: str, last: float, times: float) -> str:
    """The bill and its parts, what reaches the lab, what is missing, and the share that would be needed."""
    origin = "your assumption"
    if round(lab.revenue) == round(revenue()):
        origin = f"one day of {figure('deepseek-service-revenue').date[:7]} at list prices, theoretical"
    needed, missing = lab.share_needed, lab.balance < 0
    return SENTENCE.format(
        bill=f"{q.money(last)} ({bill})" if times == 1 else runs(last, bill, times),
        revenue=q.money(lab.revenue), origin=origin, yearly=q.money(lab.share * lab.revenue), share=q.percent(lab.share),
        way=way, life=spell(lab.years), received=q.money(lab.received),
        balance=f"{q.money(abs(lab.balance))} {'short of' if missing else 'beyond'} the bill",
        needed=f"{q.percent(needed)} of all revenue would have to reach the lab" if needed <= 1
        else "not even all of the revenue would be enough",
        hosts=HOSTS_SHARE.format(share=q.percent(inputs()["share"].value)) if way in PAYING[1:3] else "",
    )  # fmt: skip


def runs(last: float, whose: str, times: float) -> str:
    """The final runs' bill, and the whole one with the range of what all runs before take."""
    every = figure("research-over-final-run")
    low, high, date = q.significant(every.low), q.significant(every.high), every.date
    return RUNS.format(
        last=q.money(last), whose=whose, times=q.significant(times), low=low, high=high, date=date,
        whole=q.money(last * times),
    )  # fmt: skip


def panel() -> live.Panel:
    """A lab's training bill against what reaches it, year by year.

    >>> panel().set(way="nobody", kept=0, share=0)
    """
    known, hosts = inputs(), asked("GLM-5.2").hosts
    every, margin = figure("research-over-final-run"), published_account().margin
    return live.panel(
        draw,
        update,
        title="What reaches a lab over the years, against its training bill",
        size=(9, 4.3),
        bill=controls.choice("Last run of", [*bills(), YOURS]),
        dollars=controls.log_slider("Yours", MILLION, 1e10, start=100 * MILLION, unit="dollars", whole=True),
        times=controls.slider("With all runs before, times", 1, 20, step=0.5, start=every.value),
        takings=controls.log_slider(
            "All revenue", 1e5, 1e11, start=round(revenue()), unit="$ a year", whole=True
        ),
        way=controls.choice("Lab is paid by", list(WAYS)),
        share=controls.slider(
            "Hosts' share", 0, 100, step=1, start=100 * known["share"].value, unit="% to the lab"
        ),
        kept=controls.slider(
            "Lab's own market", 0, 100, step=1, start=round(100 / (len(hosts) + 1)), unit="% of revenue"
        ),
        left=controls.slider(
            "Own margin", 0, 100, step=0.5, start=round(200 * margin) / 2, unit="% of its revenue"
        ),
        life=controls.slider("Model sells for", 0.25, YEARS, step=0.25, start=1, unit="years"),
    )
