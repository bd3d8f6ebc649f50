"""What every learner starts with: the check of the installation."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections import namedtuple

import pytest
from freeweights.facts import catalog, tables
from freeweights.lesson00 import installation

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def room(monkeypatch):
    """Enough disk, whatever this machine has, so that only what a test breaks is found."""
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**12, 0, 10**12))


def test_a_whole_installation_is_said_to_be_in_place(room, capsys):
    installation.check_installation()
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "Everything is in place." and "jupyterlab" in said


def without(monkeypatch, absent):
    real = importlib.metadata.version

    def version(package):
        if package == absent:
            raise importlib.metadata.PackageNotFoundError(package)
        return real(package)

    monkeypatch.setattr(importlib.metadata, "version", version)


@pytest.mark.parametrize("package", installation.NEEDED)
def test_a_missing_package_is_named_with_what_to_do(room, monkeypatch, capsys, package):
    without(monkeypatch, package)
    installation.check_installation()
    said = capsys.readouterr().out
    assert f"{package} is missing" in said and "pip install -r requirements.txt" in said
    assert "Everything is in place" not in said and "freeweights" not in said.split("is missing")[0]


def test_an_old_python_is_named_with_what_is_needed(room, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    monkeypatch.setattr(installation.platform, "python_version", lambda: "3.10.4")
    assert installation.problems() == ["Python 3.10.4 is too old: the course needs 3.11 or newer."]


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
        found = installation.problems()
    finally:
        catalog.table.cache_clear()
    assert len(found) == 1 and "data/devices.csv cannot be read" in found[0]
    assert f"row {row + 1}, column memory_GB holds 'plenty'" in found[0]


def test_a_missing_table_is_named(room, monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "DATA", tmp_path)
    catalog.table.cache_clear()
    try:
        found = installation.problems()
    finally:
        catalog.table.cache_clear()
    assert {f"data/{name}" for name in tables.TABLES.values()} == {line.split()[0] for line in found}


def test_a_full_disk_is_said_with_what_is_free_and_what_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("FREEWEIGHTS_CACHE", str(tmp_path / "not" / "there" / "yet"))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 10**9 - 5_000_000, 5_000_000))
    assert installation.problems() == [f"{tmp_path} has 5 MB free: lesson 01 needs 600 MB there."]
    assert not (tmp_path / "not").exists()
