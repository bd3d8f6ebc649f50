"""Lesson 02's links: what more devices give under each link, and what stops them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..cost import memory
from ..facts import catalog
from ..facts import quantities as q
from ..machines.interconnect import timed_like
from ..models.transformer import Model
from ..page import controls, live
from ..page.layout import headline, log_axis, spread
from ..page.style import BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY
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
PARTS = {"working": (SKY, "memory, compute"), "waiting": ("#BBBBBB", "overhead")}
PARTS |= {"bytes": (ORANGE, "bytes on the link"), "latency": (RED, "latency of the link")}


def draw(figure: Figure) -> dict:
    """Left: a line for each link, named at its end. Right: steps over the chosen link, by part."""
    left = figure.add_axes((0.07, 0.135, 0.40, 0.74))
    counts = {count: str(count) for count in COUNTS}
    log_axis(left.xaxis, counts)
    log_axis(left.yaxis, {0.125: "1/8", 0.25: "1/4", 0.5: "1/2"} | counts)
    left.set(xlim=(1, COUNTS[-1]), ylim=(SLOWEST, MOST), xlabel="devices", ylabel="times one device")
    left.plot(COUNTS, COUNTS, color="#999999", linewidth=1)
    left.text(1.1, 1.75, "ideal", color=GREY, rotation=35, fontsize=10)
    left.text(1.08, 8.4, "* latency not published: that of its kin", color=GREY, fontsize=10)
    right = figure.add_axes((0.705, 0.135, 0.285, 0.62))
    right.set(xlim=(-0.6, len(COUNTS) - 0.4), ylim=(0, TALLEST + 0.15), xlabel="devices")
    right.set_ylabel("of one device's step", labelpad=1)
    right.set_xticks(range(len(COUNTS)), list(map(str, COUNTS)))
    right.set_yticks([0, 0.5, 1, 1.5], ["0", "50 %", "100 %", "150 %"])
    right.grid(axis="x", visible=False)
    for (colour, name), (x, y) in zip(PARTS.values(), ((0.64, 0.85), (0.64, 0.8), (0.82, 0.85), (0.82, 0.8))):
        figure.text(x, y, "■", color=colour, fontsize=12, va="center")
        figure.text(x + 0.018, y, name, color=GREY, fontsize=10, va="center")
    return {
        "title": headline(figure),
        "lines": {name: left.plot([], [], color=c, linestyle=s)[0] for name, (c, s, _) in LINKS.items()},
        "names": {
            name: left.text(0, 0, "", color=c, fontsize=10, va="center") for name, (c, _, _) in LINKS.items()
        },
        "turns": left.plot([], [], color="black", linestyle="-.", linewidth=1.2)[0],
        "turns name": left.text(1.08, 11.5, "", fontsize=10),
        "points": [
            left.plot([], [], shape, color="black", markersize=8, markeredgecolor="white", clip_on=False)[0]
            for shape in ("X", "P")
        ],
        "points name": figure.text(0.07, 0.905, "", fontsize=10, va="center"),
        "bars": {
            name: right.bar(range(len(COUNTS)), 0, color=colour, width=0.8)
            for name, (colour, _) in PARTS.items()
        },
        "tops": [right.text(x, 0, "", ha="center", va="bottom", fontsize=10) for x in range(len(COUNTS))],
        "link": figure.text(0.64, 0.905, "", fontsize=11, va="center"),
    }


def update(artists: dict, name: str, phase: str, batch: float, link: str) -> str:
    """Move lines and bars to one case; say where the chosen link stops and why."""
    case = CASES[name]
    under = {one: steps(case, one, phase, batch) for one in LINKS}
    lines = {one: speed_ups(found) for one, found in under.items()}
    found, own = lines[link], lines[own_link(case)]
    show_lines(artists, lines, link)
    in_turn = pipeline_speedups(case, link, phase, batch)
    artists["turns"].set_data(*curve(in_turn))
    artists["turns name"].set_text("-· taking turns, layer by layer" if len(in_turn) > 1 else "")
    seen = points(case, phase, batch, own)
    show_points(artists, seen)
    show_bars(artists, under[link], link)
    artists["title"].set_text(finding(found, link))
    said = sentence(case, phase, batch, link, found, under[link])
    return f"{said} {say_published(seen, own)}".strip() if found else said


def curve(found: dict[int, float]) -> tuple[list, list]:
    """A line's x and y; a point alone is no line, so it is left out."""
    return (list(found), list(found.values())) if len(found) > 1 else ([], [])


def show_lines(artists: dict, lines: dict[str, dict[int, float]], chosen: str) -> None:
    """Draw every link's line, the chosen one thick, and its name at the end, apart from its neighbours."""
    ends = np.array([found[COUNTS[-1]] if len(found) > 1 else np.nan for found in lines.values()])
    shares = np.log(np.clip(ends, SLOWEST, MOST) / SLOWEST) / np.log(MOST / SLOWEST)
    places = spread(np.nan_to_num(shares), 0.062)
    for (link, found), place, end in zip(lines.items(), places, ends):
        line, label, short = artists["lines"][link], artists["names"][link], LINKS[link][2]
        line.set_data(*curve(found))
        line.set_linewidth(4 if link == chosen else 1.6)
        text = short if catalog.link(link).latency else f"{short}*"
        label.set(text="" if np.isnan(end) else text, x=COUNTS[-1] * 1.07)
        label.set(y=SLOWEST * (MOST / SLOWEST) ** place, fontweight="bold" if link == chosen else "normal")


def show_points(artists: dict, seen: dict[str, dict[int, float]]) -> None:
    """Draw at most two published series, and say whose they are."""
    for mark in artists["points"]:
        mark.set_data([], [])
    for mark, found in zip(artists["points"], seen.values()):
        mark.set_data(list(found), list(found.values()))
    named = [f"{shape} {name}" for shape, name in zip("✖✚", seen)]
    artists["points name"].set_text(f"published: {'   '.join(named)}" if named else "")


def show_bars(artists: dict, taken: dict[int, Step], link: str) -> None:
    """Stack each step by what it waits for, as shares of one device's, cut at the axis' end; time on top."""
    one = taken[1].seconds
    unit, name = (1, "seconds") if max(found.seconds for found in taken.values()) >= 1 else (1e-3, "ms")
    for column, found in enumerate(taken.values()):
        base = 0.0
        for part, bars in artists["bars"].items():
            height = min(getattr(found, part) / one, TALLEST - base) if found.fits else 0.0
            bars[column].set(y=base, height=height)
            base += height
        text = q.significant(found.seconds / unit, 2) if found.fits else "no fit"
        artists["tops"][column].set(text=text, y=base + 0.02, color="black" if found.fits else RED)
    artists["link"].set_text(f"One step over {LINKS[link][2]}, {name}")


def finding(found: dict[int, float], link: str) -> str:
    """The title: what the largest number of devices gives over the chosen link."""
    if not found:
        return f"Not even {COUNTS[-1]} devices hold this"
    count = max(found)
    return f"Over {LINKS[link][2]}, {count} devices are {q.times(found[count])} as fast as one"


def sentence(
    case: SpeedupCase, phase: str, batch: float, link: str, found: dict, taken: dict[int, Step]
) -> str:
    """Speed-ups over the chosen link, where they stop and why, and one message."""
    head = f"{case.model} at {case.weights} on {case.device}, {WORK[phase]}, batch {batch:,.0f}: "
    if not found:
        model, machine = Model.named(case.model), joined(case, COUNTS[-1], link)
        return (
            head
            + memory.fits(model, machine, weights=case.weights, context=case.tokens, batch=batch).sentence()
        )
    most, least = max(found), min(found)
    gains = ", ".join(f"{count} devices {q.times(gain)}" for count, gain in found.items() if count > 1)
    room = "" if least == 1 else f" (which could not hold it: fewer than {least} do not)"
    end = stops(found)
    last = taken[most]
    lost = causes(last)
    cause = max(lost, key=lost.get)
    machine = (
        f"Beyond {end} a doubling gains less than {q.percent(LITTLE)}, because of {cause}"
        if end
        else f"Each doubling still gains {q.percent(LITTLE)} or more; what is lost is lost to {cause}"
    )
    shares = ", ".join(f"{name} {q.percent(seconds / last.seconds)}" for name, seconds in lost.items())
    return (
        f"{head}over {link}, {gains} as fast as one{room}. {machine}. With {most}: {shares} of the step. "
        f"{say_message(case, phase, batch, link)}"
    )


def say_message(case: SpeedupCase, phase: str, batch: float, link: str) -> str:
    """One all-reduce message over the chosen link: its bytes against its latency."""
    size = message_bytes(Model.named(case.model), batch * (case.tokens if phase == "prefill" else 1))
    row = catalog.link(link)
    timed = timed_like(row)
    borrowed = "" if timed is row else f" (not published; that of {timed.name})"
    text = f"One message is {q.size(size)}: {q.duration(size / row.bandwidth)} of bandwidth"
    return f"{text}, {q.duration(timed.latency)} of latency{borrowed}."


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
