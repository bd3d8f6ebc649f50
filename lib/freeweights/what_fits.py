"""Floor 5. Every model against every device: the widest weights that fit, if any do."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from . import catalog, inference, live
from .machine import machine
from .plots import GREY
from .transformer import model

WIDTHS = ("BF16", "Q8_0", "Q4_K_M", "Q2_K")
LABELS = ("no", "2", "4", "8", "16")
COLOURS = ("#F2F2F2", "#FBE3B5", "#E69F00", "#7FC3E8", "#0072B2")
DEVICES = {
    "Phones, laptops, small GPUs": [
        ("Phone 8GB (iPhone 16 Pro)", 1), ("Phone 16GB (Snapdragon 8 Elite class)", 1),
        ("Laptop 16GB (DDR5-5600, two channels)", 1), ("GeForce RTX 4060 Laptop 8GB", 1), ("GeForce RTX 4080 16GB", 1),
        ("Apple M5", 1),
    ],
    "Desktops": [
        ("GeForce RTX 4090", 1), ("GeForce RTX 5090", 1), ("GeForce RTX 3090", 2), ("Apple M4 Max (40-core GPU)", 1),
        ("DGX Spark (GB10)", 1), ("Apple M3 Ultra 512GB", 1),
    ],
    "GPUs in rows": [
        ("H100 SXM5 80GB", 1), ("H200 SXM 141GB", 1), ("B200 SXM 180GB", 1), ("H100 SXM5 80GB", 8),
        ("H200 SXM 141GB", 8), ("B200 SXM 180GB", 8),
    ],
}
SIZES = {"Below 15 B": (0, 15e9), "15 B to 120 B": (15e9, 120e9), "Above 120 B": (120e9, np.inf)}


def models(size: str) -> list[str]:
    """Names of the counted models of one size, largest last."""
    low, high = SIZES[size]
    counted = [model(row.name) for row in catalog.table(catalog.Architecture) if row.layers]
    named = sorted((one for one in counted if low <= one.parameters < high), key=lambda one: one.parameters)
    return [one.name for one in named]


def widest(name: str, device: str, count: int, context: float) -> int:
    """How wide the weights can be: an index into LABELS, 0 where not even the narrowest fit."""
    what, where = model(name), machine(device, count)
    for index, weights in enumerate(WIDTHS):
        if inference.fits(what, where, weights, min(context, what.max_context)).fits:
            return len(WIDTHS) - index
    return 0


def draw(figure: Figure) -> dict:
    """One axes; its cells are laid out by `update`."""
    axes = figure.subplots()
    figure.subplots_adjust(left=0.3, right=0.985, top=0.9, bottom=0.085)
    axes.grid(False)
    return {"axes": axes, "title": axes.set_title(" ", loc="left", x=-0.42), "cells": []}


def update(artists: dict, models_of: str, devices: str, context: float) -> str:
    """Fill the table of models and devices; say what fits."""
    axes, names, places = artists["axes"], models(models_of), DEVICES[devices]
    table = np.array([[widest(name, *place, context) for place in places] for name in names])
    axes.clear()
    axes.grid(False)
    axes.imshow(table, cmap=ListedColormap(COLOURS), vmin=-0.5, vmax=len(LABELS) - 0.5, aspect="auto")
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_xticks(range(len(places)), [short(*place) for place in places], fontsize=9)
    for row, column in np.ndindex(table.shape):
        axes.text(column, row, LABELS[table[row, column]], ha="center", va="center", fontsize=9,
                  color="white" if table[row, column] == len(LABELS) - 1 else "black" if table[row, column] else GREY)
    full, some = int((table == len(WIDTHS)).sum()), int((table > 0).sum())
    axes.set_title(f"{some} of {table.size} pairs fit, {full} of them at full width", loc="left", x=-0.42, pad=22)
    axes.text(-0.42, 1.03, "widest weights that fit, in bits; no: not even at 2 to 3 bits", transform=axes.transAxes,
              fontsize=10, color=GREY)
    largest = [max((i for i in range(len(names)) if table[i, j] >= 2), default=None) for j in range(len(places))]
    best = max(range(len(places)), key=lambda j: -1 if largest[j] is None else largest[j])
    end = (f"The largest of these that some device here holds at 4 bits is {names[largest[best]]}, on {short(*places[best], ' ')}."
           if largest[best] is not None else "None of these devices holds one of these models at 4 bits.")
    return (f"{devices}, models of {models_of[0].lower() + models_of[1:]}, {context:,.0f} tokens of context: {full} of {table.size} pairs fit at 16 bits, "
            f"{some - full} more after quantising, {table.size - some} not at all. {end}")


def short(device: str, count: int, gap: str = "\n") -> str:
    """A device's name in two lines, with how many there are."""
    name = device.split(" (")[0].replace("GeForce ", "").replace(" SXM5", "").replace(" SXM", "")
    head, _, tail = name.partition(" ")
    return f"{count} x {head}{gap}{tail}" if count > 1 else f"{head}{gap}{tail}"


def panel() -> live.Panel:
    """Which open models fit where, page by page."""
    return live.panel(
        draw, update, title="What fits where: models against devices", size=(9, 6.8),
        models_of=live.choice("Models", list(SIZES), start="15 B to 120 B"),
        devices=live.choice("Devices", list(DEVICES), start="Desktops"),
        context=live.log_slider("Context", 1024, 131_072, start=8192, unit="tokens", whole=True),
    )
