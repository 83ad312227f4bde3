"""Everything that can happen to a search, as values. The trace, a list of them, is the truth: tree == fold(trace).

Knows nothing about who listens. An event is what *has happened*; what a strategy asks for is in `ops`, what a person may
do is in `search.steering`. All are emitted in one place, `Session._emit`, because of:

    Started                          the session is made
    Changed                          a person's new settings (`Session.change`)
    Expanded, NoCandidate            a policy's answer (`Expand`, `Rollout`); Expanded also `Revise`, and a person's step
    Scored                           a verifier's answer (`Score`)
    Decided                          `Select`; by "user": a decision made anew after a ScoreOverridden
    Valued                           `SetValue`
    Noted                            `Note`
    Ended                            the strategy has nothing more to ask; by "user": `Session.stop`
    Pruned, Pinned, ScoreOverridden, MoreRequested, Undone
                                     what a person does by hand (`Session.intervene`)

A strategy that fails leaves no event: its trace ends where it failed, and replayed, it fails there again.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

from tts_viz.core.budget import Budget, Cost

Author = Literal["search", "user"]
NodeKind = Literal["root", "step", "rollout", "attempt"]
"""attempt: where a revised solution begins, with all that came before it as context; it has no text of its own."""

Finish = Literal["step", "eos", "length"]
"""How a step ended: at the delimiter (more may follow), at the end of the solution, or cut at the token limit."""

NodeId = str
"""Structural: the parent's id, a dot, and the child's index; rollout children have an r, hand-written ones a u, attempts
an a: "0.3.1", "0.3.r0", "0.3.u0", "0.3.a0". The root is "0"."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be changed while a search runs; each change takes effect at the next request."""

    strategy: str
    parameters: dict[str, Any]
    budget: Budget = field(default_factory=Budget)
    temperature: float = 1.0
    aggregation: str = "last"
    vote: str = "weighted"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """The first event. `problem` is the task's Problem as plain data; `policy` and `verifier` are names for people.
    `table`: what strategies that go by a table of choices may look up in this search (see `strategies.choice_table`)."""

    prompt: str
    settings: Settings
    _: KW_ONLY
    max_depth: int = 40
    max_tokens: int = 96
    problem: dict[str, Any] = field(default_factory=dict)
    policy: str = ""
    verifier: str = ""
    table: dict[str, Any] = field(default_factory=dict)
    kind: Literal["started"] = "started"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class Changed:
    """One setting has a new value: a field of `Settings` (strategy and parameters change together)."""

    settings: Settings
    what: str
    kind: Literal["changed"] = "changed"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class Expanded:
    """A node was added. `tokens`, `pieces` (their text) and `logprobs` (natural log, under the untempered policy) have
    equal length; they are empty where they are unknown, as in a step written by hand. `replaces` is the sibling whose
    text was edited: it stays, and is stale."""

    parent: NodeId
    node: NodeId
    text: str
    node_kind: NodeKind = "step"
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    pieces: tuple[str, ...] = ()
    finish: Finish = "step"
    cost: Cost = field(default_factory=Cost)
    replaces: NodeId | None = None
    kind: Literal["grew"] = "grew"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class NoCandidate:
    """The policy was asked for a child and gave nothing: recorded, so that a dead end is known as one."""

    parent: NodeId
    node: NodeId
    node_kind: NodeKind = "step"
    cost: Cost = field(default_factory=Cost)
    kind: Literal["withered"] = "withered"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Scored:
    """The verifier read the path to `node`. `rewards` are those of the path's last len(rewards) steps, in order."""

    node: NodeId
    rewards: tuple[float, ...]
    cost: Cost = field(default_factory=Cost)
    kind: Literal["scored"] = "scored"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Decided:
    """Some rivals were kept and the others pruned. `scores` are the rivals' aggregates at that moment.

    `places`: the best that many were kept, and whoever had ended a solution; None where it was not the rank that decided
    (shares, chance). By "user": decided anew because a person overrode a score.
    """

    kept: tuple[NodeId, ...]
    pruned: tuple[NodeId, ...]
    scores: dict[NodeId, float]
    aggregation: str
    depth: int
    places: int | None = None
    kind: Literal["decided"] = "decided"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Valued:
    """The search believes `value` of `node`: a lookahead's outcome, or a value backed up by tree search."""

    node: NodeId
    value: float
    kind: Literal["valued"] = "valued"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Noted:
    """The strategy says, in a sentence, what it does next and why; `strategy` and `parameters` where it goes on by another."""

    why: str
    strategy: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    kind: Literal["noted"] = "noted"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Ended:
    """The strategy has nothing more to ask ("finished"), or a person stopped it."""

    why: Literal["finished", "stopped"]
    kind: Literal["ended"] = "ended"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Pruned:
    """A person pruned these nodes, or took back that they were pruned."""

    nodes: tuple[NodeId, ...]
    pruned: bool
    kind: Literal["trimmed"] = "trimmed"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A person pinned a node, so that no decision prunes it, or let it go again."""

    node: NodeId
    pinned: bool
    kind: Literal["pinned"] = "pinned"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class ScoreOverridden:
    """A person put their own score in place of the verifier's; None: the verifier's counts again."""

    node: NodeId
    reward: float | None
    kind: Literal["overrode"] = "overrode"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class MoreRequested:
    """A person asked for `n` more children of a node, each on to the end of its solution if `whole`. `children` are the
    ids that they will have."""

    node: NodeId
    n: int
    whole: bool = False
    children: tuple[NodeId, ...] = ()
    kind: Literal["asked"] = "asked"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class Undone:
    """A person took back one of their interventions, number `deed` of this trace, or (`redone`) did it again. (`deed` is the
    word that trace files have.)"""

    deed: int
    redone: bool = False
    kind: Literal["undone"] = "undone"
    by: Author = "user"


Intervention = Pruned | Pinned | ScoreOverridden | MoreRequested | Expanded
"""What a person can do by hand and take back; a `Expanded` only by "user"."""

Event = (
    Started
    | Changed
    | Expanded
    | NoCandidate
    | Scored
    | Decided
    | Valued
    | Noted
    | Ended
    | Pruned
    | Pinned
    | ScoreOverridden
    | MoreRequested
    | Undone
)
