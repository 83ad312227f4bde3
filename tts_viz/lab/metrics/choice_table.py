"""From a sweep to the table that compute-optimal search looks up: the best strategy for each bin of difficulty and budget.

Difficulty is predicted from a few samples, as in the live search; these are not among the scored ones (see `difficulty`).
Strategies are chosen and reported on the same problems, so the reported accuracy is slightly too high; `compute_optimal`
has the cross-validated one. `strategies.choice_table`, which reads the table, documents its format.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tts_viz.errors import SweepLacksError
from tts_viz.lab.metrics.arrays import ArmSummary, Floats, Ints, SweepArrays, sweep_arrays
from tts_viz.lab.metrics.curves import Mask, baseline, compared
from tts_viz.lab.metrics.difficulty import BINS, FEW, binned, difficulty, halves
from tts_viz.lab.metrics.revote import accuracy, budgets
from tts_viz.lab.sweeps.spec import Arm, parameters
from tts_viz.lab.sweeps.store import Sweep
from tts_viz.strategies import STRATEGIES, StrategyEntry
from tts_viz.strategies.choice_table import VERSION
from tts_viz.strategies.defaults import BASELINE
from tts_viz.strategies.knobs import Value

BUDGETS = (4, 16, 64)

ERRORS = 1.0
"""A candidate replaces best of N only if it is better by more than this many standard errors of the difference."""

GRID = 21
"""Points of a calibration map."""

DIGITS = 4


@dataclass(frozen=True, slots=True)
class ArmCandidate:
    """A strategy at one budget, without the knob that the budget determines, and its accuracy on each problem."""

    strategy: str
    knobs: dict[str, Value]
    accuracy: Floats


def table(sweep: Sweep, command: str) -> dict[str, Any]:
    """The table as plain data. `command`: the command line that made it. Raises `SweepLacksError`."""
    m = sweep_arrays(sweep)
    base = baseline(m)
    if base is None:
        raise SweepLacksError("the sweep has no best-of-N arm with the spec's own models, by which to tell difficulty")
    at = [n for n in BUDGETS if n in budgets(m, base.name)]
    if not at:
        raise SweepLacksError(f"the sweep's best of N has none of the budgets {', '.join(map(str, BUDGETS))}")
    everything = np.ones(len(m.problems), dtype=bool)
    tasks = {"all": everything} | {task: m.of_task(task) for task in m.spec.tasks}
    return {
        "version": VERSION,
        "probe": FEW,
        "policy": m.spec.policy,
        "verifier": m.spec.verifier,
        "made": {
            "command": command,
            "date": datetime.date.today().isoformat(),
            "sweep": {key: m.about.get(key) for key in ("command", "date")} | {"title": m.spec.title},
            "problems": len(m.problems),
            "seeds": m.spec.seeds,
        },
        "tasks": {task: _rows(m, base, at, among) for task, among in tasks.items()},
    }


def _rows(m: SweepArrays, base: ArmSummary, at: list[int], among: Mask) -> dict[str, Any]:
    easiness = difficulty(m, "predicted", few=FEW)
    bins = binned(m, easiness, among)
    if len(np.unique(bins[bins >= 0])) < BINS:
        raise SweepLacksError(f"the sweep has {(bins >= 0).sum()} problems of a task; {BINS} at least make {BINS} bins")
    candidates = {n: list(_candidates(m, n)) for n in at}
    return {
        "edges": [round(edge, DIGITS) for edge in _edges(easiness, bins)],
        "budgets": {str(n): [_best(m, base, n, candidates[n], bins == b) for b in range(BINS)] for n in at},
        "calibration": _calibration(m, base, among),
    }


def _edges(easiness: Floats, bins: Ints) -> list[float]:
    """The midpoints between the hardest problem of a bin and the easiest of the next harder bin, in rising order."""
    return [
        float(easiness[bins == b].max() + easiness[bins == b - 1].min()) / 2 for b in range(BINS - 1, 0, -1)
    ]  # fmt: skip


# --- candidates -------------------------------------------------------------------------------------


def _candidates(m: SweepArrays, n: int) -> Iterator[ArmCandidate]:
    """Every arm that uses the verifier and was run at this budget; chains at every length that divides it."""
    for kind in compared(m):
        entry = STRATEGIES[kind.strategy]
        if kind.independent or not kind.verified or entry.looks_up:
            continue
        if kind.chains:
            lengths = [2**i for i in range(1, n.bit_length()) if n % 2**i == 0]
            for length in lengths:
                if length <= (kind.length or 0):
                    made, knob = _side_by_side(entry)
                    yield ArmCandidate(made, {knob: length}, accuracy(m, kind.name, n, length=length))
        elif n in budgets(m, kind.name):
            knobs = {k: v for k, v in parameters(kind.strategy, _arm(m, kind).knobs, n).items() if k not in entry.size}
            yield ArmCandidate(kind.strategy, knobs, accuracy(m, kind.name, n))


def _side_by_side(entry: StrategyEntry) -> tuple[str, str]:
    """A strategy that makes several such chains (itself, or the first that can), and its knob for their length."""
    able = [e for e in (entry, *STRATEGIES.values()) if e.chains and e.chains.count]
    return able[0].name, able[0].chains.length  # type: ignore[union-attr]


def _arm(m: SweepArrays, kind: ArmSummary) -> Arm:
    return next(arm for arm in m.spec.arms if arm.name == kind.name)


def _best(m: SweepArrays, base: ArmSummary, n: int, candidates: list[ArmCandidate], among: Mask) -> dict[str, Any]:
    """The candidate with the largest gain over best of N on these problems, if beyond chance; else best of N."""
    sampled = accuracy(m, base.name, n, part=halves(m)[0])
    best, most, known = ArmCandidate(BASELINE, {}, sampled), 0.0, among & ~np.isnan(sampled)
    for candidate in candidates:
        # Not every arm ran on all problems: compare each on those it ran on.
        both = among & ~np.isnan(sampled) & ~np.isnan(candidate.accuracy)
        gains = (candidate.accuracy - sampled)[both]
        if len(gains) < 2:
            continue
        gain = float(gains.mean())
        if gain > most and gain > ERRORS * float(gains.std(ddof=1)) / len(gains) ** 0.5:
            best, most, known = candidate, gain, both
    return {
        "strategy": best.strategy,
        "knobs": best.knobs,
        "accuracy": round(float(best.accuracy[known].mean()), DIGITS),
        "best_of_n": round(float(sampled[known].mean()), DIGITS),
        "problems": int(known.sum()),
    }


# --- calibration --------------------------------------------------------------------------------------------


def _calibration(m: SweepArrays, base: ArmSummary, among: Mask) -> list[tuple[float, float]]:
    """The probability that an independent sample is right given its final score: isotonic regression, on a grid."""
    from sklearn.isotonic import IsotonicRegression

    rows = m.rows(base.name)
    score = m.score("last")[rows]
    use = ~np.isnan(score) & among[m.problem[rows]]
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score[use], m.right[rows][use])
    grid = np.linspace(0, 1, GRID)
    return [(round(float(x), DIGITS), round(float(y), DIGITS)) for x, y in zip(grid, fitted.predict(grid))]
