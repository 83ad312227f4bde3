"""The uncertainty of a mean over problems: the bootstrap over problems, for many columns at once. Knows nothing about sweeps."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TIMES = 1000
"""The number of bootstrap samples."""


@lru_cache(maxsize=16)
def resamples(problems: int, times: int = TIMES) -> Floats:
    """How often each bootstrap sample draws each problem, (times, problems); always the same."""
    rng = np.random.default_rng(0)
    return rng.multinomial(problems, np.full(problems, 1 / problems), size=times).astype(float)


def means(values: Floats, drawn: Floats) -> Floats:
    """The mean of each column of `values` (problems, columns) in each sample, (times, columns), without NaN entries;
    NaN where a sample has no other."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return (drawn @ np.where(known, values, 0.0)) / (drawn @ known)


def interval(values: Floats, level: float = 0.95) -> tuple[float, float]:
    """A confidence interval, by percentiles, of the mean over problems without NaN."""
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    return between(means(known[:, None], resamples(len(known)))[:, 0], level)


def between(samples: Floats, level: float = 0.95) -> tuple[float, float]:
    """The percentiles of bootstrap samples of anything."""
    low, high = np.nanquantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
