"""The difficulty of each problem for the policy, estimated from samples, and five equal bins of problems by difficulty.

*Oracle*: the share of samples that are right (pass@1). *Predicted*: the verifier's mean final score of them, which needs no
reference answer. Snell et al. 2024, section 3.2, with 2,048 samples.

The paper bins by the same samples that it scores. Here the second half of the samples is for binning, the first is scored.
(Other arms share a few first steps with the first half of best of N, since they share its seeds; none with the second.)
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
"""The number of samples that predict difficulty when their cost is counted."""


def halves(m: SweepArrays) -> tuple[SampleRange, SampleRange]:
    """The samples of best of N for scoring, and those for binning. With one sample per problem, both are all of them."""
    base = baseline(m)
    most = int(m.place[m.rows(base.name)].max(initial=0)) + 1 if base else 1
    return (SampleRange(0, most // 2), SampleRange(most // 2)) if most > 1 else (ALL, ALL)


def difficulty(m: SweepArrays, kind: str, aggregation: str = "last", few: int | None = None) -> Floats:
    """For each problem, a number that is higher for easier problems; NaN without samples. `few`: use at most this many of the
    samples for binning. Raises ValueError for an unknown kind."""
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
    """Each problem's bin, 0 the easiest; −1 for a problem not in `among`. Bins are equally large; equally difficult problems
    are ordered by a hash of their names, not by task or level."""
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
