"""Monte Carlo tree search: go down by PUCT to a promising open step, grow it, and tell its ancestors what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from tts_viz.core.node import Node
from tts_viz.core.ops import Expand, Score, Search, SetValue, evaluate
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import strategy
from tts_viz.strategies.knobs import count, knob, lookahead, width
from tts_viz.strategies.mcts_statistics import Statistics, told


@strategy(
    "mcts",
    "Tree search (MCTS)",
    "Goes back and forth: deeper where scores are high, elsewhere where little was tried. The policy's own odds guide it.",
    at_most=True,
    also=["PUCT", "AlphaZero-like tree search"],
    paper="Silver et al. 2017, arXiv 1712.01815; for language models Feng et al. 2023, arXiv 2309.17179",
)
@dataclass(frozen=True, slots=True)
class MCTS:
    """PUCT (Silver et al. 2017) with the policy's step probability as prior. A leaf's value is the PRM's score of the best
    of its new steps, or, with k > 0, of where k further greedy steps lead; values are backed up as means.

    Budget: N generations: at no depth more than N steps are sampled, rollouts included, and the search ends when every open
    step is too deep for what is left. Unlike llm-reasoners' MCTS, which plays each iteration to the end of a solution and
    backs up the sum of its rewards, one iteration here grows one node and never simulates by default: a PRM's score is
    already a value.
    """

    n: int = count("Budget N", "At most how many steps are sampled at each depth.", default=32)
    m: int = width("How many next steps are grown at a time.", label="Width M")
    c: float = knob(
        1.0, 0.0, 5.0, "Exploration c", "Low: goes where scores are high; high: tries what was tried little.", step=0.05
    )
    k: int = lookahead(0, "How many steps ahead each new step is played, greedily, before it is scored.")

    def search(self, tree: TreeView) -> Search:
        yield Score(tree.unscored())
        known = Statistics(tree, self.affordable)
        while leaf := self.select(tree, known):
            grown = yield Expand([leaf], self.m)
            if any(n.alive for n in grown):
                yield from evaluate(tree, self.k)
            known.backup(leaf)
            for node in leaf.lineage():
                if node.kind == "step" and (heard := known.value(node)) is not None:
                    yield SetValue(node, heard)

    def select(self, tree: TreeView, known: Statistics) -> Node | None:
        """Down from the root by the upper confidence bound, among what can still be grown; None when nothing can."""
        node = tree.root
        while not tree.is_open(node):
            ways = [child for child in known.children(node) if known.growable(child)]
            if not ways:
                return None
            total, seen = known.priors(node), sqrt(known.visits(node))
            node = max(ways, key=lambda child: self.bound(known, child, seen, total))
        return node if self.affordable(tree, node) else None

    def bound(self, known: Statistics, child: Node, seen: float, total: float) -> float:
        """Q + c · P · √N(parent) / (1 + N(child))."""
        exploit = known.value(child) if child.expanded else told(child)
        return (exploit or 0.0) + self.c * known.prior(child) / total * seen / (1 + known.visits(child))

    def affordable(self, tree: TreeView, node: Node) -> bool:
        return tree.sampled(node.depth + 1) + self.m * (self.k + 1) <= self.n
