"""The three schemes against their publishers' own classifications, and the catalogue counted a second way."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict

import pytest
from freeweights.facts import catalog, figures
from freeweights.facts.records_models import Architecture
from freeweights.facts.records_openness import Component
from freeweights.lesson10 import matrix_panel, schemes, years_picture

MOF, INDEX = schemes.published("MOF"), schemes.published("European index")


@pytest.mark.parametrize("entry", MOF)
def test_the_framework_gives_each_of_its_files_the_class_that_it_publishes(entry):
    assert schemes.mof(MOF[entry]) == MOF[entry]["class"]


@pytest.mark.parametrize("entry", INDEX)
def test_the_index_counts_each_entry_as_published(entry):
    parts = {name: value for name, value in INDEX[entry].items() if name != "count"}
    assert len(parts) == 12 and "/".join(map(str, schemes.index(parts))) == INDEX[entry]["count"]


def test_the_files_hold_what_the_issue_of_their_scheme_is_about():
    assert Counter(parts["class"] for parts in MOF.values()) == {"III": 2, "none": 10, "I": 1}
    assert len(INDEX) == 16 and INDEX["Granite"]["base_data"] == "closed"


@pytest.mark.parametrize(
    "missing, found",
    [
        ((), "I"),
        (("datasets",), "II"),
        (("evaluation_data",), "III"),
        (("evaluation_data", "datasets"), "III"),
        (("data_card",), "none"),
    ],
)
def test_a_class_needs_all_classes_below_it(missing, found):
    every = dict.fromkeys((*schemes.III, *schemes.II, *schemes.I), "open")
    assert schemes.mof(every | dict.fromkeys(missing, "closed")) == found


def test_a_research_paper_stands_in_for_a_technical_report_and_a_part_for_nothing():
    base = dict.fromkeys(schemes.III, "open")
    assert schemes.mof(base | {"technical_report": "closed", "research_paper": "open"}) == "III"
    assert schemes.mof(base | {"data_card": "partial"}) == "none"


def test_the_definition_asks_for_data_information_and_not_for_data():
    asked = dict.fromkeys(("weights", "inference_code", "training_code", "data_description"), "open")
    assert schemes.osaid(asked | {"data": "closed"})
    for name in asked:
        assert not schemes.osaid(asked | {name: "partial"}) and not schemes.osaid(
            {k: v for k, v in asked.items() if k != name}
        )
    assert not {
        one for one in schemes.models("OSAID 1.0") if "Llama 3" in one or "Llama 4" in one
    }  # OSI: not compliant
    assert {"OLMo 2 32B", "OLMo 3 7B"} <= {*schemes.models("OSAID 1.0")}  # OSI on OLMo: compliant


def test_the_counts_are_those_of_the_tables_read_row_by_row():
    values, sizes = defaultdict(dict), Counter()
    with (catalog.DATA / "components.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values[row["release"]][row["component"]] = row["value"]
    with (catalog.DATA / "releases.csv").open(encoding="utf-8") as file:
        sizes.update(row["release"] for row in csv.DictReader(file))
    assert sum(sizes.values()) == len(catalog.table(Architecture))

    def models(*wanted):
        return sum(
            sizes[name] for name, of in values.items() if all(of.get(key) in words for key, words in wanted)
        )

    out = ("weights", ["open"]), ("training_code", ["open"])
    assert len(schemes.models(schemes.WEIGHTS)) == models(out[0])
    assert len(schemes.models(schemes.WEIGHTS, limited=True)) == models(("weights", ["open", "partial"]))
    assert len(schemes.models(schemes.WHOLE)) == models(*out, ("data", ["open"]), ("recipe_report", ["open"]))
    closed = [("data", ["closed"]), ("training_code", ["closed"])]
    assert len(schemes.models(schemes.SHAPE)) == models(out[0], *closed)


def test_what_nobody_read_is_never_open():
    unread = {
        (one.name, part) for one in schemes.releases() for part in schemes.COMPONENTS if part not in one.parts
    }
    assert ("openPangu-Ultra", "data") in unread
    for parts in (one.parts for one in schemes.releases()):
        assert set(schemes.read(parts, True, True)) == set(parts)


@pytest.mark.parametrize("reading", schemes.READINGS)
def test_a_reading_that_is_laxer_about_weights_loses_no_model(reading):
    assert {*schemes.models(reading)} <= {*schemes.models(reading, limited=True)}


def test_every_component_is_one_of_the_ten_and_each_release_has_each_once():
    rows = catalog.table(Component)
    assert {row.component for row in rows} == set(schemes.COMPONENTS)
    assert len({(row.release, row.component) for row in rows}) == len(rows)


def test_the_pages_of_the_matrix_hold_every_release_once():
    shown = [one.name for page in matrix_panel.pages().values() for one in page]
    assert shown == [one.name for one in schemes.releases()]
    assert max(len(page) for page in matrix_panel.pages().values()) <= matrix_panel.ROWS


def test_the_years_are_those_that_were_counted():
    found = years_picture.by_year()
    assert (found[2019], found[2023], found[2025]) == ((13, 18), (11, 40), (0, 24))
    assert figures.openness("index-shape").value <= figures.openness("index-weights").value
