"""What lesson 06 shows where the weights or the engine cannot be had: measured here, kept in data/recorded_smollm.csv.

Run by hand, on a machine with nothing else to do, with the library and xllamacpp installed; some five minutes:

    python tests/benchmarks/record_lesson06.py

It asks more than the lesson does: 60 sums of each kind instead of 16, and all hundred questions instead of 12.
"""

from __future__ import annotations

import datetime

from freeweights.facts import catalog
from freeweights.facts.records_measured import Recorded
from freeweights.facts.records_practice import Question
from freeweights.lesson06 import guesses, samples, two_widths
from freeweights.local import download, engine_timing, smollm, smollm_timing, this_machine

MANY = 60  # sums of each kind


def main() -> None:
    """Measure and keep."""
    engine_timing.record()
    path, model = download.smollm2(), smollm.load()
    figures: dict[str, tuple[float, str]] = {}
    for number, one in enumerate(guesses.guess_here(path)[0]):
        for name, unit in {
            "drafted": "1",
            "accepted": "1",
            "per_step": "1",
            "seconds": "s",
            "plain": "s",
            "same": "1",
        }.items():
            figures[f"guessed {number} {name}"] = float(getattr(one, name)), unit
    for digits in samples.DIGITS:
        found = samples.bought(samples.ask(model, digits, count=MANY))
        figures[f"sums {digits} greedy"] = found.greedy, "1"
        for k, covered, chosen in zip(found.k, found.covered, found.chosen):
            figures[f"sums {digits} covered {k}"] = covered, "1"
            figures[f"sums {digits} chosen {k}"] = chosen, "1"
    asked = catalog.table(Question)
    found = two_widths.compare_here(model, len(asked))[0]
    for name in ("both", "wide_only", "narrow_only", "neither"):
        figures[f"questions {name.replace('_', ' ')}"] = getattr(found, name), "1"
    machine, today = this_machine.name(), datetime.date.today().isoformat()
    rows = smollm_timing.recorded() | {
        name: Recorded(name, float(value), unit, machine, today) for name, (value, unit) in figures.items()
    }
    catalog.write(smollm_timing.RECORDED, list(rows.values()), digits=9)


if __name__ == "__main__":
    main()
