"""A process reward model on a server as a verifier, in the formats that local ones have.

Two ways lead to a reward. A model that sorts tokens into labels is asked through vLLM's `/pooling` what it says of each token. A
language model that writes "+" or "-" is asked for one token more, and how likely each of the two would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from math import exp
from time import monotonic
from typing import Any

from tts_viz.core.budget import Cost
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.engines.prm.base import Labelled, PRMFormat, Signing, Tokens
from tts_viz.engines.server.client import Client
from tts_viz.engines.server.responses import Completion, Pooling, Usage
from tts_viz.errors import EngineError

LIKELIEST = 20
"""Tokens whose log-probabilities are asked for: as many as vLLM tells unless it is set up to tell more."""

SLACK = 1e-2
"""How far probabilities of labels may be from adding up to 1, on a server that counts in half precision."""


class ServerVerifier:
    """See `Verifier`. `config` is the model's, where it is known; `parameters` count FLOPs, where they are told.

    A solution is sent as tokens, from its beginning for each score: what of it was read before, the server may have kept.
    """

    distant = True

    def __init__(
        self, connection: Client, format: PRMFormat, config: Any = None, parameters: int = 0, name: str = ""
    ) -> None:
        self.connection, self.format, self.config, self.parameters = connection, format, config, parameters
        self.name = name or connection.address.model

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        if not requests:
            return []
        began = monotonic()
        answers = await self.connection.each(self._scored, requests)
        seconds = (monotonic() - began) / len(requests)
        return [replace(answer, cost=replace(answer.cost, seconds=seconds)) for answer in answers]

    async def _scored(self, request: ScoreRequest) -> Rewards:
        card = await self.connection.card()
        question = request.problem.question if request.problem else request.prompt.strip()
        pieces = self.format.pieces(request.prompt, question, request.steps)
        tokens = [token for piece in pieces for token in piece]
        longest = len(tokens) + len(self.format.closing())
        if card.max_model_len and longest > card.max_model_len:
            raise EngineError(
                f"The verifier {self.name} reads at most {card.max_model_len} tokens and this solution has {longest}. "
                "Use a smaller depth, or another verifier."
            )
        ends = list(accumulate(map(len, pieces)))[1:]
        if isinstance(self.format, Signing):
            found = [await self._signed(tokens[:end], *self.format.signs()) for end in ends[-request.wanted :]]
        elif self.format.closing():
            found = [await self._labelled([*tokens[:end], *self.format.closing()]) for end in ends[-request.wanted :]]
        else:
            found = [await self._labelled(tokens, ends, request.wanted)]
        rewards = tuple(reward for rewards, _ in found for reward in rewards)
        read = sum(usage.read for _, usage in found)
        return Rewards(
            rewards, Cost(verifier_calls=1, verifier_tokens=read, verifier_flops=2.0 * self.parameters * read)
        )

    async def _labelled(
        self, tokens: Sequence[int], ends: Sequence[int] = (), wanted: int = 1
    ) -> tuple[list[float], Usage]:
        """The last `wanted` rewards, at these `ends` of steps; without ends, that at the last token."""
        body = {"input": list(tokens), "task": "token_classify", "use_activation": True}
        answer = await self.connection.post(self.connection.address.pooling, body, Pooling)
        vectors = answer.data[0].data
        if ends and len(vectors) == len(tokens):
            vectors = [vectors[end - 1] for end in ends]
        elif len(vectors) != (len(ends) or len(tokens)):
            raise EngineError(
                f"The verifier {self.name} gave {len(vectors)} scores for {len(tokens)} tokens and {len(ends) or 1} steps. Is "
                f"it served as one that scores tokens, and is its format {self.format.name}?"
            )
        return [self._reward(vector) for vector in vectors[-wanted:]], answer.usage

    def _reward(self, vector: Sequence[float]) -> float:
        format = self.format
        assert isinstance(format, Labelled)
        probable = all(0 <= p <= 1 for p in vector) and (len(vector) == 1 or abs(sum(vector) - 1) <= SLACK)
        if len(vector) != format.labels or not probable:
            raise EngineError(
                f"The verifier {self.name} gave no probabilities of {format.labels} label{'s' * (format.labels > 1)} for a "
                f"token, as its format {format.name} has, but {', '.join(f'{p:.3g}' for p in vector[:4])}."
            )
        return vector[format.good(self.config)]

    async def _signed(self, tokens: Sequence[int], plus: int, minus: int) -> tuple[list[float], Usage]:
        """How much likelier "+" is than "-" as the next token."""
        body = {
            "prompt": list(tokens),
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": LIKELIEST,
            "logprob_token_ids": [plus, minus],  # which vLLM does not know before 2026, and then ignores
            "return_tokens_as_token_ids": True,
        }
        answer = await self.connection.post("/completions", body, Completion)
        said = answer.choices[0].logprobs
        told = (said.top_logprobs or [{}])[0] if said else {}
        known = [told.get(f"token_id:{sign}") for sign in (plus, minus)]
        if not told or known == [None, None]:
            raise EngineError(
                f"The verifier {self.name} does not say how likely “+” and “-” are. Is it a language model in the format "
                f"{self.format.name}, served by vLLM?"
            )
        # What is not among the likeliest is no likelier than the last of them.
        yes, no = (min(told.values()) if logprob is None else logprob for logprob in known)
        return [1 / (1 + exp(min(no - yes, 700.0)))], answer.usage


def exercised(format: PRMFormat) -> Tokens:
    """A solution of one step in this format, to see that its tokenizer can write one. Raises ValueError."""
    if isinstance(format, Signing):
        format.signs()
    return tuple(t for piece in (*format.pieces("1+1", "1+1", ["2"]), format.closing()) for t in piece)
