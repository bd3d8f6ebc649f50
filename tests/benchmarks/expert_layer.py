"""How well bytes predict the time of a mixture-of-experts layer in NumPy: the series of lesson 03, several times.

Run by hand, on a machine with nothing else to do:

    python tests/benchmarks/expert_layer.py

Measured on one core of an Intel Xeon (Sapphire Rapids, virtual machine with 2 cores whose third-level cache of
480 MiB, shared with others, holds all experts), Linux, Python 3.11, NumPy 2.4 with OpenBLAS, nothing else running,
2026-11-22, medians of 7 series:

    tokens  touched  mixture    of its bytes  predicted  dense
         1      4.0     0.45 ms         1.03    0.44 ms   0.44 ms
         2      7.6     0.82 ms         0.96    0.85 ms   0.49 ms
         3     11.4     1.19 ms         0.96    1.23 ms   0.86 ms
         4     14.4     1.47 ms         0.92    1.60 ms   0.77 ms
         6     20.8     2.15 ms         0.95    2.25 ms   1.14 ms
         8     25.6     2.71 ms         0.96    2.83 ms   0.97 ms
        12     34.9     3.79 ms         1.00    3.78 ms   1.17 ms
        16     40.9     4.70 ms         1.04    4.52 ms   1.16 ms
        24     50.5     6.52 ms         1.18    5.52 ms   1.41 ms
        32     55.4     8.06 ms         1.32    6.13 ms   1.57 ms
    r 0.987 (median of 7 series; 0.986 to 0.988), rate 14.4 GB/s (13.6 GB/s to 14.9 GB/s)

With other work running r was 0.985 (0.958 to 0.987).

Without `threadpool_limits(1)` the same series on a busy machine gave r of 0.85 and a dense layer of up to
120 ms: two BLAS threads wait for each other after every small product.
"""

from __future__ import annotations

import numpy as np
from freeweights.facts import quantities as q
from freeweights.lesson03 import expert_layer_timing
from freeweights.local import this_machine

SERIES = 7
LEAST = 0.95


def main() -> None:
    """Measure the series, print the medians, and refuse a correlation that is too low."""
    sweeps = [expert_layer_timing.time_layer() for _ in range(SERIES)]
    mixture, dense, expected = (
        np.median([getattr(sweep, name) for sweep in sweeps], axis=0)
        for name in ("mixture", "dense", "expected")
    )
    print(this_machine.name())
    print("tokens  touched  mixture    of its bytes  predicted  dense")
    for row in zip(sweeps[0].batch, sweeps[0].touched, mixture, expected, dense):
        batch, touched, took, foretold, shared = row
        print(
            f"{batch:6d}  {touched:7.1f}  {1e3 * took:7.2f} ms  {took / foretold:11.2f}  "
            f"{1e3 * foretold:6.2f} ms  {1e3 * shared:5.2f} ms"
        )
    correlations = np.array([sweep.correlation for sweep in sweeps])
    rates = np.array([sweep.rate for sweep in sweeps])
    middle = float(np.median(correlations))
    print(f"r {middle:.3f} (median of {SERIES} series; {correlations.min():.3f} to {correlations.max():.3f})")
    print(
        f"rate {q.rate(np.median(rates), 'B/s')} ({q.rate(rates.min(), 'B/s')} to {q.rate(rates.max(), 'B/s')})"
    )
    assert middle > LEAST, f"r is {middle:.3f}, {LEAST} is needed: is another program at work?"


if __name__ == "__main__":
    main()
