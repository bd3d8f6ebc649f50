"""The measurements of this machine: rates with their spread, no file left behind, honest notes."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from freeweights import weights, yourmachine

RATES = ("triad", "matrix_vector", "matrix_matrix", "disk_read")


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """The same measurements on a hundredth of the data."""
    monkeypatch.setattr(yourmachine, "NUMBERS", 600_000)
    monkeypatch.setattr(yourmachine, "SQUARE", 64)
    monkeypatch.setattr(yourmachine, "FILE_BYTES", 2 * 2**20)
    monkeypatch.setattr(yourmachine, "CHUNK", 2**20)
    return tmp_path


def test_everything_is_measured_with_its_spread_and_nothing_is_left(quick):
    machine = yourmachine.measure(quick)
    for name in RATES:
        found = getattr(machine, name)
        assert 0 < found.low <= found.median <= found.high < np.inf
        assert found.repeats >= 3
    assert machine.cores >= 1 and machine.name and machine.seconds > 0
    assert list(quick.iterdir()) == []


def test_the_triad_computes_the_triad(monkeypatch):
    monkeypatch.setattr(yourmachine, "TILE", 100)
    memory = np.arange(3000, dtype=np.float32)
    yourmachine.triad(memory)
    np.testing.assert_array_equal(memory[:1000], memory[1000:2000] + np.float32(0.5) * memory[2000:])


def test_a_slower_action_has_a_lower_rate():
    busy = lambda n: lambda: sum(range(n))  # noqa: E731
    assert (
        yourmachine.rates(1.0, "B/s", busy(200_000)).median < yourmachine.rates(1.0, "B/s", busy(200)).median
    )


def test_an_interrupt_while_the_disk_is_read_leaves_no_file(quick, monkeypatch):
    def interrupt(file):
        raise KeyboardInterrupt

    monkeypatch.setattr(yourmachine, "forget", interrupt)
    with pytest.raises(KeyboardInterrupt):
        yourmachine.disk_read(quick)
    assert list(quick.iterdir()) == []


def test_a_full_disk_is_said_before_the_file_is_written(quick, monkeypatch):
    free = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda folder: free)
    with pytest.raises(weights.WeightsError, match="disk is too full"):
        yourmachine.disk_read(quick)


def test_where_the_page_cache_cannot_be_passed_by_the_result_says_so(quick, monkeypatch):
    monkeypatch.delattr(yourmachine.os, "posix_fadvise", raising=False)
    monkeypatch.setattr(yourmachine.sys, "platform", "win32")
    assert "page cache" in yourmachine.disk_read(quick).note


def test_where_it_can_there_is_no_such_note(quick):
    if not hasattr(yourmachine.os, "posix_fadvise"):
        pytest.skip("this system has no posix_fadvise")
    assert yourmachine.disk_read(quick).note == ""


def test_importing_measures_nothing_and_leaves_no_temporary_folder(tmp_path):
    code = "import freeweights.yourmachine"
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)}, check=True)
    assert not list(tmp_path.glob("measuring-*"))
