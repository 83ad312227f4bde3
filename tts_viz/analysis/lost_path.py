"""The lost path: the moment after which a recorded search could no longer reach a right answer, and what lost it.

Only for tasks with an exact step checker. Knows nothing about pages or where scores come from. A node is *viable* while it
is alive and either ends a right solution, or can still be expanded and its path has only true steps with the goal reachable.
The trace records arrivals, not requests. So a node is known to wait for children if they arrive later in the trace, or if it
is in `awaited` when the trace ends first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tts_viz.analysis.judge import Judge, promising
from tts_viz.core.events import Decided, Event, Expanded, MoreRequested, NoCandidate, NodeId, Pruned, Undone
from tts_viz.core.node import Node, in_order
from tts_viz.core.tree import Tree
from tts_viz.tasks.base import StepTruth


@dataclass(frozen=True, slots=True)
class AtStake:
    """The viable rivals of one decision: those that are viable or have a viable descendant. `at`: the decision's index in the
    trace; `pruned`: best score first."""

    at: int
    decision: Decided
    kept: tuple[NodeId, ...]
    pruned: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True)
class LostPath:
    """What removed the last viable node. `at`: the index of that event in the trace.

    decision: it pruned `nodes` (best score first). samples: `nodes` were expanded, and no sample at `depth` was right,
    except `stuck`. hand: a person pruned or edited a step on the path to `nodes`.
    """

    how: Literal["decision", "samples", "hand"]
    at: int
    depth: int
    nodes: tuple[NodeId, ...]
    decision: Decided | None = None
    stuck: tuple[NodeId, ...] = ()
    """True steps with the goal reachable that still failed: the solution ended or was cut off there, or, if no sample was
    the cause, they had been pruned before."""
    restored: int = 0
    """How often the path was lost before and came back: a person restored it, or another attempt began."""

    @property
    def pruned(self) -> tuple[NodeId, ...]:
        """The nodes whose pruning lost the path; empty if no decision lost it."""
        return self.nodes if self.how == "decision" else ()


@dataclass(frozen=True, slots=True)
class LookBack:
    """The final loss, and what was at stake in each decision. `lost` is None if a right answer was found or is still
    reachable, or never was."""

    lost: LostPath | None
    at_stake: tuple[AtStake, ...]

    def stake_of(self, at: int) -> AtStake:
        """What was at stake in the decision at this index of the trace. Raises KeyError if no decision is there."""
        for stake in self.at_stake:
            if stake.at == at:
                return stake
        raise KeyError(at)


def look_back(
    trace: Sequence[Event], judge: Judge, awaited: Collection[NodeId] = (), until: int | None = None
) -> LookBack:
    """Track the viable nodes through a trace, or through its first `until` events.

    `awaited`: the nodes with requested children that are not in this trace yet. Raises ValueError for a task
    without an exact checker.
    """
    if not judge.checks:
        raise ValueError("only a task with an exact checker knows when the right path was lost")
    if judge.impossible:
        return LookBack(None, ())
    nodes = _ViableNodes(judge, judge.truths(Tree.fold(trace)), trace, awaited)
    for event in trace[:until]:
        nodes.follow(event)
    return LookBack(nodes.lost, tuple(nodes.at_stake))


class _ViableNodes:
    """The tree after each event, and its viable nodes. An event rechecks only the nodes it can change, so its cost does not
    grow with the length of the search."""

    def __init__(
        self, judge: Judge, truths: Mapping[NodeId, StepTruth], trace: Sequence[Event], awaited: Collection[NodeId]
    ) -> None:
        self.judge, self.truths, self.awaited = judge, truths, awaited
        self.tree = Tree()
        self.viable: set[NodeId] = {self.tree.root.id}
        self.lost: LostPath | None = None
        self.restored = 0
        self.at_stake: list[AtStake] = []
        arrived = {e.node: e.parent for e in trace if isinstance(e, Expanded | NoCandidate) and _sampled(e)}
        # Children a person requests are awaited only from that request on.
        self.by_hand = {id for e in trace if isinstance(e, MoreRequested) for id in e.children} & arrived.keys()
        self.missing = Counter(parent for id, parent in arrived.items() if id not in self.by_hand)
        """How many requested children of each node have not arrived yet."""

    def follow(self, event: Event) -> None:
        at, before, had_viable = self.tree.length, self.viable, bool(self.viable)
        match event:
            case Decided():
                self._decide(at, event)
            case Expanded(replaces=None) | NoCandidate():
                self._arrive(event)
            case Pruned() | Undone() | Expanded():
                self.tree.apply(event)
                self.viable = self._all()
            case MoreRequested():
                self.tree.apply(event)
                self.missing[event.node] += len(self.by_hand.intersection(event.children))
                self._check(self.tree.nodes[event.node])
            case _:
                self.tree.apply(event)
        if had_viable and not self.viable:
            self.lost = self._loss(at, event, before)
        elif self.viable and not had_viable:
            self.lost, self.restored = None, self.restored + 1

    # --- what an event does to viable nodes -----------------------------------------------------------------------------------

    def _decide(self, at: int, event: Decided) -> None:
        rivals = {*event.kept, *event.pruned}
        # A search decides about open steps. If a decision is made again, its steps may have been expanded: their subtrees follow.
        grown = any(child.kind != "rollout" for id in rivals for child in self.tree.nodes[id].children)
        before = self._leading(rivals, grown)
        self.tree.apply(event)
        if grown or event.by == "user":
            self.viable = self._all()
        else:
            self.viable.difference_update(event.pruned)
        after = self._leading(rivals, grown)
        best_first = sorted(event.pruned, key=lambda id: event.scores.get(id, float("-inf")), reverse=True)
        lost = tuple(id for id in best_first if id in before)
        self.at_stake.append(AtStake(at, event, tuple(id for id in event.kept if id in after), lost))

    def _arrive(self, event: Expanded | NoCandidate) -> None:
        self.tree.apply(event)
        self.missing[event.parent] -= _sampled(event)
        self._check(self.tree.nodes[event.parent])
        if event.node in self.tree.nodes:
            self._check(self.tree.nodes[event.node])

    def _leading(self, rivals: set[NodeId], grown: bool) -> set[NodeId]:
        """The rivals that are viable or have a viable descendant."""
        if not grown:
            return rivals & self.viable
        return rivals & {n.id for id in self.viable for n in self.tree.nodes[id].lineage()}

    def _check(self, node: Node) -> None:
        (self.viable.add if self._is_viable(node) else self.viable.discard)(node.id)

    def _all(self) -> set[NodeId]:
        return {n.id for n in self.tree.nodes.values() if self._is_viable(n)}

    def _is_viable(self, node: Node) -> bool:
        if node.kind == "rollout" or not promising(node, self.truths):
            return False
        if node.finished:
            return node.alive and self.judge.verdict(node)[1] is True
        awaits = self.missing[node.id] > 0 or node.id in self.awaited
        return self.tree.is_open(node) or (awaits and node.alive)

    # --- the last viable node --------------------------------------------------------------------------------------------------

    def _loss(self, at: int, event: Event, before: set[NodeId]) -> LostPath:
        if isinstance(event, Decided):
            return LostPath("decision", at, event.depth, self.at_stake[-1].pruned, event, restored=self.restored)
        if isinstance(event, NoCandidate) or (isinstance(event, Expanded) and event.replaces is None):
            return self._without_success(at, self.tree.nodes[event.parent])
        nodes = in_order(self.tree.nodes[id] for id in before)
        return LostPath("hand", at, nodes[0].depth, tuple(n.id for n in nodes), restored=self.restored)

    def _without_success(self, at: int, parent: Node) -> LostPath:
        """The steps after which nothing right was found: those at the depth of `parent` if it is one, else the deepest ones."""
        failed = [n for n in self.tree.nodes.values() if n.expanded and self._failed(n)]
        depth = parent.depth if parent in failed else max((n.depth for n in failed), default=parent.depth)
        nodes = in_order(n for n in failed if n.depth == depth)
        ends = (
            (c for n in nodes for c in n.children)
            if nodes
            else (n for n in self.tree.nodes.values() if _given_up_here(n))
        )
        stuck = in_order(n for n in ends if n.kind == "step" and promising(n, self.truths))
        return LostPath(
            "samples",
            at,
            depth + 1,
            tuple(n.id for n in nodes or [parent]),
            stuck=tuple(n.id for n in stuck),
            restored=self.restored,
        )

    def _failed(self, node: Node) -> bool:
        lives = node.alive and promising(node, self.truths)
        return lives and not any(self._leads_on(child) for child in node.children)

    def _leads_on(self, node: Node) -> bool:
        """Whether it is a right solution, or one could have followed."""
        if node.kind != "step" or not promising(node, self.truths):
            return False
        if node.finished:
            return self.judge.verdict(node)[1] is True
        return node.finish == "step" and node.depth < self.tree.max_depth


def _given_up_here(node: Node) -> bool:
    """Whether a dead branch starts at this node."""
    return node.parent is not None and node.parent.alive and not node.alive


def _sampled(event: Expanded | NoCandidate) -> bool:
    """Whether it answers a request for the next step."""
    return event.by == "search" and event.node_kind == "step"
