"""Monte Carlo tree search: go down by PUCT to a promising open step, grow it, and tell its ancestors what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from statistics import fmean

from tts_viz.core.node import Node
from tts_viz.core.ops import Expand, Score, Search, SetValue, evaluate
from tts_viz.core.tree import Tree
from tts_viz.strategies.base import check_ranges, knob, strategy


def visits(node: Node) -> int:
    """How often the search came through: each time grew one step in its subtree, so the tree itself keeps the count."""
    return node.expanded + sum(visits(child) for child in node.children if child.kind == "step")


def told(node: Node) -> float | None:
    """What was said of a step that has not been grown: a person's word, its rollout's end, or the verifier's own score."""
    return node.effective_reward if node.override is not None else node.rollout_end().effective_reward


def prior(node: Node) -> float:
    """How likely the policy thinks the step, per token, so that long steps are not punished for their length."""
    return exp(fmean(node.logprobs)) if node.logprobs else 1.0


@strategy(
    "mcts",
    "Tree search (MCTS)",
    "Goes back and forth: deeper where scores are high, elsewhere where little was tried. The policy's own odds guide it.",
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

    n: int = knob(32, 1, 256, "Budget N", "At most how many steps are sampled at each depth.")
    m: int = knob(4, 1, 64, "Width M", "How many next steps are grown at a time.")
    c: int = knob(
        100, 0, 500, "Exploration c (%)", "Low: goes where scores are high; high: tries what was tried little."
    )
    k: int = knob(
        0, 0, 8, "Lookahead k", "How many steps ahead each new step is played, greedily, before it is scored."
    )

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def generations(self) -> int:
        return self.n

    def search(self, tree: Tree) -> Search:
        yield Score(tree.unscored())
        while leaf := self.select(tree):
            grown = yield Expand([leaf], self.m)
            if any(n.alive for n in grown):
                yield from evaluate(tree, self.k)
            for node in leaf.lineage():
                if node.kind == "step" and (heard := self.value(tree, node)) is not None:
                    yield SetValue(node, heard)

    def select(self, tree: Tree) -> Node | None:
        """Down from the root by the upper confidence bound, among what can still be grown; None when nothing can."""
        node = tree.root
        while not tree.is_open(node):
            ways = [child for child in node.children if self.growable(tree, child)]
            if not ways:
                return None
            total = sum(prior(child) for child in node.children)
            seen = sqrt(visits(node))
            node = max(ways, key=lambda child: self.bound(tree, child, seen, total))
        return node if self.affordable(tree, node) else None

    def bound(self, tree: Tree, child: Node, seen: float, total: float) -> float:
        """Q + c · P · √N(parent) / (1 + N(child))."""
        exploit = self.value(tree, child) if child.expanded else told(child)
        return (exploit or 0.0) + self.c / 100 * prior(child) / total * seen / (1 + visits(child))

    def value(self, tree: Tree, node: Node) -> float | None:
        """The mean, over all steps grown in its subtree, of the best reward among what grew from each."""
        grown = [n for n in descendants(node) if n.expanded and n.children]
        best = [
            max((w for c in n.children if c.kind == "step" and (w := told(c)) is not None), default=None) for n in grown
        ]
        heard = [b for b in best if b is not None]
        return fmean(heard) if heard else None

    def growable(self, tree: Tree, node: Node) -> bool:
        return any(tree.is_open(n) and self.affordable(tree, n) for n in descendants(node))

    def affordable(self, tree: Tree, node: Node) -> bool:
        return tree.sampled(node.depth + 1) + self.m * (self.k + 1) <= self.n


def descendants(node: Node) -> list[Node]:
    """The node and all steps below it."""
    return [node, *(d for child in node.children if child.kind == "step" for d in descendants(child))]
