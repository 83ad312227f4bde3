"""A transformers language model as a policy: continues many partial solutions at once, each step read only once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from typing import Any

import torch
from transformers import PreTrainedModel

from tts_viz.budget import Cost
from tts_viz.engines.base import Candidate, Sampled, SampleRequest
from tts_viz.engines.failures import explained
from tts_viz.engines.kv.forest import Forest, Segment
from tts_viz.engines.kv.ragged import RaggedCache
from tts_viz.engines.kv.reader import Reader
from tts_viz.engines.sampling import choose
from tts_viz.events import Finish

COMPACT = 0.75
"""Finished rows are dropped from the batch once fewer than this share are still being written."""


@dataclass(slots=True)
class Draft:
    """A step that is being written."""

    request: SampleRequest
    prefix: Segment
    room: int
    """Tokens that still fit, by the request's limit and the model's context."""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Finish | None = None


class TransformersPolicy:
    """See `Policy`. A step ends at the delimiter or at the model's end-of-text token.

    `kv_bytes` bounds what is remembered of earlier prefixes.
    """

    def __init__(
        self, model: PreTrainedModel, tokenizer: Any, name: str, delimiter: str = "\n", kv_bytes: int = 1 << 30
    ) -> None:
        self.name, self.delimiter = name, delimiter
        self.model, self.tokenizer = model.eval(), tokenizer
        self.parameters = sum(p.numel() for p in model.parameters())
        self.reader = Reader(model, Forest(kv_bytes))
        self.ends = _end_tokens(model, tokenizer)
        self.piece = cache(lambda token: tokenizer.decode([token]))
        self._lock = threading.Lock()

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return await asyncio.to_thread(self._sample, requests)

    def _sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        with self._lock, torch.inference_mode(), explained("policy", self.name):
            began = monotonic()
            self.reader.forest.tick()
            drafts = [self._draft(request) for request in requests]
            # The last token of a step just written is read now, but it is no prompt: it was counted when it was written.
            written = [d.prefix.tail is None and d.prefix.known > 0 for d in drafts]
            read = self.reader.read([d.prefix for d in drafts])
            prompted = [n - 1 if n and pending else n for n, pending in zip(read, written)]
            waiting = sorted(drafts, key=lambda d: -d.room)
            while waiting:
                most = self.reader.rows(max(_length(d.prefix) for d in waiting) + waiting[0].room)
                self._write(waiting[:most])
                waiting = waiting[most:]
            self.reader.forest.forget()
            seconds = (monotonic() - began) / len(requests) if requests else 0.0
            return [self._sampled(d, n, p, seconds) for d, n, p in zip(drafts, read, prompted)]

    def _draft(self, request: SampleRequest) -> Draft:
        path = [
            self._prompt(request.prompt),
            *(s.tokens or self._encode(s.text + self.delimiter) for s in request.steps),
        ]
        prefix = self.reader.forest.find(path)
        return Draft(request, prefix, min(request.max_tokens, self.reader.context - _length(prefix)))

    def _prompt(self, prompt: str) -> tuple[int, ...]:
        first = self.tokenizer.bos_token_id
        return (() if first is None else (first,)) + self._encode(prompt)

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _write(self, drafts: Sequence[Draft]) -> None:
        """Write all drafts to their ends, in lock-step."""
        for d in drafts:
            d.finish = "length" if d.room <= 0 else None
        rows = [d for d in drafts if d.finish is None]
        if not rows:
            return
        width = max(_length(d.prefix) + d.room for d in rows)
        cache = RaggedCache.holding([[s.kv for s in d.prefix.path()] for d in rows], width, self.reader.device)
        head: Any = self.model.get_output_embeddings()
        hidden = torch.stack([d.prefix.tail for d in rows if d.prefix.tail is not None])
        while True:
            before = [d.finish for d in rows]
            self._extend(rows, head(hidden))
            for row, d in enumerate(rows):
                if d.finish == "step" and before[row] is None:
                    self._remember(d, cache, row)
            going = [i for i, d in enumerate(rows) if d.finish is None]
            if not going:
                return
            if len(going) < COMPACT * len(rows):
                cache.keep(torch.tensor(going, device=self.reader.device))
                rows = [rows[i] for i in going]
            tokens = torch.tensor([d.tokens[-1:] for d in rows], device=self.reader.device)
            counts = torch.tensor([int(d.finish is None) for d in rows], device=self.reader.device)
            hidden = self.reader.forward(tokens, counts, cache)[:, 0]

    def _extend(self, rows: Sequence[Draft], logits: torch.Tensor) -> None:
        """One token more for every row that is not finished."""
        tokens, logprobs = choose(
            logits,
            [d.request.temperature for d in rows],
            [d.request.seed for d in rows],
            [len(d.tokens) for d in rows],
        )
        for d, token, logprob in zip(rows, tokens, logprobs):
            if d.finish is not None:
                continue
            d.tokens.append(token)
            d.logprobs.append(logprob)
            if token in self.ends:
                d.finish = "eos"
            elif self._delimits(d.tokens):
                d.finish = "step"
            elif len(d.tokens) >= d.room:
                d.finish = "length"

    def _delimits(self, tokens: Sequence[int]) -> bool:
        if self.delimiter[-1] not in self.piece(tokens[-1]):
            return False
        return self.delimiter in self.tokenizer.decode(tokens)

    def _remember(self, draft: Draft, cache: RaggedCache, row: int) -> None:
        """Keep the keys and values of a new step. Its last token was not read yet: it rides along with the next pass."""
        start = _length(draft.prefix)
        segment = self.reader.forest.child(draft.prefix, tuple(draft.tokens))
        if segment.tail is None and len(draft.tokens) > 1:
            segment.kv = cache.cut(row, start, start + len(draft.tokens) - 1)

    def _sampled(self, draft: Draft, read: int, prompted: int, seconds: float) -> Sampled:
        # Every token but a step's last passes through the model while it is written.
        passes = read + max(0, len(draft.tokens) - 1)
        cost = Cost(
            policy_calls=1,
            generated=len(draft.tokens),
            prefilled=prompted,
            policy_flops=2.0 * self.parameters * passes,
            seconds=seconds,
        )
        text = self.tokenizer.decode([t for t in draft.tokens if t not in self.ends])
        text = text.partition(self.delimiter)[0].rstrip()
        if not text or draft.finish is None:
            return Sampled(None, cost)
        pieces = tuple(map(self.piece, draft.tokens))
        return Sampled(Candidate(text, tuple(draft.tokens), tuple(draft.logprobs), draft.finish, pieces), cost)


def _length(segment: Segment) -> int:
    """Tokens from the start up to the segment's end."""
    return sum(len(s.tokens) for s in segment.path())


def _end_tokens(model: PreTrainedModel, tokenizer: Any) -> frozenset[int]:
    """The tokens that end a solution: the tokenizer's, and those of the model's generation settings."""
    said = getattr(model.generation_config, "eos_token_id", None) if model.generation_config else None
    found = said if isinstance(said, list) else [said]
    return frozenset(t for t in [tokenizer.eos_token_id, *found] if t is not None)
