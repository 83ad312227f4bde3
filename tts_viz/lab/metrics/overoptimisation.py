"""When a verifier is searched too hard: its score of the chosen solution goes on rising, and the truth does not.

Noise can be put on stored scores afterwards, as `engines.noisy` puts it on a verifier (r becomes 1 − r for a share of all steps,
equal steps alike), since best of N asks the verifier only at the end. Snell et al. 2024, appendix M. Knows nothing about figures.
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
    """The chosen solutions at one budget, by problem: right, the verifier's score, steps and repeated steps."""

    budget: int
    right: Floats
    score: Floats
    steps: Floats
    repeats: Floats
    runs: Ints


def selected(m: SweepArrays, arm: str, choice: Revote, among: Mask, noise: float = 0.0) -> list[Selected]:
    """At each budget of an arm. `noise`: the share of its steps that the verifier reads the wrong way round (only of
    independent samples, whose search did not depend on it)."""
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
    """Each row's score where that share of all steps was read the wrong way round."""
    rewards = m.rewards
    turned = np.where(_lot(m) < noise, 1 - rewards.flat, rewards.flat)
    return reduced(Ragged(turned, rewards.starts, rewards.sizes), aggregation)


def _lot(m: SweepArrays) -> Floats:
    """A number in [0, 1) for each step that was scored, by a hash of the problem and the way there.

    Steps are not stored as text: a way is told by its scores, to four decimals, and in the end by its answer.
    """

    def make() -> Floats:
        rewards, rows = m.rewards, np.arange(len(m.run))
        found = np.zeros(len(rewards.flat))
        way = _mixed(m.problem.astype(np.uint64))
        for depth in range(int(rewards.sizes.max(initial=0))):
            rows = rows[rewards.sizes[rows] > depth]
            at = rewards.starts[rows] + depth
            mark = np.round(rewards.flat[at] * 10_000).astype(np.uint64)
            ends = rewards.sizes[rows] == depth + 1
            mark += np.where(ends, m.answer[rows] + 2, 0).astype(np.uint64) << np.uint64(20)
            way[rows] = _mixed(way[rows] ^ _mixed(mark))
            found[at] = (way[rows] >> np.uint64(11)) / 2.0**53
        return found

    return m.kept("lot", make)


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64 (Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Fall:
    """By how much accuracy falls from its peak to the largest budget, over the same problems."""

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
