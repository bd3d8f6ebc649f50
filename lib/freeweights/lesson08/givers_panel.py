"""Lesson 08's givers: how many people with which gift pay a training, beside what people and states did give."""

from __future__ import annotations

from matplotlib.figure import Figure

from ..facts import quantities as q
from ..facts.figures import together
from ..money.training_bills import budgets, in_dollars
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, INK, ORANGE
from .bills import BILLS

LOW, HIGH = 1e4, 1e12  # dollars, ends of the axis
GIVEN = (
    "Star Citizen",
    "Wikimedia Foundation",
    "OpenEuroLLM",
    "OMAI (Ai2)",
    "JUPITER (Juelich)",
    "167 US universities together",
    "EU AI gigafactories",
)
BLENDER = "Blender Foundation"
YOURS = "your givers"


def yearly() -> dict[str, float]:
    """US dollars a year that people, firms and states did give, by to whom."""
    blender = together("giver-blender")
    found = {one.name: one.yearly for one in budgets() if one.name in GIVEN}
    return dict(
        sorted((found | {BLENDER: in_dollars(blender.value, blender.unit)}).items(), key=lambda pair: pair[1])
    )


def draw(figure: Figure) -> live.Artists:
    """A row for the learner's givers and for each who was given to; the bill as a line."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(LOW, HIGH, q.money, every=2))
    axes.set(xlim=(LOW, HIGH), xlabel="US dollars in as many years")
    looks = {YOURS: (ORANGE, "D"), **dict.fromkeys(yearly(), (BLUE, "o"))}
    rows = charts.rows(axes, looks, words="right", room="next to nothing of it")
    bill = axes.axvline(LOW, color="black", linestyle="--", linewidth=1.6)
    layout.legend(
        figure, {"yours": rows.marks[YOURS], "given, published": rows.marks[BLENDER], "the bill": bill}
    )
    return live.Artists(finding=layout.headline(figure), rows=rows, bill=bill)


def update(artists: live.Artists, run: str, givers: float, gift: float, years: float) -> str:
    """Hold gifts against one bill."""
    bill = BILLS[run]()
    sums = {YOURS: givers * gift * years} | {name: dollars * years for name, dollars in yearly().items()}
    artists.rows.show({
        name: charts.Quantity(min(dollars, HIGH), words=f"{pays(dollars / bill)} it", ink=INK[GREEN] if dollars >= bill else GREY)
        for name, dollars in sums.items()
    })  # fmt: skip
    artists.bill.set_xdata([bill, bill])
    mine, needed = sums[YOURS], bill / (gift * years)
    artists.finding.set_text(
        f"{q.money(mine)} {'pay' if mine >= bill else 'do not pay'} {q.money(bill)}: it takes {q.count(needed, 2)} givers of {q.money(gift)} a year"
    )
    able = [name for name, dollars in sums.items() if dollars >= bill and name != YOURS]
    who = q.listed(able) if able else "none of them"
    return (
        f"{run}: {q.money(bill)}. {q.count(givers)} people who give {q.money(gift)} a year for {years:g} years bring {q.money(mine)}, {pays(mine / bill)} the bill; "
        f"{q.count(needed, 2)} would do. Of what is given already, the same years all spent on it, these would do: {who}."
    )


def pays(part: float) -> str:
    """What a sum does to a bill.

    >>> pays(2.0), pays(0.25), pays(1e-9)
    ('2 times', '25 % of', 'next to nothing of')
    """
    if part >= 1:
        return q.times(min(part, 1000))
    return f"{q.percent(part)} of" if part >= 1e-4 else "next to nothing of"


def panel() -> live.Panel:
    """Who else could pay.

    >>> panel().set(run="the frontier, all runs", givers=1e9, gift=100)
    """
    return live.panel(
        draw,
        update,
        title="Gifts against a training bill",
        size=(9, 4.6),
        run=controls.choice("Bill of", list(BILLS)),
        givers=controls.log_slider("Givers", 1e2, 1e9, start=1e6, whole=True),
        gift=controls.log_slider("Gift a year", 1, 1000, start=10, unit="$", whole=True),
        years=controls.slider("Years", 1, 10, step=1, start=3, whole=True),
    )
