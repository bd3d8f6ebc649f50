"""Lesson 05's verdict: whether distillation is the shortcut."""

from __future__ import annotations

from functools import partial

from ..evidence import verdicts
from ..evidence.verdicts import IN_PART
from ..facts import quantities as q
from ..money.training_bills import TEACHER
from .distillation_bill import STUDIED, STUDIED_TEACHERS, Plan, bill, published_plan, saved_tokens
from .published_students import BENCHMARKS, RATING, SAME_BASE, WITHOUT_TEACHER, has, retained_score, students


def distillation_is_the_shortcut() -> tuple[str, str]:
    """Labs with little money reach high performance by distilling larger models."""
    one = bill(Plan(SAME_BASE))
    small = bill(Plan(students()[0]))
    shares = [retained_score(SAME_BASE, name) for name in BENCHMARKS if name != RATING]
    alone = [
        retained_score(other, name)
        for other in WITHOUT_TEACHER
        for name in BENCHMARKS
        if name != RATING and has(other, name)
    ]
    losses = [q.significant(loss) for loss in STUDIED_TEACHERS]
    better, plain = (q.times(saved_tokens(loss)) for loss in STUDIED_TEACHERS)
    return IN_PART, (
        f"For its maker it is: {q.count(published_plan()[0])} answers of {TEACHER} cost {q.money(one.answers)} at list price and training "
        f"the 32 B student on them {q.money(one.training)}, against {q.money(one.scratch)} from scratch. On four benchmarks "
        f"it keeps {q.percent(min(shares))} to {q.percent(max(shares))} of its teacher's score; two models of that base or a "
        f"near relative, made without that teacher, reach {q.percent(min(alone))} to {q.percent(max(alone))} of it. But base and teacher "
        f"({q.money(one.teacher)}) were paid by others: who pays for the teacher needs {small.break_even} of the smallest "
        "students to be below their bill from scratch. And a ready teacher saves less at equal loss: by the published law "
        f"{q.count(STUDIED[0])} weights distilled on {q.count(STUDIED[1])} tokens would need {better} the tokens of text "
        f"alone with a teacher of {losses[0]} nats, {plain} with one of {losses[1]}."
    )


CLAIMS = {
    "distillation-is-the-shortcut": distillation_is_the_shortcut,
}
settled = partial(verdicts.settled, CLAIMS)
