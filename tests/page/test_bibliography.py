"""What every lesson ends with: its sources, each once, with an address that can be opened."""

from __future__ import annotations

import freeweights as fw
import pytest
from freeweights.facts import catalog, figures
from freeweights.page import bibliography


def listed(monkeypatch, *records) -> list[str]:
    shown = []
    monkeypatch.setattr(bibliography, "display", lambda thing: shown.append(thing.data))
    bibliography.sources(*records)
    assert len(shown) == 1
    summary, _, *lines, _, end = shown[0].splitlines()
    assert summary.startswith("<details><summary>") and f"{len(lines)} source" in summary.replace("One", "1")
    assert end == "</details>"
    return lines


def test_each_source_is_listed_once_with_all_that_came_from_it(monkeypatch):
    rows = figures.measurements(model="GLM-5.2")
    lines = listed(monkeypatch, *rows, fw.model("GLM-5.2").architecture, catalog.device("H200 SXM 141GB"))
    heads = [line.partition(": GLM")[0] for line in lines]
    assert len(heads) == len(set(heads)) and all(line.startswith("- ") for line in lines)
    wanted = {source.strip() for row in rows for source in row.source.split("; ")}
    for source in wanted:
        assert sum(line.startswith(f"- {bibliography.linked(source)}: ") for line in lines) == 1, source


def test_a_name_is_written_once_behind_a_source_it_comes_from_twice(monkeypatch):
    device = catalog.device("H200 SXM 141GB")
    assert all(line.count(device.name) == 1 for line in listed(monkeypatch, device, device))


@pytest.mark.parametrize(
    "source, link",
    [
        ("github.com/a/b", "[github.com/a/b](https://github.com/a/b)"),
        ("https://github.com/a/b, read 2026", "[github.com/a/b](https://github.com/a/b), read 2026"),
        (
            "huggingface.co/o/m@abc: config.json",
            "[huggingface.co/o/m@abc](https://huggingface.co/o/m): config.json",
        ),
        ("arXiv:2502.02737", "[arXiv:2502.02737](https://arxiv.org/abs/2502.02737)"),
        ("Epoch AI (https://epoch.ai/data/x)", "Epoch AI ([epoch.ai/data/x](https://epoch.ai/data/x))"),
        ("NVIDIA data sheet", "NVIDIA data sheet"),
    ],
)
def test_an_address_becomes_a_link(source, link):
    assert bibliography.linked(source) == link
