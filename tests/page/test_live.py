"""Panels: controls that argue back, pictures that equal a full draw, sentences that are never NaN."""

from __future__ import annotations

import io
import math

import matplotlib
import numpy as np
import pytest
from freeweights.page import controls, live
from freeweights.page.renderer import artists_in
from freeweights.page.style import STYLE
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

MACHINES = ["M3 Ultra", "H200", "RTX 4090"]


def draw(figure):
    left, right = figure.subplots(1, 2)
    left.set(xscale="log", yscale="log", xlim=(0.1, 1e3), ylim=(0.1, 1e3), xlabel="Batch", ylabel="tokens/s")
    (line,) = left.plot([1, 10], [1, 10])
    label = left.text(1, 1, "")
    bars = right.bar(["weights", "cache"], [1, 1])
    right.set_ylim(0, 100)
    return {"line": line, "label": label, "bars": bars, "right": right}


def update(artists, machine, batch, share, stream):
    artists["line"].set_data([1, batch], [1, batch])
    artists["label"].set(position=(batch, batch), text=f"batch {batch}")
    artists["bars"][0].set_height(100 * share)
    artists["right"].set_title(f"{machine}{' streams' if stream else ''}")
    return f"{machine} at batch {batch}, {100 * share:.0f} % used, {'streamed' if stream else 'resident'}."


def make(update=update, **start):
    start = {"machine": "H200", "batch": 8, "share": 0.5, "stream": False} | start
    return live.panel(
        draw, update, title="Speed",
        machine=controls.choice("Machine", MACHINES, start=start["machine"]),
        batch=controls.log_slider("Batch", 1, 512, start=start["batch"], unit="sequences", whole=True),
        share=controls.slider("Share", 0, 1, start=start["share"]),
        stream=controls.toggle("Stream", start["stream"]),
    )  # fmt: skip


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=int)


# ---- descriptions


@pytest.mark.parametrize("wrong, words", [
    (lambda: controls.slider("Context", 10, 10, start=10), "put the smaller end first"),
    (lambda: controls.slider("Context", 0, math.inf, start=1), "put the smaller end first"),
    (lambda: controls.slider("Context", 0, 10, start=11), "starts at 11, outside 0 to 10"),
    (lambda: controls.slider("Context", 0, 10, start=1, step=-1), "has step -1"),
    (lambda: controls.slider("Context", 0, 10, start=1, step=11), "has step 11"),
    (lambda: controls.slider("Context", 0, 1e6, start=1, step=1), "too many to reach with arrow keys"),
    (lambda: controls.slider("Slots", 0, 10, start=1.5, whole=True), "is whole"),
    (lambda: controls.log_slider("Batch", 0, 512, start=8), "ends above zero"),
    (lambda: controls.log_slider("Batch", -1, 512, start=8), "ends above zero"),
    (lambda: controls.choice("Model", ["GLM-5.2"]), "two or more"),
    (lambda: controls.choice("Model", ["GPT-2", "GPT-2"]), "two or more"),
    (lambda: controls.choice("Model", ["GLM-5.2", "Kimi K2"], start="GLM5.2"), "nearest: 'GLM-5.2'"),
    (lambda: controls.toggle("Stream", "no"), "choose True or False"),
])  # fmt: skip
def test_a_bad_description_is_refused_with_the_reason(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


def test_a_log_slider_visits_each_small_whole_number_and_both_ends():
    batch = controls.log_slider("Batch", 1, 512, start=8, whole=True)
    assert batch.stops[:10] == tuple(range(1, 11)) and batch.stops[-1] == 512
    assert all(isinstance(stop, int) for stop in batch.stops)


@given(st.floats(1e-3, 1e3), st.floats(1.5, 1e6), st.booleans())
def test_stops_rise_and_stay_between_the_ends(low, factor, log):
    high = low * factor
    stops = (controls.log_slider if log else controls.slider)("x", low, high, start=low).stops
    assert stops[0] == low and stops[-1] == high
    assert all(a < b for a, b in zip(stops, stops[1:], strict=False))


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_whatever_is_typed_the_value_stays_between_the_ends_and_a_change_is_said(typed):
    share = controls.slider("Share", 0, 1, start=0.5)
    value, note = share.admit(typed)
    assert 0 <= value <= 1
    assert value == typed or note


# ---- the panel


def test_the_sentence_and_the_picture_follow_every_control():
    panel = make()
    for change in [{"machine": "M3 Ultra"}, {"batch": 64}, {"share": 0.9}, {"stream": True}]:
        sentence, picture = panel.sentence, panel.picture
        panel.set(**change)
        assert panel.values | change == panel.values
        assert panel.sentence != sentence and panel.picture != picture
        assert panel.sentence in panel.alt and panel.alt.startswith("Speed. ")


def test_moving_the_handle_does_what_typing_does():
    typed, dragged = make(), make()
    typed.set(batch=512)
    dragged.knobs["batch"].bar.value = dragged.knobs["batch"].bar.max
    assert dragged.sentence == typed.sentence and dragged.picture == typed.picture
    assert typed.knobs["batch"].bar.value == typed.knobs["batch"].bar.max
    assert dragged.knobs["batch"].box.value == 512


def test_a_typed_value_between_two_stops_is_kept_exactly():
    panel = make()
    panel.set(batch=207)
    assert panel.values["batch"] == 207 and 207 not in panel.controls["batch"].stops


@pytest.mark.parametrize("typed, kept, words", [
    (900, 512, "You typed 900 for Batch; it goes from 1 to 512 sequences, so 512 is used."),
    (0, 1, "You typed 0 for Batch"),
    (7.6, 8, "Batch is a whole number, so 8 is used."),
    (math.nan, 8, "Batch needs a number"),
])  # fmt: skip
def test_a_value_out_of_range_is_clamped_and_said(typed, kept, words):
    panel = make()
    panel.set(batch=typed)
    assert panel.values["batch"] == kept == panel.knobs["batch"].box.value
    assert panel.sentence.startswith(words) and f"at batch {kept}" in panel.sentence
    panel.set(batch=16)
    assert words not in panel.sentence


def test_an_unknown_control_or_choice_is_refused_with_the_nearest():
    panel = make()
    with pytest.raises(ValueError, match="no control is named bacth; there are machine, batch"):
        panel.set(bacth=3)
    with pytest.raises(ValueError, match="was set to 'H20', not one of its 3 names; nearest: 'H200'"):
        panel.set(machine="H20")


def test_an_error_in_update_is_raised_and_told_and_the_panel_lives_on():
    def fails_at_one(artists, machine, batch, share, stream):
        return f"{1 / (batch - 1):.2f} in {machine}."

    panel = make(fails_at_one)
    before = panel.picture
    with pytest.raises(ZeroDivisionError):
        panel.set(batch=1)
    assert "no answer at Machine H200, Batch 1 sequences" in panel.sentence and "division" in panel.sentence
    assert isinstance(panel.error, ZeroDivisionError) and panel.picture == before
    panel.set(batch=3)
    assert panel.error is None and panel.sentence == "0.50 in H200."


@pytest.mark.parametrize("said", ["It takes nan s.", "inf tokens/s", "-inf", "$NaN per hour"])
def test_a_sentence_with_nan_or_infinity_is_an_error(said):
    with pytest.raises(ValueError, match="where a number belongs"):
        make(lambda *_, **__: said)


@pytest.mark.parametrize("said", ["Information on nano inference at infinity.", "The banana is finite."])
def test_words_that_only_contain_nan_or_inf_are_fine(said):
    assert make(lambda artists, **_: said).sentence == said


def test_no_sentence_is_an_error():
    with pytest.raises(TypeError, match="must return one sentence"):
        make(lambda artists, **_: None)


def test_an_update_whose_parameters_are_not_the_controls_is_refused():
    with pytest.raises(TypeError, match="must take the artists, then machine, batch, share, stream"):
        make(lambda artists, machine, batch: "")


def test_a_control_that_is_none_and_a_panel_without_controls_are_refused():
    with pytest.raises(TypeError, match="batch=8 is no control"):
        live.panel(draw, update, title="Speed", batch=8)
    with pytest.raises(ValueError, match="a panel needs a control"):
        live.panel(draw, update, title="Speed")


def test_live_panels_are_found():
    panel = make()
    assert live.panels()[-1] is panel


# ---- the picture


def test_the_picture_depends_on_the_values_and_not_on_the_way_there():
    wandered = make()
    for batch in (1, 512, 30):
        wandered.set(batch=batch, machine="RTX 4090", share=batch / 512)
    assert wandered.picture == make(batch=30, machine="RTX 4090", share=30 / 512).picture


@pytest.mark.parametrize("batch", [1, 8, 64, 512])
def test_a_picture_drawn_in_part_equals_one_drawn_in_full(batch):
    panel = make()
    panel.set(batch=batch, share=batch / 512)
    assert panel.stage.full_draws == 1, "moving artists alone must not cost a full draw"
    for artist in [*artists_in(panel.stage.figure.axes), *panel.stage.figure.findobj()]:
        artist.set_animated(False)
    with matplotlib.rc_context(STYLE):
        panel.stage.figure.canvas.draw()
    full = np.asarray(panel.stage.figure.canvas.buffer_rgba())[..., :3].astype(int)
    differ = np.abs(full - pixels(panel.picture)).max(axis=2) > 8
    assert differ.mean() < 0.002, "only where a moving artist now lies above the frame"


@pytest.mark.parametrize("change", [
    lambda axes, n: axes.set_xlim(0.1, 10 * n),
    lambda axes, n: axes.set_xlabel(f"{n} slots"),
    lambda axes, n: axes.set_xticks([1, n]),
    lambda axes, n: axes.set_yscale("log" if n > 5 else "linear"),
    lambda axes, n: axes.axvline(n),
])  # fmt: skip
def test_changed_limits_ticks_labels_and_fixed_artists_are_followed(change):
    def draws(figure):
        axes = figure.subplots()
        axes.set_xlim(0.1, 100)
        return axes

    def updates(axes, n):
        change(axes, n)
        return f"{n} slots."

    panel = live.panel(draws, updates, title="T", n=controls.slider("N", 1, 20, start=2, whole=True))
    before = panel.picture
    panel.set(n=11)
    assert panel.stage.full_draws == 2
    assert panel.picture != before


def test_the_picture_is_lossless_small_and_twice_as_fine_as_the_page():
    panel = make()
    assert np.array_equal(pixels(panel.picture), panel.stage.draw()[..., :3])
    assert pixels(panel.picture).shape == (800, 1800, 3) and (panel.shown.width, panel.shown.height) == (
        900,
        400,
    )
    assert len(panel.picture) < 60_000


def test_pixels_are_those_of_the_picture_before_and_after_it_is_encoded():
    panel = make()
    panel.set(batch=64)
    drawn = panel.pixels
    assert np.array_equal(drawn[..., :3], pixels(panel.picture)) and np.array_equal(drawn, panel.pixels)


def test_what_is_saved_holds_picture_alternative_text_and_sentence(monkeypatch):
    shown = []
    monkeypatch.setattr(live, "display", lambda data, **_: shown.append(data))
    panel = make()
    panel._ipython_display_()
    knobs, picture = shown
    assert "Machine, Batch, Share, Stream" in knobs["text/plain"] and "text/html" in knobs
    assert f'alt="{panel.alt}"' in picture["text/html"] and f">{panel.sentence}</p>" in picture["text/html"]
    assert 'width="900" height="400"' in picture["text/html"] and "application" not in " ".join(picture)
    assert len(picture["text/html"]) < 150_000


def test_text_in_a_picture_cannot_break_the_page():
    shown = live.picture(lambda figure: 'A "<b>" & $5.', title="<script>")
    page = shown._repr_mimebundle_()["text/html"]
    assert (
        "<script>" not in page
        and "<b>" not in page
        and 'alt="&lt;script&gt;. A &quot;&lt;b&gt;&quot;' in page
    )


def test_a_still_picture_needs_a_sentence_too():
    with pytest.raises(TypeError, match="must return one sentence"):
        live.picture(lambda figure: None, title="Nothing")


def test_all_boxes_have_names_and_the_handle_starts_where_the_value_is():
    panel = make()
    assert [knob.box.description for knob in panel.knobs.values()] == ["Machine", "Batch", "Share", "Stream"]
    batch = panel.knobs["batch"]
    assert batch.control.stops[batch.bar.value] == 8 == batch.box.value


def test_importing_the_panels_sets_no_backend():
    import subprocess
    import sys

    code = "import freeweights.page, sys; print('matplotlib.pyplot' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
