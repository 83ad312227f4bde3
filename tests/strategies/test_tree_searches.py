"""DVTS, REBASE, the particle filter and MCTS, on trees small enough to work out by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.search.scripted import begin, finish, full, scattered
from tts_viz.core.events import Decided, Expanded
from tts_viz.strategies import make
from tts_viz.strategies.particles import odds
from tts_viz.strategies.rebase import shares

SCRIPT = {
    "0.0": "a", "0.1": "b", "0.2": "c", "0.3": "d",
    "0.0.0": "aa.", "0.0.1": "ab", "0.1.0": "ba", "0.1.1": "bb.", "0.2.0": "ca.", "0.2.1": "cb.",
    "0.3.0": "da", "0.3.1": "db.", "0.0.1.0": "aba.", "0.0.1.1": "abb.",
}  # fmt: skip
REWARDS = {
    "a": 0.9, "b": 0.2, "c": 0.6, "d": 0.5, "aa.": 0.1, "ab": 0.8, "ba": 0.1, "bb.": 0.9,
    "ca.": 0.3, "cb.": 0.95, "da": 0.1, "db.": 0.2, "aba.": 0.4, "abb.": 0.7,
}  # fmt: skip


def test_dvts_subtrees_do_not_compete() -> None:
    session = finish(begin("dvts", n=4, m=2), SCRIPT, REWARDS).session
    tree = session.tree
    # Subtree one has a, b and goes on with a; subtree two has c, d and goes on with c, though a beam would want a and c too.
    first = [set(d.kept) for d in tree.decisions[:2]]
    assert {frozenset(k) for k in first} == {frozenset({"0.0"}), frozenset({"0.2"})}
    # From a: ab (open) beats aa (ended, set aside). From c: cb ends it.
    assert {n.id for n in tree.finished()} == {"0.0.0", "0.2.0", "0.2.1", "0.0.1.0", "0.0.1.1"}
    assert tree.generations == 4
    assert session.done


def test_each_subtree_of_dvts_stays_in_its_own() -> None:
    tree = finish(begin("dvts", n=8, m=2), full(4, 8), scattered(full(4, 8))).session.tree
    assert [sum(n.depth == depth for n in tree.nodes.values()) for depth in (1, 2, 3, 4)] == [8, 8, 8, 8]
    below = Counter(n.parent.id for n in tree.nodes.values() if n.parent and n.depth == 2)
    assert set(below.values()) == {2}
    assert tree.generations == 8


def test_shares_follow_the_softmax_and_spend_all() -> None:
    assert shares(16, [0.9, 0.5, 0.1], 0.2) == [14, 2, 0]
    assert shares(7, [0.5, 0.5], 0.2) in ([4, 3], [3, 4])
    assert shares(10, [0.0, 0.0, 0.0, 0.0, 0.0], 1.0) == [2, 2, 2, 2, 2]
    assert sum(shares(13, [0.3, 0.31, 0.29, 0.9], 0.05)) == 13


def test_rebase_spends_the_budget_of_each_depth_less_what_is_finished() -> None:
    session = finish(begin("rebase", n=4, balance_temperature=0.2), SCRIPT, REWARDS).session
    tree = session.tree
    # softmax(.9 .2 .6 .5 / .2) · 4 = 2.88 .09 .64 .39 → 3 0 1 0; a has only two scripted children, the third withers.
    first = next(e for e in session.trace if isinstance(e, Decided))
    assert first.kept == ("0.0", "0.2")
    assert tree.sampled(2) == 4
    assert {n.id for n in tree.nodes.values() if n.depth == 2} == {"0.0.0", "0.0.1", "0.2.0"}
    # Two are finished, so two are left for ab.
    assert tree.sampled(3) == 2
    assert session.done


def test_odds_are_those_of_the_score() -> None:
    assert odds(0.5) == pytest.approx(1)
    assert odds(0.8) == pytest.approx(4)
    assert odds(1.0) > 1e5
    assert odds(0.0) > 0
    assert odds(None) == odds(0.0)


def test_particles_keep_their_number_and_follow_the_odds() -> None:
    script = full(3, 16)
    rewards = {text: 0.999 if text.startswith("0.3") else 0.001 for text in script.values()}
    session = finish(begin("particles", n=16), script, rewards).session
    tree = session.tree
    first = next(e for e in session.trace if isinstance(e, Decided))
    assert "0.3" in first.kept
    assert len(first.kept) <= 3
    assert [tree.sampled(d) for d in (1, 2, 3)] == [16, 16, 16]
    assert sum(n.id.startswith("0.3.") for n in tree.nodes.values() if n.depth == 2) >= 14
    other = finish(begin("particles", n=16), script, rewards).session
    assert other.trace == session.trace


def test_mcts_goes_back_when_a_promising_branch_disappoints() -> None:
    script = {
        "0.0": "good",
        "0.1": "fair",
        "0.0.0": "bad",
        "0.0.1": "bad",
        "0.1.0": "well.",
        "0.1.1": "bad.",
        "0.0.0.0": "bad.",
        "0.0.0.1": "bad.",
    }
    rewards = {"good": 0.9, "fair": 0.5, "bad": 0.05, "well.": 0.97, "bad.": 0.05}
    session = finish(begin("mcts", n=4, m=2, c=0), script, rewards).session
    order = [e.parent for e in session.trace if e.kind == "grew"]
    assert order[:6] == ["0", "0", "0.0", "0.0", "0.1", "0.1"]
    tree = session.tree
    assert tree.nodes["0.1"].value == pytest.approx(0.97)
    assert tree.nodes["0.0"].reward == 0.9  # what the verifier said is kept beside what the search believes
    assert tree.generations <= 4
    assert session.done


def test_mcts_with_much_exploration_tries_everything() -> None:
    script, rewards = full(3, 2), {"0.0": 0.99, "0.0.0": 0.99}
    tree = finish(begin("mcts", n=8, m=2, c=5.0), script, rewards).session.tree
    assert len(tree.nodes) == 1 + 2 + 4 + 8
    assert sum(n.expanded for n in tree.nodes.values()) == 7


def test_mcts_prefers_what_the_policy_thinks_likely_among_equals() -> None:
    tree = finish(begin("mcts", n=2, m=2, c=1.0), full(3, 2), {}).session.tree
    assert tree.generations == 2
    assert max(n.depth for n in tree.nodes.values()) == 3


def test_a_second_gibbs_iteration_runs_beside_a_solution_of_the_first() -> None:
    session = finish(begin("particles", n=3, i=2), full(2, 9), {}).session
    tree = session.tree
    # 3 first steps, then 2 fresh ones beside the solution that was kept; at depth 2 again 3, then 2.
    assert [n.id for n in tree.root.children] == ["0.0", "0.1", "0.2", "0.3", "0.4"]
    assert (tree.sampled(1), tree.sampled(2)) == (5, 5)
    assert tree.generations == 5 == make("particles", {"n": 3, "i": 2}).generations
    again = finish(begin("particles", n=3, i=2), full(2, 9), {}).session
    assert again.trace == session.trace


def test_mcts_with_rollouts_values_a_leaf_by_where_it_leads() -> None:
    script = {"0.0": "a", "0.1": "b", "0.0.r0": "good.", "0.1.r0": "bad.", "0.0.0": "x.", "0.0.1": "y."}
    rewards = {"a": 0.1, "b": 0.9, "good.": 0.95, "bad.": 0.05}
    session = finish(begin("mcts", n=4, m=2, c=0, k=1), script, rewards).session
    tree = session.tree
    grown = [e.parent for e in session.trace if isinstance(e, Expanded) and e.node_kind == "step"]
    assert grown[2] == "0.0", "its own score is low, but it leads to a good end"
    # Two steps with a rollout each at depth 1, two finished ones at depth 2: rollouts are charged to their candidate.
    assert (tree.sampled(1), tree.sampled(2)) == (4, 2)
    assert tree.generations == 4
