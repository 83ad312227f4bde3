"""A tree as a search sees it that begins at the root anew, beside whole solutions that another search has left there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tts_viz.core.events import Decided, Settings, Started
from tts_viz.core.node import Node
from tts_viz.core.tree import Applied
from tts_viz.core.tree_view import TreeView


class FreshView:
    """Reads through to the tree itself, at every moment, but for three things: the root is open until something has been
    sampled from it; solutions that were there before are not among the finished; depths count what is sampled from now on.

    To be made where nothing is open, so that all that is open later is of this search, or a person's.
    """

    def __init__(self, whole: TreeView) -> None:
        self._whole = whole
        self._born = whole.length
        self._before = Counter({d: whole.sampled(d) for d in range(1, whole.max_depth + 1)})

    @property
    def root(self) -> Node:
        return self._whole.root

    @property
    def started(self) -> Started | None:
        return self._whole.started

    @property
    def settings(self) -> Settings:
        return self._whole.settings

    @property
    def decisions(self) -> Sequence[Decided]:
        return self._whole.decisions

    @property
    def interventions(self) -> Sequence[Applied]:
        return self._whole.interventions

    @property
    def length(self) -> int:
        return self._whole.length

    @property
    def max_depth(self) -> int:
        return self._whole.max_depth

    @property
    def generations(self) -> int:
        return max(map(self.sampled, range(1, self.max_depth + 1)))

    def sampled(self, depth: int) -> int:
        return self._whole.sampled(depth) - self._before[depth]

    def is_open(self, node: Node) -> bool:
        if node is self.root:
            return self.sampled(1) == 0 and all(child.born < self._born for child in node.children)
        return self._whole.is_open(node)

    def frontier(self) -> list[Node]:
        others = [node for node in self._whole.frontier() if node is not self.root]
        return [self.root, *others] if self.is_open(self.root) else others

    def open_steps(self) -> list[Node]:
        return self._whole.open_steps()

    def unscored(self) -> list[Node]:
        return self._whole.unscored()

    def finished(self) -> list[Node]:
        return [node for node in self._whole.finished() if node.born >= self._born]

    def rewards(self, node: Node) -> list[float] | None:
        return self._whole.rewards(node)

    def score(self, node: Node, aggregation: str | None = None) -> float | None:
        return self._whole.score(node, aggregation)
