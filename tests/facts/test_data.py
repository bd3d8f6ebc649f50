"""The tables of data/: valid against datapackage.json, physical, sourced, and consistent with each other."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import shutil
from dataclasses import fields

import frictionless
import numpy as np
import pytest
from freeweights.facts import catalog, figures, tables
from freeweights.facts.records_derived import Calibration, HeldOut
from freeweights.facts.records_hardware import BlockType, Device, FileSize, Link, WeightFormat
from freeweights.facts.records_measured import Measurement
from freeweights.facts.records_models import CountException
from freeweights.facts.records_prices import Claim
from freeweights.models import file_formats
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

PACKAGE = catalog.DATA / "datapackage.json"
RESOURCES = json.loads(PACKAGE.read_text(encoding="utf-8"))["resources"]
NAMES = [resource["name"] for resource in RESOURCES]
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
LESSONS = {f"{number:02d}" for number in range(12)}
DEVICES, LINKS, FORMATS, SIZES, BLOCKS = map(catalog.table, (Device, Link, WeightFormat, FileSize, BlockType))
MEASURED = catalog.table(Measurement)
SECONDS_TO_READ_MEMORY = {  # once, at the specified bandwidth: least and most for a device of the class
    "nvidia-consumer": (0.01, 0.05),
    "nvidia-workstation": (0.015, 0.6),
    "nvidia-datacenter": (0.01, 0.08),
    "nvidia-without-tensor-cores": (0.01, 0.08),
    "amd-datacenter": (0.02, 0.08),
    "amd-consumer": (0.01, 0.08),
    "intel-consumer": (0.01, 0.08),
    "nvidia-unified": (0.1, 1.0),
    "amd-unified": (0.1, 1.0),
    "apple": (0.05, 0.8),
    "tpu": (0.01, 0.05),
    "ascend": (0.02, 0.08),
    "cpu": (0.1, 4.0),
    "phone": (0.05, 0.3),
    "other": (1e-6, 0.08),
}
CITABLE = [  # a page, a paper, a package, a standard, files of this folder, an article by its title, a blog
    "https://",
    "http://",
    "arXiv:",
    "PyPI ",
    "npm ",
    "Python package ",
    "IEEE ",
    "OCP ",
    "median of ",
    '" (',
    "technical blog",
]


def schema_of(record: type) -> dict:
    path = tables.TABLES[record]
    return next(resource["schema"] for resource in RESOURCES if resource["path"] == path)


def bits(row: FileSize) -> float:
    return 8 * row.size / row.parameters


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_valid_against_the_data_package(name):
    report = frictionless.Package(str(PACKAGE)).get_resource(name).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])[:5]


@pytest.mark.parametrize(
    "table, column, value",
    [
        ("devices.csv", "link", "a link that nobody sells"),
        ("measurements.csv", "device", "a device that nobody sells"),
        ("devices.csv", "memory_GB", "-1"),
        ("claims.csv", "id", ""),
    ],
)
def test_the_package_notices_a_wrong_cell(tmp_path, table, column, value):
    shutil.copytree(catalog.DATA, tmp_path / "data")
    path = tmp_path / "data" / table
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0][column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    package = frictionless.Package(str(tmp_path / "data" / PACKAGE.name))
    assert not package.get_resource(table.removesuffix(".csv")).validate().valid


@pytest.mark.parametrize("record", tables.TABLES)
def test_the_data_package_describes_the_columns_of_the_record(record):
    described = schema_of(record)["fields"]
    schema = catalog._schema(record)
    assert [field["name"] for field in described] == [column for column, *_ in schema]
    assert [field["type"] for field in described] == [TYPES[kind] for _, kind, *_ in schema]
    assert all(field["description"] for field in described)
    for field, (_, kind, optional, _) in zip(described, schema):
        if kind is not str:
            assert field.get("constraints", {}).get("required", False) is not optional, field["name"]


def test_the_package_lists_the_classes_that_devices_have_and_the_bounds_know_each():
    column = next(field for field in schema_of(Device)["fields"] if field["name"] == "device_class")
    assert (
        set(column["constraints"]["enum"])
        == {d.device_class for d in DEVICES}
        == SECONDS_TO_READ_MEMORY.keys()
    )


def test_every_table_in_the_folder_is_read_and_described():
    files = {path.relative_to(catalog.DATA).as_posix() for path in catalog.DATA.rglob("*.csv")}
    assert files == {resource["path"] for resource in RESOURCES}
    assert files - {"digits.csv", "recorded_smollm.csv", "teacher.csv"} == set(tables.TABLES.values())


@pytest.mark.parametrize("record", [r for r in tables.TABLES if fields(r)[0].name in ("name", "id")])
def test_names_differ_by_more_than_case_spaces_and_punctuation(record):
    names = [getattr(row, fields(record)[0].name) for row in catalog.table(record)]
    plain = [catalog._plain(name) for name in names]
    assert [name for name, short in zip(names, plain) if not short or plain.count(short) > 1] == []


@pytest.mark.parametrize("record", [r for r in tables.TABLES if r not in (Calibration, HeldOut)])
def test_every_row_names_a_source_that_can_be_found(record):
    for row in catalog.table(record):
        name = getattr(row, fields(record)[0].name)
        assert any(mark in row.source for mark in CITABLE), (record.__name__, name, row.source)


def test_no_table_carries_notes_of_how_the_facts_were_collected():
    for path in [*catalog.DATA.rglob("*.csv"), *catalog.DATA.glob("*.json"), *catalog.DATA.glob("*.md")]:
        text = path.read_text(encoding="utf-8")
        for phrase in ("UNVERIFIED", "link to be found", "stored corpus", "stored source", "file id"):
            assert phrase.casefold() not in text.casefold(), (path.name, phrase)


@pytest.mark.parametrize(
    "name",
    [
        "Apple M3 Ultra 512GB",
        "H200 SXM 141GB",
        "H100 SXM5 80GB",
        "GeForce RTX 4090",
        "DGX Spark (GB10)",
    ],
)
def test_devices_the_lessons_name_exist(name):
    assert catalog.device(name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "NVMe SSD PCIe 4.0 x4",
        "NVMe SSD PCIe 5.0 x4",
        "SATA SSD",
        "HDD 7200 rpm enterprise",
        "400 GbE",
        "NVLink 4 (H100/H200)",
        "Thunderbolt 5",
    ],
)
def test_links_the_lessons_name_exist(name):
    assert catalog.link(name).name == name


@pytest.mark.parametrize("device", DEVICES, ids=lambda d: d.name)
def test_device_is_physical(device):
    assert 2014 <= device.year <= 2027
    assert 1e8 <= device.memory <= 2.2e12
    assert 0.6 * device.sold <= device.memory <= 1.074 * device.sold and device.memory_basis
    least, most = SECONDS_TO_READ_MEMORY[device.device_class]
    assert least <= device.memory / device.memory_bandwidth <= most
    rates = [device.flops_fp32, device.flops_fp16, device.flops_fp8, device.flops_fp4]
    known = [rate for rate in rates if rate is not None]
    assert known == sorted(known), "fewer bits are not slower"
    assert all(1e12 <= rate <= 2e17 for rate in known)
    for value in (device.power, device.price, device.rental):
        assert value is None or value > 0
    assert not device.link or catalog.link(device.link)
    assert bool(device.price) <= bool(device.price_basis) and bool(device.rental) == bool(device.rental_date)


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_link_is_physical(link):
    assert 1e6 <= link.bandwidth <= 1e12
    assert link.measured_bandwidth is None or link.measured_bandwidth <= link.bandwidth
    assert link.latency is None or 1e-8 <= link.latency <= 0.1


@pytest.mark.parametrize(
    "row", [b for b in BLOCKS if b.name in GGMLQuantizationType.__members__], ids=lambda b: b.name
)
def test_blocks_spend_what_their_layout_says(row):
    weights, size = GGML_QUANT_SIZES[GGMLQuantizationType[row.name]]
    assert weights * row.bytes == size * row.weights  # the library keeps four blocks of NVFP4 together
    assert row.row_multiple == row.weights


@pytest.mark.parametrize("row", FORMATS, ids=lambda f: f.name)
def test_a_format_spends_what_most_of_its_tensors_are_packed_in(row):
    own = next((r.block for r in file_formats.recipes(row.name) if not r.kind and not r.where), row.name)
    if row.name == "MXFP4_MOE":
        own = "MXFP4"
    block = catalog.block_type(own)
    assert row.bits == pytest.approx(8 * block.bytes / block.weights, abs=1e-5)


def test_what_stands_in_for_a_block_packs_shorter_rows():
    for block in BLOCKS:
        if block.instead:
            other = catalog.block_type(block.instead)
            assert other.row_multiple < block.row_multiple
            assert other.bytes / other.weights >= block.bytes / block.weights


@pytest.mark.parametrize(
    "name, weights, value, overhead",
    [
        ("FP8", 128 * 128, 8, 32),
        ("MXFP8", 32, 8, 8),
        ("MXFP4", 32, 4, 8),
        ("NVFP4", 16, 4, 8),
        ("INT8", 4096, 8, 16),
        ("INT4 g32", 32, 4, 32),
        ("AWQ/GPTQ int4 g128", 128, 4, 20),
        ("MLX 4-bit", 64, 4, 32),
        ("MLX 6-bit", 64, 6, 32),
        ("MLX 8-bit", 64, 8, 32),
    ],
)
def test_scaled_formats_spend_value_bits_and_their_share_of_the_scales(name, weights, value, overhead):
    assert catalog.weight_format(name).bits == pytest.approx(value + overhead / weights, abs=1e-5)


@pytest.mark.parametrize("size", [s for s in SIZES if s.format and s.model], ids=lambda s: s.id)
def test_the_rules_of_its_format_give_the_published_file(size):
    predicted = file_formats.stored_bytes(catalog.architecture(size.model), size.format).file
    close = abs(predicted / size.size - 1) <= 0.005
    excused = size.note.startswith("exception: ")
    assert close is not excused, f"{predicted / size.size - 1:+.2%} against the file; note: '{size.note}'"


def test_published_files_of_models_in_the_catalogue_agree_to_a_thousandth():
    """Half of all, exceptions included, to 0.1 %, nine in ten to 3 %."""
    factors = [
        file_formats.stored_bytes(catalog.architecture(size.model), size.format).file / size.size
        for size in SIZES
        if size.format and size.model
    ]
    off = np.exp(np.abs(np.log(factors)))
    assert len(off) > 50 and np.median(off) < 1.001 and np.percentile(off, 90) < 1.03


@pytest.mark.parametrize(
    "size", [s for s in SIZES if s.parameters and s.format and not s.model], ids=lambda s: s.id
)
def test_a_file_of_another_model_spends_at_least_its_own_blocks_and_at_most_a_tenth_more(size):
    blocks = size.parameters * catalog.weight_format(size.format).bits / 8
    assert -0.01 < size.size / blocks - 1 < 0.13


@pytest.mark.parametrize(
    "kind, bytes_",
    [("Q3_K_M", 31503585116), ("Q4_K_S", 36797132308), ("Q4_K_M", 39352637850), ("Q5_K_M", 46235322941)],
)
def test_the_first_k_quants_of_a_65b_model_are_within_a_percent(kind, bytes_):
    """LLaMA 65B, not in models.csv: Llama 2 70B with as many key heads as heads and narrower blocks (arXiv:2302.13971)."""
    llama = dataclasses.replace(catalog.architecture("Llama 2 70B"), kv_heads=64, ffn_size=22_016)
    assert file_formats.stored_bytes(llama, kind).file == pytest.approx(bytes_, rel=0.02)


@pytest.mark.parametrize("size", [s for s in SIZES if s.parameters], ids=lambda s: s.id)
def test_a_published_file_spends_between_one_and_seventeen_bits(size):
    assert 1 < bits(size) < 17


def test_every_measured_model_device_and_format_resolves():
    for row in MEASURED:
        assert not row.model or catalog.architecture(row.model).name == row.model, row.id
        assert not row.device or catalog.device(row.device).name == row.device, row.id
    known = {row.name for row in FORMATS}
    for row in SIZES:
        assert not row.model or catalog.architecture(row.model).name == row.model, row.id
        assert not row.format or row.format in known, row.id
    for row in catalog.table(CountException):
        assert catalog.architecture(row.model).name == row.model


def test_a_usable_measurement_says_what_a_prediction_needs():
    for row in MEASURED:
        assert row.value > 0 and row.devices >= 1, row.id
        assert row.usable or row.remark, f"{row.id}: why can it not be used?"
        assert row.batch.isdigit() or row.batch in ("", "max"), row.id
        if row.usable and row.phase != "load":
            assert row.batch.isdigit() and int(row.batch) >= 1, row.id
        if row.usable and row.phase == "prefill":
            assert row.prompt and (row.batch == "1" or "at once" in row.remark), row.id
        said = row.unit + row.remark
        spoiled = re.search("combined|cache hits|waiting behind|speculative decoding with", said)
        assert not (row.usable and spoiled), row.id
        assert not row.usable or (row.weights and row.grade != "C"), row.id


@pytest.mark.parametrize(
    "model, device",
    [
        ("GLM-5.2", "Apple M3 Ultra 512GB"),
        ("GLM-5.2", "H200 SXM 141GB"),
        ("DeepSeek-R1", "Apple M3 Ultra 512GB"),
    ],
)
def test_the_desktop_story_has_published_prefill_and_decode(model, device):
    phases = {row.phase for row in figures.measurements(model=model, device=device, usable=True)}
    assert phases == {"prefill", "decode"}


def test_the_course_settles_37_claims_in_lessons_that_exist():
    claims = catalog.table(Claim)
    assert len(claims) == 37
    for claim in claims:
        lessons = claim.lessons.split(", ")
        assert lessons and set(lessons) <= LESSONS, claim.id
