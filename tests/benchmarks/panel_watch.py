"""Hands and eyes for `panel_latency`: keys, drags, and what the page shows in every frame meanwhile."""

from __future__ import annotations

import base64
import io
import random

import numpy as np
from PIL import Image

EVENTS, DRAG_SECONDS = 60, 1.0
SETTLED = 1.0  # seconds after which nothing is on its way any more, beside the time of a picture

# Looks at the page once per frame: the picture, the value its square tells, the place of the handle.
WATCH = """() => {
    const first = document.querySelector('.jp-OutputArea img');
    const area = first.closest('.jp-Cell').querySelector('.jp-Cell-outputArea');
    const handle = area.querySelector('.noUi-handle'), list = area.querySelector('select');
    const canvas = document.createElement('canvas');
    const side = canvas.width = canvas.height = 48;
    const context = canvas.getContext('2d', {willReadFrequently: true});
    const place = () => handle ? Math.round(handle.getAttribute('aria-valuenow')) : list.selectedIndex;
    const code = () => log.place % 256;
    const read = picture => {
        context.clearRect(0, 0, side, side);
        context.drawImage(picture, 0, picture.naturalHeight - side, side, side, 0, 0, side, side);
        const found = context.getImageData(0, 0, side, side).data;
        const steps = [0, 1, 2].map(colour => i => found[4 * i + colour] >> 4);
        for (let i = 0, run = 0; i < side * side; i++) {
            run = i && steps.every(step => step(i) == step(i - 1)) ? run + 1 : 0;
            if (run == 5 && steps[2](i) == 4) return steps[0](i) + 16 * steps[1](i);
        }
        return null;
    };
    const log = window.seen = {
        shown: read(first), place: place(), last: handle ? Math.round(handle.getAttribute('aria-valuemax'))
            : list.length - 1, frames: [], keys: [], behind: 0, blank: 0, heights: [area.offsetHeight],
    };
    const left = {};
    let before = first, source = first.src;
    // The keys of an open list go to the list alone; what the page hears is the choice.
    document.addEventListener(handle ? 'keydown' : 'input', event => log.keys.push(event.timeStamp), true);
    const look = () => {
        const now = performance.now(), at = place(), height = area.offsetHeight;
        if (at != log.place) { left[code()] = now; log.place = at; }
        if (Math.abs(height - log.heights.at(-1)) > 1) log.heights.push(height);
        const pictures = area.querySelectorAll('img'), picture = pictures[pictures.length - 1];
        if (!picture || !picture.complete || !picture.naturalWidth || !picture.offsetHeight) log.blank += 1;
        else if (picture !== before || picture.src !== source) {
            [before, source] = [picture, picture.src];
            const told = read(picture);
            if (told === null) log.blank += 1;
            else if (told !== log.shown) { log.shown = told; log.frames.push(performance.now()); }
        }
        if (log.shown != code()) log.behind = Math.max(log.behind, now - (left[log.shown] ?? now));
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
CLEAR = "() => { Object.assign(seen, {frames: [], keys: [], behind: 0}); return seen; }"


def press(page, presses: int) -> list[float]:
    """Move the first control by keys, each time when the picture of the last one stands.

    Returns:
        Milliseconds from each press to the new picture.
    """
    handle = page.locator(".jp-OutputArea .noUi-handle").first
    sliding = handle.count() > 0
    (handle if sliding else page.locator(".jp-OutputArea select").first).focus()
    # A list opens, goes to its other end, and takes that with the last key.
    up, down = (
        (["ArrowRight"], ["ArrowLeft"])
        if sliding
        else (["Space", "End", "Enter"], ["Space", "Home", "Enter"])
    )
    taken, pauses, rising = [], random.Random(1), True
    for _ in range(presses):
        state = page.evaluate(CLEAR)
        rising = state["place"] < state["last"] if rising else state["place"] == 0
        for key in up if rising else down:
            page.keyboard.press(key)
        page.wait_for_function("() => seen.frames.length && seen.shown == seen.place % 256", timeout=20_000)
        state = page.evaluate("seen")
        taken.append(state["frames"][0] - state["keys"][0])
        page.wait_for_timeout(pauses.uniform(200, 600))
    return taken


def drag(page, start: float, end: float) -> dict:
    """Drag the first handle along its track with `EVENTS` moves of the mouse; what the page then saw."""
    track, handle = (
        page.locator(f".jp-OutputArea .noUi-{part}").first.bounding_box() for part in ("base", "handle")
    )
    height = handle["y"] + handle["height"] / 2
    where = [track["x"] + track["width"] * share for share in np.linspace(start, end, EVENTS + 1)]
    page.mouse.move(handle["x"] + handle["width"] / 2, height)
    page.mouse.down()
    page.mouse.move(where[0], height)
    settle(page)
    page.evaluate(CLEAR)
    began = page.evaluate("performance.now()")
    for number, x in enumerate(where[1:], 1):
        page.mouse.move(x, height)
        page.wait_for_timeout(
            max(0, began + 1e3 * DRAG_SECONDS * number / EVENTS - page.evaluate("performance.now()"))
        )
    page.mouse.up()
    settle(page)
    return page.evaluate("seen")


def settle(page) -> None:
    """Wait until the picture of the handle's place stands, and the sharp one after it."""
    page.wait_for_function("() => seen.shown == seen.place % 256", timeout=20_000)
    page.wait_for_timeout(1e3 * SETTLED)


def film(page, start: float, end: float) -> tuple[int, int]:
    """Drag once more and film it; the frames, and those of them without a picture."""
    box = page.locator(".jp-OutputArea img").last.bounding_box()
    frames, session = [], page.context.new_cdp_session(page)

    def keep(frame):
        frames.append(frame["data"])
        session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    session.on("Page.screencastFrame", keep)
    session.send("Page.startScreencast", {"format": "png"})
    drag(page, start, end)
    session.send("Page.stopScreencast")
    session.detach()
    corners = [box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]]
    blank = 0
    for frame in frames:
        screen = Image.open(io.BytesIO(base64.b64decode(frame))).convert("L")
        scale = screen.width / page.viewport_size["width"]
        blank += np.asarray(screen.crop([round(scale * side) for side in corners])).std() < 2
    return len(frames), blank
