"""From a key or a hand on a slider to changed pixels: each lesson's main panel, beside `interact` and `plt.show`.

Run by hand, with the library and tests/requirements.txt installed, on a machine with nothing else to do:

    python tests/benchmarks/panel_latency.py                      # all of PANELS
    python tests/benchmarks/panel_latency.py lesson09.host_panel  # these modules
    python tests/benchmarks/panel_latency.py --link               # over 80 ms and 10 Mbit/s
    python tests/benchmarks/panel_latency.py --density 2          # on a screen of double density

The plain form is as notebooks have it: the inline backend's own settings, as sharp as the screen. The bare form
draws nothing: it shows what the way from the key to the kernel and back takes by itself. A press ends, and a
picture of a drag begins, with the first animation frame in which the page can read the new value from the
picture; "behind" is how long ago the handle left the value that the picture shows. Frames are blank where the
page has no picture in place, or a film of one more drag shows none. The kernel's time is by the clock, its "own"
what other programs left of that, "compute" the panel's own function.

Measured on 2 quiet cores of an Intel Xeon (Sapphire Rapids, virtual machine), Linux, Python 3.11, JupyterLab 4.6, Chromium 156
without a GPU, 2026-11-22, before panels had rooms (first_look is lesson00.one_model_panel, desktop is
lesson01.desktop_or_cluster_panel, rooflines lesson02.roofline_panel, moe_panel lesson03.moe_against_dense_panel):

                                      key to    pictures longest  changes  blank    ms in the kernel per update
                                 picture, ms  in a drag   behind       of  frames       taken   own
    panel              form    p50    p95       of 60      ms   height   filmed    p50   p95  p50 compute
    first_look         live       47     67            -       -        0     0 of 0        28    37    19     2.8
    first_look         plain     158    194            -       -       12     0 of 0       137   173   125     1.2
    first_look         bare       27     38            -       -        0     0 of 0         3     6     1     0.0
    desktop            live       52    126     28/30/27     115        0     0 of 98       33    47    23     2.9
    desktop            plain     221    289        7/7/7     503       22     0 of 70      205   300   187     2.3
    desktop            bare       30     37     26/28/27     114        0     0 of 0         3     7     1     0.0
    rooflines          live       49     73     30/28/24     116        0     0 of 83       30    43    20     2.3
    rooflines          plain     141    160     12/12/11     299       59     0 of 91      123   193   107     1.4
    rooflines          bare       30     35     27/26/26      98        0     0 of 0         3     8     1     0.0
    moe_panel          live       48     75     26/25/27     116        0     0 of 81       32    43    22     2.6
    moe_panel          plain     176    220      9/10/10     396       38     0 of 65      151   219   133     2.0
    moe_panel          bare       29     37     23/24/22      98        0     0 of 0         3     5     1     0.0
    long_context_panel live       52     73     30/28/27     132        0     0 of 88       33    45    23     3.4
    long_context_panel plain     144    155     12/10/12     300       62     0 of 112     128   171   110     4.5
    long_context_panel bare       28     36     26/26/25      99        0     0 of 0         3     6     1     0.0
    host_panel         live       54     74     12/12/12      66        0     0 of 39       33    49    21     1.6
    host_panel         plain     144    152     10/10/11     282       40     0 of 49      125   182   108     0.8
    host_panel         bare       29     37     12/12/12      50        0     0 of 0         3     6     1     0.0
    on a screen of double density
    desktop            live       62     85     32/31/27     148        0     0 of 99       34    47    23     2.8
    desktop            plain     277    339        5/6/5     666       29     0 of 68      263   395   230     2.3
    desktop            bare       30     37     26/28/27      99        0     0 of 0         3     7     1     0.0
    rooflines          live       50     74     28/32/30     128        0     0 of 87       32    47    21     2.5
    rooflines          plain     206    232        8/7/7     507       45     0 of 73      186   261   161     1.6
    rooflines          bare       29     35     28/28/27     112        0     0 of 0         3     7     1     0.0
    moe_panel          live       55     89     27/27/28     116        0     0 of 76       35    52    23     3.1
    moe_panel          plain     233    281        7/8/7     516       28     0 of 49      203   274   178     2.1
    moe_panel          bare       29     36     27/26/24     100        0     0 of 0         3     6     1     0.0
    over a link of 80 ms and 10 Mbit/s
    desktop            live      169    179        9/8/8     317        0     0 of 83       30    53    24     2.8
    desktop            plain     362    438        4/4/4     849       22     0 of 71      219   336   195     2.4
    desktop            bare      102    112     10/11/10     266        0     0 of 0         2     4     1     0.0
    rooflines          live      160    186        8/8/8     316        0     0 of 70       27    37    21     2.3
    rooflines          plain     314    382        5/5/5     733       21     0 of 65      133   201   117     1.6
    rooflines          bare      102    109     11/11/11     230        0     0 of 0         2     4     1     0.0

A key shows within 47 to 54 ms (median; 126 ms at the 95th percentile), and a drag is never more than 132 ms behind. The plain
form takes 2.7 to 4.2 times as long, on a screen of double density 4.1 to 4.5 times. Ten times cannot be reached: with nothing
drawn the way takes 27 to 30 ms, and the plain form no more than 5 to 9 times that. Beside the way, it takes 5 to 9 times as long
as ours. A drag has as many pictures as the bare form, because the page sends a value only when the last one is answered; the
slider of host_panel has few stops.
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

sys.path.insert(0, str(Path(__file__).parents[1] / "shared"))
import browser

# Lesson 05's own panel trains at every move and has a button for it; it is left out.
PANELS = (
    "lesson00.one_model_panel",
    "lesson01.desktop_or_cluster_panel",
    "lesson02.roofline_panel",
    "lesson03.moe_against_dense_panel",
    "lesson04.long_context_panel",
    "lesson09.host_panel",
)
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
