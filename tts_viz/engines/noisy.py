"""A verifier made worse on purpose, to show how a search behaves with a weak one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from tts_viz.engines.base import Distant, Remembering, Rewards, ScoreRequest, Verifier


class Noisy:
    """Wraps a verifier and flips its rewards (r becomes 1 − r) for a `share` of all steps.

    A hash of the problem and the steps so far selects the flipped steps, so the choice is the same every time.
    """

    def __init__(self, verifier: Verifier, share: float) -> None:
        if not 0 <= share <= 0.5:
            raise ValueError(f"the noise {share:g} must be from 0 to 0.5, as in noisy:0.2:{verifier.name}")
        self.verifier, self.share = verifier, share
        self.name = f"noisy:{share:g}:{verifier.name}"
        self.parameters = verifier.parameters
        self.distant = isinstance(verifier, Distant) and verifier.distant

    def release(self, dead: Sequence[ScoreRequest]) -> None:
        if isinstance(self.verifier, Remembering):
            self.verifier.release(dead)

    def close(self, search: str) -> None:
        if isinstance(self.verifier, Remembering):
            self.verifier.close(search)

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        answers = await self.verifier.score(requests)
        return [self._flipped(request, answer) for request, answer in zip(requests, answers, strict=True)]

    def _flipped(self, request: ScoreRequest, answer: Rewards) -> Rewards:
        first = len(request.steps) - len(answer.rewards)
        flipped = (
            1 - reward if self._is_flipped(request, first + i + 1) else reward
            for i, reward in enumerate(answer.rewards)
        )
        return replace(answer, rewards=tuple(flipped))

    def _is_flipped(self, request: ScoreRequest, length: int) -> bool:
        text = "\n".join([request.prompt, *request.steps[:length]])
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) < self.share * 2**64
