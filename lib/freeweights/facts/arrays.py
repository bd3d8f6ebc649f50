"""Arrays as arguments and as answers: what is given is checked, what comes back is plain."""

from __future__ import annotations

import numpy as np


def plain(value):
    """A Python float, bool or str where there is one value; an array otherwise.

    >>> plain(np.float64(2.5)), plain(np.array([1.0, 2.0])).shape
    (2.5, (2,))
    """
    value = np.asarray(value)
    return value.item() if value.ndim == 0 else value


def ratio(above, below):
    """One over the other, numbers or arrays: None, or masked, where the other is zero.

    >>> ratio(1, 4), ratio(1, 0), ratio(np.ones(2), np.array([0, 2])).tolist()
    (0.25, None, [None, 0.5])
    """
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    values = np.ma.masked_array(above / np.where(below == 0, 1, below), mask=below == 0)
    return values.tolist() if values.ndim == 0 else values


def every(condition) -> bool:
    """Whether a condition on numbers or arrays holds for all: `np.all`, but quick for a single one."""
    return bool(condition) if isinstance(condition, bool | np.bool_) else bool(condition.all())


def numbers(value, name: str):
    """`value` as an array of numbers, or as one number, or an error that says what was given."""
    try:
        return np.asarray(value, float)[
            ()
        ]  # NumPy reckons with a number five times as fast as with an array of one
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is {value!r}: one number or an array of numbers, all rows of one length, is expected."
        ) from None


def together(**arrays) -> None:
    """Refuse arrays whose shapes do not go together, with the names and shapes in the message."""
    shapes = {name: np.shape(array) for name, array in arrays.items()}
    if not any(shapes.values()):
        return
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        words = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(
            f"The shapes {words} do not go together: give arrays of one length, or put one in a column with "
            "values[:, None] to try every combination."
        ) from None


def at_least(value, name: str, least: int):
    """`value` as an array of numbers from `least`, or an error that says what was given.

    >>> at_least(0, "batch", 1)
    Traceback (most recent call last):
    ...
    ValueError: batch is 0: 1 or more is needed, because with fewer there is nothing to compute.
    """
    array = numbers(value, name)
    if not every((array >= least) & (array < np.inf)):
        raise ValueError(
            f"{name} is {value}: {least} or more is needed, because with fewer there is nothing to compute."
        )
    return array
