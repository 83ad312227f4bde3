"""What is drawn: Tree → Scene, a picture as plain values, which the page, figures and text all draw from.

Pure. Knows what a node looks like (its place, status, score and truth), nothing about pixels, colours or browsers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import copysign
from typing import Literal, NamedTuple

from tts_viz.core import aggregation as aggregate
from tts_viz.core.events import NodeId
from tts_viz.core.node import Node
from tts_viz.core.tree import ROOT, Tree
from tts_viz.render import layout
from tts_viz.tasks.base import StepTruth, problem_of

Status = Literal["root", "open", "kept", "pruned", "finished", "stuck", "rollout", "more", "attempt", "stale"]
"""open: may be expanded; kept: was expanded; stuck: lives, but nothing can follow; more: stands for pruned subtrees;
attempt: where a revised solution begins; stale: edited or taken back since, or after such a step."""

Truth = Literal["unknown", "valid", "false", "lost", "doomed"]
"""lost: a valid step after which the goal is out of reach; doomed: a valid step after such a step or a false one."""


class SceneNode(NamedTuple):
    """One node as drawn.

    `score` is the aggregate of the path under the aggregation in force, `reward` the verifier's word on this step
    alone; both are rounded to three digits. `reason` is empty where there is nothing to explain. The parent of an attempt
    is the beginning of the one that it revises, beside which it stands. `lost_here`: with this node's prune the last way to
    a right answer was lost.
    """

    id: NodeId
    parent: NodeId | None
    depth: int
    text: str
    status: Status
    score: float | None = None
    reward: float | None = None
    truth: Truth = "unknown"
    reason: str = ""
    pinned: bool = False
    lost_here: bool = False

    @property
    def label(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())

    @property
    def by_hand(self) -> bool:
        """Written by a person (their keys begin with u; see events.NodeId)."""
        return self.id.rpartition(".")[2].startswith("u")


class Mark(NamedTuple):
    """A setting changed during the run: steps from `depth` on were made under it ("M 4 → 2")."""

    depth: int
    label: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Nodes in order of birth, parents first. `chosen` is where the best solution ends."""

    nodes: dict[NodeId, SceneNode] = field(default_factory=dict)
    chosen: NodeId | None = None
    marks: tuple[Mark, ...] = ()
    aggregation: str = "last"

    @property
    def chosen_path(self) -> list[NodeId]:
        """From the root to `chosen`; empty without one."""
        path = []
        at = self.chosen
        while at is not None:
            path.append(at)
            at = self.nodes[at].parent
        return path[::-1]

    def places(self) -> dict[NodeId, float]:
        """Where each node stands across the axis of depth, in distances of neighbours; the root stands at 0."""
        number = {id: i for i, id in enumerate(self.nodes)}
        parents = [-1 if n.parent is None else number[n.parent] for n in self.nodes.values()]
        places = layout.absolute(parents, layout.tidy(parents))
        return {id: place / layout.SPACING for id, place in zip(self.nodes, places)}


def scene(
    tree: Tree,
    truth: Mapping[NodeId, StepTruth] | None = None,
    chosen: NodeId | None = None,
    marks: Sequence[Mark] = (),
    collapse: bool = False,
    lost_here: Collection[NodeId] = (),
) -> Scene:
    """The picture of a tree at this moment. `truth` is the exact checker's word on each step, where there is one;
    `lost_here` are the nodes with which the last way to a right answer was pruned.

    `collapse`: draw one "+12 pruned" under a node in place of all that was pruned under it.
    """
    aggregation = tree.settings.aggregation if tree.started else "last"
    sight = _SceneBuilder(tree, truth or {}, aggregation, collapse, lost_here)
    drawn = [sight.see(node) for node in tree.nodes.values()]
    nodes = {n.id: n for n in [*filter(None, drawn), *sight.summaries()]}
    return Scene(nodes, chosen if chosen in nodes else None, tuple(marks), aggregation)


class _SceneBuilder:
    """One look at a tree, parents before children, so that whatever runs down a path is computed once a node."""

    def __init__(
        self,
        tree: Tree,
        truth: Mapping[NodeId, StepTruth],
        aggregation: str,
        collapse: bool,
        lost_here: Collection[NodeId],
    ) -> None:
        self.tree, self.truth, self.aggregation, self.collapse = tree, truth, aggregation, collapse
        self.lost_here = lost_here
        self._depth: dict[NodeId, int] = {ROOT: 0}
        self._pruned: set[NodeId] = set()
        self._stale: set[NodeId] = set()
        self._doomed: set[NodeId] = set()
        self._rewards: dict[NodeId, list[float] | None] = {}
        """The rewards on the path to a node, itself included; None where one is unknown."""
        self._hidden: dict[NodeId, int] = {}
        """Pruned nodes that are not drawn, by the nearest ancestor that is."""

    def see(self, node: Node) -> SceneNode | None:
        """None for a node that is summed up."""
        if node.parent is None:
            self._rewards[node.id] = []
            return SceneNode(node.id, None, 0, _question(self.tree), "root")
        parent = node.parent.id
        if node.replaced or node.withdrawn or parent in self._stale:
            self._stale.add(node.id)
        if node.given_up or parent in self._pruned:
            self._pruned.add(node.id)
            if self.collapse:
                self._hide(node)
                return None
        if node.kind == "attempt":
            return self._attempt(node, node.parent)
        self._depth[node.id] = depth = self._depth[parent] + 1
        score = self._score(node, parent)
        truth, reason = self._truth(node, parent)
        reward = None if node.effective_reward is None else rounded(node.effective_reward)
        status, lost = self._status(node), node.id in self.lost_here
        return SceneNode(node.id, parent, depth, node.text, status, score, reward, truth, reason, node.pinned, lost)

    def _attempt(self, node: Node, end: Node) -> SceneNode:
        """Attempts of a chain stand under one another; the steps of each unfold beside it."""
        before = end.start
        self._depth[node.id] = depth = max(1, self._depth[before.id])
        self._rewards[node.id] = []
        text = f"attempt {len(node.earlier()) + 1}"
        status = "stale" if node.id in self._stale else "pruned" if node.id in self._pruned else "attempt"
        return SceneNode(node.id, before.id, depth, text, status)

    def summaries(self) -> list[SceneNode]:
        """One "+12 pruned" for each drawn node under which pruned ones are not."""
        return [
            SceneNode(f"{id}.+", id, self._depth[id] + 1, f"+{count} pruned", "more")
            for id, count in self._hidden.items()
        ]

    def _hide(self, node: Node) -> None:
        above = next(n for n in node.lineage() if n.id not in self._pruned)
        self._hidden[above.id] = self._hidden.get(above.id, 0) + 1

    def _score(self, node: Node, parent: NodeId) -> float | None:
        before = self._rewards[parent]
        own = node.effective_reward if node.value is None or node.override is not None else node.value
        self._rewards[node.id] = (
            None if before is None or node.effective_reward is None else [*before, node.effective_reward]
        )
        return None if before is None or own is None else rounded(aggregate.steps([*before, own], self.aggregation))

    def _status(self, node: Node) -> Status:
        if node.kind == "rollout":
            return "rollout"
        if node.id in self._stale:
            return "stale"
        if node.id in self._pruned:
            return "pruned"
        if node.finished:
            return "finished"
        if not node.expanded:
            return "open" if node.finish == "step" and node.depth < self.tree.max_depth else "stuck"
        return "kept" if any(child.kind == "step" for child in node.children) else "stuck"

    def _truth(self, node: Node, parent: NodeId) -> tuple[Truth, str]:
        said = self.truth.get(node.id)
        if said is None:
            return "unknown", ""
        after = parent in self._doomed
        if not said.reachable:
            self._doomed.add(node.id)
        if not said.valid:
            return "false", said.reason
        if said.reachable:
            return "valid", ""
        return ("doomed", "") if after else ("lost", said.reason)


def rounded(score: float) -> float:
    """To three digits, of which two are those of the score itself: 0.7849 is 0.78 wherever it is written, and not 0.79
    for having been 0.785 in between."""
    three = round(score, 3)
    if f"{three:.2f}" != f"{score:.2f}":
        three = round(three + copysign(0.001, score - three), 3)
    return three


def _question(tree: Tree) -> str:
    """What the root shows: the problem in words for people, else the prompt."""
    if tree.started is None:
        return ""
    problem = problem_of(tree.started)
    return problem.question if problem else tree.started.prompt
