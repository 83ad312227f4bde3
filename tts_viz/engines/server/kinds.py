"""The interface of kinds of servers: how to recognise one, and how to request text and scores. Knows no kind itself.

To add one, call `SERVERS.add(name, …)` with an object that has the methods of `ServerKind`, in a file beside this one that
`introduction` imports, or in another package with an entry point of the group `tts_viz.servers`. All its requests go
through the `Client`, which limits, retries and explains failures. See `openai_protocol.py` and `vllm.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tts_viz.core.registry import Registry
from tts_viz.engines.server.client import Client

Ended = Literal["stopped", "ended", "length", "hidden"]
"""Why a text ended: at a stop string (which is included in the text), at an end token, at the token limit; "hidden": at one
of the first two, but the server does not say which."""


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A request to continue a text until one of the `stops`. `seed` has 31 bits."""

    prompt: str | list[int]
    max_tokens: int
    temperature: float
    seed: int
    stops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrittenText:
    """What a server wrote. `tokens`, `pieces` and `logprobs` have one entry a token, or are empty if the server omits them.

    `read`: tokens of the prompt that were not cached. `written`: number of sampled tokens; None: unknown.
    """

    text: str
    ended: Ended
    read: int
    written: int | None
    tokens: tuple[int, ...] = ()
    pieces: tuple[str, ...] = ()
    logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenLabels:
    """The probabilities of the labels, for each token or only for the tokens that end a step. `read`: uncached tokens."""

    vectors: Sequence[Sequence[float]]
    read: int


@dataclass(frozen=True, slots=True)
class NextToken:
    """Log-probabilities of the next token: for those requested tokens that the server reports, and the `least` reported one."""

    logprobs: Mapping[int, float]
    least: float
    read: int


@dataclass(frozen=True, slots=True)
class Card:
    """What a server says about its model. `context`: most tokens of a text; None: unknown."""

    kind: ServerKind
    context: int | None = None


class ServerKind(Protocol):
    """A protocol, or one server's dialect of it. Methods raise EngineError if the server fails or lacks the function."""

    async def introduction(self, client: Client) -> Card | None:
        """The model's card; None if the server is not of this kind."""
        ...

    async def write(self, client: Client, ask: TextRequest) -> WrittenText: ...

    async def labels(self, client: Client, tokens: Sequence[int]) -> TokenLabels:
        """For verifiers that classify tokens."""
        ...

    async def next_token(self, client: Client, tokens: Sequence[int], among: Sequence[int]) -> NextToken:
        """For verifiers that write a sign: the probability of each token of `among` as the next one."""
        ...


SERVERS: Registry[ServerKind] = Registry("kind of server", "tts_viz.servers")
