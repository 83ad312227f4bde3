"""Greedy, majority vote and best-of-N: chains that end, wither, or are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.search.scripted import SEED, ScriptedPolicy, begin, feed_one, finish
from tts_viz.core.budget import Budget
from tts_viz.core.events import NoCandidate, Settings, Started
from tts_viz.core.tree import Tree
from tts_viz.engines.base import Sampled, SampleRequest
from tts_viz.search.scheduler import run_to_end
from tts_viz.search.session import Session

#   0.0 a → aa → aaa.     0.1 b → nothing     0.2 c.     0.3 d → da.
SCRIPT = {"0.0": "a", "0.0.0": "aa", "0.0.0.0": "aaa.", "0.1": "b", "0.2": "c.", "0.3": "d", "0.3.0": "da."}
REWARDS = {"a": 0.9, "aa": 0.4, "aaa.": 0.3, "b": 0.8, "c.": 0.5, "d": 0.1, "da.": 0.7}


def rewards(tree: Tree) -> dict[str, float | None]:
    return {n.text: n.reward for n in tree.nodes.values() if n.kind == "step"}


def test_greedy_takes_the_first_child_each_time_and_stops_at_the_end() -> None:
    session = finish(begin("greedy"), SCRIPT, REWARDS).session
    assert list(session.tree.nodes) == ["0", "0.0", "0.0.0", "0.0.0.0"]
    assert (session.tree.generations, session.tree.spent.policy_calls) == (1, 3)
    assert session.tree.decisions == []
    assert set(rewards(session.tree).values()) == {None}


def test_greedy_ends_where_the_policy_has_nothing_to_say() -> None:
    session = finish(begin("greedy"), {"0.0": "a"}).session
    assert session.done
    assert session.tree.finished() == []
    assert [e.node for e in session.trace if isinstance(e, NoCandidate)] == ["0.0.0"]


def test_majority_vote_counts_dead_ends_and_does_not_replace_them() -> None:
    session = finish(begin("majority", n=4), SCRIPT, REWARDS).session
    tree = session.tree
    assert set(tree.nodes) == {"0", *SCRIPT}
    assert [n.text for n in tree.finished()] == ["c.", "da.", "aaa."]
    assert [tree.sampled(depth) for depth in (1, 2, 3)] == [4, 3, 1]
    assert (tree.generations, tree.spent.policy_calls, tree.spent.verifier_calls) == (4, 8, 0)
    assert set(rewards(tree).values()) == {None}


def test_best_of_n_grows_the_same_tree_and_reads_all_of_it() -> None:
    run = finish(begin("best_of_n", n=4), SCRIPT, REWARDS)
    tree = run.session.tree
    assert set(tree.nodes) == {"0", *SCRIPT}
    assert rewards(tree) == REWARDS
    assert [tree.score(n) for n in tree.finished()] == [0.5, 0.7, 0.3]
    assert [tree.score(n, "min") for n in tree.finished()] == [0.5, 0.1, 0.3]
    assert (tree.generations, tree.spent.verifier_calls) == (4, 7)
    assert tree.decisions == []
    read = {q.steps for batch in run.verifier.asked for q in batch}  # type: ignore[attr-defined]
    assert read == {("a",), ("a", "aa"), ("a", "aa", "aaa."), ("b",), ("c.",), ("d",), ("d", "da.")}


def test_a_solution_goes_no_deeper_than_the_search_may() -> None:
    start = Started("Prompt\n", Settings("best_of_n", {"n": 4}, Budget(None), seed=SEED), max_depth=2)
    session = finish(Session(start), SCRIPT, REWARDS).session
    assert session.done
    assert set(session.tree.nodes) == {"0", *SCRIPT} - {"0.0.0.0"}
    assert [n.text for n in session.tree.finished()] == ["c.", "da."]


class Cut(ScriptedPolicy):
    """Every step that would end a solution is cut at the token limit instead."""

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return [
            replace(a, candidate=replace(a.candidate, finish="length"))
            if a.candidate and a.candidate.finish == "eos"
            else a
            for a in await super().sample(requests)
        ]


def test_a_step_cut_at_the_token_limit_is_neither_open_nor_a_solution() -> None:
    for name, knobs in (("greedy", {}), ("majority", {"n": 4}), ("best_of_n", {"n": 4}), ("beam", {"n": 4, "m": 2})):
        run = run_to_end(begin(name, **knobs), Cut(SCRIPT), finish(begin("greedy"), SCRIPT).verifier)
        assert run.session.done
        assert run.session.tree.finished() == []
        assert [n.id for n in run.session.tree.frontier()] == []
        cut = [n for n in run.session.tree.nodes.values() if n.finish == "length"]
        assert cut
        assert not [n.id for n in cut if n.expanded]


def test_more_solutions_asked_for_midway_are_added_to_those_begun() -> None:
    session = begin("best_of_n", n=3)
    for _ in range(3):
        feed_one(session, session.wants[0], SCRIPT, REWARDS)
    assert [n.id for n in session.tree.finished()] == ["0.2"]
    assert [n.id for n in session.tree.open_steps()] == ["0.0", "0.1"]
    session.change(parameters={"n": 4})
    finish(session, SCRIPT, REWARDS)
    assert session.tree.sampled(1) == 4
    assert set(session.tree.nodes) == {"0", *SCRIPT}
    assert rewards(session.tree) == REWARDS


def test_fewer_solutions_asked_for_midway_still_ends_those_begun() -> None:
    session = begin("majority", n=4)
    for _ in range(3):
        feed_one(session, session.wants[0], SCRIPT, REWARDS)
    session.change(parameters={"n": 1})
    finish(session, SCRIPT, REWARDS)
    assert set(session.tree.nodes) == {"0", "0.0", "0.0.0", "0.0.0.0", "0.1", "0.2"}
