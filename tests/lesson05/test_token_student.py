"""The student: its gradients, its three ways of learning, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from drawn import check_text
from freeweights.learn import neural, student_training, teacher, token_student
from freeweights.learn.student_training import StudentRecipe, train
from freeweights.learn.token_student import WINDOW, TrainingSet
from freeweights.learn.training_loop import Margin
from freeweights.lesson05 import real_teacher_pictures
from freeweights.local import measured_or_recorded
from freeweights.page import layout
from freeweights.page.renderer import LayeredFigure
from freeweights.page.style import STYLE, blank
from hypothesis import given
from hypothesis import strategies as st

WORDS, ROWS, TOP = 12, 5, 3


def make(seed: int = 0, k: int = TOP) -> tuple[np.ndarray, TrainingSet]:
    """Logits and a lesson of a few tokens, with some probability left over."""
    rng = np.random.default_rng(seed)
    chances = -np.sort(-rng.dirichlet(np.ones(WORDS), ROWS), axis=1)[:, :k]
    top = np.argsort(rng.random((ROWS, WORDS)), axis=1)[:, :k]
    targets = rng.integers(0, WORDS, ROWS)
    return rng.normal(size=(ROWS, WORDS)), TrainingSet(
        rng.integers(0, WORDS, (ROWS, WINDOW)), targets, top, chances
    )


def slope(function, array: np.ndarray, place: tuple) -> float:
    """The finite difference of a function at one place of an array."""
    step, before = 1e-6, array[place]
    array[place] = before + step
    up = function()
    array[place] = before - step
    down = function()
    array[place] = before
    return (up - down) / (2 * step)


# ---- gradients


@pytest.mark.parametrize("soft", [0.0, 0.3, 1.0])
def test_the_gradient_of_the_loss_is_its_slope(soft):
    logits, lesson = make()
    _, gradient = token_student.loss(logits, lesson, soft)
    for place in np.ndindex(logits.shape):
        expected = slope(lambda: token_student.loss(logits, lesson, soft)[0], logits, place)
        assert gradient[place] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("soft", [0.0, 0.5, 1.0])
def test_the_gradients_in_every_weight_are_slopes(soft):
    _, lesson = make()
    weights = {
        name: array.astype(float)
        for name, array in token_student.begin(np.random.default_rng(0), WORDS).items()
    }
    logits, back = token_student.predict(weights, lesson.windows)
    gradients = back(token_student.loss(logits, lesson, soft)[1])
    rng = np.random.default_rng(1)
    assert gradients.keys() == weights.keys()
    for name, array in weights.items():
        for _ in range(6):
            place = tuple(rng.integers(0, size) for size in array.shape)
            found = slope(
                lambda: token_student.loss(token_student.predict(weights, lesson.windows)[0], lesson, soft)[
                    0
                ],
                array,
                place,
            )
            assert gradients[name][place] == pytest.approx(found, abs=1e-6), (name, place)


# ---- laws of the loss


@given(seed=st.integers(0, 1000), k=st.integers(1, WORDS - 1))
def test_no_student_costs_less_than_the_teacher_itself(seed, k):
    logits, lesson = make(seed, k)
    left = 1 - lesson.chances.sum(axis=1)
    entropy = -(lesson.chances * np.log(lesson.chances)).sum(axis=1) - left * np.log(left)
    assert token_student.loss(logits, lesson, 1.0)[0] >= entropy.mean() - 1e-9


@given(seed=st.integers(0, 1000))
def test_a_teacher_that_is_sure_of_the_text_teaches_as_the_text(seed):
    logits, lesson = make(seed)
    sure = replace(lesson, top=lesson.targets[:, None], chances=np.ones((ROWS, 1)))
    (soft, one), (hard, other) = token_student.loss(logits, sure, 1.0), token_student.loss(logits, sure, 0.0)
    assert soft == pytest.approx(hard) and np.allclose(one, other)


@given(seed=st.integers(0, 1000), soft=st.floats(0, 1))
def test_the_mixed_loss_is_the_mix_of_both(seed, soft):
    logits, lesson = make(seed)
    (mixed, one), (text, two), (told, three) = (
        token_student.loss(logits, lesson, part) for part in (soft, 0, 1)
    )
    assert mixed == pytest.approx((1 - soft) * text + soft * told)
    assert np.allclose(one, (1 - soft) * two + soft * three)


def test_hard_labels_are_the_usual_cross_entropy():
    logits, lesson = make()
    expected, back = neural.cross_entropy(logits, lesson.targets)
    nats, gradient = token_student.loss(logits, lesson)
    assert nats == pytest.approx(expected) and np.allclose(gradient, back(1.0))


def test_a_blind_student_pays_the_same_for_every_token():
    data = teacher.read()
    blind = {name: 0 * array for name, array in token_student.begin(np.random.default_rng(0), 3967).items()}
    bits = teacher.HELD * np.log2(len(data.vocabulary)) / data.held_bytes
    assert token_student.bits_per_byte(blind, data) == pytest.approx(bits)


# ---- learning


def test_lessons_line_up_with_the_novel():
    data = teacher.read()
    for way in ("hard labels", "soft labels", "both"):
        lesson = student_training.lesson(data, StudentRecipe(way, 500))
        assert len(lesson.targets) == len(lesson.top) == 500 - WINDOW
        assert (lesson.windows[7] == data.novel[7 : 7 + WINDOW]).all()
        assert lesson.targets[7] == data.novel[7 + WINDOW]
        right = np.exp(data.right[7 + WINDOW - 1])
        for token, chance in zip(lesson.top[7], lesson.chances[7]):
            if token == lesson.targets[7]:
                assert chance == pytest.approx(right, abs=1e-3)
    hits = (lesson.top[:, 0] == lesson.targets).mean()
    assert hits > 0.2, "the teacher's first choice is often what came"


def test_text_that_the_teacher_wrote_has_as_many_tokens_as_asked_for():
    lesson = student_training.lesson(teacher.read(), StudentRecipe("teacher's text", 4096))
    sequences = 4096 // teacher.read().written.shape[1]
    assert len(lesson.targets) == 4096 - sequences * WINDOW and lesson.top is None


def test_no_text_of_a_recipe_reaches_the_held_out_part():
    data = teacher.read()
    for recipe in student_training.COMPARED:
        if recipe.way != "teacher's text":
            assert recipe.text <= data.held.start


@pytest.mark.parametrize("way", student_training.WAYS)
def test_training_is_the_same_with_the_same_seed_and_lowers_the_loss(way):
    recipe = StudentRecipe(way, 1024, steps=12, tokens=64)
    one, same, other = train(recipe, 0), train(recipe, 0), train(recipe, 1)
    assert (one.losses == same.losses).all() and (one.held == same.held).all()
    assert (one.losses != other.losses).any()
    assert one.bits < one.held[0] and not one.stopped
    assert one.marks[-1] == recipe.steps and (np.diff(one.marks) > 0).all()


def test_a_stop_leaves_what_was_done():
    def stop():
        raise KeyboardInterrupt

    run = train(StudentRecipe("soft labels", 1024, steps=10, tokens=16), tick=stop)
    assert run.stopped and len(run.losses) == 1


# ---- the picture and what it says


@pytest.fixture(scope="module")
def runs():
    recipes = [replace(recipe, steps=3, tokens=16) for recipe in student_training.COMPARED]
    return student_training.compare(recipes, seeds=(0, 1))


def ending(runs, ends: dict[str, tuple[float, float]]) -> list:
    """The runs, made to end at other losses, by name, for both seeds."""
    return [
        replace(run, held=np.full_like(run.held, ends.get(run.recipe.name, (3.0, 3.0))[run.seed]))
        for run in runs
    ]


def test_every_way_is_trained_with_every_seed(runs):
    assert [(run.recipe.name, run.seed) for run in runs] == [
        (recipe.name, seed) for seed in (0, 1) for recipe in student_training.COMPARED
    ]
    assert {recipe.way for recipe in student_training.COMPARED} == set(student_training.WAYS)


@pytest.mark.parametrize("parts", [0, 1, 3, 8, 16])
def test_the_picture_can_be_read_however_much_was_trained(runs, parts):
    figure = blank((9, 4.4))
    with matplotlib.rc_context(STYLE):
        real_teacher_pictures.draw(figure, runs[:parts])
        layout.settle(figure)
        stage = LayeredFigure(figure, [])
        stage.draw()
        check_text(SimpleNamespace(stage=stage), parts)
    picture = real_teacher_pictures.picture(runs[:parts])
    assert ("run the cell again" in picture.sentence) == (parts < 16)
    assert "nan" not in picture.sentence


def test_the_sentence_gives_the_margins_of_the_runs_and_doubts_the_small_ones(runs):
    said = real_teacher_pictures.finding(
        ending(runs, {"hard labels, 4,096 tokens": (2.7, 2.8), "soft labels, 4,096 tokens": (2.5, 2.5),
                      "both, 4,096 tokens": (2.72, 2.72)})
    )  # fmt: skip
    assert "hard labels end at 2.75 bits a byte; soft labels 0.25 lower (seeds differ by 0.10)" in said
    assert "both 0.03 lower (seeds differ by 0.10: not shown)" in said


def test_a_margin_as_large_as_the_spread_is_not_shown():
    assert "not shown" in real_teacher_pictures.far(Margin(0.1, 0.1, 3))
    assert "not shown" not in real_teacher_pictures.far(Margin(-0.2, 0.1, 3))


def test_without_weights_the_teacher_is_recorded_and_the_table_says_so(monkeypatch, runs):
    monkeypatch.setattr(measured_or_recorded, "fetch", lambda: None)
    seen = real_teacher_pictures.look()
    assert seen.difference is None and "nothing was expected anew" in str(seen)
    assert "recorded on" in real_teacher_pictures.costs(seen, runs).caption


def test_the_table_sets_the_student_beside_its_teacher(runs):
    seen = real_teacher_pictures.Look(0.001, 1.0, 20.0, 538e6, "measured here, now")
    table = real_teacher_pictures.costs(seen, runs)
    rows = {row[0]: row[1:] for row in table.rows}
    weights = runs[0].weights  # all students have as many
    assert rows["Bytes of weights"][0] == "538 M"
    assert token_student.nbytes(weights) == 4 * sum(array.size for array in weights.values())
    assert 100 < seen.nbytes / token_student.nbytes(weights) < 1000
    assert "differ by at most 0.001" in str(seen)


# ---- what cannot be


@pytest.mark.parametrize("soft", [-0.1, 1.1, np.nan])
def test_the_teachers_part_is_from_zero_to_one(soft):
    logits, lesson = make()
    with pytest.raises(ValueError, match="from 0"):
        token_student.loss(logits, lesson, soft)


def test_an_empty_transfer_text_is_refused():
    empty = TrainingSet(np.zeros((0, WINDOW), int), np.zeros(0, int))
    with pytest.raises(ValueError, match="empty"):
        token_student.loss(np.zeros((0, WORDS)), empty)
    with pytest.raises(ValueError, match="transfer text"):
        token_student.windows(np.zeros(0, int))
    with pytest.raises(ValueError, match="transfer text"):
        StudentRecipe("hard labels", 0)


@pytest.mark.parametrize("k", [0, WORDS])
def test_k_is_at_least_one_and_below_the_vocabulary(k):
    logits, lesson = make()
    with pytest.raises(ValueError, match="probabilities a token"):
        token_student.loss(
            logits, replace(lesson, top=np.zeros((ROWS, k), int), chances=np.zeros((ROWS, k))), soft=1.0
        )


def test_soft_labels_need_a_teacher():
    logits, lesson = make()
    with pytest.raises(ValueError, match="without a teacher"):
        token_student.loss(logits, replace(lesson, top=None, chances=None), soft=0.5)


@pytest.mark.parametrize("wrong", [{"way": "by heart"}, {"text": 10**6}, {"steps": 0}, {"tokens": 0}])
def test_a_recipe_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError):
        StudentRecipe(**({"way": "both", "text": 4096} | wrong))


def test_without_a_student_there_is_no_table():
    seen = real_teacher_pictures.Look(None, 0.0, 20.0, 538e6, "recorded")
    with pytest.raises(ValueError, match="no student was trained"):
        real_teacher_pictures.costs(seen, [])
