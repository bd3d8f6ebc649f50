"""What every lesson ends with: where the facts came from."""

from __future__ import annotations

import re

from IPython.display import Markdown, display

from .text import folded

# A repository with or without its commit, another address, or a paper.
ADDRESS = re.compile(
    r"(?:https://)?((?:github|huggingface)\.com?/[\w./-]+?)(@\w+)?(?=[\s:;,)]|$)"
    r"|https://([^\s;,)]+)|arXiv:(\d+\.\d+)"
)


def sources(*records) -> None:
    """List, folded, where the facts behind the given records come from, each source once.

    Args:
        records: rows of the catalogue; they have a `name`, a `model`, a `subject` or an `id`, and a `source`.
    """
    by_source: dict[str, list[str]] = {}
    for record in records:
        names = (getattr(record, field, None) for field in ("name", "model", "subject", "id"))
        name = next(filter(None, names))
        for source in re.split(r"; (?![^(]*\))", record.source):
            by_source.setdefault(source.strip(), []).append(name)
    lines = [
        f"- {linked(source)}: {', '.join(dict.fromkeys(names))}"
        for source, names in sorted(by_source.items())
    ]
    summary = f"{len(lines)} sources" if len(lines) > 1 else "One source"
    display(Markdown(folded(summary, "\n".join(lines))))


def linked(source: str) -> str:
    """A source with its address made a link.

    >>> linked("github.com/a/b@1c README.md")
    '[github.com/a/b@1c](https://github.com/a/b) README.md'
    """

    def link(found: re.Match) -> str:
        repository, commit, address, paper = found.groups()
        if paper:
            return f"[{found[0]}](https://arxiv.org/abs/{paper})"
        return (
            f"[{address}](https://{address})"
            if address
            else f"[{repository}{commit or ''}](https://{repository})"
        )

    return ADDRESS.sub(link, source)
