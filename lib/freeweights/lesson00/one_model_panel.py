"""Lesson 00's panel: one model on one machine. Does it fit, how long to load, to read, to write."""

from __future__ import annotations

from matplotlib.figure import Figure

from ..cost import inference, memory, weight_storage
from ..cost.reference_cases import ANSWER, FORMATS, PROMPT, USERS, drives, models
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, LIGHT, ORANGE, RED, SKY

JOBS = (
    "Load from the drive",
    f"Read a prompt of {PROMPT:,} tokens",
    f"Write {ANSWER} tokens, one user",
    f"Write {ANSWER} tokens, {USERS} users",
)
PARTS = {"weights": (BLUE, ""), "cache": (SKY, ""), "engine's reserve": (LIGHT, "")}  # of memory
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


def wait(estimate, times: float = 1.0) -> charts.Quantity:
    """The seconds of an estimate that happens `times` times in a row, or the words why there are none."""
    if not estimate.fits:
        return charts.Quantity(words="does not fit", ink=RED)
    low, expected, high, bound = (
        times * value for value in (estimate.low, estimate.expected, estimate.high, estimate.lower_bound)
    )
    return charts.Quantity(expected, (low, high), bound, words=q.duration(expected))


def jobs(model: Model, machine: Machine, weights: str, disk: str) -> list[charts.Quantity]:
    """The four waits of a model on a machine, in the order of JOBS."""
    reading = inference.prefill(model, machine, prompt=PROMPT, weights=weights) if machine.computes else None
    context = PROMPT + ANSWER / 2
    return [
        wait(inference.cold_load(model, machine, disk=disk, weights=weights)),
        wait(reading)
        if reading
        else charts.Quantity(words="no compute rate is published for this device", ink=RED),
        wait(inference.decode(model, machine, context=context, batch=1, weights=weights), ANSWER),
        wait(inference.decode(model, machine, context=context, batch=USERS, weights=weights), ANSWER),
    ]


def draw(figure: Figure) -> live.Artists:
    """A bar of memory above, four waits below."""
    above, below = layout.grid(figure, rows=(1, 5))
    layout.percent_axis(above.xaxis, 2, 0.5)
    above.set_xlim(0, 2)
    above.plot([1, 1], [0.3, -0.3], color="black", linewidth=2, zorder=3)
    layout.log_axis(below.xaxis, TICKS)
    below.set(xlim=(SHORTEST, LONGEST), xlabel="seconds to wait (log scale)")
    need = charts.stacks(above, ["Memory needed"], PARTS, above="999 GB of 999 GB")
    waits = charts.rows(below, dict.fromkeys(JOBS, (ORANGE, "o")))
    layout.legend(figure, {part: bars[0] for part, bars in need.bars.items()} | {
        "expected wait": waits.marks[JOBS[0]],
        "its range, as published": waits.ranges[JOBS[0]],
        "bound of physics": waits.bounds,
    })  # fmt: skip
    return live.Artists(finding=layout.headline(figure), need=need, waits=waits)


def update(artists: live.Artists, name: str, place: str, weights: str, disk: str) -> str:
    """Move the marks to one model, machine, format and drive; say the same in a sentence."""
    model, machine = Model.named(name), Machine.named(*MACHINES[place])
    fit = memory.fits(model, machine, weights=weights, context=PROMPT + ANSWER)
    waits = jobs(model, machine, weights, disk)
    shares = {part: size / fit.memory for part, size in zip(PARTS, fit.parts.values())}
    artists.need.show(0, shares, f"{q.size(fit.needed)} of {q.size(fit.memory)}")
    artists.waits.show(dict(zip(JOBS, waits)))
    artists.finding.set_text(f"{name}, {weights}: " + ("it fits" if fit.fits else "it does not fit"))
    artists.finding.set_color("black" if fit.fits else RED)
    engine = machine.engine_for(weight_storage.weight_storage(weights, model).family).name
    return sentence(machine, fit, waits, engine)


def sentence(machine: Machine, fit, waits: list[charts.Quantity], engine: str) -> str:
    """What the picture shows, in words and numbers, and the engine that the format asks for."""
    if not fit.fits:
        return f"{fit.sentence()} Kept in memory it would have a speed: take fewer bits, a smaller model or more memory."
    load, read, write, crowd = waits
    reading = (
        f"reads the prompt in {q.duration(read.at)}" if read.at is not None else "reads at an unknown speed"
    )
    many = (
        f"for {USERS} users at once {q.speed(USERS * ANSWER / crowd.at)} in all"
        if crowd.at is not None
        else f"the caches of {USERS} users do not fit beside the weights"
    )
    return (
        f"{fit.sentence()} Under {engine} it loads in {q.duration(load.at)}, {reading}, then writes "
        f"{q.speed(ANSWER / write.at)} for one user; {many}."
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
