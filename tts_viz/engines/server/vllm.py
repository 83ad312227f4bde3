"""vLLM: OpenAI's protocol, in which it tells tokens and includes stop strings, and endpoints of its own for verifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, FiniteFloat

from tts_viz.engines.server.client import Client
from tts_viz.engines.server.kinds import SERVERS, Card, NextToken, TextRequest, TokenLabels, WrittenText
from tts_viz.engines.server.openai_protocol import completion, how_it_ended, model_card, written
from tts_viz.engines.server.responses import Completion, Usage
from tts_viz.errors import EngineError

EXACTLY: dict[str, Any] = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": True}
"""Left out, the first three would be those that the model's makers recommend, and the samples of another distribution."""

LIKELIEST = 20
"""Tokens whose log-probabilities are asked for: as many as vLLM tells unless it is set up to tell more."""


class Pooled(BaseModel):
    """A vector for each token, or for each that ends a step."""

    data: list[list[FiniteFloat]]


class Pooling(BaseModel):
    data: Annotated[list[Pooled], Field(min_length=1)]
    usage: Usage


class VLLM:
    async def introduction(self, client: Client) -> Card | None:
        found = await model_card(client)
        told = found is not None and found.owned_by == "vllm"
        return Card(self, found.max_model_len if found else None) if told or client.kind == "vllm" else None

    async def write(self, client: Client, ask: TextRequest) -> WrittenText:
        answer = await completion(client, ask, EXACTLY | {"include_stop_str_in_output": True})
        choice = answer.choices[0]
        return written(answer, choice.text, how_it_ended(client, choice))

    async def labels(self, client: Client, tokens: Sequence[int]) -> TokenLabels:
        body = {
            "model": client.address.model,
            "input": list(tokens),
            "task": "token_classify",
            "use_activation": True,
        }
        # Its own endpoints lie beside the protocol's, not under them.
        answer = await client.post(f"{client.address.base.removesuffix('/v1')}/pooling", body, Pooling)
        return TokenLabels(answer.data[0].data, answer.usage.read)

    async def next_token(self, client: Client, tokens: Sequence[int], among: Sequence[int]) -> NextToken:
        body = {
            "model": client.address.model,
            "prompt": list(tokens),
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": LIKELIEST,
            "logprob_token_ids": list(among),  # which vLLM does not know before 2026, and then ignores
            "return_tokens_as_token_ids": True,
        }
        answer = await client.post("/completions", body, Completion)
        said = answer.choices[0].logprobs
        told = (said.top_logprobs or [{}])[0] if said else {}
        if not told:
            raise EngineError(
                client.says("does not tell how likely the next tokens are. Is the verifier a language model?")
            )
        known = {token: told[key] for token in among if (key := f"token_id:{token}") in told}
        return NextToken(known, min(told.values()), answer.usage.read)


SERVERS.add("vllm", VLLM())
