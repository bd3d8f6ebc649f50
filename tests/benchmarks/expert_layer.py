"""How well bytes predict the time of a mixture-of-experts layer in NumPy: the series of lesson 03, several times.

Run by hand, on a machine with nothing else to do:

    python tests/benchmarks/expert_layer.py

Measured on one core of an Intel Xeon (Sapphire Rapids, virtual machine with 2 cores whose third-level cache of
480 MiB, shared with others, holds all experts), Linux, Python 3.11, NumPy 2.4 with OpenBLAS, other work running,
2026-11-22, medians of 7 series:

    tokens  touched  mixture    of its bytes  predicted  dense
         1      4.0     0.51 ms         1.02    0.50 ms   0.50 ms
         2      7.6     0.93 ms         0.96    0.97 ms   0.56 ms
         3     11.4     1.34 ms         0.95    1.41 ms   0.92 ms
         4     14.4     1.66 ms         0.91    1.83 ms   0.82 ms
         6     20.8     2.46 ms         0.96    2.58 ms   1.24 ms
         8     25.6     3.08 ms         0.95    3.24 ms   1.11 ms
        12     34.9     4.54 ms         1.05    4.33 ms   1.30 ms
        16     40.9     5.38 ms         1.04    5.17 ms   1.28 ms
        24     50.5     7.54 ms         1.19    6.32 ms   1.54 ms
        32     55.4     9.20 ms         1.31    7.01 ms   1.74 ms
    r 0.985 (median of 7 series; 0.958 to 0.987), rate 12.5 GB/s (12.3 GB/s to 13.5 GB/s)

Without `threadpool_limits(1)` the same series on the same busy machine gave r of 0.85 and a dense layer of up to
120 ms: two BLAS threads wait for each other after every small product.
"""

from __future__ import annotations

import numpy as np
from freeweights import expert_layer, yourmachine
from freeweights import quantities as q

SERIES = 7
LEAST = 0.95


def main() -> None:
    """Measure the series, print the medians, and refuse a correlation that is too low."""
    sweeps = [expert_layer.time_layer() for _ in range(SERIES)]
    mixture, dense, expected = (
        np.median([getattr(sweep, name) for sweep in sweeps], axis=0)
        for name in ("mixture", "dense", "expected")
    )
    print(yourmachine.name())
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
