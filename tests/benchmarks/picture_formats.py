"""What a panel's picture costs in each format: time to encode, bytes, and how far its colours are off.

Run by hand, with the library installed:

    python tests/benchmarks/picture_formats.py

Measured on 1 of 2 cores of an Intel Xeon (Sapphire Rapids, virtual machine) on which other programs kept both
cores busy (load 7), Linux, Python 3.11, Pillow 13.0, 2026-11-22; time is the thread's own, lower quartile of 9:

                                     ms     kB   colours off   by more
                            median most            at most    than 8
    2x  PNG, level 1          28.3   29    157           0       0.0 %
    2x  PNG, 256 colours      19.2   20     68          15       0.3 %
    2x  WebP, lossless        29.7  188     60           0       0.0 %
    2x  JPEG, 85, 4:4:4        5.6    6    195          62       1.3 %
    1x  PNG, level 1           7.7    8     70           0       0.0 %
    1x  PNG, 256 colours       4.1    4     28          14       0.9 %
    1x  WebP, lossless         9.4   53     31           0       0.0 %
    1x  JPEG, 85, 4:4:4        1.6    2     73          56       2.5 %

(medians of the panels; 2x and 1x: pixels for one of the page; colours from 0 to 255)

So the picture at rest is lossless WebP of double density, and while a hand moves PNG of 256 colours of single
density. Lossless WebP has one weakness: some pictures, such as the links of lesson 03 at most batches, take it
six times as long as others. JPEG is fastest, but puts shadows around letters and
takes two to three times the bytes, which a slow link feels: 40 kB more are 32 ms at 10 Mbit/s.
"""

from __future__ import annotations

import importlib
import io
import time
from collections.abc import Callable

import numpy as np
from freeweights.page.style import SHARPNESS
from PIL import Image

# Panels as they open, but for the links at a batch where lossless WebP shows its weakness.
PANELS = {
    name: {}
    for name in (
        "lesson00.one_model_panel",
        "lesson01.desktop_or_cluster_panel",
        "lesson02.roofline_panel",
        "lesson03.moe_against_dense_panel",
        "lesson04.long_context_panel",
    )
}
PANELS["lesson02.links_panel"] = {"batch": 61}
RUNS = 9
FORMATS: dict[str, Callable[[Image.Image, io.BytesIO], None]] = {
    "PNG, level 1": lambda image, file: image.save(file, "PNG", compress_level=1),
    "PNG, 256 colours": lambda image, file: image.quantize(
        256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    ).save(file, "PNG", compress_level=1),
    "WebP, lossless": lambda image, file: image.save(file, "WEBP", lossless=True, method=1, quality=0),
    "JPEG, 85, 4:4:4": lambda image, file: image.save(file, "JPEG", quality=85, subsampling=0),
}


def main() -> None:
    """Encode every panel in every format, in turn; print a row for each."""
    pictures = {}
    for name, setting in PANELS.items():
        panel = importlib.import_module(f"freeweights.{name}").panel()
        panel.set(**setting)
        sharp = Image.fromarray(panel.stage.draw()).convert("RGB")
        pictures[name] = {2: sharp, 1: sharp.reduce(SHARPNESS)}
    print("                                 ms     kB   colours off   by more")
    print("                        median most            at most    than 8")
    for density in (2, 1):
        for name, encode in FORMATS.items():
            rows = np.array([measure(images[density], encode) for images in pictures.values()])
            ms, kilobytes, most, share = np.median(rows, axis=0)
            print(
                f"{density}x  {name:17} {ms:8.1f} {rows[:, 0].max():4.0f} {kilobytes:6.0f} {most:11.0f} "
                f"{100 * share:9.1f} %"
            )


def measure(image: Image.Image, encode: Callable) -> tuple[float, float, int, float]:
    """Milliseconds, kilobytes, the largest error of a colour in 255, the share of pixels off by more than 8."""
    taken = []
    for _ in range(RUNS):
        file, start = io.BytesIO(), time.thread_time()
        encode(image, file)
        taken.append(1e3 * (time.thread_time() - start))
    seen = np.asarray(Image.open(file).convert("RGB"), dtype=int)
    off = np.abs(seen - np.asarray(image, dtype=int)).max(axis=2)
    return (
        float(np.percentile(taken, 25)),
        len(file.getvalue()) / 1e3,
        int(off.max()),
        float((off > 8).mean()),
    )


if __name__ == "__main__":
    main()
