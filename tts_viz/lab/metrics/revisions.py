"""How revision changes attempts: how often the i-th is right, and how often a right one becomes wrong.

Snell et al. 2024, section 6.1. Knows nothing about figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts_viz.lab.metrics.arrays import Floats, Ints, SweepArrays
from tts_viz.lab.metrics.curves import Mask


def by_attempt(m: SweepArrays, arm: str, among: Mask) -> list[Floats]:
    """For the first, second, … attempt: the share of chains in which it is right, (problems,); NaN where there is none."""
    rows = m.rows(arm)
    rows = rows[among[m.problem[rows]] & (m.chain[rows] >= 0)]
    attempt, n = m.whole("attempt")[rows], len(m.problems)
    found = []
    for i in range(int(attempt.max(initial=-1)) + 1):
        at = rows[attempt == i]
        with np.errstate(invalid="ignore"):
            found.append(np.bincount(m.problem[at], m.right[at], n) / np.bincount(m.problem[at], minlength=n))
    return found


@dataclass(frozen=True, slots=True)
class RevisionRates:
    """Of `revised` revised attempts: `lost`, the share of right ones whose revision is wrong; `won`, the reverse."""

    lost: float
    won: float
    revised: int


def revision_rates(m: SweepArrays, arm: str, among: Mask) -> RevisionRates:
    """The rates of an arm; NaN if no right (or no wrong) attempt was revised."""
    rows = m.rows(arm)
    rows = rows[among[m.problem[rows]] & (m.chain[rows] >= 0)]
    order: Ints = rows[np.lexsort((m.whole("attempt")[rows], m.chain[rows], m.run[rows]))]
    same = (np.diff(m.run[order]) == 0) & (np.diff(m.chain[order]) == 0)
    before, after = m.right[order[:-1]][same], m.right[order[1:]][same]
    lost = float((~after[before]).mean()) if before.any() else float("nan")
    won = float(after[~before].mean()) if (~before).any() else float("nan")
    return RevisionRates(lost, won, len(before))
