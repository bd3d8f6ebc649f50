"""Growth exponents of lesson 04's small attentions on one core: are they what the counts say?

Run by hand, with the library installed, on a machine with nothing else to do:

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/attention_growth.py

Measured on 1 of 2 cores of an Intel Xeon (Sapphire Rapids, virtual machine) on which other programs kept
both cores busy (load 4), Linux, Python 3.11, NumPy 2.4 with OpenBLAS 0.3.31, 2026-11-22; medians of 5
runs, range of the runs:

    reading, 256 to 8,192 tokens, 2 rounds, 6.1 s a run
        full      1.84 ( 1.81 to  1.89)     574.294 ms at 8,192
        grouped   1.83 ( 1.82 to  1.88)     575.384 ms at 8,192
        window    1.05 ( 1.04 to  1.05)      67.059 ms at 8,192
        linear    1.03 ( 1.02 to  1.06)      32.532 ms at 8,192
    writing, 1,024 to 65,536 tokens, 9 rounds, 1.3 s a run
        full      1.15 ( 1.15 to  1.17)       4.774 ms at 65,536
        grouped   1.10 ( 1.09 to  1.12)       2.371 ms at 65,536
        window   -0.00 (-0.02 to  0.01)       0.022 ms at 65,536
        linear    0.00 (-0.01 to  0.00)       0.014 ms at 65,536
    memory beyond the imports: 80 MiB at most

Reading with full attention stays below 2, because the calls for each block of queries cost time too and
their number grows with the tokens only. Writing goes above 1, because 8 MB of keys and values (at 8,192
tokens) still find room in a cache and 67 MB (at 65,536) do not. With both cores busy and two threads of
OpenBLAS the threads wait for each other, and full attention came out anywhere from 2 to 3: the range beside
the exponent then says so.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from freeweights.lesson04 import attention_timing_picture as pictures

RUNS = 5


def main() -> None:
    """Measure `RUNS` times; print each kind's median exponent, its range, and the time taken."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, measure in (("reading", pictures.measure_reading), ("writing", pictures.measure_writing)):
        start = time.perf_counter()
        runs = [measure() for _ in range(RUNS)]
        taken = (time.perf_counter() - start) / RUNS
        last = runs[-1][0]
        print(
            f"{name}, {last.sizes[0]:,} to {last.sizes[-1]:,} tokens, {len(last.rounds)} rounds, "
            f"{taken:.1f} s a run"
        )
        for place, kind in enumerate(pictures.KINDS):
            found = [run[place].exponent for run in runs]
            longest = np.median([run[place].seconds[-1] for run in runs])
            print(
                f"    {kind:8} {np.median(found):5.2f} ({min(found):5.2f} to {max(found):5.2f})   "
                f"{1e3 * longest:9.3f} ms at {last.sizes[-1]:,}"
            )
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"memory beyond the imports: {grown / 1024:.0f} MiB at most")


if __name__ == "__main__":
    main()
