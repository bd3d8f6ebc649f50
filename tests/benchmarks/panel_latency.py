"""From a key or a hand on a slider to changed pixels: each lesson's main panel, beside `interact` and `plt.show`.

Run by hand, with the library and tests/requirements.txt installed, on a machine with nothing else to do:

    python tests/benchmarks/panel_latency.py                      # all of PANELS
    python tests/benchmarks/panel_latency.py desktop moe_panel    # these modules
    python tests/benchmarks/panel_latency.py --link               # over 80 ms and 10 Mbit/s
    python tests/benchmarks/panel_latency.py --density 2          # on a screen of double density

The plain form is as notebooks have it: the inline backend's own settings, one pixel for each of the screen. The
bare form draws nothing: it shows what the way from the key to the kernel and back takes by itself. A press ends, and a picture of a drag begins, with the first animation frame in which the page can read the new
value from the picture; "behind" is how long ago the handle left the value that the picture shows. Frames are
blank where the page has no picture in place, or a film of one more drag shows none. The kernel's time is by the
clock, its "own" what other programs left of that, "compute" the panel's own function.

Measured on 2 quiet cores of an Intel Xeon (Sapphire Rapids, virtual machine), Linux, Python 3.11, JupyterLab 4.6, Chromium 156
without a GPU, 2026-11-22:

                                      key to    pictures longest  changes  blank    ms in the kernel per update
                                 picture, ms  in a drag   behind       of  frames       taken   own
    panel              form    p50    p95       of 60      ms   height   filmed    p50   p95  p50 compute
    first_look         live       59     89            -       -        0     0 of 0        38    47    27     3.5
    first_look         plain     181    227            -       -       11     0 of 0       157   204   144     2.1
    desktop            live       61    127     29/26/27     133        0     0 of 109      40    52    29     4.8
    desktop            plain     223    275        7/6/6     511       33     0 of 75      208   305   192     3.4
    rooflines          live       54     81     29/26/25     125        0     0 of 79       36    50    25     6.9
    rooflines          plain     158    165      10/11/9     337       55     0 of 78      137   183   117     4.3
    moe_panel          live       76     98     23/24/24     133        0     0 of 73       52    72    40     6.1
    moe_panel          plain     178    216        8/9/9     366       42     0 of 61      158   236   142     4.3
    long_context_panel live       60     81     25/28/26     116        0     0 of 88       39    58    27     5.2
    long_context_panel plain     147    163     10/10/11     329       60     0 of 88      135   227   117     6.0
    host_panel         live       72     91     12/12/12      52        0     0 of 56       48    65    36     1.3
    host_panel         plain     140    152     10/11/10     266       38     0 of 55      125   170   108     0.8
    over a link of 80 ms and 10 Mbit/s
    desktop            live      159    184        9/8/8     316        0     0 of 84       33    47    29     4.2
    desktop            plain     356    414        4/4/4     833       16     0 of 68      215   325   192     3.6
    rooflines          live      162    191        8/8/8     331        0     0 of 71       28    41    25     4.7
    rooflines          plain     326    377        4/5/5     715       22     0 of 60      135   187   117     4.4

So a key shows within 76 ms (median) and 127 ms (95 %), and a drag is never more than 133 ms behind. The plain form takes two to
four times as long here, not ten; over the link both wait for the network. (The slider of host_panel has few stops.)
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
PANELS = ("first_look", "desktop", "rooflines", "moe_panel", "long_context_panel", "host_panel")
FORMS = "live", "plain", "bare"
PRESSES, PLAIN_PRESSES = 30, 10
DRAGS = (0.2, 0.8), (0.8, 0.2), (0.2, 0.8)  # from and to, as shares of the track
ROUND_TRIP, BITS_PER_SECOND = 0.08, 10e6


def notebook(name: str, form: str, density: float) -> str:
    """A notebook that shows one panel in one form; the plain one as sharp as the screen."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    code += "%matplotlib inline\n" if form == "plain" else ""
    code += "%config InlineBackend.figure_format = 'retina'\n" if form == "plain" and density > 1 else ""
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
    keys = press(page, PLAIN_PRESSES if form == "plain" else PRESSES)
    sliding = page.locator(".jp-OutputArea .noUi-handle").count() > 0
    drags = [drag(page, *way) for way in DRAGS] if sliding else []
    # A film takes a picture of one colour for none.
    filmed, blank = film(page, *DRAGS[1]) if sliding and form != "bare" else (0, 0)
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
    parser.add_argument("--live", action="store_true", help="leave the other forms out")
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (scratch / "made").mkdir()
        forms = FORMS[:1] if given.live else FORMS
        for name in given.panels:
            for form in forms:
                (scratch / "made" / f"{name}_{form}.ipynb").write_text(notebook(name, form, given.density))
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
