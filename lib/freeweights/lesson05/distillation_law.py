"""The published law of distillation: a student's loss from its size, its tokens and its teacher's loss.

Busbridge et al. 2025, arXiv:2502.08606, equation 8, for students trained on the teacher's probabilities alone
(temperature 1), on C4 text, losses in nats for each token. The constants of supervised training are the paper's. Those of
distillation are fitted here, in `fitted`, to the students in data/distillation_runs.csv, as others collected them from the
study, because the paper's own table was not at hand. Valid where those students are: 143 M to 7.75 B parameters without
embeddings, 3.7 to 515 billion tokens, one family of dense transformers; teachers of 1.90 to 2.75 nats. It says nothing of
benchmarks or of students that learn from text.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from ..facts import catalog
from ..facts.records_measured import DistillationRun

# Supervised training: E + (A / N^alpha + B / D^beta)^gamma
E, A, B, ALPHA, BETA, GAMMA = 1.220, 3355.0, 18186.0, 0.408, 0.431, 0.452
BREAK = 1.5  # d1 of the paper: the runs do not tell it from c1, so it is held still
BILLION = 1e9
STEPS, SMALLEST_GAIN = 300, 1e-9  # of the fit


class Coefficients(NamedTuple):
    """What `fitted` finds: as in equation 8, but c1 times f1 as `depth`, and A', B' as logs per billion."""

    c0: float
    f1: float
    depth: float
    log_a: float
    alpha: float
    log_b: float
    beta: float
    gamma: float


START = Coefficients(2.0, 0.1, 50.0, 1.0, 0.5, 1.5, 0.5, 0.5)


def supervised_loss(parameters, tokens):
    """Loss of a model trained on text alone.

    Args:
        parameters: without embeddings; above zero, number or array.
        tokens: of text; above zero, number or array.

    Source: arXiv:2502.08606, the supervised law that equation 8 contains.

    >>> round(float(supervised_loss(546e6, 12.3e9)), 3)
    2.501
    """
    parameters, tokens = positive(parameters, "parameters"), positive(tokens, "tokens")
    return E + (A / parameters**ALPHA + B / tokens**BETA) ** GAMMA


def distilled_loss(parameters, tokens, teacher_loss, coefficients: Coefficients | None = None):
    """Loss of a student trained on its teacher's probabilities.

    Args:
        parameters, tokens: of the student; above zero, numbers or arrays.
        teacher_loss: of the teacher on held-out text, in nats for each token.
        coefficients: those of `fitted` unless given.

    Source: arXiv:2502.08606, equation 8.

    >>> bool(distilled_loss(546e6, 12.3e9, 2.17) < supervised_loss(546e6, 12.3e9))
    True
    """
    c0, f1, depth, log_a, alpha, log_b, beta, gamma = coefficients or fitted()
    teacher_loss = positive(teacher_loss, "teacher_loss")
    log_ratio = np.log(teacher_loss / (BREAK * supervised_loss(parameters, tokens)))
    size = log_a - alpha * np.log(np.asarray(parameters, float) / BILLION)
    text = log_b - beta * np.log(np.asarray(tokens, float) / BILLION)
    excess = (
        gamma * np.logaddexp(size, text) - c0 * np.log(teacher_loss) - depth * np.logaddexp(0, log_ratio / f1)
    )
    return teacher_loss + np.exp(excess)


def positive(value, name: str) -> np.ndarray:
    """The value as floats, refusing zero, negatives and what is no number."""
    value = np.asarray(value, float)
    if not (np.isfinite(value).all() and (value > 0).all()):
        raise ValueError(f"{name} must be a finite number above zero; {value} was given.")
    return value


def runs() -> dict[str, np.ndarray]:
    """The published students by column: parameters, tokens, teacher_loss, student_loss."""
    rows = catalog.table(DistillationRun)
    names = ("parameters", "tokens", "teacher_loss", "student_loss")
    return {name: np.array([getattr(row, name) for row in rows], float) for name in names}


@cache
def fitted() -> Coefficients:
    """The coefficients of equation 8 that suit all published students best.

    >>> bool(abs(errors(fitted())).max() < 0.02)
    True
    """
    return fit(np.ones(runs()["tokens"].size, bool))


def errors(coefficients: Coefficients, chosen=slice(None)) -> np.ndarray:
    """Relative errors of the predicted losses of the chosen students."""
    size, tokens, teacher, student = (column[chosen] for column in runs().values())
    return distilled_loss(size, tokens, teacher, coefficients) / student - 1


def fit(chosen: np.ndarray) -> Coefficients:
    """Least squares on relative errors by the method of Levenberg and Marquardt, with slopes from small differences.

    Args:
        chosen: which of the published students to use, booleans; one for each row of data/distillation_runs.csv.
    """
    now, damping = np.array(START), 1e-3
    error = errors(START, chosen)
    for _ in range(STEPS):
        moves = 1e-6 * np.eye(now.size) * np.maximum(np.abs(now), 0.01)
        slopes = np.stack(
            [(errors(Coefficients(*now + move), chosen) - error) / move.sum() for move in moves], 1
        )
        square = slopes.T @ slopes
        step = np.linalg.solve(square + damping * np.diag(square.diagonal()), slopes.T @ error)
        tried = errors(Coefficients(*now - step), chosen) if now[1] > step[1] else np.array([np.inf])
        gain = 1 - (tried @ tried) / (error @ error)
        if gain <= 0:
            damping *= 4
            continue
        now, error, damping = now - step, tried, damping / 3
        if gain < SMALLEST_GAIN:
            break
    return Coefficients(*map(float, now))


def crossing(parameters: float, teacher_loss: float) -> float | None:
    """Tokens from which text alone teaches the student better than its teacher does; None if not within the runs' tokens.

    >>> early, late = crossing(546e6, teacher_loss=2.30), crossing(546e6, teacher_loss=2.27)
    >>> 12e9 < early < late
    True
    """
    tokens = runs()["tokens"]
    grid = np.geomspace(tokens.min(), tokens.max(), 2000)
    behind = distilled_loss(parameters, grid, teacher_loss) > supervised_loss(parameters, grid)
    return float(grid[behind.argmax()]) if behind.any() else None


def supervised_tokens(parameters: float, loss: float) -> float | None:
    """Tokens of text after which a model trained on them alone has that loss; None if it never has.

    >>> round(supervised_tokens(546e6, float(supervised_loss(546e6, 12.3e9))) / 1e9, 1)
    12.3
    """
    left = max(float(loss) - E, 0.0) ** (1 / GAMMA) - A / float(positive(parameters, "parameters")) ** ALPHA
    return (B / left) ** (1 / BETA) if left > 0 else None
