"""May I? A person's case against what licences say, clause by clause. Not legal advice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from ..facts import catalog
from ..facts import quantities as q
from ..facts.records_openness import LicenceAnswer
from .schemes import releases

YES, DUTY, NO, UNREAD, UNASKED = "yes", "duty", "no", "unread", "-"
ASKED = {  # by the words of a case, the questions of data/licences.csv
    "sell": "commercial",
    "size": "user_threshold",
    "country": "territory_limit",
    "distil": "distil_outputs",
    "change": "modify",
    "keep closed": "closed_derivative",
    "any use": "use_restrictions",
}
EU = "European Union"
MEMBERS = (
    "Austria Belgium Bulgaria Croatia Cyprus Czechia Denmark Estonia Finland France Germany Greece Hungary Ireland Italy Latvia "
    "Lithuania Luxembourg Malta Netherlands Poland Portugal Romania Slovakia Slovenia Spain Sweden"
).split()
COPYLEFT = ("GPL-3.0", "AGPL-3.0")


@dataclass(frozen=True)
class Case:
    """What a person wants. users: a month; revenue: US dollars a year; country: where they are based."""

    users: float = 1e3
    revenue: float = 0.0
    country: str = "Germany"
    sells: bool = True
    distils: bool = False
    changes: bool = True
    closed: bool = False


@dataclass(frozen=True)
class Finding:
    """What one licence says to one part of a case. clause: of the text, where one was noted; detail: what it says."""

    says: str
    clause: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.says}, {self.clause}" if self.clause and self.says in (DUTY, NO) else self.says


@cache
def answers() -> dict[str, dict[str, LicenceAnswer]]:
    """What was read of each licence, by question."""
    found: dict[str, dict[str, LicenceAnswer]] = {}
    for row in catalog.table(LicenceAnswer):
        found.setdefault(row.licence, {})[row.question] = row
    return found


def regions(country: str) -> set[str]:
    """The names under which a limit of territory would leave a country out.

    >>> sorted(regions("France"))
    ['European Union', 'France']
    """
    return {country, EU} if country in MEMBERS else {country}


def known_countries() -> set[str]:
    """Countries that some licence names, directly or as members."""
    named = {one for row in catalog.table(LicenceAnswer) for one in row.countries.split("; ") if one}
    return named | set(MEMBERS)


def wanted(case: Case) -> list[str]:
    """Which questions a case asks. Size, country and limits of use concern everybody."""
    asks = {
        "sell": case.sells,
        "distil": case.distils,
        "change": case.changes,
        "keep closed": case.changes and case.closed,
    }
    return [name for name in ASKED if asks.get(name, True)]


def found(case: Case, licence: str, what: str) -> Finding:
    """What a licence says to one part of a case.

    >>> str(found(Case(users=1e9), "Llama 3.1 Community", "size"))
    'no, 2'
    """
    rows = answers().get(licence, {})
    row = rows.get(ASKED[what])
    if what not in wanted(case):
        return Finding(UNASKED)
    if row is None:
        return Finding(UNREAD, detail="nobody here read that")
    says = YES
    if what == "size":
        over = (row.users is not None and case.users > row.users) or (
            row.revenue is not None and case.revenue > row.revenue
        )
        says = YES if row.answer == "no" or not over else NO if row.answer == "yes" else DUTY
    elif what == "country":
        says = NO if regions(case.country) & set(row.countries.split("; ")) else YES
    elif what == "any use":
        says = DUTY if row.answer == "yes" else YES
    elif row.answer == "no":
        says = NO
    elif row.answer == "conditional":  # of sales the condition is size, which has a question of its own
        says = YES if what == "sell" and ASKED["size"] in rows else DUTY
    return Finding(says, row.clause, row.detail)


def verdict(case: Case, licence: str) -> str:
    """What a whole licence comes to: no if one clause refuses, unread if one that matters was not read, else yes or duty."""
    all_of = {found(case, licence, what).says for what in wanted(case)}
    return next((word for word in (NO, UNREAD, DUTY) if word in all_of), YES)


def allowed(case: Case) -> dict[str, str]:
    """Each model of the catalogue that can be downloaded, with the worst verdict of the licences on its weights.

    >>> allowed(Case())["Qwen3-8B"]
    'yes'
    """
    order = (YES, DUTY, UNREAD, NO)
    return {
        model: max((verdict(case, one) for one in release.licences), key=order.index)
        for release in releases()
        if release.licences
        for model in release.models
    }


def copyleft_models() -> list[str]:
    """Models of the catalogue whose weights are under a copyleft licence."""
    return [name for one in releases() if set(one.licences) & set(COPYLEFT) for name in one.models]


def smallest_change(case: Case) -> tuple[str, int]:
    """What one part of a case, given up, opens most models; and how many more.

    >>> smallest_change(Case(users=1e9))[0]
    'have fewer users'
    """
    gives = {
        "have fewer users": replace(case, users=1.0),
        "earn less": replace(case, revenue=0.0),
        "sell nothing": replace(case, sells=False),
        "not distil": replace(case, distils=False),
        "publish the changes": replace(case, closed=False),
    }

    def count(one: Case) -> int:
        return sum(word in (YES, DUTY) for word in allowed(one).values())

    opened = {name: count(one) for name, one in gives.items()}
    best = max(opened, key=opened.get)
    return best, opened[best] - count(case)


def described(case: Case) -> str:
    """A case in words."""
    does = [
        word
        for word, true in (
            ("sells", case.sells),
            ("distils", case.distils),
            ("changes weights" + (" and keeps them closed" if case.closed else ""), case.changes),
        )
        if true
    ]
    return f"{q.count(case.users)} users a month, {q.money(case.revenue)} a year, {case.country}; {', '.join(does) or 'only uses'}"
