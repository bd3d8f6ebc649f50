"""The teaching guide in classroom/: its parts, read as data; as a program, its model solutions' outputs anew.

    python tests/shared/guide.py

runs the model solution of every guide and writes what it prints below it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import re
from pathlib import Path

import nbformat
from freeweights.page import answer_checking, questions
from saved import FENCE, HEADING, LESSONS, code_cells
from uncited import Found, agree, in_prose, numbers

CLASSROOM = Path(__file__).parents[2] / "classroom"
FRONT = CLASSROOM / "README.md"
CODE_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
MOVE = re.compile(r"\*\*([^*\n]+)\*\* to (?<!\*)\*([^*\n]+)\*(?!\*)")
QUOTED = re.compile("“([^”]+)”")
VERDICT = re.compile(rf"`([a-z0-9-]+)`: ({'|'.join(sorted(questions.VERDICTS, key=len, reverse=True))})")
SECTION = re.compile(r"\b[Ss]ections? (\d+)(?:(?:, | and | to )(\d+))*")
ASKED = re.compile(r"\b(lesson\d\d\.exercises\.\w+)\(\)")
SETTLED = re.compile(r"\bpage\.verdict\(\s*[\"']([\w-]+)[\"']")
CONTROLS = "Run this cell to move: "


def guide_of(lesson_path: Path) -> Path:
    """The guide to a lesson, whether it exists or not."""
    return CLASSROOM / f"{lesson_path.stem}.md"


def part(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its level or a higher one; "" without the heading."""
    found = list(HEADING.finditer(hidden_code(text)))
    for this, one in enumerate(found):
        if one[2] == heading:
            ends = [other.start() for other in found[this + 1 :] if len(other[1]) <= len(one[1])]
            return text[one.end() : ends[0] if ends else len(text)].strip()
    return ""


def hidden_code(text: str) -> str:
    """The text with dots for its fenced code: a comment in it is no heading, and no place moves."""
    return FENCE.sub(lambda found: re.sub(r"[^\n]", ".", found.group()), text)


def table(text: str) -> list[dict[str, str]]:
    """The rows of the first Markdown table, by the words of its head.

    >>> table("| a | b |\\n|---|---|\\n| 1 | 2 |")
    [{'a': '1', 'b': '2'}]
    """
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if line.strip().startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def named_sections(row: dict[str, str]) -> list[str]:
    """The headings that a row of a plan names; none for "none"."""
    return [name.strip() for name in row["Section"].split(";") if name.strip() != "none"]


# ---- what the lesson has


def labels(notebook: nbformat.NotebookNode) -> set[str]:
    """The labels of all controls of a lesson's panels, as its saved page names them."""
    outputs = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    shown = [output.get("text/plain", "") for output in outputs]
    lists = [text.removeprefix(CONTROLS).removesuffix(".") for text in shown if text.startswith(CONTROLS)]
    return {label for one in lists for label in one.split(", ")}


def source(notebook: nbformat.NotebookNode) -> str:
    """All code of a lesson."""
    return "\n".join(cell.source for cell in code_cells(notebook))


def call(words: str):
    """What a call such as "lesson00.exercises.bytes_of_llama()" gives, of the library and without arguments."""
    module, _, function = words.removesuffix("()").rpartition(".")
    return getattr(importlib.import_module(f"freeweights.{module}"), function)()


def buttons() -> set[str]:
    """What is written on the buttons of a guess, an exercise and a verdict."""
    question = questions.exercise("b", "How many?", answer=1.0, unit="", hint="One.")
    return {child.description for child in question.form.children[0].children[1:]} | {
        questions.guess("c", "How many?", answer=1.0, unit="", low=0, high=2).button.description
    }


def slips(notebook: nbformat.NotebookNode) -> str:
    """All that the exercises of a lesson reply to a foreseen mistake, and what any exercise says of units."""
    asked = [call(words) for words in sorted(set(ASKED.findall(source(notebook))))]
    own = [words for one in asked for _, words in [*one.mistakes, *one.impossible]]
    return " ".join([*own, *(one.hint for one in asked), *(words for _, words, _ in answer_checking.SLIPS)])


# ---- numbers


def bare_numbers(text: str) -> list[Found]:
    """The numbers of a guide outside code, headings, moves, quotations and the minutes of a plan."""
    text = MOVE.sub(" ", QUOTED.sub(" ", HEADING.sub(" ", hidden_code(text))))
    text = re.sub(r"^\| \d+ \|", "|  |", text, flags=re.MULTILINE)
    text = SECTION.sub(" ", re.sub(r"\b\d+ · ", " ", text))
    return in_prose(text.replace("90 minutes", " ").replace("45 minutes", " "))


def given_in(code: str) -> list[Found]:
    """The numbers that stand in a piece of code."""
    return numbers(re.sub(r"(?<=\d)_(?=\d)", "", code))


def unsupported(text: str) -> list[str]:
    """The numbers of a guide that are neither computed nor given to its model solution."""
    task, given = part(text, "Assessment"), given_in(solution(text)[0])
    bare = bare_numbers(text.replace(task, "") if task else text)
    bare += [one for one in bare_numbers(task) if not any(agree(one, other) for other in given)]
    return [f"{one.written} in {one.block[:120]!r}" for one in bare]


# ---- model solutions


def solution(text: str) -> tuple[str, str]:
    """The code of the model solution, and what the guide says it prints; empty where there is none."""
    found = FENCE.findall(part(text, "Model solution"))
    by_language = {language: body for _, language, body in reversed(found)}
    return by_language.get("python", ""), by_language.get("text", "")


@functools.cache
def printed(code: str) -> str:
    """What a model solution prints; its assertions hold, or it raises."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "<model solution>", "exec"), {"__name__": "model_solution"})
    return said.getvalue()


def written_anew(text: str) -> str:
    """The guide with the outputs of its model solution as they are today."""
    code, old = solution(text)
    return text.replace(f"```text\n{old}```", f"```text\n{printed(code)}```")


def main() -> None:
    """Write every guide whose outputs have changed."""
    for path in filter(Path.exists, map(guide_of, LESSONS)):
        text = path.read_text(encoding="utf-8")
        if (new := written_anew(text)) != text:
            path.write_text(new, encoding="utf-8")
            print(f"{path.name}: the model solution prints something new.")


if __name__ == "__main__":
    main()
