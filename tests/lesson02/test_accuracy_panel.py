"""The picture of the proof: it shows the rows it speaks of, and says where there are too few."""

from __future__ import annotations

import numpy as np
import panels
import pytest
from freeweights.evidence import accuracy_report, held_out
from freeweights.lesson02 import accuracy_panel


@pytest.fixture(scope="module")
def panel():
    return accuracy_panel.panel()


@pytest.mark.parametrize("machines", [accuracy_report.EVERY_MACHINE, *accuracy_report.classes()])
@pytest.mark.parametrize("kind", [accuracy_report.EVERY_KIND, *accuracy_report.KINDS])
def test_the_picture_shows_the_chosen_rows_and_no_others(panel, kind, machines):
    panel.set(kind=kind, machines=machines)
    drawn = sum(len(line.get_xdata()) for line in panel._artists.left.points.values())
    rows = accuracy_report.chosen(kind, machines)
    assert drawn == len(rows)
    said = panel.sentence
    if not rows:
        assert "no row that could be checked is published" in said
    elif len(rows) < held_out.FEW:
        assert (
            f"fewer than {held_out.FEW}" in said and "too few to judge" in panel._artists.finding.get_text()
        )
    else:
        factors = [pair.factor for pair in rows]
        assert f"a factor of {np.median(factors):.2f} of what" in said
        assert f"nine in ten within {np.percentile(factors, 90):.2f};" in said


def test_some_classes_of_machines_have_too_few_rows():
    sizes = [
        len(accuracy_report.chosen(kind, name))
        for kind in accuracy_report.KINDS
        for name in accuracy_report.classes()
    ]
    assert 0 in sizes and any(0 < size < held_out.FEW for size in sizes)


def test_the_worst_rows_are_listed_and_each_source_once():
    rows = accuracy_report.worst(accuracy_report.EVERY_KIND, accuracy_report.EVERY_MACHINE)
    assert len(rows) == accuracy_report.NAMED == len({pair.source for pair in rows})
    assert rows[0].factor == max(pair.factor for pair in held_out.pairs())


def test_numbers_on_the_picture_do_not_cover_each_other(panel):
    for kind in (accuracy_report.EVERY_KIND, *accuracy_report.KINDS):
        panel.set(kind=kind, machines=accuracy_report.EVERY_MACHINE)
        shown = [text.get_position() for text in panel._artists.left.numbers if text.get_text()]
        assert shown
        for index, here in enumerate(shown):
            for other in shown[:index]:
                assert np.hypot(*(np.log10(here) - np.log10(other))) > accuracy_panel.APART


def test_every_control_moves_picture_and_sentence_without_a_problem():
    driven = panels.drive(accuracy_panel.panel())
    assert not driven["problems"] and not driven["still"] and not driven["unnamed"]
