"""A language model on a completion server as a policy: one request for each step to be sampled.

The protocol's `n`, several samples in one request, is not used: each sample has a seed of its own, so that it is the same
whoever is sampled beside it. A server that keeps what it has read, as vLLM does, reads a shared beginning once all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from tts_viz.core.budget import Cost
from tts_viz.core.events import Finish
from tts_viz.engines.base import Candidate, Sampled, SampleRequest
from tts_viz.engines.prompting import PromptStyle
from tts_viz.engines.server.client import Client
from tts_viz.engines.server.introduction import introduced
from tts_viz.engines.server.kinds import Card, TextRequest, WrittenText
from tts_viz.engines.tokens import encoded
from tts_viz.errors import EngineError

GOLDEN = 0x9E3779B97F4A7C15

BLANKS = 8
"""A step that begins with as many blank parts is none: the policy has nothing to say."""


@dataclass(slots=True)
class PartialStep:
    """A step that is being written, in one part or, where it begins with blank lines, in several."""

    text: str = ""
    """All that was written."""
    step: str = ""
    """The step in it, once it is finished."""
    tokens: list[int] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Finish | None = None
    parts: int = 0
    written: int = 0
    cost: Cost = field(default_factory=Cost)

    def add(self, part: WrittenText) -> None:
        known = self.pieces or not self.text
        self.text += part.text
        if not known or not part.pieces:
            self.forget()
            return
        self.pieces += part.pieces
        self.logprobs += part.logprobs
        self.tokens += part.tokens
        if len(self.tokens) != len(self.pieces):
            self.tokens = []

    def forget(self) -> None:
        """Nothing certain is known about the tokens."""
        self.tokens, self.pieces, self.logprobs = [], [], []


class ServerPolicy:
    """See `Policy`. `tokenizer`: the model's, with which prompts are sent as tokens; None: they are sent as text.

    A server samples by 31 bits of a request's seed, and promises no more than the same sample for the same request on the same
    machine. `parameters` count FLOPs, where they are told.
    """

    distant = True

    def __init__(
        self, connection: Client, style: PromptStyle, tokenizer: Any = None, parameters: int = 0, name: str = ""
    ) -> None:
        self.connection, self.style, self.tokenizer, self.parameters = connection, style, tokenizer, parameters
        self.name = name or connection.address.model
        self.step_tokens = style.step_tokens
        self._mute = False
        """Does the server hide what ended a text? Then it is sent no stop strings, and what it writes too much is cut."""

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        if not requests:
            return []
        began = monotonic()
        answers = await self.connection.each(self._sampled, requests)
        seconds = (monotonic() - began) / len(requests)
        return [replace(answer, cost=replace(answer.cost, seconds=seconds)) for answer in answers]

    async def _sampled(self, request: SampleRequest) -> Sampled:
        card = await introduced(self.connection)
        draft = PartialStep(cost=Cost(policy_calls=1))
        while draft.finish is None:
            prompt = self._prompt(request, draft)
            room = request.max_tokens - draft.written
            if card.context and not isinstance(prompt, str):
                room = min(room, card.context - len(prompt))
            if room <= 0:
                draft.step, draft.finish = draft.text.strip(), "length"
            else:
                await self._write(card, request, draft, prompt, room)
        if not draft.step:
            return Sampled(None, draft.cost)
        known = tuple(draft.tokens), tuple(draft.logprobs)
        return Sampled(Candidate(draft.step, *known, draft.finish, tuple(draft.pieces)), draft.cost)

    def _prompt(self, request: SampleRequest, draft: PartialStep) -> str | list[int]:
        """All that stands before what is to be written."""
        before = self.style.opening(self.tokenizer, request)
        steps = [(step.tokens, step.text + self.style.delimiter) for step in request.steps]
        if self.tokenizer is None:
            prompt = "".join([before, *(text for _, text in steps), draft.text])
        else:
            prompt = list(self.style.begun(self.tokenizer, before))
            for tokens, text in [*steps, (tuple(draft.tokens), draft.text)]:
                prompt += tokens or encoded(self.tokenizer, text)
        if not prompt:
            raise EngineError(f"The policy {self.name} has nothing to continue: the prompt is empty. Type a problem.")
        return prompt

    async def _write(
        self, card: Card, request: SampleRequest, draft: PartialStep, prompt: str | list[int], room: int
    ) -> None:
        """One request, and what its answer brings."""
        stops = () if self._mute else (self.style.delimiter, *self.style.stop)
        seed = (request.seed + draft.parts * GOLDEN) % 2**64 >> 33
        answer = await card.kind.write(self.connection, TextRequest(prompt, room, request.temperature, seed, stops))
        draft.parts += 1
        # A server that does not count has written one token at least, so that no step is asked for without end.
        written = max(1, answer.written or 0)
        # The last token is not read any more.
        flops = 2.0 * self.parameters * (answer.read + written - 1)
        draft.cost += Cost(generated=written, prefilled=answer.read, policy_flops=flops)
        if answer.ended == "hidden":
            self._mute = True
            return  # asked again, the loop goes on
        draft.written += written
        draft.add(answer)
        thinking = self.style.thinking(tuple(step.text for step in request.steps))
        if ending := self.style.cut(draft.text, thinking):
            draft.step, draft.finish = ending
            self._keep(draft, thinking, bool(stops))
        elif answer.ended in ("length", "ended"):
            draft.step, draft.finish = draft.text.strip(), "length" if answer.ended == "length" else "eos"
        elif draft.parts >= BLANKS:
            draft.finish = "length"

    def _keep(self, draft: PartialStep, thinking: bool, stopped: bool) -> None:
        """Of the tokens those up to the one with which the step ended."""
        text = ""
        for last, piece in enumerate(draft.pieces, 1):
            text += piece
            if self.style.cut(text, thinking):
                draft.tokens, draft.pieces, draft.logprobs = (
                    draft.tokens[:last],
                    draft.pieces[:last],
                    draft.logprobs[:last],
                )
                return
        if not stopped:
            draft.forget()
