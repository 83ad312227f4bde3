"""Knobs, a strategy's parameters: whole numbers, real numbers, choices and switches.

Knows nothing about pages or command lines; both build their controls from these.
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

    `low`, `high` and `step` are for numbers (any value in the range is allowed; `step` is only the slider's); `options`
    are for choices: value → label. `unit` is shown after the value; `flag` is a longer name on the command line.
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
        """The value, validated and converted to the knob's type. Raises ValueError with value, rule and fix."""
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
        """A value as text, with its unit."""
        text = (
            str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
        )
        return f"{text} {self.unit}".strip()

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
    """A dataclass field for a number in [low, high]: a whole number if the default is one, else a real number."""
    whole = isinstance(default, int)
    finer = step or (1 if whole else 0.01)
    kind: KnobKind = "whole" if whole else "real"
    made = Knob("", kind, label, help, default, low, high, finer, unit=unit, flag=flag)
    return field(default=made.checked(default), metadata={"knob": made})


def choice(default: str, options: Mapping[str, str], label: str, help: str, *, flag: str = "") -> Any:
    """A dataclass field for one of these values, each with a short label for people."""
    made = Knob("", "choice", label, help, default, options=dict(options), flag=flag)
    return field(default=made.checked(default), metadata={"knob": made})


def switch(default: bool, label: str, help: str, *, flag: str = "") -> Any:
    """A dataclass field for an on/off setting."""
    made = Knob("", "switch", label, help, default, flag=flag)
    return field(default=made.checked(default), metadata={"knob": made})


# --- knobs that several strategies share ------------------------------------------------------------------------------


def count(label: str, help: str, default: int = 16) -> Any:
    """N, the unit of budgets. All strategies use one range, so that N carries over when the strategy changes."""
    return knob(default, 1, 256, label, help)


def width(help: str, label: str = "Beam width M") -> Any:
    """M, the number of next steps sampled from each kept step."""
    return knob(4, 1, 64, label, help)


def lookahead(default: int, help: str) -> Any:
    """k, the number of greedy rollout steps after which a step is scored."""
    return knob(default, 0, 8, "Lookahead k", help, unit="steps", flag="lookahead")
