"""A transformers process reward model as a verifier: each step is read once, whoever's search it belongs to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from time import monotonic
from typing import Any

import torch
from transformers import PreTrainedModel

from tts_viz.budget import Cost
from tts_viz.engines.base import EngineError, Rewards, ScoreRequest
from tts_viz.engines.failures import explained
from tts_viz.engines.kv.forest import Forest, Segment
from tts_viz.engines.kv.reader import Reader
from tts_viz.engines.prm.base import PRMFormat


class TransformersVerifier:
    """See `Verifier`. `kv_bytes` bounds what is remembered of earlier solutions."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: Any, format: PRMFormat, name: str, kv_bytes: int = 1 << 30
    ) -> None:
        self.name, self.format = name, format
        self.model, self.tokenizer = model.eval(), tokenizer
        self.parameters = sum(p.numel() for p in model.parameters())
        self.reader = Reader(model, Forest(kv_bytes))
        self._lock = threading.Lock()

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        return await asyncio.to_thread(self._score, requests)

    def _score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        with self._lock, torch.inference_mode(), explained("verifier", self.name):
            began = monotonic()
            self.reader.forest.tick()
            ends = [self._segment(request) for request in requests]
            read = self.reader.read(ends)
            wanted = [end.path()[-min(r.wanted, len(r.steps)) :] if r.steps else [] for end, r in zip(ends, requests)]
            tails = [s.tail for steps in wanted for s in steps if s.tail is not None]
            found = self.format.rewards(self.model, torch.stack(tails)) if tails else ()
            if not all(0 <= reward <= 1 for reward in found):
                raise EngineError(
                    f"The verifier {self.name} gave a reward that is no number from 0 to 1: its weights are damaged or "
                    "its precision is too low. Choose another verifier."
                )
            rewards = iter(found)
            self.reader.forest.forget()
            seconds = (monotonic() - began) / len(requests) if requests else 0.0
            return [
                Rewards(tuple(next(rewards) for _ in steps), self._cost(tokens, seconds))
                for steps, tokens in zip(wanted, read)
            ]

    def _segment(self, request: ScoreRequest) -> Segment:
        steps = [self.format.step(self.tokenizer, text) for text in request.steps]
        path = [self.format.prompt(self.tokenizer, request.prompt), *steps]
        length = sum(map(len, path))
        if length > self.reader.context:
            raise EngineError(
                f"The verifier {self.name} reads at most {self.reader.context} tokens and this solution has {length}. "
                "Use a smaller depth, or another verifier."
            )
        return self.reader.forest.find([tokens for tokens in path if tokens], request.search)

    def _cost(self, tokens: int, seconds: float) -> Cost:
        return Cost(
            verifier_calls=1, verifier_tokens=tokens, verifier_flops=2.0 * self.parameters * tokens, seconds=seconds
        )
