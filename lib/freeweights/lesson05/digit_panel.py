"""Lesson 05's panel: students of handwritten digits, trained anew wherever the controls stand.

A training takes half a second, and a learner drags faster. While the kernel is busy ipywidgets keeps of each
control only the newest value (`_msg_buffer` in packages/base/src/widget.ts of jupyter-widgets/ipywidgets), so
stops passed on the way are never trained.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..learn import digit_distillation
from ..learn import digit_students as students
from ..learn.digit_students import Setting
from ..page import charts, controls, layout, live
from ..page.controls import Slider
from ..page.style import BLUE, GREEN, ORANGE
from ..page.text import Table, table

# Few stops: each is a training, and one that was visited before is remembered.
TEMPERATURES = (0.5, 1, 2, 4, 8, 20, 50, 100)
SHARES = (0, 0.25, 0.5, 0.75, 1)
LABELS = (10, 20, 50, 100, 200, 500, 1000)
WIDTHS = (2, 4, 8, 12, 20, 32)
TEACHERS = {"1,000 images": 1000, "100 images": 100, "20 images": 20}
FEW = 0.02, 1.0  # parts read wrong at the ends of the axis
TICKS = {1 - right / 100: f"{right} %" for right in (20, 50, 80, 90, 95, 98)}
ROWS = {"teacher": (GREEN, "D"), "soft targets": (BLUE, "o"), "labels alone": (ORANGE, "s")}
LARGEST_EVEN = 0.2  # a soft target whose largest part is smaller tells little of which digit was meant
WIDE_GAP = 0.1  # of accuracy between teacher and student: the student is too small


def panel() -> live.Panel:
    """Temperature, share, labels, width, teacher: what a student reads right, with and without its teacher."""
    return live.panel(
        draw,
        update,
        title="Held-out digits read right by a student with and without soft targets",
        size=(9, 3.9),
        temperature=Slider("Temperature", TEMPERATURES, 4, "", False),
        share=Slider("Share of soft targets", SHARES, 1, "", False),
        labels=Slider("Labelled images", LABELS, 100, "", True),
        width=Slider("Student's hidden values", WIDTHS, digit_distillation.STUDENT[0], "", True),
        teacher=controls.choice("Teacher learned from", list(TEACHERS)),
        asked=controls.choice("Teacher answers on", list(students.ASKED)),
    )


def draw(figure: Figure) -> live.Artists:
    """Left, a row each for the teacher and both students; right, one image and the teacher's answer."""
    left, right = layout.grid(figure, columns=(3, 2))
    layout.log_axis(left.xaxis, TICKS)
    left.set(xlim=FEW[::-1], xlabel="held-out digits read right (spaced by what is read wrong)")
    rows = charts.rows(left, ROWS)
    seeds = {
        name: left.plot([], [], marker, color=colour, alpha=0.35, markersize=4)[0]
        for name, (colour, marker) in ROWS.items()
    }
    name = "soft targets"
    layout.legend(
        figure, {"mean": rows.marks[name], "95 % interval": rows.ranges[name], "one seed": seeds[name]}
    )
    drawn, answer = layout.split(right, rows=(1, 2))
    drawn.set_axis_off()
    drawn.imshow(digit_distillation.images()[0].ink[unsure()].reshape(8, 8), cmap="Greys", vmin=0, vmax=1)
    answer.set(ylim=(0, 1.02), xticks=range(10), xlabel="teacher's answer to this 7")
    layout.percent_axis(answer.yaxis, step=0.5)
    bars = answer.bar(range(10), np.zeros(10), color=GREEN, width=0.8)
    return live.Artists(finding=layout.headline(figure), rows=rows, seeds=seeds, bars=bars)


def unsure(digit: int = 7) -> int:
    """Of the images to learn from that show a digit, the one that the teacher is least sure of."""
    right = np.where(digit_distillation.images()[0].digits == digit, students.answers()[:, digit], 2)
    return int(right.argmin())


def update(
    artists: live.Artists, temperature: float, share: float, labels: int, width: int, teacher: str, asked: str
) -> str:
    """Train what was not trained before, and show it."""
    setting = Setting(temperature, share, int(labels), int(width), TEACHERS[teacher], asked)
    soft, hard = students.student(setting), students.student(setting.hard)
    taught = digit_distillation.accuracy(students.teacher(setting.taught), digit_distillation.images()[1])
    shown = {"teacher": taught, "soft targets": soft, "labels alone": hard}
    artists.rows.show({name: quantity(values) for name, values in shown.items()})
    for name, values in shown.items():
        heights = artists.rows.heights[name] + 0.28 - 0.16 * (np.arange(len(values)) % 4) / 3
        wrong = np.clip(1 - values, *FEW)
        artists.seeds[name].set_data(*((wrong, heights) if len(values) > 1 else charts.NOWHERE))
    answer = students.answers(setting.taught, temperature)
    for bar, height in zip(artists.bars, answer[unsure()], strict=True):
        bar.set_height(height)
    points = students.gain(setting)
    artists.finding.set_text(found(points))
    return told(setting, soft, hard, float(taught[0]), points) + warned(
        setting, soft, hard, taught[0], answer
    )


def quantity(values: np.ndarray) -> charts.Quantity:
    """The mean of seeds read wrong and its interval; a single network has none."""
    if len(values) == 1:
        return charts.Quantity(1 - float(values[0]), words=spread(values))
    middle, low, high = students.interval(values)
    return charts.Quantity(1 - middle, (1 - high, 1 - low), words=spread(values))


def spread(values: np.ndarray) -> str:
    """Accuracy of seeds in words.

    >>> spread(np.array([0.9])), spread(np.array([0.88, 0.92, 0.88, 0.92, 0.88, 0.92]))
    ('90.0 %', '90.0 % (87.7 to 92.3)')
    """
    if len(values) == 1:
        return f"{100 * values[0]:.1f} %"
    middle, low, high = students.interval(100 * values)
    return f"{middle:.1f} % ({max(low, 0):.1f} to {min(high, 100):.1f})"


def found(points: Sequence[float]) -> str:
    """What soft targets do, as a title.

    >>> found((5.4, 4.2, 6.6)), found((0.3, -0.1, 0.7))
    ('Soft targets add 5.4 points of accuracy (4.2 to 6.6)', 'No difference shown: +0.3 points (-0.1 to +0.7)')
    """
    middle, low, high = points
    if low > 0:
        return f"Soft targets add {middle:.1f} points of accuracy ({low:.1f} to {high:.1f})"
    if high < 0:
        return f"Soft targets cost {-middle:.1f} points of accuracy ({-high:.1f} to {-low:.1f})"
    return f"No difference shown: {middle:+.1f} points ({low:+.1f} to {high:+.1f})"


def told(setting: Setting, soft: np.ndarray, hard: np.ndarray, taught: float, points: Sequence[float]) -> str:
    """The same numbers in a sentence."""
    held, seeds = len(digit_distillation.images()[1].digits), len(students.SEEDS)
    size = digit_distillation.parameters(
        digit_distillation.begin([np.random.default_rng(0)], [setting.width])
    )
    if not setting.share:
        return (
            f"Without a share of soft targets both students are the same: {spread(hard)} of {held} held-out "
            f"digits, over {seeds} seeds."
        )
    return (
        f"A student of {size:,} parameters with {setting.labels:,} labels reads {spread(hard)} of {held} "
        f"held-out digits, and {spread(soft)} with the teacher's answers on {setting.asked}; the teacher reads "
        f"{q.percent(taught, 3)}. In brackets, 95 % intervals over {seeds} seeds. {found(points)}."
    )


def warned(setting: Setting, soft: np.ndarray, hard: np.ndarray, taught: float, answer: np.ndarray) -> str:
    """What stands in the way here, if something does."""
    if not setting.share:
        return ""
    notes, largest = [], float(answer.max(axis=1).mean())
    if taught < hard.mean():
        notes.append(
            "The teacher reads worse than this student does from its labels: it has nothing to teach."
        )
    elif taught - soft.mean() > WIDE_GAP and setting.asked == students.ASKED[1]:
        notes.append(
            f"{100 * (taught - soft.mean()):.0f} points below the teacher, and it was asked about every image: "
            "what is missing now is room in the student."
        )
    if largest < LARGEST_EVEN:
        notes.append(f"The largest part of a soft target is {q.percent(largest)} on average: nearly even.")
    return "".join(f" {note}" for note in notes)


def by_labels() -> Table:
    """How accurate students of several numbers of labels are; each is trained unless it was before."""
    rows = []
    for labels in (20, 100, 300, 1000):
        same = Setting(labels=labels)
        middle, low, high = students.gain(same)
        rows.append(
            {
                "labels": labels,
                "hard": spread(students.student(same.hard)),
                "soft": spread(students.student(same)),
                "gain": f"{middle:+.1f} ({low:+.1f} to {high:+.1f})",
            }
        )
    caption = f"Held-out digits read right, mean of {len(students.SEEDS)} seeds and its 95 % interval"
    headings = {"labels": "Labelled images", "hard": "Labels alone", "soft": "Soft, same images"}
    return table(rows, caption=caption, **headings, gain="Points gained")
