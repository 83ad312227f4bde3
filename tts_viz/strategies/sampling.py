"""Independent samples: majority vote (self-consistency) and best-of-N.

Both draw N solutions that know nothing of one another; they differ in whether a verifier reads them, and so in how an
answer can be chosen afterwards.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from tts_viz.core.node import Node
from tts_viz.core.ops import Expand, Op, Parallel, Score, Search
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import strategy
from tts_viz.strategies.knobs import count


def draw(tree: TreeView, node: Node, verified: bool) -> Generator[Op, list[Node], Node]:
    """Sample one solution from `node` on to its end, step by step, each step read by the verifier where there is one.
    Returns where it came to.

    The verifier keeps its cache along the path, so scoring each step reads no more tokens than scoring the end alone.
    """
    while grown := (yield Expand([node])):
        node = grown[0]
        if verified and node.alive:
            yield Score([node])
        if not tree.is_open(node):
            break
    return node


def draw_all(tree: TreeView, n: int, verified: bool) -> Search:
    """Bring the solutions to n: finish what is open, start what is missing; then finish what a person opened since."""
    if verified:
        yield Score(tree.unscored())
    missing = n - len(tree.open_steps()) - len(tree.finished())
    yield Parallel([draw(tree, node, verified) for node in tree.open_steps() + [tree.root] * missing])
    while ends := tree.open_steps():
        yield Parallel([draw(tree, node, verified) for node in ends])


@strategy(
    "majority",
    "Majority vote",
    "N independent solutions; the answer that most of them give wins (self-consistency). No verifier.",
    verified=False,
    independent=True,
    also=["self-consistency"],
    paper="Wang et al. 2022, arXiv 2203.11171",
)
@dataclass(frozen=True, slots=True)
class MajorityVote:
    """Self-consistency (Wang et al. 2022). Budget: N generations; the verifier is not asked."""

    n: int = count("Samples N", "How many independent solutions are drawn.")

    def search(self, tree: TreeView) -> Search:
        yield from draw_all(tree, self.n, verified=False)


@strategy(
    "best_of_n",
    "Best of N",
    "N independent solutions, each read by the verifier; the best one, or the best-supported answer, wins.",
    independent=True,
    also=["rejection sampling", "re-ranking"],
    paper="Cobbe et al. 2021, arXiv 2110.14168; Snell et al. 2024, arXiv 2408.03314, section 5.2",
)
@dataclass(frozen=True, slots=True)
class BestOfN:
    """Best-of-N, plain or weighted by the vote chosen (Snell et al. 2024, section 5.2). Budget: N generations."""

    n: int = count("Samples N", "How many independent solutions are drawn and scored.")

    def search(self, tree: TreeView) -> Search:
        yield from draw_all(tree, self.n, verified=True)
