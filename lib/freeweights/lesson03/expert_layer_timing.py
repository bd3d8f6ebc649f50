"""A mixture-of-experts layer in NumPy, timed on this machine beside a dense one of equal active size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from ..facts import quantities as q
from ..local import timing
from ..models.experts import expected_distinct_experts
from ..models.routing import check_experts, distinct, route
from ..page import layout
from ..page.style import BLUE, GREY, ORANGE

EXPERTS, CHOSEN = 64, 4
WIDTH, HIDDEN = 384, 512  # values that go in and out of an expert, and between its two matrices
BATCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # beyond, arithmetic takes as long as reading on many machines
ROUNDS, ENOUGH_SECONDS = 25, 3.0
COMPARED = 16  # tokens at which the sentence compares, where they were timed
BUSY = 1.3  # how many times the fastest round the usual one takes on a machine that does nothing else
CLOSE = 0.95  # a correlation below has another cause than bytes
JOINED = 1.1  # beyond so many times the expected seconds something else than bytes takes part


@dataclass(frozen=True, eq=False)
class ExpertWeights:
    """The weights of all experts, float32: up (E, hidden, width) and down (E, width, hidden)."""

    up: np.ndarray
    down: np.ndarray

    @property
    def experts(self) -> int:
        return len(self.up)

    @property
    def expert_bytes(self) -> int:
        """Bytes of one expert."""
        return (self.up.nbytes + self.down.nbytes) // self.experts


def layer(experts: int = EXPERTS, width: int = WIDTH, hidden: int = HIDDEN, seed: int = 0) -> ExpertWeights:
    """Make experts with random weights: what they know does not matter for how long they take.

    >>> layer(8, 16, 32).expert_bytes == 2 * 16 * 32 * 4
    True
    """
    check_experts(experts, 1)
    rng = np.random.default_rng(seed)
    up = rng.standard_normal((experts, hidden, width), dtype=np.float32)
    down = rng.standard_normal((experts, width, hidden), dtype=np.float32)
    up /= np.float32(np.sqrt(width))  # in place: a second array of this size would be felt
    down /= np.float32(np.sqrt(hidden))
    return ExpertWeights(up, down)


def forward(layer: ExpertWeights, tokens: np.ndarray, choices: np.ndarray) -> np.ndarray:
    """Send each token through its experts, and take their mean. An expert that nobody chose is not read.

    Every touched expert gathers its tokens and multiplies its two matrices by all of them at once.

    Args:
        layer: the experts.
        tokens: float32 (batch, width), at least one.
        choices: distinct experts of each token, ints (batch, chosen), such as `routing.route` draws.

    Returns:
        float32 (batch, width).

    Raises:
        ValueError: no token, or choices that do not belong to the tokens or the experts.

    >>> one = layer(8, 16, 32)
    >>> forward(one, np.ones((3, 16), np.float32), np.array([[0, 5], [5, 2], [0, 7]])).shape
    (3, 16)
    """
    check_work(layer, tokens, choices)
    flat = choices.ravel()
    by_expert = np.argsort(flat, kind="stable")
    touched, starts = np.unique(flat[by_expert], return_index=True)
    out = np.zeros_like(tokens)
    for expert, places in zip(touched, np.split(by_expert // choices.shape[1], starts[1:])):
        inner = layer.up[expert] @ tokens[places].T
        np.maximum(inner, 0, out=inner)
        out[places] += (layer.down[expert] @ inner).T
    return out / np.float32(choices.shape[1])


def check_work(layer: ExpertWeights, tokens: np.ndarray, choices: np.ndarray) -> None:
    """Refuse an empty batch, and choices that do not fit."""
    if len(tokens) == 0:
        raise ValueError("The batch is 0: the layer has nothing to do; give it one token or more.")
    if choices.ndim != 2 or len(choices) != len(tokens):
        raise ValueError(
            f"choices has shape {choices.shape}: a row of experts for each of {len(tokens)} tokens is expected."
        )
    check_experts(layer.experts, choices.shape[1])
    if choices.min() < 0 or choices.max() >= layer.experts:
        raise ValueError(
            f"The choices run from {choices.min()} to {choices.max()}: "
            f"experts are numbered 0 to {layer.experts - 1}."
        )


def all_alike(experts: int, chosen: int, tokens: int, rng: np.random.Generator) -> np.ndarray:
    """Send every token to the same experts, drawn afresh: a dense layer of `chosen` experts' size.

    >>> len(np.unique(all_alike(8, 2, 100, np.random.default_rng(0))))
    2
    """
    return np.tile(route(experts, chosen, 1, 0.0, rng), (tokens, 1))


@dataclass(frozen=True, eq=False)
class BatchTimings:
    """Seconds of the layer at each batch, the median of the rounds, routed at random and all alike.

    touched: mean number of experts that the random routing touched, counted.
    fastest: the fastest round of the random routing.
    """

    experts: int
    chosen: int
    expert_bytes: int
    batch: np.ndarray
    mixture: np.ndarray
    dense: np.ndarray
    fastest: np.ndarray
    touched: np.ndarray
    rounds: int

    @property
    def bytes_expected(self) -> np.ndarray:
        """Bytes of the experts that the formula says each batch touches."""
        return expected_distinct_experts(self.experts, self.chosen, self.batch) * self.expert_bytes

    @property
    def rate(self) -> float:
        """Bytes/s at which the dense layer reads its weights for the smallest batch: the only rate used."""
        return float(self.chosen * self.expert_bytes / self.dense[0])

    @property
    def expected(self) -> np.ndarray:
        """Seconds that reading those bytes takes at that rate."""
        return self.bytes_expected / self.rate

    @property
    def correlation(self) -> float:
        """Pearson's r between the seconds measured and the bytes expected."""
        return float(np.corrcoef(self.mixture, self.bytes_expected)[0, 1])


def time_layer(
    experts: int = EXPERTS,
    chosen: int = CHOSEN,
    batches: Sequence[int] = BATCHES,
    width: int = WIDTH,
    hidden: int = HIDDEN,
) -> BatchTimings:
    """Time one layer at every batch, as a mixture and as a dense layer of equal active size: 2 to 4 s, 101 MB.

    Both run the same code on the same experts and do the same arithmetic for a token; only the choices differ. The
    dense layer is `chosen` experts which all tokens share, other ones in each round, so that its weights are as
    seldom in a cache as the mixture's: with a cache of a third of all experts' bytes, one in three is found there.
    Batches take turns, round after round, so that another program at work meets all of them alike. One core
    does all the work: on a busy machine cores that wait for each other after each small product slow it tenfold.

    Args:
        experts, chosen: of the layer, E and k.
        batches: tokens in a step, each 1 or more.
        width, hidden: of every expert.

    Raises:
        ValueError: k above E, no experts, or a batch below 1.

    >>> time_layer(8, 2, (1, 4), width=16, hidden=32).touched[0]
    np.float64(2.0)
    """
    check_experts(experts, chosen)
    batches = np.asarray(batches)
    if batches.size == 0 or np.any(batches != batches.astype(int)) or batches.min() < 1:
        raise ValueError(
            f"batches holds {batches.tolist()}: whole numbers of tokens, 1 or more, are expected."
        )
    one, rng = layer(experts, width, hidden), np.random.default_rng(0)
    tokens = rng.standard_normal((batches.max(), width), dtype=np.float32)
    with threadpool_limits(1):
        turns = timing.rounds("Sending tokens to experts", ROUNDS, least=3, seconds=ENOUGH_SECONDS)
        rounds = [[_one_batch(one, chosen, tokens[:batch], rng) for batch in batches] for _ in turns]
    mixture, dense, touched = np.moveaxis(np.array(rounds), 2, 0)
    return BatchTimings(
        experts,
        chosen,
        one.expert_bytes,
        batches,
        np.median(mixture, axis=0),
        np.median(dense, axis=0),
        mixture.min(axis=0),
        touched.mean(axis=0),
        len(rounds),
    )


def _one_batch(one: ExpertWeights, chosen: int, tokens: np.ndarray, rng: np.random.Generator):
    """Seconds with random choices, seconds with all alike, and how many experts the random ones touched."""
    routed = route(one.experts, chosen, len(tokens), 0.0, rng)
    shared = all_alike(one.experts, chosen, len(tokens), rng)
    return _seconds(one, tokens, routed), _seconds(one, tokens, shared), distinct(routed)[-1]


def _seconds(one: ExpertWeights, tokens: np.ndarray, choices: np.ndarray) -> float:
    """Seconds of one pass."""
    start = time.perf_counter()
    forward(one, tokens, choices)
    return time.perf_counter() - start


def draw(figure: Figure, sweep: BatchTimings) -> str:
    """Seconds of both layers at every batch, the curve that bytes predict, and the same axis in bytes."""
    [axes] = layout.grid(figure)
    every = np.concatenate([sweep.mixture, sweep.dense, sweep.expected])
    low, high = every.min() / 1.6, every.max() * 1.6
    layout.log_axis(axes.xaxis, {int(batch): str(batch) for batch in sweep.batch})
    layout.log_axis(axes.yaxis, round_ticks(low, high, lambda seconds: q.duration(seconds)))
    axes.set(xlim=(0.8, sweep.batch[-1] * 1.25), ylim=(low, high))
    axes.set(xlabel="tokens in the batch", ylabel="seconds of one layer")
    axes.vlines(sweep.batch, sweep.fastest, sweep.mixture, color=BLUE, linewidth=1.4)
    few, mark = np.full(len(sweep.batch), sweep.expected[0]), {"markeredgecolor": "black", "markersize": 8}
    layout.legend(figure, {
        "expected bytes": axes.plot(sweep.batch, sweep.expected, color="black", linewidth=1.4)[0],
        f"bytes of {sweep.chosen} experts": axes.plot(sweep.batch, few, ":", color=GREY, linewidth=1.4)[0],
        f"mixture: {sweep.chosen} of {sweep.experts} for each token": axes.plot(
            sweep.batch, sweep.mixture, "o", color=BLUE, **mark
        )[0],
        f"dense: the same {sweep.chosen} for all": axes.plot(sweep.batch, sweep.dense, "s", color=ORANGE, **mark)[0],
    })  # fmt: skip
    bytes_axis = axes.twinx()
    layout.log_axis(bytes_axis.yaxis, round_ticks(low * sweep.rate, high * sweep.rate, q.size))
    bytes_axis.set(ylim=(low * sweep.rate, high * sweep.rate), ylabel=f"bytes at {q.rate(sweep.rate, 'B/s')}")
    bytes_axis.grid(visible=False)
    layout.headline(figure).set_text(finding(sweep))
    return sentence(sweep)


def round_ticks(low: float, high: float, say) -> dict[float, str]:
    """Ticks at 1, 2 and 5 times the powers of ten, in words.

    >>> list(round_ticks(0.8, 12, q.significant).values())
    ['1', '2', '5', '10']
    """
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    steps = [power * digit for power in powers for digit in (1, 2, 5)]
    return {step: say(step) for step in steps if low <= step <= high}


def growth(sweep: BatchTimings) -> tuple[int, float, float, float]:
    """The batch compared with the first, and how many times as many experts, mixture and dense seconds it takes."""
    at = int(np.abs(sweep.batch - COMPARED).argmin())
    moved = sweep.bytes_expected
    columns = (moved, sweep.mixture, sweep.dense)
    return int(sweep.batch[at]), *(float(column[at] / column[0]) for column in columns)


def finding(sweep: BatchTimings) -> str:
    """The title: what the larger batch costs each layer."""
    batch, _, mixture, dense = growth(sweep)
    return (
        f"{batch} tokens instead of {sweep.batch[0]}: the mixture takes {q.times(mixture)} as long, "
        f"the dense layer {q.times(dense)}"
    )


def sentence(sweep: BatchTimings) -> str:
    """How time follows the bytes, where it leaves them, and what the machine did besides."""
    batch, more, mixture, dense = growth(sweep)
    last, over = sweep.batch[-1], float(sweep.mixture[-1] / sweep.expected[-1])
    said = (
        f"From {sweep.batch[0]} to {batch} tokens the mixture takes {q.times(mixture)} as long, and it touches "
        f"{q.times(more)} as many experts; the dense layer, with the same arithmetic, takes {q.times(dense)} as "
        f"long. Time and predicted bytes go together with r = {sweep.correlation:.3f}; the one rate used is "
        f"{q.rate(sweep.rate, 'B/s')}, at which the dense layer read its weights for the smallest batch."
    )
    if over > JOINED:
        said += (
            f" At {last} tokens the mixture takes {q.times(over)} as long as its bytes alone: an expert now "
            f"multiplies {q.significant(sweep.chosen * last / sweep.touched[-1], 2)} tokens, and that adds time."
        )
    busy = float(np.median(sweep.mixture / sweep.fastest))
    if busy > BUSY or sweep.correlation < CLOSE:
        said += (
            f" The usual round took {q.times(busy)} as long as the fastest: close other programs and repeat."
        )
    return said
