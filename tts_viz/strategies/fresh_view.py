"""A tree as a search sees it that begins at the root anew, beside whole solutions that another search has left there."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tts_viz.core.node import Node
from tts_viz.core.tree import Tree


class FreshView(Tree):
    """Reads through to the tree itself, at every moment, but for three things: the root is open until something has been
    sampled from it; solutions that were there before are not among the finished; depths count what is sampled from now on.

    To be made where nothing is open, so that all that is open later is of this search, or a person's. Never applied to.
    """

    __slots__ = ("_before", "_born", "_whole")

    def __init__(self, whole: Tree) -> None:  # its fields stay unset, so that they are looked up in the whole
        self._whole = whole
        self._born = whole.length
        self._before = Counter({d: whole.sampled(d) for d in range(1, whole.max_depth + 1)})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def is_open(self, node: Node) -> bool:
        if node is self.root:
            return self.sampled(1) == 0 and all(child.born < self._born for child in node.children)
        return super().is_open(node)

    def finished(self) -> list[Node]:
        return [node for node in super().finished() if node.born >= self._born]

    def sampled(self, depth: int) -> int:
        return super().sampled(depth) - self._before[depth]
