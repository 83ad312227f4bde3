"""Revisions: the policy reads its own earlier attempts and writes another one. They change what is proposed, not what is kept.

Snell et al. 2024, section 6. An attempt is sampled with the last four before it in its context. Right answers are
sometimes revised to wrong ones (the paper: 38 %), so the last attempt is not the answer: all of them stay, and a vote or
the verifier chooses afterwards ("chains": the best of each chain, then among chains).
"""

from __future__ import annotations

from dataclasses import dataclass

from tts_viz.core.node import Node
from tts_viz.core.ops import Parallel, Revise, Score, Search, top
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import Chains, strategy
from tts_viz.strategies.knobs import count, knob
from tts_viz.strategies.sampling import draw


def revise(tree: TreeView, chains: int, length: int) -> Search:
    """Bring `chains` chains to `length` attempts each, the best of those that are there and new ones."""
    yield Score(tree.unscored())
    going = [node for node in tree.frontier() if node.kind != "root"] + [n for n in tree.finished() if not revised(n)]
    begun = top(tree, going, chains)
    fresh = yield Revise([tree.root] * (chains - len(begun)))
    yield Parallel([chain(tree, node, length) for node in [*begun, *fresh]])


def chain(tree: TreeView, node: Node, length: int) -> Search:
    """From `node` on: bring the solution to its end and revise it, until there are `length` attempts.

    An attempt that comes to no end, cut off or with nothing more to say, ends its chain.
    """
    while True:
        if not node.finished:
            node = yield from draw(tree, node, verified=True)
        if not (node.finished and node.alive) or len(node.earlier()) + 1 >= length:
            return
        (node,) = yield Revise([node])


def revised(end: Node) -> bool:
    return any(child.kind == "attempt" and child.alive for child in end.children)


@strategy(
    "revisions",
    "Revisions, one after another",
    "One attempt after another, each written with the last four in view; the verifier or a vote picks among all of them.",
    chains=Chains(length="n"),
    also=["sequential revisions"],
    paper="Snell et al. 2024, arXiv 2408.03314, section 6.1",
)
@dataclass(frozen=True, slots=True)
class Revisions:
    """Sequential revisions (Snell et al. 2024, section 6.1). Budget: N generations, one for each attempt."""

    n: int = count("Attempts N", "How many attempts are made, each after reading those before it.", default=8)

    def search(self, tree: TreeView) -> Search:
        yield from revise(tree, 1, self.n)


@strategy(
    "parallel_revisions",
    "Revisions, side by side",
    "Several chains of revisions that know nothing of one another: breadth where the first idea may be wrong.",
    cost=lambda search: search.chains * search.length,
    size=["chains", "length"],
    chains=Chains(length="length", count="chains"),
    also=["parallel and sequential revisions"],
    paper="Snell et al. 2024, arXiv 2408.03314, section 6.2",
)
@dataclass(frozen=True, slots=True)
class ParallelRevisions:
    """Parallel × sequential revisions (Snell et al. 2024, section 6.2). Budget: chains · length generations.

    The paper's ratio of sequential to parallel is length : chains.
    """

    chains: int = knob(4, 1, 64, "Chains", "How many chains of attempts there are.")
    length: int = knob(4, 1, 64, "Chain length", "How many attempts each chain makes, one after another.")

    def search(self, tree: TreeView) -> Search:
        yield from revise(tree, self.chains, self.length)
