"""The checks of a page, on pages made to fail them."""

from __future__ import annotations

import eyes
import pytest

DOT = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{}</svg>"
WHITE, CLEAR = (DOT.format(f"<rect width='9' height='9' fill='{fill}'/>") for fill in ("white", "none"))


@pytest.fixture
def shows(page):
    """Puts HTML on a dark page as the output of a cell in a notebook 400 pixels wide."""

    def show(html: str):
        page.set_content(
            '<body style="background:#111;color:#eee"><main class="jp-Notebook" style="width:400px">'
            '<div class="jp-Cell-outputArea">'
            f'<div class="jp-OutputArea-output">{html}</div></div></main></body>'
        )
        return page

    return show


@pytest.mark.parametrize("html", [
    '<p style="color:#555">grey</p>',
    '<p style="opacity:0.3">pale</p>',
    '<p style="background:#eee">glaring</p>',
    '<p style="color:rgb(255 255 255 / 0.3)">thin</p>',
    '<input value="typed" style="background:#333;color:#555">',
])  # fmt: skip
def test_text_without_contrast_is_found(shows, html):
    assert len(eyes.faint(shows(html))) == 1


@pytest.mark.parametrize("html", [
    "<p>plain</p>",
    '<p style="color:#111;background:#fff">black on white</p>',
    '<p style="display:none;color:#222">gone</p>',
    '<button disabled style="color:#222">off</button>',
    '<p style="color:#555"> </p>',
    '<div style="background:rgb(255 255 255 / 0.9)"><p style="color:#222">through glass</p></div>',
])  # fmt: skip
def test_text_that_can_be_read_or_is_not_there_is_not_found(shows, html):
    assert eyes.faint(shows(html)) == []


def test_contrast_is_that_of_the_guidelines(shows):
    (found,) = eyes.faint(shows('<p style="color:#777;background:#fff">almost</p>'))
    assert found.startswith("4.48:")  # the well-known grey that just fails
    assert eyes.faint(shows('<p style="color:#767676;background:#fff">just</p>')) == []


def test_a_picture_without_a_white_ground_is_found(shows):
    page = shows(f'<img alt="see-through" src="{CLEAR}"><img alt="white" src="{WHITE}">')
    assert eyes.dark_pictures(page) == ["see-through"]


def test_what_is_too_wide_or_cut_off_is_found(shows):
    page = shows(
        f'<img alt="wide" width="500" src="{WHITE}"><img alt="fits" width="300" src="{WHITE}">'
        '<input value="12345678901234567890" style="width:40px">'
        '<div class="widget-label" style="width:50px;overflow:hidden;white-space:nowrap">many words</div>'
    )
    assert eyes.cut_or_wide(page) == [
        "past the edge of its cell: IMG wide", "cut off: INPUT 12345678901234567890",
        "cut off: DIV many words",
    ]  # fmt: skip


def test_an_image_without_words_is_found(shows):
    silent = f'<img alt=" " src="{WHITE}"><img src="{WHITE}"><img alt="Image" src="{WHITE}">'
    assert len(eyes.mute(shows(f'{silent}<img alt="a dot" src="{WHITE}">'))) == 3


def test_a_slider_is_excused_its_name_only_where_a_named_box_stands_beside_it(shows):
    handle = '<div class="noUi-handle" role="slider" tabindex="0" aria-valuenow="1"></div>'
    named = f'<div class="widget-hbox"><label for="n">Batch</label><input id="n" value="1">{handle}</div>'
    page = shows(named)
    assert (eyes.violations(page)[0], eyes.unnamed_boxes(page)) == ([], [])
    assert len(eyes.unnamed_boxes(shows(named.replace("Batch", "")))) == 1


def test_violations_are_parted_into_ours_and_those_of_jupyterlab(shows):
    page = shows('<button id="ours"></button>')
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button id=theirs></button>')")
    ours, theirs = eyes.violations(page)
    assert [("ours" in one, "button-name" in one) for one in ours] == [(True, True)]
    assert any("theirs" in one for one in theirs)
