"""Small sweeps on the page: what a visitor may plan, and how they run beside other visitors' searches.

Each visitor has one at a time, and `SLOTS` run at a time on the whole page; the others wait. A sweep has at most `AT_ONCE`
generations in flight, so that it does not hold up the searches that people watch. Knows nothing about components.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from tts_viz.engines.base import Policy, Verifier
from tts_viz.lab.sweeps import spec as specs
from tts_viz.lab.sweeps import store
from tts_viz.lab.sweeps.run import first_event
from tts_viz.lab.sweeps.spec import PlannedRun, Spec
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.search.scheduler import LiveRun, Scheduler
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES, Knob, StrategyEntry
from tts_viz.strategies.knobs import Value

MOST_GENERATIONS = 4_000
MOST_PROBLEMS = 10
MOST_SEEDS = 3
BUDGETS = (4, 8, 16)

AT_ONCE = 32
"""Most generations of one sweep in flight."""

SLOTS = 2
"""Most sweeps that run at a time on the whole page."""

ABANDONED = 60.0
"""Seconds after which a sweep that nobody watches is cancelled."""

FIRST = 1000
"""Index of the first problem of each level, beyond those of the shipped sweep."""

SweepState = Literal["waiting", "running", "finished", "cancelled", "failed"]


@cache
def offered_arms() -> dict[str, tuple[str, dict[str, Value]]]:
    """The arms on offer, by title: each strategy that can spend exactly each of `BUDGETS`, with the knobs needed for that."""
    found = {}
    for name, entry in STRATEGIES.items():
        if (knobs := _fitting(entry)) is not None:
            values = [f"{k.upper() if len(k) == 1 else k} = {value}" for k, value in knobs.items()]
            found[", ".join([entry.title, *values])] = (name, knobs)
    return found


def _fitting(entry: StrategyEntry) -> dict[str, Value] | None:
    """The knobs that must be set: all sizes but the one that follows from the budget, and whole numbers whose default is
    too large for small budgets, halved until they fit. None if nothing fits."""
    sizes = {name: entry.defaults[name] for name in entry.size[1:]}
    rest = [knob for knob in entry.knobs if knob.kind == "whole" and knob.name not in entry.size]
    for values in product(*map(_halvings, reversed(rest))):  # the first one is halved first
        knobs = sizes | {knob.name: value for knob, value in zip(reversed(rest), values) if value != knob.default}
        try:
            for n in BUDGETS:
                specs.parameters(entry.name, knobs, n)
        except ValueError:
            continue
        return knobs
    return None


def _halvings(knob: Knob) -> list[int]:
    """The default and its halves, such as 4, 2, 1."""
    values = [int(knob.default)]
    while values[-1] // 2 >= knob.low and values[-1] // 2 < values[-1]:
        values.append(values[-1] // 2)
    return values


def plan(
    tasks: Sequence[str], levels: Sequence[int], arms: Sequence[str], budget: int, problems: int, seeds: int,
    policy: str, verifier: str,
) -> Spec:  # fmt: skip
    """The spec of a visitor's sweep. Raises ValueError with a message for the visitor."""
    if not 2 <= len(arms) <= 4 or not set(arms) <= set(offered_arms()):
        raise ValueError("Choose two to four strategies.")
    if not tasks or not levels:
        raise ValueError("Choose at least one puzzle and one level.")
    if budget not in BUDGETS or not 1 <= problems <= MOST_PROBLEMS or not 1 <= seeds <= MOST_SEEDS:
        raise ValueError(f"Choose a budget from the list, 1 to {MOST_PROBLEMS} problems and 1 to {MOST_SEEDS} seeds.")
    smaller = [b for b in BUDGETS if b <= budget]
    made = specs.parse(
        {
            "title": "A small sweep", "tasks": list(tasks), "levels": sorted(levels), "problems": problems, "first": FIRST,
            "seeds": list(range(seeds)), "policy": policy, "verifier": verifier,
            "arm": [
                {
                    "name": name, "strategy": strategy, "knobs": knobs,
                    "budgets": [1, 2, *smaller] if STRATEGIES[strategy].independent else smaller,
                }
                for name, (strategy, knobs) in offered_arms().items() if name in arms
            ],
        }
    )  # fmt: skip
    if (total := generations(made)) > MOST_GENERATIONS:
        raise ValueError(
            f"This would take {total:,} generations; at most {MOST_GENERATIONS:,} are run here. Choose fewer problems, "
            "levels, seeds or strategies; `python -m tts_viz sweep` runs any number on your own machine."
        )
    return made


def generations(spec: Spec) -> int:
    return sum(run.n for run in spec.runs)


@dataclass(slots=True, eq=False)
class SmallSweep:
    """One sweep, waiting, running or over. `done` of `total` generations are finished."""

    spec: Spec
    scheduler: Scheduler
    engines: tuple[Policy, Verifier]
    choices: Path | None = None
    state: SweepState = "waiting"
    error: str = ""
    done: int = 0
    began: float = 0.0
    looked_at: float = field(default_factory=monotonic)
    total: int = field(init=False)
    _todo: list[PlannedRun] = field(init=False)
    _in_flight: list[tuple[PlannedRun, LiveRun]] = field(default_factory=list)
    _rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.total = generations(self.spec)
        self._todo = list(reversed(self.spec.runs))

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the rate so far; None before the first search is done."""
        return (monotonic() - self.began) * (self.total - self.done) / self.done if self.done else None

    def advance(self) -> None:
        """Collect the searches that have ended, and start as many more as there is room for."""
        policy, verifier = self.engines
        for planned, run in [*self._in_flight]:
            if run.state in ("running", "paused"):
                continue
            self._remove(planned, run)
            if run.state != "finished":
                self.give_up("failed", run.error or f"A search came to rest as {run.state}.")
                return
            self._rows += store.rows(planned, run.session, (policy.parameters, verifier.parameters))
            self.done += planned.n
        while self._todo and sum(p.n for p, _ in self._in_flight) + self._todo[-1].n <= max(AT_ONCE, self._todo[-1].n):
            self._start(self._todo.pop())
        if not self._in_flight:
            self.state = "finished"

    def _start(self, planned: PlannedRun) -> None:
        policy, verifier = self.engines
        run = LiveRun(Session(first_event(self.spec, planned, policy, verifier, self.choices)), policy, verifier)
        self._in_flight.append((planned, run))
        self.scheduler.add(run)

    def _remove(self, planned: PlannedRun, run: LiveRun) -> None:
        self._in_flight.remove((planned, run))
        self.scheduler.drop(run)

    def give_up(self, state: SweepState = "cancelled", error: str = "") -> None:
        self.state, self.error = state, error
        for planned, run in [*self._in_flight]:
            self._remove(planned, run)

    def packed(self) -> bytes:
        """The sweep's Parquet file, as the command line would write it."""
        from tts_viz.lab.sweeps.run import training_tokens

        table = store.table(sorted(self._rows, key=lambda row: (row["run"], row.get("place") or 0)))
        models = {
            name: {"parameters": engine.parameters, "training_tokens": training_tokens(name)}
            for name, engine in zip((self.spec.policy, self.spec.verifier), self.engines)
        }
        about = {"command": "on the page", "date": datetime.date.today().isoformat(), "spec": specs.plain(self.spec)}
        return store.packed(table, {**about, "models": models, "parts": list(range(len(self.spec.parts)))})

    def result(self) -> Sweep:
        return Sweep(BytesIO(self.packed()))


class SmallSweeps:
    """The sweeps of all visitors. Every method may be called from any thread."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self._of: dict[str, SmallSweep] = {}
        self._lock = threading.Lock()

    def of(self, key: str) -> SmallSweep | None:
        return self._of.get(key)

    def begin(self, key: str, spec: Spec, engines: tuple[Policy, Verifier], choices: Path | None = None) -> SmallSweep:
        """Queue a sweep. `choices`: the table of choices; None for the default one. Raises ValueError if this visitor has a
        sweep under way."""
        with self._lock:
            before = self._of.get(key)
            if before and before.state in ("waiting", "running"):
                raise ValueError("Your sweep is still running: wait for it, or cancel it first.")
            self._of.pop(key, None)  # so that it queues behind the others
            mine = self._of[key] = SmallSweep(spec, self.scheduler, engines, choices)
            return mine

    def advance(self, mine: SmallSweep) -> None:
        """Advance this sweep. A waiting sweep starts when a slot is free, first come, first served."""
        with self._lock:
            mine.looked_at = monotonic()
            for other in self._of.values():
                if other.state in ("waiting", "running") and monotonic() - other.looked_at > ABANDONED:
                    other.give_up()
            if mine.state == "waiting":
                ahead = [s for s in self._of.values() if s.state == "running"]
                first = next(s for s in self._of.values() if s.state == "waiting")
                if len(ahead) < SLOTS and mine is first:
                    mine.state, mine.began = "running", monotonic()
            if mine.state == "running":
                mine.advance()

    def cancel(self, key: str) -> None:
        with self._lock:
            if (mine := self._of.get(key)) and mine.state in ("waiting", "running"):
                mine.give_up()

    def leave(self, key: str) -> None:
        self.cancel(key)
        with self._lock:
            self._of.pop(key, None)
