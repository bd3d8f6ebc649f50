"""From a key or a hand on a slider to changed pixels: each lesson's main panel, beside `interact` and `plt.show`.

Run by hand, with the library and tests/requirements.txt installed, on a machine with nothing else to do:

    python tests/benchmarks/panel_latency.py                      # all of PANELS
    python tests/benchmarks/panel_latency.py desktop moe_panel    # these modules
    python tests/benchmarks/panel_latency.py --link               # over 80 ms and 10 Mbit/s
    python tests/benchmarks/panel_latency.py --density 2          # on a screen of double density

The plain form is as notebooks have it: the inline backend's own settings, one pixel per pixel of the page. A
press ends, and a picture of a drag begins, with the first animation frame in which the page can read the new
value from the picture; "behind" is how long ago the handle left the value that the picture shows. Frames are
blank where the page has no picture in place, or a film of one more drag shows none. The kernel's time is by the
clock, its "own" what other programs left of that, "compute" the panel's own function.

TO BE REPLACED by a run on a quiet machine. Measured on 2 cores of an Intel Xeon (virtual machine) that eight
other programs kept busy (load 5 to 10), so that the clock shows three to five times the kernel's own time;
Linux, Python 3.11, JupyterLab 4.6, Chromium 156 without a GPU, 2026-11-22:

                                      key to    pictures longest  changes  blank    ms in the kernel per update
                                 picture, ms  in a drag   behind       of  frames       taken   own
    panel              form    p50    p95       of 60      ms   height   filmed    p50   p95  p50 compute
    first_look         live      181    383            -       -        0     0 of 0       133   220    27     5.0
    desktop            live      171    385     29/13/20     432        0     0 of 141      89   208    29     4.9
    desktop            plain    1128   1345        2/3/3    2033       24     0 of 61      912  1298   236    13.2
    rooflines          live      158    338      8/24/22     867        0     0 of 103      67   189    25     8.0
    rooflines          plain     502    659        3/4/3    1516       33     0 of 72      498   838   134    15.9
    moe_panel          live       96    227     16/15/19     667        0     0 of 108     104   311    43     9.2
    moe_panel          plain     186    253        6/6/5    1017       36     0 of 66      236   572   147     5.7
    long_context_panel live      211    390      12/9/16     521        0     0 of 112     113   236    29     7.1
    long_context_panel plain     306    449      5/11/10     729       50     0 of 63      203   406   119     8.5
    over a link of 80 ms and 10 Mbit/s
    desktop            live      329    459       8/12/8     872        0     0 of 123     148   298    31    10.2
    desktop            plain    1252   1768        3/2/5    2482       26     0 of 66      976  1540   253    12.1
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from panel_watch import WATCH, drag, film, press
from slow_link import slow

sys.path.insert(0, str(Path(__file__).parents[1]))
import browser

# Lesson 05's own panel trains at every move and has a button for it; it is left out.
PANELS = ("first_look", "desktop", "rooflines", "moe_panel", "long_context_panel")
PRESSES, PLAIN_PRESSES = 30, 10
DRAGS = (0.2, 0.8), (0.8, 0.2), (0.2, 0.8)  # from and to, as shares of the track
ROUND_TRIP, BITS_PER_SECOND = 0.08, 10e6


def notebook(name: str, form: str) -> str:
    """A notebook that shows one panel in one form."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    code += "%matplotlib inline\n" if form == "plain" else ""
    code += f"import panel_forms\npanel_forms.show_{form}({name!r})"
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": code,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )


def measure(page, folder: Path, lab: browser.Lab, name: str, form: str) -> dict:
    """Open one panel in one form, press, drag, and say what was seen."""
    log = folder / "kernel.jsonl"
    log.unlink(missing_ok=True)
    browser.open_and_run(page, lab.address(f"{name}_{form}.ipynb"))
    page.wait_for_function("() => document.querySelector('.jp-OutputArea img')?.naturalWidth > 0")
    page.wait_for_timeout(2000)
    page.evaluate(WATCH)
    keys = press(page, PRESSES if form == "live" else PLAIN_PRESSES)
    sliding = page.locator(".jp-OutputArea .noUi-handle").count() > 0
    drags = [drag(page, *way) for way in DRAGS] if sliding else []
    filmed, blank = film(page, *DRAGS[1]) if sliding else (0, 0)
    seen = page.evaluate("seen")
    times = [json.loads(line) for line in log.read_text().splitlines()]
    return {
        "keys": keys,
        "pictures": [len(one["frames"]) for one in drags],
        "behind": max((one["behind"] for one in drags), default=np.nan),
        "heights": len(seen["heights"]) - 1,
        "blank": seen["blank"] + blank,
        "filmed": filmed,
        "kernel": [1e3 * one["kernel"] for one in times],
        "own": [1e3 * one["own"] for one in times],
        "update": [1e3 * one["update"] for one in times],
    }  # fmt: skip


def line(name: str, form: str, found: dict) -> str:
    """One row of the table."""
    middle, high = np.percentile(found["keys"], [50, 95])
    kernel, kernel_high = np.percentile(found["kernel"], [50, 95])
    pictures = "/".join(map(str, found["pictures"])) or "-"
    behind = f"{found['behind']:.0f}" if found["pictures"] else "-"
    return (
        f"{name:18} {form:5} {middle:7.0f} {high:6.0f}   {pictures:>10} {behind:>7}  {found['heights']:7d} "
        f"{found['blank']:5d} of {found['filmed']:<4d} {kernel:6.0f} {kernel_high:5.0f} "
        f"{np.median(found['own']):5.0f} {np.median(found['update']):7.1f}"
    )


HEAD = """                                  key to    pictures longest  changes  blank    ms in the kernel per update
                             picture, ms  in a drag   behind       of  frames       taken   own
panel              form    p50    p95       of 60      ms   height   filmed    p50   p95  p50 compute"""


def main() -> None:
    """Measure the panels named on the command line, print a row for each form."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("panels", nargs="*", default=PANELS, help="modules with a function panel()")
    parser.add_argument("--link", action="store_true", help="over a link of 80 ms and 10 Mbit/s")
    parser.add_argument("--density", type=float, default=1, help="device pixels per pixel of the page")
    parser.add_argument("--live", action="store_true", help="leave the plain form out")
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (scratch / "made").mkdir()
        forms = ("live",) if given.live else ("live", "plain")
        for name in given.panels:
            for form in forms:
                (scratch / "made" / f"{name}_{form}.ipynb").write_text(notebook(name, form))
        lab = stack.enter_context(browser.lab(scratch / "made", scratch))
        if given.link:
            host, port = lab.root.rsplit(":", 1)
            far = stack.enter_context(slow(int(port), ROUND_TRIP, BITS_PER_SECOND))
            lab = dataclasses.replace(lab, root=f"{host}:{far}")
        play = stack.enter_context(sync_playwright())
        chromium = play.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
        stack.callback(chromium.close)
        print(HEAD)
        for name in given.panels:
            for form in forms:
                page = chromium.new_page(
                    viewport={"width": 1280, "height": 1000}, device_scale_factor=given.density
                )
                print(line(name, form, measure(page, scratch / "notebooks", lab, name, form)), flush=True)
                page.close()
                lab.close_all()


if __name__ == "__main__":
    main()
