"""Beam search and lookahead, decision by decision."""

from __future__ import annotations

import pytest

from tests.search.scripted import begin, finish
from tts_viz.core.events import Decided, Expanded, NoCandidate
from tts_viz.core.tree import Tree

#   0.0 a .6   0.1 b .7                              0.2 c .1   0.3 d .65
#              ba .2   bb .9                                    da .3             db. .8
#                      bba .5             bbb. .4               daa .1   dab. .95
#                      bbaa. .3 bbab. .2                        —, daab. .6
SCRIPT = {
    "0.0": "a", "0.1": "b", "0.2": "c", "0.3": "d",
    "0.1.0": "ba", "0.1.1": "bb", "0.3.0": "da", "0.3.1": "db.",
    "0.1.1.0": "bba", "0.1.1.1": "bbb.", "0.3.0.0": "daa", "0.3.0.1": "dab.",
    "0.1.1.0.0": "bbaa.", "0.1.1.0.1": "bbab.", "0.3.0.0.1": "daab.",
}  # fmt: skip
REWARDS = {
    "a": 0.6, "b": 0.7, "c": 0.1, "d": 0.65, "ba": 0.2, "bb": 0.9, "da": 0.3, "db.": 0.8, "bba": 0.5, "bbb.": 0.4,
    "daa": 0.1, "dab.": 0.95, "bbaa.": 0.3, "bbab.": 0.2, "daab.": 0.6,
}  # fmt: skip


def test_a_beam_four_steps_deep() -> None:
    run = finish(begin("beam", n=4, m=2), SCRIPT, REWARDS)
    tree = run.session.tree
    assert tree.decisions == [
        Decided(("0.1", "0.3"), ("0.0", "0.2"), {"0.0": 0.6, "0.1": 0.7, "0.2": 0.1, "0.3": 0.65}, "last", 1, 2),
        Decided(("0.1.1", "0.3.0"), ("0.1.0",), {"0.1.0": 0.2, "0.1.1": 0.9, "0.3.0": 0.3}, "last", 2, 2),
    ]  # db has ended and is no rival; at depth 3 two are open for two places
    assert set(tree.nodes) == {"0", *SCRIPT}
    assert [n.id for n in tree.nodes.values() if n.pruned] == ["0.0", "0.2", "0.1.0"]
    assert [n.text for n in tree.finished()] == ["db.", "bbb.", "dab.", "bbaa.", "bbab.", "daab."]
    assert [tree.sampled(depth) for depth in (1, 2, 3, 4, 5)] == [4, 4, 4, 4, 0]
    assert [e.node for e in run.session.trace if isinstance(e, NoCandidate)] == ["0.3.0.0.0"]
    assert (tree.generations, tree.spent.policy_calls, tree.spent.verifier_calls) == (4, 16, 15)
    assert {n.text: n.reward for n in tree.nodes.values() if n.kind == "step"} == REWARDS


#   p .9: p1 .5, p2 .3     q .42: q1 .6, q2 .58
#   last  .5 .3 .6 .58   min  .5 .3 .42 .42   product  .45 .27 .252 .2436   mean  .7 .6 .51 .5
BY_STEPS = {"0.0": "p", "0.1": "q", "0.2": "x", "0.3": "y", "0.0.0": "p1", "0.0.1": "p2", "0.1.0": "q1", "0.1.1": "q2"}
STEP_REWARDS = {"p": 0.9, "q": 0.42, "x": 0.1, "y": 0.1, "p1": 0.5, "p2": 0.3, "q1": 0.6, "q2": 0.58}


@pytest.mark.parametrize(
    ("aggregation", "kept"),
    [
        ("last", ("0.1.0", "0.1.1")),
        ("min", ("0.0.0", "0.1.0")),  # q1 and q2 are equal: the earlier one stays
        ("product", ("0.0.0", "0.0.1")),
        ("mean", ("0.0.0", "0.0.1")),
    ],
)
def test_a_beam_goes_by_the_aggregate_of_the_whole_path(aggregation: str, kept: tuple[str, ...]) -> None:
    session = begin("beam", n=4, m=2)
    session.change(aggregation=aggregation)
    tree = finish(session, BY_STEPS, STEP_REWARDS).session.tree
    assert tree.decisions[0].kept == ("0.0", "0.1")
    assert tree.decisions[1].kept == kept
    assert tree.decisions[1].aggregation == aggregation


def test_equal_scores_are_settled_by_place() -> None:
    tree = finish(begin("beam", n=6, m=3), {f"0.{i}": "same" for i in range(6)}, {}).session.tree
    assert tree.decisions[0].kept == ("0.0", "0.1")
    assert tree.decisions[0].pruned == ("0.2", "0.3", "0.4", "0.5")


def test_a_beam_stops_once_n_solutions_are_finished() -> None:
    script = {"0.0": "a", "0.1": "b.", "0.0.0": "aa.", "0.0.1": "ab", "0.0.1.0": "never"}
    session = finish(begin("beam", n=2, m=2), script).session
    assert session.done
    assert set(session.tree.nodes) == {"0", "0.0", "0.1", "0.0.0", "0.0.1"}
    assert [n.id for n in session.tree.frontier()] == ["0.0.1"]


def test_a_beam_whose_width_is_all_of_it_prunes_all_but_one() -> None:
    tree = finish(
        begin("beam", n=3, m=3), {**{f"0.{i}": str(i) for i in range(3)}, "0.1.0": "end."}, {"1": 0.9}
    ).session.tree
    assert (tree.decisions[0].kept, tree.decisions[0].pruned) == (("0.1",), ("0.0", "0.2"))
    assert tree.sampled(2) == 3


#   0.0 a .9, rolls a1 .8, a2. .1       0.1 b .2, rolls b1. .7 and has ended
#                                       ba. .6      bb .3, rolls bb1 .4, then nothing
#                                                   x. .5, y. .55
AHEAD = {
    "0.0": "a", "0.0.r0": "a1", "0.0.r0.r0": "a2.", "0.1": "b", "0.1.r0": "b1.",
    "0.1.0": "ba.", "0.1.1": "bb", "0.1.1.r0": "bb1", "0.1.1.0": "x.", "0.1.1.1": "y.",
}  # fmt: skip
AHEAD_REWARDS = {
    "a": 0.9, "a1": 0.8, "a2.": 0.1, "b": 0.2, "b1.": 0.7, "ba.": 0.6, "bb": 0.3, "bb1": 0.4, "x.": 0.5, "y.": 0.55,
}  # fmt: skip


def test_lookahead_two_steps_ahead() -> None:
    run = finish(begin("lookahead", n=2, m=2, k=2), AHEAD, AHEAD_REWARDS)
    tree = run.session.tree
    assert tree.decisions == [Decided(("0.1",), ("0.0",), {"0.0": 0.1, "0.1": 0.7}, "last", 1, 1)]
    assert set(tree.nodes) == {"0", *AHEAD}
    heard = {n.text: (n.reward, n.value) for n in tree.nodes.values() if n.kind == "step"}
    assert heard == {
        "a": (0.9, 0.1), "b": (0.2, 0.7), "ba.": (0.6, None), "bb": (0.3, 0.4), "x.": (0.5, None), "y.": (0.55, None),
    }  # fmt: skip
    assert {n.text for n in tree.nodes.values() if n.kind == "rollout"} == {"a1", "a2.", "b1.", "bb1"}
    assert [n.text for n in tree.finished()] == ["ba.", "x.", "y."]
    # Depth 1: a, b, a1, a2, b1. Depth 2: ba, bb, bb1, and nothing after it. Depth 3: x, y.
    assert [tree.sampled(depth) for depth in (1, 2, 3)] == [5, 4, 2]
    assert (tree.generations, tree.spent.policy_calls) == (5, 11)
    wanted = [[q.wanted for q in batch] for batch in run.verifier.asked]  # type: ignore[attr-defined]
    assert wanted == [[3, 2], [1, 2], [1, 1]]
    assert all(e.node_kind == "rollout" or "r" not in e.node for e in run.session.trace if isinstance(e, Expanded))


def test_rollouts_are_greedy_and_steps_are_not() -> None:
    run = finish(begin("lookahead", n=2, m=2, k=2), AHEAD, AHEAD_REWARDS)
    hot = [[q.temperature for q in batch] for batch in run.policy.asked]  # type: ignore[attr-defined]
    assert hot == [[1, 1], [0, 0], [0], [1, 1], [0], [0], [1, 1]]


def test_lookahead_of_nothing_is_a_beam() -> None:
    def outline(tree: Tree) -> list[tuple[object, ...]]:
        return [(n.id, n.reward, n.value, n.pruned) for n in tree.nodes.values()]

    beam = finish(begin("beam", n=4, m=2), SCRIPT, REWARDS).session.tree
    assert outline(finish(begin("lookahead", n=4, m=2, k=0), SCRIPT, REWARDS).session.tree) == outline(beam)
