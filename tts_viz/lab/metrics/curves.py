"""Accuracy and cost of an arm at each of its budgets, over a set of problems: the points of a curve, with intervals.

Knows nothing about drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_viz.lab.metrics.arrays import AXES, ArmSummary, Floats, Ints, SweepArrays
from tts_viz.lab.metrics.bootstrap import interval
from tts_viz.lab.metrics.revote import ALL, Revote, SampleRange, budgets, outcomes, pass_at, per_problem

Mask = NDArray[np.bool_]
"""(problems,): which problems to use."""


@dataclass(frozen=True, slots=True)
class Point:
    """The mean over problems of accuracy and costs; the interval (95 %) is the accuracy's; `runs`: the runs behind it."""

    budget: int
    accuracy: float
    interval: tuple[float, float]
    costs: dict[str, float]
    runs: Ints
    problems: int


def curve(m: SweepArrays, arm: str, choice: Revote, among: Mask, part: SampleRange = ALL) -> list[Point]:
    """An arm's points, at the budgets with searches of problems in `among`."""
    found = [point(m, arm, b, choice, among, part) for b in budgets(m, arm)]
    return [p for p in found if p]


def point(
    m: SweepArrays,
    arm: str,
    budget: int,
    choice: Revote,
    among: Mask,
    part: SampleRange = ALL,
    length: int | None = None,
) -> Point | None:
    done = outcomes(m, arm, budget, choice, part, length)
    done = done.loc[among[done["problem"].to_numpy()]]
    if done.empty:
        return None
    right = per_problem(m, done)
    costs = {axis: float(np.nanmean(per_problem(m, done, axis))) for axis in AXES}
    runs = np.unique(done["run"].to_numpy())
    return Point(budget, float(np.nanmean(right)), interval(right), costs, runs, int((~np.isnan(right)).sum()))


def ceiling(m: SweepArrays, arm: str, among: Mask, part: SampleRange = ALL) -> list[Point]:
    """pass@N: the accuracy if an oracle chose among an arm's independent samples, at the same costs."""
    found = []
    for p in curve(m, arm, Revote(), among, part):
        passed = np.where(among, pass_at(m, arm, p.budget, part), np.nan)
        if not np.isnan(passed).all():
            found.append(Point(p.budget, float(np.nanmean(passed)), interval(passed), p.costs, p.runs, p.problems))
    return found


# --- which arm is which -------------------------------------------------------------------------------------------


def compared(m: SweepArrays) -> list[ArmSummary]:
    """The arms that search with the spec's own models and settings, so that they are comparable."""
    return [k for k in m.kinds.values() if k.default and not k.greedy and not k.rollouts and len(m.rows(k.name))]


def baseline(m: SweepArrays) -> ArmSummary | None:
    """The arm for best of N, the source of all numbers on independent samples: the one with the most samples."""
    arms = [k for k in compared(m) if k.independent and k.verified]
    return max(arms, key=lambda k: len(m.rows(k.name)), default=None)


def greedy(m: SweepArrays, large: bool) -> ArmSummary | None:
    """The greedy arm of the spec's own policy, or if `large` of the largest other policy."""
    arms = [k for k in m.kinds.values() if k.greedy and (k.policy != m.spec.policy) == large and len(m.rows(k.name))]
    return max(arms, key=lambda k: m.parameters(k.policy), default=None)


# --- equal accuracy -----------------------------------------------------------------------------------------------


def needed(costs: Sequence[float], accuracies: Floats, goal: Floats) -> Floats:
    """The cost at which a curve first reaches an accuracy, interpolated in the logarithm of cost; vectorised over curves:
    (times, points) and (times,). Infinite if it never does; the first cost if it starts above."""
    x = np.log(np.asarray(costs))
    found = np.full(len(goal), np.inf)
    for i in reversed(range(len(x))):
        reached = accuracies[:, i] >= goal
        if i == 0:
            found = np.where(reached, x[0], found)
            continue
        before, after = accuracies[:, i - 1], accuracies[:, i]
        with np.errstate(divide="ignore", invalid="ignore"):
            between = x[i - 1] + (goal - before) / (after - before) * (x[i] - x[i - 1])
        found = np.where(reached & (before < goal), between, found)
    return np.exp(found)
