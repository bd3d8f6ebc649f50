"""Lesson 02's export variants: what was cut, and what that costs in training and in serving."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from ..cost import inference, memory
from ..cost.training_step import LAYOUTS, training_step
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import controls, layout, live
from ..page.style import BEHIND, BLUE, GREEN, GREY, ORANGE, PINK
from .tensor_parallel_speedup import with_room

NODE, CONTEXT, WIDEST = 8, 4096, 1.4
BASE = "H100 SXM5 80GB"
OTHERS = {"H800": ("H800 SXM5 80GB", BLUE), "H20": ("H20 96GB", ORANGE)}
OTHERS |= {"Ascend 910B": ("Ascend 910B", GREEN), "Ascend 910C": ("Ascend 910C", PINK)}
JOBS = {"train": "Train", "prefill": "Read prompts", "decode": "Write"}
WORDS = {"train": "training", "prefill": "reading prompts", "decode": "writing"}
MODELS = ("DeepSeek-V3", "GLM-4.5", "Qwen3-235B-A22B", "Kimi K2", "Mixtral 8x22B")
FORMATS = ("FP8", "BF16", "AWQ/GPTQ int4 g128")
RATES = ("flops_fp32", "flops_fp16", "flops_fp8", "flops_int8", "flops_fp4")
# GPU-hours of H800 for a trillion tokens of pre-training. Source: arXiv:2412.19437, section 1
PUBLISHED = {"DeepSeek-V3": 180_000}
Setting = tuple[
    str, str, float, float, float, str
]  # model, layout, utilisation, hidden, batch, serving weights


def node(device: str, borrowed: str = "") -> Machine:
    """Eight devices, at the efficiencies of the H100 so that only specifications differ.

    Args:
        device: name of a device.
        borrowed: what is taken over from the H100: "arithmetic", "bandwidth", "link", or nothing.
    """
    own, base = Machine.named(device, NODE), Machine.named(BASE, NODE)
    link, chip = (
        own.link,
        replace(own.device, device_class=base.device.device_class, generation=base.device.generation),
    )
    if borrowed == "link":
        link = base.link
    if borrowed == "arithmetic":
        chip = replace(chip, **{rate: getattr(base.device, rate) for rate in RATES})
    if borrowed == "bandwidth":
        chip = replace(chip, memory_bandwidth=base.device.memory_bandwidth)
    return replace(own, device=chip, link=link)


def cuts(device: str) -> dict[str, float]:
    """A device's specifications over the H100's.

    >>> cuts("H800 SXM5 80GB")["arithmetic"], round(cuts("H20 96GB")["arithmetic"], 2)
    (1.0, 0.15)
    """
    own, base = node(device), node(BASE)
    return {
        "arithmetic": own.flops(16) / base.flops(16),
        "bandwidth": own.memory_bandwidth / base.memory_bandwidth,
        "link": own.link.bandwidth / base.link.bandwidth,
        "memory": own.device.sold / base.device.sold,
    }


@cache
def serving_seconds(name: str, job: str, device: str, borrowed: str, batch: float, weights: str) -> float:
    """Seconds of one step of serving, as if the node had room for the model."""
    model, machine = Model.named(name), with_room(node(device, borrowed))
    return inference.predict(model, machine, job, context=CONTEXT, batch=batch, weights=weights).seconds


def seconds(job: str, device: str, setting: Setting, borrowed: str = "") -> float:
    """Seconds of one step of a job on a node of one device."""
    name, layout, utilisation, hidden, batch, weights = setting
    if job == "train":
        return training_step(Model.named(name), node(device, borrowed), layout, utilisation, hidden).seconds
    return serving_seconds(name, job, device, borrowed, batch, weights)


def relative(job: str, device: str, setting: Setting, borrowed: str = "") -> float:
    """Speed of a node over the speed of a node of H100."""
    return seconds(job, BASE, setting) / seconds(job, device, setting, borrowed)


def blame(device: str, setting: Setting) -> tuple[str, str, float, float]:
    """A device's worst job, the cut that hurts most there, its speed, and that with the cut undone."""
    job = min(JOBS, key=lambda one: relative(one, device, setting))
    undone = {cut: relative(job, device, setting, cut) for cut in ("arithmetic", "bandwidth", "link")}
    cut = max(undone, key=undone.get)
    return job, cut, relative(job, device, setting), undone[cut]


def holds(device: str, name: str, weights: str, batch: float) -> bool:
    """Whether a node holds the model and the caches of the batch."""
    return bool(
        memory.fits(Model.named(name), node(device), weights=weights, context=CONTEXT, batch=batch).fits
    )


@dataclass(frozen=True)
class Artists:
    """What moves: for each device and job a bar and its number."""

    title: Text
    bars: dict[tuple[str, str], Rectangle]
    labels: dict[tuple[str, str], Text]


def draw(figure: Figure) -> Artists:
    """Left: every job on every device over the H100. Right, fixed: what was cut."""
    left, right = layout.grid(figure, columns=(2, 1))
    for axes, rows in ((left, list(JOBS.values())), (right, list(cuts(BASE)))):
        axes.set(ylim=(len(rows) - 0.5, -0.5))
        axes.set_yticks(range(len(rows)), rows)
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
        axes.axvline(1, color="black", linewidth=1.5)
    left.set(xlim=(0, WIDEST), xlabel="speed of eight, over eight H100")
    right.set(xlim=(0, 2.2), xticks=[0, 1, 2], xlabel="specification, over the H100's")
    right.set_title("What was cut", fontsize=10, fontweight="normal", color=GREY)
    left.text(1, -0.56, "H100", ha="center", va="bottom", fontsize=10)
    bars, labels, key = {}, {}, {}
    for place, (short, (device, colour)) in enumerate(OTHERS.items()):
        heights = np.arange(len(cuts(device))) + 0.19 * (place - 1.5)
        key[short] = right.barh(heights, list(cuts(device).values()), 0.17, color=colour)
        for y, job in zip(heights, JOBS):
            bars[short, job] = left.barh(y, 0, 0.17, color=colour)[0]
            labels[short, job] = left.text(0, y, "", fontsize=10, va="center", bbox=BEHIND)
    layout.legend(figure, key)
    return Artists(layout.headline(figure), bars, labels)


def update(
    artists: Artists, name: str, layout: str, utilisation: float, hidden: float, batch: float, weights: str
) -> str:
    """Move the bars to one setting; say which cut hurts which job."""
    setting = (name, layout, utilisation / 100, hidden / 100, batch, weights)
    found = {
        (short, job): relative(job, device, setting) for short, (device, _) in OTHERS.items() for job in JOBS
    }
    room = {short: holds(device, name, weights, batch) for short, (device, _) in OTHERS.items()}
    for (short, job), speed in found.items():
        fits = job == "train" or room[short]
        artists.bars[short, job].set(width=min(speed, WIDEST) if fits else 0)
        label = artists.labels[short, job]
        label.set(text=q.significant(speed, 2) if fits else "does not fit", x=(speed if fits else 0) + 0.015)
    artists.title.set_text(finding(found, room))
    return sentence(setting, found, room)


def finding(found: dict, room: dict[str, bool]) -> str:
    """The title: the two variants in training and in writing, or which of them cannot serve."""

    def said(job: str) -> str:
        return ", ".join(f"{short} {q.significant(found[short, job], 2)}" for short in ("H800", "H20"))

    lacking = [short for short in ("H800", "H20") if not room[short]]
    serving = (
        f"eight {' or '.join(lacking)} cannot hold it to serve" if lacking else f"writing: {said('decode')}"
    )
    return f"Of an H100's speed in training: {said('train')}; {serving}"


def sentence(setting: Setting, found: dict, room: dict[str, bool]) -> str:
    """What each cut costs, what undoing it would give, which nodes hold the model, and what was published."""
    name, layout, utilisation, hidden, batch, weights = setting
    head = (
        f"{name}, {layout} training with {q.percent(utilisation)} of the arithmetic reached and "
        f"{q.percent(hidden)} of the sending hidden; serving at {weights}, batch {batch:,.0f}. "
    )
    blamed = []
    for short in ("H800", "H20"):
        job, cut, speed, undone = blame(OTHERS[short][0], setting)
        best = max(JOBS, key=lambda one: found[short, one])
        blamed.append(
            f"The {short} is worst at {WORDS[job]}, {q.significant(speed, 2)} of an H100's speed; "
            f"with the H100's {cut} it would be {q.significant(undone, 2)}. "
            f"Best is {WORDS[best]}, {q.significant(found[short, best], 2)}."
        )
    lacking = [] if holds(BASE, name, weights, batch) else ["H100"]
    lacking += [short for short in room if not room[short]]
    end = f" Eight do not hold it for serving: {', '.join(lacking)}." if lacking else ""
    return head + " ".join(blamed) + end + hours(setting)


def hours(setting: Setting) -> str:
    """GPU-hours of H800 for a trillion tokens, beside the published figure where there is one."""
    name, layout, utilisation, hidden, *_ = setting
    step = training_step(Model.named(name), node(OTHERS["H800"][0]), layout, utilisation, hidden)
    text = f" A trillion tokens take {q.count(step.hours_per_trillion)} hours of an H800"
    return f"{text} (reported: {q.count(PUBLISHED[name])})." if name in PUBLISHED else f"{text}."


def panel() -> live.Panel:
    """Export variants against the H100: training, reading and writing.

    >>> panel().set(layout="expert parallel")
    """
    return live.panel(
        draw,
        update,
        title="Export variants against the H100 in training and in serving",
        size=(9, 4.6),
        name=controls.choice("Model", MODELS),
        layout=controls.choice("Training layout", list(LAYOUTS)),
        utilisation=controls.slider("Arithmetic reached", 10, 70, start=40, step=1, unit="%"),
        hidden=controls.slider("Sending hidden", 0, 100, start=0, step=1, unit="%"),
        batch=controls.log_slider("Serving batch", 1, 1024, start=32, unit="sequences", whole=True),
        weights=controls.choice("Serving weights", FORMATS, start="AWQ/GPTQ int4 g128"),
    )
