"""Lesson 03's drive: how often a cache of experts is hit, and how fast a model streamed from a drive writes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ..cost.reference_cases import READING_SPEED
from ..cost.weight_storage import weight_storage
from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_hardware import Link
from ..facts.records_measured import Streaming
from ..machines.machine import Machine
from ..models.routing import selection_probabilities
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, ORANGE
from .expert_cache import hottest_hit_rate, published_favours, recent_hit_rate
from .expert_streaming import DESKTOP, Token, cached_share, resident_bytes, share_reached, streamed

MODELS = ("Kimi K2", "DeepSeek-R1", "GLM-5.2", "DeepSeek-V4-Flash", "gpt-oss-120b", "Qwen3-235B-A22B")
WIDTHS = ("16 bits", "8.5 bits", "4.5 bits", "3 bits", "2 bits")
LEAST, MOST = 8e9, 512e9  # ends of the axis of memory, in bytes
SLOWEST, FASTEST = 0.002, 100  # ends of the axis of speeds, in tokens/s
POINTS = 100  # of each curve
ALIKE = 1.15  # widths of weights that differ by no more are shown together
KEPT = {  # what the cache keeps: colour, line
    "hottest kept": (BLUE, "-"),
    "last used kept": (ORANGE, "-."),
    "no favourites": (GREY, "--"),
}
MOST_OF_ALL = "hottest kept, at most"


def drives() -> list[str]:
    """Names of the drives of data/links.csv, slowest first."""
    known = [row for row in catalog.table(Link) if row.kind == "storage"]
    return [row.name for row in sorted(known, key=lambda row: row.bandwidth)]


class Streams(NamedTuple):
    """Sizes of memory in bytes, and for each way of keeping experts its hit rates and what a token then takes."""

    memory: np.ndarray
    share: np.ndarray
    hits: dict[str, np.ndarray]
    tokens: dict[str, Token]

    def expected(self, kept: str) -> np.ndarray:
        """Tokens per second at the share of the bound that published runs reach."""
        return share_reached() / self.tokens[kept].seconds


def streams(model: Model, memory, weights: str, drive: str, zipf_exponent: float) -> Streams:
    """Hit rates and seconds of a token for sizes of memory that hold at least what every token reads.

    >>> from freeweights.models.transformer import model
    >>> desk = streams(model("Kimi K2"), [64e9, 128e9], "4.5 bits", "NVMe SSD PCIe 4.0 x4", 0.9)
    >>> bool(desk.expected("hottest kept")[1] > desk.expected("hottest kept")[0] > desk.expected("no favourites")[0])
    True
    """
    memory = np.asarray(memory, float)
    share = np.asarray(cached_share(model, memory, weights))
    chosen = selection_probabilities(model.experts, model.experts_per_token, zipf_exponent)
    hits = {
        "hottest kept": np.asarray(hottest_hit_rate(chosen, share)),
        "last used kept": np.asarray(recent_hit_rate(chosen, share)),
        "no favourites": share,
    }
    machine = Machine.named(DESKTOP, drive=drive)
    return Streams(
        memory, share, hits, {kept: streamed(model, machine, hit, weights) for kept, hit in hits.items()}
    )


def points(model: Model, weights: str) -> list[tuple[Streaming, float]]:
    """Published rows, and the memory in which this model would keep the same share of its experts."""
    routed = weight_storage(weights, model).experts
    found = [
        (row, resident_bytes(model, weights) + row.cached_share * routed)
        for row in catalog.table(Streaming)
        if row.cached_share
    ]
    return [(row, memory) for row, memory in found if LEAST <= memory <= MOST]


def draw(figure: Figure) -> live.Artists:
    """Left: hit rates over memory. Right: tokens per second. Both with published points."""
    left, right = layout.grid(figure, columns=(1, 1))
    left.set(ylim=(0, 1), ylabel="hit rate of the cache")
    layout.percent_axis(left.yaxis)
    layout.log_axis(right.yaxis, layout.decades(SLOWEST, FASTEST, q.significant))
    right.set(ylim=(SLOWEST, FASTEST), ylabel="tokens/s for one user")
    for axes in (left, right):
        layout.log_axis(axes.xaxis, {2.0**power * 1e9: f"{2**power}" for power in range(3, 10)})
        axes.set(xlim=(LEAST, MOST), xlabel="memory for weights, GB")
    cross = {"marker": "X", "color": "black", "markeredgecolor": "white", "linestyle": "", "markersize": 9}
    hits, speeds = charts.curves(left, KEPT, {}), charts.curves(right, KEPT | {MOST_OF_ALL: (BLUE, ":")}, {})
    points = {"hits": left.plot([], [], **cross)[0], "speeds": right.plot([], [], **cross)[0]}
    others = left.plot([], [], ".", color=GREY, markersize=8)[0]
    person = right.axhline(READING_SPEED, color=GREEN, linewidth=1.2)
    layout.legend(figure, speeds.lines)
    layout.legend(figure, {"published": points["hits"], "of other models": others, "a person reads": person})
    return live.Artists(
        finding=layout.headline(figure), hits=hits, speeds=speeds, points=points, others=others
    )


def update(
    artists: live.Artists, name: str, weights: str, memory: float, drive: str, zipf_exponent: float
) -> str:
    """Move curves and points to one case; say how often the cache is hit and what that makes of the speed."""
    model, held = Model.named(name), memory * 1e9
    others = resident_bytes(model, weights)
    line = streams(model, np.geomspace(max(LEAST, others), MOST, POINTS), weights, drive, zipf_exponent)
    here = streams(model, held, weights, drive, zipf_exponent) if held >= others else None
    artists.hits.show({kept: (line.memory, line.hits[kept]) for kept in KEPT}, here=held)
    speeds = {kept: (line.memory, line.expected(kept)) for kept in KEPT}
    at_most = {MOST_OF_ALL: (line.memory, 1 / line.tokens["hottest kept"].seconds)}
    artists.speeds.show(speeds | at_most, here=held)
    show_points(artists, model, weights)
    artists.finding.set_text(finding(model, held, here))
    return sentence(model, weights, drive, zipf_exponent, held, here, line)


def show_points(artists: live.Artists, model: Model, weights: str) -> None:
    """Published hit rates, those of other models small; speeds of this model at such weights, on drives of their own."""
    found = points(model, weights)
    own = [(row, memory) for row, memory in found if row.model == model.name]
    bits = weight_storage(weights, model).bits
    alike = [one for one in own if 1 / ALIKE <= (one[0].bits or 0) / bits <= ALIKE]
    places = {
        artists.points["hits"]: [(memory, row.hit_rate) for row, memory in own],
        artists.points["speeds"]: [(memory, row.tokens_per_second) for row, memory in alike],
        artists.others: [(memory, row.hit_rate) for row, memory in found if row.model != model.name],
    }
    for artist, spots in places.items():
        known = [spot for spot in spots if spot[1] is not None]
        artist.set_data(*(zip(*known) if known else charts.NOWHERE))


def finding(model: Model, memory: float, here: Streams | None) -> str:
    """The title: tokens per second and bytes from the drive, or that even what every token reads has no room."""
    if here is None:
        return f"{q.size(memory)} cannot even hold what every token of {model.name} reads"
    speed, read = (
        q.speed(float(here.expected("hottest kept")), 2),
        float(here.tokens["hottest kept"].drive_bytes),
    )
    head = f"With {q.size(memory)} {model.name} writes {speed}"
    return f"{head}: {f'the drive reads {q.size(read, 2)} for each token' if read else 'the drive rests'}"


def sentence(
    model: Model,
    weights: str,
    drive: str,
    zipf_exponent: float,
    memory: float,
    here: Streams | None,
    line: Streams,
) -> str:
    """The same numbers in words, and the memory from which a person would not have to wait."""
    others = q.size(resident_bytes(model, weights))
    if here is None:
        return (
            f"What every token of {model.name} reads takes {others} at {weights}, and there are {q.size(memory)}: "
            "it would have to come from the drive for every token. Choose more memory or fewer bits."
        )
    hits = {kept: q.percent(float(hit)) for kept, hit in here.hits.items()}
    machine, took = Machine.named(DESKTOP, drive=drive), here.tokens["hottest kept"]
    all_of = float(streamed(model, machine, 0.0, weights).drive_bytes)
    enough = line.memory[line.expected("hottest kept") >= READING_SPEED]
    person = f"keeps up from {q.size(enough[0], 2)} on" if enough.size else f"waits even with {q.size(MOST)}"
    return (
        f"{q.size(memory)} hold {q.percent(float(here.share))} of the experts of {model.name} at {weights}, beside "
        f"{others} that every token reads. At favour {q.significant(zipf_exponent, 2)} a cache of the hottest is hit in "
        f"{hits['hottest kept']} of uses, one of those used last in {hits['last used kept']}, without favourites in "
        f"{hits['no favourites']}. With the hottest kept the drive ({drive}) reads {q.size(float(took.drive_bytes))} of the "
        f"{q.size(all_of)} of one token's experts. Beside memory read at {q.rate(machine.memory_bandwidth, 'B/s')} that "
        f"allows {q.speed(float(1 / took.seconds))}; published runs reach {q.percent(share_reached())} of it, "
        f"{q.speed(float(here.expected('hottest kept')))}. A person, who reads {q.speed(READING_SPEED, 2)}, {person}."
    )


def panel() -> live.Panel:
    """A model of up to a trillion weights on a desktop that cannot hold it: hit rate and speed by memory and drive.

    >>> panel().set(name="GLM-5.2", memory=128)
    """
    return live.panel(
        draw,
        update,
        title="Hit rate of a cache of experts and tokens per second, over memory",
        size=(9, 4.6),
        name=controls.choice("Model", MODELS),
        weights=controls.choice("Weights", WIDTHS, start="4.5 bits"),
        memory=controls.log_slider("Memory", LEAST / 1e9, MOST / 1e9, start=64, unit="GB for weights"),
        drive=controls.choice("Drive", drives(), start="NVMe SSD PCIe 4.0 x4"),
        zipf_exponent=controls.slider("Favour", 0, 2, start=round(published_favours().median, 2), step=0.05),
    )
