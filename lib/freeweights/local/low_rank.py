"""A LoRA: two matrices of a model's last layer changed by a few thousand numbers, trained in NumPy, taken off exactly.

W becomes W + B A, where A has few rows and B as few columns: Hu et al. 2021, arXiv:2106.09685. Only the last layer's
output of attention and down projection are changed, so that all below them is computed once, and the way back ends there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from tqdm.auto import tqdm

from .llama import LlamaWeights, apply, attention, check_tokens, dense, feed_forward, project, rotation

MATRICES = ("output", "down")
Factors = dict[str, tuple[np.ndarray, np.ndarray]]  # by matrix: B (out, rank) and A (rank, in)


@dataclass(frozen=True)
class Inputs:
    """What reaches the last layer: the stream x (tokens, width), the mix of its attention, the tokens that come next."""

    x: np.ndarray
    mixed: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Run:
    """A training: the factors, the loss before each step in nats a token, the seconds, whether it was stopped early."""

    factors: Factors
    losses: list[float]
    seconds: float
    stopped: bool


def start(model: LlamaWeights, rank: int, seed: int = 0) -> Factors:
    """Factors that change nothing yet: A is random, B is zero.

    >>> from freeweights.local.llama import tiny
    >>> numbers(start(tiny(), rank=2))
    576
    """
    if not 1 <= rank <= model.config.width:
        raise ValueError(
            f"rank is {rank}: give a whole number from 1 to {model.config.width}, the model's width; try 2."
        )
    random, last = np.random.default_rng(seed), model.layers[-1]

    def pair(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = matrix.shape
        a = random.normal(0, columns**-0.5, (rank, columns)).astype(matrix.dtype)
        return np.zeros((rows, rank), matrix.dtype), a

    return {name: pair(getattr(last, name)) for name in MATRICES}


def numbers(factors: Factors) -> int:
    """How many numbers the factors hold."""
    return sum(one.size for pair in factors.values() for one in pair)


def merged(model: LlamaWeights, factors: Factors) -> LlamaWeights:
    """The model with W + B A in place of W. The model itself stays as it is: going back to it undoes the change exactly.

    >>> from freeweights.local.llama import tiny
    >>> model = tiny()
    >>> bool((merged(model, start(model, 2)).layers[-1].down == model.layers[-1].down).all())
    True
    """
    last = model.layers[-1]
    changed = {name: getattr(last, name) + b @ a for name, (b, a) in factors.items()}
    return replace(model, layers=(*model.layers[:-1], replace(last, **changed)))


def inputs(model: LlamaWeights, tokens) -> Inputs:
    """Run one sequence (length,) through all but the last layer's changed matrices, as `llama.forward` does."""
    tokens = check_tokens(model, tokens, "(length,)")
    c, length = model.config, len(tokens) - 1
    turn = rotation(c, 0, length)
    x = dense(model.embedding, tokens[:-1])[None]
    for layer in model.layers:
        qk, v = project(layer, x, turn, c)
        keys, values = (np.ascontiguousarray(one.swapaxes(1, 2)) for one in (qk[:, :, c.heads :], v))
        mixed = attention(qk[:, :, : c.heads], keys, values)
        if layer is model.layers[-1]:
            return Inputs(x[0], mixed[0], tokens[1:])
        x = x + apply(layer.output, mixed)
        x = x + feed_forward(layer, x, c)
    raise ValueError("The model has no layers.")


def normed(x: np.ndarray, weight: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """RMS norm of x (tokens, width), and what it divided each token by."""
    size = np.sqrt((x * x).mean(-1, keepdims=True) + epsilon)
    return x / size * weight, size


def norm_back(gradient: np.ndarray, x: np.ndarray, weight: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The gradient of x from that of its RMS norm."""
    unit, weighed = x / size, gradient * weight
    return (weighed - unit * (weighed * unit).mean(-1, keepdims=True)) / size


def loss_and_gradients(model: LlamaWeights, factors: Factors, given: Inputs) -> tuple[float, Factors]:
    """Mean surprisal of the tokens that come next, in nats, and its gradient for every number of the factors.

    Args:
        model: any precision; float64 for a check against finite differences.
        factors: of `start` or of a step after it.
        given: of `inputs`.

    Returns:
        The loss, and for each matrix the gradients of B and A.
    """
    last, epsilon = model.layers[-1], model.config.norm_epsilon
    whole = {name: getattr(last, name) + b @ a for name, (b, a) in factors.items()}
    # forwards: attention's mix joins the stream, then the gated block does
    h = given.x + given.mixed @ whole["output"].T
    n, h_size = normed(h, last.feed_forward_norm, epsilon)
    gate, up = np.split(n @ last.gate_up.T, 2, axis=-1)
    share = 0.5 * (1 + np.tanh(0.5 * gate))  # the logistic function
    inner = gate * share * up
    y = h + inner @ whole["down"].T
    z, y_size = normed(y, model.final_norm, epsilon)
    logits = z @ model.embedding.T
    logits -= logits.max(-1, keepdims=True)
    rows = np.arange(len(logits))
    chosen = logits[rows, given.targets].copy()
    chances = np.exp(logits, out=logits)
    total = chances.sum(-1)
    loss = float((np.log(total) - chosen).mean())
    # backwards, in the opposite order
    chances /= total[:, None]
    chances[rows, given.targets] -= 1
    dy = norm_back(chances @ model.embedding / len(rows), y, model.final_norm, y_size)
    d_inner = dy @ whole["down"]
    d_gate = d_inner * up * share * (1 + gate * (1 - share))
    dn = np.concatenate([d_gate, d_inner * gate * share], axis=-1) @ last.gate_up
    dh = dy + norm_back(dn, h, last.feed_forward_norm, h_size)
    return loss, {
        name: (out.T @ (into @ a.T), (out @ b).T @ into)
        for (name, (b, a)), out, into in zip(factors.items(), (dh, dy), (given.mixed, inner))
    }


def train(
    model: LlamaWeights,
    tokens,
    *,
    rank: int = 2,
    steps: int = 60,
    rate: float = 0.02,
    seconds: float = 25.0,
    seed: int = 0,
) -> Run:
    """Learn one text by its tokens with Adam (Kingma and Ba 2014); what you interrupt keeps the steps it made.

    Args:
        model: in float32; it stays as it is.
        tokens: (length,), at least two.
        rank: rows of A.
        steps: at most so many.
        rate: the size of a step.
        seconds: after so many no further step is begun.
        seed: of A.

    >>> from freeweights.local.llama import tiny
    >>> run = train(tiny(), list(range(20)), steps=30)
    >>> run.losses[-1] < run.losses[0]
    True
    """
    if not isinstance(model.embedding, np.ndarray):
        raise TypeError("The weights are quantised: a LoRA is trained here on the model as `load` gives it.")
    given, factors, losses = inputs(model, tokens), start(model, rank, seed), []
    moments: Mapping = {name: [[np.zeros_like(one)] * 2 for one in pair] for name, pair in factors.items()}
    began, stopped = time.perf_counter(), False
    try:
        for step in tqdm(range(1, steps + 1), desc="LoRA"):
            loss, gradients = loss_and_gradients(model, factors, given)
            factors = {
                name: tuple(
                    one - _adam(moment, gradient, step, rate)
                    for one, moment, gradient in zip(pair, moments[name], gradients[name])
                )
                for name, pair in factors.items()
            }
            losses.append(loss)
            if time.perf_counter() - began > seconds:
                stopped = step < steps
                break
    except KeyboardInterrupt:
        stopped = True
    return Run(factors, losses, time.perf_counter() - began, stopped)


def _adam(moment: list[np.ndarray], gradient: np.ndarray, step: int, rate: float) -> np.ndarray:
    """One step of Adam with its usual constants; the moments move with it."""
    moment[0] = 0.9 * moment[0] + 0.1 * gradient
    moment[1] = 0.99 * moment[1] + 0.01 * gradient**2
    return rate * (moment[0] / (1 - 0.9**step)) / (np.sqrt(moment[1] / (1 - 0.99**step)) + 1e-8)
