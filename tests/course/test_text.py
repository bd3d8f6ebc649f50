"""What a saved lesson says: each number has something behind it; the page keeps its form and rhythm."""

from __future__ import annotations

import re

import nbformat
import pytest
from freeweights.facts import catalog, records_prices
from nbformat.v4 import new_code_cell, new_output
from panels import NOTEBOOKS
from saved import (
    FOLDED,
    HEADING,
    LESSONS,
    LINK,
    Page,
    bare_images,
    code_cells,
    headings,
    images,
    prose,
    python_block,
    read,
    small,
    without_code,
)
from uncited import Definition, definitions, stale, unsupported

LONGEST_CELL, WORDS, SECTION_WORDS, LARGEST_FILE, WIDEST = 15, (500, 2500), 600, 1_000_000, 950
ENDS = ["What you showed, and what you did not", "Sources"]
PROGRESS = re.compile(r"\d%\||\dit/s|s/it|[█▏▎▍▌▋▊▉]")
VERDICT = re.compile(r"\bpage\.verdict\(\s*[\"']([\w-]+)[\"']")

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def calls(cell: nbformat.NotebookNode, what: str) -> bool:
    """Whether a code cell asks one of the questions of `page`."""
    return cell.cell_type == "code" and re.search(rf"\bpage\.{what}\(", cell.source) is not None


def is_panel(cell: nbformat.NotebookNode) -> bool:
    """Whether a code cell shows a picture that follows controls."""
    fallbacks = [output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])]
    return any(text.startswith("Run this cell to move: ") for text in fallbacks)


def defined_for(path) -> list[Definition]:
    return [row for row in definitions() if row.notebook == path.stem[:2]]


# ---- numbers


@each_lesson
def test_every_number_in_the_prose_is_cited_or_computed_or_a_definition(path):
    bare = unsupported(read(path), defined_for(path))
    assert not bare, "\n".join(["nothing stands behind:", *bare])


@each_lesson
def test_no_definition_outlives_its_number(path):
    assert not stale(read(path), defined_for(path)), "remove these rows from tests/shared/definitions.csv"


def test_every_definition_belongs_to_a_lesson_says_what_it_is_and_stands_once():
    rows, known = definitions(), {path.stem[:2] for path in LESSONS}
    assert all(row.notebook in known and row.number and row.what for row in rows), rows
    assert len({(row.notebook, row.number) for row in rows}) == len(rows), "a definition stands twice"


# ---- structure


@each_lesson
def test_the_one_title_is_the_first_line(path):
    notebook = read(path)
    number = path.stem[:2]
    assert notebook.cells[0].source.splitlines()[0].startswith(f"# {number} · ")
    assert [level for level, _ in headings(notebook)].count(1) == 1


@each_lesson
def test_headings_skip_no_level_repeat_nothing_and_lead_to_something(path):
    notebook = read(path)
    found = headings(notebook)
    steps = [(a, b) for (a, _), (b, b_text) in zip(found, found[1:], strict=False) if b > a + 1]
    assert not steps, f"a heading of level {steps[0][1]} right below one of level {steps[0][0]}"
    texts = [text for _, text in found]
    assert len(set(texts)) == len(texts), f"a heading stands twice: {texts}"
    assert not hollow_headings(notebook), "a heading with nothing below it"


@each_lesson
def test_a_heading_carries_no_more_than_one_idea_takes_to_tell(path):
    sections = HEADING.split(without_code(prose(read(path))))
    for title, text in zip(sections[2::3], sections[3::3], strict=True):
        assert len(text.split()) <= SECTION_WORDS, f"{title!r} has {len(text.split())} words: split it"


@each_lesson
def test_the_header_gives_objectives_time_and_what_to_read_before(path):
    header = read(path).cells[0].source
    assert re.search(r"^\*\*By the end you can\*\*\s*\n\n(?:- .+\n(?:  .+\n)*){2,}", header, re.MULTILINE), (
        "objectives"
    )
    assert re.search(r"^\*\*Time\*\* \d+ minutes\. \*\*Read before\*\* \S.*\.$", header, re.MULTILINE), (
        "time, read before"
    )


@each_lesson
def test_code_cells_are_short_and_the_text_is_neither_thin_nor_long(path):
    notebook = read(path)
    lengths = {cell.source[:50]: len(cell.source.strip().splitlines()) for cell in code_cells(notebook)}
    assert all(1 <= length <= LONGEST_CELL for length in lengths.values()), lengths
    words = len(FOLDED.sub("", without_code(prose(notebook))).split())
    assert WORDS[0] <= words <= WORDS[1], f"{words} words"


@each_lesson
def test_it_was_saved_after_one_run_from_top_to_bottom(path):
    notebook = read(path)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    errors = [
        output for cell in code_cells(notebook) for output in cell.outputs if output.output_type == "error"
    ]
    assert not errors, errors
    assert notebook.metadata.kernelspec.name == "python3"


@each_lesson
def test_the_file_is_small_and_holds_no_widget_state_and_no_progress_bar(path):
    notebook = read(path)
    assert path.stat().st_size < LARGEST_FILE, f"{path.stat().st_size:,} bytes"
    assert "widgets" not in notebook.metadata
    assert not progress_bars(notebook)


@each_lesson
def test_it_ends_with_what_was_shown_and_with_sources(path):
    notebook = read(path)
    assert [text for level, text in headings(notebook) if level == 2][-2:] == ENDS
    last = notebook.cells[-1]
    assert last.cell_type == "code" and any(
        output.get("data", {}).get("text/markdown") for output in last.outputs
    )


# ---- rhythm


@each_lesson
def test_a_guess_comes_before_the_first_panel(path):
    cells = code_cells(read(path))
    panels = [index for index, cell in enumerate(cells) if is_panel(cell)]
    guesses = [index for index, cell in enumerate(cells) if calls(cell, "guess")]
    assert panels and guesses, f"{len(panels)} panels, {len(guesses)} guesses"
    assert guesses[0] < panels[0]


@each_lesson
def test_every_saved_panel_has_a_picture_and_a_sentence_below_it(path):
    for cell in filter(is_panel, code_cells(read(path))):
        shown = images(cell)
        assert shown, f"no picture was saved: {cell.source[:80]}"
        assert all(image.alt and image.after.endswith((".", "!", "?")) for image in shown), shown


@each_lesson
def test_every_exercise_is_followed_by_its_folded_solution(path):
    cells = read(path).cells
    asked = [
        index
        for index, cell in enumerate(cells)
        if cell.cell_type == "code"
        and re.search(r"\b(page\.exercise|lesson\d\d\.exercises\.\w+)\(", cell.source)
    ]
    assert len(asked) >= (1 if path.stem.startswith("00") else 3), f"{len(asked)} exercises"
    for index in asked:
        folded = FOLDED.search(cells[index + 1].source) if index + 1 < len(cells) else None
        assert folded and cells[index + 1].source.startswith("<details>"), (
            f"no solution after {cells[index].source[:80]}"
        )
        assert python_block(folded[1]), f"no Python in the solution of {cells[index].source[:80]}"
    assert len(asked) == len(FOLDED.findall(prose(read(path)))), "a solution without an exercise"


@each_lesson
def test_every_claim_that_this_lesson_settles_first_gets_a_verdict(path):
    wanted = {
        claim.id
        for claim in catalog.table(records_prices.Claim)
        if claim.lessons.split(",")[0].strip() == path.stem[:2]
    }
    given = {key for cell in code_cells(read(path)) for key in VERDICT.findall(cell.source)}
    known = {claim.id: claim.lessons for claim in catalog.table(records_prices.Claim)}
    assert wanted <= given, f"no verdict on {sorted(wanted - given)}"
    astray = {key: known.get(key) for key in given if path.stem[:2] not in known.get(key, "")}
    assert not astray, f"verdicts that belong to other lessons: {astray}"


@each_lesson
def test_every_image_has_alternative_text_and_fits_the_page(path):
    for cell in read(path).cells:
        for image in images(cell):
            assert image.alt, f"an image without alternative text: {cell.source[:80]}"
            assert cell.cell_type == "markdown" or 0 < int(image.width) <= WIDEST, (
                f"{image.width} pixels: {image.alt[:80]}"
            )
        assert not bare_images(cell), f"{bare_images(cell)} has no alternative text: {cell.source[:80]}"


@each_lesson
def test_every_link_inside_the_course_leads_somewhere(path):
    notebook = read(path)
    targets = [found["target"] for found in LINK.finditer(without_code(prose(notebook)))]
    local = [target for target in targets if not re.match(r"https?://", target)]
    missing = [target for target in local if not (NOTEBOOKS / target.split("#")[0]).exists()]
    assert not missing, f"name the lesson without a link until it exists: {missing}"


@each_lesson
def test_it_leads_on_to_the_next_lesson(path):
    following = LESSONS[LESSONS.index(path) + 1 :]
    closing = re.search(r"^\*\*Next:\*\* (.+)$", prose(read(path)), re.MULTILINE)
    assert closing or path.stem.startswith("11"), "no line that begins with **Next:**"
    if following:
        assert f"({following[0].name})" in closing[1], f"{following[0].name} exists: link to it"


# ---- helpers whose faults would let a fault through


def hollow_headings(notebook: nbformat.NotebookNode) -> list[str]:
    """Headings with no words, no code and no deeper heading before the next one."""
    lines = [line for cell in notebook.cells for line in (
        without_code(cell.source).splitlines() if cell.cell_type == "markdown" else ["code"]
    ) if line.strip()]  # fmt: skip
    pairs = zip(lines, [*lines[1:], "# end"], strict=True)
    levels = [
        (line, len(HEADING.match(line)[1]), HEADING.match(after))
        for line, after in pairs
        if HEADING.match(line)
    ]
    return [line for line, level, after in levels if after and len(after[1]) <= level]


def progress_bars(notebook: nbformat.NotebookNode) -> list[str]:
    """What is left of progress bars in the saved outputs."""
    texts = [output.get("text", "") + output.get("data", {}).get("text/plain", "")
             for cell in code_cells(notebook) for output in cell.outputs]  # fmt: skip
    return [text[:80] for text in texts if PROGRESS.search(text)]


# ---- the checks themselves, on notebooks made to pass or fail them


def test_an_image_is_read_with_its_words_and_the_words_below_it():
    first, second = Page('<p>a</p><img alt="x" width="9"><p>Below &amp; on.</p><img><b>c</b>').images
    assert (first.alt, first.width, first.after) == ("x", "9", "Below & on.")
    assert (second.alt, second.width, second.after) == ("", "", "c")


def test_a_heading_with_nothing_below_it_and_a_progress_bar_are_found():
    assert hollow_headings(small("# A\n\n## B\n\n## C")) == ["## B"]
    assert not hollow_headings(small("# A\n\n## B\n\ntext\n\n## C"))
    assert progress_bars(small("", " 42%|####      | 4/9")) and not progress_bars(small("", "42 % of 9"))


def test_a_saved_panel_is_told_from_a_question():
    moves, asks = "Run this cell to move: Batch.", "Run this cell to answer."
    cells = [
        new_code_cell("", outputs=[new_output("display_data", data={"text/plain": text})])
        for text in (moves, asks)
    ]
    assert [is_panel(cell) for cell in cells] == [True, False]
