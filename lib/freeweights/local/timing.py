"""Time a call again and again until its rounds agree."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tqdm.auto import tqdm


def rounds(name: str, most: int, least: int, seconds: float) -> Iterator[int]:
    """Number the rounds of a measurement and show a bar: `most`, or fewer once the time is up, but `least`.

    Args:
        name: what is measured.
        most, least: how many.
        seconds: after which no new one begins.

    >>> list(rounds("Nothing", most=5, least=2, seconds=0))
    [0, 1]
    """
    start = time.perf_counter()
    with tqdm(total=most, desc=name, leave=False) as bar:
        for done in range(most):
            if done >= least and time.perf_counter() - start >= seconds:
                bar.total = bar.n  # enough: a bar that stops short of its total turns red, as after an error
                return
            yield done
            bar.update()
