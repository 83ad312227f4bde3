"""Each strategy on a tree small enough to work out by hand."""

from __future__ import annotations

import pytest

from tests.search.scripted import begin, finish, full
from tts_viz.core.aggregation import Ballot, rank, steps
from tts_viz.strategies import STRATEGIES, make

#        0.0 (.9)            0.1 (.2)           0.2 (.6)           0.3 (.7)
#   0.0.0. .1  0.0.1 .8                                      0.3.0 .3  0.3.1. .95
#              0.0.1.0. .4, 0.0.1.1. .5
SCRIPT = {
    "0.0": "a", "0.1": "b", "0.2": "c", "0.3": "d",
    "0.0.0": "aa.", "0.0.1": "ab", "0.3.0": "da", "0.3.1": "db.",
    "0.0.1.0": "aba.", "0.0.1.1": "abb.", "0.3.0.0": "daa.", "0.3.0.1": "dab.",
}  # fmt: skip
REWARDS = {
    "a": 0.9, "b": 0.2, "c": 0.6, "d": 0.7,
    "aa.": 0.1, "ab": 0.8, "da": 0.3, "db.": 0.95,
    "aba.": 0.4, "abb.": 0.5, "daa.": 0.6, "dab.": 0.05,
}  # fmt: skip


def test_beam_search_keeps_the_best_n_over_m_and_sets_finished_ones_aside() -> None:
    tree = finish(begin("beam", n=4, m=2), SCRIPT, REWARDS).session.tree
    first, *later = tree.decisions
    assert (first.kept, first.pruned) == (("0.0", "0.3"), ("0.1", "0.2"))
    assert later == []  # at depth 2 only ab and da are open: two rivals for two places
    assert set(tree.nodes) == {"0", *SCRIPT}
    assert [n.id for n in tree.finished()] == ["0.0.0", "0.3.1", "0.0.1.0", "0.0.1.1", "0.3.0.0", "0.3.0.1"]
    assert tree.generations == 4
    assert tree.spent.policy_calls == 4 + 4 + 4


def test_a_beam_by_the_lowest_step_decides_otherwise() -> None:
    session = begin("beam", n=4, m=4)
    by_last = finish(session, SCRIPT, REWARDS).session.tree
    assert by_last.decisions[0].kept == ("0.0",)
    worse = finish(begin("beam", n=4, m=4), SCRIPT, REWARDS | {"a": 0.65}).session.tree
    assert worse.decisions[0].kept == ("0.3",)


def test_greedy_is_one_path_and_asks_no_verifier() -> None:
    run = finish(begin("greedy"), full(3, 1))
    assert list(run.session.tree.nodes) == ["0", "0.0", "0.0.0", "0.0.0.0"]
    assert run.session.tree.generations == 1
    assert run.session.tree.spent.verifier_calls == 0
    assert all(r.temperature == 0 for batch in run.policy.asked for r in batch)  # type: ignore[attr-defined]


def test_majority_vote_draws_n_solutions_and_asks_no_verifier() -> None:
    tree = finish(begin("majority", n=5), chains(5, 3)).session.tree
    assert len(tree.finished()) == 5
    assert tree.generations == 5
    assert tree.spent.verifier_calls == 0
    assert tree.spent.policy_calls == 15


def test_best_of_n_scores_every_step_of_every_solution_once() -> None:
    run = finish(begin("best_of_n", n=5), chains(5, 3))
    tree = run.session.tree
    assert len(tree.finished()) == tree.generations == 5
    assert tree.spent.verifier_calls == 15
    assert all(r.wanted == 1 for batch in run.verifier.asked for r in batch)  # type: ignore[attr-defined]


def chains(n: int, depth: int) -> dict[str, str]:
    """n independent solutions."""
    return {f"0.{i}" + ".0" * d: f"{i}{d}" + ("." if d == depth - 1 else "") for i in range(n) for d in range(depth)}


def test_lookahead_goes_by_where_a_step_leads() -> None:
    script = {
        "0.0": "good start",
        "0.1": "bad start",
        "0.0.r0": "trap",
        "0.1.r0": "way out",
        "0.1.0": "end.",
        "0.1.1": "end.",
    }
    rewards = {"good start": 0.9, "bad start": 0.1, "trap": 0.05, "way out": 0.8}
    tree = finish(begin("lookahead", n=2, m=2, k=1), script, rewards).session.tree
    assert tree.decisions[0].kept == ("0.1",)
    assert tree.decisions[0].scores == {"0.0": 0.05, "0.1": 0.8}
    blind = finish(begin("beam", n=2, m=2), script, rewards).session.tree
    assert blind.decisions[0].kept == ("0.0",)


def test_lookahead_pays_for_every_rollout_step() -> None:
    tree = finish(begin("lookahead", n=4, m=2, k=2), full(4, 4, rollouts=2)).session.tree
    assert tree.generations == 4 * 3
    assert make("lookahead", {"n": 4, "m": 2, "k": 2}).generations == 12


def test_a_rollout_stops_at_a_solutions_end() -> None:
    tree = finish(begin("lookahead", n=2, m=1, k=3), full(2, 2, rollouts=3)).session.tree
    assert max(n.depth for n in tree.nodes.values()) == 2


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_bad_knob_is_refused_with_the_nearest_good_value(name: str) -> None:
    for knob in STRATEGIES[name].knobs:
        with pytest.raises(ValueError, match=f"try {knob.high:g}"):
            make(name, STRATEGIES[name].defaults | {knob.name: knob.high + 1})
    with pytest.raises(ValueError, match="nonsense"):
        make(name, {"nonsense": 1})


def test_step_aggregations() -> None:
    scores = [0.5, 0.2, 0.8]
    assert steps(scores, "last") == 0.8
    assert steps(scores, "min") == 0.2
    assert steps(scores, "product") == pytest.approx(0.08)
    assert steps(scores, "mean") == pytest.approx(0.5)


def test_votes() -> None:
    ballots = [
        Ballot("1", "x", 0.9), Ballot("2", "y", 0.5), Ballot("3", "y", 0.6),
        Ballot("4", "z", 0.1), Ballot("5", "z", 0.1), Ballot("6", "z", 0.1), Ballot("7", None, 1.0),
    ]  # fmt: skip

    def order(vote: str) -> list[str]:
        return [r.ballot.node for r in rank(ballots, vote)]

    assert order("weighted") == ["3", "2", "1", "4", "5", "6", "7"]
    assert order("best") == ["1", "3", "2", "4", "5", "6", "7"]
    assert order("majority") == ["4", "5", "6", "3", "2", "1", "7"]
    with pytest.raises(ValueError, match="weighted"):
        order("loudest")
