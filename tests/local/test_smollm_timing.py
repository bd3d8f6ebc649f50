"""The experiments of lesson 01: timings that hang together, bytes and FLOPs counted, recorded figures."""

from __future__ import annotations

import numpy as np
import pytest
from freeweights.facts import catalog
from freeweights.local import download, llama, smollm_timing
from real_weights import smollm_path  # noqa: F401, a fixture

TINY = llama.tiny()


def test_the_decode_sweep_gives_a_positive_time_and_the_least_bytes_for_every_batch():
    sweep = smollm_timing.time_decode(TINY, batches=[1, 4], context=10, steps=3)
    assert (
        (sweep.low > 0).all() and (sweep.low <= sweep.seconds).all() and (sweep.seconds <= sweep.high).all()
    )
    per_token = 2 * 2 * 2 * 16 * 4
    assert sweep.bytes_moved.tolist() == [TINY.nbytes + batch * per_token * 13 for batch in (1, 4)]
    np.testing.assert_allclose(sweep.tokens_per_second, sweep.batch / sweep.seconds)


def test_prefill_flops_of_one_token_are_two_for_each_weight_it_meets():
    matrices = TINY.parameters - 5 * TINY.config.width
    assert smollm_timing.prefill_flops(TINY, 1) == 2 * matrices + 4 * 2 * 4 * 16


def test_prefill_is_timed():
    timed = smollm_timing.time_prefill(TINY, tokens=20, repeats=2)
    assert 0 < timed.low <= timed.seconds <= timed.high


def test_load_is_timed_cold_and_warm(smollm_path):
    warm = smollm_timing.time_load(smollm_path, cold=False)
    assert not warm.cold and warm.read > 0 and warm.build > 0
    assert smollm_timing.time_load(smollm_path).file_bytes == download.GGUF_BYTES


def test_recorded_figures_say_machine_and_date_and_are_of_the_same_size_as_the_model():
    figures = smollm_timing.recorded()
    assert {f"decode batch {batch}" for batch in smollm_timing.BATCHES} <= set(figures)
    assert all(figure.machine and figure.date and figure.value >= 0 for figure in figures.values())
    assert all(figure.value > 0 for figure in figures.values() if figure.unit != "1")
    assert figures["parameters"].value == pytest.approx(134_515_008, rel=1e-5)
    assert figures["perplexity 2 bits"].value > figures["perplexity float32"].value


@pytest.mark.parametrize(
    "text, message",
    [
        ("quantity,value\na,1\n", "expected quantity, value, unit, machine, date"),
        ("quantity,value,unit,machine,date\na,fast,s,m,d\n", "row 2, column value holds 'fast'"),
    ],
)
def test_a_damaged_table_of_recorded_figures_is_refused_with_row_and_column(tmp_path, text, message):
    path = tmp_path / "recorded.csv"
    path.write_text(text)
    with pytest.raises(catalog.CatalogError, match=message):
        smollm_timing.recorded(path)
