"""Scaling laws as they were published, the runs behind two of them, and what other aims make of a law's optimum."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..cost.training_step import FLOPS_PER_WEIGHT
from ..facts import catalog
from ..facts.arrays import at_least, plain
from ..facts.figures import trained
from ..facts.records_training import ScalingRun
from .scaling_law import NAMES, ScalingLaw

HOFFMANN, GADRE = "Hoffmann et al. 2022", "Gadre et al. 2024"
TEXTS = ("C4", "RedPajama", "RefinedWeb")  # that Gadre et al. trained on
# Runs of fewest tokens for each parameter, left out by Besiroglu et al., arXiv:2404.10102, section 3.
OUTLIERS = 5
CHINCHILLA, REFIT, REPEATS = "chinchilla", "refit", "repeats"
SERVED_FLOPS = 2  # for each weight and each token that is read or written later
SIZES = np.geomspace(1e5, 1e15, 2001)  # parameters among which an optimum without a formula is looked for


@cache
def law(name: str) -> ScalingLaw:
    """A published law: CHINCHILLA, REFIT or REPEATS.

    >>> law(REFIT).beta > law(CHINCHILLA).beta
    True
    """
    return ScalingLaw(**{constant: trained(f"law-{name}-{constant}").value for constant in NAMES})


def runs(study: str, text: str = "", without: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parameters, tokens and losses of the runs of a study, by rising FLOPs.

    Args:
        study: HOFFMANN, whose five outliers are left out, or GADRE.
        text: what was trained on; all texts by default.
        without: how many of the runs with most FLOPs are left out, too.

    >>> [len(values) for values in runs(HOFFMANN)]
    [240, 240, 240]
    """
    rows = [row for row in catalog.table(ScalingRun) if row.study == study and text in ("", row.text)]
    if study == HOFFMANN:
        rows = sorted(rows, key=lambda row: row.tokens / row.parameters)[OUTLIERS:]
    rows = sorted(rows, key=lambda row: row.tokens * row.parameters)[: len(rows) - without]
    return tuple(np.array([getattr(row, name) for row in rows]) for name in ("parameters", "tokens", "loss"))


def error(loss):
    """Share of wrong answers in 17 tests at a loss on C4, by the published law. Source: arXiv:2403.08540, equation 5.

    >>> 0.6 < error(3.0) < error(4.0) < 0.85
    True
    """
    top, factor, rate = (trained(f"law-score-{name}").value for name in ("epsilon", "k", "gamma"))
    return plain(top - factor * np.exp(-rate * np.asarray(loss)))


def kaplan_loss(parameters, tokens):
    """Loss by Kaplan et al.'s joint fit; parameters without embeddings. Source: arXiv:2001.08361, equation 1.5."""
    size, data, most, much = (
        trained(f"law-kaplan-{name}").value for name in ("alpha-N", "alpha-D", "N-c", "D-c")
    )
    return ((most / parameters) ** (size / data) + much / tokens) ** data


@cache
def allocations() -> dict:
    """What published laws advise: by name, a function from FLOPs to the parameters and tokens of one budget."""

    def by_power(name: str):
        factor, exponent = (trained(f"law-{name}-{part}").value for part in ("factor", "exponent"))

        def split(flops: float) -> tuple[float, float]:
            tokens = factor * flops**exponent
            return flops / FLOPS_PER_WEIGHT / tokens, tokens

        return split

    def kaplan(flops: float) -> tuple[float, float]:
        product = flops / FLOPS_PER_WEIGHT
        sizes = SIZES[product >= SIZES]
        best = float(sizes[np.argmin(kaplan_loss(sizes, product / sizes))])
        return best, product / best

    return {
        "Kaplan et al. 2020": kaplan,
        "Chinchilla 2022": law(CHINCHILLA).optimum,
        "its refit 2024": law(REFIT).optimum,
        "DeepSeek LLM 2024": by_power("deepseek"),
        "Llama 3, its text": by_power("llama-3-text"),
        "Llama 3, its figure": by_power("llama-3-figure"),
    }


# ---- other aims than the least loss of a budget
def tokens_needed(scaling: ScalingLaw, loss: float, parameters, unique: float = np.inf):
    """Tokens after which models of these sizes reach a loss; infinite where they never do.

    Repeats of a text are worth less each time: with U unique tokens and R repeats, U (1 + R* (1 - exp(-R / R*))) fresh ones.
    Source: Muennighoff et al. 2023, arXiv:2305.16264, equation 5.

    Args:
        scaling: the law of fresh tokens.
        loss: nats a token.
        parameters: number or array.
        unique: tokens of text that there are.

    >>> tokens_needed(law(REFIT), 2.0, 70e9) < tokens_needed(law(REFIT), 2.0, 35e9)
    True
    """
    at_least(np.minimum(unique, 1e300), "unique", 1)
    left = np.asarray(loss - scaling.E - scaling.A * np.asarray(parameters, float) ** -scaling.alpha)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        fresh = np.where(left > 0, (scaling.B / np.maximum(left, 1e-12)) ** (1 / scaling.beta), np.inf)
        decay = trained("law-repeats-decay").value
        short = 1 - (fresh / unique - 1) / decay  # what e^(-R/R*) must be
        repeats = np.where(short > 0, -decay * np.log(np.maximum(short, 1e-300)), np.inf)
        return plain(np.where(fresh <= unique, fresh, unique * (1 + repeats)))


def lifetime_flops(scaling: ScalingLaw, loss: float, parameters, served: float = 0.0, unique: float = np.inf):
    """FLOPs of training to a loss and of serving tokens afterwards: 6ND + 2N x served, for sizes; infinite if never.

    Source: Sardana et al. 2024, arXiv:2401.00448, equation 2.
    """
    size = np.asarray(parameters, float)
    tokens = np.asarray(tokens_needed(scaling, loss, size, unique))
    return plain(FLOPS_PER_WEIGHT * size * tokens + SERVED_FLOPS * size * at_least(served, "served", 0))


def best_size(scaling: ScalingLaw, loss: float, served: float = 0.0, unique: float = np.inf) -> float | None:
    """The size that needs fewest FLOPs in its life to train to a loss and to serve; None where no size reaches it.

    >>> alone, busy = (best_size(law(REFIT), 2.0, served) for served in (0.0, 1e14))
    >>> busy < alone
    True
    """
    flops = lifetime_flops(scaling, loss, SIZES, served, unique)
    return float(SIZES[np.argmin(flops)]) if np.isfinite(flops).any() else None
