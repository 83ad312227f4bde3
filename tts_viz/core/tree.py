"""The search tree: nodes (see `node`), and the views of them that strategies read. Changed only by `Tree.apply(event)`.

Knows nothing about models, tasks or pages. `Tree.fold(trace[:k])` is the tree as it was after k events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tts_viz.core import aggregation as aggregate
from tts_viz.core.budget import Cost
from tts_viz.core.events import (
    Changed,
    Decided,
    Ended,
    Event,
    Expanded,
    Intervention,
    MoreRequested,
    NoCandidate,
    NodeId,
    NodeKind,
    Noted,
    Pinned,
    Pruned,
    Scored,
    ScoreOverridden,
    Settings,
    Started,
    Undone,
    Valued,
)
from tts_viz.core.node import Node, in_order, place_of

ROOT: NodeId = "0"


@dataclass(slots=True)
class Applied:
    """What a person did, the decision that was made anew because of it, and what both changed as it was before."""

    intervention: Intervention
    decision: Decided | None = None
    override: float | None = None
    flags: dict[NodeId, tuple[bool, bool]] = field(default_factory=dict)
    """(pruned, trimmed) of the nodes that it gave up or took back."""
    undone: bool = False


@dataclass(slots=True)
class Tree:
    """A fold of events. `nodes` is in order of birth; `decisions` are kept for "why was this pruned?"; `notes` is what
    the strategy said of itself, `interventions` what was done by hand, oldest first."""

    nodes: dict[NodeId, Node] = field(default_factory=lambda: {ROOT: Node(ROOT, None, "root")})
    started: Started | None = None
    ended: Ended | None = None
    spent: Cost = field(default_factory=Cost)
    decisions: list[Decided] = field(default_factory=list)
    notes: list[Noted] = field(default_factory=list)
    interventions: list[Applied] = field(default_factory=list)
    length: int = 0
    """How many events have been applied."""
    _settings: Settings | None = None
    _sampled: Counter[int] = field(default_factory=Counter)
    _generations: int = 0

    @classmethod
    def fold(cls, trace: Iterable[Event]) -> Tree:
        tree = cls()
        for event in trace:
            tree.apply(event)
        return tree

    # --- the one writer ---------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Raises KeyError for an unknown node and ValueError for a node that is there already."""
        match event:
            case Started():
                self.started, self._settings = event, event.settings
            case Changed():
                self._settings = event.settings
            case Expanded():
                self._grow(event)
            case NoCandidate():
                self._charge(self.nodes[event.parent], event)
            case Scored():
                path = self.nodes[event.node].path()
                for node, reward in zip(path[len(path) - len(event.rewards) :], event.rewards, strict=True):
                    node.reward = reward
                self.nodes[event.node].cost += event.cost
                self.spent += event.cost
            case Decided():
                if event.by == "user":
                    self._remember(self.interventions[-1], (*event.kept, *event.pruned)).decision = event
                self._decide(event)
                self.decisions.append(event)
            case Valued():
                self.nodes[event.node].value = event.value
            case Noted():
                self.notes.append(event)
            case Ended():
                self.ended = event
            case Pruned() | Pinned() | ScoreOverridden() | MoreRequested():
                self._do(event)
            case Undone():
                done = self.interventions[event.deed]
                self._redo(done) if event.redone else self._undo(done)
                done.undone = not event.redone
        if reopens(event, self.ended):
            self.ended = None
        self.length += 1

    def _decide(self, decision: Decided) -> None:
        for id in (*decision.kept, *decision.pruned):
            self.nodes[id].pruned = id in decision.pruned

    def _do(self, intervention: Intervention) -> None:
        done = Applied(intervention)
        self.interventions.append(done)
        if isinstance(intervention, Pruned):
            self._remember(done, intervention.nodes)
        if isinstance(intervention, ScoreOverridden):
            done.override = self.nodes[intervention.node].override
        self._redo(done)

    def _remember(self, done: Applied, nodes: Iterable[NodeId]) -> Applied:
        done.flags = {id: (self.nodes[id].pruned, self.nodes[id].pruned_by_user) for id in nodes}
        return done

    def _redo(self, done: Applied) -> None:
        match done.intervention:
            case Pruned(nodes, pruned):
                for node in map(self.nodes.__getitem__, nodes):
                    node.pruned_by_user, node.pruned = pruned, node.pruned and pruned
            case Pinned(id, pinned):
                self.nodes[id].pinned = pinned
            case ScoreOverridden(id, reward):
                self.nodes[id].override = reward
            case Expanded() | MoreRequested():
                self._withdraw(done.intervention, False)
        if done.decision:
            self._decide(done.decision)

    def _undo(self, done: Applied) -> None:
        for id, (pruned, trimmed) in done.flags.items():
            self.nodes[id].pruned, self.nodes[id].pruned_by_user = pruned, trimmed
        match done.intervention:
            case Pinned(id, pinned):
                self.nodes[id].pinned = not pinned
            case ScoreOverridden(id):
                self.nodes[id].override = done.override
            case Expanded() | MoreRequested():
                self._withdraw(done.intervention, True)

    def _withdraw(self, intervention: Expanded | MoreRequested, withdrawn: bool) -> None:
        born = intervention.children if isinstance(intervention, MoreRequested) else (intervention.node,)
        for node in filter(None, map(self.nodes.get, born)):
            node.withdrawn = withdrawn

    def _grow(self, event: Expanded) -> None:
        if event.node in self.nodes:
            raise ValueError(f"node {event.node} is there already")
        parent = self.nodes[event.parent]
        node = Node(
            event.node,
            parent,
            event.node_kind,
            event.text,
            event.tokens,
            event.logprobs,
            event.pieces,
            event.finish,
            event.by,
            depth=0 if event.node_kind == "attempt" else parent.depth + 1,
            place=(*parent.place, place_of(event.node)),
            born=self.length,
            cost=event.cost,
        )
        parent.children.append(node)
        self.nodes[node.id] = node
        self._charge(parent, event)
        if event.replaces:
            self.nodes[event.replaces].edits.append(node)
        if event.by == "user":
            self.interventions.append(Applied(event))

    def _charge(self, parent: Node, event: Expanded | NoCandidate) -> None:
        if event.node_kind == "step" and event.by == "search":
            parent.expanded = True
        self.spent += event.cost
        if event.cost.policy_calls:
            depth = self.charged_depth(parent, event.node_kind)
            self._sampled[depth] += 1
            self._generations = max(self._generations, self._sampled[depth])

    # --- views ------------------------------------------------------------------------------------------------------

    @property
    def root(self) -> Node:
        return self.nodes[ROOT]

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            raise ValueError("a tree has no settings before its Started event")
        return self._settings

    @property
    def max_depth(self) -> int:
        return self.started.max_depth if self.started else 40

    def is_open(self, node: Node) -> bool:
        """May a search grow from it? A live step (or the root) that was never expanded and did not end.

        "Never expanded", not "without live children": the latter would resurrect ancestors whose children were pruned.
        """
        return (
            node.kind != "rollout"
            and not node.expanded
            and node.finish == "step"
            and node.depth < self.max_depth
            and node.alive
        )

    def frontier(self) -> list[Node]:
        """All open nodes, in order."""
        return in_order(n for n in self.nodes.values() if self.is_open(n))

    def open_steps(self) -> list[Node]:
        """The frontier without the root: unfinished solutions."""
        return [n for n in self.frontier() if n.kind == "step"]

    def unscored(self) -> list[Node]:
        """Live steps that the verifier has not read, finished ones too."""
        return in_order(n for n in self.nodes.values() if n.kind == "step" and n.reward is None and n.alive)

    def finished(self) -> list[Node]:
        """Live ends of solutions, in order. A rollout that reached an end is not among them."""
        return in_order(n for n in self.nodes.values() if n.kind == "step" and n.finished and n.alive)

    def rewards(self, node: Node) -> list[float] | None:
        """The scores of the steps to `node`: the verifier's, or a person's in their place; the last one is the node's value
        where it has one. None while any of them is unknown.
        """
        path = node.path()
        rewards = [n.effective_reward for n in path]
        if path and node.value is not None and node.override is None:
            rewards[-1] = node.value
        known = [r for r in rewards if r is not None]
        return known if path and len(known) == len(path) else None

    def score(self, node: Node, aggregation: str | None = None) -> float | None:
        """The aggregate of `rewards(node)` under the aggregation in force (or another); None while unknown."""
        rewards = self.rewards(node)
        return None if rewards is None else aggregate.steps(rewards, aggregation or self.settings.aggregation)

    # --- accounts ---------------------------------------------------------------------------------------------------

    def charged_depth(self, parent: Node, kind: NodeKind) -> int:
        """The depth to which a child of `parent` is charged (see `budget`): a rollout's is its candidate's."""
        if kind == "rollout":
            return next(n.depth for n in parent.lineage() if n.kind != "rollout")
        return parent.depth + 1

    @property
    def generations(self) -> int:
        """Full answers' worth of policy calls so far (see `budget`)."""
        return self._generations

    def sampled(self, depth: int) -> int:
        """How many policy samples are charged to this depth so far."""
        return self._sampled[depth]


def reopens(event: Event, ended: Ended | None) -> bool:
    """Does an intervention make a search go on that had ended? What asks for something does; what only changes what counts does
    where the search had come to its own end, and not where a person had stopped it."""
    match event:
        case MoreRequested() | Expanded(by="user"):
            return ended is not None
        case Pruned(pruned=False) | ScoreOverridden() | Undone():
            return ended is not None and ended.why == "finished"
        case _:
            return False
