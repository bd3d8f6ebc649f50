"""What the teaching guide says that a room should notice at a panel, held to the library."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from freeweights.cost import energy, prefix_cache, weight_storage
from freeweights.evidence import progress, scaling_published
from freeweights.facts import figures
from freeweights.lesson03 import moe_against_dense as versus
from freeweights.lesson04 import long_context
from freeweights.lesson05 import distillation_bill as costs
from freeweights.lesson05 import published_students
from freeweights.lesson06 import agent_task, good_enough_panel, paired_test
from freeweights.lesson07 import known_runs, tenfold_panel, who_pays_panel
from freeweights.lesson08 import claims as lesson08_claims
from freeweights.lesson08 import liars_panel
from freeweights.lesson10 import licences, may_i_panel, schemes
from freeweights.models import routing
from freeweights.models.experts import expected_distinct_experts_given
from freeweights.money import (
    glm_host,
    hardware_trends,
    host_prices,
    market,
    open_closed_switch,
    token_capital,
)
from freeweights.money.deepseek_account import published_account
from freeweights.money.market_accounts import OWN
from freeweights.money.market_accounts import costs as costs_of_serving
from guide import guide_of, part
from saved import LESSONS

MAC, NODE = fw.machine("Apple M3 Ultra 512GB"), fw.machine("H200 SXM 141GB", count=8)
LLAMA, GLM = fw.model("Llama 3.1 70B"), fw.model("GLM-5.2")


def writes(where, users: int, weights: str = "FP8", what=LLAMA):
    """The step of some users with 1,024 tokens each."""
    return fw.decode(what, where, context=1024, batch=users, weights=weights)


def gain(where, weights: str) -> float:
    """How many times as much a machine writes for a hundred users as for one."""
    crowd, alone = (writes(where, users, weights, GLM).tokens_per_second for users in (100, 1))
    return crowd / alone


def smaller_file() -> bool:
    """Whether the desktop's file is the smaller one, as the panel of lesson 01 starts."""
    return weight_storage.weight_bytes(GLM, "Q4_K_M") < weight_storage.weight_bytes(GLM, "FP8")


def sixteen_are_slower() -> bool:
    """Whether sixteen devices over a slow link write more slowly than one."""
    many = fw.machine(NODE.device.name, 16, link="10 GbE")
    return writes(many, 4).seconds > writes(fw.machine(NODE.device.name), 4).seconds


def energy_turns() -> bool:
    """Whether a token costs the desktop fewer joules for one user, and the node fewer for a crowd."""
    return node_over_desktop(1) > 1 > node_over_desktop(512)


def node_over_desktop(users: int) -> float:
    """Joules of a token on the node over those on the desktop."""
    return energy.joules(NODE, writes(NODE, users)) / energy.joules(MAC, writes(MAC, users, "Q4_K_M"))


def bandwidth_comes_last() -> bool:
    """Whether on the trend the node's memory is matched first and its bandwidth last."""
    years = {}
    for name, (_, _, amount) in hardware_trends.QUANTITIES.items():
        line = hardware_trends.trend(name)
        years[name] = np.log(amount(NODE) / MAC.device.price / line.at(hardware_trends.today())) / line.slope
    return sorted(years, key=years.get) == ["memory", "arithmetic", "memory bandwidth"]


def favourites_touch_fewer() -> bool:
    """Whether a batch touches fewer experts if the router has favourites."""
    liked, alike = (
        expected_distinct_experts_given(routing.selection_probabilities(256, 8, zipf_exponent), 32)
        for zipf_exponent in (1.5, 0)
    )
    return liked < alike


def misses_outweigh_hits() -> bool:
    """Whether one turn in ten without its prefix takes longer than all the others together."""
    sent = prefix_cache.prompts(first=12_000, added=2000, turns=40)
    seconds = {hits: prefix_cache.seconds_read(GLM, NODE, "FP8", sent, hits).sum() for hits in (0.9, 1)}
    return seconds[0.9] - 0.9 * seconds[1] > 0.9 * seconds[1]


def attention_of_r1_is_dearest() -> bool:
    """Whether R1's latents are small to keep and cost the most arithmetic of two."""
    r1, dense = fw.model("DeepSeek-R1"), fw.model("Llama 3.1 405B")
    flops = [long_context.attention_flops(one, 131_072) for one in (r1, dense)]
    return r1.cache_bytes(131_072) < dense.cache_bytes(131_072) and flops[0] > flops[1]


def answers_outgrow_all() -> bool:
    """Whether very many dear answers cost more than everything else on the bill."""
    bill = costs.bill(costs.Plan(published_students.SAME_BASE, samples=100_000_000, price=100.0))
    return bill.answers > bill.scratch + bill.teacher + bill.training


def serving_wants_smaller_models() -> bool:
    """Whether a model that serves a hundred times more should be smaller, and trained on more tokens."""
    scaling, flops = scaling_published.law(scaling_published.REFIT), 3.8e25
    loss = scaling.least_loss(flops)
    sizes = [scaling_published.best_size(scaling, loss, served) for served in (1e14, 1e16)]
    tokens = [scaling_published.tokens_needed(scaling, loss, size) for size in sizes]
    return sizes[1] < sizes[0] and tokens[1] > tokens[0]


def later_steps_buy_less() -> bool:
    """Whether ten times the money buys less from ten billion on than from ten million."""
    first, later = (tenfold_panel.gains(tenfold_panel.WEB, money, 0.4)["loss"][0] for money in (1e7, 1e10))
    return later < first


def the_race_began_fast() -> bool:
    """Whether the speed run halved faster in its first eight months than in all."""
    when, minutes = progress.records()
    early = when - when[0] <= 8
    return progress.halving(when[early], minutes[early]).high < progress.halving(when, minutes).low


def small_budgets_agree_more() -> bool:
    """Whether published laws differ by a smaller factor at a small budget than at a large one."""
    spread = [
        np.ptp(np.log([split(flops)[0] for split in scaling_published.allocations().values()]))
        for flops in (1e18, 3.8e25)
    ]
    return spread[0] < spread[1]


def long_texts_raise_the_full_node_most() -> bool:
    """Whether long texts raise the cost of a full node most of all ways, and leave it fewer users."""
    short, long = (glm_host.ways("8 x H200 141GB", "by the hour", length, 4) for length in (4096, 65_536))
    rises = {name: long[name].at_best / one.at_best for name, one in short.items()}
    return max(rises, key=rises.get) == "full" and long["full"].users < short["full"].users


def hosts_of_lesson_09(number: int = 20, fixed: float = 500_000, **how) -> market.Outcome:
    """The market of lesson 09 as its panel starts."""
    return market.market(market.published_demand(), [costs_of_serving()[OWN]] * number, fixed, **how)


def marginal_cost_is_asked() -> bool:
    """Whether two hosts that undercut each other ask the cost of a token and lose their fixed costs."""
    war = hosts_of_lesson_09(2, rule="Bertrand")
    return war.price == costs_of_serving()[OWN] and np.allclose(war.profits, -500_000)


def both_bear_the_share() -> bool:
    """Whether a share for the lab raises the price, by less than the share, and lowers what hosts keep."""
    free, paying = hosts_of_lesson_09(), hosts_of_lesson_09(share=0.2)
    risen = paying.price - free.price
    return 0 < risen < 0.2 * paying.price and paying.profits.sum() < free.profits.sum()


def damage_outweighs_tokens() -> bool:
    """Whether unnoticed bad answers cost more than the tokens of both models, if half of them are noticed."""
    cheap, dear = (open_closed_switch.task_price(name) for name in ("GLM-5.2", "GPT-5.5"))
    bad = 1 - figures.figure("open-score").value / 100
    return bad * 0.5 * 0.5 > cheap + bad * 0.5 * dear


def blocs_are_far_above() -> bool:
    """Whether the index is below its line by companies, and more than twice as high as it by blocs."""
    firms, blocs = (token_capital.index(owned()) for owned in (token_capital.companies, token_capital.blocs))
    return firms < market.CONCENTRATED < blocs / 2


def below_a_full_machine() -> bool:
    """Whether dozens of hosts are listed, and some ask less than a full machine is predicted to cost."""
    found = [(host_prices.asked(name), host_prices.predicted(name)) for name in host_prices.models()]
    entered = sum(len(prices.hosts) for prices, _ in found)
    return entered > 24 and sum(prices.hosts[0] < serving.full for prices, serving in found) > 1


def most_copy_the_lab() -> bool:
    """Whether most hosts of models that a lab sells ask what it asks or first asked."""
    beside = [one for one in map(host_prices.asked, host_prices.models()) if one.lab is not None]
    copied = sum(len(one.hosts) * (one.at(one.lab) + (one.at(one.first) or 0)) for one in beside)
    return copied > sum(len(one.hosts) for one in beside) / 2


def dropped_caches_hurt_the_desktop_most() -> bool:
    """Whether a dropped cache makes the desktop's task longer by a larger factor than the node's."""
    task = agent_task.usual()

    def longer(machine, weights: str) -> float:
        again, kept = (
            agent_task.on_machine(GLM, machine, weights, one) for one in (agent_task.dropped(task), task)
        )
        return again.seconds / kept.seconds

    return longer(MAC, "4.5 bits") > longer(NODE, "FP8")


def halves_take_four_times_as_many() -> bool:
    """Whether half of a difference takes about four times the tasks, at the panel's disagreement."""
    whole, half = (paired_test.tasks_needed(points, 0.12) for points in (0.03, 0.015))
    return 3 < half / whole < 5


def only_copyleft_minds() -> bool:
    """Whether keeping changes closed is refused by copyleft and by no licence that the catalogue carries and that was read."""
    case = licences.Case(changes=True, closed=True)
    refuse = {
        one for one in licences.answers() if licences.found(case, one, "keep closed").says == licences.NO
    }
    return {*licences.COPYLEFT} <= refuse and not refuse & set(may_i_panel.carried())


def agents_give_up_most() -> bool:
    """Whether the best desktop model loses most points to the best of all in agentic coding."""
    lost = {what: good_enough_panel.behind(what) for what in good_enough_panel.BENCHMARKS}
    return max(lost, key=lost.get) == "agentic coding"


@pytest.mark.parametrize(("number", "words", "holds"), [
    ("00", "the crowd gains far more than the one user", lambda: gain(NODE, "Q4_K_M") > 10),
    ("01", "its file is smaller", smaller_file),
    ("02", "Memory first, bandwidth last", bandwidth_comes_last),
    ("02", "The desktop for one, the node for a crowd", energy_turns),
    ("02", "Slower than one device", sixteen_are_slower),
    ("03", "Fewer: the formula", favourites_touch_fewer),
    ("03", "The dense one, barely", lambda: 1 < versus.time_ratio(NODE, 512, 128) < 1.5),
    ("04", "The few misses cost more than all hits together", misses_outweigh_hits),
    ("04", "small to keep and dear to use", attention_of_r1_is_dearest),
    ("05", "The answers outgrow every other bill", answers_outgrow_all),
    ("06", "The desktop: reading is what it does slowly", dropped_caches_hurt_the_desktop_most),
    ("06", "Roughly four times as many", halves_take_four_times_as_many),
    ("06", "The agent's work", agents_give_up_most),
    ("07", "Smaller, and trained for longer", serving_wants_smaller_models),
    ("07", "Less than the same step bought before", later_steps_buy_less),
    ("07", "Faster: easy gains come first", the_race_began_fast),
    ("07", "Serving, by far", lambda: who_pays_panel.year_of_serving(1e9) > 10 * known_runs.whole_bill(known_runs.V3)[1]),
    ("07", "They come closer", small_budgets_agree_more),
    ("08", "Centuries", lambda: lesson08_claims.homes(0.0).years > 100),
    ("08", "It costs next to nothing", lambda: liars_panel.curve("mean", "none", "even", 0)[1][-1] - liars_panel.curve("Krum", "none", "even", 3)[1][-1] < 0.03),
    ("09", "The full node's: fewer users have room", long_texts_raise_the_full_node_most),
    ("09", "Marginal cost; fixed costs stay unpaid", marginal_cost_is_asked),
    ("09", "Customers and hosts: dearer tokens, less kept", both_bear_the_share),
    ("09", "The assumed damage, not tokens", damage_outweighs_tokens),
    ("09", "Far above the line", blocs_are_far_above),
    ("10", "Nearly everything turns, and no cell has", lambda: len(schemes.models(schemes.WEIGHTS)) > 5 * len(schemes.models("OSAID 1.0"))),
    ("10", "The two copyleft rows, and nobody above them", only_copyleft_minds),
])  # fmt: skip
def test_what_the_room_should_notice_is_so(number, words, holds):
    (path,) = (path for path in LESSONS if path.stem.startswith(number))
    assert words in part(guide_of(path).read_text(encoding="utf-8"), "Ask before the slider")
    assert holds()


@pytest.mark.parametrize(("number", "words", "holds"), [
    ("09", "some ask less than we predict a full machine to cost", below_a_full_machine),
    ("09", "most copy a lab's price", most_copy_the_lab),
    ("09", "as DeepSeek says it does, keeps most of each dollar", lambda: published_account().margin > 0.5),
])  # fmt: skip
def test_what_each_side_brings_forward_is_so(number, words, holds):
    (path,) = (path for path in LESSONS if path.stem.startswith(number))
    said = part(guide_of(path).read_text(encoding="utf-8"), "Questions without an answer")
    assert words in " ".join(said.split())
    assert holds()
