"""A language model on a completion server as a policy: one request for each sampled step.

The protocol's `n` (several samples in one request) is not used: each sample has its own seed, so that it does not depend
on other samples. A server with a prefix cache, such as vLLM, still reads a shared prefix only once.
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
"""After so many blank parts a step counts as empty."""


@dataclass(slots=True)
class PartialStep:
    """A step that is being sampled, in one part, or in several if it begins with blank lines."""

    text: str = ""
    """All parts so far."""
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
        """Drops the tokens, because they are not known for certain."""
        self.tokens, self.pieces, self.logprobs = [], [], []


class ServerPolicy:
    """See `Policy`. `tokenizer`: the model's, for sending prompts as tokens; None: prompts are sent as text.

    A server gets 31 bits of a request's seed, and at best returns the same sample for the same request on the same machine.
    `parameters` is for counting FLOPs; 0: unknown.
    """

    distant = True

    def __init__(
        self, connection: Client, style: PromptStyle, tokenizer: Any = None, parameters: int = 0, name: str = ""
    ) -> None:
        self.connection, self.style, self.tokenizer, self.parameters = connection, style, tokenizer, parameters
        self.name = name or connection.address.model
        self.step_tokens = style.step_tokens
        self._hides_stop = False
        """Does the server hide what ended a text? Then it gets no stop strings, and the text is cut here."""

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
        """The text or tokens to be continued."""
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
        """Sends one request and adds its answer to the draft."""
        stops = () if self._hides_stop else (self.style.delimiter, *self.style.stop)
        seed = (request.seed + draft.parts * GOLDEN) % 2**64 >> 33
        answer = await card.kind.write(self.connection, TextRequest(prompt, room, request.temperature, seed, stops))
        draft.parts += 1
        # Count at least one token, also if the server does not count, so that the loop ends.
        written = max(1, answer.written or 0)
        # The last token is not read.
        flops = 2.0 * self.parameters * (answer.read + written - 1)
        draft.cost += Cost(generated=written, prefilled=answer.read, policy_flops=flops)
        if answer.ended == "hidden":
            self._hides_stop = True
            return  # the loop sends the request again, without stop strings
        draft.written += written
        draft.add(answer)
        thinking = self.style.thinking(tuple(step.text for step in request.steps))
        if ending := self.style.cut(draft.text, thinking):
            draft.step, draft.finish = ending
            self._trim(draft, thinking, bool(stops))
        elif answer.ended in ("length", "ended"):
            draft.step, draft.finish = draft.text.strip(), "length" if answer.ended == "length" else "eos"
        elif draft.parts >= BLANKS:
            draft.finish = "length"

    def _trim(self, draft: PartialStep, thinking: bool, stopped: bool) -> None:
        """Cuts the tokens after the one that ended the step."""
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
