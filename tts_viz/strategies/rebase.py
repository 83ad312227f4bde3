"""REBASE: every open candidate gets a share of the budget by its score, instead of a place or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor

from tts_viz.core.node import Node
from tts_viz.core.ops import Expand, Parallel, Search, Select, evaluate
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import strategy
from tts_viz.strategies.knobs import count, knob


def shares(budget: int, scores: Sequence[float], temperature: float) -> list[int]:
    """Whole shares of the budget, as near as can be to budget · softmax(scores / temperature).

    The paper rounds each share, so that their sum may miss the budget; here the largest remainders get what is over.
    """
    top = max(scores)
    weights = [exp((s - top) / temperature) for s in scores]
    exact = [budget * w / sum(weights) for w in weights]
    whole = [floor(x) for x in exact]
    by_remainder = sorted(range(len(scores)), key=lambda i: whole[i] - exact[i])
    for i in by_remainder[: budget - sum(whole)]:
        whole[i] += 1
    return whole


def grow(node: Node, n: int) -> Search:
    yield Expand([node], n)


@strategy(
    "rebase",
    "REBASE",
    "Each open step grows next steps in proportion to its score: good ones many, fair ones some, bad ones none.",
    also=["reward balanced search"],
    paper="Wu et al. 2024, arXiv 2408.00724",
)
@dataclass(frozen=True, slots=True)
class Rebase:
    """Reward balanced search (Wu et al. 2024). Budget: N generations, less what finished solutions leave unused."""

    n: int = count("Candidates N", "How many next steps there are at each depth, finished solutions included.")
    balance_temperature: float = knob(
        0.2,
        0.01,
        2.0,
        "Balance temperature T",
        "Low: nearly all goes to the best; high: all get alike. The paper's is 0.2.",
    )

    def search(self, tree: TreeView) -> Search:
        if tree.is_open(tree.root):
            yield Expand([tree.root], self.n)
        while True:
            yield from evaluate(tree)
            rivals, left = tree.open_steps(), self.n - len(tree.finished())
            if not rivals or left <= 0:
                return
            given = shares(left, [tree.score(node) or 0.0 for node in rivals], self.balance_temperature)
            kept = [(node, n) for node, n in zip(rivals, given) if n]
            if len(kept) < len(rivals):
                yield Select([node for node, _ in kept], rivals)
            yield Parallel([grow(node, n) for node, n in kept])
