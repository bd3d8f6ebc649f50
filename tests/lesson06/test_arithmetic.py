"""Lesson 06's arithmetic against hands, simulations and second ways; its bad input; its published tables."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import pytest
from freeweights.facts import catalog
from freeweights.facts.records_practice import PhoneFigure, Score, Speculated
from freeweights.lesson06 import (
    agent_task,
    guesses,
    paired_test,
    phone_panel,
    samples,
    two_widths,
    usefulness,
)
from freeweights.lesson06.agent_task import Task
from freeweights.lesson06.samples import Answers, CoverageLaw
from freeweights.models.speculation import acceptance_of
from freeweights.models.transformer import Model
from real_weights import model, smollm_path  # noqa: F401, fixtures

# ---- guesses


def test_published_gains_are_predicted_within_what_the_lesson_promises():
    off = guesses.accuracy()
    assert off.rows > 60
    assert off.median <= 1.15 and off.ninth <= 1.5 and off.called >= 0.85


def test_no_broken_run_and_no_first_row_of_a_fitted_series_is_compared():
    assert not [row for row in catalog.table(Speculated) if "defect" in row.remark and row.usable]
    fitted = [row for row in guesses.published() if row.method == "draft model"]
    assert fitted and min(row.batch for row in fitted) > 1


def test_the_geometric_law_overrates_long_chains_of_recorded_guesses():
    """Acceptance read off one guess, turned into a chain of eight, against what was recorded of eight."""
    lengths = guesses.accepted_lengths()
    one, eight = (lengths["EAGLE-3", "GSM8K", k] for k in (1, 8))
    a = acceptance_of(one, 1)
    assert sum(a**k for k in range(9)) > eight > one


# ---- samples


def test_coverage_equals_the_share_of_all_subsets_that_hold_a_right_answer():
    correct = np.array([[1, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]], bool)
    for k in range(1, 6):
        subsets = list(itertools.combinations(range(5), k))
        counted = np.mean([[row[list(one)].any() for one in subsets] for row in correct])
        assert samples.coverage(correct, k) == pytest.approx(counted)
    for k in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            samples.coverage(correct, k)


def test_a_majority_of_one_sample_is_a_sample_and_of_all_is_the_most_frequent():
    answers = Answers(["4"], [["4", "5", "4", "6"]], ["4"])
    assert samples.majority(answers, 4) == 1.0
    assert samples.majority(answers, 1, rounds=2000) == pytest.approx(0.5, abs=0.05)


def test_the_law_is_found_again_and_is_not_made_of_one_point():
    law, k = CoverageLaw(-2.0, -0.4), np.array([1, 2, 4, 8])
    found = samples.fit(k, law.at(k))
    assert (found.a, found.b) == pytest.approx((law.a, law.b))
    assert samples.fit([1, 2], [0.0, 1.0]) is None
    assert samples.fit([1], [0.5]) is None


def test_draws_follow_the_softmax_and_the_likeliest_is_taken_at_zero():
    logits = np.tile(np.log(np.array([0.1, 0.6, 0.3], np.float32)), (40_000, 1))
    drawn = samples.draw(logits, 1.0, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn) / len(drawn), [0.1, 0.6, 0.3], atol=0.01)
    assert set(samples.draw(logits, 0.0, np.random.default_rng(0))) == {1}
    with pytest.raises(ValueError, match="temperature is -1"):
        samples.draw(logits, -1, np.random.default_rng(0))


def test_the_model_adds_alike_alone_and_in_company(model):  # noqa: F811
    pairs, random = [(2, 3), (4, 1)], np.random.default_rng(0)
    together = samples.answer_many(model, pairs, 2, 0.0, random)
    assert together == [[row[0]] * 2 for row in together]
    assert [samples.answer_many(model, [pair], 1, 0.0, random)[0][0] for pair in pairs] == [
        row[0] for row in together
    ]


# ---- ranks


def test_rank_correlation_equals_the_formula_of_squared_differences():
    random = np.random.default_rng(0)
    for n in (5, 12, 30):
        x, y = random.permutation(n), random.permutation(n)
        by_hand = 1 - 6 * ((x - y) ** 2).sum() / (n * (n**2 - 1))
        found = usefulness.rank_correlation(x, y)
        assert found.rho == pytest.approx(by_hand) and found.low <= found.rho <= found.high


def test_the_interval_holds_what_it_should_in_most_simulations():
    random, kept, rho = np.random.default_rng(1), 0, 0.5
    for _ in range(300):
        x = random.normal(size=24)
        y = rho * x + np.sqrt(1 - rho**2) * random.normal(size=24)
        found = usefulness.rank_correlation(x, y)
        kept += found.low <= 6 / np.pi * np.arcsin(rho / 2) <= found.high  # Spearman's rho of the normal law
    assert 0.91 <= kept / 300 <= 0.98


def test_equal_scores_and_too_few_models_have_no_correlation():
    assert usefulness.rank_correlation([3, 3, 3, 3, 3], [1, 2, 3, 4, 5]).rho is None
    assert usefulness.rank_correlation([1, 2, 3], [1, 2, 3]).rho is None
    with pytest.raises(ValueError, match="one value of each"):
        usefulness.rank_correlation([1, 2], [1])


def test_broken_runs_stand_in_no_column():
    broken = {row.key for row in catalog.table(Score) if not row.usable and row.benchmark.startswith("GAIA")}
    assert broken and not broken & usefulness.column("GAIA (OpenHands)").keys()


# ---- pairs of models


def test_mcnemar_by_hand_and_at_its_ends():
    assert paired_test.mcnemar(9, 1) == pytest.approx(2 * (comb(10, 0) + comb(10, 1)) / 2**10)
    assert paired_test.mcnemar(5, 5) == 1.0 and paired_test.mcnemar(0, 0) == 1.0
    with pytest.raises(ValueError, match="0 or more"):
        paired_test.mcnemar(-1, 2)


def test_recorded_pairs_recompute_to_the_published_p():
    pairs = paired_test.recorded_pairs()
    assert len(pairs) > 10
    for one in pairs:
        assert one.p == pytest.approx(one.published, abs=1e-4), one.names


def test_power_equals_a_simulation():
    random, tasks, difference, apart = np.random.default_rng(2), 120, 0.12, 0.25
    better = (apart + difference) / 2
    found = random.multinomial(tasks, [better, apart - better, 1 - apart], 4000)
    hits = np.mean([paired_test.mcnemar(a, b) <= paired_test.LEVEL for a, b, _ in found])
    assert paired_test.power(tasks, difference, apart) == pytest.approx(hits, abs=0.03)


def test_power_at_its_ends():
    assert paired_test.power(1, 1.0, 1.0) == 0.0  # one task can never tell
    assert paired_test.power(500, 0.0, 0.0) == 0.0
    assert paired_test.power(6, 1.0, 1.0) == 1.0
    assert paired_test.power(500, 0.0, 0.2) <= paired_test.LEVEL
    assert paired_test.tasks_needed(0.0, 0.2) is None
    for bad in ((0, 0.1, 0.2), (1.5, 0.1, 0.2), (10, 0.3, 0.2), (10, -0.1, 0.2)):
        with pytest.raises(ValueError):
            paired_test.power(*bad)


def test_tasks_needed_are_the_first_that_are_enough():
    need = paired_test.tasks_needed(0.05, 0.14)
    assert paired_test.power(need, 0.05, 0.14) >= paired_test.SURE
    assert paired_test.power(int(0.95 * need), 0.05, 0.14) < paired_test.SURE


def test_likelihoods_read_together_equal_those_read_alone(model):  # noqa: F811
    starts, endings = ["The sky is", "One two three four"], ["blue today.", "five"]
    together = two_widths.likelihoods(model, starts, endings)
    alone = [two_widths.likelihoods(model, [a], [b])[0] for a, b in zip(starts, endings)]
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert two_widths.likelihoods(model, [starts[1]], ["piano"])[0] < together[1]


# ---- an agent, a phone


def test_a_task_by_hand():
    task = Task(turns=3, first=100, added=10, written=5, kept=1.0)
    tokens = task.tokens()
    assert (tokens.input, tokens.cached, tokens.output) == (330 - 210, 210, 15)
    nothing = agent_task.dropped(task).tokens()
    assert (nothing.input, nothing.cached) == (330, 0)


def test_phones_reach_their_published_ends():
    for run in phone_panel.sustained().values():
        assert run.at(0) == run.burst and run.at(1e6) == pytest.approx(run.later)
        assert run.at(run.quarter_lost) == pytest.approx(0.75 * run.burst)
        seconds = np.linspace(0, 600, 6001)
        assert phone_panel.talked_in(run, 600) == pytest.approx(
            np.trapezoid(run.at(seconds), seconds), rel=1e-4
        )


def test_the_reasoners_files_are_near_what_their_weights_take():
    for name in phone_panel.REASONERS:
        assert 0.9 < phone_panel.stored(name) / (Model.named(name).parameters * 4.25 / 8) < 1.2
    assert any(
        row.grade == "C" for row in catalog.table(PhoneFigure)
    )  # shown where asked for, never settled with
