"""What a policy and a verifier are to the rest of the code: two protocols and the values they exchange.

Knows nothing about sessions, trees or how a model runs. Every request is complete in itself: it names its own prefix,
temperature and seed, so that requests of any sessions can share a batch without changing one another's answer.
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
    """A step already in the tree. `tokens` are the policy's own, delimiter included; empty for a hand-written step."""

    text: str
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """One next step after `steps`. `asked` is the prompt for a policy that follows instructions.

    Equal requests get equal answers, whatever runs beside them.

    temperature 0 is greedy. `seed` is 64 bits, unique to (session seed, node, child index). `earlier` are the attempts
    that this one revises, oldest first, each a list of steps. What was read for one `search` is not read again for it; its
    costs do not depend on other searches.
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
    """A sampled step: text without delimiter; tokens with it (or with the end-of-solution token); log-probs of them.

    `pieces` are the tokens as a person reads them, one a token, so that a recorded run needs no tokenizer.
    """

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """Answer to a `SampleRequest`; no candidate where the policy had nothing to say (an empty step)."""

    candidate: Candidate | None
    cost: Cost = field(default_factory=Cost)


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """The rewards of the last `wanted` (>= 1) of `steps`. `problem` is for verifiers that know the task's truth."""

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
    """A language model that continues solutions step by step. `step_tokens`: how long a step of it may be."""

    name: str
    parameters: int
    step_tokens: int

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        """Answers in the order of the requests. Raises `EngineError`."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """An engine that keeps what it has read, so as not to read it again."""

    def release(self, dead: Sequence[Any]) -> None:
        """These requests' prefixes will not go on: what is kept of them may be dropped. A later request is only slower."""
        ...

    def close(self, search: str) -> None:
        """This search will ask nothing more."""
        ...


@runtime_checkable
class Distant(Protocol):
    """An engine that may be `distant`: one that runs elsewhere, and for whose answers nobody else here should wait."""

    distant: bool


class Verifier(Protocol):
    """A process reward model."""

    name: str
    parameters: int

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        """Answers in the order of the requests. Raises `EngineError`."""
        ...


class Models(Protocol):
    """Engines by name, wherever they come from."""

    def policy(self, name: str) -> Policy:
        """May take long the first time. Raises ValueError where there is no such policy, or it may not be used here."""
        ...

    def verifier(self, name: str) -> Verifier:
        """May take long the first time. Raises ValueError where there is no such verifier, or it may not be used here."""
        ...
