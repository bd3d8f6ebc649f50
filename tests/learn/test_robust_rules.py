"""Rules against liars, each by a second way; attacks; and the table that trains them side by side."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from freeweights.learn import liars, robust_rules
from freeweights.learn.robust_rules import ATTACKS, RULES
from freeweights.lesson08 import liars_picture
from freeweights.page.style import blank
from hypothesis import given
from hypothesis import strategies as st

seeds = st.integers(0, 10_000)


def sent(seed: int, workers: int = 9, weights: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(workers, weights))


@given(seed=seeds, few=st.integers(0, 3))
def test_krum_is_who_is_nearest_to_its_best_company_by_brute_force(seed, few):
    given_ = sent(seed)
    company = len(given_) - few - 2

    def strange(one: int) -> float:
        others = [other for other in range(len(given_)) if other != one]
        return min(
            sum(((given_[one] - given_[other]) ** 2).sum() for other in chosen)
            for chosen in itertools.combinations(others, company)
        )

    nearest = min(range(len(given_)), key=strange)
    assert np.allclose(robust_rules.krum(given_, few), given_[nearest])
    kept = sorted(range(len(given_)), key=strange)[: len(given_) - few]
    assert np.allclose(robust_rules.multi_krum(given_, few), given_[kept].mean(axis=0))


@given(seed=seeds, few=st.integers(0, 4))
def test_a_trimmed_mean_is_the_mean_of_the_sorted_middle(seed, few):
    given_ = sent(seed)
    middle = np.sort(given_, axis=0)[few : len(given_) - few]
    assert np.allclose(robust_rules.trimmed_mean(given_, few), middle.mean(axis=0))
    assert np.allclose(robust_rules.trimmed_mean(given_, 4), robust_rules.median(given_, 4))


@pytest.mark.parametrize("rule", RULES)
@given(seed=seeds)
def test_whoever_agrees_is_believed_and_order_does_not_matter(rule, seed):
    one = sent(seed, workers=1)
    far = {"clipping": one[0]}  # it moves from where it was, and stays there
    assert np.allclose(RULES[rule](np.repeat(one, 8, axis=0), 2, far.get(rule)), one[0])
    given_ = sent(seed)
    shuffled = np.random.default_rng(seed).permutation(given_)
    assert np.allclose(RULES[rule](given_, 2, None), RULES[rule](shuffled, 2, None))


@pytest.mark.parametrize("rule", RULES)
def test_cases_side_by_side_are_each_as_alone(rule):
    many = np.stack([sent(seed) for seed in range(5)])
    assert np.allclose(RULES[rule](many, 2, None), [RULES[rule](one, 2, None) for one in many])


@given(seed=seeds)
def test_clipping_lets_nobody_pull_further_than_its_radius(seed):
    honest = np.zeros((10, 4))
    honest[-1] = 1e6 * sent(seed, 1)[0]
    pulled = np.linalg.norm(robust_rules.clipping(honest, 1, np.zeros(4)))
    assert pulled <= robust_rules.ROUNDS * robust_rules.RADIUS / 10 * 1.01


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_changes_what_liars_send_and_nothing_else(attack):
    honest = sent(3)
    told = ATTACKS[attack](honest, 2)
    assert np.array_equal(told[:-2], honest[:-2])
    lies = not np.array_equal(told[-2:], honest[-2:])
    assert lies == (attack not in ("none", robust_rules.FLIPPED_LABELS))


def test_a_little_stays_within_the_spread_of_the_honest():
    honest = sent(4, workers=10)
    told = robust_rules.a_little_is_enough(honest, 3)[-1]
    # seven honest and three liars need three supporters for a majority of six: the quantile of 4/7 is 0.18 deviations
    assert np.allclose((honest[:7].mean(0) - told) / honest[:7].std(0), 0.18, atol=0.01)


@pytest.mark.parametrize("rule, workers, few, words", [
    ("Krum", 10, 4, "it stands 3 at most"), ("trimmed mean", 10, 5, "it stands 4 at most"), ("mean", 1, 0, "nothing to combine"),
    ("mean", 10, -1, "a whole number from 0"), ("mean", 10, 0.5, "a whole number from 0"),
])  # fmt: skip
def test_more_liars_than_a_rule_allows_are_refused_in_words(rule, workers, few, words):
    with pytest.raises(ValueError, match=words):
        robust_rules.check_liars(rule, workers, few)


# ---- trained
def test_gradients_are_those_of_finite_differences():
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(2, liars.PIXELS + 1, liars.DIGITS))
    ink = rng.random((3, 5, liars.PIXELS + 1))
    labels = np.eye(liars.DIGITS)[rng.integers(0, liars.DIGITS, (3, 5, 2))]

    def loss(moved: np.ndarray) -> float:
        logits = ink[1] @ moved
        logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
        return -(labels[1, :, 0] * logits).sum(-1).mean()

    found = liars.gradients(weights, ink, labels)[0, 1].reshape(liars.PIXELS + 1, liars.DIGITS)
    for place in ((0, 0), (7, 3), (64, 9)):
        up, down = weights[0].copy(), weights[0].copy()
        up[place] += 1e-5
        down[place] -= 1e-5
        assert found[place] == pytest.approx((loss(up) - loss(down)) / 2e-5, rel=1e-4, abs=1e-9)


def test_a_case_ends_the_same_alone_and_in_company_and_again():
    one, other = liars.Case("Krum", "flip", "uneven"), liars.Case("mean", "none", "uneven")
    alone = liars.train([one], steps=20, marks=2)
    both = liars.train([other, one], steps=20, marks=2)
    assert np.allclose(alone.accuracy[0], both.accuracy[1], atol=0.005)
    assert np.array_equal(alone.accuracy, liars.train([one], steps=20, marks=2).accuracy)


@pytest.mark.parametrize("shards", liars.SHARDS)
def test_every_image_is_dealt_once(shards):
    assert sorted(liars.shard(shards, 1).ravel()) == list(range(liars.LEARNT))


def test_an_interrupted_table_is_not_kept_and_its_picture_says_so(monkeypatch):
    def stopped(cases, steps, marks, tell):
        return liars.Trained(tuple(cases), np.array([steps]), np.full((len(cases), 1), np.nan))

    monkeypatch.setattr(liars, "train", stopped)
    found = liars.table(steps=7)
    assert 7 not in liars._complete
    figure = blank((9, 5.6))
    assert "run the cell again" in liars_picture.draw(figure, found)


def test_what_a_good_guess_gets_wrong():
    trained = liars.train(
        [liars.Case(*case) for case in (("mean", "none", "uneven"), ("Krum", "none", "uneven"), ("median", "none", "uneven"),
                                        ("mean", "loud flip", "even"), ("median", "loud flip", "even"))],
        steps=120, marks=1,
    ).ends  # fmt: skip
    mean, krum, median, loud, stands = trained.values()
    assert krum < median < mean and krum < 0.6 < 0.85 < mean  # nobody lies, and the defence is the harm
    assert loud < 0.3 < 0.8 < stands  # alike shards: a defence it is


@pytest.mark.parametrize("wrong, words", [
    ({"rule": "vote"}, "rule is 'vote': choose one of"), ({"attack": "bribe"}, "attack is"), ({"shards": "odd"}, "shards is"),
    ({"liars": 4}, "it stands 3 at most"),
])  # fmt: skip
def test_a_case_that_cannot_be_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        liars.Case(**{"rule": "Krum", "attack": "none"} | wrong)
    with pytest.raises(ValueError, match="at least one of each"):
        liars.train([])
