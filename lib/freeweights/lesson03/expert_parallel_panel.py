"""Lesson 03's experts apart: one layer over many devices, its messages, its straggler, its drops."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from ..cost import estimate, memory
from ..cost.expert_parallel import ExpertLayerTime, layer, published, sliced, start_up
from ..facts import quantities as q
from ..machines.fabric import Fabric, fabric
from ..models.transformer import Model
from ..page import controls, live
from ..page.layout import headline, log_axis
from ..page.style import BLUE, GREY, MARKERS, ORANGE, PINK, RED, SKY

MODEL, CONTEXT = "DeepSeek-R1", 2048
DEVICES = ("8", "16", "32", "64", "128", "256")
# What is done about a skewed load: a capacity factor, and whether each device holds a spare copy.
REMEDIES = {"nothing": (np.inf, False), "capacity 1": (1.0, False), "capacity 1.25": (1.25, False)}
REMEDIES |= {"capacity 2": (2.0, False), "a spare copy each": (np.inf, True)}
WORDS = {
    "work": "work",
    "dispatch": "dispatch",
    "combine": "combine",
    "waiting": "the wait",
    "all-reduce": "all-reduce",
}
PARTS = {"work": (SKY, ""), "dispatch": (ORANGE, ""), "combine": ("#F3CF7F", "//"), "waiting": (RED, "xx")}
PARTS |= {"all-reduce": (PINK, "..")}
TALLEST, LEAST, MOST = 2.0, 1 / 32, 32  # ends of the axes: shares of experts apart, and times the mean load


@cache
def fabrics() -> dict[str, Fabric]:
    """The machines of the panel by the names it gives them."""
    return {
        "H200, InfiniBand NDR": fabric("H200 SXM 141GB", "InfiniBand NDR (4x port)"),
        "H200, 100 GbE": fabric("H200 SXM 141GB", "100 GbE"),
        "H800, InfiniBand NDR": fabric("H800 SXM5 80GB", "InfiniBand NDR (4x port)"),
        "GB200 racks, InfiniBand XDR": fabric("GB200 (per GPU, NVL72)", "InfiniBand XDR (4x port)", node=64),
    }


def room(where: Fabric, devices: int, tokens: int, split: str) -> estimate.Fit:
    """Whether the devices hold the model and the caches of CONTEXT tokens for each sequence."""
    return memory.fits(
        Model.named(MODEL), where.of(devices, split), weights=None, context=CONTEXT, batch=tokens * devices
    )


def draw(figure: Figure) -> dict:
    """Left: three ways to share the layer, by part. Right: who is asked how often."""
    left = figure.add_axes((0.1, 0.16, 0.405, 0.64))
    left.set(xlim=(-0.6, 2.6), ylim=(0, TALLEST + 0.22), ylabel="of experts apart")
    left.set_yticks([0, 0.5, 1, 1.5, 2], ["0", "50 %", "100 %", "150 %", "200 %"])
    left.set_xticks(range(3), [""] * 3)
    left.grid(axis="x", visible=False)
    for number, (part, (colour, _)) in enumerate(PARTS.items()):
        x = 0.05 + 0.093 * number + 0.012 * (number > 1)
        figure.text(x, 0.865, "■", color=colour, fontsize=12, va="center")
        figure.text(x + 0.018, 0.865, WORDS[part], color=GREY, fontsize=10, va="center")
    right = figure.add_axes((0.6, 0.16, 0.385, 0.64))
    log_axis(right.yaxis, {LEAST: "1/32", 1 / 8: "1/8", 1 / 2: "1/2", 1: "1", 2: "2", 8: "8", MOST: "32"})
    right.set(xlim=(0, 1), ylim=(LEAST, MOST), ylabel="times the mean load")
    right.set_xticks([0, 0.5, 1], ["busiest", "half of them", "idlest"])
    for tick, side in zip(right.get_xticklabels(), ("left", "center", "right")):
        tick.set_ha(side)
    figure.text(0.6, 0.865, "■", color=SKY, fontsize=12, va="center")
    figure.text(0.618, 0.865, "experts", color=GREY, fontsize=10, va="center")
    figure.text(0.695, 0.865, "━ devices", color="black", fontsize=10, va="center")
    return {
        "title": headline(figure),
        "bars": {
            part: left.bar(range(3), 0, width=0.7, color=colour, hatch=hatch, edgecolor="white", linewidth=0)
            for part, (colour, hatch) in PARTS.items()
        },
        "outlines": left.bar(range(3), 0, width=0.7, fill=False, edgecolor="black", linewidth=1.5),
        "tops": [left.text(x, 0, "", ha="center", va="bottom", fontsize=10) for x in range(3)],
        "ways": [left.text(x, -0.07, "", ha="center", va="top", fontsize=10) for x in range(3)],
        "asked": right.stairs([1], [0, 1], baseline=LEAST, fill=True, color=SKY),
        "dropped": right.stairs(
            [1], [0, 1], baseline=1, fill=True, facecolor="white", edgecolor=RED, hatch="///"
        ),
        "got": right.stairs([1], [0, 1], color="black", linewidth=2, baseline=None),
        "capacity": right.plot([0, 1], [1, 1], color=RED, linestyle="--", linewidth=1.5)[0],
        "capacity name": figure.text(0.985, 0.865, "", color=RED, fontsize=10, ha="right", va="center"),
    }


def update(artists: dict, place: str, devices: str, tokens: int, favour: float, remedy: str) -> str:
    """Move the bars and the loads to one case; say what the layer waits for."""
    where, count = fabrics()[place], int(devices)
    factor, spare = REMEDIES[remedy]
    model, near = Model.named(MODEL), min(where.node, count)
    apart = layer(model, where, count, tokens, favour, factor, spare)
    ways = {
        f"apart, over {count}": (apart.parts, room(where, count, tokens, "experts")),
        f"sliced over {count}": (
            sliced(model, where, count, tokens, favour),
            room(where, count, tokens, "tensor"),
        ),
        f"sliced in nodes of {near}": (
            sliced(model, where, near, tokens, favour),
            room(where, near, tokens, "tensor"),
        ),
    }
    show_bars(artists, ways, apart.seconds)
    show_loads(artists, apart, factor)
    artists["title"].set_text(finding(ways))
    return sentence(where, count, tokens, favour, apart, ways, factor)


def show_bars(artists: dict, ways: dict, unit: float) -> None:
    """Stack each way's parts as shares of experts apart, cut at the axis' end; its time on top."""
    for column, (name, (parts, fit)) in enumerate(ways.items()):
        base = 0.0
        for part, bars in artists["bars"].items():
            height = min(parts.get(part, 0.0) / unit, TALLEST - base) if fit.fits else 0.0
            bars[column].set(y=base, height=height)
            base += height
        artists["outlines"][column].set_height(base if column else 0.0)
        cut = "↑ " if sum(parts.values()) > TALLEST * unit else ""
        text = cut + q.duration(sum(parts.values())) if fit.fits else "no room"
        artists["tops"][column].set(text=text, y=base + 0.03, color="black" if fit.fits else RED)
        artists["ways"][column].set_text(name.replace(", ", ",\n").replace("sliced ", "sliced\n", 1))


def show_loads(artists: dict, apart: ExpertLayerTime, factor: float) -> None:
    """Place the sorted loads of experts and devices, and what lies above the capacity."""
    asked, got = np.maximum(apart.asked, LEAST), np.maximum(apart.got, LEAST)
    edges, room_ = np.linspace(0, 1, asked.size + 1), min(factor, MOST)
    artists["asked"].set_data(np.minimum(asked, room_), edges)
    artists["dropped"].set_data(np.maximum(asked, room_), edges, baseline=room_)
    artists["got"].set_data(got, np.linspace(0, 1, got.size + 1))
    artists["capacity"].set_data([0, 1], [room_, room_])
    artists["capacity"].set_visible(factor < np.inf)
    artists["capacity name"].set_text(
        f"capacity: {q.percent(round(apart.dropped, 3))} dropped" if factor < np.inf else ""
    )


def finding(ways: dict) -> str:
    """The title: what decides with experts apart, and what the better way of slicing would take."""
    (parts, fit), *others = ways.values()
    if not fit.fits:
        return f"No room for {MODEL} with experts apart: {q.size(fit.missing)} are missing"
    talking = parts["dispatch"] + parts["combine"]
    shares = {
        "Work decides": parts["work"],
        "Messages decide": talking,
        "The busiest decides": parts["waiting"],
    }
    cause, total = max(shares, key=shares.get), sum(parts.values())
    head = f"{cause}, {q.percent(shares[cause] / total)} of the layer"
    times = [sum(other.values()) / total for other, room_ in others if room_.fits]
    if not times:
        return f"{head}; sliced it does not fit"
    ratio = max(min(times), 1 / min(times))
    return f"{head}; sliced it is {q.times(ratio)} as {'slow' if min(times) > 1 else 'fast'}"


def sentence(
    where: Fabric, count: int, tokens: int, favour: float, apart: ExpertLayerTime, ways: dict, factor: float
) -> str:
    """Every part in seconds, the straggler, the drops, and the two ways of slicing."""
    (parts, fit), *_ = ways.values()
    nodes = f"{count} {where.device}, nodes of {min(where.node, count)}"
    said = f"One layer of {MODEL} over {nodes}, {tokens:,} token{'s' * (tokens > 1)} each, favour {q.significant(favour, 2)}: "
    if fit.fits:
        each = ", ".join(f"{WORDS[part]} {q.duration(seconds)}" for part, seconds in parts.items())
        said += f"experts apart take {q.duration(apart.seconds)} ({each}). "
    else:
        said += f"{fit.sentence()} "
    said += f"The busiest device has {q.times(apart.straggler, 3)} the mean load, the busiest expert "
    said += f"{q.times(float(apart.asked[0]), 3)}. "
    if factor < np.inf:
        said += (
            f"The capacity drops {q.percent(apart.dropped)} of what tokens asked for, and "
            f"{q.percent(apart.empty)} of it stays empty. "
        )
    for name, (parts, fit) in list(ways.items())[1:]:
        took = q.duration(sum(parts.values())) if fit.fits else f"no room, {q.size(fit.missing)} missing"
        said += f"{name[0].upper()}{name[1:]}: {took}. "
    return said.strip()


def against_published(figure: Figure) -> str:
    """Published all-to-alls of 8 to 256 devices beside the prediction, with the error of each."""
    axes = figure.add_axes((0.09, 0.15, 0.76, 0.73))
    log_axis(axes.xaxis, {int(count): count for count in DEVICES})
    axes.set(xlim=(7, 290), ylim=(0, 430), xlabel="devices", ylabel="one all-to-all, µs")
    errors = {}
    for (kind, rows), colour, mark in zip(published().items(), (BLUE, ORANGE), MARKERS):
        counts = [row.devices for row, _ in rows]
        seen = np.array([row.seconds for row, _ in rows])
        wire = np.array([least for _, least in rows])
        expected = wire + start_up()
        errors[kind] = expected / seen - 1
        axes.plot(counts, 1e6 * expected, color=colour)
        axes.plot(counts, 1e6 * wire, color=colour, linestyle=":", linewidth=1.5)
        axes.plot(counts, 1e6 * seen, mark, color=colour, markeredgecolor="black")
        side = -31 if kind == "dispatch" else 14
        for count, measured, error in zip(counts, 1e6 * seen, errors[kind]):
            axes.text(count, measured + side, f"{100 * error:+.1f} %", ha="center", fontsize=10, color=GREY)
        axes.text(300, 1e6 * expected[-1], kind, color=colour, fontsize=11, va="center", fontweight="bold")
        axes.text(300, 1e6 * wire[-1], "wire alone", color=colour, fontsize=10, va="center")
    worst = {kind: q.percent(float(np.abs(found).max())) for kind, found in errors.items()}
    title = headline(figure)
    title.set_text(f"The wire and one start-up of {q.duration(start_up(), 2)} are what exchanges take")
    return (
        f"Marks: published all-to-alls of 8 to 256 H800 (DeepEP). Lines: bytes over the links plus a start-up of "
        f"{q.duration(start_up(), 2)}, found from the dispatches, which it meets within {worst['dispatch']}; the "
        f"combines, not looked at, within {worst['combine']}. Dotted: the wire alone."
    )


def panel() -> live.Panel:
    """One layer's experts over many devices, beside the same layer sliced.

    >>> panel().set(devices="256", favour=0.0)
    """
    return live.panel(
        draw,
        update,
        title="One layer of DeepSeek-R1 with its experts on different devices",
        size=(9, 4.4),
        place=controls.choice("Machine", list(fabrics())),
        devices=controls.choice("Devices", DEVICES, start="32"),
        tokens=controls.log_slider("Tokens of each device", 1, 512, start=32, whole=True),
        favour=controls.slider("Favour", 0, 1, start=0.4, step=0.05),
        remedy=controls.choice("Against a skewed load", list(REMEDIES)),
    )
