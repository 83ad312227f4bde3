"""Verifiers that use the task's exact checker, with or without noise: an upper bound for any verifier."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from statistics import NormalDist

from tts_viz.core.budget import Cost
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.errors import EngineError
from tts_viz.tasks import get_task
from tts_viz.tasks.base import CheckedTask


class Oracle:
    """Reward 1 if a step is valid and the goal is still reachable, else 0, by the task's exact checker.

    With `noise` in [0, ½), that share of steps gets a reward on the wrong side of ½. The rewards then follow a logit-normal
    distribution, seeded by a hash of the text, so the same problem and steps always have the same reward.
    """

    def __init__(self, noise: float = 0.0) -> None:
        if not 0 <= noise < 0.5:
            raise ValueError(f"noise {noise} must be from 0 to less than 0.5; try noisy:0.2")
        self.noise = noise
        self.name = f"noisy:{noise:g}" if noise else "oracle"
        self.parameters = 0

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        return [self._rewards(request) for request in requests]

    def _rewards(self, request: ScoreRequest) -> Rewards:
        task = get_task(request.problem.task) if request.problem else None
        if request.problem is None or not isinstance(task, CheckedTask):
            raise EngineError(
                f"The verifier {self.name} only knows tasks with an exact checker; choose another verifier."
            )
        truths = task.check(request.problem, request.steps)
        rewards = [
            self._noisy_reward(t.valid and t.reachable, request.prompt, request.steps[: i + 1])
            for i, t in enumerate(truths)
        ]
        return Rewards(tuple(rewards[-request.wanted :]), Cost(verifier_calls=1))

    def _noisy_reward(self, good: bool, prompt: str, steps: Sequence[str]) -> float:
        if not self.noise:
            return float(good)
        # The logit is ±1 plus Gaussian noise so wide that a share `noise` of it crosses zero.
        deviation = -1.0 / NormalDist().inv_cdf(self.noise)
        digest = hashlib.blake2b("\n".join([prompt, *steps]).encode(), digest_size=8).digest()
        u = ((int.from_bytes(digest) >> 11) + 0.5) / 2**53  # more bits would round up to 1, which has no quantile
        logit = (1.0 if good else -1.0) + deviation * NormalDist().inv_cdf(u)
        return 1 / (1 + math.exp(-2 * max(-30.0, min(30.0, logit))))
