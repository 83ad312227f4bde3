"""A process reward model on a server as a verifier, in the same formats as local ones.

There are two ways to a reward. A token classifier returns the label probabilities of each token. A language model that
writes "+" or "-" returns the log-probabilities of both as the next token. The kind of server implements the requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from math import exp
from time import monotonic

from tts_viz.core.budget import Cost
from tts_viz.engines.base import Rewards, ScoreRequest
from tts_viz.engines.prm.base import Labels, PRMFormat, Signs
from tts_viz.engines.server.client import Client
from tts_viz.engines.server.introduction import introduced
from tts_viz.engines.server.kinds import ServerKind
from tts_viz.errors import EngineError

SLACK = 1e-2
"""Allowed deviation from 1 of the sum of label probabilities, for servers in half precision."""


class ServerVerifier:
    """See `Verifier`. `served`: how rewards are read in this format; `parameters` is for counting FLOPs; 0: unknown.

    Each request sends the whole solution as tokens; the server may have its prefix in a cache.
    """

    distant = True

    def __init__(
        self, connection: Client, format: PRMFormat, served: Labels | Signs, parameters: int = 0, name: str = ""
    ) -> None:
        self.connection, self.format, self.served, self.parameters = connection, format, served, parameters
        self.name = name or connection.address.model

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        if not requests:
            return []
        began = monotonic()
        answers = await self.connection.each(self._scored, requests)
        seconds = (monotonic() - began) / len(requests)
        return [replace(answer, cost=replace(answer.cost, seconds=seconds)) for answer in answers]

    async def _scored(self, request: ScoreRequest) -> Rewards:
        card = await introduced(self.connection)
        question = request.problem.question if request.problem else request.prompt.strip()
        pieces = self.format.pieces(request.prompt, question, request.steps)
        tokens = [token for piece in pieces for token in piece]
        longest = len(tokens) + len(self.format.closing())
        if card.context and longest > card.context:
            raise EngineError(
                f"The verifier {self.name} reads at most {card.context} tokens and this solution has {longest}. "
                "Use a smaller depth, or another verifier."
            )
        ends = list(accumulate(map(len, pieces)))[1:]
        wanted, closing = ends[-request.wanted :], self.format.closing()
        match self.served:
            case Signs() as signs:
                found = [await self._signed(card.kind, [*tokens[:end], *closing], signs) for end in wanted]
            case Labels() as labels if closing:
                found = [await self._labelled(card.kind, [*tokens[:end], *closing], labels) for end in wanted]
            case Labels() as labels:
                found = [await self._labelled(card.kind, tokens, labels, ends, request.wanted)]
        rewards = tuple(reward for rewards, _ in found for reward in rewards)
        read = sum(tokens for _, tokens in found)
        return Rewards(
            rewards, Cost(verifier_calls=1, verifier_tokens=read, verifier_flops=2.0 * self.parameters * read)
        )

    async def _labelled(
        self, kind: ServerKind, tokens: Sequence[int], labels: Labels, ends: Sequence[int] = (), wanted: int = 1
    ) -> tuple[list[float], int]:
        """The last `wanted` rewards, at these `ends` of steps (without ends: at the last token), and the tokens read."""
        answer = await kind.labels(self.connection, tokens)
        vectors = answer.vectors
        if ends and len(vectors) == len(tokens):
            vectors = [vectors[end - 1] for end in ends]
        elif len(vectors) != (len(ends) or len(tokens)):
            raise EngineError(
                f"The verifier {self.name} gave {len(vectors)} scores for {len(tokens)} tokens and {len(ends) or 1} steps. Is "
                f"it served as one that scores tokens, and is its format {self.format.name}?"
            )
        return [self._reward(vector, labels) for vector in vectors[-wanted:]], answer.read

    def _reward(self, vector: Sequence[float], labels: Labels) -> float:
        probable = all(0 <= p <= 1 for p in vector) and (len(vector) == 1 or abs(sum(vector) - 1) <= SLACK)
        if len(vector) != labels.count or not probable:
            raise EngineError(
                f"The verifier {self.name} gave no probabilities of {labels.count} label{'s' * (labels.count > 1)} for a "
                f"token, as its format {self.format.name} has, but {', '.join(f'{p:.3g}' for p in vector[:4])}."
            )
        return vector[labels.good]

    async def _signed(self, kind: ServerKind, tokens: Sequence[int], signs: Signs) -> tuple[list[float], int]:
        """The probability of "+" against "-" as the next token, and the number of tokens read."""
        answer = await kind.next_token(self.connection, tokens, (signs.plus, signs.minus))
        if not answer.logprobs:
            raise EngineError(
                f"The verifier {self.name} does not say how likely “+” and “-” are: neither is among the likeliest tokens. Is "
                "it a language model that was trained to write them?"
            )
        # A token that is not reported is at most as likely as the least likely reported one.
        yes, no = (answer.logprobs.get(sign, answer.least) for sign in (signs.plus, signs.minus))
        return [1 / (1 + exp(min(no - yes, 700.0)))], answer.read
