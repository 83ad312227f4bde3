"""Countdown searches for tests: by a script, or with random steps of which some are false; scores by step text."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tests.search.scripted import SEED, ScriptedPolicy, ScriptedVerifier
from tts_viz.core.budget import Budget, Cost
from tts_viz.core.events import Finish, Settings, Started
from tts_viz.engines.base import Candidate, Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.search.scheduler import run_to_end
from tts_viz.search.session import Session
from tts_viz.tasks.base import Problem
from tts_viz.tasks.countdown import STEP, Countdown, moves, write_step

KNOBS: dict[str, dict[str, Any]] = {
    "greedy": {}, "majority": {"n": 5}, "best_of_n": {"n": 6}, "beam": {"n": 12, "m": 3}, "lookahead": {"n": 8, "m": 2, "k": 1},
    "dvts": {"n": 12, "m": 3}, "rebase": {"n": 12}, "particles": {"n": 8}, "mcts": {"n": 10, "m": 3, "c": 1.0},
    "revisions": {"n": 4}, "parallel_revisions": {"chains": 3, "length": 2},
}  # fmt: skip
"""Every strategy, at a size that a test can afford."""

PROBLEM = Countdown().parse("make 54 from 2 3 7 25")

#   54 can be made by 25*2 + (7-3), by 25*2 + 7 - 3 and by 25*2 - 3 + 7: at depth 1, 0.0 and 0.1 are right.
SCRIPT = {
    "0.0": "25*2=50 left 3 7 50",
    "0.1": "7-3=4 left 2 4 25",
    "0.2": "25+2=27 left 3 7 27",
    "0.3": "25+3=28 left 2 7 28",
    "0.1.0": "25*2=50 left 4 50",  # right: 50+4 is 54
    "0.1.1": "25+2=27 left 4 27",
    "0.2.0": "27*3=81 left 7 81",
    "0.2.1": "27+7=34 left 3 34",
    "0.1.1.0": "27+4=31 left 31",
    "0.1.1.1": "27-4=23 left 23",
    "0.2.0.0": "81-7=74 left 74",
    "0.2.0.1": "81+7=88 left 88",
}
REWARDS = {
    "0.0": 0.3, "0.1": 0.6, "0.2": 0.9, "0.3": 0.2,
    "0.1.0": 0.4, "0.1.1": 0.5, "0.2.0": 0.7, "0.2.1": 0.1,
    "0.1.1.0": 0.3, "0.1.1.1": 0.2, "0.2.0.0": 0.8, "0.2.0.1": 0.4,
}  # fmt: skip
"""By node. A beam of 4, M = 2, keeps 0.1 and 0.2, then 0.2.0 and 0.1.1, and answers 0.2.0.0, which is wrong."""


def ending(text: str) -> Finish:
    """A step that leaves one number ends its solution."""
    left = STEP.fullmatch(text)
    return "eos" if left and " " not in left[5].strip() else "step"


class Player(ScriptedPolicy):
    """Says `script[node id]`; nothing where absent."""

    def _answer(self, request: SampleRequest) -> Sampled:
        text = self.by_seed.get(request.seed, "")
        if not text:
            return Sampled(None, Cost(policy_calls=1))
        return Sampled(Candidate(text, (1,), (-0.5,), ending(text), (text,)), Cost(policy_calls=1))


class Dice:
    """Random legal steps, one in six of them with a wrong result, and now and then nothing."""

    name, parameters, step_tokens = "dice", 1, 96

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: SampleRequest) -> Sampled:
        rng = random.Random(request.seed)
        last = STEP.fullmatch(request.steps[-1].text) if request.steps else None
        left = list(map(int, (last[5] if last else request.prompt.partition("from")[2]).split()))
        options = moves(left)
        if not options or rng.random() < 0.05:
            return Sampled(None, Cost(policy_calls=1))
        a, op, b, c, after = rng.choice(options)
        text = write_step(a, op, b, c + (rng.random() < 1 / 6), after)
        return Sampled(Candidate(text, (1,), (-rng.random(),), ending(text), (text,)), Cost(policy_calls=1))


class Whim:
    """A score for every path, without any pattern."""

    name, parameters = "whim", 1

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        return [
            Rewards(
                tuple(
                    random.Random(f"{self.seed} {r.steps[:i]}").random()
                    for i in range(len(r.steps) - r.wanted + 1, len(r.steps) + 1)
                ),
                Cost(verifier_calls=1),
            )
            for r in requests
        ]


def begun(problem: Problem, strategy: str, aggregation: str = "last", seed: int = SEED, **knobs: Any) -> Session:
    settings = Settings(strategy, knobs, Budget(None), aggregation=aggregation, seed=seed)
    return Session(Started(problem.prompt, settings, problem=asdict(problem)))


def played(
    script: Mapping[str, str] = SCRIPT, rewards: Mapping[str, float] = REWARDS, strategy: str = "beam", **knobs: Any
) -> Session:
    """A search that has ended; a beam of 4, M = 2, where nothing else is said."""
    session = begun(PROBLEM, strategy, **(knobs or {"n": 4, "m": 2}))
    return play(session, script, rewards)


def play(session: Session, script: Mapping[str, str] = SCRIPT, rewards: Mapping[str, float] = REWARDS) -> Session:
    """On to where it rests."""
    by_text = {script[id]: reward for id, reward in rewards.items() if id in script}
    run_to_end(session, Player(script), ScriptedVerifier(by_text))
    return session


def answered(session: Session, answers: int, rewards: Mapping[str, float] = REWARDS) -> Session:
    """The scripted search after that many answers more, one at a time."""
    by_text = {SCRIPT[id]: reward for id, reward in rewards.items()}
    for _ in range(answers):
        request = session.wants[0]
        question = session.question(request)
        if isinstance(question, ScoreRequest):
            session.feed(request, asyncio.run(ScriptedVerifier(by_text).score([question]))[0])
        else:
            session.feed(request, asyncio.run(Player(SCRIPT).sample([question]))[0])
    return session


def decided_once() -> Session:
    """The scripted beam after its first decision: 0.1 and 0.2 kept, 0.0 and 0.3 pruned."""
    return answered(begun(PROBLEM, "beam", n=4, m=2), 8)


def rolled(strategy: str, seed: int, aggregation: str = "last", **knobs: Any) -> Session:
    """A search with random steps and scores, on a problem of its own."""
    problem = Countdown().problem("test", 3 + seed % 3, seed)
    session = begun(problem, strategy, aggregation, seed, **knobs)
    run_to_end(session, Dice(), Whim(seed))
    return session
