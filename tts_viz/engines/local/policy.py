"""A transformers language model as a policy: continues many partial solutions in a batch and reads each step only once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import isfinite
from time import monotonic
from typing import Any

import torch
from transformers import PreTrainedModel

from tts_viz.core.budget import Cost
from tts_viz.core.events import Finish
from tts_viz.engines.base import Candidate, Sampled, SampleRequest
from tts_viz.engines.failures import explained
from tts_viz.engines.local.kv.ragged_cache import RaggedCache
from tts_viz.engines.local.kv.reader import Read, Reader
from tts_viz.engines.local.kv.segments import Forest, Segment
from tts_viz.engines.local.placement import memory_shares
from tts_viz.engines.local.sampling import choose
from tts_viz.engines.prompting import PromptStyle
from tts_viz.errors import EngineError

PLAIN = PromptStyle()

COMPACT = 0.75
"""Finished rows are dropped from the batch once less than this share is unfinished."""

TOLERANCE = 0.1
"""Allowed total variation distance of the next token's distribution, because of half precision."""


@dataclass(slots=True)
class PartialStep:
    """A step that is being sampled."""

    request: SampleRequest
    prefix: Segment
    room: int
    """Most tokens to sample, by the request's limit and the model's context."""
    pending: int
    """Tokens of the prefix that were sampled and not read yet; they were counted when they were sampled."""
    read: Read = field(default_factory=Read)
    """The part of the prefix that is read for this draft."""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    text: str = ""
    """The step, once it is finished."""
    thinking: bool = False
    finish: Finish | None = None


class TransformersPolicy:
    """See `Policy`. The `style` and the model's end-of-text token determine where steps and solutions end.

    `kv_bytes` is the limit of the cache; None: chosen by the available memory.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: Any,
        name: str,
        style: PromptStyle = PLAIN,
        kv_bytes: int | None = None,
    ) -> None:
        self.name, self.style = name, style
        self.step_tokens = style.step_tokens
        self._watched = style.watched()
        self.model, self.tokenizer = model.eval(), tokenizer
        self.parameters = sum(p.numel() for p in model.parameters())
        remembered, at_once = memory_shares(model.device)
        self.reader = Reader(model, Forest(remembered if kv_bytes is None else kv_bytes), at_once)
        self.ends = _end_tokens(model, tokenizer)
        self.piece = cache(lambda token: self._decode([token]))
        self._lock = threading.Lock()

    def check(self) -> None:
        """Reads a short text with our cache and with the model's own code. Raises ValueError if the two disagree.

        Some architectures scale or cap their logits, or cache something other than keys and values.
        """
        tokens = self._opening("2 + 3 = 5 and 5 + 1 = 6")
        reader = Reader(self.model, Forest(0))
        head: Any = self.model.get_output_embeddings()
        try:
            with torch.inference_mode():
                reader.read([reader.forest.find([tokens[:3]])])
                # The shorter row is padded, and both continue from the cached segment.
                ends = [reader.forest.find([tokens[:3], rest]) for rest in (tokens[3:], tokens[3:6])]
                reader.read(ends)
                ours = head(torch.stack([end.tail for end in ends if end.tail is not None])).float().softmax(-1)
                batches = [torch.tensor([text], device=reader.device) for text in (tokens, tokens[:6])]
                own = torch.cat([self.model(input_ids=batch).logits[:, -1] for batch in batches]).float().softmax(-1)
        except (RuntimeError, AttributeError, TypeError, IndexError) as error:
            raise ValueError(f"{type(self.model).__name__} keeps more than keys and values: {error}") from error
        apart = (ours - own).abs().sum(-1).max().item() / 2
        if not apart < TOLERANCE:
            raise ValueError(f"{type(self.model).__name__} does not read a text in parts as it reads the whole of it")

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return await asyncio.to_thread(self._sample, requests)

    def release(self, dead: Sequence[SampleRequest]) -> None:
        """Evicts these prefixes and all their continuations; a later request reads them again."""
        with self._lock:
            for request in dead:
                if segment := self.reader.forest.known(self._path(request), request.search):
                    self.reader.forest.lose(segment)

    def close(self, search: str) -> None:
        with self._lock:
            self.reader.forest.close(search)

    def _sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        with self._lock, torch.inference_mode(), explained("policy", self.name):
            began = monotonic()
            self.reader.forest.tick()
            drafts = [self._draft(request) for request in requests]
            fitting = [d for d in drafts if d.finish is None]
            for d, read in zip(fitting, self.reader.read([d.prefix for d in fitting])):
                d.read = read
            fitting.sort(key=lambda d: -d.room)
            while fitting:
                most = self.reader.rows(max(_length(d.prefix) for d in fitting) + fitting[0].room)
                self.reader.in_halves(fitting[:most], self._write)
                fitting = fitting[most:]
            self.reader.forest.forget()
            seconds = (monotonic() - began) / len(requests) if requests else 0.0
            return [self._sampled(d, seconds) for d in drafts]

    def _draft(self, request: SampleRequest) -> PartialStep:
        prefix = self.reader.forest.find(self._path(request), request.search)
        if not prefix.tokens:
            raise EngineError(f"The policy {self.name} has nothing to continue: the prompt is empty. Type a problem.")
        room = min(request.max_tokens, self.reader.context - _length(prefix))
        if room <= 0 and not request.steps:
            raise EngineError(
                f"The policy {self.name} reads at most {self.reader.context} tokens, and this problem has "
                f"{_length(prefix)}. Shorten it, or choose another policy."
            )
        pending = sum(s.pending for s in prefix.path())
        thinking = self.style.thinking(tuple(s.text for s in request.steps))
        return PartialStep(request, prefix, room, pending, thinking=thinking, finish="length" if room <= 0 else None)

    def _path(self, request: SampleRequest) -> list[tuple[int, ...]]:
        path = [
            self._opening(self.style.opening(self.tokenizer, request)),
            *(s.tokens or self._encode(s.text + self.style.delimiter) for s in request.steps),
        ]
        return [tokens for tokens in path if tokens]

    def _opening(self, text: str) -> tuple[int, ...]:
        return self.style.begun(self.tokenizer, text)

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _decode(self, tokens: Sequence[int]) -> str:
        # Cleaning up spaces would make the text of a step depend on where it was cut.
        return self.tokenizer.decode(list(tokens), clean_up_tokenization_spaces=False)

    def _write(self, rows: Sequence[PartialStep]) -> None:
        """Samples all drafts to their ends, token by token in lock-step. Restarts drafts that ran out of memory before."""
        for d in rows:
            d.tokens, d.logprobs, d.finish = [], [], None
        # Siblings have the same prefix segment, so its path is looked up once.
        paths = {id(d.prefix): [s.kv for s in d.prefix.path()] for d in rows}
        width = max(d.room for d in rows)
        cache = RaggedCache([paths[id(d.prefix)] for d in rows], self.reader.layers, width, self.reader.device)
        head: Any = self.model.get_output_embeddings()
        hidden = torch.stack([d.prefix.tail for d in rows if d.prefix.tail is not None])
        while True:
            before = [d.finish for d in rows]
            self._extend(rows, head(hidden))
            for row, d in enumerate(rows):
                if d.finish == "step" and before[row] is None:
                    self._cache_step(d, cache, row)
            going = [i for i, d in enumerate(rows) if d.finish is None]
            if not going:
                return
            if len(going) < COMPACT * len(rows):
                cache.keep(torch.tensor(going, device=self.reader.device))
                rows = [rows[i] for i in going]
            tokens = torch.tensor([d.tokens[-1:] for d in rows], device=self.reader.device)
            counts = torch.tensor([int(d.finish is None) for d in rows], device=self.reader.device)
            hidden = self.reader.forward(tokens, counts, cache)[:, 0]

    def _extend(self, rows: Sequence[PartialStep], logits: torch.Tensor) -> None:
        """Appends one token to every unfinished row."""
        tokens, logprobs = choose(
            logits,
            [d.request.temperature for d in rows],
            [d.request.seed for d in rows],
            [len(d.tokens) for d in rows],
        )
        for d, token, logprob in zip(rows, tokens, logprobs):
            if d.finish is not None:
                continue
            if not isfinite(logprob):
                raise EngineError(
                    f"The policy {self.name} gave a probability that is no number: its weights are damaged or its "
                    "precision is too low. Choose another model."
                )
            d.tokens.append(token)
            d.logprobs.append(logprob)
            if token in self.ends:
                d.text, d.finish = self._decode(d.tokens[:-1]).strip(), "eos"
            elif ending := self._ending(d):
                d.text, d.finish = ending
            elif len(d.tokens) >= d.room:
                d.text, d.finish = self._decode(d.tokens).strip(), "length"

    def _ending(self, draft: PartialStep) -> tuple[str, Finish] | None:
        if self._watched.isdisjoint(self.piece(draft.tokens[-1])):
            return None
        return self.style.cut(self._decode(draft.tokens), draft.thinking)

    def _cache_step(self, draft: PartialStep, cache: RaggedCache, row: int) -> None:
        """Caches the keys and values of a new step. Its last token is not read yet; the next pass reads it."""
        segment = self.reader.forest.child(draft.prefix, tuple(draft.tokens))
        if segment.tail is None:
            segment.pending = 1
            kv = cache.cut(row, 0, len(draft.tokens) - 1) if len(draft.tokens) > 1 else []
            self.reader.forest.hold(segment, kv, None)

    def _sampled(self, draft: PartialStep, seconds: float) -> Sampled:
        # Every token of a step but the last has passed through the model.
        passes = draft.read.tokens + max(0, len(draft.tokens) - 1)
        cost = Cost(
            policy_calls=1,
            generated=len(draft.tokens),
            prefilled=max(0, draft.read.tokens - draft.pending),
            reread=draft.read.again,
            policy_flops=2.0 * self.parameters * passes,
            seconds=seconds,
        )
        if not draft.text or draft.finish is None:
            return Sampled(None, cost)
        pieces = tuple(map(self.piece, draft.tokens))
        return Sampled(Candidate(draft.text, tuple(draft.tokens), tuple(draft.logprobs), draft.finish, pieces), cost)


def _length(segment: Segment) -> int:
    """Number of tokens of the segment's path."""
    return sum(len(s.tokens) for s in segment.path())


def _end_tokens(model: PreTrainedModel, tokenizer: Any) -> frozenset[int]:
    """The tokens that end a solution: the tokenizer's, and those in the model's generation config."""
    eos = getattr(model.generation_config, "eos_token_id", None) if model.generation_config else None
    found = eos if isinstance(eos, list) else [eos]
    return frozenset(t for t in [tokenizer.eos_token_id, *found] if t is not None)
