"""What a strategy is: a frozen dataclass of knobs with one method, `search(tree)`, that yields ops.

To add one: write a file beside this one, decorate the class with `@strategy(...)`, and import it in `__init__`. Its
fields become the page's sliders and the command line's flags. A strategy must be able to start on a tree that another
one has grown: that is how strategies are changed in the middle of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from math import inf
from typing import Any, Protocol, TypeVar

from tts_viz.core import aggregation
from tts_viz.core.events import Settings
from tts_viz.core.ops import Search
from tts_viz.core.tree import Tree


class Strategy(Protocol):
    """One algorithm. `generations` is its cost in full answers when nothing is cut short: the paper's x-axis."""

    @property
    def generations(self) -> int: ...

    def search(self, tree: Tree) -> Search: ...


@dataclass(frozen=True, slots=True)
class Knob:
    """One parameter as a person sees it: an integer in [low, high] with one sentence of explanation."""

    name: str
    label: str
    default: int
    low: int
    high: int
    help: str


@dataclass(frozen=True, slots=True)
class StrategyEntry:
    """A registered strategy. `verified`: it asks the verifier, so its steps have scores."""

    name: str
    title: str
    blurb: str
    verified: bool
    make: Callable[..., Strategy]
    knobs: tuple[Knob, ...]


STRATEGIES: dict[str, StrategyEntry] = {}

T = TypeVar("T")


def knob(default: int, low: int, high: int, label: str, help: str) -> Any:
    """A dataclass field that a person can turn."""
    return field(default=default, metadata={"low": low, "high": high, "label": label, "help": help})


def strategy(name: str, title: str, blurb: str, verified: bool = True) -> Callable[[type[T]], type[T]]:
    """Class decorator: enter a strategy's dataclass into `STRATEGIES`."""

    def register(cls: type[T]) -> type[T]:
        knobs = tuple(
            Knob(f.name, default=f.default, **f.metadata)
            for f in fields(cls)  # type: ignore[arg-type]
            if f.default is not MISSING
        )
        STRATEGIES[name] = StrategyEntry(name, title, blurb, verified, cls, knobs)  # type: ignore[arg-type]
        return cls

    return register


def check_ranges(from_settings: Any) -> None:
    """For `__post_init__`: every knob is a whole number in its range. Raises ValueError with value, rule and fix."""
    for f in fields(from_settings):
        value, low, high = getattr(from_settings, f.name), f.metadata["low"], f.metadata["high"]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            nearest = min(max(round(value), low), high) if isinstance(value, int | float) else f.default
            raise ValueError(f"{f.name}={value} must be a whole number from {low} to {high}; try {nearest}")


def make(name: str, parameters: Mapping[str, Any]) -> Strategy:
    """The named strategy with these parameters. Raises ValueError: unknown name or parameter, or value out of range."""
    if name not in STRATEGIES:
        raise ValueError(f"unknown strategy {name!r}; use one of {', '.join(STRATEGIES)}")
    entry = STRATEGIES[name]
    known = {k.name for k in entry.knobs}
    if extra := sorted(set(parameters) - known):
        has = f"has {', '.join(sorted(known))}" if known else "has no parameters"
        raise ValueError(f"{name} has no parameter {', '.join(extra)}; it {has}")
    return entry.make(**parameters)


def from_settings(settings: Settings) -> Strategy:
    """The strategy of these settings. Raises ValueError for a value that no search could go by."""
    if not 0 <= settings.temperature < inf:
        raise ValueError(f"temperature={settings.temperature} must be a finite number from 0 up; try 1")
    aggregation.steps([0.0], settings.aggregation)
    aggregation.rank([], settings.vote)
    return make(settings.strategy, settings.parameters)
