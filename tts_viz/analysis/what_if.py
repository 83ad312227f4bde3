"""What if the scores had been different? Decides and ranks a recorded search again without generating anything.

Knows nothing about pages or verifiers: scores come as a mapping (see `rescoring`). It computes:

- For each decision by rank, with the same rivals: which would have been kept.
- The answer, if only the final choice had used the new scores.
- The answer, if the decisions had used them too. Solutions that descend from a rival pruned by the first changed decision
  on their path are lost. After that decision there would have been rivals that were never sampled, so later decisions
  cannot be made again: what was kept there stays, as *unsure*, and branches never tried are counted as *unexplored*.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from tts_viz.analysis.judge import Judge, Solution, promising
from tts_viz.analysis.rescoring import Scores
from tts_viz.core import aggregation as aggregate
from tts_viz.core.events import Decided, NodeId
from tts_viz.core.node import Node, in_order
from tts_viz.core.tree import Tree

World = Literal["same", "kept", "unsure", "lost", "dead"]
"""A node under the new scores: no decision on its path changes; a changed one keeps it; it lies beyond a changed decision,
with later ones unknown; a changed one prunes it; it is dead in the record."""


@dataclass(frozen=True, slots=True)
class Rival:
    """One rival of a decision. Ranks start at 1; ties rank by place, rivals without a score come last."""

    node: NodeId
    text: str
    old_score: float | None
    new_score: float | None
    old_rank: int
    new_rank: int
    was_kept: bool
    kept: bool

    @property
    def flips(self) -> bool:
        return self.was_kept != self.kept


@dataclass(frozen=True, slots=True)
class Reconsidered:
    """A decision by rank, and its outcome under the new scores with the same rivals. `rivals`: sorted by new rank.

    `old_cut` and `new_cut`: the score of the last rival within the places; None if it had none.
    """

    decision: Decided
    rivals: tuple[Rival, ...]
    old_cut: float | None
    new_cut: float | None

    @property
    def flips(self) -> tuple[Rival, ...]:
        """The rivals whose outcome would have changed."""
        return tuple(r for r in self.rivals if r.flips)

    @property
    def by_tie(self) -> bool:
        """Whether only rivals with equal scores swap places, so that the old outcome would do as well."""
        return len({r.kept for r in self.flips}) == 2 and len({r.new_score for r in self.flips}) == 1


@dataclass(frozen=True, slots=True)
class WhatIf:
    """See the module's docstring. All three rankings have the chosen solution first.

    `by_rank` are the decisions in effect: one repeated because of a person's score counts once. `others` were made by
    shares or at random, and are not changed.
    """

    by_rank: tuple[Reconsidered, ...]
    others: tuple[Decided, ...]
    before: tuple[Solution, ...]
    reranked: tuple[Solution, ...]
    """The same solutions, if only the final choice had used the new scores."""
    after: tuple[Solution, ...]
    """The solutions found that would not have been lost."""
    lost: tuple[NodeId, ...]
    """Of `before`: those that descend from a step that would have been pruned."""
    unsure: tuple[NodeId, ...]
    """Of `after`: those that would have had other rivals in later decisions."""
    unexplored: tuple[NodeId, ...]
    """Steps that would have been kept but were never expanded, so their outcome is unknown."""
    promising: tuple[NodeId, ...] | None
    """Of `unexplored`: those from which the goal can be reached; None for a task without a checker."""

    @property
    def changed(self) -> tuple[Reconsidered, ...]:
        """The decisions whose outcome would have changed."""
        return tuple(d for d in self.by_rank if d.flips)


def reconsider(
    tree: Tree, judge: Judge, scores: Scores, aggregation: str | None = None, vote: str | None = None
) -> WhatIf:
    """The search as these scores would have decided it.

    `aggregation` and `vote`: if None, the current ones (for a decision: those at its time). A step not in `scores` has no
    score. Raises ValueError for an unknown aggregation or vote.
    """
    decisions = standing(tree)
    by_rank = tuple(
        _redecided(tree, d, scores, aggregation or d.aggregation) for d in decisions if d.places is not None
    )
    worlds = _worlds(tree, by_rank)
    before, ended = judge.solutions(tree), [n for n in tree.nodes.values() if n.kind == "step" and n.finished]
    by, vote = aggregation or tree.settings.aggregation, vote or tree.settings.vote

    def ranked(ends: Collection[Node]) -> tuple[Solution, ...]:
        return tuple(judge.ranked(in_order(ends), lambda n: score(n, scores, by), vote))

    flips = [tree.nodes[r.node] for d in by_rank for r in d.flips if r.kept]
    untried = [n for n in in_order(set(flips)) if worlds[n.id] == "kept" and not n.expanded and n.finish == "step"]
    truths = judge.truths(tree)
    return WhatIf(
        by_rank,
        tuple(d for d in decisions if d.places is None),
        tuple(before),
        ranked(tree.finished()),
        ranked([n for n in ended if worlds[n.id] not in ("lost", "dead")]),
        tuple(s.node for s in before if worlds[s.node] == "lost"),
        tuple(n.id for n in in_order(ended) if worlds[n.id] == "unsure"),
        tuple(n.id for n in untried),
        tuple(n.id for n in untried if promising(n, truths)) if judge.checks else None,
    )


def standing(tree: Tree) -> list[Decided]:
    """The decisions in effect, in order: the last of several about the same rivals, without those undone."""
    undone = [done.decision for done in tree.interventions if done.undone]
    last: dict[frozenset[NodeId], Decided] = {}
    for decision in tree.decisions:
        if not any(decision is other for other in undone):
            last[frozenset((*decision.kept, *decision.pruned))] = decision
    return list(last.values())


def score(node: Node, scores: Scores, aggregation: str) -> float | None:
    """The aggregate of a path under these scores; None if one is missing. If the search valued the node by a rollout, the
    score at the end of that rollout counts for the node."""
    path = node.path()
    rewards = [scores.get(n.id) for n in path]
    if node.value is not None and node.rollout_end().id in scores:
        rewards[-1] = scores[node.rollout_end().id]
    known = [r for r in rewards if r is not None]
    return aggregate.steps(known, aggregation) if path and len(known) == len(path) else None


def _redecided(tree: Tree, decision: Decided, scores: Scores, aggregation: str) -> Reconsidered:
    """Decide as `steering.best` does: keep the best, up to the number of places, and any that are pinned or finished."""
    places = decision.places or 0
    nodes = in_order(tree.nodes[id] for id in {*decision.kept, *decision.pruned})
    new = {n.id: s for n in nodes if (s := score(n, scores, aggregation)) is not None}
    ranks = [_order(nodes, by) for by in (decision.scores, new)]
    excluded, protected = _not_by_rank(ranks[0], decision.kept, places)
    protected |= {n.id for n in nodes if n.id in decision.kept and (n.pinned or n.finished)}
    compete = [[id for id in order if id not in excluded] for order in ranks]
    kept = {*compete[1][:places], *protected}
    rivals = tuple(
        Rival(
            id,
            tree.nodes[id].text,
            decision.scores.get(id),
            new.get(id),
            ranks[0].index(id) + 1,
            rank,
            id in decision.kept,
            id in kept,
        )
        for rank, id in enumerate(ranks[1], 1)
    )
    cuts = [
        by.get(order[:places][-1]) if order[:places] else None for by, order in zip((decision.scores, new), compete)
    ]
    return Reconsidered(decision, rivals, cuts[0], cuts[1])


def _order(nodes: Sequence[Node], scores: Scores) -> list[NodeId]:
    """Best first, like `ops.top`."""
    return [n.id for n in sorted(nodes, key=lambda n: scores.get(n.id, float("-inf")), reverse=True)]


def _not_by_rank(order: Sequence[NodeId], kept: Collection[NodeId], places: int) -> tuple[set[NodeId], set[NodeId]]:
    """The rivals not decided by rank: those pruned above the cut (by hand, so they did not compete), and those kept below
    it (pinned at that time, or finished). Current pins may differ from those at the time."""
    excluded, protected, taken = set[NodeId](), set[NodeId](), 0
    for id in order:
        if id not in kept:
            excluded |= {id} if taken < places else set()
        elif taken < places:
            taken += 1
        else:
            protected.add(id)
    return excluded, protected


def _worlds(tree: Tree, by_rank: Sequence[Reconsidered]) -> dict[NodeId, World]:
    fates: dict[NodeId, bool] = {}
    for changed in (d for d in by_rank if d.flips):
        for rival in changed.rivals:
            restored = not rival.was_kept and not tree.nodes[rival.node].pruned
            fates.setdefault(rival.node, rival.kept or restored)
    worlds: dict[NodeId, World] = {}
    for node in tree.nodes.values():  # parents first
        above = worlds[node.parent.id] if node.parent else "same"
        worlds[node.id] = _world(node, above, fates.get(node.id))
    return worlds


def _world(node: Node, above: World, fate: bool | None) -> World:
    """`fate`: whether the first changed decision about the node keeps it; None if there is none."""
    if node.pruned_by_user or node.withdrawn or node.replaced:
        return "dead"
    if above == "same" and fate is not None:
        return "kept" if fate else "lost"
    if node.pruned:
        return "dead"
    # The children of a kept node would be sampled as before, and a finished one has no more rivals.
    return "unsure" if above == "kept" and not node.finished else above
