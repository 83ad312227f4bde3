"""A policy and a verifier that say what they were told to say: for tests of strategies, and for demonstrations.

They need no model. A word counts as a token, so that costs can be worked out by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tts_viz.budget import Cost
from tts_viz.engines.base import Candidate, Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.events import Finish

Path = tuple[str, ...]
"""The texts of the steps so far."""

Line = tuple[str, Finish]
"""What is said next, and how it ends; an empty text is a policy with nothing to say."""


class ScriptedPolicy:
    """Continues `script[steps]` with the line at `seed % len(lines)`; after any other steps it has nothing to say."""

    def __init__(self, script: Mapping[Path, Sequence[Line]], name: str = "scripted", parameters: int = 1) -> None:
        silent = [path for path, lines in script.items() if not lines]
        if silent:
            raise ValueError(f"the script has no lines after {silent[0]}; leave the path out if nothing follows it")
        self.script, self.name, self.parameters = script, name, parameters

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: SampleRequest) -> Sampled:
        lines = self.script.get(tuple(step.text for step in request.steps))
        text, finish = lines[request.seed % len(lines)] if lines else ("", "eos")
        words = text.split()
        if len(words) > request.max_tokens:
            words, finish = words[: request.max_tokens], "length"
            text = " ".join(words)
        cost = Cost(policy_calls=1, generated=len(words), policy_flops=2.0 * self.parameters * len(words))
        if not words:
            return Sampled(None, cost)
        # Words have no ids: each stands for its own place, and every word was certain.
        tokens = tuple(range(len(words)))
        return Sampled(Candidate(text, tokens, (0.0,) * len(words), finish, tuple(words)), cost)


class ScriptedVerifier:
    """Gives a step the reward that `reward` gives to the texts of the solution up to and including it."""

    def __init__(self, reward: Callable[[Path], float], name: str = "scripted", parameters: int = 1) -> None:
        self.reward, self.name, self.parameters = reward, name, parameters

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: ScoreRequest) -> Rewards:
        """Raises ValueError where the script gives no reward in [0, 1]."""
        steps = request.steps
        first = max(0, len(steps) - request.wanted)
        rewards = tuple(self.reward(steps[: i + 1]) for i in range(first, len(steps)))
        for i, value in enumerate(rewards):
            if not 0 <= value <= 1:
                raise ValueError(f"reward {value} of step {steps[first + i]!r} must be from 0 to 1")
        tokens = sum(len(step.split()) for step in steps[first:])
        return Rewards(
            rewards, Cost(verifier_calls=1, verifier_tokens=tokens, verifier_flops=2.0 * self.parameters * tokens)
        )
