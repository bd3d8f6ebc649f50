"""Bills of distilling, against published figures and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.facts import catalog, figures
from freeweights.facts import quantities as q
from freeweights.lesson05 import claims, distillation_bill_panel
from freeweights.lesson05 import distillation_bill as costs
from freeweights.lesson05 import distillation_law as law
from freeweights.lesson05 import published_students as pupils
from freeweights.lesson05.distillation_bill import Bill, Plan
from freeweights.models.transformer import model
from freeweights.money import training_bills
from hypothesis import given, settings
from hypothesis import strategies as st

SAMPLES, TOKENS, PRICES = st.floats(1e4, 1e8), st.floats(500, 32_768), st.floats(0.1, 100)
NAMES = st.sampled_from(pupils.students())
AMOUNTS = st.floats(0.01, 1e9)


@pytest.fixture(scope="module")
def panel():
    return distillation_bill_panel.panel()


# ---- published figures


def test_the_samples_are_the_published_800_thousand():
    assert round(costs.published_plan()[0], -5) == 800_000


def test_the_teacher_s_base_costs_what_its_report_says():
    assert training_bills.teacher_bill()[0] == 5_576_000


def test_what_made_the_teacher_of_its_base_is_the_published_total_without_the_samples():
    hours = training_bills.teacher_bill()[1] / figures.distilled("DeepSeek-V3", "price of a GPU-hour")
    assert hours + figures.distilled("DeepSeek-R1", "GPU-hours of the samples") == 147_000


def test_the_answers_at_list_price_cost_about_what_making_them_was_reported_to():
    hours = figures.distilled("DeepSeek-R1", "GPU-hours of the samples")
    reported = hours * figures.distilled("DeepSeek-V3", "price of a GPU-hour")
    assert costs.bill(Plan(pupils.SAME_BASE)).answers == pytest.approx(reported, rel=0.1)


@pytest.mark.parametrize("name", [name for name in pupils.students() if "Llama" in name])
def test_six_flops_a_weight_and_token_give_the_published_hours_of_a_base_within_a_factor_of_three(name):
    counted = training_bills.gpu_hours(
        costs.scratch_flops(Plan(name)), training_bills.GPU, training_bills.UTILISATION
    )
    assert 1 < figures.distilled(name, "GPU-hours of its base") / counted < 3


# ---- laws


@given(NAMES, SAMPLES, TOKENS, PRICES)
def test_the_parts_of_a_bill_follow_from_tokens_and_weights(name, samples, tokens, price):
    plan = Plan(name, samples, tokens, price)
    found = costs.bill(plan)
    assert found.answers == pytest.approx(samples * tokens * price / 1e6)
    assert found.distilling == found.answers + found.training
    read = 1e12 * figures.distilled(name, "pre-training of its base")
    assert found.scratch / found.training == pytest.approx(read / (samples * tokens * costs.epochs()))


@given(NAMES, SAMPLES, TOKENS, PRICES, st.floats(1, 10))
def test_more_samples_longer_samples_and_higher_prices_never_cost_less(name, samples, tokens, price, times):
    least = costs.bill(Plan(name, samples, tokens, price)).distilling
    more = (
        (samples * times, tokens, price),
        (samples, tokens * times, price),
        (samples, tokens, price * times),
    )
    assert all(costs.bill(Plan(name, *one)).distilling >= least * (1 - 1e-12) for one in more)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_the_break_even_is_the_first_number_of_students_below_the_bill_from_scratch(
    answers, training, scratch, teacher
):
    found = Bill(answers, training, scratch, teacher)
    number = found.break_even
    if number is None:
        assert training >= scratch and found.each(1e15) >= scratch
    elif number < 1e9:
        assert found.each(number + 1) < scratch
        assert number == 1 or found.each(number - 1) >= scratch * (1 - 1e-9)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.floats(1, 100))
def test_a_dearer_teacher_never_breaks_even_earlier(answers, training, scratch, teacher, times):
    numbers = [Bill(answers, training, scratch, teacher * factor).break_even for factor in (1, times)]
    assert numbers == [None, None] or numbers[0] <= numbers[1]


def test_larger_students_break_even_earlier_within_one_family():
    names = [name for name in pupils.students() if "Qwen" in name]
    numbers = [costs.bill(Plan(name)).break_even for name in names]
    assert numbers == sorted(numbers, reverse=True) and numbers[0] > numbers[-1]


def test_the_teacher_s_flops_are_two_for_each_active_weight_and_attention_besides():
    plan = Plan(pupils.SAME_BASE)
    each = costs.answer_flops(plan) / plan.written
    assert (
        2 * model(training_bills.TEACHER).active_parameters
        < each
        < 4 * model(training_bills.TEACHER).active_parameters
    )


def test_long_answers_of_one_s_own_machine_cost_more_for_each_token():
    assert costs.own_price(30_000.0) > costs.own_price(1000.0) > 0


# ---- bad input


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"samples": 0}, "samples must be"),
        ({"samples": float("inf")}, "samples must be"),
        ({"tokens": -5}, "tokens must be"),
        ({"price": -2.19}, "price must be"),
        ({"price": 0}, "price must be"),
        ({"utilisation": 0}, "utilisation must be"),
        ({"utilisation": 40}, "give 0.4"),
    ],
)
def test_a_plan_refuses_what_is_no_amount_and_says_what_was_given(wrong, words):
    with pytest.raises(ValueError, match=words):
        Plan(pupils.SAME_BASE, **wrong)


def test_an_unknown_student_or_gpu_is_answered_with_the_nearest():
    with pytest.raises(catalog.UnknownName, match="DeepSeek-R1-Distill-Qwen-7B"):
        Plan("R1-Distill-Qwen-7")
    with pytest.raises(catalog.UnknownName, match="H100 SXM5 80GB"):
        costs.bill(Plan(pupils.SAME_BASE, gpu="H100 SXM5"))


# ---- the verdict, the panel and the picture


def test_the_verdict_is_computed_from_the_bill_and_the_law():
    settled, because = claims.distillation_is_the_shortcut()
    one = costs.bill(Plan(pupils.SAME_BASE))
    assert settled == "holds in part"
    for amount in (one.answers, one.training, one.scratch, one.teacher):
        assert q.money(amount) in because
    assert q.times(costs.saved_tokens(costs.STUDIED_TEACHERS[0])) in because


def test_the_studied_student_and_teachers_are_among_the_published_runs():
    runs = law.runs()
    student = (runs["parameters"] == costs.STUDIED[0]) & (runs["tokens"] == costs.STUDIED[1])
    near = [np.abs(runs["teacher_loss"][student] - teacher).min() for teacher in costs.STUDIED_TEACHERS]
    assert max(near) < 0.005


def test_all_texts_of_the_panel_can_be_read_along_each_control(panel):
    check_along_each_control(panel)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_panel_agrees_with_the_bill_everywhere(panel, data):
    at = anywhere(panel, data)
    said = follow(panel, **at)
    check_text(panel, at)
    found = costs.bill(
        Plan(
            at["student"],
            at["samples"],
            at["tokens"],
            None if at["own"] else at["price"],
            at["gpu"],
            at["use"] / 100,
        )
    )
    cheaper = found.distilling < found.scratch
    assert ("From scratch is cheaper" in panel._artists.finding.get_text()) is not cheaper
    assert q.money(found.answers) in said and q.money(found.training) in said
    assert ("at a cost of" in said) is at["own"]
    low, high = distillation_bill_panel.LEAST, distillation_bill_panel.MOST
    assert all(low < x < high for mark in panel._artists.rows.marks.values() for x in mark.get_xdata())


def test_from_scratch_can_be_the_cheaper_way_and_never_be_undercut(panel):
    follow(panel, student=pupils.students()[0], samples=100_000_000, tokens=32_768, price=100.0)
    assert "From scratch is cheaper" in panel._artists.finding.get_text()
    assert "no number of students" in distillation_bill_panel.below(
        Bill(answers=1, training=5, scratch=5, teacher=1)
    )


def test_the_picture_names_both_crossings_and_the_teacher_without_one():
    picture = distillation_bill_panel.law_picture()
    for teacher in distillation_bill_panel.TEACHERS:
        assert q.significant(teacher) in picture.sentence
        until = law.crossing(distillation_bill_panel.STUDENT, teacher)
        assert until is None or q.count(until, 2) in picture.sentence
    here = law.runs()["parameters"] == distillation_bill_panel.STUDENT
    assert all(
        np.sum(law.runs()["teacher_loss"][here] == teacher) >= 3
        for teacher in distillation_bill_panel.TEACHERS
    )
