"""A small network that reads the last few bytes of a text and predicts the next.

An embedding of each byte, one feed-forward layer added to it, and a last matrix. The feed-forward layer is
dense or a mixture of experts; it takes most of the FLOPs, so it decides.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..facts import datasets
from . import neural

TEXTS = {"novel": "alice_in_wonderland", "play": "as_you_like_it", "verse": "paradise_lost"}
WINDOW, EMBEDDING = 8, 16  # bytes read, and values for each: their product is the width of the network
WIDTH = WINDOW * EMBEDDING
TRAINED_ON = 0.9  # of each text; the rest is held out
HELD_EVERY = 8  # of the held-out bytes, one in so many is predicted
SHORTEST = 100 * (WINDOW + 1)  # bytes: fewer leave hardly a window to hold out
UNDECIDED = np.float32(0.01)  # first weights of a router over the usual ones: at first it favours nobody
CHUNK = 1024  # tokens predicted together


@dataclass(frozen=True, eq=False)
class Corpus:
    """Windows of symbols, each with the symbol after it in the last column, uint8.

    Attributes:
        alphabet: the byte that each symbol stands for.
        books: names of the texts.
        train, held: (windows, WINDOW + 1).
        held_book: which text each held-out window is from.
    """

    alphabet: np.ndarray
    books: tuple[str, ...]
    train: np.ndarray
    held: np.ndarray
    held_book: np.ndarray


def read(texts: Mapping[str, bytes]) -> Corpus:
    """Cut texts into windows: the first nine tenths of each to learn from, some of the last tenth held out.

    Args:
        texts: by name.

    Raises:
        ValueError: no text, or one too short to learn from.

    >>> read({"note": b"too short"})
    Traceback (most recent call last):
    ...
    ValueError: the text 'note' has 9 bytes: at least 900 are needed to train on a part and hold out the rest.
    """
    if not texts:
        raise ValueError("there is no text to train on: give at least one, by name.")
    for name, text in texts.items():
        if len(text) < SHORTEST:
            raise ValueError(
                f"the text {name!r} has {len(text):,} bytes: at least {SHORTEST:,} are needed to train on "
                "a part and hold out the rest."
            )
    alphabet, symbols = np.unique(np.frombuffer(b"".join(texts.values()), np.uint8), return_inverse=True)
    parts = np.split(symbols.astype(np.uint8), np.cumsum([len(text) for text in texts.values()])[:-1])
    cuts = [int(TRAINED_ON * len(part)) for part in parts]
    train = [_windows(part[:cut]) for part, cut in zip(parts, cuts, strict=True)]
    held = [_windows(part[cut:])[::HELD_EVERY] for part, cut in zip(parts, cuts, strict=True)]
    book = np.repeat(np.arange(len(held)), [len(windows) for windows in held])
    return Corpus(alphabet, tuple(texts), np.concatenate(train), np.concatenate(held), book)


def _windows(symbols: np.ndarray) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(symbols, WINDOW + 1)


@functools.cache
def corpus() -> Corpus:
    """The three texts of the course: a novel, a play, an epic in verse."""
    return read({name: datasets.text(file) for name, file in TEXTS.items()})


# ---- the network
def begin(
    rng: np.random.Generator, symbols: int, hidden: int, experts: int | None = None
) -> dict[str, np.ndarray]:
    """First weights of a network, by name.

    Args:
        rng: where the chance comes from.
        symbols: of the alphabet.
        hidden: width of the dense layer, or of each expert.
        experts: how many; none make a dense layer.

    >>> sorted(begin(np.random.default_rng(0), 26, 32))
    ['down', 'embedding', 'gain', 'last', 'last gain', 'up']
    """
    draw = functools.partial(neural.normal, rng)
    copies = () if experts is None else (experts,)
    weights = {
        "embedding": draw(symbols, EMBEDDING),
        "gain": np.ones(WIDTH, np.float32),
        "up": draw(*copies, WIDTH, hidden, inputs=WIDTH / 2),  # relu will cut one half
        "down": draw(*copies, hidden, WIDTH, inputs=hidden),
        "last gain": np.ones(WIDTH, np.float32),
        "last": draw(WIDTH, symbols, inputs=WIDTH),
    }
    if experts is not None:
        router = UNDECIDED * draw(WIDTH, experts, inputs=WIDTH)
        weights |= {"router": router, "bias": np.zeros(experts, np.float32)}
    return weights


def predict(
    weights: Mapping[str, np.ndarray], windows: np.ndarray, chosen: int = 1
) -> tuple[np.ndarray, neural.Routed | None, Callable]:
    """Logits of the next symbol after each window.

    Args:
        weights: of the network, by name.
        windows: symbols, ints (tokens, WINDOW).
        chosen: experts of each token, if there are experts.

    Returns:
        The logits; what was routed where, None for a dense network; and `back`, which takes the gradient in the
        logits and the factor of the imbalance in the loss, and gives the gradients in the weights, by name.

    >>> weights = begin(np.random.default_rng(0), 26, 32, experts=4)
    >>> logits, routed, back = predict(weights, np.zeros((5, WINDOW), int), chosen=2)
    >>> logits.shape, routed.load.sum(), sorted(back(logits)) == sorted(set(weights) - {"bias"})
    ((5, 26), np.int64(10), True)
    """
    x, back_embedding = neural.embed(weights["embedding"], windows)
    normed, back_gain = neural.rms_norm(x, weights["gain"])
    routed, names = None, ("up", "down")
    if "router" in weights:
        names = ("router", *names)
        layer = (*(weights[name] for name in names), chosen, weights["bias"])
        y, routed, back_layer = neural.mixture(normed, *layer)
    else:
        y, back_layer = neural.feed_forward(normed, weights["up"], weights["down"])
    last, back_last = neural.rms_norm(x + y, weights["last gain"])
    logits, back_logits = neural.linear(last, weights["last"])

    def back(gradient: np.ndarray, balance: float = 0.0) -> dict[str, np.ndarray]:
        found = {}
        gradient, found["last"] = back_logits(gradient)
        gradient, found["last gain"] = back_last(gradient)
        inner, *for_layer = back_layer(gradient, balance) if routed else back_layer(gradient)
        found |= zip(names, for_layer, strict=True)
        inner, found["gain"] = back_gain(inner)
        return found | {"embedding": back_embedding(gradient + inner)}

    return logits, routed, back


def flops_per_token(weights: Mapping[str, np.ndarray], chosen: int = 1) -> float:
    """FLOPs of one prediction: two for each weight of the matrices that one token meets.

    >>> flops_per_token(begin(np.random.default_rng(0), 26, 32)) == 2 * (2 * WIDTH * 32 + WIDTH * 26)
    True
    """
    layer = weights["up"].size + weights["down"].size
    if "router" in weights:
        layer = layer * chosen / weights["router"].shape[1] + weights["router"].size
    return 2.0 * (layer + weights["last"].size)


def count_parameters(weights: Mapping[str, np.ndarray]) -> int:
    """Weights that learn from gradients.

    >>> count_parameters(begin(np.random.default_rng(0), 26, 32)) - (2 * WIDTH * 32 + (26 + 2) * WIDTH)
    416
    """
    return sum(array.size for name, array in weights.items() if name != "bias")


def bits_per_byte(weights: Mapping[str, np.ndarray], text: Corpus, chosen: int = 1) -> float:
    """How many bits a byte of the held-out text still costs, once the network has predicted it.

    >>> text = read({"dull": b"ab" * 1000})
    >>> blind = {name: 0 * array for name, array in begin(np.random.default_rng(0), 2, 8).items()}
    >>> round(bits_per_byte(blind, text), 6)
    1.0
    """
    nats = 0.0
    for start in range(0, len(text.held), CHUNK):
        windows = text.held[start : start + CHUNK]
        logits, *_ = predict(weights, windows[:, :-1], chosen)
        nats += neural.cross_entropy(logits, windows[:, -1])[0] * len(windows)
    return float(nats / len(text.held) / np.log(2))
