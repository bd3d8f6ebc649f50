"""Mixtures of experts among the catalogue's releases: how many of them, since when, and how much of each works."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_models import Architecture
from ..models.transformer import Model

TURN = "DeepSeek-R1"  # the release that the debate counts from
LEAST = 30e9  # weights
# Dense releases whose layers the catalogue does not hold: weights and date by the cards of CohereLabs/c4ai-command-a-03-2025,
# nvidia/Llama-3_1-Nemotron-Ultra-253B-v1 and mistralai/Devstral-2-123B-Instruct-2512 on Hugging Face.
LEFT_OUT = {
    "Command A": (111e9, "2025-03"),
    "Nemotron Ultra": (253e9, "2025-04"),
    "Devstral 2": (123e9, "2025-12"),
}


@dataclass(frozen=True)
class Halves:
    """Models of some size or more by whether they came out before or after one release; that day counts for neither."""

    turn: Model
    before: tuple[Model, ...]
    after: tuple[Model, ...]


def everything() -> tuple[Model, ...]:
    """Every model of the catalogue by date, those that were only announced among them.

    >>> any(one.announced for one in everything())
    True
    """
    rows = sorted(catalog.table(Architecture), key=lambda row: row.released)
    return tuple(Model.named(row.name) for row in rows)


def year(released: str) -> float:
    """A date such as 2025-01-20 as a year and its fraction; the middle of the month where no day is known.

    >>> year("2025-07-01"), year("2025-06") == year("2025-06-16")
    (2025.5, True)
    """
    whole, month, day = [*map(int, released.split("-")), 16][:3]
    return whole + (month - 1) / 12 + (day - 1) / 372


def halves(turn: str = TURN, least: float = LEAST) -> Halves:
    """The released models before and after one of them.

    Args:
        turn: the name of a model.
        least: weights of the smallest model counted.

    Raises:
        UnknownName: no such model.

    >>> one = halves()
    >>> share_of_mixtures(one.after) > share_of_mixtures(one.before)
    True
    """
    day = Model.named(turn).architecture.released
    counted = [one for one in everything() if one.parameters >= least and not one.announced]
    before = tuple(
        one for one in counted if one.architecture.released < day[: len(one.architecture.released)]
    )
    after = tuple(one for one in counted if one.architecture.released[: len(day)] > day)
    return Halves(Model.named(turn), before, after)


def left_out(turn: str = TURN, least: float = LEAST) -> list[str]:
    """Names and weights of the known dense releases that are missing in the catalogue and came out after one model's month.

    >>> left_out(least=200e9)
    ['Nemotron Ultra (253 B)']
    """
    month = Model.named(turn).architecture.released[:7]
    return [
        f"{name} ({q.count(weights)})"
        for name, (weights, date) in LEFT_OUT.items()
        if weights >= least and date > month
    ]


def mixtures(models: Sequence[Model]) -> list[Model]:
    """Those that are mixtures of experts."""
    return [one for one in models if one.is_moe]


def dense(models: Sequence[Model]) -> list[Model]:
    """Those whose every weight works for every token."""
    return [one for one in models if not one.is_moe]


def share_of_mixtures(models: Sequence[Model]) -> float:
    """Mixtures over all models.

    Raises:
        ValueError: there are no models.

    >>> from freeweights.models.transformer import model
    >>> share_of_mixtures([model("Mixtral 8x7B"), model("QwQ-32B")])
    0.5
    """
    if not models:
        raise ValueError("No model is counted: ask for smaller models, or for another date.")
    return len(mixtures(models)) / len(models)


def share_active(one: Model) -> float:
    """Active over total parameters, counted without the input embedding, or as announced.

    >>> from freeweights.models.transformer import model
    >>> round(share_active(model("Mixtral 8x7B")), 2)
    0.27
    """
    return one.active_parameters / one.parameters


def median_active(models: Sequence[Model]) -> float:
    """The median share of active weights among the mixtures.

    Raises:
        ValueError: none of them is a mixture.
    """
    if not mixtures(models):
        raise ValueError("None of these models is a mixture of experts: ask for more of them.")
    return statistics.median(map(share_active, mixtures(models)))
