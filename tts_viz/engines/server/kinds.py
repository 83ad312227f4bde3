"""What a kind of server is: how it is recognised, and how it is asked for text and for scores. Knows none of them.

To add one: a file beside this one that `introduction` imports, or in another package, named by an entry point of the group
`tts_viz.servers`; in it `SERVERS.add(name, …)` with an object that has the methods of `ServerKind`. All it says to its server
goes through the `Client`, which sends again, counts and explains. `openai_protocol.py` and `vllm.py` are two of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tts_viz.core.registry import Registry
from tts_viz.engines.server.client import Client

Ended = Literal["stopped", "ended", "length", "hidden"]
"""Why a text goes no further: it met a stop string (which is its last part), by itself, at the token limit; or by one of the
first two, and the server hides by which."""


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A text to be gone on with, until one of the `stops`. `seed` has 31 bits."""

    prompt: str | list[int]
    max_tokens: int
    temperature: float
    seed: int
    stops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrittenText:
    """What a server wrote. `pieces` and `logprobs` have one entry a token; all of the three are empty where it does not tell.

    `read`: tokens of the prompt that it had to read. `written`: tokens that it wrote; None: it does not say.
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
    """The probabilities of a model's labels, for each token that it was given or for each that ends a step."""

    vectors: Sequence[Sequence[float]]
    read: int


@dataclass(frozen=True, slots=True)
class NextToken:
    """Log-probabilities of what would come next: of those tokens that were asked for and are told, and the lowest told."""

    logprobs: Mapping[int, float]
    least: float
    read: int


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model on its server. `context`: how many tokens a text may have; None: it does not say."""

    kind: ServerKind
    context: int | None = None


class ServerKind(Protocol):
    """One protocol, or one server's dialect of it. All methods raise EngineError in words where the server fails or cannot."""

    async def introduction(self, client: Client) -> Card | None:
        """What the server says of the model; None where it is not of this kind."""
        ...

    async def write(self, client: Client, ask: TextRequest) -> WrittenText: ...

    async def labels(self, client: Client, tokens: Sequence[int]) -> TokenLabels:
        """For verifiers that sort tokens into classes."""
        ...

    async def next_token(self, client: Client, tokens: Sequence[int], among: Sequence[int]) -> NextToken:
        """For verifiers that write a sign: how likely each token of `among` comes next."""
        ...


SERVERS: Registry[ServerKind] = Registry("kind of server", "tts_viz.servers")
