"""Monte Carlo tree search: descend by PUCT to a promising open step, expand it, and back up the value to its ancestors."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from tts_viz.core.node import Node
from tts_viz.core.ops import Expand, Score, Search, SetValue, evaluate
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import strategy
from tts_viz.strategies.knobs import count, knob, lookahead, width
from tts_viz.strategies.mcts_statistics import Statistics, leaf_value


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
    """PUCT (Silver et al. 2017) with the policy's step probability as prior. A leaf's value is the best PRM score among its
    new steps or, with k > 0, among the ends of k further greedy steps; values are backed up as means.

    Budget: N generations: at most N steps are sampled at each depth, rollouts included, and the search ends when no open
    step is at a depth with budget left. llm-reasoners' MCTS plays each iteration to the end of a solution and backs up the
    sum of its rewards; here one iteration expands one node and by default does not simulate, because a PRM's score is
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
                if node.kind == "step" and (value := known.value(node)) is not None:
                    yield SetValue(node, value)

    def select(self, tree: TreeView, known: Statistics) -> Node | None:
        """Descend from the root by the upper confidence bound, through branches that can still grow; None if none can."""
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
        exploit = known.value(child) if child.expanded else leaf_value(child)
        return (exploit or 0.0) + self.c * known.prior(child) / total * seen / (1 + known.visits(child))

    def affordable(self, tree: TreeView, node: Node) -> bool:
        return tree.sampled(node.depth + 1) + self.m * (self.k + 1) <= self.n
