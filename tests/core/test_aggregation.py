"""From step scores to one score, from solutions to an answer: sums small enough to do in the head."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_viz.core.aggregation import STEP_AGGREGATIONS, VOTES, Ballot, rank, steps


@pytest.mark.parametrize(
    ("scores", "last", "low", "product", "mean"),
    [
        ([0.5], 0.5, 0.5, 0.5, 0.5),
        ([0.5, 0.25, 0.75], 0.75, 0.25, 0.09375, 0.5),
        ([1.0, 0.0, 1.0], 1.0, 0.0, 0.0, 2 / 3),
        ([0.5, 0.5, 0.5, 0.5], 0.5, 0.5, 0.0625, 0.5),
    ],
)
def test_one_score_from_many(scores: list[float], last: float, low: float, product: float, mean: float) -> None:
    found = {name: steps(scores, name) for name in STEP_AGGREGATIONS}
    assert found == {"last": last, "min": low, "product": product, "mean": pytest.approx(mean)}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_product_is_at_most_the_lowest_and_the_mean_lies_above_it(scores: list[float]) -> None:
    assert steps(scores, "product") <= steps(scores, "min") <= steps(scores, "mean") + 1e-12
    assert steps(scores, "mean") <= max(scores) + 1e-12


def test_an_unknown_aggregation_or_vote_names_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"median.*last, min, product, mean"):
        steps([0.5], "median")
    with pytest.raises(ValueError, match=r"loudest.*weighted, best, chains, majority"):
        rank([], "loudest")


#   answer x: 0.9          weighted 0.9, best 0.9, majority 1
#   answer y: 0.5 + 0.75   weighted 1.25, best 0.75, majority 2
#   answer z: 0.1 · 3      weighted 0.3, best 0.1, majority 3
BALLOTS = [
    Ballot("x1", "x", 0.9), Ballot("y1", "y", 0.5), Ballot("z1", "z", 0.1), Ballot("none", None, 1.0),
    Ballot("y2", "y", 0.75), Ballot("z2", "z", 0.1), Ballot("z3", "z", 0.1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("vote", "order", "weights"),
    [
        ("weighted", "y2 y1 x1 z1 z2 z3 none", {"x": 0.9, "y": 1.25, "z": 0.3}),
        ("best", "x1 y2 y1 z1 z2 z3 none", {"x": 0.9, "y": 0.75, "z": 0.1}),
        ("majority", "z1 z2 z3 y2 y1 x1 none", {"x": 1, "y": 2, "z": 3}),
    ],
)
def test_each_vote_has_another_winner(vote: str, order: str, weights: dict[str, float]) -> None:
    ranked = rank(BALLOTS, vote)
    assert [r.ballot.node for r in ranked] == order.split()
    assert {r.ballot.answer: r.weight for r in ranked if r.ballot.answer} == pytest.approx(weights)
    assert ranked[-1].weight == 0


def test_equal_weights_go_to_the_better_solution() -> None:
    """Two answers with two ballots each: the one whose best solution scores higher stands first, whoever came first."""
    ballots = [Ballot("a1", "a", 0.4), Ballot("b1", "b", 0.2), Ballot("a2", "a", 0.5), Ballot("b2", "b", 0.75)]
    for way in permutations(ballots):
        assert [r.ballot.node for r in rank(way, "majority")] == ["b2", "a2", "a1", "b1"]


def test_weights_do_not_depend_on_who_came_first() -> None:
    ballots = [Ballot("y1", "y", 0.5), Ballot("y2", "y", 0.75), Ballot("x1", "x", 0.6), Ballot("none", None, 1.0)]
    for way in permutations(ballots):
        for vote, y in (("weighted", 1.25), ("best", 0.75), ("majority", 2)):
            ranked = rank(way, vote)
            assert [r.ballot.node for r in ranked] == ["y2", "y1", "x1", "none"]
            assert [r.weight for r in ranked[:2]] == [y, y]


@pytest.mark.parametrize("vote", VOTES)
def test_what_is_equal_in_all_keeps_its_order(vote: str) -> None:
    for way in permutations([Ballot("p", "a", 0.5), Ballot("q", "b", 0.5), Ballot("r", "c", 0.5)]):
        assert [r.ballot for r in rank(way, vote)] == list(way)


def test_a_solution_without_a_score_counts_only_where_solutions_are_counted() -> None:
    """A search without a verifier has no scores: majority works, the others give every answer no weight."""
    ballots = [Ballot("1", "a", None), Ballot("2", "b", None), Ballot("3", "b", None)]
    assert [r.ballot.node for r in rank(ballots, "majority")] == ["2", "3", "1"]
    assert [r.weight for r in rank(ballots, "weighted")] == [0, 0, 0]
    assert [r.weight for r in rank(ballots, "best")] == [0, 0, 0]


@pytest.mark.parametrize("vote", VOTES)
def test_a_solution_without_an_answer_is_last_even_against_weightless_ones(vote: str) -> None:
    ballots = [Ballot("mute", None, 1.0), Ballot("poor", "a", 0.0), Ballot("unread", "b", None)]
    assert [r.ballot.node for r in rank(ballots, vote)][-1] == "mute"
    assert rank([], vote) == []


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.sampled_from([None, 0.0, 0.25, 0.5])), max_size=9),
    st.sampled_from(sorted(VOTES)),
)
def test_ranking_loses_nobody_and_weights_only_fall(cast: list[tuple[str | None, float | None]], vote: str) -> None:
    ballots = [Ballot(str(i), answer, score) for i, (answer, score) in enumerate(cast)]
    ranked = rank(ballots, vote)
    assert sorted(r.ballot.node for r in ranked) == sorted(b.node for b in ballots)
    weights = [r.weight for r in ranked if r.ballot.answer is not None]
    assert weights == sorted(weights, reverse=True)
    if vote == "weighted":
        assert sum({r.ballot.answer: r.weight for r in ranked}.values()) == pytest.approx(
            sum(b.score or 0 for b in ballots if b.answer is not None)
        )
