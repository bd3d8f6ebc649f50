"""Reading data/: what is wrong is said with file, row and column; what is misspelt finds its nearest."""

from __future__ import annotations

import csv
import shutil
from dataclasses import FrozenInstanceError, dataclass

import pytest
from freeweights import facts
from freeweights.facts import catalog, figures, tables
from freeweights.facts.catalog import CatalogError, UnknownName
from freeweights.facts.records_hardware import Device, Link, WeightFormat, scaled
from freeweights.facts.records_models import Architecture
from freeweights.facts.records_prices import Claim


@dataclass(frozen=True)
class Thing:
    """A record with a column of every kind."""

    name: str
    count: int
    ready: bool
    mass: float = scaled("mass_g", 1e-3)
    age: int | None
    speed: float | None = scaled("speed_kmh", 1 / 3.6)


HEADER = "name,count,ready,mass_g,age,speed_kmh"
GOOD = "apple,3,yes,150,,36"


def read(tmp_path, *lines: str, name: str = "things.csv"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return catalog.read(path, Thing)


def test_a_good_row_becomes_a_record_in_si_units(tmp_path):
    (row,) = read(tmp_path, HEADER, GOOD)
    assert (row.name, row.count, row.ready, row.age) == ("apple", 3, True, None)
    assert row.mass == pytest.approx(0.15) and row.speed == pytest.approx(10)
    with pytest.raises(FrozenInstanceError):
        row.count = 4


def test_quotation_marks_and_commas_survive(tmp_path):
    (row,) = read(tmp_path, HEADER, '"apple, ""green""",3,no,150,1,')
    assert row.name == 'apple, "green"' and row.ready is False and row.speed is None


@pytest.mark.parametrize(
    "bad, column, says",
    [
        ("apple,three,yes,150,,36", "count", "whole number"),
        ("apple,3.5,yes,150,,36", "count", "whole number"),
        ("apple,3,true,150,,36", "ready", "yes or no"),
        ("apple,3,Yes,150,,36", "ready", "yes or no"),
        ("apple,3,,150,,36", "ready", "empty"),
        ("apple,3,yes,150 g,,36", "mass_g", "without units"),
        ("apple,3,yes,,,36", "mass_g", "empty"),
        ("apple,,yes,150,,36", "count", "empty"),
        ("apple,3,yes,150,old,36", "age", "whole number"),
        ("apple,3,yes,nan,,36", "mass_g", "finite"),
        ("apple,3,yes,inf,,36", "mass_g", "finite"),
        ("apple,3,yes,150,,-inf", "speed_kmh", "finite"),
        ("apple,3,yes,1e999,,36", "mass_g", "finite"),
    ],
)
def test_a_bad_cell_is_named_by_file_row_and_column(tmp_path, bad, column, says):
    with pytest.raises(CatalogError) as caught:
        read(tmp_path, HEADER, GOOD, bad)
    message = str(caught.value)
    assert message.startswith(f"things.csv, row 3, column {column} ") and says in message


@pytest.mark.parametrize(
    "header, named",
    [
        ("name,count,ready,mass_g,age", "speed_kmh"),
        ("name,count,ready,mass_kg,age,speed_kmh", "mass_g"),
        ("name,count,ready,mass_kg,age,speed_kmh", "mass_kg"),
        ("name,count,ready,mass_g,age,speed_kmh,colour", "colour"),
        ("count,name,ready,mass_g,age,speed_kmh", "order"),
        ("", "name"),
    ],
)
def test_a_wrong_header_is_refused_with_the_columns_that_differ(tmp_path, header, named):
    with pytest.raises(CatalogError, match="things.csv, row 1") as caught:
        read(tmp_path, header, GOOD)
    assert named in str(caught.value)


@pytest.mark.parametrize("row, cells", [(GOOD + ",extra", 7), ("apple,3,yes", 3), ("", 0)])
def test_a_row_with_another_number_of_cells_is_refused(tmp_path, row, cells):
    with pytest.raises(CatalogError, match=f"row 3: {cells} cells stand there, 6 are expected"):
        read(tmp_path, HEADER, GOOD, row)


def test_a_missing_file_says_how_to_get_it(tmp_path):
    with pytest.raises(CatalogError, match=r"absent.csv is not in .*pip install -e"):
        catalog.read(tmp_path / "absent.csv", Thing)


def test_a_text_where_a_number_belongs_in_a_real_table_is_named(tmp_path):
    path = tmp_path / "devices.csv"
    shutil.copy(catalog.DATA / "devices.csv", path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[7][rows[0].index("memory_bandwidth_GBps")] = "4.8 TB/s"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    where = "devices.csv, row 8, column memory_bandwidth_GBps"
    with pytest.raises(CatalogError, match=f"{where} holds '4.8 TB/s'"):
        catalog.read(path, Device)


@pytest.mark.parametrize(
    "look_up, wrong, nearest",
    [
        (catalog.architecture, "Lama 3.1 8B", "Llama 3.1 8B"),
        (catalog.architecture, "GLM5.3", "GLM-5.2"),
        (catalog.device, "H200", "H200 SXM 141GB"),
        (catalog.device, "M3 Ultra", "Apple M3 Ultra 512GB"),
        (catalog.device, "RTX 4091", "GeForce RTX 4090"),
        (catalog.link, "NVMe", "NVMe SSD PCIe 4.0 x4"),
        (catalog.weight_format, "Q4_K_N", "Q4_K_M"),
        (figures.claim, "cold-lode", "cold-load"),
    ],
)
def test_a_misspelt_name_gets_its_nearest(look_up, wrong, nearest):
    with pytest.raises(UnknownName) as caught:
        look_up(wrong)
    assert f"'{wrong}'" in str(caught.value) and f"'{nearest}'" in str(caught.value)


@pytest.mark.parametrize(
    "look_up, written, name",
    [
        (catalog.link, "400GbE", "400 GbE"),
        (catalog.link, "nvme ssd pcie 4.0 X4", "NVMe SSD PCIe 4.0 x4"),
        (catalog.device, "h200 sxm 141 GB", "H200 SXM 141GB"),
        (catalog.architecture, "glm 5.2", "GLM-5.2"),
        (catalog.weight_format, "q4-k-m", "Q4_K_M"),
    ],
)
def test_case_spaces_and_punctuation_do_not_matter(look_up, written, name):
    assert look_up(written).name == name


@pytest.mark.parametrize("wrong", [None, 8, 3.1, ["GLM-5.2"], catalog])
def test_something_that_is_no_name_is_refused_with_an_example(wrong):
    with pytest.raises(UnknownName, match="for instance '"):
        catalog.architecture(wrong)


@pytest.mark.parametrize("wrong", ["", "   ", "zzzzzzzz", "…"])
def test_a_name_near_to_nothing_gets_the_first_names(wrong):
    with pytest.raises(UnknownName, match="known names begin"):
        catalog.device(wrong)


@pytest.mark.parametrize(
    "record, look_up",
    [
        (Architecture, catalog.architecture),
        (Device, catalog.device),
        (Link, catalog.link),
        (WeightFormat, catalog.weight_format),
    ],
)
def test_every_name_in_a_table_finds_its_own_row(record, look_up):
    for row in catalog.table(record):
        assert look_up(row.name) is row
    for row in catalog.table(Claim):
        assert figures.claim(row.id) is row


def test_a_table_is_read_once():
    assert catalog.table(Device) is catalog.table(Device)


def test_measurements_filter_by_their_fields_and_know_no_others():
    rows = figures.measurements(phase="decode", device="Apple M3 Ultra 512GB")
    assert rows and all(row.phase == "decode" and row.device == "Apple M3 Ultra 512GB" for row in rows)
    assert figures.measurements(model="no such model") == ()
    with pytest.raises(UnknownName, match="'phase'"):
        figures.measurements(phrase="decode")


def test_the_room_offers_the_record_of_every_table():
    assert all(getattr(facts, record.__name__) is record for record in tables.TABLES)
    assert {record.__name__ for record in tables.TABLES} <= set(facts.__all__)
