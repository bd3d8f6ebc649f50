"""Lesson 01's experiments: pictures of any sweep, verdicts that recompute, and the whole lesson without a network."""

from __future__ import annotations

import inspect
import os
import re

import freeweights as fw
import numpy as np
import patience
import pytest
from freeweights.facts import quantities as q
from freeweights.lesson01 import smollm_pictures
from freeweights.local import download, measured_or_recorded, smollm_timing
from freeweights.page import layout, live
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from panels import NOTEBOOKS

LESSON = NOTEBOOKS / "01_weights_versus_compute.ipynb"
MINE, _ = measured_or_recorded.rates(None)
RECORDED = measured_or_recorded.recorded_words()


def sweep(seconds, batch=smollm_timing.BATCHES, spread=0.0) -> smollm_timing.DecodeSweep:
    """A made-up sweep."""
    seconds = np.asarray(seconds, float)
    moved = 538e6 + np.asarray(batch) * 1e6
    return smollm_timing.DecodeSweep(
        np.asarray(batch), seconds, seconds * (1 - spread), seconds * (1 + spread), moved
    )


def drawn(draw, *given) -> tuple[str, list]:
    """The sentence of a picture, and its texts: each inside the figure, none upon another."""
    figures = []

    def keep(figure):
        figures.append(figure)
        return draw(figure, *given)

    said = live.picture(keep, title="T").sentence
    axes = figures[0].axes[0]
    sides = [(axes.xaxis, *axes.get_xlim()), (axes.yaxis, *axes.get_ylim())]
    beyond = {
        tick.label1
        for side, low, high in sides
        for tick in side.get_major_ticks()
        if not low <= tick.get_loc() <= high
    }
    seen = [
        one
        for one in figures[0].findobj(Text)
        if one.get_visible() and one.get_text().strip() and one not in beyond
    ]
    boxes = [(one.get_text(), one.get_window_extent()) for one in seen]
    width, height = figures[0].bbox.size
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text
    for index, (text, box) in enumerate(boxes):
        for other, place in boxes[:index]:
            across = min(box.x1, place.x1) - max(box.x0, place.x0)
            along = min(box.y1, place.y1) - max(box.y0, place.y0)
            assert across <= 2 or along <= 2, (text, other)
    return said, [text for text, _ in boxes]


@pytest.mark.parametrize(
    "made",
    [
        sweep([0.02], batch=[1]),
        sweep([0.02, 0.021], batch=[1, 2]),
        sweep(np.full(10, 0.0168)),
        sweep(0.0167 * np.asarray(smollm_timing.BATCHES)),
        sweep(np.linspace(0.02, 5.0, 10), spread=0.9),
        sweep([1e-4] * 10),
        sweep(measured_or_recorded.decode(None)[0].seconds),
    ],
    ids=[
        "batch 1 only",
        "two batches",
        "no overhead",
        "no sharing",
        "noisy",
        "faster than the floor",
        "recorded",
    ],
)
def test_any_sweep_is_drawn_with_labels_apart_and_said_without_nan(made):
    said, texts = drawn(smollm_pictures.draw_batch, made, MINE, RECORDED)
    assert {"bytes alone", "FLOPs alone", "floor + overhead"} <= set(texts)
    assert q.duration(made.seconds[0]) in said and RECORDED in said


@settings(max_examples=40, deadline=None)
@given(first=st.floats(1e-3, 1.0), growth=st.floats(1.0, 40.0), spread=st.floats(0.0, 0.99))
def test_sweeps_of_any_speed_are_drawn(first, growth, spread):
    drawn(
        smollm_pictures.draw_batch,
        sweep(np.linspace(first, first * growth, 10), spread=spread),
        MINE,
        "measured here, now",
    )


def test_the_sentence_under_a_sweep_recomputes():
    made = sweep(np.linspace(0.02, 0.08, 10))
    said, texts = drawn(smollm_pictures.draw_batch, made, MINE, "measured here, now")
    assert "32 users cost 4 times the time of one, not 32 times" in texts
    floor = made.bytes_moved[0] / MINE.matrix_vector.median
    assert f"its bytes explain {q.percent(floor / 0.02)}" in said and "yields 8 times" in said


def test_bytes_that_need_longer_than_the_step_took_are_not_called_a_share():
    said, _ = drawn(smollm_pictures.draw_batch, sweep([1e-4] * 10), MINE, "measured here, now")
    assert "less than its bytes need" in said and "explain" not in said


def test_where_bytes_and_flops_take_as_long_the_lunch_ends():
    smol, batch = fw.model(measured_or_recorded.SMOL), smollm_pictures.free_batch_limit(MINE)
    reading = 4 * smol.shared_weights / MINE.matrix_vector.median
    assert batch * smol.flops_per_token(1) / MINE.matrix_matrix.median == pytest.approx(reading)


def quantised(**by_bits):
    size = {32: 538e6, 8: 151e6, 4: 84e6, 3: 67e6, 2: 51e6}
    return [measured_or_recorded.Quantised(bits, size[bits], by_bits[f"b{bits}"]) for bits in size]


@pytest.mark.parametrize(
    "found",
    [
        quantised(b32=22.5, b8=22.6, b4=23.5, b3=149.0, b2=5.9e6),
        quantised(b32=20.0, b8=20.0, b4=20.0, b3=20.0, b2=20.0),
        quantised(b32=20.0, b8=19.9, b4=19.0, b3=25.0, b2=90.0),
        quantised(b32=1.5, b8=1.5, b4=2.0, b3=9.0, b2=1e10),
    ],
    ids=["as recorded", "all alike", "better with fewer bits", "from surprise-free to lost"],
)
def test_any_perplexities_are_drawn_with_labels_apart(found):
    said, texts = drawn(smollm_pictures.draw_quantised, found, RECORDED)
    assert (
        f"4 bits multiply perplexity by {q.significant(found[2].perplexity / found[0].perplexity)}"
        in " ".join(texts)
    )
    for one in found[1:]:
        assert f"at {one.bits} bits {q.significant(one.perplexity)}" in said


@settings(max_examples=50)
@given(heights=st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_labels_are_spread_and_stay_in_order_and_on_the_axis(heights):
    gap = 1 / 12
    moved, order = layout.spread(np.array(heights), gap), np.argsort(heights, kind="stable")
    assert np.all(np.diff(moved[order]) >= 0.9 * gap) and moved.min() >= 0 and moved.max() <= 1


# ---- recorded figures hold together


def test_recorded_figures_are_of_the_file_that_the_course_fetches():
    loads, source = measured_or_recorded.loads(None)
    assert source == RECORDED and loads["cold"].file_bytes == download.GGUF_BYTES
    assert loads["cold"].cold and not loads["warm"].cold and loads["warm"].read > 0


def test_recorded_bytes_are_counted_as_measured_ones_are():
    made, source = measured_or_recorded.decode(None)
    per_sequence = np.diff(made.bytes_moved) / np.diff(made.batch)
    assert (
        source == RECORDED and np.all(per_sequence == pytest.approx(per_sequence[0])) and per_sequence[0] > 0
    )
    assert made.bytes_moved[0] == pytest.approx(4 * fw.model(measured_or_recorded.SMOL).parameters, rel=0.01)


def test_the_record_is_timed_as_the_lesson_times():
    defaults = inspect.signature(smollm_timing.time_decode).parameters
    assert (defaults["context"].default, defaults["steps"].default) == (
        smollm_timing.CONTEXT,
        smollm_timing.STEPS,
    )


def test_recorded_steps_are_no_faster_than_the_recorded_rates_allow():
    made, _ = measured_or_recorded.decode(None)
    assert np.all(smollm_pictures.step_floor(made, MINE) <= made.seconds)


def test_a_recorded_rate_is_written_as_recorded():
    assert str(MINE.triad).endswith("(recorded)") and MINE.name in RECORDED


def test_without_a_file_nothing_is_asked(capsys):
    measured_or_recorded.ask(measured_or_recorded.load(None), "Who are you?")
    assert "no model to ask" in capsys.readouterr().out


# ---- the whole lesson with neither cache nor network


@pytest.fixture(scope="module")
def offline(tmp_path_factory) -> list[str]:
    """What each cell of lesson 01 says where pip reaches nothing and no weights are kept."""
    import nbformat
    from nbclient import NotebookClient

    empty = tmp_path_factory.mktemp("cache")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {
        "FREEWEIGHTS_CACHE": str(empty),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_NO_CACHE_DIR": "1",
    }
    notebook = nbformat.read(LESSON, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=patience.NOTEBOOK,
        kernel_name="python3",
        resources={"metadata": {"path": str(LESSON.parent)}},
    )
    client.execute(env=environment)
    said = []
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        said.append(
            "".join(
                one.get("text", "")
                or one.get("data", {}).get("text/markdown", "")
                or one.get("data", {}).get("text/plain", "")
                for one in outputs
            )
        )
    assert not list(empty.glob("*.gguf")), "the weights were fetched after all"
    return said


def the_cell_that_says(said: list[str], words: str) -> str:
    found = [text for text in said if words in text]
    assert len(found) == 1, (words, found)
    return found[0]


def test_without_a_network_the_lesson_says_so_plainly(offline):
    fetched = the_cell_that_says(offline, "No network")
    assert f"every figure of SmolLM2 in this lesson is {RECORDED}" in fetched
    assert "There is no model to ask" in "".join(offline)


@pytest.mark.parametrize(
    "words",
    [
        "three long arrays",
        "**Floor**",
        "One step moves",
        "Reading a prompt of",
        "A step for one sequence",
        "Perplexity is",
    ],
)
def test_without_a_network_every_figure_of_the_small_model_is_labelled_as_recorded(offline, words):
    text = the_cell_that_says(offline, words)
    assert RECORDED in text or RECORDED[0].upper() + RECORDED[1:] in text
    assert "easured here" not in text


def test_without_a_network_no_share_passes_one_hundred_per_cent(offline):
    step = the_cell_that_says(offline, "One step moves")
    reading = the_cell_that_says(offline, "Reading a prompt of")
    for text in (step, reading):
        assert all(0 < float(share) <= 100 for share in re.findall(r"([\d.,]+) %", text)), text
