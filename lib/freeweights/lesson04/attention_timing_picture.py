"""Lesson 04's measurement: how reading and writing slow down with context on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from ..facts import quantities as q
from ..local import timing
from ..page import layout
from ..page.style import BLUE, GREEN, GREY, ORANGE, PINK, RED
from . import attention_by_hand as lab

READ = (256, 512, 1024, 2048, 4096, 8192)  # tokens of a prompt
WRITTEN_AFTER = (1024, 2048, 4096, 8192, 16_384, 32_768, 65_536)  # 67 MB of keys and values at the end
READ_SECONDS, WRITE_SECONDS = 5.0, 2.0
LONGEST = 1.0  # seconds that one reading may take
ROUNDS, LEAST_ROUNDS = 9, 2
BUSY = 0.5  # slopes of single rounds that lie so far apart mean that something else was at work
FITTED = 4  # a slope is fitted to the largest sizes only: below them a call costs more than its work
KINDS = {
    "full": (BLUE, "o", "-"),
    "grouped": (GREEN, "s", "--"),
    "window": (ORANGE, "^", "-"),
    "linear": (PINK, "D", "--"),
}
WIDTH = 64  # values of a stored key; the state of one head is that wide and that high
STORED = (8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 1024, 2048)  # pairs
RECALLS = {
    "full": ("full attention: all pairs kept", BLUE, "o"),
    "best": ("the state of least squared error", GREY, "s"),
    "added": ("linear attention: pairs added up", RED, "D"),
}


@dataclass(frozen=True, eq=False)
class Growth:
    """Seconds of one kind at each size, one row a round."""

    kind: str
    sizes: np.ndarray
    rounds: np.ndarray

    @property
    def seconds(self) -> np.ndarray:
        """The fastest round at each size: the one that other programs disturbed least."""
        return np.min(self.rounds, axis=0)

    @property
    def exponent(self) -> float:
        """The slope through the fastest rounds."""
        return slope(self.sizes, self.seconds)

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest slope of a single round."""
        each = [slope(self.sizes, row) for row in self.rounds]
        return min(each), max(each)


def slope(sizes: np.ndarray, seconds: np.ndarray) -> float:
    """Least-squares slope of log seconds over log size through the largest `FITTED` sizes.

    >>> round(slope(np.array([1, 2, 4, 8, 16]), np.array([9.0, 4.0, 16.0, 64.0, 256.0])), 6)
    2.0
    """
    return float(np.polyfit(np.log(sizes[-FITTED:]), np.log(seconds[-FITTED:]), 1)[0])


def reading(tokens: int) -> dict[str, Callable[[], object]]:
    """For each kind a call that reads a prompt of so many tokens."""
    queries, keys, values = lab.inputs(tokens)
    return {
        "full": lambda: lab.full_attention(queries, keys, values),
        "grouped": lambda: lab.grouped_attention(queries, keys[: lab.GROUPS], values[: lab.GROUPS]),
        "window": lambda: lab.window_attention(queries, keys, values),
        "linear": lambda: lab.linear_attention(queries, keys, values),
    }


def writing(tokens: int, keys: np.ndarray, values: np.ndarray) -> dict[str, Callable[[], object]]:
    """For each kind a call that writes one token after so many, from `keys` and `values` or a state."""
    query = keys[:, 0].copy()
    state = np.ones((lab.HEADS, lab.HEAD_DIM, lab.HEAD_DIM), np.float32)
    total = np.ones((lab.HEADS, lab.HEAD_DIM), np.float32)
    near, groups = slice(max(0, tokens - lab.WINDOW), tokens), lab.GROUPS
    return {
        "full": lambda: lab.attend_once(query, keys[:, :tokens], values[:, :tokens]),
        "grouped": lambda: lab.attend_once(query, keys[:groups, :tokens], values[:groups, :tokens]),
        "window": lambda: lab.attend_once(query, keys[:, near], values[:, near]),
        "linear": lambda: lab.state_once(state, total, query, query, query),
    }


def seconds_of(act: Callable[[], object], calls: int) -> float:
    """Seconds of one of several calls in a row, without those in which other programs had the processor.

    That is the time on the clock, or the processor time where it is shorter. Where the operating system
    counts processor time too coarsely to have seen any, the clock decides.
    """
    start, busy = time.perf_counter(), time.process_time()
    for _ in range(calls):
        act()
    clock, busy = time.perf_counter() - start, time.process_time() - busy
    return (min(clock, busy) if busy > 0 else clock) / calls


def affordable(sizes: Sequence[int]) -> Sequence[int]:
    """The sizes whose prompt full attention should read in `LONGEST` seconds; never fewer than `FITTED`."""
    read = reading(sizes[FITTED - 1])["full"]
    with threadpool_limits(1):
        taken = min(seconds_of(read, 1) for _ in range(3))
    limit = sizes[FITTED - 1] * np.sqrt(LONGEST / taken)
    return [size for place, size in enumerate(sizes) if place < FITTED or size <= limit]


def measure_reading(sizes: Sequence[int] | None = None) -> list[Growth]:
    """Time reading a prompt at each size, shorter prompts on a slow machine: 4 to 9 seconds, 80 MB."""
    return _rounds("Reading prompts", sizes or affordable(READ), reading, READ_SECONDS, calls=1)


def measure_writing(sizes: Sequence[int] = WRITTEN_AFTER) -> list[Growth]:
    """Time writing one token after each size, keys and values in memory: about 2 seconds, 80 MB."""
    shape = (2, lab.HEADS, max(sizes), lab.HEAD_DIM)
    keys, values = np.random.default_rng(lab.SEED).standard_normal(shape, dtype=np.float32)
    return _rounds(
        "Writing a token", sizes, lambda tokens: writing(tokens, keys, values), WRITE_SECONDS, calls=5
    )


def _rounds(name: str, sizes: Sequence[int], make: Callable, budget: float, calls: int) -> list[Growth]:
    """Every kind and size in turn, round after round: another program at work meets all of them alike.

    One core does all the work: where the others are busy, cores that wait for each other bend the curves.
    """
    acts = [make(size) for size in sizes]
    for act in acts[0].values():
        act()
    with threadpool_limits(1):
        turns = timing.rounds(name, ROUNDS, LEAST_ROUNDS, budget)
        rounds = [[[seconds_of(act[kind], calls) for act in acts] for kind in KINDS] for _ in turns]
    times = np.array(rounds)
    return [Growth(kind, np.array(sizes), times[:, place]) for place, kind in enumerate(KINDS)]


# ---- Pictures
def draw(figure: Figure, read: Sequence[Growth], written: Sequence[Growth]) -> str:
    """Seconds over context, reading left and writing right, each curve with its fitted exponent."""
    left, right = layout.grid(figure, columns=(1, 1))
    _curves(left, read, "tokens of the prompt", "Reading a prompt")
    _curves(right, written, "tokens before it", "Writing one token")
    grown, flat = ({one.kind: one for one in growths} for growths in (read, written))
    layout.headline(figure).set_text(
        f"Full attention: reading grows with n^{grown['full'].exponent:.1f}, writing with "
        f"n^{flat['full'].exponent:.1f}; linear: n^{grown['linear'].exponent:.1f} and "
        f"n^{positive(flat['linear'].exponent)}"
    )
    return sentence(grown, flat)


def positive(exponent: float) -> str:
    """An exponent with one decimal, never "-0.0".

    >>> positive(-0.02), positive(1.07)
    ('0.0', '1.1')
    """
    return f"{round(exponent, 1) + 0.0:.1f}"


def _curves(axes, growths: Sequence[Growth], xlabel: str, title: str) -> None:
    """One axis: a curve for each kind and beside its end the name and exponent, pushed apart."""
    lowest = min(growth.seconds.min() for growth in growths) / 2
    highest = max(growth.seconds.max() for growth in growths) * 2
    sizes = growths[0].sizes
    axes.set(xlabel=xlabel, ylim=(lowest, highest), xlim=(sizes[0] / 1.3, sizes[-1] * 1.3))
    axes.set_title(title, fontsize=11, fontweight="normal")
    layout.log_axis(axes.xaxis, {float(size): kilo(size) for size in sizes[::-2][::-1]})
    layout.log_axis(axes.yaxis, layout.decades(lowest, highest, q.duration))
    names = layout.label_beside(axes, {kind: colour for kind, (colour, *_) in KINDS.items()})
    for growth in growths:
        colour, marker, style = KINDS[growth.kind]
        axes.plot(growth.sizes, growth.seconds, style, marker=marker, color=colour)
        low, high = map(positive, growth.range)
        names[growth.kind].set_text(f"{growth.kind}: n^{positive(growth.exponent)}\n({low} to {high})")
    layout.stand_beside(names, {growth.kind: growth.seconds[-1] for growth in growths})


def kilo(tokens: float) -> str:
    """A power of two in the unit of 1,024 tokens that people use.

    >>> kilo(256), kilo(65_536)
    ('256', '64 k')
    """
    return f"{tokens / 1024:.0f} k" if tokens >= 1024 else f"{tokens:.0f}"


def sentence(read: dict[str, Growth], written: dict[str, Growth]) -> str:
    """What a doubling costs each kind, where the window pays, and what shared keys save."""
    last, end = read["full"].sizes[-1], written["full"].sizes[-1]
    doubled = {kind: q.significant(2**growth.exponent, 2) for kind, growth in read.items()}
    saved = written["full"].seconds[-1] / written["grouped"].seconds[-1]
    alike = read["full"].seconds[-1] / read["grouped"].seconds[-1]
    gain = read["full"].seconds[-1] / read["linear"].seconds[-1]
    flat, before = written["linear"].seconds, written["linear"].sizes[-FITTED]
    low, high = read["full"].range
    disturbed = " Rounds differ widely, so other programs were at work: measure again." * (high - low > BUSY)
    return (
        f"Twice the prompt takes full attention {doubled['full']} times as long, a window of {lab.WINDOW} "
        f"tokens {doubled['window']} and linear attention {doubled['linear']}; {last:,} tokens are read {q.times(gain)} as "
        "fast by linear attention as by full. Shared keys spare bytes, not arithmetic: grouped attention reads "
        f"{q.times(alike)} as fast as full, and after {end:,} tokens writes {q.times(saved)} as fast. Linear "
        f"attention writes in {q.duration(flat[-1], 2)}, and after {before:,} in {q.duration(flat[-FITTED], 2)}. "
        f"Exponents: slope through the {FITTED} largest sizes, fastest of {len(read['full'].rounds)} and "
        f"{len(written['full'].rounds)} rounds; in brackets, single rounds.{disturbed}"
    )


def recall(pairs: int, width: int = WIDTH) -> dict[str, float]:
    """Store random pairs of key and value, then ask for every key: the shares that come back.

    Args:
        pairs: how many. width: values of a key, and of a value.

    Returns:
        "full": by softmax attention, which keeps all pairs. "added": from a state of width x width to which
        each pair was added, as linear attention does. "best": from the state of least squared error.
        A value has come back if no other stored value is nearer to the answer.

    Raises:
        ValueError: fewer than 1 pair.

    >>> recall(4)
    {'full': 1.0, 'added': 1.0, 'best': 1.0}
    """
    lab.check_tokens(pairs)
    keys, values = np.random.default_rng(lab.SEED).standard_normal((2, pairs, width), dtype=np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    answers = {
        "full": lab.softmax(keys @ keys.T / np.sqrt(width, dtype=np.float32)) @ values,
        "added": keys @ (keys.T @ values),
        "best": keys @ np.linalg.lstsq(keys, values, rcond=None)[0],
    }
    truth = np.arange(pairs)
    return {
        kind: float(np.mean(np.argmax(answer @ values.T, axis=1) == truth))
        for kind, answer in answers.items()
    }


def draw_recall(figure: Figure) -> str:
    """How many of n stored pairs come back, from full attention and from a state of fixed size."""
    [axes] = layout.grid(figure)
    found = {pairs: recall(pairs) for pairs in STORED}
    width = WIDTH
    axes.set(xlabel="pairs stored", ylabel="values that come back", ylim=(-0.03, 1.08), xlim=(7, 2400))
    layout.log_axis(
        axes.xaxis, {float(pairs): f"{pairs:,}" for pairs in (8, 16, 32, 64, 128, 256, 512, 1024, 2048)}
    )
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [q.percent(share) for share in (0, 0.25, 0.5, 0.75, 1)])
    axes.axvline(width, linestyle=":", color=GREY, linewidth=1.2)
    axes.text(width * 1.03, -0.01, f"rows of the state: {width}", fontsize=10, color=GREY)
    curves = {
        words: axes.plot(STORED, [found[pairs][kind] for pairs in STORED], marker=marker, color=colour)[0]
        for kind, (words, colour, marker) in RECALLS.items()
    }
    layout.legend(figure, curves)
    lost = next(pairs for pairs in STORED if found[pairs]["best"] < 0.5)
    shares = {kind: q.percent(share) for kind, share in found[lost].items()}
    layout.headline(figure).set_text(
        f"Of {lost} pairs linear attention gives back {shares['added']}, full attention {shares['full']}"
    )
    return (
        f"Of {lost} pairs a state of {width} x {width} values gives back {shares['added']} if they are added, "
        f"and {shares['best']} if it is the state of least squared error. Full attention, whose cache grows, "
        f"still gives back {q.percent(found[STORED[-1]]['full'])} of {STORED[-1]:,}. Random keys, no training: a "
        "trained model chooses what to keep, and a hybrid keeps some layers of full attention to look things up."
    )
