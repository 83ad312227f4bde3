"""What a search costs, and how much of it is allowed. Pure data; knows nothing about trees or models.

Units. A *generation* is one full answer's worth of policy calls, the x-axis of Snell et al. 2024. A search's generations
are the largest number of steps sampled at any one depth. So N independent solutions, a beam of N candidates at each depth,
and N subtrees all cost N, as in the paper. A rollout step is charged to the depth of the candidate it is rolled out from,
which gives lookahead's N·(k+1).
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one request, or of many added up. Tokens are counted by the engine that read or wrote them.

    `prefilled` are tokens the policy read but did not write. `reread` are those of `prefilled` and `verifier_tokens` that
    had been read before but were evicted from memory since. `flops` are 2 · parameters · tokens (forward pass); `seconds` is
    the request's equal share of its batch's time, so that the shares of a batch add up to its time.
    """

    policy_calls: int = 0
    generated: int = 0
    prefilled: int = 0
    verifier_calls: int = 0
    verifier_tokens: int = 0
    policy_flops: float = 0.0
    verifier_flops: float = 0.0
    seconds: float = 0.0
    reread: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def tokens(self) -> int:
        """Every token read or written by either model."""
        return self.generated + self.prefilled + self.verifier_tokens

    @property
    def flops(self) -> float:
        return self.policy_flops + self.verifier_flops


@dataclass(frozen=True, slots=True)
class Budget:
    """Caps; None means no cap. A request is sent only while spending is within every cap.

    `tokens` and `flops` count both models. They are known only after a request, so one batch can exceed them.
    """

    generations: int | None = 64
    tokens: int | None = None
    flops: float | None = None

    def __post_init__(self) -> None:
        for name in ("generations", "tokens", "flops"):
            cap = getattr(self, name)
            if cap is not None and not cap > 0:
                raise ValueError(f"budget {name}={cap} must be positive; leave it empty for no cap")

    def covers(self, generations: int, spent: Cost) -> bool:
        """May a request be sent that raises the generations to `generations`, if `spent` has been spent already?"""
        return (
            (self.generations is None or generations <= self.generations)
            and (self.tokens is None or spent.tokens < self.tokens)
            and (self.flops is None or spent.flops < self.flops)
        )
