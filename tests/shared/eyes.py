"""What is hard to see or hear on an open lesson: faint or cut words, images without words, axe-core."""

from __future__ import annotations

from pathlib import Path

OURS = ".jp-OutputArea-output"  # what a lesson makes; all else on the page is JupyterLab's
# Rules of axe-core that a widget breaks by itself, and which of its elements.
EXCUSED = {
    # ipywidgets gives the handle of a slider no name (jupyter-widgets/ipywidgets#2650). The number box before
    # it has the name and the same value: `unnamed_boxes` makes sure of that.
    "aria-input-field-name": ".noUi-handle",
}
VIOLATIONS = """async ([ours, excused]) => {
    const found = [[], []], {violations} = await axe.run({resultTypes: ['violations']});
    for (const rule of violations.filter(rule => ['serious', 'critical'].includes(rule.impact)))
        for (const node of rule.nodes) {
            const place = document.querySelector(node.target[0]), words = node.html.slice(0, 300);
            const isOurs = place.closest(ours) !== null;
            if (!isOurs || !(rule.id in excused && place.matches(excused[rule.id])))
                found[isOurs ? 0 : 1].push(`${rule.id} (${rule.help}): ${words}`);
        }
    return found;
}"""
LEAST_CONTRAST = 4.5  # of text with its ground: WCAG 2.2, 1.4.3
SEE = f"([what, ...with_]) => ({Path(__file__).with_suffix('.js').read_text()})[what](...with_)"


def faint(page) -> list[str]:
    """The texts of ours whose contrast with their ground is too low, with both colours."""
    return page.evaluate(SEE, ["faint", OURS, LEAST_CONTRAST])


def cut_or_wide(page) -> list[str]:
    """What of ours reaches past its cell, and labels, buttons and numbers that are cut off."""
    return page.evaluate(SEE, ["cutOrWide", OURS])


def dark_pictures(page) -> list[str]:
    """Our pictures without a white ground."""
    return page.evaluate(SEE, ["darkPictures", OURS])


def mute(page) -> list[str]:
    """The images of a notebook without alternative text."""
    return page.evaluate(SEE, ["mute", ".jp-Notebook"])


def unnamed_boxes(page) -> list[str]:
    """The sliders that have no number box with a name beside them."""
    return page.evaluate(SEE, ["unnamedBoxes", OURS])


def violations(page) -> tuple[list[str], list[str]]:
    """The serious and critical violations that axe-core finds: ours, and those of JupyterLab itself."""
    from axe_playwright_python.sync_playwright import Axe

    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    ours, theirs = page.evaluate(VIOLATIONS, [OURS, EXCUSED])
    return ours, theirs
