"""What each kind of work costs above the specified rates: the constants fitted on published rows."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from ..facts import catalog
from ..facts.records_derived import Calibration
from ..facts.records_hardware import Engine
from ..machines.machine import Machine
from ..models.transformer import Model

READING = ("weights", "experts", "cache")
# Scores go to memory and back only in engines without flash attention; then they add to computing.
COMPUTING = ("linear", "blocks", "expert_linear", "attention", "scores")
WAITING = ("layer", "expert_layer")


class FittedConstants(NamedTuple):
    """Two constants that published rows show: how much tokens of a batch agree on their experts, and what share of the
    gain from keeping every stage of a layer split busy is had."""

    routing_agreement: float
    pipeline_utilisation: float


def fitted_constants(agreement: float | None = None) -> FittedConstants:
    """The constants of data/derived/calibration.csv; `freeweights.evidence.make_calibration` finds them.

    agreement: how much the tokens of a batch agree on their experts, in place of the fitted one.

    Raises:
        ValueError: an agreement outside 0 to 1.
    """
    row = calibrations("any")["any", "any"]
    if agreement is not None and not 0 <= agreement <= 1:
        raise ValueError(
            f"agreement is {agreement!r}: a number from 0 (each token chooses its experts for itself) to 1 (all choose alike) "
            f"is expected; leave it out for the {row.routing_agreement:g} that fits published batches."
        )
    fitted = row.routing_agreement if agreement is None else float(agreement)
    return FittedConstants(fitted, row.pipeline_utilisation)


def keys(device_class: str, generation: str, engine: Engine) -> list[tuple[str, str]]:
    """Whose measurements speak for a machine, the closest first: its generation within its class and its engine, the
    same and the kind of engine, its class and engine, ..."""
    own = [f"{device_class} {generation}"] * bool(generation) + [device_class, "any"]
    wanted = [(whose, name) for whose in own for name in (engine.name, engine.family)]
    return list(dict.fromkeys([*wanted, ("any", "any")]))


@cache
def calibrations(phase: str) -> dict[tuple[str, str], Calibration]:
    """The rows of data/derived/calibration.csv for one phase, by class of device and engine."""
    return {(row.device_class, row.engine): row for row in catalog.table(Calibration) if row.phase == phase}


def constants(machine: Machine, family: str, phase: str) -> tuple[Calibration, str]:
    """What measurements show for a machine, and a sentence that says whose they are."""
    device = machine.device
    return constants_under(device.device_class, device.generation, machine.engine_for(family), phase)


@cache
def constants_under(
    device_class: str, generation: str, engine: Engine, phase: str
) -> tuple[Calibration, str]:
    """What measurements show for devices of a class and generation under an engine, and a sentence that says whose they are."""
    known = calibrations(phase)
    wanted = keys(device_class, generation, engine)
    found = next(key for key in wanted if key in known)
    row = known[found]
    whose = "all machines" if found[0] == "any" else f"{found[0]} machines"
    under = (
        "under all engines" if found[1] == "any" else f"under {found[1]} engines" * (found[1] != engine.name)
    )
    borrowed = (
        ""
        if found == wanted[0] or under == ""
        else f", because none are published for it under {engine.name}"
    )
    where = f"{whose} {under or f'under {engine.name}'}{borrowed}"
    return row, f"{phase} on {where}: {row.rows} published rows ({row.sources})"


def ends_of(row: Calibration, model: Model, machine: Machine) -> tuple[float, float]:
    """The range that goes with a prediction, over its expectation: mixtures and several devices have their own."""
    apart = model.is_moe or machine.count > 1
    return (row.fast_apart, row.slow_apart) if apart else (row.fast, row.slow)


@cache
def slowness(row: Calibration) -> dict[str, float]:
    """What a row of the calibration says each kind of work costs: 1 over the share reached, or seconds for each."""
    shares = {name: getattr(row, name) for name in READING + COMPUTING}
    seconds = {name: getattr(row, name) for name in WAITING}
    return {name: 1 / share for name, share in shares.items() if share} | seconds


def weighted_seconds(seconds, slow: dict[str, float], kinds):
    """Seconds that several kinds of work really take, each with its slowness; a kind without one must have no work.

    Args:
        seconds: `step_work.StepSeconds`, at the specified rates.
        slow: of each kind, as in `slowness`.
        kinds: names of kinds of work.
    """
    known = [kind for kind in kinds if kind in slow or np.any(getattr(seconds, kind))]
    return sum(getattr(seconds, kind) * slow[kind] for kind in known)
