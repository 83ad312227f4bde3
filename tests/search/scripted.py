"""Engines that do what a test wrote down: a policy by node id, a verifier by step text. No model, no chance."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from tts_viz.core.budget import Budget, Cost
from tts_viz.core.events import Settings, Started
from tts_viz.engines.base import Candidate, Policy, Rewards, Sampled, SampleRequest, ScoreRequest, Verifier
from tts_viz.search.request import Request, request_seed
from tts_viz.search.scheduler import LiveRun, drive
from tts_viz.search.session import Session
from tts_viz.strategies import choice_table

SEED = 7


class ScriptedPolicy:
    """Says `script[node id]`: a step's text, or a solution's last step where it ends with "."; nothing where absent."""

    name, parameters, step_tokens = "scripted", 1, 96

    def __init__(self, script: Mapping[str, str], seed: int = SEED) -> None:
        self.by_seed = {request_seed(seed, id): text for id, text in script.items()}
        self.asked: list[list[SampleRequest]] = []

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        self.asked.append(list(requests))
        return [self._answer(request) for request in requests]

    def _answer(self, request: SampleRequest) -> Sampled:
        text = self.by_seed.get(request.seed, "")
        if not text:
            return Sampled(None, Cost(policy_calls=1))
        finish = "eos" if text.endswith(".") else "step"
        cost = Cost(policy_calls=1, generated=len(text), prefilled=1, policy_flops=2.0 * len(text))
        return Sampled(Candidate(text, (len(text),), (-0.5,), finish, (text,)), cost)


class ScriptedVerifier:
    """The reward of each step by its text; 0.5 where nothing is said."""

    name, parameters = "scripted", 1

    def __init__(self, rewards: Mapping[str, float]) -> None:
        self.rewards = rewards
        self.asked: list[list[ScoreRequest]] = []

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        self.asked.append(list(requests))
        return [
            Rewards(
                tuple(self.rewards.get(text, 0.5) for text in request.steps[-request.wanted :]),
                Cost(verifier_calls=1, verifier_tokens=len(request.steps[-1]), verifier_flops=1.0),
            )
            for request in requests
        ]


def full(depth: int, width: int, rollouts: int = 0) -> dict[str, str]:
    """A script of every node down to `depth`, `width` children each; text is the id; all solutions end at `depth`."""
    script = {}
    for d in range(1, depth + 1):
        for path in product(range(width), repeat=d):
            id = "0." + ".".join(map(str, path))
            script[id] = f"{id}." if d == depth else id
            for k in range(1, rollouts + 1):
                rolled = id + ".r0" * k
                script[rolled] = f"{rolled}." if d + k >= depth else rolled
    return script


def revisable(script: Mapping[str, str], attempts: int, chains: int = 3, steps: int = 2) -> dict[str, str]:
    """The script, and `attempts` revisions in a row after each of its ends and from each of `chains` first attempts."""
    grown = dict(script)
    starts = [id for id, text in script.items() if text.endswith(".")]
    for start in [*starts, *(f"0.a{c}" for c in range(chains))]:
        at = start if start.startswith("0.a") else f"{start}.a0"
        for _ in range(attempts):
            for d in range(1, steps + 1):
                at += ".0"
                grown[at] = f"{at}." if d == steps else at
            at += ".a0"
    return grown


def begin(strategy: str, budget: int | None = 1000, seed: int = SEED, **parameters: Any) -> Session:
    settings = Settings(strategy, parameters, Budget(generations=budget), seed=seed)
    return Session(Started("Prompt\n", settings, table=choice_table.lookup("", "", "")))


def finish(session: Session, script: Mapping[str, str], rewards: Mapping[str, float] | None = None) -> LiveRun:
    """Drive a session to where it rests."""
    run = LiveRun(session, ScriptedPolicy(script), ScriptedVerifier(rewards or {}))
    asyncio.run(drive([run]))
    assert run.error is None
    return run


def feed_one(session: Session, request: Request, script: Mapping[str, str], rewards: Mapping[str, float]) -> None:
    """Answer this one request."""
    answer(session, request, ScriptedPolicy(script), ScriptedVerifier(rewards))


def answer(session: Session, request: Request, policy: Policy, verifier: Verifier) -> None:
    question = session.question(request)
    if isinstance(question, ScoreRequest):
        session.feed(request, asyncio.run(verifier.score([question]))[0])
    else:
        session.feed(request, asyncio.run(policy.sample([question]))[0])


def feed_in_any_order(
    session: Session, script: Mapping[str, str], rewards: Mapping[str, float], pick: random.Random
) -> None:
    """Answer one request at a time, in an order that no scheduler would choose."""
    policy, verifier = ScriptedPolicy(script), ScriptedVerifier(rewards)
    while session.wants:
        answer(session, pick.choice(session.wants), policy, verifier)


def scattered(script: Mapping[str, str]) -> dict[str, float]:
    """A reward for every step, all different, without any pattern."""
    rng = random.Random(5)
    return {text: rng.random() for text in script.values()}
