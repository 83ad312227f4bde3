"""The thirteen laws of the core, each with what would break if it did not hold."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.scripted import SEED, begin, feed_in_any_order, feed_one, finish, full, revisable, scattered
from tests.small import Parameters, searches
from tts_viz.core.budget import Budget, Cost
from tts_viz.core.events import Changed, Decided, Ended, Expanded, NoCandidate, Scored, Settings, Started
from tts_viz.core.tree import Tree
from tts_viz.errors import DriftError
from tts_viz.search.replay import fast_forward
from tts_viz.search.request import request_seed

SCRIPT = full(3, 8, rollouts=2)
REWARDS = scattered(SCRIPT)

WHOLE = revisable(full(3, 6, rollouts=2), attempts=6)
"""What any small search may ask for."""

WORTH = scattered(WHOLE)


def outline(tree: Tree) -> dict[str, object]:
    """What a tree is, whatever order its answers came in."""
    return {n.id: (n.text, n.kind, n.reward, n.value, n.pruned, n.finish) for n in tree.nodes.values()}


@given(searches())
def test_law_1_the_tree_is_the_fold_of_the_trace_at_every_moment(chosen: tuple[str, Parameters]) -> None:
    session = finish(begin(chosen[0], **chosen[1]), WHOLE, WORTH).session
    assert outline(Tree.fold(session.trace)) == outline(session.tree)
    grown = 0
    for k in range(1, len(session.trace) + 1):
        tree = Tree.fold(session.trace[:k])
        grown += isinstance(session.trace[k - 1], Expanded)
        assert len(tree.nodes) == 1 + grown


def test_law_1_a_node_cannot_be_added_twice() -> None:
    tree = Tree.fold([Started("P\n", Settings("greedy", {})), Expanded("0", "0.0", "a")])
    with pytest.raises(ValueError, match=r"0\.0"):
        tree.apply(Expanded("0", "0.0", "b"))


def test_law_2_a_change_between_two_answers_is_seen_by_the_strategy() -> None:
    session = begin("beam", n=8, m=2)
    wide = finish(begin("beam", n=8, m=2), SCRIPT, REWARDS).session
    for _ in range(8):
        request = session.wants[0]
        feed_one(session, request, SCRIPT, REWARDS)
    session.change(aggregation="min")
    feed_in_any_order(session, SCRIPT, REWARDS, random.Random(0))
    assert [d.aggregation for d in session.tree.decisions] == ["min", "min"]
    assert [d.aggregation for d in wide.tree.decisions] == ["last", "last"]


def test_law_3_a_search_can_be_stopped_at_any_moment_and_ranked_afterwards() -> None:
    session = begin("best_of_n", n=6)
    feed_one(session, session.wants[0], SCRIPT, REWARDS)
    session.stop()
    assert session.done
    assert session.wants == []
    assert isinstance(session.trace[-1], Ended)
    before = len(session.tree.nodes)
    session.change(vote="majority", aggregation="min")
    assert session.tree.settings.vote == "majority"
    assert len(session.tree.nodes) == before


def test_law_4_each_depth_of_a_beam_costs_exactly_n() -> None:
    tree = finish(begin("beam", n=8, m=2), SCRIPT, REWARDS).session.tree
    assert [sum(n.depth == d for n in tree.nodes.values()) for d in (1, 2, 3)] == [8, 8, 8]
    assert tree.generations == 8


def test_law_4_a_pruned_subtree_does_not_bring_its_ancestors_back() -> None:
    tree = finish(begin("beam", n=8, m=2), SCRIPT, REWARDS).session.tree
    assert not tree.frontier()
    assert all(n.expanded for n in tree.nodes.values() if n.kind == "root" or any(c.kind == "step" for c in n.children))


def test_law_5_finished_solutions_are_scored() -> None:
    for name, knobs in (("beam", {"n": 8, "m": 2}), ("best_of_n", {"n": 5})):
        tree = finish(begin(name, **knobs), SCRIPT, REWARDS).session.tree
        assert tree.finished()
        assert all(n.reward == REWARDS[n.text] for n in tree.finished())


def test_law_6_a_policy_with_nothing_to_say_is_a_dead_end_and_the_search_ends() -> None:
    script = {id: text for id, text in SCRIPT.items() if not id.startswith("0.2.")}
    rewards = REWARDS | {"0.2": 2.0}  # the beam wants nothing more than 0.2
    for name, knobs in (("beam", {"n": 8, "m": 2}), ("best_of_n", {"n": 8}), ("lookahead", {"n": 8, "m": 2, "k": 1})):
        session = finish(begin(name, **knobs), script, rewards).session
        assert session.done
        assert session.tree.nodes["0.2"].expanded
        assert not session.tree.nodes["0.2"].children
    silent = finish(begin("beam", n=4, m=2), {}).session
    assert silent.done
    assert silent.tree.spent.policy_calls == 4


@settings(max_examples=60)
@given(searches(), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_law_7_a_raised_budget_ends_with_the_tree_of_an_uninterrupted_run(
    chosen: tuple[str, Parameters], raises: list[int]
) -> None:
    name, knobs = chosen
    whole = finish(begin(name, **knobs), WHOLE, WORTH).session
    session, budget = begin(name, budget=raises[0], **knobs), raises[0]
    for more in [*raises[1:], 1000]:
        run = finish(session, WHOLE, WORTH)
        assert session.tree.generations <= budget
        assert run.state in ("held", "finished")
        budget += more
        session.change(budget=Budget(generations=budget))
    finish(session, WHOLE, WORTH)
    assert outline(session.tree) == outline(whole.tree)
    assert session.done


@settings(max_examples=60)
@given(searches(), st.integers(0, 10_000), st.booleans())
def test_law_8_the_tree_is_the_same_whatever_order_answers_come_in(
    chosen: tuple[str, Parameters], order: int, ties: bool
) -> None:
    name, knobs = chosen
    rewards = {text: round(r) / 2 + 0.25 for text, r in WORTH.items()} if ties else WORTH
    session = begin(name, **knobs)
    feed_in_any_order(session, WHOLE, rewards, random.Random(order))
    assert outline(session.tree) == outline(finish(begin(name, **knobs), WHOLE, rewards).session.tree)


@settings(max_examples=60)
@given(searches(), st.floats(0, 1))
def test_law_9_a_session_fast_forwarded_through_a_trace_goes_on_to_the_same_end(
    chosen: tuple[str, Parameters], cut: float
) -> None:
    name, knobs = chosen
    whole = finish(begin(name, **knobs), WHOLE, WORTH).session
    part = whole.trace[: 1 + int(cut * (len(whole.trace) - 1))]
    resumed = fast_forward(part)
    assert outline(resumed.tree) == outline(Tree.fold(resumed.trace))
    finish(resumed, WHOLE, WORTH)
    assert outline(resumed.tree) == outline(whole.tree)


def test_law_9_a_trace_that_this_version_would_not_have_made_is_refused_by_event() -> None:
    trace = list(finish(begin("beam", n=8, m=2), SCRIPT, REWARDS).session.trace)
    place = next(i for i, e in enumerate(trace) if isinstance(e, Decided))
    decided = trace[place]
    assert isinstance(decided, Decided)
    trace[place] = replace(decided, kept=decided.pruned[:1])
    with pytest.raises(DriftError, match=f"event {place}"):
        fast_forward(trace)
    with pytest.raises(DriftError, match="event 0"):
        fast_forward(trace[1:])
    with pytest.raises(DriftError, match=r"0\.99"):
        fast_forward([trace[0], Expanded("0", "0.99", "nobody asked")])


def test_law_10_a_decision_records_the_scores_of_all_rivals() -> None:
    session = finish(begin("beam", n=8, m=2), SCRIPT, REWARDS).session
    first = session.tree.decisions[0]
    ranked = sorted(first.scores, key=lambda id: -first.scores[id])
    assert set(first.scores) == {f"0.{i}" for i in range(8)}
    assert set(first.kept) == set(ranked[:4])
    assert set(first.pruned) == set(ranked[4:])
    assert first.scores == {id: REWARDS[id] for id in first.scores}


def test_law_10_lookahead_believes_the_rollouts_end_and_keeps_what_the_verifier_said() -> None:
    tree = finish(begin("lookahead", n=4, m=2, k=1), SCRIPT, REWARDS).session.tree
    for i in range(4):
        node = tree.nodes[f"0.{i}"]
        assert node.reward == REWARDS[f"0.{i}"]
        assert node.value == REWARDS[SCRIPT[f"0.{i}.r0"]]
        assert tree.decisions[0].scores[node.id] == node.value
    rollouts = [n for n in tree.nodes.values() if n.kind == "rollout"]
    assert rollouts
    assert not {n.id for n in rollouts} & {n.id for n in [*tree.frontier(), *tree.finished()]}


def test_law_12_requests_are_seeded_by_session_node_and_child() -> None:
    session = begin("beam", n=8, m=2)
    assert [r.seed for r in session.wants] == [request_seed(SEED, f"0.{i}") for i in range(8)]
    assert len({request_seed(s, f"0.{i}") for s in range(50) for i in range(50)}) == 2500
    assert request_seed(1, "0.12") != request_seed(1, "0.1.2")


@given(searches())
def test_law_13_what_was_spent_is_the_sum_of_what_the_events_say(chosen: tuple[str, Parameters]) -> None:
    session = finish(begin(chosen[0], **chosen[1]), WHOLE, WORTH).session
    total = sum((e.cost for e in session.trace if isinstance(e, Expanded | NoCandidate | Scored)), Cost())
    assert session.tree.spent == total
    in_vain = sum((e.cost for e in session.trace if isinstance(e, NoCandidate)), Cost())
    assert sum((n.cost for n in session.tree.nodes.values()), in_vain) == total


def test_a_changed_strategy_goes_on_with_the_tree_that_is_there() -> None:
    session = begin("beam", n=8, m=2)
    while len(session.tree.nodes) < 14:
        feed_one(session, session.wants[0], SCRIPT, REWARDS)
    before = set(session.tree.nodes)
    session.change(strategy="best_of_n", parameters={"n": 6})
    finish(session, SCRIPT, REWARDS)
    assert session.done
    assert before < set(session.tree.nodes)
    assert len(session.tree.finished()) >= 6
    assert any(isinstance(e, Changed) for e in session.trace)
    again = fast_forward(session.trace)
    assert outline(again.tree) == outline(session.tree)


def test_a_refused_change_changes_nothing() -> None:
    session = begin("beam", n=8, m=2)
    with pytest.raises(ValueError, match="multiple"):
        session.change(parameters={"n": 8, "m": 3})
    assert len(session.trace) == 1
