"""The measurements of this machine: rates with their spread, no file left behind, honest notes."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from freeweights.local import download, gguf_file, this_machine

RATES = ("triad", "matrix_vector", "matrix_matrix", "disk_read")


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """The same measurements on a hundredth of the data."""
    monkeypatch.setattr(this_machine, "NUMBERS", 600_000)
    monkeypatch.setattr(this_machine, "SQUARE", 64)
    monkeypatch.setattr(this_machine, "FILE_BYTES", 2 * 2**20)
    monkeypatch.setattr(this_machine, "CHUNK", 2**20)
    return tmp_path


def test_everything_is_measured_with_its_spread_and_nothing_is_left(quick):
    machine = this_machine.measure(quick)
    for name in RATES:
        found = getattr(machine, name)
        assert 0 < found.low <= found.median <= found.high < np.inf
        assert found.repeats >= 3
    assert machine.cores >= 1 and machine.name and machine.seconds > 0
    assert list(quick.iterdir()) == []


def test_the_triad_computes_the_triad(monkeypatch):
    monkeypatch.setattr(this_machine, "TILE", 100)
    memory = np.arange(3000, dtype=np.float32)
    this_machine.triad(memory)
    np.testing.assert_array_equal(memory[:1000], memory[1000:2000] + np.float32(0.5) * memory[2000:])


def test_a_slower_action_has_a_lower_rate():
    busy = lambda n: lambda: sum(range(n))  # noqa: E731
    assert (
        this_machine.rates(1.0, "B/s", busy(200_000)).median
        < this_machine.rates(1.0, "B/s", busy(200)).median
    )


def test_an_interrupt_while_the_disk_is_read_leaves_no_file(quick, monkeypatch):
    def interrupt(file):
        raise KeyboardInterrupt

    monkeypatch.setattr(this_machine, "forget", interrupt)
    with pytest.raises(KeyboardInterrupt):
        this_machine.disk_read(quick)
    assert list(quick.iterdir()) == []


def test_a_full_disk_is_said_before_the_file_is_written(quick, monkeypatch):
    free = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: free)
    with pytest.raises(gguf_file.WeightsError, match="disk is too full"):
        this_machine.disk_read(quick)


def test_where_the_page_cache_cannot_be_passed_by_the_result_says_so(quick, monkeypatch):
    monkeypatch.delattr(this_machine.os, "posix_fadvise", raising=False)
    monkeypatch.setattr(this_machine.sys, "platform", "win32")
    assert "page cache" in this_machine.disk_read(quick).note


def test_where_it_can_there_is_no_such_note(quick):
    if not hasattr(this_machine.os, "posix_fadvise"):
        pytest.skip("this system has no posix_fadvise")
    assert this_machine.disk_read(quick).note == ""


def test_importing_measures_nothing_and_leaves_no_temporary_folder(tmp_path):
    code = "import freeweights.local.this_machine"
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)}, check=True)
    assert not list(tmp_path.glob("measuring-*"))
