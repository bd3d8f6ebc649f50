"""Distillation in the small: a teacher that reads handwritten digits, and students a tenth its size.

A network is trained together with its repeats for other seeds: their arrays are stacked on a first axis and
every product works on all of them at once, which is what makes a setting quick enough to follow a slider.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from ..facts import datasets
from . import neural, training_loop

LEARNT = 1000  # images to learn from, the first of the file; all others are held out
DIGITS, PIXELS, INK = 10, 64, 16  # classes, pixels of an image, and the most that a pixel can be
TEACHER, STUDENT = (64, 64), (12,)  # hidden widths: two layers, and one
# Of the rates 0.01, 0.02, 0.03 and 0.05 this suits students taught by labels best: the harder rival to beat.
STEPS, BATCH, RATE = 400, 100, 0.02
UNLABELLED = -1
Network = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Images:
    """Handwritten digits.

    Attributes:
        ink: from 0 to 1, (images, 64), rows of eight pixels from the top.
        digits: what was written, ints (images,).
    """

    ink: np.ndarray
    digits: np.ndarray


@functools.cache
def images() -> tuple[Images, Images]:
    """The images to learn from, and those held out: both parts in the order of the file.

    >>> [part.ink.shape for part in images()]
    [(1000, 64), (797, 64)]
    """
    rows = datasets.digits()
    ink, digits = (rows[:, 1:] / INK).astype(np.float32), rows[:, 0]
    return Images(ink[:LEARNT], digits[:LEARNT]), Images(ink[LEARNT:], digits[LEARNT:])


# ---- soft targets
def soft_targets(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities at a temperature: the softmax of logits divided by it.

    Args:
        logits: (..., classes).
        temperature: above 0; 1 is the plain softmax, more is more even.

    Raises:
        ValueError: the temperature is not a number above 0.

    Source: Hinton, Vinyals, Dean 2015, arXiv:1503.02531, equation 1.

    >>> soft_targets(np.log([1.0, 4.0]), 1).round(3).tolist(), soft_targets(np.log([1.0, 4.0]), 2).round(3).tolist()
    ([0.2, 0.8], [0.333, 0.667])
    """
    check_temperature(temperature)
    rows = np.asarray(logits).reshape(-1, np.shape(logits)[-1])
    return neural.softmax(rows / temperature)[0].reshape(np.shape(logits))


def loss(
    logits: np.ndarray, soft: np.ndarray, digits: np.ndarray, temperature: float, share: float, labelled=1.0
) -> tuple[float, np.ndarray]:
    """The loss of a student that imitates its teacher and learns labels, and its gradient.

    The share of soft targets weighs their cross-entropy at the temperature, times the temperature squared; the
    rest weighs the cross-entropy with the labels at temperature 1 (Hinton, Vinyals, Dean 2015,
    arXiv:1503.02531, section 2).

    Args:
        logits: of the student, (images, classes).
        soft: the teacher's answers at this temperature, (images, classes).
        digits: labels, ints (images,); -1 where there is none.
        temperature: above 0.
        share: of the soft targets, 0 to 1.
        labelled: part of all images that have a label, so that labels weigh as much where they are rare.

    Returns:
        The loss in nats per image, and its gradient in the logits.

    Raises:
        ValueError: the temperature or the share lies outside its range.

    >>> even = np.full((1, 10), 0.1)
    >>> value, gradient = loss(np.zeros((1, 10)), even, np.array([3]), temperature=2, share=0.5)
    >>> float(round(value / np.log(10), 6)), gradient.round(3).tolist()[0][2:5]
    (2.5, [0.05, -0.45, 0.05])
    """
    check_temperature(temperature)
    check_share(share)
    total, gradient, has_label = 0.0, np.zeros_like(logits), digits != UNLABELLED
    if share > 0:
        soft_loss, back = neural.cross_entropy(logits / temperature, soft)
        total += share * temperature**2 * soft_loss
        gradient += back(share * temperature)  # dividing the logits took one factor already
    if share < 1 and has_label.any():
        hard_loss, back = neural.cross_entropy(logits[has_label], digits[has_label])
        weight = (1 - share) * has_label.mean() / labelled
        total += weight * hard_loss
        gradient[has_label] += back(weight)
    return total, gradient


# ---- networks, many at once
def begin(rngs: Sequence[np.random.Generator], hidden: Sequence[int]) -> Network:
    """First weights and biases of a network for each generator, stacked.

    Raises:
        ValueError: a layer has no hidden value.

    >>> {name: array.shape for name, array in begin([np.random.default_rng(0)], [12]).items()}
    {'weight 0': (1, 64, 12), 'bias 0': (1, 1, 12), 'weight 1': (1, 12, 10), 'bias 1': (1, 1, 10)}
    """
    if any(width != int(width) or width < 1 for width in hidden):
        raise ValueError(f"a network of hidden widths {list(hidden)}: each must be a whole number from 1.")
    sizes, network = [PIXELS, *hidden, DIGITS], {}
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        drawn = [neural.normal(rng, inputs, outputs, inputs=inputs / 2) for rng in rngs]
        network[f"weight {layer}"] = np.stack(drawn)
        network[f"bias {layer}"] = np.zeros((len(rngs), 1, outputs), np.float32)
    return network


def predict(network: Network, ink: np.ndarray) -> tuple[np.ndarray, neural.Back]:
    """Logits of every network for its images.

    Args:
        network: of `begin` or `train`.
        ink: (networks, images, 64); or (images, 64), the same for all.

    Returns:
        (networks, images, 10); `back` takes the gradient in them and gives the gradients by name.

    >>> predict(begin([np.random.default_rng(0)], [12]), np.zeros((5, 64)))[0].shape
    (1, 5, 10)
    """
    layers, inputs, x = len(network) // 2, [], ink
    for layer in range(layers):
        inputs.append(x)
        x = x @ network[f"weight {layer}"] + network[f"bias {layer}"]
        x = np.maximum(x, 0) if layer < layers - 1 else x

    def back(gradient: np.ndarray) -> Network:
        gradients = {}
        for layer in reversed(range(layers)):
            gradients[f"weight {layer}"] = inputs[layer].swapaxes(-1, -2) @ gradient
            gradients[f"bias {layer}"] = gradient.sum(axis=1, keepdims=True)
            if layer:  # below the first layer nothing waits for a gradient
                gradient = (gradient @ network[f"weight {layer}"].swapaxes(-1, -2)) * (inputs[layer] > 0)
        return gradients

    return x, back


def parameters(network: Network) -> int:
    """Weights and biases of one of the stacked networks.

    >>> parameters(begin([np.random.default_rng(0)], STUDENT))
    910
    """
    return sum(array[0].size for array in network.values())


def accuracy(network: Network, among: Images) -> np.ndarray:
    """The part of the images that each network reads right, (networks,)."""
    return (predict(network, among.ink)[0].argmax(axis=-1) == among.digits).mean(axis=-1)


def train(
    rngs: Sequence[np.random.Generator],
    hidden: Sequence[int],
    pools: np.ndarray,
    digits: np.ndarray,
    soft: np.ndarray | None = None,
    temperature: float = 1.0,
    share: float = 0.0,
) -> Network:
    """Train one network for each generator, each on its own pool of the images to learn from.

    Args:
        rngs: give the first weights, and the order of the batches.
        hidden: widths of the hidden layers.
        pools: places of the images that each network sees, ints (networks, images).
        digits: the label of every image for each network, -1 where it is not told, (networks, 1000).
        soft: the teacher's answers for every image at the temperature, (1000, 10); None if nobody asked.
        temperature, share: of the `loss`.

    Returns:
        The networks, stacked.

    Raises:
        ValueError: the pools are empty, or a width, the temperature or the share is impossible.

    >>> tell, rng = images()[0].digits[None], np.random.default_rng(0)
    >>> bool(accuracy(train([rng], [12], np.arange(100)[None], tell), images()[1])[0] > 0.5)
    True
    """
    if not pools.size:
        raise ValueError("the transfer set is empty: give at least one image to learn from.")
    network, ink = begin(rngs, hidden), images()[0].ink
    soft = np.zeros((LEARNT, DIGITS), np.float32) if soft is None else soft.astype(np.float32)
    adam, order = (
        neural.Adam(network),
        np.stack(
            [training_loop.shuffled(rng, pool, STEPS * BATCH) for rng, pool in zip(rngs, pools, strict=True)]
        ),
    )
    stack = np.arange(len(rngs))[:, None]
    labelled = float((digits[stack, pools] != UNLABELLED).mean())
    with threadpool_limits(1):  # the products are too small to share
        for step in range(STEPS):
            batch = order[:, step * BATCH : (step + 1) * BATCH]
            logits, back = predict(network, ink[batch])
            rows = logits.reshape(-1, DIGITS), soft[batch].reshape(-1, DIGITS), digits[stack, batch].ravel()
            gradient = loss(*rows, temperature, share, labelled)[1] * len(rngs)  # each has its own mean
            adam.step(back(gradient.reshape(logits.shape)), RATE * training_loop.pace(step / STEPS))
    return network


# ---- checks
def check_temperature(temperature: float) -> None:
    """Refuse a temperature that is not above zero."""
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(
            f"the temperature is {temperature}: a number above 0 is expected; 1 changes nothing."
        )


def check_share(share: float) -> None:
    """Refuse a share outside 0 to 1."""
    if not 0 <= share <= 1:
        raise ValueError(f"the share of soft targets is {share}: choose from 0, labels alone, to 1.")
