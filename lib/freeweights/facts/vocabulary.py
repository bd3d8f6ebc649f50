"""The course's closed sets of words: what data, code and sentences share."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from .catalog import nearest

Word = TypeVar("Word", bound=StrEnum)


def word(kind: type[Word], given: object, name: str) -> Word:
    """The member of a closed set that a caller's word names.

    Args:
        kind: the set.
        given: what was typed.
        name: of the argument, for the message.

    Raises:
        ValueError: no such word; all there are, and the nearest, are given.

    >>> word(Phase, "prefil", "phase")
    Traceback (most recent call last):
    ...
    ValueError: phase is 'prefil': choose 'decode' or 'prefill'. Did you mean 'prefill'?
    """
    if given not in list(kind):
        known = [f"'{one}'" + (f" ({one.meaning})" if hasattr(one, "meaning") else "") for one in kind]
        close = nearest(str(given), list(kind)) if given else ""
        close = f" {close}" if close.startswith("Did") else ""
        raise ValueError(f"{name} is {given!r}: choose {', '.join(known[:-1])} or {known[-1]}.{close}")
    return kind(given)


class Phase(StrEnum):
    """What a step does: write a token for every sequence, or read their prompts."""

    DECODE = "decode"
    PREFILL = "prefill"


class Bottleneck(StrEnum):
    """What a step, a load or a placement waits for."""

    ARITHMETIC = "arithmetic"
    BANDWIDTH = "bandwidth"
    CAPACITY = "capacity"
    LINKS = "links"
    HOST_MEMORY = "host memory"
    DRIVE = "drive"
    LOADER = "loader"
    OVERHEAD = "overhead"
    DRAFTING = "drafting"


class Split(StrEnum):
    """How devices share a model, each way with its `meaning`."""

    TENSOR = "tensor", "every device works on a share of every layer"
    PIPELINE = "pipeline", "every device holds some of the layers, and they take turns"
    EXPERTS = "experts", "every device holds some of the experts, and all the rest"

    def __new__(cls, name: str, meaning: str) -> Split:
        member = str.__new__(cls, name)
        member._value_, member.meaning = name, meaning
        return member


class Layout(StrEnum):
    """What a runtime stores of a cache: what the architecture needs, or more."""

    NEEDED_16_BIT = "needed-16-bit"
    NEEDED_8_BIT = "needed-8-bit"
    WHOLE_WINDOWS = "whole-windows"
    FULL_HEADS = "full-heads"
    FULL_HEADS_AND_SCORES = "full-heads-and-scores"


class Verdict(StrEnum):
    """What a lesson may say of a claim."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    FAILS = "fails"
    NOT_ARITHMETIC = "not a matter of arithmetic"
