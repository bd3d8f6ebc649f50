"""How loss falls with parameters and tokens: L = E + A/N^alpha + B/D^beta, fitted to published runs, with intervals.

The fit is Hoffmann et al.'s third approach (2022, arXiv:2203.15556, equation 10): Huber's loss of the logarithms.
Many samples are fitted at once: what a bootstrap draws, and what a profile holds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ..cost.training_step import FLOPS_PER_WEIGHT
from ..facts.arrays import at_least, numbers, plain, together

DELTA = 1e-3  # of Huber's loss. Source: arXiv:2203.15556, appendix D.2
GRID = np.linspace(0.1, 1.0, 10)  # exponents that a fit begins with; the best of each pair goes on
ROUNDS, DAMPED = 300, 1e6  # steps of a descent at most, and the damping at which it gives up
STILL, STILL_OF_MANY = 1e-8, 1e-4  # gain of a step below which one fit, or one of many samples, stands still
FEWEST = 6  # runs: one more than there are constants
LARGEST = 700.0  # logarithm of a constant: a sample without a law may ask for more than a float holds
LEVEL = 3.841  # twice the log-likelihood that a 95 % interval of one constant may lose: chi-squared


@dataclass(frozen=True)
class ScalingLaw:
    """Loss in nats a token, of N parameters and D tokens. Constants are numbers, or arrays of many fits.

    >>> chinchilla = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    >>> round(chinchilla.loss(70e9, 1.4e12), 3)
    1.937
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float

    def loss(self, parameters, tokens):
        """Loss of so many parameters after so many tokens.

        Raises:
            ValueError: less than one parameter or token.
        """
        size, data = at_least(parameters, "parameters", 1), at_least(tokens, "tokens", 1)
        return plain(self.E + self.A * size**-self.alpha + self.B * data**-self.beta)

    def optimum(self, flops):
        """The parameters and tokens that lose least for a budget of 6ND FLOPs.

        Where the slopes of both terms along the budget meet: alpha A / N^alpha = beta B / D^beta.
        Source: arXiv:2203.15556, equation 4.

        Raises:
            ValueError: a budget below one token of one parameter, or an exponent or factor that is not above 0.

        >>> chinchilla = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
        >>> size, tokens = chinchilla.optimum(5.76e23)
        >>> round(size / 1e9), round(tokens / 1e12, 1)
        (32, 3.0)
        """
        for name in ("A", "B", "alpha", "beta"):
            if not np.all(np.asarray(getattr(self, name)) > 0):
                raise ValueError(
                    f"{name} is {getattr(self, name)}: with nothing above 0 there, more parameters or tokens would not "
                    "lower the loss, and no size is best. Chinchilla's exponents are 0.34 and 0.28."
                )
        product = at_least(flops, "flops", FLOPS_PER_WEIGHT) / FLOPS_PER_WEIGHT
        both = self.alpha + self.beta
        scale = (self.alpha * self.A / (self.beta * self.B)) ** (1 / both)
        size = scale * product ** (self.beta / both)
        return plain(size), plain(product / size)

    def least_loss(self, flops):
        """Loss at the optimum of a budget in FLOPs."""
        return self.loss(*self.optimum(flops))


NAMES = tuple(field.name for field in fields(ScalingLaw))


@dataclass(frozen=True)
class Fit:
    """A fitted law, and how far it is off. Made by `fit`.

    objective: sum of Huber's losses. residuals: logarithm of the fitted over the measured loss, one a run.
    """

    law: ScalingLaw
    objective: float
    residuals: np.ndarray


def fit(parameters, tokens, losses, counts=None, held: tuple[str, np.ndarray] | None = None) -> Fit:
    """Fit the law to runs, once for each row of `counts` or each value held.

    Args:
        parameters, tokens, losses: of the runs (runs,); losses in nats a token.
        counts: how often each run counts (samples, runs), as a bootstrap draws them; once by default.
        held: an exponent, "alpha" or "beta", and the values (samples,) at which it is held.

    Returns:
        One Fit; its fields are arrays where there are many samples.

    Raises:
        ValueError: fewer runs than the constants need, shapes that do not go together, values that are not above 0.

    >>> truth, size, data = ScalingLaw(1.8, 400.0, 2000.0, 0.35, 0.37), np.geomspace(1e7, 1e10, 12), 1e10
    >>> data = np.tile([2e9, 1e11], 6)
    >>> abs(fit(size, data, truth.loss(size, data)).law.alpha - 0.35) < 1e-3
    True
    """
    runs = [
        numbers(values, name)
        for values, name in zip((parameters, tokens, losses), ("parameters", "tokens", "losses"))
    ]
    together(parameters=runs[0], tokens=runs[1], losses=runs[2])
    if runs[0].size < FEWEST:
        raise ValueError(
            f"{runs[0].size} runs were given: five constants need at least {FEWEST}, of several sizes and several "
            "numbers of tokens."
        )
    if not all((values > 0).all() for values in runs):
        raise ValueError("a run has parameters, tokens or a loss of 0 or less: each must be above 0.")
    n, d, measured = (np.log(values) for values in runs)
    many = counts is not None or held is not None
    counts = (
        np.ones((1 if held is None else len(held[1]), n.size)) if counts is None else np.atleast_2d(counts)
    )
    free = [
        place
        for place, name in enumerate(("A", "B", "E", "alpha", "beta"))
        if held is None or name != held[0]
    ]
    theta = start(n, d, measured, counts, held)
    theta, objective, residuals = descend(theta, n, d, measured, counts, np.array(free))
    shown = theta if many else theta[0]
    law = ScalingLaw(
        *(plain(np.exp(np.minimum(shown[..., k], LARGEST))) for k in (2, 0, 1)),
        *(plain(shown[..., k]) for k in (3, 4)),
    )
    return Fit(law, objective if many else float(objective[0]), residuals if many else residuals[0])


def start(n, d, measured, counts, held) -> np.ndarray:
    """Logarithms of A, B and E, and the exponents, from which each sample descends (samples, 5).

    For given exponents the law is linear: each pair of a grid is solved by least squares on all runs, and every
    sample takes the pair that fits it best.
    """
    best, found = np.full(len(counts), np.inf), np.zeros((len(counts), 5))
    loss = np.exp(measured)
    for alpha in GRID:
        for beta in GRID:
            columns = np.stack(
                [np.exp(-alpha * (n - n.mean())), np.exp(-beta * (d - d.mean())), np.ones(n.size)], 1
            )
            linear = np.linalg.lstsq(columns / loss[:, None], np.ones(n.size), rcond=None)[0]
            if (linear <= 0).any():
                continue
            a, b, e = np.log(linear) + [alpha * n.mean(), beta * d.mean(), 0]
            theta = np.array([a, b, e, alpha, beta])
            far = counts @ huber(log_loss(theta[None], n, d) - measured)[0]
            found[far < best], best = theta, np.minimum(far, best)
    if not np.isfinite(best).all():
        raise ValueError(
            "these runs follow no such law: their losses do not fall with parameters and with tokens."
        )
    if held is not None:
        place = {"alpha": 3, "beta": 4}[held[0]]
        mean = (n, d)[place - 3].mean()
        found[:, place - 3] += (held[1] - found[:, place]) * mean
        found[:, place] = held[1]
    return found


def terms(theta: np.ndarray, n: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The three terms of the law (3, samples, runs): of parameters, of tokens, and what no run gets below."""
    a, b, e, alpha, beta = theta.T[:, :, None]
    return np.exp(np.stack([a - alpha * n, b - beta * d, np.broadcast_to(e, (len(theta), n.size))]))


def log_loss(theta: np.ndarray, n: np.ndarray, d: np.ndarray) -> np.ndarray:
    return np.log(terms(theta, n, d).sum(0))


def huber(residuals: np.ndarray) -> np.ndarray:
    """Half the square of what is small, and a straight line beyond: runs that are far off pull no harder for it."""
    size = np.abs(residuals)
    return np.where(size < DELTA, size**2 / 2, DELTA * (size - DELTA / 2))


def descend(theta, n, d, measured, counts, free):
    """Levenberg and Marquardt's steps on reweighted squares, each sample with a damping of its own, until it stands still."""
    residuals = log_loss(theta, n, d) - measured
    objective = (counts * huber(residuals)).sum(1)
    damping, going = np.full(len(theta), 1e-3), np.arange(len(theta))
    still = STILL if len(theta) == 1 else STILL_OF_MANY
    for _ in range(ROUNDS):
        now, off = theta[going], residuals[going]
        parts = terms(now, n, d)
        shares = parts / parts.sum(0)  # derivatives of the logarithm in a, b and e
        slopes = np.stack([*shares, -shares[0] * n, -shares[1] * d], 1)[:, free]
        weighted = slopes * (counts[going] * np.minimum(1, DELTA / np.maximum(np.abs(off), 1e-12)))[:, None]
        normal, gradient = weighted @ slopes.transpose(0, 2, 1), weighted @ off[:, :, None]
        ridge = damping[going, None] * np.diagonal(normal, axis1=1, axis2=2) + 1e-15
        now[:, free] -= np.linalg.solve(normal + ridge[:, :, None] * np.eye(free.size), gradient)[:, :, 0]
        off = log_loss(now, n, d) - measured
        far = (counts[going] * huber(off)).sum(1)
        better = far < objective[going]
        gain = np.where(better, 1 - far / objective[going], 1)
        theta[going[better]], residuals[going[better]] = now[better], off[better]
        objective[going[better]] = far[better]
        damping[going] *= np.where(better, 1 / 3, 5)
        going = going[(gain > still) & (damping[going] < DAMPED)]
        if not going.size:
            break
    return theta, objective, residuals


def bootstrap(parameters, tokens, losses, samples: int = 200, seed: int = 0) -> ScalingLaw:
    """The law fitted to samples of the runs, drawn with replacement: its constants are arrays (samples,).

    Source: B. Efron 1979, "Bootstrap Methods: Another Look at the Jackknife".
    """
    runs = np.size(losses)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(runs, np.full(runs, 1 / runs), size=samples)
    return fit(parameters, tokens, losses, drawn).law


def interval(values, level: float = 0.95) -> tuple[float, float]:
    """The middle part of samples: from its low to its high quantile.

    >>> interval(np.arange(101), 0.5)
    (25.0, 75.0)
    """
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def profile(parameters, tokens, losses, name: str, values) -> np.ndarray:
    """How much likelihood the law loses when an exponent is held: 2 ln(L_max / L) at each value.

    With so small a delta Huber's loss is nearly that of errors by Laplace's law, whose scale is the mean absolute
    residual; so its objective over delta and that scale is a log-likelihood. Below `LEVEL`: in the 95 % interval.

    Args:
        name: "alpha" or "beta".
        values: of the exponent, an array.
    """
    best = fit(parameters, tokens, losses)
    scale = DELTA * np.abs(best.residuals).mean()
    objective = fit(parameters, tokens, losses, held=(name, numbers(values, name))).objective
    return 2 * np.maximum(objective - best.objective, 0) / scale
