"""Published students: what they keep, what serves them, and the law of when a teacher helps."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.facts import catalog, figures
from freeweights.lesson05 import distillation_law as law
from freeweights.lesson05 import published_students as pupils
from freeweights.lesson05 import retained_score_panel
from freeweights.machines.machine import machine
from freeweights.models.transformer import model
from freeweights.money import training_bills
from hypothesis import given, settings
from hypothesis import strategies as st

SIZES = st.floats(1.43e8, 7.75e9)
TOKENS = st.floats(3.7e9, 5.1e11)
LOSSES = st.floats(1.9, 2.75)


@pytest.fixture(scope="module")
def panel():
    return retained_score_panel.panel()


@pytest.mark.parametrize("benchmark", pupils.BENCHMARKS)
def test_what_a_student_keeps_lies_between_nothing_and_the_teacher(benchmark):
    for name in [*pupils.students(), *pupils.WITHOUT_TEACHER, *pupils.CLOSED]:
        if pupils.has(name, benchmark):
            assert (
                0
                < pupils.retained_score(name, benchmark)
                < pupils.retained_score(training_bills.TEACHER, benchmark)
            ), name


def test_the_teacher_keeps_all_of_its_scores_and_half_of_its_games():
    kept = {name: pupils.retained_score(training_bills.TEACHER, name) for name in pupils.BENCHMARKS}
    assert kept.pop(pupils.RATING) == 0.5
    assert set(kept.values()) == {1.0}


def test_kept_is_the_published_score_over_the_published_score():
    assert pupils.retained_score("DeepSeek-R1-Distill-Qwen-32B", "AIME 2024") == pytest.approx(72.6 / 79.8)


def test_four_hundred_points_of_a_rating_are_odds_of_ten_to_one():
    points = figures.distilled("DeepSeek-R1", "Codeforces rating") - figures.distilled(
        "OpenAI-o1-mini", "Codeforces rating"
    )
    share = pupils.retained_score("OpenAI-o1-mini", pupils.RATING)
    assert np.log10((1 - share) / share) == pytest.approx(points / 400)


def test_a_student_made_by_the_teacher_beats_those_of_the_same_base_made_without_it():
    for benchmark in pupils.BENCHMARKS:
        others = [
            pupils.retained_score(n, benchmark) for n in pupils.WITHOUT_TEACHER if pupils.has(n, benchmark)
        ]
        assert others and max(others) < pupils.retained_score(pupils.SAME_BASE, benchmark), benchmark


def test_the_six_students_are_models_of_the_catalogue_and_rise_in_size():
    sizes = [model(name).parameters for name in pupils.students()]
    assert len(sizes) == 6 and sizes == sorted(sizes)


@pytest.mark.parametrize(
    "wrong, offered",
    [
        (
            lambda: pupils.retained_score("DeepSeek-R1-Distill-Qwen-33B", "MATH-500"),
            "DeepSeek-R1-Distill-Qwen-32B",
        ),
        (lambda: pupils.retained_score("DeepSeek-R1", "MATH-5000"), "MATH-500"),
        (lambda: figures.distilled("DeepSeek-R1", "samples for its student"), "samples for its students"),
        (lambda: pupils.retained_score("Qwen2.5-32B-Zero", "Codeforces"), "data/distillation.csv has no"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(wrong, offered):
    with pytest.raises(catalog.UnknownName, match=offered):
        wrong()


def test_smaller_students_write_faster_and_cost_less_on_one_machine():
    served = [pupils.serve(model(n), machine("H200 SXM 141GB", 8), "FP8") for n in pupils.students()]
    speeds, dollars = [one.tokens_per_second for one in served], [one.dollars for one in served]
    assert speeds == sorted(speeds, reverse=True) and dollars == sorted(dollars)


def test_a_model_without_room_has_neither_speed_nor_cost():
    one = pupils.serve(model(training_bills.TEACHER), machine("GeForce RTX 5090"), "4.5 bits")
    assert (one.users, one.tokens_per_second, one.dollars) == (0, None, None)


# ---- the panel


def test_all_texts_of_the_panel_can_be_read_along_each_control(panel):
    check_along_each_control(panel)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_panel_agrees_with_the_library_everywhere(panel, data):
    at = anywhere(panel, data)
    said = follow(panel, **at)
    check_text(panel, at)
    best = panel._artists.finding.get_text().split(": ")[1].split(" ")[0]
    name = next(n for n in pupils.students() if retained_score_panel.short(n) == best)
    shown = panel._artists.points[name].get_ydata()
    assert shown == [100 * pupils.retained_score(name, at["benchmark"])]
    (low, high), (least, most) = panel._artists.axes.get_xlim(), panel._artists.axes.get_ylim()
    for mark in panel._artists.points.values():
        assert all(low <= x <= high for x in mark.get_xdata())
        assert all(least <= y <= most for y in mark.get_ydata())
    assert best in said


def test_the_panel_says_which_models_have_no_room(panel):
    said = follow(panel, axis="speed", place="RTX 5090, 4.5 bits")
    assert "No room on RTX 5090, 4.5 bits for Llama-70B and DeepSeek-R1." in said
    assert "has no room" in panel._artists.finding.get_text()


def test_a_dense_student_can_be_slower_than_its_larger_sparse_teacher(panel):
    said = follow(panel, axis="speed", place="M3 Ultra 512 GB, 4.5 bits")
    assert "Slower than the teacher here: Llama-70B." in said


# ---- the law


@given(SIZES, TOKENS, LOSSES)
def test_the_law_never_puts_a_student_below_its_teacher_s_loss(size, tokens, teacher):
    assert law.distilled_loss(size, tokens, teacher) >= teacher


@given(SIZES, TOKENS, LOSSES, st.floats(1.01, 10))
def test_more_tokens_never_make_either_student_worse(size, tokens, teacher, times):
    assert law.supervised_loss(size, tokens * times) < law.supervised_loss(size, tokens)
    assert (
        law.distilled_loss(size, tokens * times, teacher) <= law.distilled_loss(size, tokens, teacher) + 0.01
    )


@given(SIZES, TOKENS)
def test_the_tokens_for_a_loss_are_those_that_gave_it(size, tokens):
    assert law.supervised_tokens(size, float(law.supervised_loss(size, tokens))) == pytest.approx(
        tokens, rel=1e-6
    )


def test_a_loss_below_what_a_size_can_reach_takes_no_number_of_tokens():
    assert law.supervised_tokens(143e6, 1.9) is None


def test_the_fit_describes_the_published_students():
    error = law.errors(law.fitted())
    assert np.sqrt(np.mean(error**2)) < 0.005
    assert np.abs(error).max() < 0.02


def test_a_fit_without_the_two_largest_sets_of_students_foretells_them():
    runs = law.runs()
    held_out = runs["parameters"] > 1e9
    found = law.errors(law.fit(~held_out), held_out)
    assert held_out.sum() > 50
    assert np.sqrt(np.mean(found**2)) < 0.02


def test_where_the_law_says_a_teacher_helps_most_published_students_agree():
    runs = law.runs()
    plain = law.supervised_loss(runs["parameters"], runs["tokens"])
    says = law.distilled_loss(runs["parameters"], runs["tokens"], runs["teacher_loss"]) < plain
    assert np.mean(says == (runs["student_loss"] < plain)) > 0.9
    assert 0.3 < says.mean() < 0.9, "both kinds must be among them"


def test_a_better_teacher_helps_for_longer():
    until = [law.crossing(546e6, teacher) for teacher in (2.6, 2.5, 2.4, 2.3)]
    assert until == sorted(until) and law.crossing(546e6, 1.9318) is None


@pytest.mark.parametrize("wrong", [(0, 1e9, 2.0), (1e9, -1, 2.0), (1e9, 1e9, 0), (1e9, float("nan"), 2.0)])
def test_the_law_refuses_what_is_no_amount(wrong):
    with pytest.raises(ValueError, match="above zero"):
        law.distilled_loss(*wrong)
