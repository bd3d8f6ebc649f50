"""Lesson 05's bills: distilling against training from scratch, and the published law of when teaching pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..facts.figures import figure
from ..money import training_bills
from ..page import controls, live, renderer
from ..page.layout import decades, headline, log_axis, spread
from ..page.style import BLUE, COLOURS, GLYPHS, GREEN, GREY, MARKERS, ORANGE, PINK, RED
from . import distillation_bill as costs
from . import distillation_law as law
from . import published_students
from .distillation_bill import Bill, Plan
from .published_students import students
from .retained_score_panel import short

GPUS = ("A100 SXM4 80GB", "H100 SXM5 80GB", "H200 SXM 141GB", "B200 SXM 180GB")
LEAST, MOST = 0.01, 1e9  # US dollars, ends of the axis
ROWS = {  # part of a Bill: its name, colour, hatch
    "answers": ("the teacher's answers", ORANGE, "///"),
    "training": ("the student's training", BLUE, "..."),
    "distilling": ("both: the distiller pays", GREEN, ""),
    "scratch": ("from scratch: its base,\npaid by others", PINK, "\\\\\\"),
    "teacher": ("the teacher's final runs,\npaid by others", GREY, "xxx"),
}
STUDENT, TEACHERS = 546e6, (1.9318, 2.2665, 2.5038)  # of the picture: four published runs each
TOKENS, LOSSES = (4e9, 3e11), (2.22, 2.66)


def draw(figure: Figure) -> dict:
    """Five bars on one axis of dollars, with a line down from where distilling ends, and a line of words below the title."""
    axes = figure.add_axes((0.215, 0.135, 0.755, 0.66))
    log_axis(axes.xaxis, decades(LEAST, MOST, q.money, every=2))
    axes.set(
        xlim=(LEAST, MOST),
        ylim=(len(ROWS) - 0.5, -0.5),
        xlabel="US dollars of GPUs, or of the vendor's price",
    )
    axes.set_yticks(range(len(ROWS)), [name for name, *_ in ROWS.values()])
    axes.grid(False, axis="y")
    bars = {
        part: axes.barh(row, 0, left=LEAST, height=0.6, color=colour, hatch=hatch, edgecolor="white")[0]
        for row, (part, (_, colour, hatch)) in enumerate(ROWS.items())
    }
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    texts = {
        part: axes.text(LEAST, row, "", fontsize=10, va="center", bbox=behind, parse_math=False)
        for row, part in enumerate(ROWS)
    }
    line = axes.plot([], [], color="black", linestyle=":", linewidth=1.5)[0]
    words = figure.text(0.012, 0.86, "", fontsize=10.5, va="center", parse_math=False)
    return {"title": headline(figure), "bars": bars, "texts": texts, "line": line, "words": words}


def update(
    artists: dict, student: str, samples: float, tokens: float, price: float, own: bool, gpu: str, use: float
) -> str:
    """Move the bars to one plan; say who pays what, and how many students the teacher would have to have."""
    plan = Plan(student, samples, tokens, None if own else price, gpu, use / 100)
    found = costs.bill(plan)
    for part, bar in artists["bars"].items():
        amount = getattr(found, part)
        bar.set_width(amount - LEAST)
        inside = amount > MOST / 1e3
        artists["texts"][part].set(
            text=q.money(amount), x=amount * (0.8 if inside else 1.25), ha="right" if inside else "left"
        )
    artists["line"].set_data([found.distilling] * 2, [2.3, len(ROWS) - 0.5])
    artists["title"].set_text(finding(found))
    artists["words"].set(text=below(found), color=RED if found.distilling >= found.scratch else "black")
    return sentence(plan, found)


def finding(found: Bill) -> str:
    """The title: how many times one way costs the other, for the one who pays it."""
    if found.distilling < found.scratch:
        return f"From scratch costs {q.times(found.scratch / found.distilling)} what the distiller pays"
    return f"From scratch is cheaper: distilling costs {q.times(found.distilling / found.scratch)} as much"


def below(found: Bill) -> str:
    """The line below the title: from how many students on the teacher's bill, shared, is below from scratch."""
    number = found.break_even
    if number is None:
        return "With the teacher's final runs too, no number of students is below from scratch: training alone costs as much"
    if number == 1:
        return "Even with the teacher's final runs the first student is below from scratch (its base still given)"
    return f"With the teacher's final runs shared, {number:,} students of this size are below from scratch (base still given)"


SENTENCE = (
    "{samples:,.0f} answers of {tokens:,.0f} tokens are {written} tokens and {flops} of the teacher; {paid} they are {answers}. "
    "Training {student} on them {epochs:.0f} times takes {hours} hours of {gpu} at {use} of its rate, {training}. Others paid, for "
    "its base {scratch} by the same count, and for the final runs of DeepSeek-V3 {base} and of R1 {more}; all runs before those "
    "among it {low} to {high} as much ({date}), and the teacher is carried by {few} to {many} students."
)


def sentence(plan: Plan, found: Bill) -> str:
    """Tokens, FLOPs, price or cost, hours, and the bills that others paid, with the range of the runs before the final ones."""
    base, more = training_bills.teacher_bill()
    every, price = figure("research-over-final-run"), plan.price
    few, many = (
        replace(found, teacher=times * found.teacher).break_even for times in (every.low, every.high)
    )
    own = f"at a cost of {q.money(costs.own_price(plan.tokens))} a million on eight H200 of one's own"
    listed = " (list price of 2025)" if price == costs.list_price() else ""
    return SENTENCE.format(
        samples=plan.samples, tokens=plan.tokens, written=q.count(plan.written),
        flops=q.rate(costs.answer_flops(plan), "FLOP"), answers=q.money(found.answers),
        paid=own if price is None else f"at a price of {q.money(price)} a million{listed}",
        student=short(plan.student), epochs=costs.epochs(), gpu=plan.gpu, use=q.percent(plan.utilisation),
        hours=q.significant(training_bills.gpu_hours(costs.training_flops(plan), plan.gpu, plan.utilisation)),
        training=q.money(found.training), scratch=q.money(found.scratch), base=q.money(base), more=q.money(more),
        low=q.significant(every.low), high=q.times(every.high), date=every.date, few=few or "no", many=many or "no number of",
    )  # fmt: skip


def panel() -> live.Panel:
    """What one student of DeepSeek-R1 costs its maker, and what others had paid before.

    >>> panel().set(samples=10_000_000, own=True)
    """
    return live.panel(
        draw,
        update,
        title="Bills of distilling, of training from scratch and of the teacher",
        size=(9, 4.3),
        student=controls.choice("Student", students(), start=published_students.SAME_BASE),
        samples=controls.log_slider(
            "Samples", 10_000, 100_000_000, start=costs.published_plan()[0], whole=True
        ),
        tokens=controls.log_slider(
            "Tokens of each", 500, 32_768, start=round(costs.published_plan()[1]), whole=True
        ),
        price=controls.log_slider("Price", 0.1, 100, start=costs.list_price(), unit="$ per million tokens"),
        own=controls.toggle("Own machine instead"),
        gpu=controls.choice("Trained on", GPUS, start=training_bills.GPU),
        use=controls.slider("Utilisation", 10, 60, step=5, start=100 * training_bills.UTILISATION, unit="%"),
    )


def law_picture() -> renderer.Picture:
    """Loss of one student against tokens: text alone, three teachers, the published runs, and where the curves cross."""
    return live.picture(draw_law, title="The published law of distillation for one student", size=(9, 4.2))


def draw_law(figure: Figure) -> str:
    """Draw the curves with their runs and crossings; return the sentence."""
    axes = figure.add_axes((0.085, 0.145, 0.63, 0.745))
    log_axis(axes.xaxis, {1e10: "10 B", 3e10: "30 B", 1e11: "100 B", 3e11: "300 B"})
    axes.set(
        xlim=TOKENS, ylim=LOSSES, xlabel="tokens that the student reads", ylabel="loss, nats for each token"
    )
    tokens = np.geomspace(*TOKENS, 200)
    ends = [float(law.supervised_loss(STUDENT, TOKENS[1]))]
    axes.plot(tokens, law.supervised_loss(STUDENT, tokens), color="black")
    names, crossings = [("text alone", "black")], []
    runs = law.runs()
    for teacher, colour, mark, style in zip(TEACHERS, COLOURS, MARKERS, ("--", "-.", ":")):
        curve = law.distilled_loss(STUDENT, tokens, teacher)
        axes.plot(tokens, curve, color=colour, linestyle=style)
        here = (runs["parameters"] == STUDENT) & (runs["teacher_loss"] == teacher)
        axes.plot(
            runs["tokens"][here], runs["student_loss"][here], mark, color=colour, markeredgecolor="black"
        )
        if until := law.crossing(STUDENT, teacher):
            axes.plot(until, law.supervised_loss(STUDENT, until), "X", color="black", markersize=11, zorder=4)
        crossings.append(until)
        ends.append(float(curve[-1]))
        names.append((f"{GLYPHS[mark]} teacher of {q.significant(teacher)} nats", colour))
    span = LOSSES[1] - LOSSES[0]
    for height, (name, colour) in zip(spread((np.array(ends) - LOSSES[0]) / span, 0.075), names):
        axes.text(1.015, height, name, color=colour, transform=axes.transAxes, fontsize=10.5, va="center")
    crossed = [(teacher, until) for teacher, until in zip(TEACHERS, crossings) if until]
    headline(figure).set_text(
        f"A student of {q.count(STUDENT)} weights: teachers help at first, then text alone does (✖)"
    )
    error = np.sqrt(np.mean(law.errors(law.fitted()) ** 2))
    said = " and ".join(
        f"{q.significant(teacher)} nats up to {q.count(until, 2)} tokens" for teacher, until in crossed
    )
    never = [q.significant(teacher) for teacher, until in zip(TEACHERS, crossings) if not until]
    return (
        f"A teacher helps this student of {q.count(STUDENT)} weights, if it has {said}; from there on text alone does better. "
        f"With one of {' or '.join(never)} nats it stays ahead up to {q.count(runs['tokens'].max())}. Lines: the law; marks: published "
        f"students; over all {runs['tokens'].size} of them the fitted law is off by {q.percent(error)} (root mean square)."
    )
