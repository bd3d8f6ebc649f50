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

    ours, theirs = [], []
    for rule in Axe().run(page).response["violations"]:
        for node in rule["nodes"] if rule["impact"] in ("serious", "critical") else ():
            place = page.locator(node["target"][0]).first
            found = f"{rule['id']} ({rule['help']}): {node['html'][:300]}"
            if not place.evaluate("(node, ours) => node.closest(ours)", OURS):
                theirs.append(found)
            elif not place.evaluate("(node, rule) => node.matches(rule)", EXCUSED.get(rule["id"], ":not(*)")):
                ours.append(found)
    return ours, theirs
