"""How much of the time devices compute when their links are thin: local steps, pieces, overlap, and published links beside.

*The share of the time in which they compute is the steps between two exchanges, over those steps and what of the exchange
nothing hides.* An exchange carries every number once each way, as the ring of two workers does. The last piece of a model can
travel while the others are still worked out backwards; one that is sent in pieces hides so much behind each of them, and one
that goes on meanwhile (overlapped) a whole step more.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..facts import catalog
from ..facts.records_training import WideLink

BACKWARD = 2 / 3  # of a step is the way back, which can hide sending: four FLOPs of six
LAYERS_OF_A_PIECE = 3  # as the published runs have them
MEANWHILE = 1.0  # steps that go on while a piece is under way, if overlapped


class Exchange(StrEnum):
    """When and how workers tell each other what they learned."""

    EVERY_STEP = "every step"
    LOCAL_STEPS = "local steps"
    PIECES = "in pieces"
    OVERLAPPED = "in pieces, overlapped"


def hidden_steps(exchange: str, layers: int) -> float:
    """Steps of computing behind which one whole exchange can hide.

    >>> hidden_steps("every step", 24) < hidden_steps("in pieces", 24) < hidden_steps("in pieces, overlapped", 24)
    True
    """
    if Exchange(exchange) in (Exchange.EVERY_STEP, Exchange.LOCAL_STEPS):
        return BACKWARD
    meanwhile = MEANWHILE if exchange == Exchange.OVERLAPPED else 0.0
    return max(1, round(layers / LAYERS_OF_A_PIECE)) * (BACKWARD + meanwhile)


def utilisation(parameters, bits, link, step, local_steps, exchange: str, layers: int):
    """Share of the time in which the devices compute, from 0 to 1.

    Args:
        parameters: that a worker exchanges; bits: of each.
        link: bits per second, above 0; a number or an array.
        step: seconds of computing in one step. local_steps: between two exchanges, 1 or more.
        exchange: one of `Exchange`. layers: of the model.

    Raises:
        ValueError: no link, no step or no local step.

    >>> thin, fat = (utilisation(1e9, 16, link, 0.1, 100, "local steps", 24) for link in (1e8, 1e12))
    >>> float(thin) < 0.1 and float(fat) == 1
    True
    """
    for name, value in (("the link", link), ("the step", step), ("local steps", local_steps)):
        if np.any(np.asarray(value) <= 0):
            raise ValueError(
                f"{name} is {np.min(value):g}: nothing travels or is learned so; choose more than 0."
            )
    computing = step * local_steps
    exposed = np.maximum(
        0, parameters * bits / np.asarray(link, float) - step * hidden_steps(exchange, layers)
    )
    return computing / (computing + exposed)


def link_for(share: float, parameters, bits, step, local_steps, exchange: str, layers: int) -> float:
    """Bits per second with which the devices compute for such a share of the time: `utilisation` turned round."""
    if not 0 < share < 1:
        raise ValueError(
            f"the share is {share:g}: above 0 and below 1 is expected, for no link is needed for 0 and any link falls short of 1."
        )
    allowed = step * hidden_steps(exchange, layers) + step * local_steps * (1 - share) / share
    return parameters * bits / allowed


@dataclass(frozen=True)
class Met:
    """One published link and ours."""

    row: WideLink
    predicted: float

    @property
    def factor(self) -> float:
        return max(self.predicted / self.row.link, self.row.link / self.predicted)


def against_published() -> list[Met]:
    """Every published link beside ours, no constant fitted.

    >>> bool(np.median([one.factor for one in against_published()]) < 1.1)
    True
    """
    return [
        Met(
            one,
            link_for(
                one.utilisation, one.parameters, one.bits, one.step, one.local_steps, one.exchange, one.layers
            ),
        )
        for one in catalog.table(WideLink)
    ]
