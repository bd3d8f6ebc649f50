"""An agent's task: what it reads, reads again and writes, and how long that takes on a machine or through an API."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..cost.inference import decode
from ..cost.memory import max_sequences
from ..cost.prefix_cache import prompts, seconds_read
from ..facts import catalog
from ..facts.records_practice import AgentFigure
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, dollars
from ..money.price_lists import at_hosts, middle_host
from ..money.serving_costs import Tokens


def figure(name: str) -> AgentFigure:
    """One published figure of agents by its identifier.

    >>> figure("vllmcodex-turns-per-task-p50").value
    33.0
    """
    return catalog.find(AgentFigure, name, "figure of agents")


@dataclass(frozen=True)
class Task:
    """One task of an agent: turns; tokens of the first prompt, added to it by each turn, and of those written by the model;
    share of the turns that find their prefix kept; seconds of tools at each turn."""

    turns: int
    first: float
    added: float
    written: float
    kept: float = 1.0
    tools: float = 0.0

    @property
    def sent(self):
        """Tokens that every turn sends."""
        return prompts(self.first, self.added, self.turns)

    def tokens(self) -> Tokens:
        """Tokens of the whole task as a vendor bills them: read anew, read from a kept prefix, written."""
        sent = self.sent
        found = self.kept * sent[:-1].sum()
        return Tokens(float(sent.sum() - found), float(found), float(self.turns * self.written))


def usual() -> Task:
    """The task of the published trace of 610: its middle turns, its context at the start, its new tokens a turn.

    >>> usual().turns
    33
    """
    low, high = (figure(f"vllmcodex-output-per-turn-{end}-typical").value for end in ("low", "high"))
    return Task(
        turns=int(figure("vllmcodex-turns-per-task-p50").value),
        first=figure("vllmcodex-context-at-the-start-about").value,
        added=figure("vllmcodex-new-tokens-per-turn-mean").value,
        written=(low + high) / 2,
        kept=figure("vllmcodex-cache-hit-share").value / 100,
        tools=figure("tracelab-claude-code-and-codex-tool-time-of-a-step-p50").value,
    )


@dataclass(frozen=True)
class Spent:
    """Seconds of one task by what they go into, and its dollars; `lacks` says why it cannot be done, "" if it can."""

    reading: float = 0.0
    writing: float = 0.0
    tools: float = 0.0
    dollars: float = 0.0
    lacks: str = ""

    @property
    def seconds(self) -> float:
        return self.reading + self.writing + self.tools


def on_machine(model: Model, machine: Machine, weights, task: Task, sessions: int = 1) -> Spent:
    """A task on a machine that so many sessions share: their prompts are read one after another, their answers written
    together. The machine is paid by the hour, by all of them alike.

    Args:
        model, machine, weights: as in `fw.decode`.
        task: of each session.
        sessions: at once, 1 or more.
    """
    sent = task.sent
    longest = float(sent[-1]) + task.written
    if longest > model.max_context:
        return Spent(
            lacks=f"its last prompt of {longest:,.0f} tokens is longer than the model's {model.max_context:,}"
        )
    held = max_sequences(model, machine, context=longest, weights=weights)
    if not held.fits:
        return Spent(lacks="the model and one history do not fit")
    if held.expected < sessions:
        return Spent(
            lacks=f"{held.expected:,.0f} histories of {longest:,.0f} tokens have room, {sessions} are asked for"
        )
    reading = sessions * float(seconds_read(model, machine, weights, sent, task.kept).sum())
    step = decode(model, machine, context=float(sent.mean()), batch=sessions, weights=weights).expected
    writing = task.turns * task.written * step
    busy = (reading + writing) / sessions
    return Spent(reading, writing, task.turns * task.tools, float(dollars(machine, busy, PAID[1])))


def by_api(name: str, task: Task) -> Spent:
    """A task through an API: what the middle host of the model asks, and the mean step of published traces, reading
    included; those ran on other models."""
    step = figure("tracelab-claude-code-and-codex-generation-time-of-a-step-mean").value
    tokens = task.tokens()
    cost = float(at_hosts(name)[middle_host(name, tokens)].dollars(tokens))
    return Spent(0.0, task.turns * step, task.turns * task.tools, cost)


def dropped(task: Task) -> Task:
    """The same task where no prefix is kept between turns."""
    return replace(task, kept=0.0)


def people_share() -> float:
    """Share of the wall clock that people take in published traces, from reading an answer to the next request."""
    return figure("tracelab-claude-code-and-codex-human-share-of-wall-clock-share").value / 100
