"""How long the tests wait. No machine is so slow that it misses these: they end what hangs, and promise no speed."""

from __future__ import annotations

ANSWER = 300  # seconds, for one answer of a page, a kernel or a server: most come within one, the slowest in twenty
NOTEBOOK = (
    2400  # seconds, for all cells of a notebook and what is asked of its kernel then: up to two minutes alone
)
