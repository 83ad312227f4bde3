"""Regret: the moment after which a recorded search could no longer reach a right answer, and what lost it.

For tasks whose every step can be checked. Knows nothing about pages or scores' sources. A node is a *hope* while it is
alive and the end of a right solution, or can still grow and has only true steps from which the goal can be reached. The
trace does not say what was asked for, only what came: a node whose children have not all come in yet is known by those
that come later in the trace, and by `awaited` where the trace ends before them.
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
    """The hopes among the rivals of one decision, each rival that is one or leads to one. `at`: its index in the trace;
    `pruned`: best score first."""

    at: int
    decision: Decided
    kept: tuple[NodeId, ...]
    pruned: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True)
class LostPath:
    """What took the last hope. `at`: the index in the trace of the event that did.

    decision: it pruned `nodes` (best score first). samples: `nodes` were expanded, and nothing right came of it at
    `depth`, except `stuck`. hand: a person gave up or edited what led to `nodes`.
    """

    how: Literal["decision", "samples", "hand"]
    at: int
    depth: int
    nodes: tuple[NodeId, ...]
    decision: Decided | None = None
    stuck: tuple[NodeId, ...] = ()
    """True steps with the goal in reach that came to nothing all the same: the solution was ended there or cut off, or,
    where no sample was to blame, they had been given up before."""
    restored: int = 0
    """How often hope had been lost before, and come back: a person restored it, or another attempt began."""


@dataclass(frozen=True, slots=True)
class LookBack:
    """What became of hope: the loss that was final (None: a right answer is there or in reach, or none ever was), and
    every decision."""

    regret: LostPath | None
    stakes: tuple[AtStake, ...]

    def lost_by(self, at: int) -> AtStake:
        """What was at stake in the decision at this index of the trace. Raises KeyError where no decision is."""
        for stake in self.stakes:
            if stake.at == at:
                return stake
        raise KeyError(at)


def look_back(
    trace: Sequence[Event], judge: Judge, awaited: Collection[NodeId] = (), until: int | None = None
) -> LookBack:
    """Follow hope through a trace, or through its first `until` events, seen from its end.

    `awaited`: the nodes that have asked for children which this trace does not have yet. Raises ValueError for a task
    without an exact checker.
    """
    if not judge.checks:
        raise ValueError("only a task with an exact checker knows when the right path was lost")
    if judge.impossible:
        return LookBack(None, ())
    walk = _Walk(judge, judge.truths(Tree.fold(trace)), trace, awaited)
    for event in trace[:until]:
        walk.follow(event)
    return LookBack(walk.lost, tuple(walk.stakes))


class _Walk:
    """The tree as it was, event by event, and who is a hope in it. Only what an event can have changed is looked at
    again, so that an event of a long search takes no longer than one of a short search."""

    def __init__(
        self, judge: Judge, truths: Mapping[NodeId, StepTruth], trace: Sequence[Event], awaited: Collection[NodeId]
    ) -> None:
        self.judge, self.truths, self.awaited = judge, truths, awaited
        self.tree = Tree()
        self.hopes: set[NodeId] = {self.tree.root.id}
        self.lost: LostPath | None = None
        self.restored = 0
        self.stakes: list[AtStake] = []
        came = {e.node: e.parent for e in trace if isinstance(e, Expanded | NoCandidate) and _sampled(e)}
        # What a person asks for is awaited only once they have asked.
        self.by_hand = {id for e in trace if isinstance(e, MoreRequested) for id in e.children} & came.keys()
        self.missing = Counter(parent for id, parent in came.items() if id not in self.by_hand)
        """How many children of each node were asked for and are still to come."""

    def follow(self, event: Event) -> None:
        at, before, had = self.tree.length, self.hopes, bool(self.hopes)
        match event:
            case Decided():
                self._decide(at, event)
            case Expanded(replaces=None) | NoCandidate():
                self._come(event)
            case Pruned() | Undone() | Expanded():
                self.tree.apply(event)
                self.hopes = self._all()
            case MoreRequested():
                self.tree.apply(event)
                self.missing[event.node] += len(self.by_hand.intersection(event.children))
                self._look_at(self.tree.nodes[event.node])
            case _:
                self.tree.apply(event)
        if had and not self.hopes:
            self.lost = self._loss(at, event, before)
        elif self.hopes and not had:
            self.lost, self.restored = None, self.restored + 1

    # --- what an event does to hope -----------------------------------------------------------------------------------

    def _decide(self, at: int, event: Decided) -> None:
        rivals = {*event.kept, *event.pruned}
        # A search decides about open steps; one decided anew may have been expanded meanwhile, and what grew goes with it.
        grown = any(child.kind != "rollout" for id in rivals for child in self.tree.nodes[id].children)
        before = self._leading(rivals, grown)
        self.tree.apply(event)
        if grown or event.by == "user":
            self.hopes = self._all()
        else:
            self.hopes.difference_update(event.pruned)
        after = self._leading(rivals, grown)
        best_first = sorted(event.pruned, key=lambda id: event.scores.get(id, float("-inf")), reverse=True)
        lost = tuple(id for id in best_first if id in before)
        self.stakes.append(AtStake(at, event, tuple(id for id in event.kept if id in after), lost))

    def _come(self, event: Expanded | NoCandidate) -> None:
        self.tree.apply(event)
        self.missing[event.parent] -= _sampled(event)
        self._look_at(self.tree.nodes[event.parent])
        if event.node in self.tree.nodes:
            self._look_at(self.tree.nodes[event.node])

    def _leading(self, rivals: set[NodeId], grown: bool) -> set[NodeId]:
        """The rivals that are hopes, or lead to one."""
        if not grown:
            return rivals & self.hopes
        return rivals & {n.id for id in self.hopes for n in self.tree.nodes[id].lineage()}

    def _look_at(self, node: Node) -> None:
        (self.hopes.add if self._is_hope(node) else self.hopes.discard)(node.id)

    def _all(self) -> set[NodeId]:
        return {n.id for n in self.tree.nodes.values() if self._is_hope(n)}

    def _is_hope(self, node: Node) -> bool:
        if node.kind == "rollout" or not promising(node, self.truths):
            return False
        if node.finished:
            return node.alive and self.judge.verdict(node)[1] is True
        awaits = self.missing[node.id] > 0 or node.id in self.awaited
        return self.tree.is_open(node) or (awaits and node.alive)

    # --- the last hope --------------------------------------------------------------------------------------------------

    def _loss(self, at: int, event: Event, before: set[NodeId]) -> LostPath:
        if isinstance(event, Decided):
            return LostPath("decision", at, event.depth, self.stakes[-1].pruned, event, restored=self.restored)
        if isinstance(event, NoCandidate) or (isinstance(event, Expanded) and event.replaces is None):
            return self._fruitless(at, self.tree.nodes[event.parent])
        nodes = in_order(self.tree.nodes[id] for id in before)
        return LostPath("hand", at, nodes[0].depth, tuple(n.id for n in nodes), restored=self.restored)

    def _fruitless(self, at: int, parent: Node) -> LostPath:
        """The steps after which nothing right was found, as deep as the last one of them was, or as any was."""
        failed = [n for n in self.tree.nodes.values() if n.expanded and self._failed(n)]
        depth = parent.depth if parent in failed else max((n.depth for n in failed), default=parent.depth)
        nodes = in_order(n for n in failed if n.depth == depth)
        ends = (c for n in nodes for c in n.children) if nodes else (n for n in self.tree.nodes.values() if _fallen(n))
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
        """Is it a right solution, or could one have followed?"""
        if node.kind != "step" or not promising(node, self.truths):
            return False
        if node.finished:
            return self.judge.verdict(node)[1] is True
        return node.finish == "step" and node.depth < self.tree.max_depth


def _fallen(node: Node) -> bool:
    """Was a branch given up here?"""
    return node.parent is not None and node.parent.alive and not node.alive


def _sampled(event: Expanded | NoCandidate) -> bool:
    """Is it the answer to a request for the next step?"""
    return event.by == "search" and event.node_kind == "step"


# --- in words -----------------------------------------------------------------------------------------------------------


def in_words(regret: LostPath, tree: Tree) -> list[str]:
    """Sentences for people. `tree`: the search at its end."""
    match regret.how:
        case "decision":
            said = _pruned(regret, tree)
        case "samples":
            said = [_untried(regret, tree)]
        case _:
            said = [f"The right path was lost by hand: it had led to {_named(regret.nodes, tree)}."]
    return said + (["It had been lost before, and had come back."] if regret.restored else [])


def _pruned(regret: LostPath, tree: Tree) -> list[str]:
    assert regret.decision is not None
    decision, best = regret.decision, regret.nodes[0]
    rivals, score = len(decision.kept) + len(decision.pruned), decision.scores.get(best)
    were = "was" if len(decision.kept) == 1 else "were"
    kept = f"only {len(decision.kept)} {were} kept" + ("" if decision.places else ", by shares or by chance")
    if score is None:
        gave = f"“{tree.nodes[best].text}” had no score among {rivals} rivals"
    else:
        gave = f"the verifier gave “{tree.nodes[best].text}” {score:.2f}, ranked {_rank(best, decision)} of {rivals}"
    said = [f"The right path was lost at depth {regret.depth}: {gave}; {kept}."]
    if len(regret.nodes) > 1:
        said.append(
            f"It was the best of {len(regret.nodes)} steps from which the goal could be reached; all were pruned."
        )
    return said


def _rank(pruned: NodeId, decision: Decided) -> int:
    """A tie went to those kept."""
    mine = decision.scores[pruned]
    ahead = [s for id, s in decision.scores.items() if s > mine or (s == mine and id in decision.kept)]
    return 1 + len(ahead)


def _untried(regret: LostPath, tree: Tree) -> str:
    if regret.stuck:
        node = tree.nodes[regret.stuck[0]]
        ended = "the solution was ended there" if node.finished else "nothing could follow it"
        return f"“{node.text}” at depth {node.depth} was right, but {ended if node.alive else 'had been given up'}."
    tried = sum(child.kind == "step" for id in regret.nodes for child in tree.nodes[id].children)
    if not tried:
        return (
            f"The policy had nothing to say after {_named(regret.nodes, tree)}, from where the goal could be reached."
        )
    said = "The one step" if tried == 1 else f"None of the {tried} steps"
    return f"{said} tried at depth {regret.depth} was {'wrong' if tried == 1 else 'right'}: the policy never found the way."


def _named(nodes: Sequence[NodeId], tree: Tree) -> str:
    """The first of them, and how many more."""
    first = f"“{tree.nodes[nodes[0]].text}”" if tree.nodes[nodes[0]].text else "the problem"
    return first + (f" and {len(nodes) - 1} more" if len(nodes) > 1 else "")
