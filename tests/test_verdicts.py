"""The course's verdicts: every claim that a written lesson settles has one, and its numbers recompute."""

from __future__ import annotations

import functools
import re

import freeweights as fw
import pytest
from freeweights import catalog, lesson, live, verdicts
from freeweights import quantities as q
from panels import NOTEBOOKS

GLM, MAC = fw.model("GLM-5.2"), fw.machine("Apple M3 Ultra 512GB")
NODE = fw.machine("H200 SXM 141GB", count=8)


@pytest.mark.parametrize("times", [1, 10, 100])
def test_users_for_gives_the_first_number_that_reaches_the_speed(times):
    users = verdicts.users_for(times, GLM, NODE, "FP8", MAC, "4.5 bits")
    wanted = times * fw.decode(GLM, MAC, 4096, 1, "4.5 bits").tokens_per_second
    speed = functools.partial(fw.decode, GLM, NODE, 4096, weights="FP8")
    assert speed(batch=users).tokens_per_second >= wanted
    assert users == 1 or speed(batch=users - 1).tokens_per_second < wanted


def test_users_for_says_what_is_out_of_reach():
    with pytest.raises(ValueError, match=r"writes at most .* is out of its reach"):
        verdicts.users_for(1e6, GLM, NODE, "FP8", MAC, "4.5 bits")


@pytest.mark.parametrize("claim", verdicts.SETTLED)
def test_a_settled_claim_has_a_verdict_and_a_reason_with_numbers(claim):
    text, verdict, because = verdicts.settled(claim)
    assert text == catalog.claim(claim).claim and verdict in lesson.VERDICTS
    assert re.search(r"\d", because) and not live.NO_NUMBER.search(because)


def test_the_lessons_ask_for_a_verdict_on_every_settled_claim_and_no_other():
    pages = "".join(path.read_text(encoding="utf-8") for path in NOTEBOOKS.glob("*.ipynb"))
    assert set(re.findall(r'lesson\.verdict\(\\"([\w-]+)\\"', pages)) == set(verdicts.SETTLED)


def test_a_claim_of_a_later_lesson_or_no_claim_at_all_is_said_to_be_so():
    with pytest.raises(fw.UnknownName, match="lesson 10, which is not written yet"):
        verdicts.settled("open-washing")
    with pytest.raises(fw.UnknownName, match="Did you mean 'cold-load'"):
        verdicts.settled("cold-loud")


def test_the_numbers_of_the_verdicts_recompute():
    because = {claim: verdicts.settled(claim)[2] for claim in verdicts.SETTLED}
    for disk in ("NVMe SSD PCIe 4.0 x4", "SATA SSD", "HDD 7200 rpm enterprise"):
        assert q.duration(fw.cold_load(GLM, disk=disk, weights="FP8").seconds) in because["cold-load"]
    crawls = because["desktop-fits-but-crawls"]
    for machine, bits in ((MAC, "4.5 bits"), (NODE, "FP8")):
        assert f"{fw.slots(GLM, machine, 32_768, bits).expected:.0f}" in crawls
        speed = fw.decode(GLM, machine, 4096, 1, bits).tokens_per_second
        assert q.speed(speed) in because["weights-are-not-intelligence"]
    faster = [
        work(GLM, NODE, 4096, 1, "FP8").tokens_per_second
        / work(GLM, MAC, 4096, 1, "4.5 bits").tokens_per_second
        for work in (fw.prefill, fw.decode)
    ]
    assert all(q.times(ratio) in crawls for ratio in faster)
    local = fw.decode(fw.model("Gemma 3 27B"), fw.machine("GeForce RTX 4090"), 4096, 1, "Q4_K_M")
    assert q.speed(local.tokens_per_second) in because["local-is-good-enough"]
    assert q.count(fw.model("gpt-oss-120b").parameters) in because["small-fry"]
