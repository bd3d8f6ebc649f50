"""What a learner does with the keyboard on an open lesson, and what the page shows then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import browser
import patience

FIRST_POLL = 30  # milliseconds; every look at page and kernel costs all of them time, so later ones are rarer
MOST_TABS = 60
FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"  # of several open lessons the one that is seen
PANEL = f"{FRONT} .freeweights:has([role=status])"
FIELD = '.widget-dropdown select, input[type="text"], textarea'
CONTROLS = ".noUi-handle, .widget-dropdown select, .widget-checkbox input"
# Every panel's place on the page gets its number, so that a look at one does not search the whole page.
NUMBER = f"""() => {{
    document.querySelectorAll('[data-panel]').forEach(place => place.removeAttribute('data-panel'));
    document.querySelectorAll('{PANEL}').forEach(
        (panel, i) => panel.closest('.jp-Cell-outputArea').setAttribute('data-panel', i));
}}"""
SEEN = """async i => {
    const panel = document.querySelector(`[data-panel="${i}"] .freeweights:has([role=status])`);
    const image = panel.querySelector('img');
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(image.src)));
    return {sentence: panel.querySelector('p').textContent, alt: image.alt,
            picture: [...hash].map(byte => byte.toString(16).padStart(2, '0')).join(''),
            drawn: image.complete && image.naturalWidth > 0};
}"""
# A control gets the focus, and the page listens for the sharp picture that its panel gets once a hand rests, but not
# longer than a second.
FOCUS = f"""([i, which]) => {{
    const place = document.querySelector(`[data-panel="${{i}}"]`);
    const panel = () => place.querySelector('.freeweights:has([role=status])');
    const before = panel(), follows = () => panel() !== before && panel()?.querySelector('[aria-live=polite]');
    place.querySelectorAll('{CONTROLS}')[which].focus();
    window.followed = new Promise(resolve => {{
        const watcher = new MutationObserver(() => follows() && stop());
        const stop = () => {{ watcher.disconnect(); resolve(); }};
        watcher.observe(place, {{childList: true, subtree: true}});
        setTimeout(stop, 1000);
    }});
}}"""
FOLLOWED = f"i => window.followed.then(() => ({SEEN})(i))"
MARK_FORM = """form => {
    document.querySelector('[data-form]')?.removeAttribute('data-form');
    form.setAttribute('data-form', '');
}"""
# JupyterLab shows an error as what a cell writes to stderr, beside progress bars that are none.
ERRORS = f"""() => {{
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
        if (walker.currentNode.data.includes('Error displaying widget')) found.push(walker.currentNode.data);
    const cells = '{FRONT} .jp-OutputArea-output[data-mime-type^="application/vnd.jupyter."]';
    const written = [...document.querySelectorAll(cells)].map(cell => cell.textContent);
    return [...written.filter(text => text.includes('Traceback (most recent call last)')), ...found];
}}"""


def troubles(page) -> list[str]:
    """Errors on the page, of cells and of widgets that cannot be shown, and those of the browser."""
    return [*page.evaluate(ERRORS), *page.troubles]


def wait_until(page, happened: Callable[[], object], what: str):
    """The first true value of `happened`, which is asked again and again."""
    until, pause = time.monotonic() + patience.ANSWER, FIRST_POLL
    while not (value := happened()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {patience.ANSWER} s: {what}")
        page.wait_for_timeout(pause)
        pause = min(2 * pause, browser.POLL)
    return value


def seen(page, index: int) -> dict:
    """Sentence, alternative text and picture of a panel as the page shows them; the picture as a hash."""
    return page.evaluate(SEEN, index)


def agreed(page, told: dict, index: int) -> dict | None:
    """What a panel shows, if its picture has loaded and all is as the kernel told."""
    return as_told(seen(page, index), told)


def as_told(looks: dict, told: dict) -> dict | None:
    """What a page shows, if its picture has loaded and all is as the kernel told."""
    same = all(looks[what] == told[what] for what in ("sentence", "alt", "picture"))
    return looks if same and looks["drawn"] else None


class Hands:
    """A learner at an open lesson.

    Args:
        page: where the notebook stands in front.
        ask: asks for an expression of `truth` in its kernel.
    """

    def __init__(self, page, ask: Callable[[str], object]):
        self.page, self.ask = page, ask

    def wait_for_panels(self) -> list[dict]:
        """Every panel of the kernel, each found on the page with its picture, its words and its controls."""
        panels = self.ask("panels()")
        told = f"the page shows the kernel's {len(panels)} panels"
        wait_until(self.page, lambda: self.page.locator(PANEL).count() == len(panels), told)
        self.page.evaluate(NUMBER)
        for index, panel in enumerate(panels):
            self.wait_for_panel(index, panel)
        return panels

    def wait_for_panel(self, index: int, panel: dict) -> None:
        """A panel of the kernel, found on the page."""
        kinds = [control["kind"] for control in panel["controls"]]
        told = f"the panel {panel['title']!r} shows its picture, its sentence and {kinds}"
        wait_until(self.page, lambda: agreed(self.page, self.ask(f"shown({index})"), index), told)
        wait_until(self.page, lambda: self.controls(index).count() == len(kinds), told)

    def controls(self, index: int):
        """What can be moved in a panel, in the order of its controls."""
        return self.page.locator(f'[data-panel="{index}"]').locator(CONTROLS)

    def move(self, index: int, which: int, control: dict, key: str, end: object) -> dict:
        """Press a key on a control; what the panel shows when the control has reached an end."""
        self.page.evaluate(FOCUS, [index, which])
        self.page.keyboard.press(key)
        looks = self.page.evaluate(FOLLOWED, index)

        def arrived() -> dict | None:
            told = self.ask(f"shown({index})")
            there = told["values"][control["name"]] == end
            return (as_told(looks, told) or agreed(self.page, told, index)) if there else None

        return wait_until(self.page, arrived, f"{key} on {control['name']} leads to {end!r} and is shown")

    def move_to_both_ends(self, index: int, which: int, control: dict) -> set[str]:
        """Move a control to its ends by keyboard; what looks the same at both, of sentence and picture."""
        start, ends = self.ask(f"values({index})")[control["name"]], control["ends"]
        keys = [("Home", ends[0]), ("End", ends[1])]
        if control["kind"] == "Toggle":
            keys = [("Space", not start), ("Space", start)]
        elif start == ends[0]:  # the page would wait for a panel that has no reason to follow
            keys.reverse()
        one, two = (self.move(index, which, control, key, end) for key, end in keys)
        return {what for what in ("sentence", "picture") if one[what] == two[what]}

    def move_everything(self, panels: list[dict]) -> list[str]:
        """Move every control of every panel to both ends; those that a learner would take for dead."""
        with browser.only_what_is_in_sight(self.page):
            return [name for index, panel in enumerate(panels) for name in self.dead_controls(index, panel)]

    def dead_controls(self, index: int, panel: dict) -> Iterator[str]:
        """Move every control of a panel to both ends; those at which its picture stays."""
        start = self.ask(f"values({index})")
        for which, control in enumerate(panel["controls"]):
            still = self.move_to_both_ends(index, which, control)
            if still and (setting := self.ask(f"setting_where_it_counts({index}, {control['name']!r})")):
                self.ask(f"put({index}, {start | setting!r})")
                still = self.move_to_both_ends(index, which, control)
            if "picture" in still:
                yield f"{panel['title']}: {control['name']}"
            if self.ask(f"values({index})") != start:
                self.ask(f"put({index}, {start!r})")

    def choose(self, choice, value: str) -> None:
        """Choose a name of the list in focus: space opens it; JupyterLab keeps the arrows of a closed one."""
        names = choice.locator("option").evaluate_all("options => options.map(option => option.value)")
        for key in ("Space", "Home", *["ArrowDown"] * names.index(value), "Enter"):
            self.page.keyboard.press(key)
        assert choice.input_value() == value, f"the keys lead to {choice.input_value()!r}, not to {value!r}"

    def tab_to(self, place) -> None:
        """Press the Tab key until the focus is on an element."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if place.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{MOST_TABS} times Tab do not lead to {place}")

    def form(self, kind: str, index: int):
        """The form of the `index`th question of a kind on the page; marked, to find it again."""
        button = {"Exercise": "Check", "Reason": "Compare"}.get(kind, "Commit")
        cells = self.page.locator(f"{FRONT} .jp-OutputArea-output").filter(
            has=self.page.get_by_role("button", name=button, exact=True)
        )
        reason = self.page.locator("textarea")
        if kind in ("Guess", "VerdictForm"):
            cells = cells.filter(**{"has" if kind == "VerdictForm" else "has_not": reason})
        cells.nth(index).evaluate(MARK_FORM)
        return self.page.locator("[data-form]")

    def field(self, kind: str, index: int):
        """Where the answer to a question goes: a box or a list."""
        return self.form(kind, index).locator(FIELD).first

    def answer(self, kind: str, index: int, question: dict, value: str) -> dict:
        """Go to a question and answer it by keyboard; what it says, once the page says it too."""
        self.field(kind, index).focus()
        return self.answer_here(kind, index, question, value)

    def answer_here(self, kind: str, index: int, question: dict, value: str) -> dict:
        """Answer the question whose field has the focus, and press its first button; what it says."""
        form, before = self.form(kind, index), self.ask(f"feedback({question['key']!r})")
        if question["listed"]:
            self.choose(form.locator(FIELD).first, value)
        else:
            self.page.keyboard.press("ControlOrMeta+A")
            self.page.keyboard.type(value)
        self.page.keyboard.press("Tab")
        if kind == "VerdictForm":
            self.page.keyboard.type("I counted.")
            self.page.keyboard.press("Tab")
        if before:  # nobody answers twice in a tenth of a second
            came = f"the kernel hears of {value!r} for {question['key']}"
            wait_until(self.page, lambda: self.ask(f"entered({question['key']!r})") == value, came)
        self.page.keyboard.press("Enter")

        def replied() -> dict | None:
            said, line = self.ask(f"feedback({question['key']!r})"), form.locator("[role=status]")
            if said is None or said == before or not line.count():
                return None
            return said if line.text_content() == said["message"] else None

        return wait_until(self.page, replied, f"{question['key']} replies to {value!r}")


def run_lesson(page, lab: browser.Lab, name: str) -> Hands:
    """Open a lesson, run all of it, and put hands on it."""
    browser.open_lesson(page, lab, name)
    browser.run_all(page)
    return Hands(page, lambda expression: lab.ask(name, expression))
