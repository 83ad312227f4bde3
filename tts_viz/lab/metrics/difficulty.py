"""How difficult a problem is for the policy, from some of its samples, and five equal bins of problems by that.

*Oracle*: the share of samples that are right (pass@1). *Predicted*: the mean final score that the verifier gives them, for
which no answer need be known. Snell et al. 2024, section 3.2, with 2,048 samples.

The paper bins by the samples that it scores. Here the samples are parted: the second half bins, the first half is scored.
(Other arms have few first steps of the first half in common with best of N, as they have its seeds; none of the second.)
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from tts_viz.lab.metrics.arrays import Floats, Ints, SweepArrays
from tts_viz.lab.metrics.curves import Mask, baseline
from tts_viz.lab.metrics.revote import ALL, SampleRange

BINS = 5

DIFFICULTIES: dict[str, str] = {
    "oracle": "by the share of samples that are right",
    "predicted": "by the verifier's mean final score",
}

FEW = 4
"""Samples with which difficulty is predicted when their cost is counted."""


def halves(m: SweepArrays) -> tuple[SampleRange, SampleRange]:
    """The samples of best of N that are scored, and those that bin. With one sample a problem, both are all of them."""
    base = baseline(m)
    most = int(m.place[m.rows(base.name)].max(initial=0)) + 1 if base else 1
    return (SampleRange(0, most // 2), SampleRange(most // 2)) if most > 1 else (ALL, ALL)


def difficulty(m: SweepArrays, kind: str, aggregation: str = "last", few: int | None = None) -> Floats:
    """For each problem, a number that is higher the easier it is; NaN where there are no samples. `few`: use no more than
    the first so many of those that bin. Raises ValueError for an unknown kind."""
    if kind not in DIFFICULTIES:
        raise ValueError(f"unknown difficulty {kind!r}; use one of {', '.join(DIFFICULTIES)}")
    base, (_, part) = baseline(m), halves(m)
    if base is None:
        return np.full(len(m.problems), np.nan)
    rows = SampleRange(part.first, part.first + few if few else part.last).of(m, m.rows(base.name))
    values = m.right[rows].astype(float) if kind == "oracle" else m.score(aggregation)[rows]
    known = ~np.isnan(values)
    at, n = m.problem[rows[known]], len(m.problems)
    with np.errstate(invalid="ignore"):
        return np.bincount(at, values[known], n) / np.bincount(at, minlength=n)


def binned(m: SweepArrays, easiness: Floats, among: Mask) -> Ints:
    """Each problem's bin, 0 the easiest; −1 for one that is not `among` those to bin. Bins are equally large; which of two
    equally difficult problems comes first is told by a hash of its name, not by its task or level."""
    found = np.full(len(easiness), -1)
    some = np.flatnonzero(among & ~np.isnan(easiness))
    names = np.array([crc32(str(m.problems[i]).encode()) for i in some])
    order = some[np.lexsort((names, -easiness[some]))]
    found[order] = np.arange(len(order)) * BINS // max(len(order), 1)
    return found


def folds(bins: Ints, times: int) -> Ints:
    """Two folds, 0 and 1, of each bin's problems, equally large: `times` different splits, (times, problems)."""
    rng = np.random.default_rng(0)
    found = np.zeros((times, len(bins)), dtype=np.intp)
    for split in found:
        for b in np.unique(bins[bins >= 0]):
            members = rng.permutation(np.flatnonzero(bins == b))
            split[members[: len(members) // 2]] = 1
    return found
