"""Diverse verifier tree search: many small greedy searches side by side, so that no early step takes all places."""

from __future__ import annotations

from dataclasses import dataclass

from tts_viz.core.node import Node
from tts_viz.core.ops import Expand, Parallel, Score, Search, Select, evaluate, top
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import strategy
from tts_viz.strategies.beam_search import check_width
from tts_viz.strategies.knobs import count, width


def subtree(tree: TreeView, node: Node, m: int) -> Search:
    """From `node` on: sample m next steps, go on from the best one; done when the best one ends its solution.

    As in search-and-learn, the rivals that ended a solution are kept for the vote; unlike there they are read at once,
    not first completed to the end.
    """
    while grown := (yield Expand([node], m)):
        yield Score([n for n in grown if n.alive])
        rivals = [n for n in grown if n.alive]
        if not rivals:
            return
        best = top(tree, rivals, 1)[0]
        kept = [n for n in rivals if n is best or n.finished]
        if len(kept) < len(rivals):
            yield Select(kept, rivals, 1)
        if not tree.is_open(best):
            return
        node = best


@strategy(
    "dvts",
    "Diverse subtrees (DVTS)",
    "N/M searches that never compete: each keeps the best of M next steps. More diverse than a beam of the same size.",
    also=["DVTS"],
    paper="Beeching et al. 2024, search-and-learn",
)
@dataclass(frozen=True, slots=True)
class DVTS:
    """Diverse verifier tree search (Beeching et al. 2024, search-and-learn). Budget: N generations."""

    n: int = count("Candidates N", "How many candidate steps there are at each depth, over all subtrees.")
    m: int = width("How many next steps each subtree compares; there are N/M subtrees.")

    def __post_init__(self) -> None:
        check_width(self.n, self.m)

    def search(self, tree: TreeView) -> Search:
        yield from evaluate(tree)
        places = self.n // self.m
        starts = [tree.root] * places if tree.is_open(tree.root) else top(tree, tree.open_steps(), places)
        if len(starts) < len(tree.frontier()):
            yield Select(starts, tree.frontier(), places)
        yield Parallel([subtree(tree, start, self.m) for start in starts])
