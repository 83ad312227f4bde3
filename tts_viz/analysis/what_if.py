"""What if the scores had been others? A recorded search, decided and ranked anew without generating anything.

Knows nothing about pages or verifiers: scores come as a mapping (see `rescoring`). What can be said of them:

- Each decision by rank, taken by itself, with the rivals that it had: who would have been kept.
- The answer, if only the choice at the end had been another.
- The answer, if the decisions had been others: solutions below what the first changed decision on their way would have
  pruned are lost. After that decision there would have been rivals that were never sampled, so nothing can be decided
  anew there: what was kept stands, as *unsure*, and branches that were never tried are counted as *unexplored*.
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
"""What would have become of a node: no decision on its way changes; one does and keeps it; one does, and after it others
would follow; one prunes it; it is dead in the record."""


@dataclass(frozen=True, slots=True)
class Rival:
    """One rival of a decision. Ranks count from 1; equal scores rank by place, those without a score come last."""

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
    """A decision by rank, and how it would have fallen out with the same rivals. `rivals`: by their new rank.

    `old_cut` and `new_cut`: the score in the last of the places; None where that one had none.
    """

    decision: Decided
    rivals: tuple[Rival, ...]
    old_cut: float | None
    new_cut: float | None

    @property
    def flips(self) -> tuple[Rival, ...]:
        """The rivals whose fate would have been another."""
        return tuple(r for r in self.rivals if r.flips)

    @property
    def by_tie(self) -> bool:
        """Do only rivals with equal scores change places? Then it could as well have stayed as it was."""
        return len({r.kept for r in self.flips}) == 2 and len({r.new_score for r in self.flips}) == 1


@dataclass(frozen=True, slots=True)
class WhatIf:
    """See the module's docstring. All three rankings have the chosen solution first.

    `by_rank` are the decisions as they stand: one that a person's score had made anew counts once. `others` were made
    by shares or by chance, and are left alone.
    """

    by_rank: tuple[Reconsidered, ...]
    others: tuple[Decided, ...]
    before: tuple[Solution, ...]
    reranked: tuple[Solution, ...]
    """The same solutions, as if only the choice at the end had been another."""
    after: tuple[Solution, ...]
    """Those that were found and would not have been lost."""
    lost: tuple[NodeId, ...]
    """Of `before`: those below what would have been pruned."""
    unsure: tuple[NodeId, ...]
    """Of `after`: those that would have met other rivals on the way."""
    unexplored: tuple[NodeId, ...]
    """Steps that would have been kept and were never expanded, so that nobody knows what they lead to."""
    promising: tuple[NodeId, ...] | None
    """Of `unexplored`: those from which the goal can be reached; None for a task without a checker."""

    @property
    def changed(self) -> tuple[Reconsidered, ...]:
        """The decisions that would have gone another way."""
        return tuple(d for d in self.by_rank if d.flips)


def reconsider(
    tree: Tree, judge: Judge, scores: Scores, aggregation: str | None = None, vote: str | None = None
) -> WhatIf:
    """The search as it would have been decided by these scores.

    `aggregation` and `vote`: those in force (for a decision: at its time) where None. A step that `scores` does not name
    has no score. Raises ValueError for an unknown aggregation or vote.
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
    """The decisions that count, in their order: of several about the same rivals the last, but none that was undone."""
    undone = [done.decision for done in tree.interventions if done.undone]
    last: dict[frozenset[NodeId], Decided] = {}
    for decision in tree.decisions:
        if not any(decision is gone for gone in undone):
            last[frozenset((*decision.kept, *decision.pruned))] = decision
    return list(last.values())


def score(node: Node, scores: Scores, aggregation: str) -> float | None:
    """The aggregate of a path by other scores; None where one is missing. Where the search went by a look ahead from the
    node, the score at the end of that counts for the node."""
    path = node.path()
    rewards = [scores.get(n.id) for n in path]
    if node.value is not None and node.rollout_end().id in scores:
        rewards[-1] = scores[node.rollout_end().id]
    known = [r for r in rewards if r is not None]
    return aggregate.steps(known, aggregation) if path and len(known) == len(path) else None


def _redecided(tree: Tree, decision: Decided, scores: Scores, aggregation: str) -> Reconsidered:
    """As `steering.best` decides: the best, up to the number of places, and whoever is pinned or has ended a solution."""
    places = decision.places or 0
    nodes = in_order(tree.nodes[id] for id in {*decision.kept, *decision.pruned})
    new = {n.id: s for n in nodes if (s := score(n, scores, aggregation)) is not None}
    ranks = [_order(nodes, by) for by in (decision.scores, new)]
    barred, spared = _exempt(ranks[0], decision.kept, places)
    spared |= {n.id for n in nodes if n.id in decision.kept and (n.pinned or n.finished)}
    compete = [[id for id in order if id not in barred] for order in ranks]
    kept = {*compete[1][:places], *spared}
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


def _exempt(order: Sequence[NodeId], kept: Collection[NodeId], places: int) -> tuple[set[NodeId], set[NodeId]]:
    """Whom their rank did not decide about: those pruned above the cut (by hand, so they did not compete), and those
    kept below it (pinned at that time, or ended). The pins of now would not tell."""
    barred, spared, taken = set[NodeId](), set[NodeId](), 0
    for id in order:
        if id not in kept:
            barred |= {id} if taken < places else set()
        elif taken < places:
            taken += 1
        else:
            spared.add(id)
    return barred, spared


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
    """`fate`: is it kept, at the first changed decision about it?"""
    if node.pruned_by_user or node.withdrawn or node.replaced:
        return "dead"
    if above == "same" and fate is not None:
        return "kept" if fate else "lost"
    if node.pruned:
        return "dead"
    # The children of what is kept are sampled as they were, and one that ends a solution meets no rivals any more.
    return "unsure" if above == "kept" and not node.finished else above
