"""Small neural networks in NumPy: layers that know their gradients, and Adam.

A layer returns its output and a function `back`. Given the gradient of the loss in that output, `back` returns
the gradients in what the layer was given, in that order. So a network is written once forwards, and once
backwards by calling its `back`s in the opposite order. Rows are tokens; arrays keep the type they have: float32
to train, float64 to check the gradients against finite differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

Back = Callable[[np.ndarray], object]
TINY = 1e-6  # keeps the norm of a row of zeros from being divided by


def normal(rng: np.random.Generator, *shape: int, inputs: float = 1) -> np.ndarray:
    """Draw first weights: normal, with variance one over the number of inputs, so that signals keep their size.

    >>> normal(np.random.default_rng(0), 100, 50, inputs=100).std().round(2)
    np.float32(0.1)
    """
    return (rng.standard_normal(shape) / np.sqrt(inputs)).astype(np.float32)


def embed(table: np.ndarray, windows: np.ndarray) -> tuple[np.ndarray, Back]:
    """Look up the vector of every symbol in a window and lay them side by side.

    Args:
        table: one row for each symbol, (symbols, width).
        windows: the symbols, ints (tokens, window).

    Returns:
        (tokens, window x width); `back` gives the gradient in the table.

    >>> embed(np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[1, 0]]))[0].tolist()
    [[2.0, 3.0, 0.0, 1.0]]
    """
    symbols, width = table.shape

    def back(gradient: np.ndarray) -> np.ndarray:
        chosen = np.zeros((windows.size, symbols), gradient.dtype)  # a product with it adds rows up, quickly
        chosen[np.arange(windows.size), windows.ravel()] = 1
        return chosen.T @ gradient.reshape(-1, width)

    return table[windows].reshape(len(windows), -1), back


def linear(x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, Back]:
    """Multiply by a matrix: (tokens, inputs) by (inputs, outputs). `back` gives the gradients in both.

    >>> y, back = linear(np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]))
    >>> y.tolist(), [gradient.tolist() for gradient in back(np.array([[1.0]]))]
    ([[21.0]], [[[1.0, 10.0]], [[1.0], [2.0]]])
    """
    return x @ weight, lambda gradient: (gradient @ weight.T, x.T @ gradient)


def relu(x: np.ndarray) -> tuple[np.ndarray, Back]:
    """Keep what is above zero.

    >>> relu(np.array([-1.0, 2.0]))[0].tolist()
    [0.0, 2.0]
    """
    return np.maximum(x, 0), lambda gradient: gradient * (x > 0)


def rms_norm(x: np.ndarray, gain: np.ndarray) -> tuple[np.ndarray, Back]:
    """Divide each row by its root mean square, then scale each column (Zhang, Sennrich 2019, arXiv:1910.07467).

    >>> rms_norm(np.array([[3.0, 4.0]]), np.ones(2))[0].round(3).tolist()
    [[0.849, 1.131]]
    """
    inverse = 1 / np.sqrt((x * x).mean(axis=1, keepdims=True) + TINY)
    unit = x * inverse

    def back(gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inner = gradient * gain
        along = (inner * unit).mean(axis=1, keepdims=True)
        return inverse * (inner - unit * along), (gradient * unit).sum(axis=0)

    return unit * gain, back


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax over the last axis, whatever stands before it.

    >>> probabilities(np.log([[[1.0, 3.0]]])).round(2).tolist()
    [[[0.25, 0.75]]]
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax(logits: np.ndarray) -> tuple[np.ndarray, Back]:
    """Turn each row into probabilities.

    >>> softmax(np.log([[1.0, 3.0]]))[0].round(2).tolist()
    [[0.25, 0.75]]
    """
    shares = probabilities(logits)
    return shares, lambda gradient: shares * (gradient - (gradient * shares).sum(axis=1, keepdims=True))


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, Back]:
    """The mean over tokens of -log of the probability given to the target, in nats.

    Args:
        logits: (tokens, symbols).
        targets: the right symbols, ints (tokens,); or probabilities to imitate, (tokens, symbols).

    Returns:
        The loss; `back` takes a number, 1 for the loss itself, and gives the gradient in the logits.

    >>> loss, back = cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> round(float(loss / np.log(2)), 6), back(1.0).tolist()
    (2.0, [[0.25, 0.25, -0.75, 0.25]])
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    if targets.ndim == 2:
        return float(
            -(targets * logs).sum(axis=1).mean()
        ), lambda by: by * (np.exp(logs) - targets) / len(logs)
    rows = np.arange(len(targets))

    def back(by: float) -> np.ndarray:
        gradient = np.exp(logs)
        gradient[rows, targets] -= 1
        return gradient * (by / len(targets))

    return float(-logs[rows, targets].mean()), back


def feed_forward(x: np.ndarray, up: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, Back]:
    """Widen, keep what is positive, narrow again. `back` gives the gradients in x, up and down.

    >>> feed_forward(np.ones((1, 2)), np.ones((2, 3)), np.ones((3, 2)))[0].tolist()
    [[6.0, 6.0]]
    """
    wide, back_up = linear(x, up)
    active, back_relu = relu(wide)
    y, back_down = linear(active, down)

    def back(gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        gradient, for_down = back_down(gradient)
        return *back_up(back_relu(gradient)), for_down

    return y, back


# ---- a mixture of experts
@dataclass(frozen=True, eq=False)
class Routed:
    """What a router did with a batch.

    Attributes:
        choices: the experts of each token, (tokens, chosen).
        load: tokens that each expert received, (experts,).
        imbalance: E times the sum over experts of load share times mean probability: 1 if both are even, E if
            one expert takes all (Fedus et al. 2021, arXiv:2101.03961, equation 4 without its factor).
    """

    choices: np.ndarray
    load: np.ndarray
    imbalance: float


def mixture(
    x: np.ndarray, router: np.ndarray, ups: np.ndarray, downs: np.ndarray, chosen: int, bias: np.ndarray
) -> tuple[np.ndarray, Routed, Callable]:
    """A feed-forward layer for each expert; every token goes to `chosen` of them and their outputs are mixed.

    The router gives each expert a probability. The experts with the largest sums of probability and `bias` are
    chosen; the bias decides nothing else (Wang et al. 2024, arXiv:2408.15664). Outputs are weighted by the
    probabilities of the chosen, made to sum to one; a single one by its probability itself, or the router would
    learn nothing.

    Args:
        x: tokens, (tokens, width).
        router: (width, experts).
        ups, downs: of all experts, (experts, width, hidden) and (experts, hidden, width).
        chosen: experts of each token, k.
        bias: one number for each expert.

    Returns:
        The output, what was routed where, and `back`: it takes the gradient in the output and the factor of the
        imbalance in the loss, and gives the gradients in x, router, ups and downs.

    >>> x, sure = np.eye(2), 50 * np.eye(2)  # each token has its own expert
    >>> ups, downs = np.ones((2, 2, 3)), np.stack([np.ones((3, 2)), 2 * np.ones((3, 2))])
    >>> y, routed, _ = mixture(x, sure, ups, downs, chosen=1, bias=np.zeros(2))
    >>> y.tolist(), routed.load.tolist()
    ([[3.0, 3.0], [6.0, 6.0]], [1, 1])
    """
    tokens, experts = len(x), router.shape[1]
    logits, back_router = linear(x, router)
    probabilities, back_softmax = softmax(logits)
    choices = np.argpartition(-(probabilities + bias), chosen - 1, axis=1)[:, :chosen]
    gates, back_gates = _gates(np.take_along_axis(probabilities, choices, axis=1))
    load = np.bincount(choices.ravel(), minlength=experts)
    share = load / choices.size
    outputs, back_experts = _send(x, choices, load, ups, downs)

    def back(gradient: np.ndarray, balance: float) -> tuple[np.ndarray, ...]:
        for_gates = (outputs * gradient[:, None]).sum(axis=2)
        for_x, for_ups, for_downs = back_experts(gates[:, :, None] * gradient[:, None])
        for_shares = np.broadcast_to(balance * experts / tokens * share, probabilities.shape).astype(x.dtype)
        chosen_part = np.take_along_axis(for_shares, choices, axis=1) + back_gates(for_gates)
        np.put_along_axis(for_shares, choices, chosen_part, axis=1)
        more, for_router = back_router(back_softmax(for_shares))
        return for_x + more, for_router, for_ups, for_downs

    imbalance = float(experts * share @ probabilities.mean(axis=0))
    return (outputs * gates[:, :, None]).sum(axis=1), Routed(choices, load, imbalance), back


def _gates(chances: np.ndarray) -> tuple[np.ndarray, Back]:
    """The weights of the chosen experts' outputs."""
    if chances.shape[1] == 1:
        return chances, lambda gradient: gradient
    total = chances.sum(axis=1, keepdims=True) + TINY
    gates = chances / total
    return gates, lambda gradient: (gradient - (gradient * gates).sum(axis=1, keepdims=True)) / total


def _send(
    x: np.ndarray, choices: np.ndarray, load: np.ndarray, ups: np.ndarray, downs: np.ndarray
) -> tuple[np.ndarray, Back]:
    """Sort tokens by expert, and multiply once for each expert that has any; (tokens, chosen, width)."""
    order = np.argsort(choices.ravel(), kind="stable")
    ends = np.cumsum(load)
    parts = [(expert, slice(ends[expert] - load[expert], ends[expert])) for expert in np.flatnonzero(load)]
    shape = (*choices.shape, x.shape[1])
    sent = x[order // shape[1]]
    active, y = np.empty((len(sent), ups.shape[2]), x.dtype), np.empty_like(sent)
    for expert, part in parts:
        np.matmul(sent[part], ups[expert], out=active[part])
        np.maximum(active[part], 0, out=active[part])
        np.matmul(active[part], downs[expert], out=y[part])

    def unsort(rows: np.ndarray) -> np.ndarray:
        back_in_order = np.empty_like(rows)
        back_in_order[order] = rows
        return back_in_order.reshape(shape)

    def back(gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        gradient = gradient.reshape(sent.shape)[order]
        for_ups, for_downs = np.zeros_like(ups), np.zeros_like(downs)
        for_active, for_sent = np.empty_like(active), np.empty_like(sent)
        for expert, part in parts:
            np.matmul(active[part].T, gradient[part], out=for_downs[expert])
            np.matmul(gradient[part], downs[expert].T, out=for_active[part])
            for_active[part] *= active[part] > 0
            np.matmul(sent[part].T, for_active[part], out=for_ups[expert])
            np.matmul(for_active[part], ups[expert].T, out=for_sent[part])
        return unsort(for_sent).sum(axis=1), for_ups, for_downs

    return unsort(y), back


# ---- learning
@dataclass(eq=False)
class Adam:
    """Steps whose size does not depend on the size of the gradients (Kingma and Ba 2014, arXiv:1412.6980).

    Attributes:
        parameters: the arrays to improve, by name; changed in place.
        memory: how much of the running means of the gradient and of its square a step keeps.

    >>> parameters = {"x": np.array([3.0])}
    >>> adam = Adam(parameters)
    >>> for _ in range(100):
    ...     adam.step({"x": 2 * parameters["x"]}, rate=0.1)  # the gradient of x squared
    >>> bool(abs(parameters["x"][0]) < 0.3)
    True
    """

    parameters: dict[str, np.ndarray]
    memory: tuple[float, float] = (0.9, 0.98)
    steps: int = 0
    _means: dict[str, np.ndarray] = field(default_factory=dict)
    _squares: dict[str, np.ndarray] = field(default_factory=dict)

    def step(self, gradients: dict[str, np.ndarray], rate: float) -> None:
        """Move every parameter against its gradient, by about `rate`."""
        self.steps += 1
        first, second = self.memory
        for name, gradient in gradients.items():
            mean = self._means.setdefault(name, np.zeros_like(gradient))
            square = self._squares.setdefault(name, np.zeros_like(gradient))
            mean += (1 - first) * (gradient - mean)
            square += (1 - second) * (gradient * gradient - square)
            size = rate * np.sqrt(1 - second**self.steps) / (1 - first**self.steps)
            self.parameters[name] -= size * mean / (np.sqrt(square) + 1e-8)
