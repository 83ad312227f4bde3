"""Measures a sweep's verifier: step scores against Monte-Carlo values and the exact checker, by level or depth.

Values come from arms with `rollouts`; everything else from the first samples of best of N. Knows nothing about figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from tts_viz.lab.metrics import verifier_scores
from tts_viz.lab.metrics.arrays import Floats, Ints, SweepArrays
from tts_viz.lab.metrics.curves import Mask, baseline
from tts_viz.lab.metrics.revote import SampleRange
from tts_viz.lab.metrics.verifier_scores import Bin, Brier, FirstErrors

SAMPLES = 8
"""How many samples of best of N are used for each problem."""

TRUTHS: dict[str, str] = {
    "reachable": "a step is bad when the goal cannot be reached after it",
    "valid": "a step is bad when it is false",
}

GROUPS = ("all", "level", "depth")


@dataclass(frozen=True, slots=True)
class Steps:
    """Scored steps, one entry each: score, Monte-Carlo value (NaN: none), truth, `row` in the sweep, and depth from 1."""

    score: Floats
    value: Floats
    good: Floats
    row: Ints
    depth: Ints

    def where(self, some: Mask) -> Steps:
        return Steps(self.score[some], self.value[some], self.good[some], self.row[some], self.depth[some])


def with_values(m: SweepArrays, among: Mask, truth: str = "reachable") -> tuple[Steps, int]:
    """The steps with known values, and the number of rollouts per value (the fewest if arms differ)."""
    arms = [k for k in m.kinds.values() if k.rollouts and len(m.rows(k.name))]
    rows = np.concatenate([m.rows(k.name) for k in arms] or [np.empty(0, dtype=np.intp)])
    steps = _steps(m, rows[among[m.problem[rows]]], truth, values=True)
    return steps.where(~np.isnan(steps.value)), min((k.rollouts for k in arms), default=0)


def sampled(m: SweepArrays, among: Mask) -> Ints:
    """The rows of the first samples of best of N that the verifier read."""
    base = baseline(m)
    rows = SampleRange(0, SAMPLES).of(m, m.rows(base.name)) if base else np.empty(0, dtype=np.intp)
    return rows[among[m.problem[rows]] & (m.rewards.sizes[rows] > 0)]


def checked(m: SweepArrays, rows: Ints, truth: str = "reachable") -> Steps:
    """The steps of these rows with known truth."""
    steps = _steps(m, rows, truth, values=False)
    return steps.where(~np.isnan(steps.good))


def _steps(m: SweepArrays, rows: Ints, truth: str, values: bool) -> Steps:
    row, depth, at = m.rewards.entries(rows)

    def beside(name: str) -> Floats:
        lists = m.column(name)
        known = lists.sizes[row] > depth
        found = np.full(len(row), np.nan)
        found[known] = lists.flat[lists.starts[row[known]] + depth[known]]
        return found

    value = beside("values") if values else np.full(len(row), np.nan)
    return Steps(m.rewards.flat[at], value, beside(truth), row, depth + 1)


# --- metrics ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calibration:
    """`rows`: the row of each step; the bins' members are indices into it."""

    bins: list[Bin]
    brier: Brier
    ece: float
    rows: Ints

    @property
    def steps(self) -> int:
        return len(self.rows)


def calibration(steps: Steps, rollouts: int) -> Calibration | None:
    """The calibration of these steps; None if no values are known."""
    if not len(steps.score) or rollouts < 2:
        return None
    bins = verifier_scores.reliability(steps.score, steps.value)
    return Calibration(
        bins, verifier_scores.brier(steps.score, steps.value, rollouts), verifier_scores.ece(bins), steps.row
    )


def first_errors(m: SweepArrays, rows: Ints, truth: str = "reachable") -> FirstErrors | None:
    """ProcessBench's F1, two-fold cross-validated: each half of the problems uses the threshold that is best on the other.
    None if a half has only solutions with, or only without, an error."""
    scores = [m.rewards[int(i)].tolist() for i in rows]
    errors = error_of(m, rows, truth)
    half = np.array([crc32(str(m.problems[m.problem[i]]).encode()) % 2 for i in rows])
    # The thresholds differ, so subtract each half's own from its scores.
    shifted: list[list[float]] = []
    judged: list[int] = []
    for fold in range(2):
        own, other = np.flatnonzero(half == fold), np.flatnonzero(half != fold)
        try:
            threshold = verifier_scores.pick_threshold([scores[i] for i in other], [errors[i] for i in other])
        except ValueError:
            return None
        shifted += [[score - threshold for score in scores[i]] for i in own]
        judged += [errors[i] for i in own]
    return verifier_scores.first_error_f1(shifted, judged, 0.0)


def error_of(m: SweepArrays, rows: Ints, truth: str) -> list[int]:
    good = m.column(truth)
    return [verifier_scores.first_error(good[int(i)].astype(bool).tolist()) for i in rows]


@dataclass(frozen=True, slots=True)
class Quality:
    """A verifier on one group of problems, or of steps (then metrics of whole solutions are NaN).

    `auroc`: of steps, by the given truth. `wrong_process`: of solutions with the right answer, the share with a false step;
    0 by definition for a task that does not count such a solution as right.
    """

    calibration: Calibration | None
    auroc: float
    first_error_f1: float
    outcome_shift: float
    wrong_process: float
    runs: Ints


def quality(m: SweepArrays, among: Mask, truth: str = "reachable", depth: int | None = None) -> Quality:
    """The verifier's quality on these problems. `depth`: only the steps of this depth, from 1."""
    values, rollouts = with_values(m, among, truth)
    rows = sampled(m, among)
    rows = rows[m.column(truth).sizes[rows] > 0]
    steps = checked(m, rows, truth)
    if depth is not None:
        values, steps = values.where(values.depth == depth), steps.where(steps.depth == depth)
    found = calibration(values, rollouts)
    auroc = verifier_scores.auroc(steps.score, steps.good == 1)
    runs = np.unique(m.run[steps.row])
    if depth is not None:
        return Quality(found, auroc, np.nan, np.nan, np.nan, runs)
    errors = first_errors(m, rows, truth)
    shift = verifier_scores.outcome_shift([m.rewards[int(i)].tolist() for i in rows])
    wrong = verifier_scores.right_answer_wrong_process(m.right[rows].tolist(), error_of(m, rows, "valid"))
    return Quality(found, auroc, errors.f1 if errors else np.nan, shift, wrong, runs)


def groups(m: SweepArrays, among: Mask, by: str) -> dict[str, Callable[[str], Quality]]:
    """For each group, a function from the kind of truth to its quality. Raises ValueError for an unknown `by`."""
    if by not in GROUPS:
        raise ValueError(f"cannot group by {by!r}; use one of {', '.join(GROUPS)}")
    if by == "all":
        return {"all": lambda truth: quality(m, among, truth)}
    if by == "level":
        levels: Sequence[int] = sorted({int(level) for level in m.level[among]})
        return {f"level {n}": lambda truth, n=n: quality(m, among & (m.level == n), truth) for n in levels}
    depths = sorted({int(d) for d in checked(m, sampled(m, among)).depth})
    return {f"step {d}": lambda truth, d=d: quality(m, among, truth, d) for d in depths}
