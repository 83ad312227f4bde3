"""Over-optimisation: the verifier's score of the chosen solution keeps rising with search, and accuracy does not.

Noise can be added to stored scores afterwards, as `engines.noisy` adds it to a verifier (r becomes 1 − r for a share of all
steps, the same for equal steps), since best of N uses the verifier only at the end. Snell et al. 2024, appendix M. Knows
nothing about figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_viz.lab.metrics.arrays import Floats, Ints, Ragged, SweepArrays, reduced
from tts_viz.lab.metrics.bootstrap import interval
from tts_viz.lab.metrics.curves import Mask
from tts_viz.lab.metrics.revote import Revote, budgets, by_scores, outcomes, per_problem

NOISE = (0.0, 0.1, 0.2, 0.4)


@dataclass(frozen=True, slots=True)
class Selected:
    """Means over the chosen solutions at one budget, each (problems,): right, verifier's score, steps, repeated steps."""

    budget: int
    right: Floats
    score: Floats
    steps: Floats
    repeats: Floats
    runs: Ints


def selected(m: SweepArrays, arm: str, choice: Revote, among: Mask, noise: float = 0.0) -> list[Selected]:
    """One entry for each budget of an arm. `noise`: the share of steps whose score is flipped (only for independent samples,
    whose search did not depend on scores)."""
    found = []
    for budget in budgets(m, arm):
        if noise:
            score = m.kept(("noisy", noise, choice.aggregation), lambda: noisy(m, noise, choice.aggregation))
            key = ("outcomes", arm, budget, choice, noise)
            done = m.kept(key, lambda b=budget, s=score: by_scores(m, arm, b, choice.vote, s))
        else:
            done = outcomes(m, arm, budget, choice)
        done = done.loc[among[done["problem"].to_numpy()]]
        if not done.empty:
            means = {name: per_problem(m, done, name) for name in ("right", "score", "steps", "repeats")}
            found.append(Selected(budget, runs=np.unique(done["run"].to_numpy()), **means))
    return found


def noisy(m: SweepArrays, noise: float, aggregation: str) -> Floats:
    """Each row's score after flipping the scores of that share of all steps."""
    rewards = m.rewards
    flipped = np.where(_step_hash(m) < noise, 1 - rewards.flat, rewards.flat)
    return reduced(Ragged(flipped, rewards.starts, rewards.sizes), aggregation)


def _step_hash(m: SweepArrays) -> Floats:
    """A number in [0, 1) for each scored step: a hash of the problem and the path up to the step.

    The text of steps is not stored: a path is identified by its scores, to four decimals, and at its end by the answer.
    """

    def make() -> Floats:
        rewards, rows = m.rewards, np.arange(len(m.run))
        found = np.zeros(len(rewards.flat))
        path = _mixed(m.problem.astype(np.uint64))
        for depth in range(int(rewards.sizes.max(initial=0))):
            rows = rows[rewards.sizes[rows] > depth]
            at = rewards.starts[rows] + depth
            mark = np.round(rewards.flat[at] * 10_000).astype(np.uint64)
            ends = rewards.sizes[rows] == depth + 1
            mark += np.where(ends, m.answer[rows] + 2, 0).astype(np.uint64) << np.uint64(20)
            path[rows] = _mixed(path[rows] ^ _mixed(mark))
            found[at] = (path[rows] >> np.uint64(11)) / 2.0**53
        return found

    return m.kept("step hash", make)


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64 (Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Fall:
    """How far accuracy falls from its peak to the largest budget, over the same problems, with its interval."""

    peak: int
    top: float
    end: float
    interval: tuple[float, float]


def fall(points: Sequence[Selected]) -> Fall:
    means = [float(np.nanmean(p.right)) for p in points]
    peak = int(np.argmax(means))
    return Fall(points[peak].budget, means[peak], means[-1], interval(points[peak].right - points[-1].right))


def divergence(n: int) -> float:
    """KL of best of N from the policy: ln N − (N − 1)/N (Beirami et al. 2024: an upper bound)."""
    return float(np.log(n) - (n - 1) / n)
