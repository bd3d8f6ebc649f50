"""How a server may combine what workers send, some of whom lie: rules, and the lies they are tried against.

Arrays are (..., workers, weights); what stands before the workers are cases that are combined side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

RADIUS, ROUNDS = (
    0.1,
    3,
)  # of centred clipping: how far one worker may pull, and how often the centre is found anew
LOUD = 5.0  # times the honest gradient, of the strong flip
INNER_PRODUCT = 0.5  # of the mean, of the attack on inner products


def mean(sent: np.ndarray, liars: int = 0, before: np.ndarray | None = None) -> np.ndarray:
    """The plain mean, which believes everybody.

    >>> mean(np.array([[1.0], [3.0]])).tolist()
    [2.0]
    """
    return sent.mean(axis=-2)


def median(sent: np.ndarray, liars: int = 0, before: np.ndarray | None = None) -> np.ndarray:
    """The middle value of every weight on its own (Yin et al. 2018, arXiv:1803.01498).

    >>> median(np.array([[1.0], [2.0], [90.0]])).tolist()
    [2.0]
    """
    return np.median(sent, axis=-2)


def trimmed_mean(sent: np.ndarray, liars: int, before: np.ndarray | None = None) -> np.ndarray:
    """The mean of every weight without its `liars` largest and smallest values (Yin et al. 2018, arXiv:1803.01498).

    >>> trimmed_mean(np.array([[-90.0], [1.0], [3.0], [90.0]]), liars=1).tolist()
    [2.0]
    """
    workers = sent.shape[-2]
    cut = np.partition(sent, (liars, workers - liars - 1), axis=-2) if liars else sent
    return cut[..., liars : workers - liars, :].mean(axis=-2)


def strangeness(sent: np.ndarray, liars: int) -> np.ndarray:
    """Of each worker the sum of squared distances to its nearest fellows, all but `liars` and two, (..., workers).

    Krum's score: Blanchard et al. 2017, "Machine Learning with Adversaries", section 4.
    """
    workers = sent.shape[-2]
    square = (sent * sent).sum(axis=-1)
    apart = square[..., :, None] + square[..., None, :] - 2 * sent @ np.swapaxes(sent, -1, -2)
    nearest = np.sort(apart, axis=-1)[..., 1 : workers - liars - 1]  # the first is itself
    return np.maximum(nearest, 0).sum(axis=-1)


def krum(sent: np.ndarray, liars: int, before: np.ndarray | None = None) -> np.ndarray:
    """What the least strange worker sent, and nothing else (Blanchard et al. 2017).

    >>> krum(np.array([[1.0], [1.1], [1.15], [90.0]]), liars=1).tolist()
    [1.1]
    """
    chosen = strangeness(sent, liars).argmin(axis=-1)
    return np.take_along_axis(sent, chosen[..., None, None], axis=-2)[..., 0, :]


def multi_krum(sent: np.ndarray, liars: int, before: np.ndarray | None = None) -> np.ndarray:
    """The mean of the least strange workers, all but `liars` (Blanchard et al. 2017).

    >>> multi_krum(np.array([[1.0], [1.1], [1.2], [90.0]]), liars=1).round(6).tolist()
    [1.1]
    """
    chosen = strangeness(sent, liars).argsort(axis=-1)[..., : sent.shape[-2] - liars]
    return np.take_along_axis(sent, chosen[..., None], axis=-2).mean(axis=-2)


def clipping(sent: np.ndarray, liars: int = 0, before: np.ndarray | None = None) -> np.ndarray:
    """Centred clipping: from where it was before, nobody pulls further than RADIUS (Karimireddy et al. 2021, arXiv:2012.10333).

    >>> float(clipping(np.array([[0.0], [90.0]]))[0]) < 2 * RADIUS
    True
    """
    centre = np.zeros(sent.shape[:-2] + sent.shape[-1:], sent.dtype) if before is None else before
    for _ in range(ROUNDS):
        pull = sent - centre[..., None, :]
        length = np.linalg.norm(pull, axis=-1, keepdims=True)
        centre = centre + (pull * np.minimum(1, RADIUS / np.maximum(length, 1e-12))).mean(axis=-2)
    return centre


# ---- who lies, and how
def flip(honest: np.ndarray, liars: int) -> np.ndarray:
    """The last workers send the opposite of their gradient.

    >>> flip(np.ones((3, 1)), liars=1).ravel().tolist()
    [1.0, 1.0, -1.0]
    """
    return lie(honest, liars, -honest[..., honest.shape[-2] - liars :, :])


def loud_flip(honest: np.ndarray, liars: int) -> np.ndarray:
    """The last workers send LOUD times the opposite of their gradient."""
    return lie(honest, liars, -LOUD * honest[..., honest.shape[-2] - liars :, :])


def a_little_is_enough(honest: np.ndarray, liars: int) -> np.ndarray:
    """All liars stand as far from the honest mean as some honest workers do (Baruch et al. 2019, arXiv:1902.06156).

    They need the votes of as many honest workers as are missing to a majority, so their distance is that quantile, in
    standard deviations of the honest.
    """
    workers = honest.shape[-2]
    told = honest[..., : workers - liars, :]
    supporters = workers // 2 + 1 - liars
    far = NormalDist().inv_cdf((workers - liars - supporters) / (workers - liars))
    return lie(honest, liars, (told.mean(axis=-2) - far * told.std(axis=-2))[..., None, :])


def inner_product(honest: np.ndarray, liars: int) -> np.ndarray:
    """All liars send a part of the honest mean's opposite, so that a rule's answer points away from it (Xie et al. 2020, arXiv:1903.03936)."""
    told = honest[..., : honest.shape[-2] - liars, :]
    return lie(honest, liars, -INNER_PRODUCT * told.mean(axis=-2)[..., None, :])


def lie(honest: np.ndarray, liars: int, lies: np.ndarray) -> np.ndarray:
    """What arrives: the gradients of the honest, and what the last workers send in place of theirs."""
    sent = honest.copy()
    sent[..., honest.shape[-2] - liars :, :] = lies
    return sent


def silence(honest: np.ndarray, liars: int) -> np.ndarray:
    """The last workers are left out, as if the server knew them: each counts as the mean of the others.

    >>> silence(np.array([[1.0], [3.0], [9.0]]), liars=1).ravel().tolist()
    [1.0, 3.0, 2.0]
    """
    return lie(honest, liars, honest[..., : honest.shape[-2] - liars, :].mean(axis=-2)[..., None, :])


def tell(honest: np.ndarray, liars: int) -> np.ndarray:
    """Everybody sends what they found."""
    return honest


RULES: dict[str, Callable] = {
    "mean": mean,
    "median": median,
    "trimmed mean": trimmed_mean,
    "Krum": krum,
    "multi-Krum": multi_krum,
    "clipping": clipping,
}
FLIPPED_LABELS = "flipped labels"  # told about its images: the liar's gradient is honest, of wrong labels
SILENCE = "silence"
ATTACKS: dict[str, Callable] = {
    "none": tell,
    "flip": flip,
    "loud flip": loud_flip,
    "a little": a_little_is_enough,
    "inner product": inner_product,
    FLIPPED_LABELS: tell,
    SILENCE: silence,
}
TRIED = tuple(
    name for name in ATTACKS if name != SILENCE
)  # in the table; silence is what a rule could reach at most


def check_liars(rule: str, workers: int, liars: int) -> None:
    """Raise unless the rule can be asked about so many liars among so many workers.

    >>> check_liars("trimmed mean", workers=10, liars=5)
    Traceback (most recent call last):
    ...
    ValueError: 5 liars among 10 workers: trimmed mean has to keep somebody, so it stands 4 at most. Choose fewer liars.
    """
    if workers < 2:
        raise ValueError(f"{workers} workers: there is nothing to combine. Choose 2 or more.")
    if liars != int(liars) or liars < 0:
        raise ValueError(f"{liars} liars: a whole number from 0 is expected.")
    most = most_liars(rule, workers)
    if liars > most:
        why = "needs two fellows beside the liars" if "Krum" in rule else "has to keep somebody"
        raise ValueError(
            f"{liars} liars among {workers} workers: {rule} {why}, so it stands {most} at "
            "most. Choose fewer liars."
        )


def most_liars(rule: str, workers: int) -> int:
    """How many liars a rule can be asked about: Krum wants 2 f + 2 < n, trimming 2 f < n, the others a majority.

    >>> [most_liars(rule, 10) for rule in ("Krum", "trimmed mean")]
    [3, 4]
    """
    return max(0, (workers - 3) // 2 if "Krum" in rule else (workers - 1) // 2)
