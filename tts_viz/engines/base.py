"""The interface of policies and verifiers: two protocols, and the requests and answers they exchange.

Knows nothing about sessions, trees or how a model runs. Every request is self-contained: it has its own prefix,
temperature and seed, so requests of different sessions can share a batch without changing each other's answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from tts_viz.core.budget import Cost
from tts_viz.core.events import Finish
from tts_viz.tasks.base import Problem


@dataclass(frozen=True, slots=True)
class ContextStep:
    """A step already in the tree. `tokens`: the policy's tokens, delimiter included; empty for a hand-written step."""

    text: str
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """A request for one next step after `steps`. `asked` is the prompt for a policy that follows instructions.

    Equal requests get equal answers, whatever else is in the batch.

    Temperature 0 is greedy. `seed` has 64 bits and is unique to (session seed, node, child index). `earlier` holds the
    attempts that this one revises, oldest first, each a list of steps. An engine may reuse what it has already read for the
    same `search`, never for another one, so the costs of a search do not depend on other searches.
    """

    prompt: str
    steps: tuple[ContextStep, ...]
    temperature: float
    seed: int
    max_tokens: int
    earlier: tuple[tuple[str, ...], ...] = ()
    search: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sampled step: text without delimiter; tokens with it (or with the end-of-solution token); their log-probabilities.

    `pieces` holds the text of each token, so that a recorded run needs no tokenizer.
    """

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """Answer to a `SampleRequest`; `candidate` is None when the policy wrote an empty step."""

    candidate: Candidate | None
    cost: Cost = field(default_factory=Cost)


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """A request for the rewards of the last `wanted` (>= 1) steps. `problem` is for verifiers that use the task's checker."""

    prompt: str
    steps: tuple[str, ...]
    wanted: int
    problem: Problem | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Rewards:
    """Answer to a `ScoreRequest`: one reward in [0, 1] for each wanted step, in order."""

    rewards: tuple[float, ...]
    cost: Cost = field(default_factory=Cost)


class Policy(Protocol):
    """A language model that continues solutions step by step. `step_tokens`: the most tokens in one step."""

    name: str
    parameters: int
    step_tokens: int

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        """Returns answers in the order of the requests. Raises `EngineError`."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """An engine that caches the prefixes it has read."""

    def release(self, dead: Sequence[Any]) -> None:
        """These prefixes will not be continued, so their cache may be dropped. A later request for one is only slower."""
        ...

    def close(self, search: str) -> None:
        """This search will send no more requests."""
        ...


@runtime_checkable
class Distant(Protocol):
    """An engine that may be `distant`: it runs elsewhere, and other searches should not wait for its answers."""

    distant: bool


class Verifier(Protocol):
    """A process reward model."""

    name: str
    parameters: int

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        """Returns answers in the order of the requests. Raises `EngineError`."""
        ...


class Models(Protocol):
    """Engines by name."""

    def policy(self, name: str) -> Policy:
        """May be slow the first time. Raises ValueError for a policy that does not exist or may not be used here."""
        ...

    def verifier(self, name: str) -> Verifier:
        """May be slow the first time. Raises ValueError for a verifier that does not exist or may not be used here."""
        ...
