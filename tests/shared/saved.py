"""What a saved notebook shows to somebody who reads it without running it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from panels import NOTEBOOKS

LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})(\w*)[^\n]*\n(.*?)^[ \t]*\1`*~*[ \t]*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$", re.MULTILINE)
FOLDED = re.compile(r"<details>\s*<summary>\s*Solution\s*</summary>(.*?)</details>", re.DOTALL)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)[^)]*\)")
MARKDOWN_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^)\s]+)[^)]*\)")


@dataclass(frozen=True)
class Image:
    """An image on a page. `after` is the text behind it, up to the next image."""

    alt: str
    width: str
    after: str


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook as it lies on disk."""
    return nbformat.read(path, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The cells that run, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: nbformat.NotebookNode) -> str:
    """All Markdown of the notebook, cell after cell."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def without_code(markdown: str) -> str:
    """Markdown without its fenced blocks, so that a comment in code is no heading."""
    return FENCE.sub("", markdown)


def headings(notebook: nbformat.NotebookNode) -> list[tuple[int, str]]:
    """Level and text of every heading, in order."""
    return [(len(marks), text) for marks, text in HEADING.findall(without_code(prose(notebook)))]


def solutions(notebook: nbformat.NotebookNode) -> list[str]:
    """The Python block of every folded solution, in order; "" for one without a Python block."""
    return [python_block(folded) for folded in FOLDED.findall(prose(notebook))]


def python_block(markdown: str) -> str:
    """The first fenced block of Python in some Markdown, or ""."""
    return next((body.strip() for _, language, body in FENCE.findall(markdown) if language == "python"), "")


def output_texts(notebook: nbformat.NotebookNode) -> list[str]:
    """Everything the saved outputs say in words: printed, plain, Markdown, and HTML without its tags."""
    texts = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "stream":
                texts.append(output.text)
            data = output.get("data", {})
            texts += [data[mime] for mime in ("text/plain", "text/markdown") if mime in data]
            texts += [Page(data["text/html"]).text] if "text/html" in data else []
    return texts


def images(cell: nbformat.NotebookNode) -> list[Image]:
    """Every image of a cell: in its outputs, and in its Markdown or HTML if it is prose."""
    if cell.cell_type == "markdown":
        drawn = [Image(found["alt"].strip(), "", "") for found in MARKDOWN_IMAGE.finditer(cell.source)]
        return drawn + Page(cell.source).images
    pages = [output.get("data", {}).get("text/html", "") for output in cell.outputs]
    return [image for page in pages for image in Page(page).images]


def bare_images(cell: nbformat.NotebookNode) -> list[str]:
    """The kinds of image among the outputs that JupyterLab shows without alternative text."""
    kinds = [kind for output in cell.get("outputs", []) for kind in output.get("data", {})]
    return [kind for kind in kinds if kind.startswith("image/")]


class Page(HTMLParser):
    """The words and the images of a piece of HTML."""

    def __init__(self, page: str):
        super().__init__()
        self._words: list[str] = []
        self._images: list[dict[str, str]] = []
        self._behind: list[str] = []  # words since the last image, or since the page began
        self._ends: list[str] = []
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        """What the page says, without tags."""
        return " ".join("".join(self._words).split())

    @property
    def images(self) -> list[Image]:
        """The images of the page, each with the words up to the next one."""
        behind = [*self._ends[1:], "".join(self._behind)]
        return [
            Image(tag.get("alt", "").strip(), tag.get("width", ""), " ".join(words.split()))
            for tag, words in zip(self._images, behind, strict=False)
        ]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._words.append(" ")
        if tag == "img":
            self._ends.append("".join(self._behind))
            self._behind = []
            self._images.append({name: value or "" for name, value in attributes})

    def handle_endtag(self, tag: str) -> None:
        self._words.append(" ")

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        self._behind.append(data)


def small(markdown: str, *printed: str, html: str = "") -> nbformat.NotebookNode:
    """A notebook of one cell of prose and one of code with these outputs, for the tests of the checks."""
    outputs = [new_output("stream", name="stdout", text=text) for text in printed]
    outputs += [new_output("display_data", data={"text/html": html})] if html else []
    return new_notebook(cells=[new_markdown_cell(markdown), new_code_cell("1", outputs=outputs)])
