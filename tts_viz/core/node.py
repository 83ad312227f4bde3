"""One node of the search tree: a step, with what was said of it and what became of it. Changed only by `Tree.apply`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tts_viz.core.budget import Cost
from tts_viz.core.events import Author, Finish, NodeId, NodeKind


@dataclass(slots=True, eq=False)
class Node:
    """One step. `reward` is what the verifier said of it, `override` what a person put in its place; `value` is what the
    search believes (None: the same). `depth` counts the steps of its own attempt."""

    id: NodeId
    parent: Node | None
    kind: NodeKind = "step"
    text: str = ""
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    pieces: tuple[str, ...] = ()
    finish: Finish = "step"
    by: Author = "search"
    reward: float | None = None
    override: float | None = None
    value: float | None = None
    pruned: bool = False
    """By a decision; `pruned_by_user`: by a person."""
    pruned_by_user: bool = False
    pinned: bool = False
    withdrawn: bool = False
    """Written by hand, and taken back."""
    expanded: bool = False
    children: list[Node] = field(default_factory=list)
    edits: list[Node] = field(default_factory=list)
    """Siblings that were written to replace it."""
    depth: int = 0
    place: tuple[tuple[str, int], ...] = ()
    """Sort key among nodes of its depth: by kind and index of every child on the way from the root."""
    born: int = 0
    """Index in the trace of the event that added the node."""
    cost: Cost = field(default_factory=Cost)
    """What sampling it and scoring up to it cost."""

    @property
    def replaced(self) -> bool:
        """Was its text edited? Then a sibling says what it should have said, and what follows it is stale."""
        return any(not edit.withdrawn for edit in self.edits)

    @property
    def alive(self) -> bool:
        """Neither it nor an ancestor is given up, replaced or withdrawn."""
        return not any(n.given_up or n.withdrawn or n.replaced for n in self.lineage())

    @property
    def given_up(self) -> bool:
        """Was it pruned, by a decision or by a person?"""
        return self.pruned or self.pruned_by_user

    @property
    def stale(self) -> bool:
        """Does it, or what it follows, no longer read as it did when it was sampled?"""
        return any(n.replaced for n in self.lineage())

    @property
    def effective_reward(self) -> float | None:
        """The score that counts for this step: a person's word before the verifier's."""
        return self.reward if self.override is None else self.override

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

    @property
    def start(self) -> Node:
        """Where its solution begins: the root, or the attempt that it belongs to."""
        return next(n for n in self.lineage() if n.kind in ("root", "attempt"))

    def path(self) -> list[Node]:
        """The steps of its solution, from the first down to the node; empty for the root and for an attempt."""
        steps = []
        for node in self.lineage():
            if node.kind in ("root", "attempt"):
                break
            steps.append(node)
        return steps[::-1]

    def earlier(self) -> list[Node]:
        """The ends of the attempts that the node's solution revises, oldest first."""
        ends = []
        start = self.start
        while start.parent is not None and start.parent.kind != "root":
            ends.append(start.parent)
            start = start.parent.start
        return ends[::-1]

    def rollout_end(self) -> Node:
        """The end of the rollout that starts here; the node itself when there is none."""
        node = self
        while rolled := [c for c in node.children if c.kind == "rollout"]:
            node = rolled[0]
        return node


def place_of(id: NodeId) -> tuple[str, int]:
    """Kind ("" for sampled steps, "r" rollouts, "u" by hand, "a" attempts) and index among siblings: ("u", 0) for "0.3.u0"."""
    last = id.rpartition(".")[2]
    index = last.lstrip("rua")
    return last[: len(last) - len(index)], int(index)


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """By depth, then as their parents, then as siblings were asked for: the same whatever order answers arrived in."""
    return sorted(nodes, key=lambda n: (n.depth, n.place))
