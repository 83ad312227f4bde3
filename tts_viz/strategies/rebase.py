"""REBASE: every open candidate gets a share of the budget by its score, instead of a place or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor

from tts_viz.core.node import Node
from tts_viz.core.ops import Expand, Parallel, Search, Select, evaluate
from tts_viz.core.tree import Tree
from tts_viz.strategies.base import check_ranges, knob, strategy


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
)
@dataclass(frozen=True, slots=True)
class Rebase:
    """Reward balanced search (Wu et al. 2024). Budget: N generations, less what finished solutions leave unused."""

    n: int = knob(
        16, 1, 256, "Candidates N", "How many next steps there are at each depth, finished solutions included."
    )
    t: int = knob(
        20, 1, 200, "Sharpness T (%)", "Low: nearly all goes to the best; high: all get alike. The paper's is 20."
    )

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def generations(self) -> int:
        return self.n

    def search(self, tree: Tree) -> Search:
        if tree.is_open(tree.root):
            yield Expand([tree.root], self.n)
        while True:
            yield from evaluate(tree)
            rivals, left = tree.open_steps(), self.n - len(tree.finished())
            if not rivals or left <= 0:
                return
            given = shares(left, [tree.score(node) or 0.0 for node in rivals], self.t / 100)
            kept = [(node, n) for node, n in zip(rivals, given) if n]
            if len(kept) < len(rivals):
                yield Select([node for node, _ in kept], rivals)
            yield Parallel([grow(node, n) for node, n in kept])
