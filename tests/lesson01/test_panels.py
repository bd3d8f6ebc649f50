"""The panels of lesson 01 at every combination of choices: numbers that agree, labels that can be read."""

from __future__ import annotations

import itertools

import freeweights as fw
import pytest
from drawn import anywhere, check_along_each_control, check_text, follow, spots
from freeweights.cost import reference_cases
from freeweights.facts import catalog, records_models
from freeweights.facts import quantities as q
from freeweights.facts.records_hardware import Device
from freeweights.lesson01 import desktop_or_cluster_panel, published_picture, what_fits_panel
from freeweights.page import live
from hypothesis import given, settings
from hypothesis import strategies as st

MODULES = {module.__name__.split(".")[-1]: module for module in (desktop_or_cluster_panel, what_fits_panel)}


@pytest.fixture(scope="module", params=list(MODULES))
def panel(request):
    return MODULES[request.param].panel()


@pytest.fixture(scope="module")
def desk_panel():
    return desktop_or_cluster_panel.panel()


@pytest.fixture(scope="module")
def table_panel():
    return what_fits_panel.panel()


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


def check_desk(panel, where) -> str:
    said = follow(panel, **where)
    for rows in panel._artists.rows.values():
        low, high = rows.bounds.axes.get_xlim()
        lines = [rows.bounds, rows.published, *rows.marks.values(), *rows.ranges.values()]
        xs = [x for line in lines for x in line.get_xdata()]
        assert all(low <= x <= high for x in xs), (where, xs)
        for name, mark in rows.marks.items():
            assert bool(len(mark.get_xdata())) != (rows.words[name].get_text() == "does not fit"), where
    return said


def test_every_model_at_both_ends_of_context_and_users_is_drawn_on_the_desktop_panel(desk_panel):
    controls, unfit = desk_panel.controls, 0
    for name, context, users, formats in itertools.product(
        reference_cases.models(),
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
    for place, weights in ((reference_cases.DESKTOP, "Q4_K_M"), (reference_cases.CLUSTER, "FP8")):
        where = fw.machine(*place)
        step = fw.decode(glm, where, context=context, batch=users, weights=weights)
        assert q.speed(step.tokens_per_second / users) in said
        assert q.speed(fw.prefill(glm, where, prompt=context, weights=weights).tokens_per_second) in said
        assert (
            f"room for {fw.max_sequences(glm, where, context=context, weights=weights).expected:,.0f}" in said
        )
    assert ("for one user" in said) == (users == 1) and "1 user " not in said.replace("one user", "")


def test_a_published_speed_of_many_users_is_said_to_be_that_of_all(desk_panel):
    said = follow(desk_panel, users=8, context=1024)
    assert "in all)" in said and "(published" in said


def test_a_model_that_loads_faster_than_the_axis_begins_is_not_called_too_large(desk_panel):
    said = check_desk(desk_panel, {"name": "SmolLM2-135M-Instruct", "disk": reference_cases.drives()[-1]})
    assert (
        "loads in" in said and desk_panel._artists.rows["load"].words["desktop"].get_text() != "does not fit"
    )


def test_a_context_beyond_the_model_is_said_and_cut(desk_panel):
    said = follow(desk_panel, name="Gemma 3 27B", context=desk_panel.controls["context"].ends[1])
    assert said.startswith(f"Gemma 3 27B reads at most {fw.model('Gemma 3 27B').max_context:,} tokens")


def test_the_world_picture_says_which_rows_were_held_out(monkeypatch):
    from freeweights.evidence import make_calibration as calibrate

    assert "No row of GLM-5.2 was used" in live.picture(published_picture.draw, title="T").sentence
    monkeypatch.setattr(calibrate, "PREDICTED_NOT_FITTED", ())
    assert "No row of" not in live.picture(published_picture.draw, title="T").sentence


def test_every_page_of_the_table_counts_its_cells_and_can_be_read(table_panel):
    controls = table_panel.controls
    for models_of, devices, context in itertools.product(*(spots(control) for control in controls.values())):
        where = {"models_of": models_of, "devices": devices, "context": context}
        said = follow(table_panel, **where)
        names, places = what_fits_panel.models(models_of), what_fits_panel.places(devices)
        written = [
            cell.get_text() for row in table_panel._artists.cells.words for cell in row if cell.get_text()
        ]
        assert len(written) == len(names) * len(places), where
        assert len(table_panel._artists.cells.shades.get_paths()) == len(names) * len(places), where
        assert f"{written.count('16')} of {len(written)} pairs fit at 16 bits" in said, where
        assert f"{written.count('no')} not at all" in said, where
        check_text(table_panel, where)


def test_the_pages_hold_every_device_and_every_counted_model():
    shown = {
        device
        for page in what_fits_panel.pages()
        for device, count in what_fits_panel.places(page)
        if count == 1
    }
    assert shown == {row.name for row in catalog.table(Device)}
    sizes = [name for size in what_fits_panel.SIZES for name in what_fits_panel.models(size)]
    counted = [row.name for row in catalog.table(records_models.Architecture) if row.layers]
    assert sorted(sizes) == sorted(counted)


@settings(max_examples=100, deadline=None)
@given(
    size=st.sampled_from(list(what_fits_panel.SIZES)),
    page=st.sampled_from(what_fits_panel.pages()),
    data=st.data(),
)
def test_the_widest_weights_fit_and_the_next_wider_do_not(size, page, data):
    row, name = data.draw(st.sampled_from(list(enumerate(what_fits_panel.models(size)))))
    column, place = data.draw(st.sampled_from(list(enumerate(what_fits_panel.places(page)))))
    tokens = data.draw(st.integers(1024, 131_072))
    what, where = fw.model(name), fw.machine(*place)
    context, found = min(tokens, what.max_context), what_fits_panel.widest(size, page, tokens)[row, column]
    narrow_first = what_fits_panel.WIDTHS[::-1]
    assert all(
        fw.fits(what, where, weights=weights, context=context).fits for weights in narrow_first[:found]
    )
    assert not any(
        fw.fits(what, where, weights=weights, context=context).fits for weights in narrow_first[found:]
    )
