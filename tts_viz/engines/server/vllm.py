"""vLLM: OpenAI's protocol with token ids and stop strings in the answer, and its own endpoints for verifiers."""

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
"""Without the first three, vLLM would use the model's recommended values and sample from another distribution."""

LIKELIEST = 20
"""Number of log-probabilities to request: the default maximum of vLLM."""


class Pooled(BaseModel):
    """One vector for each token, or for each token that ends a step."""

    data: list[list[FiniteFloat]]


class Pooling(BaseModel):
    data: Annotated[list[Pooled], Field(min_length=1)]
    usage: Usage


class VLLM:
    async def introduction(self, client: Client) -> Card | None:
        found = await model_card(client)
        is_vllm = found is not None and found.owned_by == "vllm"
        return Card(self, found.max_model_len if found else None) if is_vllm or client.kind == "vllm" else None

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
        # This endpoint is not under /v1.
        answer = await client.post(f"{client.address.base.removesuffix('/v1')}/pooling", body, Pooling)
        return TokenLabels(answer.data[0].data, answer.usage.read)

    async def next_token(self, client: Client, tokens: Sequence[int], among: Sequence[int]) -> NextToken:
        body = {
            "model": client.address.model,
            "prompt": list(tokens),
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": LIKELIEST,
            "logprob_token_ids": list(among),  # ignored by vLLM before 2026
            "return_tokens_as_token_ids": True,
        }
        answer = await client.post("/completions", body, Completion)
        logprobs = answer.choices[0].logprobs
        likeliest = (logprobs.top_logprobs or [{}])[0] if logprobs else {}
        if not likeliest:
            raise EngineError(
                client.says("does not tell how likely the next tokens are. Is the verifier a language model?")
            )
        known = {token: likeliest[key] for token in among if (key := f"token_id:{token}") in likeliest}
        return NextToken(known, min(likeliest.values()), answer.usage.read)


SERVERS.add("vllm", VLLM())
