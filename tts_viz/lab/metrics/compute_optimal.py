"""Compute-optimal search: the best strategy in each bin of difficulty, and how much compute that saves.

Snell et al. 2024, equation 1: θ*(N) = argmax over θ of the accuracy at budget N. The choice is two-fold cross-validated
in each bin: chosen on the problems of one fold, scored on the other, and vice versa. Averages over several splits, since
one alone is noisy. Confidence intervals repeat the choice in every bootstrap sample. Knows nothing about figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tts_viz.lab.metrics.arrays import AXES, ArmSummary, Floats, Ints, SweepArrays
from tts_viz.lab.metrics.bootstrap import TIMES, between, means
from tts_viz.lab.metrics.curves import Mask, baseline, compared, needed
from tts_viz.lab.metrics.difficulty import BINS, FEW, binned, difficulty, folds, halves
from tts_viz.lab.metrics.revote import ALL, Revote, SampleRange, budgets, outcomes, per_problem

SPLITS = 10
"""Random splits of each bin into two folds."""

DIFFICULTIES: dict[str, tuple[str, int | None]] = {
    "oracle bins": ("oracle", None),
    "predicted bins": ("predicted", None),
    "predicted bins, cost counted": ("predicted", FEW),
}
"""How problems are binned: kind of difficulty, and the number of samples used if their cost is counted."""


# --- options ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Option:
    """A choice at one budget: its accuracy and its cost on every axis, each (problems,); NaN where unknown."""

    name: str
    accuracy: Floats
    costs: dict[str, Floats]
    runs: Ints


def option(
    m: SweepArrays, name: str, arm: str, budget: int, choice: Revote, part: SampleRange = ALL, length: int | None = None
) -> Option:
    found = outcomes(m, arm, budget, choice, part, length)
    costs = {axis: per_problem(m, found, axis) for axis in AXES}
    return Option(name, per_problem(m, found), costs, np.unique(found["run"].to_numpy()))


def search_options(m: SweepArrays, budget: int, choice: Revote) -> list[Option]:
    """Best of N, scored on the samples not used for binning, and every search arm that was run at this budget."""
    return _found(
        option(m, kind.name, kind.name, budget, choice, halves(m)[0])
        for kind in _best_first(m)
        if not kind.chains and budget in budgets(m, kind.name)
    )


def revision_options(m: SweepArrays, budget: int, choice: Revote) -> list[Option]:
    """The ratios of sequential to parallel: best of N, which is all parallel, and every chain length that divides the
    budget and that an arm with chains covers."""
    base = baseline(m)
    found = [option(m, "1 attempt a chain", base.name, budget, choice, halves(m)[0])] if base else []
    arms = [k for k in compared(m) if k.chains]
    for length in (2**i for i in range(1, budget.bit_length())):
        # Of two arms with chains this long, take the one with more of them.
        able = [k for k in arms if (k.length or 0) >= length and max(budgets(m, k.name), default=0) >= budget]
        if able and budget % length == 0:
            arm = min(able, key=lambda k: k.length or 0).name
            found.append(option(m, f"{length} attempts a chain", arm, budget, choice, length=length))
    return _found(found)


OPTIONS = {"search": search_options, "revisions": revision_options}


def _best_first(m: SweepArrays) -> list[ArmSummary]:
    """Best of N first, so that it wins ties."""
    base = baseline(m)
    return sorted(compared(m), key=lambda k: k != base)


def _found(options: Iterable[Option]) -> list[Option]:
    return [o for o in options if not np.isnan(o.accuracy).all()]


def known(options: Sequence[Option], among: Mask) -> Mask:
    """The problems for which all these options are known."""
    return among & ~np.any([np.isnan(o.accuracy) for o in options], axis=0) if options else np.zeros_like(among)


# --- choosing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cross-validated result: mean accuracy, and mean cost by axis, each (samples,). `picks`: (bins, options), how often
    each option was chosen on the problems themselves, the first sample."""

    accuracy: Floats
    costs: dict[str, Floats]
    picks: Floats


def cross_validated(
    accuracy: Floats, costs: dict[str, Floats], bins: Ints, splits: Ints, drawn: Floats, own: bool = False
) -> Chosen:
    """Choose on each fold and score on the other. Problems in no bin (−1) are ignored; ties go to the first option.

    `accuracy`: (problems, options); `costs`: by axis, the same shape; `splits`: (times, problems), each problem's fold;
    `drawn`: (samples, problems), how often each is drawn. `own`: score on the fold of the choice, to show the bias of that.
    """
    options = accuracy.shape[1]
    measures = np.concatenate([accuracy, *costs.values()], axis=1)
    sums = np.zeros((len(drawn), 1 + len(costs)))
    picks = np.zeros((BINS, options))
    every = np.arange(len(drawn))
    for b in range(BINS):
        of_bin = np.flatnonzero(bins == b)
        counts, measured = np.ascontiguousarray(drawn[:, of_bin]), measures[of_bin]
        whole = counts @ measured
        for split in splits[:, of_bin]:
            second = (counts * split) @ measured
            shape = (-1, 1 + len(costs), options)
            both = (whole - second).reshape(shape), second.reshape(shape)
            chosen = [
                _best(one[:, 0], accuracy[of_bin[split == f]], counts[:, split == f]) for f, one in enumerate(both)
            ]
            for fold, summed in enumerate(both):
                pick = chosen[fold if own else 1 - fold]
                sums += summed[every, :, pick]
                picks[b, pick[0]] += (split == fold).sum()
    with np.errstate(invalid="ignore"):  # a bootstrap sample may have drawn none of these problems
        means = sums / (drawn @ (bins >= 0) * len(splits))[:, None]
    return Chosen(means[:, 0], {axis: means[:, 1 + i] for i, axis in enumerate(costs)}, picks)


def _best(summed: Floats, accuracy: Floats, counts: Floats) -> Ints:
    """The option with the highest sum in each sample; in a sample without any of these problems, the best by plain accuracy."""
    best = np.argmax(np.round(summed, 9), axis=1)
    return np.where(counts.any(axis=1), best, np.argmax(np.round(accuracy.sum(axis=0), 9)))


# --- curves -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Optimal:
    """Compute-optimal search at one budget. `accuracy` and the costs: the first entry is the estimate, the others are
    bootstrap samples. `picked`: (bins, options), the share of a bin's problems for which each option was chosen."""

    budget: int
    options: list[str]
    accuracy: Floats
    costs: dict[str, Floats]
    picked: Floats
    runs: Ints
    problems: int

    @property
    def interval(self) -> tuple[float, float]:
        return between(self.accuracy[1:])


BY_DEFAULT = Revote()


@dataclass(frozen=True, slots=True)
class ArmSetting:
    """`how`: a key of `OPTIONS`; `bins`: a key of `DIFFICULTIES`; `choice`: how answers are chosen."""

    how: str = "search"
    bins: str = "oracle bins"
    choice: Revote = BY_DEFAULT


def optimal(m: SweepArrays, budget: int, setting: ArmSetting, among: Mask) -> Optimal | None:
    """Compute-optimal search at a budget; None with less than two options, or with too few problems known to all of them."""
    options = OPTIONS[setting.how](m, budget, setting.choice)
    problems = known(options, among)
    if len(options) < 2 or problems.sum() < 2 * BINS:
        return None
    kind, few = DIFFICULTIES[setting.bins]
    bins = binned(m, difficulty(m, kind, setting.choice.aggregation, few), problems)
    accuracy = np.nan_to_num(np.stack([o.accuracy for o in options], axis=1))
    costs = {axis: np.nan_to_num(np.stack([o.costs[axis] for o in options], axis=1)) for axis in AXES}
    if few:
        price = price_of_predicting(m, few)
        costs = {axis: cost + np.nan_to_num(price[axis])[:, None] for axis, cost in costs.items()}
    drawn = samples(m, problems)
    chosen = cross_validated(accuracy, costs, bins, folds(bins, SPLITS), drawn)
    with np.errstate(invalid="ignore"):
        picked = chosen.picks / chosen.picks.sum(axis=1, keepdims=True)
    runs = np.concatenate([o.runs for o in options])
    return Optimal(budget, [o.name for o in options], chosen.accuracy, chosen.costs, picked, runs, int(problems.sum()))


def price_of_predicting(m: SweepArrays, few: int) -> dict[str, Floats]:
    """For each problem, the cost of the samples that predict its difficulty."""
    base = baseline(m)
    assert base is not None
    found = outcomes(m, base.name, few, Revote())
    return {axis: per_problem(m, found, axis) for axis in AXES}


def samples(m: SweepArrays, problems: Mask) -> Floats:
    """Row 0: each of these problems once; then bootstrap samples of them: (1 + TIMES, problems of the sweep).

    The same problems always get the same samples, so that two curves can be compared sample by sample.
    """

    def make() -> Floats:
        rng = np.random.default_rng(0)
        n = int(problems.sum())
        found = np.zeros((TIMES + 1, len(problems)))
        found[0, problems] = 1
        found[1:, problems] = rng.multinomial(n, np.full(n, 1 / n), size=TIMES)
        return found

    return m.kept(("samples", problems.tobytes()), make)


# --- what is saved ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saved:
    """The factor by which compute-optimal search is cheaper than best of N (weighted) at the same accuracy. `most`: the
    largest budget of best of N in the sweep, as a factor; a `factor` equal to it means "at least"."""

    factor: float
    interval: tuple[float, float]
    most: float

    def __str__(self) -> str:
        at_least = "at least " if self.factor >= self.most else ""
        low, high = self.interval
        return f"{at_least}{self.factor:.2g}× (95 %: {low:.2g} to {high:.2g}{' or more' if high >= self.most else ''})"


def saved(m: SweepArrays, found: Optimal, setting: ArmSetting, among: Mask, axis: str = "generations") -> Saved:
    """The factor saved. Best of N uses all its samples here: it needs no binning, so none are held out for that."""
    base = baseline(m)
    assert base is not None
    problems = known(OPTIONS[setting.how](m, found.budget, setting.choice), among)
    drawn = samples(m, problems)
    sizes = budgets(m, base.name)
    tried = [option(m, "", base.name, b, setting.choice) for b in sizes]
    curve = means(np.stack([np.where(problems, o.accuracy, np.nan) for o in tried], axis=1), drawn)
    costs = [float(np.nanmean(o.costs[axis][problems])) for o in tried]
    most = costs[-1] / found.costs[axis]
    factors = np.minimum(needed(costs, curve, found.accuracy) / found.costs[axis], most)
    return Saved(float(factors[0]), between(factors[1:]), float(most[0]))
