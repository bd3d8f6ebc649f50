"""Lesson 06's agent: one task on a desktop, on a node and through an API, in minutes and in dollars."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.text import Text

from ..cost import reference_cases as cases
from ..facts import quantities as q
from ..machines.machine import Machine
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.charts import Quantity
from ..page.style import BLUE, GREEN, INK, ORANGE, RED
from . import agent_task
from .agent_task import Spent, Task

MODELS = ("GLM-5.2", "DeepSeek-V4-Pro", "gpt-oss-120b")
LOOKS = {"desktop": (ORANGE, "o"), "node": (BLUE, "s"), "API": (GREEN, "D")}
PLACES = {
    "desktop": (cases.DESKTOP, cases.DESKTOP_WEIGHTS),
    "node": (cases.CLUSTER, cases.CLUSTER_WEIGHTS),
}
TICKS = {1: "1 s", 60: "1 minute", 600: "10", 3600: "1 hour", 36_000: "10", 864_000: "10 days"}
LONGEST = "99.9 minutes, $99.90: reading 99.9 minutes, writing 99.9 minutes, tools 99.9 s"


@dataclass(frozen=True)
class Artists:
    """What moves."""

    title: Text
    rows: charts.Rows


def draw(figure: Figure) -> Artists:
    """Three rows on one axis of time."""
    [axes] = layout.grid(figure)
    layout.log_axis(axes.xaxis, TICKS)
    axes.set(xlim=(1, 3e6), xlabel="time of one task, without people")
    return Artists(layout.headline(figure), charts.rows(axes, LOOKS, words="below", room=LONGEST))


def update(
    artists: Artists, name: str, turns: float, added: float, kept: float, sessions: float, tools: float
) -> str:
    """One task on both machines and by API; say what a dropped cache and people do to it."""
    usual = agent_task.usual()
    task = Task(int(turns), usual.first, added, usual.written, kept / 100, tools)
    model = Model.named(name)
    found = {place: on(model, place, task, int(sessions)) for place in PLACES}
    found["API"] = agent_task.by_api(name, task)
    artists.rows.show({place: quantity(one) for place, one in found.items()})
    artists.title.set_text(finding(found))
    return sentence(name, model, task, int(sessions), found)


def on(model: Model, place: str, task: Task, sessions: int) -> Spent:
    """The task on one of the two machines."""
    machine, weights = PLACES[place]
    return agent_task.on_machine(model, Machine.named(*machine), weights, task, sessions)


def quantity(spent: Spent) -> Quantity:
    """One row: a mark and its words, or why there is none."""
    if spent.lacks:
        return Quantity(words=f"✖ {spent.lacks}", ink=INK[RED])
    writing = "writing" if spent.reading else "reading and writing"
    parts = [(spent.reading, "reading"), (spent.writing, writing), (spent.tools, "tools")]
    said = ", ".join(f"{name} {q.duration(seconds)}" for seconds, name in parts if seconds)
    return Quantity(spent.seconds, words=f"{q.duration(spent.seconds)}, {q.money(spent.dollars)}: {said}")


def finding(found: dict[str, Spent]) -> str:
    """The title."""
    desktop, node = found["desktop"], found["node"]
    if desktop.lacks or node.lacks:
        places = [name for name in PLACES if found[name].lacks]
        return f"The task cannot be done on the {' nor on the '.join(places)}"
    return f"The desktop takes {q.times(desktop.seconds / node.seconds)} the node's time for one task"


def sentence(name: str, model: Model, task: Task, sessions: int, found: dict[str, Spent]) -> str:
    """What is read and written, what a dropped cache would do, and when a faster machine stops mattering."""
    tokens, sent = task.tokens(), task.sent
    said = (
        f"{name}, turns: {task.turns}; {q.count(float(sent.sum()))} "
        f"tokens are sent, {q.count(tokens.cached)} of them found again, and {q.count(tokens.output)} written."
    )
    for place, one in found.items():
        if one.lacks:
            said += f" On the {place} it cannot be done: {one.lacks}."
        elif place in PLACES:
            again = on(model, place, agent_task.dropped(task), sessions)
            said += f" With the cache dropped between turns the {place} needs {q.duration(again.seconds)}."
    fast, slow = found["node"], found["desktop"]
    if not fast.lacks and not slow.lacks:
        share = agent_task.people_share()
        people = share / (1 - share) * fast.seconds
        said += (
            f" In published traces people take {q.percent(share)} of the wall clock: with as much beside the node's time, the "
            f"desktop makes the whole {q.times((people + slow.seconds) / (people + fast.seconds))} as long, not "
            f"{q.times(slow.seconds / fast.seconds)}."
        )
    return said


def panel() -> live.Panel:
    """An agent's task on a desktop, a node and by API; its cache may be dropped, and its slots may run out.

    >>> panel().set(kept=0, sessions=64)
    """
    usual = agent_task.usual()
    return live.panel(
        draw,
        update,
        title="An agent's task on a desktop, on a node and by API",
        size=(9, 4.2),
        name=controls.choice("Model", MODELS, start="GLM-5.2"),
        turns=controls.log_slider("Turns", 1, 200, start=usual.turns, whole=True),
        added=controls.log_slider(
            "Added by a turn", 100, 20_000, start=round(usual.added), unit="tokens", whole=True
        ),
        kept=controls.slider("Prefix kept", 0, 100, step=1, start=round(100 * usual.kept), unit="% of turns"),
        sessions=controls.log_slider("Sessions at once", 1, 256, start=1, whole=True),
        tools=controls.slider("Tools", 0, 120, step=1, start=1, unit="s a turn"),
    )
