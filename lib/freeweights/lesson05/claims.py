"""Lesson 05's verdict: whether distillation is the shortcut."""

from __future__ import annotations

from functools import partial

from ..evidence import verdicts
from ..evidence.verdicts import Judged, Reasons, weighed
from ..facts import quantities as q
from ..facts.vocabulary import Verdict
from ..money.training_bills import TEACHER
from .distillation_bill import STUDIED, STUDIED_TEACHERS, Plan, bill, published_plan, saved_tokens
from .published_students import BENCHMARKS, RATING, SAME_BASE, WITHOUT_TEACHER, has, retained_score, students

CHEAP, CLOSE = (
    0.1,
    0.8,
)  # share of the bill from scratch, and of the teacher's score, from which a way is a shortcut
SHORTCUT = Reasons(
    f"{{answers}} answers of {TEACHER} cost {{asked}} at list price and training the 32 B student on them {{training}}, against "
    "{scratch} from scratch. On the {benchmarks} it keeps {shares} of its teacher's score; two models of that base or a near "
    "relative, made without that teacher, reach {alone} of it.",
    {
        Verdict.HOLDS: "So it is a shortcut, and even one student carries the teacher's bill.",
        Verdict.IN_PART: "So for its maker it is a shortcut. But base and teacher (the final runs of the teacher: {teacher}) were paid "
        "by others: who pays for the teacher needs {students} of the smallest kind to be below their bill from scratch. And a ready "
        f"teacher saves less at equal loss: by the published law {q.count(STUDIED[0])} weights distilled on {q.count(STUDIED[1])} "
        "tokens would need {better} the tokens of text alone with a teacher of {low} nats, {plain} with one of {high}.",
        Verdict.FAILS: f"That is not both below {q.percent(CHEAP)} of the bill and above {q.percent(CLOSE)} of the score.",
    },
)


def shares(names: tuple[str, ...]) -> list[float]:
    """What models keep of the teacher's score, on every benchmark but the rating that was published for them."""
    tried = [name for name in BENCHMARKS if name != RATING]
    return [retained_score(model, name) for model in names for name in tried if has(model, name)]


def distillation_is_the_shortcut() -> Judged:
    """Labs with little money reach high performance by distilling larger models."""
    one, small = bill(Plan(SAME_BASE)), bill(Plan(students()[0]))
    own, alone = shares((SAME_BASE,)), shares(WITHOUT_TEACHER)
    better, plain = (q.times(saved_tokens(loss)) for loss in STUDIED_TEACHERS)
    low, high = map(q.significant, STUDIED_TEACHERS)
    return SHORTCUT.judged(
        weighed(
            supported=one.distilling < CHEAP * one.scratch and min(own) > CLOSE,
            contradicted=small.break_even is None or small.break_even > 1,
        ),
        answers=q.count(published_plan()[0]), asked=q.money(one.answers), training=q.money(one.training),
        scratch=q.money(one.scratch), benchmarks=q.several(len(own), "benchmark"),
        shares=q.between(q.percent, min(own), max(own)), alone=q.between(q.percent, min(alone), max(alone)),
        teacher=q.money(one.teacher), students=small.break_even or "more than any number", better=better, plain=plain,
        low=low, high=high,
    )  # fmt: skip


CLAIMS = {
    "distillation-is-the-shortcut": distillation_is_the_shortcut,
}
settled = partial(verdicts.settled, CLAIMS)
