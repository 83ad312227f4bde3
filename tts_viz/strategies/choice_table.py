"""What did best on problems that look like this one: a table that was made from a sweep, and what it says of scores.

The table is data. The one that comes with the repository is `assets/lab/choices.json`; TTS_VIZ_CHOICES names another file.
`python -m tts_viz choose` makes them. Knows nothing about sweeps.

    {"probe": 4, "policy": "policy-small", "verifier": "verifier", "made": {...}, "tasks": {
        "all": {
            "edges": [0.2, 0.4, 0.6, 0.8],
            "budgets": {"16": [
                {"strategy": "beam", "knobs": {"m": 4}, "accuracy": 0.52, "best_of_n": 0.4, "problems": 20}, ...]},
            "calibration": [[0.05, 0.02], ..., [0.97, 0.99]]
        }, "countdown": {...}}}

`edges` part the mean score of a problem's first `probe` samples into bins, which are told from the easiest (the highest
scores) to the hardest; each budget, in generations, has a row for each bin. `calibration` are points (score of a whole
solution, chance that it is right), joined by straight lines.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, log
from pathlib import Path
from typing import Any

from tts_viz.resources import ASSETS
from tts_viz.strategies.base import STRATEGIES

VARIABLE = "TTS_VIZ_CHOICES"

SHIPPED = ASSETS / "lab" / "choices.json"

SIZES = ("n", "chains", "length")
"""The knobs that set what a search costs; a row leaves one of them out."""

ALL = "all"
"""The rows over all tasks of the sweep, for a task that it did not have."""


@dataclass(frozen=True, slots=True)
class Best:
    """What did best on the problems of one bin at one budget, which share of the answers was right, and which share of
    best-of-N's on the same problems. `knobs` lack the one that follows from the budget."""

    strategy: str
    knobs: Mapping[str, int]
    accuracy: float
    best_of_n: float
    problems: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The table's part for one task; see the module."""

    edges: tuple[float, ...]
    budgets: Mapping[int, tuple[Best, ...]]
    calibration: tuple[tuple[float, float], ...]

    @property
    def bins(self) -> int:
        return len(self.edges) + 1

    def bin(self, score: float) -> int:
        """From 1, the easiest. A score on an edge is in the harder bin."""
        return self.bins - bisect_left(self.edges, score)

    def best(self, score: float, n: int) -> tuple[int, Best]:
        """The nearest budget that the table has (by ratio; the smaller one of two as near), and what did best there."""
        budget = min(sorted(self.budgets), key=lambda b: abs(log(b / n)))
        return budget, self.budgets[budget][self.bin(score) - 1]

    def chance(self, score: float) -> float:
        """That a solution of this score is right: on the line between the points beside it, level outside of them."""
        at = bisect_left(self.calibration, (score,))
        if at in (0, len(self.calibration)):
            return self.calibration[min(at, len(self.calibration) - 1)][1]
        (x0, y0), (x1, y1) = self.calibration[at - 1 : at + 1]
        return y0 + (y1 - y0) * (score - x0) / (x1 - x0)


@dataclass(frozen=True, slots=True)
class Table:
    """`probe`: how many samples the bins go by. `policy` and `verifier` are those of the sweep."""

    probe: int
    policy: str
    verifier: str
    tasks: Mapping[str, Rows]

    def rows(self, task: str, policy: str, verifier: str) -> tuple[Rows, str]:
        """The rows for a search, and in words what to know of them where they were not measured on its like."""
        found = self.tasks.get(task)
        said = []
        if found is None and task:
            said.append(f"it knows nothing of {task}, so this goes by all its tasks")
        if other := [mine for mine, its in ((policy, self.policy), (verifier, self.verifier)) if mine and mine != its]:
            said.append(f"it was measured with {self.policy} and {self.verifier}, not with {' and '.join(other)}")
        return found or self.tasks[ALL], f" (the table: {'; '.join(said)})" if said else ""


def table() -> Table:
    """The table in force. Raises ValueError, in one sentence, where there is none that can be read."""
    path = Path(os.environ.get(VARIABLE) or SHIPPED)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ValueError(f"the table of choices cannot be read: {path}: {error.strerror}") from None


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Table:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        tasks = {str(task): _rows(rows) for task, rows in said["tasks"].items()}
        found = Table(int(said["probe"]), str(said["policy"]), str(said["verifier"]), tasks)
        if ALL not in tasks or found.probe < 1:
            raise ValueError("its probe must be positive, and it must have rows for all tasks")
        return found
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{path} is no table of choices ({type(error).__name__}: {error}); "
            f"make one with `python -m tts_viz choose SWEEP --out {path.name}`"
        ) from None


def _rows(said: Any) -> Rows:
    """Raises ValueError, KeyError, TypeError or AttributeError."""
    edges = tuple(map(_share, said["edges"]))
    budgets = {int(n): tuple(_best(best) for best in bests) for n, bests in said["budgets"].items()}
    calibration = tuple((_share(score), _share(chance)) for score, chance in said["calibration"])
    if list(edges) != sorted(edges) or [s for s, _ in calibration] != sorted({s for s, _ in calibration}):
        raise ValueError("edges and calibration must rise")
    if not budgets or not calibration or any(n < 1 or len(bests) != len(edges) + 1 for n, bests in budgets.items()):
        raise ValueError("there must be a calibration, and at each budget one row for each bin")
    return Rows(edges, budgets, calibration)


def _best(said: Any) -> Best:
    knobs = {str(name): int(value) for name, value in said["knobs"].items()}
    free_size(said["strategy"], knobs)
    return Best(
        str(said["strategy"]), knobs, _share(said["accuracy"]), _share(said["best_of_n"]), int(said["problems"])
    )


def free_size(strategy: str, knobs: Mapping[str, int]) -> str:
    """The knob that follows from the budget. Raises ValueError unless there is just one, and the others are its own."""
    own = {knob.name for knob in STRATEGIES[strategy].knobs} if strategy in STRATEGIES else set()
    free = [name for name in SIZES if name in own - set(knobs)]
    if len(free) != 1 or not set(knobs) <= own:
        raise ValueError(f"{strategy} with {dict(knobs)} must leave one of {', '.join(SIZES)} to the budget")
    return free[0]


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isfinite(value) or not 0 <= value <= 1:
        raise ValueError(f"{value} must be from 0 to 1")
    return float(value)
