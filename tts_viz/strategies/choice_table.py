"""What did best on problems that look like this one: a table that was made from a sweep, and what it says of scores.

The table is data. The one that comes with the repository is `assets/lab/choices.json`; TTS_VIZ_CHOICES names another file.
`python -m tts_viz choose` makes them. Whoever starts a search looks its rows up, by `lookup`, and gives them to `Started`:
so they are in the trace, and the search is the same whatever the table says later. Knows nothing about sweeps.

    {"version": 2, "probe": 4, "policy": "policy-small", "verifier": "verifier", "made": {...}, "tasks": {
        "all": {
            "edges": [0.2, 0.4, 0.6, 0.8],
            "budgets": {"16": [
                {"strategy": "beam", "knobs": {"m": 4}, "accuracy": 0.52, "best_of_n": 0.4, "problems": 20}, ...]},
            "calibration": [[0.05, 0.02], ..., [0.97, 0.99]]
        }, "countdown": {...}}}

`edges` part the mean score of a problem's first `probe` samples into bins, which are told from the easiest (the highest
scores) to the hardest; each budget, in generations, has a row for each bin. `calibration` are points (score of a whole
solution, chance that it is right), joined by straight lines. What `lookup` gives is one task's part, with a `caveat`.
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

from tts_viz.errors import InputError
from tts_viz.resources import ASSETS
from tts_viz.strategies.base import STRATEGIES
from tts_viz.strategies.knobs import Value
from tts_viz.strategies.old_parameters import upgraded

VARIABLE = "TTS_VIZ_CHOICES"

SHIPPED = ASSETS / "lab" / "choices.json"

VERSION = 2
"""Of the file. In version 1, which does not say so, the knobs are those of the first release."""

ALL = "all"
"""The rows over all tasks of the sweep, for a task that it did not have."""

LONGEST_CAVEAT = 1_000


@dataclass(frozen=True, slots=True)
class Best:
    """What did best on the problems of one bin at one budget, which share of the answers was right, and which share of
    best-of-N's on the same problems. `knobs` lack the one that follows from the budget."""

    strategy: str
    knobs: Mapping[str, Value]
    accuracy: float
    best_of_n: float
    problems: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The table's part for one task; see the module. `caveat`: in words, what to know of the rows where they were not
    measured on a search like this one."""

    edges: tuple[float, ...]
    budgets: Mapping[int, tuple[Best, ...]]
    calibration: tuple[tuple[float, float], ...]
    caveat: str = ""

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


# --- the file, read by whoever starts a search ------------------------------------------------------------------------


def lookup(task: str, policy: str, verifier: str, file: Path | None = None) -> dict[str, Any]:
    """The rows for a search, as plain data for `Started`: those of its task, or of all tasks.

    `file`: the table, where it is not the one that the environment names or that comes with the repository. Raises
    ValueError, in one sentence, where there is none that can be read.
    """
    table = read(file)
    said = []
    if task not in table["tasks"] and task:
        said.append(f"it knows nothing of {task}, so this goes by all its tasks")
    its = table["policy"], table["verifier"]
    if other := [mine for mine, measured in zip((policy, verifier), its) if mine and mine != measured]:
        said.append(f"it was measured with {its[0]} and {its[1]}, not with {' and '.join(other)}")
    caveat = f" (the table: {'; '.join(said)})" if said else ""
    return {**table["tasks"].get(task, table["tasks"][ALL]), "caveat": caveat[:LONGEST_CAVEAT]}


def needed(strategy: str, task: str, policy: str, verifier: str, file: Path | None = None) -> dict[str, Any]:
    """What `lookup` gives where this strategy looks anything up; nothing for others, whose searches need no table.

    For searches whose strategy nobody changes on the way. Raises ValueError.
    """
    looks_up = strategy in STRATEGIES and STRATEGIES[strategy].looks_up
    return lookup(task, policy, verifier, file) if looks_up else {}


def read(file: Path | None = None) -> Mapping[str, Any]:
    """The table, checked, as plain data. Raises ValueError, in one sentence."""
    path = file or Path(os.environ.get(VARIABLE) or SHIPPED)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise InputError(f"the table of choices cannot be read: {path}: {error.strerror}") from None


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Mapping[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said.get("version", 1) == 1:
            for task in said["tasks"].values():
                for best in (best for bests in task["budgets"].values() for best in bests):
                    best["knobs"] = upgraded(str(best["strategy"]), best["knobs"])
        for task in said["tasks"].values():
            check(rows(task))
        if ALL not in said["tasks"] or int(said["probe"]) < 1:
            raise ValueError("its probe must be positive, and it must have rows for all tasks")
        return {"tasks": said["tasks"], **{name: str(said[name]) for name in ("policy", "verifier")}}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{path} is no table of choices ({type(error).__name__}: {error}); "
            f"make one with `python -m tts_viz choose SWEEP --out {path.name}`"
        ) from None


# --- its rows, as a search has them -----------------------------------------------------------------------------------


def rows(said: Mapping[str, Any]) -> Rows:
    """From plain data. Raises ValueError for what cannot be one task's rows."""
    try:
        return _rows(said)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"these are no rows of a table of choices ({type(error).__name__}: {error})") from None


def _rows(said: Mapping[str, Any]) -> Rows:
    """Raises ValueError, KeyError, TypeError or AttributeError."""
    edges = tuple(map(_share, said["edges"]))
    budgets = {int(n): tuple(_best(best) for best in bests) for n, bests in said["budgets"].items()}
    calibration = tuple((_share(score), _share(chance)) for score, chance in said["calibration"])
    if list(edges) != sorted(edges) or [s for s, _ in calibration] != sorted({s for s, _ in calibration}):
        raise InputError("edges and calibration must rise")
    if not budgets or not calibration or any(n < 1 or len(bests) != len(edges) + 1 for n, bests in budgets.items()):
        raise InputError("there must be a calibration, and at each budget one row for each bin")
    caveat = said.get("caveat", "")
    if not isinstance(caveat, str) or len(caveat) > LONGEST_CAVEAT:
        raise InputError(f"its caveat must be a text of at most {LONGEST_CAVEAT:,} characters")
    return Rows(edges, budgets, calibration, caveat)


def _best(said: Any) -> Best:
    knobs = {str(name): value for name, value in said["knobs"].items()}
    if strange := [value for value in knobs.values() if not isinstance(value, int | float | str)]:
        raise InputError(f"{strange[0]} is no value of a knob")
    return Best(
        str(said["strategy"]), knobs, _share(said["accuracy"]), _share(said["best_of_n"]), int(said["problems"])
    )


def check(rows: Rows) -> None:
    """Raises ValueError unless all that it chooses can be searched with here, and leaves its size to the budget."""
    for best in (best for bests in rows.budgets.values() for best in bests):
        entry = STRATEGIES.named(best.strategy)
        entry.without_size(best.knobs)
        if entry.looks_up:
            raise InputError(f"{best.strategy} looks up such a table itself, so no table can choose it")


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isfinite(value) or not 0 <= value <= 1:
        raise InputError(f"{value} must be from 0 to 1")
    return float(value)
