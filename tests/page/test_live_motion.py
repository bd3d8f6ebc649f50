"""Panels in a kernel: light pictures while a hand moves a control, and always a sharp one in the end."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import threading

import matplotlib
import numpy as np
import patience
import pytest
from freeweights.page import controls, live
from freeweights.page import renderer as renderer_
from freeweights.page.style import blank, drawing
from freeweights.page.typesetter import Typesetter
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from PIL import Image

REST = 0.05


def draw(figure):
    axes = figure.subplots()
    axes.set(xlim=(0, 100), ylim=(0, 100))
    return axes.plot([0, 1], [0, 1])


def update(lines, share):
    lines[0].set_data([0, share], [0, 100 / (101 - share) if share != 50 else 1 / 0])
    return f"{share:.0f} %."


@pytest.fixture
def shown(monkeypatch):
    """A panel on a page, and what it sent there: size of the pictures and the sentence."""
    sent = []
    monkeypatch.setattr(live, "REST", REST)
    monkeypatch.setattr(live, "update_display", lambda bundle, **_: sent.append(bundle["text/html"]))
    panel = live.panel(
        draw, update, title="Share", share=controls.slider("Share", 0, 100, start=10, whole=True)
    )
    panel._on_page = True
    answering(panel)
    return panel, sent


def answering(panel):
    """Let the panel's page confirm what it is asked about, as jsdlink makes it do in a browser."""
    panel._page.observe(lambda change: setattr(panel._page, "answered", change["new"]), "asked")


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


def seen(page: str) -> tuple[int, str]:
    """Width of the picture on the page, and the sentence."""
    data = base64.b64decode(re.search(r"base64,([^\"]+)", page)[1])
    return pixels(data).shape[1], re.search(r"<p[^>]*>(.*)</p>", page)[1]


def hand(panel, *places: float, pause: float = 0.0, after: float = 3 * REST):
    """Move the handle in a running loop, as a kernel does for a page."""

    async def moves():
        for place in places:
            panel.knobs["share"].bar.value = place
            await asyncio.sleep(pause)
        await asyncio.sleep(after)

    asyncio.run(moves())


def test_a_drag_gets_light_pictures_and_then_one_sharp_one(shown):
    panel, sent = shown
    hand(panel, 20, 30, 40)
    assert [seen(page) for page in sent] == [(900, "20 %."), (900, "30 %."), (900, "40 %."), (1800, "40 %.")]
    assert sent[-1] == panel._markup(panel.shown, panel._display_id)
    spoken = [re.search(r'role="status" aria-live="(\w+)"', page)[1] for page in sent]
    assert spoken == ["off", "off", "off", "polite"], "a screen reader waits for the hand to rest"


def test_each_move_after_a_rest_ends_sharp_too(shown):
    panel, sent = shown
    hand(panel, 20, 30, pause=3 * REST)
    assert [seen(page)[0] for page in sent] == [900, 1800, 900, 1800]


def test_the_size_on_the_page_is_the_same_light_or_sharp(shown):
    panel, sent = shown
    hand(panel, 20)
    assert all('<img width="900" height="400"' in page for page in sent)


def test_a_light_picture_looks_like_the_mean_of_the_sharp_one(shown):
    panel, sent = shown
    hand(panel, 70)
    light = pixels(base64.b64decode(re.search(r"base64,([^\"]+)", sent[0])[1]))
    mean = pixels(panel.picture).reshape(400, 2, 900, 2, 3).mean(axis=(1, 3))
    off = np.abs(light - mean)
    assert (off > 32).mean() < 0.001 and off.mean() < 2, "lines end at whole pixels, which are half as fine"


def test_letters_stand_where_they_stand_in_the_sharp_picture():
    panel = live.panel(
        draw_words, update_words, title="T", n=controls.slider("N", 1, 10, start=5, whole=True)
    )
    with drawing():
        light = np.asarray(panel.stage.draw_light().convert("RGB"), dtype=int)
    mean = panel.stage.draw()[..., :3].reshape(400, 2, 900, 2, 3).mean(axis=(1, 3))
    corner = panel.stage.figure.axes[0].texts[2].get_window_extent()
    words = np.s_[: 400 - round(corner.y0 / 2), round(corner.x0 / 2) :]
    assert mean[words].min() < 100 and np.abs(light - mean)[words].max() < 32


@pytest.fixture
def busy(monkeypatch):
    """A panel with four controls on a page that confirms nothing, and the sentences sent there."""
    sent = []
    monkeypatch.setattr(live, "REST", REST)
    monkeypatch.setattr(live, "update_display", lambda bundle, **_: sent.append(seen(bundle["text/html"])))
    panel = live.panel(
        draw,
        lambda lines, **values: " ".join(f"{value:.0f}" for value in values.values()) + ".",
        title="Four",
        **{name: controls.slider(name, 0, 9, start=0, whole=True) for name in "abcd"},
    )
    panel._on_page = True
    return panel, sent


def move(panel, *moves: tuple[str, int], after: float = 0.0):
    async def hands():
        for name, place in moves:
            panel.knobs[name].bar.value = place
        await asyncio.sleep(after)

    asyncio.run(hands())


def test_at_most_two_pictures_are_under_way_to_a_page_that_confirms_none(busy):
    panel, sent = busy
    move(panel, ("a", 1), ("b", 1), ("c", 1), after=3 * REST)
    assert sent == [(900, "1 0 0 0."), (900, "1 1 0 0.")], "neither a third one nor the sharp one"
    assert panel.sentence == "1 1 1 0." and panel._page.asked == 2


def test_a_page_that_confirms_gets_the_newest_picture_and_none_between(busy):
    panel, sent = busy

    async def hands():
        for name, place in [("a", 1), ("b", 1), ("c", 1), ("d", 1)]:
            panel.knobs[name].bar.value = place
        panel._page.answered = 2
        assert sent[2:] == [(900, "1 1 1 1.")]
        await asyncio.sleep(3 * REST)

    asyncio.run(hands())
    assert sent[3:] == [(1800, "1 1 1 1.")], "and the sharp one when the hand rests"


def test_a_page_is_asked_when_the_picture_has_left_not_before(busy):
    panel, sent = busy
    asked = []
    panel._page.observe(lambda change: asked.append((change["new"], len(sent))), "asked")
    move(panel, ("a", 1), ("b", 1))
    assert asked == [(2, 2)], "it answers in the order in which things arrive"


def test_a_control_that_moves_again_has_its_last_picture(busy):
    panel, sent = busy
    move(panel, *(("a", place) for place in range(1, 8)))
    assert len(sent) == 7, "its page sends a value when the last one is answered"


def test_a_page_that_says_nothing_for_long_is_taken_for_closed(busy, monkeypatch):
    panel, sent = busy
    monkeypatch.setattr(live, "SILENCE", REST)
    move(panel, ("a", 1), ("b", 1), ("c", 1), after=6 * REST)
    assert sent[2:] == [(1800, "1 1 1 0.")] or sent[2:] == [(900, "1 1 1 0."), (1800, "1 1 1 0.")]


def test_what_python_reads_is_sharp_even_in_motion(shown):
    panel, _ = shown
    hand(panel, 60, after=0)
    assert pixels(panel.picture).shape == (800, 1800, 3) and panel.sentence == panel.shown.sentence == "60 %."


def test_values_set_by_a_program_are_sharp_at_once_and_end_a_hand_s_rest(shown):
    panel, sent = shown

    async def moves():
        panel.knobs["share"].bar.value = 20
        panel.set(share=80)
        await asyncio.sleep(3 * REST)

    asyncio.run(moves())
    assert [seen(page) for page in sent] == [(900, "20 %."), (1800, "80 %.")]


def test_without_a_loop_every_picture_is_sharp(shown):
    panel, sent = shown
    panel.knobs["share"].bar.value = 20
    assert [seen(page) for page in sent] == [(1800, "20 %.")]


def test_an_error_after_a_light_picture_shows_the_values_of_that_picture_sharp(shown):
    panel, sent = shown

    async def moves():
        panel.knobs["share"].bar.value = 20
        with pytest.raises(ZeroDivisionError):
            panel.knobs["share"].bar.value = 50

    asyncio.run(moves())
    alone = live.panel(draw, update, title="Share", share=controls.slider("Share", 0, 100, start=20))
    assert seen(sent[-1])[0] == 1800 and np.array_equal(pixels(panel.picture), pixels(alone.picture))


def test_an_error_in_motion_keeps_the_picture_before_and_says_why(shown):
    panel, sent = shown
    before = panel.picture

    async def moves():
        with pytest.raises(ZeroDivisionError):
            panel.knobs["share"].bar.value = 50
        await asyncio.sleep(3 * REST)

    asyncio.run(moves())
    assert [seen(page)[0] for page in sent] == [1800] and panel.picture == before
    assert all("no answer at Share 50" in seen(page)[1] for page in sent)


def test_the_place_of_the_sentence_keeps_its_height_unless_a_sentence_outgrows_it(monkeypatch):
    sent = []
    monkeypatch.setattr(live, "update_display", lambda bundle, **_: sent.append(bundle["text/html"]))
    length = controls.slider("Length", 1, 400, start=250, whole=True, step=1)
    panel = live.panel(draw, lambda lines, length: "x" * length, title="T", length=length)
    monkeypatch.setattr(live, "display", lambda *_, **__: None)
    panel._ipython_display_()
    panel._on_page = True
    for letters in (1, 250, 325, 400, 1, 250):
        panel.set(length=letters)
    heights = [float(re.search(r"min-height:([\d.]+)em", page)[1]) for page in sent]
    assert len(set(heights[:3])) == 1, "a third longer than at first needs no more room"
    assert heights[3] > heights[2] and len(set(heights[3:])) == 1, "room once taken is not given back"


def draw_words(figure):
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7}
    return {
        "bar": axes.bar([0.5], [0.5], width=0.8),
        "still": axes.text(0.2, 0.5, "stays, over a bar that does not", bbox=box),
        "tilted": axes.text(0.7, 0.5, "fjÅ tilted", rotation=40, color="#D55E00"),
        "corner": axes.text(1.0, 1.0, "over the corner of the figure", fontsize=20),
        "lines": axes.text(0.1, 0.1, "two\nlines"),
        "moves": axes.annotate("moves", (0.5, 0.5), (0.1, 0.9), arrowprops={"arrowstyle": "->"}),
    }


def update_words(artists, n):
    artists["bar"][0].set_height(n / 10)
    artists["moves"].set_position((n / 20, 0.9))
    artists["still"].set_color("black" if n < 8 else "#0072B2")
    return f"{n}."


def panel_of_words():
    return live.panel(draw_words, update_words, title="T", n=controls.slider("N", 1, 10, start=5, whole=True))


def test_a_move_in_another_thread_waits_for_the_sharp_picture_of_the_last(shown, monkeypatch):
    """JupyterLab sends the first moves of a page to one thread of the kernel, and later ones to another."""
    panel, sent = shown
    encoding, moved, photograph = threading.Event(), threading.Event(), renderer_.encode

    def slow(drawn, title, sentence):
        if isinstance(drawn, np.ndarray) and sentence == "20 %.":
            encoding.set()
            moved.wait(0.3)
        if sentence == "80 %.":
            moved.set()
        return photograph(drawn, title, sentence)

    monkeypatch.setattr(live, "encode", slow)
    monkeypatch.setattr(live, "REST", 0.3)
    first = threading.Thread(target=hand, args=(panel, 20), kwargs={"after": 1})
    first.start()
    assert encoding.wait(patience.ANSWER)
    hand(panel, 80, after=1)
    first.join()
    assert seen(sent[-1]) == (1800, "80 %.") and panel.sentence == "80 %."
    drawn_alone = live.panel(draw, update, title="Share", share=controls.slider("Share", 0, 100, start=80))
    assert np.array_equal(
        pixels(base64.b64decode(re.search(r"base64,([^\"]+)", sent[-1])[1])), pixels(drawn_alone.picture)
    )


@pytest.mark.parametrize("stop", [MemoryError, KeyboardInterrupt])
def test_a_drawing_that_was_stopped_is_told_and_the_next_move_draws(stop, monkeypatch):
    panel = panel_of_words()
    panel_of_words()  # takes the pixels, so that the next move draws in full

    def stopped(*_):
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(Axes, "draw", stopped)
        with pytest.raises(stop):
            panel.set(n=6)
    assert f"no answer at N 6 ({stop.__name__})" in panel.sentence
    panel.set(n=6)
    alone = panel_of_words()
    alone.set(n=6)
    assert panel.sentence == "6." and np.array_equal(pixels(panel.picture), pixels(alone.picture))


def test_a_setting_of_a_cell_outlives_a_drawing_that_does_not_name_it():
    with drawing():
        matplotlib.rcParams["savefig.pad_inches"], before = 0.5, matplotlib.rcParams["savefig.pad_inches"]
    assert matplotlib.rcParams["savefig.pad_inches"] == 0.5 != before
    assert matplotlib.rcParams["lines.linewidth"] == matplotlib.rcParamsDefault["lines.linewidth"]
    matplotlib.rcParams["savefig.pad_inches"] = before


def test_two_threads_draw_two_panels_as_one_thread_does():
    panels = [panel_of_words(), panel_of_words()]

    def moves(panel, last):
        for n in (*range(1, 11), last):
            panel.set(n=n)

    threads = [threading.Thread(target=moves, args=case) for case in zip(panels, (3, 8), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for panel, last in zip(panels, (3, 8), strict=True):
        alone = panel_of_words()
        alone.set(n=last)
        assert np.array_equal(pixels(panel.picture), pixels(alone.picture)), last


def test_kept_words_give_the_pixels_of_words_drawn_anew():
    panel = panel_of_words()
    typesetter = panel.stage.figure.canvas.get_renderer()
    for n in (5, 6, 6, 5, 9, 10, 1):
        panel.set(n=n)
        kept = panel.picture
        typesetter.turn_page()
        typesetter.turn_page()
        assert np.array_equal(pixels(kept), panel.stage.draw()[..., :3]), n
    panel.set(n=2)
    assert {line for line, *_ in typesetter._kept} >= {"moves", "two", "over the corner of the figure"}


@pytest.mark.parametrize(
    "words", ["37 ms", "fjÅ gq", "● Qwen-1.5B: 0.2 %", "j", "a longer line, of 82 tokens/s"]
)
@pytest.mark.parametrize("size", [8, 12])
def test_words_are_matplotlib_s_but_for_a_pixel(words, size):
    ours, theirs = Typesetter(1200, 200, 200), RendererAgg(1200, 200, 200)
    font = FontProperties(size=size, weight="bold")
    assert ours.get_text_width_height_descent(words, font, False) == pytest.approx(
        theirs.get_text_width_height_descent(words, font, False)
    )
    inks = []
    for renderer in (ours, theirs):
        renderer.draw_text(renderer.new_gc(), 100.3, 99.6, words, font, 0)
        ink = np.asarray(renderer.buffer_rgba())[..., 3] / 255
        rows, columns = np.arange(ink.shape[0]), np.arange(ink.shape[1])
        inks.append((ink.sum(), ink.sum(1) @ rows / ink.sum(), ink.sum(0) @ columns / ink.sum()))
    assert inks[0][0] == pytest.approx(inks[1][0], rel=0.03)
    assert inks[0][1:] == pytest.approx(inks[1][1:], abs=1)


def test_text_is_laid_out_as_matplotlib_does():
    figure = blank((6, 1))
    text = figure.text(0.5, 0.5, "two\nlines, fjÅ", va="center", ha="right", linespacing=1.3)
    ours, theirs = (
        text.get_window_extent(kind(1200, 200, figure.dpi)).get_points() for kind in (Typesetter, RendererAgg)
    )
    assert ours == pytest.approx(theirs)


def test_one_figure_has_pixels_and_another_loses_nothing_but_time():
    first, second = panel_of_words(), panel_of_words()
    for panel, other in ((first, second), (second, first)):
        panel.set(n=7)
        assert panel.stage._background is not None and other.stage._background is None
        assert np.asarray(other.stage.figure.canvas._renderer.buffer_rgba()).shape == (1, 1, 4)
        full = panel.stage.full_draws
        panel.set(n=8)
        assert panel.stage.full_draws == full, "while one moves, its background stays"
    assert pixels(first.picture).tobytes() == pixels(second.picture).tobytes()


def test_a_page_that_was_loaded_anew_gets_the_picture_in_its_second_place(shown):
    panel, sent = shown
    panel._page.get_state()  # what a new page asks of every widget
    hand(panel, 20)
    assert sent == [] and seen(panel._page.value) == (1800, "20 %.")
    assert panel._page.value.startswith(f"<style>.{panel._display_id} {{ display: none }}</style>")
    assert f'class="freeweights {panel._display_id} ' in panel._bundle(panel.shown)["text/html"]


def test_a_panel_that_is_shown_again_has_its_first_place_back(shown, monkeypatch):
    panel, sent = shown
    monkeypatch.setattr(live, "display", lambda *_, **__: None)
    panel._page.get_state()
    panel.set(share=20)
    panel._ipython_display_()
    panel._on_page = True
    panel.set(share=30)
    assert panel._page.value == "" and [seen(page) for page in sent] == [(1800, "30 %.")]


def test_a_change_that_a_page_is_told_of_does_not_make_it_new(shown):
    panel, _ = shown
    panel._page.get_state("value")
    assert not panel._page.page_is_new
