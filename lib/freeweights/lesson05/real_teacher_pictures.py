"""Lesson 05's real teacher: its data checked on this machine, its students' losses, and what each costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..learn import teacher, token_student
from ..learn.student_training import WAYS, StudentRecipe, StudentRun
from ..learn.teacher import LARGE, SMALL
from ..learn.training_loop import Margin, margin
from ..local import measured_or_recorded, smollm_timing
from ..models.transformer import Model
from ..page import charts, layout, live
from ..page.renderer import Picture
from ..page.style import BLUE, GREEN, GREY, MARKERS, ORANGE, PINK
from ..page.text import Table, table

HARD, SOFT, BOTH, WRITTEN = WAYS
LOOKS = dict(zip(WAYS, ((ORANGE, "--"), (BLUE, "-"), (GREEN, "-."), (PINK, "--")), strict=True))
LOOKS |= {"teacher": (GREY, ":")}
SAMPLE_PIECE, SAMPLE = (
    20,
    128,
)  # which piece of the novel the real teacher expects anew, and how many tokens of it
PREDICTIONS = 400  # of a student, one after another, to be timed


@dataclass(frozen=True)
class Look:
    """What was seen of the real teacher. `difference` is None where its weights could not be fetched.

    Attributes:
        difference: between a shipped probability and the same one made anew: the largest.
        seconds: that it took.
        tokens_per_second: that it writes for one reader.
        nbytes: of its weights in memory.
        source: whether these were measured here or recorded.
    """

    difference: float | None
    seconds: float
    tokens_per_second: float
    nbytes: float
    source: str

    def __str__(self) -> str:
        if self.difference is None:
            return f"The shipped file is used as it is: nothing was expected anew. Speeds are {self.source}."
        return (
            f"The real teacher expected {SAMPLE} tokens of the novel anew in {q.duration(self.seconds)}. From the "
            f"shipped probabilities its own differ by at most {q.significant(self.difference, 1)}: these are stored "
            "in 16 bits."
        )


def look() -> Look:
    """Load the real teacher, expect a few tokens anew, time it, and let it go; without weights, what was recorded."""
    path = measured_or_recorded.fetch()
    if path is None:
        step, held = (
            measured_or_recorded.recorded("decode batch 1"),
            measured_or_recorded.recorded("bytes float32"),
        )
        return Look(None, 0.0, 1 / step, held, measured_or_recorded.recorded_words())
    loaded = measured_or_recorded.load(path)
    start = time.perf_counter()
    difference = teacher.difference(loaded, teacher.read(), SAMPLE_PIECE, SAMPLE)
    seconds = time.perf_counter() - start
    speed = smollm_timing.time_decode(loaded, batches=(1,)).tokens_per_second[0]
    return Look(difference, seconds, float(speed), loaded.nbytes, measured_or_recorded.MEASURED)


# ---- the loss of every way
def picture(runs: Sequence[StudentRun]) -> Picture:
    """Held-out loss against steps, for a small and for a large text, with the teacher's own.

    Args:
        runs: of `student_training.compare`, all of them or those until it was stopped.
    """
    return live.picture(
        lambda figure: draw(figure, runs),
        title="Loss of every way to learn",
        size=(9, 4.4),
        sentence=finding(runs),
    )


def draw(figure: Figure, runs: Sequence[StudentRun]) -> None:
    """One frame for each amount of text: the mean over seeds, and a band from the lowest to the highest."""
    layout.headline(figure).set_text(title(runs))
    done = [run for run in runs if not run.stopped]
    last = max([1, *(run.recipe.steps for run in done)])
    line = teacher.read().bits_per_byte()
    low, high = line - 0.15, max([3.0, *(run.held.max() for run in done)]) + 0.1
    for axes, text in zip(layout.grid(figure, columns=(1, 1)), (SMALL, LARGE)):
        axes.set(xlim=(0, 1.02 * last), ylim=(low, high), xlabel=f"steps, {text:,} tokens of text")
        same = [run for run in done if run.recipe.text == text]
        found = {way: [run for run in same if run.recipe.way == way] for way in WAYS}
        found = {
            way: (runs[0].marks, np.array([run.held for run in runs])) for way, runs in found.items() if runs
        }
        curves = charts.curves(axes, LOOKS)
        for (way, line_of), marker in zip(curves.lines.items(), MARKERS):
            line_of.set(marker=marker, linewidth=1.6, markersize=5)
            if way in found:
                marks, held = found[way]
                band = {"color": LOOKS[way][0], "alpha": 0.25, "linewidth": 0}
                axes.fill_between(marks, held.min(axis=0), held.max(axis=0), **band)
        means = {way: (marks, held.mean(axis=0)) for way, (marks, held) in found.items()}
        curves.lines["teacher"].set(marker="", linewidth=1.6)
        curves.show(means | {"teacher": ([0, last], [line, line])})
    figure.axes[0].set_ylabel("bits per byte, held out")


def against(runs: Sequence[StudentRun], one: StudentRecipe, other: StudentRecipe) -> Margin | None:
    """How much lower the first ends than the second, over their seeds."""
    return margin(runs, one.name, other.name)


def title(runs: Sequence[StudentRun]) -> str:
    """What soft labels gain over hard ones, for both amounts of text."""
    gains = [against(runs, StudentRecipe(SOFT, text), StudentRecipe(HARD, text)) for text in (SMALL, LARGE)]
    if None in gains:
        return "Not enough was trained to tell a margin"
    few, many = (f"{gain.bits:.2f}" for gain in gains)
    return f"Against hard labels, soft ones save {few} bits a byte on {SMALL:,} tokens, {many} on {LARGE:,}"


def finding(runs: Sequence[StudentRun]) -> str:
    """Every comparison with its margin against the spread of seeds; or what is missing to make it."""
    said = []
    for text in (SMALL, LARGE):
        found = {
            way: against(runs, StudentRecipe(way, text), StudentRecipe(HARD, text))
            for way in (SOFT, BOTH, WRITTEN)
        }
        if None in found.values():
            return "Too few students were finished to compare every way: run the cell again."
        hard = np.mean([run.bits for run in runs if run.recipe.name == StudentRecipe(HARD, text).name])
        ends = ", ".join(f"{way} {far(margin)}" for way, margin in found.items())
        said.append(f"With {text:,} tokens of text, hard labels end at {hard:.2f} bits a byte; {ends}.")
    written = against(runs, StudentRecipe(WRITTEN, LARGE), StudentRecipe(HARD, SMALL))
    best = min(runs, key=lambda run: run.bits)
    return (
        f"{' '.join(said)} {LARGE:,} tokens of teacher's text against hard labels on {SMALL:,}: {far(written)}. "
        f"The best student, {best.recipe.name}, ends at {best.bits:.2f}, the teacher at "
        f"{teacher.read().bits_per_byte():.2f}. Every student counts at its best mark."
    )


def far(found: Margin) -> str:
    """A margin in words, beside the spread of seeds that it has to exceed.

    >>> far(Margin(bits=0.2, spread=0.05, seeds=3)), far(Margin(bits=-0.02, spread=0.05, seeds=3))
    ('0.20 lower (seeds differ by 0.05)', '0.02 higher (seeds differ by 0.05: not shown)')
    """
    way = "lower" if found.bits > 0 else "higher"
    shown = "" if abs(found.bits) > found.spread else ": not shown"
    return f"{abs(found.bits):.2f} {way} (seeds differ by {found.spread:.2f}{shown})"


# ---- what each costs
def costs(seen: Look, runs: Sequence[StudentRun]) -> Table:
    """Bytes, FLOPs and speed of the teacher and of the best student, on this machine where they could be measured.

    Raises:
        ValueError: no student was trained.
    """
    if not runs:
        raise ValueError("no student was trained: run the cell that trains them first.")
    run = min(runs, key=lambda run: run.bits)
    prompt, start = teacher.read().novel[None, : token_student.WINDOW], time.perf_counter()
    for _ in range(PREDICTIONS):
        token_student.predict(run.weights, prompt)
    speed = PREDICTIONS / (time.perf_counter() - start)
    flops = Model.named(measured_or_recorded.SMOL).flops_per_token(smollm_timing.mean_cached())
    ours = token_student.nbytes(run.weights), token_student.flops_per_token(run.weights), speed, run.bits
    theirs = seen.nbytes, flops, seen.tokens_per_second, teacher.read().bits_per_byte()
    names = "Bytes of weights", "FLOPs per token", "Tokens per second, one reader", "Bits per byte, held out"
    rows = [
        {"what": name, "teacher": q.count(big) if big > 100 else q.significant(big),
         "student": q.count(small) if small > 100 else q.significant(small), "times": q.times(max(big, small) / min(big, small))}
        for name, big, small in zip(names, theirs, ours, strict=True)
    ]  # fmt: skip
    caption = f"Teacher and student. The teacher's speed is {seen.source}; the student's {measured_or_recorded.MEASURED}"
    return table(rows, caption=caption, what="", teacher="SmolLM2-135M", student="Student", times="Ratio")
