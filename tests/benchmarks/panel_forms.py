"""One panel in three forms, in a notebook's kernel: live as the course shows it, plain with `interact`, and bare.

Live and plain draw with the same functions and carry a small square in the lower left corner whose colour
tells the place of the first slider (or first list): a page can then see which value a picture shows. Bare has
the same control and that square, and nothing to compute or draw: what the way to the kernel and back takes.
For `panel_latency`.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import ipywidgets as W
import matplotlib
import numpy as np
from freeweights.page import live
from freeweights.page.controls import Choice, Control, ControlWidget, Slider, Toggle
from freeweights.page.style import STYLE
from IPython.display import display, update_display
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from PIL import Image

SIDE = 0.1  # inches: the square
LOG = Path("kernel.jsonl")
_updates: list[float] = []


def show_live(name: str) -> live.Panel:
    """The panel of a module, its time in the kernel written to `LOG` line by line."""
    draw, update, given = coded(name)
    clock_kernel()
    return live.panel(draw, update, **given)


def show_plain(name: str) -> None:
    """The same figure as many notebooks do it: `interact`, a new figure for each value, `plt.show()`."""
    import matplotlib.pyplot as plt

    draw, update, given = coded(name)
    controls = {name: control for name, control in given.items() if isinstance(control, Control)}

    def redraw(**places):
        values = {name: value_at(controls[name], place) for name, place in places.items()}
        with matplotlib.rc_context(STYLE):
            artists = draw(plt.figure(figsize=given.get("size", (9, 4))))
            said = update(artists, **values)
            plt.show()
        print(said)

    clock_kernel()
    W.interact(redraw, **{name: plain_widget(control) for name, control in controls.items()})


def show_bare(name: str) -> None:
    """The first control of a panel, and the square alone as the picture."""
    given = coded(name)[2]
    control = given[first_control(given)]

    def square() -> dict[str, str]:
        image = Image.new("RGB", (48, 48), to_hex(colour(place_of(control, knob.value))))
        image.save(file := io.BytesIO(), "PNG")
        return {
            "text/html": f'<img src="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}">'
        }

    def follow() -> None:
        update_display(square(), raw=True, display_id=name)
        _updates.append(0.0)

    knob = ControlWidget(control, follow)
    clock_kernel()
    display(knob.row)
    display(square(), raw=True, display_id=name)


def coded(name: str) -> tuple[Callable, Callable, dict]:
    """What a module gives to `live.panel`: draw and update, with the coloured square, and the rest."""
    with mock.patch.object(live, "panel", lambda draw, update, **given: (draw, update, given)):
        draw, update, given = importlib.import_module(f"freeweights.{name}").panel()
    moved = first_control(given)

    def draw_coded(figure):
        width, height = SIDE / figure.get_size_inches()
        square = Rectangle((0, 0), width, height, transform=figure.transFigure, linewidth=0, zorder=1000)
        return {"square": figure.add_artist(square), "artists": draw(figure)}

    def update_coded(artists, **values):
        place = place_of(given[moved], values[moved])
        artists["square"].set_facecolor(colour(place))
        start = time.perf_counter()
        said = update(artists["artists"], **values)
        _updates.append(time.perf_counter() - start)
        return said

    update_coded.__wrapped__ = update  # live.panel checks its signature
    return draw_coded, update_coded, given


def colour(place: int) -> tuple[float, float, float]:
    """The square's colour: the place modulo 256 in steps of 16, which a picture of 256 colours keeps apart."""
    return tuple((16 * step + 8) / 255 for step in (place % 16, place // 16 % 16, 4))


def first_control(given: dict) -> str:
    """The name of the first slider; without one, of the first list."""
    sliders, lists = (
        [name for name, control in given.items() if isinstance(control, kind)] for kind in (Slider, Choice)
    )
    return (sliders or lists)[0]


def place_of(control: Control, value: float | str) -> int:
    """Where a value stands among the stops of a slider or the names of a list."""
    if isinstance(control, Choice):
        return control.ends.index(value)
    return int(np.argmin(np.abs(np.asarray(control.stops) - value)))


def value_at(control: Control, place: int | bool) -> float | str | bool:
    """The value at a place; a switch is its own place."""
    if isinstance(control, Toggle):
        return place
    return (control.ends if isinstance(control, Choice) else control.stops)[place]


def plain_widget(control: Control) -> W.Widget:
    """The widget a notebook would take, which gives a place."""
    if isinstance(control, Toggle):
        return W.Checkbox(control.start, description=control.label)
    start = place_of(control, control.start)
    if isinstance(control, Choice):
        return W.Dropdown(
            options=[(name, place) for place, name in enumerate(control.ends)],
            value=start,
            description=control.label,
        )
    return W.IntSlider(start, 0, len(control.stops) - 1, description=control.label)


def clock_kernel() -> None:
    """From now on, write for each message of a widget that redrew what it took of the kernel, in seconds.

    "kernel" is by the clock, "own" is what other programs on the machine left of it, "update" the panel's own
    function alone.
    """
    from IPython.core.getipython import get_ipython

    handlers = get_ipython().kernel.shell_handlers
    handle = handlers["comm_msg"]

    def timed(*message):
        _updates.clear()
        start, own = time.perf_counter(), time.thread_time()
        result = handle(*message)
        taken = {"kernel": time.perf_counter() - start, "own": time.thread_time() - own}
        if _updates:
            with LOG.open("a") as log:
                print(json.dumps(taken | {"update": sum(_updates)}), file=log)
        return result

    handlers["comm_msg"] = timed
