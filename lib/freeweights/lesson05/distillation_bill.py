"""What distilling from DeepSeek-R1 costs: answers, training, and what others had paid before."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..cost import inference
from ..cost.reference_cases import CLUSTER, CLUSTER_WEIGHTS, SERVED
from ..cost.training_step import FLOPS_PER_WEIGHT
from ..facts import catalog
from ..facts.figures import distilled
from ..facts.records_prices import Price
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, dollars_per_million, hourly_cost
from ..money.training_bills import GPU, TEACHER, UTILISATION, gpu_hours, teacher_bill
from . import distillation_law
from .published_students import students

LIST_PRICE = "price-deepseek-reasoner-r1-output"
STUDIED, STUDIED_TEACHERS = (
    (1.82e9, 38.9e9),
    (1.8953, 2.17),
)  # one student and two teachers among the published runs


def published_plan() -> tuple[int, float]:
    """How many answers the teacher wrote for its students, and the tokens of one, as published.

    >>> published_plan()[0]
    804745
    """
    return int(distilled(TEACHER, "samples for its students")), distilled(TEACHER, "tokens of a sample")


def epochs() -> float:
    """How often the students read those answers, at most, as published."""
    return distilled(TEACHER, "epochs of its students, most")


def list_price() -> float:
    """US dollars that the vendor of the teacher asked for a million tokens of answers, in 2025.

    >>> list_price()
    2.19
    """
    return next(row.value for row in catalog.table(Price) if row.id == LIST_PRICE)


@dataclass(frozen=True)
class Plan:
    """How to make one student.

    student: one of `published_students.students()`. samples: answers of the teacher. tokens: of one answer. price: US dollars for a
    million of them, None for answers written on eight H200 of one's own. gpu, utilisation: what trains, and the share
    of its 16-bit FLOP/s that training reaches.

    Raises:
        ValueError: a number that is no amount of anything. UnknownName: no such student or device.
    """

    student: str
    samples: float = field(default_factory=lambda: published_plan()[0])
    tokens: float = field(default_factory=lambda: published_plan()[1])
    price: float | None = field(default_factory=list_price)
    gpu: str = GPU
    utilisation: float = UTILISATION

    def __post_init__(self) -> None:
        if self.student not in students():
            raise catalog.UnknownName(
                f"No published student is called '{self.student}'. {catalog.nearest(self.student, students())}"
            )
        for name in ("samples", "tokens", "price", "utilisation"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a finite number above zero; {value} was given.")
        if self.utilisation > 1:
            raise ValueError(f"utilisation is a share of 1; {self.utilisation} was given. For 40 % give 0.4.")

    @property
    def parameters(self) -> int:
        """Of the student."""
        return Model.named(self.student).parameters

    @property
    def written(self) -> float:
        """Tokens that the teacher writes."""
        return self.samples * self.tokens


@dataclass(frozen=True)
class Bill:
    """US dollars: what the distiller pays (answers, training), and what others paid (scratch, teacher).

    answers: of the teacher. training: of the student on them, in as many epochs as published. scratch: pre-training a model of the student's
    size on the published tokens of its base. teacher: the published GPU-hours of the teacher at their published price.
    """

    answers: float
    training: float
    scratch: float
    teacher: float

    @property
    def distilling(self) -> float:
        """What the maker of one student pays."""
        return self.answers + self.training

    def each(self, number: float) -> float:
        """What each of so many students costs if their maker had to train the teacher too; answers are shared."""
        return (self.teacher + self.answers) / number + self.training

    @property
    def break_even(self) -> int | None:
        """The least number of students for which `each` is below scratch; None if training alone costs as much.

        >>> Bill(answers=1, training=1, scratch=3, teacher=9).break_even
        6
        """
        saved = self.scratch - self.training
        return math.floor((self.teacher + self.answers) / saved) + 1 if saved > 0 else None


def answer_flops(plan: Plan) -> float:
    """FLOPs of all answers: twice the teacher's active weights, and attention at half of an answer's length."""
    return float(Model.named(TEACHER).flops_per_token(plan.tokens / 2)) * plan.written


def training_flops(plan: Plan) -> float:
    """FLOPs of training the student: six for each weight and token, in every epoch."""
    return FLOPS_PER_WEIGHT * plan.parameters * plan.written * epochs()


def scratch_flops(plan: Plan) -> float:
    """FLOPs of pre-training a model of the student's size on as many tokens as its base read, as published."""
    read = 1e12 * distilled(plan.student, "pre-training of its base")
    return FLOPS_PER_WEIGHT * plan.parameters * read


def own_price(tokens: float) -> float:
    """US dollars for a million tokens of answers on eight H200 by the hour, SERVED at once, at half of their length."""
    node = Machine.named(*CLUSTER)
    step = inference.decode(
        Model.named(TEACHER), node, context=tokens / 2, batch=SERVED, weights=CLUSTER_WEIGHTS
    )
    return float(dollars_per_million(node, step.tokens_per_second, PAID[1]))


def bill(plan: Plan) -> Bill:
    """Add up one plan.

    >>> one = bill(Plan("DeepSeek-R1-Distill-Qwen-32B"))
    >>> one.distilling < one.scratch / 100, one.break_even
    (True, 1)
    """
    hour = hourly_cost(catalog.device(plan.gpu), PAID[1])[0]
    price = own_price(plan.tokens) if plan.price is None else plan.price
    training, scratch = (
        hour * gpu_hours(flops, plan.gpu, plan.utilisation)
        for flops in (training_flops(plan), scratch_flops(plan))
    )
    return Bill(plan.written / 1e6 * price, training, scratch, sum(teacher_bill()))


def saved_tokens(teacher_loss: float) -> float:
    """How many times the tokens of text alone the studied student would need for the loss its teacher taught it.

    By the fitted law of `distillation_law`; below 1 the text alone teaches it better.

    >>> saved_tokens(1.8953) > saved_tokens(2.17) > 1
    True
    """
    parameters, tokens = STUDIED
    loss = float(distillation_law.distilled_loss(parameters, tokens, teacher_loss))
    return distillation_law.supervised_tokens(parameters, loss) / tokens
