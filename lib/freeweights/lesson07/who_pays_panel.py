"""Lesson 07's budgets: who can pay a training bill, and who a year of serving, from a grant to a firm."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..facts import quantities as q
from ..facts.figures import figure as served
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money import glm_host
from ..money.assumptions import MILLION, Terms
from ..money.serving_costs import serving_costs
from ..money.training_bills import Budget, budgets
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, INK, ORANGE, RED
from .known_runs import V3, whole_bill
from .tenfold_panel import short

LOW, HIGH = 1e4, 1e14  # dollars, ends of the axis
NODE = ("H200 SXM 141GB", 8)
MONTHS = 12


def tokens_a_day() -> float:
    """Tokens that all of one firm's services process for each human being and day."""
    return served("google-tokens").value * MONTHS / (q.YEAR / q.DAY) / served("population").value


def year_of_serving(users: float) -> float:
    """US dollars a year for serving so many people: written tokens of GLM-5.2 on full rented nodes, as lesson 09 counts.

    >>> year_of_serving(2e6) == 2 * year_of_serving(1e6)
    True
    """
    cost = serving_costs(Model.named(glm_host.MODEL), Machine.named(*NODE), Terms(), weights="FP8").output
    return float(users * tokens_a_day() * q.YEAR / q.DAY / MILLION * cost)


def puts_in(budget: Budget, share: float, years: float, partners: float) -> float:
    """US dollars that so many alike put in together over some years, from a share of their budgets."""
    return budget.yearly * share * years * partners


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    rows: charts.Rows
    bill: Line2D
    serving: Line2D


def draw(figure: Figure) -> Artists:
    """A row for each budget, and the two bills as lines."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(LOW, HIGH, short, every=2))
    axes.set(xlim=(LOW, HIGH), xlabel="US dollars that are put in")
    rows = charts.rows(
        axes, {one.name: (BLUE, "o") for one in budgets()}, words="right", room="pays nearly nothing"
    )
    bill, serving = (
        axes.axvline(LOW, color=colour, linestyle=style, linewidth=1.8)
        for colour, style in ((RED, "-"), (ORANGE, "--"))
    )
    layout.legend(
        figure,
        {
            "what they put in": rows.marks[budgets()[0].name],
            "training, once": bill,
            "serving, as many years": serving,
        },
    )
    return Artists(layout.headline(figure), rows, bill, serving)


def update(artists: Artists, bill: float, share: float, years: float, partners: float, users: float) -> str:
    """Hold every budget against both bills; say who can pay which, and which is the larger."""
    sums = {one.name: puts_in(one, share / 100, years, partners) for one in budgets()}
    serving = year_of_serving(users) * years
    artists.rows.show({
        name: charts.Quantity(put, words=pays(put / bill), ink=INK[GREEN] if put >= bill else GREY) for name, put in sums.items()
    })  # fmt: skip
    artists.bill.set_xdata([bill, bill])
    artists.serving.set_xdata([serving, serving])
    trains = [name for name, put in sums.items() if put >= bill]
    serves = [name for name, put in sums.items() if put >= serving]
    larger = "serving costs more" if serving > bill else "training costs more"
    artists.title.set_text(
        f"{len(trains)} of {len(sums)} can train it, {len(serves)} can serve {q.count(users)} people; {larger}"
    )
    even = bill / year_of_serving(1) / years
    dates = {one.name: one.date for one in budgets()}
    smallest = (
        f"the smallest that can train it: {trains[0]} ({dates[trains[0]]})" if trains else "none can train it"
    )
    return (
        f"Training costs {q.money(bill)} once. Each puts in {q.percent(share / 100)} of its budget for {spell(years)}"
        f"{'' if partners == 1 else f', with {partners:,.0f} alike together'}: {smallest}. Serving {q.count(users)} people "
        f"{q.count(tokens_a_day(), 2)} tokens a day costs {q.money(serving)} in that time ({q.times(serving / bill)} the training). "
        f"Both cost the same at {q.count(even, 2)} people: beyond, power lies with who can serve, and customers pay for that; training is paid before there are any."
    )


def spell(years: float) -> str:
    """A number of years.

    >>> spell(1), spell(5)
    ('1 year', '5 years')
    """
    return f"{years:g} year{'' if years == 1 else 's'}"


def pays(part: float) -> str:
    """What a budget does to a bill.

    >>> pays(2.0), pays(0.25), pays(1e-9)
    ('pays 2 times', 'pays 25 %', 'pays nearly nothing')
    """
    if part >= 1:
        return f"pays {q.times(part)}" if part < 1000 else "pays 1,000 times"
    return f"pays {q.percent(part)}" if part >= 1e-4 else "pays nearly nothing"


def panel() -> live.Panel:
    """Who can pay.

    >>> panel().set(bill=1e11, share=1, users=1e9)
    """
    return live.panel(
        draw,
        update,
        title="Published budgets against a training bill and the bill of serving",
        size=(9, 5.4),
        bill=controls.log_slider(
            "Training bill", 1e5, 1e12, start=round(whole_bill(V3)[1]), unit="$", whole=True
        ),
        share=controls.slider("Share of the budget", 1, 100, step=1, start=20, unit="%"),
        years=controls.slider("Years", 1, 10, step=1, start=3, whole=True),
        partners=controls.slider("Partners alike", 1, 30, step=1, start=1, whole=True),
        users=controls.log_slider("People served", 1e3, 8e9, start=1e6, whole=True),
    )
