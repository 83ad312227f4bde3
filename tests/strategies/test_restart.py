"""Any strategy can be replaced by any other in the middle of a run: the new one goes on with the tree that is there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.scripted import begin, feed_in_any_order, feed_one, finish, full, revisable, scattered
from tests.small import small
from tts_viz.core.events import Expanded
from tts_viz.core.tree import Tree
from tts_viz.search.replay import fast_forward
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES

SCRIPT = revisable(full(3, 6, rollouts=2), attempts=5)
REWARDS = scattered(SCRIPT)

NAMES = list(STRATEGIES)

SOME = (1, 6)
"""So far apart are the strategies of the pairs that every run of the tests tries; the rest is tried at night."""


def pairs() -> Iterator[Any]:
    for old, new in product(range(len(NAMES)), repeat=2):
        rare = (new - old) % len(NAMES) not in SOME
        if old != new:
            yield pytest.param(NAMES[old], NAMES[new], marks=[pytest.mark.nightly] if rare else [])


def outline(tree: Tree) -> dict[str, object]:
    return {n.id: (n.text, n.kind, n.reward, n.value, n.pruned, n.finish) for n in tree.nodes.values()}


def changed(old: str, new: str, answers: int, pick: random.Random) -> Session | None:
    """A session of the old strategy after so many answers, now of the new one; None where it had ended by then."""
    session = begin(old, **small(old))
    for _ in range(answers):
        if session.wants:
            feed_one(session, pick.choice(session.wants), SCRIPT, REWARDS)
    if session.done:
        return None
    session.change(strategy=new, parameters=small(new))
    return session


@pytest.mark.parametrize(("old", "new"), pairs())
@settings(max_examples=4)
@given(answers=st.integers(0, 25), order=st.integers(0, 99))
def test_the_new_strategy_ends_the_search_that_the_old_one_began(old: str, new: str, answers: int, order: int) -> None:
    pick = random.Random(order)
    session = changed(old, new, answers, pick)
    if session is None:
        return
    before, at = outline(session.tree), list(session.trace)
    expanded = {n.id for n in session.tree.nodes.values() if n.expanded}
    dead = {n.id for n in session.tree.nodes.values() if not n.alive}
    feed_in_any_order(session, SCRIPT, REWARDS, pick)
    tree = session.tree
    assert session.done
    # All that was there is there, with its text; what was pruned stays so, and nothing grows below it any more.
    assert {id: now[:2] for id, now in outline(tree).items() if id in before} == {i: b[:2] for i, b in before.items()}  # type: ignore[index]
    assert not {n.id for n in tree.nodes.values() if n.alive} & dead
    grown = [e for e in session.trace[len(at) :] if isinstance(e, Expanded)]
    assert not {e.parent for e in grown} & dead
    # Nothing is expanded twice, but the root, where samples are independent, and what begins anew begins.
    again = {e.parent for e in grown if e.node_kind == "step"} & expanded
    assert again <= ({"0"} if STRATEGIES[new].independent or STRATEGIES[new].looks_up else set())
    if STRATEGIES[new].verified:
        assert not tree.unscored()
        assert all(n.reward == REWARDS[n.text] for n in tree.nodes.values() if n.reward is not None)
    assert outline(fast_forward(session.trace).tree) == outline(tree)
    by_rounds = finish(fast_forward(at), SCRIPT, REWARDS).session
    assert outline(by_rounds.tree) == outline(tree)


def test_a_beam_takes_over_what_greedy_has_open() -> None:
    """By hand: greedy has 0.0 → 0.0.0, both unread; the beam reads both in one go and grows 0.0.0."""
    session = begin("greedy")
    for _ in range(2):
        feed_one(session, session.wants[0], SCRIPT, REWARDS)
    session.change(strategy="beam", parameters={"n": 4, "m": 2})
    assert [(r.want, r.node) for r in session.wants] == [("score", "0.0"), ("score", "0.0.0")]
    tree = finish(session, SCRIPT, REWARDS).session.tree
    assert set(tree.nodes) == {"0", "0.0", "0.0.0", "0.0.0.0", "0.0.0.1"}
    assert [n.reward for n in tree.finished()] == [REWARDS["0.0.0.0."], REWARDS["0.0.0.1."]]


def test_majority_takes_over_what_a_beam_has_kept() -> None:
    """By hand: of six steps the beam keeps three and has grown one child of the first; five samples want two more."""
    session = begin("beam", n=6, m=2)
    while len(session.tree.nodes) < 8:
        feed_one(session, session.wants[0], SCRIPT, REWARDS)
    kept = session.tree.decisions[0].kept
    first = f"{kept[0]}.0"
    assert set(session.tree.nodes) == {"0", *(f"0.{i}" for i in range(6)), first}
    session.change(strategy="majority", parameters={"n": 5})
    wanted = [(r.parent, r.node) for r in session.wants]
    assert wanted == [
        (kept[1], f"{kept[1]}.0"),
        (kept[2], f"{kept[2]}.0"),
        (first, f"{first}.0"),
        ("0", "0.6"),
        ("0", "0.7"),
    ]


def test_an_id_that_was_asked_for_and_never_came_is_used_again() -> None:
    session = begin("majority", n=5)
    feed_one(session, session.wants[2], SCRIPT, REWARDS)  # 0.2 is there, 0.0 and 0.1 were never answered
    session.change(strategy="best_of_n", parameters={"n": 3})
    ids = [r.node for r in session.wants if r.want == "child"]
    assert "0.2" not in ids
    assert len(ids) == len(set(ids))
