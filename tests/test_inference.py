"""Laws of machine, estimate and inference: nothing beats physics, parts add up, more never costs less."""

import freeweights as fw
import numpy as np
import pytest
from freeweights import calibrate, catalog, inference, memory, published
from freeweights.records import Calibration, FileSize, Measurement
from hypothesis import given, settings
from hypothesis import strategies as st

MODELS = [
    "GLM-5.2",
    "DeepSeek-R1",
    "Llama 3.1 8B",
    "Llama 3.1 405B",
    "Qwen3-30B-A3B",
    "MiniMax-M1",
    "Granite 4.0 H-Small",
    "Gemma 3 27B",
    "gpt-oss-120b",
]
MACHINES = [
    ("Apple M3 Ultra 512GB", 1),
    ("H200 SXM 141GB", 8),
    ("GeForce RTX 4090", 1),
    ("H100 SXM5 80GB", 2),
    ("DGX Spark (GB10)", 1),
    ("Instinct MI300X", 8),
    ("TPU v5p", 4),
]

models = st.sampled_from(MODELS).map(fw.model)
machines = st.sampled_from(MACHINES).map(lambda one: fw.machine(*one))
widths = st.floats(1.6, 16)
batches = st.integers(1, 512)
contexts = st.integers(1, 32_768)
law = settings(max_examples=150, deadline=None)


def estimates(model, machine, bits, batch, context):
    """Every timed estimate of one case, unmasked, so that laws are tested also where the model does not fit."""
    return [
        inference.decode(model, machine, context, batch, bits),
        inference.prefill(model, machine, context, batch, bits),
        inference.cold_load(model, machine, weights=bits),
    ]


@law
@given(models, machines, widths, batches, contexts)
def test_floor_low_expected_high_stand_in_order_and_parts_add_up(model, machine, bits, batch, context):
    for one in estimates(model, machine, bits, batch, context):
        assert 0 < one._floor <= one._low * (1 + 1e-12) and one._low <= one._expected <= one._high
        assert sum(one._parts.values()) == pytest.approx(one._expected, rel=1e-12)
        assert all(part >= 0 for part in one._parts.values())


@law
@given(models, machines, widths, batches, contexts)
def test_no_step_reads_faster_than_the_memory_or_computes_faster_than_the_peak(
    model, machine, bits, batch, context
):
    step = inference.decode(model, machine, context, batch, bits)
    moved = inference.weights_read(model, batch) * bits / 8 + batch * model.cache_read_bytes(context)
    assert moved / step._expected <= machine.memory_bandwidth * (1 + 1e-12)
    assert batch * model.flops_per_token(context) / step._expected <= machine.flops(bits) * (1 + 1e-12)
    reading = inference.prefill(model, machine, context, batch, bits)
    assert batch * model.prefill_flops(context) / reading._expected <= machine.flops(bits) * (1 + 1e-12)


@law
@given(models, machines, widths, widths, batches, contexts)
def test_more_bits_never_take_less_time(model, machine, some, other, batch, context):
    few, many = sorted((some, other))
    for quick, slow in zip(
        estimates(model, machine, few, batch, context), estimates(model, machine, many, batch, context)
    ):
        assert quick._expected <= slow._expected * (1 + 1e-12)
        assert quick.fit.needed <= slow.fit.needed


@law
@given(models, machines, widths, batches, contexts, st.integers(1, 200))
def test_more_context_or_more_sequences_never_take_less_time(model, machine, bits, batch, context, more):
    here = inference.decode(model, machine, context, batch, bits)
    assert inference.decode(model, machine, context + more, batch, bits)._expected >= here._expected
    crowd = inference.decode(model, machine, context, batch + more, bits)
    assert crowd._expected >= here._expected
    assert crowd.tokens / crowd._expected >= here.tokens / here._expected * (1 - 1e-12)


@law
@given(models, machines, widths, contexts)
def test_slots_are_whole_and_held_caches_fit(model, machine, bits, context):
    room = memory.slots(model, machine, context, bits)
    assert room.expected == int(room.expected) and 0 <= room.expected <= room.floor
    if room.expected:
        assert memory.fits(model, machine, bits, context, int(room.expected)).fits
    assert not memory.fits(model, machine, bits, context, int(room.expected) + 1).fits


@law
@given(models, machines, widths, batches, contexts)
def test_memory_parts_add_up_and_left_or_missing_is_the_difference(model, machine, bits, batch, context):
    fit = memory.fits(model, machine, bits, context, batch)
    assert sum(fit.parts.values()) == pytest.approx(fit.needed)
    assert fit.left - fit.missing == pytest.approx(fit.memory - fit.needed)
    assert fit.fits == (fit.missing == 0)


def test_answers_broadcast_and_equal_the_single_answers():
    glm, node = fw.model("GLM-5.2"), fw.machine("H200 SXM 141GB", count=8)
    batch, context = np.array([[1], [8], [64]]), np.array([1024, 8192])
    together = fw.decode(glm, node, context=context, batch=batch, weights="FP8")
    assert together.expected.shape == (3, 2)
    for i, j in np.ndindex(3, 2):
        alone = fw.decode(glm, node, context=context[j], batch=batch[i, 0], weights="FP8")
        assert together.expected[i, j] == pytest.approx(alone.expected)
        assert together.bottleneck[i, j] == alone.bottleneck
    assert isinstance(alone.expected, float) and isinstance(alone.bottleneck, str)


def test_eight_devices_hold_and_read_eight_times_as_much_but_also_talk():
    one, eight = fw.machine("H200 SXM 141GB"), fw.machine("H200 SXM 141GB", count=8)
    assert (eight.memory, eight.memory_bandwidth) == (8 * one.memory, 8 * one.memory_bandwidth)
    assert one.all_reduce(1e6) == 0 < eight.all_reduce(1e6)
    slow = fw.machine("H200 SXM 141GB", count=8, link="10 GbE")
    assert slow.all_reduce(1e9) > eight.all_reduce(1e9)


COMPARED = [
    pair for pair in map(published.compare, [row for row in catalog.table(Measurement) if row.usable]) if pair
]


def test_most_usable_rows_with_a_known_model_and_device_can_be_predicted():
    known = [
        row
        for row in catalog.table(Measurement)
        if row.usable and row.model and row.device and row.phase != "load"
    ]
    assert len(COMPARED) >= 0.8 * len(known) > 300


@pytest.mark.parametrize("pair", COMPARED, ids=lambda pair: pair.row.id)
def test_no_usable_published_row_beats_its_floor(pair):
    floor = pair.estimate._floor
    assert pair.seconds >= floor, f"{pair.seconds} s published, {floor} s is the floor"


def test_calibration_file_is_what_the_command_makes():
    made = {(row.device_class, row.kind, row.phase): row for row in calibrate.calibrate()}
    kept = {(row.device_class, row.kind, row.phase): row for row in catalog.table(Calibration)}
    assert made.keys() == kept.keys()
    for key, row in made.items():
        for name in ("bandwidth_share", "cache_share", "seconds_per_layer", "compute_share", "fast", "slow"):
            value = getattr(row, name)
            assert getattr(kept[key], name) == (None if value is None else pytest.approx(value, rel=1e-3)), (
                key,
                name,
            )
        assert (kept[key].rows, kept[key].sources) == (row.rows, row.sources)


def test_no_row_of_the_model_that_lesson_01_predicts_was_fitted():
    assert any(row.model == "GLM-5.2" and row.usable for row in catalog.table(Measurement))
    assert all(
        calibrate.features(row) is None for row in catalog.table(Measurement) if row.model == "GLM-5.2"
    )


def test_efficiencies_are_shares():
    for row in catalog.table(Calibration):
        for share in (row.bandwidth_share, row.cache_share, row.compute_share):
            assert share is None or 0 < share <= 1, row
        assert 0 < row.fast <= 1 <= row.slow and row.rows > 0


def test_glm_on_the_desktop_is_predicted_within_its_range():
    pairs = published.comparisons("GLM-5.2", "Apple M3 Ultra 512GB", phase="decode")
    assert len(pairs) >= 4
    for pair in pairs:
        assert pair.estimate.low <= pair.seconds <= pair.estimate.high


@pytest.mark.parametrize("name", ["Q4_K_M", "Q8_0"])
def test_weight_formats_carry_the_bits_that_published_files_show(name):
    bits = catalog.weight_format(name).bits
    sizes = [
        row.size / (row.parameters * bits / 8)
        for row in catalog.table(FileSize)
        if row.format == name and row.parameters
    ]
    assert len(sizes) >= 3 and abs(np.median(sizes) - 1) < 0.02


class TestBadInput:
    glm, mac = fw.model("GLM-5.2"), fw.machine("Apple M3 Ultra 512GB")

    def test_a_batch_of_zero(self):
        with pytest.raises(ValueError, match="batch is 0: 1 or more is needed"):
            fw.decode(self.glm, self.mac, batch=0)

    def test_a_context_above_the_models_maximum(self):
        with pytest.raises(ValueError, match="takes at most 131,072 tokens, 200,000 were given"):
            fw.fits(fw.model("Llama 3.1 8B"), self.mac, context=200_000)

    def test_a_machine_that_cannot_hold_the_model_has_no_speed(self):
        step = fw.decode(self.glm, self.mac, weights="BF16")
        assert step.fits is False
        with pytest.raises(fw.DoesNotFit, match="1.03 TB are missing.*fewer bits"):
            step.tokens_per_second

    def test_in_a_sweep_what_does_not_fit_is_masked_and_never_nan(self):
        step = fw.decode(self.glm, self.mac, weights=np.array([4.5, 16.0]))
        assert step.tokens_per_second.mask.tolist() == [False, True]
        assert np.isfinite(step.tokens_per_second.compressed()).all()

    def test_a_misspelt_machine(self):
        with pytest.raises(fw.UnknownName, match="Did you mean 'H200 SXM 141GB'"):
            fw.machine("H200 141GB SXM")

    def test_a_misspelt_format_and_bits_without_a_number(self):
        with pytest.raises(fw.UnknownName, match="Did you mean .*'Q4_K_M'"):
            fw.decode(self.glm, self.mac, weights="Q4_KN")
        with pytest.raises(ValueError, match="write a number before the word"):
            fw.decode(self.glm, self.mac, weights="four bits")

    def test_bits_out_of_range(self):
        with pytest.raises(ValueError, match="above 0 and at most 64"):
            fw.fits(self.glm, self.mac, weights=0)

    def test_a_device_without_a_published_rate_cannot_prefill_but_can_decode(self):
        phone = fw.machine("Phone 8GB (iPhone 16 Pro)")
        assert fw.decode(fw.model("Gemma 3 4B"), phone, weights="Q4_0").tokens_per_second > 0
        with pytest.raises(fw.CatalogError, match="tflops"):
            fw.prefill(fw.model("Gemma 3 4B"), phone, weights="Q4_0")

    @pytest.mark.parametrize("count", [0, -1, 1.5, "8"])
    def test_a_count_that_is_no_whole_number_from_one(self, count):
        with pytest.raises(ValueError, match="1 device or more"):
            fw.machine("H200 SXM 141GB", count=count)

    def test_a_link_for_one_device(self):
        with pytest.raises(ValueError, match="nothing to be joined to"):
            fw.machine("H200 SXM 141GB", link="400GbE")

    def test_a_model_that_was_only_announced(self):
        with pytest.raises(ValueError, match="announced without a configuration"):
            fw.decode(fw.model("Llama 4 Behemoth"), self.mac)
