"""The course's closed sets of words: what data, code and sentences share."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a lesson may say of a claim."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    FAILS = "fails"
    NOT_ARITHMETIC = "not a matter of arithmetic"
