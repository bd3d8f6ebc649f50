"""Every model against every device: the widest weights that fit, if any do."""

from __future__ import annotations

import functools
import textwrap

import numpy as np
from matplotlib.figure import Figure

from ..cost import memory
from ..facts import catalog, records_hardware, records_models
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, FAINT, GREY, ORANGE, SAND, SKY

WIDTHS = ("BF16", "Q8_0", "Q4_K_M", "Q2_K")
LABELS = ("no", "2", "4", "8", "16")
COLOURS = (FAINT, SAND, ORANGE, SKY, BLUE)
INKS = (GREY, "black", "black", "black", "white")  # that COLOURS bear
FOUR_BITS = LABELS.index("4")
# Three pages for the lesson, chosen by hand.
CHOSEN = {
    "Phones, laptops, small GPUs": [
        ("Phone 8GB (iPhone 16 Pro)", 1),
        ("Phone 16GB (Snapdragon 8 Elite class)", 1),
        ("Laptop 16GB (DDR5-5600, two channels)", 1),
        ("GeForce RTX 4060 Laptop 8GB", 1),
        ("GeForce RTX 4080 16GB", 1),
        ("Apple M5", 1),
    ],
    "Desktops": [
        ("GeForce RTX 4090", 1),
        ("GeForce RTX 5090", 1),
        ("GeForce RTX 3090", 2),
        ("Apple M4 Max (40-core GPU)", 1),
        ("DGX Spark (GB10)", 1),
        ("Apple M3 Ultra 512GB", 1),
    ],
    "GPUs in rows": [
        ("H100 SXM5 80GB", 1),
        ("H200 SXM 141GB", 1),
        ("B200 SXM 180GB", 1),
        ("H100 SXM5 80GB", 8),
        ("H200 SXM 141GB", 8),
        ("B200 SXM 180GB", 8),
    ],
}
# Then every device of the catalogue, one of each: its classes, above so many bytes and up to so many.
CATALOGUE = {
    "All: phones, small computers": (("phone", "cpu"), 0, 100e9),
    "All: server processors": (("cpu",), 100e9, np.inf),
    "All: Apple up to 36 GB": (("apple",), 0, 36e9),
    "All: Apple to 96 GB": (("apple",), 36e9, 96e9),
    "All: Apple above 96 GB": (("apple",), 96e9, np.inf),
    "All: other unified memory": (("nvidia-unified", "amd-unified"), 0, np.inf),
    "All: GeForce up to 8 GB": (("nvidia-consumer",), 0, 8e9),
    "All: GeForce to 12 GB": (("nvidia-consumer",), 8e9, 12e9),
    "All: GeForce above 12 GB": (("nvidia-consumer",), 12e9, np.inf),
    "All: Nvidia without tensor cores": (("nvidia-without-tensor-cores",), 0, np.inf),
    "All: Radeon up to 16 GB": (("amd-consumer",), 0, 16e9),
    "All: Radeon above 16 GB": (("amd-consumer",), 16e9, np.inf),
    "All: Arc": (("intel-consumer",), 0, np.inf),
    "All: workstations up to 32 GB": (("nvidia-workstation",), 0, 32e9),
    "All: workstations above 32 GB": (("nvidia-workstation",), 32e9, np.inf),
    "All: Nvidia servers to 80 GB": (("nvidia-datacenter",), 0, 80e9),
    "All: Nvidia servers above 80 GB": (("nvidia-datacenter",), 80e9, np.inf),
    "All: AMD, Huawei": (("amd-datacenter", "ascend"), 0, np.inf),
    "All: TPUs and others": (("tpu", "other"), 0, np.inf),
}
SIZES = {
    "Below 5 B": (0, 5e9),
    "5 B to 20 B": (5e9, 20e9),
    "20 B to 120 B": (20e9, 120e9),
    "Above 120 B": (120e9, np.inf),
}


def places(page: str) -> list[tuple[str, int]]:
    """Devices of one page and how many of each, smallest memory first where the catalogue fills the page.

    >>> places("All: Apple above 96 GB")[-1]
    ('Apple M5 Ultra', 1)
    """
    if page in CHOSEN:
        return CHOSEN[page]
    classes, low, high = CATALOGUE[page]
    found = [
        row
        for row in catalog.table(records_hardware.Device)
        if row.device_class in classes and low < row.sold <= high
    ]
    return [(row.name, 1) for row in sorted(found, key=lambda row: row.sold)]


def pages() -> list[str]:
    """Names of all pages of devices."""
    return [*CHOSEN, *CATALOGUE]


def models(size: str) -> list[str]:
    """Names of the counted models of one size, largest last."""
    low, high = SIZES[size]
    counted = [Model.named(row.name) for row in catalog.table(records_models.Architecture) if row.layers]
    named = sorted((one for one in counted if low <= one.parameters < high), key=lambda one: one.parameters)
    return [one.name for one in named]


@functools.cache
def rooms(size: str, page: str) -> np.ndarray:
    """Bytes that each model leaves for its cache on each device, at each width: models x devices x WIDTHS.

    They are the same at every context, so they are worked out once for a page.
    """

    def room(name: str, device: str, count: int, weights: str) -> float:
        empty = memory.fits(Model.named(name), Machine.named(device, count), weights=weights, context=0)
        return empty.memory - empty.needed + empty.parts["cache"]

    return np.array(
        [
            [[room(name, *place, weights) for weights in WIDTHS] for place in places(page)]
            for name in models(size)
        ]
    )


def widest(size: str, page: str, context: float) -> np.ndarray:
    """How wide the weights can be: indices into LABELS, models x devices; 0 where not even the narrowest fit.

    >>> llama, gpu = models("5 B to 20 B").index("Llama 3.1 8B"), ("GeForce RTX 4090", 1)
    >>> LABELS[widest("5 B to 20 B", "Desktops", context=8192)[llama, places("Desktops").index(gpu)]]
    '16'
    """
    kept = [
        [
            [
                cache_of(name, *place, weights, context) for weights in WIDTHS[:2]
            ]  # 16 bits, and files of llama.cpp
            for place in places(page)
        ]
        for name in models(size)
    ]
    return (np.array(kept)[..., [0, 1, 1, 1]] <= rooms(size, page)).sum(axis=-1)


def cache_of(name: str, device: str, count: int, weights: str, context: float) -> float:
    """Bytes of one sequence's cache, as the engine usual for the device and the format keeps it."""
    model = Model.named(name)
    tokens = min(context, model.max_context)
    return float(
        memory.Case.of(model, Machine.named(device, count), weights=weights, context=tokens).cache_bytes
    )


def draw(figure: Figure) -> live.Artists:
    """A table of coloured cells, as large as the largest page needs, and what its numbers mean."""
    [axes] = layout.grid(figure)
    key = layout.subtitle(figure)
    key.set_text("widest weights that fit, in bits; no: not even at 2 to 3 bits")
    names, devices = (
        [name for size in SIZES for name in models(size)],
        [name for page in pages() for name in heads(places(page))],
    )
    rows, columns = max(len(models(size)) for size in SIZES), max(len(places(page)) for page in pages())
    lines = max(devices, key=lambda name: name.count("\n"))
    cells = charts.cells(axes, rows, columns, max(names, key=len), lines)
    for head in cells.heads:
        head.set_fontsize(9)
    return live.Artists(finding=layout.headline(figure), cells=cells)


def update(artists: live.Artists, models_of: str, devices: str, context: float) -> str:
    """Fill the table of models and devices; say what fits."""
    names, where = models(models_of), places(devices)
    table = widest(models_of, devices, context)
    artists.cells.show(
        {
            (name, head): (LABELS[index], COLOURS[index])
            for name, row in zip(names, table)
            for head, index in zip(heads(where), row)
        },
        dict(zip(COLOURS, INKS)),
    )
    full, some = counted(table)
    artists.finding.set_text(f"{some} of {table.size} pairs fit, {full} of them at full width")
    return sentence(names, where, table, models_of, devices, context)


def counted(table: np.ndarray) -> tuple[int, int]:
    """How many pairs fit at full width, and how many at all."""
    return int((table == len(WIDTHS)).sum()), int((table > 0).sum())


def sentence(
    names: list[str], where: list, table: np.ndarray, models_of: str, devices: str, context: float
) -> str:
    """How many pairs fit and how, and the largest model that one of the devices holds at four bits."""
    full, some = counted(table)
    held, holders = np.nonzero(table >= FOUR_BITS)
    if held.size:
        best = held.argmax()
        end = (
            f"The largest of these that some device here holds at 4 bits is {names[held[best]]}, "
            f"on {short(*where[holders[best]], ' ')}."
        )
    else:
        end = "None of these devices holds one of these models at 4 bits."
    less = sum(Model.named(name).max_context < context for name in names)
    capped = f" ({less} of them at their own maximum, which is less)" if less else ""
    size = models_of[0].lower() + models_of[1:] if models_of[0].isalpha() else f"of {models_of}"
    return (
        f"{devices.removeprefix('All: ')}, models {size}, {context:,.0f} tokens of context{capped}: {full} of "
        f"{table.size} pairs fit at 16 bits, {some - full} more after quantising, {table.size - some} not at all. "
        f"{end}"
    )


def short(device: str, count: int, gap: str = "\n") -> str:
    """A device's name in short lines, with how many there are.

    >>> short("H200 SXM 141GB", 8, " "), short("GeForce RTX 4060 Laptop 8GB", 1)
    ('8 x H200 141GB', 'RTX 4060\\nLaptop\\n8GB')
    """
    name = device.split(" (")[0]
    for word in ("GeForce ", "Instinct ", " SXM5", " SXM2", " SXM4", " SXM", " server"):
        name = name.replace(word, "")
    return gap.join(textwrap.wrap(f"{count} x {name}" if count > 1 else name, 8, break_long_words=False))


def heads(where: list[tuple[str, int]]) -> list[str]:
    """Short names of the devices of a page; where two are alike, with what their brackets say.

    >>> heads([("Apple M1 (7-core GPU)", 1), ("Apple M1 (8-core GPU)", 1)])
    ['Apple M1\\n7-core GPU', 'Apple M1\\n8-core GPU']
    """
    names = [short(*place) for place in where]
    more = [textwrap.shorten(device.partition("(")[2].strip(")"), 20, placeholder="") for device, _ in where]
    return [
        name if names.count(name) == 1 else "\n".join([name, *textwrap.wrap(words, 10)])
        for name, words in zip(names, more)
    ]


def panel() -> live.Panel:
    """Which open models fit where, page by page: first common machines, then every device of the catalogue."""
    return live.panel(
        draw,
        update,
        title="What fits where: models against devices",
        size=(9, 6.8),
        models_of=controls.choice("Models", list(SIZES), start="20 B to 120 B"),
        devices=controls.choice("Devices", pages(), start="Desktops"),
        context=controls.log_slider("Context", 1024, 131_072, start=8192, unit="tokens", whole=True),
    )
