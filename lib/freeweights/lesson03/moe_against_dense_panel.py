"""Lesson 03's panel: DeepSeek-R1 against Llama 3.1 405B on one machine, step by step and batch by batch."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..cost.efficiency import fitted_constants
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.experts import expected_distinct_experts
from ..money.hourly_rate import PAID, hourly_cost
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, LIGHT, ORANGE, RED, SKY
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
    "waiting": (LIGHT, "link, overhead", ("communication", "overhead")),
}
CURVES = {"FLOPs": (GREEN, ":"), "bytes": (BLUE, "--"), "time": (RED, "-")}
MOST = 2.0  # the end of the axis of memory: needed over what there is
ATTENTION = ("latents, as released", "grouped, as in 405B")  # of R1's body
NEAR = 4.0  # how many times longer or shorter a published context may be than the chosen one


def draw(figure: Figure) -> live.Artists:
    """Left: both steps by part, and both demands on memory. Right: ratios over the batch."""
    left, right = layout.grid(figure, columns=(4, 3))
    left, room = layout.split(left, rows=(1, 1))
    layout.percent_axis(left.xaxis)
    left.set(xlim=(0, 1), xlabel="time of a step, of the longer one")
    layout.percent_axis(room.xaxis, MOST, 0.5)
    room.set(xlim=(0, MOST), xlabel="memory needed, of what there is")
    layout.log_axis(right.xaxis, {batch: str(batch) for batch in (1, 4, 16, 64, 256)})
    layout.log_axis(right.yaxis, TICKS)
    right.set(xlim=(1, 512), ylim=(LOW, HIGH), xlabel="batch: sequences in a step", ylabel="R1 over 405B")
    right.axhline(1, color="black", linewidth=1.2)
    longest = f"{DENSE}: needs 999 GB of 999 GB, 999 GB missing"
    steps = charts.stacks(
        left, ["", ""], {words: (colour, "") for colour, words, _ in PARTS.values()}, longest
    )
    needs = charts.stacks(room, ["", ""], {"all": (ORANGE, "")}, longest)
    for row in (0, 1):
        room.plot([1, 1], [row - 0.26, row + 0.26], color="black", linestyle="--", linewidth=1.5, zorder=3)
    cross = {"marker": "X", "color": "black", "linestyle": "", "clip_on": False}
    points = {
        True: right.plot([], [], **cross)[0],
        False: right.plot([], [], **cross | {"color": "white", "markeredgecolor": "black"})[0],
    }
    parts = {words: bars[0] for words, bars in steps.bars.items()}
    layout.legend(
        figure, parts | {"both published": points[True], "R1 published, 405B expected": points[False]}
    )
    curves = charts.curves(right, CURVES)
    return live.Artists(
        finding=layout.headline(figure), steps=steps, needs=needs, curves=curves, points=points
    )


def shares(one: ServedStep) -> dict[str, float]:
    """Seconds of a step that fits, in the words of the parts shown."""
    taken = one.step.parts
    return {words: sum(taken.get(name, 0.0) for name in names) for _, words, names in PARTS.values()}


def update(
    artists: live.Artists,
    place: str,
    weights: str,
    users: float,
    context: float,
    agreement: float,
    attention: str,
) -> str:
    """Move bars and curves to one machine, format, batch, context, agreement and attention; say where the claim holds there."""
    machine, how = (
        Machine.named(*MACHINES[place]),
        {"agreement": agreement, "grouped": attention != ATTENTION[0]},
    )
    pair = [serving(one, machine, int(users), weights, context, agreement) for one in both(how["grouped"])]
    taken = np.ma.masked_invalid(time_ratio(machine, context, BATCHES, weights, **how))
    published = () if how["grouped"] else published_ratios(machine, weights)  # nobody built that body
    points = [point for point in published if 1 / NEAR <= point.context / context <= NEAR]
    show_bars(artists, pair)
    flops = np.full(BATCHES.shape, flops_ratio(context, how["grouped"]))
    curves = {"FLOPs": flops, "bytes": bytes_ratio(context, BATCHES, weights, **how), "time": taken}
    artists.curves.show({name: (BATCHES, ratio) for name, ratio in curves.items()}, here=users)
    for measured, marks in artists.points.items():
        shown = [(point.batch, point.ratio) for point in points if point.measured == measured]
        marks.set_data(*(zip(*shown) if shown else charts.NOWHERE))
    found = {"FLOPs": float(flops[0]), "bytes": float(bytes_ratio(context, users, weights, **how))}
    if all(one.fits for one in pair):
        found["time"] = pair[0].step.seconds / pair[1].step.seconds
    artists.finding.set_text(finding(pair, found))
    counted = hourly_cost(machine.device, PAID[0])[1]
    asked = f"{users:,.0f} {'user' if users == 1 else 'users'} with {context:,.0f} tokens"
    said = [*map(say, pair), say_ratios(found), say_touched(int(users), agreement), say_points(points)]
    return f"{machine.name} ({counted}), {weights}, {asked}. {' '.join(filter(None, said))}"


def show_bars(artists: live.Artists, pair: list[ServedStep]) -> None:
    """Both steps by what they wait for, as shares of the longer one, and what each needs of the memory there."""
    longest = max((one.step.seconds for one in pair if one.fits), default=1.0)
    for row, one in enumerate(pair):
        fit, ink = one.step.fit, "black" if one.fits else RED
        taken = {part: seconds / longest for part, seconds in shares(one).items()} if one.fits else {}
        artists.steps.show(row, taken, words(one), ink)
        missing = "" if one.fits else f", {q.size(fit.missing)} missing"
        said = f"{one.model.name}: needs {q.size(fit.needed)} of {q.size(fit.memory)}{missing}"
        artists.needs.show(row, {"all": fit.needed / fit.memory}, said, ink)


def words(one: ServedStep) -> str:
    """The line above a step: its time, speed and cost, or that it cannot be."""
    if not one.fits:
        return f"{one.model.name}: does not fit"
    speed, cost = q.speed(one.step.tokens_per_second), q.money(one.dollars, 2)
    return f"{one.model.name}: {q.duration(one.step.seconds)}, {speed}, {cost} per million"


def finding(pair: list[ServedStep], found: dict[str, float]) -> str:
    """The title: how R1's step compares with 405B's, or who is not held."""
    absent = [one for one in pair if not one.fits]
    if len(absent) == 2:
        return "This machine has room for neither of them"
    if absent:
        other, missing = pair[absent[0] is pair[0]], q.size(absent[0].step.fit.missing)
        return f"This machine serves {other.model.name}, and {absent[0].model.name} lacks {missing} there"
    done, read, taken = (q.percent(ratio) for ratio in found.values())
    whose = "R1's step" if pair[0].model.name == MIXTURE else "With grouped attention, R1's step"
    return f"{whose}: {done} of 405B's FLOPs, {read} of its bytes, {taken} of its time"


def say(one: ServedStep) -> str:
    """One model in words: its step by part, what it yields and costs, and the memory it needs."""
    if not one.fits:
        return one.step.fit.sentence()
    total = one.step.seconds
    said = [
        f"{part} {q.percent(seconds / total)}"
        for part, seconds in shares(one).items()
        if seconds / total >= 0.005
    ]
    fit = one.step.fit
    return f"{words(one)} ({', '.join(said)}); it needs {q.size(fit.needed)} of {q.size(fit.memory)}."


def say_ratios(found: dict[str, float]) -> str:
    """The ratios of the title, as numbers."""
    said = [f"{name} {q.significant(ratio, 2)}" for name, ratio in found.items()]
    return f"R1 over 405B: {', '.join(said)}."


def say_touched(users: int, agreement: float) -> str:
    """How many experts of a layer the batch touches: with the chosen agreement of its tokens, and with none."""
    mixture = both()[0]
    chosen, most = (
        q.significant(
            float(expected_distinct_experts(mixture.experts, mixture.experts_per_token, users, share))
        )
        for share in (agreement, 0.0)
    )
    fitted = fitted_constants().routing_agreement
    return (
        f"At an agreement of {agreement:g} a batch touches {chosen} of {mixture.experts} experts a layer, {most} if every token "
        f"chooses for itself; {fitted:g} fits published batches."
    )


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
        agreement=controls.slider("Agreement", 0, 1, start=fitted_constants().routing_agreement, step=0.1),
        attention=controls.choice("R1's attention", ATTENTION),
    )
