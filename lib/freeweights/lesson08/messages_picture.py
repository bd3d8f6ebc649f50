"""Lesson 08's local steps and small messages, trained here: loss against bytes sent, and equal steps against equal compute."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from ..facts import quantities as q
from ..learn import byte_local_steps
from ..learn.local_steps import SHARDS, STEPS, UNEVEN, WORKERS, Recipe, Run, train
from ..page import layout, live
from ..page.renderer import Picture
from ..page.style import BLUE, GREEN, MARKERS, ORANGE, PINK

SEEDS = (0, 1, 2)
APART = (1, 5, 20, 50, 200)  # local steps
# Of the byte model: local steps, all steps, and windows of a batch.
BYTE_APART, BYTE_STEPS, BYTE_BATCH = (1, 10, 50, 150), 150, 64
# Rate and momentum tried for the outer step; the last are the paper's for large models.
OUTER = ((1.0, 0.0), (1.0, 0.5), (0.7, 0.9))
MESSAGES = {  # by name: share kept, bits, feedback
    "whole": (1.0, 32, True), "8 bits": (1.0, 8, True), "4 bits": (1.0, 4, True), "2 bits": (1.0, 2, True), "1 bit": (1.0, 1, True),
    "1 bit, no feedback": (1.0, 1, False), "1 % kept": (0.01, 32, True), "1 % kept, no feedback": (0.01, 32, False),
}  # fmt: skip
LINKS = {"all arrive": (0.0, 0), "a third is lost": (1 / 3, 0), "half join late": (0.0, WORKERS // 2)}


@dataclass(frozen=True)
class Ends:
    """How runs alike but for their seed ended: the mean loss in nats, its least and most, the mean accuracy, bytes a worker sent."""

    loss: float
    low: float
    high: float
    accuracy: float
    sent: float


def ends(runs: Sequence[Run]) -> Ends:
    """What runs of several seeds come to."""
    last = np.array([run.loss[-1] for run in runs])
    accuracy = np.mean([run.accuracy[-1] for run in runs])
    return Ends(
        float(last.mean()), float(last.min()), float(last.max()), float(accuracy), runs[0].recipe.sent_bytes
    )


def together(recipes: dict[Hashable, Recipe], what: str) -> dict[Hashable, Ends]:
    """Train recipes with every seed, all of one size side by side, with progress."""
    found: dict[Hashable, list[Run]] = {name: [] for name in recipes}
    size = lambda name: (recipes[name].workers, recipes[name].steps, recipes[name].batch)  # noqa: E731
    groups = [list(group) for _, group in itertools.groupby(sorted(recipes, key=size), key=size)]
    with tqdm(total=sum(recipes[group[0]].steps for group in groups), desc=what, leave=False) as bar:
        for group in groups:
            runs = train([replace(recipes[name], seed=seed) for name in group for seed in SEEDS], bar.update)
            if any(np.isnan(run.loss).any() for run in runs):
                raise KeyboardInterrupt(f"{what}: stopped. Run the cell again for the whole comparison.")
            for name, run in zip((name for name in group for _ in SEEDS), runs):
                found[name].append(run)
    return {name: ends(runs) for name, runs in found.items()}


def tuned(shards: str) -> dict[int, tuple[str, Ends]]:
    """For each number of local steps the best outer step of those tried, and how it ended: untuned the method looks worse than it is."""
    recipes = {
        (steps, outer): Recipe(local_steps=steps, outer_rate=outer[0], outer_momentum=outer[1], shards=shards)
        for steps in APART
        for outer in OUTER
    }
    found = together(recipes, f"Local steps, {shards} shards")
    best = {steps: min(OUTER, key=lambda outer: found[steps, outer].loss) for steps in APART}
    return {
        steps: (f"outer rate {rate:g}, momentum {momentum:g}", found[steps, (rate, momentum)])
        for steps, (rate, momentum) in best.items()
    }


def small_messages() -> dict[str, Ends]:
    """The ways of `MESSAGES`, at every step and on even shards."""
    return together(
        {name: Recipe(kept=kept, bits=bits, feedback=back) for name, (kept, bits, back) in MESSAGES.items()},
        "Small messages",
    )


def lost_and_late() -> dict[str, Ends]:
    """What lost messages and late workers cost on uneven shards."""
    return together(
        {
            name: Recipe(local_steps=APART[1], lost=lost, late=late, shards=UNEVEN)
            for name, (lost, late) in LINKS.items()
        },
        "Lost and late",
    )


def equal_compute() -> dict[str, Ends]:
    """The same steps and the same compute: one worker, eight at once, eight with local steps, and one as long as eight together."""
    one = Recipe(workers=1)
    return together(
        {
            "one worker": one,
            f"{WORKERS} workers, every step": Recipe(),
            f"{WORKERS} workers, {APART[2]} local steps": Recipe(local_steps=APART[2]),
            f"one worker, {WORKERS} times the steps": replace(one, steps=WORKERS * STEPS),
        },
        "Equal compute",
    )


def on_bytes() -> list[dict]:
    """Lesson 03's byte model with local steps, on even and uneven shards, as rows of a table; bits for a byte of held-out text."""
    recipes = {
        (steps, shards): Recipe(
            local_steps=steps, outer_momentum=OUTER[1][1], shards=shards, steps=BYTE_STEPS, batch=BYTE_BATCH
        )
        for steps in BYTE_APART
        for shards in SHARDS
    }
    with tqdm(total=BYTE_STEPS * len(recipes), desc="Bytes, apart", leave=False) as bar:
        runs = byte_local_steps.train_all(list(recipes.values()), bar.update)
    found = dict(zip(recipes, runs))
    pairs = {steps: [found.get((steps, shards)) for shards in SHARDS] for steps in BYTE_APART}
    return [
        {"steps": steps, "sent": q.size(even.sent), "even": even.bits, "uneven": uneven.bits}
        for steps, (even, uneven) in pairs.items()
        if uneven
    ]


def picture(even: dict, uneven: dict, messages: dict[str, Ends]) -> Picture:
    """Loss at the end against bytes that each worker sent."""
    return live.picture(
        lambda figure: draw(figure, even, uneven, messages),
        title="Loss against bytes sent by each worker",
        size=(9, 4.4),
    )


def draw(figure: Figure, even: dict, uneven: dict, messages: dict[str, Ends]) -> str:
    """Local steps on both kinds of shards, and small messages."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(1e4, 1e7, q.size))
    axes.set(
        xlim=(3e3, 1e7), ylim=(0, 2.3), xlabel="sent by each worker", ylabel="loss on held-out digits, nats"
    )
    marks = {}
    for number, (name, found, colour) in enumerate(
        (("local steps, even shards", even, BLUE), ("local steps, uneven", uneven, ORANGE))
    ):
        points = [one for _, one in found.values()]
        marks[name] = axes.errorbar(
            [one.sent for one in points], [one.loss for one in points],
            [[one.loss - one.low for one in points], [one.high - one.loss for one in points]],
            marker=MARKERS[number], color=colour, linestyle="-", capsize=3,
        )[0]  # fmt: skip
    with_, without = (
        [one for name, one in messages.items() if ("no feedback" in name) == bad] for bad in (False, True)
    )
    for name, points, colour, marker in (
        ("small messages, with feedback", with_, GREEN, "D"),
        ("without feedback", without, PINK, "X"),
    ):
        marks[name] = axes.plot(
            [one.sent for one in points], [one.loss for one in points], marker, color=colour, markersize=8
        )[0]
    layout.legend(figure, marks, columns=4)
    whole, least = messages["whole"], messages["1 % kept"]
    fewest = even[APART[-1]][1]
    layout.headline(figure).set_text(
        f"{q.times(whole.sent / least.sent)} fewer bytes by keeping 1 %, {q.times(whole.sent / fewest.sent)} by {APART[-1]} local steps"
    )
    bad, worse = messages["1 % kept, no feedback"], uneven[APART[-1]][1]
    return (
        f"{WORKERS} workers, {STEPS} steps, {len(SEEDS)} seeds (bars: from the least to the most). Exchanging everything at every step ends at "
        f"{whole.loss:.2f} nats; 1 % of the numbers at {least.loss:.2f} if what is left out is kept for later, at {bad.loss:.2f} if not. "
        f"{APART[-1]} local steps end at {fewest.loss:.2f} on even shards and at {worse.loss:.2f} on uneven ones, each with the best of {len(OUTER)} outer steps."
    )
