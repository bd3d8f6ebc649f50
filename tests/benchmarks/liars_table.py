"""How much faster the table of lesson 08 trains side by side than worker by worker: medians in one run, by hand.

    OPENBLAS_NUM_THREADS=1 .venv/bin/python tests/benchmarks/liars_table.py

Measured on one of two quiet cores of an Intel Xeon (Sapphire Rapids, virtual machine), 2026-12-01:

    216 trainings of 300 steps: side by side 8.6 s, worker by worker 19 s, 2.2 times as long
"""

from __future__ import annotations

import itertools
import time

import numpy as np
from freeweights.learn import liars
from freeweights.learn.digit_distillation import DIGITS, images
from freeweights.learn.robust_rules import ATTACKS, RULES, TRIED

STEPS, CASES = 30, 24  # of the loop; its time is taken for all steps and cases, which are alike


def worker_by_worker(cases: list[liars.Case], steps: int) -> None:
    """The same trainings, one case after another and one worker after another."""
    ink, digits = liars._with_one(images()[0].ink), images()[0].digits
    for case in cases:
        weights, before = (
            np.zeros((liars.PIXELS + 1, DIGITS), np.float32),
            np.zeros(liars.WEIGHTS, np.float32),
        )
        for seen in liars.batches(case.shards, case.seed, liars.STEPS)[:steps]:
            found = []
            for own in seen:
                logits = ink[own] @ weights
                powers = np.exp(logits - logits.max(axis=1, keepdims=True))
                powers /= powers.sum(axis=1, keepdims=True)
                powers[np.arange(len(own)), digits[own]] -= 1
                found.append((ink[own].T @ powers / len(own)).ravel())
            before = RULES[case.rule](ATTACKS[case.attack](np.stack(found), case.liars), case.liars, before)
            weights -= liars.RATE * before.reshape(weights.shape)


def main() -> None:
    cases = [liars.Case(*one) for one in itertools.product(RULES, TRIED, liars.SHARDS, liars.SEEDS)]
    some = cases[:: len(cases) // CASES][:CASES]
    start = time.perf_counter()
    liars.table()
    side_by_side = time.perf_counter() - start
    start = time.perf_counter()
    worker_by_worker(some, STEPS)
    loop = (time.perf_counter() - start) * liars.STEPS / STEPS * len(cases) / len(some)
    print(
        f"{len(cases)} trainings of {liars.STEPS} steps: side by side {side_by_side:.1f} s, worker by worker {loop:.0f} s, {loop / side_by_side:.1f} times as long"
    )


if __name__ == "__main__":
    main()
