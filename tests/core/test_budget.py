"""The budget: what it allows is never passed, what it holds is never lost, and what is spent is what the events say."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.scripted import begin, feed_in_any_order, feed_one, finish, full, revisable, scattered
from tests.small import Parameters, searches
from tts_viz.core.budget import Budget, Cost
from tts_viz.core.events import Event, Expanded, NoCandidate, Scored
from tts_viz.core.tree import Tree
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES, make

WHOLE = revisable(full(3, 6, rollouts=2), attempts=6)
REWARDS = scattered(WHOLE)

Chosen = tuple[str, Parameters]


@st.composite
def scripts(draw: st.DrawFn) -> dict[str, str]:
    """A policy that sometimes has nothing to say."""
    dumb = random.Random(draw(st.integers(0, 99)))
    share = draw(st.sampled_from([0.0, 0.1, 0.4]))
    return {id: text for id, text in WHOLE.items() if dumb.random() >= share}


def spent_generations(trace: Iterable[Event]) -> int:
    """Counted anew from the ids: how often the most-sampled depth was sampled; a rollout is charged to its candidate, and
    each attempt begins at depth 1 again."""
    sampled = Counter[int]()
    for event in trace:
        if isinstance(event, Expanded | NoCandidate) and event.node_kind != "attempt":
            steps = [
                part for part in re.split(r"\.a\d+", event.node)[-1].split(".") if part and not part.startswith("r")
            ]
            sampled[len(steps) - (".a" not in event.node)] += 1
    return max(sampled.values(), default=0)


def outline(tree: Tree) -> dict[str, Any]:
    return {n.id: (n.text, n.kind, n.reward, n.value, n.pruned, n.expanded, n.finish) for n in tree.nodes.values()}


def whole_run(chosen: Chosen, script: dict[str, str]) -> Session:
    return finish(begin(chosen[0], budget=None, **chosen[1]), script, REWARDS).session


@pytest.mark.slow
@settings(max_examples=80)
@given(searches(), scripts(), st.integers(1, 12), st.integers(0, 999))
def test_no_order_of_answers_spends_more_than_the_limit(
    chosen: Chosen, script: dict[str, str], limit: int, order: int
) -> None:
    session = begin(chosen[0], budget=limit, **chosen[1])
    feed_in_any_order(session, script, REWARDS, random.Random(order))
    assert spent_generations(session.trace) == session.tree.generations <= limit
    by_rounds = finish(begin(chosen[0], budget=limit, **chosen[1]), script, REWARDS).session
    assert spent_generations(by_rounds.trace) == by_rounds.tree.generations <= limit
    assert session.done or session.held


@pytest.mark.slow
@settings(max_examples=80)
@given(searches(), scripts(), st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 999))
def test_a_limit_raised_bit_by_bit_ends_with_the_tree_of_one_that_never_was(
    chosen: Chosen, script: dict[str, str], raises: list[int], order: int
) -> None:
    pick, limit = random.Random(order), 0
    session = begin(chosen[0], budget=raises[0], **chosen[1])
    for more in raises:
        limit += more
        session.change(budget=Budget(limit))
        feed_in_any_order(session, script, REWARDS, pick)
        assert spent_generations(session.trace) <= limit
    session.change(budget=Budget(None))
    feed_in_any_order(session, script, REWARDS, pick)
    assert session.done
    assert outline(session.tree) == outline(whole_run(chosen, script).tree)


@settings(max_examples=60)
@given(searches(), scripts(), st.floats(0, 1))
def test_totals_are_the_sum_of_the_events_at_every_moment(chosen: Chosen, script: dict[str, str], cut: float) -> None:
    trace = whole_run(chosen, script).trace
    part = trace[: 1 + int(cut * len(trace))]
    tree = Tree.fold(part)
    calls = [e for e in part if isinstance(e, Expanded | NoCandidate) and e.node_kind != "attempt"]
    costs = [e.cost for e in part if isinstance(e, Expanded | NoCandidate | Scored)]
    assert tree.spent == sum(costs, Cost())
    assert tree.spent.policy_calls == len(calls)
    assert tree.spent.verifier_calls == sum(isinstance(e, Scored) for e in part)


@settings(max_examples=60)
@given(searches(), scripts())
def test_a_search_costs_no_more_generations_than_its_strategy_says(chosen: Chosen, script: dict[str, str]) -> None:
    assert spent_generations(whole_run(chosen, script).trace) <= make(*chosen).generations


@given(searches().filter(lambda chosen: not STRATEGIES[chosen[0]].at_most))
def test_where_every_step_can_be_grown_it_costs_just_that(chosen: Chosen) -> None:
    assert spent_generations(whole_run(chosen, WHOLE).trace) == make(*chosen).generations


@settings(max_examples=40)
@given(searches(), st.integers(1, 400), st.sampled_from(["tokens", "flops"]))
def test_nothing_is_sampled_once_the_tokens_or_flops_are_spent(chosen: Chosen, cap: int, unit: str) -> None:
    session = begin(chosen[0], budget=None, **chosen[1])
    session.change(budget=Budget(None, **{unit: cap}))
    while session.wants:
        before = getattr(session.tree.spent, unit)
        request = session.wants[-1]
        assert request.want == "score" or before < cap
        feed_one(session, request, WHOLE, REWARDS)
    if not session.done:
        assert getattr(session.tree.spent, unit) >= cap
    session.change(budget=Budget(None))
    feed_in_any_order(session, WHOLE, REWARDS, random.Random(0))
    assert outline(session.tree) == outline(whole_run(chosen, WHOLE).tree)


def test_what_is_held_is_kept_and_named() -> None:
    session = begin("beam", budget=3, n=4, m=2)
    run = finish(session, WHOLE, REWARDS)
    assert (run.state, session.held, session.done) == ("held", True, False)
    assert set(session.tree.nodes) == {"0", "0.0", "0.1", "0.2"}
    session.change(budget=Budget(4))
    assert [(r.want, r.node) for r in session.wants] == [("child", "0.3")]


def test_the_verifier_reads_what_was_grown_before_the_budget_ran_out() -> None:
    tree = finish(begin("best_of_n", budget=2, n=4), WHOLE, REWARDS).session.tree
    assert [n.id for n in tree.finished()] == ["0.0.0.0", "0.1.0.0"]
    assert not tree.unscored()


@pytest.mark.parametrize("budget", [Budget(1), Budget(None, tokens=1), Budget(None, flops=1)])
def test_the_budget_holds_the_policy_only(budget: Budget) -> None:
    """What was sampled is read, whatever it costs: an unread step would be paid for and of no use."""
    session = begin("best_of_n", n=2)
    session.change(budget=budget)
    feed_one(session, session.wants[0], WHOLE, REWARDS)
    assert [(r.want, r.node) for r in session.wants] == [("score", "0.0")]


def test_a_lowered_limit_holds_at_once() -> None:
    session = begin("beam", budget=8, n=6, m=2)
    for _ in range(2):
        feed_one(session, session.wants[0], WHOLE, REWARDS)
    session.change(budget=Budget(2))
    assert session.held
    session.change(budget=Budget(1))
    assert session.held
    assert session.tree.generations == 2


@pytest.mark.parametrize("cap", [0, -1, nan, -inf])
@pytest.mark.parametrize("unit", ["generations", "tokens", "flops"])
def test_a_budget_of_nothing_is_refused(unit: str, cap: float) -> None:
    with pytest.raises(ValueError, match=f"{unit}={cap} must be positive"):
        Budget(**{unit: cap})  # type: ignore[arg-type]


def test_a_limit_is_reached_but_not_passed() -> None:
    """Generations may come up to their cap; tokens and flops are known afterwards, so they stop once at theirs."""
    assert Budget(4).covers(4, Cost())
    assert not Budget(4).covers(5, Cost())
    assert Budget(None, tokens=10).covers(99, Cost(generated=4, prefilled=3, verifier_tokens=2))
    assert not Budget(None, tokens=10).covers(1, Cost(generated=4, prefilled=3, verifier_tokens=3))
    assert Budget(None, flops=10).covers(99, Cost(policy_flops=4, verifier_flops=5))
    assert not Budget(None, flops=10).covers(1, Cost(policy_flops=5, verifier_flops=5))


def test_costs_add_up_field_by_field() -> None:
    one, two = Cost(1, 2, 3, 4, 5, 6.0, 7.0, 8.0), Cost(10, 20, 30, 40, 50, 60.0, 70.0, 80.0)
    assert one + two == Cost(11, 22, 33, 44, 55, 66.0, 77.0, 88.0)
    assert ((one + two).tokens, (one + two).flops) == (22 + 33 + 55, 66.0 + 77.0)
