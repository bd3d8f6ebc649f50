"""What training costs: GPU-hours at the price of an hour, what comes on top of them, and whose budget holds it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..cost.training_step import gpu_hours
from ..facts import catalog
from ..facts import quantities as q
from ..facts.arrays import at_least
from ..facts.figures import distilled, trained
from .hourly_rate import PAID, hourly_cost

BASE_OF_TEACHER = "DeepSeek-V3"
GPU, UTILISATION = "H100 SXM5 80GB", 0.4  # about what Llama 3 reached: 38 to 43 %, arXiv:2407.21783, table 4
TEACHER = "DeepSeek-R1"
AMORTISED, RENTED, BOUGHT = WAYS = ("its share of the devices' life", "rent", "the whole cluster, bought")
DAYS = 90  # in which a bought cluster is to finish the last run: our choice; Llama 3.1's took 54, GPT-4's some 95


def teacher_bill() -> tuple[float, float]:
    """US dollars of the teacher's base, and of what made a teacher of it: GPU-hours and price of an hour as published."""
    price = distilled(BASE_OF_TEACHER, "price of a GPU-hour")
    more = [distilled(TEACHER, f"GPU-hours of DeepSeek-R1{run}") for run in ("-Zero", "")]
    return price * distilled(BASE_OF_TEACHER, "GPU-hours"), price * sum(more)


@dataclass(frozen=True)
class TrainingBill:
    """US dollars of one training by what they pay for, in the order in which they come on top of each other.

    hours: device-hours of the last run, time lost left out. devices: that would do it in DAYS.
    """

    hours: float
    devices: float
    parts: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())

    @property
    def stair(self) -> dict[str, float]:
        """What has come together after each part."""
        return dict(zip(self.parts, np.cumsum(list(self.parts.values())).tolist()))

    def reached(self, budget: float) -> float:
        """The part of the tokens, 0 to 1, that a budget pays for: data first, then all else in proportion to them.

        A cluster is bought whole or not at all.
        """
        left, needed = budget - self.parts["data"], self.total - self.parts["data"]
        if "cluster" in self.parts:
            return float(left >= needed)
        return min(1.0, max(0.0, left / needed))


def bill(
    flops: float,
    device: str,
    mfu: float,
    paid: str = RENTED,
    lost: float = 0.0,
    runs: float = 1.0,
    staff: float = 0.0,
    data: float = 0.0,
) -> TrainingBill:
    """What training costs, from the last run outwards.

    Args:
        flops: of the last run.
        device, mfu: a row of devices.csv, and the share of its 16-bit rate that is reached.
        paid: one of WAYS. A bought cluster also does the runs before, and makes up for the time lost.
        lost: share of the time that failures take, 0 to below 1.
        runs: compute of all research over that of the last run, from 1.
        staff: share of people in all but the data, 0 to below 1.
        data: dollars.

    Raises:
        ValueError: a value outside its range, or a device without the price that is asked for.

    >>> v3 = bill(3.75e24, "H800 SXM5 80GB", 0.39, AMORTISED)
    >>> v3.total == v3.parts["last run"] and v3.devices < 2048
    True
    """
    for name, value, least, most in (("lost", lost, 0, 1), ("staff", staff, 0, 1)):
        if not least <= value < most:
            raise ValueError(f"{name} is {value}: a share from 0 to below 1 is expected.")
    at_least(runs, "runs", 1), at_least(data, "data", 0)
    hours = gpu_hours(float(at_least(flops, "flops", 1)), device, mfu)
    devices = hours / (DAYS * q.DAY / q.HOUR)
    chip = catalog.device(device)
    if paid == BOUGHT:
        if chip.price is None:
            raise ValueError(
                f"{device} has no price in data/devices.csv: choose '{RENTED}', or another device."
            )
        parts = {"cluster": devices * chip.price / (1 - lost)}
    else:
        last = hours * hourly_cost(chip, PAID[paid == RENTED])[0]
        parts = {
            "last run": last,
            "time lost": last * lost / (1 - lost),
            "runs before": (runs - 1) * last / (1 - lost),
        }
    return TrainingBill(
        hours, devices, parts | {"people": sum(parts.values()) * staff / (1 - staff), "data": float(data)}
    )


# ---- whose budget holds it
YEARS = {  # for which each published sum is to last, as its row or its note says; a stock of devices counts as three
    "grant": 5, "budget-nairr": 5, "budget-openeurollm": 3, "budget-omai": 5, "budget-wikimedia": 1, "budget-isambard": 5,
    "universities-value": 3, "budget-jupiter": 6, "budget-star-citizen": 13, "budget-india": 5, "budget-china-fund": 5,
    "budget-gigafactories": 5, "capex-alphabet-2025": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """A published sum of money: whose, in US dollars, for how many years."""

    name: str
    dollars: float
    years: float
    date: str

    @property
    def yearly(self) -> float:
        return self.dollars / self.years


def in_dollars(value: float, unit: str) -> float:
    """A sum in US dollars: euros and pounds at the mean rate of a year in data/training.csv."""
    rates = {"USD": 1.0, "EUR": trained("dollars-per-euro").value, "GBP": trained("dollars-per-pound").value}
    if unit not in rates:
        raise ValueError(f"sums are in {', '.join(rates)}, and not in {unit}.")
    return value * rates[unit]


@cache
def budgets() -> tuple[Budget, ...]:
    """Published budgets from a grant to a firm, the smallest a year first."""
    rows = [(trained(id), years) for id, years in YEARS.items()]
    found = [Budget(row.subject, in_dollars(row.value, row.unit), years, row.date) for row, years in rows]
    return tuple(sorted(found, key=lambda one: one.yearly))
