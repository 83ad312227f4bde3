"""What a strategy is: a frozen dataclass of knobs with one method, `search(tree)`, that yields ops.

To add one: write a file beside this one, decorate the class with `@strategy(...)`, and import it in `__init__`; or, in a
package of your own, name the module as an entry point of the group "tts_viz.strategies". What is said of it there is all
that the page, the command line, sweeps, the lab and the tests know of it. A strategy must be able to start on a tree that
another one has grown: that is how strategies are changed in the middle of a run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import wraps
from typing import Any, Protocol, TypeVar

from tts_viz.core.ops import Search
from tts_viz.core.registry import Registry
from tts_viz.core.tree_view import TreeView
from tts_viz.errors import InputError
from tts_viz.strategies.knobs import Knob, Value


class Strategy(Protocol):
    """One algorithm. `generations` is its cost in full answers when nothing is cut short: the paper's x-axis. (The decorator
    adds it, by the cost rule.)"""

    @property
    def generations(self) -> int: ...

    def search(self, tree: TreeView) -> Search: ...


@dataclass(frozen=True, slots=True)
class Chains:
    """Of a strategy that makes chains of attempts: the knobs for a chain's `length` and for how many chains there are
    (None: one). Chains know nothing of one another, and the first attempts of a chain are a shorter chain."""

    length: str
    count: str | None = None


@dataclass(frozen=True, slots=True)
class StrategyEntry:
    """A registered strategy, and its properties.

    `cost`: what one with these knobs costs, in generations; `size`: the knobs that set the cost, one of which follows from
    a budget. `at_most`: it may end sooner. `verified`: it asks the verifier, so that its steps have scores. `greedy`: one
    solution, the likeliest token each time. `independent`: its samples know nothing of one another, so that any of them
    are a run with a smaller budget. `looks_up`: it needs a table of choices (see `choice_table`). `becomes`: the strategy
    that it turns into with a knob of that one (knob → strategy). `also`: other names; `paper`: where it is described.
    """

    name: str
    title: str
    blurb: str
    make: Callable[..., Strategy]
    knobs: tuple[Knob, ...]
    cost: Callable[[Any], int]
    size: tuple[str, ...]
    at_most: bool = False
    verified: bool = True
    greedy: bool = False
    independent: bool = False
    chains: Chains | None = None
    looks_up: bool = False
    becomes: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    paper: str = ""

    @property
    def by_name(self) -> dict[str, Knob]:
        return {knob.name: knob for knob in self.knobs}

    @property
    def defaults(self) -> dict[str, Value]:
        return {knob.name: knob.default for knob in self.knobs}

    @property
    def reads_smaller(self) -> bool:
        """Can what it would have found with a smaller budget be read from a run with a larger one?"""
        return self.independent or self.chains is not None

    @property
    def known_as(self) -> str:
        """ "Also called self-consistency. Wang et al. 2022, arXiv 2203.11171." """
        also = f"Also called {', '.join(self.also)}." if self.also else ""
        return " ".join(filter(None, [also, self.paper and f"{self.paper}."]))

    def without_size(self, knobs: Mapping[str, Any]) -> str:
        """The knob that follows from the budget. Raises ValueError unless there is just one, and the others are its own."""
        free = [name for name in self.size if name not in knobs]
        if len(free) != 1 or not set(knobs) <= {knob.name for knob in self.knobs}:
            rule = f"must leave one of {', '.join(self.size)} to the budget" if self.size else "costs what it costs"
            raise InputError(f"{self.name} with {dict(knobs)} {rule}")
        return free[0]


STRATEGIES: Registry[StrategyEntry] = Registry("strategy", "tts_viz.strategies")

T = TypeVar("T")


def strategy(
    name: str,
    title: str,
    blurb: str,
    *,
    cost: str | int | Callable[[Any], int] = "n",
    size: str | Sequence[str] = (),
    at_most: bool = False,
    verified: bool = True,
    greedy: bool = False,
    independent: bool = False,
    chains: Chains | None = None,
    looks_up: bool = False,
    becomes: Mapping[str, str] | None = None,
    also: Sequence[str] = (),
    paper: str = "",
) -> Callable[[type[T]], type[T]]:
    """Class decorator: enter a strategy's dataclass into `STRATEGIES`, and let nobody make one whose knobs are out of range.

    `cost` is a knob's name, a number, or a function of the strategy; the rest is said at `StrategyEntry`. Raises
    ValueError for a name that is taken and for a field that is no knob.
    """

    def register(cls: type[T]) -> type[T]:
        makes: Callable[..., Strategy] = cls  # type: ignore[assignment]
        knobs = _knobs(cls)
        sized = (cost,) if isinstance(cost, str) and not size else (size,) if isinstance(size, str) else tuple(size)
        if strange := sorted({*sized} - {knob.name for knob in knobs}):
            raise InputError(
                f"{name}: cost or size {', '.join(strange)} is none of its knobs; give cost= the knob that is its cost in "
                "generations, a number, or a function of the strategy (and then size= the knobs that set it)"
            )
        rule = _rule(cost)
        _enforce(cls, knobs)
        cls.generations = property(rule)  # type: ignore[attr-defined]
        STRATEGIES.add(name, StrategyEntry(
            name, title, blurb, makes, knobs, rule, sized, at_most, verified, greedy, independent, chains, looks_up,
            dict(becomes or {}), tuple(also), paper,
        ))  # fmt: skip
        return cls

    return register


def _knobs(cls: type[Any]) -> tuple[Knob, ...]:
    if not is_dataclass(cls):
        raise InputError(f"{cls.__name__} must be a dataclass: write @dataclass(frozen=True) under @strategy(...)")
    if plain := [f.name for f in fields(cls) if "knob" not in f.metadata]:
        raise InputError(f"{cls.__name__}.{plain[0]} is no knob; make it one by knob(...), choice(...) or switch(...)")
    return tuple(replace(f.metadata["knob"], name=f.name) for f in fields(cls))


def _rule(cost: str | int | Callable[[Any], int]) -> Callable[[Any], int]:
    if isinstance(cost, str):
        return lambda strategy: getattr(strategy, cost)
    if isinstance(cost, int):
        return lambda strategy: cost
    return cost


def _enforce(cls: type[Any], knobs: Sequence[Knob]) -> None:
    """Check every knob before the class's own `__post_init__` reads it."""
    plain = cls.__init__
    signature = inspect.signature(plain)

    @wraps(plain)
    def checked(self: Any, *args: Any, **given: Any) -> None:
        bound = signature.bind(self, *args, **given)
        bound.apply_defaults()
        for knob in knobs:
            bound.arguments[knob.name] = knob.checked(bound.arguments[knob.name])
        plain(*bound.args, **bound.kwargs)

    cls.__init__ = checked


def make(name: str, parameters: Mapping[str, Any]) -> Strategy:
    """The named strategy with these parameters. Raises ValueError: unknown name or parameter, or value out of range."""
    entry = STRATEGIES.named(name)
    known = {k.name for k in entry.knobs}
    if extra := sorted(set(parameters) - known):
        has = f"has {', '.join(sorted(known))}" if known else "has no parameters"
        raise InputError(f"{name} has no parameter {', '.join(extra)}; it {has}")
    return entry.make(**parameters)


def carried_over(parameters: Mapping[str, Any], to: StrategyEntry) -> dict[str, Any]:
    """Those parameters of another strategy that this one has too and can take."""
    return {k.name: parameters[k.name] for k in to.knobs if k.name in parameters and k.accepts(parameters[k.name])}
