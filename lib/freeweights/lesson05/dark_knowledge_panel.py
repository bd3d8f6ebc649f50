"""What a teacher's soft answers carry beside the right digit: two experiments of lesson 05, drawn."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..learn import digit_distillation
from ..learn import digit_students as students
from ..page import charts, controls, layout, live, renderer
from ..page.controls import Slider
from ..page.style import BLUE, GREEN, ORANGE
from .digit_panel import TEMPERATURES, spread

SHOWN = 3  # images of a digit
LEAST = 1e-4  # of an answer, at the foot of the axis
NEVER_SEEN = 3
TEMPERATURE = 8.0  # of the soft targets for the student that never saw a 3
NAMES = {"unseen": "3s, never seen", "seen": "other digits"}
CURVES = {"unseen": (BLUE, "-"), "seen": (ORANGE, "--")}
RAISED = np.arange(0, 20.25, 0.25)  # what is added to the logit of the digit never seen


# ---- what the teacher thinks of a 7
def resemblance_panel() -> live.Panel:
    """The mean answer of the teacher to a digit, and the images of it that it is least sure of."""
    return live.panel(
        draw,
        update,
        title="The teacher's mean answer to one digit, and three images that it doubts",
        size=(9, 3.6),
        digit=controls.choice("Digit", [str(digit) for digit in range(digit_distillation.DIGITS)], start="7"),
        temperature=Slider("Temperature", TEMPERATURES, 4, "", False),
    )


def draw(figure: Figure) -> live.Artists:
    """The mean answer on the left, images on the right."""
    left, *frames = layout.grid(figure, columns=(3, *(1,) * SHOWN))
    layout.log_axis(left.yaxis, {0.001: "0.1 %", 0.01: "1 %", 0.1: "10 %", 1: "100 %"})
    left.set(
        ylim=(LEAST, 1.3), xlim=(-0.6, 9.6), xticks=range(10), xlabel="answer", ylabel="mean probability"
    )
    for frame in frames:
        frame.set_axis_off()
        frame.set(xticks=[], yticks=[])
    look = {"ha": "center", "va": "top", "linespacing": 1.3, "fontsize": layout.POINTS}
    dot = {"markersize": 9, "markeredgecolor": "black", "clip_on": False}
    meant, others = (
        left.plot([], [], "D", color=GREEN, **dot)[0],
        left.plot([], [], "o", color=BLUE, **dot)[0],
    )
    layout.legend(figure, {"the digit meant": meant, "others": others})
    return live.Artists(
        finding=layout.headline(figure),
        meant=meant,
        others=others,
        images=[frame.imshow(np.zeros((8, 8)), cmap="Greys", vmin=0, vmax=1) for frame in frames],
        words=[frame.text(3.5, 8, "0: under 0.01 %\n", **look) for frame in frames],
    )


def update(artists: live.Artists, digit: str, temperature: float) -> str:
    """Show the mean answer at a temperature; the images keep theirs at temperature 1."""
    held, meant = digit_distillation.images()[1], int(digit)
    showing = np.flatnonzero(held.digits == meant)
    mean = students.answers(temperature=temperature, among=1)[showing].mean(axis=0)
    others = np.argsort(-np.where(np.arange(10) == meant, 0, mean))
    artists.meant.set_data([meant], [mean[meant]])
    artists.others.set_data(others[:9], np.maximum(mean[others[:9]], LEAST))
    plain = students.answers(among=1)
    doubted = showing[np.argsort(plain[showing, meant])][:SHOWN]
    for image, words, shown in zip(artists.images, artists.words, doubted, strict=True):
        image.set_data(held.ink[shown].reshape(8, 8))
        first, second = np.argsort(-plain[shown])[:2]
        words.set_text("\n".join(f"{name}: {chance(plain[shown, name])}" for name in (first, second)))
    artists.finding.set_text(f"To the teacher, a {meant} is most like a {others[0]}, then a {others[1]}")
    least = np.argmin(mean)
    return (
        f"At temperature {q.significant(temperature)} the teacher gives {len(showing)} held-out images of a {meant} "
        f"{q.percent(mean[meant])} for a {meant} on average, {chance(mean[others[0]])} for a {others[0]}, "
        f"{chance(mean[others[1]])} for a {others[1]} and {chance(mean[least])} for a {least}. The three images are "
        "those it is least sure of; below them, its first two answers at temperature 1."
    )


def chance(probability: float) -> str:
    """A probability in words.

    >>> chance(0.66), chance(1e-9)
    ('66 %', 'under 0.01 %')
    """
    return q.percent(probability) if probability >= LEAST else f"under {q.percent(LEAST)}"


# ---- the student that never saw a 3
@dataclass(frozen=True, eq=False)
class Omitted:
    """How students that were never shown a 3 read held-out digits, as the logit of 3 is raised.

    Attributes:
        seen, unseen: parts read right of the other digits, and of the 3s, (seeds, raises).
        chosen: for each seed the place in `RAISED` at which the images to learn from are read best.
    """

    seen: np.ndarray
    unseen: np.ndarray
    chosen: np.ndarray

    def after(self, what: str) -> np.ndarray:
        """Parts read right of "seen" or "unseen" once each seed's logit is raised as chosen."""
        return getattr(self, what)[np.arange(len(self.chosen)), self.chosen]


@functools.cache
def without(soft: bool, temperature: float = TEMPERATURE) -> Omitted:
    """Train students on every image but those of a 3, with soft targets or labels alone.

    The teacher has seen 3s. What is added to the logit of 3 is chosen on the images to learn from, with those
    of 3s among them: that one number is all the student is told of them.

    >>> float(without(soft=False).unseen[:, 0].max())
    0.0
    """
    learnt, held = digit_distillation.images()
    many = len(students.SEEDS)
    pools = np.tile(np.flatnonzero(learnt.digits != NEVER_SEEN), (many, 1))
    network = digit_distillation.train(
        [np.random.default_rng(seed) for seed in students.SEEDS],
        digit_distillation.STUDENT,
        pools,
        np.tile(learnt.digits, (many, 1)),
        students.answers(temperature=temperature) if soft else None,
        temperature,
        float(soft),
    )
    chosen = _right(network, learnt).mean(axis=1).argmax(axis=1)
    right, shown = _right(network, held), held.digits == NEVER_SEEN
    return Omitted(right[:, ~shown].mean(axis=1), right[:, shown].mean(axis=1), chosen)


def _right(network: digit_distillation.Network, among: digit_distillation.Images) -> np.ndarray:
    """Whether each image is read right at each raise of the logit of 3, (networks, images, raises)."""
    logits, one = (
        digit_distillation.predict(network, among.ink)[0],
        np.eye(digit_distillation.DIGITS)[NEVER_SEEN],
    )
    right = [(logits + more * one).argmax(axis=2) == among.digits for more in RAISED]
    return np.stack(right, axis=-1)


def never_saw_a_three(temperature: float = TEMPERATURE) -> renderer.Picture:
    """Held-out 3s read right by students that never saw one, as the logit of 3 is raised."""
    return live.picture(
        lambda figure: draw_omitted(figure, temperature),
        title="Digits read right by students that never saw a 3",
        size=(9, 3.8),
    )


def draw_omitted(figure: Figure, temperature: float) -> str:
    """Left, students with soft targets; right, those with labels alone; the dots are at the chosen raise."""
    pair = {"soft targets": without(True, temperature), "labels alone": without(False)}
    for axes, (name, result) in zip(layout.grid(figure, columns=(1, 1)), pair.items()):
        axes.set(ylim=(-0.02, 1.02), xlim=(0, RAISED[-1]), xlabel=f"{name}: added to the logit of 3")
        layout.percent_axis(axes.yaxis)
        found, at = {}, RAISED[result.chosen].mean()
        for what, (colour, _) in CURVES.items():
            middle, low, high = np.transpose([students.interval(one) for one in getattr(result, what).T])
            found[what] = RAISED, middle
            axes.fill_between(RAISED, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot([at], [result.after(what).mean()], "o", color=colour, markeredgecolor="white")
        curves = charts.curves(axes, CURVES, {})
        curves.show(found)
    layout.legend(figure, {words: curves.lines[what] for what, words in NAMES.items()})
    soft, hard = pair.values()
    before, after = 100 * soft.unseen[:, 0].mean(), 100 * soft.after("unseen").mean()
    layout.headline(figure).set_text(
        f"Taught by soft targets without any 3: {before:.0f} % of the 3s right, {after:.0f} % with one number raised"
    )
    return tell_omitted(soft, hard, temperature)


def tell_omitted(soft: Omitted, hard: Omitted, temperature: float) -> str:
    """The same numbers in a sentence."""
    shown = int(np.sum(digit_distillation.images()[1].digits == NEVER_SEEN))
    return (
        f"Of {shown} held-out 3s, students with soft targets at temperature {q.significant(temperature)} read "
        f"{spread(soft.unseen[:, 0])} before any raise, and {spread(soft.after('unseen'))} after one of "
        f"{RAISED[soft.chosen].mean():.1f} on average; of the other digits {spread(soft.seen[:, 0])}, then "
        f"{spread(soft.after('seen'))}. Students with labels alone read {spread(hard.unseen[:, 0])} of the 3s, and "
        f"{spread(hard.after('unseen'))} after a raise. It is chosen on the images to learn from, 3s among them. The bands and the brackets are 95 % "
        f"intervals over {len(students.SEEDS)} seeds; dots are means at each seed's own raise."
    )
