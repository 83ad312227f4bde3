"""The shapes of answers in OpenAI's protocol. Additional fields are ignored."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, FiniteFloat, NonNegativeInt


class ModelCard(BaseModel):
    """A model in `/models`. vLLM adds the most tokens of a text (`max_model_len`)."""

    id: str
    owned_by: str = ""
    max_model_len: int | None = None


class ModelList(BaseModel):
    data: list[ModelCard]


class Cached(BaseModel):
    cached_tokens: NonNegativeInt | None = None


class Usage(BaseModel):
    prompt_tokens: NonNegativeInt
    completion_tokens: NonNegativeInt | None = None
    prompt_tokens_details: Cached | None = None

    @property
    def read(self) -> int:
        """Tokens of the prompt that were read, without the cached ones if the server reports those."""
        kept = self.prompt_tokens_details.cached_tokens if self.prompt_tokens_details else None
        return max(0, self.prompt_tokens - (kept or 0))


class Logprobs(BaseModel):
    """One entry a token: its text, its natural log-probability, and those of the likeliest tokens."""

    tokens: list[str] = []
    token_logprobs: list[FiniteFloat] = []
    top_logprobs: list[dict[str, FiniteFloat]] | None = None


class CompletionChoice(BaseModel):
    """`stop_reason` (vLLM) and `matched_stop` (SGLang): the stop string or token that ended the text; null: an end token."""

    text: str
    finish_reason: str | None = None
    logprobs: Logprobs | None = None
    token_ids: list[int] | None = None
    stop_reason: str | int | None = None
    matched_stop: str | int | None = None

    @property
    def met(self) -> str | None:
        """The stop string that ended the text."""
        return next((m for m in (self.stop_reason, self.matched_stop) if isinstance(m, str)), None)

    @property
    def tells(self) -> bool:
        """Does the server say what ended a text?"""
        return bool({"stop_reason", "matched_stop"} & self.model_fields_set)


class Completion(BaseModel):
    choices: Annotated[list[CompletionChoice], Field(min_length=1)]
    usage: Usage
