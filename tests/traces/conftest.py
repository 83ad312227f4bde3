"""A real search to write and read: strategies answered by dice instead of models."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tts_viz.core.budget import Budget, Cost
from tts_viz.core.events import Event, Settings, Started
from tts_viz.engines.base import Candidate, Rewards, Sampled
from tts_viz.search.request import Request
from tts_viz.search.session import Session
from tts_viz.strategies import choice_table

Search = Callable[..., list[Event]]


def child(rng: random.Random, request: Request) -> Sampled:
    """Any kind of step that a model could give; solutions are about three steps long."""
    cost = Cost(policy_calls=1, generated=3, policy_flops=rng.random() * 1e6, seconds=rng.random())
    if rng.random() < 0.1:
        return Sampled(None, cost)
    finish = rng.choice(["step", "step", "eos"] if request.node.count(".") < 5 else ["eos", "length"])
    logprobs = tuple(-rng.random() for _ in range(3))
    return Sampled(Candidate(f"“{rng.random()}”\n×", (1, 2, 3), logprobs, finish, ("a", "\u2028", "b")), cost)  # type: ignore[arg-type]


@pytest.fixture
def search() -> Search:
    def searched(strategy: str = "beam", seed: int = 0, stop_after: int = 200, **parameters: Any) -> list[Event]:
        rng = random.Random(seed)
        table = choice_table.needed(strategy, "", "", "")
        session = Session(Started("1 + 1\n", Settings(strategy, parameters, seed=seed), problem={}, table=table))
        for round in range(stop_after):
            if round == 5:
                session.change(budget=Budget(128, tokens=10_000), temperature=0.5)
            if not session.wants:
                break
            request = rng.choice(session.wants)
            if request.want == "score":
                wanted = session.question(request).wanted  # type: ignore[union-attr]
                session.feed(request, Rewards(tuple(rng.random() for _ in range(wanted)), Cost(verifier_calls=1)))
            else:
                session.feed(request, child(rng, request))
        session.stop()
        return session.trace

    return searched
