"""Inside the kernel of a lesson that is open in a browser: what its page must show.

The tests ask for it from outside, through `browser.Lab.ask`, and compare it with the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import weakref
from collections.abc import Callable

from freeweights.page import live
from freeweights.page import questions as lesson
from panels import stays, unseen

handed_over: weakref.WeakKeyDictionary[live.Panel, dict | None] = weakref.WeakKeyDictionary()
WRONG = 8  # times the answer, as with bits for bytes: wrong whatever the tolerance


def reports(folded: list[str]) -> dict:
    """The reports of `solutions` and `panels`, of which nothing is seen on the page."""
    import panels
    import solutions
    from IPython import get_ipython

    os.environ.pop("JPY_SESSION_NAME", None)  # questions as nobody has answered them
    return {
        "solutions": json.loads(solutions.report(folded, get_ipython().user_ns)),
        **json.loads(panels.report()),
    }


def memory() -> float:
    """Bytes of memory: the most that this kernel had, and what its server has now."""
    import resource

    import psutil

    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 1024 * kilobytes + psutil.Process(os.getppid()).memory_full_info().pss


def panels() -> list[dict]:
    """Title and controls of every panel that stands on the page, in its order."""
    return [
        {
            "title": panel._title,
            "controls": [
                {"name": name, "kind": type(control).__name__, "ends": [control.ends[0], control.ends[-1]]}
                for name, control in panel.controls.items()
            ],
        }
        for panel in on_page()
    ]


def on_page() -> list[live.Panel]:
    """The panels that were shown, oldest first; of a cell that ran twice the newer one."""
    return list({panel._title: panel for panel in live.panels() if panel._on_page}.values())


def shown(index: int) -> dict:
    """What a panel showed last, and at which values of its controls.

    A panel takes a value first and draws then, and the kernel may answer here between the two: so what
    belongs together is kept when the panel has drawn.
    """
    panel = on_page()[index]
    if panel not in handed_over:
        for knob in panel.knobs.values():
            knob._moved = then_keep(panel, knob._moved)
    if handed_over.get(panel) is None:
        handed_over[panel] = looks(panel)
    return handed_over[panel]


def values(index: int) -> dict:
    """Where the controls of a panel stand, of which no picture is encoded."""
    return on_page()[index].values


def then_keep(panel: live.Panel, moved: Callable[[], None]) -> Callable[[], None]:
    """What a knob calls when it was moved, and what the panel looks like after that."""

    def moved_and_kept() -> None:
        try:
            moved()
        finally:
            if not panel._held:  # else it draws once all of its knobs are moved, and `put` keeps that
                handed_over[panel] = looks(panel)

    return moved_and_kept


def looks(panel: live.Panel) -> dict:
    """The values, the words and the picture of a panel; the picture as the hash of its address, which holds all of it."""
    image = f"data:image/{panel.shown.format};base64,{base64.b64encode(panel.picture).decode()}"
    picture = hashlib.sha256(image.encode()).hexdigest()
    return {"values": panel.values, "sentence": panel.sentence, "alt": panel.alt, "picture": picture}


def put(index: int, values: dict) -> None:
    """Move the controls of a panel from the kernel; its picture follows the next hand."""
    panel = on_page()[index]
    with unseen(panel):
        panel.set(**values)
    if panel in handed_over:
        handed_over[panel] = None  # until somebody asks


def setting_where_it_counts(index: int, name: str) -> dict | None:
    """The end of another control at which a control changes picture and sentence; None if there is none.

    Some controls count only where another one stands elsewhere: the number of misses, once there is a cache.
    """
    panel = on_page()[index]
    start, (low, *_, high) = panel.values, panel.controls[name].ends
    others = {other: control.ends for other, control in panel.controls.items() if other != name}
    try:
        with unseen(panel):
            for other, end in [(other, end) for other, ends in others.items() for end in ends]:
                seen = []
                for value in (low, high):
                    panel.set(**start | {other: end, name: value})
                    seen.append((panel.sentence, panel.pixels))
                if not stays(seen):
                    return {other: end}
    finally:
        put(index, start)
    return None


def questions(kind: str) -> list[dict]:
    """The questions of a kind in the order of the page: what is right, and something wrong to hand in."""
    return [
        {
            "key": one.key,
            "right": typed(right(one)),
            "wrong": typed(wrong(one)),
            "listed": isinstance(one, lesson.VerdictForm) or bool(getattr(one, "choices", None)),
        }
        for one in lesson.questions()
        if type(one).__name__ == kind
    ]


def right(question) -> float | str:
    """What answers a question rightly."""
    if isinstance(question, lesson.Reason):
        return "I counted."
    return question.settled if isinstance(question, lesson.VerdictForm) else question.answer()


def wrong(question) -> float | str:
    """Something that is not the answer; of a reason, none at all."""
    if isinstance(question, lesson.Reason):
        return " "
    if isinstance(question, lesson.VerdictForm):
        return next(one for one in lesson.VERDICTS if one != question.settled)
    if choices := getattr(question, "choices", None):
        return next(one for one in choices if one != question.answer())
    return WRONG * question.answer()


def typed(answer: float | str) -> str:
    """An answer as somebody types it."""
    return answer if isinstance(answer, str) else f"{answer:.9g}"


def entered(key: str) -> str:
    """What stands in the box of a question, as far as the kernel has heard."""
    return next(one for one in lesson.questions() if one.key == key).box.value


def feedback(key: str) -> dict | None:
    """What a question said last, and whether it took the answer; None before the first one."""
    said = next(one for one in lesson.questions() if one.key == key).feedback
    return said and {"right": said.right, "message": said.message}
