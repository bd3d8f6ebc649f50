"""Lesson 02's panel: reading a prompt and writing, as two points on the roofline of any machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost import bottleneck, inference, memory, reference_cases, weight_storage
from ..cost.estimate import DoesNotFit, Estimate
from ..facts import quantities as q
from ..facts.vocabulary import Split
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import controls, layout, live
from ..page.style import BEHIND, BLUE, GREY, INK, LIGHT, ORANGE, RED

# What is shown: the device, and the network that joins several where the catalogue knows no link of its own.
MACHINES: dict[str, tuple[str, str | None]] = {
    "Phone, 8 GB": ("Phone 8GB (iPhone 16 Pro)", None),
    "Phone, 16 GB": ("Phone 16GB (Snapdragon 8 Elite class)", None),
    "Laptop, 16 GB": ("Laptop 16GB (DDR5-5600, two channels)", None),
    "Laptop, RTX 4060": ("GeForce RTX 4060 Laptop 8GB", None),
    "Apple M5": ("Apple M5", None),
    "Apple M4 Max": ("Apple M4 Max (40-core GPU)", None),
    "Apple M3 Ultra": ("Apple M3 Ultra 512GB", None),
    "Strix Halo": ("Ryzen AI Max+ 395 (Strix Halo, Radeon 8060S)", "10 GbE"),
    "DGX Spark": ("DGX Spark (GB10)", None),
    "Two EPYC, 1.5 TB": ("2x EPYC 9755 server (24-channel DDR5-6400)", "400 GbE"),
    "RTX 4090": ("GeForce RTX 4090", None),
    "RTX 5090": ("GeForce RTX 5090", None),
    "A100": ("A100 SXM4 80GB", None),
    "H100": ("H100 SXM5 80GB", None),
    "H20": ("H20 96GB", None),
    "H200": ("H200 SXM 141GB", None),
    "B200": ("B200 SXM 180GB", None),
    "MI300X": ("Instinct MI300X", None),
    "TPU v5e": ("TPU v5e", None),
    "TPU v7": ("TPU v7 (Ironwood)", None),
    "Ascend 910C": ("Ascend 910C", None),
    "Groq": ("GroqChip LPU v1", "400 GbE"),
    "Cerebras": ("Cerebras WSE-3 (CS-3)", "400 GbE"),
}
NAMED = ("Apple M5", "Apple M3 Ultra", "RTX 5090", "H200", "B200", "Cerebras")  # beside their roofs
ENOUGH = "as few as hold it"
COUNTS = ("1", "2", "8", "64", ENOUGH)
FORMATS = (*reference_cases.FORMATS[:2], "NVFP4", *reference_cases.FORMATS[2:])
LEFT, RIGHT, LOW, HIGH = 0.2, 1e6, 1e10, 1e18  # ends of the axes; what lies beyond is drawn at them
LOOKS = {"decode": (ORANGE, "o", 0.025), "prefill": (BLUE, "s", 0.085)}
SPARED = (
    0.1  # share of a device's memory that an engine's buffers may take where its usual chunks would fill it
)


@dataclass(frozen=True)
class RooflinePoint:
    """One phase on the roofline: FLOP/byte, FLOP/s of a working device expected and at most, what is scarce.

    The expected point lies as far below the roof as the expected time lies above its floor.
    """

    intensity: float
    expected: float | None
    most: float
    estimate: Estimate | None
    found: bottleneck.LimitingResource


def of(place: str, count: str, model: Model, weights: str, context: float, batch: float) -> Machine:
    """The machine of one setting.

    Devices with a link of their own share every layer, over a network they take turns, else one is alone.
    """
    name, network = MACHINES[place]
    one = Machine.named(name)
    if not (network or one.device.link):
        return one
    sized = fitting(model, one, weights)
    split = Split.TENSOR if one.device.link else Split.PIPELINE
    number = int(count) if count != ENOUGH else 0
    if not number:
        case = {"context": context, "batch": batch, "weights": weights}
        try:
            number = memory.devices_to_hold(model, sized, **case)
        except DoesNotFit:  # what every device copies fills it: they take turns instead
            split = Split.PIPELINE
            number = memory.devices_to_hold(model, replace(sized, split=split), **case)
    if number == 1:
        return sized
    return replace(Machine.named(name, number, network, split), engine=sized.engine)


def fitting(model: Model, machine: Machine, weights: str) -> Machine:
    """The machine, with an engine of shorter chunks where buffers of the usual ones would fill the device."""
    engine = machine.engine_for(weight_storage.weight_storage(weights, model).family)
    room = SPARED * machine.device.memory
    if memory.activation_bytes(model, engine) + engine.reserve < machine.device.memory - room:
        return machine
    tokens = room / memory.activation_bytes(model, replace(engine, chunk_tokens=1, logit_rows=0))
    short = replace(engine, chunk_tokens=max(1, int(tokens)), logit_rows=0, reserve=0.0)
    return replace(machine, engine=short)


def point(
    phase: str, model: Model, machine: Machine, context: float, batch: float, weights: str
) -> RooflinePoint | None:
    """Where one phase lies; None without a published compute rate, `expected` None where it does not fit."""
    if phase == "prefill" and not machine.computes:
        return None
    found = bottleneck.limiting_resource(model, machine, phase, context=context, batch=batch, weights=weights)
    intensity, (bits, _) = found.demand.intensity, weight_storage.bits_per_weight(weights, model)
    most = bottleneck.roof(Machine.named(machine.device.name), intensity, bits)
    if not found.fit.fits:
        return RooflinePoint(intensity, None, most, None, found)
    estimate = inference.predict(model, machine, phase, context=context, batch=batch, weights=weights)
    return RooflinePoint(intensity, most * estimate.lower_bound / estimate.expected, most, estimate, found)


@dataclass(frozen=True)
class Marks:
    """One phase: a dotted line down, one up to what the roof allows, its end, the mark and its words."""

    drop: Line2D
    gap: Line2D
    most: Line2D
    mark: Line2D
    label: Text


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    others: LineCollection
    ridges: Line2D
    roof: Line2D
    ridge: Text
    names: dict[str, Text]
    marks: dict[str, Marks]


def draw(figure: Figure) -> Artists:
    """Axes that stand still, and everything on them that moves."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, layout.decades(1, RIGHT))
    layout.log_axis(axes.yaxis, layout.decades(LOW, HIGH, lambda power: q.rate(power, "")))
    axes.set(xlim=(LEFT, RIGHT), ylim=(LOW / 30, HIGH))
    axes.set(xlabel="FLOP per byte read (arithmetic intensity)", ylabel="FLOP/s of each device at work")
    return Artists(
        layout.headline(figure),
        axes.add_collection(LineCollection([], colors=LIGHT, linewidths=1.0)),
        axes.plot([], [], "o", color=LIGHT, markersize=3.5)[0],
        axes.plot([], [], color="black")[0],
        axes.text(1, 1, "", va="bottom", fontsize=10.5, bbox=BEHIND),
        layout.label_beside(axes, dict.fromkeys(NAMED, GREY)),
        {phase: marks(axes, *look) for phase, look in LOOKS.items()},
    )


def marks(axes: Axes, colour: str, marker: str, height: float) -> Marks:
    """The marks of one phase; its words stand so high."""
    words = {"fontsize": 10.5, "bbox": BEHIND, "transform": axes.get_xaxis_transform()}
    return Marks(
        axes.plot([], [], ":", color=colour, linewidth=1.4)[0],
        axes.plot([], [], "-", color=colour, linewidth=1.4)[0],
        axes.plot([], [], "_", color=colour, markersize=13, markeredgewidth=2.5)[0],
        axes.plot([], [], marker, markersize=10, markeredgecolor="black")[0],
        axes.text(1, height, "", color=INK[colour], **words),
    )


def update(
    artists: Artists, place: str, count: str, name: str, weights: str, batch: float, context: float
) -> str:
    """Put both points onto the roofline of one machine; say the same in words."""
    model = Model.named(name)
    context, note = model.clip_context(context)
    where = of(place, count, model, weights, context, batch)
    bits, _ = weight_storage.bits_per_weight(weights, model)
    points = {
        "decode": point("decode", model, where, context, batch, weights),
        "prefill": point("prefill", model, where, context, 1, weights),
    }
    show_roofs(artists, place, bits)
    for phase, marks in artists.marks.items():
        show(marks, points[phase], phase)
    artists.title.set_text(finding(where, place, points))
    if count not in ("1", ENOUGH) and where.count == 1:
        note += f"Nothing in the catalogue joins several of {place}, so one is shown. "
    return note + sentence(model, where, weights, context, batch, points)


def corners(device: Machine, bits: float) -> np.ndarray:
    """The roof of one device as points (FLOP/byte, FLOP/s); only a slope without a published compute rate."""
    ends = np.array([LEFT, bottleneck.ridge_point(device, bits), RIGHT] if device.computes else [LEFT, RIGHT])
    return np.column_stack([ends, bottleneck.roof(device, ends, bits)])


@cache
def roofs_at(bits: float) -> dict[str, np.ndarray]:
    """The roof of one device of every machine, at the width of one of `FORMATS`."""
    return {name: corners(Machine.named(device), bits) for name, (device, _) in MACHINES.items()}


def show_roofs(artists: Artists, place: str, bits: float) -> None:
    """Draw the chosen machine's roof with its ridge, and faintly those of all others."""
    roofs = roofs_at(bits)
    flat = {name: roof for name, roof in roofs.items() if len(roof) == 3}
    artists.others.set_segments([roof for name, roof in flat.items() if name != place])
    artists.ridges.set_data(*np.transpose([roof[1] for name, roof in flat.items() if name != place]))
    layout.stand_beside(artists.names, {name: flat[name][1, 1] for name in NAMED})
    mine = roofs[place]
    artists.roof.set_data(*mine.T)
    artists.roof.set_linestyle("-" if place in flat else (0, (4, 2)))
    if place in flat:
        artists.ridge.set(
            text=f"ridge: {q.significant(mine[1, 0])} FLOP/byte", x=mine[1, 0], y=2 * mine[1, 1]
        )
    else:
        artists.ridge.set_text("")


def show(marks: Marks, at: RooflinePoint | None, phase: str) -> None:
    """Place one phase's marks: filled at the expected rate, hollow and grey where the model does not fit."""
    for line in (marks.drop, marks.gap, marks.most, marks.mark):
        line.set_data([], [])
    marks.label.set_text("")
    if at is None:
        return
    x, held = float(np.clip(at.intensity, LEFT * 1.3, RIGHT / 1.3)), at.expected is not None
    most, y = (float(np.clip(rate, LOW, HIGH / 2)) for rate in (at.most, at.expected if held else at.most))
    marks.drop.set_data([x, x], [LOW / 30, y])
    marks.gap.set_data([x, x], [y, most])
    marks.most.set_data([x], [most])
    marks.mark.set_data([x], [y])
    marks.mark.set(color=LOOKS[phase][0] if held else "white", markeredgecolor="black" if held else GREY)
    verb = "writing" if phase == "decode" else "reading"
    words = f"{verb}: {q.significant(at.intensity, 2)} FLOP/byte"
    words += "" if held else f", {q.size(at.found.fit.missing)} missing"
    left = x < np.sqrt(LEFT * RIGHT)
    marks.label.set(text=words, x=x * (1.2 if left else 1 / 1.2), ha="left" if left else "right")
    marks.label.set_color(INK[LOOKS[phase][0] if held else RED])


def finding(machine: Machine, place: str, points: dict) -> str:
    """The title: what is scarce in each phase."""
    name = place if machine.count == 1 else f"{machine.count:,} x {place}"
    words = {phase: at.found.resource for phase, at in points.items() if at}
    if len(set(words.values())) == 1 and len(words) == 2:
        return f"{name}: both writing and reading lack {words['decode']}"
    verbs = {"decode": "writing", "prefill": "reading a prompt"}
    return f"{name}: " + ", ".join(f"{verbs[phase]} lacks {word}" for phase, word in words.items())


ROOFLINE = (
    "{machine}: {ridge}.{chunks} Writing for {users}, {model} at {weights}: {writing}; {remedy}.{reading}"
)
RIDGE = "the ridge lies at {ridge} FLOP per byte"
NO_RIDGE = "no FLOP/s are published, so it has no known ridge and reading a prompt cannot be predicted"
CHUNKS = " So little memory takes a prompt in chunks of {tokens:,} tokens."


def sentence(model: Model, machine: Machine, weights: str, context: float, batch: float, points: dict) -> str:
    """Both points in words, each with what is scarce and what would move it."""
    bits, _ = weight_storage.bits_per_weight(weights, model)
    reading, found = points["prefill"], points["decode"].found
    ridge = (
        RIDGE.format(ridge=q.significant(bottleneck.ridge_point(machine, bits)))
        if machine.computes
        else NO_RIDGE
    )
    return ROOFLINE.format(
        machine=devices(machine), ridge=ridge, users="one user" if batch == 1 else q.several(batch, "user"),
        chunks=CHUNKS.format(tokens=machine.engine.chunk_tokens) if machine.engine else "",
        model=model.name, weights=weights, writing=verdict(points["decode"]),
        remedy=bottleneck.remedy(model, machine, found, "decode", context=context, batch=batch, weights=weights),
        reading=f" Reading a prompt of {context:,.0f} tokens: {verdict(reading)}." if reading else "",
    )  # fmt: skip


def devices(machine: Machine) -> str:
    """How many devices of which kind, and what joins them."""
    turns = ", taking turns" if machine.split == "pipeline" else ""
    joined = f" joined by {machine.link.name}{turns}" if machine.link else ""
    return f"{f'{machine.count:,} x ' if machine.count > 1 else ''}{machine.device.name}{joined}"


def verdict(at: RooflinePoint) -> str:
    """What is scarce at one point, by how much, and the speed."""
    found = at.found
    if at.expected is None:
        needed, there = q.size(found.fit.needed), q.size(found.fit.memory)
        return f"{found.resource} is scarce, {needed} are needed and {there} are there"
    against = f" by {q.times(found.factor)} over {found.next}"
    verb = "are" if found.resource == "links" else "is"
    share = q.percent(at.expected / at.most)
    return (
        f"{found.resource} {verb} scarce{against}, {q.speed(at.estimate.tokens_per_second)} are expected, "
        f"{share} of what the roof allows"
    )


def panel() -> live.Panel:
    """Any model on any machine's roofline, with batch and context to move."""
    return live.panel(
        draw,
        update,
        title="Reading and writing on a machine's roofline",
        size=(9, 4.8),
        place=controls.choice("Machine", list(MACHINES), start="H200"),
        count=controls.choice("How many", list(COUNTS), start="1"),
        name=controls.choice("Model", reference_cases.models(), start="Llama 3.1 8B"),
        weights=controls.choice("Weights", list(FORMATS), start="FP8"),
        batch=controls.log_slider("Batch", 1, 1024, start=1, unit="users", whole=True),
        context=controls.log_slider("Context", 16, 1_048_576, start=4096, unit="tokens", whole=True),
    )
