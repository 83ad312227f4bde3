"""The search tree: nodes, and the views of them that strategies read. Changed only by `Tree.apply(event)`.

Knows nothing about models, tasks or pages. `Tree.fold(trace[:k])` is the tree as it was after k events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tts_viz import aggregate
from tts_viz.budget import Cost
from tts_viz.events import (
    Author,
    Changed,
    Decided,
    Ended,
    Event,
    Finish,
    Grew,
    Kind,
    NodeId,
    Scored,
    Settings,
    Started,
    Valued,
    Withered,
)

ROOT: NodeId = "0"


@dataclass(slots=True, eq=False)
class Node:
    """One step. `reward` is what the verifier said of it; `value` what the search believes (None: the same)."""

    id: NodeId
    parent: Node | None
    kind: Kind = "step"
    text: str = ""
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    pieces: tuple[str, ...] = ()
    finish: Finish = "step"
    by: Author = "search"
    reward: float | None = None
    value: float | None = None
    pruned: bool = False
    expanded: bool = False
    children: list[Node] = field(default_factory=list)
    depth: int = 0
    place: tuple[tuple[str, int], ...] = ()
    """Sort key among nodes of its depth: by kind and index of every child on the way from the root."""
    born: int = 0
    """Index in the trace of the event that added the node."""
    cost: Cost = field(default_factory=Cost)
    """What sampling it and scoring up to it cost."""

    @property
    def alive(self) -> bool:
        """Neither it nor an ancestor is pruned."""
        return not any(n.pruned for n in self.lineage())

    @property
    def finished(self) -> bool:
        """Ends a solution."""
        return self.finish == "eos" and self.kind != "root"

    def lineage(self) -> Iterator[Node]:
        """The node, its parent, … the root."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def path(self) -> list[Node]:
        """The steps from the root's child down to the node; empty for the root."""
        return [n for n in self.lineage() if n.kind != "root"][::-1]

    def tip(self) -> Node:
        """The end of the rollout that starts here; the node itself when there is none."""
        node = self
        while rolled := [c for c in node.children if c.kind == "rollout"]:
            node = rolled[0]
        return node


@dataclass(slots=True)
class Tree:
    """A fold of events. `nodes` is in order of birth; `decisions` are kept for "why was this pruned?"."""

    nodes: dict[NodeId, Node] = field(default_factory=lambda: {ROOT: Node(ROOT, None, "root")})
    started: Started | None = None
    ended: Ended | None = None
    spent: Cost = field(default_factory=Cost)
    decisions: list[Decided] = field(default_factory=list)
    length: int = 0
    """How many events have been applied."""
    _settings: Settings | None = None
    _sampled: Counter[int] = field(default_factory=Counter)

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
            case Grew():
                self._grow(event)
            case Withered():
                self._charge(self.nodes[event.parent], event)
            case Scored():
                path = self.nodes[event.node].path()
                for node, reward in zip(path[len(path) - len(event.rewards) :], event.rewards, strict=True):
                    node.reward = reward
                self.nodes[event.node].cost += event.cost
                self.spent += event.cost
            case Decided():
                for id in event.pruned:
                    self.nodes[id].pruned = True
                self.decisions.append(event)
            case Valued():
                self.nodes[event.node].value = event.value
            case Ended():
                self.ended = event
        self.length += 1

    def _grow(self, event: Grew) -> None:
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
            depth=parent.depth + 1,
            place=(*parent.place, place_of(event.node)),
            born=self.length,
            cost=event.cost,
        )
        parent.children.append(node)
        self.nodes[node.id] = node
        self._charge(parent, event)

    def _charge(self, parent: Node, event: Grew | Withered) -> None:
        if event.node_kind == "step":
            parent.expanded = True
        self.spent += event.cost
        if event.cost.policy_calls:
            self._sampled[self.charged_depth(parent, event.node_kind)] += 1

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
        """The verifier's scores of the steps to `node`, the last one replaced by the node's value where it has one.

        None while any of them is unknown.
        """
        path = node.path()
        rewards = [n.reward for n in path]
        if path and node.value is not None:
            rewards[-1] = node.value
        known = [r for r in rewards if r is not None]
        return known if path and len(known) == len(path) else None

    def score(self, node: Node, aggregation: str | None = None) -> float | None:
        """The aggregate of `rewards(node)` under the aggregation in force (or another); None while unknown."""
        rewards = self.rewards(node)
        return None if rewards is None else aggregate.steps(rewards, aggregation or self.settings.aggregation)

    # --- accounts ---------------------------------------------------------------------------------------------------

    def charged_depth(self, parent: Node, kind: Kind) -> int:
        """The depth to which a child of `parent` is charged (see `budget`): a rollout's is its candidate's."""
        if kind == "rollout":
            return next(n.depth for n in parent.lineage() if n.kind != "rollout")
        return parent.depth + 1

    @property
    def generations(self) -> int:
        """Full answers' worth of policy calls so far (see `budget`)."""
        return max(self._sampled.values(), default=0)

    def sampled(self, depth: int) -> int:
        """How many policy samples are charged to this depth so far."""
        return self._sampled[depth]


def place_of(id: NodeId) -> tuple[str, int]:
    """Kind ("" for sampled steps, "r" rollouts, "u" written by hand) and index among its siblings: ("u", 0) for "0.3.u0"."""
    last = id.rpartition(".")[2]
    index = last.lstrip("ru")
    return last[: len(last) - len(index)], int(index)


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """By depth, then as their parents, then as siblings were asked for: the same whatever order answers arrived in."""
    return sorted(nodes, key=lambda n: (n.depth, n.place))
