"""Lesson 10's question: a case against every licence of the catalogue, and the clause that refuses it. Not legal advice."""

from __future__ import annotations

from collections import Counter

from matplotlib.figure import Figure

from ..facts import quantities as q
from ..page import charts, controls, layout, live
from ..page.style import BLUE, FAINT, GREY, ORANGE, SAND, SKY
from .licences import (
    ASKED,
    COPYLEFT,
    DUTY,
    NO,
    UNASKED,
    UNREAD,
    YES,
    Case,
    allowed,
    answers,
    copyleft_models,
    described,
    found,
    known_countries,
    smallest_change,
    verdict,
)
from .schemes import releases

LOOKS = {YES: SKY, DUTY: SAND, NO: ORANGE, UNREAD: "white", UNASKED: FAINT}
INKS = {SKY: "black", SAND: "black", ORANGE: "black", "white": GREY, FAINT: GREY, BLUE: "white"}
NEVER, SHARED, CLOSED = "does not", "does, and publishes", "does, and keeps it closed"
COUNTRIES = ("Germany", "France", "United Kingdom", "South Korea", "United States", "China", "Brazil")
SHORT = {
    "DeepSeek Model License 1.0": "DeepSeek License 1.0",
    "openPangu Model License 1.0": "openPangu 1.0",
    "Apertus Acceptable Use Policy 1.0": "Apertus policy",
    "Grok 2 / xAI Community License": "Grok 2 Community",
    "Mistral Research License 0.1": "Mistral Research",
    "Modified MIT (MiniMax-M2)": "MIT, MiniMax-M2's",
    "Modified MIT (Kimi K2)": "MIT, Kimi K2's",
    "Modified MIT (GPT-2)": "MIT, GPT-2's",
    "Qwen Research License": "Qwen Research",
}


def carried() -> Counter:
    """Licences of the catalogue, the most frequent first, with how many models carry them."""
    return Counter(licence for one in releases() for licence in one.licences for _ in one.models)


def draw(figure: Figure) -> live.Artists:
    """A table: what each licence says to each part of the case."""
    [axes] = layout.grid(figure)
    title, line = layout.headline(figure), layout.subtitle(figure)
    names = [named(one, count) for one, count in carried().items()]
    cells = charts.cells(axes, len(names) + len(COPYLEFT), len(ASKED), max(names, key=len), "keep\nclosed")
    for texts in cells.words:
        for text in texts:
            text.set_fontsize(9)
    return live.Artists(title=title, line=line, cells=cells)


def named(licence: str, count: int) -> str:
    """A licence with how many models carry it."""
    return f"{SHORT.get(licence, licence)} ({count})"


def short(words: str) -> str:
    """A finding that fits a cell: of several clauses the first with a number, and few words of it.

    >>> short("duty, definitions; 6"), short("no, 2"), short("duty, final paragraph")
    ('duty, 6', 'no, 2', 'duty, end')
    """
    says, _, clause = words.partition(", ")
    parts = clause.split("; ")
    one = next((part for part in parts if any(letter.isdigit() for letter in part)), parts[0])
    one = "end" if "paragraph" in one and "AUP" not in one else one.split(", ")[0]
    return f"{says}, {one}" if one else says


def update(
    artists: live.Artists,
    users: float,
    revenue: float,
    country: str,
    sells: bool,
    distils: bool,
    changes: str,
) -> str:
    """Judge every licence; say how many models are allowed and what would open more."""
    case = Case(users, revenue, country, sells, distils, changes != NEVER, changes == CLOSED)
    rows = list(carried().items()) + [(one, 0) for one in COPYLEFT]
    table = {}
    for licence, count in rows:
        for what in ASKED:
            one = found(case, licence, what)
            table[named(licence, count), what] = short(str(one)), LOOKS[one.says]
    artists.cells.show(table, INKS)
    tally = Counter(allowed(case).values())
    total = sum(tally.values())
    artists.title.set_text(
        f"{tally[YES] + tally[DUTY]} of {total} models are allowed, {tally[DUTY]} of them with duties; {tally[NO]} are not"
    )
    artists.line.set_text(
        "the clause behind each answer; in brackets how many models carry the licence; not legal advice"
    )
    refused = [licence for licence in carried() if verdict(case, licence) == NO]
    why = "; ".join(f"{SHORT.get(one, one)}: {reason(case, one)}" for one in refused[:3]) or "none refuses"
    best, more = smallest_change(case)
    opens = (
        f"To {best} would open {q.count(more)} more."
        if more > 0
        else "No one thing given up would open more."
    )
    where = (
        ""
        if country in known_countries()
        else (f" No licence here names {country}: that is no word on its law, which nobody here read.")
    )
    rules = [(one, answers()[one]["closed_derivative"]) for one in COPYLEFT]
    left = " ".join(f"{one}, {row.clause}: {row.detail}" for one, row in rules)
    return (
        f"{described(case)}. Allowed {tally[YES]}, with duties {tally[DUTY]}, refused {tally[NO]}, {tally[UNREAD]} unread. Refusing: {why}. {opens}{where} "
        f"Copyleft beside them would ask: {left} Of the catalogue {len(copyleft_models())} models carry it. Not legal advice."
    )


def reason(case: Case, licence: str) -> str:
    """The clause that decides, in short words."""
    worst = verdict(case, licence)
    if worst == YES:
        return "nothing asked"
    for what in ASKED:
        one = found(case, licence, what)
        if one.says == worst:
            return f"{what}{f', {one.clause}' if one.clause else ''}"
    raise AssertionError("a verdict has a finding behind it")


def panel() -> live.Panel:
    """May I?

    >>> panel().set(users=1e9, country="Brazil")
    """
    return live.panel(
        draw,
        update,
        title="What each licence says to one case, by clause",
        size=(9, 6.8),
        users=controls.log_slider("Users a month", 1, 4e9, start=1000, whole=True),
        revenue=controls.log_slider("Revenue a year", 1, 1e12, start=10_000, unit="$", whole=True),
        country=controls.choice("Based in", list(COUNTRIES)),
        sells=controls.toggle("Sells", start=True),
        distils=controls.toggle("Trains others on outputs", start=False),
        changes=controls.choice("Changes the weights", [SHARED, CLOSED, NEVER]),
    )
