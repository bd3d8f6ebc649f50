"""Lesson 00's panel: one model on one machine. Does it fit, how long to load, to read, to write."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ..cost import inference, memory
from ..cost.reference_cases import ANSWER, FORMATS, PROMPT, USERS, drives, models
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import controls, live
from ..page.layout import headline, log_axis
from ..page.style import BLUE, GREEN, GREY, ORANGE, RED, SKY

JOBS = (
    "Load from the drive",
    f"Read a prompt of {PROMPT:,} tokens",
    f"Write {ANSWER} tokens, one user",
    f"Write {ANSWER} tokens, {USERS} users",
)
SHORTEST, LONGEST = 1e-3, 1e6
TICKS = {1e-3: "≤ 1 ms", 1e-2: "10 ms", 0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min"}
TICKS |= {3600: "1 h", 86_400: "1 day", 864_000: "10 days"}
MACHINES = {
    "Phone, 8 GB": ("Phone 8GB (iPhone 16 Pro)", 1),
    "Laptop, 16 GB": ("Laptop 16GB (DDR5-5600, two channels)", 1),
    "GeForce RTX 4090": ("GeForce RTX 4090", 1),
    "DGX Spark": ("DGX Spark (GB10)", 1),
    "Apple M3 Ultra 512GB": ("Apple M3 Ultra 512GB", 1),
    "H100 80GB": ("H100 SXM5 80GB", 1),
    "8 x H100 80GB": ("H100 SXM5 80GB", 8),
    "8 x H200 141GB": ("H200 SXM 141GB", 8),
    "8 x B200 180GB": ("B200 SXM 180GB", 8),
}


@dataclass(frozen=True)
class Job:
    """One thing to wait for: seconds at least, expected, at best and at worst; or the words why there is none."""

    floor: float = 0.0
    expected: float = 0.0
    low: float = 0.0
    high: float = 0.0
    why_not: str = ""


def job(estimate, times: float = 1.0) -> Job:
    """The seconds of an estimate that happens `times` times in a row."""
    if not estimate.fits:
        return Job(why_not="does not fit")
    return Job(*(times * value for value in (estimate.floor, estimate.expected, estimate.low, estimate.high)))


def jobs(model: Model, machine: Machine, weights: str, disk: str) -> list[Job]:
    """The four waits of a model on a machine, in the order of JOBS."""
    reading = inference.prefill(model, machine, prompt=PROMPT, weights=weights) if machine.computes else None
    context = PROMPT + ANSWER / 2
    return [
        job(inference.cold_load(model, machine, disk=disk, weights=weights)),
        job(reading) if reading else Job(why_not="no compute rate is published for this device"),
        job(inference.decode(model, machine, context=context, batch=1, weights=weights), ANSWER),
        job(inference.decode(model, machine, context=context, batch=USERS, weights=weights), ANSWER),
    ]


def draw(figure: Figure) -> dict:
    """A bar of memory above, four bars of waiting below."""
    above, below = figure.subplots(2, 1, height_ratios=[1, 4])
    figure.subplots_adjust(left=0.28, right=0.96, top=0.895, bottom=0.13, hspace=0.62)
    above.set(xlim=(0, 200), ylim=(-0.5, 0.5), yticks=[0], yticklabels=["Memory needed"], xlabel="")
    above.set_xticks(range(0, 201, 50), [f"{share} %" for share in range(0, 201, 50)])
    above.axvline(100, color="black", linewidth=2)
    log_axis(below.xaxis, TICKS)
    below.set(xlim=(SHORTEST, LONGEST), ylim=(3.6, -0.6), xlabel="seconds to wait (log scale)")
    below.set_yticks(range(4), JOBS)
    below.tick_params(axis="y", pad=9)  # room for a diamond at the axis' end
    for left, part, colour in (
        (0.62, "weights", BLUE),
        (0.725, "cache", SKY),
        (0.81, "engine's reserve", "#BBBBBB"),
    ):
        figure.text(left, 0.955, "■", color=colour, fontsize=12, va="center")
        figure.text(left + 0.018, 0.955, part, color=GREY, fontsize=10, va="center")
    return {
        "memory": [
            above.barh(0, 0, height=0.6, color=colour, edgecolor="white") for colour in (BLUE, SKY, "#BBBBBB")
        ],
        "memory label": above.text(0, 0, "", va="center", fontsize=10),
        "title": headline(figure),
        "bars": below.barh(range(4), [SHORTEST] * 4, height=0.5, left=SHORTEST, color=ORANGE, edgecolor=GREY),
        "ranges": [below.plot([], [], color="black", linewidth=1.5)[0] for _ in JOBS],
        "floors": below.plot([], [], "D", color=GREEN, markersize=8, markeredgecolor="black", clip_on=False)[
            0
        ],
        "labels": [below.text(SHORTEST, row, "", va="center", fontsize=10) for row in range(4)],
        "key": below.text(
            1,
            1.03,
            "◆ physics: nothing of this kind is faster   — range of published efficiencies",
            fontsize=10,
            color=GREY,
            va="bottom",
            ha="right",
            transform=below.transAxes,
        ),
    }


def update(artists: dict, name: str, place: str, weights: str, disk: str) -> str:
    """Move the bars to one model, machine, format and drive; say the same in a sentence."""
    model, machine = Model.named(name), Machine.named(*MACHINES[place])
    fit = memory.fits(model, machine, weights=weights, context=PROMPT + ANSWER)
    waits = jobs(model, machine, weights, disk)
    show_memory(artists, fit)
    show_jobs(artists, waits)
    artists["title"].set_text(f"{name}, {weights}: " + ("it fits" if fit.fits else "it does not fit"))
    artists["title"].set_color("black" if fit.fits else RED)
    return sentence(model, machine, fit, waits)


def show_memory(artists: dict, fit) -> None:
    """Stack weights, cache and the engine's reserve in per cent of the machine's memory, cut at the axis' end."""
    start = 0.0
    for bars, part in zip(artists["memory"], fit.parts.values()):
        bars[0].set_x(start)
        bars[0].set_width(min(100 * part / fit.memory, 200 - start))
        start += bars[0].get_width()
    outside = start <= 100
    artists["memory label"].set(
        text=f"{q.size(fit.needed)} of {q.size(fit.memory)}",
        x=103 if outside else 197,
        ha="left" if outside else "right",
        color="black" if outside or start < 140 else "white",
    )


def show_jobs(artists: dict, waits: list[Job]) -> None:
    """Bars to the expected wait, a line over its range, a diamond at the floor, the duration beside.

    What lies beyond an end of the axis is drawn at that end; the duration beside it is the true one.
    """
    floors = []
    for row, (wait, bar, line, label) in enumerate(
        zip(waits, artists["bars"], artists["ranges"], artists["labels"])
    ):
        floor, low, end, high = np.clip([wait.floor, wait.low, wait.expected, wait.high], SHORTEST, LONGEST)
        bar.set_width(end - SHORTEST)
        line.set_data([] if wait.why_not else [low, high], [] if wait.why_not else [row, row])
        floors += [] if wait.why_not else [(floor, row)]
        far = high > LONGEST / 100
        label.set(
            text=wait.why_not or q.duration(wait.expected),
            color=RED if wait.why_not else "black",
            x=floor / 1.6 if far else 1.6 * high,
            ha="right" if far else "left",
        )
    artists["floors"].set_data(*zip(*floors)) if floors else artists["floors"].set_data([], [])


def sentence(model: Model, machine: Machine, fit, waits: list[Job]) -> str:
    """What the picture shows, in words and numbers."""
    if not fit.fits:
        return f"{fit.sentence()} What is not in memory has no speed: take fewer bits, a smaller model or more memory."
    load, read, write, crowd = waits
    reading = (
        f"reads the prompt in {q.duration(read.expected)}"
        if not read.why_not
        else "reads at an unknown speed"
    )
    many = (
        f"for {USERS} users at once {q.speed(USERS * ANSWER / crowd.expected)} in all"
        if not crowd.why_not
        else f"the caches of {USERS} users do not fit beside the weights"
    )
    return (
        f"{fit.sentence()} It loads in {q.duration(load.expected)}, {reading}, then writes "
        f"{q.speed(ANSWER / write.expected)} for one user; {many}."
    )


def panel() -> live.Panel:
    """The whole course in small: pick a model, a machine, a weight format and a drive.

    >>> panel().set(place="GeForce RTX 4090", name="Llama 3.1 8B")
    """
    return live.panel(
        draw,
        update,
        title="One model on one machine: memory and waiting times",
        size=(9, 4.6),
        name=controls.choice("Model", models(), start="GLM-5.2"),
        place=controls.choice("Machine", list(MACHINES), start="Apple M3 Ultra 512GB"),
        weights=controls.choice("Weight format", list(FORMATS), start="Q4_K_M"),
        disk=controls.choice("Drive", drives(), start="NVMe SSD PCIe 4.0 x4"),
    )
