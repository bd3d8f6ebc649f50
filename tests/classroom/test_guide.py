"""The teaching guide: what it names exists, its minutes add up, its moves can be made, its solutions run."""

from __future__ import annotations

import importlib
import re
import time

import pytest
from freeweights.facts import catalog, records_prices
from freeweights.page import questions
from guide import (
    ASKED,
    BOLD,
    CLASSROOM,
    CODE_SPAN,
    FRONT,
    MOVE,
    QUOTED,
    SECTION,
    SETTLED,
    VERDICT,
    bare_numbers,
    buttons,
    call,
    guide_of,
    hidden_code,
    labels,
    named_sections,
    part,
    printed,
    slips,
    solution,
    source,
    table,
    unsupported,
    written_anew,
)  # fmt: skip
from saved import HEADING, LESSONS, LINK, headings, read, without_code

HEADINGS = [
    "Goal", "Before class", "Plan for 90 minutes", "Plan for 45 minutes", "Ask before the slider",
    "What you can expect to go wrong", "Questions without an answer", "Assessment", "Model solution",
    "Rubric",
]  # fmt: skip
FRONT_HEADINGS = [
    "How to use it", "The day before", "Two ways to run the room", "How to read the three kinds of number",
    "Accessibility", "A plan for the term", "When something does not work", "What has not been tried",
]  # fmt: skip
WORDS = (600, 1000)  # two printed pages, and a third with the task
SOLUTION_SECONDS = 20  # of the processor: a busy machine is no fault of the guide
CALL = re.compile(r"[\w.]+\(\)")

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def guide(path) -> str:
    """The guide to a lesson; the test that asks fails if there is none."""
    assert guide_of(path).exists(), f"classroom/ has no guide to {path.name}"
    return guide_of(path).read_text(encoding="utf-8")


def asked_rows() -> list:
    """Every row of every table of questions, with the lesson it is for."""
    rows = [
        (path, row)
        for path in LESSONS
        if guide_of(path).exists()
        for row in table(part(guide(path), "Ask before the slider"))
    ]
    return [pytest.param(path, row, id=f"{path.stem[:2]} {row['Move']}") for path, row in rows]


# ---- the form


@each_lesson
def test_a_guide_has_every_heading_in_order(path):
    found = [words for _, words in HEADING.findall(without_code(guide(path)))]
    assert found[0].startswith(f"Teaching {path.stem[:2]} · ") and found[1:] == HEADINGS


@each_lesson
@pytest.mark.parametrize("minutes", [90, 45])
def test_the_minutes_of_a_plan_add_up(path, minutes):
    rows = table(part(guide(path), f"Plan for {minutes} minutes"))
    assert sum(int(row["Minutes"]) for row in rows) == minutes
    assert all(row["You"] and row["They"] for row in rows)


@each_lesson
def test_a_guide_fits_two_pages(path):
    words = len(re.findall(r"[\w'-]*\w", without_code(guide(path))))
    assert WORDS[0] <= words <= WORDS[1], f"{words} words"


@each_lesson
def test_a_rubric_has_four_criteria_of_four_levels(path):
    rows = table(part(guide(path), "Rubric"))
    assert len(rows) == 4 and all(len(row) == 5 and all(row.values()) for row in rows)


# ---- what is named exists


@each_lesson
def test_every_section_of_a_plan_is_a_heading_of_the_lesson(path):
    known = {words for _, words in headings(read(path))}
    for minutes in (90, 45):
        for row in table(part(guide(path), f"Plan for {minutes} minutes")):
            missing = [name for name in named_sections(row) if name not in known]
            assert row["Section"] and not missing, f"no heading {missing}"


@each_lesson
def test_every_section_named_by_number_is_in_the_lesson(path):
    known = {words.split(" · ")[0] for _, words in headings(read(path))}
    text = hidden_code(guide(path))
    named = {number for found in SECTION.finditer(text) for number in re.findall(r"\d+", found.group())}
    assert named <= known, f"no section {sorted(named - known)}"


@each_lesson
def test_every_exercise_of_the_lesson_is_named_and_no_other(path):
    ours = set(ASKED.findall(hidden_code(guide(path))))
    assert ours == set(ASKED.findall(source(read(path))))


@each_lesson
def test_every_verdict_of_the_lesson_is_told_as_the_library_settles_it(path):
    told = dict(VERDICT.findall(re.sub(r"\s+", " ", guide(path))))
    room = importlib.import_module(f"freeweights.lesson{path.stem[:2]}")
    assert set(told) == set(SETTLED.findall(source(read(path))))
    for claim, verdict in told.items():
        assert verdict == room.settled(claim)[1], claim


@each_lesson
def test_whatever_is_bold_is_a_control_or_a_button_of_the_lesson(path):
    known = labels(read(path)) | buttons()
    unknown = [words for words in BOLD.findall(hidden_code(guide(path))) if words not in known]
    assert not unknown, f"{unknown} is not on the page"


@each_lesson
def test_whatever_is_in_code_type_is_a_call_a_claim_or_a_name_of_the_catalogue(path):
    code, names = source(read(path)), solution(guide(path))[0]
    claims = {one.id for one in catalog.table(records_prices.Claim)}

    def is_known(words: str) -> bool:
        return words in claims or words in names or (words in code and CALL.fullmatch(words) is not None)

    unknown = [words for words in CODE_SPAN.findall(hidden_code(guide(path))) if not is_known(words)]
    assert not unknown, f"{unknown} is neither in the lesson, nor a claim, nor in the model solution"


@pytest.mark.parametrize("path", sorted(CLASSROOM.glob("*.md")), ids=lambda path: path.stem)
def test_every_link_resolves(path):
    for _, target in LINK.findall(without_code(path.read_text(encoding="utf-8"))):
        if not target.startswith(("https://", "#")):
            assert (path.parent / target.split("#")[0]).exists(), f"{path.name} links to {target}"


# ---- what is said holds


@pytest.mark.parametrize(("path", "row"), asked_rows())
def test_a_move_can_be_made_and_the_sentence_says_what_the_guide_quotes(path, row):
    panel, moves = row["Panel"].strip("`"), MOVE.findall(row["Move"])
    assert panel in source(read(path)) and row["Ask, and collect"] and moves
    shown = call(panel)
    before, names = shown.sentence, {control.label: name for name, control in shown.controls.items()}
    for label, value in moves:
        control = shown.controls[names[label]]
        shown.set(**{names[label]: value if value in control.ends else float(value)})
    assert shown.sentence != before, "the move changes nothing that is said"
    for quoted in QUOTED.findall(row["They should notice"]):
        assert quoted in shown.sentence


@each_lesson
def test_every_reply_quoted_is_one_that_an_exercise_gives(path):
    known = re.sub(r"\s+", " ", slips(read(path)))
    for quoted in QUOTED.findall(re.sub(r"\s+", " ", part(guide(path), "What you can expect to go wrong"))):
        assert quoted in known, f"no exercise replies {quoted!r}"


@each_lesson
def test_a_guide_types_no_number_that_its_lesson_computes(path):
    bare = unsupported(guide(path))
    assert not bare, "\n".join(["nothing stands behind:", *bare])


@each_lesson
def test_a_model_solution_runs_asserts_and_prints_what_the_guide_shows(path):
    code, shown = solution(guide(path))
    began = time.process_time()
    said = printed(code)
    assert time.process_time() - began < SOLUTION_SECONDS and "assert " in code
    assert said == shown, "run `python tests/shared/guide.py` to write the outputs anew"


# ---- the front page


def test_the_front_page_has_its_parts_and_every_guide_links_to_it():
    found = [words for _, words in HEADING.findall(FRONT.read_text(encoding="utf-8"))]
    assert found[1:] == FRONT_HEADINGS
    assert all("](README.md)" in guide(path) for path in LESSONS)


def test_the_front_page_lists_every_lesson_and_plans_it_into_the_term():
    text = FRONT.read_text(encoding="utf-8")
    for path in LESSONS:
        assert f"](../notebooks/{path.name})" in text and f"]({guide_of(path).name})" in text
        planned = [row["Lesson"] for row in table(part(text, "A plan for the term"))]
        assert any(path.stem[:2] in words for words in planned), path.stem


def test_the_front_page_types_no_number_that_is_computed():
    prose = LINK.sub(" ", FRONT.read_text(encoding="utf-8"))
    assert not bare_numbers(re.sub(r"^(\| \w+ \| )\d\d\b", r"\1", prose, flags=re.MULTILINE))


def test_the_guide_says_that_no_room_was_watched():
    confessed = part(FRONT.read_text(encoding="utf-8"), "What has not been tried")
    assert "taught no room" in re.sub(r"\s+", " ", confessed)
    for path in LESSONS:
        assert "we have not watched a room" in part(guide(path), "What you can expect to go wrong"), path.stem


# ---- the checks themselves


def test_a_part_ends_at_the_next_heading_of_its_level_and_code_holds_none():
    text = "## A\none\n### B\ntwo\n```python\n# C\n```\n## D\nthree\n"
    assert part(text, "A") == "one\n### B\ntwo\n```python\n# C\n```" and part(text, "D") == "three"
    assert part(text, "C") == ""


@pytest.mark.parametrize("text", ["It takes 37 minutes.", "| a | 12 |", "- 4 of them"])
def test_a_number_with_nothing_behind_it_is_found(text):
    assert len(unsupported(f"## Goal\n{text}\n")) == 1


@pytest.mark.parametrize("text", [
    "See section 3 and sections 4 to 6.", "| 10 | You | They | none |", "**Users** to *128*",
    "An H200, lesson 04.", "The panel says “12 are missing”.", "The plan for 90 minutes.",
])  # fmt: skip
def test_minutes_sections_moves_quotations_and_names_are_no_claims(text):
    assert not unsupported(f"## Goal\n{text}\n")


def test_a_number_of_the_task_passes_only_if_the_model_solution_uses_it():
    task = "## Assessment\n\nIt reads {} tokens.\n\n### Model solution\n\n```python\nprompt = 20_000\n```\n"
    assert not unsupported(task.format("20,000")) and unsupported(task.format("30,000"))


def test_outputs_are_written_anew_and_a_failed_assertion_is_not_hidden():
    text = "### Model solution\n\n```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    assert solution(written_anew(text))[1] == "2\n"
    assert written_anew(text.replace("3\n", "")).count("2\n") == 1
    with pytest.raises(AssertionError):
        printed("assert 1 + 1 == 3")


def test_the_words_of_a_verdict_are_those_of_the_library():
    assert VERDICT.findall("`cold-load`: holds in part; `x`: holds; `y`: perhaps") == [
        ("cold-load", "holds in part"), ("x", "holds"),
    ]  # fmt: skip
    assert set(questions.VERDICTS) == {"holds", "holds in part", "fails", "not a matter of arithmetic"}
