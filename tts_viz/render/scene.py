"""Tree → Scene: the picture as plain values, drawn by the page, figures and text alike.

Pure. Knows each node's place, status, score and truth; nothing about pixels, colours or browsers.
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
"""open: may be expanded; kept: was expanded; stuck: alive, but nothing can follow; more: summary of pruned subtrees;
attempt: start of a revised solution; stale: since edited or withdrawn, or a descendant of such a step."""

Truth = Literal["unknown", "valid", "false", "lost", "doomed"]
"""lost: a valid step that makes the goal unreachable; doomed: a valid step after a lost or false one."""


class SceneNode(NamedTuple):
    """One node as drawn.

    `score` is the path's aggregate under the current aggregation, `reward` the verifier's score of this step alone; both are
    rounded to three digits. `reason` is empty if there is nothing to explain. The parent of an attempt is the start of the
    attempt that it revises, and it is drawn beside that. `lost_here`: pruning this node lost the last way to a right answer.
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
    """A setting changed during the run ("M 4 → 2"): it applies to steps from `depth` on."""

    depth: int
    label: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Nodes in order of creation, parents first. `chosen` is the end of the best solution."""

    nodes: dict[NodeId, SceneNode] = field(default_factory=dict)
    chosen: NodeId | None = None
    marks: tuple[Mark, ...] = ()
    aggregation: str = "last"

    @property
    def chosen_path(self) -> list[NodeId]:
        """From the root to `chosen`; empty if there is none."""
        path = []
        at = self.chosen
        while at is not None:
            path.append(at)
            at = self.nodes[at].parent
        return path[::-1]

    def places(self) -> dict[NodeId, float]:
        """Each node's position across the axis of depth, in units of the distance between neighbours; the root is at 0."""
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
    """The scene of a tree. `truth`: the exact checker's result for each step, if there is a checker; `lost_here`: the nodes
    whose pruning lost the last way to a right answer.

    `collapse`: draw one "+12 pruned" under a node in place of all its pruned descendants.
    """
    aggregation = tree.settings.aggregation if tree.started else "last"
    builder = _SceneBuilder(tree, truth or {}, aggregation, collapse, lost_here)
    drawn = [builder.drawn(node) for node in tree.nodes.values()]
    nodes = {n.id: n for n in [*filter(None, drawn), *builder.summaries()]}
    return Scene(nodes, chosen if chosen in nodes else None, tuple(marks), aggregation)


class _SceneBuilder:
    """One pass over a tree, parents before children, so that values along a path are computed once per node."""

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
        """The rewards on the path to a node, inclusive; None if one is unknown."""
        self._hidden: dict[NodeId, int] = {}
        """How many pruned nodes are not drawn, by the nearest ancestor that is."""

    def drawn(self, node: Node) -> SceneNode | None:
        """The node as drawn; None if it goes into a summary."""
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
        """Attempts of a chain are drawn below one another, at the same depth; the steps of each go to the right."""
        before = end.start
        self._depth[node.id] = depth = max(1, self._depth[before.id])
        self._rewards[node.id] = []
        text = f"attempt {len(node.earlier()) + 1}"
        status = "stale" if node.id in self._stale else "pruned" if node.id in self._pruned else "attempt"
        return SceneNode(node.id, before.id, depth, text, status)

    def summaries(self) -> list[SceneNode]:
        """One "+12 pruned" for each drawn node with hidden pruned descendants."""
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
        checked = self.truth.get(node.id)
        if checked is None:
            return "unknown", ""
        after = parent in self._doomed
        if not checked.reachable:
            self._doomed.add(node.id)
        if not checked.valid:
            return "false", checked.reason
        if checked.reachable:
            return "valid", ""
        return ("doomed", "") if after else ("lost", checked.reason)


def rounded(score: float) -> float:
    """To three digits that round to the same two digits as the score itself: 0.7849 must show as 0.78 everywhere, not as
    0.79 by way of 0.785."""
    three = round(score, 3)
    if f"{three:.2f}" != f"{score:.2f}":
        three = round(three + copysign(0.001, score - three), 3)
    return three


def _question(tree: Tree) -> str:
    """The text of the root: the problem as worded for people, else the prompt."""
    if tree.started is None:
        return ""
    problem = problem_of(tree.started)
    return problem.question if problem else tree.started.prompt
