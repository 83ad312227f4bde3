"""The table of choices: the best strategy for problems of a given difficulty, and the calibration of scores.

The table is data, made from a sweep by `python -m tts_viz choose`. The one that comes with the repository is
`assets/lab/choices.json`; TTS_VIZ_CHOICES names another file. The caller that starts a search gets its rows from `lookup`
and puts them into `Started`, so that they are in the trace and later changes of the table do not affect the search. Knows
nothing about sweeps.

    {"version": 2, "probe": 4, "policy": "policy-small", "verifier": "verifier", "made": {...}, "tasks": {
        "all": {
            "edges": [0.2, 0.4, 0.6, 0.8],
            "budgets": {"16": [
                {"strategy": "beam", "knobs": {"m": 4}, "accuracy": 0.52, "best_of_n": 0.4, "problems": 20}, ...]},
            "calibration": [[0.05, 0.02], ..., [0.97, 0.99]]
        }, "countdown": {...}}}

`edges` divide the mean score of a problem's first `probe` samples into bins, ordered from the easiest (the highest scores)
to the hardest; each budget, in generations, has one row per bin. `calibration` holds points (score of a whole solution,
chance that it is right), interpolated linearly. `lookup` returns the part for one task, with a `caveat`.
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
"""The file's version. Version 1 has no such field, and its knobs are those of the first release."""

ALL = "all"
"""The rows over all tasks of the sweep, used for a task that the sweep did not contain."""

LONGEST_CAVEAT = 1_000


@dataclass(frozen=True, slots=True)
class Best:
    """The best strategy on the problems of one bin at one budget, its accuracy, and the accuracy of best-of-N on the same
    problems. `knobs` omits the size knob, which is derived from the budget."""

    strategy: str
    knobs: Mapping[str, Value]
    accuracy: float
    best_of_n: float
    problems: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The table's part for one task; see the module. `caveat`: a note for people if the rows were measured on another task
    or with other models."""

    edges: tuple[float, ...]
    budgets: Mapping[int, tuple[Best, ...]]
    calibration: tuple[tuple[float, float], ...]
    caveat: str = ""

    @property
    def bins(self) -> int:
        return len(self.edges) + 1

    def bin(self, score: float) -> int:
        """The bin of a score; bin 1 is the easiest. A score on an edge is in the harder bin."""
        return self.bins - bisect_left(self.edges, score)

    def best(self, score: float, n: int) -> tuple[int, Best]:
        """The table's nearest budget (by ratio; the smaller one in a tie), and the best strategy there."""
        budget = min(sorted(self.budgets), key=lambda b: abs(log(b / n)))
        return budget, self.budgets[budget][self.bin(score) - 1]

    def chance(self, score: float) -> float:
        """The chance that a solution with this score is right: linear between calibration points, constant beyond them."""
        at = bisect_left(self.calibration, (score,))
        if at in (0, len(self.calibration)):
            return self.calibration[min(at, len(self.calibration) - 1)][1]
        (x0, y0), (x1, y1) = self.calibration[at - 1 : at + 1]
        return y0 + (y1 - y0) * (score - x0) / (x1 - x0)


# --- the file, read when a search starts ------------------------------------------------------------------------------


def lookup(task: str, policy: str, verifier: str, file: Path | None = None) -> dict[str, Any]:
    """The rows for a search, as plain data for `Started`: those of its task, or else those of all tasks.

    `file`: the table's path; by default the one that the environment names or that comes with the repository. Raises
    ValueError if the table cannot be read.
    """
    table = read(file)
    notes = []
    if task not in table["tasks"] and task:
        notes.append(f"it knows nothing of {task}, so this goes by all its tasks")
    its = table["policy"], table["verifier"]
    if other := [mine for mine, measured in zip((policy, verifier), its) if mine and mine != measured]:
        notes.append(f"it was measured with {its[0]} and {its[1]}, not with {' and '.join(other)}")
    caveat = f" (the table: {'; '.join(notes)})" if notes else ""
    return {**table["tasks"].get(task, table["tasks"][ALL]), "caveat": caveat[:LONGEST_CAVEAT]}


def needed(strategy: str, task: str, policy: str, verifier: str, file: Path | None = None) -> dict[str, Any]:
    """The result of `lookup` if this strategy needs a table, else an empty dict.

    For searches whose strategy cannot be changed while they run. Raises ValueError.
    """
    looks_up = strategy in STRATEGIES and STRATEGIES[strategy].looks_up
    return lookup(task, policy, verifier, file) if looks_up else {}


def read(file: Path | None = None) -> Mapping[str, Any]:
    """The table, validated, as plain data. Raises ValueError if it cannot be read or is invalid."""
    path = file or Path(os.environ.get(VARIABLE) or SHIPPED)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise InputError(f"the table of choices cannot be read: {path}: {error.strerror}") from None


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("version", 1) == 1:
            for task in data["tasks"].values():
                for best in (best for bests in task["budgets"].values() for best in bests):
                    best["knobs"] = upgraded(str(best["strategy"]), best["knobs"])
        for task in data["tasks"].values():
            check(rows(task))
        if ALL not in data["tasks"] or int(data["probe"]) < 1:
            raise ValueError("its probe must be positive, and it must have rows for all tasks")
        return {"tasks": data["tasks"], **{name: str(data[name]) for name in ("policy", "verifier")}}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{path} is no table of choices ({type(error).__name__}: {error}); "
            f"make one with `python -m tts_viz choose SWEEP --out {path.name}`"
        ) from None


# --- the rows that a search uses --------------------------------------------------------------------------------------


def rows(data: Mapping[str, Any]) -> Rows:
    """Parse one task's rows from plain data. Raises ValueError for invalid data."""
    try:
        return _rows(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"these are no rows of a table of choices ({type(error).__name__}: {error})") from None


def _rows(data: Mapping[str, Any]) -> Rows:
    """Raises ValueError, KeyError, TypeError or AttributeError."""
    edges = tuple(map(_share, data["edges"]))
    budgets = {int(n): tuple(_best(best) for best in bests) for n, bests in data["budgets"].items()}
    calibration = tuple((_share(score), _share(chance)) for score, chance in data["calibration"])
    if list(edges) != sorted(edges) or [s for s, _ in calibration] != sorted({s for s, _ in calibration}):
        raise InputError("edges and calibration must rise")
    if not budgets or not calibration or any(n < 1 or len(bests) != len(edges) + 1 for n, bests in budgets.items()):
        raise InputError("there must be a calibration, and at each budget one row for each bin")
    caveat = data.get("caveat", "")
    if not isinstance(caveat, str) or len(caveat) > LONGEST_CAVEAT:
        raise InputError(f"its caveat must be a text of at most {LONGEST_CAVEAT:,} characters")
    return Rows(edges, budgets, calibration, caveat)


def _best(data: Any) -> Best:
    knobs = {str(name): value for name, value in data["knobs"].items()}
    if strange := [value for value in knobs.values() if not isinstance(value, int | float | str)]:
        raise InputError(f"{strange[0]} is no value of a knob")
    return Best(
        str(data["strategy"]), knobs, _share(data["accuracy"]), _share(data["best_of_n"]), int(data["problems"])
    )


def check(rows: Rows) -> None:
    """Raises ValueError unless every strategy in the rows is known here and leaves its size knob to the budget."""
    for best in (best for bests in rows.budgets.values() for best in bests):
        entry = STRATEGIES.named(best.strategy)
        entry.without_size(best.knobs)
        if entry.looks_up:
            raise InputError(f"{best.strategy} looks up such a table itself, so no table can choose it")


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isfinite(value) or not 0 <= value <= 1:
        raise InputError(f"{value} must be from 0 to 1")
    return float(value)
