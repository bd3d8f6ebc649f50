"""Lesson 10's verdicts: open-washing, open weights as a counterweight, and open source against open weights."""

from __future__ import annotations

from functools import partial

from ..evidence import verdicts
from ..evidence.verdicts import Judged, Reasons, weighed
from ..facts import figures
from ..facts import quantities as q
from ..facts.vocabulary import Verdict
from .licences import Case, allowed, copyleft_models
from .schemes import SHAPE, WEIGHTS, WHOLE, models, mof, published, total
from .years_picture import by_year

OSAID = "OSAID 1.0"


def open_by_their_own() -> list[str]:
    """Models of the open-washing shape that a scheme's own files call open."""
    scored = {entry: parts for entry, parts in published("MOF").items() if mof(parts) != "none"}
    names = {_plain(one): one for one in models(SHAPE)}
    return [names[_plain(entry)] for entry in scored if _plain(entry) in names]


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


WASHING = Reasons(
    "Of {weights} models with open weights {shape} come without data and training code; in the European index {index} of {entries} entries do. By OSAID {osaid} of {total} are "
    "open, by the debate's own rule {whole}.",
    {
        Verdict.HOLDS: "No scheme calls one of them open.",
        Verdict.IN_PART: "But the Model Openness Framework calls {named} an open model, and nothing is washed where a maker says “open weights”.",
        Verdict.FAILS: "So most come with more than weights.",
    },
)


def open_washing() -> Judged:
    """Releasing weights without data and pipeline is open-source washing."""
    weights, shape, named = len(models(WEIGHTS)), len(models(SHAPE)), open_by_their_own()
    return WASHING.judged(
        weighed(supported=shape > weights / 2, contradicted=bool(named)),
        weights=weights, shape=shape, index=f"{figures.openness('index-shape').value:.0f}",
        entries=f"{figures.openness('index-entries').value:.0f}", osaid=len(models(OSAID)), total=total(),
        whole=len(models(WHOLE)), named=q.listed(named) if named else "none",
    )  # fmt: skip


COUNTERWEIGHT = Reasons(
    "Somebody in Germany who changes weights, sells the result and keeps it closed may do so with {free} of {total} models, with duties or without; of {refused} the licences refuse. "
    "Training code came with {first_share} of the releases of {first}, and with {share} of those of {last}.",
    {
        Verdict.HOLDS: "And {copyleft} models carry copyleft.",
        Verdict.IN_PART: "But {copyleft} models carry copyleft, so the better half of the claim has nothing to be measured on; and what is released is ever less than what made it.",
        Verdict.FAILS: "So most of them leave their users no freedom to hold against anybody.",
    },
)


def use_freely() -> list[str]:
    """Models that a person may change, sell and keep closed, with or without duties."""
    case = Case(changes=True, closed=True, sells=True)
    return [name for name, word in allowed(case).items() if word in ("yes", "duty")]


def counterweight() -> Judged:
    """Open weights, better with copyleft, are a needed counterweight to concentrated power."""
    free, years, copyleft = use_freely(), by_year(), copyleft_models()
    refused = [word for word in allowed(Case(closed=True)).values() if word == "no"]
    (first, (code, every)), (last, (late, all_late)) = list(years.items())[0], list(years.items())[-1]
    return COUNTERWEIGHT.judged(
        weighed(supported=len(free) > total() / 2, contradicted=not copyleft),
        free=len(free), total=total(), refused=len(refused), first=first, first_share=q.percent(code / every),
        last=last, share=q.percent(late / all_late), copyleft=len(copyleft),
    )  # fmt: skip


SOURCE = Reasons(
    "Of {weights} models with open weights {whole} give code, data and recipe. What weights alone allow was tried on this page: to change, to shrink, to study; a recipe or the data came "
    "out of none of it.",
    {
        Verdict.HOLDS: "The definition asks the same.",
        Verdict.IN_PART: "But the Open Source AI Definition asks for information on the data and not for the data: by it {osaid} are open source, {more}.",
        Verdict.FAILS: "So open weights come with the rest, mostly.",
    },
)


def source_and_weights() -> Judged:
    """Open source AI means code, data and recipe; open weights are a download that can be studied and fine-tuned."""
    weights, whole, osaid = models(WEIGHTS), models(WHOLE), models(OSAID)
    extra = sorted(set(osaid) ^ set(whole))
    return SOURCE.judged(
        weighed(supported=len(whole) < len(weights) / 2, contradicted=bool(extra)),
        weights=len(weights), whole=len(whole), osaid=len(osaid),
        more=f"and the two part at {q.listed(extra)}" if extra else "the same",
    )  # fmt: skip


CLAIMS = {
    "open-washing": open_washing,
    "open-weights-counterweight": counterweight,
    "open-source-is-not-open-weights": source_and_weights,
}
settled = partial(verdicts.settled, CLAIMS)
