"""The panels of lessons 00 and 01 at every combination of choices: numbers that agree, labels that can be read."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import freeweights as fw
import numpy as np
import pytest
from freeweights import against_the_world, catalog, desktop, first_look, live, what_fits
from freeweights import quantities as q
from freeweights.plots import blank, drawing
from freeweights.records import Device
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from matplotlib.transforms import Bbox

laid_out: dict[tuple, np.ndarray] = {}  # by the look of words: where they lie, from where they are put
MODULES = {module.__name__.split(".")[-1]: module for module in (first_look, desktop, what_fits)}


@pytest.fixture(scope="module", params=list(MODULES))
def panel(request):
    return MODULES[request.param].panel()


@pytest.fixture(scope="module")
def look_panel():
    return first_look.panel()


@pytest.fixture(scope="module")
def desk_panel():
    return desktop.panel()


@pytest.fixture(scope="module")
def table_panel():
    return what_fits.panel()


def follow(panel, **values) -> str:
    """Update a panel's artists without encoding a picture; the sentence, checked to hold neither nan nor inf."""
    with drawing():
        return live.readable(panel._update(panel._artists, **panel.values | values), "update()")


def boxes(panel, artists=None) -> dict[str, tuple]:
    """Where every text that can be seen lies, in pixels, shrunk by one so that neighbours may touch."""
    panel.stage.figure.canvas.get_renderer()
    found = artists or [one for one in panel.stage.figure.findobj(Text) if one.get_visible()]
    boxes = {}
    for number, one in enumerate(found):
        if one.get_text().strip():
            x0, y0, x1, y1 = extent(one)
            boxes[f"{number}: {one.get_text()}"] = (x0 + 1, y0 + 1, x1 - 1, y1 - 1)
    return boxes


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


def spots(control) -> list:
    """Both ends and the middle of a slider; all choices."""
    stops = getattr(control, "stops", ())
    return [stops[0], stops[len(stops) // 2], stops[-1]] if stops else list(control.ends)


def anywhere(panel, data) -> dict:
    """Values for all controls of a panel, drawn by hypothesis."""
    stops = {name: getattr(control, "stops", control.ends) for name, control in panel.controls.items()}
    return {name: data.draw(st.sampled_from(values), label=name) for name, values in stops.items()}


def test_the_checks_find_texts_that_overlap():
    assert collisions({"a": (0, 0, 10, 10), "b": (5, 5, 15, 15), "c": (20, 0, 30, 10)}) == [("a", "b")]


def test_the_checks_find_words_that_a_line_or_a_mark_runs_through():
    figure = blank((4, 3))
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.text(0.5, 0.5, "crossed", va="center"), axes.text(0.5, 0.9, "free"), axes.text(0.1, 0.2, "marked")
    axes.plot([0, 1], [0.48, 0.52]), axes.plot([0.12], [0.23], "o")
    assert [name[3:] for name in struck(SimpleNamespace(stage=SimpleNamespace(figure=figure)))] == [
        "crossed",
        "marked",
    ]


def check_along_each_control(panel) -> None:
    """Every control at each of its ends and middles, the others at their start: all text can be read."""
    start = panel.values
    for name, control in panel.controls.items():
        for value in spots(control):
            follow(panel, **start | {name: value})
            check_text(panel, {name: value})


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


# ---- lesson 00


def check_look_marks(panel, where) -> None:
    """Bars, ranges and diamonds lie on the axis; labels lie in the figure and off the other words of their row."""
    art = panel._artists
    for bar in art["bars"]:
        assert 0 <= bar.get_width() <= first_look.LONGEST, where
    shown = [*art["floors"].get_xdata(), *(x for line in art["ranges"] for x in line.get_xdata())]
    assert all(first_look.SHORTEST <= x <= first_look.LONGEST for x in shown), where
    assert all(
        0 <= bars[0].get_x() and bars[0].get_x() + bars[0].get_width() <= 200 + 1e-9 for bars in art["memory"]
    )


def test_every_model_machine_and_format_has_its_answer_in_the_first_panel(look_panel):
    drives, unfit = itertools.cycle(spots(look_panel.controls["disk"])), 0
    limit = look_panel.stage.figure.bbox.width
    for name, place, weights in itertools.product(
        first_look.models(), first_look.MACHINES, first_look.FORMATS
    ):
        where = {"name": name, "place": place, "weights": weights, "disk": next(drives)}
        said = follow(look_panel, **where)
        check_look_marks(look_panel, where)
        fits = fw.fits(
            fw.model(name),
            fw.machine(*first_look.MACHINES[place]),
            weights,
            first_look.PROMPT + first_look.ANSWER,
        ).fits
        assert fits != ("it does not fit" in said), (where, said)
        unfit += not fits
        if weights in (first_look.FORMATS[0], first_look.FORMATS[-1]):
            labels = boxes(look_panel, look_panel._artists["labels"])
            assert all(x0 > 0 and x1 < limit for x0, _, x1, _ in labels.values()), (where, labels)
    assert unfit > 100


def test_the_first_panel_follows_every_drive_in_order(look_panel):
    loads = []
    for disk in first_look.drives():
        follow(look_panel, name="GLM-5.2", place="8 x B200 180GB", weights="FP8", disk=disk)
        check_text(look_panel, disk)
        loads.append(look_panel._artists["bars"][0].get_width())
    assert loads == sorted(loads, reverse=True) and len(set(loads)) > 5


@pytest.mark.parametrize(
    "name, place, weights",
    [
        ("GLM-5.2", "Apple M3 Ultra 512GB", "Q4_K_M"),
        ("Llama 3.1 8B", "GeForce RTX 4090", "Q8_0"),
        ("Kimi K2", "8 x B200 180GB", "FP8"),
    ],
)
def test_the_first_panels_sentence_says_what_the_library_says(look_panel, name, place, weights):
    said = follow(look_panel, name=name, place=place, weights=weights)
    what, where = fw.model(name), fw.machine(*first_look.MACHINES[place])
    middle = first_look.PROMPT + first_look.ANSWER / 2
    assert q.speed(fw.decode(what, where, middle, 1, weights).tokens_per_second) in said
    assert q.duration(fw.prefill(what, where, first_look.PROMPT, weights=weights).seconds) in said
    assert q.duration(fw.cold_load(what, where, look_panel.values["disk"], weights).seconds) in said


def test_a_phone_without_a_published_compute_rate_still_writes(look_panel):
    said = follow(look_panel, name="Llama 3.1 8B", place="Phone, 8 GB", weights="Q2_K")
    assert "reads at an unknown speed" in said and "tokens/s for one user" in said


# ---- lesson 01, the desktop beside a cluster


def check_desk(panel, where) -> str:
    said = follow(panel, **where)
    for marks in (value for key, value in panel._artists.items() if isinstance(key, tuple)):
        low, high = marks["ends"]
        xs = [x for kind in ("range", "mark", "bound", "published") for x in marks[kind].get_xdata()]
        assert all(low <= x <= high for x in xs), (where, xs)
        assert bool(len(marks["mark"].get_xdata())) != (marks["label"].get_text() == "does not fit"), where
    return said


def test_every_model_at_both_ends_of_context_and_users_is_drawn_on_the_desktop_panel(desk_panel):
    controls, unfit = desk_panel.controls, 0
    for name, context, users, formats in itertools.product(
        first_look.models(),
        spots(controls["context"]),
        spots(controls["users"]),
        [("BF16", "Q2_K"), ("Q2_K", "BF16")],
    ):
        where = {
            "name": name,
            "context": context,
            "users": users,
            "desktop": formats[0],
            "cluster": formats[1],
        }
        unfit += "does not fit" in check_desk(desk_panel, where)
    assert unfit > 20


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_desktop_panel_can_be_read_wherever_its_controls_stand(desk_panel, data):
    where = anywhere(desk_panel, data)
    check_desk(desk_panel, where)
    check_text(desk_panel, where)


@pytest.mark.parametrize("users, context", [(1, 4096), (8, 1024), (16, 4096)])
def test_the_desktop_panels_sentence_says_what_the_library_says(desk_panel, users, context):
    said = follow(desk_panel, users=users, context=context)
    glm = fw.model("GLM-5.2")
    for place, weights in ((desktop.DESKTOP, "Q4_K_M"), (desktop.CLUSTER, "FP8")):
        where = fw.machine(*place)
        step = fw.decode(glm, where, context, users, weights)
        assert q.speed(step.tokens_per_second / users) in said
        assert q.speed(fw.prefill(glm, where, context, weights=weights).tokens_per_second) in said
        assert f"room for {fw.slots(glm, where, context, weights).expected:,.0f}" in said
    assert ("for one user" in said) == (users == 1) and "1 user " not in said.replace("one user", "")


def test_a_published_speed_of_many_users_is_said_to_be_that_of_all(desk_panel):
    said = follow(desk_panel, users=8, context=1024)
    assert "in all)" in said and "(published" in said


def test_a_model_that_loads_faster_than_the_axis_begins_is_not_called_too_large(desk_panel):
    said = check_desk(desk_panel, {"name": "SmolLM2-135M-Instruct", "disk": first_look.drives()[-1]})
    assert "loads in" in said and desk_panel._artists["load", "desktop"]["label"].get_text() != "does not fit"


def test_a_context_beyond_the_model_is_said_and_cut(desk_panel):
    said = follow(desk_panel, name="Gemma 3 27B", context=desk_panel.controls["context"].ends[1])
    assert said.startswith(f"Gemma 3 27B reads at most {fw.model('Gemma 3 27B').max_context:,} tokens")


def test_the_world_picture_says_which_rows_were_held_out(monkeypatch):
    from freeweights import calibrate

    assert "No row of GLM-5.2 was used" in live.picture(against_the_world.draw, title="T").sentence
    monkeypatch.setattr(calibrate, "PREDICTED_NOT_FITTED", ())
    assert "No row of" not in live.picture(against_the_world.draw, title="T").sentence


# ---- lesson 01, what fits where


def test_every_page_of_the_table_counts_its_cells_and_can_be_read(table_panel):
    controls = table_panel.controls
    for models_of, devices, context in itertools.product(*(spots(control) for control in controls.values())):
        where = {"models_of": models_of, "devices": devices, "context": context}
        said = follow(table_panel, **where)
        names, places = what_fits.models(models_of), what_fits.places(devices)
        written = [
            cell.get_text() for row in table_panel._artists["widths"] for cell in row if cell.get_text()
        ]
        assert len(written) == len(names) * len(places), where
        assert len(table_panel._artists["cells"].get_paths()) == len(names) * len(places), where
        assert f"{written.count('16')} of {len(written)} pairs fit at 16 bits" in said, where
        assert f"{written.count('no')} not at all" in said, where
        check_text(table_panel, where)


def test_the_pages_hold_every_device_and_every_counted_model():
    shown = {device for page in what_fits.pages() for device, count in what_fits.places(page) if count == 1}
    assert shown == {row.name for row in catalog.table(Device)}
    sizes = [name for size in what_fits.SIZES for name in what_fits.models(size)]
    counted = [row.name for row in catalog.table(catalog.Architecture) if row.layers]
    assert sorted(sizes) == sorted(counted)


@settings(max_examples=100, deadline=None)
@given(
    size=st.sampled_from(list(what_fits.SIZES)), page=st.sampled_from(what_fits.pages()), data=st.data()
)
def test_the_widest_weights_fit_and_the_next_wider_do_not(size, page, data):
    row, name = data.draw(st.sampled_from(list(enumerate(what_fits.models(size)))))
    column, place = data.draw(st.sampled_from(list(enumerate(what_fits.places(page)))))
    tokens = data.draw(st.integers(1024, 131_072))
    what, where = fw.model(name), fw.machine(*place)
    context, found = min(tokens, what.max_context), what_fits.widest(size, page, tokens)[row, column]
    narrow_first = [catalog.weight_format(weights).bits for weights in what_fits.WIDTHS[::-1]]
    assert all(fw.fits(what, where, weights, context).fits for weights in narrow_first[:found])
    assert not any(fw.fits(what, where, weights, context).fits for weights in narrow_first[found:])
