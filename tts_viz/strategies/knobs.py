"""A strategy's parameters as a person turns them: whole numbers, real numbers, choices and switches.

Knows nothing about pages or command lines: both make their controls of what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal

from tts_viz.errors import InputError

Value = int | float | str | bool
KnobKind = Literal["whole", "real", "choice", "switch"]


@dataclass(frozen=True, slots=True)
class Knob:
    """One parameter, with one sentence of explanation.

    `low`, `high` and `step` are those of a number (any value in the range is allowed; the step is the slider's);
    `options` are a choice's: value → words. `unit` stands after the value; `flag` is a longer name on the command line.
    """

    name: str
    kind: KnobKind
    label: str
    help: str
    default: Value
    low: float = 0
    high: float = 0
    step: float = 1
    options: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    flag: str = ""

    def checked(self, value: Any) -> Value:
        """The value as the strategy reads it. Raises ValueError with value, rule and fix."""
        if self.accepts(value):
            return float(value) if self.kind == "real" else value
        shown = value if isinstance(value, int | float) else repr(value)
        raise InputError(f"{self.name}={shown} must be {self.rule}; try {self.words(self._nearest(value))}")

    def accepts(self, value: Any) -> bool:
        match self.kind:
            case "switch":
                return isinstance(value, bool)
            case "choice":
                return isinstance(value, str) and value in self.options
            case "whole":
                return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high
            case "real":
                return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high

    @property
    def rule(self) -> str:
        """ "a whole number from 1 to 64" """
        match self.kind:
            case "switch":
                return "true or false"
            case "choice":
                return f"one of {', '.join(self.options)}"
            case "whole":
                return f"a whole number from {self.low} to {self.high}"
            case "real":
                return f"a number from {self.low:g} to {self.high:g}"

    def words(self, value: Value) -> str:
        """A value as it is written."""
        said = (
            str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
        )
        return f"{said} {self.unit}".strip()

    def _nearest(self, value: Any) -> Value:
        number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        match self.kind:
            case "whole" if number:
                return int(min(max(round(value), self.low), self.high))
            case "real" if number:
                return min(max(float(value), self.low), self.high)
            case _:
                return self.default


def knob(
    default: float,
    low: float,
    high: float,
    label: str,
    help: str,
    *,
    step: float | None = None,
    unit: str = "",
    flag: str = "",
) -> Any:
    """A dataclass field that is a number in [low, high]: a whole one where its default is, else a real one."""
    whole = isinstance(default, int)
    finer = step or (1 if whole else 0.01)
    kind: KnobKind = "whole" if whole else "real"
    made = Knob("", kind, label, help, default, low, high, finer, unit=unit, flag=flag)
    return field(default=made.checked(default), metadata={"knob": made})


def choice(default: str, options: Mapping[str, str], label: str, help: str, *, flag: str = "") -> Any:
    """A dataclass field that is one of these values, each with a word or two for people."""
    made = Knob("", "choice", label, help, default, options=dict(options), flag=flag)
    return field(default=made.checked(default), metadata={"knob": made})


def switch(default: bool, label: str, help: str, *, flag: str = "") -> Any:
    """A dataclass field that is on or off."""
    made = Knob("", "switch", label, help, default, flag=flag)
    return field(default=made.checked(default), metadata={"knob": made})


# --- those that several strategies share ------------------------------------------------------------------------------


def count(label: str, help: str, default: int = 16) -> Any:
    """N, in which budgets are counted: one range for all strategies, so that it can survive a change of strategy."""
    return knob(default, 1, 256, label, help)


def width(help: str, label: str = "Beam width M") -> Any:
    """M, how many next steps are grown from one."""
    return knob(4, 1, 64, label, help)


def lookahead(default: int, help: str) -> Any:
    """k, how many greedy steps ahead a step is judged by."""
    return knob(default, 0, 8, "Lookahead k", help, unit="steps", flag="lookahead")
