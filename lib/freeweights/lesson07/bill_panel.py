"""Lesson 07's bill: one run, and what it costs with all that it stands on; the headlines about it beside."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..facts import catalog
from ..facts import quantities as q
from ..facts.figures import figure, trained
from ..money.assumptions import MILLION
from ..money.hourly_rate import PAID, hourly_cost
from ..money.training_bills import BOUGHT, DAYS, RENTED, UTILISATION, WAYS, TrainingBill, bill
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY
from .known_runs import DEVICE, HEADLINES, LARGE, LAST, SMALL, by_rule, flops_of, headlines

YOURS = "yours, by the sliders"
DEVICES = (DEVICE, "A100 SXM4 80GB", "H200 SXM 141GB", "B200 SXM 180GB")
STAIR = {
    "the last run": (BLUE, "o"),
    "+ time lost": (SKY, "s"),
    "+ runs before it": (ORANGE, "^"),
    "+ people": (GREEN, "D"),
    "+ data": (PINK, "v"),
}
PRINTED = {f"headline: {counts}": counts for counts in (SMALL, LAST, LARGE)}
LOW, HIGH = 1e4, 1e12  # dollars, ends of the axis
UNITS = {"USD": "", "USD of 2023": " of 2023"}


@dataclass(frozen=True)
class Artists:
    """What moves: the stair and the headlines as rows, and the budget as a line."""

    title: Text
    rows: charts.Rows
    budget: Line2D


def draw(figure: Figure) -> Artists:
    """Sums of dollars, each with one part more, and below them what was published."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(LOW, HIGH, q.money, every=2))
    axes.set(xlim=(LOW, HIGH), xlabel="US dollars, together")
    rows = charts.rows(axes, STAIR | dict.fromkeys(PRINTED, (GREY, "X")))
    budget = axes.axvline(LOW, color=RED, linewidth=1.6, linestyle="--")
    layout.legend(
        figure,
        {"our sum so far": rows.marks["the last run"], "published": rows.published, "your budget": budget},
    )
    return Artists(layout.headline(figure), rows, budget)


def update(
    artists: Artists,
    run: str,
    tokens: float,
    active: float,
    device: str,
    mfu: float,
    paid: str,
    runs: float,
    staff: float,
    data: float,
    budget: float,
) -> str:
    """Sum up one run part by part; say where its headlines stand and how far the budget reaches."""
    flops = by_rule(active * 1e9, tokens * 1e12) if run == YOURS else flops_of(run)
    lost = figure("spare").value / 100
    alone = bill(flops, device, mfu / 100, paid, lost)
    found = bill(flops, device, mfu / 100, paid, lost, runs, staff / 100, data * first(alone))
    printed = {} if run == YOURS else headlines(run)
    artists.rows.show(steps(found, runs) | published(printed))
    artists.budget.set_xdata([budget, budget])
    times = found.total / first(found)
    part = found.reached(budget)
    artists.title.set_text(
        f"{'Yours' if run == YOURS else run}: {q.money(found.total)}, {q.times(times)} the "
        f"{'cluster' if paid == BOUGHT else 'last run'}; the budget {ends(part, budget, found)}"
    )
    reached = f" Your budget of {q.money(budget)} {ends(part, budget, found)}."
    return sentence(found, flops, device, paid, printed) + reached


def first(found: TrainingBill) -> float:
    """What stands at the foot of the stair: the last run, or the cluster that does it."""
    return next(iter(found.parts.values()))


def steps(found: TrainingBill, runs: float) -> dict[str, charts.Quantity]:
    """The rows of the stair; a cluster bought has the time lost and the runs before in its first step."""
    sums = found.stair
    if "cluster" in sums:
        same = charts.Quantity(sums["cluster"], words="in the cluster")
        whole = charts.Quantity(
            sums["cluster"],
            words=f"{q.money(sums['cluster'])}: {q.count(found.devices)} devices for {DAYS} days",
        )
        found_rows = [
            whole,
            same,
            same,
            *(charts.Quantity(sums[part], words=q.money(sums[part])) for part in ("people", "data")),
        ]
    else:
        found_rows = [charts.Quantity(total, words=q.money(total)) for total in sums.values()]
    return dict(zip(STAIR, found_rows))


def published(printed: dict) -> dict[str, charts.Quantity]:
    """The rows of the headlines, each with what it counts."""
    return {
        row: charts.Quantity(
            published=printed[counts].value,
            range=(printed[counts].low, printed[counts].high) if printed[counts].low else None,
            words=f"{q.money(printed[counts].value)}{UNITS[printed[counts].unit]}",
            ink=GREY,
        )
        for row, counts in PRINTED.items()
        if counts in printed
    }


def ends(part: float, budget: float, found: TrainingBill) -> str:
    """How far a budget reaches, in words that follow its name."""
    if part == 1:
        return "pays it"
    if "cluster" in found.parts:
        return "buys no such cluster"
    if budget < found.total / found.hours:
        return "ends within one GPU-hour"
    if part == 0:
        return "ends with the data"
    return f"ends at {q.percent(part)} of the tokens"


def sentence(found: TrainingBill, flops: float, device: str, paid: str, printed: dict) -> str:
    """FLOPs, hours and price; every part of the sum; and what each headline leaves out."""
    said = ", ".join(f"{name} {q.money(dollars)}" for name, dollars in found.parts.items())
    price = f"{q.count(found.devices)} devices at {q.money(catalog.device(device).price)}"
    if paid != BOUGHT:
        price = f"{hourly_cost(catalog.device(device), PAID[paid == RENTED])[1]}"
    headline = " ".join(
        f"The headline of {q.money(row.value)} ({row.date[:7]}, {row.subject}) counts: {row.quantity}."
        for row in printed.values()
    )
    return f"{flops:.3g} FLOPs take {q.count(found.hours)} hours of {device}, {price}. Parts: {said}. {headline}".strip()


def panel() -> live.Panel:
    """One run with its many bills.

    >>> panel().set(run="GPT-4", paid="the whole cluster, bought", budget=1e4)
    """
    share = trained("share-staff")
    return live.panel(
        draw,
        update,
        title="What one training run costs, part by part, and the headlines about it",
        size=(9, 4.8),
        run=controls.choice("Run", [*HEADLINES, YOURS]),
        tokens=controls.log_slider("Your tokens", 0.001, 1000, start=15, unit="trillion"),
        active=controls.log_slider("Your active parameters", 0.1, 10_000, start=37, unit="billion"),
        device=controls.choice("Device", DEVICES),
        mfu=controls.slider("MFU", 5, 60, step=1, start=100 * UTILISATION, unit="%"),
        paid=controls.choice("Devices are paid by", WAYS, start=RENTED),
        runs=controls.slider(
            "All compute, over the last run's",
            1,
            20,
            step=0.5,
            start=figure("research-over-final-run").value,
            unit="times",
        ),
        staff=controls.slider("People's share", 0, 60, step=1, start=share.value, unit="% of all but data"),
        data=controls.slider("Data", 0, 100, step=0.5, start=0, unit="times the last run"),
        budget=controls.log_slider("Budget", 1, 1e12, start=10 * MILLION, unit="$", whole=True),
    )
