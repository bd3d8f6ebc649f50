"""The real weights for tests that need them: without network those are skipped, but never where CI is set."""

from __future__ import annotations

import os

import pytest
from freeweights.local import download, gguf_file, smollm


@pytest.fixture(scope="session")
def smollm_path():
    """The checked weights file, fetched on first use."""
    try:
        return download.smollm2()
    except gguf_file.WeightsError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the real weights cannot be had: {error}")


@pytest.fixture(scope="session")
def model(smollm_path):
    """SmolLM2 in memory, once for all tests of a session."""
    return smollm.load(smollm_path)
