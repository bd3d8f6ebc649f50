"""Lesson 02's links: what more devices give under each link, and what stops them."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from ..cost import memory
from ..facts import catalog
from ..facts import quantities as q
from ..machines.interconnect import all_reduce_latency, bus_bandwidth, timed_like
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, INK, LIGHT, ORANGE, PINK, RED, SKY
from .tensor_parallel_speedup import (
    CASES,
    COUNTS,
    LITTLE,
    SpeedupCase,
    Step,
    causes,
    joined,
    message_bytes,
    own_link,
    pipeline_speedups,
    points,
    speed_ups,
    steps,
    stops,
)

SLOWEST, MOST, TALLEST = 1 / 8, 16, 1.5  # ends of the axes: speed-ups, and shares of one device's step
# One colour for each family of links, one line style for each member, fastest first.
LINKS = {
    "NVLink 4 (H100/H200)": (BLUE, "-", "NVLink 4"),
    "NVLink 3 (A100)": (BLUE, "--", "NVLink 3"),
    "NVLink 4 cut (H800)": (BLUE, ":", "NVLink cut"),
    "PCIe 5.0 x16": (GREEN, "-", "PCIe 5.0"),
    "PCIe 4.0 x16": (GREEN, "--", "PCIe 4.0"),
    "100 GbE": (ORANGE, "-", "100 GbE"),
    "Thunderbolt 5": (PINK, "-", "Thunderbolt 5"),
    "10 GbE": (ORANGE, "--", "10 GbE"),
    "1 GbE": (ORANGE, ":", "1 GbE"),
}
WORK = {"decode": "writing", "prefill": "reading a prompt"}
PARTS = {"working": (SKY, "memory, compute"), "waiting": (LIGHT, "overhead")}
PARTS |= {"bytes": (ORANGE, "bytes on the link"), "latency": (RED, "latency of the link")}


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    words: Text
    curves: charts.Curves
    turns: Line2D
    turns_name: Text
    points: list[Line2D]
    stacks: charts.Stacks
    link: Text


def draw(figure: Figure) -> Artists:
    """Left: a line for each link, named at its end. Right: steps over the chosen link, by part."""
    left, right = layout.grid(figure, columns=(4, 3))
    counts = {count: str(count) for count in COUNTS}
    layout.log_axis(left.xaxis, counts)
    layout.log_axis(left.yaxis, {0.125: "1/8", 0.25: "1/4", 0.5: "1/2"} | counts)
    left.set(xlim=(1, COUNTS[-1]), ylim=(SLOWEST, MOST), xlabel="devices", ylabel="times one device")
    left.plot(COUNTS, COUNTS, color=LIGHT, linewidth=1)
    left.text(1.1, 1.75, "ideal", color=GREY, rotation=35, fontsize=10)
    left.text(1.08, 8.4, "* latency not published: that of its kin", color=GREY, fontsize=10)
    right.set(xlim=(0, TALLEST + 0.25), xlabel="of one device's step", ylabel="devices")
    right.set_xticks([0, 0.5, 1, 1.5], ["0", "50 %", "100 %", "150 %"])
    stacks = charts.stacks(
        right, list(counts.values()), {part: (colour, "") for part, (colour, _) in PARTS.items()}
    )
    looks = {name: (colour, style) for name, (colour, style, _) in LINKS.items()}
    mark = {"color": "black", "markersize": 8, "markeredgecolor": "white", "clip_on": False}
    words = layout.subtitle(figure)
    layout.legend(figure, {name: stacks.bars[part] for part, (_, name) in PARTS.items()})
    return Artists(
        layout.headline(figure),
        words,
        charts.curves(left, looks, {name: f"{short}*" for name, (*_, short) in LINKS.items()}),
        left.plot([], [], color="black", linestyle="-.", linewidth=1.2)[0],
        left.text(1.08, 11.5, "", fontsize=10),
        [left.plot([], [], shape, **mark)[0] for shape in ("X", "P")],
        stacks,
        right.set_title("", fontsize=11, fontweight="normal"),
    )


def update(artists: Artists, name: str, phase: str, batch: float, link: str) -> str:
    """Move lines and bars to one case; say where the chosen link stops and why."""
    case = CASES[name]
    under = {one: steps(case, one, phase, batch) for one in LINKS}
    lines = {one: speed_ups(found) for one, found in under.items()}
    found, own = lines[link], lines[own_link(case)]
    show_lines(artists.curves, lines, link)
    in_turn = pipeline_speedups(case, link, phase, batch)
    artists.turns.set_data(*curve(in_turn))
    artists.turns_name.set_text("-· taking turns, layer by layer" if len(in_turn) > 1 else "")
    seen = points(case, phase, batch, own)
    show_points(artists, seen)
    show_bars(artists, under[link], link)
    artists.title.set_text(finding(found, link))
    said = sentence(case, phase, batch, link, found, under[link])
    return f"{said} {say_published(seen, own)}".strip() if found else said


def curve(found: dict[int, float]) -> tuple[list, list]:
    """A line's x and y; a point alone is no line, so it is left out."""
    return (list(found), list(found.values())) if len(found) > 1 else ([], [])


def show_lines(curves: charts.Curves, lines: dict[str, dict[int, float]], chosen: str) -> None:
    """Draw every link's line, the chosen one thick, and its name at the end, apart from its neighbours."""
    words = {link: LINKS[link][2] + ("" if catalog.link(link).latency else "*") for link in lines}
    curves.show(
        {link: curve(found) for link, found in lines.items() if len(found) > 1}, chosen=chosen, words=words
    )
    for link, name in curves.names.items():
        name.set_fontweight("bold" if link == chosen else "normal")


def show_points(artists: Artists, seen: dict[str, dict[int, float]]) -> None:
    """Draw at most two published series, and say whose they are."""
    for mark in artists.points:
        mark.set_data([], [])
    for mark, found in zip(artists.points, seen.values()):
        mark.set_data(list(found), list(found.values()))
    named = [f"{shape} {name}" for shape, name in zip("✖✚", seen)]
    artists.words.set_text(f"published: {'   '.join(named)}" if named else "")


def show_bars(artists: Artists, taken: dict[int, Step], link: str) -> None:
    """Stack each step by what it waits for, as shares of one device's, cut at the axis' end; its time behind."""
    one = taken[1].seconds
    unit, name = (1, "s") if max(found.seconds for found in taken.values()) >= 1 else (1e-3, "ms")
    for row, found in enumerate(taken.values()):
        if found.fits:
            parts = {part: getattr(found, part) / one for part in PARTS}
            artists.stacks.show(row, parts, q.significant(found.seconds / unit, 2))
        else:
            artists.stacks.show(row, {}, "no fit", INK[RED])
    artists.link.set_text(f"One step over {LINKS[link][2]}, {name}")


def finding(found: dict[int, float], link: str) -> str:
    """The title: what the largest number of devices gives over the chosen link."""
    if not found:
        return f"Not even {COUNTS[-1]} devices hold this"
    count = max(found)
    return f"Over {LINKS[link][2]}, {count} devices are {q.times(found[count])} as fast as one"


SPEEDUPS = (
    "over {link}, {gains} as fast as one{room}. {doubling}. With {most}: {shares} of the step. {message}"
)
ENDS = "Beyond {end} a doubling gains less than {little}, because of {cause}"
GOES_ON = "Each doubling still gains {little} or more; what is lost is lost to {cause}"


def sentence(
    case: SpeedupCase, phase: str, batch: float, link: str, found: dict, taken: dict[int, Step]
) -> str:
    """Speed-ups over the chosen link, where they stop and why, and one message."""
    head = f"{case.model} at {case.weights} on {case.device}, {WORK[phase]}, batch {batch:,.0f}: "
    if not found:
        model, machine = Model.named(case.model), joined(case, COUNTS[-1], link)
        fit = memory.fits(model, machine, weights=case.weights, context=case.tokens, batch=batch)
        return head + fit.sentence()
    least, end, last = min(found), stops(found), taken[max(found)]
    lost = causes(last)
    doubling = (ENDS if end else GOES_ON).format(
        end=end, little=q.percent(LITTLE), cause=max(lost, key=lost.get)
    )
    return head + SPEEDUPS.format(
        link=link, most=max(found), doubling=doubling, message=say_message(case, phase, batch, link, max(found)),
        gains=", ".join(f"{count} devices {q.times(gain)}" for count, gain in found.items() if count > 1),
        room="" if least == 1 else f" (which could not hold it: fewer than {least} do not)",
        shares=", ".join(f"{name} {q.percent(seconds / last.seconds)}" for name, seconds in lost.items()),
    )  # fmt: skip


def say_message(case: SpeedupCase, phase: str, batch: float, link: str, count: int) -> str:
    """One all-reduce message over the chosen link: its bytes against its latency among so many devices."""
    size = message_bytes(Model.named(case.model), batch * (case.tokens if phase == "prefill" else 1))
    row = catalog.link(link)
    timed = timed_like(row)
    borrowed = "" if timed is row else f" (not published; that of {timed.name})"
    crossing = 2 * (count - 1) / count * size / bus_bandwidth(row, count)
    text = f"One message of {q.size(size)} takes {q.duration(crossing)} of bandwidth"
    return f"{text}, {q.duration(all_reduce_latency(row, count))} of latency{borrowed}."


def say_published(seen: dict[str, dict[int, float]], expected: dict[int, float]) -> str:
    """How much faster the largest published machine was than the smallest, beside what is expected."""
    said = []
    for name, rates in seen.items():
        first, last = min(rates), max(rates)
        said.append(
            f"from {first} to {last} devices {q.times(rates[last] / rates[first])} as fast "
            f"({name}; expected {q.significant(expected[last] / expected[first], 2)})"
        )
    return f"Published over its own link: {', '.join(said)}." if said else ""


def panel() -> live.Panel:
    """What more devices give under each link, and the step of the chosen link by what it waits for.

    >>> panel().set(name="GLM-5 on M3 Ultra", link="Thunderbolt 5")
    """
    return live.panel(
        draw,
        update,
        title="Speed-up by number of devices under each link",
        size=(9, 4.6),
        name=controls.choice("Model and device", list(CASES)),
        phase=controls.choice("Phase", list(WORK)),
        batch=controls.log_slider("Batch", 1, 256, start=4, unit="sequences", whole=True),
        link=controls.choice("Link", list(LINKS), start="PCIe 5.0 x16"),
    )
