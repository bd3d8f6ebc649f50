"""Lesson 03's panel: DeepSeek-R1 against Llama 3.1 405B on one machine, step by step and batch by batch."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..machines.machine import Machine
from ..money.hourly_rate import PAID, hourly_cost
from ..page import controls, live
from ..page.layout import headline, log_axis, spread
from ..page.style import BLUE, GREEN, GREY, ORANGE, RED, SKY
from .moe_against_dense import (
    DENSE,
    MIXTURE,
    PublishedRatio,
    ServedStep,
    both,
    bytes_ratio,
    flops_ratio,
    published_ratios,
    serving,
    time_ratio,
)

MACHINES = {
    "8 x H200 141GB": ("H200 SXM 141GB", 8),
    "4 x H200 141GB": ("H200 SXM 141GB", 4),
    "8 x H100 80GB": ("H100 SXM5 80GB", 8),
    "16 x H100 80GB, InfiniBand": ("H100 SXM5 80GB", 16, "InfiniBand NDR (4x port)"),
    "8 x B200 180GB": ("B200 SXM 180GB", 8),
    "8 x MI300X 192GB": ("Instinct MI300X", 8),
    "Desktop, 512 GB": ("Apple M3 Ultra 512GB", 1),
    "Server without GPU, 1.5 TB": ("2x EPYC 9755 server (24-channel DDR5-6400)", 1),
}
WIDTHS = ("16 bits", "FP8", "4.5 bits", "3 bits")
BATCHES = np.unique(np.geomspace(1, 512, 40).round().astype(int))
LOW, HIGH = 0.05, 3.0  # ends of the axis of ratios
TICKS = {0.05: "1/20", 0.1: "1/10", 0.2: "1/5", 0.5: "1/2", 1: "1", 2: "2"}
PARTS = {  # of a step, as shown: colour, words, and the names they have in an estimate
    "weights": (BLUE, "weights", ("weights",)),
    "cache": (SKY, "caches", ("cache",)),
    "computing": (GREEN, "arithmetic", ("compute beyond reading",)),
    "waiting": ("#B0B0B0", "link, overhead", ("communication", "overhead")),
}
CURVES = {"FLOPs": (GREEN, ":"), "bytes": (BLUE, "--"), "time": (RED, "-")}
MOST = 2.0  # the end of the axis of memory: needed over what there is
NEAR = 4.0  # how many times longer or shorter a published context may be than the chosen one


def draw(figure: Figure) -> dict:
    """Left: both steps by part, and both demands on memory. Right: ratios over the batch."""
    left = figure.add_axes((0.02, 0.47, 0.44, 0.37))
    room = figure.add_axes((0.02, 0.085, 0.44, 0.27))
    for axes, end in ((left, 1.0), (room, MOST)):
        axes.set(xlim=(0, end), ylim=(-1.45, 0.95), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False)
    left.set_xticks([])
    left.spines["bottom"].set_visible(False)
    room.set_xticks([0, 0.5, 1, 1.5, 2], ["0", "50 %", "100 %", "150 %", "200 %"])
    room.plot([1, 1, 1, 1, 1], [-1.45, -0.7, None, -0.3, 0.3], color="black", linestyle="--", linewidth=1.5)
    figure.text(0.02, 0.385, "Memory needed, of what there is", fontsize=11, va="center")
    right = figure.add_axes((0.545, 0.125, 0.385, 0.735))
    right.set(xlim=(1, 512), ylim=(LOW, HIGH), xlabel="batch: sequences in a step")
    log_axis(right.xaxis, {batch: str(batch) for batch in (1, 4, 16, 64, 256)})
    log_axis(right.yaxis, TICKS)
    right.axhline(1, color="black", linewidth=1.2)
    figure.text(0.545, 0.895, "R1 over 405B, by batch", fontsize=11, va="center")
    for (colour, words, _), x in zip(PARTS.values(), (0.02, 0.125, 0.22, 0.335)):
        figure.text(x, 0.895, "■", color=colour, fontsize=12, va="center")
        figure.text(x + 0.018, 0.895, words, color=GREY, fontsize=10, va="center")
    return {
        "title": headline(figure),
        "steps": {part: left.barh((0, -1), 0, 0.42, color=colour) for part, (colour, *_) in PARTS.items()},
        "said": [left.text(0, y + 0.32, "", fontsize=10, va="bottom") for y in (0, -1)],
        "rooms": room.barh((0, -1), 0, 0.42, color=ORANGE),
        "needs": [room.text(0, y + 0.32, "", fontsize=10, va="bottom") for y in (0, -1)],
        "curves": {
            name: right.plot([], [], color=colour, linestyle=style)[0]
            for name, (colour, style) in CURVES.items()
        },
        "names": {
            name: right.text(530, 1, name, color=colour, fontsize=10, va="center")
            for name, (colour, _) in CURVES.items()
        },
        "here": right.axvline(1, color="black", linestyle="-.", linewidth=1.2),
        "points": {
            True: right.plot([], [], "X", color="black", markersize=8, clip_on=False)[0],
            False: right.plot([], [], "X", color="white", markeredgecolor="black", clip_on=False)[0],
        },
        "key": right.text(1.15, 0.057, "", fontsize=10, color=GREY, va="bottom"),
    }


def shares(one: ServedStep) -> dict[str, float]:
    """Seconds of a step that fits, by the parts shown."""
    taken = one.step.parts
    return {part: sum(taken.get(name, 0.0) for name in names) for part, (_, _, names) in PARTS.items()}


def update(artists: dict, place: str, weights: str, users: float, context: float) -> str:
    """Move bars and curves to one machine, format, batch and context; say where the claim holds there."""
    machine = Machine.named(*MACHINES[place])
    pair = [serving(name, machine, int(users), weights, context) for name in (MIXTURE, DENSE)]
    taken = np.ma.masked_invalid(time_ratio(machine, context, BATCHES, weights))
    points = [
        point for point in published_ratios(machine, weights) if 1 / NEAR <= point.context / context <= NEAR
    ]
    show_steps(artists, pair)
    show_memory(artists, pair)
    show_curves(artists, context, weights, taken)
    artists["here"].set_xdata([users, users])
    show_points(artists, points)
    found = ratios(pair, weights, context)
    artists["title"].set_text(finding(pair, found))
    counted = hourly_cost(machine.device, PAID[0])[1]
    asked = f"{users:,.0f} {'user' if users == 1 else 'users'} with {context:,.0f} tokens"
    said = [*map(say, pair), say_ratios(found), say_points(points)]
    return f"{machine.name} ({counted}), {weights}, {asked}. {' '.join(filter(None, said))}"


def show_steps(artists: dict, pair: list[ServedStep]) -> None:
    """Stack both steps by what they wait for, as shares of the longer one."""
    longest = max((one.step.seconds for one in pair if one.fits), default=1.0)
    for row, one in enumerate(pair):
        base, taken = 0.0, shares(one) if one.fits else dict.fromkeys(PARTS, 0.0)
        for part, seconds in taken.items():
            artists["steps"][part][row].set(x=base, width=seconds / longest)
            base += seconds / longest
        artists["said"][row].set(text=words(one), color="black" if one.fits else RED)


def words(one: ServedStep) -> str:
    """The line above a step: its time, speed and cost, or that it cannot be."""
    if not one.fits:
        return f"{one.model.name}: does not fit"
    speed, cost = q.speed(one.step.tokens_per_second), q.money(one.dollars, 2)
    return f"{one.model.name}: {q.duration(one.step.seconds)}, {speed}, {cost} per million"


def show_memory(artists: dict, pair: list[ServedStep]) -> None:
    """What each needs as a share of the memory there, cut at the axis' end."""
    for bar, text, one in zip(artists["rooms"], artists["needs"], pair):
        fit = one.step.fit
        bar.set_width(min(fit.needed / fit.memory, MOST))
        missing = "" if one.fits else f", {q.size(fit.missing)} missing"
        said = f"{one.model.name}: needs {q.size(fit.needed)} of {q.size(fit.memory)}{missing}"
        text.set(text=said, color="black" if one.fits else RED)


def show_curves(artists: dict, context: float, weights: str, taken: np.ma.MaskedArray) -> None:
    """Draw the three ratios over the batch, time as far as both fit, each named at its end."""
    held = ~np.ma.getmaskarray(taken)
    flops = np.full(BATCHES.shape, flops_ratio(context))
    curves = {
        "FLOPs": (BATCHES, flops),
        "bytes": (BATCHES, bytes_ratio(context, BATCHES, weights)),
        "time": (BATCHES[held], taken.compressed()),
    }
    ends = np.array([ys[-1] if len(ys) else HIGH for _, ys in curves.values()])
    heights = spread(np.log(ends / LOW) / np.log(HIGH / LOW), 0.055)
    for (name, (xs, ys)), height in zip(curves.items(), heights):
        artists["curves"][name].set_data(xs, ys)
        label = artists["names"][name]
        label.set(y=LOW * (HIGH / LOW) ** height, text=name if len(ys) else "")


def show_points(artists: dict, points: list[PublishedRatio]) -> None:
    """Draw published ratios, filled where both steps are published, and say which is which."""
    for measured, marks in artists["points"].items():
        shown = [point for point in points if point.measured == measured]
        marks.set_data([point.batch for point in shown], [point.ratio for point in shown])
    kinds = {True: "✖ both published", False: "✕ R1 published, 405B expected"}
    found = {point.measured for point in points}
    artists["key"].set_text("\n".join(kinds[kind] for kind in sorted(found)))


def finding(pair: list[ServedStep], found: dict[str, float]) -> str:
    """The title: how R1's step compares with 405B's, or who is not held."""
    absent = [one for one in pair if not one.fits]
    if len(absent) == 2:
        return "This machine has room for neither of them"
    if absent:
        other, missing = pair[absent[0] is pair[0]], q.size(absent[0].step.fit.missing)
        return f"This machine serves {other.model.name}, and {absent[0].model.name} lacks {missing} there"
    done, read, taken = (q.percent(ratio) for ratio in found.values())
    return f"R1's step: {done} of 405B's FLOPs, {read} of its bytes, {taken} of its time"


def ratios(pair: list[ServedStep], weights: str, context: float) -> dict[str, float]:
    """R1 over 405B: FLOPs and bytes, whether or not the machine holds them, and the time if so."""
    found = {"FLOPs": flops_ratio(context), "bytes": float(bytes_ratio(context, pair[0].users, weights))}
    if all(one.fits for one in pair):
        found["time"] = pair[0].step.seconds / pair[1].step.seconds
    return found


def say(one: ServedStep) -> str:
    """One model in words: its step by part, what it yields and costs, and the memory it needs."""
    if not one.fits:
        return one.step.fit.sentence()
    total = one.step.seconds
    said = [
        f"{PARTS[part][1]} {q.percent(seconds / total)}"
        for part, seconds in shares(one).items()
        if seconds / total >= 0.005
    ]
    fit = one.step.fit
    return f"{words(one)} ({', '.join(said)}); it needs {q.size(fit.needed)} of {q.size(fit.memory)}."


def say_ratios(found: dict[str, float]) -> str:
    """The ratios of the title, as numbers."""
    said = [f"{name} {q.significant(ratio, 2)}" for name, ratio in found.items()]
    return f"R1 over 405B: {', '.join(said)}."


def say_points(points: list[PublishedRatio]) -> str:
    """The published ratios by batch; only those of two published steps, if there are any."""
    shown = [point for point in points if point.measured] or points
    if not shown:
        return ""
    said = []
    for batch in sorted({point.batch for point in shown}):
        here = [point.ratio for point in shown if point.batch == batch]
        ends = dict.fromkeys(q.significant(end) for end in (min(here), max(here)))
        said.append(f"{' to '.join(ends)} at batch {batch:.0f}")
    over = "published" if shown[0].measured else "expected"
    return f"Published steps of R1, or of its twin V3, over {over} ones of 405B: {', '.join(said)}."


def panel() -> live.Panel:
    """DeepSeek-R1 against Llama 3.1 405B on any of eight machines.

    >>> panel().set(place="8 x H100 80GB", users=32)
    """
    longest = min(one.max_context for one in both())
    return live.panel(
        draw,
        update,
        title="DeepSeek-R1 against Llama 3.1 405B on one machine",
        size=(9, 4.8),
        place=controls.choice("Machine", list(MACHINES)),
        weights=controls.choice("Weights of both", WIDTHS, start="FP8"),
        users=controls.log_slider("Batch", 1, int(BATCHES[-1]), start=1, unit="users", whole=True),
        context=controls.log_slider("Context", 512, longest, start=4096, unit="tokens", whole=True),
    )
