"""What a learner can move: sliders, choices and switches, as plain data and as widgets."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as W
import numpy as np

from ..facts.quantities import significant

DIGITS = 7  # enough to say 1,048,576 in full

STEPS_PER_DECADE = 24  # one arrow key on a log slider is 10 %: small enough to aim, large enough to see
MOST_STEPS = 400


@dataclass(frozen=True)
class Slider:
    """A number between two ends.

    Attributes:
        label: what the learner reads and a screen reader says.
        stops: the values that the handle visits, rising; typing reaches every value between the ends.
        start: the value at first.
        unit: written behind the number, "" for none.
        whole: only whole numbers are meant.
    """

    label: str
    stops: tuple[float, ...]
    start: float
    unit: str
    whole: bool

    @property
    def ends(self) -> tuple[float, ...]:
        """The values a test must visit."""
        return self.stops[0], self.stops[-1]

    def admit(self, value: float) -> tuple[float, str]:
        """The allowed value nearest to `value`, and what to tell the learner if that is another one."""
        low, high = self.ends
        if not math.isfinite(value):
            return self.start, f"{self.label} needs a number, so it is back at {self.say(self.start)}."
        if not low <= value <= high:
            kept = min(max(value, low), high)
            given, unit = significant(value, DIGITS), f" {self.unit}" if self.unit else ""
            return kept, (
                f"You typed {given} for {self.label}; it goes from {significant(low, DIGITS)} to "
                f"{significant(high, DIGITS)}{unit}, so {significant(kept, DIGITS)} is used."
            )
        if self.whole and value != round(value):
            return round(
                value
            ), f"{self.label} is a whole number, so {significant(round(value), DIGITS)} is used."
        return (round(value) if self.whole else value), ""

    def say(self, value: float) -> str:
        """The value as a person reads it."""
        return f"{significant(value, DIGITS)} {self.unit}".rstrip()


@dataclass(frozen=True)
class Choice:
    """One of several names. `ends` are all of them."""

    label: str
    ends: tuple[str, ...]
    start: str

    def say(self, value: str) -> str:
        """The value as a person reads it."""
        return value


@dataclass(frozen=True)
class Toggle:
    """Yes or no."""

    label: str
    start: bool
    ends: tuple[bool, ...] = (False, True)

    def say(self, value: bool) -> str:
        """The value as a person reads it."""
        return "on" if value else "off"


Control = Slider | Choice | Toggle


def slider(
    label: str,
    low: float,
    high: float,
    *,
    start: float,
    step: float | None = None,
    unit: str = "",
    whole: bool = False,
) -> Slider:
    """Describe a number whose steps are equal.

    Args:
        label: what the learner reads.
        low, high: the two ends, in `unit`.
        start: the value at first.
        step: what one press of an arrow key adds; a hundredth of the range if left out.
        unit: written behind the number.
        whole: only whole numbers are meant.

    Raises:
        ValueError: the ends are not in order, the start lies outside them, or the step does not fit.

    >>> slider("Context", 0, 8192, start=4096, step=1024, unit="tokens").stops[:3]
    (0.0, 1024.0, 2048.0)
    >>> slider("Context", 0, 8192, start=9000)
    Traceback (most recent call last):
    ...
    ValueError: the slider 'Context' starts at 9000, outside 0 to 8192: start between them.
    """
    _check_range(label, low, high, start)
    step = step or (max(1, round((high - low) / 100)) if whole else (high - low) / 100)
    if not 0 < step <= high - low:
        raise ValueError(f"the slider {label!r} has step {step:g}: choose one above 0, up to {high - low:g}.")
    if (high - low) / step > MOST_STEPS:
        raise ValueError(
            f"the slider {label!r} has {(high - low) / step:,.0f} steps, too many to reach with arrow keys: "
            f"choose a step of at least {(high - low) / MOST_STEPS:g}, or controls.log_slider."
        )
    inner = low + step * np.arange(1, math.ceil((high - low) / step - 1e-6))
    stops = [low, *(float(f"{stop:.12g}") for stop in inner), high]
    return _slider(label, stops, start, unit, whole)


def log_slider(
    label: str, low: float, high: float, *, start: float, unit: str = "", whole: bool = False
) -> Slider:
    """Describe a number whose steps are equal ratios of about 10 %; whole numbers begin 1, 2, 3.

    Args:
        label, low, high, start, unit, whole: as in `slider`; both ends are above zero.

    Raises:
        ValueError: an end is not above zero, or as in `slider`.

    >>> log_slider("Batch", 1, 512, start=8, whole=True).stops[:12]
    (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    >>> log_slider("Batch", 0, 512, start=8)
    Traceback (most recent call last):
    ...
    ValueError: the log slider 'Batch' begins at 0: a ratio needs ends above zero, say 1 to 512.
    """
    if low <= 0:
        raise ValueError(
            f"the log slider {label!r} begins at {low:g}: a ratio needs ends above zero, say 1 to {high:g}."
        )
    _check_range(label, low, high, start)
    steps = min(MOST_STEPS, max(12, round(STEPS_PER_DECADE * math.log10(high / low))))
    rough = np.geomspace(low, high, steps + 1)[1:-1]
    tidy = [float(f"{value:.3g}") for value in rough]
    return _slider(label, [low, *(v for v in tidy if low < v < high), high], start, unit, whole)


def choice(label: str, names: Sequence[str], *, start: str | None = None) -> Choice:
    """Describe a list to choose one name from.

    Args:
        label: what the learner reads.
        names: at least two different names, in the order shown.
        start: the name chosen at first; the first one if left out.

    Raises:
        ValueError: fewer than two names, a name twice, or a start that is not among them.

    >>> choice("Model", ["GLM-5.2", "GPT-2"], start="GLM-52")
    Traceback (most recent call last):
    ...
    ValueError: the choice 'Model' starts at 'GLM-52', not one of its 2 names; nearest: 'GLM-5.2', 'GPT-2'.
    """
    names = tuple(names)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"the choice {label!r} needs two or more different names, and has {list(names)}.")
    return Choice(label, names, checked_name(label, names, names[0] if start is None else start, "starts at"))


def toggle(label: str, start: bool = False) -> Toggle:
    """Describe a switch that is on or off.

    >>> toggle("Stream from disk").start
    False
    """
    if not isinstance(start, bool):
        raise ValueError(f"the switch {label!r} starts at {start!r}: choose True or False.")
    return Toggle(label, start)


def checked_name(label: str, names: Sequence[str], name: str, did: str = "was set to") -> str:
    """Return `name` if it is one of `names`; else say which come nearest."""
    if name in names:
        return name
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.3) or list(names[:3])
    raise ValueError(
        f"the choice {label!r} {did} {name!r}, not one of its {len(names)} names; "
        f"nearest: {', '.join(map(repr, near))}."
    )


def _check_range(label: str, low: float, high: float, start: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"the slider {label!r} goes from {low:g} to {high:g}: put the smaller end first.")
    if not low <= start <= high:
        raise ValueError(
            f"the slider {label!r} starts at {start:g}, outside {low:g} to {high:g}: start between them."
        )


def _slider(label: str, stops: Sequence[float], start: float, unit: str, whole: bool) -> Slider:
    as_meant = round if whole else float
    if whole and any(value != round(value) for value in (stops[0], stops[-1], start)):
        raise ValueError(f"the slider {label!r} is whole: its ends and its start must be whole too.")
    return Slider(label, tuple(sorted({as_meant(value) for value in stops})), as_meant(start), unit, whole)


class ControlWidget:
    """A control on the screen: its widgets, its value, and a note if a typed value had to be changed.

    Args:
        control: the description.
        moved: called without arguments after every change.
    """

    def __init__(self, control: Control, moved: Callable[[], None]):
        self.control, self.value, self.note, self._moved = control, control.start, "", moved
        self._settling = False
        named = {"description": control.label, "style": {"description_width": "initial"}}
        width = f"{len(control.label) + 14}ch"
        match control:
            case Slider():
                # The number box carries the name: ipywidgets gives a slider's handle none.
                self.box = W.FloatText(control.start, layout=W.Layout(flex="0 0 auto", width=width), **named)
                self.bar = W.IntSlider(
                    self._stop_near(control.start),
                    0,
                    len(control.stops) - 1,
                    readout=False,
                    layout=W.Layout(flex="1 1 160px", width="auto", min_width="120px"),
                )
                self.bar.observe(lambda change: self._settle(control.stops[change["new"]]), "value")
                self.box.observe(lambda change: self._settle(*control.admit(change["new"])), "value")
                unit = W.Label(control.unit, layout=W.Layout(flex="0 0 auto", width="auto"))
                parts = [self.box, unit, self.bar]
            case Choice():
                self.box = W.Dropdown(
                    options=control.ends, value=control.start, layout=W.Layout(width="auto"), **named
                )
                parts = [self.box]
            case Toggle():
                self.box = W.Checkbox(
                    control.start, description=control.label, indent=False, layout=W.Layout(width="auto")
                )
                parts = [self.box]
        if not isinstance(control, Slider):
            self.box.observe(lambda change: self._settle(change["new"]), "value")
        layout = W.Layout(flex="1 1 380px", align_items="center", margin="0 16px 0 0")
        if isinstance(control, Slider):
            layout.min_width = (
                "min-content"  # beside a long label the bar keeps its room, and the row its edge
            )
        self.row = W.HBox(parts, layout=layout)

    def type(self, value: float | str | bool) -> None:
        """Put a value in the box, as a learner would by hand."""
        if isinstance(self.control, Choice):
            checked_name(self.control.label, self.control.ends, value)
        self.box.value = value

    def _stop_near(self, value: float) -> int:
        return int(np.argmin(np.abs(np.asarray(self.control.stops) - value)))

    def _settle(self, value: float | str | bool, note: str = "") -> None:
        """Take a new value; box and handle follow it without answering again."""
        if self._settling:
            return
        self.value, self.note = value, note
        if not isinstance(self.control, Slider):
            return self._moved()
        with self.box.hold_sync():  # the picture goes first: a page that writes the number slows its drawing
            self._settling = True
            try:
                self.box.value, self.bar.value = value, self._stop_near(value)
            finally:
                self._settling = False
            self._moved()
