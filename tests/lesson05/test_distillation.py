"""Distillation of handwritten digits: gradients, the laws of temperature, what students learn, and the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow
from freeweights.learn import digit_distillation, digit_students
from freeweights.learn.digit_students import ASKED, Setting, gain, interval, student
from freeweights.lesson05 import dark_knowledge_panel, digit_panel
from gradients import slopes
from hypothesis import given, settings
from hypothesis import strategies as st

LEARNT, HELD = digit_distillation.images()
QUICK = settings(max_examples=40, deadline=None)
SEEDS = st.integers(0, 10**6)


@pytest.fixture(scope="module")
def students_panel():
    return digit_panel.panel()


@pytest.fixture(scope="module")
def answers_panel():
    return dark_knowledge_panel.resemblance_panel()


@pytest.fixture
def short(monkeypatch):
    """Trainings of a few steps."""
    monkeypatch.setattr(digit_distillation, "STEPS", 12)
    for cached in (digit_students.teacher, digit_students.student):
        cached.cache_clear()
    yield
    for cached in (digit_students.teacher, digit_students.student):
        cached.cache_clear()


def few(rng, labelled: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits of a student and of a teacher for a few images, and labels for some of them."""
    digits = np.where(rng.random(8) < labelled, rng.integers(0, 10, 8), digit_distillation.UNLABELLED)
    return 3 * rng.standard_normal((8, 10)), 5 * rng.standard_normal((8, 10)), digits


# ---- data


def test_the_images_are_those_of_the_data_set_and_none_is_both_learnt_and_held_out():
    everything = np.concatenate([LEARNT.ink, HELD.ink])
    assert everything.shape == (1797, 64) and everything.min() == 0 and everything.max() == 1
    assert np.array_equal(everything * 16, np.round(everything * 16))
    assert min(np.bincount(LEARNT.digits)) > 90 and min(np.bincount(HELD.digits)) > 70
    assert not {row.tobytes() for row in LEARNT.ink} & {row.tobytes() for row in HELD.ink}


# ---- loss


@QUICK
@given(seed=SEEDS, temperature=st.floats(0.3, 30), share=st.sampled_from([0.0, 0.3, 1.0]))
def test_the_gradient_of_the_loss_is_that_of_finite_differences(seed, temperature, share):
    rng = np.random.default_rng(seed)
    logits, taught, digits = few(rng)
    soft = digit_distillation.soft_targets(taught, temperature)

    def loss() -> float:
        return digit_distillation.loss(logits, soft, digits, temperature, share, 0.5)[0]

    gradient = digit_distillation.loss(logits, soft, digits, temperature, share, 0.5)[1]
    places, wanted = slopes(loss, logits, rng)
    np.testing.assert_allclose(gradient.reshape(-1)[places], wanted, rtol=1e-4, atol=1e-6)


def test_the_gradients_in_stacked_weights_are_those_of_finite_differences():
    rng = np.random.default_rng(0)
    network = digit_distillation.begin([np.random.default_rng(seed) for seed in (1, 2)], [5, 4])
    network = {name: array + 0.1 * rng.standard_normal(array.shape) for name, array in network.items()}
    ink, weight = LEARNT.ink[rng.integers(0, 1000, (2, 6))].astype(float), rng.standard_normal((2, 6, 10))
    gradients = digit_distillation.predict(network, ink)[1](weight)
    for name, array in network.items():
        places, wanted = slopes(
            lambda: np.sum(digit_distillation.predict(network, ink)[0] * weight), array, rng
        )
        np.testing.assert_allclose(gradients[name].reshape(-1)[places], wanted, rtol=1e-5, atol=1e-7)


@QUICK
@given(seed=SEEDS)
def test_at_a_high_temperature_the_gradient_keeps_its_size_and_points_from_logit_to_logit(seed):
    logits, taught, _ = few(np.random.default_rng(seed))
    nobody, temperature = np.full(8, digit_distillation.UNLABELLED), 1e4
    soft = digit_distillation.soft_targets(taught, temperature)
    gradient = digit_distillation.loss(logits, soft, nobody, temperature, 1.0)[1]
    apart = logits - taught
    matched = (apart - apart.mean(axis=1, keepdims=True)) / 10 / len(logits)  # Hinton et al. 2015, equation 4
    np.testing.assert_allclose(gradient, matched, atol=2e-3 * np.abs(matched).max())


@QUICK
@given(seed=SEEDS, temperature=st.floats(0.5, 50))
def test_a_higher_temperature_makes_answers_more_even_and_keeps_their_order(seed, temperature):
    taught = few(np.random.default_rng(seed))[1]
    plain, warm = (digit_distillation.soft_targets(taught, one) for one in (temperature, 2 * temperature))
    assert (warm.max(axis=1) < plain.max(axis=1)).all()
    assert np.array_equal(warm.argsort(axis=1), plain.argsort(axis=1))
    np.testing.assert_allclose(warm.sum(axis=1), 1)


@QUICK
@given(seed=SEEDS, temperature=st.floats(0.5, 50))
def test_a_student_that_agrees_with_its_teacher_has_nothing_to_change(seed, temperature):
    taught = few(np.random.default_rng(seed))[1]
    soft, nobody = (
        digit_distillation.soft_targets(taught, temperature),
        np.full(8, digit_distillation.UNLABELLED),
    )
    assert np.abs(digit_distillation.loss(taught, soft, nobody, temperature, 1.0)[1]).max() < 1e-9


# ---- training


def test_the_same_seed_gives_the_same_students(short):
    one, two = (student.__wrapped__(Setting(labels=50, share=0.5)) for _ in range(2))
    assert np.array_equal(one, two) and len(set(one)) > 3


def test_a_network_learns_the_same_alone_and_in_a_stack(short):
    pools, told = np.stack([np.arange(60), np.arange(60, 120)]), np.tile(LEARNT.digits, (2, 1))
    told[:, 30:90] = digit_distillation.UNLABELLED
    soft = np.full((1000, 10), 0.1)

    def learn(which: list[int]) -> digit_distillation.Network:
        rngs = [np.random.default_rng(seed) for seed in which]
        return digit_distillation.train(rngs, [6], pools[which], told[which], soft, 2.0, 0.5)

    both, alone = learn([0, 1]), learn([1])
    for name in both:
        np.testing.assert_allclose(both[name][1:], alone[name], rtol=1e-4, atol=1e-5)


def test_rare_labels_weigh_as_much_as_soft_targets(short, monkeypatch):
    told, weighed, plain = np.full((1, 1000), digit_distillation.UNLABELLED), [], digit_distillation.loss
    told[:, ::4] = LEARNT.digits[::4]

    def watched(*given):
        weighed.append((given[2] != digit_distillation.UNLABELLED).mean() / given[-1])
        return plain(*given)

    monkeypatch.setattr(digit_distillation, "loss", watched)
    digit_distillation.train([np.random.default_rng(0)], [4], np.arange(1000)[None], told, None, 1.0, 0.5)
    assert np.mean(weighed) == pytest.approx(1, abs=0.15)


def test_without_a_share_of_soft_targets_a_student_is_one_taught_by_labels(short):
    setting = Setting(temperature=8.0, share=0.0, labels=40, asked=ASKED[1])
    assert np.array_equal(student.__wrapped__(setting), student.__wrapped__(setting.hard))


def test_the_teacher_reads_most_held_out_digits_and_a_poor_one_far_fewer():
    right = [digit_distillation.accuracy(digit_students.teacher(taught), HELD)[0] for taught in (1000, 20)]
    assert right[0] > 0.92 and right[1] < 0.8


def test_the_student_is_a_tenth_of_its_teacher():
    rng = [np.random.default_rng(0)]
    sizes = [
        digit_distillation.parameters(digit_distillation.begin(rng, hidden))
        for hidden in (digit_distillation.STUDENT, digit_distillation.TEACHER)
    ]
    assert sizes[0] == 64 * 12 + 12 + 12 * 10 + 10 and 0.09 < sizes[0] / sizes[1] < 0.11


def test_with_few_labels_soft_targets_teach_more_than_the_spread_of_seeds_and_answers_on_all_still_more():
    same, everywhere = gain(Setting(labels=100)), gain(Setting(labels=100, asked=ASKED[1]))
    assert same[1] > 2 and everywhere[1] > 5
    more = student(Setting(labels=100, asked=ASKED[1])) - student(Setting(labels=100))
    assert interval(more)[1] > 0


def test_a_poor_teacher_costs_points():
    assert gain(Setting(labels=500, taught=20))[2] < -5


def test_a_student_of_two_hidden_values_stays_far_below_a_teacher_that_answers_on_every_image():
    small = student(Setting(width=2, asked=ASKED[1]))
    assert small.mean() < 0.6


def test_a_student_that_never_saw_a_three_reads_some_only_with_soft_targets():
    soft, hard = dark_knowledge_panel.without(True), dark_knowledge_panel.without(False)
    assert hard.unseen[:, 0].max() == 0
    assert interval(soft.unseen[:, 0])[1] > 0.2
    assert interval(soft.after("unseen"))[1] > 0.7
    assert interval(hard.after("unseen"))[2] < 0.4
    for result in (soft, hard):  # raising the logit trades one kind of error for the other
        assert (np.diff(result.unseen) >= 0).all() and (np.diff(result.seen) <= 0).all()
        assert result.seen.shape == (len(digit_students.SEEDS), len(dark_knowledge_panel.RAISED))


# ---- intervals


@pytest.mark.parametrize("many, quantile", [(6, 2.5706), (10, 2.2622), (16, 2.1314), (31, 2.0423)])
def test_the_interval_uses_the_published_quantiles_of_students_t(many, quantile):
    values = np.random.default_rng(0).standard_normal(many)
    middle, low, high = interval(values)
    assert (high - middle) / (values.std(ddof=1) / np.sqrt(many)) == pytest.approx(quantile, rel=2e-3)
    assert middle - low == pytest.approx(high - middle) and middle == pytest.approx(values.mean())


def test_nineteen_of_twenty_intervals_hold_the_truth():
    drawn = np.random.default_rng(1).standard_normal((2000, 8)) + 3
    held = [low < 3 < high for _, low, high in map(interval, drawn)]
    assert 0.93 < np.mean(held) < 0.97


# ---- bad input


@pytest.mark.parametrize(
    "change, words",
    [
        ({"temperature": 0.0}, "a number above 0"),
        ({"temperature": -1.0}, "a number above 0"),
        ({"share": 1.2}, "choose from 0, labels alone, to 1"),
        ({"labels": 1001}, "from 1 to 1,000"),
        ({"asked": "nothing"}, "choose one of labelled images, all images"),
    ],
)
def test_a_setting_that_cannot_be_trained_says_why(change, words):
    with pytest.raises(ValueError, match=words):
        Setting(**change)


def test_an_empty_transfer_set_and_a_student_of_width_zero_say_why():
    rng, digits = [np.random.default_rng(0)], LEARNT.digits[None]
    with pytest.raises(ValueError, match="the transfer set is empty"):
        digit_distillation.train(rng, [12], np.empty((1, 0), int), digits)
    with pytest.raises(ValueError, match="a whole number from 1"):
        student(Setting(width=0))
    with pytest.raises(ValueError, match="at least six"):
        interval(np.ones(3))


@pytest.mark.parametrize(
    "setting",
    [Setting(8, 0.0, 20, 4, 100, ASKED[1]), Setting(labels=20, width=4, asked=ASKED[1])],
    ids=["nobody asks the teacher", "nobody hears a label"],
)
def test_what_counts_for_nothing_changes_no_student(short, monkeypatch, setting):
    heeded = setting.heeded
    monkeypatch.setattr(Setting, "heeded", property(lambda same: same))
    trained, spared = (student.__wrapped__(one) for one in (setting, heeded))
    assert heeded != setting and np.array_equal(trained, spared)


# ---- pictures


def test_the_panels_texts_can_be_read_along_each_control(short, students_panel, answers_panel):
    check_along_each_control(students_panel)
    check_along_each_control(answers_panel)


def test_a_setting_that_was_visited_is_not_trained_again(students_panel, monkeypatch):
    follow(students_panel, labels=100)
    monkeypatch.setattr(digit_distillation, "train", None)
    follow(students_panel, labels=100)


@pytest.mark.parametrize(
    "where, words",
    [
        ({"teacher": "20 images", "labels": 500}, "it has nothing to teach"),
        ({"width": 2, "asked": ASKED[1]}, "room in the student"),
        ({"temperature": 100}, "nearly even"),
        ({"share": 0}, "both students are the same"),
    ],
)
def test_the_panel_says_what_stands_in_the_way(students_panel, where, words):
    assert words in follow(students_panel, **where)
    check_text(students_panel, where)


def test_the_title_says_what_the_interval_over_seeds_says(students_panel):
    for labels in (20, 1000):
        follow(students_panel, labels=labels)
        low, high = gain(Setting(labels=labels))[1:]
        title = students_panel._artists.finding.get_text()
        assert ("add" in title, "cost" in title) == (low > 0, high < 0)


def test_every_mark_lies_on_the_axis(students_panel):
    for where in ({}, {"width": 2, "labels": 10}, {"teacher": "20 images"}):
        follow(students_panel, **where)
        rows, seeds = students_panel._artists.rows, students_panel._artists.seeds
        for name in digit_panel.ROWS:
            lines = rows.marks[name], rows.ranges[name], seeds[name]
            x = np.concatenate([line.get_xdata() for line in lines])
            assert (x >= digit_panel.FEW[0]).all() and (x <= digit_panel.FEW[1]).all()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_teachers_answers_can_be_read_for_every_digit_and_temperature(answers_panel, data):
    where = anywhere(answers_panel, data)
    said = follow(answers_panel, **where)
    check_text(answers_panel, where)
    dots = answers_panel._artists.meant, answers_panel._artists.others
    heights = [part for line in dots for part in line.get_ydata()]
    assert f"images of a {where['digit']}" in said and sum(heights) == pytest.approx(1, abs=2e-3)


def test_the_picture_of_the_missing_three_says_what_was_found():
    picture = dark_knowledge_panel.never_saw_a_three()
    found = 100 * dark_knowledge_panel.without(True).unseen[:, 0].mean()
    assert f"{found:.1f} %" in picture.sentence and picture.width == 900
