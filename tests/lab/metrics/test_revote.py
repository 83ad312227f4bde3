"""Votes, smaller budgets and costs computed from solutions: against `aggregate`, by hand, and against scipy."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from tests.lab import planted
from tts_viz.core import aggregation as aggregate
from tts_viz.core.aggregation import Ballot
from tts_viz.lab.metrics.arrays import Ragged, reduced, sweep_arrays
from tts_viz.lab.metrics.bootstrap import interval, means, resamples
from tts_viz.lab.metrics.curves import needed
from tts_viz.lab.metrics.revote import Revote, SampleRange, accuracy, budgets, chosen, outcomes, pass_at, searches
from tts_viz.lab.sweeps.store import Sweep

scores = st.integers(0, 8).map(lambda n: n / 8)
ballot = st.tuples(st.sampled_from([-1, 0, 1, 2]), st.one_of(st.none(), scores), st.sampled_from([-1, 0, 1]))


@pytest.mark.parametrize("vote", aggregate.VOTES)
@given(searches=st.lists(st.lists(ballot, min_size=1, max_size=7), min_size=1, max_size=3))
def test_the_vote_is_the_one_of_a_search(vote: str, searches: list[list[tuple[int, float | None, int]]]) -> None:
    flat = [(g, *b) for g, ballots in enumerate(searches) for b in ballots]
    group, answer, score, chain = (
        np.array([np.nan if x is None else x for x in column], dtype=float) for column in zip(*flat)
    )
    order = np.arange(len(flat))
    found = chosen(group.astype(int), answer.astype(int), score, order, vote, chain.astype(int))
    expected, start = [], 0
    for ballots in searches:
        named = [
            Ballot(str(start + i), None if a < 0 else str(a), s, None if c < 0 else f"chain {c}")
            for i, (a, s, c) in enumerate(ballots)
        ]
        expected.append(int(aggregate.rank(named, vote)[0].ballot.node))
        start += len(ballots)
    assert found.tolist() == expected


@given(
    st.lists(st.lists(scores, max_size=5), min_size=1, max_size=6), st.sampled_from(list(aggregate.STEP_AGGREGATIONS))
)
def test_the_aggregation_is_the_one_of_a_search(lists: list[list[float]], aggregation: str) -> None:
    found = reduced(Ragged.of(lists), aggregation)
    for one, value in zip(lists, found):
        assert np.isnan(value) if not one else value == pytest.approx(aggregate.steps(one, aggregation))


BEST = {"name": "best of N", "strategy": "best_of_n", "budgets": [1, 2, 4]}


def test_smaller_budgets_by_hand(tmp_path: Path) -> None:
    """Four samples of one problem: wrong, right, wrong, right; the verifier likes the second best, then the third."""
    liked = [0.1, 0.9, 0.5, 0.2]

    def solution(run: object, place: int) -> dict:
        prompt = {"prompt_read": 3, "prompt_verified": 4}
        return {"answer": "ab"[place % 2], "right": place % 2 == 1, "rewards": [0.3, liked[place]], **prompt}

    m = sweep_arrays(planted.sweep(tmp_path / "p", [BEST], 1, solution))
    assert budgets(m, "best of N") == [1, 2, 4]
    one = outcomes(m, "best of N", 1)
    assert one["right"].tolist() == [False, True, False, True]
    # Of the first two the right one wins; of the last two the wrong one.
    two = outcomes(m, "best of N", 2)
    assert two["right"].tolist() == [True, False]
    assert accuracy(m, "best of N", 2).tolist() == [0.5]
    assert accuracy(m, "best of N", 4).tolist() == [1.0]
    assert outcomes(m, "best of N", 4, Revote("min", "best"))["row"].tolist() == [1]
    assert accuracy(m, "best of N", 2, part=SampleRange(2)).tolist() == [0.0]
    # Two samples of ten tokens, read by the verifier as well, and the problem read once by both models.
    assert two["tokens"].tolist() == [40 + 7] * 2
    assert two["flops"].tolist() == [120 + 2 * (1 * 3 + 2 * 4)] * 2
    assert two["seconds"].tolist() == [1.0] * 2
    free = outcomes(m, "best of N", 2, Revote(vote="majority"))
    assert free["tokens"].tolist() == [23] * 2
    assert np.isnan(accuracy(m, "best of N", 8)).all()
    assert pass_at(m, "best of N", 2) == pytest.approx(5 / 6)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6])
def test_pass_at_n_is_the_mean_over_all_subsets(tmp_path: Path, n: int) -> None:
    right = [[True, False, False, True, False, False], [False] * 6, [True] * 6]
    arm = {**BEST, "budgets": [6]}
    m = sweep_arrays(planted.sweep(tmp_path / "p", [arm], 3, lambda run, place: {"right": right[run.index][place]}))
    by_hand = [np.mean([any(some) for some in combinations(one, n)]) for one in right]
    assert pass_at(m, "best of N", n) == pytest.approx(by_hand)


def test_all_samples_are_the_search_itself(tiny: Sweep) -> None:
    m = sweep_arrays(tiny)
    found = outcomes(m, "best of N", 8)
    table = tiny.solutions[tiny.solutions["arm"] == "best of N"]
    for _, search in found.iterrows():
        rows = table[table["run"] == search["run"]]
        ballots = [
            Ballot(str(i), None if not isinstance(a, str) else a, float(r[-1]))
            for i, (a, r) in enumerate(zip(rows["answer"], rows["rewards"]))
        ]
        assert rows["right"].iloc[int(aggregate.rank(ballots, "weighted")[0].ballot.node)] == search["right"]
        first = rows.iloc[0]
        assert search["tokens"] == first["total_generated"] + first["total_read"] + first["total_verified"]
        assert search["flops"] == pytest.approx(first["total_policy_flops"] + first["total_verifier_flops"])
        assert search["generations"] == 8


def test_shorter_and_fewer_chains(tiny: Sweep) -> None:
    """Two chains of four attempts a run: one chain, half chains, and all."""
    m = sweep_arrays(tiny)
    runs = tiny.solutions[tiny.solutions["arm"] == "revisions"]["run"].nunique()
    whole = searches(m, "revisions", 8)
    assert len(whole.run) == runs
    assert whole.costs["tokens"] == pytest.approx(
        m.total(whole.rows[np.unique(whole.group, return_index=True)[1]], "tokens")
    )
    assert len(searches(m, "revisions", 4).run) == 2 * runs
    halves = searches(m, "revisions", 4, length=2)
    assert len(halves.run) == runs
    assert set(m.whole("attempt")[halves.rows]) == {0, 1}
    assert (halves.costs["tokens"] < whole.costs["tokens"]).all()
    assert not len(searches(m, "revisions", 8, length=8).run)


def test_intervals_are_scipys() -> None:
    values = np.random.default_rng(0).beta(2, 1, size=60)
    low, high = interval(values)
    ours = bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, rng=1).confidence_interval
    assert (low, high) == pytest.approx((ours.low, ours.high), abs=0.008)
    assert interval(np.append(values, np.nan)) == (low, high)
    assert np.isnan(interval(np.array([np.nan]))).all()
    # Unknown problems do not count in a sample's mean.
    with_unknown = means(np.array([[1.0], [np.nan], [0.0]]), np.array([[2.0, 5.0, 2.0], [0.0, 1.0, 0.0]]))
    assert with_unknown[0, 0] == 0.5
    assert np.isnan(with_unknown[1, 0])
    assert resamples(7).sum(axis=1).tolist() == [7.0] * 1000


def test_what_equal_accuracy_costs_by_hand() -> None:
    costs, curve = [1.0, 4.0, 16.0], np.array([[0.2, 0.4, 0.6]])
    goals = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert needed(costs, np.repeat(curve, 7, axis=0), goals) == pytest.approx([1, 1, 2, 4, 8, 16, np.inf])
    # Where a curve has fallen again, it is the first time that counts.
    assert needed(costs, np.array([[0.2, 0.6, 0.1]]), np.array([0.4])) == pytest.approx(2)
