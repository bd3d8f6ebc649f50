"""Three definitions of open as rules over components, and the readings of them that lesson 10's panel offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from ..facts import catalog
from ..facts.records_openness import Component, OpennessScore, Release

OPEN, PARTIAL, CLOSED, UNREAD = "open", "partial", "closed", "unread"
COMPONENTS = {  # as data/components.csv calls them, and as people do
    "weights": "weights",
    "base_weights": "base\nweights",
    "inference_code": "code to\nrun",
    "training_code": "code to\ntrain",
    "data": "data",
    "data_description": "about\ndata",
    "recipe_report": "recipe",
    "evaluation_code": "code to\ntest",
    "intermediate_checkpoints": "check-\npoints",
    "model_card": "model\ncard",
}
Parts = Mapping[str, str]

# ---- The rules


def osaid(parts: Parts) -> bool:
    """Open Source AI Definition 1.0 (OSI 2024): parameters, all code, and information on the data; not the data itself.

    >>> osaid({"weights": "open", "inference_code": "open", "training_code": "open", "data_description": "open"})
    True
    """
    asked = ("weights", "inference_code", "training_code", "data_description")
    return all(parts.get(one) == OPEN for one in asked)


III = (
    "architecture",
    "final_parameters",
    "evaluation_results",
    "model_card",
    "data_card",
    "technical_report",
)
II = ("training_code", "inference_code", "evaluation_code", "evaluation_data")
I = ("datasets", "preprocessing_code", "intermediate_parameters", "research_paper")  # noqa: E741


def mof(parts: Parts) -> str:
    """Model Openness Framework (White et al. 2024, arXiv:2403.13784): the best class whose components are all open.

    Args:
        parts: by the framework's own names. A research paper stands in for a technical report.

    Returns:
        "I" open science, "II" open tooling, "III" open model, or "none".

    >>> mof(dict.fromkeys(III, "open"))
    'III'
    """
    found = {name for name, value in parts.items() if value == OPEN}
    found |= {"technical_report"} if "research_paper" in found else set()
    reached = "none"
    for name, asked in (("III", III), ("II", II), ("I", I)):
        if not found.issuperset(asked):
            break
        reached = name
    return reached


def index(parts: Parts) -> tuple[int, int, int]:
    """European Open Source AI Index (Radboud University): how many dimensions are open, partial, closed; no verdict.

    >>> index({"base_data": "closed", "end_weights": "open", "preprint": "open"})
    (2, 0, 1)
    """
    values = list(parts.values())
    return values.count(OPEN), values.count(PARTIAL), values.count(CLOSED)


# ---- The catalogue read by them


def as_mof(parts: Parts) -> Parts:
    """Components of the catalogue under the framework's names. Who gives weights that run has given the architecture."""
    names = dict(final_parameters="weights", architecture="weights", evaluation_results="recipe_report",
                 model_card="model_card", data_card="data_description", technical_report="recipe_report",
                 training_code="training_code", inference_code="inference_code", evaluation_code="evaluation_code",
                 evaluation_data="evaluation_code", datasets="data", preprocessing_code="data",
                 intermediate_parameters="intermediate_checkpoints", research_paper="recipe_report")  # fmt: skip
    return {name: parts.get(one, UNREAD) for name, one in names.items()}


def available(parts: Parts) -> bool:
    """All that the index counts as availability is open: data, weights, base weights, training code."""
    return all(parts.get(one) == OPEN for one in ("data", "weights", "base_weights", "training_code"))


def whole(parts: Parts) -> bool:
    """What the debate's claim asks: weights, code, data and recipe."""
    return all(parts.get(one) == OPEN for one in ("weights", "training_code", "data", "recipe_report"))


def shape(parts: Parts) -> bool:
    """What some call open-washing: the weights are open, the data and the code that trained on them are closed."""
    return (parts.get("weights"), parts.get("data"), parts.get("training_code")) == (OPEN, CLOSED, CLOSED)


WEIGHTS, SHAPE, WHOLE = "open weights", "weights alone", "code, data and recipe"
READINGS: dict[str, Callable[[Parts], bool]] = {
    "OSAID 1.0": osaid,
    "MOF, class III": lambda parts: mof(as_mof(parts)) != "none",
    "index, available": available,
    WHOLE: whole,
    WEIGHTS: lambda parts: parts.get("weights") == OPEN,
    SHAPE: shape,
}


@dataclass(frozen=True)
class Released:
    """A release: its models, the licences of its weights, and what is known of its components."""

    name: str
    models: tuple[str, ...]
    licences: tuple[str, ...]
    parts: Parts


@cache
def releases() -> tuple[Released, ...]:
    """Every release of the catalogue, in its order. What was not read is not in its parts."""
    parts: dict[str, dict[str, str]] = {}
    for row in catalog.table(Component):
        parts.setdefault(row.release, {})[row.component] = row.value
    rows: dict[str, list[Release]] = {}
    for row in catalog.table(Release):
        rows.setdefault(row.release, []).append(row)
    return tuple(
        Released(
            name,
            tuple(row.name for row in of),
            tuple(filter(None, of[0].licence.split("; "))),
            parts.get(name, {}),
        )
        for name, of in rows.items()
    )


def total() -> int:
    """Models of the catalogue.

    >>> total()
    90
    """
    return sum(len(one.models) for one in releases())


def read(parts: Parts, limited: bool = False, lenient: bool = False) -> Parts:
    """What a reader makes of components.

    Args:
        parts: of a release.
        limited: weights that are gated, or limited by field, size or territory, count as open.
        lenient: what is given in part counts as open, except weights.

    >>> dict(read({"weights": "partial", "data": "partial"}, limited=True))
    {'weights': 'open', 'data': 'partial'}
    """
    soft = {name for name in COMPONENTS if (limited if "weights" in name else lenient)}
    return {name: OPEN if value == PARTIAL and name in soft else value for name, value in parts.items()}


def models(reading: str, limited: bool = False, lenient: bool = False) -> list[str]:
    """Models of the catalogue to which a reading says yes.

    >>> len(models("OSAID 1.0")), len(models("open weights")), len(models("open weights", limited=True))
    (7, 59, 89)
    """
    says = READINGS[reading]
    return [name for one in releases() if says(read(one.parts, limited, lenient)) for name in one.models]


@cache
def published(scheme: str) -> dict[str, dict[str, str]]:
    """A scheme's own scores by its entries: components, and its result under "class" or "count"."""
    found: dict[str, dict[str, str]] = {}
    for row in catalog.table(OpennessScore):
        if row.scheme == scheme:
            found.setdefault(row.entry, {})[row.component] = row.value
    return found
