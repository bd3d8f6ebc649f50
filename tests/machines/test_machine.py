"""What a machine may be made of, what its devices compute, and what they must say to each other."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from freeweights.facts import catalog
from freeweights.facts.records_hardware import AllReduce, Device, Link
from freeweights.facts.vocabulary import Split
from freeweights.machines.interconnect import PORTS, all_reduce_latency, bus_bandwidth
from hypothesis import given
from hypothesis import strategies as st

H200, RTX, MAC = "H200 SXM 141GB", "GeForce RTX 4090", "Apple M3 Ultra 512GB"
SERVER, SSD = "EPYC 9355 server (12-channel DDR5-6400)", "NVMe SSD PCIe 5.0 x4"
LINKS = catalog.table(Link)
JOINABLE = [device for device in catalog.table(Device) if device.link]


@pytest.mark.parametrize("device", JOINABLE, ids=lambda device: device.name)
def test_two_of_every_device_with_an_interconnect_are_joined_by_their_own(device):
    pair = fw.machine(device.name, 2)
    assert pair.link is catalog.link(device.link)
    assert pair.memory == 2 * device.memory


@pytest.mark.parametrize("split", Split)
def test_every_split_holds_all_memory_and_only_turns_keep_devices_waiting(split):
    eight = fw.machine(H200, 8, split=split)
    assert eight.memory == 8 * catalog.device(H200).memory
    assert eight.devices_per_token == (1 if split == "pipeline" else 8)
    assert eight.memory_bandwidth == eight.devices_per_token * catalog.device(H200).memory_bandwidth
    assert eight.flops(16) == eight.devices_per_token * catalog.device(H200).flops_fp16


def test_a_machine_is_named_by_all_it_is_made_of():
    assert fw.machine(RTX).name == RTX
    assert fw.machine(RTX, 2, cpu_host=SERVER, drive=SSD).name == f"2 x {RTX} + {SERVER} + {SSD}"


def test_links_are_found_by_name_whatever_case_and_spaces():
    assert fw.machine(H200, 2, "400gbe").link.name == "400 GbE"
    with pytest.raises(fw.UnknownName, match="Did you mean '400 GbE'"):
        fw.machine(H200, 2, "400 GbEE")


@pytest.mark.parametrize(
    "device, link",
    [
        (RTX, "NVLink 4 (H100/H200)"),
        (RTX, "NVLink bridge (H100 PCIe)"),
        (MAC, "NVLink 4 (H100/H200)"),
        (H200, "Infinity Fabric (MI300X)"),
        (H200, "ICI (TPU v5p)"),
        (H200, "Thunderbolt 5"),
        ("Instinct MI300X", "NVLink 5 (B200/GB200)"),
        ("Radeon RX 7900 XTX", "Infinity Fabric (MI300X)"),
        ("Raspberry Pi 5 16GB", "NVLink 4 (H100/H200)"),
    ],
)
def test_a_link_that_needs_a_port_is_refused_for_a_device_without_it(device, link):
    with pytest.raises(ValueError, match="has no port for .*: choose .*network"):
        fw.machine(device, 2, link)


@pytest.mark.parametrize("device", [RTX, MAC, H200, "Raspberry Pi 5 16GB"])
def test_any_computer_can_be_joined_by_a_network(device):
    pair = fw.machine(device, 2, "100 GbE")
    assert pair.link.name == "100 GbE" and pair.all_reduce(1e6) > 0


def test_devices_without_an_interconnect_ask_for_a_network():
    with pytest.raises(ValueError, match='no interconnect.*link="100 GbE"'):
        fw.machine("Intel Arc B580", 2)


@pytest.mark.parametrize("name", [link.name for link in LINKS if link.kind == "storage"])
def test_a_drive_joins_nothing(name):
    with pytest.raises(ValueError, match="is storage, and a link is needed, for instance 'PCIe 5.0 x16'"):
        fw.machine(H200, 2, name)


@pytest.mark.parametrize("name", [link.name for link in LINKS if link.kind == "memory"])
def test_memory_joins_nothing(name):
    with pytest.raises(ValueError, match="is memory, and a link is needed"):
        fw.machine(H200, 2, name)


@pytest.mark.parametrize("name", [link.name for link in LINKS if link.kind != "storage"])
def test_a_link_stores_nothing(name):
    with pytest.raises(ValueError, match="a drive is needed, for instance 'NVMe SSD PCIe 4.0 x4'"):
        fw.machine(RTX, drive=name)


@pytest.mark.parametrize("count", [0, -1, 1.5, float("nan"), "8", None])
def test_a_count_that_is_no_whole_number_from_one_is_refused(count):
    with pytest.raises(ValueError, match="1 device or more, a whole number"):
        fw.machine(H200, count=count)


@pytest.mark.parametrize("split", ["layers", "", None, "Tensor"])
def test_an_unknown_split_lists_the_three_with_their_meaning(split):
    with pytest.raises(ValueError, match="'tensor' .*'pipeline' .*take turns.*'experts' "):
        fw.machine(H200, 8, split=split)


@pytest.mark.parametrize(
    "part, nearest",
    [
        ({"engine": "vLMM"}, "engine is called 'vLMM'. Did you mean 'vLLM'"),
        ({"cpu_host": "EPYC 9355"}, f"Did you mean .*'{SERVER[:9]}"),
        ({"drive": "NVMe SSD"}, "Did you mean 'NVMe SSD PCIe 3.0 x4'"),
        ({"drive": "floppy"}, "known names begin"),
    ],
)
def test_a_misspelt_part_offers_the_nearest(part, nearest):
    with pytest.raises(fw.UnknownName, match=nearest):
        fw.machine(RTX, **part)


def test_kinds_of_link_that_need_a_port_are_kinds_of_the_data():
    assert set(PORTS) <= {link.kind for link in LINKS}


# Rates

BITS = st.floats(1, 32)


@given(st.sampled_from(catalog.table(Device)), BITS, BITS)
def test_fewer_bits_are_never_computed_slower(device, some, other):
    one = fw.machine(device.name)
    if not one.computes:
        with pytest.raises(fw.CatalogError, match=r"tflops_\* is filled.*prefill cannot"):
            one.flops(some)
        return
    few, many = one.flops(np.sort([some, other]))
    assert few >= many > 0


@pytest.mark.parametrize(
    "device, bits, column",
    [
        ("V100 SXM2 32GB", 8, "flops_fp16"),  # no fp8: the next wider arithmetic
        ("V100 SXM2 32GB", 4, "flops_fp16"),
        ("Tesla P40 24GB", 16, "flops_fp32"),  # no fp16 worth the name
        (MAC, 16, "flops_fp32"),
        (H200, 4.5, "flops_fp8"),
        ("B200 SXM 180GB", 4.5, "flops_fp4"),
        (H200, 32, "flops_fp32"),
    ],
)
def test_a_width_that_a_device_lacks_is_computed_at_the_next_wider(device, bits, column):
    assert fw.machine(device).flops(bits) == getattr(catalog.device(device), column)


# Messages

MESSAGES = st.floats(0, 1e10)


@given(MESSAGES, st.integers(2, 256))
def test_a_ring_sends_each_message_almost_twice_and_waits_for_the_latency(message, count):
    node = fw.machine(H200, count)
    fabric, latency = catalog.link("NVLink 4 (H100/H200)"), node.latency
    assert latency > 0
    crossing = 2 * (count - 1) / count * message
    assert node.all_reduce(message) == pytest.approx(crossing / bus_bandwidth(fabric, count) + latency)
    assert node.all_to_all(message) == pytest.approx(crossing / 2 / fabric.bandwidth + latency)


def test_latency_enters_every_exchange_and_none_is_free_because_nobody_measured_it():
    near, far = fw.machine(H200, 8), fw.machine(H200, 8, "100 GbE")
    assert 0 < near.all_reduce(0) == near.latency < far.all_reduce(0) == far.latency
    unmeasured = fw.machine("V100 SXM2 32GB", 8)
    assert unmeasured.link.latency is None
    assert unmeasured.latency == fw.machine("A100 SXM4 80GB", 8).latency == unmeasured.all_reduce(0)


def test_an_all_reduce_takes_what_was_measured_at_its_number_of_devices():
    for row in catalog.table(AllReduce):
        link = catalog.link(row.link)
        if row.latency:
            assert all_reduce_latency(link, row.devices) == pytest.approx(row.latency)
        if row.bus:
            assert bus_bandwidth(link, row.devices) == pytest.approx(row.bus) and row.bus <= link.bandwidth


@pytest.mark.parametrize(
    "link", [link for link in catalog.table(Link) if link.kind not in ("storage", "memory")]
)
def test_more_devices_never_exchange_sooner(link):
    seconds = [all_reduce_latency(link, count) for count in range(2, 65)]
    assert all(earlier <= later for earlier, later in zip(seconds, seconds[1:]))
    assert all(0 < bus_bandwidth(link, count) <= link.bandwidth for count in range(2, 65))


def test_one_message_that_was_timed_is_one_round_of_an_all_reduce():
    link = catalog.link("Thunderbolt 5")
    assert [all_reduce_latency(link, n) / link.latency for n in (2, 4, 8)] == pytest.approx([1, 2, 3])


@pytest.mark.parametrize("split", Split)
def test_one_device_says_nothing_to_itself(split):
    one = fw.machine(H200, split=split)
    assert one.all_reduce(1e9) == one.all_to_all(1e9) == one.latency == 0
    assert one.all_to_all(np.ones(3)).tolist() == [0, 0, 0]


# Engines


@pytest.mark.parametrize(
    "device, family, engine",
    [
        (H200, "float", "vLLM"),
        (H200, "llama.cpp", "llama.cpp"),
        (MAC, "float", "MLX"),
        (MAC, "mlx", "MLX"),
        (MAC, "llama.cpp", "llama.cpp"),
        (RTX, "float", "llama.cpp"),
        ("Phone 8GB (iPhone 16 Pro)", "llama.cpp", "llama.cpp"),
    ],
)
def test_the_usual_engine_follows_the_device_and_the_format(device, family, engine):
    assert fw.machine(device).engine_for(family).name == engine


@pytest.mark.parametrize("device", catalog.table(Device), ids=lambda device: device.name)
def test_every_device_has_an_engine(device):
    assert device.device_class in fw.machine(device.name).engine_for("").default_for.split(";")


def test_the_engine_asked_for_runs_every_format():
    asked = fw.machine(H200, engine="sglang")
    assert asked.engine_for("llama.cpp").name == asked.engine_for("float").name == "SGLang"


def test_a_machine_cannot_be_changed_once_made():
    with pytest.raises(AttributeError):
        fw.machine(H200).count = 2
    assert fw.machine(H200) == fw.machine(H200)
