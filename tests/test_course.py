"""What every lesson starts and ends with: the check of the installation, and the sources."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections import namedtuple

import freeweights as fw
import pytest
from freeweights import catalog, course

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def room(monkeypatch):
    """Enough disk, whatever this machine has, so that only what a test breaks is found."""
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**12, 0, 10**12))


def test_a_whole_installation_is_said_to_be_in_place(room, capsys):
    course.check_installation()
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "Everything is in place." and "jupyterlab" in said


def without(monkeypatch, absent):
    real = importlib.metadata.version

    def version(package):
        if package == absent:
            raise importlib.metadata.PackageNotFoundError(package)
        return real(package)

    monkeypatch.setattr(importlib.metadata, "version", version)


@pytest.mark.parametrize("package", course.NEEDED)
def test_a_missing_package_is_named_with_what_to_do(room, monkeypatch, capsys, package):
    without(monkeypatch, package)
    course.check_installation()
    said = capsys.readouterr().out
    assert f"{package} is missing" in said and "pip install -r requirements.txt" in said
    assert "Everything is in place" not in said and "freeweights" not in said.split("is missing")[0]


def test_an_old_python_is_named_with_what_is_needed(room, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    monkeypatch.setattr(course.platform, "python_version", lambda: "3.10.4")
    assert course.problems() == ["Python 3.10.4 is too old: the course needs 3.11 or newer."]


def test_a_table_with_text_in_place_of_a_number_is_named_by_row_and_column(room, monkeypatch, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(catalog.DATA, copy)
    devices = copy / "devices.csv"
    lines = devices.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("memory_GB")
    row = next(number for number, line in enumerate(lines) if number and '"' not in line)
    cells = lines[row].split(",")
    cells[column] = "plenty"
    lines[row] = ",".join(cells)
    devices.write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(catalog, "DATA", copy)
    catalog.table.cache_clear()
    try:
        found = course.problems()
    finally:
        catalog.table.cache_clear()
    assert len(found) == 1 and "data/devices.csv cannot be read" in found[0]
    assert f"row {row + 1}, column memory_GB holds 'plenty'" in found[0]


def test_a_missing_table_is_named(room, monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "DATA", tmp_path)
    catalog.table.cache_clear()
    try:
        found = course.problems()
    finally:
        catalog.table.cache_clear()
    assert {f"data/{name}" for name in catalog.TABLES.values()} == {line.split()[0] for line in found}


def test_a_full_disk_is_said_with_what_is_free_and_what_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("FREEWEIGHTS_CACHE", str(tmp_path / "not" / "there" / "yet"))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 10**9 - 5_000_000, 5_000_000))
    assert course.problems() == [f"{tmp_path} has 5 MB free: lesson 01 needs 600 MB there."]
    assert not (tmp_path / "not").exists()


def listed(monkeypatch, *records) -> list[str]:
    shown = []
    monkeypatch.setattr(course, "display", lambda thing: shown.append(thing.data))
    course.sources(*records)
    assert len(shown) == 1
    return shown[0].splitlines()


def test_each_source_is_listed_once_with_all_that_came_from_it(monkeypatch):
    rows = catalog.measurements(model="GLM-5.2")
    lines = listed(monkeypatch, *rows, fw.model("GLM-5.2").architecture, catalog.device("H200 SXM 141GB"))
    heads = [line.partition(": GLM")[0] for line in lines]
    assert len(heads) == len(set(heads)) and all(line.startswith("- ") for line in lines)
    wanted = {source.strip() for row in rows for source in row.source.split("; ")}
    for source in wanted:
        assert sum(line.startswith(f"- {course.linked(source)}: ") for line in lines) == 1, source


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
    assert course.linked(source) == link
