"""How well a verifier tells good steps from bad ones: pure functions of lists of scores and of what is true.

Knows nothing about where they come from. A *first error* is the index of a solution's first bad step, `NONE` where all
steps are good, as in ProcessBench (Zheng et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

NONE = -1
"""The first error of a solution without one."""

Steps = Sequence[Sequence[float]]
"""For each solution, the scores of its steps, in order; at least one."""


# --- the first error ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FirstErrors:
    """How often the first error was found, exactly, among solutions that have one, and its absence among those that
    have none; `f1` is the harmonic mean. NaN where there are no such solutions."""

    erroneous: float
    correct: float
    solutions: int

    @property
    def f1(self) -> float:
        a, b = self.erroneous, self.correct
        return 2 * a * b / (a + b) if a + b != 0 else 0.0


def first_error(good: Sequence[bool]) -> int:
    """The index of the first step that is not good."""
    return next((i for i, one in enumerate(good) if not one), NONE)


def predicted_error(scores: Sequence[float], threshold: float) -> int:
    """The index of the first step whose score is under the threshold."""
    return first_error([score >= threshold for score in scores])


def first_error_f1(scores: Steps, errors: Sequence[int], threshold: float) -> FirstErrors:
    """ProcessBench's metric. `errors`: each solution's first error in truth."""
    hits = [predicted_error(s, threshold) == e for s, e in zip(scores, errors, strict=True)]
    found = [hit for hit, e in zip(hits, errors) if e != NONE]
    spared = [hit for hit, e in zip(hits, errors) if e == NONE]
    return FirstErrors(_mean(found), _mean(spared), len(hits))


def pick_threshold(scores: Steps, errors: Sequence[int]) -> float:
    """The threshold with the best F1 on these solutions, which must not be those that it is judged on.

    A solution is judged rightly by the thresholds of one interval: over the score of its first error, and not over any
    score before that. So it is enough to count intervals; of equally good thresholds the middle of the first gap is
    taken. Raises ValueError where only one kind of solutions is given, for then every threshold of an extreme is best.
    """
    first = np.asarray(errors, dtype=int)
    wrong, good = first != NONE, first == NONE
    if not wrong.any() or not good.any():
        raise ValueError("a threshold can only be chosen on solutions with and without errors; give some of both")
    highs = np.array([min([*(s if e == NONE else s[:e]), 1.0]) for s, e in zip(scores, errors, strict=True)])
    lows = np.array([-np.inf if e == NONE else s[e] for s, e in zip(scores, errors)])
    # Between neighbouring edges nothing changes: try the middle of every gap.
    edges = np.unique(np.concatenate([highs, lows[np.isfinite(lows)], [0.0, 1.0]]))
    tried = (edges[:-1] + edges[1:]) / 2

    def share(which: NDArray[np.bool_]) -> NDArray[np.float64]:
        some = which & (lows < highs)
        begun = np.searchsorted(np.sort(lows[some]), tried, side="left")
        over = np.searchsorted(np.sort(highs[some]), tried, side="left")
        return (begun - over) / which.sum()

    a, b = share(wrong), share(good)
    f1 = np.divide(2 * a * b, a + b, out=np.zeros_like(a), where=a + b > 0)
    return float(tried[int(np.argmax(f1))])


# --- single steps -------------------------------------------------------------------------------------------------


def auroc(scores: ArrayLike, good: ArrayLike) -> float:
    """The chance that a good step has a higher score than a bad one, ties counting half; NaN where one kind is missing."""
    truth = np.asarray(good, dtype=bool)
    yes, no = int(truth.sum()), int((~truth).sum())
    if not yes or not no:
        return float("nan")
    _, place, ties = np.unique(np.asarray(scores, dtype=float), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]  # from 1; equal scores share the mean of their ranks
    return float((ranks[truth].sum() - yes * (yes + 1) / 2) / (yes * no))


@dataclass(frozen=True, slots=True)
class Brier:
    """Mean squared distance of scores from sampled values, and how much of it is only the sampling's noise."""

    raw: float
    noise: float

    @property
    def corrected(self) -> float:
        return self.raw - self.noise


def brier(scores: ArrayLike, values: ArrayLike, rollouts: int) -> Brier:
    """mean (r − p̃)², and the mean of p̃(1 − p̃)/(K − 1), an unbiased estimate of the variance of p̃, a share of K rollouts.

    A step whose value is known for certain (0 or 1: a solution's last) adds no noise. NaN where no step is given.
    """
    r, p = np.asarray(scores, dtype=float), np.asarray(values, dtype=float)
    if rollouts < 2:
        raise ValueError(f"the noise of {rollouts} rollouts cannot be known; take 2 or more")
    return Brier(_mean((r - p) ** 2), _mean(p * (1 - p) / (rollouts - 1)))


@dataclass(frozen=True, slots=True)
class Bin:
    """The steps with scores from `low` to `high`: how many, their mean score and mean value, and which they are."""

    low: float
    high: float
    score: float
    value: float
    members: NDArray[np.intp]

    @property
    def n(self) -> int:
        return len(self.members)


def reliability(scores: ArrayLike, values: ArrayLike, bins: int = 10) -> list[Bin]:
    """A reliability diagram: bins of equal width from 0 to 1, those that have members."""
    r, p = np.asarray(scores, dtype=float), np.asarray(values, dtype=float)
    at = np.minimum((r * bins).astype(int), bins - 1)
    found = []
    for b in np.unique(at):
        members = np.flatnonzero(at == b)
        found.append(Bin(b / bins, (b + 1) / bins, _mean(r[members]), _mean(p[members]), members))
    return found


def ece(bins: Sequence[Bin]) -> float:
    """Expected calibration error: Σ (n_b / n) |mean r − mean p̃|."""
    total = sum(b.n for b in bins)
    return sum(b.n * abs(b.score - b.value) for b in bins) / total if total else float("nan")


# --- whole solutions ----------------------------------------------------------------------------------------------


def outcome_shift(scores: Steps) -> float:
    """The share of solutions of two steps or more whose lowest score is that of the last step, alone: high where a verifier
    judges the outcome rather than the steps (Zhang et al. 2025, "The lessons of developing PRMs")."""
    return _mean([min(s[:-1]) > s[-1] for s in scores if len(s) > 1])


def right_answer_wrong_process(right: Sequence[bool], errors: Sequence[int]) -> float:
    """Of the solutions with the right answer, the share in which some step is wrong."""
    return _mean([error != NONE for ok, error in zip(right, errors, strict=True) if ok])


def _mean(values: ArrayLike) -> float:
    numbers = np.asarray(values, dtype=float)
    return float(numbers.mean()) if numbers.size else float("nan")
