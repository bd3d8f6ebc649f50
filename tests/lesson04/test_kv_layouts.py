"""Caches as runtimes store them: near every published size, never below need; a panel to read."""

from __future__ import annotations

import itertools
import json

import pytest
from drawn import check_along_each_control, check_text, follow, spots
from freeweights.facts import catalog
from freeweights.facts import quantities as q
from freeweights.facts.records_measured import StoredCache
from freeweights.lesson04 import kv_layouts_panel
from freeweights.models import kv_layouts
from freeweights.models.attention import mixers
from freeweights.models.transformer import model
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def panel():
    return kv_layouts_panel.panel()


# ---- Published sizes


@pytest.mark.parametrize("row", catalog.table(StoredCache), ids=lambda row: row.id)
def test_a_published_cache_is_counted(row):
    """A log of a cache holds nothing else; ollama's total also holds buffers that nobody listed."""
    assert abs(kv_layouts.counted(row) / row.bytes - 1) < (0.15 if row.kind == "measured" else 0.002)


def test_the_data_package_knows_the_same_ways_of_storing():
    package = json.loads((catalog.DATA / "datapackage.json").read_text(encoding="utf-8"))
    (table,) = (one for one in package["resources"] if one["name"] == "caches")
    (field,) = (one for one in table["schema"]["fields"] if one["name"] == "layout")
    assert field["constraints"]["enum"] == list(kv_layouts.LAYOUTS)


def test_the_321_gib_of_deepseek_v3_are_heads_and_scores_and_not_heads_alone():
    v3 = model("DeepSeek-V3")
    heads, scores = 61 * 128 * (128 + 64 + 128) * 2 * 65_536, 128 * 512 * 65_536 * 4
    assert kv_layouts.every_head(v3, 65_536) == heads == 305 * q.GIB
    assert kv_layouts.with_scores(v3, 65_536) == heads + scores == 321 * q.GIB
    assert kv_layouts.needed(v3, 65_536) == pytest.approx(4.29 * q.GIB, rel=1e-3)


def test_one_token_of_sparse_attention_in_fp8_is_the_layout_written_out():
    latent, index_key = 512 + 4 * 4 + 2 * 64, 128 + 4
    assert kv_layouts.eight_bits(model("DeepSeek-V3.2"), 1) == 61 * (latent + index_key)
    assert kv_layouts.eight_bits(model("GLM-5.2"), 1) == 78 * latent + 21 * index_key


# ---- Laws


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(kv_layouts_panel.MODELS), share=st.floats(0, 1))
def test_no_runtime_stores_less_than_is_needed_but_for_its_bits(name, share):
    what = model(name)
    context = int(share * what.max_context)
    sizes = {kv_layouts_panel.LABELS[way]: count(what, context) for way, count in kv_layouts.LAYOUTS.items()}
    least = sizes.pop(kv_layouts_panel.NEEDED)
    eight = sizes.pop(kv_layouts_panel.EIGHT)
    states = sum(layers * mixer.state_bytes for _, layers, mixer in mixers(what.architecture))
    assert all(size >= least for size in sizes.values())
    assert (least - states) / 2 <= eight - states <= 0.6 * (least - states)


@pytest.mark.parametrize("name", kv_layouts_panel.MODELS)
def test_windows_kept_whole_grow_like_full_attention_and_only_they_change(name):
    what = model(name)
    windows = {"window", "chunked"} & {kind for kind, _, _ in mixers(what.architecture)}
    end = what.max_context
    whole, least = kv_layouts.no_windows(what, end), kv_layouts.needed(what, end)
    assert (whole > least) == bool(windows)
    if windows:
        assert whole == pytest.approx(end * kv_layouts.no_windows(what, 1))


@pytest.mark.parametrize("way", kv_layouts.LAYOUTS)
@pytest.mark.parametrize("context", [-1, float("nan"), 10**9])
def test_a_context_that_cannot_be_is_refused(way, context):
    with pytest.raises(ValueError, match="tokens"):
        kv_layouts.LAYOUTS[way](model("DeepSeek-V3.2"), context)


# ---- The panel


def test_texts_stay_apart_and_inside_along_each_control(panel):
    check_along_each_control(panel)


def test_every_model_format_and_context_has_a_title_that_counts_what_does_not_fit(panel):
    seen = set()
    low, high = kv_layouts_panel.LEAST, kv_layouts_panel.MOST
    for name, weights, context in itertools.product(
        kv_layouts_panel.MODELS, kv_layouts_panel.FORMATS, spots(panel.controls["context"])
    ):
        where = {"name": name, "weights": weights, "context": context}
        said = follow(panel, **where)
        rows = panel._artists.rows.marks
        crosses = sum(mark.get_marker() == "X" for mark in rows.values())
        title = panel._artists.title.get_text()
        end = {0: "all fit", len(rows): "none fits"}.get(crosses, f"{crosses} of {len(rows)} do not fit")
        assert title.endswith(end), (where, title)
        assert ("do not fit the desktop" in said or "too large" in said) == bool(crosses), (where, said)
        assert all(low < mark.get_xdata()[0] < high for mark in rows.values()), where
        if context == panel.controls["context"].ends[1]:
            check_text(panel, where)
        seen.add(crosses)
    assert {0, 2, len(rows)} <= seen


def test_the_panel_shows_the_cache_that_no_longer_fits_a_desktop(panel):
    said = follow(panel, name="DeepSeek-R1", context=65_536, weights="Q2_K")
    assert "327 GB: does not fit" in [words.get_text() for words in panel._artists.rows.words.values()]
    assert said.endswith("too large for that: every head of a latent; every head, and scores.")


def test_a_context_beyond_the_model_is_said_and_cut(panel):
    said = follow(panel, name="DeepSeek-R1", context=1_048_576, weights="Q2_K")
    assert said.startswith("DeepSeek-R1 reads at most 163,840 tokens")
