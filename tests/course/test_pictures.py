"""Every panel and picture of the course: no bar on a logarithmic axis, no text over text, none over marks."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import SimpleNamespace

import freeweights
import pytest
from drawn import check_text, covered, follow, log_bars
from freeweights.page import layout, live
from freeweights.page.style import blank, drawing

HOUSE = Path(freeweights.__file__).parent
# Pictures that stand still and need nothing to be trained or timed.
STILL = {"lesson01.published_picture": "draw", "lesson03.expert_parallel_panel": "against_published"}
STILL |= {"lesson05.distillation_bill_panel": "draw_law", "lesson09.list_prices_picture": "draw"}
SLOW = {"lesson05.digit_panel.panel"}  # trains at every move: its own tests go along its controls


def panels() -> dict[str, object]:
    """Every function of a lesson that makes a panel of nothing, by name."""
    names = sorted(f"{path.parent.name}.{path.stem}" for path in HOUSE.glob("lesson??/*_panel.py"))
    modules = {name: importlib.import_module(f"freeweights.{name}") for name in names}
    made = {
        f"{name}.{function}": make
        for name, module in modules.items()
        for function, make in vars(module).items()
        if function.endswith("panel") and inspect.isfunction(make) and make.__module__ == module.__name__
    }
    return {name: make for name, make in made.items() if not inspect.signature(make).parameters}


def test_the_checks_find_every_kind_of_bar_on_a_logarithmic_axis():
    with drawing():
        axes = blank((9, 4)).subplots(1, 5)
        for one in axes[:4]:
            one.set_yscale("log")
        axes[0].bar([1, 2], [10, 20]), axes[1].vlines([1], 1, 100, linewidth=6)
        axes[2].stairs([3, 2], [0, 1, 2], fill=True), axes[3].barh([1, 2], [3, 4]), axes[4].bar([1], [2])
    assert [bool(log_bars(one)) for one in axes] == [True, True, True, False, False]


@pytest.mark.parametrize("name", panels())
def test_every_panel_can_be_read_and_has_no_bar_on_a_logarithmic_axis(name):
    panel = panels()[name]()
    assert not [bar for axes in panel.stage.figure.axes for bar in log_bars(axes)]
    start = panel.values
    ends = [
        {one: end} for one, control in panel.controls.items() for end in (control.ends[0], control.ends[-1])
    ]
    for where in [{}] if name in SLOW else ends:
        follow(panel, **start | where)
        check_text(panel, where)
        assert not covered(panel.stage.figure), (where, covered(panel.stage.figure))


@pytest.mark.parametrize("name, function", STILL.items())
def test_every_still_picture_can_be_read_and_has_no_bar_on_a_logarithmic_axis(name, function):
    figure = blank((9, 4.4))
    with drawing():
        assert live.readable(getattr(importlib.import_module(f"freeweights.{name}"), function)(figure), name)
        layout.settle(figure)
        figure.canvas.draw()
    check_text(SimpleNamespace(stage=SimpleNamespace(figure=figure)), name)
    assert not covered(figure) and not [bar for axes in figure.axes for bar in log_bars(axes)]
