"""Law 11 and what goes with it: a person's interventions are events, lose nothing, and can be taken back."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.scripted import begin, feed_in_any_order, feed_one, finish, full, revisable, scattered
from tests.small import small
from tts_viz.core.events import Ended, Expanded, MoreRequested, Pruned, Started
from tts_viz.core.tree import Tree
from tts_viz.errors import InterventionRefusedError
from tts_viz.search import steering
from tts_viz.search.replay import fast_forward
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES

SCRIPT = revisable(full(3, 9), attempts=4)
REWARDS = {"0.0": 0.9, "0.1": 0.8, "0.2": 0.3, "0.3": 0.2}


def outline(tree: Tree) -> dict[str, Any]:
    return {
        n.id: (n.text, n.reward, n.override, n.given_up, n.pinned, n.alive, n.expanded) for n in tree.nodes.values()
    }


def alive(session: Session) -> set[str]:
    return {n.id for n in session.tree.nodes.values() if n.alive}


def answered(session: Session, count: int) -> Session:
    for _ in range(count):
        feed_one(session, session.wants[0], SCRIPT, REWARDS)
    return session


def at_depth_one() -> Session:
    """A beam of 4, M = 2, that has decided at depth 1: 0.0 and 0.1 kept, 0.2 and 0.3 pruned."""
    session = answered(begin("beam", n=4, m=2), 8)
    assert [d.kept for d in session.tree.decisions] == [("0.0", "0.1")]
    return session


# --- prune, restore, pin ----------------------------------------------------------------------------------------------


def test_a_branch_pruned_by_hand_is_grown_no_further() -> None:
    session = at_depth_one()
    session.intervene(steering.prune(session.tree, "0.0"))
    run = finish(session, SCRIPT, REWARDS)
    # The two children of 0.0 were under way, are recorded, and are not alive; only 0.1 went on, and fills no more places.
    assert {"0.0.0", "0.0.1"} <= set(run.session.tree.nodes)
    assert not any(id.startswith("0.0") for id in alive(session))
    assert {n.id for n in session.tree.finished()} == {"0.1.0.0", "0.1.0.1", "0.1.1.0", "0.1.1.1"}


def test_a_restored_branch_competes_again() -> None:
    session = at_depth_one()
    session.intervene(steering.restore(session.tree, "0.2"))
    assert [n.id for n in session.tree.frontier()][:1] == ["0.0"] and session.tree.is_open(session.tree.nodes["0.2"])
    finish(session, SCRIPT, {**REWARDS, "0.2": 0.95})
    assert session.tree.decisions[1].kept + session.tree.decisions[1].pruned  # it was among the rivals
    assert "0.2" in {*session.tree.decisions[1].kept, *session.tree.decisions[1].pruned}


def test_restoring_a_node_restores_the_way_to_it() -> None:
    session = at_depth_one()
    finish(session, SCRIPT, REWARDS)
    session.intervene(steering.prune(session.tree, "0.1"))
    deep = next(n.id for n in session.tree.nodes.values() if n.id.startswith("0.1.") and n.depth == 2)
    session.intervene(steering.restore(session.tree, deep))
    assert session.tree.nodes[deep].alive


def test_no_decision_prunes_a_pinned_node() -> None:
    session = begin("beam", n=4, m=2)
    answered(session, 4)
    session.intervene(steering.pin(session.tree, "0.3"))
    answered(session, 4)
    assert session.tree.decisions[0].kept == ("0.0", "0.1", "0.3")
    finish(session, SCRIPT, REWARDS)
    assert session.tree.nodes["0.3"].alive


# --- override ---------------------------------------------------------------------------------------------------------


def test_an_overridden_score_decides_the_last_decision_anew_and_those_to_come() -> None:
    session = at_depth_one()
    session.intervene(steering.override(session.tree, "0.3", 1.0))
    decision = session.tree.decisions[-1]
    assert (decision.kept, decision.pruned, decision.by) == (("0.0", "0.3"), ("0.1", "0.2"), "user")
    assert session.tree.nodes["0.3"].reward == 0.2  # what the verifier said stays
    assert session.tree.score(session.tree.nodes["0.3"]) == 1.0
    finish(session, SCRIPT, REWARDS)
    assert any(n.id.startswith("0.3.") for n in session.tree.finished())
    before = [*session.trace]
    session.intervene(steering.undo(session.tree))
    assert session.trace[: len(before)] == before
    assert session.tree.nodes["0.1"].alive and not session.tree.nodes["0.3"].alive


def test_an_override_that_changes_no_rank_decides_nothing_anew() -> None:
    session = at_depth_one()
    session.intervene(steering.override(session.tree, "0.3", 0.25))
    assert len(session.tree.decisions) == 1


# --- write, edit ------------------------------------------------------------------------------------------------------


def test_law_11_a_step_by_hand_is_scored_before_the_strategy_goes_on() -> None:
    session = at_depth_one()
    session.intervene(steering.write(session.tree, "0.0", "mine"))
    mine = session.tree.nodes["0.0.u0"]
    assert (mine.by, mine.tokens, mine.reward) == ("user", (), None)
    # All else is answered first: the strategy must not decide without the step's score.
    while other := [r for r in session.wants if r.node != "0.0.u0"]:
        feed_one(session, other[0], SCRIPT, REWARDS)
    assert len(session.tree.decisions) == 1
    finish(session, SCRIPT, {**REWARDS, "mine": 0.99})
    assert "0.0.u0" in session.tree.decisions[1].kept
    assert session.tree.nodes["0.0.u0"].expanded


def test_law_11_an_edited_step_becomes_a_sibling_and_what_followed_it_is_stale() -> None:
    session = finish(at_depth_one(), SCRIPT, REWARDS).session
    before = outline(session.tree)
    old = session.tree.nodes["0.0"]
    session.intervene(steering.edit(session.tree, "0.0", "better"))
    finish(session, SCRIPT, {**REWARDS, "better": 0.95})
    new = session.tree.nodes["0.u0"]
    assert (new.parent, new.text, old.text) == (session.tree.root, "better", "0.0")
    assert all(n.stale and not n.alive for n in session.tree.nodes.values() if n.id.startswith("0.0"))
    assert new.expanded, "the search goes on from the new step"
    assert set(before) <= set(session.tree.nodes), "nothing was lost"
    with pytest.raises(InterventionRefusedError, match="edited already"):
        steering.edit(session.tree, "0.0", "again")
    session.intervene(steering.undo(session.tree))
    assert old.alive and not new.alive


def test_a_step_after_the_last_one_of_a_finished_search_makes_it_go_on() -> None:
    session = finish(begin("greedy"), full(3, 1)).session
    assert session.done
    session.intervene(steering.write(session.tree, "0.0", "another way"))
    assert not session.done
    finish(session, {**full(3, 1), "0.0.u0.0": "end."}, {})
    assert session.tree.nodes["0.0.u0"].reward == 0.5
    assert session.done


# --- ask for more -----------------------------------------------------------------------------------------------------


def test_asked_for_children_come_with_fresh_ids_and_scores() -> None:
    session = at_depth_one()
    session.intervene(steering.ask(session.tree, "0.0", 3))
    finish(session, SCRIPT, REWARDS)
    assert [n.id for n in session.tree.nodes["0.0"].children] == [f"0.0.{i}" for i in range(5)]
    assert all(n.reward is not None for n in session.tree.nodes["0.0"].children)


def test_asking_a_stopped_search_for_solutions_starts_only_those() -> None:
    session = at_depth_one()
    session.stop()
    session.intervene(steering.restore(session.tree, "0.2"))
    assert session.done, "to restore a branch is no wish to go on with a search that was stopped"
    session.intervene(steering.ask(session.tree, "0.2", 2, whole=True))
    finish(session, SCRIPT, REWARDS)
    assert {n.id for n in session.tree.finished()} == {"0.2.0.0", "0.2.1.0"}
    assert [e for e in session.trace if isinstance(e, Ended)][-1].why == "stopped"


def test_what_was_asked_for_can_be_taken_back_before_it_came() -> None:
    session = begin("beam", n=4, m=2)
    answered(session, 8)
    session.intervene(steering.ask(session.tree, "0.0", 3))
    assert sum(r.parent == "0.0" for r in session.wants) == 5
    session.intervene(steering.undo(session.tree))
    assert sum(r.parent == "0.0" for r in session.wants) == 2
    finish(session, SCRIPT, REWARDS)
    assert session.done
    untouched = finish(begin("beam", n=4, m=2), SCRIPT, REWARDS).session
    assert outline(session.tree) == outline(untouched.tree)


# --- undo, redo -------------------------------------------------------------------------------------------------------


def test_undo_and_redo_walk_back_and_forth() -> None:
    session = finish(at_depth_one(), SCRIPT, REWARDS).session
    shapes = [outline(session.tree)]
    for intervention in (steering.prune(session.tree, "0.0"), steering.pin(session.tree, "0.1")):
        session.intervene(intervention)
        shapes.append(outline(session.tree))
    session.intervene(steering.override(session.tree, "0.1", 0.123))
    shapes.append(outline(session.tree))
    for shape in shapes[-2::-1]:
        session.intervene(steering.undo(session.tree))
        assert outline(session.tree) == shape
    with pytest.raises(InterventionRefusedError, match="nothing to undo"):
        steering.undo(session.tree)
    for shape in shapes[1:]:
        session.intervene(steering.redo(session.tree))
        assert outline(session.tree) == shape
    with pytest.raises(InterventionRefusedError, match="nothing to redo"):
        steering.redo(session.tree)
    session.intervene(steering.undo(session.tree))
    session.intervene(steering.pin(session.tree, "0.1", False))
    with pytest.raises(InterventionRefusedError, match="nothing to redo"):
        steering.redo(session.tree)


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing() -> None:
    session = finish(at_depth_one(), SCRIPT, REWARDS).session
    tree, before = session.tree, list(session.trace)
    end = tree.finished()[0].id
    for refused, says in [
        (lambda: steering.prune(tree, "0"), "problem itself"),
        (lambda: steering.prune(tree, "0.2"), "given up already"),
        (lambda: steering.restore(tree, "0.0"), "not pruned"),
        (lambda: steering.pin(tree, "0.2"), "restore it"),
        (lambda: steering.pin(tree, "0.1", False), "not pinned"),
        (lambda: steering.override(tree, "0.1", 1.5), "from 0 to 1"),
        (lambda: steering.override(tree, "0.1", float("nan")), "from 0 to 1"),
        (lambda: steering.override(tree, "0.1", None), "verifier"),
        (lambda: steering.write(tree, "0.1", "  \n"), "empty"),
        (lambda: steering.write(tree, "0.1", "x" * 3000), "at most"),
        (lambda: steering.write(tree, end, "more"), "ends here"),
        (lambda: steering.write(tree, "0.2", "more"), "restore it"),
        (lambda: steering.edit(tree, "0.1", " 0.1 "), "as it was"),
        (lambda: steering.ask(tree, "0.1", 0), "1 to 64"),
        (lambda: steering.ask(tree, "0.1", 65), "1 to 64"),
        (lambda: steering.ask(tree, end, 1), "ends here"),
    ]:
        with pytest.raises(InterventionRefusedError, match=says):
            refused()
    with pytest.raises(KeyError):
        steering.prune(tree, "0.99")
    assert session.trace == before


@pytest.mark.parametrize(
    "forged",
    [
        Pruned((), True),
        Pruned(("0.0", "0.1"), True),
        Expanded("0", "0.7", "not an id for a hand", by="user"),
        Expanded("0", "0.u0", "with tokens", tokens=(1,), by="user"),
        Expanded("0.1", "0.1.u0", "replaces a stranger", replaces="0.0", by="user"),
        MoreRequested("0.1", 1000),
        MoreRequested("0.9", 1),
    ],
    ids=lambda e: f"{e.kind} {getattr(e, 'text', '')}",
)
def test_a_forged_deed_does_not_come_in(forged: Any) -> None:
    session = finish(at_depth_one(), SCRIPT, REWARDS).session
    before = outline(session.tree)
    with pytest.raises((ValueError, KeyError, IndexError)):
        session.intervene(forged)
    assert outline(session.tree) == before


# --- whatever a person does, whenever ---------------------------------------------------------------------------------


def some_intervention(session: Session, pick: random.Random) -> None:
    tree = session.tree
    node = pick.choice([*tree.nodes])
    wish = pick.choice(
        [
            lambda: steering.prune(tree, node),
            lambda: steering.restore(tree, node),
            lambda: steering.pin(tree, node, pick.random() < 0.7),
            lambda: steering.override(tree, node, pick.choice([0.0, 0.5, 1.0, None])),
            lambda: steering.write(tree, node, f"by hand {pick.random()}"),
            lambda: steering.edit(tree, node, f"edited {pick.random()}"),
            lambda: steering.ask(tree, node, pick.randint(1, 3), pick.random() < 0.5),
            lambda: steering.undo(tree),
            lambda: steering.redo(tree),
        ]
    )
    try:
        session.intervene(wish())
    except InterventionRefusedError:
        return


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_whatever_a_person_does_the_trace_folds_replays_and_the_search_ends(strategy: str, seed: int) -> None:
    pick = random.Random(seed)
    session = begin(strategy, **small(strategy))
    rewards = scattered(SCRIPT)
    for _ in range(40):
        if session.wants and pick.random() < 0.8:
            feed_one(session, pick.choice(session.wants), SCRIPT, rewards)
        elif pick.random() < 0.1 and not session.done:
            session.stop()
        else:
            some_intervention(session, pick)
    feed_in_any_order(session, SCRIPT, rewards, pick)
    assert session.done
    assert outline(Tree.fold(session.trace)) == outline(session.tree)
    again = fast_forward(session.trace)
    assert again.trace == session.trace
    assert outline(again.tree) == outline(session.tree)
    assert isinstance(session.trace[0], Started)
