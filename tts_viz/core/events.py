"""Everything that can happen to a search, as values. The trace, a list of events, is the source of truth: tree == fold(trace).

Knows nothing about who reads the events. An event records what *has happened*; what a strategy can ask for is in `ops`,
what a person can do is in `search.steering`. All events are emitted in one place, `Session._emit`. Their causes:

    Started                          the session is created
    Changed                          a person's new settings (`Session.change`)
    Expanded, NoCandidate            a policy's answer (`Expand`, `Rollout`); Expanded also `Revise`, or a person's step
    Scored                           a verifier's answer (`Score`)
    Decided                          `Select`; by "user": a decision repeated after a ScoreOverridden
    Valued                           `SetValue`
    Noted                            `Note`
    Ended                            the strategy is finished; by "user": `Session.stop`
    Pruned, Pinned, ScoreOverridden, MoreRequested, Undone
                                     a person's intervention (`Session.intervene`)

A failure of the strategy is not an event: the trace ends where it failed, and a replay fails there again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

from tts_viz.core.budget import Budget, Cost

Author = Literal["search", "user"]
NodeKind = Literal["root", "step", "rollout", "attempt"]
"""attempt: the start of a revised solution, whose context includes the earlier attempts; it has no text of its own."""

Finish = Literal["step", "eos", "length"]
"""How a step ended: at the delimiter (more may follow), at the end of the solution, or cut off at the token limit."""

NodeId = str
"""Structural: the parent's id, a dot, and the child's index; rollout children have an r, hand-written ones a u, attempts
an a: "0.3.1", "0.3.r0", "0.3.u0", "0.3.a0". The root is "0"."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that can change while a search runs; a change takes effect at the next request."""

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
    `table`: the rows of the table of choices that this search's strategies may look up (see `strategies.choice_table`)."""

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
    equal length; they are empty if unknown, as in a step written by hand. `replaces` is the sibling whose text was edited:
    it stays in the tree and is stale."""

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
    """The policy was asked for a child and gave none. This records the dead end."""

    parent: NodeId
    node: NodeId
    node_kind: NodeKind = "step"
    cost: Cost = field(default_factory=Cost)
    kind: Literal["withered"] = "withered"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Scored:
    """The verifier read the path to `node`. `rewards` belong to the path's last len(rewards) steps, in order."""

    node: NodeId
    rewards: tuple[float, ...]
    cost: Cost = field(default_factory=Cost)
    kind: Literal["scored"] = "scored"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Decided:
    """Some rivals were kept and the others pruned. `scores` are the rivals' aggregates at that moment.

    `places`: the number of best rivals kept, besides those that ended a solution; None if the decision did not go by rank
    (shares, chance). By "user": decided again because a person overrode a score.
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
    """The search assigned `value` to `node`: the outcome of a lookahead, or a value backed up by tree search."""

    node: NodeId
    value: float
    kind: Literal["valued"] = "valued"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Noted:
    """The strategy's own sentence on what it does next and why; `strategy` and `parameters` if it continues as another one."""

    why: str
    strategy: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    kind: Literal["noted"] = "noted"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Ended:
    """The strategy makes no more requests ("finished"), or a person stopped it."""

    why: Literal["finished", "stopped"]
    kind: Literal["ended"] = "ended"
    by: Author = "search"


@dataclass(frozen=True, slots=True)
class Pruned:
    """A person pruned these nodes, or restored them."""

    nodes: tuple[NodeId, ...]
    pruned: bool
    kind: Literal["trimmed"] = "trimmed"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A person pinned a node, so that no decision prunes it, or unpinned it."""

    node: NodeId
    pinned: bool
    kind: Literal["pinned"] = "pinned"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class ScoreOverridden:
    """A person replaced the verifier's score by their own; None: the verifier's score counts again."""

    node: NodeId
    reward: float | None
    kind: Literal["overrode"] = "overrode"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class MoreRequested:
    """A person asked for `n` more children of a node, each continued to the end of its solution if `whole`. `children` are
    the ids that they will have."""

    node: NodeId
    n: int
    whole: bool = False
    children: tuple[NodeId, ...] = ()
    kind: Literal["asked"] = "asked"
    by: Author = "user"


@dataclass(frozen=True, slots=True)
class Undone:
    """A person undid one of their interventions, number `deed` of this trace, or redid it (`redone`). (The name `deed` comes
    from the trace file format.)"""

    deed: int
    redone: bool = False
    kind: Literal["undone"] = "undone"
    by: Author = "user"


Intervention = Pruned | Pinned | ScoreOverridden | MoreRequested | Expanded
"""What a person can do by hand and undo; of the `Expanded` events only those by "user"."""

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


def start_of(trace: Sequence[Event]) -> Started | None:
    """The event that a trace begins with; None for a sequence that is not a trace."""
    return trace[0] if trace and isinstance(trace[0], Started) else None
