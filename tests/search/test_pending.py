"""Which requests the budget covers is kept up to date bit by bit; here it is worked out anew each time and compared."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.scripted import begin, feed_one, full, scattered
from tests.search.test_steering import some_intervention
from tests.small import small
from tests.work import lines_run
from tts_viz.core.budget import Budget
from tts_viz.search import pending
from tts_viz.search import session as session_module
from tts_viz.search.request import Request
from tts_viz.search.session import Session
from tts_viz.strategies import STRATEGIES

SCRIPT = {id: text for id, text in full(3, 6, rollouts=1).items() if not id.startswith("0.3.")}
REWARDS = scattered(SCRIPT)


def covered(session: Session) -> list[Request]:
    """By the rule itself, over everything that waits."""
    if session.state in ("ended", "failed"):
        return []
    tree, reach, wanted = session.tree, Counter[int](), []
    for _, request, _ in session._pending._entries.values():
        if request.want == "child":
            depth = tree.charged_depth(tree.nodes[request.parent], request.kind)
            generations = max(tree.generations, tree.sampled(depth) + reach[depth] + 1)
            if not tree.settings.budget.covers(generations, tree.spent):
                continue
            reach[depth] += 1
        wanted.append(request)
    return wanted


@pytest.mark.parametrize("strategy", STRATEGIES)
@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_accounts_say_what_the_rule_says(strategy: str, seed: int) -> None:
    pick = random.Random(seed)
    session = begin(strategy, budget=3, **small(strategy))
    for _ in range(60):
        if session.wants and pick.random() < 0.7:
            feed_one(session, pick.choice(session.wants), SCRIPT, REWARDS)
        elif pick.random() < 0.5:
            caps = {pick.choice(["generations", "tokens", "flops"]): pick.choice([None, 1, 2, 4, 30])}
            session.change(budget=Budget(**{"generations": None, **caps}))
        else:
            some_intervention(session, pick)
        assert session.wants == covered(session)
        assert session.first_wants(2) == session.wants[:2]
        assert session.held == (not session.done and not covered(session))


def test_an_answer_costs_the_same_however_many_wait() -> None:
    def lines(n: int) -> int:
        session = begin("best_of_n", budget=n // 2, n=n)

        def answered() -> None:
            for _ in range(6):
                feed_one(session, session.first_wants(1)[0], SCRIPT, REWARDS)
                assert not session.held

        return lines_run(answered, pending, session_module)

    assert lines(64) == lines(256)
