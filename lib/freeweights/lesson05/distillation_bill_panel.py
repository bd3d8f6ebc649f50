"""Lesson 05's bills: distilling against training from scratch, and the published law of when teaching pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..facts.figures import figure
from ..money import training_bills
from ..page import charts, controls, layout, live, renderer
from ..page.style import BLUE, COLOURS, GLYPHS, GREEN, GREY, MARKERS, ORANGE, PINK, RED
from . import distillation_bill as costs
from . import distillation_law as law
from . import published_students
from .distillation_bill import Bill, Plan
from .published_students import students
from .retained_score_panel import short

GPUS = ("A100 SXM4 80GB", "H100 SXM5 80GB", "H200 SXM 141GB", "B200 SXM 180GB")
LEAST, MOST = 0.01, 1e9  # US dollars, ends of the axis
ROWS = {  # part of a Bill: its name, colour, marker
    "answers": ("the teacher's answers", ORANGE, "o"),
    "training": ("the student's training", BLUE, "s"),
    "distilling": ("both: the distiller pays", GREEN, "D"),
    "scratch": ("from scratch: its base,\npaid by others", PINK, "^"),
    "teacher": ("the teacher's final runs,\npaid by others", GREY, "v"),
}
STUDENT, TEACHERS = 546e6, (1.9318, 2.2665, 2.5038)  # of the picture: four published runs each
TOKENS, LOSSES = (4e9, 3e11), (2.22, 2.66)


def draw(figure: Figure) -> live.Artists:
    """Five rows on one axis of dollars, a line down from where distilling ends, and words below the title."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(LEAST, MOST, q.money, every=2))
    axes.set(xlim=(LEAST, MOST), xlabel="US dollars of GPUs, or of the vendor's price")
    return live.Artists(
        finding=layout.headline(figure),
        below=layout.subtitle(figure),
        rows=charts.rows(axes, {name: look for name, *look in ROWS.values()}),
        line=axes.plot([], [], color="black", linestyle=":", linewidth=1.5)[0],
    )


def update(
    artists: live.Artists,
    student: str,
    samples: float,
    tokens: float,
    price: float,
    own: bool,
    gpu: str,
    use: float,
) -> str:
    """Move the dots to one plan; say who pays what, and how many students the teacher would have to have."""
    plan = Plan(student, samples, tokens, None if own else price, gpu, use / 100)
    found = costs.bill(plan)
    amounts = {name: getattr(found, part) for part, (name, *_) in ROWS.items()}
    artists.rows.show({name: charts.Quantity(one, words=q.money(one)) for name, one in amounts.items()})
    artists.line.set_data([found.distilling] * 2, [list(ROWS).index("distilling"), len(ROWS) - 0.5])
    artists.finding.set_text(finding(found))
    artists.below.set(text=below(found), color=RED if found.distilling >= found.scratch else "black")
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
    "its base {scratch} by the same count, and for the final runs of DeepSeek-V3 {base} and of R1 {more}; with all runs before "
    "them {low} to {high} that (Epoch AI, {date}), which {carried}."
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
        low=q.significant(every.low), high=q.times(every.high), date=every.date,
        carried=f"{students_in_words(few, many)} would carry",
    )  # fmt: skip


def students_in_words(few: int | None, many: int | None) -> str:
    """A range of numbers of students; None where no number is enough.

    >>> students_in_words(3, 9), students_in_words(1, 1), students_in_words(None, None)
    ('3 to 9 students', '1 student', 'no number of students')
    """
    if few is None or many is None:
        return "no number of students"
    return q.between(lambda number: q.several(number, "student"), few, many)


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
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, {1e10: "10 B", 3e10: "30 B", 1e11: "100 B", 3e11: "300 B"})
    axes.set(xlim=TOKENS, ylim=LOSSES)
    axes.set(xlabel="tokens that the student reads", ylabel="loss, nats for each token")
    tokens, runs = np.geomspace(*TOKENS, 200), law.runs()
    looks, lines = (
        {"text alone": ("black", "-")},
        {"text alone": (tokens, law.supervised_loss(STUDENT, tokens))},
    )
    crossings = [law.crossing(STUDENT, teacher) for teacher in TEACHERS]
    for teacher, until, colour, mark, style in zip(TEACHERS, crossings, COLOURS, MARKERS, ("--", "-.", ":")):
        name = f"{GLYPHS[mark]} teacher of {q.significant(teacher)} nats"
        looks[name], lines[name] = (colour, style), (tokens, law.distilled_loss(STUDENT, tokens, teacher))
        here = (runs["parameters"] == STUDENT) & (runs["teacher_loss"] == teacher)
        axes.plot(
            runs["tokens"][here], runs["student_loss"][here], mark, color=colour, markeredgecolor="black"
        )
        if until:
            axes.plot(until, law.supervised_loss(STUDENT, until), "X", color="black", markersize=11, zorder=4)
    charts.curves(axes, looks).show(lines)
    crossed = [(teacher, until) for teacher, until in zip(TEACHERS, crossings) if until]
    layout.headline(figure).set_text(
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
