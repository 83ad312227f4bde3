"""The specification of a sweep, a TOML file: problems and *arms*, each a strategy with its knobs and budgets.

Knows nothing about running it. `runs` lists every search in a fixed order, and a run's number in that list identifies it
in the sweep's table.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, ValidationError, model_validator

from tts_viz.core import aggregation as aggregate
from tts_viz.core.budget import Budget
from tts_viz.core.events import Settings
from tts_viz.errors import SweepSpecError
from tts_viz.strategies import STRATEGIES, make
from tts_viz.strategies.knobs import Value
from tts_viz.tasks import get_task

Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Some = Annotated[list[PositiveInt], Field(min_length=1)]


class Plan(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Arm(Plan):
    """One strategy at some budgets N, in generations. Omitted fields default to the spec's. A second arm of the same name
    must have other budgets, and may have other seeds or fewer problems.

    `knobs`: the strategy's own, except one that determines its cost, which is chosen to fit the budget; "sqrt" is √N.
    `rollouts`: how many times the policy continues each step of each solution, to estimate its value.
    """

    name: Name
    strategy: str
    knobs: dict[str, bool | int | float | str] = {}
    budgets: Some
    policy: Name | None = None
    verifier: Name | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    aggregation: str | None = None
    seeds: list[int] | None = Field(None, min_length=1)
    problems: PositiveInt | None = None
    rollouts: int = Field(0, ge=0)

    @model_validator(mode="after")
    def can_be_run(self) -> Arm:
        STRATEGIES.named(self.strategy)
        if len(set(self.budgets)) < len(self.budgets):
            raise ValueError("budgets: each only once")
        for n in self.budgets if not self.reads_smaller else [max(self.budgets)]:
            parameters(self.strategy, self.knobs, n)
        return self

    @property
    def reads_smaller(self) -> bool:
        """Whether it runs only at the largest budget, since smaller ones can be computed from that."""
        return STRATEGIES[self.strategy].reads_smaller

    @property
    def kind(self) -> dict[str, Any]:
        """The fields that all its searches share, at every budget."""
        return self.model_dump(exclude={"budgets", "seeds", "problems"})

    @property
    def sizes(self) -> list[int]:
        """The budgets at which it runs."""
        return [max(self.budgets)] if self.reads_smaller else sorted(self.budgets)


class Spec(Plan):
    """See the module. `problems`: how many of each task and level, from index `first` on; `at_once`: how many
    generations one process runs together."""

    title: str = ""
    split: Literal["train", "validation", "test"] = "test"
    tasks: Annotated[list[Name], Field(min_length=1)]
    levels: Some
    problems: PositiveInt
    first: int = Field(0, ge=0)
    seeds: Annotated[list[int], Field(min_length=1)] = [0]
    policy: Name = "policy-small"
    verifier: Name = "verifier"
    temperature: float = Field(1.0, ge=0, le=2)
    aggregation: str = "last"
    at_once: PositiveInt = 1024
    arms: Annotated[list[Arm], Field(min_length=1, alias="arm")]

    @model_validator(mode="after")
    def can_be_run(self) -> Spec:
        for i, arm in enumerate(self.arms):
            for other in self.arms[:i]:
                if other.name == arm.name and (other.kind != arm.kind or set(other.sizes) & set(arm.sizes)):
                    raise ValueError(
                        f"two arms named {arm.name!r} must differ in their budgets, and only in budgets, seeds and problems"
                    )
        for aggregation in {self.aggregation, *(arm.aggregation or self.aggregation for arm in self.arms)}:
            aggregate.steps([0.0], aggregation)
        for name in self.tasks:
            task = get_task(name)
            if wrong := [level for level in self.levels if level not in task.levels]:
                raise ValueError(f"{name} has no level {wrong[0]}; use some of {', '.join(map(str, task.levels))}")
        return self

    @property
    def runs(self) -> list[PlannedRun]:
        """Every search of the sweep, in a fixed order."""
        found: list[PlannedRun] = []
        for arm in self.arms:
            for n in arm.sizes:
                for seed in arm.seeds or self.seeds:
                    found += [PlannedRun(len(found) + i, arm, n, seed, *p) for i, p in enumerate(self._problems(arm))]
        return found

    def _problems(self, arm: Arm) -> Iterator[tuple[str, int, int]]:
        for task in self.tasks:
            for level in self.levels:
                for i in range(self.first, self.first + (arm.problems or self.problems)):
                    yield task, level, i

    @property
    def parts(self) -> list[list[PlannedRun]]:
        """The runs in parts that are searched together: one arm, budget and seed each. The parts do not depend on the number
        of workers, so neither do the results."""
        found: list[list[PlannedRun]] = []
        for run in self.runs:
            last = found[-1][0] if found else None
            new = last is None or (last.arm.name, last.n, last.seed) != (run.arm.name, run.n, run.seed)
            if new or len(found[-1]) * run.n >= self.at_once:
                found.append([])
            found[-1].append(run)
        return found

    def settings(self, run: PlannedRun) -> Settings:
        """The settings with which a run's session starts."""
        arm = run.arm
        temperature = self.temperature if arm.temperature is None else arm.temperature
        knobs = parameters(arm.strategy, arm.knobs, run.n)
        return Settings(
            arm.strategy, knobs, Budget(None), temperature, arm.aggregation or self.aggregation, seed=run.seed
        )

    def models(self, arm: Arm) -> tuple[str, str]:
        """The names of an arm's policy and verifier."""
        return arm.policy or self.policy, arm.verifier or self.verifier


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One search: an arm at budget `n`, on the `index`-th problem of a level. `number`: its index in `Spec.runs`."""

    number: int
    arm: Arm
    n: int
    seed: int
    task: str
    level: int
    index: int


def parameters(strategy: str, knobs: Mapping[str, Any], n: int) -> dict[str, Value]:
    """The knobs with which a strategy costs `n` generations. Raises ValueError if there are none."""
    entry = STRATEGIES[strategy]
    whole = {knob.name for knob in entry.knobs if knob.kind == "whole"}
    roots = {name for name, value in knobs.items() if value == "sqrt" and name in whole}
    given = {name: isqrt(n) if name in roots else value for name, value in knobs.items()}
    if roots and isqrt(n) ** 2 != n:
        raise ValueError(f"the square root of {n} is no whole number; leave this budget out")
    free = [name for name in entry.size if name not in given]
    if len(free) > 1:
        raise ValueError(
            f"{strategy} needs one of {', '.join(free)} in its knobs; the other one follows from the budget"
        )
    refusal = f"{strategy} cannot cost {n} generations with {given}" if given else f"{strategy} cannot cost {n}"
    for size in range(n, 0, -1) if free else [0]:
        try:
            chosen = {**given, **dict.fromkeys(free, size)}
            made = make(strategy, chosen)
            if made.generations == n:
                return {name: getattr(made, name) for name in chosen}
        except ValueError as error:
            # Report the error for the requested size, not those for the sizes tried instead.
            refusal = str(error) if size in (n, 0) else refusal
    raise ValueError(f"budget {n}: {refusal}")


def read(path: Path) -> Spec:
    """Read a spec. Raises `SweepSpecError`, which names the field, and OSError."""
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SweepSpecError(f"{path} is not TOML: {error}") from None
    except SweepSpecError as error:
        raise SweepSpecError(f"{path}: {error}") from None


def parse(plain: dict[str, Any]) -> Spec:
    """The spec in this plain data. Raises `SweepSpecError`."""
    try:
        return Spec.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SweepSpecError(f"{_place(first['loc'], plain)}{first['msg'].removeprefix('Value error, ')}") from None


def plain(spec: Spec) -> dict[str, Any]:
    """The spec as plain data that `parse` reads."""
    return spec.model_dump(mode="json", by_alias=True, exclude_none=True)


def _place(loc: tuple[int | str, ...], plain: dict[str, Any]) -> str:
    """ "arm 2 (beam), budgets: " """
    words = [str(part) for part in loc]
    if loc[:1] == ("arm",) and len(loc) > 1 and isinstance(loc[1], int):
        arm = plain["arm"][loc[1]]
        name = arm.get("name") if isinstance(arm, dict) else None
        words = [f"arm {loc[1] + 1}" + (f" ({name})" if name else ""), *words[2:]]
    return f"{', '.join(words)}: " if words else ""
