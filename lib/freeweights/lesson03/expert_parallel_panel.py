"""Lesson 03's experts apart: one layer over many devices, its messages, its straggler, its drops."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from ..cost import estimate, memory
from ..cost.expert_parallel import ExpertLayerTime, layer, published, start_up, step_seconds, tensor_parallel
from ..facts import quantities as q
from ..machines.fabric import Fabric, fabric
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, MARKERS, ORANGE, PINK, RED, SKY

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
PARTS = {"work": (SKY, ""), "dispatch": (ORANGE, ""), "combine": (PINK, "//"), "waiting": (RED, "xx")}
PARTS |= {"all-reduce": (GREEN, "..")}
LONGEST, LEAST, MOST = 2.0, 1 / 32, 32  # ends of the axes: shares of experts apart, and times the mean load


@cache
def fabrics() -> dict[str, Fabric]:
    """The machines of the panel by the names it gives them."""
    return {
        "H200, InfiniBand NDR": fabric("H200 SXM 141GB", "InfiniBand NDR (4x port)"),
        "H200, 100 GbE": fabric("H200 SXM 141GB", "100 GbE"),
        "H800, InfiniBand NDR": fabric("H800 SXM5 80GB", "InfiniBand NDR (4x port)"),
        "GB200 racks, InfiniBand XDR": fabric("GB200 (per GPU, NVL72)", "InfiniBand XDR (4x port)", node=64),
    }


def room(where: Fabric, devices: int, tokens: int, split: str, context: int = CONTEXT) -> estimate.Fit:
    """Whether the devices hold the model and the caches of `context` tokens for each sequence."""
    return memory.fits(
        Model.named(MODEL), where.of(devices, split), weights=None, context=context, batch=tokens * devices
    )


def whole_steps(where: Fabric, devices, tokens: int, context: int) -> list[dict]:
    """Milliseconds of one decode step by number of devices, experts apart and all matrices sliced, or what is missing.

    apart, sliced: the time, or the bytes that the devices lack. gain: apart, over slices in a node of the first number.

    >>> rows = whole_steps(fabrics()["H200, 100 GbE"], (8, 64), tokens=8, context=4096)
    >>> rows[0]["gain"] < 1 and rows[1]["sliced"].startswith("lacks")
    True
    """

    def told(count: int, split: str) -> float | str:
        fit = room(where, count, tokens, split, context)
        if not fit.fits:
            return f"lacks {q.size(fit.missing)}"
        return 1000 * step_seconds(Model.named(MODEL), where, count, tokens, context, split)

    rows = [{"n": n, "apart": told(n, "experts"), "sliced": told(n, "tensor")} for n in devices]
    node = rows[0]["sliced"]
    both = lambda one: not isinstance(node, str) and not isinstance(one["apart"], str)  # noqa: E731
    return [one | {"gain": node / one["apart"] if both(one) else "no pair"} for one in rows]


def draw(figure: Figure) -> live.Artists:
    """Left: three ways to share the layer, by part. Right: who is asked how often."""
    left, right = layout.grid(figure, columns=(1, 1))
    layout.percent_axis(left.xaxis, LONGEST, 0.5)
    left.set(xlim=(0, LONGEST), xlabel="time (100 %: experts apart)")
    layout.log_axis(
        right.yaxis, {LEAST: "1/32", 1 / 8: "1/8", 1 / 2: "1/2", 1: "1", 2: "2", 8: "8", MOST: "32"}
    )
    right.set(xlim=(0, 1), ylim=(LEAST, MOST), ylabel="times the mean load")
    right.set_xticks([0, 0.5, 1], ["busiest", "half of them", "idlest"])
    for tick, side in zip(right.get_xticklabels(), ("left", "center", "right")):
        tick.set_ha(side)
    ways = charts.stacks(left, [""] * 3, PARTS, above="sliced in nodes of 64: 999 µs →")
    asked = right.stairs([1], [0, 1], color=SKY, linewidth=3, baseline=None)
    dropped = right.stairs([1], [0, 1], baseline=1, fill=True, facecolor="white", edgecolor=RED, hatch="///")
    got = right.stairs([1], [0, 1], color="black", linewidth=2, baseline=None)
    capacity = right.plot([0, 1], [1, 1], color=RED, linestyle="--", linewidth=1.5)[0]
    layout.legend(figure, {WORDS[part]: bars[0] for part, bars in ways.bars.items()})
    layout.legend(
        figure, {"load of experts": asked, "load of devices": got, "capacity": capacity, "dropped": dropped}
    )
    return live.Artists(
        finding=layout.headline(figure), ways=ways, asked=asked, dropped=dropped, got=got, capacity=capacity
    )


def update(
    artists: live.Artists, place: str, devices: str, tokens: int, zipf_exponent: float, remedy: str
) -> str:
    """Move the bars and the loads to one case; say what the layer waits for."""
    where, count = fabrics()[place], int(devices)
    factor, spare = REMEDIES[remedy]
    model, near = Model.named(MODEL), min(where.node, count)
    apart = layer(model, where, count, tokens, zipf_exponent, factor, spare)
    ways = {
        f"apart, over {count}": (apart.parts, room(where, count, tokens, "experts")),
        f"sliced over {count}": (
            tensor_parallel(model, where, count, tokens, zipf_exponent),
            room(where, count, tokens, "tensor"),
        ),
        f"sliced in nodes of {near}": (
            tensor_parallel(model, where, near, tokens, zipf_exponent),
            room(where, near, tokens, "tensor"),
        ),
    }
    show_ways(artists.ways, ways, apart.seconds)
    show_loads(artists, apart, factor)
    artists.finding.set_text(finding(ways))
    return sentence(where, count, tokens, zipf_exponent, apart, ways, factor)


def show_ways(bars: charts.Stacks, ways: dict, unit: float) -> None:
    """Stack each way's parts as shares of experts apart, cut at the axis' end; its name and time above."""
    for row, (name, (parts, fit)) in enumerate(ways.items()):
        shares = {part: seconds / unit for part, seconds in parts.items()} if fit.fits else {}
        beyond = " →" if sum(shares.values()) > LONGEST else ""
        took = q.duration(sum(parts.values())) + beyond if fit.fits else "no room"
        bars.show(row, shares, f"{name}: {took}", "black" if fit.fits else RED)


def show_loads(artists: live.Artists, apart: ExpertLayerTime, factor: float) -> None:
    """Place the sorted loads of experts and devices, and what lies above the capacity."""
    asked, got = np.maximum(apart.asked, LEAST), np.maximum(apart.got, LEAST)
    edges, most = np.linspace(0, 1, asked.size + 1), min(factor, MOST)
    artists.asked.set_data(asked, edges)
    artists.dropped.set_data(np.maximum(asked, most), edges, baseline=most)
    artists.got.set_data(got, np.linspace(0, 1, got.size + 1))
    artists.capacity.set_data([0, 1], [most, most])
    artists.capacity.set_visible(factor < np.inf)


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


LAYER = (
    "One layer of {model} over {count} {device}, nodes of {node}, {tokens} each, favour {zipf_exponent}: {apart} The busiest device has "
    "{straggler} the mean load, the busiest expert {asked}. {drops}{ways}"
)
DROPS = "The capacity drops {dropped} of what tokens asked for, and {empty} of it stays empty. "


def sentence(
    where: Fabric,
    count: int,
    tokens: int,
    zipf_exponent: float,
    apart: ExpertLayerTime,
    ways: dict,
    factor: float,
) -> str:
    """Every part in seconds, the straggler, the drops, and the two ways of slicing."""
    (parts, fit), *tensor_parallel = ways.values()
    each = ", ".join(f"{WORDS[part]} {q.duration(seconds)}" for part, seconds in parts.items())
    took = [
        q.duration(sum(parts.values())) if fit.fits else f"no room, {q.size(fit.missing)} missing"
        for parts, fit in tensor_parallel
    ]
    names = [f"{name[0].upper()}{name[1:]}" for name in list(ways)[1:]]
    return LAYER.format(
        model=MODEL, count=count, device=where.device, node=min(where.node, count), tokens=q.several(tokens, "token"),
        zipf_exponent=q.significant(zipf_exponent, 2), straggler=q.times(apart.straggler, 3), asked=q.times(float(apart.asked[0]), 3),
        apart=f"experts apart take {q.duration(apart.seconds)} ({each})." if fit.fits else fit.sentence(),
        drops="" if factor == np.inf
        else DROPS.format(dropped=q.percent(apart.dropped), empty=q.percent(apart.empty)),
        ways=" ".join(f"{name}: {time}." for name, time in zip(names, took)),
    ).strip()  # fmt: skip


def against_published(figure: Figure) -> str:
    """Published all-to-alls of 8 to 256 devices beside the prediction, with the error of each."""
    [axes], errors = layout.grid(figure), {}
    layout.log_axis(axes.xaxis, {int(count): count for count in DEVICES})
    axes.set(xlim=(6, 290), ylim=(0, 430), xlabel="devices", ylabel="one all-to-all, µs")
    looks = {"dispatch": (BLUE, "-"), "combine": (ORANGE, "-")}
    looks |= {f"{kind}: wire alone": (colour, ":") for kind, (colour, _) in looks.items()}
    lines = {}
    for (kind, rows), mark in zip(published().items(), MARKERS):
        counts, seen, wire = (
            np.array(one) for one in zip(*((row.devices, row.seconds, least) for row, least in rows))
        )
        lines[kind] = counts, 1e6 * (wire + start_up())
        lines[f"{kind}: wire alone"] = counts, 1e6 * wire
        errors[kind] = (wire + start_up()) / seen - 1
        axes.plot(counts, 1e6 * seen, mark, color=looks[kind][0], markeredgecolor="black")
        below = kind == "dispatch"
        for count, measured, error in zip(counts, 1e6 * seen, errors[kind]):
            axes.annotate(
                f"{100 * error:+.1f} %", (count, measured), (0, -layout.NEAR if below else layout.NEAR),
                textcoords="offset points", ha="center", va="top" if below else "bottom", color=GREY,
            )  # fmt: skip
    charts.curves(axes, looks).show(lines)
    worst = {kind: q.percent(float(np.abs(found).max())) for kind, found in errors.items()}
    layout.headline(figure).set_text(
        f"The wire and one start-up of {q.duration(start_up(), 2)} are what exchanges take"
    )
    return (
        f"Marks: published all-to-alls of 8 to 256 H800 (DeepEP). Lines: bytes over the links plus a start-up of "
        f"{q.duration(start_up(), 2)}, found from the dispatches, which it meets within {worst['dispatch']}; the "
        f"combines, not looked at, within {worst['combine']}. Dotted: the wire alone."
    )


def panel() -> live.Panel:
    """One layer's experts over many devices, beside the same layer sliced.

    >>> panel().set(devices="256", zipf_exponent=0.0)
    """
    return live.panel(
        draw,
        update,
        title="One layer of DeepSeek-R1 with its experts on different devices",
        size=(9, 4.4),
        place=controls.choice("Machine", list(fabrics())),
        devices=controls.choice("Devices", DEVICES, start="32"),
        tokens=controls.log_slider("Tokens of each device", 1, 512, start=32, whole=True),
        zipf_exponent=controls.slider("Favour", 0, 1, start=0.4, step=0.05),
        remedy=controls.choice("Against a skewed load", list(REMEDIES)),
    )
