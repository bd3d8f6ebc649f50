"""This library beside two published predictors, llm-analysis and genz-llm: errors, and time to answer.

Run by hand, in an environment with tests/benchmarks/requirements.txt, on a machine with nothing else to do;
it takes about a minute:

    python tests/benchmarks/peers.py [--csv PATH]

Asked is every usable published row of data/measurements.csv that reports the seconds of one step;
`peer_tools` says how each tool is asked. The error of a row is the larger of predicted and measured over
the smaller, 1 where they agree.

Before anything is compared, the run checks by hand that both tools were asked rightly: one token of Llama
3.1 8B in BF16 on one A100 needs every weight but the input embedding read once, and both answer that time
within two percent.

This library's efficiencies were fitted to published rows, so its answer to a row is the one of
data/held_out.csv, by constants fitted without the row's source. The peers' default is that nothing is lost,
which makes their answer a bound rather than a guess; so the middle of the table gives every tool one factor
for each group, fitted on that group's rows: what is left is what the tool's structure gets wrong.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from freeweights.facts import figures

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one core; NumPy reads it when it is imported
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))

import numpy as np
from freeweights.evidence import published
from freeweights.facts import catalog
from freeweights.facts.records_derived import HeldOut
from freeweights.facts.records_measured import Measurement
from freeweights.machines.machine import machine
from freeweights.models.transformer import model
from peer_sweep import SWEEPS
from peer_tools import Case, NotExpressible, ask_genz, ask_llm_analysis, case_of, check

OURS = "freeweights"
UNSEEN = {pair.id: pair.predicted for pair in catalog.table(HeldOut)}
PEERS = {"llm-analysis": ask_llm_analysis, "genz-llm": ask_genz}
TOOLS = (OURS, *PEERS)
GROUPS = ("dense decode on one device", "MoE or several devices, decode", "prefill")
# An answer counts as impossible from this share below the floor: tools differ in what small parts they count.
TOLERANCE = 0.01
GENZ_SCRATCH = Path("/tmp/genz/data/model")  # genz-llm's own, for the tables it writes and reads at each call


@dataclass
class Asked:
    """One published row: what it measured, the floor, each tool's answer and time, or why there is none."""

    row: Measurement
    seconds: float
    lower_bound: float | None = None
    predicted: dict[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        if self.row.phase == "prefill":
            return GROUPS[2]
        return GROUPS[bool(self.row.devices > 1 or catalog.architecture(self.row.model).experts)]


def timed(act: Callable[[], object]) -> tuple[object, float]:
    start = time.perf_counter()
    found = act()
    return found, time.perf_counter() - start


def why_not(row: Measurement) -> str:
    """Why this library gives no answer to a row."""
    try:
        check(row)
    except NotExpressible as reason:
        return str(reason)
    needs_rate = row.phase == "prefill" and not machine(row.device, row.devices).computes
    return "no compute rate published" if needs_rate else "does not fit beside the engine's share of memory"


def ask(row: Measurement, seconds: float) -> Asked:
    """Put one row to all three tools."""
    asked = Asked(row, seconds)
    pair, took = timed(lambda: published.compare(row))
    if pair is None:
        asked.refused[OURS] = why_not(row)
    else:
        asked.lower_bound = pair.estimate.lower_bound
        asked.predicted[OURS], asked.took[OURS] = UNSEEN.get(row.id, pair.expected), took
    for tool, prepare in PEERS.items():
        try:
            asked.predicted[tool], asked.took[tool] = timed(prepare(case_of(row)))
        except NotExpressible as reason:
            asked.refused[tool] = str(reason)
        except (AssertionError, ValueError) as reason:  # how both tools say that memory is too small
            asked.refused[tool] = (
                f"the tool's own check ({str(reason).split('(')[0].split('.')[0].strip()[:50]})"
            )
    return asked


def check_by_hand() -> None:
    """Stop if a peer's answer to the simplest case is not the bytes over the bandwidth."""
    llama, where = model("Llama 3.1 8B"), machine("A100 SXM4 80GB")
    read = 2 * (llama.parameters - llama.parts["input embedding"])
    by_hand = read / where.device.memory_bandwidth
    case = Case("decode", llama.architecture, where.device, 1, None, 16.0, 16, tokens=1, batch=1)
    for tool, prepare in PEERS.items():
        answer = prepare(case)()
        if abs(answer / by_hand - 1) > 0.02:
            raise SystemExit(f"{tool} was asked wrongly: {answer:.6f} s, by hand {by_hand:.6f} s.")


def errors(rows: list[Asked], tool: str, fitted: bool) -> np.ndarray:
    """max(p / m, m / p) of each row; with one factor for all of them where `fitted`."""
    ratio = np.log([asked.predicted[tool] / asked.seconds for asked in rows])
    return np.exp(np.abs(ratio - np.median(ratio) if fitted else ratio))


def lines_of_groups(rows: list[Asked]) -> list[str]:
    """The table's lines: each group, each tool on the rows that all answer, then on all that it answers."""
    lines = []
    for group in GROUPS:
        inside = [asked for asked in rows if asked.group == group]
        shared = [asked for asked in inside if all(tool in asked.predicted for tool in TOOLS)]
        lines.append(group)
        for tool in TOOLS:
            own = [asked for asked in inside if tool in asked.predicted]
            cells = [f"  {tool:<14}"]
            for which, fitted in ((shared, False), (shared, True), (own, False)):
                if which:
                    found = errors(which, tool, fitted)
                    cells.append(f"{len(found):>5} {np.median(found):>6.2f} {np.percentile(found, 90):>6.2f}")
                else:
                    cells.append(f"{0:>5} {'-':>6} {'-':>6}")
            lines.append("   ".join(cells))
    return lines


def report_errors(rows: list[Asked]) -> None:
    print("Error of predicted seconds, max(p / m, m / p): median and 90th percentile\n")
    print(f"{'':<16}   rows that all answer   with one factor each   each tool's own rows")
    print(f"{'':<16}   {'   '.join(3 * [' rows median    90%'])}")
    print("\n".join(lines_of_groups(rows)))


def report_impossible(rows: list[Asked]) -> None:
    """How often, and by how much at worst, a tool promises more than the device's specification allows."""
    print("\nAnswers faster than the floor (bytes over bandwidth or FLOPs over rate, by specification)")
    floored = [asked for asked in rows if asked.lower_bound]
    for tool in TOOLS:
        answered = [asked for asked in floored if tool in asked.predicted]
        times = {asked.row.id: asked.lower_bound / asked.predicted[tool] for asked in answered}
        worst = max(times, key=times.get, default=None)
        beyond = sum(value > 1 + TOLERANCE for value in times.values())
        where = f"; worst {times[worst]:.2f} times too fast, {worst}" if beyond else ""
        print(f"  {tool:<14} {beyond:>4} of {len(times)}{where}")


def report_coverage(rows: list[Asked]) -> None:
    print(f"\nCoverage: {len(rows)} usable rows report the seconds of one step")
    for tool in TOOLS:
        answered = sum(tool in asked.predicted for asked in rows)
        models = len({asked.row.model for asked in rows if tool in asked.predicted})
        print(f"  {tool:<14} {answered:>4} rows of {models} models; the rest:")
        reasons = Counter(asked.refused[tool] for asked in rows if tool in asked.refused)
        for reason, count in reasons.most_common():
            print(f"  {'':<14} {count:>4} {reason}")


def report_speed(rows: list[Asked]) -> None:
    print("\nTime of an answer on one core")
    for tool in TOOLS:
        took = [asked.took[tool] for asked in rows if tool in asked.took]
        median = np.median(took)
        print(
            f"  {tool:<14} one case at a time: {1e3 * median:9.3f} ms (median of {len(took)}), "
            f"a million so: {1e6 * median / 60:9.1f} minutes"
        )
    for name, sweep in SWEEPS.items():
        runs = [timed(sweep) for _ in range(5)]
        cases, took = runs[0][0], np.median([seconds for _, seconds in runs])
        print(f"  {OURS:<14} sweep, {name}: {cases:,} cases in {took:.2f} s (median of {len(runs)})")


def write_csv(path: Path, rows: list[Asked]) -> None:
    """All rows: what was measured, the floor and the three answers in seconds, empty where there is none."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        asked_for = [
            "id",
            "model",
            "weights",
            "device",
            "devices",
            "phase",
            "batch",
            "prompt",
            "context",
            "output",
        ]
        writer.writerow([*asked_for, "group", "measured_s", "floor_s", *(f"{tool}_s" for tool in TOOLS)])
        for asked in rows:
            given = [getattr(asked.row, name) for name in asked_for]
            group = asked.group if asked.predicted else ""
            answers = [asked.predicted.get(tool) for tool in TOOLS]
            writer.writerow([*given, group, asked.seconds, asked.lower_bound, *answers])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--csv", type=Path, help="write every row with its three predictions there")
    path = options.parse_args().csv
    before = set(GENZ_SCRATCH.glob("*.csv"))
    try:
        check_by_hand()
        steps = [(row, published.step_seconds(row)) for row in figures.measurements(usable=True)]
        rows = [ask(row, seconds) for row, seconds in steps if seconds]
    finally:
        for left in set(GENZ_SCRATCH.glob("*.csv")) - before:
            left.unlink()
    report_errors([asked for asked in rows if asked.predicted])
    report_impossible(rows)
    report_coverage(rows)
    report_speed(rows)
    if path:
        write_csv(path, rows)


if __name__ == "__main__":
    main()
