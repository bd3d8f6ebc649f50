"""The students of lesson 05: what each is taught, how well it reads, and how sure that is."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from . import digit_distillation
from .digit_distillation import LEARNT, UNLABELLED, Network, images, predict

SEEDS = tuple(range(16))
ASKED = ("labelled images", "all images")


@dataclass(frozen=True)
class Setting:
    """A student and what it learns from; every seed has other first weights and other labelled images.

    Attributes:
        temperature, share: of the `loss`; without a share of soft targets nobody asks the teacher.
        labels: how many of the images to learn from have a label.
        width: hidden values of the student.
        taught: how many images the teacher learned from, all with labels.
        asked: the images on which the teacher answers, one of `ASKED`.

    Raises:
        ValueError: nothing can be trained so; the message says why.

    >>> Setting(labels=2000)
    Traceback (most recent call last):
    ...
    ValueError: 2000 labelled images: there are 1,000 to learn from, so choose a whole number from 1 to 1,000.
    """

    temperature: float = 4.0
    share: float = 1.0
    labels: int = 100
    width: int = digit_distillation.STUDENT[0]
    taught: int = LEARNT
    asked: str = ASKED[0]

    def __post_init__(self):
        digit_distillation.check_temperature(self.temperature)
        digit_distillation.check_share(self.share)
        for what, value in (("labelled images", self.labels), ("images of the teacher", self.taught)):
            if value != int(value) or not 1 <= value <= LEARNT:
                raise ValueError(
                    f"{value} {what}: there are {LEARNT:,} to learn from, so choose a whole number from 1 "
                    f"to {LEARNT:,}."
                )
        if self.asked not in ASKED:
            raise ValueError(f"the teacher is asked on {self.asked!r}: choose one of {', '.join(ASKED)}.")

    @property
    def hard(self) -> Setting:
        """The same student taught by its labels alone."""
        return Setting(share=0.0, labels=self.labels, width=self.width)

    @property
    def heeded(self) -> Setting:
        """The setting that gives the same student, with what counts for nothing as it is at first.

        >>> Setting(temperature=8, share=0.0, taught=20).heeded == Setting(share=0.0)
        True
        """
        if self.share == 0:
            return self.hard
        if self.share == 1 and self.asked != ASKED[0]:  # no label is heard, and every image is answered
            return replace(self, labels=Setting.labels)
        return self


@functools.cache
def teacher(taught: int = LEARNT) -> Network:
    """A teacher that learned the labels of so many images, the first ones: one network, 0.3 seconds."""
    pool = np.arange(taught)[None]
    return digit_distillation.train(
        [np.random.default_rng(0)], digit_distillation.TEACHER, pool, images()[0].digits[None]
    )


def answers(taught: int = LEARNT, temperature: float = 1.0, among: int = 0) -> np.ndarray:
    """The soft answers of a teacher on the images to learn from, or (`among` 1) on those held out."""
    return digit_distillation.soft_targets(predict(teacher(taught), images()[among].ink)[0][0], temperature)


@functools.lru_cache(maxsize=512)
def student(setting: Setting) -> np.ndarray:
    """The accuracy of a setting's student on the held-out images, one for each of `SEEDS`.

    >>> student(Setting(share=0.0, labels=20)).shape
    (16,)
    """
    if setting != setting.heeded:
        return student(setting.heeded)
    rngs = [np.random.default_rng(seed) for seed in SEEDS]
    chosen = np.stack([rng.permutation(LEARNT)[: setting.labels] for rng in rngs])
    told = np.full((len(rngs), LEARNT), UNLABELLED)
    np.put_along_axis(told, chosen, images()[0].digits[chosen], axis=1)
    hidden, soft, pools = [setting.width], None, chosen
    if setting.share > 0:
        soft = answers(setting.taught, setting.temperature)
        pools = chosen if setting.asked == ASKED[0] else np.tile(np.arange(LEARNT), (len(rngs), 1))
    return digit_distillation.accuracy(
        digit_distillation.train(rngs, hidden, pools, told, soft, setting.temperature, setting.share),
        images()[1],
    )


def gain(setting: Setting) -> tuple[float, float, float]:
    """Points of accuracy that a setting's student has above the same student taught by its labels alone.

    The mean over seeds and its interval; both students of a seed have the same labels and first weights.
    """
    return interval(100 * (student(setting) - student(setting.hard)))


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """The mean of seeds, and the two ends of its 95 % interval: Student's t over the seeds.

    It tells how the mean would vary with other seeds, not with other held-out images. The quantile of t is
    the expansion of Abramowitz and Stegun 1964, 26.7.5, right to one in a thousand from six values on.

    Raises:
        ValueError: fewer than six values.

    >>> [round(float(end), 2) for end in interval(np.array([1.0, 2, 3, 4, 5, 6]))]
    [3.5, 1.54, 5.46]
    """
    if (many := len(values)) < 6:
        raise ValueError(f"an interval over {many} seeds: at least six are needed.")
    z, free = NormalDist().inv_cdf(0.975), many - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    t += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    half = t * np.std(values, ddof=1) / np.sqrt(many)
    return tuple(float(np.mean(values) + sign * half) for sign in (0, -1, 1))
