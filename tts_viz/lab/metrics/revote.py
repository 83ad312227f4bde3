"""The answers a search would have given with smaller budgets, other aggregations and other votes, from stored solutions.

Independent samples do not depend on one another, so any n of them are a search with budget n; likewise any c chains of
revisions, cut after l attempts. Takes disjoint blocks of them, and averages over the blocks. Votes are
those of `aggregation.rank`, for very many searches at once. Knows nothing about difficulty or figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tts_viz.core.aggregation import VOTES, Ballot, Vote
from tts_viz.lab.metrics.arrays import AXES, ArmSummary, Floats, Ints, SweepArrays


@dataclass(frozen=True, slots=True)
class SampleRange:
    """Which independent samples of every run to use: places `first` up to `last` (exclusive). Other arms are not affected."""

    first: int = 0
    last: int | None = None

    def of(self, m: SweepArrays, rows: Ints) -> Ints:
        """The rows within the range."""
        place = m.place[rows]
        return rows[(place >= self.first) & (place < (np.inf if self.last is None else self.last))]


ALL = SampleRange()


@dataclass(frozen=True, slots=True)
class Searches:
    """Searches at one budget, and the rows of their solutions.

    `group[i]` is the search of `rows[i]`. `problem`, `run` and the costs have one entry for each search.
    """

    rows: Ints
    group: Ints
    problem: Ints
    run: Ints
    costs: dict[str, Floats]


# --- budgets ------------------------------------------------------------------------------------------------------


def searches(
    m: SweepArrays, arm: str, budget: int, part: SampleRange = ALL, length: int | None = None, verified: bool = True
) -> Searches:
    """The searches of an arm at a budget, in generations; empty if the sweep has none.

    `length`: attempts per chain for an arm with chains; by default as many as it was run with. `verified`: whether the cost
    includes the verifier, which independent samples do not need (their seconds always include it).
    """
    kind = m.kinds[arm]
    if kind.independent:
        rows = part.of(m, m.rows(arm))
        return _blocks(m, rows, m.place[rows] - part.first, budget, np.zeros(len(rows), dtype=np.intp), 1, verified)
    if kind.chains:
        length = min(length or kind.length or 1, budget)
        if budget % length or length > (kind.length or length):
            return _blocks(m, m.rows(arm)[:0], m.place[:0], 1, m.place[:0], 1)
        rows = m.rows(arm)
        # A sample without a single step belongs to no chain; its cost is unknown.
        rows = rows[m.chain[rows] >= 0]
        return _blocks(m, rows, m.chain[rows], budget // length, m.whole("attempt")[rows], length)
    rows = m.rows(arm, budget)
    run, first, group = np.unique(m.run[rows], return_index=True, return_inverse=True)
    at = rows[first]
    return Searches(rows, group, m.problem[at], run, {axis: m.total(at, axis) for axis in AXES})


def _blocks(
    m: SweepArrays, rows: Ints, unit: Ints, units: int, attempt: Ints, length: int, verified: bool = True
) -> Searches:
    """Blocks of `units` units (samples, or chains) with the first `length` attempts of each.

    A search's cost is that of the first block of its run, since later blocks reuse what the first has paid for.
    """
    within = attempt < length
    rows, unit = rows[within], unit[within]
    runs = int(m.run.max(initial=0)) + 1
    have = np.zeros(runs, dtype=np.intp)
    np.maximum.at(have, m.run[rows], unit + 1)
    block = unit // units
    full = (block + 1) * units <= have[m.run[rows]]
    rows, block = rows[full], block[full]
    names = m.run[rows] * (block.max(initial=0) + 1) + block
    _, first, group = np.unique(names, return_index=True, return_inverse=True)
    at = rows[first]
    opening = rows[block == 0]
    costs = {"generations": np.full(len(at), float(units * length))}
    for axis in ("tokens", "flops", "seconds"):
        summed = np.bincount(m.run[opening], m.cost(opening, axis, verified), runs)
        costs[axis] = summed[m.run[at]] + m.prompt(at, axis, verified)
    return Searches(rows, group, m.problem[at], m.run[at], costs)


# --- votes --------------------------------------------------------------------------------------------------------


def chosen(group: Ints, answer: Ints, score: Floats, order: Ints, vote: str, chain: Ints | None = None) -> Ints:
    """For each group, in order, the index of the entry that the vote chooses, as the first of `aggregation.rank`.

    `answer`: −1 is none; `score`: NaN counts as 0; `order`: of arrival; `chain`: only for votes that use chains, −1 for a
    solution in no chain. Raises ValueError for an unknown vote.
    """
    score = np.nan_to_num(score)
    voting = np.flatnonzero(answer >= 0)
    weight = np.zeros(len(group))
    if len(voting):
        chain = np.full(len(group), -1) if chain is None else chain
        weigh = FASTER.get(vote) or _any_vote(VOTES.named(vote))
        weight[voting] = weigh(group[voting], answer[voting], score[voting], order[voting], chain[voting])
    ranked = np.lexsort((order, -score, -weight, answer < 0, group))
    first = np.ones(len(ranked), dtype=bool)
    first[1:] = np.diff(group[ranked]) != 0
    return ranked[first]


Weigh = Callable[[Ints, Ints, Floats, Ints, Ints], Floats]
"""For solutions with an answer: group, answer, score, order and chain → the weight of each one's answer."""


def _pairs(group: Ints, answer: Ints) -> Ints:
    """A number from 0 for each pair of group and answer."""
    return np.unique(group * (answer.max() + 1) + answer, return_inverse=True)[1]


def _weighted(group: Ints, answer: Ints, score: Floats, order: Ints, chain: Ints) -> Floats:
    pairs = _pairs(group, answer)
    return np.bincount(pairs, score)[pairs].astype(float)


def _majority(group: Ints, answer: Ints, score: Floats, order: Ints, chain: Ints) -> Floats:
    pairs = _pairs(group, answer)
    return np.bincount(pairs)[pairs].astype(float)


def _best(group: Ints, answer: Ints, score: Floats, order: Ints, chain: Ints) -> Floats:
    pairs = _pairs(group, answer)
    most = np.zeros(pairs.max() + 1)
    np.maximum.at(most, pairs, score)
    return most[pairs]


def _chains(group: Ints, answer: Ints, score: Floats, order: Ints, chain: Ints) -> Floats:
    pairs, own = _pairs(group, answer), chain.max() + 1 + np.arange(len(chain))
    linked = _pairs(group, np.where(chain < 0, own, chain))
    winners = chosen(linked, answer, score, order, "weighted")
    return np.bincount(pairs[winners], score[winners], pairs.max() + 1)[pairs].astype(float)


FASTER: dict[str, Weigh] = {"weighted": _weighted, "majority": _majority, "best": _best, "chains": _chains}
"""Votes vectorised over many searches. Any other vote is computed search by search: same result, only slower."""


def _any_vote(vote: Vote) -> Weigh:
    def weigh(group: Ints, answer: Ints, score: Floats, order: Ints, chain: Ints) -> Floats:
        ballots: dict[int, list[Ballot]] = defaultdict(list)
        for i in np.argsort(order, kind="stable"):
            linked = None if chain[i] < 0 else str(chain[i])
            ballots[int(group[i])].append(Ballot(str(order[i]), str(answer[i]), float(score[i]), linked))
        weights = {g: vote.weigh(those) for g, those in ballots.items()}
        return np.array([weights[int(g)].get(str(a), 0.0) for g, a in zip(group, answer)])

    return weigh


# --- outcomes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Revote:
    """How an answer is chosen: the aggregation of a solution's step scores, and the vote among solutions.

    A vote without scores among independent samples uses no verifier, not even to break ties.
    """

    aggregation: str = "last"
    vote: str = "weighted"

    def asks(self, kind: ArmSummary) -> bool:
        """Whether choosing among an arm's solutions needs the verifier."""
        return VOTES.named(self.vote).scored or not kind.independent


def outcomes(
    m: SweepArrays, arm: str, budget: int, choice: Revote = Revote(), part: SampleRange = ALL, length: int | None = None
) -> pd.DataFrame:
    """One row per search of an arm at a budget: `problem`, `run`, whether the chosen answer is `right`, the chosen solution's
    aggregated `score`, `steps`, `repeats` and `row`, and the cost on every axis."""
    key = ("outcomes", arm, budget, choice, part, length)
    verified = choice.asks(m.kinds[arm])

    def make() -> pd.DataFrame:
        score = m.score(choice.aggregation) if verified else np.zeros(len(m.run))
        return _outcomes(m, searches(m, arm, budget, part, length, verified), choice.vote, score)

    return m.kept(key, make)


def by_scores(m: SweepArrays, arm: str, budget: int, vote: str, score: Floats) -> pd.DataFrame:
    """`outcomes` if the rows of the sweep had these scores, at the same cost."""
    return _outcomes(m, searches(m, arm, budget), vote, score)


def _outcomes(m: SweepArrays, s: Searches, vote: str, score: Floats) -> pd.DataFrame:
    picked = s.rows[chosen(s.group, m.answer[s.rows], score[s.rows], s.rows, vote, m.chain[s.rows])]
    return pd.DataFrame(
        {
            "problem": s.problem, "run": s.run, "row": picked, "right": m.right[picked], "score": score[picked],
            "steps": m.whole("steps")[picked], "repeats": m.whole("repeats")[picked], **s.costs,
        }
    )  # fmt: skip


def per_problem(m: SweepArrays, found: pd.DataFrame, column: str = "right") -> Floats:
    """The mean of a column over each problem's searches (seeds and blocks); NaN for a problem without any."""
    at, values = found["problem"].to_numpy(), found[column].to_numpy(dtype=float)
    n = len(m.problems)
    with np.errstate(invalid="ignore"):
        return np.bincount(at, values, n) / np.bincount(at, minlength=n)


def accuracy(
    m: SweepArrays, arm: str, budget: int, choice: Revote = Revote(), part: SampleRange = ALL, length: int | None = None
) -> Floats:
    """The share of each problem's searches whose answer is right; NaN for a problem without any."""
    return per_problem(m, outcomes(m, arm, budget, choice, part, length))


def pass_at(m: SweepArrays, arm: str, n: int, part: SampleRange = ALL) -> Floats:
    """For each problem, the probability that any of n independent samples is right: 1 − C(wrong, n) / C(all, n), unbiased
    (Chen et al. 2021, arXiv 2107.03374, section 2.1). NaN for a problem with fewer samples."""
    rows = part.of(m, m.rows(arm))
    count = len(m.problems)
    all_, right = (np.bincount(m.problem[r], minlength=count) for r in (rows, rows[m.right[rows]]))
    wrong = all_ - right
    enough = all_ >= n

    log_factorial = np.cumsum(np.log(np.maximum(np.arange(max(n, int(all_.max(initial=0))) + 1), 1)))

    def log_choose(k: Ints) -> Floats:
        k = np.maximum(k, n)
        return log_factorial[k] - log_factorial[k - n]

    none = np.where(wrong >= n, np.exp(log_choose(wrong) - log_choose(all_)), 0.0)
    return np.where(enough & (all_ > 0), 1 - none, np.nan)


def budgets(m: SweepArrays, arm: str) -> list[int]:
    """The budgets at which the sweep has searches of an arm, including those computed from the largest one."""
    sizes: list[int] = m.kept(("budgets", arm), lambda: [int(b) for b in np.unique(m.budget[m.rows(arm)])])
    kind = m.kinds[arm]
    return [b for b in kind.budgets if b <= max(sizes, default=0)] if kind.independent or kind.chains else sizes
