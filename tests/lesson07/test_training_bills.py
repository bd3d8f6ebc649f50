"""Lesson 07's bills: FLOPs by hand and by structure, hours held against published ones, parts that add up."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from freeweights.cost.training_step import gpu_hours, training_flops
from freeweights.evidence import training_hours
from freeweights.facts import catalog
from freeweights.facts.figures import trained
from freeweights.lesson07 import bill_panel, gpt_2_bill, hours_panel, known_runs, who_pays_panel
from freeweights.money import training_bills
from freeweights.money.training_bills import AMORTISED, BOUGHT, RENTED, bill

H100 = "H100 SXM5 80GB"
BASE = {
    "flops": 1e24,
    "device": H100,
    "mfu": 0.4,
    "paid": RENTED,
    "lost": 0.1,
    "runs": 3.0,
    "staff": 0.3,
    "data": 1e6,
}


def test_a_small_dense_model_by_hand():
    """GPT-2 has 12 layers of width 768: each token of 1,024 attends to 512.5 on average, 4 FLOPs a value of width."""
    gpt = fw.model("GPT-2 124M")
    attention = 12 * 4 * 768 * (1024 + 1) / 2
    by_hand = 3 * (2 * gpt.active_parameters + attention)
    assert training_flops(gpt, 1, 1024) == pytest.approx(by_hand, rel=1e-12)


def test_structure_adds_attention_to_6nd_and_experts_that_rest_add_nothing():
    for name, context in (
        ("Llama 3.1 405B", 8192),
        ("DeepSeek-V3", 4096),
        ("GLM-5", 4096),
        ("Llama 2 7B", 4096),
    ):
        model = fw.model(name)
        over = training_flops(model, 1e12, context) / (6e12 * model.active_parameters)
        assert 1 < over < 1.25, name
    v3 = fw.model("DeepSeek-V3")
    assert training_flops(v3, 1, 4096) < 6 * v3.parameters / 10


def test_flops_grow_with_tokens_and_with_context():
    llama, tokens = fw.model("Llama 3.1 8B"), np.array([1.0, 2.0, 1e12])
    found = training_flops(llama, tokens, 4096)
    assert np.allclose(found / tokens, found[0])
    assert training_flops(llama, 1, 8192) > training_flops(llama, 1, 4096) > 6 * llama.active_parameters


@pytest.mark.parametrize(
    "tokens, context", [(0, 4096), (-1, 4096), (1e9, 0), (float("nan"), 4096), (1e9, 10**9)]
)
def test_no_tokens_and_no_context_are_refused_with_words(tokens, context):
    with pytest.raises(ValueError, match="needed|expected|takes at most"):
        training_flops(fw.model("Llama 3.1 8B"), tokens, context)


@pytest.mark.parametrize("mfu", [0, -0.1, 1.5])
def test_a_share_of_the_peak_is_a_share(mfu):
    with pytest.raises(ValueError, match="a share above 0 and at most 1 is expected"):
        gpu_hours(1e20, H100, mfu)


# ---- against published hours


def test_published_runs_are_thirty_and_more_of_many_makers_and_devices():
    runs = training_hours.published()
    assert (
        len(runs) >= 30
        and len({one.maker for one in runs}) >= 10
        and len({one.run.device for one in runs}) >= 6
    )
    assert all(0.03 < one.implied_mfu < 0.6 for one in runs)


def test_hours_of_others_predict_within_what_the_lesson_says():
    ratios = training_hours.errors()
    assert training_hours.typical_factor(ratios) < 1.5
    assert (np.abs(np.log(ratios)) < np.log(2)).mean() > 0.85


def test_a_makers_runs_are_predicted_from_other_makers_alone():
    """By hand: the median of what is left when Meta's are taken out, over what the hours of one of them say."""
    every = training_hours.published()
    place = [one.run.model for one in every].index("Llama 3.1 405B")
    others = np.median([one.implied_mfu for one in every if one.maker != "llama"])
    assert training_hours.errors()[place] == pytest.approx(every[place].implied_mfu / others)


def test_printed_utilisation_lies_above_what_the_hours_come_to():
    """Makers print it for the steps; their hours hold restarts and tests, too."""
    said = [
        (one.implied_mfu, one.run.mfu)
        for one in training_hours.published()
        if one.run.mfu and one.run.structure
    ]
    assert len(said) >= 2 and all(implied < printed for implied, printed in said)


# ---- the bill


def test_a_bill_by_hand():
    """989 TFLOP/s x 0.4 for 1e24 FLOPs; a tenth of the time lost, three times the compute, people 30 % of the whole."""
    hours = 1e24 / (989e12 * 0.4) / 3600
    rent = catalog.device(H100).rental
    compute = 3 * hours * rent / 0.9
    found = bill(**BASE)
    assert found.hours == pytest.approx(hours) and found.total == pytest.approx(compute / 0.7 + 1e6)
    assert list(found.stair.values())[-1] == pytest.approx(found.total)


@pytest.mark.parametrize(
    "more", [{"flops": 2e24}, {"mfu": 0.2}, {"lost": 0.2}, {"runs": 4.0}, {"staff": 0.4}, {"data": 2e6}]
)
def test_a_bill_grows_with_each_part(more):
    assert bill(**BASE | more).total > bill(**BASE).total


def test_a_share_of_life_is_less_than_rent_and_rent_less_than_the_cluster():
    ways = [bill(1e25, H100, 0.4, paid).total for paid in (AMORTISED, RENTED, BOUGHT)]
    assert ways == sorted(ways)


def test_the_three_ways_of_gpt_4_come_near_the_published_ones():
    """Within a factor of two and a half: prices are today's, and of 80 GB cards where there were 40."""
    for paid, row in ((AMORTISED, "amortised"), (RENTED, "rented"), (BOUGHT, "bought")):
        ours = bill(trained("flops-gpt-4").value, "A100 SXM4 80GB", 0.34, paid).total
        assert 0.4 < ours / trained(f"bill-gpt-4-{row}").value < 2.5, paid


def test_deepseeks_headline_is_its_hours_times_two_dollars():
    (v3,) = [one.run for one in training_hours.published() if one.run.model == "DeepSeek-V3"]
    assert (
        trained("bill-deepseek-v3").value == pytest.approx(2 * 2.788e6, rel=1e-3)
        and v3.device_hours == 2.664e6
    )
    assert trained("bill-deepseek-r1").value == pytest.approx(2 * (512 * (198 + 80) + 5000), rel=0.01)


def test_a_budget_pays_a_part_all_or_nothing():
    found = bill(**BASE | {"data": 0.0})
    assert found.reached(found.total / 2) == pytest.approx(0.5) and found.reached(2 * found.total) == 1
    assert bill(**BASE).reached(1e6) == 0, "data comes first"
    cluster = bill(**BASE | {"paid": BOUGHT})
    assert cluster.reached(cluster.total * 0.99) == 0 and cluster.reached(cluster.total) == 1


@pytest.mark.parametrize(
    "wrong", [{"lost": 1.0}, {"staff": 1.2}, {"runs": 0.5}, {"flops": 0}, {"data": -1.0}]
)
def test_a_bill_refuses_what_cannot_be(wrong):
    with pytest.raises(ValueError, match="expected|needed"):
        bill(**BASE | wrong)


def test_a_device_without_a_price_cannot_be_bought():
    with pytest.raises(ValueError, match="choose 'rent'"):
        bill(1e24, "TPU v4", 0.4, BOUGHT)


# ---- budgets


def test_budgets_are_in_dollars_and_rise():
    found = training_bills.budgets()
    assert len(found) == 13 and [one.yearly for one in found] == sorted(one.yearly for one in found)
    euros = trained("budget-jupiter")
    jupiter = next(one for one in found if one.name == euros.subject)
    assert jupiter.dollars == pytest.approx(euros.value * trained("dollars-per-euro").value)
    with pytest.raises(ValueError, match="not in CHF"):
        training_bills.in_dollars(1, "CHF")


def test_who_pays_counts_by_hand_and_serving_grows_with_people():
    panel = who_pays_panel.panel()
    panel.set(bill=1e8, share=50, years=2, partners=3)
    can = sum(one.dollars / one.years * 0.5 * 2 * 3 >= 1e8 for one in training_bills.budgets())
    assert (
        f"{can} of 13 can train it"
        in panel.stage.figure.texts[-1].get_text() + panel._artists.title.get_text()
    )
    assert who_pays_panel.year_of_serving(2e6) > who_pays_panel.year_of_serving(1e6)


# ---- the panels' failure states


def test_the_budget_ends_before_the_tokens_do():
    panel = bill_panel.panel()
    for budget, paid, said in ((1, RENTED, "ends within one GPU-hour"), (1e6, RENTED, "of the tokens"),
                               (1e6, BOUGHT, "buys no such cluster"), (1e12, RENTED, "pays it")):  # fmt: skip
        panel.set(budget=budget, paid=paid)
        assert said in panel._artists.title.get_text()


def test_one_run_costs_from_one_to_twenty_times():
    panel = bill_panel.panel()
    panel.set(runs=1, staff=0)
    few = float(panel._artists.rows.marks["+ data"].get_xdata()[0])
    panel.set(runs=20, staff=30)
    assert 20 < float(panel._artists.rows.marks["+ data"].get_xdata()[0]) / few < 30


def test_the_hours_panel_names_the_run_that_is_looked_at():
    panel = hours_panel.panel()
    panel.set(run="Llama 3.2 1B")
    assert "larger teachers" in panel.sentence and "Llama 3.2 1B" in panel.sentence


def test_one_parameter_and_one_token_have_a_bill_and_none_has_not():
    assert known_runs.by_rule(1, 1) == 6
    with pytest.raises(ValueError, match="active parameters is 0"):
        known_runs.by_rule(0, 1e12)


def test_gpt_2s_fall_is_the_product_of_its_parts():
    """43,008 dollars by hand: 32 chips x 168 hours x 8; against 16 hours x 3."""
    assert np.prod(list(gpt_2_bill.factors().values())) == pytest.approx(32 * 168 * 8 / (16 * 3))
    assert sum(gpt_2_bill.shares().values()) == pytest.approx(1)
