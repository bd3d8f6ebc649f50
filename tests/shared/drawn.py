"""What tests of panels share: what a panel draws at a setting, where its words lie, and what strikes them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from freeweights.page import live, style
from freeweights.page.style import drawing
from hypothesis import strategies as st
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection
from matplotlib.container import BarContainer
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

laid_out: dict[tuple, np.ndarray] = {}  # by the look of words: where they lie, from where they are put


def follow(panel, **values) -> str:
    """Update a panel's artists without encoding a picture; the sentence, checked to hold neither nan nor inf."""
    with drawing():
        return live.readable(panel._update(panel._artists, **panel.values | values), "update()")


def boxes(panel, artists=None) -> dict[str, tuple]:
    """Where every text that can be seen lies, in pixels, shrunk by one so that neighbours may touch."""
    panel.stage.figure.canvas.get_renderer()
    found = artists or [one for one in panel.stage.figure.findobj(Text) if one.get_visible()]
    unseen = beyond(panel.stage.figure)
    boxes = {}
    for number, one in enumerate(found):
        if one.get_text().strip() and one not in unseen:
            x0, y0, x1, y1 = extent(one)
            boxes[f"{number}: {one.get_text()}"] = (x0 + 1, y0 + 1, x1 - 1, y1 - 1)
    return boxes


def beyond(figure) -> set[Text]:
    """Labels of ticks beyond the ends of their axis, or of one that is hidden: matplotlib has them and draws none."""
    sides = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    ends = [sorted(axis.get_view_interval()) for axis in sides]
    ticks = [(tick, low, high) for axis, (low, high) in zip(sides, ends) for tick in axis.majorTicks]
    shown = (tick.axes.axison and low <= tick.get_loc() <= high for tick, low, high in ticks)
    return {tick.label1 for (tick, *_), is_shown in zip(ticks, shown) if not is_shown}


def extent(one: Text) -> tuple[float, float, float, float]:
    """Where a text lies; words that look the same are laid out once, because that takes most of the time."""
    if type(one) is not Text or one.get_wrap():
        return one.get_window_extent().extents
    x, y = one.get_transform().transform(one.get_unitless_position())
    look = (
        one.get_text(), one.get_fontproperties(), one.get_ha(), one.get_va(), one.get_rotation(),
        one.get_rotation_mode(), one._multialignment, one._linespacing, one.get_figure(root=True).dpi,
    )  # fmt: skip
    if look not in laid_out:
        laid_out[look] = one.get_window_extent().extents - (x, y, x, y)
    left, low, right, high = laid_out[look]
    return left + x, low + y, right + x, high + y


def collisions(boxes: dict[str, tuple]) -> list[tuple[str, str]]:
    """Pairs of texts that overlap."""
    names, place = list(boxes), np.array(list(boxes.values()))
    x0, y0, x1, y1 = place.T
    over = (x0[:, None] < x1) & (x0 < x1[:, None]) & (y0[:, None] < y1) & (y0 < y1[:, None])
    return [(names[i], names[j]) for i, j in np.argwhere(np.triu(over, 1))]


def check_text(panel, where) -> None:
    """Every text of a panel lies in its figure and none lies on another."""
    seen = boxes(panel)
    width, height = panel.stage.figure.bbox.size
    outside = [
        name for name, (x0, y0, x1, y1) in seen.items() if x0 < 0 or y0 < 0 or x1 > width or y1 > height
    ]
    assert not outside, (where, outside)
    assert not collisions(seen), (where, collisions(seen))


def struck(panel) -> list[str]:
    """Words in the axes that a curve or a mark runs through; no line is drawn outside them."""
    found = []
    for axes in panel.stage.figure.axes:
        inside = {
            name: Bbox.intersection(Bbox.from_extents(box), axes.bbox)
            for name, box in boxes(panel, axes.texts).items()
        }
        for line in axes.lines:
            path, reach = line.get_transform().transform_path(line.get_path()), line.get_markersize()
            for name, box in inside.items():
                if box is None:
                    continue
                if line.get_linestyle() == "None":
                    over = any(box.padded(reach).contains(*vertex) for vertex in path.vertices)
                else:
                    over = path.vertices.size and path.intersects_bbox(box, filled=False)
                if over:
                    found.append(name)
    return found


def log_bars(axes) -> list[Artist]:
    """What says how much by its length along a logarithmic axis, where no length does: bars, filled steps, wide lines."""
    log = {"vertical": axes.get_yscale() == "log", "horizontal": axes.get_xscale() == "log"}
    bars = [one for one in axes.containers if isinstance(one, BarContainer) and log[one.orientation]]
    filled = [
        one for one in axes.patches if isinstance(one, StepPatch) and one.get_fill() and not one.get_hatch()
    ]
    wide = [
        one for one in axes.collections if isinstance(one, LineCollection) and max(one.get_linewidths()) > 3
    ]
    spans = [(line, np.ptp(ends, axis=0)) for line in wide for ends in line.get_segments()]
    long = [line for line, (across, up) in spans if across and log["horizontal"] or up and log["vertical"]]
    return bars + (filled if log["vertical"] else []) + long


def covered(figure) -> list[str]:
    """Words on which a mark lies; pale ones are meant to lie behind."""
    found, seen = [], SimpleNamespace(stage=SimpleNamespace(figure=figure))
    words = boxes(seen)
    for line in (line for axes in figure.axes for line in axes.lines if line.get_visible()):
        pale = line.get_color() in (style.LIGHT, style.FAINT)
        if pale or line.get_marker() in ("None", None, "", " ") or not len(line.get_xdata()):
            continue
        reach = line.get_markersize() / 2 * figure.dpi / 72
        places = line.get_transform().transform(line.get_xydata())
        places = places[np.isfinite(places).all(axis=1)]
        shown = [
            place for place in places if not line.get_clip_on() or line.axes.bbox.padded(1).contains(*place)
        ]
        for name, box in words.items():
            if any(Bbox.from_extents(box).padded(reach - 2).contains(*place) for place in shown):
                found.append(name)
    return found


def spots(control) -> list:
    """Both ends and the middle of a slider; all choices."""
    stops = getattr(control, "stops", ())
    return [stops[0], stops[len(stops) // 2], stops[-1]] if stops else list(control.ends)


def anywhere(panel, data) -> dict:
    """Values for all controls of a panel, drawn by hypothesis."""
    stops = {name: getattr(control, "stops", control.ends) for name, control in panel.controls.items()}
    return {name: data.draw(st.sampled_from(values), label=name) for name, values in stops.items()}


def check_along_each_control(panel) -> None:
    """Every control at each of its ends and middles, the others at their start: all text can be read."""
    start = panel.values
    for name, control in panel.controls.items():
        for value in spots(control):
            follow(panel, **start | {name: value})
            check_text(panel, {name: value})
