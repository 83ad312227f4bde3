"""How well a verifier separates good steps from bad ones: pure functions of lists of scores and truths.

Knows nothing about where they come from. A *first error* is the index of a solution's first bad step, `NONE` if all steps
are good, as in ProcessBench (Zheng et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

NONE = -1
"""The first error of a solution without one."""

Steps = Sequence[Sequence[float]]
"""For each solution, the scores of its steps, in order (at least one step)."""


# --- the first error ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FirstErrors:
    """`erroneous`: the share of solutions with an error whose first error was found exactly; `correct`: the share of those
    without in which none was found; `f1`: their harmonic mean. NaN if there are no such solutions."""

    erroneous: float
    correct: float
    solutions: int

    @property
    def f1(self) -> float:
        a, b = self.erroneous, self.correct
        return 2 * a * b / (a + b) if a + b != 0 else 0.0


def first_error(good: Sequence[bool]) -> int:
    """The index of the first step that is not good, or `NONE`."""
    return next((i for i, one in enumerate(good) if not one), NONE)


def predicted_error(scores: Sequence[float], threshold: float) -> int:
    """The index of the first step whose score is under the threshold, or `NONE`."""
    return first_error([score >= threshold for score in scores])


def first_error_f1(scores: Steps, errors: Sequence[int], threshold: float) -> FirstErrors:
    """ProcessBench's metric. `errors`: each solution's true first error."""
    hits = [predicted_error(s, threshold) == e for s, e in zip(scores, errors, strict=True)]
    found = [hit for hit, e in zip(hits, errors) if e != NONE]
    spared = [hit for hit, e in zip(hits, errors) if e == NONE]
    return FirstErrors(_mean(found), _mean(spared), len(hits))


def pick_threshold(scores: Steps, errors: Sequence[int]) -> float:
    """The threshold with the best F1 on these solutions, which must not be those it is evaluated on.

    The thresholds that predict a solution correctly form one interval: above the score of its first error, and not above
    any score before that. So it is enough to count intervals; of equally good thresholds, takes the middle of the first
    gap. Raises ValueError unless there are solutions with and without errors, since otherwise an extreme threshold is best.
    """
    first = np.asarray(errors, dtype=int)
    wrong, good = first != NONE, first == NONE
    if not wrong.any() or not good.any():
        raise ValueError("a threshold can only be chosen on solutions with and without errors; give some of both")
    highs = np.array([min([*(s if e == NONE else s[:e]), 1.0]) for s, e in zip(scores, errors, strict=True)])
    lows = np.array([-np.inf if e == NONE else s[e] for s, e in zip(scores, errors)])
    # F1 is constant between neighbouring edges: try the middle of every gap.
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
    """The probability that a good step has a higher score than a bad one, ties counting half; NaN unless there are both."""
    truth = np.asarray(good, dtype=bool)
    yes, no = int(truth.sum()), int((~truth).sum())
    if not yes or not no:
        return float("nan")
    _, place, ties = np.unique(np.asarray(scores, dtype=float), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]  # from 1; equal scores share the mean of their ranks
    return float((ranks[truth].sum() - yes * (yes + 1) / 2) / (yes * no))


@dataclass(frozen=True, slots=True)
class Brier:
    """Mean squared distance of scores from sampled values, and the part of it due to sampling noise."""

    raw: float
    noise: float

    @property
    def corrected(self) -> float:
        return self.raw - self.noise


def brier(scores: ArrayLike, values: ArrayLike, rollouts: int) -> Brier:
    """mean (r − p̃)², and the mean of p̃(1 − p̃)/(K − 1), an unbiased estimate of the variance of p̃, a share of K rollouts.

    A step with a certain value (0 or 1: a solution's last) adds no noise. NaN if there are no steps.
    """
    r, p = np.asarray(scores, dtype=float), np.asarray(values, dtype=float)
    if rollouts < 2:
        raise ValueError(f"the noise of {rollouts} rollouts cannot be known; take 2 or more")
    return Brier(_mean((r - p) ** 2), _mean(p * (1 - p) / (rollouts - 1)))


@dataclass(frozen=True, slots=True)
class Bin:
    """The steps with scores from `low` to `high`: mean score, mean value, and the indices of the steps."""

    low: float
    high: float
    score: float
    value: float
    members: NDArray[np.intp]

    @property
    def n(self) -> int:
        return len(self.members)


def reliability(scores: ArrayLike, values: ArrayLike, bins: int = 10) -> list[Bin]:
    """A reliability diagram: the non-empty bins of equal width from 0 to 1."""
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
    """The share of solutions with two or more steps whose last step alone has the lowest score: high if a verifier judges
    the outcome rather than the steps (Zhang et al. 2025, "The lessons of developing PRMs")."""
    return _mean([min(s[:-1]) > s[-1] for s in scores if len(s) > 1])


def right_answer_wrong_process(right: Sequence[bool], errors: Sequence[int]) -> float:
    """Of the solutions with the right answer, the share with a wrong step."""
    return _mean([error != NONE for ok, error in zip(right, errors, strict=True) if ok])


def _mean(values: ArrayLike) -> float:
    numbers = np.asarray(values, dtype=float)
    return float(numbers.mean()) if numbers.size else float("nan")
