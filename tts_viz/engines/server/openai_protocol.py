"""OpenAI's completion protocol, supported by llama.cpp, SGLang, LM Studio and many others: text, but no scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts_viz.engines.server.client import LONGEST, Client, UnknownPathError
from tts_viz.engines.server.kinds import SERVERS, Card, Ended, NextToken, TextRequest, TokenLabels, WrittenText
from tts_viz.engines.server.responses import Completion, CompletionChoice, ModelCard, ModelList
from tts_viz.errors import EngineError

ENDED = ("stop", "eos", "eos_token", "stop_sequence")


class OpenAI:
    async def introduction(self, client: Client) -> Card | None:
        found = await model_card(client)
        return Card(self, found.max_model_len if found else None)

    async def write(self, client: Client, ask: TextRequest) -> WrittenText:
        answer = await completion(client, ask)
        choice = answer.choices[0]
        ended = how_it_ended(client, choice)
        if ended == "ended" and ask.stops and not choice.tells:
            ended = "hidden"
        return written(answer, choice.text + (choice.met or ""), ended)

    async def labels(self, client: Client, tokens: Sequence[int]) -> TokenLabels:
        raise _no_scores(client)

    async def next_token(self, client: Client, tokens: Sequence[int], among: Sequence[int]) -> NextToken:
        raise _no_scores(client)


def _no_scores(client: Client) -> EngineError:
    return EngineError(
        client.says(
            "speaks OpenAI's protocol, in which it cannot tell a verifier's scores. Serve the verifier with vLLM (where it is "
            "vLLM behind another server, add ?server=vllm), or load it here."
        )
    )


async def model_card(client: Client) -> ModelCard | None:
    """The model in the server's list; None if the server has no list. Raises EngineError if the list lacks the model."""
    try:
        found = (await client.get("/models", ModelList)).data
    except UnknownPathError:
        return None
    if card := next((card for card in found if card.id == client.address.model), None):
        return card
    there = ", ".join(card.id for card in found) or "none"
    raise EngineError(client.says(f"has no model {client.address.model!r}; it has: {there}"[:LONGEST]))


async def completion(client: Client, ask: TextRequest, more: Mapping[str, Any] | None = None) -> Completion:
    """`more`: fields that a dialect adds to the request."""
    body = {
        "model": client.address.model,
        "prompt": ask.prompt,
        "max_tokens": ask.max_tokens,
        "temperature": ask.temperature,
        "top_p": 1.0,
        "seed": ask.seed,
        "logprobs": 1,
        **({"stop": list(ask.stops)} if ask.stops else {}),
        **(more or {}),
    }
    return await client.post("/completions", body, Completion)


def how_it_ended(client: Client, choice: CompletionChoice) -> Ended:
    if choice.finish_reason == "length":
        return "length"
    if choice.finish_reason not in ENDED:
        raise EngineError(client.says(f"broke off a step ({choice.finish_reason})."))
    return "ended" if choice.met is None else "stopped"


def written(answer: Completion, text: str, ended: Ended) -> WrittenText:
    choice, usage = answer.choices[0], answer.usage
    logprobs, ids = choice.logprobs, choice.token_ids or ()
    tokens = usage.completion_tokens
    if logprobs is None or not len(logprobs.tokens) == len(logprobs.token_logprobs) > 0:
        return WrittenText(
            text, ended, usage.read, tokens if tokens is not None or logprobs is None else len(logprobs.tokens)
        )
    return WrittenText(
        text,
        ended,
        usage.read,
        len(logprobs.tokens) if tokens is None else tokens,
        tuple(ids) if len(ids) == len(logprobs.tokens) else (),
        tuple(logprobs.tokens),
        tuple(logprobs.token_logprobs),
    )


SERVERS.add("openai", OpenAI())
