"""A transformers process reward model as a verifier, which reads each step of a search only once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from time import monotonic

import torch
from transformers import PreTrainedModel

from tts_viz.core.budget import Cost
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.engines.failures import explained
from tts_viz.engines.local.kv.reader import Read, Reader
from tts_viz.engines.local.kv.segments import Forest, Segment
from tts_viz.engines.local.placement import memory_shares
from tts_viz.engines.prm.base import PRMFormat
from tts_viz.engines.tokens import Tokens
from tts_viz.errors import EngineError


class TransformersVerifier:
    """See `Verifier`. `kv_bytes` is the limit of the cache; None: chosen by the available memory."""

    def __init__(self, model: PreTrainedModel, format: PRMFormat, name: str, kv_bytes: int | None = None) -> None:
        self.name, self.format = name, format
        self.model = model.eval()
        self.parameters = sum(p.numel() for p in model.parameters())
        remembered, at_once = memory_shares(model.device)
        self.reader = Reader(model, Forest(remembered if kv_bytes is None else kv_bytes), at_once)
        self._lock = threading.Lock()

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        return await asyncio.to_thread(self._score, requests)

    def _score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        with self._lock, torch.inference_mode(), explained("verifier", self.name):
            began = monotonic()
            self.reader.forest.tick()
            wanted = [self._reward_segments(request) for request in requests]
            read = iter(self.reader.read([s for steps in wanted for s in steps]))
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
                Rewards(
                    tuple(next(rewards) for _ in steps), self._cost(sum((next(read) for _ in steps), Read()), seconds)
                )
                for steps in wanted
            ]

    def release(self, dead: Sequence[ScoreRequest]) -> None:
        """Evicts these solutions and all their continuations; a later request reads them again."""
        with self._lock:
            for request in dead:
                if segment := self.reader.forest.known([t for t in self._path(request) if t], request.search):
                    self.reader.forest.lose(segment)

    def close(self, search: str) -> None:
        with self._lock:
            self.reader.forest.close(search)

    def _path(self, request: ScoreRequest) -> list[Tokens]:
        question = request.problem.question if request.problem else request.prompt.strip()
        return self.format.pieces(request.prompt, question, request.steps)

    def _reward_segments(self, request: ScoreRequest) -> list[Segment]:
        """The segments whose last hidden states give the wanted rewards, in the order of the steps."""
        path = self._path(request)
        closing = self.format.closing()
        length = sum(map(len, path)) + len(closing)
        if length > self.reader.context:
            raise EngineError(
                f"The verifier {self.name} reads at most {self.reader.context} tokens and this solution has {length}. "
                "Use a smaller depth, or another verifier."
            )
        forest = self.reader.forest
        end = forest.find([tokens for tokens in path if tokens], request.search)
        steps = end.path()[-min(request.wanted, len(request.steps)) :] if request.steps else []
        return [forest.child(step, closing) for step in steps] if closing else steps

    def _cost(self, read: Read, seconds: float) -> Cost:
        return Cost(
            verifier_calls=1,
            verifier_tokens=read.tokens,
            reread=read.again,
            verifier_flops=2.0 * self.parameters * read.tokens,
            seconds=seconds,
        )
