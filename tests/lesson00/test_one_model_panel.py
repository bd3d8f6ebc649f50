"""The panel of lesson 00 at every combination of choices: numbers that agree, labels that can be read."""

from __future__ import annotations

import itertools

import freeweights as fw
import pytest
from drawn import boxes, check_along_each_control, check_text, follow, spots
from freeweights.cost import reference_cases
from freeweights.facts import quantities as q
from freeweights.lesson00 import one_model_panel


@pytest.fixture(scope="module")
def look_panel():
    return one_model_panel.panel()


def test_texts_stay_apart_and_inside_along_each_control(look_panel):
    check_along_each_control(look_panel)


def check_look_marks(panel, where) -> None:
    """Marks, ranges and bounds lie on the axis; labels lie in the figure and off the other words of their row."""
    need, waits = panel._artists.need, panel._artists.waits
    lines = [waits.bounds, *waits.marks.values(), *waits.ranges.values()]
    shown = [x for line in lines for x in line.get_xdata()]
    assert all(one_model_panel.SHORTEST <= x <= one_model_panel.LONGEST for x in shown), where
    assert all(
        0 <= bars[0].get_x() <= bars[0].get_x() + bars[0].get_width() <= 2 for bars in need.bars.values()
    )


def test_every_model_machine_and_format_has_its_answer_in_the_first_panel(look_panel):
    drives, unfit = itertools.cycle(spots(look_panel.controls["disk"])), 0
    limit = look_panel.stage.figure.bbox.width
    for name, place, weights in itertools.product(
        reference_cases.models(), one_model_panel.MACHINES, reference_cases.FORMATS
    ):
        where = {"name": name, "place": place, "weights": weights, "disk": next(drives)}
        said = follow(look_panel, **where)
        check_look_marks(look_panel, where)
        fits = fw.fits(
            fw.model(name),
            fw.machine(*one_model_panel.MACHINES[place]),
            weights=weights,
            context=reference_cases.PROMPT + reference_cases.ANSWER,
        ).fits
        assert fits != ("it does not fit" in said), (where, said)
        unfit += not fits
        if weights in (reference_cases.FORMATS[0], reference_cases.FORMATS[-1]):
            labels = boxes(look_panel, look_panel._artists.waits.words.values())
            assert all(x0 > 0 and x1 < limit for x0, _, x1, _ in labels.values()), (where, labels)
    assert unfit > 100


def test_the_first_panel_follows_every_drive_in_order(look_panel):
    loads = []
    for disk in reference_cases.drives():
        follow(look_panel, name="GLM-5.2", place="8 x B200 180GB", weights="FP8", disk=disk)
        check_text(look_panel, disk)
        loads.append(look_panel._artists.waits.marks[one_model_panel.JOBS[0]].get_xdata()[0])
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
    what, where = fw.model(name), fw.machine(*one_model_panel.MACHINES[place])
    middle = reference_cases.PROMPT + reference_cases.ANSWER / 2
    assert q.speed(fw.decode(what, where, context=middle, batch=1, weights=weights).tokens_per_second) in said
    assert q.duration(fw.prefill(what, where, prompt=reference_cases.PROMPT, weights=weights).seconds) in said
    assert (
        q.duration(fw.cold_load(what, where, disk=look_panel.values["disk"], weights=weights).seconds) in said
    )


def test_a_phone_without_a_published_compute_rate_still_writes(look_panel):
    said = follow(look_panel, name="Llama 3.1 8B", place="Phone, 8 GB", weights="Q2_K")
    assert "reads at an unknown speed" in said and "tokens/s for one user" in said
