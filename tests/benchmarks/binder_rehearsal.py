"""Binder rehearsed: the build timed, then every lesson opened, run and moved, with its memory measured.

Run by hand, from the top folder of the course, on Linux with Chromium and a network:

    .venv/bin/python tests/benchmarks/binder_rehearsal.py                          # every lesson
    .venv/bin/python tests/benchmarks/binder_rehearsal.py notebooks/00_start_here.ipynb

What is timed is what this folder adds to the image; the base image, an Ubuntu with a conda environment, is
not. Weights and caches are fetched anew. Each lesson gets a server of its own on one processor with one
thread of BLAS, like a pod of mybinder.org; the browser shares the processors. Memory is that of the server
and its kernels, shared pages counted once, the highest of five measurements a second. The first panel is
there when its controls stand on the page: counted from opening the link on a server that is ready.

Measured on 2 quiet cores of an Intel Xeon (Sapphire Rapids, virtual machine), Linux, 2026-11-22, and 01, 06, 07, 08 and 10 on
2026-12-01. Without the base image the build took 19 seconds. Each lesson stays within the 450 MB that mybinder.org
guarantees, the four that hold SmolLM2 for a while within 1.2 GB of the 2 GB that it allows:

    environment for the base image        5.8 s
    pip install of the pins               7.6 s
    pip check                          No broken requirements found.
    postBuild, weights fetched            5.4 s
                                            seconds to    memory in MB
    lesson                       ready   panel     end  server    most
    00_start_here                  2.0     5.8     5.9     145     288  within 450 MB
    01_weights_versus_compute      1.8    64.6    65.6     145    1102  within 1,200 MB
    02_hardware_bottlenecks        2.0     9.9    11.2      98     438  within 450 MB
    03_moe_efficiency              2.0     5.7    50.5      98     374  within 450 MB
    04_long_context                2.0    11.8    12.5      98     323  within 450 MB
    05_distillation                2.0     8.3    35.3      98     981  within 1,200 MB
    06_practical_intelligence      1.8     5.0    67.7      97    1156  within 1,200 MB
    07_training_and_capital        1.8     5.0    18.8      98     359  within 450 MB
    08_training_together           2.0     9.6    18.9     142     324  within 450 MB
    09_who_gets_paid               2.0     6.0     8.1      98     353  within 450 MB
    10_what_is_open                3.6     8.0    36.5     130    1067  within 1,200 MB
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "shared"))

import binder
import browser
import patience
from playwright.sync_api import Browser, sync_playwright

# The saved page shows panels too, but without controls.
FIRST_PANEL = """new MutationObserver((_, watcher) => {
    if (document.querySelector('.jp-Cell-outputArea:has(.freeweights [role=status]) .jupyter-widgets')) {
        window.firstPanel = Date.now();
        watcher.disconnect();
    }
}).observe(document, {childList: true, subtree: true});"""


def timed(what: str, work: Callable[..., object], *given: object) -> object:
    """Do it, print how long it took, return what it returned."""
    start = time.perf_counter()
    result = work(*given)
    print(f"    {what:34} {time.perf_counter() - start:6.1f} s", flush=True)
    return result


def lesson(image: binder.Image, chromium: Browser, path: str) -> str:
    """Run one lesson on a server of its own; one line of the table."""
    start = time.perf_counter()
    with binder.serve(image) as server, server.watched() as memory:
        up, idle = time.perf_counter() - start, server.memory()
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(patience.ANSWER * 1000)
        troubles = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.add_init_script(FIRST_PANEL)
        start = time.time()
        browser.open_and_run(page, server.address.format(f"lab/tree/{path}"))
        whole = time.time() - start
        panel = page.evaluate("window.firstPanel") / 1000 - start
        troubles += page.locator(binder.CELL_ERROR).all_inner_texts() + binder.panels_that_stay(page)
        page.close()
        most = max(memory)
    planned = binder.planned_memory(Path(path))
    kept = f"{'within' if most < planned else 'OVER'} {planned / 1e6:,.0f} MB"
    measured = f"{up:5.1f} {panel:7.1f} {whole:7.1f} {idle / 1e6:7.0f} {most / 1e6:7.0f}"
    return "\n        ".join([f"    {Path(path).stem:28} {measured}  {kept}", *troubles])


def main(paths: list[str]) -> None:
    """Build, then run the given lessons, or all."""
    paths = paths or [f"notebooks/{path.name}" for path in sorted((binder.TOP / "notebooks").glob("*.ipynb"))]
    os.environ["UV_COMPILE_BYTECODE"] = "1"  # as the base image's packages are
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        image = timed("environment for the base image", binder.base, scratch)
        timed("pip install of the pins", binder.install_pins, image)
        print(f"    {'pip check':34} {image.run('pip', 'check').strip()}")
        timed("postBuild, weights fetched", binder.post_build, image)
        print(f"    {'':28} {'seconds to':>21} {'memory in MB':>15}")
        print(f"    {'lesson':28} {'ready':>5} {'panel':>7} {'end':>7} {'server':>7} {'most':>7}")
        with sync_playwright() as play:
            chromium = play.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
            for path in paths:
                print(lesson(image, chromium, path), flush=True)
            chromium.close()


if __name__ == "__main__":
    main(sys.argv[1:])
