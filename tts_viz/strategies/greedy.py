"""Greedy decoding: one solution, the likeliest token each time."""

from __future__ import annotations

from dataclasses import dataclass

from tts_viz.core.ops import Expand, Search
from tts_viz.core.tree_view import TreeView
from tts_viz.strategies.base import strategy


@strategy(
    "greedy",
    "Greedy",
    "One solution, always the likeliest token: what a model does without extra compute.",
    cost=1,
    verified=False,
    greedy=True,
    independent=True,
    also=["greedy decoding"],
)
@dataclass(frozen=True, slots=True)
class Greedy:
    """One solution at temperature 0. Budget: 1 generation; the verifier is not asked."""

    def search(self, tree: TreeView) -> Search:
        while tree.frontier():
            yield Expand(tree.frontier(), n=1, greedy=True)
