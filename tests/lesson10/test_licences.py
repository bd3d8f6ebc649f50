"""May I?: clauses by hand, unread as unread, a country in no table, and copyleft."""

from __future__ import annotations

import pytest
from freeweights.lesson10 import licences, may_i_panel
from freeweights.lesson10.licences import DUTY, NO, UNASKED, UNREAD, YES, Case, allowed, found, verdict


@pytest.mark.parametrize(
    "case, licence, what, says, clause",
    [
        (Case(users=6e8), "Llama 3.1 Community", "size", YES, "2"),
        (Case(users=8e8), "Llama 3.1 Community", "size", NO, "2"),
        (Case(users=2e8), "Qwen License", "size", NO, "4"),
        (Case(users=2e8), "Modified MIT (Kimi K2)", "size", DUTY, "final paragraph"),
        (Case(revenue=3e8), "Modified MIT (Kimi K2)", "size", DUTY, "final paragraph"),
        (Case(revenue=1e8), "Modified MIT (Kimi K2)", "size", YES, "final paragraph"),
        (Case(distils=True), "Llama 2 Community", "distil", NO, "1.b.v"),
        (Case(distils=True), "Llama 3.1 Community", "distil", DUTY, "1.b.i"),
        (Case(distils=True), "MIT", "distil", YES, ""),
        (Case(country="France"), "openPangu Model License 1.0", "country", NO, "3"),
        (Case(country="China"), "openPangu Model License 1.0", "country", YES, "3"),
        (Case(country="France"), "Llama 4 Community", "country", NO, "AUP, last paragraph"),
        (Case(country="France"), "Llama 3.2 Community", "country", YES, "AUP"),  # its text-only models
        (Case(country="South Korea"), "Tencent Hunyuan (A13B)", "country", NO, "header; 1.l; 5.c"),
        (Case(), "EXAONE 1.2-NC", "sell", NO, "3.1"),
        (Case(sells=False), "EXAONE 1.2-NC", "sell", UNASKED, ""),
        (Case(closed=True), "GPL-3.0", "keep closed", NO, "5(c); 10"),
        (Case(closed=False), "GPL-3.0", "keep closed", UNASKED, ""),
        (Case(closed=True, changes=False), "GPL-3.0", "keep closed", UNASKED, ""),
        (Case(closed=True), "Apache-2.0", "keep closed", YES, "4"),
    ],
)
def test_a_licence_answers_by_its_clause(case, licence, what, says, clause):
    one = found(case, licence, what)
    assert one.says == says and (one.clause == clause or one.says == UNASKED)


def test_a_licence_that_nobody_read_is_unread_and_allows_no_model():
    case = Case(sells=False, changes=False)
    for licence in ("Qwen Research License", "Grok 2 / xAI Community License", "a licence of tomorrow"):
        assert verdict(case, licence) == UNREAD
    assert allowed(case)["Qwen2.5-3B"] == allowed(case)["Grok-2"] == UNREAD
    assert allowed(case)["Apertus 8B"] == UNREAD  # Apache-2.0 was read, the policy beside it only in part


def test_two_licences_on_one_file_both_count():
    big = Case(users=8e8)
    assert verdict(big, "MIT") == YES and allowed(big)["DeepSeek-R1-Distill-Llama-8B"] == NO
    assert "Llama 4 Behemoth" not in allowed(big)  # never released


def test_a_refusal_outweighs_what_is_unread():
    assert verdict(Case(country="Italy"), "openPangu Model License 1.0") == NO
    assert verdict(Case(), "Apache-2.0") == YES and verdict(Case(), "Gemma Terms of Use") == DUTY


def test_a_country_that_no_licence_names_is_refused_by_none_and_the_panel_says_what_that_means():
    assert not any(found(Case(country="Brazil"), one, "country").says == NO for one in licences.answers())
    panel = may_i_panel.panel()
    assert "No licence here names" not in panel.sentence
    panel.set(country="Brazil")
    assert "No licence here names Brazil" in panel.sentence and "Not legal advice" in panel.sentence
    assert len(licences.MEMBERS) == 27


def test_growing_never_opens_a_model():
    order = [YES, DUTY, UNREAD, NO]
    for small, large in (
        (Case(), Case(users=4e9)),
        (Case(), Case(revenue=1e12)),
        (Case(), Case(distils=True)),
        (Case(), Case(closed=True)),
    ):
        before, after = allowed(small), allowed(large)
        assert all(order.index(before[name]) <= order.index(after[name]) for name in before)


def test_what_to_give_up_is_what_opens_most():
    what, more = licences.smallest_change(Case(users=4e9))
    opened = [word in (YES, DUTY) for word in allowed(Case(users=1)).values()]
    assert what == "have fewer users"
    assert more == sum(opened) - sum(word in (YES, DUTY) for word in allowed(Case(users=4e9)).values()) > 0


def test_no_model_of_the_catalogue_is_under_copyleft():
    assert licences.copyleft_models() == []
    assert {licence for licence, _ in may_i_panel.carried().items()}.isdisjoint(licences.COPYLEFT)
