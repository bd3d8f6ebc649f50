"""The real weights for tests that need them: without network those are skipped, but never where CI is set."""

from __future__ import annotations

import functools
import os

import pytest
from freeweights.local import download, gguf_file, smollm


@pytest.fixture(scope="session")
def smollm_path():
    """The checked weights file, fetched on first use."""
    try:
        return checked()
    except gguf_file.WeightsError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the real weights cannot be had: {error}")


@pytest.fixture(scope="session")
def model(smollm_path):
    """SmolLM2 in memory, once for all tests of a session."""
    return loaded(smollm_path)


# A fixture that several files import is one of each of them, and its value another.
checked, loaded = functools.cache(download.smollm2), functools.cache(smollm.load)
