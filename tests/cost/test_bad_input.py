"""What is wrong with a question is said in words: what was given, what is expected, what to do."""

from __future__ import annotations

import freeweights as fw
import numpy as np
import pytest
from freeweights.cost import inference, memory

LLAMA, NODE = fw.model("Llama 3.1 8B"), fw.machine("H200 SXM 141GB")
RAGGED = [[1, 2], [3]]


@pytest.mark.parametrize("value", [0, -3, 0.5, float("nan"), float("inf"), None])
def test_a_batch_that_is_no_number_from_one_is_refused(value):
    with pytest.raises(ValueError, match="batch is .*: 1 or more is needed"):
        memory.fits(LLAMA, NODE, batch=value)


@pytest.mark.parametrize("value", ["eight", RAGGED, {}, ["a"]])
def test_a_batch_that_is_no_array_of_numbers_is_refused(value):
    with pytest.raises(ValueError, match="batch is .*: one number or an array of numbers"):
        memory.fits(LLAMA, NODE, batch=value)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), None, [1, -1]])
def test_a_context_that_is_no_number_of_tokens_is_refused(value):
    with pytest.raises(ValueError, match="A context of .* tokens: numbers from 0 to 131,072"):
        memory.fits(LLAMA, NODE, context=value)


@pytest.mark.parametrize(
    "call, name",
    [(inference.decode, "context"), (inference.prefill, "prompt"), (memory.max_sequences, "context")],
)
@pytest.mark.parametrize("value", ["many", RAGGED])
def test_a_context_that_is_no_array_of_numbers_is_refused(call, name, value):
    with pytest.raises(ValueError, match=f"{name} is .*: one number or an array of numbers"):
        call(LLAMA, NODE, **{name: value})


@pytest.mark.parametrize("call", [memory.fits, inference.decode, inference.prefill, memory.max_sequences])
def test_nothing_about_a_case_is_told_by_its_place_among_the_arguments(call):
    with pytest.raises(TypeError, match="positional argument"):
        call(LLAMA, NODE, 4)


@pytest.mark.parametrize("value", [0, -4, 65, float("nan"), "nan bits", "inf bits", [4, -4]])
def test_bits_outside_their_range_are_refused(value):
    with pytest.raises(ValueError, match="bits per weight lie above 0 and at most 64"):
        memory.fits(LLAMA, NODE, weights=value)


@pytest.mark.parametrize("value", ["many", RAGGED])
def test_fits_refuses_a_context_in_its_own_words(value):
    with pytest.raises(ValueError, match="context.*expected"):
        memory.fits(LLAMA, NODE, context=value)


@pytest.mark.parametrize("value", [RAGGED, ["Q4_0", "Q8_0"], {}])
def test_weights_that_are_neither_a_name_nor_bits_are_refused_in_our_words(value):
    with pytest.raises(ValueError, match="^weights is "):
        memory.fits(LLAMA, NODE, weights=value)


@pytest.mark.parametrize("call, name", [(inference.decode, "context"), (inference.prefill, "prompt")])
def test_arrays_that_do_not_go_together_are_named(call, name):
    with pytest.raises(ValueError, match=r"(context|prompt) \(3,\), batch \(2,\) do not go together"):
        call(LLAMA, NODE, **{name: [1, 2, 3]}, batch=[1, 2])


def test_no_cases_are_no_answers_and_no_error():
    assert np.shape(memory.fits(LLAMA, NODE, context=[]).needed) == (0,)
    assert np.shape(fw.decode(LLAMA, NODE, context=[]).expected) == (0,)


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
        with pytest.raises(fw.DoesNotFit, match="990 GB are missing.*fewer bits"):
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

    @pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), None, [1, -1]])
    def test_a_context_or_a_prompt_that_is_no_number_of_tokens(self, value):
        with pytest.raises(ValueError, match="context is .*: 0 or more is needed"):
            fw.decode(self.glm, self.mac, context=value)
        with pytest.raises(ValueError, match="prompt is .*: 1 or more is needed"):
            fw.prefill(self.glm, self.mac, prompt=value)

    def test_a_prompt_of_no_tokens(self):
        with pytest.raises(ValueError, match="prompt is 0: 1 or more is needed"):
            fw.prefill(self.glm, self.mac, prompt=0)

    @pytest.mark.parametrize("value", ["eight", [[1, 2], [3]], {}])
    def test_a_batch_that_is_no_array_of_numbers(self, value):
        for phase in (fw.decode, fw.prefill):
            with pytest.raises(ValueError, match="batch is .*: one number or an array of numbers"):
                phase(self.glm, self.mac, batch=value)

    @pytest.mark.parametrize("disk", ["NVMe", "100 GBE x", ""])
    def test_a_drive_that_nobody_sells(self, disk):
        with pytest.raises(fw.UnknownName, match="No link or drive is called"):
            fw.cold_load(self.glm, disk=disk)

    def test_a_format_that_the_device_cannot_compute_in_is_computed_wider(self):
        llama, volta = fw.model("Llama 3.1 8B"), fw.machine("V100 SXM2 32GB")
        narrow, wide = (fw.prefill(llama, volta, prompt=8192, weights=name) for name in ("FP8", "BF16"))
        assert narrow.lower_bound == pytest.approx(wide.lower_bound)

    def test_eight_bit_floats_do_not_use_a_rate_for_integers(self):
        ampere = fw.machine("A100 SXM4 80GB")
        assert ampere.device.flops_fp8 is None and ampere.device.flops_int8
        llama = fw.model("Llama 3.1 8B")
        narrow, wide = (
            fw.prefill(llama, ampere, prompt=8192, weights=name).expected for name in ("FP8", "BF16")
        )
        assert narrow == pytest.approx(wide, rel=0.05)

    def test_a_link_for_one_device(self):
        with pytest.raises(ValueError, match="nothing to be joined to"):
            fw.machine("H200 SXM 141GB", link="400GbE")

    def test_a_model_that_was_only_announced(self):
        with pytest.raises(ValueError, match="announced without a configuration"):
            fw.decode(fw.model("Llama 4 Behemoth"), self.mac)
